// Changes of shape, slices, joins and padding.
#pragma once

#include "xnn/io/onnx/pointwise.hpp"
#include "xnn/ops/cat.hpp"
#include "xnn/ops/expand.hpp"
#include "xnn/ops/gather.hpp"
#include "xnn/ops/pad.hpp"
#include "xnn/ops/permute.hpp"
#include "xnn/ops/squeeze.hpp"
#include "xnn/ops/view.hpp"

namespace xnn::onnx {

namespace detail {

inline index_t axis_of(index_t dim, const Value& x) { return static_cast<index_t>(normalize_dim(dim, x.rank())); }

/// An extent that stays in its place: the number, or 0, which Reshape takes for the input's.
inline Extent kept(const Value& x, std::size_t i) { return x.extents[i] == dyn ? 0 : x.extents[i]; }

}  // namespace detail

template <index_t... D>
std::string emit(Tracer& t, const ReshapeRule<D...>&, const Call& c) {
    return t.reshape(c[0].name, {Extent(D)...});
}
template <AnyShape To>
std::string emit(Tracer& t, const ReshapeToRule<To>&, const Call& c) {
    std::vector<Extent> extents(c.result.extents.begin(), c.result.extents.end());
    return t.reshape(c[0].name, extents);
}
template <index_t First, index_t Last>
std::string emit(Tracer& t, const FlattenRule<First, Last>&, const Call& c) {
    const std::size_t first = normalize_dim(First, c[0].rank()), last = normalize_dim(Last, c[0].rank());
    if (first == last) return c[0].name;
    if (first == 1 && last + 1 == c[0].rank()) return t.op("Flatten", {c[0].name});
    std::vector<Extent> extents;
    for (std::size_t i = 0; i < first; ++i) extents.push_back(detail::kept(c[0], i));
    extents.emplace_back(-1);
    for (std::size_t i = last + 1; i < c[0].rank(); ++i) extents.emplace_back(c[0], i);
    return t.reshape(c[0].name, extents);
}
template <index_t Dim, AnyShape Parts>
std::string emit(Tracer& t, const UnflattenRule<Dim, Parts>&, const Call& c) {
    const std::size_t dim = normalize_dim(Dim, c[0].rank());
    std::vector<Extent> extents;
    for (std::size_t i = 0; i < dim; ++i) extents.push_back(detail::kept(c[0], i));
    for (const index_t part : Parts::static_extents) extents.emplace_back(part);
    for (std::size_t i = dim + 1; i < c[0].rank(); ++i) extents.emplace_back(c[0], i);
    return t.reshape(c[0].name, extents);
}
template <index_t D>
std::string emit(Tracer& t, const UnsqueezeRule<D>&, const Call& c) {
    return t.unsqueeze(c[0].name, {D});
}
template <AnyShape S, index_t... D>
std::string emit(Tracer& t, const xnn::detail::Squeezed<S, D...>&, const Call& c) {
    std::vector<index_t> axes;
    for (std::size_t i = 0; i < S::rank; ++i)
        if (xnn::detail::Squeezed<S, D...>::goes(i)) axes.push_back(static_cast<index_t>(i));
    return axes.empty() ? c[0].name : t.squeeze(c[0].name, axes);
}
template <index_t... D>
std::string emit(Tracer& t, const PermuteRule<D...>&, const Call& c) {
    return t.transpose(c[0].name, {detail::axis_of(D, c[0])...});
}
template <AnyShape To>
std::string emit(Tracer& t, const xnn::detail::ExpandRule<To>&, const Call& c) {
    std::vector<Extent> extents;
    for (const index_t extent : c.result.extents) extents.emplace_back(extent == dyn ? 1 : extent);  // 1 keeps what there is
    return t.op("Expand", {c[0].name, t.extents(extents)});
}
inline std::string emit(Tracer& t, const BroadcastBeside&, const Call& c) {
    std::vector<Extent> extents;
    for (std::size_t i = 0; i < c.result.rank(); ++i)
        extents.push_back(c.result.extents[i] == dyn ? Extent(c[1], i) : Extent(c.result.extents[i]));
    return t.op("Expand", {c[0].name, t.extents(extents)});
}

// ---- slices

template <index_t Dim, index_t Start, index_t Stop, index_t Step>
std::string emit(Tracer& t, const SliceMap<Dim, Start, Stop, Step>&, const Call& c) {
    return t.slice(c[0].name, Dim, Start, Stop, Step);
}
template <index_t Dim, index_t Length>
std::string emit(Tracer& t, const NarrowMap<Dim, Length>& map, const Call& c) {
    const index_t stop = map.start + map.length;
    return t.slice(c[0].name, Dim, map.start, map.start < 0 && stop == 0 ? to_end : stop);
}
template <index_t Dim, index_t Of>
std::string emit(Tracer& t, const NarrowBeside<Dim, Of>& map, const Call& c) {
    auto stop = t.extents({Extent(c[1], normalize_dim(Of, c[1].rank()))});
    if (map.start != 0) stop = t.op("Add", {stop, t.integers({map.start})});
    return t.op("Slice", {c[0].name, t.integers({map.start}), stop, t.integers({Dim})});
}
template <index_t Dim>
std::string emit(Tracer& t, const SelectMap<Dim>& map, const Call& c) {
    return t.op("Gather", {c[0].name, t.number(static_cast<double>(map.index), Dtype::I64)}, {{"axis", Dim}});
}
template <index_t... D>
std::string emit(Tracer& t, const FlipMap<D...>&, const Call& c) {
    const std::vector<index_t> axes{D...};
    const std::vector<index_t> first(axes.size(), -1), beyond(axes.size(), std::numeric_limits<index_t>::min()), steps(axes.size(), -1);
    return t.op("Slice", {c[0].name, t.integers(first), t.integers(beyond), t.integers(axes), t.integers(steps)});
}

// ---- by indices

template <index_t Dim>
std::string emit(Tracer& t, const GatherRule<Dim>&, const Call& c) {
    return t.op("GatherElements", {c[0].name, c[1].name}, {{"axis", Dim}});
}
template <index_t Dim>
std::string emit(Tracer& t, const IndexSelectRule<Dim>&, const Call& c) {
    return t.op("Gather", {c[0].name, c[1].name}, {{"axis", Dim}});
}

// ---- joins

template <index_t Dim>
std::string emit(Tracer& t, const CatRule<Dim>&, const Call& c) {
    std::vector<std::string> parts;
    for (const auto& part : c.arguments) parts.push_back(part.name);
    return t.op("Concat", std::move(parts), {{"axis", detail::axis_of(Dim, c.result)}});
}

template <class Amounts, PaddingMode Mode>
std::string emit(Tracer& t, const PadRule<Amounts, Mode>& rule, const Call& c) {
    const std::size_t rank = c[0].rank(), first = rank - Amounts::before.size();
    if constexpr (Mode == PaddingMode::circular) {
        std::string x = c[0].name;
        for (std::size_t i = 0; i < Amounts::before.size(); ++i) {
            const auto axis = static_cast<index_t>(first + i);
            std::vector<std::string> parts{x};
            if (Amounts::before[i] > 0) parts.insert(parts.begin(), t.slice(x, axis, -Amounts::before[i], to_end));
            if (Amounts::after[i] > 0) parts.push_back(t.slice(x, axis, 0, Amounts::after[i]));
            if (parts.size() > 1) x = t.op("Concat", parts, {{"axis", axis}});
        }
        return x;
    } else {
        std::vector<index_t> amounts(2 * rank, 0);
        for (std::size_t i = 0; i < Amounts::before.size(); ++i) {
            amounts[first + i] = Amounts::before[i];
            amounts[rank + first + i] = Amounts::after[i];
        }
        const char* mode = Mode == PaddingMode::reflect ? "reflect" : Mode == PaddingMode::replicate ? "edge" : "constant";
        const bool constant = Mode == PaddingMode::constant || Mode == PaddingMode::zeros;
        return t.op("Pad", {c[0].name, t.integers(amounts), constant ? t.number(rule.value, c[0].dtype) : ""}, {{"mode", std::string(mode)}});
    }
}

}  // namespace xnn::onnx
