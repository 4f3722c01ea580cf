// Operations with several results.
#include "xnn/expr/parts.hpp"

#include <catch2/catch.hpp>

#include "../support/arrays.hpp"
#include "xnn/expr/detach.hpp"
#include "xnn/ops/operators.hpp"
#include "xnn/ops/reduce.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace xnn;

namespace {

int forwards = 0, backwards = 0;

/// x [n] → x² and 3 x, one after the other.
struct SquareAndTripleRule {
    static constexpr std::string_view name = "square_and_triple";

    static constexpr Dims<1> extents(const Dims<1>& x) { return {map_extent(x[0], [](index_t n) { return 2 * n; })}; }
    static constexpr bool accepts(const auto& x) { return x.size() == 1; }

    NothingSaved forward(auto&, auto y, auto x) const {
        ++forwards;
        const index_t n = x.size();
        for (index_t i = 0; i < n; ++i) {
            y.data[i] = x.data[i] * x.data[i];
            y.data[n + i] = 3 * x.data[i];
        }
        return {};
    }
    template <class T>
    void backward(auto&, NothingSaved, const auto& targets, const T* gy, const T*, auto x) const {
        ++backwards;
        const index_t n = x.size();
        if (const auto gx = get<0>(targets))
            for (index_t i = 0; i < n; ++i) {
                const T g = 2 * x.data[i] * gy[i] + 3 * gy[n + i];
                gx.data[i] = gx.accumulate ? gx.data[i] + g : g;
            }
    }
};

template <class X>
auto square_and_triple(X&& x) {
    const auto shape = shape_value(x);
    auto node = apply(SquareAndTripleRule{}, std::forward<X>(x));
    const auto whole = operand(node);
    struct Results {
        decltype(part_of(whole, 0, shape)) square, triple;
    };
    return Results{part_of(whole, 0, shape), part_of(whole, shape.size(), shape)};
}

}  // namespace

TEST_CASE("parts: each result has its values, and all are computed once", "[expr]") {
    const Tensor<double, Shape<3>> x{1, 2, 3};
    forwards = 0;
    const auto [square, triple] = square_and_triple(x);
    REQUIRE(forwards == 0);
    require_close(values(triple), {3, 6, 9});
    require_close({square.value().data, square.value().data + 3}, {1, 4, 9});
    require_close(values(square + triple * square), {4, 28, 90});
    REQUIRE(forwards == 1);
}

TEST_CASE("parts: named results share one evaluation and one way back", "[expr]") {
    Parameter<double, Shape<3>> x(Tensor<double, Shape<3>>{1, 2, 3});
    forwards = backwards = 0;
    const auto [square, triple] = square_and_triple(x);
    const auto loss = sum(square * triple) + sum(triple);
    loss.backward();
    REQUIRE(loss.item() == 3 + 24 + 81 + 18);
    require_close({triple.value().data, triple.value().data + 3}, {3, 6, 9});
    REQUIRE(forwards == 1);
    REQUIRE(backwards == 1);
    require_close(values(x.grad()), {9 + 3, 36 + 3, 81 + 3});
}

TEST_CASE("parts: what is not used has the gradient 0", "[expr]") {
    Parameter<double, Shape<3>> x(Tensor<double, Shape<3>>{1, 2, 3});
    sum(square_and_triple(x).triple).backward();
    require_close(values(x.grad()), {3, 3, 3});
    sum(square_and_triple(x).square).backward();
    require_close(values(x.grad()), {5, 7, 9});
}

TEST_CASE("parts: backward from one result, and from the other", "[expr]") {
    Parameter<double, Shape<2>> x(Tensor<double, Shape<2>>{1, 2});
    const auto [square, triple] = square_and_triple(x);
    const Tensor<double, Shape<2>> g{10, 100};
    square.backward(g.view());
    require_close(values(x.grad()), {20, 400});
    triple.backward(g.view());
    require_close(values(x.grad()), {50, 700});
}

TEST_CASE("parts: gradients, into the same operation again and with dyn extents", "[expr]") {
    Parameter<double, Shape<dyn>> x(random_tensor<double>(Shape<dyn>(5)));
    REQUIRE(gradcheck(
        [](auto& v) {
            const auto [a, b] = square_and_triple(v);
            const auto [c, d] = square_and_triple(b);
            return a * c + b * d + square_and_triple(a * a).triple;
        },
        x));
}

TEST_CASE("parts: constants under no_grad", "[expr]") {
    Parameter<double, Shape<2>> x(Tensor<double, Shape<2>>{1, 2});
    const auto results = square_and_triple(x);
    {
        const NoGradGuard guard;
        results.square.value();
    }
    sum(results.triple * x).backward();
    require_close(values(x.grad()), {3, 6});
    x.zero_grad();
    sum(detach(square_and_triple(x).triple) * x).backward();
    require_close(values(x.grad()), {3, 6});
}
