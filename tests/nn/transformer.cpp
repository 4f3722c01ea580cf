#include "xnn/nn/transformer.hpp"

#include <catch2/catch.hpp>

#include "../support/arrays.hpp"
#include "../support/module_fixture.hpp"
#include "xnn/nn/traits.hpp"

using namespace xnn;
using nn::AttentionMasks;
using nn::TransformerOptions;

namespace {

constexpr TransformerOptions small{.dim_feedforward = 10};
constexpr TransformerOptions first{.dim_feedforward = 10, .activation = "gelu", .batch_first = true, .norm_first = true};
constexpr TransformerOptions unbiased{.dim_feedforward = 10, .activation = "gelu", .batch_first = true, .norm_first = true, .bias = false};

}  // namespace

TEMPLATE_TEST_CASE("TransformerEncoderLayer is PyTorch's", "[nn]", float, double) {
    using T = TestType;
    nn::TransformerEncoderLayer<6, 2, small, T> layer(0);
    check_transformer<T, Shape<4, 3, 6>>("encoder layer", layer, call);
    check_transformer<T, Shape<3, 4, 6>>("encoder layer first", nn::TransformerEncoderLayer<6, 2, unbiased, T>(0, 1e-3), call);
    const auto mask = later_positions<4>();
    const auto padding = flags_of<Shape<3, 4>>(transformer_fixture(), "encoder layer masks/padding");
    const auto masks = AttentionMasks{}.attn_mask(mask).key_padding_mask(padding);
    check_transformer<T, Shape<4, 3, 6>>("encoder layer masks", layer, [&](auto& l, auto& x) { return l(x, masks); });
}

TEST_CASE("TransformerDecoderLayer is PyTorch's", "[nn]") {
    using T = double;
    check_transformer<T, Shape<4, 3, 6>, Shape<5, 3, 6>>("decoder layer", nn::TransformerDecoderLayer<6, 2, small, T>(0), call);
    check_transformer<T, Shape<3, 4, 6>, Shape<3, 5, 6>>("decoder layer first", nn::TransformerDecoderLayer<6, 2, first, T>(0),
                                             [](auto& layer, auto& x, auto& memory) { return layer(x, memory, AttentionMasks{}.is_causal()); });
}

TEST_CASE("transformer layers take one sequence without a batch", "[nn]") {
    using T = double;
    constexpr nn::TransformerOptions first_norm{.dim_feedforward = 10, .norm_first = true};
    check_transformer<T, Shape<4, 6>>("encoder layer unbatched", nn::TransformerEncoderLayer<6, 2, small, T>(0), call);
    check_transformer<T, Shape<4, 6>, Shape<5, 6>>("decoder layer unbatched", nn::TransformerDecoderLayer<6, 2, first_norm, T>(0), call);
}

TEST_CASE("Transformer is PyTorch's", "[nn]") {
    using T = double;
    using Model = nn::Transformer<6, 2, nn::TransformerSizes{2, 2}, small, T>;
    Model model(0);
    const auto mask = Model::generate_square_subsequent_mask(4);
    const auto padding = flags_of<Shape<3, 5>>(transformer_fixture(), "transformer/padding");
    const auto hidden = AttentionMasks{}.key_padding_mask(padding);
    check_transformer<T, Shape<5, 3, 6>, Shape<4, 3, 6>>("transformer", model, [&](auto& m, auto& src, auto& tgt) {
        return m(src, tgt, hidden, AttentionMasks{}.attn_mask(mask), hidden);
    });
}

TEST_CASE("a TransformerEncoder copies its layer, as PyTorch's does", "[nn]") {
    using Layer = nn::TransformerEncoderLayer<8, 2, small>;
    Layer layer(0.3);
    nn::TransformerEncoder<Layer, 3> encoder(layer);
    REQUIRE(encoder.layers[2].linear1.weight.value()(1, 2) == layer.linear1.weight.value()(1, 2));
    REQUIRE(encoder.layers[1].dropout.p == 0.3);
    REQUIRE(encoder.layers[0].linear1.weight.storage() != encoder.layers[1].linear1.weight.storage());
    const nn::TransformerEncoder<Layer, 2> fresh;
    REQUIRE(fresh.layers[0].linear1.weight.value()(1, 2) != fresh.layers[1].linear1.weight.value()(1, 2));
    static_assert(std::same_as<output_of<decltype(encoder), Shape<dyn, dyn, 8>>, Shape<dyn, dyn, 8>>);
    static_assert(!accepts<decltype(encoder), Shape<dyn, dyn, 9>>);
}
