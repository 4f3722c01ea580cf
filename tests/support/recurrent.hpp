// Recurrent layers and cells against PyTorch's.
#pragma once

#include "fixture.hpp"
#include "xnn/nn/rnn.hpp"
#include "xnn/nn/rnn_cell.hpp"
#include "xnn/ops/operators.hpp"
#include "xnn/ops/reduce.hpp"

namespace recurrent_tests {

using namespace xnn;

inline const Fixture& recurrent_fixture() {
    static const Fixture fixture("recurrent.safetensors");
    return fixture;
}

/// A result, the gradient that the fixture gives it, and whether its values are the fixture's.
template <class T, class Result>
auto weighted_result(const std::string& name, const Result& result, double tolerance) {
    const Fixture& fixture = recurrent_fixture();
    const auto view = result.value();
    fixture.require_close(view.data, view.size(), name, tolerance);
    const auto slash = name.rfind('/') + 1;
    return sum(result * fixture.tensor<T, shape_t<Result>>(name.substr(0, slash) + "g" + name.substr(slash)));
}

/// Loads a case's parameters, calls f(x, states…), compares results, and all gradients of their weighted sum.
template <class T, class Layer, class F, class X, class... State>
void check_call(const std::string& name, Layer& layer, F&& f, X& x, State&... states) {
    const Fixture& fixture = recurrent_fixture();
    constexpr double tolerance = tolerance_of<T>;
    load_parameters(fixture, layer, name + "/p/");
    const auto result = f(x, states...);
    if constexpr (requires { result.h_n; result.c_n; }) {
        (weighted_result<T>(name + "/output", result.output, tolerance) + weighted_result<T>(name + "/h_n", result.h_n, tolerance) +
         weighted_result<T>(name + "/c_n", result.c_n, tolerance)).backward();
    } else if constexpr (requires { result.h_n; }) {
        (weighted_result<T>(name + "/output", result.output, tolerance) + weighted_result<T>(name + "/h_n", result.h_n, tolerance)).backward();
    } else if constexpr (requires { result.c; }) {
        (weighted_result<T>(name + "/output", result.output, tolerance) + weighted_result<T>(name + "/c_n", result.c, tolerance)).backward();
    } else {
        weighted_result<T>(name + "/output", result, tolerance).backward();
    }
    fixture.require_close(x.grad().data(), x.size(), name + "/gx", tolerance);
    if constexpr (sizeof...(State) > 0) {
        const char* names[] = {"/gh_0", "/gc_0"};
        std::size_t i = 0;
        (fixture.require_close(states.grad().data(), states.size(), name + names[i++], tolerance), ...);
    }
    nn::visit_parameters(layer, [&](const std::string& key, auto& parameter) {
        fixture.require_close(parameter.grad().data(), parameter.size(), name + "/g/" + key, tolerance);
    });
}

/// An argument of a case as a parameter, whose gradient can be asked for.
template <class T, AnyShape S>
Parameter<T, S> argument(const std::string& name) { return Parameter<T, S>(recurrent_fixture().tensor<T, S>(name)); }

/// A call of the layer with x and the case's initial states, if it has states of these shapes.
template <class T, AnyShape X, AnyShape... State, class Layer>
void check_recurrent(const std::string& name, Layer&& layer) {
    INFO(name << " in " << name_of(dtype_of<T>));
    auto x = argument<T, X>(name + "/x");
    const auto call = [&](const auto&... all) { return layer(all...); };
    if constexpr (sizeof...(State) == 0) {
        check_call<T>(name, layer, call, x);
    } else {
        using First = std::tuple_element_t<0, std::tuple<State...>>;
        auto h_0 = argument<T, First>(name + "/h_0");
        if constexpr (sizeof...(State) == 1) {
            check_call<T>(name, layer, call, x, h_0);
        } else {
            using Second = std::tuple_element_t<1, std::tuple<State...>>;
            auto c_0 = argument<T, Second>(name + "/c_0");
            check_call<T>(name, layer, call, x, h_0, c_0);
        }
    }
}

}  // namespace recurrent_tests
