// Modules of several arguments against PyTorch's: cases as tests/oracle/transformer.py writes them.
#pragma once

#include <string>

#include "fixture.hpp"

/// Text that a fixture keeps as the codes of its characters.
inline std::string text_of(const Fixture& fixture, const std::string& name) {
    std::string text;
    for (double code : fixture.numbers(name)) text += static_cast<char>(code);
    return text;
}

/// The names of a module's state, one a line.
template <class Module>
std::string keys_of(Module& module) {
    std::string text;
    for (const auto& entry : module.state_dict()) text += (text.empty() ? "" : "\n") + entry.name;
    return text;
}

/// Requires that run(module, arguments…) is what PyTorch's module makes of the case's arguments, whose shapes are S, and that the
/// gradients and the names of the state are the same.
template <class T, xnn::AnyShape... S, class Module, class Run>
void check_module(const Fixture& fixture, const std::string& name, Module&& module, Run&& run, double tolerance = tolerance_of<T>) {
    INFO(name << " in " << xnn::name_of(xnn::dtype_of<T>));
    REQUIRE(keys_of(module) == text_of(fixture, name + "/keys"));
    load_parameters(fixture, module, name + "/p/");
    module.zero_grad();
    std::size_t number = 0;
    const auto next = [&] { return name + "/x" + std::to_string(number++); };
    xnn::Tuple<xnn::Parameter<T, S>...> arguments{xnn::Parameter<T, S>(fixture.tensor<T, S>(next()))...};
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        const auto y = run(module, get<I>(arguments)...);
        using Y = typename decltype(y)::shape_type;
        y.backward(fixture.tensor<T, Y>(name + "/gy").view());
        fixture.require_close(y.value().data, y.value().size(), name + "/y", tolerance);
        (fixture.require_close(get<I>(arguments).grad().data(), get<I>(arguments).size(), name + "/gx" + std::to_string(I), tolerance), ...);
    }(std::index_sequence_for<S...>{});
    xnn::nn::visit_parameters(module, [&](const std::string& key, auto& parameter) {
        fixture.require_close(parameter.grad().data(), parameter.size(), name + "/g/" + key, tolerance);
    });
}

/// A mask of bool, kept as zeros and ones.
template <xnn::AnyShape S>
xnn::Tensor<bool, S> flags_of(const Fixture& fixture, const std::string& name) {
    const auto numbers = fixture.tensor<double, S>(name);
    xnn::Tensor<bool, S> result;
    for (xnn::index_t i = 0; i < numbers.size(); ++i) result.data()[i] = numbers.data()[i] != 0;
    return result;
}

inline const Fixture& transformer_fixture() {
    static const Fixture fixture("transformer.safetensors");
    return fixture;
}

/// check_module with a case of transformer.safetensors. Chains of attention round more than single layers do.
template <class T, xnn::AnyShape... S, class Module, class Run>
void check_transformer(const std::string& name, Module&& module, Run&& run) {
    check_module<T, S...>(transformer_fixture(), name, module, run, std::same_as<T, float> ? 3e-5 : tolerance_of<T>);
}
/// The run of a module that takes nothing but the arguments.
inline constexpr auto call = [](auto& module, auto&... x) { return module(x...); };

/// True above the diagonal: what a causal mask hides.
template <xnn::index_t Size>
xnn::Tensor<bool, xnn::Shape<Size, Size>> later_positions() {
    xnn::Tensor<bool, xnn::Shape<Size, Size>> mask;
    for (xnn::index_t i = 0; i < Size; ++i)
        for (xnn::index_t j = 0; j < Size; ++j) mask(i, j) = j > i;
    return mask;
}
