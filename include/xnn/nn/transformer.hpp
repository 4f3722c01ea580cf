// Transformers. https://pytorch.org/docs/stable/nn.html#transformer-layers
#pragma once

#include <array>
#include <string_view>

#include "xnn/nn/activation.hpp"
#include "xnn/nn/attention.hpp"
#include "xnn/nn/containers.hpp"

namespace xnn::nn {

/// What stands between the two linear layers of a transformer's block: "relu" or "gelu".
struct TransformerActivation {
    bool is_gelu;

    constexpr TransformerActivation(const char* name) : is_gelu(std::string_view(name) == "gelu") {
        if (!is_gelu && std::string_view(name) != "relu") fail("activation", "relu or gelu", name);
    }
    /// From its member, as nvcc writes a template argument in the source that it hands on.
    template <std::same_as<bool> Bool>
    constexpr TransformerActivation(Bool member) : is_gelu(member) {}
    friend constexpr bool operator==(const TransformerActivation&, const TransformerActivation&) = default;
};

/// The arguments of a transformer's layers that decide what they hold and do, with PyTorch's names and defaults. dropout and
/// layer_norm_eps are numbers: arguments of constructors.
struct TransformerOptions {
    index_t dim_feedforward = 2048;
    TransformerActivation activation = "relu";
    bool batch_first = false;
    bool norm_first = false;
    bool bias = true;
};

namespace detail {

/// Self-attention by masks, or by whatever else knows how to attend (a key-value cache).
template <class Attention, class X, class How>
constexpr auto attend_to_self(const Attention& attention, X x, const How& how) {
    if constexpr (requires { how.attend(attention, std::move(x)); })
        return how.attend(attention, std::move(x));
    else
        return attention.self_attention(std::move(x), how);
}
/// What one layer of several is to use of it.
template <class How>
constexpr decltype(auto) how_of_layer(const How& how, std::size_t layer) {
    if constexpr (requires { how.of_layer(layer); })
        return how.of_layer(layer);
    else
        return (how);
}

template <TransformerActivation A, class X>
constexpr auto activate(X x) {
    if constexpr (A.is_gelu)
        return gelu(std::move(x));
    else
        return relu(std::move(x));
}

template <class T>
inline constexpr bool is_attention_masks = false;
template <class A, class P>
inline constexpr bool is_attention_masks<AttentionMasks<A, P>> = true;

/// An array of copies.
template <class Layer, std::size_t... I>
std::array<Layer, sizeof...(I)> copies(const Layer& layer, std::index_sequence<I...>) {
    return {((void)I, layer)...};
}

/// The type of a transformer's normalisations.
template <index_t DModel, TransformerOptions Options, class T, class Device>
using TransformerNorm = LayerNorm<Shape<DModel>, LayerNormOptions{.bias = Options.bias}, T, Device>;

}  // namespace detail

/// What is known about how a layer attends: masks, or an object with attend(attention, x).
template <class How>
concept AttentionHow = detail::is_attention_masks<How> || requires(const How& how) { how.xnn_attends(); };

/// Self-attention and two linear layers, each with a residual connection and a normalisation: [L, batch, DModel] → the same;
/// with batch_first [batch, L, DModel]; the batch may be absent. With norm_first
///     x = x + dropout(self_attn(norm1(x))),  x = x + dropout(linear2(dropout(activation(linear1(norm2(x))))))
/// else each norm comes behind its sum. `layer(src)`, `layer(src, AttentionMasks{}.is_causal())`.
/// https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html
template <index_t DModel, index_t NHead, TransformerOptions Options = TransformerOptions{}, Floating T = float, class Device = DefaultDevice>
struct TransformerEncoderLayer : Module<TransformerEncoderLayer<DModel, NHead, Options, T, Device>> {
    using expects = Expects<LastExtent<DModel>>;  // of 2 or 3 dimensions

    MultiheadAttention<DModel, NHead, MultiheadAttentionOptions{.bias = Options.bias, .batch_first = Options.batch_first}, T, Device> self_attn;
    Linear<DModel, Options.dim_feedforward, Options.bias, T, Device> linear1;
    Dropout dropout;
    Linear<Options.dim_feedforward, DModel, Options.bias, T, Device> linear2;
    detail::TransformerNorm<DModel, Options, T, Device> norm1;
    detail::TransformerNorm<DModel, Options, T, Device> norm2;
    Dropout dropout1;
    Dropout dropout2;

    TransformerEncoderLayer() : TransformerEncoderLayer(0.1) {}
    explicit TransformerEncoderLayer(double p, double layer_norm_eps = 1e-5)
        : self_attn(p), dropout(p), norm1(layer_norm_eps), norm2(layer_norm_eps), dropout1(p), dropout2(p) {}

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        f("self_attn", self.self_attn);
        f("linear1", self.linear1);
        f("dropout", self.dropout);
        f("linear2", self.linear2);
        f("norm1", self.norm1);
        f("norm2", self.norm2);
        f("dropout1", self.dropout1);
        f("dropout2", self.dropout2);
    }

    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x) {
        if constexpr (R != 2 && R != 3)
            return false;
        else
            return fits(x[R - 1], DModel);
    }

    using Module<TransformerEncoderLayer>::operator();
    template <Operand X, AttentionHow How>
    constexpr auto operator()(X&& src, const How& how) const { return forward(operand(std::forward<X>(src)), how); }

    template <class X, class How = AttentionMasks<>>
    constexpr auto forward(X x, const How& how = {}) const {
        if constexpr (Options.norm_first) {
            auto h = x + dropout1(detail::attend_to_self(self_attn, norm1(x), how));
            return h + feed_forward(norm2(h));
        } else {
            auto h = norm1(x + dropout1(detail::attend_to_self(self_attn, operand(x), how)));
            return norm2(h + feed_forward(operand(h)));
        }
    }

private:
    template <class X>
    constexpr auto feed_forward(X x) const { return dropout2(linear2(dropout(detail::activate<Options.activation>(linear1(std::move(x)))))); }
};

/// What a stack of layers without a norm behind it has in its place.
struct NoNorm {};

/// NumLayers encoder layers, and a norm behind them unless Norm is NoNorm: `TransformerEncoder<Layer, 6, LayerNorm<Shape<512>>>`.
/// Names: layers.0.…, layers.1.…, norm.…
/// https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html
template <class Layer, std::size_t NumLayers, class Norm = NoNorm>
struct TransformerEncoder : Module<TransformerEncoder<Layer, NumLayers, Norm>> {
    using expects = typename Layer::expects;

    std::array<Layer, NumLayers> layers;
    Norm norm;

    /// New layers.
    TransformerEncoder() = default;
    /// Copies of a layer, with its values, as PyTorch makes them.
    explicit TransformerEncoder(const Layer& encoder_layer, Norm last = Norm{})
        : layers(detail::copies(encoder_layer, std::make_index_sequence<NumLayers>{})), norm(std::move(last)) {}

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        f("layers", self.layers);
        if constexpr (AnyModule<Norm>) f("norm", self.norm);
    }

    static constexpr bool accepts(const auto& x) { return Layer::accepts(x); }

    using Module<TransformerEncoder>::operator();
    template <Operand X, AttentionHow How>
    constexpr auto operator()(X&& src, const How& how) const { return forward(operand(std::forward<X>(src)), how); }

    template <class X, class How = AttentionMasks<>>
    constexpr auto forward(X x, const How& how = {}) const {
        auto y = through_blocks(layers, std::move(x), [&](const Layer& layer, std::size_t i, auto h) {
            return layer.forward(std::move(h), detail::how_of_layer(how, i));
        });
        if constexpr (AnyModule<Norm>)
            return norm(std::move(y));
        else
            return y;
    }
};

/// Self-attention, attention to an encoder's output ("memory"), and two linear layers: tgt [L, batch, DModel], memory
/// [S, batch, DModel] → [L, batch, DModel]. `layer(tgt, memory)`, `layer(tgt, memory, tgt_masks, memory_masks)`.
/// https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html
template <index_t DModel, index_t NHead, TransformerOptions Options = TransformerOptions{}, Floating T = float, class Device = DefaultDevice>
struct TransformerDecoderLayer : Module<TransformerDecoderLayer<DModel, NHead, Options, T, Device>> {
    using expects = Expects<LastExtent<DModel>, LastExtent<DModel>>;  // of 2 or 3 dimensions
    using Attention = MultiheadAttention<DModel, NHead, MultiheadAttentionOptions{.bias = Options.bias, .batch_first = Options.batch_first}, T, Device>;

    Attention self_attn;
    Attention multihead_attn;
    Linear<DModel, Options.dim_feedforward, Options.bias, T, Device> linear1;
    Dropout dropout;
    Linear<Options.dim_feedforward, DModel, Options.bias, T, Device> linear2;
    detail::TransformerNorm<DModel, Options, T, Device> norm1;
    detail::TransformerNorm<DModel, Options, T, Device> norm2;
    detail::TransformerNorm<DModel, Options, T, Device> norm3;
    Dropout dropout1;
    Dropout dropout2;
    Dropout dropout3;

    TransformerDecoderLayer() : TransformerDecoderLayer(0.1) {}
    explicit TransformerDecoderLayer(double p, double layer_norm_eps = 1e-5)
        : self_attn(p), multihead_attn(p), dropout(p), norm1(layer_norm_eps), norm2(layer_norm_eps), norm3(layer_norm_eps), dropout1(p), dropout2(p), dropout3(p) {}

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        f("self_attn", self.self_attn);
        f("multihead_attn", self.multihead_attn);
        f("linear1", self.linear1);
        f("dropout", self.dropout);
        f("linear2", self.linear2);
        f("norm1", self.norm1);
        f("norm2", self.norm2);
        f("norm3", self.norm3);
        f("dropout1", self.dropout1);
        f("dropout2", self.dropout2);
        f("dropout3", self.dropout3);
    }

    template <std::size_t R, std::size_t M>
    static constexpr bool accepts(const Dims<R>& tgt, const Dims<M>& memory) {
        if constexpr ((R != 2 && R != 3) || M != R)
            return false;
        else
            return fits(tgt[R - 1], DModel) && fits(memory[R - 1], DModel);
    }

    using Module<TransformerDecoderLayer>::operator();
    template <Operand X, Operand M, class A, class P, class MemoryMasks = AttentionMasks<>>
    constexpr auto operator()(X&& tgt, M&& memory, const AttentionMasks<A, P>& tgt_masks, const MemoryMasks& memory_masks = {}) const {
        return forward(operand(std::forward<X>(tgt)), operand(std::forward<M>(memory)), tgt_masks, memory_masks);
    }

    template <class X, class M, class TgtMasks = AttentionMasks<>, class MemoryMasks = AttentionMasks<>>
    constexpr auto forward(X x, M memory, const TgtMasks& tgt_masks = {}, const MemoryMasks& memory_masks = {}) const {
        if constexpr (Options.norm_first) {
            auto h = x + dropout1(self_attn.self_attention(norm1(x), tgt_masks));
            auto k = h + dropout2(multihead_attn(norm2(h), memory, memory, memory_masks));
            return k + feed_forward(norm3(k));
        } else {
            auto h = norm1(x + dropout1(self_attn.self_attention(operand(x), tgt_masks)));
            auto k = norm2(h + dropout2(multihead_attn(h, memory, memory, memory_masks)));
            return norm3(k + feed_forward(operand(k)));
        }
    }

private:
    template <class X>
    constexpr auto feed_forward(X x) const { return dropout3(linear2(dropout(detail::activate<Options.activation>(linear1(std::move(x)))))); }
};

/// NumLayers decoder layers, and a norm behind them unless Norm is NoNorm.
/// https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html
template <class Layer, std::size_t NumLayers, class Norm = NoNorm>
struct TransformerDecoder : Module<TransformerDecoder<Layer, NumLayers, Norm>> {
    using expects = typename Layer::expects;

    std::array<Layer, NumLayers> layers;
    Norm norm;

    /// New layers.
    TransformerDecoder() = default;
    /// Copies of a layer, with its values, as PyTorch makes them.
    explicit TransformerDecoder(const Layer& decoder_layer, Norm last = Norm{})
        : layers(detail::copies(decoder_layer, std::make_index_sequence<NumLayers>{})), norm(std::move(last)) {}

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        f("layers", self.layers);
        if constexpr (AnyModule<Norm>) f("norm", self.norm);
    }

    static constexpr bool accepts(const auto& tgt, const auto& memory) { return Layer::accepts(tgt, memory); }

    using Module<TransformerDecoder>::operator();
    template <Operand X, Operand M, class A, class P, class MemoryMasks = AttentionMasks<>>
    constexpr auto operator()(X&& tgt, M&& memory, const AttentionMasks<A, P>& tgt_masks, const MemoryMasks& memory_masks = {}) const {
        return forward(operand(std::forward<X>(tgt)), operand(std::forward<M>(memory)), tgt_masks, memory_masks);
    }

    template <class X, class M, class TgtMasks = AttentionMasks<>, class MemoryMasks = AttentionMasks<>>
    constexpr auto forward(X x, M memory, const TgtMasks& tgt_masks = {}, const MemoryMasks& memory_masks = {}) const {
        const auto shared = operand(memory);  // evaluated once for all layers
        auto y = through_blocks(layers, std::move(x), [&](const Layer& layer, std::size_t, auto h) {
            return layer.forward(std::move(h), shared, tgt_masks, memory_masks);
        });
        if constexpr (AnyModule<Norm>)
            return norm(std::move(y));
        else
            return y;
    }
};

/// How many layers a Transformer has, with PyTorch's names and defaults.
struct TransformerSizes {
    std::size_t num_encoder_layers = 6;
    std::size_t num_decoder_layers = 6;
};

/// An encoder and a decoder, each with a norm behind its layers: src [S, batch, DModel], tgt [L, batch, DModel] →
/// [L, batch, DModel]. `transformer(src, tgt)`, `transformer(src, tgt, src_masks, tgt_masks, memory_masks)`.
/// https://pytorch.org/docs/stable/generated/torch.nn.Transformer.html
template <index_t DModel = 512, index_t NHead = 8, TransformerSizes Sizes = TransformerSizes{}, TransformerOptions Options = TransformerOptions{},
          Floating T = float, class Device = DefaultDevice>
struct Transformer : Module<Transformer<DModel, NHead, Sizes, Options, T, Device>> {
    using EncoderLayer = TransformerEncoderLayer<DModel, NHead, Options, T, Device>;
    using DecoderLayer = TransformerDecoderLayer<DModel, NHead, Options, T, Device>;
    using Norm = detail::TransformerNorm<DModel, Options, T, Device>;
    using expects = Expects<LastExtent<DModel>, LastExtent<DModel>>;  // of 2 or 3 dimensions

    TransformerEncoder<EncoderLayer, Sizes.num_encoder_layers, Norm> encoder;
    TransformerDecoder<DecoderLayer, Sizes.num_decoder_layers, Norm> decoder;

    Transformer() : Transformer(0.1) {}
    explicit Transformer(double dropout, double layer_norm_eps = 1e-5)
        : encoder(EncoderLayer(dropout, layer_norm_eps), Norm(layer_norm_eps)), decoder(DecoderLayer(dropout, layer_norm_eps), Norm(layer_norm_eps)) {
        reset_parameters();
    }

    /// Every matrix by xavier_uniform_.
    void reset_parameters() {
        visit_parameters(*this, [](const Path&, auto& parameter) {
            if constexpr (std::remove_cvref_t<decltype(parameter)>::shape_type::rank > 1) init::xavier_uniform_(parameter);
        });
    }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        f("encoder", self.encoder);
        f("decoder", self.decoder);
    }

    static constexpr bool accepts(const auto& src, const auto& tgt) { return DecoderLayer::accepts(tgt, src); }

    using Module<Transformer>::operator();
    template <Operand X, Operand Y, class A, class P, class TgtMasks = AttentionMasks<>, class MemoryMasks = AttentionMasks<>>
    constexpr auto operator()(X&& src, Y&& tgt, const AttentionMasks<A, P>& src_masks, const TgtMasks& tgt_masks = {},
                              const MemoryMasks& memory_masks = {}) const {
        return forward(operand(std::forward<X>(src)), operand(std::forward<Y>(tgt)), src_masks, tgt_masks, memory_masks);
    }

    template <class X, class Y, class SrcMasks = AttentionMasks<>, class TgtMasks = AttentionMasks<>, class MemoryMasks = AttentionMasks<>>
    constexpr auto forward(X src, Y tgt, const SrcMasks& src_masks = {}, const TgtMasks& tgt_masks = {}, const MemoryMasks& memory_masks = {}) const {
        return decoder.forward(std::move(tgt), encoder.forward(std::move(src), src_masks), tgt_masks, memory_masks);
    }

    /// A mask that lets position i see positions 0 … i only: 0 there, -∞ elsewhere.
    static Tensor<T, Shape<dyn, dyn>, Device> generate_square_subsequent_mask(index_t size) {
        Tensor<T, Shape<dyn, dyn>, Device> mask(Shape<dyn, dyn>(size, size));
        for (index_t i = 0; i < size; ++i)
            for (index_t j = 0; j < size; ++j) mask(i, j) = static_cast<T>(j > i ? -std::numeric_limits<compute_t<T>>::infinity() : compute_t<T>(0));
        return mask;
    }
};

}  // namespace xnn::nn
