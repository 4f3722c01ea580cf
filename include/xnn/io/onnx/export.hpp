// A model as a graph: its forward runs on arrays that only write down what happens to them.
#pragma once

#include "xnn/io/onnx/attention.hpp"
#include "xnn/io/onnx/file.hpp"
#include "xnn/io/onnx/loss.hpp"
#include "xnn/io/onnx/norm.hpp"
#include "xnn/io/onnx/pool.hpp"
#include "xnn/io/onnx/reduce.hpp"
#include "xnn/io/onnx/rnn.hpp"
#include "xnn/nn/module.hpp"

namespace xnn::onnx {

/// How a graph's inputs and outputs are called; those without a name are "input" and "output", or numbered ("input_1"), or
/// called as the members of a result of several arrays.
struct Names {
    std::vector<std::string> inputs{};
    std::vector<std::string> outputs{};
};

namespace detail {

template <class M>
std::vector<ModulePath> module_paths(const M& model) {
    std::vector<ModulePath> result;
    nn::visit_modules(model, [&](const nn::Path& path, const auto& module) {
        result.push_back({&module, &type_key<std::remove_cvref_t<decltype(module)>>, path});
    });
    return result;
}

/// All that a model holds, under its names in a state dict; what does not belong to that too.
template <class M>
std::vector<NamedBuffer> held(const M& model) {
    std::vector<NamedBuffer> result;
    const auto add = [&](const nn::Path& path, const auto& holder, void* data) {
        using T = typename std::remove_cvref_t<decltype(holder)>::value_type;
        const auto extents = holder.shape().extents();
        result.push_back({path, dtype_of<T>, {extents.begin(), extents.end()}, data});
    };
    nn::visit_modules(model, [&](const nn::Path& path, const auto& module) {
        nn::visit_own_parameters(module, &path, [&](const nn::Path& name, const auto& parameter) { add(name, parameter, parameter.storage()->value().data()); });
        nn::visit_own_buffers(module, &path, [&](const nn::Path& name, const auto& buffer) { add(name, buffer, buffer.data()); });
    });
    return result;
}

inline std::string numbered(const std::string& word, std::size_t i, std::size_t count) {
    return count == 1 ? word : word + "_" + std::to_string(i);
}

/// What an input is: a Shape of float, or the type of a tensor.
template <class Input>
struct InputOf {
    using value_type = float;
    using shape_type = Input;
};
template <class T, class S, class D>
struct InputOf<Tensor<T, S, D>> {
    using value_type = T;
    using shape_type = S;
};

template <class R>
inline constexpr bool is_traced = false;
template <class T, class S>
inline constexpr bool is_traced<Traced<T, S>> = true;

/// Calls f(name, array) for each array of a result; one that has no name of its own has an empty one.
template <class R, class F>
void for_each_result(const R& result, F&& f) {
    if constexpr (is_traced<R>) {
        f("", result);
    } else if constexpr (requires { std::tuple_size<R>::value; }) {
        std::apply([&](const auto&... each) { (for_each_result(each, f), ...); }, result);
    } else if constexpr (requires { result.indices; }) {  // of poolings and extremes
        f("values", result.values);
        f("indices", result.indices);
    } else {  // of recurrent layers and cells
        f("output", result.output);
        if constexpr (requires { result.h_n; }) f("h_n", result.h_n);
        if constexpr (requires { result.c_n; }) f("c_n", result.c_n);
        if constexpr (requires { result.c; }) f("c", result.c);
    }
}

template <class T, class S>
Traced<T, S> input(Tracer& tracer, Graph& graph, std::string name) {
    graph.inputs.push_back({name, dtype_of<T>, {S::static_extents.begin(), S::static_extents.end()}});
    return Traced<T, S>(tracer, S(S::static_extents), std::move(name));
}

}  // namespace detail

/// The graph of a model's forward on inputs of these shapes, as it is out of training. The parameters stay in the model, which
/// the graph must not outlive.
template <class... Inputs, nn::AnyModule M>
Graph trace(const M& model, const Names& names = {}) {
    constexpr std::size_t count = sizeof...(Inputs);
    if (names.inputs.size() > count) fail("onnx", "names of " + std::to_string(count) + " inputs", std::to_string(names.inputs.size()));
    Graph graph;
    graph.name = std::string(nn::detail::plain_type_name<M>());
    Tracer tracer(graph, detail::module_paths(model), detail::held(model));
    const auto result = [&]<std::size_t... I>(std::index_sequence<I...>) {
        const auto name = [&](std::size_t i) { return tracer.unique(i < names.inputs.size() ? names.inputs[i] : detail::numbered("input", i, count)); };
        std::tuple arrays{detail::input<typename detail::InputOf<Inputs>::value_type, typename detail::InputOf<Inputs>::shape_type>(tracer, graph, name(I))...};
        return model(std::move(std::get<I>(arrays))...);
    }(std::index_sequence_for<Inputs...>{});

    std::size_t outputs = 0;
    detail::for_each_result(result, [&](const char*, const auto&) { ++outputs; });
    if (names.outputs.size() > outputs) fail("onnx", "names of " + std::to_string(outputs) + " outputs", std::to_string(names.outputs.size()));
    std::size_t i = 0;
    detail::for_each_result(result, [&](const std::string& own, const auto& array) {
        const auto name = i < names.outputs.size() ? names.outputs[i] : own.empty() ? detail::numbered("output", i, outputs) : own;
        const auto output = tracer.unique(name);
        const auto extents = array.shape().extents();
        graph.nodes.push_back({tracer.unique("Identity"), "Identity", {array.name()}, {output}, {}});  // often joined with what it copies
        graph.outputs.push_back({output, dtype_of<value_t<decltype(array)>>, {extents.begin(), extents.end()}});
        ++i;
    });
    drop_unused(graph);
    join_copies(graph);
    return graph;
}

/// Writes a model as an ONNX file, for inputs of these shapes: `onnx::save<Shape<dyn, 1, 28, 28>>(model, "lenet.onnx")`. Where
/// a dtype other than float matters an input is the type of a tensor: `Tensor<std::int64_t, Shape<dyn, dyn>>`.
///
/// What the file says is the model's forward, for any size where an extent is `dyn`, out of training: dropout does nothing, batch
/// normalisation uses its running averages. Parameters are initialisers by their names in the state dict; operators are named
/// after the modules that they belong to. A forward that looks at numbers, other than extents that are known, or at the
/// values of its arguments, cannot be written; an operation without an operator of ONNX does not compile, NoOperatorFor<…>.
template <class... Inputs, nn::AnyModule M>
    requires(sizeof...(Inputs) > 0)
void save(const M& model, const std::filesystem::path& path, const Names& names = {}) {
    write(trace<Inputs...>(model, names), path);
}
/// The same for one input of this shape: `onnx::save(model, Shape<dyn, 1, 28, 28>{}, "lenet.onnx")`.
template <nn::AnyModule M, AnyShape S>
void save(const M& model, const S&, const std::filesystem::path& path, const Names& names = {}) {
    save<S>(model, path, names);
}

}  // namespace xnn::onnx
