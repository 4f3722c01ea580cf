// Elements of planes, chosen by their places: what pooling with indices and its reversal do.
#pragma once

#include <algorithm>
#include <cstdint>

#include "xnn/core/device.hpp"
#include "xnn/core/parallel.hpp"
#include "xnn/cpu/registers.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {

/// y[p, i] = x[p, places[p, i]] for planes of `from` and `to` elements, or added to y; `absent` where a place is negative.
template <class T>
void take_places(Cpu, const T* x, const std::int64_t* places, T* y, bool accumulate, index_t planes, index_t from, index_t to, compute_t<T> absent) {
    parallel_chunks(planes * to, 16384, [=](index_t begin, index_t end) {
        for (index_t i = begin; i < end; ++i)
            simd::put(y + i, places[i] < 0 ? absent : static_cast<compute_t<T>>(x[i / to * from + places[i]]), accumulate);
    });
}

/// y[p, places[p, i]] = x[p, i] for planes of `from` and `to` elements, and 0 elsewhere; of several elements for one place
/// the last counts.
template <class T>
void set_places(Cpu, const T* x, const std::int64_t* places, T* y, index_t planes, index_t from, index_t to) {
    parallel_chunks(planes, std::max<index_t>(1, 16384 / (from + to + 1)), [=](index_t begin, index_t end) {
        std::fill(y + begin * to, y + end * to, static_cast<T>(0));
        for (index_t i = begin * from; i < end * from; ++i)
            if (places[i] >= 0) y[i / from * to + places[i]] = x[i];
    });
}

/// y[p, places[p, i]] += x[p, i] for planes of `from` and `to` elements, beginning with 0 or with what stands in y.
template <class T>
void add_places(Cpu, const T* x, const std::int64_t* places, T* y, bool accumulate, index_t planes, index_t from, index_t to) {
    parallel_chunks(planes, std::max<index_t>(1, 16384 / (from + to + 1)), [=](index_t begin, index_t end) {
        if (!accumulate) std::fill(y + begin * to, y + end * to, static_cast<T>(0));
        for (index_t i = begin * from; i < end * from; ++i)
            if (places[i] >= 0) simd::put(y + i / from * to + places[i], static_cast<compute_t<T>>(x[i]), true);
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
