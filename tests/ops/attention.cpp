#include "xnn/ops/attention.hpp"

#include <catch2/catch.hpp>

#include "../support/arrays.hpp"
#include "../support/errors.hpp"
#include "../support/fixture.hpp"
#include "xnn/ops/operators.hpp"
#include "xnn/ops/reduce.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace xnn;
using functional::scaled_dot_product_attention;

namespace {

const Fixture& attention_fixture() {
    static const Fixture fixture("attention.safetensors");
    return fixture;
}

/// Float sums of some hundred terms are further off than a layer's.
template <class T>
constexpr double allowed = std::same_as<T, float> ? 3e-5 : tolerance_of<T>;

/// The case's arguments as parameters, and what must come out.
template <class T, AnyShape Q, AnyShape K, AnyShape V>
struct Case {
    std::string name;
    Parameter<T, Q> q;
    Parameter<T, K> k;
    Parameter<T, V> v;

    explicit Case(const std::string& key)
        : name(key), q(tensor<Q>("/q")), k(tensor<K>("/k")), v(tensor<V>("/v")) {}

    template <AnyShape S>
    Tensor<T, S> tensor(const char* part) const { return attention_fixture().tensor<T, S>(name + part); }

    template <class E>
    void check(const E& y) const {
        INFO(name << " in " << name_of(dtype_of<T>));
        const auto& fixture = attention_fixture();
        y.backward(tensor<typename E::shape_type>("/gy").view());
        fixture.require_close(y.value().data, y.value().size(), name + "/y", allowed<T>);
        fixture.require_close(q.grad().data(), q.size(), name + "/gq", allowed<T>);
        fixture.require_close(k.grad().data(), k.size(), name + "/gk", allowed<T>);
        fixture.require_close(v.grad().data(), v.size(), name + "/gv", allowed<T>);
    }
};

Tensor<bool, Shape<2, 1, 5, 7>> flags() {
    const auto numbers = attention_fixture().tensor<double, Shape<2, 1, 5, 7>>("flags/mask");
    Tensor<bool, Shape<2, 1, 5, 7>> result;
    for (index_t i = 0; i < result.size(); ++i) result.data()[i] = numbers.data()[i] != 0;
    return result;
}

}  // namespace

TEMPLATE_TEST_CASE("attention is PyTorch's", "[ops]", float, double, float16, bfloat16) {
    using T = TestType;
    Case<T, Shape<2, 3, 5, 4>, Shape<2, 3, 7, 4>, Shape<2, 3, 7, 6>> plain("plain");
    plain.check(scaled_dot_product_attention(plain.q, plain.k, plain.v));
    Case<T, Shape<3, 2>, Shape<4, 2>, Shape<4, 5>> matrices("matrices");
    matrices.check(scaled_dot_product_attention(matrices.q, matrices.k, matrices.v, {.scale = 0.7}));
    Case<T, Shape<2, 4, 5, 4>, Shape<2, 2, 6, 4>, Shape<2, 2, 6, 4>> grouped("grouped");
    grouped.check(scaled_dot_product_attention<true>(grouped.q, grouped.k, grouped.v));
}

TEMPLATE_TEST_CASE("causal attention is PyTorch's, also over several blocks", "[ops]", float, double) {
    using T = TestType;
    constexpr AttentionOptions causal{.is_causal = true};
    Case<T, Shape<2, 5, 4>, Shape<2, 5, 4>, Shape<2, 5, 4>> square("causal");
    square.check(scaled_dot_product_attention(square.q, square.k, square.v, causal));
    Case<T, Shape<1, 3, 4>, Shape<1, 6, 4>, Shape<1, 6, 4>> wide("causal wide");
    wide.check(scaled_dot_product_attention(wide.q, wide.k, wide.v, causal));
    Case<T, Shape<1, 6, 4>, Shape<1, 3, 4>, Shape<1, 3, 4>> high("causal high");
    high.check(scaled_dot_product_attention(high.q, high.k, high.v, causal));
    Case<T, Shape<1, 150, 3>, Shape<1, 150, 3>, Shape<1, 150, 3>> lasting("long causal");
    lasting.check(scaled_dot_product_attention(lasting.q, lasting.k, lasting.v, causal));
    Case<T, Shape<1, 70, 3>, Shape<1, 150, 3>, Shape<1, 150, 3>> several("long");
    several.check(scaled_dot_product_attention(several.q, several.k, several.v));
}

TEMPLATE_TEST_CASE("attention with masks is PyTorch's", "[ops]", float, double) {
    using T = TestType;
    Case<T, Shape<2, 3, 5, 4>, Shape<2, 3, 7, 4>, Shape<2, 3, 7, 4>> flagged("flags");
    flagged.check(scaled_dot_product_attention(flagged.q, flagged.k, flagged.v, flags()));

    Case<T, Shape<2, 3, 5, 4>, Shape<2, 3, 7, 4>, Shape<2, 3, 7, 4>> added("added");
    Parameter<T, Shape<5, 7>> mask(added.template tensor<Shape<5, 7>>("/mask"));
    added.check(scaled_dot_product_attention(added.q, added.k, added.v, mask));
    attention_fixture().require_close(mask.grad().data(), mask.size(), "added/gmask", allowed<T>);

    Case<T, Shape<2, 2, 3, 3, 4>, Shape<2, 2, 3, 5, 4>, Shape<2, 2, 3, 5, 4>> batches("added by batch");
    Parameter<T, Shape<2, 1, 1, 1, 5>> by_batch(batches.template tensor<Shape<2, 1, 1, 1, 5>>("/mask"));
    batches.check(scaled_dot_product_attention(batches.q, batches.k, batches.v, by_batch));
    attention_fixture().require_close(by_batch.grad().data(), by_batch.size(), "added by batch/gmask", allowed<T>);
}

TEST_CASE("attention has the right gradients, with dropout too", "[ops]") {
    auto q = random_parameter<Shape<2, 5, 3>>({}, -1, 1, 1);
    auto k = random_parameter<Shape<2, 6, 3>>({}, -1, 1, 2);
    auto v = random_parameter<Shape<2, 6, 4>>({}, -1, 1, 3);
    auto mask = random_parameter<Shape<5, 6>>({}, -1, 1, 4);
    REQUIRE(gradcheck([](auto& a, auto& b, auto& c, auto& m) { return scaled_dot_product_attention(a, b, c, m); }, q, k, v, mask));
    REQUIRE(gradcheck([](auto& a, auto& b, auto& c) { return scaled_dot_product_attention(a, b, c, {.is_causal = true}); }, q, k, v));
    REQUIRE(gradcheck(
        [](auto& a, auto& b, auto& c) {
            manual_seed(5);
            return scaled_dot_product_attention(a, b, c, {.dropout_p = 0.4});
        },
        q, k, v));
    // One array in all three places receives three gradients.
    auto x = random_parameter<Shape<4, 3>>({}, -1, 1, 6);
    REQUIRE(gradcheck([](auto& a) { return scaled_dot_product_attention(a, a, a); }, x));
}

TEST_CASE("attention's dropout zeroes the share it is told and keeps the mean", "[ops]") {
    manual_seed(1);
    // Equal scores weigh all values alike; each value has a column of its own.
    const Tensor<float, Shape<64, 2>> q = zeros<Shape<64, 2>>();
    const Tensor<float, Shape<100, 2>> k = zeros<Shape<100, 2>>();
    const Tensor<float, Shape<100, 100>> v = eye<100>();
    const auto y = values(scaled_dot_product_attention(q, k, v, {.dropout_p = 0.25}));
    const auto zeros_in = std::count(y.begin(), y.end(), 0.0);
    REQUIRE(static_cast<double>(zeros_in) / 6400 == Approx(0.25).margin(0.02));
    for (double weight : y) REQUIRE((weight == 0 || weight == Approx(0.01 / 0.75)));
    REQUIRE(values(scaled_dot_product_attention(q, k, v, {.dropout_p = 1})) == std::vector<double>(6400, 0.0));
}

TEST_CASE("attention of extents known in the run is that of known ones, for any number of threads", "[ops]") {
    using Known = Shape<3, 4, 140, 16>;
    using Late = Shape<dyn, 4, dyn, 16>;
    Parameter<float, Known> x(random_tensor<float>(Known{}));
    Parameter<float, Late> late{Tensor<float, Late>(Late(3, 140))};
    std::copy_n(x.data(), x.size(), late.data());
    const auto run = [](auto& p) {
        p.zero_grad();
        const auto y = scaled_dot_product_attention(p, p, p, {.is_causal = true});
        sum(y * y).backward();
        auto result = values(y);
        for (index_t i = 0; i < p.size(); ++i) result.push_back(static_cast<double>(p.grad().data()[i]));
        return result;
    };
    REQUIRE(run(x) == run(late));
    require_same_for_any_threads([&] { return run(x); });
}

TEST_CASE("a query for which no key counts gets zeros and no gradient", "[ops]") {
    auto q = random_parameter<Shape<2, 3>>({});
    auto k = random_parameter<Shape<2, 3>>({}, -2, 2, 2);
    const Tensor<bool, Shape<2, 2>> mask{true, true, false, false};
    const auto y = scaled_dot_product_attention(q, k, k, mask);
    sum(y).backward();
    for (index_t i = 3; i < 6; ++i) {
        REQUIRE(y.value().data[i] == 0);
        REQUIRE(q.grad().data()[i] == 0);
    }
    REQUIRE(y.value().data[0] != 0);
}

TEST_CASE("attention of nothing is nothing", "[ops]") {
    using S = Shape<2, dyn, 4>;
    Parameter<double, S> q{Tensor<double, S>(S(0))}, k(random_tensor<double>(S(3)));
    REQUIRE(values(scaled_dot_product_attention(q, k, k)).empty());
    const auto y = scaled_dot_product_attention(k, q, q);
    sum(y).backward();
    REQUIRE(values(y) == std::vector<double>(24, 0.0));
    REQUIRE(k.grad()(1, 2, 3) == 0);
}

TEST_CASE("attention refuses what it cannot take", "[ops]") {
    const Tensor<float, Shape<dyn, 4>> q(Shape<dyn, 4>(2)), k(Shape<dyn, 4>(3)), v(Shape<dyn, 4>(5));
    REQUIRE_ERROR(scaled_dot_product_attention(q, k, v), "scaled_dot_product_attention", "(3, 4)", "(5, 4)");
    const Tensor<float, Shape<dyn, dyn>> mask(Shape<dyn, dyn>(2, 4));
    REQUIRE_ERROR(scaled_dot_product_attention(q, k, k, mask), "scaled_dot_product_attention", "(2, 4)");
    REQUIRE_ERROR(scaled_dot_product_attention(q, k, k, {.dropout_p = 1.5}), "dropout_p", "1.5");
    const Tensor<float, Shape<2, 3>> good;
    REQUIRE_ERROR(scaled_dot_product_attention(q, k, k, good, {.is_causal = true}), "attn_mask or is_causal", "both");
}
