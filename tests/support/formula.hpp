// Numbers that both sides compute: weights of whole models without files of their size. tests/oracle/formula.py is the other
// side, and says what PyTorch makes of them.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "xnn/core/named_buffer.hpp"
#include "xnn/core/tensor.hpp"

namespace formula {

/// Numbers in [0, 1), multiples of 2⁻²⁴: a hash of a name and a position.
class Uniform {
public:
    explicit Uniform(std::string_view name) {
        for (const char byte : name) key_ = (key_ ^ static_cast<unsigned char>(byte)) * 16777619U;  // FNV-1a
        key_ *= 0x9E3779B1U;
    }
    double operator()(xnn::index_t i) const {
        std::uint32_t x = static_cast<std::uint32_t>(i) + key_;
        x = (x ^ (x >> 16)) * 0x7FEB352DU;
        x = (x ^ (x >> 15)) * 0x846CA68BU;
        x ^= x >> 16;
        return static_cast<double>(x >> 8) / 16777216.0;
    }

private:
    std::uint32_t key_ = 2166136261U;
};

template <class T>
void fill(const xnn::NamedBuffer& entry) {
    const std::string_view name = entry.name;
    const Uniform uniform(name);
    const bool around_zero = name.ends_with("bias") || name.ends_with("running_mean");
    const auto fan_in = entry.extents.empty() ? 1.0 : static_cast<double>(entry.size() / entry.extents[0]);
    for (xnn::index_t i = 0; i < entry.size(); ++i) {
        const double u = uniform(i);
        const double number = entry.extents.size() > 1 ? (2 * u - 1) * std::sqrt(6 / fan_in) : around_zero ? (2 * u - 1) * 0.1 : 0.5 + u;
        static_cast<T*>(entry.data)[i] = static_cast<T>(static_cast<float>(number));
    }
}

/// Gives every entry of a model's state dict its numbers.
template <class Model>
void fill(Model& model) {
    for (const auto& entry : model.state_dict()) {
        if (entry.dtype == xnn::Dtype::F64) fill<double>(entry);
        if (entry.dtype == xnn::Dtype::F32) fill<float>(entry);
    }
}

/// Images for the model.
template <class T, class S>
xnn::Tensor<T, S> images(const S& shape = {}) {
    xnn::Tensor<T, S> result(shape);
    const Uniform uniform("images");
    for (xnn::index_t i = 0; i < result.size(); ++i) result.data()[i] = static_cast<T>(static_cast<float>((2 * uniform(i) - 1) * 2));
    return result;
}

}  // namespace formula
