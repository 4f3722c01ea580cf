// RMSNorm, and the options of Embedding.
#include <catch2/catch.hpp>

#include "../support/arrays.hpp"
#include "../support/errors.hpp"
#include "../support/module_fixture.hpp"
#include "xnn/nn/rms_norm.hpp"
#include "xnn/nn/sparse.hpp"
#include "xnn/nn/traits.hpp"

using namespace xnn;
using nn::RMSNorm;
using nn::RMSNormOptions;

namespace {

const Fixture& gpt_layers() {
    static const Fixture fixture("gpt_layers.safetensors");
    return fixture;
}
const auto call = [](auto& module, auto& x) { return module(x); };

template <class T, AnyShape S, class Norm>
void check_norm(const std::string& name, Norm&& norm) {
    check_module<T, S>(gpt_layers(), name, norm, call);
}

template <class T, index_t PaddingIdx = nn::no_padding>
void check_embedding(const std::string& name, const nn::EmbeddingOptions& options) {
    INFO(name << " in " << name_of(dtype_of<T>));
    const auto& fixture = gpt_layers();
    nn::Embedding<6, 3, PaddingIdx, T> embedding(options);
    load_parameters(fixture, embedding, name + "/p/");
    const auto indices = fixture.tensor<std::int64_t, Shape<2, 3>>(name + "/x0");
    const auto y = embedding(indices);
    y.backward(fixture.tensor<T, Shape<2, 3, 3>>(name + "/gy").view());
    fixture.require_close(y.value().data, 18, name + "/y", tolerance_of<T>);
    fixture.require_close(embedding.weight.data(), 18, name + "/after/weight", tolerance_of<T>);
    fixture.require_close(embedding.weight.grad().data(), 18, name + "/g/weight", tolerance_of<T>);
}

}  // namespace

TEMPLATE_TEST_CASE("RMSNorm is PyTorch's", "[nn]", float, double, bfloat16) {
    using T = TestType;
    check_norm<T, Shape<3, 4, 5>>("RMSNorm", RMSNorm<Shape<5>, RMSNormOptions{}, T>(1e-3));
    check_norm<T, Shape<3, 4, 5>>("RMSNorm 2", RMSNorm<Shape<4, 5>, RMSNormOptions{}, T>(1e-5));
    check_norm<T, Shape<6, 37>>("RMSNorm long", RMSNorm<Shape<37>, RMSNormOptions{}, T>(1e-5));
    check_norm<T, Shape<3, 4, 5>>("RMSNorm plain", RMSNorm<Shape<5>, RMSNormOptions{.elementwise_affine = false}, T>(1e-5));
    static_assert(!accepts<RMSNorm<Shape<5>>, Shape<3, 4>>);
    REQUIRE(RMSNorm<Shape<5>>{}.eps == static_cast<double>(std::numeric_limits<float>::epsilon()));
}

TEMPLATE_TEST_CASE("Embedding's options are PyTorch's", "[nn]", float, double) {
    using T = TestType;
    check_embedding<T>("Embedding max_norm", {.max_norm = 1});
    check_embedding<T>("Embedding norm_type", {.max_norm = 0.8, .norm_type = 1});
    check_embedding<T>("Embedding norm 3", {.max_norm = 0.8, .norm_type = 3});
    check_embedding<T, 2>("Embedding by frequency", {.scale_grad_by_freq = true});
}

TEST_CASE("an index outside of the table scales no row", "[nn]") {
    nn::Embedding<3, 2> embedding({.max_norm = 0.01});
    const auto before = values(embedding.weight);
    const Tensor<std::int64_t, Shape<2>> indices{0, 3};
    REQUIRE_ERROR(embedding(indices).value(), "embedding", "[0, 3)", "3 at position 1");
    REQUIRE(values(embedding.weight) == before);
    REQUIRE_ERROR((nn::Embedding<3, 2>{{.max_norm = -1}}), "Embedding", "max_norm");
}
