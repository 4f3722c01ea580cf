// Counts the bytes that malloc and its kin have given out. It is linked only into suites that use peak_bytes: a definition
// in the program takes the place of the C library's, for the peers' shared libraries too.
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <thread>

#include "bench.hpp"

namespace {

std::atomic<std::ptrdiff_t> in_use{0}, most{0};

void* counted(void* p) {
    const auto bytes = static_cast<std::ptrdiff_t>(malloc_usable_size(p));
    const std::ptrdiff_t now = in_use.fetch_add(bytes) + bytes;
    for (std::ptrdiff_t before = most; before < now && !most.compare_exchange_weak(before, now);) {}
    return p;
}
void forget(void* p) { in_use -= static_cast<std::ptrdiff_t>(malloc_usable_size(p)); }

}  // namespace

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t bytes) { return counted(__libc_malloc(bytes)); }
void* calloc(std::size_t n, std::size_t bytes) { return counted(__libc_calloc(n, bytes)); }
void* realloc(void* p, std::size_t bytes) {
    forget(p);
    return counted(__libc_realloc(p, bytes));
}
void* memalign(std::size_t alignment, std::size_t bytes) { return counted(__libc_memalign(alignment, bytes)); }
void* aligned_alloc(std::size_t alignment, std::size_t bytes) { return memalign(alignment, bytes); }
int posix_memalign(void** p, std::size_t alignment, std::size_t bytes) {
    void* got = memalign(alignment, bytes);
    if (!got) return ENOMEM;
    *p = got;
    return 0;
}
void free(void* p) {
    forget(p);
    __libc_free(p);
}
}

namespace bench {

double peak_bytes(const Call& call) {
    // A thread of its own: what libraries keep for a thread is new to it, and goes with it.
    std::ptrdiff_t before = 0, peak = 0;
    std::thread([&] {
        before = in_use;
        most = before;
        call();
        peak = most;
    }).join();
    return static_cast<double>(peak - before);
}

}  // namespace bench
