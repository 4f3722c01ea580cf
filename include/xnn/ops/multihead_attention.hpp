// Attention of heads that stand side by side, as linear layers make them: nothing is permuted or copied on the way.
// https://pytorch.org/docs/stable/generated/torch.nn.functional.multi_head_attention_forward.html
#pragma once

#include "xnn/ops/attention.hpp"

namespace xnn {

/// How the arguments of a multi-head attention stand in memory, and which there are.
struct MultiheadForm {
    index_t heads;
    bool batch_first = false;       ///< [batch, length, width]; otherwise [length, batch, width]
    bool packed = false;            ///< queries, keys and values side by side in one array
    bool attn_mask = false;         ///< [L, S] or [batch heads, L, S]: added, or true where a key does not count
    bool key_padding_mask = false;  ///< [batch, S], or [S] without a batch: the same
};

namespace detail {

/// Where sequences stand in an array of 2 or 3 dimensions.
struct SequenceGeometry {
    index_t batch, length, width;
    index_t batch_step, pitch;

    template <std::size_t R>
    static constexpr SequenceGeometry of(const Dims<R>& x, bool batch_first) {
        if constexpr (R == 2)
            return {1, x[0], x[1], 0, x[1]};
        else if (batch_first)
            return {x[0], x[1], x[2], x[1] == dyn || x[2] == dyn ? dyn : x[1] * x[2], x[2]};
        else
            return {x[1], x[0], x[2], x[2], x[1] == dyn || x[2] == dyn ? dyn : x[1] * x[2]};
    }
    /// The heads of what begins `offset` elements into each row.
    template <class T>
    kernels::HeadMatrices<T> matrices(T* data, index_t offset, index_t head_width) const {
        return {data == nullptr ? nullptr : data + offset, batch_step, head_width, pitch};
    }
};

/// Whether a mask [L, S] or [batch heads, L, S] fits.
template <std::size_t M>
constexpr bool fits_attn_mask(const Dims<M>& mask, index_t matrices, index_t queries, index_t keys) {
    if constexpr (M == 2)
        return fits(mask, Dims<2>{queries, keys});
    else
        return fits(mask, Dims<3>{matrices, queries, keys});
}
template <std::size_t R, std::size_t M>
constexpr bool fits_padding_mask(const Dims<M>& mask, index_t batch, index_t keys) {
    if constexpr (R == 2)
        return fits(mask, Dims<1>{keys});
    else
        return fits(mask, Dims<2>{batch, keys});
}

}  // namespace detail

/// softmax(scale q kᵀ + masks) v for each head, with q [batch, L, heads E], k [batch, S, heads E], v [batch, S, heads Ev] →
/// [batch, L, heads Ev]; or of one array [batch, L, 3 heads E] that holds all three. The batch may be absent.
template <MultiheadForm Form>
struct MultiheadAttentionRule {
    static constexpr std::string_view name = "multi_head_attention";
    AttentionOptions options{};

    template <std::size_t R, class... More>
    static constexpr Dims<R> extents(Dims<R> x, const More&... more) {
        if constexpr (Form.packed)
            x[R - 1] = map_extent(x[R - 1], [](index_t width) { return width / 3; });
        else
            x[R - 1] = value_width(more...);
        return x;
    }
    template <std::size_t R, class... More>
    static constexpr bool accepts(const Dims<R>& x, const More&... more) {
        if constexpr (R != 2 && R != 3)
            return false;
        else if constexpr (Form.packed)
            return divides(3 * Form.heads, x[R - 1]) && masks_fit<R>(sequence(x), sequence(x), more...);
        else
            return accepts_three(x, more...);
    }
    template <std::size_t R>
    static constexpr index_t flops(const Dims<R>& x, const auto&... more) {
        const auto [q, k, width] = lengths(x, more...);
        return 2 * q.batch * q.length * k.length * width;
    }
    template <class T, std::size_t R>
    static constexpr index_t saved_bytes(const Dims<R>& x, const auto&...) {
        return detail::attention_saved_bytes<T>(product_or_dyn(x, 0, R - 1) * Form.heads);
    }

    auto forward(auto& arena, auto y, auto... in) const { return problem(y.data, in...).forward(arena); }

    template <class T>
    void backward(auto& arena, const auto& saved, const auto& targets, const T* gy, const T* y, auto... in) const {
        auto p = problem(static_cast<T*>(nullptr), in...);
        if constexpr (Form.attn_mask) differentiate<arguments>(p.options.masks[0], targets, in...);
        if constexpr (Form.key_padding_mask) differentiate<arguments + (Form.attn_mask ? 1 : 0)>(p.options.masks[Form.attn_mask ? 1 : 0], targets, in...);
        p.backward(arena, saved, gy, y, gradients(p, targets));
    }

private:
    static constexpr std::size_t arguments = Form.packed ? 1 : 3;

    static constexpr bool divides(index_t part, index_t whole) { return whole == dyn || whole % part == 0; }
    template <std::size_t R>
    static constexpr detail::SequenceGeometry sequence(const Dims<R>& x) { return detail::SequenceGeometry::of(x, Form.batch_first); }
    template <std::size_t R>
    static constexpr index_t value_width(const Dims<R>&, const Dims<R>& v, const auto&...) { return v[R - 1]; }

    template <std::size_t R, std::size_t K, std::size_t V>
    static constexpr bool accepts_three(const Dims<R>& q, const Dims<K>& k, const Dims<V>& v, const auto&... mask) {
        if constexpr (K != R || V != R) {
            return false;
        } else {
            const auto a = sequence(q), b = sequence(k), c = sequence(v);
            return fits(a.batch, b.batch) && fits(b.batch, c.batch) && fits(a.batch, c.batch) && fits(b.length, c.length) && fits(a.width, b.width) &&
                   divides(Form.heads, a.width) && divides(Form.heads, c.width) && masks_fit<R>(a, b, mask...);
        }
    }
    template <std::size_t R, class... Mask>
    static constexpr bool masks_fit(const detail::SequenceGeometry& q, const detail::SequenceGeometry& k, const Mask&... mask) {
        const auto attn = [&](const auto& m, const auto&...) {
            return detail::fits_attn_mask(m, map_extent(q.batch, [](index_t n) { return n * Form.heads; }), q.length, k.length);
        };
        const auto padding = [&](const auto& m) { return detail::fits_padding_mask<R>(m, k.batch, k.length); };
        if constexpr (Form.attn_mask && Form.key_padding_mask)
            return [&](const auto& a, const auto& b) { return attn(a) && padding(b); }(mask...);
        else if constexpr (Form.attn_mask)
            return attn(mask...);
        else if constexpr (Form.key_padding_mask)
            return padding(mask...);
        else
            return sizeof...(Mask) == 0;
    }

    struct Lengths {
        detail::SequenceGeometry q, k;
        index_t width;  // of scores and values together
    };
    template <std::size_t R>
    static constexpr Lengths lengths(const Dims<R>& q, const auto&... more) {
        const auto x = sequence(q);
        if constexpr (Form.packed)
            return {x, x, x.width / 3 * 2};
        else
            return [&](const auto& k, const auto& v, const auto&...) { return Lengths{x, sequence(k), q[R - 1] + v[R - 1]}; }(more...);
    }

    template <class T>
    detail::AttentionProblem<T> problem(T* y, auto x, auto... more) const {
        if constexpr (Form.packed) {
            const auto s = sequence(x.shape.extents());
            const index_t width = s.width / 3;
            return problem_of<T>(y, s, s, s, x.data, x.data + width, x.data + 2 * width, width, width, more...);
        } else {
            return three(y, x, more...);
        }
    }
    template <class T>
    detail::AttentionProblem<T> three(T* y, auto q, auto k, auto v, auto... mask) const {
        const auto a = sequence(q.shape.extents()), b = sequence(k.shape.extents()), c = sequence(v.shape.extents());
        return problem_of<T>(y, a, b, c, q.data, k.data, v.data, a.width, c.width, mask...);
    }
    template <class T, class... Mask>
    detail::AttentionProblem<T> problem_of(T* y, const detail::SequenceGeometry& q, const detail::SequenceGeometry& k, const detail::SequenceGeometry& v,
                                           const T* q_data, const T* k_data, const T* v_data, index_t width, index_t all_values, Mask... mask) const {
        const index_t head = width / Form.heads, value_head = all_values / Form.heads;
        detail::AttentionProblem<T> p{{q.batch, Form.heads, Form.heads, q.length, k.length, head, value_head},
                                      q.matrices(q_data, 0, head), k.matrices(k_data, 0, head), v.matrices(v_data, 0, value_head), {}};
        // The result stands as the queries do, in rows of its own width.
        p.y = {y, Form.batch_first ? q.length * all_values : all_values, value_head, Form.batch_first || q.batch_step == 0 ? all_values : q.batch * all_values};
        p.set(options);
        set_masks(p, mask...);
        return p;
    }

    template <class T>
    static void set_masks(detail::AttentionProblem<T>&) {}
    template <class T, class First, class... Rest>
    static void set_masks(detail::AttentionProblem<T>& p, First first, Rest... padding) {
        if constexpr (Form.attn_mask) {
            p.options.masks[0] = attn_mask<T>(p.extents, first);
            ((p.options.masks[1] = padding_mask<T>(p.extents, padding)), ...);
        } else {
            p.options.masks[0] = padding_mask<T>(p.extents, first);
        }
    }
    template <class T, class View>
    static kernels::AttentionMask<T> attn_mask(const kernels::AttentionExtents& e, const View& view) {
        auto mask = mask_of<T>(view);
        mask.row_step = e.keys;
        if constexpr (std::remove_cvref_t<decltype(view.shape)>::rank == 3) {
            mask.head_step = e.queries * e.keys;
            mask.batch_extents.back() = e.batch;
            mask.batch_steps.back() = e.heads * mask.head_step;
        }
        return mask;
    }
    template <class T, class View>
    static kernels::AttentionMask<T> padding_mask(const kernels::AttentionExtents& e, const View& view) {
        auto mask = mask_of<T>(view);
        mask.batch_extents.back() = e.batch;
        mask.batch_steps.back() = e.keys;
        return mask;
    }
    template <class T, class View>
    static kernels::AttentionMask<T> mask_of(const View& view) {
        auto mask = detail::mask_of<T>(view);
        mask.excludes = true;
        mask.column_step = 1;
        return mask;
    }

    template <std::size_t I, class T, class X, class... More>
    static void differentiate(kernels::AttentionMask<T>& mask, const auto& targets, const X& x, const More&... more) {
        const index_t sizes[] = {x.size(), more.size()...};
        detail::differentiate_mask(typename X::device{}, mask, get<I>(targets), sizes[I]);
    }
    template <class T>
    static kernels::AttentionGradients<T> gradients(const detail::AttentionProblem<T>& p, const auto& targets) {
        const auto gq = get<0>(targets);
        if constexpr (Form.packed) {
            const index_t width = p.extents.width * Form.heads;
            const auto part = [&](index_t i) { return gq.data ? gq.data + i * width : nullptr; };
            return {detail::like(p.q, part(0)), detail::like(p.k, part(1)), detail::like(p.v, part(2)), gq.accumulate, gq.accumulate, gq.accumulate};
        } else {
            const auto gk = get<1>(targets);
            const auto gv = get<2>(targets);
            return {detail::like(p.q, gq.data), detail::like(p.k, gk.data), detail::like(p.v, gv.data), gq.accumulate, gk.accumulate, gv.accumulate};
        }
    }
};

}  // namespace xnn
