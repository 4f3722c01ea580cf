// Models as ONNX files, with what they make of some inputs beside them, for check.py.
#pragma once

#include <filesystem>
#include <string>

#include "xnn/io/npy.hpp"
#include "xnn/io/onnx.hpp"
#include "xnn/xnn.hpp"

namespace onnx_cases {

using namespace xnn;

/// Numbers in [low, high), the same for the same seed.
template <class S>
Tensor<float, S> uniform(unsigned seed, float low = -1, float high = 1) {
    Tensor<float, S> result;
    for (index_t i = 0; i < result.size(); ++i) {
        seed = seed * 1664525U + 1013904223U;
        result.data()[i] = low + (high - low) * static_cast<float>(seed >> 8) * 0x1p-24F;
    }
    return result;
}
template <class T, class S>
Tensor<T, S> integers(unsigned seed, unsigned below) {
    Tensor<T, S> result;
    for (index_t i = 0; i < result.size(); ++i) {
        seed = seed * 1664525U + 1013904223U;
        result.data()[i] = static_cast<T>((seed >> 8) % below);
    }
    return result;
}

/// A function of expressions as a module.
template <class F>
struct Function : nn::Module<Function<F>> {
    F f;
    explicit Function(F function) : f(function) {}
    template <class Self, class Visitor>
    static constexpr void visit_own_members(Self&, Visitor&&) {}
    auto forward(auto... x) const { return f(std::move(x)...); }
};

/// Calls f for each array of a result.
template <class R, class F>
void for_each_array(const R& result, F&& f) {
    if constexpr (Operand<const R&>) {
        f(result);
    } else if constexpr (requires { std::tuple_size<R>::value; }) {
        std::apply([&](const auto&... each) { (for_each_array(each, f), ...); }, result);
    } else if constexpr (requires { result.indices; }) {
        f(result.values);
        f(result.indices);
    } else {
        f(result.output);
        if constexpr (requires { result.h_n; }) f(result.h_n);
        if constexpr (requires { result.c_n; }) f(result.c_n);
        if constexpr (requires { result.c; }) f(result.c);
    }
}

/// Where the files go.
class Folder {
public:
    explicit Folder(std::filesystem::path path) : path_(std::move(path)) {
        std::filesystem::remove_all(path_);
        std::filesystem::create_directories(path_);
    }

    /// Writes a model for inputs of these types, and its answer to some.
    template <class... Inputs, class M, class... X>
    void add(const std::string& name, M model, const X&... x) const {
        randomise(model);
        model.eval();
        xnn::onnx::save<Inputs...>(model, path_ / (name + ".onnx"));
        int inputs = 0, outputs = 0;
        (io::save_npy(path_ / (name + ".input" + std::to_string(inputs++) + ".npy"), x), ...);
        const NoGradGuard no_grad;
        for_each_array(model(x...), [&](const auto& array) {
            const Tensor<value_t<decltype(array)>, shape_t<decltype(array)>> value = array;
            io::save_npy(path_ / (name + ".output" + std::to_string(outputs++) + ".npy"), value);
        });
    }

private:
    /// New layers are too regular: a normalisation by 0 and 1 shows nothing.
    template <class M>
    static void randomise(M& model) {
        unsigned seed = 1;
        for (auto& entry : model.state_dict()) {
            if (entry.dtype != Dtype::F32) continue;
            const bool positive = entry.name.ends_with("running_var");
            auto* numbers = static_cast<float*>(entry.data);
            for (index_t i = 0; i < entry.size(); ++i) {
                seed = seed * 1664525U + 1013904223U;
                const float number = static_cast<float>(seed >> 8) * 0x1p-24F;
                numbers[i] = positive ? number + 0.5F : number - 0.5F;
            }
        }
    }

    std::filesystem::path path_;
};

void add_activations(const Folder&);
void add_convolutions(const Folder&);
void add_losses(const Folder&);
void add_models(const Folder&);
void add_normalizations(const Folder&);
void add_operations(const Folder&);
void add_pooling(const Folder&);
void add_recurrent(const Folder&);
void add_sparse(const Folder&);
void add_transformers(const Folder&);

}  // namespace onnx_cases
