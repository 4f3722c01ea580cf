// What the address sanitizer is told of memory that is handed out and taken back.
#pragma once

#include <cstddef>
#include <type_traits>

#include "xnn/core/device.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define XNN_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define XNN_ASAN 1
#endif
#endif
#ifdef XNN_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace xnn::detail {

#ifdef XNN_ASAN
template <class Device>
void permit_access(std::byte* p, std::size_t bytes) {
    if constexpr (!std::is_same_v<Device, Cuda>) ASAN_UNPOISON_MEMORY_REGION(p, bytes);
}
template <class Device>
void forbid_access(std::byte* p, std::size_t bytes) {
    if constexpr (!std::is_same_v<Device, Cuda>) ASAN_POISON_MEMORY_REGION(p, bytes);
}
#else
template <class Device>
void permit_access(std::byte*, std::size_t) {}
template <class Device>
void forbid_access(std::byte*, std::size_t) {}
#endif

}  // namespace xnn::detail
