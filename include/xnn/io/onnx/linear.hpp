// Linear layers, matrix products, tables of vectors.
#pragma once

#include "xnn/io/onnx/pointwise.hpp"
#include "xnn/ops/embedding_bag.hpp"
#include "xnn/ops/linear.hpp"
#include "xnn/ops/matmul.hpp"

namespace xnn::onnx {

namespace detail {

/// A name with its last two dimensions exchanged.
inline std::string turned(Tracer& t, const std::string& x, std::size_t rank) {
    std::vector<index_t> order(rank);
    for (std::size_t i = 0; i < rank; ++i) order[i] = static_cast<index_t>(i);
    std::swap(order[rank - 2], order[rank - 1]);
    return t.transpose(x, std::move(order));
}
inline std::string linear(Tracer& t, const Call& c, bool turn_weight) {
    if (c[0].rank() == 2)
        return t.op("Gemm", {c[0].name, c[1].name, c.size() > 2 ? c[2].name : ""}, {{"transB", index_t{turn_weight}}});
    const auto product = t.op("MatMul", {c[0].name, turn_weight ? turned(t, c[1].name, 2) : c[1].name});
    return c.size() > 2 ? t.op("Add", {product, c[2].name}) : product;
}

}  // namespace detail

inline std::string emit(Tracer& t, const LinearRule&, const Call& c) { return detail::linear(t, c, true); }
inline std::string emit(Tracer& t, const TurnedLinearRule&, const Call& c) { return detail::linear(t, c, false); }

template <bool TurnA, bool TurnB>
std::string emit(Tracer& t, const MatmulRule<TurnA, TurnB>&, const Call& c) {
    return t.op("MatMul", {TurnA ? detail::turned(t, c[0].name, c[0].rank()) : c[0].name, TurnB ? detail::turned(t, c[1].name, c[1].rank()) : c[1].name});
}

namespace detail {

inline std::string indices(Tracer& t, const Value& x) {
    return x.dtype == Dtype::I64 || x.dtype == Dtype::I32 ? x.name : t.cast(x.name, Dtype::I64);
}
/// Rows of a table; those longer than max_norm, if there is one, are scaled down to it.
template <class T>
std::string rows(Tracer& t, const RenormedEmbeddingRule<T>& rule, const Value& table, const std::string& where) {
    const auto picked = t.op("Gather", {table.name, where}, {{"axis", index_t{0}}});
    if (!rule.renormed) return picked;
    if (rule.norm_type != 1 && rule.norm_type != 2) fail("onnx: embedding", "a norm_type of 1 or 2", std::to_string(rule.norm_type));
    const auto number = [&](double value) { return t.number(value, table.dtype); };
    const auto norm = t.op(rule.norm_type == 1 ? "ReduceL1" : "ReduceL2", {picked}, {{"axes", std::vector<index_t>{-1}}});
    const auto scale = t.op("Div", {number(rule.max_norm), t.op("Add", {norm, number(1e-7)})});
    return t.op("Mul", {picked, t.op("Where", {t.op("Greater", {norm, number(rule.max_norm)}), scale, number(1)})});
}

}  // namespace detail

inline std::string emit(Tracer& t, const EmbeddingRule&, const Call& c) {
    return t.op("Gather", {c[1].name, detail::indices(t, c[0])}, {{"axis", index_t{0}}});
}
template <class T>
std::string emit(Tracer& t, const RenormedEmbeddingRule<T>& rule, const Call& c) {
    return detail::rows(t, rule, c[1], detail::indices(t, c[0]));
}

/// Bags become rows of a mask over all positions, which says whose they are.
template <class T, EmbeddingBagMode Mode, bool IncludeLastOffset>
std::string emit(Tracer& t, const EmbeddingBagRule<T, Mode, IncludeLastOffset>& rule, const Call& c) {
    const auto where = detail::indices(t, c[0]);
    const auto rows = detail::rows(t, rule, c[1], where);
    const bool by_offsets = c[0].rank() == 1;
    const bool weighted = c.size() == (by_offsets ? 4U : 3U);
    const auto number = [&](double value) { return t.number(value, c[1].dtype); };

    // [bags, length] or [bags, positions]: whether an entry counts in a bag
    std::string counts;
    if (by_offsets) {
        const auto offsets = t.cast(c[2].name, Dtype::I64);
        const auto positions = t.shape_of(c[0]);
        const auto first = IncludeLastOffset ? t.slice(offsets, 0, 0, -1) : offsets;
        const auto behind = t.slice(offsets, 0, 1, std::numeric_limits<index_t>::max());
        const auto last = IncludeLastOffset ? behind : t.op("Concat", {behind, positions}, {{"axis", index_t{0}}});
        const auto each = t.op("Range", {t.number(0, Dtype::I64), t.squeeze(positions, {0}), t.number(1, Dtype::I64)});
        counts = t.op("And", {t.op("GreaterOrEqual", {each, t.unsqueeze(first, {1})}), t.op("Less", {each, t.unsqueeze(last, {1})})});
    }
    if (rule.padding_idx >= 0 || !by_offsets) {
        const auto real = t.op("Not", {t.op("Equal", {t.cast(where, Dtype::I64), t.number(static_cast<double>(rule.padding_idx), Dtype::I64)})});
        counts = by_offsets ? t.op("And", {counts, real}) : real;
    }

    const auto mask = t.cast(counts, c[1].dtype);
    if constexpr (Mode == EmbeddingBagMode::max) {
        const auto shown = t.op("Where", {t.unsqueeze(counts, {2}), rows, number(-std::numeric_limits<double>::infinity())});
        const auto largest = t.op("ReduceMax", {shown}, {{"axes", std::vector<index_t>{1}}, {"keepdims", index_t{0}}});
        return t.op("Where", {t.op("IsInf", {largest}), number(0), largest});
    } else {
        auto shares = weighted ? t.op("Mul", {mask, c[by_offsets ? 3 : 2].name}) : mask;
        if constexpr (Mode == EmbeddingBagMode::mean) {
            const auto sizes = t.op("ReduceSum", {mask, t.integers({1})});
            shares = t.op("Div", {shares, t.op("Max", {sizes, number(1)})});
        }
        if (by_offsets) return t.op("MatMul", {shares, rows});
        return t.squeeze(t.op("MatMul", {t.unsqueeze(shares, {1}), rows}), {1});
    }
}

}  // namespace xnn::onnx
