// Whether a result may be written where what it is computed from stands.
#pragma once

#include <cstdint>

#include "xnn/expr/loader.hpp"

namespace xnn::detail {

/// Whether two pieces of memory have no byte in common.
inline bool apart(const void* a, const void* a_end, const void* b, const void* b_end) {
    const auto place = [](const void* p) { return reinterpret_cast<std::uintptr_t>(p); };  // pointers to different arrays have no order
    return place(a_end) <= place(b) || place(b_end) <= place(a);
}

/// Whether a loop may put this loader's n elements into `out`: what the loader reads there, it reads where it writes, or nothing.
template <class L, class T>
bool reads_in_place(const L&, const T*, index_t) {
    return L::split == 0;
}
template <class U, class T>
bool reads_in_place(const Ptr<U>& loader, const T* out, index_t n) {
    const bool same = static_cast<const void*>(loader.p) == out && sizeof(U) == sizeof(T);
    return same || apart(loader.p, loader.p + n, out, out + n);
}
template <class U, std::size_t Rank, std::size_t Split, RowKind Kind, class T>
bool reads_in_place(const Strided<U, Rank, Split, Kind>& loader, const T* out, index_t n) {
    const U *first = loader.p, *last = loader.p;
    for (std::size_t i = 0; n > 0 && i < Rank; ++i) (loader.strides[i] < 0 ? first : last) += loader.strides[i] * (loader.extents[i] - 1);
    return apart(first, last + 1, out, out + n);
}
template <class F, class... L, class T>
bool reads_in_place(const Map<F, L...>& map, const T* out, index_t n) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return (reads_in_place(get<I>(map.arguments), out, n) && ...);
    }(std::index_sequence_for<L...>{});
}

}  // namespace xnn::detail
