// Convolutions without a matrix product, for groups of few output channels, depthwise ones among them: a thread, or a team, for each
// result.
#pragma once

#include "xnn/core/math.hpp"
#include "xnn/cuda/column_sums.hpp"
#include "xnn/cuda/patches.hpp"

namespace xnn::cuda::conv {

/// The extents of a convolution that its direct kernels count by.
struct Channels {
    Window window;
    index_t in, out;                    // all channels
    index_t in_of_group, out_of_group;  // of one group
    index_t kernel_size, input_size, output_size;

    static Channels of(const ConvGeometry& g) {
        return {Window::of(g), g.in_channels, g.out_channels, g.in_channels_of_group(), g.out_channels_of_group(), g.kernel_size(), g.input_size(),
                g.output_size()};
    }
};

/// sum += weight times value, for what a window calls it with.
template <class T>
struct AddProducts {
    const T* weights;
    const T* values;
    compute_t<T>* sum;
    XNN_INLINE void operator()(index_t element, index_t position) const {
        *sum += static_cast<compute_t<T>>(weights[element]) * static_cast<compute_t<T>>(values[position]);
    }
};

/// A thread for each element of y.
template <class T>
struct Forward {
    Channels n;
    const T* x;
    const T* w;
    const T* bias;
    T* y;
    bool relu, accumulate;

    XNN_INLINE void operator()(index_t i) const {
        const Pixel pixel(i, n.out, n.output_size);
        const Dims<3> place = coordinates(pixel.position, n.window.output);
        const index_t first = quotient(pixel.channel, n.out_of_group) * n.in_of_group;
        compute_t<T> sum(0);
        for (index_t c = 0; c < n.in_of_group; ++c)
            n.window.for_each_source(place, AddProducts<T>{w + (pixel.channel * n.in_of_group + c) * n.kernel_size,
                                                           x + (pixel.image * n.in + first + c) * n.input_size, &sum});
        if (accumulate) sum += static_cast<compute_t<T>>(y[i]);
        if (bias) sum += static_cast<compute_t<T>>(bias[pixel.channel]);
        y[i] = static_cast<T>(relu ? math::max(sum, compute_t<T>(0)) : sum);
    }
};

/// A thread for each element of gx.
template <class T>
struct BackwardData {
    Channels n;
    const T* gy;
    const T* w;
    const T* bias;  // of the transposed convolution that this is
    T* gx;
    bool accumulate;

    XNN_INLINE void operator()(index_t i) const {
        const Pixel pixel(i, n.in, n.input_size);
        const Dims<3> place = coordinates(pixel.position, n.window.input);
        const index_t group = quotient(pixel.channel, n.in_of_group), c = pixel.channel - group * n.in_of_group;
        compute_t<T> sum(0);
        for (index_t o = group * n.out_of_group; o < (group + 1) * n.out_of_group; ++o)
            n.window.for_each_place(place, AddProducts<T>{w + (o * n.in_of_group + c) * n.kernel_size, gy + (pixel.image * n.out + o) * n.output_size, &sum});
        if (accumulate) sum += static_cast<compute_t<T>>(gx[i]);
        if (bias) sum += static_cast<compute_t<T>>(bias[pixel.channel]);
        gx[i] = static_cast<T>(sum);
    }
};

/// A team for each weight, or for its share of the places that use it.
template <class T, class Out>
struct BackwardWeight {
    Channels n;
    index_t places;  // of all images
    index_t shares;
    const T* x;
    const T* gy;
    Out out;

    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t unit) const {
        using C = compute_t<T>;
        using Sums = kernels::SumReducer<T>;
        const index_t weight = quotient(unit, shares), share = unit - weight * shares;
        const index_t pair = quotient(weight, n.kernel_size), o = quotient(pair, n.in_of_group);
        const index_t channel = quotient(o, n.out_of_group) * n.in_of_group + pair - o * n.in_of_group;
        const Dims<3> element = coordinates(weight - pair * n.kernel_size, n.window.kernel);
        const index_t end = places * (share + 1) / shares;
        C sum(0);
        for (index_t j = places * share / shares + team.rank(); j < end; j += Team::size) {
            const index_t image = quotient(j, n.output_size), position = j - image * n.output_size;
            const Dims<3> place = coordinates(position, n.window.output);
            const index_t z = n.window.source(0, place[0], element[0]), y = n.window.source(1, place[1], element[1]),
                          k = n.window.source(2, place[2], element[2]);
            if (!n.window.has(0, z) || !n.window.has(1, y) || !n.window.has(2, k)) continue;
            sum += static_cast<C>(gy[(image * n.out + o) * n.output_size + position]) *
                   static_cast<C>(x[(image * n.in + channel) * n.input_size + (z * n.window.input[1] + y) * n.window.input[2] + k]);
        }
        const Sums sums;
        const auto total = team.combine(static_cast<typename Sums::Total>(sum), JoinOf<Sums>{sums});
        if (team.rank() == 0) out.put(weight, share, total);
    }
};

template <class T, Device D>
void backward_weight(D device, const ConvGeometry& g, const T* x, const T* gy, T* gw, bool accumulate) {
    using Sums = kernels::SumReducer<T>;
    using Emit = kernels::sums_detail::AddTo<T>;
    using Out = Output<Emit, typename Sums::Total>;
    const index_t weights = g.out_channels * g.weights_per_output(), places = g.batch * g.output_size();
    // As for reductions of rows: a share is worth 4096 elements, of which 256 threads take 16 each.
    const index_t shares = std::clamp<index_t>(divide_up(places, 4096), 1, divide_up(many_threads, weights * 256));
    const auto lease = Lease<D>::take();
    auto* partial = shares > 1 ? lease.arena().template allocate<typename Sums::Total>(shares * weights) : nullptr;
    const Emit emit{gw, accumulate};
    launch_teams(device, weights * shares, places / shares, BackwardWeight<T, Out>{Channels::of(g), places, shares, x, gy, {emit, partial, weights}});
    if (partial) launch(device, weights, JoinShares<Sums, Emit>{{}, emit, partial, weights, shares});
}

}  // namespace xnn::cuda::conv
