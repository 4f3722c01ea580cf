#include "counter.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<std::size_t> count{0};
}

std::size_t allocations() { return count; }

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifndef SANITIZED
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);

void* malloc(std::size_t bytes) {
    ++count;
    return __libc_malloc(bytes);
}
void* calloc(std::size_t n, std::size_t bytes) {
    ++count;
    return __libc_calloc(n, bytes);
}
void* realloc(void* p, std::size_t bytes) {
    ++count;
    return __libc_realloc(p, bytes);
}
}
#endif

namespace {
void* take(std::size_t bytes, std::size_t alignment, std::nothrow_t) noexcept {
    ++count;
    const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    return alignment <= alignof(std::max_align_t) ? std::malloc(bytes == 0 ? 1 : bytes) : std::aligned_alloc(alignment, rounded);
}
void* take(std::size_t bytes, std::size_t alignment) {
    void* p = take(bytes, alignment, std::nothrow);
    if (p == nullptr) throw std::bad_alloc();
    return p;
}
}  // namespace

// All of them: where one were missing, the sanitizer's own would meet our delete.
using Nothrow = const std::nothrow_t&;
using Align = std::align_val_t;
void* operator new(std::size_t n) { return take(n, 1); }
void* operator new[](std::size_t n) { return take(n, 1); }
void* operator new(std::size_t n, Align a) { return take(n, static_cast<std::size_t>(a)); }
void* operator new[](std::size_t n, Align a) { return take(n, static_cast<std::size_t>(a)); }
void* operator new(std::size_t n, Nothrow) noexcept { return take(n, 1, std::nothrow); }
void* operator new[](std::size_t n, Nothrow) noexcept { return take(n, 1, std::nothrow); }
void* operator new(std::size_t n, Align a, Nothrow) noexcept { return take(n, static_cast<std::size_t>(a), std::nothrow); }
void* operator new[](std::size_t n, Align a, Nothrow) noexcept { return take(n, static_cast<std::size_t>(a), std::nothrow); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, Align) noexcept { std::free(p); }
void operator delete[](void* p, Align) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, Align) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, Align) noexcept { std::free(p); }
void operator delete(void* p, Nothrow) noexcept { std::free(p); }
void operator delete[](void* p, Nothrow) noexcept { std::free(p); }
void operator delete(void* p, Align, Nothrow) noexcept { std::free(p); }
void operator delete[](void* p, Align, Nothrow) noexcept { std::free(p); }
