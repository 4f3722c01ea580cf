// Numbers that PyTorch computed (tests/oracle/*.py), and how close ours must be.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "xnn/io/safetensors.hpp"
#include "xnn/nn/module.hpp"

/// A file of tests/fixtures.
class Fixture {
public:
    explicit Fixture(const std::string& name) : file_(std::string(XNN_FIXTURES) + "/" + name) {}

    bool contains(const std::string& name) const { return file_.contains(name); }

    /// An entry in double precision, whatever its dtype.
    std::vector<double> numbers(const std::string& name) const {
        const auto& entry = file_[name];
        switch (entry.dtype) {
            case xnn::Dtype::F64: return read<double>(entry);
            case xnn::Dtype::F32: return read<float>(entry);
            case xnn::Dtype::I64: return read<std::int64_t>(entry);
            default: throw xnn::Error("Fixture: expected float64, float32 or int64, got " + std::string(xnn::name_of(entry.dtype)));
        }
    }
    /// An entry as a tensor of this dtype.
    template <class T, xnn::AnyShape S>
    xnn::Tensor<T, S> tensor(const std::string& name) const {
        INFO(name);
        const auto source = numbers(name);
        REQUIRE(file_[name].extents == std::vector<xnn::index_t>(S::static_extents.begin(), S::static_extents.end()));
        xnn::Tensor<T, S> result;
        for (std::size_t i = 0; i < source.size(); ++i) result.data()[i] = static_cast<T>(static_cast<xnn::compute_t<T>>(source[i]));
        return result;
    }
    /// Writes the entry into a parameter or buffer of the same number of elements.
    template <class Holder>
    void copy_into(Holder& holder, const std::string& name) const {
        using T = typename Holder::value_type;
        const auto source = numbers(name);
        REQUIRE(static_cast<xnn::index_t>(source.size()) == holder.shape().size());
        for (std::size_t i = 0; i < source.size(); ++i) holder.data()[i] = static_cast<T>(static_cast<xnn::compute_t<T>>(source[i]));
    }
    /// Requires that an array has the entry's elements, up to rounding in T: relative to the largest of them.
    template <class T>
    void require_close(const T* got, xnn::index_t size, const std::string& name, double tolerance) const {
        const auto expected = numbers(name);
        REQUIRE(static_cast<xnn::index_t>(expected.size()) == size);
        double scale = 0.1, error = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const double difference = std::abs(static_cast<double>(static_cast<xnn::compute_t<T>>(got[i])) - expected[i]);
            scale = std::max(scale, std::abs(expected[i]));
            error = std::isnan(difference) ? difference : std::max(error, difference);
        }
        INFO(name << ": largest error " << error << " at a scale of " << scale);
        REQUIRE(error <= tolerance * scale);
    }

private:
    template <class T>
    static std::vector<double> read(const xnn::io::StoredTensor& entry) {
        std::vector<double> result;
        xnn::index_t size = 1;
        for (auto extent : entry.extents) size *= extent;
        for (xnn::index_t i = 0; i < size; ++i) {
            T number;
            std::memcpy(&number, entry.data + i * static_cast<xnn::index_t>(sizeof(T)), sizeof(T));
            result.push_back(static_cast<double>(number));
        }
        return result;
    }
    xnn::io::SafetensorsFile file_;
};

/// How far a dtype may be from the truth.
template <class T>
constexpr double tolerance_of = std::same_as<T, double> ? 1e-10 : std::same_as<T, float> ? 1e-5 : std::same_as<T, xnn::float16> ? 5e-3 : 4e-2;

inline const Fixture& layer_fixture() {
    static const Fixture fixture("layers.safetensors");
    return fixture;
}

/// Gives a module the parameters of a case, if it has any.
template <class M>
void load_parameters(const Fixture& fixture, M& module, const std::string& prefix) {
    xnn::nn::visit_parameters(module, [&](const std::string& name, auto& parameter) { fixture.copy_into(parameter, prefix + name); });
}

/// Requires that a layer makes of the case's input what PyTorch's does, and the same gradients.
template <class T, xnn::AnyShape S, class Layer>
void check_layer(const std::string& name, Layer& layer, double tolerance = tolerance_of<T>, const Fixture& fixture = layer_fixture()) {
    INFO(name << " in " << xnn::name_of(xnn::dtype_of<T>));
    load_parameters(fixture, layer, name + "/p/");
    layer.zero_grad();
    xnn::Parameter<T, S> x(fixture.tensor<T, S>(name + "/x"));
    const auto y = layer(x);
    using Y = typename decltype(y)::shape_type;
    y.backward(fixture.tensor<T, Y>(name + "/gy").view());
    fixture.require_close(y.value().data, y.value().size(), name + "/y", tolerance);
    fixture.require_close(x.grad().data(), x.size(), name + "/gx", tolerance);
    xnn::nn::visit_parameters(layer, [&](const std::string& key, auto& parameter) {
        fixture.require_close(parameter.grad().data(), parameter.size(), name + "/g/" + key, tolerance);
    });
    for (const auto& buffer : layer.named_buffers()) {
        if (buffer.dtype == xnn::Dtype::I64)
            fixture.require_close(static_cast<const std::int64_t*>(buffer.data), buffer.size(), name + "/b/" + buffer.name, 0);
        else
            fixture.require_close(static_cast<const T*>(buffer.data), buffer.size(), name + "/b/" + buffer.name, tolerance);
    }
}
template <class T, xnn::AnyShape S, class Layer>
void check_layer(const std::string& name, Layer&& layer, double tolerance = tolerance_of<T>) {
    check_layer<T, S>(name, static_cast<Layer&>(layer), tolerance);
}
