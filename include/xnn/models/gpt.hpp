// A language model: a causal transformer that says which token comes next.
// Radford et al., Language models are unsupervised multitask learners, 2019.
#pragma once

#include "xnn/nn/key_value_cache.hpp"
#include "xnn/nn/sparse.hpp"
#include "xnn/nn/transformer.hpp"

namespace xnn::models {

/// The sizes of a GPT; those of the smallest GPT-2 by default.
struct GptOptions {
    std::size_t layers = 12;
    index_t heads = 12;
    index_t width = 768;
    index_t context = 1024;      ///< the longest sequence
    index_t vocabulary = 50257;  ///< how many different tokens there are
    bool tie_weights = false;    ///< the last layer's weight is that of token_embedding
};

/// tokens [batch, length], integers → logits [batch, length, vocabulary] of what follows each token, given those up to it.
/// Pre-norm blocks with GELU and four times the width in between, learned positions: `Gpt<options> model{dropout}`.
///
/// Its state is that of a PyTorch module with token_embedding and position_embedding (nn.Embedding), encoder
/// (nn.TransformerEncoder of norm_first layers with a final LayerNorm) and head (nn.Linear without bias). Matrices begin normal
/// with deviation 0.02, those that end a residual branch with less by the root of their number.
template <GptOptions Options, Floating T = float, class Device = DefaultDevice>
struct Gpt : nn::Module<Gpt<Options, T, Device>> {
    static constexpr GptOptions options = Options;
    static constexpr nn::TransformerOptions block_options{
        .dim_feedforward = 4 * Options.width, .activation = "gelu", .batch_first = true, .norm_first = true};
    using Block = nn::TransformerEncoderLayer<Options.width, Options.heads, block_options, T, Device>;
    using Norm = nn::LayerNorm<Shape<Options.width>, nn::LayerNormOptions{}, T, Device>;
    using expects = Expects<Shape<dyn, Options.context>>;  // or shorter
    /// Room for what generate() has seen, or for less of it.
    template <index_t Capacity = Options.context, index_t Batch = 1>
    using Cache = nn::KeyValueCache<Options.layers, Capacity, Options.width, Batch, T, Device>;

    nn::Embedding<Options.vocabulary, Options.width, nn::no_padding, T, Device> token_embedding;
    nn::Embedding<Options.context, Options.width, nn::no_padding, T, Device> position_embedding;
    nn::Dropout dropout;
    nn::TransformerEncoder<Block, Options.layers, Norm> encoder;
    nn::Linear<Options.width, Options.vocabulary, false, T, Device> head;

    Gpt() : Gpt(0.0) {}
    explicit Gpt(double p) : dropout(p), encoder(Block(p)) {
        reset_parameters();
        if constexpr (Options.tie_weights) head.weight.tie(token_embedding.weight);
    }

    /// The values that a new model has.
    void reset_parameters() {
        constexpr double deviation = 0.02;
        nn::visit_parameters(*this, [](const nn::Path& path, auto& parameter) {
            if constexpr (std::remove_cvref_t<decltype(parameter)>::shape_type::rank == 2)
                nn::init::normal_(parameter, 0, deviation);
            else if (path.name == "bias" || path.name == "in_proj_bias")
                nn::init::zeros_(parameter);
        });
        const double branches = 2 * static_cast<double>(Options.layers);
        for (auto& block : encoder.layers) {
            nn::init::normal_(block.self_attn.out_proj.weight, 0, deviation / std::sqrt(branches));
            nn::init::normal_(block.linear2.weight, 0, deviation / std::sqrt(branches));
        }
    }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        f("token_embedding", self.token_embedding);
        f("position_embedding", self.position_embedding);
        f("dropout", self.dropout);
        f("encoder", self.encoder);
        f("head", self.head);
    }

    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& tokens) {
        if constexpr (R != 2)
            return false;
        else
            return tokens[1] <= Options.context;
    }

    template <class X>
    constexpr auto forward(X tokens) const {
        return head(encoder(embed(std::move(tokens), 0), nn::AttentionMasks{}.is_causal()));
    }

    /// The logits of what follows the last of these tokens [batch, length], which stand behind those in the cache; they are in it
    /// afterwards. Throws Error, and changes nothing, if they do not fit into the cache or the context, or are no tokens.
    template <index_t Capacity, index_t Batch, Operand X>
    auto next_logits(X&& tokens, nn::KeyValueCache<Options.layers, Capacity, Options.width, Batch, T, Device>& cache) const {
        const NoGradGuard no_grad;
        auto input = operand(std::forward<X>(tokens));
        const index_t length = input.shape().extent(1);
        if (length < 1) fail("Gpt", "at least one token", "none");
        cache.require_room(length);
        const auto h = encoder(embed(std::move(input), cache.length()), cache);
        Tensor<T, Shape<Batch, Options.vocabulary>, Device> logits = head(select<1>(h, length - 1));
        cache.advance(length);
        return logits;
    }

private:
    /// The sum of the embeddings of tokens and of their positions, of which the first is number `past`.
    template <class X>
    constexpr auto embed(X tokens, index_t past) const {
        const index_t length = tokens.shape().extent(1);
        if (length != dyn && past + length > Options.context)
            fail("Gpt", "at most " + std::to_string(Options.context) + " tokens", std::to_string(past + length));
        auto place = positions(tokens, past);
        return dropout(token_embedding(std::move(tokens)) + std::move(place));
    }
    /// The rows of position_embedding for these tokens.
    template <class X>
    constexpr auto positions(const X& tokens, index_t past) const {
        constexpr index_t known = shape_t<X>::static_extents[1];
        if constexpr (is_meta<X> && known != dyn)
            return nn::detail::rows_beside<0, known, X>(position_embedding.weight);
        else if constexpr (known == Options.context)
            return operand(position_embedding.weight);
        else
            return narrow_beside<0, 1>(position_embedding.weight, tokens, past);
    }
};

}  // namespace xnn::models
