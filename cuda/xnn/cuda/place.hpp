// Elements of planes, chosen by their places. Taking is one launch; setting and adding sort the places first, for several elements
// may have one.
#pragma once

#include <cstdint>

#include "xnn/cuda/indices.hpp"
#include "xnn/cuda/scatter_sums.hpp"

namespace xnn::kernels {

namespace place_detail {

template <class T>
struct TakePlaces {
    const T* x;
    const std::int64_t* places;
    T* y;
    bool accumulate;
    index_t from, to;
    compute_t<T> absent;
    cuda::IndexGuard guard;

    XNN_INLINE void operator()(index_t i) const {
        using C = compute_t<T>;
        const index_t place = static_cast<index_t>(places[i]);
        const C value = place < 0 || !guard.admits(place, from) ? absent : static_cast<C>(x[cuda::quotient(i, to) * from + place]);
        y[i] = static_cast<T>(accumulate ? static_cast<C>(y[i]) + value : value);
    }
};

/// Where an element goes among all planes; behind them all if it has no place.
struct PlaceKeys {
    const std::int64_t* places;
    index_t* keys;
    index_t from, to, limit;
    cuda::IndexGuard guard;

    XNN_INLINE void operator()(index_t i) const {
        const index_t place = static_cast<index_t>(places[i]);
        keys[i] = place < 0 || !guard.admits(place, to) ? limit : cuda::quotient(i, from) * to + place;
    }
};

template <class T>
struct SetLast {
    cuda::SortedKeys sorted;
    index_t n, limit;
    const T* x;
    T* y;

    XNN_INLINE void operator()(index_t i) const {
        const index_t key = sorted.keys[i];
        if (key != limit && (i + 1 == n || sorted.keys[i + 1] != key)) y[key] = x[sorted.positions[i]];
    }
};

template <cuda::Device D>
index_t* keys_of(D device, Arena<D>& arena, const std::int64_t* places, index_t planes, index_t from, index_t to) {
    auto* const keys = arena.template allocate<index_t>(planes * from);
    cuda::launch(device, planes * from, PlaceKeys{places, keys, from, to, planes * to, cuda::guard_of(device)});
    return keys;
}

}  // namespace place_detail

/// As take_places of the Cpu.
template <class T, cuda::Device D>
void take_places(D device, const T* x, const std::int64_t* places, T* y, bool accumulate, index_t planes, index_t from, index_t to, compute_t<T> absent) {
    cuda::launch(device, planes * to, place_detail::TakePlaces<T>{x, places, y, accumulate, from, to, absent, cuda::guard_of(device)});
}

/// As set_places of the Cpu.
template <class T, cuda::Device D>
void set_places(D device, const T* x, const std::int64_t* places, T* y, index_t planes, index_t from, index_t to) {
    const auto lease = Lease<D>::take();
    set_bytes(device, y, 0, static_cast<std::size_t>(planes * to) * sizeof(T));
    index_t* const keys = place_detail::keys_of(device, lease.arena(), places, planes, from, to);
    const auto sorted = cuda::sort_keys(device, lease.arena(), keys, planes * from, planes * to);
    cuda::launch(device, planes * from, place_detail::SetLast<T>{sorted, planes * from, planes * to, x, y});
}

/// As add_places of the Cpu.
template <class T, cuda::Device D>
void add_places(D device, const T* x, const std::int64_t* places, T* y, bool accumulate, index_t planes, index_t from, index_t to) {
    const auto lease = Lease<D>::take();
    index_t* const keys = place_detail::keys_of(device, lease.arena(), places, planes, from, to);
    cuda::scatter_sums(device, lease.arena(), keys, x, y, accumulate, 1, planes * to, planes * from, 1);
}

}  // namespace xnn::kernels
