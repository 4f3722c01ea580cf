#include "cases.hpp"

namespace onnx_cases {

namespace {

struct Padded : nn::Module<Padded> {
    nn::MultiheadAttention<8, 2> attention;
    auto forward(auto q, auto k, auto hidden) const { return attention(q, k, k, nn::AttentionMasks{}.key_padding_mask(hidden)); }
};
struct Masked : nn::Module<Masked> {
    nn::MultiheadAttention<8, 2> attention;
    auto forward(auto q, auto k, auto mask) const { return attention(q, k, k, nn::AttentionMasks{}.attn_mask(mask)); }
};

}  // namespace

void add_transformers(const Folder& folder) {
    using namespace nn;
    using X = Shape<dyn, dyn, 8>;
    const auto x = uniform<Shape<5, 2, 8>>(1);
    const auto memory = uniform<Shape<3, 2, 8>>(2);
    Tensor<bool, Shape<2, 3>> padding;
    for (index_t i = 0; i < 6; ++i) padding.data()[i] = i == 2 || i == 4;

    folder.add<X, X, X>("MultiheadAttention", MultiheadAttention<8, 2>{}, x, memory, memory);
    folder.add<X, Shape<dyn, dyn, 6>, Shape<dyn, dyn, 4>>(
        "MultiheadAttention_wide", MultiheadAttention<8, 2, MultiheadAttentionOptions{.add_bias_kv = true, .add_zero_attn = true, .kdim = 6, .vdim = 4, .batch_first = false}>{}, x,
        uniform<Shape<3, 2, 6>>(2), uniform<Shape<3, 2, 4>>(3));
    folder.add<Shape<dyn, 8>, Shape<dyn, 8>, Shape<dyn, 8>>("MultiheadAttention_of_one", MultiheadAttention<8, 2, MultiheadAttentionOptions{.bias = false}>{}, uniform<Shape<5, 8>>(1),
                                                           uniform<Shape<3, 8>>(2), uniform<Shape<3, 8>>(2));

    folder.add<X, X, Tensor<bool, Shape<dyn, dyn>>>("MultiheadAttention_padding", Padded{}, x, memory, padding);
    folder.add<X, X, Shape<dyn, dyn>>("MultiheadAttention_mask", Masked{}, x, memory, uniform<Shape<5, 3>>(4));
    folder.add<X, X, Shape<dyn, dyn, dyn>>("MultiheadAttention_masks_of_heads", Masked{}, x, memory, uniform<Shape<4, 5, 3>>(4));

    constexpr TransformerOptions options{.dim_feedforward = 12};
    folder.add<X>("TransformerEncoderLayer", TransformerEncoderLayer<8, 2, options>{}, x);
    folder.add<Shape<dyn, 5, 8>>("TransformerEncoder",
                                 TransformerEncoder<TransformerEncoderLayer<8, 2, TransformerOptions{.dim_feedforward = 12, .activation = "gelu", .batch_first = true, .norm_first = true}>,
                                                    2, LayerNorm<Shape<8>>>{TransformerEncoderLayer<8, 2, TransformerOptions{.dim_feedforward = 12, .activation = "gelu", .batch_first = true, .norm_first = true}>{}},
                                 uniform<Shape<2, 5, 8>>(1));
    folder.add<X, X>("TransformerDecoderLayer", TransformerDecoderLayer<8, 2, options>{}, x, memory);
    folder.add<X, X>("Transformer", nn::Transformer<8, 2, TransformerSizes{2, 2}, options>{}, memory, x);

    using H = Shape<dyn, 4, dyn, 8>;
    const auto q = uniform<Shape<2, 4, 5, 8>>(1);
    const auto k = uniform<Shape<2, 4, 3, 8>>(2), v = uniform<Shape<2, 4, 3, 8>>(3);
    folder.add<H, H, H>("scaled_dot_product_attention", Function([](auto a, auto b, auto c) { return F::scaled_dot_product_attention(a, b, c); }), q, k, v);
    folder.add<H, H, H>("scaled_dot_product_attention_causal",
                        Function([](auto a, auto b, auto c) { return F::scaled_dot_product_attention(a, b, c, AttentionOptions{.is_causal = true, .scale = 0.3}); }), q, k, v);
    folder.add<H, H, H, Tensor<bool, Shape<dyn, dyn>>>("scaled_dot_product_attention_mask",
                                                       Function([](auto a, auto b, auto c, auto mask) { return F::scaled_dot_product_attention(a, b, c, mask); }), q, k, v,
                                                       integers<bool, Shape<5, 3>>(4, 2));
    folder.add<H, Shape<dyn, 2, dyn, 8>, Shape<dyn, 2, dyn, 8>>(
        "scaled_dot_product_attention_grouped", Function([](auto a, auto b, auto c) { return F::scaled_dot_product_attention<true>(a, b, c); }), q, uniform<Shape<2, 2, 3, 8>>(2),
        uniform<Shape<2, 2, 3, 8>>(3));
}

}  // namespace onnx_cases
