// The loops of expressions on the device: one kernel for each chain, in which a thread computes a few adjacent elements where they
// stand at multiples of 16 bytes, else one.
#pragma once

#include "xnn/cuda/launch.hpp"
#include "xnn/expr/loops.hpp"
#include "xnn/expr/random_leaf.hpp"

namespace xnn {

namespace cuda {

/// Elements that one thread computes.
inline constexpr int pack_width = 4;

// Whether the rows of a loader or a sink, each of a multiple of pack_width elements, can be moved by packs.

template <class T>
bool is_aligned(const T* p) {
    return reinterpret_cast<std::uintptr_t>(p) % alignof(Pack<T, pack_width>) == 0;
}
template <class L>
bool packs(const L&) {
    return false;
}
template <class T>
bool packs(const Ptr<T>& loader) {
    return is_aligned(loader.p);
}
template <class T>
bool packs(const Constant<T>&) {
    return true;
}
template <class T, std::size_t Rank>
bool strides_pack(const T* p, const Dims<Rank>& strides, std::size_t split) {
    for (std::size_t i = 0; i < split; ++i)
        if (strides[i] % pack_width != 0) return false;
    return is_aligned(p);
}
template <class T, std::size_t Rank, std::size_t Split, RowKind Kind>
bool packs(const Strided<T, Rank, Split, Kind>& loader) {
    return Kind != RowKind::contiguous || strides_pack(loader.p, loader.strides, Rank - 1);
}
template <class T, class Draw>
bool packs(const RandomLoader<T, Draw>& loader) {
    return loader.first % pack_width == 0;
}
template <class F, class... L>
bool packs(const Map<F, L...>& map) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return (packs(get<I>(map.arguments)) && ...); }(std::index_sequence_for<L...>{});
}
inline bool packs(const NoSink&) { return true; }
template <class T>
bool packs(const DenseSink<T>& sink) {
    return is_aligned(sink.target.data);
}
template <class... S>
bool packs(const MapSink<S...>& sink) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return (packs(get<I>(sink.children)) && ...); }(std::index_sequence_for<S...>{});
}

/// The row of thread i, and its number among the threads of the row.
struct Place {
    index_t row, thread;
};
template <std::size_t Split>
XNN_INLINE Place place_of(index_t i, const Divider& threads) {
    if constexpr (Split == 0) return Place{0, i};
    const index_t row = threads(i);
    return Place{row, i - row * threads.divisor()};
}

template <class Lane>
XNN_INLINE constexpr index_t width_of(Lane) {
    if constexpr (std::same_as<Lane, One>)
        return 1;
    else
        return pack_width;
}

template <std::size_t Split, class Lane, class Sink, class Loader>
struct ScatterLoop {
    Sink sink;
    Loader loader;
    index_t length;   // of a row, in elements
    Divider threads;  // of a row
    XNN_INLINE void operator()(index_t i) const {
        const auto [r, thread] = place_of<Split>(i, threads);
        const index_t j = thread * width_of(Lane{});
        const auto row = loader.template row<Split>(r, length);
        sink.template row<Split, xnn::detail::NoLane>(r, length).put(j, row(j, Lane{}), Lane{});
    }
};

template <std::size_t Split, class Lane, class Loader, class Gradient, class Sink>
struct PullBackLoop {
    Loader loader;
    Gradient gradient;
    Sink sink;
    index_t length;
    Divider threads;
    XNN_INLINE void operator()(index_t i) const {
        const auto [r, thread] = place_of<Split>(i, threads);
        const index_t j = thread * width_of(Lane{});
        const auto row = loader.template row<Split>(r, length);
        const auto g = gradient.template row<Split>(r, length);
        auto out = sink.template row<Split, xnn::detail::NoLane>(r, length);
        row.pull(row.record(j, Lane{}), g(j, Lane{}), out, j, Lane{});
    }
};

/// How a loop over rows becomes threads: by packs where everything stands at their multiples.
template <class Packed, class Single, class D, class... Parts>
void run_loop(D device, const Rows& rows, const Parts&... parts) {
    if (rows.length % pack_width == 0 && (packs(parts) && ...)) {
        const index_t threads = rows.length / pack_width, all = rows.count * threads;
        launch(device, all, Packed{parts..., rows.length, Divider(threads, all)});
    } else {
        const index_t all = rows.count * rows.length;
        launch(device, all, Single{parts..., rows.length, Divider(rows.length, all)});
    }
}

}  // namespace cuda

template <cuda::Device D, class Sink, class Loader, std::size_t Rank>
void scatter(D device, const Sink& sink, const Loader& loader, const Dims<Rank>& extents) {
    constexpr std::size_t split = std::max(Loader::split, Sink::split);
    using Packed = cuda::ScatterLoop<split, Few<cuda::pack_width>, Sink, Loader>;
    using Single = cuda::ScatterLoop<split, One, Sink, Loader>;
    cuda::run_loop<Packed, Single>(device, Rows::of<split>(extents), sink, loader);
}

template <cuda::Device D, class Loader, class Gradient, class Sink, std::size_t Rank>
void pull_back(D device, const Loader& loader, const Gradient& gradient, const Sink& sink, const Dims<Rank>& extents, index_t) {
    constexpr std::size_t split = std::max(Loader::split, Gradient::split);
    using Packed = cuda::PullBackLoop<split, Few<cuda::pack_width>, Loader, Gradient, Sink>;
    using Single = cuda::PullBackLoop<split, One, Loader, Gradient, Sink>;
    cuda::run_loop<Packed, Single>(device, Rows::of<split>(extents), loader, gradient, sink);
}

}  // namespace xnn
