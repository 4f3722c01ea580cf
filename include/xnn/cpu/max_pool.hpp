// Max pooling over one to three dimensions.
#pragma once

#include <cstdint>
#include <limits>

#include "xnn/cpu/pool_windows.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace detail {

/// The last element of a window that is larger than all before it, or NaN: its value and its number in the window.
template <class V>
struct Winner {
    V value;
    V number;

    /// Takes elements that come after all that were seen so far.
    XNN_CPU_INLINE void take_later(V candidate, V candidate_number) {
        const auto wins = (candidate > value) | simd::is_nan(candidate);
        value = simd::select(wins, candidate, value);
        number = simd::select(wins, candidate_number, number);
    }
    /// Takes elements that come before all that were seen so far; an element -∞ wins against none at all.
    XNN_CPU_INLINE void take_earlier(V candidate, V candidate_number) {
        const auto wins = (!(candidate < value)) & (value == value);
        value = simd::select(wins, candidate, value);
        number = simd::select(wins, candidate_number, number);
    }
};

template <class T, class W>
void max_pool_two_by_two(const T* x, T* y, W* winners, index_t planes, const PoolGeometry& g) {
    using V = simd::batch<T>;
    for_two_by_two(x, planes, g, [=](index_t out, auto n, const T* upper, const T* lower) {
        Winner<V> best{simd::load_strided(upper, 2, n), V(0)};
        best.take_later(simd::load_strided(upper + 1, 2, n), V(1));
        best.take_later(simd::load_strided(lower, 2, n), V(2));
        best.take_later(simd::load_strided(lower + 1, 2, n), V(3));
        simd::store(y + out, best.value, n);
        if (winners != nullptr) simd::store_as<T>(winners + out, best.number, n);
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

template <class T, class W>
void max_pool_two_by_two_backward(const T* gy, const W* winners, T* gx, bool accumulate, index_t planes,
                                  const PoolGeometry& g) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    two_by_two_backward(gx, accumulate, planes, g, [=](index_t out, auto n, index_t kh) {
        const V gradient = simd::load(gy + out, n), winner = simd::load_as<T>(winners + out, n);
        return Neighbours<V>{simd::select(winner == V(static_cast<C>(2 * kh)), gradient, V(0)),
                             simd::select(winner == V(static_cast<C>(2 * kh + 1)), gradient, V(0))};
    });
}

/// Where the elements of a window stand in the plane, relative to the first.
template <class W>
class WindowOffsets {
public:
    explicit WindowOffsets(const PoolGeometry& geometry) : g_(geometry) {
        if constexpr (sizeof(W) > 1) return;
        for (index_t number = 0; number < std::min(g_.window_size(), index_t{255}); ++number)
            table_[number] = static_cast<std::int32_t>(compute(number));
        table_[255] = nowhere;
    }
    index_t operator[](W number) const {
        if constexpr (sizeof(W) == 1)
            return table_[number];
        else
            return number < 0 ? nowhere : compute(number);
    }

    index_t compute(index_t number) const {
        const index_t d = number / (g_.kernel[1] * g_.kernel[2]), h = number / g_.kernel[2] % g_.kernel[1];
        const index_t w = number % g_.kernel[2];
        return (d * g_.dilation[0] * g_.input[1] + h * g_.dilation[1]) * g_.input[2] + w * g_.dilation[2];
    }

private:
    static constexpr std::int32_t nowhere = std::numeric_limits<std::int32_t>::min() / 2;
    PoolGeometry g_;
    std::int32_t table_[sizeof(W) == 1 ? 256 : 1];
};

/// Any windows: planes in strips that fit the stack, where the gradients of 16-bit types add up in float.
template <class T, class W>
void max_pool_scatter(const T* gy, const W* winners, T* gx, bool accumulate, index_t planes, const PoolGeometry& g) {
    using C = compute_t<T>;
    constexpr index_t strip = 2048;
    const index_t plane_size = g.input_size(), rows = g.output[0] * g.output[1], row_size = g.output[2];
    const index_t strips = divide_up(plane_size, strip);
    const WindowOffsets<W> offsets(g);
    const index_t last_offset = (row_size - 1) * g.stride[2] + offsets.compute(g.window_size() - 1);
    const auto strip_sums = [=, &g, &offsets](index_t plane, index_t first, index_t size, C* sums) {
        for (index_t r = 0; r < rows; ++r) {
            const index_t d = r / g.output[1] * g.stride[0] - g.padding[0];
            const index_t h = r % g.output[1] * g.stride[1] - g.padding[1];
            const index_t origin =
                (d * g.input[1] + h) * g.input[2] - g.padding[2] - first;  // of the row's first window
            if (origin >= size || origin + last_offset < 0) continue;
            const index_t out = (plane * rows + r) * row_size;
            for (index_t o = 0; o < row_size; ++o) {
                const index_t place = origin + o * g.stride[2] + offsets[winners[out + o]];
                if (inside(place, size)) sums[place] += static_cast<C>(gy[out + o]);
            }
        }
    };
    const index_t strips_per_task = items_per_task(4 * std::min(strip, plane_size));
    parallel_chunks(planes * strips, strips_per_task, [=, &strip_sums](index_t begin, index_t end) {
        alignas(64) C sums[strip];
        for (index_t item = begin; item < end; ++item) {
            const index_t plane = item / strips, first = item % strips * strip;
            const index_t size = std::min(strip, plane_size - first);
            T* const to = gx + plane * plane_size + first;
            std::fill_n(sums, size, C(0));
            strip_sums(plane, first, size, sums);
            simd::for_registers<T>(
                size, [&](index_t i, auto n) { simd::put(to + i, simd::load(sums + i, n), n, accumulate); });
        }
    });
}

}  // namespace detail

/// y = the maximum of each window of x (planes, input extents); NaN wins, and of equals the first. `winners`, which may
/// be null, gets the place of each maximum in its window (row-major, -1 for a window without elements), for backward
/// and for max_pool_indices; its type W must hold the window's size: std::uint8_t up to 255, else std::int32_t.
/// MaybeTwoByTwo = false promises that windows are not of 2 x 2: what is faster for these is then not compiled.
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
template <bool MaybeTwoByTwo = true, class T, class W>
void max_pool_forward(Cpu, const T* x, T* y, W* winners, index_t planes, const PoolGeometry& g) {
    using namespace detail;
    using C = compute_t<T>;
    using V = simd::batch<T>;
    if constexpr (MaybeTwoByTwo)
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
                const index_t d =
                    row.depth * g.stride[0] - g.padding[0] + number / g.kernel[2] / g.kernel[1] * g.dilation[0];
                const index_t h =
                    row.height * g.stride[1] - g.padding[1] + number / g.kernel[2] % g.kernel[1] * g.dilation[1];
                const index_t w = o * g.stride[2] - g.padding[2] + number % g.kernel[2] * g.dilation[2];
                indices[at] = winners[at] == static_cast<W>(-1) ? -1 : (d * g.input[1] + h) * g.input[2] + w;
            }
        }
    });
}

/// The gradient of max_pool_forward: each gy goes to the element that won its window.
template <bool MaybeTwoByTwo = true, class T, class W>
void max_pool_backward(Cpu, const T* gy, const W* winners, T* gx, bool accumulate, index_t planes,
                       const PoolGeometry& g) {
    if (gx == nullptr) return;
    if constexpr (MaybeTwoByTwo)
        if (detail::is_two_by_two(g) && g.output_size() > 0)
            return detail::max_pool_two_by_two_backward(gy, winners, gx, accumulate, planes, g);
    detail::max_pool_scatter(gy, winners, gx, accumulate, planes, g);
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
