// EmbeddingBag.
#include <catch2/catch.hpp>

#include "../support/arrays.hpp"
#include "../support/errors.hpp"
#include "../support/fixture.hpp"
#include "xnn/nn/functional.hpp"
#include "xnn/nn/traits.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace xnn;
using nn::EmbeddingBag;
using nn::EmbeddingBagOptions;
using nn::EmbeddingOptions;
using Mode = EmbeddingBagMode;

namespace {

const Fixture& bags() {
    static const Fixture fixture("embeddings.safetensors");
    return fixture;
}

/// Requires that a bag of these arguments is PyTorch's case.
template <class T, class Y, EmbeddingBagOptions Options, class... Arguments>
void check(const std::string& name, const EmbeddingOptions& numbers, const Arguments&... arguments) {
    EmbeddingBag<6, 19, Options, T> bag(numbers);
    bags().copy_into(bag.weight, name + "/p");
    const auto y = bag(arguments...);
    static_assert(std::same_as<typename decltype(y)::shape_type, Y>);
    y.backward(bags().tensor<T, Y>(name + "/gy").view());
    bags().require_close(y.value().data, Y::static_size, name + "/y", tolerance_of<T>);
    bags().require_close(bag.weight.data(), bag.weight.size(), name + "/after", tolerance_of<T>);
    bags().require_close(bag.weight.grad().data(), bag.weight.size(), name + "/g", tolerance_of<T>);
}

template <class T, EmbeddingBagOptions Options>
void check_pairs(const std::string& name, const EmbeddingOptions& numbers = {}) {
    INFO(name << " in " << name_of(dtype_of<T>) << (Options.sparse ? ", sparse" : ""));
    check<T, Shape<2, 19>, Options>(name, numbers, bags().tensor<std::int64_t, Shape<2, 3>>(name + "/x"));
}
template <class T, EmbeddingBagOptions Options>
void check_offsets(const std::string& name, const EmbeddingOptions& numbers = {}) {
    INFO(name << " in " << name_of(dtype_of<T>) << (Options.sparse ? ", sparse" : ""));
    constexpr index_t length = Options.include_last_offset ? 5 : 4;
    check<T, Shape<4, 19>, Options>(name, numbers, bags().tensor<std::int32_t, Shape<7>>(name + "/x"),
                                    bags().tensor<std::int64_t, Shape<length>>(name + "/offsets"));
}
template <class T, Mode M, bool Sparse>
void check_mode(const std::string& mode) {
    check_pairs<T, EmbeddingBagOptions{.mode = M, .sparse = Sparse}>(mode + " pairs");
    check_offsets<T, EmbeddingBagOptions{.mode = M, .sparse = Sparse}>(mode + " offsets");
    check_offsets<T, EmbeddingBagOptions{.mode = M, .sparse = Sparse, .include_last_offset = true}>(mode + " last offset");
    check_offsets<T, EmbeddingBagOptions{.mode = M, .sparse = Sparse, .padding_idx = 2}>(mode + " padding");
    check_pairs<T, EmbeddingBagOptions{.mode = M, .sparse = Sparse}>(mode + " max_norm", {.max_norm = 1.5});
    if constexpr (M != Mode::max)
        check_offsets<T, EmbeddingBagOptions{.mode = M, .sparse = Sparse, .padding_idx = -2}>(mode + " frequency", {.scale_grad_by_freq = true});
}

template <class T, class X, bool Sparse, class... Offsets>
void check_weights(const std::string& name, const Offsets&... offsets) {
    EmbeddingBag<6, 19, EmbeddingBagOptions{.mode = Mode::sum, .sparse = Sparse, .padding_idx = (sizeof...(Offsets) > 0 ? 2 : nn::no_padding)}, T> bag;
    bags().copy_into(bag.weight, name + "/p");
    Parameter<T, X> weights(bags().tensor<T, X>(name + "/weights"));
    const auto y = bag(bags().tensor<std::int64_t, X>(name + "/x"), offsets..., weights);
    using Y = typename decltype(y)::shape_type;
    y.backward(bags().tensor<T, Y>(name + "/gy").view());
    bags().require_close(y.value().data, Y::static_size, name + "/y", tolerance_of<T>);
    bags().require_close(bag.weight.grad().data(), bag.weight.size(), name + "/g", tolerance_of<T>);
    bags().require_close(weights.grad().data(), weights.size(), name + "/gweights", tolerance_of<T>);
}

}  // namespace

TEMPLATE_TEST_CASE("EmbeddingBag is PyTorch's", "[nn]", float, double, bfloat16, float16) {
    using T = TestType;
    check_mode<T, Mode::sum, false>("sum");
    check_mode<T, Mode::mean, false>("mean");
    check_mode<T, Mode::max, false>("max");
    check_weights<T, Shape<2, 3>, false>("sum weighted pairs");
    check_weights<T, Shape<7>, false>("sum weighted offsets", bags().tensor<std::int64_t, Shape<4>>("sum weighted offsets/offsets"));
}

TEMPLATE_TEST_CASE("EmbeddingBag with sparse gradients is PyTorch's", "[nn]", float, double) {
    using T = TestType;
    check_mode<T, Mode::sum, true>("sum");
    check_mode<T, Mode::mean, true>("mean");
    check_weights<T, Shape<7>, true>("sum weighted offsets", bags().tensor<std::int64_t, Shape<4>>("sum weighted offsets/offsets"));
}

TEST_CASE("the gradients of bags are those of finite differences", "[nn]") {
    auto table = random_parameter<Shape<5, 3>>();
    auto weights = random_parameter<Shape<6>>({}, -2, 2, 2);
    const Tensor<std::int64_t, Shape<6>> indices{4, 0, 4, 2, 1, 0};
    Tensor<std::int64_t, Shape<dyn>> offsets(Shape<dyn>(3));
    std::copy_n(std::array{0, 2, 2}.begin(), 3, offsets.data());
    REQUIRE(gradcheck([&](auto& t, auto& w) { return nn::F::embedding_bag<EmbeddingBagOptions{.mode = Mode::sum}>(indices, t, offsets, w); }, table, weights));
    REQUIRE(gradcheck([&](auto& t) { return nn::F::embedding_bag(indices, t, offsets); }, table));
    REQUIRE(gradcheck([&](auto& t) { return nn::F::embedding_bag<EmbeddingBagOptions{.mode = Mode::max}>(indices, t, offsets); }, table));
}

TEST_CASE("bags have the shapes that their arguments say", "[nn]") {
    using Bag = EmbeddingBag<6, 4>;
    using I = std::int64_t;
    static_assert(std::same_as<output_of<Bag, Tensor<I, Shape<dyn, 7>>>, Shape<dyn, 4>>);
    static_assert(std::same_as<output_of<Bag, Tensor<I, Shape<dyn>>, Tensor<I, Shape<3>>>, Shape<3, 4>>);
    using Ended = EmbeddingBag<6, 4, EmbeddingBagOptions{.mode = Mode::sum, .include_last_offset = true}>;
    static_assert(std::same_as<output_of<Ended, Tensor<I, Shape<dyn>>, Tensor<I, Shape<3>>>, Shape<2, 4>>);
    static_assert(accepts<Ended, Tensor<I, Shape<5>>, Tensor<I, Shape<3>>, Tensor<float, Shape<5>>>);
    static_assert(!accepts<Ended, Tensor<I, Shape<5>>, Tensor<I, Shape<3>>, Tensor<float, Shape<6>>>);
    static_assert(!accepts<Ended, Tensor<I, Shape<5, 2>>>);                                          // no offsets to end
    static_assert(!accepts<Bag, Tensor<I, Shape<5>>>);                                               // no offsets
    static_assert(!accepts<Bag, Tensor<I, Shape<2, 5>>, Tensor<float, Shape<2, 5>>>);                // weights of a mean
    static_assert(!accepts<Bag, Tensor<I, Shape<2, 5, 3>>>);
}

TEST_CASE("bags of no positions and no bags", "[nn]") {
    EmbeddingBag<3, 2> bag;
    const Tensor<std::int64_t, Shape<dyn>> nothing(Shape<dyn>(0));
    const Tensor<std::int64_t, Shape<2>> offsets{0, 0};
    REQUIRE(values(bag(nothing, offsets)) == std::vector<double>(4));
    REQUIRE(values(bag(nothing, nothing)).empty());
    REQUIRE(values(bag(Tensor<std::int64_t, Shape<2, 0>>{})) == std::vector<double>(4));
}

TEST_CASE("bad indices and offsets are refused, and no row is scaled", "[nn]") {
    EmbeddingBag<3, 2> bag({.max_norm = 0.01});
    const auto before = values(bag.weight);
    const Tensor<std::int64_t, Shape<3>> indices{0, 2, 1}, high{0, 3, 1};
    const auto refused = [&](const auto& x, const Tensor<std::int64_t, Shape<2>>& starts, const char* problem) {
        REQUIRE_ERROR(bag(x, starts).value(), "embedding", problem);
        REQUIRE(values(bag.weight) == before);
    };
    refused(high, {0, 1}, "3 at position 1");
    refused(indices, {1, 2}, "1 at position 0");
    refused(indices, {0, 4}, "4 at position 1");
    refused(indices, {0, -1}, "-1 at position 1");
    EmbeddingBag<3, 2, EmbeddingBagOptions{.include_last_offset = true}> ended;
    const Tensor<std::int64_t, Shape<2>> short_end{0, 2};
    REQUIRE_ERROR(ended(indices, short_end).value(), "number of indices, 3", "2 at position 1");
    EmbeddingBag<3, 2, EmbeddingBagOptions{.mode = Mode::max}> largest({.scale_grad_by_freq = true});
    REQUIRE_ERROR(largest(Tensor<std::int64_t, Shape<1, 1>>{}), "scale_grad_by_freq");
    REQUIRE_ERROR((EmbeddingBag<3, 2>{{.norm_type = 0}}), "norm_type");
}
