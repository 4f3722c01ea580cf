// Attention, written out as products and softmax.
#pragma once

#include <cmath>

#include "xnn/io/onnx/linear.hpp"
#include "xnn/io/onnx/shape.hpp"
#include "xnn/ops/multihead_attention.hpp"

namespace xnn::onnx {

namespace detail {

/// Scores, masked and weighted: queries [*, L, E], keys [*, S, E] and values [*, S, Ev] of rank dimensions.
class AttentionWriter {
public:
    AttentionWriter(Tracer& tracer, Dtype dtype) : t_(tracer), dtype_(dtype) {}

    void multiply(const std::string& q, const std::string& k, std::size_t rank, double scale) {
        scores_ = t_.op("MatMul", {t_.op("Mul", {q, t_.number(scale, dtype_)}), turned(t_, k, rank)});
    }
    /// Queries see no key that stands behind them: lengths is the number of queries, then that of keys.
    void hide_later_keys(const std::vector<Extent>& lengths) {
        const double hidden = -std::numeric_limits<double>::infinity();
        const auto all = t_.op("Expand", {t_.number(hidden, dtype_), t_.extents(lengths)});
        add(t_.op("Trilu", {all, t_.number(1, Dtype::I64)}, {{"upper", index_t{1}}}));
    }
    void add(const std::string& mask) { scores_ = t_.op("Add", {scores_, mask}); }
    /// A mask of truth values, true where a key counts; or, if it excludes, where it does not.
    void hide(const std::string& mask, bool excludes) {
        const auto hidden = t_.number(-std::numeric_limits<double>::infinity(), dtype_);
        scores_ = t_.op("Where", excludes ? std::vector<std::string>{mask, hidden, scores_} : std::vector<std::string>{mask, scores_, hidden});
        may_hide_all_ = true;
    }
    std::string apply_to(const std::string& values) {
        auto weights = t_.op("Softmax", {scores_}, {{"axis", index_t{-1}}});
        if (may_hide_all_)  // a query for which no key counts has no weights
            weights = t_.op("Where", {t_.op("IsNaN", {weights}), t_.number(0, dtype_), weights});
        return t_.op("MatMul", {weights, values});
    }

private:
    Tracer& t_;
    Dtype dtype_;
    std::string scores_;
    bool may_hide_all_ = false;
};

inline double scale_of(const AttentionOptions& options, index_t width) {
    if (options.scale) return *options.scale;
    if (width == dyn) fail("onnx: attention", "a width that is known, or a scale", "dyn");
    return 1 / std::sqrt(static_cast<double>(width));
}

}  // namespace detail

template <bool EnableGqa>
std::string emit(Tracer& t, const ScaledDotProductAttentionRule<EnableGqa>& rule, const Call& c) {
    const std::size_t rank = c[0].rank();
    std::string q = c[0].name, k = c[1].name, v = c[2].name;
    std::size_t grouped = rank;
    const bool groups = EnableGqa && rank >= 3 && c[0].extents[rank - 3] != c[1].extents[rank - 3];
    if (groups) {  // heads that share keys become a dimension of their own
        std::vector<Extent> apart;
        for (std::size_t i = 0; i < rank; ++i) {
            if (i + 3 == rank) apart.emplace_back(c[1], i);
            apart.push_back(i + 3 == rank ? Extent(c[0].extents[i] / c[1].extents[i]) : Extent(c[0], i));
        }
        q = t.reshape(q, apart);
        k = t.unsqueeze(k, {-3});
        v = t.unsqueeze(v, {-3});
        grouped = rank + 1;
    }
    detail::AttentionWriter attention(t, c[0].dtype);
    attention.multiply(q, k, grouped, detail::scale_of(rule.options, c[0].extents[rank - 1]));
    if (rule.options.is_causal) attention.hide_later_keys({Extent(c[0], rank - 2), Extent(c[1], rank - 2)});
    if (c.size() > 3) {
        if (groups && c[3].rank() > 2) fail("onnx: scaled_dot_product_attention", "a mask of two dimensions where heads are grouped", to_text(c[3].extents));
        if (c[3].dtype == Dtype::BOOL)
            attention.hide(c[3].name, false);
        else
            attention.add(c[3].name);
    }
    const auto y = attention.apply_to(v);
    if (!groups) return y;
    std::vector<Extent> together;
    for (std::size_t i = 0; i < rank; ++i) together.push_back(i + 1 == rank ? Extent(c[2], i) : Extent(c[0], i));
    return t.reshape(y, together);
}

template <MultiheadForm Form>
std::string emit(Tracer& t, const MultiheadAttentionRule<Form>& rule, const Call& c) {
    const bool has_batch = c[0].rank() == 3;
    const std::size_t length = has_batch && Form.batch_first ? 1 : 0, batch = has_batch && !Form.batch_first ? 1 : 0;
    const auto rank = static_cast<index_t>(c[0].rank());
    const auto heads_apart = [&](const std::string& x) {
        if (!has_batch) return t.transpose(t.reshape(x, {0, Form.heads, -1}), {1, 0, 2});
        const auto heads = t.reshape(x, {0, 0, Form.heads, -1});
        return Form.batch_first ? t.transpose(heads, {0, 2, 1, 3}) : t.transpose(heads, {1, 2, 0, 3});
    };
    std::vector<std::string> parts{c[0].name};
    if constexpr (Form.packed)
        parts = t.ops("Split", {c[0].name}, 3, {{"axis", rank - 1}});
    else
        parts = {c[0].name, c[1].name, c[2].name};
    const Value& keys = c[Form.packed ? 0 : 1];
    const index_t width = c[0].extents.back() == dyn ? dyn : c[0].extents.back() / Form.heads / (Form.packed ? 3 : 1);

    detail::AttentionWriter attention(t, c[0].dtype);
    attention.multiply(heads_apart(parts[0]), heads_apart(parts[1]), has_batch ? 4 : 3, detail::scale_of(rule.options, width));
    if (rule.options.is_causal) attention.hide_later_keys({Extent(c[0], length), Extent(keys, length)});
    std::size_t next = Form.packed ? 1 : 3;
    const auto apply_mask = [&](const Value& mask, const std::string& name) { mask.dtype == Dtype::BOOL ? attention.hide(name, true) : attention.add(name); };
    if constexpr (Form.attn_mask) {
        const Value& mask = c[next++];
        const bool for_each_head = mask.rank() == 3 && has_batch;
        apply_mask(mask, for_each_head ? t.reshape(mask.name, {Extent(c[0], batch), Form.heads, Extent(c[0], length), Extent(keys, length)}) : mask.name);
    }
    if constexpr (Form.key_padding_mask) apply_mask(c[next], has_batch ? t.unsqueeze(c[next].name, {1, 2}) : c[next].name);

    const auto y = attention.apply_to(heads_apart(parts[2]));
    if (!has_batch) return t.reshape(t.transpose(y, {1, 0, 2}), {0, -1});
    return t.reshape(Form.batch_first ? t.transpose(y, {0, 2, 1, 3}) : t.transpose(y, {2, 0, 1, 3}), {0, 0, -1});
}

}  // namespace xnn::onnx
