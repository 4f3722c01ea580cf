// Pooling and its gradients, one launch each: a thread, or a team where windows are large, for each result; on the way back a thread
// for each element of the input, which gathers from the windows that hold it.
#pragma once

#include <cstdint>
#include <limits>

#include "xnn/core/dtype.hpp"
#include "xnn/core/math.hpp"
#include "xnn/cpu/adaptive_pool.hpp"
#include "xnn/cuda/window.hpp"

namespace xnn {

namespace cuda::pool {

inline Window window_of(const kernels::PoolGeometry& g) {
    return {narrow(g.input), narrow(g.kernel), narrow(g.stride), narrow(g.dilation), narrow(g.padding), narrow(g.output)};
}

/// Windows that share out the input, as those of Window.
struct AdaptiveWindow {
    Coordinates input, output;

    static AdaptiveWindow of(const kernels::AdaptivePoolGeometry& g) { return {narrow(g.input), narrow(g.output)}; }

    /// Elements [begin, end) of dimension d.
    struct Range {
        int begin, end;
    };
    XNN_INLINE static Range range(int place, int from, int to) {
        const index_t first = index_t{place} * from;
        return {static_cast<int>(quotient(first, to)), static_cast<int>(quotient(first + from + to - 1, to))};
    }
    XNN_INLINE Range sources(std::size_t d, int place) const { return range(place, input[d], output[d]); }
    XNN_INLINE Range places(std::size_t d, int i) const { return range(i, output[d], input[d]); }

    template <class Team, class F>
    XNN_INLINE void for_each_source(const Team& team, const Coordinates& place, F&& f) const {
        const Range depth = sources(0, place[0]), height = sources(1, place[1]), width = sources(2, place[2]);
        const Coordinates extents{depth.end - depth.begin, height.end - height.begin, width.end - width.begin};
        if constexpr (Team::size == 1) {
            for (int z = depth.begin; z < depth.end; ++z)
                for (int y = height.begin; y < height.end; ++y)
                    for (int x = width.begin; x < width.end; ++x) {
                        const index_t position = position_of({z, y, x}, input);
                        f(position, position);
                    }
        } else {
            for (index_t i = team.rank(); i < index_t{extents[0]} * extents[1] * extents[2]; i += Team::size) {
                const Coordinates at = coordinates(i, extents);
                const index_t position = position_of({depth.begin + at[0], height.begin + at[1], width.begin + at[2]}, input);
                f(position, position);
            }
        }
    }
    template <class F>
    XNN_INLINE void for_each_place(const Coordinates& i, F&& f) const {
        const Range depth = places(0, i[0]), height = places(1, i[1]), width = places(2, i[2]);
        const index_t element = position_of(i, input);
        for (int z = depth.begin; z < depth.end; ++z)
            for (int y = height.begin; y < height.end; ++y)
                for (int x = width.begin; x < width.end; ++x) f(element, Coordinates{z, y, x});
    }
};

/// The largest element so far; NaN is larger than all, and of equals the first counts, of NaN the last.
template <class C>
struct Winner {
    C value;
    index_t number;  // -1: none

    struct Join {
        XNN_INLINE Winner operator()(const Winner& a, const Winner& b) const {
            const bool in_order = a.number < b.number;
            const Winner first{in_order ? a.value : b.value, in_order ? a.number : b.number};
            const Winner second{in_order ? b.value : a.value, in_order ? b.number : a.number};
            const bool later_wins = first.number < 0 || second.value > first.value || math::isnan(second.value);
            return {later_wins ? second.value : first.value, later_wins ? second.number : first.number};
        }
    };
};

/// The largest element of each window, and what the window calls it.
template <class Window, class T, class W>
struct Max {
    Window window;
    index_t inputs, outputs;  // of a plane
    const T* x;
    T* y;
    W* winners;

    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t i) const {
        using Best = Winner<compute_t<T>>;
        const index_t plane = quotient(i, outputs);
        const T* const from = x + plane * inputs;
        Best best{-math::infinity<compute_t<T>>, -1};
        window.for_each_source(team, coordinates(i - plane * outputs, window.output), [&](index_t element, index_t position) {
            const auto value = static_cast<compute_t<T>>(from[position]);
            if (best.number < 0 || value > best.value || math::isnan(value)) best = {value, element};
        });
        best = team.combine(best, typename Best::Join{});
        if (team.rank() != 0) return;
        y[i] = static_cast<T>(best.value);
        if (winners) winners[i] = static_cast<W>(best.number);
    }
};

template <class Window, class T, class W>
struct MaxGradient {
    Window window;
    index_t inputs, outputs;
    const T* gy;
    const W* winners;
    T* gx;
    bool accumulate;

    XNN_INLINE void operator()(index_t i) const {
        const index_t plane = quotient(i, inputs), first = plane * outputs;
        compute_t<T> sum(0);
        window.for_each_place(coordinates(i - plane * inputs, window.input), [&](index_t element, const Coordinates& place) {
            const index_t out = first + position_of(place, window.output);
            if (winners[out] == static_cast<W>(element)) sum += static_cast<compute_t<T>>(gy[out]);
        });
        gx[i] = static_cast<T>(accumulate ? static_cast<compute_t<T>>(gx[i]) + sum : sum);
    }
};

/// What the sum of a window is divided by.
struct EvenDivisor {
    bool count_include_pad;
    index_t given;  // 0: the window's size

    XNN_INLINE index_t operator()(const Window& window, const Coordinates& place) const {
        if (given != 0) return given;
        return averaged(window, 0, place[0]) * averaged(window, 1, place[1]) * averaged(window, 2, place[2]);
    }

private:
    XNN_INLINE index_t averaged(const Window& window, std::size_t d, int place) const {
        const int begin = window.source(d, place, 0), beyond = window.input[d] + window.pad[d];
        const int end = begin + window.kernel[d] < beyond ? begin + window.kernel[d] : beyond;
        return count_include_pad ? end - begin : (end < window.input[d] ? end : window.input[d]) - (begin > 0 ? begin : 0);
    }
};
struct AdaptiveDivisor {
    XNN_INLINE index_t operator()(const AdaptiveWindow& window, const Coordinates& place) const {
        index_t result = 1;
        XNN_DEVICE_UNROLL for (std::size_t d = 0; d < 3; ++d) {
            const auto [begin, end] = window.sources(d, place[d]);
            result *= end - begin;
        }
        return result;
    }
};

template <class C>
struct Plus {
    XNN_INLINE C operator()(C a, C b) const { return a + b; }
};

template <class Window, class Divisor, class T>
struct Average {
    Window window;
    index_t inputs, outputs;
    Divisor divisor;
    const T* x;
    T* y;

    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t i) const {
        using C = compute_t<T>;
        const index_t plane = quotient(i, outputs);
        const Coordinates place = coordinates(i - plane * outputs, window.output);
        const T* const from = x + plane * inputs;
        C sum(0);
        window.for_each_source(team, place, [&](index_t, index_t position) { sum += static_cast<C>(from[position]); });
        sum = team.combine(sum, Plus<C>{});
        if (team.rank() == 0) y[i] = static_cast<T>(sum / static_cast<C>(divisor(window, place)));
    }
};

template <class Window, class Divisor, class T>
struct AverageGradient {
    Window window;
    index_t inputs, outputs;
    Divisor divisor;
    const T* gy;
    T* gx;
    bool accumulate;

    XNN_INLINE void operator()(index_t i) const {
        using C = compute_t<T>;
        const index_t plane = quotient(i, inputs);
        const T* const gradients = gy + plane * outputs;
        C sum(0);
        window.for_each_place(coordinates(i - plane * inputs, window.input), [&](index_t, const Coordinates& place) {
            sum += static_cast<C>(gradients[position_of(place, window.output)]) / static_cast<C>(divisor(window, place));
        });
        gx[i] = static_cast<T>(accumulate ? static_cast<C>(gx[i]) + sum : sum);
    }
};

/// A thread for each output, or a team where windows are large.
template <Device D, class F>
void forward(D device, index_t planes, index_t window_size, const F& f) {
    if (window_size >= 64)
        launch_teams(device, planes * f.outputs, window_size, f);
    else
        launch(device, planes * f.outputs, detail::AlonePerUnit<F>{f});
}
template <Device D, class F>
void backward(D device, index_t planes, const F& f) {
    if (f.gx) launch(device, planes * f.inputs, f);
}
inline index_t window_size(const kernels::AdaptivePoolGeometry& g) { return g.input_size() / std::max<index_t>(1, g.output_size()); }

/// The place of each maximum in its plane.
template <class W>
struct Positions {
    Window window;
    index_t outputs;
    const W* winners;
    std::int64_t* indices;

    XNN_INLINE void operator()(index_t i) const {
        const Coordinates place = coordinates(i - quotient(i, outputs) * outputs, window.output);
        const Coordinates element = coordinates(static_cast<index_t>(winners[i]), window.kernel);
        const Coordinates at{window.source(0, place[0], element[0]), window.source(1, place[1], element[1]), window.source(2, place[2], element[2])};
        indices[i] = winners[i] == static_cast<W>(-1) ? -1 : position_of(at, window.input);
    }
};

}  // namespace cuda::pool

namespace kernels {

/// As max_pool_forward of the Cpu.
template <bool MaybeTwoByTwo = true, class T, class W, cuda::Device D>
void max_pool_forward(D device, const T* x, T* y, W* winners, index_t planes, const PoolGeometry& g) {
    using namespace cuda::pool;
    forward(device, planes, g.window_size(), Max<cuda::Window, T, W>{window_of(g), g.input_size(), g.output_size(), x, y, winners});
}

/// As max_pool_indices of the Cpu.
template <class W, cuda::Device D>
void max_pool_indices(D device, const W* winners, std::int64_t* indices, index_t planes, const PoolGeometry& g) {
    cuda::launch(device, planes * g.output_size(), cuda::pool::Positions<W>{cuda::pool::window_of(g), g.output_size(), winners, indices});
}

/// As max_pool_backward of the Cpu.
template <bool MaybeTwoByTwo = true, class T, class W, cuda::Device D>
void max_pool_backward(D device, const T* gy, const W* winners, T* gx, bool accumulate, index_t planes, const PoolGeometry& g) {
    using namespace cuda::pool;
    backward(device, planes, MaxGradient<cuda::Window, T, W>{window_of(g), g.input_size(), g.output_size(), gy, winners, gx, accumulate});
}

/// As avg_pool_forward of the Cpu.
template <class T, cuda::Device D>
void avg_pool_forward(D device, const T* x, T* y, index_t planes, const PoolGeometry& g, bool count_include_pad = true, index_t divisor_override = 0) {
    using namespace cuda::pool;
    forward(device, planes, g.window_size(),
            Average<cuda::Window, EvenDivisor, T>{window_of(g), g.input_size(), g.output_size(), {count_include_pad, divisor_override}, x, y});
}

/// As avg_pool_backward of the Cpu.
template <class T, cuda::Device D>
void avg_pool_backward(D device, const T* gy, T* gx, bool accumulate, index_t planes, const PoolGeometry& g, bool count_include_pad = true,
                       index_t divisor_override = 0) {
    using namespace cuda::pool;
    backward(device, planes,
             AverageGradient<cuda::Window, EvenDivisor, T>{window_of(g), g.input_size(), g.output_size(), {count_include_pad, divisor_override}, gy, gx, accumulate});
}

/// As adaptive_avg_pool_forward of the Cpu.
template <class T, cuda::Device D>
void adaptive_avg_pool_forward(D device, const T* x, T* y, index_t planes, const AdaptivePoolGeometry& g) {
    using namespace cuda::pool;
    forward(device, planes, window_size(g), Average<AdaptiveWindow, AdaptiveDivisor, T>{AdaptiveWindow::of(g), g.input_size(), g.output_size(), {}, x, y});
}

/// As adaptive_avg_pool_backward of the Cpu.
template <class T, cuda::Device D>
void adaptive_avg_pool_backward(D device, const T* gy, T* gx, bool accumulate, index_t planes, const AdaptivePoolGeometry& g) {
    using namespace cuda::pool;
    backward(device, planes, AverageGradient<AdaptiveWindow, AdaptiveDivisor, T>{AdaptiveWindow::of(g), g.input_size(), g.output_size(), {}, gy, gx, accumulate});
}

/// As adaptive_max_pool_forward of the Cpu.
template <class T, std::signed_integral I, cuda::Device D>
void adaptive_max_pool_forward(D device, const T* x, T* y, I* indices, index_t planes, const AdaptivePoolGeometry& g) {
    using namespace cuda::pool;
    forward(device, planes, window_size(g), Max<AdaptiveWindow, T, I>{AdaptiveWindow::of(g), g.input_size(), g.output_size(), x, y, indices});
}

/// As adaptive_max_pool_backward of the Cpu.
template <class T, std::signed_integral I, cuda::Device D>
void adaptive_max_pool_backward(D device, const T* gy, const I* indices, T* gx, bool accumulate, index_t planes, const AdaptivePoolGeometry& g) {
    using namespace cuda::pool;
    backward(device, planes, MaxGradient<AdaptiveWindow, T, I>{AdaptiveWindow::of(g), g.input_size(), g.output_size(), gy, indices, gx, accumulate});
}

}  // namespace kernels
}  // namespace xnn
