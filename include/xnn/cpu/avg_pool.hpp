// Average pooling over one to three dimensions.
#pragma once

#include "xnn/cpu/pool_windows.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace detail {

/// What of a window divides its sum: all of it, or the part inside the input; along one dimension.
constexpr index_t averaged_extent(const PoolGeometry& g, std::size_t d, index_t o, bool count_include_pad) {
    const index_t begin = o * g.stride[d] - g.padding[d];
    const index_t end = std::min(begin + g.kernel[d], g.input[d] + g.padding[d]);
    return count_include_pad ? end - begin : std::min(end, g.input[d]) - std::max(begin, index_t{0});
}

/// The divisors of an output row's windows.
class AverageDivisors {
public:
    Interval equal;  // the windows along a row that have the divisor of the first of them

    AverageDivisors(const PoolGeometry& g, bool count_include_pad, index_t divisor_override)
        : g_(g), count_include_pad_(count_include_pad), override_(divisor_override) {
        const index_t before = count_include_pad ? 0 : g.padding[2], after = count_include_pad ? g.padding[2] : 0;
        const index_t whole =
            g.input[2] + after + g.padding[2] - g.kernel[2];  // the last place where a whole window may begin
        const index_t end = whole < 0 ? 0 : std::min(whole / g.stride[2] + 1, g.output[2]);
        const index_t begin = std::min(divide_up(before, g.stride[2]), end);
        equal = override_ != 0 ? Interval{0, g.output[2]} : Interval{begin, end};
    }
    /// The part that does not depend on the place in the row.
    index_t of_row(const PoolRow& row) const {
        if (override_ != 0) return override_;
        return averaged_extent(g_, 0, row.depth, count_include_pad_) *
               averaged_extent(g_, 1, row.height, count_include_pad_);
    }
    index_t at(index_t of_row, index_t o) const {
        return override_ != 0 ? of_row : of_row * averaged_extent(g_, 2, o, count_include_pad_);
    }

private:
    PoolGeometry g_;
    bool count_include_pad_;
    index_t override_;
};

template <class T>
void avg_pool_two_by_two(const T* x, T* y, compute_t<T> divisor, index_t planes, const PoolGeometry& g) {
    using V = simd::batch<T>;
    for_two_by_two(x, planes, g, [=](index_t out, auto n, const T* upper, const T* lower) {
        const V above = simd::load_strided(upper, 2, n) + simd::load_strided(upper + 1, 2, n);
        const V below = simd::load_strided(lower, 2, n) + simd::load_strided(lower + 1, 2, n);
        simd::store(y + out, (above + below) / V(divisor), n);
    });
}

/// Computes gx in blocks of input rows: `body(row, block, sums)` adds to sums what belongs to the block.
template <class T, class Body>
void for_input_blocks(T* gx, bool accumulate, index_t planes, const PoolGeometry& g, Body&& body) {
    using C = compute_t<T>;
    const index_t rows = planes * g.input[0] * g.input[1], width = g.input[2];
    parallel_chunks(rows, items_per_task(4 * width), [=, &g, &body](index_t begin, index_t end) {
        alignas(64) C sums[pool_block];
        for (index_t r = begin; r < end; ++r) {
            const PoolRow row(r, g.input);
            for (index_t first = 0; first < width; first += pool_block) {
                const Interval block{first, std::min(first + pool_block, width)};
                std::fill_n(sums, block.size(), C(0));
                body(row, block, sums);
                simd::for_registers<T>(block.size(), [&](index_t i, auto n) {
                    simd::put(gx + r * width + first + i, simd::load(sums + i, n), n, accumulate);
                });
            }
        }
    });
}

/// Calls `body(output row, w)` for the windows' elements that an input row is.
template <class Body>
XNN_CPU_INLINE void for_covering_rows(const PoolGeometry& g, const PoolRow& row, Body&& body) {
    for (index_t kd = 0; kd < g.kernel[0]; ++kd) {
        const index_t d = row.depth + g.padding[0] - kd * g.dilation[0];
        if (d % g.stride[0] != 0 || !inside(d / g.stride[0], g.output[0]) || d < 0) continue;
        for (index_t kh = 0; kh < g.kernel[1]; ++kh) {
            const index_t h = row.height + g.padding[1] - kh * g.dilation[1];
            if (h % g.stride[1] != 0 || !inside(h / g.stride[1], g.output[1]) || h < 0) continue;
            const index_t depth = row.plane * g.output[0] + d / g.stride[0];
            const PoolRow output_row(depth * g.output[1] + h / g.stride[1], g.output);
            for (index_t kw = 0; kw < g.kernel[2]; ++kw) body(output_row, kw);
        }
    }
}

/// The windows whose element kw lies in a block of the input row, with the place of the first one's in the block.
struct CoveringWindows {
    Interval windows;
    index_t first_place;

    CoveringWindows(const PoolGeometry& g, index_t kw, Interval block) {
        const index_t shift = g.padding[2] - kw * g.dilation[2];
        const index_t begin = std::max(block.begin + shift, index_t{0}), end = std::max(block.end + shift, index_t{0});
        windows = common({divide_up(begin, g.stride[2]), divide_up(end, g.stride[2])}, {0, g.output[2]});
        first_place = windows.begin * g.stride[2] - shift - block.begin;
    }
};

}  // namespace detail

/// y = the sum of each window of x (planes, input extents) divided by `divisor_override`, or if that is 0 by the
/// window's size, with the padding in it or without. There is no dilation.
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
template <class T>
void avg_pool_forward(Cpu, const T* x, T* y, index_t planes, const PoolGeometry& g, bool count_include_pad = true,
                      index_t divisor_override = 0) {
    using namespace detail;
    using C = compute_t<T>;
    using V = simd::batch<T>;
    if (is_two_by_two(g))
        return avg_pool_two_by_two(x, y, static_cast<C>(divisor_override != 0 ? divisor_override : 4), planes, g);
    if (is_global(g)) {
        const index_t size = g.input_size();
        const C divisor = static_cast<C>(divisor_override != 0 ? divisor_override : size);
        parallel_chunks(planes, items_per_task(size), [=](index_t begin, index_t end) {
            for (index_t i = begin; i < end; ++i) {
                const T* from = x + i * size;
                const V sum = simd::sum_registers<T>(size, [=](index_t k, auto n) { return simd::load(from + k, n); });
                y[i] = static_cast<T>(simd::reduce_add(sum) / divisor);
            }
        });
        return;
    }
    const AverageDivisors divisors(g, count_include_pad, divisor_override);
    const index_t rows = planes * g.output[0] * g.output[1], stride = g.stride[2];
    parallel_chunks(rows, items_per_task(g.output[2] * g.window_size()), [=, &g](index_t begin, index_t end) {
        alignas(64) C sums[pool_block];
        for (index_t r = begin; r < end; ++r) {
            const PoolRow row(r, g.output);
            const index_t of_row = divisors.of_row(row);
            for (index_t first = 0; first < g.output[2]; first += pool_block) {
                const Interval block{first, std::min(first + pool_block, g.output[2])};
                std::fill_n(sums, block.size(), C(0));
                for_window_rows(g, row, [&](index_t, index_t input_row, index_t kw) {
                    const Interval windows = common(windows_with(g, 2, kw), block);
                    const T* from = x + input_row * g.input[2] + windows.begin * stride - g.padding[2] + kw;
                    simd::for_registers<T>(windows.size(), [&](index_t i, auto n) {
                        simd::put(sums + windows.begin - first + i, simd::load_strided(from + i * stride, stride, n), n,
                                  true);
                    });
                });
                T* const out = y + r * g.output[2] + first;
                const Interval equal = common(divisors.equal, block);
                const auto divide_alone = [&](index_t from, index_t to) {
                    for (index_t o = from; o < to; ++o)
                        out[o - first] = static_cast<T>(sums[o - first] / static_cast<C>(divisors.at(of_row, o)));
                };
                divide_alone(block.begin, equal.begin);
                const V divisor(static_cast<C>(divisors.at(of_row, equal.begin)));
                simd::for_registers<T>(equal.size(), [&](index_t offset, auto n) {
                    const index_t i = equal.begin - first + offset;
                    simd::store(out + i, simd::load(sums + i, n) / divisor, n);
                });
                divide_alone(equal.end, block.end);
            }
        }
    });
}

/// The gradient of avg_pool_forward: each gy, divided as its window was, goes to all elements of the window.
template <class T>
void avg_pool_backward(Cpu, const T* gy, T* gx, bool accumulate, index_t planes, const PoolGeometry& g,
                       bool count_include_pad = true, index_t divisor_override = 0) {
    using namespace detail;
    using C = compute_t<T>;
    using V = simd::batch<T>;
    if (gx == nullptr) return;
    if (is_two_by_two(g) && g.output_size() > 0) {
        const V divisor(static_cast<C>(divisor_override != 0 ? divisor_override : 4));
        return two_by_two_backward(gx, accumulate, planes, g, [=](index_t out, auto n, index_t) {
            const V share = simd::load(gy + out, n) / divisor;
            return Neighbours<V>{share, share};
        });
    }
    const AverageDivisors divisors(g, count_include_pad, divisor_override);
    const index_t stride = g.stride[2];
    for_input_blocks(gx, accumulate, planes, g, [=, &g](const PoolRow& row, Interval block, C* sums) {
        for_covering_rows(g, row, [&](const PoolRow& output_row, index_t kw) {
            const CoveringWindows covering(g, kw, block);
            const Interval all = covering.windows, equal = common(divisors.equal, all);
            const index_t of_row = divisors.of_row(output_row);
            const T* from = gy + output_row.number * g.output[2] + all.begin;
            C* const to = sums + covering.first_place;
            const auto add_alone = [=](index_t begin, index_t end) {
                for (index_t o = begin; o < end; ++o)
                    to[(o - all.begin) * stride] +=
                        static_cast<C>(from[o - all.begin]) / static_cast<C>(divisors.at(of_row, o));
            };
            add_alone(all.begin, equal.begin);
            const V divisor(static_cast<C>(divisors.at(of_row, equal.begin)));
            simd::for_registers<T>(equal.size(), [&](index_t offset, auto n) {
                const index_t i = equal.begin - all.begin + offset;
                simd::add_strided(to + i * stride, simd::load(from + i, n) / divisor, stride, n);
            });
            add_alone(equal.end, all.end);
        });
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
