// Loaders: trivially copyable functors that yield the elements of an expression, one or a register at a time.
//
// A loop over an expression goes row by row. A row is the longest stretch of elements over which every loader is regular:
// contiguous in memory or constant. Without broadcasting or strided views the whole array is one row (split 0); otherwise
// the first `split` dimensions count rows. loader.row<Split>(r, n) is the loader of row r, whose length is n.
#pragma once

#include <algorithm>

#include "xnn/core/tuple.hpp"
#include "xnn/cpu/simd.hpp"
#include "xnn/expr/pack.hpp"

namespace xnn {

// ---- lanes: how many elements a loader is asked for

/// One element, as a number.
struct One {};
/// A register full of elements that are computed in C.
template <class C>
struct Whole {};
/// The first n elements of such a register; what the others hold does not matter.
template <class C>
struct Part {
    index_t n;
};

namespace detail {
template <class C>
XNN_INLINE constexpr index_t lane_count(Whole<C>) { return simd::width<C>; }
template <class C>
XNN_INLINE constexpr index_t lane_count(Part<C> lane) { return lane.n; }

struct AnyLane {};  // a loader that follows its neighbours: constants and masks
struct NoLane {};   // a loader that only gives single numbers

template <class A, class B>
struct common_lane {
    using type = NoLane;
};
template <class A>
struct common_lane<A, A> {
    using type = A;
};
template <class A>
struct common_lane<A, AnyLane> {
    using type = A;
};
template <class A>
struct common_lane<AnyLane, A> {
    using type = A;
};
template <>
struct common_lane<AnyLane, AnyLane> {
    using type = AnyLane;
};

// A CUDA compiler takes no registers of the host in functions of host and device: the loops of the Cpu go by numbers there.
#ifdef __CUDACC__
template <class T>
using lane_of = NoLane;
#else
template <class T>
using lane_of = std::conditional_t<simd::vectorized<T>, compute_t<T>, std::conditional_t<std::same_as<T, bool>, AnyLane, NoLane>>;
#endif

template <class... L>
struct common_lanes {
    using type = AnyLane;
};
template <class L, class... Rest>
struct common_lanes<L, Rest...> : common_lane<L, typename common_lanes<Rest...>::type> {};
}  // namespace detail

// ---- reading and writing memory by lanes

template <class T>
XNN_INLINE auto read(const T* p, One) { return static_cast<compute_t<T>>(*p); }
template <class T, class C>
XNN_INLINE auto read(const T* p, Whole<C>) {
    if constexpr (std::same_as<T, bool>)
        return simd::load_mask<C>(p);
    else
        return simd::load(p);
}
template <class T, class C>
XNN_INLINE auto read(const T* p, Part<C> lane) {
    if constexpr (std::same_as<T, bool>)
        return simd::load_mask<C>(p, lane.n);
    else
        return simd::load(p, lane.n);
}

template <class T, class V>
XNN_INLINE void write(T* p, V v, One) { *p = static_cast<T>(v); }
template <class T, class V, class C>
XNN_INLINE void write(T* p, V v, Whole<C>) {
    if constexpr (std::same_as<T, bool>)
        simd::store_mask<C>(p, v);
    else
        simd::store(p, v);
}
template <class T, class V, class C>
XNN_INLINE void write(T* p, V v, Part<C> lane) {
    if constexpr (std::same_as<T, bool>)
        simd::store_mask<C>(p, v, lane.n);
    else
        simd::store(p, v, lane.n);
}

/// A number in every lane.
template <class C>
XNN_INLINE auto splat(C number, One) { return number; }
template <class C, class L>
XNN_INLINE auto splat(C number, Whole<L>) {
    if constexpr (std::same_as<C, bool>)
        return xsimd::batch_bool<L>(number);
    else
        return xsimd::batch<L>(static_cast<L>(number));
}
template <class C, class L>
XNN_INLINE auto splat(C number, Part<L>) { return splat(number, Whole<L>{}); }

// ---- what a loader computed on the way forward, kept in registers for the way back

template <class V, class... Children>
struct Record {
    V value;
    XNN_NO_UNIQUE_ADDRESS Tuple<Children...> children;
};

/// What loaders that stand at the ends of a pointwise tree share.
template <class Self>
struct EndLoader {
    template <class Lane>
    XNN_INLINE auto record(index_t j, Lane lane) const {
        auto value = static_cast<const Self&>(*this)(j, lane);
        return Record<decltype(value)>{value, {}};
    }
    template <class V, class Sink, class Lane>
    XNN_INLINE void pull(const Record<V>&, V gradient, Sink& sink, index_t j, Lane lane) const {
        sink.put(j, gradient, lane);
    }
};

/// Elements in memory, one after the other.
template <class T>
struct Ptr : EndLoader<Ptr<T>> {
    using value_type = T;
    using lane_type = detail::lane_of<T>;
    static constexpr std::size_t split = 0;
    const T* p;

    XNN_INLINE explicit constexpr Ptr(const T* pointer) : p(pointer) {}

    template <class Lane>
    XNN_INLINE auto operator()(index_t j, Lane lane) const { return read(p + j, lane); }
    template <std::size_t>
    XNN_INLINE Ptr row(index_t r, index_t n) const { return Ptr(p + r * n); }
};

/// The same number everywhere.
template <class T>
struct Constant : EndLoader<Constant<T>> {
    using value_type = T;
    using lane_type = std::conditional_t<std::is_arithmetic_v<T> || ReducedFloat<T>, detail::AnyLane, detail::NoLane>;
    static constexpr std::size_t split = 0;
    compute_t<T> number;

    XNN_INLINE explicit constexpr Constant(compute_t<T> value) : number(value) {}

    template <class Lane>
    XNN_INLINE auto operator()(index_t, Lane lane) const { return splat(number, lane); }
    template <std::size_t>
    XNN_INLINE Constant row(index_t, index_t) const { return *this; }
};

/// Elements `step` apart: a row across another array's rows.
template <class T>
struct Gather : EndLoader<Gather<T>> {
    using value_type = T;
    using lane_type = detail::lane_of<T>;
    static constexpr std::size_t split = 0;
    const T* p;
    index_t step;

    XNN_INLINE Gather(const T* pointer, index_t distance) : p(pointer), step(distance) {}

    template <class Lane>
    XNN_INLINE auto operator()(index_t j, Lane lane) const {
        if constexpr (std::same_as<Lane, One>) {
            return read(p + j * step, lane);
        } else if constexpr (detail::is_few<Lane>) {
            return gather(j, lane);
        } else {
            alignas(64) T elements[simd::width<T>] = {};
            for (index_t i = 0; i < detail::lane_count(lane); ++i) elements[i] = p[(j + i) * step];
            return read(elements, lane);
        }
    }

private:
    template <int W>
    XNN_INLINE auto gather(index_t j, Few<W>) const {
        Pack<compute_t<T>, W> result;
        XNN_UNROLL for (int i = 0; i < W; ++i) result.v[i] = static_cast<compute_t<T>>(p[(j + i) * step]);
        return result;
    }
};

/// How the elements of a Strided row stand in memory.
enum class RowKind { constant, contiguous, stepped };

/// Memory read through strides: broadcasting, permutations, slices. `Split` leading dimensions count rows at least.
template <class T, std::size_t Rank, std::size_t Split, RowKind Kind>
struct Strided {
    using value_type = T;
    using lane_type = std::conditional_t<Kind == RowKind::stepped && std::same_as<T, bool>, detail::NoLane, detail::lane_of<T>>;
    static constexpr std::size_t split = Split;
    const T* p;
    Dims<Rank> extents;
    Dims<Rank> strides;

    /// Where row r of the first RowSplit dimensions begins.
    template <std::size_t RowSplit>
    XNN_INLINE static index_t offset(const Dims<Rank>& extents, const Dims<Rank>& strides, index_t r) {
        if constexpr (RowSplit == 0) {
            return 0;
        } else if constexpr (RowSplit == 1) {
            return r * strides[0];
        } else {
            index_t result = 0;
            XNN_UNROLL for (std::size_t i = RowSplit - 1; i > 0; --i) {
                result += r % extents[i] * strides[i];
                r /= extents[i];
            }
            return result + r * strides[0];
        }
    }

    template <std::size_t RowSplit>
    XNN_INLINE auto row(index_t r, index_t) const {
        static_assert(RowSplit >= Split);
        const T* first = p + offset<RowSplit>(extents, strides, r);
        if constexpr (Kind == RowKind::constant)
            return Constant<T>(static_cast<compute_t<T>>(*first));
        else if constexpr (Kind == RowKind::contiguous)
            return Ptr<T>(first);
        else
            return Gather<T>(first, strides[Rank - 1]);
    }
};

namespace detail {
template <class F, class Lane>
struct lane_through {
    using type = Lane;
};
template <class F, class Lane>
    requires requires { typename F::template lane_type<Lane>; }
struct lane_through<F, Lane> {
    using type = typename F::template lane_type<Lane>;
};
}  // namespace detail

template <class F, class... L>
struct Map;
template <class F, class... L>
XNN_INLINE Map<F, L...> map_loader(F f, L... arguments) { return Map<F, L...>{f, Tuple<L...>(arguments...)}; }

/// A functor applied to loaders: the inside of every pointwise loop.
template <class F, class... L>
struct Map {
    using Indices = std::index_sequence_for<L...>;
    using lane_type = typename detail::lane_through<F, typename detail::common_lanes<typename L::lane_type...>::type>::type;
    static constexpr std::size_t split = std::max({std::size_t{0}, L::split...});

    XNN_NO_UNIQUE_ADDRESS F f;
    Tuple<L...> arguments;

    template <class Lane>
    XNN_INLINE auto operator()(index_t j, Lane lane) const { return apply(Indices{}, j, lane); }

    template <std::size_t RowSplit>
    XNN_INLINE auto row(index_t r, index_t n) const { return rows<RowSplit>(Indices{}, r, n); }

    template <class Lane>
    XNN_INLINE auto record(index_t j, Lane lane) const { return record_all(Indices{}, j, lane); }

    /// Sends the gradient of this value to the arguments, and theirs to where their sinks keep it.
    template <class R, class V, class Sink, class Lane>
    XNN_INLINE void pull(const R& record, V gradient, Sink& sink, index_t j, Lane lane) const {
        pull_all(Indices{}, record, gradient, sink, j, lane);
    }

private:
    template <std::size_t... I, class Lane>
    XNN_INLINE auto apply(std::index_sequence<I...>, index_t j, Lane lane) const {
        return call(lane, get<I>(arguments)(j, lane)...);
    }
    template <class Lane, class... V>
    XNN_INLINE auto call(Lane, V... values) const {
        if constexpr (detail::is_few<Lane>)
            return detail::each(f, values...);
        else
            return f(values...);
    }

    template <std::size_t RowSplit, std::size_t... I>
    XNN_INLINE auto rows(std::index_sequence<I...>, index_t r, index_t n) const {
        return map_loader(f, get<I>(arguments).template row<RowSplit>(r, n)...);
    }

    template <std::size_t... I, class Lane>
    XNN_INLINE auto record_all(std::index_sequence<I...>, index_t j, Lane lane) const {
        return join(lane, get<I>(arguments).record(j, lane)...);
    }
    template <class Lane, class... R>
    XNN_INLINE auto join(Lane lane, R... children) const {
        auto value = call(lane, children.value...);
        return Record<decltype(value), R...>{value, Tuple<R...>(children...)};
    }

    template <std::size_t... I, class R, class V, class Sink, class Lane>
    XNN_INLINE void pull_all(std::index_sequence<I...>, const R& record, V gradient, Sink& sink, index_t j, Lane lane) const {
        (pull_one<I>(record, gradient, get<I>(sink.children), j, lane, get<I>(record.children).value...), ...);
        // Sinks are served in the order of the arguments: a later one may add to what an earlier one stored.
    }
    template <std::size_t I, class R, class V, class Sink, class Lane, class... X>
    XNN_INLINE void pull_one(const R& record, V gradient, Sink& sink, index_t j, Lane lane, X... x) const {
        if constexpr (Sink::wanted && detail::is_few<Lane>)
            get<I>(arguments).pull(get<I>(record.children),
                                   detail::each(detail::BackwardOf<static_cast<int>(I), F>{f}, gradient, x..., record.value), sink, j, lane);
        else if constexpr (Sink::wanted)
            get<I>(arguments).pull(get<I>(record.children), f.template backward<static_cast<int>(I)>(gradient, x..., record.value),
                                   sink, j, lane);
    }
};

namespace detail {

/// Element j of row r of length n is element r n + j of whatever shape has that many elements.
template <class L>
inline constexpr bool is_linear = L::split == 0;
template <class T, std::size_t Rank, std::size_t Split, RowKind Kind>
inline constexpr bool is_linear<Strided<T, Rank, Split, Kind>> = false;
template <class F, class... L>
inline constexpr bool is_linear<Map<F, L...>> = (is_linear<L> && ...);

}  // namespace detail

}  // namespace xnn
