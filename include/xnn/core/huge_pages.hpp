// Large memory by large pages, where the system has them: fewer address translations to look up, fewer pages to fault in.
#pragma once

#include <cstddef>
#include <cstdint>

// As glibc declares it: <sys/mman.h> would bring macros that hide names of other libraries.
#if defined(__linux__) && defined(__GLIBC__)
extern "C" int madvise(void* memory, std::size_t bytes, int advice) noexcept;
#endif

namespace xnn::detail {

inline constexpr std::size_t huge_page = std::size_t{2} << 20;

/// Asks for large pages where whole ones fit into this memory. It is advice: nothing depends on its being taken.
inline void prefer_huge_pages([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#if defined(__linux__) && defined(__GLIBC__)
    constexpr int prefer = 14;  // MADV_HUGEPAGE
    const auto begin = reinterpret_cast<std::uintptr_t>(memory);
    const std::uintptr_t first = (begin + huge_page - 1) / huge_page * huge_page, last = (begin + bytes) / huge_page * huge_page;
    if (first < last) madvise(reinterpret_cast<void*>(first), last - first, prefer);
#endif
}

}  // namespace xnn::detail
