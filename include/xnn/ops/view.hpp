// Slices: views of some elements of an array. https://pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops
#pragma once

#include <limits>
#include <tuple>

#include "xnn/expr/view.hpp"

namespace xnn {

/// Stands for the end of a dimension in slice().
inline constexpr index_t to_end = std::numeric_limits<index_t>::max();

namespace detail {

/// Views whose rows, from dimension First on, are contiguous; or stepped, where that is the last dimension.
template <std::size_t Rank, std::size_t First, bool Stepped>
struct RowsFrom {
    static constexpr bool stepped = Stepped && First + 1 >= Rank;
    static constexpr std::size_t split = Stepped && !stepped ? First + 1 : First;
    static constexpr RowKind kind = stepped && Rank > 0 ? RowKind::stepped : RowKind::contiguous;
    static constexpr bool covers = false;
};

/// A bound as Python reads it: counted from the end if negative, moved into [0, extent].
constexpr index_t bound(index_t position, index_t extent) {
    return std::clamp<index_t>(position < 0 ? position + extent : position, 0, extent);
}

}  // namespace detail

/// Elements Start, Start + Step, … below Stop of dimension Dim.
template <index_t Dim, index_t Start, index_t Stop, index_t Step>
struct SliceMap {
    static_assert(Step > 0, "slice: expected a positive step; flip<Dim>(x) turns a dimension around");
    static constexpr std::string_view name = "slice";

    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>&) { return normalize_dim(Dim, R) < R; }
    template <std::size_t R>
    static constexpr Dims<R> extents(Dims<R> x) {
        auto& n = x[normalize_dim(Dim, R)];
        if (n != dyn) n = std::max<index_t>(0, divide_up(detail::bound(Stop, n) - detail::bound(Start, n), Step));
        return x;
    }
    template <std::size_t R>
    struct For;
};
template <index_t Dim, index_t Start, index_t Stop, index_t Step>
template <std::size_t R>
struct SliceMap<Dim, Start, Stop, Step>::For : detail::RowsFrom<R, normalize_dim(Dim, R), Step != 1> {
    static constexpr std::size_t dim = normalize_dim(Dim, R);
    constexpr For(SliceMap) {}
    static constexpr Dims<R> strides(const Dims<R>& from) {
        auto result = contiguous_strides(from);
        result[dim] *= Step;
        return result;
    }
    static constexpr index_t offset(const Dims<R>& from) { return detail::bound(Start, from[dim]) * contiguous_strides(from)[dim]; }
};

/// `length` elements of dimension Dim from `start` on, both given at run time unless Length is a number.
template <index_t Dim, index_t Length>
struct NarrowMap {
    static constexpr std::string_view name = "narrow";
    index_t start;
    index_t length;

    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x) {
        return normalize_dim(Dim, R) < R && (Length == dyn || x[normalize_dim(Dim, R)] == dyn || Length <= x[normalize_dim(Dim, R)]);
    }
    template <std::size_t R>
    static constexpr Dims<R> extents(Dims<R> x) {
        x[normalize_dim(Dim, R)] = Length;
        return x;
    }
    template <std::size_t R>
    constexpr Dims<R> run_extents(Dims<R> x) const {
        x[normalize_dim(Dim, R)] = length;
        return x;
    }
    template <std::size_t R>
    constexpr void check(const Dims<R>& x) const {
        const index_t n = x[normalize_dim(Dim, R)], first = start < 0 ? start + n : start;
        if (first < 0 || length < 0 || first + length > n)
            fail(name, "elements within [0, " + std::to_string(n) + ")",
                 std::to_string(length) + " elements from " + std::to_string(start) + " on");
    }
    template <std::size_t R>
    struct For;
};
template <index_t Dim, index_t Length>
template <std::size_t R>
struct NarrowMap<Dim, Length>::For : detail::RowsFrom<R, normalize_dim(Dim, R), false> {
    static constexpr std::size_t dim = normalize_dim(Dim, R);
    index_t start;
    constexpr For(NarrowMap map) : start(map.start) {}
    static constexpr Dims<R> strides(const Dims<R>& from) { return contiguous_strides(from); }
    constexpr index_t offset(const Dims<R>& from) const { return (start < 0 ? start + from[dim] : start) * contiguous_strides(from)[dim]; }
};

/// One position of dimension Dim, which goes away.
template <index_t Dim>
struct SelectMap {
    static constexpr std::string_view name = "select";
    index_t index;

    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>&) { return normalize_dim(Dim, R) < R; }
    template <std::size_t R>
    static constexpr auto extents(const Dims<R>& x) {
        Dims<R == 0 ? 0 : R - 1> result{};
        for (std::size_t i = 0, next = 0; i < R; ++i)
            if (i != normalize_dim(Dim, R)) result[next++] = x[i];
        return result;
    }
    template <std::size_t R>
    constexpr void check(const Dims<R>& x) const {
        const index_t n = x[normalize_dim(Dim, R)];
        if (index < -n || index >= n) fail(name, "an index within [0, " + std::to_string(n) + ")", std::to_string(index));
    }
    template <std::size_t R>
    struct For;
};
template <index_t Dim>
template <std::size_t R>
struct SelectMap<Dim>::For {
    static constexpr std::size_t dim = normalize_dim(Dim, R);
    static constexpr bool stepped = dim + 1 == R && R > 1;  // the dimension in front of it becomes the last
    static constexpr std::size_t split = stepped ? R - 2 : dim;
    static constexpr RowKind kind = stepped ? RowKind::stepped : RowKind::contiguous;
    static constexpr bool covers = false;
    index_t index;
    constexpr For(SelectMap map) : index(map.index) {}
    static constexpr Dims<R - 1> strides(const Dims<R>& from) { return SelectMap::extents(contiguous_strides(from)); }
    constexpr index_t offset(const Dims<R>& from) const { return (index < 0 ? index + from[dim] : index) * contiguous_strides(from)[dim]; }
};

/// The dimensions D turned around.
template <index_t... D>
struct FlipMap {
    static constexpr std::string_view name = "flip";

    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>&) { return ((normalize_dim(D, R) < R) && ...); }
    template <std::size_t R>
    static constexpr Dims<R> extents(const Dims<R>& x) { return x; }
    template <std::size_t R>
    struct For;
};
template <index_t... D>
template <std::size_t R>
struct FlipMap<D...>::For : detail::RowsFrom<R, std::max({std::size_t{0}, normalize_dim(D, R)...}), (sizeof...(D) > 0)> {
    static constexpr bool covers = true;
    constexpr For(FlipMap) {}
    static constexpr Dims<R> strides(const Dims<R>& from) {
        auto result = contiguous_strides(from);
        ((result[normalize_dim(D, R)] = -result[normalize_dim(D, R)]), ...);
        return result;
    }
    static constexpr index_t offset(const Dims<R>& from) {
        return ((std::max<index_t>(from[normalize_dim(D, R)] - 1, 0) * contiguous_strides(from)[normalize_dim(D, R)]) + ... + 0);
    }
};

/// Elements Start, Start + Step, … below Stop of dimension Dim, as Python's x[start:stop:step].
template <index_t Dim, index_t Start, index_t Stop = to_end, index_t Step = 1, Array X>
constexpr auto slice(X&& x) { return view_by(SliceMap<Dim, Start, Stop, Step>{}, std::forward<X>(x)); }
/// The same with bounds that a run decides; the extent becomes dyn.
template <index_t Dim, Array X>
constexpr auto slice(X&& x, index_t start, index_t stop = to_end) {
    const index_t extent = shape_value(x).extents()[normalize_dim(Dim, shape_t<operand_t<X>>::rank)];
    const index_t first = detail::bound(start, extent), last = std::max(first, detail::bound(stop, extent));
    return view_by(NarrowMap<Dim, dyn>{first, last - first}, std::forward<X>(x));
}
/// Length elements of dimension Dim from `start` on. https://pytorch.org/docs/stable/generated/torch.narrow.html
template <index_t Dim, index_t Length, Array X>
constexpr auto narrow(X&& x, index_t start) { return view_by(NarrowMap<Dim, Length>{start, Length}, std::forward<X>(x)); }
/// The same with a length that a run decides; the extent becomes dyn.
template <index_t Dim, Array X>
constexpr auto narrow(X&& x, index_t start, index_t length) { return view_by(NarrowMap<Dim, dyn>{start, length}, std::forward<X>(x)); }
/// What a device that records sees of narrow_beside().
template <index_t Dim, index_t Of>
struct NarrowBeside {
    static constexpr std::string_view name = "narrow_beside";
    index_t start;
};
/// As many elements of dimension Dim, from `start` on, as x has in its dimension Of: of a table of positions, those of a
/// sequence. The same as narrow() with that number, but where forward() is recorded for any length of x.
template <index_t Dim, index_t Of, Array Table, Array X>
constexpr auto narrow_beside(Table&& table, const X& x, index_t start = 0) {
    using S = shape_t<operand_t<const X&>>;
    constexpr std::size_t of = normalize_dim(Of, S::rank);
    if constexpr (is_recorded<X> && S::static_extents[of] == dyn) {
        using E = operand_t<Table>;
        const auto shape = apply_rule<NarrowMap<Dim, dyn>>(shape_value(table));
        return X::device::template record<value_t<E>>(NarrowBeside<Dim, Of>{start}, shape, operand(std::forward<Table>(table)), x);
    } else {
        return narrow<Dim>(std::forward<Table>(table), start, shape_value(x).extent(of));
    }
}
/// Position `index` of dimension Dim, which goes away. https://pytorch.org/docs/stable/generated/torch.select.html
template <index_t Dim, Array X>
constexpr auto select(X&& x, index_t index) { return view_by(SelectMap<Dim>{index}, std::forward<X>(x)); }
/// The dimensions Dim turned around. https://pytorch.org/docs/stable/generated/torch.flip.html
template <index_t... Dim, Array X>
constexpr auto flip(X&& x) { return view_by(FlipMap<Dim...>{}, std::forward<X>(x)); }

namespace detail {
template <index_t Dim, index_t Size, std::size_t... I, class E>
constexpr auto split(std::index_sequence<I...>, const E& shared) {
    return std::tuple{slice<Dim, static_cast<index_t>(I) * Size, (static_cast<index_t>(I) + 1) * Size>(shared)...};
}
template <class E>
constexpr index_t extent_of(index_t dim) { return shape_t<E>::static_extents[normalize_dim(dim, shape_t<E>::rank)]; }
}  // namespace detail

/// Pieces of Size elements of dimension Dim, the last one maybe shorter, as a std::tuple. x is evaluated once.
template <index_t Size, index_t Dim = 0, Array X>
constexpr auto split(X&& x) {
    constexpr index_t extent = detail::extent_of<operand_t<X>>(Dim);
    static_assert(extent != dyn && Size > 0, "split: expected a dimension whose extent is known");
    const auto node = operand(std::forward<X>(x));
    return detail::split<Dim, Size>(std::make_index_sequence<static_cast<std::size_t>(divide_up(extent, Size))>{}, operand(node));
}
/// Count pieces of dimension Dim, the last one maybe shorter, as a std::tuple. x is evaluated once.
template <index_t Count, index_t Dim = 0, Array X>
constexpr auto chunk(X&& x) { return split<divide_up(detail::extent_of<operand_t<X>>(Dim), Count), Dim>(std::forward<X>(x)); }

}  // namespace xnn
