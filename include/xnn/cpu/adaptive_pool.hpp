// Pooling to a given number of outputs, whatever the input's extents.
#pragma once

#include <concepts>

#include "xnn/cpu/pool.hpp"

namespace xnn::kernels {

/// Extents of adaptive pooling over up to three dimensions; those that are missing come first and are 1. The window of
/// an output is adaptive_window in each dimension.
struct AdaptivePoolGeometry {
    Dims<3> input{1, 1, 1};
    Dims<3> output{1, 1, 1};

    constexpr index_t input_size() const { return product(input); }
    constexpr index_t output_size() const { return product(output); }
    /// The window of output o along dimension d.
    constexpr Interval window(std::size_t d, index_t o) const { return adaptive_window(o, input[d], output[d]); }
    /// The outputs along dimension d whose windows hold input position i.
    constexpr Interval outputs(std::size_t d, index_t i) const { return adaptive_window(i, output[d], input[d]); }
};

inline namespace XNN_SIMD_ARCH {
namespace detail {

template <class T>
XNN_CPU_INLINE compute_t<T> sum_of_run(const T* x, index_t n) {
    return simd::reduce_add(simd::sum_registers<T>(n, [=](index_t i, auto count) { return simd::load(x + i, count); }));
}

/// Calls `body(output position, windows)` for all outputs of all planes, in parallel.
template <class Body>
void for_adaptive_windows(index_t planes, const AdaptivePoolGeometry& g, Body&& body) {
    const index_t rows = planes * g.output[0] * g.output[1];
    const index_t row_cost = g.output_size() > 0 ? g.input_size() / (g.output[0] * g.output[1]) + g.output[2] : 1;
    parallel_chunks(rows, items_per_task(row_cost), [=, &g, &body](index_t begin, index_t end) {
        for (index_t r = begin; r < end; ++r) {
            const PoolRow row(r, g.output);
            for (index_t o = 0; o < g.output[2]; ++o)
                body(row.plane, r * g.output[2] + o, g.window(0, row.depth), g.window(1, row.height), g.window(2, o));
        }
    });
}

/// gx at each input position = the sum of f(output position, input position in the plane) over the outputs it is used
/// by.
template <class T, class F>
void gather_adaptive_gradient(T* gx, bool accumulate, index_t planes, const AdaptivePoolGeometry& g, F&& f) {
    const index_t rows = planes * g.input[0] * g.input[1];
    parallel_chunks(rows, items_per_task(4 * g.input[2]), [=, &g, &f](index_t begin, index_t end) {
        for (index_t r = begin; r < end; ++r) {
            const PoolRow row(r, g.input);
            const Interval depths = g.outputs(0, row.depth), heights = g.outputs(1, row.height);
            for (index_t w = 0; w < g.input[2]; ++w) {
                const Interval widths = g.outputs(2, w);
                const index_t position = (row.depth * g.input[1] + row.height) * g.input[2] + w;
                compute_t<T> sum(0);
                for (index_t d = depths.begin; d < depths.end; ++d)
                    for (index_t h = heights.begin; h < heights.end; ++h)
                        for (index_t o = widths.begin; o < widths.end; ++o)
                            sum += f(row.plane * g.output_size() + (d * g.output[1] + h) * g.output[2] + o, position,
                                     g.window(0, d).size() * g.window(1, h).size() * g.window(2, o).size());
                simd::put(gx + r * g.input[2] + w, sum, accumulate);
            }
        }
    });
}

}  // namespace detail

/// y = the mean of each window of x (planes, input extents).
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
template <class T>
void adaptive_avg_pool_forward(Cpu, const T* x, T* y, index_t planes, const AdaptivePoolGeometry& g) {
    using C = compute_t<T>;
    const auto body = [=, &g](index_t plane, index_t out, Interval depths, Interval heights, Interval widths) {
        const T* const from = x + plane * g.input_size();
        const index_t size = depths.size() * heights.size() * widths.size();
        C sum(0);
        if (size == g.input_size())
            sum = detail::sum_of_run(from, size);
        else
            for (index_t d = depths.begin; d < depths.end; ++d)
                for (index_t h = heights.begin; h < heights.end; ++h)
                    sum += detail::sum_of_run(from + (d * g.input[1] + h) * g.input[2] + widths.begin, widths.size());
        y[out] = static_cast<T>(sum / static_cast<C>(size));
    };
    detail::for_adaptive_windows(planes, g, body);
}

/// The gradient of adaptive_avg_pool_forward: each gy, divided by its window's size, goes to all elements of the
/// window.
template <class T>
void adaptive_avg_pool_backward(Cpu, const T* gy, T* gx, bool accumulate, index_t planes,
                                const AdaptivePoolGeometry& g) {
    using C = compute_t<T>;
    if (gx == nullptr) return;
    if (g.output_size() == 1) {
        const index_t size = g.input_size();
        parallel_chunks(planes, items_per_task(size), [=](index_t begin, index_t end) {
            for (index_t plane = begin; plane < end; ++plane) {
                const simd::batch<T> gradient(static_cast<C>(gy[plane]) / static_cast<C>(size));
                simd::for_registers<T>(
                    size, [=](index_t i, auto n) { simd::put(gx + plane * size + i, gradient, n, accumulate); });
            }
        });
        return;
    }
    const auto share = [=](index_t out, index_t, index_t size) {
        return static_cast<C>(gy[out]) / static_cast<C>(size);
    };
    detail::gather_adaptive_gradient(gx, accumulate, planes, g, share);
}

/// y = the maximum of each window of x (planes, input extents), and its place in the plane; NaN wins, and of equals the
/// first. `indices` may be null.
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
template <class T, std::signed_integral I>
void adaptive_max_pool_forward(Cpu, const T* x, T* y, I* indices, index_t planes, const AdaptivePoolGeometry& g) {
    using C = compute_t<T>;
    const auto body = [=, &g](index_t plane, index_t out, Interval depths, Interval heights, Interval widths) {
        const T* const from = x + plane * g.input_size();
        index_t winner = (depths.begin * g.input[1] + heights.begin) * g.input[2] + widths.begin;
        if (depths.size() * heights.size() * widths.size() == g.input_size()) {
            winner = detail::winner_of_run(from, g.input_size());
        } else {
            C best = static_cast<C>(from[winner]);
            for (index_t d = depths.begin; d < depths.end; ++d)
                for (index_t h = heights.begin; h < heights.end; ++h)
                    for (index_t w = widths.begin; w < widths.end; ++w) {
                        const index_t at = (d * g.input[1] + h) * g.input[2] + w;
                        const C value = static_cast<C>(from[at]);
                        if (!(value > best || value != value)) continue;
                        best = value;
                        winner = at;
                    }
        }
        y[out] = from[winner];
        if (indices != nullptr) indices[out] = static_cast<I>(winner);
    };
    detail::for_adaptive_windows(planes, g, body);
}

/// The gradient of adaptive_max_pool_forward: each gy goes to the element that its index names.
template <class T, std::signed_integral I>
void adaptive_max_pool_backward(Cpu, const T* gy, const I* indices, T* gx, bool accumulate, index_t planes,
                                const AdaptivePoolGeometry& g) {
    using C = compute_t<T>;
    if (gx == nullptr) return;
    const auto share = [=](index_t out, index_t position, index_t) {
        return static_cast<index_t>(indices[out]) == position ? static_cast<C>(gy[out]) : C(0);
    };
    detail::gather_adaptive_gradient(gx, accumulate, planes, g, share);
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
