// Elements picked along one dimension, each place by an index of its own, and the gradient of where they came from.
#pragma once

#include <algorithm>
#include <concepts>

#include "xnn/core/device.hpp"
#include "xnn/cpu/registers.hpp"

namespace xnn::kernels {

/// The extents of an index and of what it picks from: along every dimension but `dim` the index is at most as long.
template <std::size_t Rank>
struct GatherExtents {
    Dims<Rank> index;
    Dims<Rank> x;
    std::size_t dim;

    /// Calls f(i, place) for the elements i of the index whose first coordinate is `outer`; x[place + index[i] * step()]
    /// is what each picks.
    template <class F>
    void for_each(index_t outer, F&& f) const {
        const index_t count = product(index) / index[0];
        for (index_t i = outer * count; i < (outer + 1) * count; ++i) {
            index_t place = 0, stride = 1, rest = i;
            for (std::size_t d = Rank; d-- > 0;) {
                if (d != dim) place += rest % index[d] * stride;
                rest /= index[d];
                stride *= x[d];
            }
            f(i, place);
        }
    }
    /// The distance of two elements of x that are neighbours along dim.
    index_t step() const {
        index_t result = 1;
        for (std::size_t d = dim + 1; d < Rank; ++d) result *= x[d];
        return result;
    }
};

inline namespace XNN_SIMD_ARCH {

/// y[i…] = x[i… with index[i…] in the place of coordinate dim]. The indices must be in range.
/// https://pytorch.org/docs/stable/generated/torch.gather.html
template <class T, std::integral I, std::size_t Rank>
void gather_forward(Cpu, const T* x, const I* index, T* y, const GatherExtents<Rank>& e) {
    if (product(e.index) == 0) return;
    const index_t step = e.step();
    parallel_chunks(e.index[0], items_per_task(product(e.index) / e.index[0]), [&](index_t begin, index_t end) {
        for (index_t outer = begin; outer < end; ++outer)
            e.for_each(outer, [&](index_t i, index_t place) { y[i] = x[place + static_cast<index_t>(index[i]) * step]; });
    });
}

/// The gradient of x: 0, or what stands there if `accumulate`, plus those of all places that picked an element, in order.
template <class T, std::integral I, std::size_t Rank>
void gather_backward(Cpu, const T* gy, const I* index, T* gx, bool accumulate, const GatherExtents<Rank>& e) {
    if (!accumulate) std::fill_n(gx, product(e.x), T(0));
    if (product(e.index) == 0) return;
    const index_t step = e.step();
    const auto add = [&](index_t outer) {
        e.for_each(outer, [&](index_t i, index_t place) {
            T& sum = gx[place + static_cast<index_t>(index[i]) * step];
            sum = static_cast<T>(static_cast<compute_t<T>>(sum) + static_cast<compute_t<T>>(gy[i]));
        });
    };
    if (e.dim == 0) {  // one element may be picked from anywhere along the dimension that is dealt out
        for (index_t outer = 0; outer < e.index[0]; ++outer) add(outer);
    } else {
        parallel_chunks(e.index[0], items_per_task(product(e.index) / e.index[0]), [&](index_t begin, index_t end) {
            for (index_t outer = begin; outer < end; ++outer) add(outer);
        });
    }
}

/// y[o, j] = x[o, index[j]] for runs of `inner` elements, of which x has `n` for each o and y `count`.
/// https://pytorch.org/docs/stable/generated/torch.index_select.html
template <class T, std::integral I>
void index_select_forward(Cpu, const T* x, const I* index, T* y, index_t outer, index_t n, index_t count, index_t inner) {
    parallel_chunks(outer * count, items_per_task(inner), [=](index_t begin, index_t end) {
        for (index_t k = begin; k < end; ++k)
            std::copy_n(x + (k / count * n + static_cast<index_t>(index[k % count])) * inner, inner, y + k * inner);
    });
}

/// The gradient of x: 0, or what stands there if `accumulate`, plus those of all that picked a run, in order.
template <class T, std::integral I>
void index_select_backward(Cpu, const T* gy, const I* index, T* gx, bool accumulate, index_t outer, index_t n, index_t count,
                           index_t inner) {
    if (!accumulate) std::fill_n(gx, outer * n * inner, T(0));
    parallel_chunks(outer, items_per_task(count * inner), [=](index_t begin, index_t end) {
        for (index_t o = begin; o < end; ++o)
            for (index_t j = 0; j < count; ++j) {
                T* sum = gx + (o * n + static_cast<index_t>(index[j])) * inner;
                const T* g = gy + (o * count + j) * inner;
                for (index_t i = 0; i < inner; ++i)
                    sum[i] = static_cast<T>(static_cast<compute_t<T>>(sum[i]) + static_cast<compute_t<T>>(g[i]));
            }
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
