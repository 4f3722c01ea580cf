// Sinks: where a loop leaves the gradients that it computes, row by row as loaders yield values.
#pragma once

#include "xnn/expr/loader.hpp"

namespace xnn {

/// Where the gradient of an array goes: written over what stands there, or added to it. Null where none is wanted.
template <class T>
struct Target {
    using value_type = T;
    T* data = nullptr;
    bool accumulate = false;

    XNN_INLINE constexpr explicit operator bool() const { return data != nullptr; }
};

/// Takes nothing: behind it nothing requires a gradient.
struct NoSink {
    static constexpr bool wanted = false;
    static constexpr bool sums = false;
    XNN_INLINE NoSink part(index_t) const { return {}; }
    template <std::size_t, class>
    XNN_INLINE NoSink row(index_t, index_t) const { return {}; }
    template <class V, class Lane>
    XNN_INLINE void put(index_t, V, Lane) const {}
    XNN_INLINE void finish() const {}
};

namespace detail {
struct Plus {
    template <class V>
    XNN_INLINE V operator()(V a, V b) const { return static_cast<V>(a + b); }
};
}  // namespace detail

/// An array of the loop's own shape.
template <class T>
struct DenseSink {
    using element_type = T;
    static constexpr bool wanted = true;
    static constexpr bool sums = false;
    static constexpr std::size_t split = 0;
    template <class Lane>
    using lane_type = Lane;
    Target<T> target;

    XNN_INLINE DenseSink part(index_t) const { return *this; }

    template <std::size_t, class>
    XNN_INLINE DenseSink row(index_t r, index_t n) const { return {{target.data + r * n, target.accumulate}}; }

    template <class V, class Lane>
    XNN_INLINE void put(index_t j, V value, Lane lane) const {
        T* p = target.data + j;
        if constexpr (std::same_as<T, bool>)
            write(p, value, lane);
        else if constexpr (detail::is_few<Lane>)
            write(p, target.accumulate ? detail::each(detail::Plus{}, read(static_cast<const T*>(p), lane), value) : value, lane);
        else
            write(p, target.accumulate ? static_cast<V>(read(static_cast<const T*>(p), lane) + value) : value, lane);
    }
    XNN_INLINE void finish() const {}
};

namespace detail {

/// The elements of a register that count; the others become zero.
template <class V>
XNN_INLINE V counted(V value, One) { return value; }
template <class V, class C>
XNN_INLINE V counted(V value, Whole<C>) { return value; }
template <class V, class C>
XNN_INLINE V counted(V value, Part<C> lane) {
    alignas(64) C lanes[V::size] = {};
    simd::store(lanes, value, lane.n);
    return simd::load(lanes);
}

/// Sums a row into one element.
template <class T, class Lane>
struct SumRow {
    using Sum = std::conditional_t<std::is_arithmetic_v<Lane>, simd::batch<Lane>, compute_t<T>>;
    static constexpr bool wanted = true;
    static constexpr bool sums = true;
    T* out;
    Sum sum = Sum(compute_t<T>(0));

    XNN_INLINE explicit SumRow(T* p) : out(p) {}

    template <class V, class L>
    XNN_INLINE void put(index_t, V value, L lane) { sum = sum + counted(value, lane); }
    XNN_INLINE void finish() {
        if constexpr (std::is_arithmetic_v<Lane>)
            *out = static_cast<T>(static_cast<compute_t<T>>(*out) + simd::reduce_add(sum));
        else
            *out = static_cast<T>(static_cast<compute_t<T>>(*out) + sum);
    }
};

}  // namespace detail

/// An array that was broadcast to the loop's shape: gradients add up where one element served many. The loop is divided
/// into parts, each with an array of its own (zeros at first), so that tasks do not meet and the order of sums is fixed.
template <class T, std::size_t Rank, std::size_t Split, RowKind Kind>
struct StridedSink {
    static constexpr bool wanted = true;
    static constexpr bool sums = true;
    T* data;
    index_t size;  // elements of one part's array
    Dims<Rank> extents;
    Dims<Rank> strides;
    index_t parts;

    XNN_INLINE StridedSink part(index_t p) const { return {data + p * size, size, extents, strides, parts}; }

    template <std::size_t RowSplit, class Lane>
    XNN_INLINE auto row(index_t r, index_t) const {
        T* first = data + Strided<T, Rank, Split, Kind>::template offset<RowSplit>(extents, strides, r);
        if constexpr (Kind == RowKind::constant)
            return detail::SumRow<T, Lane>(first);
        else
            return DenseSink<T>{{first, true}};
    }
};

template <class... S>
struct MapSink;
template <class... S>
XNN_INLINE MapSink<S...> map_sink(S... children) { return MapSink<S...>{Tuple<S...>(children...)}; }

/// The sinks of a functor's arguments.
template <class... S>
struct MapSink {
    using Indices = std::index_sequence_for<S...>;
    static constexpr bool wanted = (S::wanted || ...);
    static constexpr bool sums = (S::sums || ...);
    Tuple<S...> children;

    XNN_INLINE MapSink part(index_t p) const { return part_all(Indices{}, p); }

    template <std::size_t RowSplit, class Lane>
    XNN_INLINE auto row(index_t r, index_t n) const { return rows<RowSplit, Lane>(Indices{}, r, n); }
    XNN_INLINE void finish() { finish_all(Indices{}); }

private:
    template <std::size_t... I>
    XNN_INLINE MapSink part_all(std::index_sequence<I...>, index_t p) const { return map_sink(get<I>(children).part(p)...); }
    template <std::size_t RowSplit, class Lane, std::size_t... I>
    XNN_INLINE auto rows(std::index_sequence<I...>, index_t r, index_t n) const {
        return map_sink(get<I>(children).template row<RowSplit, Lane>(r, n)...);
    }
    template <std::size_t... I>
    XNN_INLINE void finish_all(std::index_sequence<I...>) { (get<I>(children).finish(), ...); }
};

}  // namespace xnn
