// Reductions.
#pragma once

#include "xnn/io/onnx/shape.hpp"
#include "xnn/ops/extremum.hpp"
#include "xnn/ops/reduce.hpp"

namespace xnn::onnx {

namespace detail {

/// What all reductions over some dimensions need. Without any, all are meant.
struct Axes {
    std::vector<index_t> list;
    bool keep;

    std::string reduce(Tracer& t, const char* op, const std::string& x, bool keep_them) const {
        const index_t keeps = keep_them;
        if (std::string_view(op) == "ReduceSum")  // the one operator of this version that takes them as an argument
            return t.op(op, {x, list.empty() ? "" : t.integers(list)}, {{"keepdims", keeps}});
        std::vector<Attribute> attributes{{"keepdims", keeps}};
        if (!list.empty()) attributes.push_back({"axes", list});
        return t.op(op, {x}, std::move(attributes));
    }
    std::string reduce(Tracer& t, const char* op, const std::string& x) const { return reduce(t, op, x, keep); }

    /// The number of elements that become one, as a number of this dtype.
    std::string count(Tracer& t, const Value& x) const {
        index_t known = 1;
        std::vector<index_t> which = list;
        if (which.empty())
            for (std::size_t i = 0; i < x.rank(); ++i) which.push_back(static_cast<index_t>(i));
        for (const index_t axis : which) {
            const index_t extent = x.extents[normalize_dim(axis, x.rank())];
            if (extent == dyn) {
                const auto extents = t.op("Gather", {t.op("Shape", {x.name}), t.integers(which)}, {{"axis", index_t{0}}});
                return t.cast(t.op("ReduceProd", {extents}, {{"keepdims", index_t{0}}}), x.dtype);
            }
            known *= extent;
        }
        return t.number(static_cast<double>(known), x.dtype);
    }
};

template <class T>
std::string emit_reduction(Tracer& t, const kernels::SumReducer<T>&, const Call& c, const Axes& axes) {
    return axes.reduce(t, "ReduceSum", with_dtype(t, c[0], c.result.dtype).name);
}
template <class T>
std::string emit_reduction(Tracer& t, const kernels::MeanReducer<T>&, const Call& c, const Axes& axes) {
    return axes.reduce(t, "ReduceMean", with_dtype(t, c[0], c.result.dtype).name);
}
template <class T>
std::string emit_reduction(Tracer& t, const kernels::ProdReducer<T>&, const Call& c, const Axes& axes) {
    return axes.reduce(t, "ReduceProd", with_dtype(t, c[0], c.result.dtype).name);
}
template <class T, kernels::Extreme End>
std::string emit_reduction(Tracer& t, const kernels::ExtremumReducer<T, End>&, const Call& c, const Axes& axes) {
    return axes.reduce(t, End == kernels::Extreme::largest ? "ReduceMax" : "ReduceMin", c[0].name);
}
template <class T, kernels::Extreme End>
std::string emit_reduction(Tracer& t, const kernels::ArgReducer<T, End>&, const Call& c, const Axes& axes) {
    const bool all = axes.list.empty();
    const auto x = all ? t.reshape(c[0].name, {-1}) : c[0].name;
    const auto place = t.op(End == kernels::Extreme::largest ? "ArgMax" : "ArgMin", {x},
                            {{"axis", all ? 0 : axes.list.front()}, {"keepdims", index_t{axes.keep && !all}}});
    return all && axes.keep ? t.reshape(place, std::vector<Extent>(c[0].rank(), Extent(1))) : place;
}
template <class T>
std::string emit_reduction(Tracer& t, const kernels::LogSumExpReducer<T>&, const Call& c, const Axes& axes) {
    return axes.reduce(t, "ReduceLogSumExp", c[0].name);
}
template <class T, bool Root>
std::string emit_reduction(Tracer& t, const kernels::VarianceReducer<T, Root>& reducer, const Call& c, const Axes& axes) {
    const Formula f(t, c);
    const auto distance = f.subtract(c[0].name, axes.reduce(t, "ReduceMean", c[0].name, true));
    const auto squares = axes.reduce(t, "ReduceSum", f.multiply(distance, distance));
    const auto variance = f.divide(squares, f.clip(f.subtract(axes.count(t, c[0]), reducer.correction), 0, {}));
    return Root ? f.apply("Sqrt", variance) : variance;
}
template <class T>
std::string emit_reduction(Tracer& t, const kernels::NormReducer<T>& reducer, const Call& c, const Axes& axes) {
    const Formula f(t, c);
    if (reducer.p == 1) return axes.reduce(t, "ReduceL1", c[0].name);
    if (reducer.p == 2) return axes.reduce(t, "ReduceL2", c[0].name);
    const auto distance = f.apply("Abs", c[0].name);
    if (std::isinf(reducer.p)) return axes.reduce(t, reducer.p > 0 ? "ReduceMax" : "ReduceMin", distance);
    if (reducer.p == 0) return axes.reduce(t, "ReduceSum", f.apply("Sign", distance));
    const auto sum = axes.reduce(t, "ReduceSum", t.op("Pow", {distance, f.number(reducer.p)}));
    return t.op("Pow", {sum, f.number(1 / reducer.p)});
}
template <bool Decisive>
std::string emit_reduction(Tracer& t, const kernels::reduce_detail::TruthReducer<Decisive>&, const Call& c, const Axes& axes) {
    const auto flags = t.cast(c[0].name, Dtype::I32);
    return t.cast(axes.reduce(t, Decisive ? "ReduceMax" : "ReduceMin", flags), Dtype::BOOL);
}

}  // namespace detail

template <class Reducer, bool Keep, index_t... D>
std::string emit(Tracer& t, const RecordedReduction<Reducer, Keep, D...>& what, const Call& c) {
    return detail::emit_reduction(t, what.reducer, c, detail::Axes{{D...}, Keep});
}

template <index_t Dim, bool Keep>
std::string emit(Tracer& t, const TakeRule<Dim, Keep>&, const Call& c) {
    const auto places = Keep ? c[1].name : t.unsqueeze(c[1].name, {detail::axis_of(Dim, c[0])});
    const auto taken = t.op("GatherElements", {c[0].name, places}, {{"axis", Dim}});
    return Keep ? taken : t.squeeze(taken, {Dim});
}

}  // namespace xnn::onnx
