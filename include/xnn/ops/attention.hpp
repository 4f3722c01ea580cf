// Attention as one operation: of heads that stand apart, and of heads side by side as linear layers make them.
// https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
#pragma once

#include <cmath>
#include <optional>

#include "xnn/cpu/attention.hpp"
#include "xnn/expr/apply.hpp"

namespace xnn {

/// The arguments of an attention that are numbers, with PyTorch's names and defaults.
struct AttentionOptions {
    double dropout_p = 0;
    bool is_causal = false;       ///< query i sees keys 0 … i only
    std::optional<double> scale{};  ///< of the scores; 1 / √width if absent
};

namespace detail {

[[gnu::cold, gnu::noinline]] inline void fail_attention(std::string_view expected, std::string_view got) {
    fail("scaled_dot_product_attention", expected, got);
}
inline void require_dropout(double p) {
    if (!(p >= 0 && p <= 1)) fail_attention("a dropout_p in [0, 1]", std::to_string(p));
}

/// What attention keeps for the way back.
template <class C>
struct AttentionSaved {
    C* normalizers;
    RandomStream stream;
};

/// The arguments of the kernels.
template <class T>
struct AttentionProblem {
    kernels::AttentionExtents extents;
    kernels::HeadMatrices<const T> q, k, v;
    kernels::HeadMatrices<T> y;
    kernels::AttentionOptions<T> options{};

    AttentionProblem& set(const AttentionOptions& given) {
        options.scale = given.scale ? *given.scale : extents.width > 0 ? 1 / std::sqrt(static_cast<double>(extents.width)) : 1;
        options.causal = given.is_causal;
        options.dropout_p = given.dropout_p;
        return *this;
    }

    template <class Device>
    AttentionSaved<compute_t<T>> forward(Arena<Device>& arena) {
        AttentionSaved<compute_t<T>> saved{arena.template allocate<compute_t<T>>(extents.rows()), {}};
        if (options.dropout_p > 0) saved.stream = default_generator().draw(kernels::attention_draws(extents));
        options.stream = saved.stream;
        attention_forward<T>(Device{}, extents, options, q, k, v, y, saved.normalizers);
        return saved;
    }
    template <class Device>
    void backward(Arena<Device>&, const AttentionSaved<compute_t<T>>& saved, const T* gy, const T* output, const kernels::AttentionGradients<T>& gradients) {
        options.stream = saved.stream;
        kernels::HeadMatrices<const T> result{output, y.batch_step, y.head_step, y.pitch}, gradient = result;
        gradient.data = gy;
        attention_backward<T>(Device{}, extents, options, q, k, v, result, gradient, saved.normalizers, gradients);
    }
};

/// The gradient of an array of matrices, laid out as the array.
template <class T>
kernels::HeadMatrices<T> like(const kernels::HeadMatrices<const T>& matrices, T* data) {
    return {data, matrices.batch_step, matrices.head_step, matrices.pitch};
}

/// A mask in the kernel's terms; the steps are the caller's.
template <class T, class View>
kernels::AttentionMask<T> mask_of(const View& mask) {
    kernels::AttentionMask<T> result;
    if constexpr (std::same_as<std::remove_const_t<typename View::value_type>, bool>)
        result.flags = mask.data;
    else
        result.added = mask.data;
    return result;
}
/// Says where the gradient of a mask of numbers goes: the kernel adds to it.
template <class Device, class T, class U>
void differentiate_mask(Device device, kernels::AttentionMask<T>& mask, const Target<U>& target, index_t size) {
    if constexpr (std::same_as<T, U>) {
        mask.gradient = target.data;
        if (target && !target.accumulate) fill(device, target.data, size, T(0));
    }
}

/// Whether a mask broadcasts over the scores of shape `extents`.
template <std::size_t M, std::size_t R>
constexpr bool masks(const Dims<M>& mask, const Dims<R>& extents) {
    if constexpr (M > R) {
        return false;
    } else {
        for (std::size_t i = 0; i < M; ++i)
            if (mask[i] != 1 && !fits(mask[i], extents[R - M + i])) return false;
        return true;
    }
}

template <class T>
constexpr bool is_mask_type = std::same_as<T, bool> || Floating<T>;

/// Bytes of the numbers that are kept, one for each query of each head.
template <class T>
constexpr index_t attention_saved_bytes(index_t rows) { return rows * static_cast<index_t>(sizeof(compute_t<T>)); }

}  // namespace detail

/// What attention expects: queries [*, L, E], keys [*, S, E] and values [*, S, Ev], and perhaps a mask [*, L, S].
struct QueriesKeysAndValues {};

/// softmax(scale q kᵀ + mask) v with q [*, L, E], k [*, S, E], v [*, S, Ev] and a mask that broadcasts to [*, L, S]: numbers to
/// add, or true where a key counts. With EnableGqa the heads, dimension -3, of q are a multiple of those of k and v.
template <bool EnableGqa>
struct ScaledDotProductAttentionRule {
    static constexpr std::string_view name = "scaled_dot_product_attention";
    using expects = Expects<QueriesKeysAndValues>;
    AttentionOptions options{};

    template <std::size_t R>
    static constexpr Dims<R> extents(Dims<R> q, const Dims<R>&, const Dims<R>& v, const auto&...) {
        q[R - 1] = v[R - 1];
        return q;
    }
    template <std::size_t Q, std::size_t K, std::size_t V>
    static constexpr bool accepts(const Dims<Q>& q, const Dims<K>& k, const Dims<V>& v, const auto&... mask) {
        if constexpr (Q < 2 || Q > 7 || Q != K || K != V) {
            return false;
        } else {
            for (std::size_t i = 0; i + 2 < Q; ++i) {
                const bool grouped = EnableGqa && i + 3 == Q && k[i] > 0 && q[i] != dyn;
                if (!fits(k[i], v[i]) || !(grouped ? q[i] % k[i] == 0 : fits(q[i], k[i]))) return false;
            }
            return fits(q[Q - 1], k[Q - 1]) && fits(k[Q - 2], v[Q - 2]) && (detail::masks(mask, scores(q, k)) && ...);
        }
    }
    template <std::size_t R>
    static constexpr index_t flops(const Dims<R>& q, const Dims<R>& k, const Dims<R>& v, const auto&...) {
        return 2 * product(scores(q, k)) * (q[R - 1] + v[R - 1]);
    }
    template <class T, std::size_t R>
    static constexpr index_t saved_bytes(const Dims<R>& q, const auto&...) {
        return detail::attention_saved_bytes<T>(product_or_dyn(q, 0, R - 1));
    }

    auto forward(auto& arena, auto y, auto q, auto k, auto v, auto... mask) const {
        return problem(y.data, q, k, v, mask...).forward(arena);
    }
    template <class T>
    void backward(auto& arena, const auto& saved, const auto& targets, const T* gy, const T* y, auto q, auto k, auto v, auto... mask) const {
        auto p = problem(static_cast<T*>(nullptr), q, k, v, mask...);
        (detail::differentiate_mask(typename decltype(q)::device{}, p.options.masks[0], get<3>(targets), mask.size()), ...);
        const auto gq = get<0>(targets);
        const auto gk = get<1>(targets);
        const auto gv = get<2>(targets);
        p.backward(arena, saved, gy, y,
                   {detail::like(p.q, gq.data), detail::like(p.k, gk.data), detail::like(p.v, gv.data), gq.accumulate, gk.accumulate, gv.accumulate});
    }

private:
    template <std::size_t R>
    static constexpr Dims<R> scores(Dims<R> q, const Dims<R>& k) {
        q[R - 1] = k[R - 2];
        return q;
    }

    template <class T, class View>
    static kernels::HeadMatrices<T> matrices(T* data, const View& view) {
        const auto x = view.shape.extents();
        constexpr std::size_t rank = std::tuple_size_v<decltype(x)>;
        const index_t size = x[rank - 2] * x[rank - 1];
        return {data, size * (rank > 2 ? x[rank - 3] : 1), size, x[rank - 1]};
    }
    template <class T>
    auto problem(T* y, auto q, auto k, auto v, auto... mask) const {
        const auto x = q.shape.extents();
        constexpr std::size_t rank = std::tuple_size_v<decltype(x)>;
        const auto heads_of = [](const auto& view) { return rank > 2 ? view.extent(rank - 3) : index_t{1}; };
        detail::AttentionProblem<T> p{{product_or_dyn(x, 0, rank > 2 ? rank - 3 : 0), heads_of(q), heads_of(k), x[rank - 2], k.extent(rank - 2), x[rank - 1],
                                       v.extent(rank - 1)},
                                      matrices(q.data, q), matrices(k.data, k), matrices(v.data, v), {}};
        p.y = {y, p.extents.heads * p.extents.queries * p.extents.value_width, p.extents.queries * p.extents.value_width, p.extents.value_width};
        p.set(options);
        ((p.options.masks[0] = broadcast(detail::mask_of<T>(mask), mask.shape.extents(), x)), ...);
        return p;
    }
    /// The steps of a mask with extents m, for heads of extents q.
    template <class T, std::size_t M, std::size_t R>
    static kernels::AttentionMask<T> broadcast(kernels::AttentionMask<T> result, const Dims<M>& m, const Dims<R>& q) {
        const auto strides = contiguous_strides(m);
        const auto step = [&](std::size_t from_end) { return from_end > M || m[M - from_end] == 1 ? 0 : strides[M - from_end]; };
        result.column_step = step(1);
        result.row_step = step(2);
        result.head_step = step(3);
        for (std::size_t from_end = 4; from_end <= R; ++from_end) {
            const std::size_t d = result.most_dims - (from_end - 3);
            result.batch_extents[d] = q[R - from_end];
            result.batch_steps[d] = step(from_end);
        }
        return result;
    }
};

namespace functional {

/// Attention of queries q [*, L, E] to keys k [*, S, E] with values v [*, S, Ev] → [*, L, Ev]; memory grows with L and S, not
/// with their product. attn_mask broadcasts to [*, L, S]: numbers that are added to the scores, or true for the keys that count;
/// a query for which none does gets 0. EnableGqa lets several heads of q (dimension -3) share one of k and v.
template <bool EnableGqa = false, Operand Q, Operand K, Operand V>
constexpr auto scaled_dot_product_attention(Q&& query, K&& key, V&& value, const AttentionOptions& options = {}) {
    detail::require_dropout(options.dropout_p);
    return apply(ScaledDotProductAttentionRule<EnableGqa>{options}, std::forward<Q>(query), std::forward<K>(key), std::forward<V>(value));
}
template <bool EnableGqa = false, Operand Q, Operand K, Operand V, Operand M>
constexpr auto scaled_dot_product_attention(Q&& query, K&& key, V&& value, M&& attn_mask, const AttentionOptions& options = {}) {
    static_assert(detail::is_mask_type<value_t<operand_t<M>>>, "scaled_dot_product_attention: a mask of bool or of the arguments' dtype");
    detail::require_dropout(options.dropout_p);
    if (options.is_causal) detail::fail_attention("attn_mask or is_causal", "both");
    return apply(ScaledDotProductAttentionRule<EnableGqa>{options}, std::forward<Q>(query), std::forward<K>(key), std::forward<V>(value),
                 std::forward<M>(attn_mask));
}

}  // namespace functional
}  // namespace xnn
