// Pooling and its gradients, one launch each: a thread, or a team where windows are large, for each result; on the way back a thread
// for each element of the input, which gathers from the windows that hold it.
#pragma once

#include <cstdint>
#include <limits>

#include "xnn/core/dtype.hpp"
#include "xnn/core/math.hpp"
#include "xnn/cpu/adaptive_pool.hpp"
#include "xnn/cuda/coordinates.hpp"
#include "xnn/cuda/launch.hpp"

namespace xnn {

namespace cuda::pool {

/// A box in a plane: `extent` elements in each dimension, `step` apart, from `first` on.
struct Box {
    Dims<3> first, extent, step;
    XNN_INLINE index_t size() const { return extent[0] * extent[1] * extent[2]; }
};

/// Calls f(number, position) for the elements of a box within a plane, dealt out to a team, in the order of their numbers.
template <class Team, class F>
XNN_INLINE void for_each_in_box(const Team& team, const Box& box, const Dims<3>& plane, const F& f) {
    const auto visit = [&](index_t number, index_t a, index_t b, index_t c) {
        const index_t z = box.first[0] + a * box.step[0], y = box.first[1] + b * box.step[1], x = box.first[2] + c * box.step[2];
        if (z >= 0 && z < plane[0] && y >= 0 && y < plane[1] && x >= 0 && x < plane[2]) f(number, (z * plane[1] + y) * plane[2] + x);
    };
    if constexpr (Team::size == 1) {
        index_t number = 0;
        for (index_t a = 0; a < box.extent[0]; ++a)
            for (index_t b = 0; b < box.extent[1]; ++b)
                for (index_t c = 0; c < box.extent[2]; ++c) visit(number++, a, b, c);
    } else {
        for (index_t number = team.rank(); number < box.size(); number += Team::size) {
            const auto [a, b, c] = coordinates(number, box.extent);
            visit(number, a, b, c);
        }
    }
}

/// Windows of equal size.
struct EvenWindows {
    kernels::PoolGeometry g;

    XNN_INLINE Box box(const Dims<3>& o) const {
        Box result{{}, g.kernel, g.dilation};
        for (std::size_t d = 0; d < 3; ++d) result.first[d] = o[d] * g.stride[d] - g.padding[d];
        return result;
    }
    /// Calls f(output, number in its window) for the windows that hold an element.
    template <class F>
    XNN_INLINE void for_each_holder(const Dims<3>& i, const F& f) const {
        for (index_t a = 0; a < g.kernel[0]; ++a) {
            const index_t z = holder(0, i[0], a);
            if (z < 0) continue;
            for (index_t b = 0; b < g.kernel[1]; ++b) {
                const index_t y = holder(1, i[1], b);
                if (y < 0) continue;
                for (index_t c = 0; c < g.kernel[2]; ++c)
                    if (const index_t x = holder(2, i[2], c); x >= 0) f(Dims<3>{z, y, x}, (a * g.kernel[1] + b) * g.kernel[2] + c);
            }
        }
    }

private:
    XNN_INLINE index_t holder(std::size_t d, index_t i, index_t k) const {
        const index_t distance = i + g.padding[d] - k * g.dilation[d];
        if (distance < 0) return -1;
        const index_t o = quotient(distance, g.stride[d]);
        return o * g.stride[d] == distance && o < g.output[d] ? o : -1;
    }
};

/// Windows that share out the input.
struct AdaptiveWindows {
    kernels::AdaptivePoolGeometry g;

    XNN_INLINE Box box(const Dims<3>& o) const {
        Box result{{}, {}, {1, 1, 1}};
        for (std::size_t d = 0; d < 3; ++d) {
            result.first[d] = quotient(o[d] * g.input[d], g.output[d]);
            result.extent[d] = quotient((o[d] + 1) * g.input[d] + g.output[d] - 1, g.output[d]) - result.first[d];
        }
        return result;
    }
    template <class F>
    XNN_INLINE void for_each_holder(const Dims<3>& i, const F& f) const {
        const AdaptiveWindows turned{{g.output, g.input}};
        const Box holders = turned.box(i);
        for_each_in_box(SingleTeam{}, holders, g.output, [&](index_t, index_t place) { f(coordinates(place, g.output), 0); });
    }
};

inline index_t window_size(const EvenWindows& windows) { return windows.g.window_size(); }
inline index_t window_size(const AdaptiveWindows& windows) {
    return divide_up(windows.g.input_size(), std::max<index_t>(1, windows.g.output_size()));
}

XNN_INLINE index_t place_of(const Dims<3>& at, const Dims<3>& extents) { return (at[0] * extents[1] + at[1]) * extents[2] + at[2]; }

/// The largest element so far; NaN is larger than all, and of equals the first counts, of NaN the last.
template <class C>
struct Winner {
    C value;
    index_t number;  // -1: none

    struct Join {
        XNN_INLINE Winner operator()(const Winner& a, const Winner& b) const {
            const bool later = a.number < b.number;
            const Winner& first = later ? a : b;
            const Winner& second = later ? b : a;
            return first.number < 0 || second.value > first.value || math::isnan(second.value) ? second : first;
        }
    };
};

/// What a maximum's place is said by: its number in the window, or its position in the plane.
enum class Naming { number, position };

template <class Windows, Naming By, class T, class W>
struct Max {
    Windows windows;
    const T* x;
    T* y;
    W* winners;

    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t i) const {
        using Best = Winner<compute_t<T>>;
        const index_t plane = quotient(i, windows.g.output_size());
        const Box box = windows.box(coordinates(i - plane * windows.g.output_size(), windows.g.output));
        const T* const from = x + plane * windows.g.input_size();
        Best best{-std::numeric_limits<compute_t<T>>::infinity(), -1};
        for_each_in_box(team, box, windows.g.input, [&](index_t number, index_t position) {
            const auto value = static_cast<compute_t<T>>(from[position]);
            if (best.number < 0 || value > best.value || math::isnan(value)) best = {value, By == Naming::number ? number : position};
        });
        best = team.combine(best, typename Best::Join{});
        if (team.rank() != 0) return;
        y[i] = static_cast<T>(best.value);
        if (winners) winners[i] = static_cast<W>(best.number);
    }
};

template <class Windows, Naming By, class T, class W>
struct MaxGradient {
    Windows windows;
    const T* gy;
    const W* winners;
    T* gx;
    bool accumulate;

    XNN_INLINE void operator()(index_t i) const {
        const index_t plane = quotient(i, windows.g.input_size()), position = i - plane * windows.g.input_size();
        const index_t first = plane * windows.g.output_size();
        compute_t<T> sum(0);
        windows.for_each_holder(coordinates(position, windows.g.input), [&](const Dims<3>& o, index_t number) {
            const index_t out = first + place_of(o, windows.g.output);
            if (winners[out] == static_cast<W>(By == Naming::number ? number : position)) sum += static_cast<compute_t<T>>(gy[out]);
        });
        gx[i] = static_cast<T>(accumulate ? static_cast<compute_t<T>>(gx[i]) + sum : sum);
    }
};

/// What the sum of a window is divided by.
struct EvenDivisor {
    bool count_include_pad;
    index_t given;  // 0: the window's size

    XNN_INLINE index_t operator()(const EvenWindows& windows, const Dims<3>& o) const {
        if (given != 0) return given;
        index_t result = 1;
        for (std::size_t d = 0; d < 3; ++d) {
            const auto& g = windows.g;
            const index_t begin = o[d] * g.stride[d] - g.padding[d], all = g.input[d] + g.padding[d];
            const index_t last = begin + g.kernel[d] < all ? begin + g.kernel[d] : all;
            if (count_include_pad)
                result *= last - begin;
            else
                result *= (last < g.input[d] ? last : g.input[d]) - (begin > 0 ? begin : 0);
        }
        return result;
    }
};
struct AdaptiveDivisor {
    XNN_INLINE index_t operator()(const AdaptiveWindows& windows, const Dims<3>& o) const { return windows.box(o).size(); }
};

template <class C>
struct Plus {
    XNN_INLINE C operator()(C a, C b) const { return a + b; }
};

template <class Windows, class Divisor, class T>
struct Average {
    Windows windows;
    Divisor divisor;
    const T* x;
    T* y;

    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t i) const {
        using C = compute_t<T>;
        const index_t plane = quotient(i, windows.g.output_size());
        const Dims<3> o = coordinates(i - plane * windows.g.output_size(), windows.g.output);
        const T* const from = x + plane * windows.g.input_size();
        C sum(0);
        for_each_in_box(team, windows.box(o), windows.g.input, [&](index_t, index_t position) { sum += static_cast<C>(from[position]); });
        sum = team.combine(sum, Plus<C>{});
        if (team.rank() == 0) y[i] = static_cast<T>(sum / static_cast<C>(divisor(windows, o)));
    }
};

template <class Windows, class Divisor, class T>
struct AverageGradient {
    Windows windows;
    Divisor divisor;
    const T* gy;
    T* gx;
    bool accumulate;

    XNN_INLINE void operator()(index_t i) const {
        using C = compute_t<T>;
        const index_t plane = quotient(i, windows.g.input_size()), first = plane * windows.g.output_size();
        C sum(0);
        windows.for_each_holder(coordinates(i - plane * windows.g.input_size(), windows.g.input), [&](const Dims<3>& o, index_t) {
            sum += static_cast<C>(gy[first + place_of(o, windows.g.output)]) / static_cast<C>(divisor(windows, o));
        });
        gx[i] = static_cast<T>(accumulate ? static_cast<C>(gx[i]) + sum : sum);
    }
};

/// A thread for each output, or a team where that has more than a few elements for each of its threads.
template <Device D, class F>
void forward(D device, index_t planes, const F& f) {
    const index_t outputs = planes * f.windows.g.output_size(), size = window_size(f.windows);
    if (size >= 64)
        launch_teams(device, outputs, size, f);
    else
        launch(device, outputs, detail::AlonePerUnit<F>{f});
}
template <Device D, class F>
void backward(D device, index_t planes, const F& f) {
    if (f.gx) launch(device, planes * f.windows.g.input_size(), f);
}

/// The place of each maximum in its plane.
template <class W>
struct Positions {
    EvenWindows windows;
    const W* winners;
    std::int64_t* indices;

    XNN_INLINE void operator()(index_t i) const {
        const auto& g = windows.g;
        const index_t size = g.output_size(), plane = quotient(i, size);
        const Box box = windows.box(coordinates(i - plane * size, g.output));
        Dims<3> at = coordinates(static_cast<index_t>(winners[i]), g.kernel);
        for (std::size_t d = 0; d < 3; ++d) at[d] = box.first[d] + at[d] * g.dilation[d];
        indices[i] = winners[i] == static_cast<W>(-1) ? -1 : place_of(at, g.input);
    }
};

}  // namespace cuda::pool

namespace kernels {

/// As max_pool_forward of the Cpu.
template <bool MaybeTwoByTwo = true, class T, class W, cuda::Device D>
void max_pool_forward(D device, const T* x, T* y, W* winners, index_t planes, const PoolGeometry& g) {
    using namespace cuda::pool;
    forward(device, planes, Max<EvenWindows, Naming::number, T, W>{{g}, x, y, winners});
}

/// As max_pool_indices of the Cpu.
template <class W, cuda::Device D>
void max_pool_indices(D device, const W* winners, std::int64_t* indices, index_t planes, const PoolGeometry& g) {
    cuda::launch(device, planes * g.output_size(), cuda::pool::Positions<W>{{g}, winners, indices});
}

/// As max_pool_backward of the Cpu.
template <bool MaybeTwoByTwo = true, class T, class W, cuda::Device D>
void max_pool_backward(D device, const T* gy, const W* winners, T* gx, bool accumulate, index_t planes, const PoolGeometry& g) {
    using namespace cuda::pool;
    backward(device, planes, MaxGradient<EvenWindows, Naming::number, T, W>{{g}, gy, winners, gx, accumulate});
}

/// As avg_pool_forward of the Cpu.
template <class T, cuda::Device D>
void avg_pool_forward(D device, const T* x, T* y, index_t planes, const PoolGeometry& g, bool count_include_pad = true, index_t divisor_override = 0) {
    using namespace cuda::pool;
    forward(device, planes, Average<EvenWindows, EvenDivisor, T>{{g}, {count_include_pad, divisor_override}, x, y});
}

/// As avg_pool_backward of the Cpu.
template <class T, cuda::Device D>
void avg_pool_backward(D device, const T* gy, T* gx, bool accumulate, index_t planes, const PoolGeometry& g, bool count_include_pad = true,
                       index_t divisor_override = 0) {
    using namespace cuda::pool;
    backward(device, planes, AverageGradient<EvenWindows, EvenDivisor, T>{{g}, {count_include_pad, divisor_override}, gy, gx, accumulate});
}

/// As adaptive_avg_pool_forward of the Cpu.
template <class T, cuda::Device D>
void adaptive_avg_pool_forward(D device, const T* x, T* y, index_t planes, const AdaptivePoolGeometry& g) {
    using namespace cuda::pool;
    forward(device, planes, Average<AdaptiveWindows, AdaptiveDivisor, T>{{g}, {}, x, y});
}

/// As adaptive_avg_pool_backward of the Cpu.
template <class T, cuda::Device D>
void adaptive_avg_pool_backward(D device, const T* gy, T* gx, bool accumulate, index_t planes, const AdaptivePoolGeometry& g) {
    using namespace cuda::pool;
    backward(device, planes, AverageGradient<AdaptiveWindows, AdaptiveDivisor, T>{{g}, {}, gy, gx, accumulate});
}

/// As adaptive_max_pool_forward of the Cpu.
template <class T, std::signed_integral I, cuda::Device D>
void adaptive_max_pool_forward(D device, const T* x, T* y, I* indices, index_t planes, const AdaptivePoolGeometry& g) {
    using namespace cuda::pool;
    forward(device, planes, Max<AdaptiveWindows, Naming::position, T, I>{{g}, x, y, indices});
}

/// As adaptive_max_pool_backward of the Cpu.
template <class T, std::signed_integral I, cuda::Device D>
void adaptive_max_pool_backward(D device, const T* gy, const I* indices, T* gx, bool accumulate, index_t planes, const AdaptivePoolGeometry& g) {
    using namespace cuda::pool;
    backward(device, planes, MaxGradient<AdaptiveWindows, Naming::position, T, I>{{g}, gy, indices, gx, accumulate});
}

}  // namespace kernels
}  // namespace xnn
