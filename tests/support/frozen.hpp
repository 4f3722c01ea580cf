// Frozen models against those they were made of.
#pragma once

#include "arrays.hpp"
#include "formula.hpp"
#include "xnn/nn/freeze.hpp"

/// Requires that the frozen model answers as the model out of training, without a gradient in its type or memory.
template <xnn::AnyShape S, class T = float, class Model>
void require_same_frozen(Model& model, double tolerance = 1e-4) {
    using namespace xnn;
    const auto x = formula::images<T, S>();
    const auto frozen = nn::freeze(model);
    model.eval();
    const std::vector<double> expected = values(model(x)), got = values(frozen(x));
    double largest = 0;
    for (const double number : expected) largest = std::max(largest, std::abs(number));
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) REQUIRE(std::abs(got[i] - expected[i]) <= tolerance * largest);
    STATIC_REQUIRE(std::same_as<decltype(frozen(x).shape()), decltype(model(x).shape())>);
    STATIC_REQUIRE(!decltype(frozen(x))::requires_grad);
}
