// Max and average pooling over one to three dimensions.
#pragma once

#include <cstdint>
#include <limits>

#include "xnn/core/device.hpp"
#include "xnn/cpu/pool_geometry.hpp"
#include "xnn/cpu/shuffle.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace detail {

/// The last element of a window that is larger than all before it, or NaN: its value and its number in the window.
template <class V>
struct Winner {
    V value;
    V number;

    /// Takes elements that come after all that were seen so far.
    XNN_INLINE void take_later(V candidate, V candidate_number) {
        const auto wins = (candidate > value) | simd::is_nan(candidate);
        value = simd::select(wins, candidate, value);
        number = simd::select(wins, candidate_number, number);
    }
    /// Takes elements that come before all that were seen so far; an element -∞ wins against none at all.
    XNN_INLINE void take_earlier(V candidate, V candidate_number) {
        const auto wins = (!(candidate < value)) & (value == value);
        value = simd::select(wins, candidate, value);
        number = simd::select(wins, candidate_number, number);
    }
};

/// A row along the last dimension: number `i` of all rows of all planes of these extents.
struct PoolRow {
    index_t plane;
    index_t depth;
    index_t height;

    PoolRow(index_t i, const Dims<3>& extents)
        : plane(i / (extents[0] * extents[1])), depth(i / extents[1] % extents[0]), height(i % extents[1]) {}
};

/// How many elements of a row are worked on at once, on the stack.
inline constexpr index_t pool_block = 256;

constexpr bool inside(index_t i, index_t extent) { return i >= 0 && i < extent; }

/// Calls `body(number of the element in the window, input row, w)` for the window elements of an output row that are
/// not in the padding above and below it; from the last to the first.
template <class Body>
XNN_INLINE void for_window_rows(const PoolGeometry& g, const PoolRow& row, Body&& body) {
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

/// Calls `body(number of the element in the window, output row, w)` for the windows' elements that an input row is.
template <class Body>
XNN_INLINE void for_covering_rows(const PoolGeometry& g, const PoolRow& row, Body&& body) {
    for (index_t kd = 0; kd < g.kernel[0]; ++kd) {
        const index_t d = row.depth + g.padding[0] - kd * g.dilation[0];
        if (d % g.stride[0] != 0 || !inside(d / g.stride[0], g.output[0]) || d < 0) continue;
        for (index_t kh = 0; kh < g.kernel[1]; ++kh) {
            const index_t h = row.height + g.padding[1] - kh * g.dilation[1];
            if (h % g.stride[1] != 0 || !inside(h / g.stride[1], g.output[1]) || h < 0) continue;
            const PoolRow output_row(((row.plane * g.output[0]) + d / g.stride[0]) * g.output[1] + h / g.stride[1], g.output);
            for (index_t kw = 0; kw < g.kernel[2]; ++kw) body((kd * g.kernel[1] + kh) * g.kernel[2] + kw, output_row, kw);
        }
    }
}
constexpr index_t output_row_start(const PoolGeometry& g, const PoolRow& row) {
    return ((row.plane * g.output[0] + row.depth) * g.output[1] + row.height) * g.output[2];
}

/// The part of an interval that lies in a block.
constexpr Interval common(Interval a, Interval b) {
    const index_t begin = std::max(a.begin, b.begin);
    return {begin, std::max(begin, std::min(a.end, b.end))};
}

/// Windows of 2 x 2 side by side, none of which hangs over an edge.
constexpr bool is_two_by_two(const PoolGeometry& g) {
    const auto plain = [&](std::size_t d) {
        return g.kernel[d] == 2 && g.stride[d] == 2 && g.padding[d] == 0 && g.dilation[d] == 1 && 2 * g.output[d] <= g.input[d];
    };
    return g.input[0] == 1 && g.output[0] == 1 && g.kernel[0] == 1 && g.padding[0] == 0 && plain(1) && plain(2);
}

/// One window that is the whole plane.
constexpr bool is_global(const PoolGeometry& g) {
    return g.output_size() == 1 && g.kernel == g.input && product(Dims<3>{g.padding[0] + 1, g.padding[1] + 1, g.padding[2] + 1}) == 1 &&
           g.dilation == Dims<3>{1, 1, 1};
}

template <class T, class W>
void max_pool_two_by_two(const T* x, T* y, W* winners, index_t planes, const PoolGeometry& g) {
    using V = simd::batch<T>;
    const index_t rows = planes * g.output[1], ow = g.output[2], iw = g.input[2];
    parallel_chunks(rows, items_per_task(4 * ow), [=, &g](index_t begin, index_t end) {
        for (index_t r = begin; r < end; ++r) {
            const T* upper = x + (r / g.output[1] * g.input[1] + 2 * (r % g.output[1])) * iw;
            const T* lower = upper + iw;
            simd::for_registers<T>(ow, [&](index_t i, auto n) {
                Winner<V> best{simd::load_strided(upper + 2 * i, 2, n), V(0)};
                best.take_later(simd::load_strided(upper + 2 * i + 1, 2, n), V(1));
                best.take_later(simd::load_strided(lower + 2 * i, 2, n), V(2));
                best.take_later(simd::load_strided(lower + 2 * i + 1, 2, n), V(3));
                simd::store(y + r * ow + i, best.value, n);
                if (winners != nullptr) simd::store_as<T>(winners + r * ow + i, best.number, n);
            });
        }
    });
}

/// The winner of n elements that stand in a run.
template <class T>
index_t winner_of_run(const T* x, index_t n) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    constexpr index_t w = simd::width<T>;
    Winner<V> best{V(-std::numeric_limits<C>::infinity()), V(-1)};
    simd::for_registers<T>(n, [&](index_t i, auto count) {
        const V v = simd::keep<T>(simd::load(x + i, count), count, -std::numeric_limits<C>::infinity());
        if (i == 0)
            best = {v, V(0)};
        else
            best.take_later(v, V(static_cast<C>(i / w)));
    });
    alignas(64) C numbers[w];
    best.number.store_aligned(numbers);
    index_t winner = static_cast<index_t>(numbers[0]) * w;
    for (index_t lane = 1; lane < std::min(w, n); ++lane) {
        const index_t position = static_cast<index_t>(numbers[lane]) * w + lane;
        const C mine = static_cast<C>(x[position]), theirs = static_cast<C>(x[winner]);
        const bool wins = mine != mine ? theirs == theirs || position > winner
                                       : mine > theirs || (mine == theirs && position < winner);
        if (wins) winner = position;
    }
    return winner;
}

template <class T, class W>
void max_pool_global(const T* x, T* y, W* winners, index_t planes, index_t n) {
    parallel_chunks(planes, items_per_task(n), [=](index_t begin, index_t end) {
        for (index_t i = begin; i < end; ++i) {
            const index_t winner = winner_of_run(x + i * n, n);
            y[i] = x[i * n + winner];
            if (winners != nullptr) winners[i] = static_cast<W>(winner);
        }
    });
}

/// What of a window divides its sum: all of it, or the part inside the input; along one dimension.
constexpr index_t averaged_extent(const PoolGeometry& g, std::size_t d, index_t o, bool count_include_pad) {
    const index_t begin = o * g.stride[d] - g.padding[d];
    const index_t end = std::min(begin + g.kernel[d], g.input[d] + g.padding[d]);
    return count_include_pad ? end - begin : std::min(end, g.input[d]) - std::max(begin, index_t{0});
}

/// The divisors of an output row's windows.
struct AverageDivisors {
    const PoolGeometry& g;
    bool count_include_pad;
    index_t divisor_override;
    bool all_equal;  // along a row

    AverageDivisors(const PoolGeometry& geometry, bool include_pad, index_t override_with)
        : g(geometry), count_include_pad(include_pad), divisor_override(override_with) {
        const bool inside_input = g.padding[2] == 0 && (g.output[2] - 1) * g.stride[2] + g.kernel[2] <= g.input[2];
        all_equal = divisor_override != 0 || inside_input;
    }
    /// The part that does not depend on the place in the row.
    index_t of_row(const PoolRow& row) const {
        if (divisor_override != 0) return divisor_override;
        return averaged_extent(g, 0, row.depth, count_include_pad) * averaged_extent(g, 1, row.height, count_include_pad);
    }
    index_t at(index_t of_row, index_t o) const {
        return divisor_override != 0 ? of_row : of_row * averaged_extent(g, 2, o, count_include_pad);
    }
};

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

/// y = the maximum of each window of x (planes, input extents); NaN wins, and of equals the first. `winners`, which may be
/// null, gets the place of each maximum in its window (row-major, -1 for a window without elements), for backward and for
/// max_pool_indices; its type W must hold the window's size: std::uint8_t up to 255, else std::int32_t.
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
template <class T, class W>
void max_pool_forward(Cpu, const T* x, T* y, W* winners, index_t planes, const PoolGeometry& g) {
    using namespace detail;
    using C = compute_t<T>;
    using V = simd::batch<T>;
    if (is_two_by_two(g)) return max_pool_two_by_two(x, y, winners, planes, g);
    if (is_global(g)) return max_pool_global(x, y, winners, planes, g.input_size());
    const index_t rows = planes * g.output[0] * g.output[1], stride = g.stride[2];
    parallel_chunks(rows, items_per_task(g.output[2] * g.window_size()), [=, &g](index_t begin, index_t end) {
        alignas(64) C best[pool_block], numbers[pool_block];
        for (index_t r = begin; r < end; ++r) {
            const PoolRow row(r, g.output);
            for (index_t first = 0; first < g.output[2]; first += pool_block) {
                const Interval block{first, std::min(first + pool_block, g.output[2])};
                std::fill_n(best, block.size(), -std::numeric_limits<C>::infinity());
                std::fill_n(numbers, block.size(), C(-1));
                for_window_rows(g, row, [&](index_t number, index_t input_row, index_t kw) {
                    const Interval windows = common(windows_with(g, 2, kw), block);
                    const index_t place = windows.begin * stride - g.padding[2] + kw * g.dilation[2];
                    const T* from = x + input_row * g.input[2] + place;
                    const V numbered(static_cast<C>(number));
                    simd::for_registers<T>(windows.size(), [&](index_t i, auto n) {
                        const index_t at = windows.begin - first + i;
                        Winner<V> winner{simd::load(best + at, n), simd::load(numbers + at, n)};
                        winner.take_earlier(simd::load_strided(from + i * stride, stride, n), numbered);
                        simd::store(best + at, winner.value, n);
                        simd::store(numbers + at, winner.number, n);
                    });
                });
                const index_t out = r * g.output[2] + first;
                simd::for_registers<T>(block.size(), [&](index_t i, auto n) {
                    simd::store(y + out + i, simd::load(best + i, n), n);
                    if (winners != nullptr) simd::store_as<T>(winners + out + i, simd::load(numbers + i, n), n);
                });
            }
        }
    });
}

/// The place of each maximum in its plane, as PyTorch's return_indices has it, from the winners of max_pool_forward.
template <class W>
void max_pool_indices(Cpu, const W* winners, std::int64_t* indices, index_t planes, const PoolGeometry& g) {
    const index_t rows = planes * g.output[0] * g.output[1];
    parallel_chunks(rows, items_per_task(g.output[2]), [=, &g](index_t begin, index_t end) {
        for (index_t r = begin; r < end; ++r) {
            const detail::PoolRow row(r, g.output);
            for (index_t o = 0; o < g.output[2]; ++o) {
                const index_t at = r * g.output[2] + o;
                const auto number = static_cast<index_t>(winners[at]);
                const index_t d = row.depth * g.stride[0] - g.padding[0] + number / g.kernel[2] / g.kernel[1] * g.dilation[0];
                const index_t h = row.height * g.stride[1] - g.padding[1] + number / g.kernel[2] % g.kernel[1] * g.dilation[1];
                const index_t w = o * g.stride[2] - g.padding[2] + number % g.kernel[2] * g.dilation[2];
                indices[at] = winners[at] == static_cast<W>(-1) ? -1 : (d * g.input[1] + h) * g.input[2] + w;
            }
        }
    });
}

namespace detail {

template <class T, class W>
void max_pool_two_by_two_backward(const T* gy, const W* winners, T* gx, bool accumulate, index_t planes, const PoolGeometry& g) {
    using V = simd::batch<T>;
    const index_t rows = planes * g.output[1], oh = g.output[1], ow = g.output[2], ih = g.input[1], iw = g.input[2];
    const auto zero = [=](T* from, T* to) {
        if (!accumulate) std::fill(from, to, static_cast<T>(0));
    };
    parallel_chunks(rows, items_per_task(4 * ow), [=](index_t begin, index_t end) {
        for (index_t r = begin; r < end; ++r) {
            T* const upper = gx + (r / oh * ih + 2 * (r % oh)) * iw;
            simd::for_registers<T>(ow, [&](index_t i, auto n) {
                const V gradient = simd::load(gy + r * ow + i, n);
                const V winner = simd::load_as<T>(winners + r * ow + i, n);
                XNN_UNROLL for (index_t kh = 0; kh < 2; ++kh) {
                    T* const to = upper + kh * iw + 2 * i;
                    const V left = simd::select(winner == V(static_cast<compute_t<T>>(2 * kh)), gradient, V(0));
                    const V right = simd::select(winner == V(static_cast<compute_t<T>>(2 * kh + 1)), gradient, V(0));
                    const auto both = simd::alternate(left, right);
                    if constexpr (std::is_same_v<decltype(n), simd::Whole>) {
                        simd::put(to, both.first, n, accumulate);
                        simd::put(to + simd::width<T>, both.second, n, accumulate);
                    } else {
                        simd::put(to, both.first, std::min(2 * n, simd::width<T>), accumulate);
                        if (2 * n > simd::width<T>)
                            simd::put(to + simd::width<T>, both.second, 2 * n - simd::width<T>, accumulate);
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

/// The gradient of max_pool_forward: each gy goes to the element that won its window.
template <class T, class W>
void max_pool_backward(Cpu, const T* gy, const W* winners, T* gx, bool accumulate, index_t planes, const PoolGeometry& g) {
    using namespace detail;
    using C = compute_t<T>;
    using V = simd::batch<T>;
    if (gx == nullptr) return;
    if (is_two_by_two(g) && g.output_size() > 0) return max_pool_two_by_two_backward(gy, winners, gx, accumulate, planes, g);
    const index_t stride = g.stride[2];
    for_input_blocks(gx, accumulate, planes, g, [=, &g](const PoolRow& row, Interval block, C* sums) {
        for_covering_rows(g, row, [&](index_t number, const PoolRow& output_row, index_t kw) {
            const CoveringWindows covering(g, kw, block);
            const index_t out = output_row_start(g, output_row) + covering.windows.begin;
            C* const to = sums + covering.first_place;
            if (stride == 1) {
                const V numbered(static_cast<C>(number));
                simd::for_registers<T>(covering.windows.size(), [&](index_t i, auto n) {
                    const V winner = simd::load_as<T>(winners + out + i, n);
                    const V gradient = simd::select(winner == numbered, simd::load(gy + out + i, n), V(0));
                    simd::put(to + i, gradient, n, true);
                });
                return;
            }
            const W numbered = static_cast<W>(number);
            for (index_t i = 0; i < covering.windows.size(); ++i)
                to[i * stride] += winners[out + i] == numbered ? static_cast<C>(gy[out + i]) : C(0);
        });
    });
}

/// y = the sum of each window of x (planes, input extents) divided by `divisor_override`, or if that is 0 by the window's
/// size, with the padding in it or without. There is no dilation.
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
template <class T>
void avg_pool_forward(Cpu, const T* x, T* y, index_t planes, const PoolGeometry& g, bool count_include_pad = true,
                      index_t divisor_override = 0) {
    using namespace detail;
    using C = compute_t<T>;
    using V = simd::batch<T>;
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
                        simd::put(sums + windows.begin - first + i, simd::load_strided(from + i * stride, stride, n), n, true);
                    });
                });
                T* const out = y + r * g.output[2] + first;
                if (divisors.all_equal) {
                    const V divisor(static_cast<C>(divisors.at(of_row, first)));
                    simd::for_registers<T>(block.size(), [&](index_t i, auto n) {
                        simd::store(out + i, simd::load(sums + i, n) / divisor, n);
                    });
                } else {
                    for (index_t i = 0; i < block.size(); ++i) {
                        const index_t divisor = divisors.at(of_row, first + i);
                        out[i] = static_cast<T>(divisor > 0 ? sums[i] / static_cast<C>(divisor) : C(0));
                    }
                }
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
    const AverageDivisors divisors(g, count_include_pad, divisor_override);
    const index_t stride = g.stride[2];
    for_input_blocks(gx, accumulate, planes, g, [=, &g](const PoolRow& row, Interval block, C* sums) {
        for_covering_rows(g, row, [&](index_t, const PoolRow& output_row, index_t kw) {
            const CoveringWindows covering(g, kw, block);
            const index_t of_row = divisors.of_row(output_row);
            const T* from = gy + output_row_start(g, output_row) + covering.windows.begin;
            C* const to = sums + covering.first_place;
            if (!divisors.all_equal) {
                for (index_t i = 0; i < covering.windows.size(); ++i)
                    to[i * stride] += static_cast<C>(from[i]) / static_cast<C>(divisors.at(of_row, covering.windows.begin + i));
                return;
            }
            const C divisor = static_cast<C>(divisors.at(of_row, 0));
            if (stride == 1)
                simd::for_registers<T>(covering.windows.size(), [&](index_t i, auto n) {
                    simd::put(to + i, simd::load(from + i, n) / V(divisor), n, true);
                });
            else
                for (index_t i = 0; i < covering.windows.size(); ++i) to[i * stride] += static_cast<C>(from[i]) / divisor;
        });
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
