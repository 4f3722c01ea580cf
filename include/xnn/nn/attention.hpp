// Multi-head attention. https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
#pragma once

#include <limits>
#include <utility>

#include "xnn/nn/dropout.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/nn/normalization.hpp"
#include "xnn/ops/cat.hpp"
#include "xnn/ops/comparison.hpp"
#include "xnn/ops/expand.hpp"
#include "xnn/ops/matmul.hpp"
#include "xnn/ops/multihead_attention.hpp"
#include "xnn/ops/pad.hpp"
#include "xnn/ops/reduce.hpp"
#include "xnn/ops/softmax.hpp"
#include "xnn/ops/squeeze.hpp"
#include "xnn/ops/view.hpp"

namespace xnn::nn {

namespace detail {

/// Rows First to before Last of a parameter, for use beside an X: on Meta only their shape, for a view is not constexpr.
template <index_t First, index_t Last, class X, class P>
constexpr auto rows_beside(const P& parameter) {
    using T = typename P::value_type;
    if constexpr (is_meta<X>)
        return MetaLeaf<T, ruled_shape<SliceMap<0, First, Last, 1>, typename P::shape_type>,
                        MetaTraits{.counted = xnn::detail::traits_of<X>.counted, .requires_grad = true}>{};
    else
        return slice<0, First, Last>(parameter);
}

}  // namespace detail

/// Stands for a mask that is not there.
struct NoMask {};

/// Which keys count for which queries: `AttentionMasks{}.attn_mask(m).key_padding_mask(p).is_causal()`.
///
/// attn_mask is [L, S] or [batch heads, L, S], key_padding_mask [batch, S] (without a batch [S]): numbers that are added to the
/// scores, or true where a key does *not* count, as in PyTorch. is_causal lets query i see keys 0 … i only, without a mask in
/// memory.
template <class Attn = NoMask, class Padding = NoMask>
class AttentionMasks {
public:
    static constexpr bool has_attn_mask = !std::same_as<Attn, NoMask>;
    static constexpr bool has_key_padding_mask = !std::same_as<Padding, NoMask>;

    constexpr AttentionMasks() = default;
    constexpr AttentionMasks(Attn attn, Padding padding, bool causal)
        : attn_(std::move(attn)), padding_(std::move(padding)), causal_(causal) {}

    template <Operand M>
    constexpr auto attn_mask(M&& mask) const { return AttentionMasks<operand_t<M>, Padding>(operand(std::forward<M>(mask)), padding_, causal_); }
    template <Operand M>
    constexpr auto key_padding_mask(M&& mask) const { return AttentionMasks<Attn, operand_t<M>>(attn_, operand(std::forward<M>(mask)), causal_); }
    constexpr AttentionMasks is_causal(bool causal = true) const { return AttentionMasks(attn_, padding_, causal); }

    constexpr const Attn& attn() const { return attn_; }
    constexpr const Padding& padding() const { return padding_; }
    constexpr bool causal() const { return causal_; }

    /// Calls f(mask…) with those that are there.
    template <class F>
    constexpr auto with(F&& f) const {
        if constexpr (has_attn_mask && has_key_padding_mask)
            return f(Attn(attn_), Padding(padding_));
        else if constexpr (has_attn_mask)
            return f(Attn(attn_));
        else if constexpr (has_key_padding_mask)
            return f(Padding(padding_));
        else
            return f();
    }

private:
    XNN_NO_UNIQUE_ADDRESS Attn attn_{};
    XNN_NO_UNIQUE_ADDRESS Padding padding_{};
    bool causal_ = false;
};

/// The arguments of a multi-head attention that decide what it holds and takes, with PyTorch's names and defaults.
struct MultiheadAttentionOptions {
    bool bias = true;
    bool add_bias_kv = false;    ///< one more key and value, which are learned
    bool add_zero_attn = false;  ///< one more key and value of zeros
    index_t kdim = 0;  ///< features of keys; 0: embed_dim
    index_t vdim = 0;  ///< features of values; 0: embed_dim
    bool batch_first = false;
};

/// softmax(Q Kᵀ / √width) V in NumHeads heads, where Q, K and V are linear in query, key and value, and a linear layer behind.
///
/// query [L, batch, EmbedDim], key [S, batch, kdim], value [S, batch, vdim] → [L, batch, EmbedDim]; the batch comes first with
/// batch_first, or may be absent. `attention(query, key, value)`, with masks `attention(query, key, value, masks)`;
/// `with_weights` returns the weights too, as PyTorch does with need_weights. `MultiheadAttention<64, 4> attention{dropout}`.
/// No mask hides the keys that add_bias_kv and add_zero_attn put behind the others; is_causal, which would, throws Error with them.
/// State: in_proj_weight [3 EmbedDim, EmbedDim] (q_proj_weight, k_proj_weight, v_proj_weight if kdim or vdim differ),
/// in_proj_bias [3 EmbedDim], bias_k and bias_v [1, 1, EmbedDim], out_proj.weight, out_proj.bias.
template <index_t EmbedDim, index_t NumHeads, MultiheadAttentionOptions Options = MultiheadAttentionOptions{}, Floating T = float, class Device = DefaultDevice>
struct MultiheadAttention : Module<MultiheadAttention<EmbedDim, NumHeads, Options, T, Device>> {
    static_assert(NumHeads > 0 && EmbedDim % NumHeads == 0, "embed_dim must be divisible by num_heads");
    static constexpr MultiheadAttentionOptions options = Options;
    static constexpr index_t embed_dim = EmbedDim;
    static constexpr index_t num_heads = NumHeads;
    static constexpr index_t kdim = Options.kdim > 0 ? Options.kdim : EmbedDim;
    static constexpr index_t vdim = Options.vdim > 0 ? Options.vdim : EmbedDim;
    static constexpr index_t head_dim = EmbedDim / NumHeads;
    /// Whether the three weights are one.
    static constexpr bool packed = kdim == EmbedDim && vdim == EmbedDim;
    /// How many keys stand behind those of the call.
    static constexpr index_t added_keys = Options.add_bias_kv + Options.add_zero_attn;

    detail::OptionalParameter<packed, T, Shape<3 * EmbedDim, EmbedDim>, Device> in_proj_weight;
    detail::OptionalParameter<!packed, T, Shape<EmbedDim, EmbedDim>, Device> q_proj_weight;
    detail::OptionalParameter<!packed, T, Shape<EmbedDim, kdim>, Device> k_proj_weight;
    detail::OptionalParameter<!packed, T, Shape<EmbedDim, vdim>, Device> v_proj_weight;
    detail::OptionalParameter<Options.bias, T, Shape<3 * EmbedDim>, Device> in_proj_bias;
    detail::OptionalParameter<Options.add_bias_kv, T, Shape<1, 1, EmbedDim>, Device> bias_k;
    detail::OptionalParameter<Options.add_bias_kv, T, Shape<1, 1, EmbedDim>, Device> bias_v;
    Linear<EmbedDim, EmbedDim, Options.bias, T, Device> out_proj;
    double dropout;
    bool training = true;

    MultiheadAttention() : MultiheadAttention(0.0) {}
    explicit MultiheadAttention(double dropout_p) : dropout(dropout_p) {
        xnn::detail::require_dropout(dropout);
        reset_parameters();
    }

    /// The values that a new layer has, but for out_proj.weight.
    void reset_parameters() {
        if constexpr (packed) {
            init::xavier_uniform_(in_proj_weight);
        } else {
            init::xavier_uniform_(q_proj_weight);
            init::xavier_uniform_(k_proj_weight);
            init::xavier_uniform_(v_proj_weight);
        }
        if constexpr (Options.add_bias_kv) {
            init::xavier_normal_(bias_k);
            init::xavier_normal_(bias_v);
        }
        detail::fill_present(in_proj_bias, 0);
        if constexpr (Options.bias) out_proj.bias.value().fill(T(0));
    }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        detail::visit_present("in_proj_weight", self.in_proj_weight, f);
        detail::visit_present("q_proj_weight", self.q_proj_weight, f);
        detail::visit_present("k_proj_weight", self.k_proj_weight, f);
        detail::visit_present("v_proj_weight", self.v_proj_weight, f);
        detail::visit_present("in_proj_bias", self.in_proj_bias, f);
        detail::visit_present("bias_k", self.bias_k, f);
        detail::visit_present("bias_v", self.bias_v, f);
        f("out_proj", self.out_proj);
    }

    using expects = Expects<LastExtent<EmbedDim>, LastExtent<kdim>, LastExtent<vdim>>;  // of 2 or 3 dimensions
    template <std::size_t Q, std::size_t K, std::size_t V>
    static constexpr bool accepts(const Dims<Q>& query, const Dims<K>& key, const Dims<V>& value) {
        if constexpr ((Q != 2 && Q != 3) || K != Q || V != Q)
            return false;
        else
            return fits(query[Q - 1], EmbedDim) && fits(key[Q - 1], kdim) && fits(value[Q - 1], vdim);
    }

    using Module<MultiheadAttention>::operator();
    template <Operand Q, Operand K, Operand V, class A, class P>
    constexpr auto operator()(Q&& query, K&& key, V&& value, const AttentionMasks<A, P>& masks) const {
        return forward(operand(std::forward<Q>(query)), operand(std::forward<K>(key)), operand(std::forward<V>(value)), masks);
    }

    template <class Q, class K, class V, class A = NoMask, class P = NoMask>
    constexpr auto forward(Q query, K key, V value, const AttentionMasks<A, P>& masks = {}) const {
        const auto shown = with_added_keys(masks);
        return shown.with([&](auto... mask) {
            return out_proj(xnn::apply(rule<false, is_meta<Q>>(shown), project<0>(std::move(query)), keys(std::move(key)), values(std::move(value)),
                                       std::move(mask)...));
        });
    }

    /// forward(x, x, x), with one product for queries, keys and values.
    template <class X, class A = NoMask, class P = NoMask>
    constexpr auto self_attention(X x, const AttentionMasks<A, P>& masks = {}) const {
        static_assert(packed, "self_attention: queries, keys and values have as many features");
        if constexpr (added_keys > 0)
            return forward(operand(x), operand(x), operand(x), masks);
        else
            return masks.with([&](auto... mask) { return out_proj(xnn::apply(rule<true, is_meta<X>>(masks), packed_projection(std::move(x)), std::move(mask)...)); });
    }

    /// Queries, keys and values of x, side by side: [*, EmbedDim] → [*, 3 EmbedDim].
    template <class X>
    constexpr auto packed_projection(X x) const {
        if constexpr (Options.bias)
            return xnn::functional::linear(std::move(x), in_proj_weight, in_proj_bias);
        else
            return xnn::functional::linear(std::move(x), in_proj_weight);
    }

    /// The output as of forward(), and the weights: their mean over the heads [batch, L, S], or, with AverageAttnWeights false,
    /// [batch, heads, L, S]. A query for which no key counts has weights of NaN, as in PyTorch.
    template <bool AverageAttnWeights = true, Operand Q, Operand K, Operand V, class A = NoMask, class P = NoMask>
    auto with_weights(Q&& query, K&& key, V&& value, const AttentionMasks<A, P>& masks = {}) const {
        auto q = heads_apart(project<0>(operand(std::forward<Q>(query))));
        auto k = heads_apart(keys(operand(std::forward<K>(key))));
        auto v = heads_apart(values(operand(std::forward<V>(value))));
        auto scores = causal(masked(matmul(std::move(q) * (1 / std::sqrt(static_cast<double>(head_dim))), transpose<-2, -1>(std::move(k))), with_added_keys(masks)),
                             masks.causal());
        auto weights = xnn::functional::softmax<-1>(std::move(scores));
        Dropout drop(dropout);
        drop.training = training;
        auto output = out_proj(heads_together(matmul(drop(weights), std::move(v))));
        if constexpr (AverageAttnWeights)
            return std::pair(std::move(output), mean<-3>(weights));
        else
            return std::pair(std::move(output), weights.share());
    }

private:
    template <bool Packed, bool Meta, class A, class P>
    constexpr auto rule(const AttentionMasks<A, P>& masks) const {
        using Masks = AttentionMasks<A, P>;
        MultiheadAttentionRule<MultiheadForm{NumHeads, Options.batch_first, Packed, Masks::has_attn_mask, Masks::has_key_padding_mask}> result;
        if constexpr (!Meta) {  // whose cost is a constant: it may not look at the object
            result.options.is_causal = masks.causal();
            result.options.dropout_p = training ? dropout : 0;
        }
        return result;
    }

    /// The linear layer of queries (0), keys (1) or values (2).
    template <index_t Which, class X>
    constexpr auto project(X x) const {
        constexpr index_t first = Which * EmbedDim, last = first + EmbedDim;
        const auto with_bias = [&](auto&& weight) {
            if constexpr (Options.bias)
                return xnn::functional::linear(std::move(x), std::forward<decltype(weight)>(weight), detail::rows_beside<first, last, X>(in_proj_bias));
            else
                return xnn::functional::linear(std::move(x), std::forward<decltype(weight)>(weight));
        };
        if constexpr (packed)
            return with_bias(detail::rows_beside<first, last, X>(in_proj_weight));
        else if constexpr (Which == 0)
            return with_bias(q_proj_weight);
        else if constexpr (Which == 1)
            return with_bias(k_proj_weight);
        else
            return with_bias(v_proj_weight);
    }

    template <class X>
    constexpr auto keys(X x) const { return with_added_rows(project<1>(std::move(x)), bias_k); }
    template <class X>
    constexpr auto values(X x) const { return with_added_rows(project<2>(std::move(x)), bias_v); }

    /// The dimension of positions in an array of this rank.
    static constexpr std::size_t position_dim(std::size_t rank) { return rank == 3 && Options.batch_first ? 1 : 0; }
    /// The shape of one position.
    struct OnePosition {
        template <std::size_t R>
        static constexpr Dims<R> extents(Dims<R> x) {
            x[position_dim(R)] = 1;
            return x;
        }
    };
    /// Keys or values, and behind them those that the options add: the bias, then zeros.
    template <class X, class Bias>
    static constexpr auto with_added_rows(X x, const Bias& bias) {
        return with_zero_row(with_bias_row(std::move(x), bias));
    }
    template <class X, class Bias>
    static constexpr auto with_bias_row(X x, const Bias& bias) {
        if constexpr (Options.add_bias_kv) {
            constexpr std::size_t rank = shape_t<X>::rank;
            const auto one = apply_rule<OnePosition>(shape_value(x));
            auto row = detail::rows_beside<0, 1, X>(bias);
            if constexpr (rank == 2)
                return cat<0>(std::move(x), broadcast_to(squeeze<0>(std::move(row)), one));
            else if constexpr (is_recorded<X>)
                return cat<position_dim(rank)>(x, broadcast_beside(std::move(row), one, x));
            else
                return cat<position_dim(rank)>(std::move(x), broadcast_to(std::move(row), one));
        } else {
            return x;
        }
    }
    template <class X>
    static constexpr auto with_zero_row(X x) {
        if constexpr (!Options.add_zero_attn)
            return x;
        else if constexpr (position_dim(shape_t<X>::rank) + 2 == shape_t<X>::rank)
            return xnn::functional::pad<0, 0, 0, 1>(std::move(x));
        else
            return xnn::functional::pad<0, 0, 0, 0, 0, 1>(std::move(x));
    }
    /// The masks for the keys of the call and those added, which nothing hides.
    template <class A, class P>
    static constexpr auto with_added_keys(const AttentionMasks<A, P>& masks) {
        if constexpr (added_keys == 0) {
            return masks;
        } else {
            if (masks.causal()) fail("MultiheadAttention", "an attn_mask in place of is_causal where the options add keys", "is_causal");
            return AttentionMasks(widened(masks.attn()), widened(masks.padding()), false);
        }
    }
    template <class Mask>
    static constexpr auto widened(const Mask& mask) {
        if constexpr (std::same_as<Mask, NoMask>)
            return mask;
        else
            return xnn::functional::pad<0, added_keys>(Mask(mask));
    }

    template <class X>
    static auto heads_apart(X x) {
        auto heads = unflatten<-1, NumHeads, head_dim>(std::move(x));
        if constexpr (shape_t<X>::rank == 2)
            return permute<1, 0, 2>(std::move(heads));
        else if constexpr (Options.batch_first)
            return permute<0, 2, 1, 3>(std::move(heads));
        else
            return permute<1, 2, 0, 3>(std::move(heads));
    }
    template <class X>
    static auto heads_together(X x) {
        if constexpr (shape_t<X>::rank == 3)
            return xnn::flatten<-2, -1>(permute<1, 0, 2>(std::move(x)));
        else if constexpr (Options.batch_first)
            return xnn::flatten<-2, -1>(permute<0, 2, 1, 3>(std::move(x)));
        else
            return xnn::flatten<-2, -1>(permute<2, 0, 1, 3>(std::move(x)));
    }

    template <class Scores, class Mask>
    static auto masked_by(Scores scores, Mask mask) {
        if constexpr (std::same_as<value_t<Mask>, bool>)
            return masked_fill(std::move(scores), std::move(mask), -std::numeric_limits<double>::infinity());
        else
            return std::move(scores) + std::move(mask);
    }
    template <class Scores, class A, class P>
    static auto masked(Scores scores, const AttentionMasks<A, P>& masks) {
        if constexpr (AttentionMasks<A, P>::has_attn_mask) {
            const AttentionMasks<NoMask, P> rest(NoMask{}, masks.padding(), false);
            if constexpr (shape_t<A>::rank == 3)
                return masked(masked_by(std::move(scores), unflatten<0, dyn, NumHeads>(A(masks.attn()))), rest);
            else
                return masked(masked_by(std::move(scores), A(masks.attn())), rest);
        } else if constexpr (AttentionMasks<A, P>::has_key_padding_mask) {
            if constexpr (shape_t<P>::rank == 2)
                return masked_by(std::move(scores), unsqueeze<1>(unsqueeze<1>(P(masks.padding()))));
            else
                return masked_by(std::move(scores), P(masks.padding()));
        } else {
            return scores;
        }
    }
    template <class Scores>
    static auto causal(Scores scores, bool is_causal) {
        constexpr std::size_t rank = shape_t<Scores>::rank;
        const index_t queries = scores.shape().extent(rank - 2), keys = scores.shape().extent(rank - 1);
        Tensor<bool, Shape<dyn, dyn>, device_t<Scores>> hidden{Shape<dyn, dyn>(queries, keys)};
        xnn::detail::edit_on_host<device_t<Scores>>(hidden.data(), hidden.size(), [=](bool* p) {
            for (index_t i = 0; i < queries; ++i)
                for (index_t j = 0; j < keys; ++j) p[i * keys + j] = is_causal && j > i;
        });
        return masked_fill(std::move(scores), std::move(hidden), -std::numeric_limits<double>::infinity());
    }
};

}  // namespace xnn::nn
