// Which elements the windows of a pooling hold, and the common case of 2 x 2 windows side by side.
#pragma once

#include "xnn/core/device.hpp"
#include "xnn/cpu/pool_geometry.hpp"
#include "xnn/cpu/shuffle.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace detail {

/// A row along the last dimension: number `i` of all rows of all planes of these extents.
struct PoolRow {
    index_t number;
    index_t plane;
    index_t depth;
    index_t height;

    PoolRow(index_t i, const Dims<3>& extents)
        : number(i), plane(i / (extents[0] * extents[1])), depth(i / extents[1] % extents[0]), height(i % extents[1]) {}
};

/// How many elements of a row are worked on at once, on the stack.
inline constexpr index_t pool_block = 256;

constexpr bool inside(index_t i, index_t extent) { return i >= 0 && i < extent; }

/// The part of an interval that lies in a block.
constexpr Interval common(Interval a, Interval b) {
    const index_t begin = std::max(a.begin, b.begin);
    return {begin, std::max(begin, std::min(a.end, b.end))};
}

/// Calls `body(number of the element in the window, input row, w)` for the window elements of an output row that are
/// not in the padding above and below it; from the last to the first.
template <class Body>
XNN_CPU_INLINE void for_window_rows(const PoolGeometry& g, const PoolRow& row, Body&& body) {
    for (index_t kd = g.kernel[0]; kd-- > 0;) {
        const index_t d = row.depth * g.stride[0] - g.padding[0] + kd * g.dilation[0];
        if (!inside(d, g.input[0])) continue;
        for (index_t kh = g.kernel[1]; kh-- > 0;) {
            const index_t h = row.height * g.stride[1] - g.padding[1] + kh * g.dilation[1];
            if (!inside(h, g.input[1])) continue;
            const index_t input_row = (row.plane * g.input[0] + d) * g.input[1] + h;
            for (index_t kw = g.kernel[2]; kw-- > 0;) body((kd * g.kernel[1] + kh) * g.kernel[2] + kw, input_row, kw);
        }
    }
}

/// Windows of 2 x 2 side by side, none of which hangs over an edge.
constexpr bool is_two_by_two(const PoolGeometry& g) {
    const auto plain = [&](std::size_t d) {
        return g.kernel[d] == 2 && g.stride[d] == 2 && g.padding[d] == 0 && g.dilation[d] == 1 &&
               2 * g.output[d] <= g.input[d];
    };
    return g.input[0] == 1 && g.output[0] == 1 && g.kernel[0] == 1 && g.padding[0] == 0 && plain(1) && plain(2);
}

/// One window that is the whole plane.
constexpr bool is_global(const PoolGeometry& g) {
    return g.output_size() == 1 && g.kernel == g.input && g.padding == Dims<3>{0, 0, 0} &&
           g.dilation == Dims<3>{1, 1, 1};
}

/// Calls `body(output position, n, upper, lower)` for registers of 2 x 2 windows, whose first elements stand at the
/// pointers.
template <class T, class Body>
void for_two_by_two(const T* x, index_t planes, const PoolGeometry& g, Body&& body) {
    const index_t rows = planes * g.output[1], ow = g.output[2], iw = g.input[2];
    parallel_chunks(rows, items_per_task(4 * ow), [=, &g, &body](index_t begin, index_t end) {
        for (index_t r = begin; r < end; ++r) {
            const T* upper = x + (r / g.output[1] * g.input[1] + 2 * (r % g.output[1])) * iw;
            simd::for_registers<T>(ow,
                                   [&](index_t i, auto n) { body(r * ow + i, n, upper + 2 * i, upper + iw + 2 * i); });
        }
    });
}

/// Two registers whose elements alternate in a row of the input.
template <class V>
struct Neighbours {
    V left;
    V right;
};

/// gx of 2 x 2 windows: `gradients(output position, n, kh)` gives what goes to row kh of a register of windows.
template <class T, class Gradients>
void two_by_two_backward(T* gx, bool accumulate, index_t planes, const PoolGeometry& g, Gradients&& gradients) {
    constexpr index_t width = simd::width<T>;
    const index_t rows = planes * g.output[1], oh = g.output[1], ow = g.output[2], ih = g.input[1], iw = g.input[2];
    const auto zero = [=](T* from, T* to) {
        if (!accumulate) std::fill(from, to, static_cast<T>(0));
    };
    parallel_chunks(rows, items_per_task(4 * ow), [=, &gradients](index_t begin, index_t end) {
        for (index_t r = begin; r < end; ++r) {
            T* const upper = gx + (r / oh * ih + 2 * (r % oh)) * iw;
            simd::for_registers<T>(ow, [&](index_t i, auto n) {
                XNN_UNROLL for (index_t kh = 0; kh < 2; ++kh) {
                    T* const to = upper + kh * iw + 2 * i;
                    const auto [left, right] = gradients(r * ow + i, n, kh);
                    const auto both = simd::alternate(left, right);
                    if constexpr (std::is_same_v<decltype(n), simd::Whole>) {
                        simd::put(to, both.first, n, accumulate);
                        simd::put(to + width, both.second, n, accumulate);
                    } else {
                        simd::put(to, both.first, std::min(2 * n, width), accumulate);
                        if (2 * n > width) simd::put(to + width, both.second, 2 * n - width, accumulate);
                    }
                }
            });
            zero(upper + 2 * ow, upper + iw);
            zero(upper + iw + 2 * ow, upper + 2 * iw);
            if (r % oh == oh - 1) zero(upper + 2 * iw, upper + (ih - 2 * (oh - 1)) * iw);
        }
    });
}

}  // namespace detail

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
