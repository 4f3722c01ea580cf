#include "xnn/nn/attention.hpp"

#include <catch2/catch.hpp>

#include "../support/arrays.hpp"
#include "../support/errors.hpp"
#include "../support/module_fixture.hpp"
#include "xnn/nn/traits.hpp"

using namespace xnn;
using nn::AttentionMasks;
using nn::MultiheadAttention;
using nn::MultiheadAttentionOptions;

namespace {

/// Weights, beside an output that is compared as usual.
template <bool Average>
auto with_weights(const std::string& name, const auto& masks) {
    return [name, masks](auto& attention, auto& q, auto& k, auto& v) {
        auto [output, weights] = attention.template with_weights<Average>(q, k, v, masks);
        transformer_fixture().require_close(weights.value().data, weights.value().size(), name + "/weights", 1e-5);
        return output;
    };
}

}  // namespace

TEMPLATE_TEST_CASE("MultiheadAttention is PyTorch's", "[nn]", float, double) {
    using T = TestType;
    MultiheadAttention<6, 2, MultiheadAttentionOptions{}, T> plain;
    check_transformer<T, Shape<4, 3, 6>, Shape<5, 3, 6>, Shape<5, 3, 6>>("mha", plain, call);
    check_transformer<T, Shape<4, 3, 6>, Shape<5, 3, 6>, Shape<5, 3, 6>>("mha", plain, with_weights<true>("mha", AttentionMasks{}));
    MultiheadAttention<6, 3, MultiheadAttentionOptions{.bias = false, .batch_first = true}, T> first;
    check_transformer<T, Shape<2, 4, 6>, Shape<2, 5, 6>, Shape<2, 5, 6>>("mha first", first, call);
    check_transformer<T, Shape<2, 4, 6>, Shape<2, 5, 6>, Shape<2, 5, 6>>("mha first", first, with_weights<false>("mha first", AttentionMasks{}));
    MultiheadAttention<6, 2, MultiheadAttentionOptions{.kdim = 4, .vdim = 3, .batch_first = true}, T> dims;
    check_transformer<T, Shape<2, 4, 6>, Shape<2, 5, 4>, Shape<2, 5, 3>>("mha kdim", dims, call);
    check_transformer<T, Shape<4, 6>, Shape<5, 6>, Shape<5, 6>>("mha unbatched", plain, call);
    check_transformer<T, Shape<4, 6>, Shape<5, 6>, Shape<5, 6>>("mha unbatched", plain, with_weights<true>("mha unbatched", AttentionMasks{}));
}

TEMPLATE_TEST_CASE("self-attention is MultiheadAttention of one array", "[nn]", float, double) {
    using T = TestType;
    MultiheadAttention<6, 2, MultiheadAttentionOptions{}, T> attention;
    check_transformer<T, Shape<4, 3, 6>>("mha self", attention, [](auto& a, auto& x) { return a(x, x, x); });
    check_transformer<T, Shape<4, 3, 6>>("mha self", attention, [](auto& a, auto& x) { return a.self_attention(operand(x)); });
    check_transformer<T, Shape<4, 3, 6>>("mha causal", attention, [](auto& a, auto& x) { return a.self_attention(operand(x), AttentionMasks{}.is_causal()); });
    const auto mask = later_positions<4>();
    check_transformer<T, Shape<4, 3, 6>>("mha causal", attention, [&](auto& a, auto& x) { return a(x, x, x, AttentionMasks{}.attn_mask(mask)); });
}

TEMPLATE_TEST_CASE("MultiheadAttention takes PyTorch's masks", "[nn]", float, double) {
    using T = TestType;
    const auto attn = transformer_fixture().tensor<T, Shape<4, 4, 5>>("mha masks/attn");
    const auto padding = flags_of<Shape<2, 5>>(transformer_fixture(), "mha masks/padding");
    MultiheadAttention<6, 2, MultiheadAttentionOptions{.batch_first = true}, T> attention;
    const auto masks = AttentionMasks{}.attn_mask(attn).key_padding_mask(padding);
    using S = Shape<2, 5, 6>;
    check_transformer<T, Shape<2, 4, 6>, S, S>("mha masks", attention, [&](auto& a, auto& q, auto& k, auto& v) { return a(q, k, v, masks); });
    check_transformer<T, Shape<2, 4, 6>, S, S>("mha masks", attention, with_weights<true>("mha masks", masks));
}

TEMPLATE_TEST_CASE("MultiheadAttention adds keys and values as PyTorch does", "[nn]", float, double) {
    using T = TestType;
    using S = Shape<5, 3, 6>;
    const auto both = [](const std::string& name, auto& attention, const auto& masks, auto q, auto k, auto v) {
        using Q = typename decltype(q)::type;
        using K = typename decltype(k)::type;
        using V = typename decltype(v)::type;
        check_transformer<T, Q, K, V>(name, attention, [&](auto& a, auto& x, auto& y, auto& z) { return a(x, y, z, masks); });
        check_transformer<T, Q, K, V>(name, attention, with_weights<true>(name, masks));
    };
    const auto shape = []<class X>(X) { return std::type_identity<X>{}; };
    MultiheadAttention<6, 2, MultiheadAttentionOptions{.add_bias_kv = true}, T> bias;
    both("mha bias_kv", bias, AttentionMasks{}, shape(Shape<4, 3, 6>{}), shape(S{}), shape(S{}));
    MultiheadAttention<6, 3, MultiheadAttentionOptions{.add_zero_attn = true, .kdim = 4, .batch_first = true}, T> zero;
    both("mha zero_attn", zero, AttentionMasks{}, shape(Shape<2, 4, 6>{}), shape(Shape<2, 5, 4>{}), shape(Shape<2, 5, 6>{}));
    const auto attn = transformer_fixture().tensor<T, Shape<4, 4, 5>>("mha added keys/attn");
    const auto padding = flags_of<Shape<2, 5>>(transformer_fixture(), "mha added keys/padding");
    MultiheadAttention<6, 2, MultiheadAttentionOptions{.add_bias_kv = true, .add_zero_attn = true, .batch_first = true}, T> masked;
    both("mha added keys", masked, AttentionMasks{}.attn_mask(attn).key_padding_mask(padding), shape(Shape<2, 4, 6>{}), shape(Shape<2, 5, 6>{}),
         shape(Shape<2, 5, 6>{}));
    MultiheadAttention<6, 2, MultiheadAttentionOptions{.bias = false, .add_bias_kv = true, .add_zero_attn = true}, T> unbatched;
    both("mha added keys unbatched", unbatched, AttentionMasks{}, shape(Shape<4, 6>{}), shape(Shape<5, 6>{}), shape(Shape<5, 6>{}));
    MultiheadAttention<6, 2, MultiheadAttentionOptions{.add_bias_kv = true, .add_zero_attn = true}, T> self;
    check_transformer<T, Shape<4, 3, 6>>("mha added keys self", self, [](auto& a, auto& x) { return a.self_attention(operand(x)); });
}

TEST_CASE("added keys know their shapes, and refuse is_causal", "[nn]") {
    using Added = MultiheadAttention<8, 2, MultiheadAttentionOptions{.add_bias_kv = true, .add_zero_attn = true, .batch_first = true}>;
    static_assert(std::same_as<output_of<Added, Shape<dyn, 7, 8>, Shape<dyn, dyn, 8>, Shape<dyn, dyn, 8>>, Shape<dyn, 7, 8>>);
    const Added attention;
    const auto x = random_tensor<float>(Shape<2, 6, 8>{});
    REQUIRE_ERROR(attention(x, x, x, AttentionMasks{}.is_causal()), "MultiheadAttention", "is_causal");
    const Tensor<bool, Shape<dyn, dyn>> mask(Shape<dyn, dyn>(6, 7));  // one of the added keys is not the caller's to hide
    REQUIRE_ERROR(attention(x, x, x, AttentionMasks{}.attn_mask(mask)), "multi_head_attention", "(6, 9)");
}

TEST_CASE("MultiheadAttention of lengths known in the run is that of known ones", "[nn]") {
    manual_seed(3);
    MultiheadAttention<16, 4, MultiheadAttentionOptions{.batch_first = true}> attention;
    const auto x = random_tensor<float>(Shape<2, 9, 16>{});
    Tensor<float, Shape<dyn, dyn, 16>> late(Shape<dyn, dyn, 16>(2, 9));
    std::copy_n(x.data(), x.size(), late.data());
    REQUIRE(values(attention(x, x, x)) == values(attention(late, late, late)));
    REQUIRE(values(attention.self_attention(operand(x))) == values(attention.self_attention(operand(late))));
    static_assert(std::same_as<output_of<decltype(attention), Shape<dyn, 7, 16>, Shape<dyn, dyn, 16>, Shape<dyn, dyn, 16>>, Shape<dyn, 7, 16>>);
    static_assert(!accepts<decltype(attention), Shape<2, 7, 16>, Shape<2, 5, 8>, Shape<2, 5, 16>>);
}

TEST_CASE("MultiheadAttention drops weights in training only", "[nn]") {
    MultiheadAttention<8, 2> attention(0.5);
    const auto x = random_tensor<float>(Shape<6, 2, 8>{});
    const auto once = values(attention(x, x, x));
    REQUIRE(values(attention(x, x, x)) != once);
    attention.eval();
    const auto sure = values(attention(x, x, x));
    REQUIRE(values(attention(x, x, x)) == sure);
    REQUIRE_ERROR((MultiheadAttention<8, 2>(-0.1)), "dropout_p", "-0.1");
}

TEST_CASE("masks that do not fit in this run are refused", "[nn]") {
    MultiheadAttention<8, 2> attention;
    const auto x = random_tensor<float>(Shape<6, 2, 8>{});
    const Tensor<bool, Shape<dyn, dyn>> mask(Shape<dyn, dyn>(6, 5));
    REQUIRE_ERROR(attention(x, x, x, AttentionMasks{}.attn_mask(mask)), "multi_head_attention", "(6, 5)");
}
