// Values that parameters begin with. https://pytorch.org/docs/stable/nn.init.html
//
// The functions take a tensor or a parameter, fill it from a generator, and return it.
#pragma once

#include <cmath>
#include <vector>

#include "xnn/core/generator.hpp"
#include "xnn/core/tensor.hpp"
#include "xnn/expr/parameter.hpp"

namespace xnn::nn::init {

namespace detail {

template <class T, class S, class Device>
Tensor<T, S, Device>& tensor_of(Tensor<T, S, Device>& tensor) { return tensor; }
template <class T, class S, class Device>
Tensor<T, S, Device>& tensor_of(Parameter<T, S, Device>& parameter) { return parameter.value(); }

template <class T>
T rounded(double number) { return static_cast<T>(static_cast<compute_t<T>>(number)); }

/// Calls f(elements, how many) where the host can reach a tensor's elements: all devices begin with the same numbers.
template <class T, class S, class Device, class F>
void edit(Tensor<T, S, Device>& tensor, F&& f) {
    xnn::detail::edit_on_host<Device>(tensor.data(), tensor.size(), [&](T* p) { f(p, tensor.size()); });
}

/// p[i] = f(i); of dtypes, not of shapes, so that it is compiled once.
template <class T, class F>
void fill(T* p, index_t n, F&& f) {
    for (index_t i = 0; i < n; ++i) p[i] = rounded<T>(f(i));
}
template <class T>
[[gnu::noinline]] void fill_uniform(T* p, index_t n, double low, double high, Generator& generator) {
    const RandomStream stream = generator.draw(n);
    fill(p, n, [&](index_t i) { return low + (high - low) * static_cast<double>(stream.uniform(i)); });
}
template <class T>
[[gnu::noinline]] void fill_normal(T* p, index_t n, double mean, double std, Generator& generator) {
    const RandomStream stream = generator.draw(n);
    fill(p, n, [&](index_t i) { return mean + std * stream.normal(i); });
}

}  // namespace detail

/// A tensor or a parameter.
template <class W>
concept Fillable = requires(W& w) { detail::tensor_of(w); };

/// Uniform on [low, high).
template <Fillable W>
W& uniform_(W& weight, double low = 0, double high = 1, Generator& generator = default_generator()) {
    auto& tensor = detail::tensor_of(weight);
    detail::edit(tensor, [&](auto* p, index_t n) { detail::fill_uniform(p, n, low, high, generator); });
    return weight;
}
/// From the normal distribution.
template <Fillable W>
W& normal_(W& weight, double mean = 0, double std = 1, Generator& generator = default_generator()) {
    auto& tensor = detail::tensor_of(weight);
    detail::edit(tensor, [&](auto* p, index_t n) { detail::fill_normal(p, n, mean, std, generator); });
    return weight;
}
/// The same number everywhere.
template <Fillable W>
W& constant_(W& weight, double value) {
    auto& tensor = detail::tensor_of(weight);
    detail::edit(tensor, [&](auto* p, index_t n) { detail::fill(p, n, [=](index_t) { return value; }); });
    return weight;
}
template <Fillable W>
W& ones_(W& weight) { return constant_(weight, 1); }
template <Fillable W>
W& zeros_(W& weight) { return constant_(weight, 0); }

/// Fills memory uniformly on [-bound, bound): what a Parameter may be made from.
struct UniformWithin {
    double bound;
    template <Floating T>
    [[gnu::cold, gnu::noinline]] void operator()(T* p, index_t n) const {
        detail::fill_uniform(p, n, -bound, bound, default_generator());
    }
};
/// PyTorch's default for the weights and biases of products: uniform within 1 / sqrt(fan_in).
inline UniformWithin default_for(index_t fan_in) { return {fan_in > 0 ? 1 / std::sqrt(static_cast<double>(fan_in)) : 0}; }

// ---- scaled to the number of connections

/// What follows a layer.
enum class Nonlinearity { linear, sigmoid, tanh, relu, leaky_relu, selu };
/// Whether the variance is to be kept on the way forward or back.
enum class FanMode { fan_in, fan_out };

/// The factor by which a nonlinearity asks for larger weights; negative_slope is leaky_relu's.
/// https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.calculate_gain
inline double calculate_gain(Nonlinearity nonlinearity, double negative_slope = 0.01) {
    switch (nonlinearity) {
        case Nonlinearity::tanh: return 5.0 / 3;
        case Nonlinearity::relu: return std::sqrt(2.0);
        case Nonlinearity::leaky_relu: return std::sqrt(2 / (1 + negative_slope * negative_slope));
        case Nonlinearity::selu: return 3.0 / 4;
        default: return 1;
    }
}

/// How many inputs an output depends on, and the reverse.
struct Fans {
    index_t in;
    index_t out;

    template <std::size_t R>
    static Fans of(const Dims<R>& extents) {
        static_assert(R >= 2, "fan in and fan out are not defined for fewer than 2 dimensions");
        index_t field = 1;
        for (std::size_t i = 2; i < R; ++i) field *= extents[i];
        return {extents[1] * field, extents[0] * field};
    }
};

namespace detail {
[[gnu::cold, gnu::noinline]] inline double xavier_std(Fans fans, double gain) { return gain * std::sqrt(2.0 / static_cast<double>(fans.in + fans.out)); }
[[gnu::cold, gnu::noinline]] inline double kaiming_std(Fans fans, double a, FanMode mode, Nonlinearity nonlinearity) {
    return calculate_gain(nonlinearity, a) / std::sqrt(static_cast<double>(mode == FanMode::fan_in ? fans.in : fans.out));
}
}  // namespace detail

/// Uniform, keeping the variance both ways (Glorot and Bengio, 2010).
template <Fillable W>
W& xavier_uniform_(W& weight, double gain = 1, Generator& generator = default_generator()) {
    const double bound = std::sqrt(3.0) * detail::xavier_std(Fans::of(weight.shape().extents()), gain);
    return uniform_(weight, -bound, bound, generator);
}
/// Normal, keeping the variance both ways (Glorot and Bengio, 2010).
template <Fillable W>
W& xavier_normal_(W& weight, double gain = 1, Generator& generator = default_generator()) {
    return normal_(weight, 0, detail::xavier_std(Fans::of(weight.shape().extents()), gain), generator);
}
/// Uniform, keeping the variance one way through rectifiers of slope a below 0 (He et al., 2015).
template <Fillable W>
W& kaiming_uniform_(W& weight, double a = 0, FanMode mode = FanMode::fan_in, Nonlinearity nonlinearity = Nonlinearity::leaky_relu,
                    Generator& generator = default_generator()) {
    const double bound = std::sqrt(3.0) * detail::kaiming_std(Fans::of(weight.shape().extents()), a, mode, nonlinearity);
    return uniform_(weight, -bound, bound, generator);
}
/// Normal, keeping the variance one way through rectifiers of slope a below 0 (He et al., 2015).
template <Fillable W>
W& kaiming_normal_(W& weight, double a = 0, FanMode mode = FanMode::fan_in, Nonlinearity nonlinearity = Nonlinearity::leaky_relu,
                   Generator& generator = default_generator()) {
    return normal_(weight, 0, detail::kaiming_std(Fans::of(weight.shape().extents()), a, mode, nonlinearity), generator);
}

namespace detail {

/// The x with erf(x) = y, by Newton's method from a rational guess.
inline double inverse_erf(double y) {
    if (y <= -1 || y >= 1) return y > 0 ? HUGE_VAL : -HUGE_VAL;
    const double l = std::log(1 - y * y), b = 2 / (std::numbers::pi * 0.147) + l / 2;
    double x = std::copysign(std::sqrt(std::sqrt(b * b - l / 0.147) - b), y);
    for (int i = 0; i < 4; ++i) x -= (std::erf(x) - y) / (2 / std::sqrt(std::numbers::pi) * std::exp(-x * x));
    return x;
}

/// Makes the `columns` columns of a row-major matrix orthonormal, in their order and twice over, for the sake of rounding.
inline void orthonormalize_columns(std::vector<double>& matrix, std::size_t rows, std::size_t columns) {
    const auto at = [&](std::size_t i, std::size_t j) -> double& { return matrix[i * columns + j]; };
    for (std::size_t j = 0; j < columns; ++j) {
        for (int round = 0; round < 2; ++round)
            for (std::size_t k = 0; k < j; ++k) {
                double dot = 0;
                for (std::size_t i = 0; i < rows; ++i) dot += at(i, k) * at(i, j);
                for (std::size_t i = 0; i < rows; ++i) at(i, j) -= dot * at(i, k);
            }
        double norm = 0;
        for (std::size_t i = 0; i < rows; ++i) norm += at(i, j) * at(i, j);
        norm = std::sqrt(norm);
        for (std::size_t i = 0; i < rows; ++i) at(i, j) /= norm;
    }
}

}  // namespace detail

/// From the normal distribution, redrawn until it is in [a, b].
template <Fillable W>
W& trunc_normal_(W& weight, double mean = 0, double std = 1, double a = -2, double b = 2, Generator& generator = default_generator()) {
    if (!(a <= b)) fail("trunc_normal_", "a at most b", std::to_string(a) + " and " + std::to_string(b));
    auto& tensor = detail::tensor_of(weight);
    const auto erf_at = [&](double bound) { return std::erf((bound - mean) / (std * std::sqrt(2.0))); };
    const double low = erf_at(a), high = erf_at(b);
    const RandomStream stream = generator.draw(tensor.size());
    const auto number = [&](index_t i) {
        const double y = low + (high - low) * static_cast<double>(stream.uniform(i));
        return std::min(std::max(mean + std * std::sqrt(2.0) * detail::inverse_erf(y), a), b);
    };
    detail::edit(tensor, [&](auto* p, index_t n) { detail::fill(p, n, number); });
    return weight;
}

/// A (semi-)orthogonal matrix times gain: [rows, d…] seen as [rows, product of d] (Saxe et al., 2013).
template <Fillable W>
W& orthogonal_(W& weight, double gain = 1, Generator& generator = default_generator()) {
    auto& tensor = detail::tensor_of(weight);
    using S = std::remove_cvref_t<decltype(tensor.shape())>;
    static_assert(S::rank >= 2, "orthogonal_: at least 2 dimensions");
    if (tensor.size() == 0) return weight;
    const auto rows = static_cast<std::size_t>(tensor.extent(0)), columns = static_cast<std::size_t>(tensor.size()) / rows;
    const bool wide = rows < columns;
    std::vector<double> matrix(rows * columns);
    detail::fill_normal(matrix.data(), tensor.size(), 0, 1, generator);
    detail::orthonormalize_columns(matrix, wide ? columns : rows, wide ? rows : columns);
    const auto number = [&](index_t i) {
        const auto at = static_cast<std::size_t>(i);
        return gain * (wide ? matrix[at % columns * rows + at / columns] : matrix[at]);
    };
    detail::edit(tensor, [&](auto* p, index_t n) { detail::fill(p, n, number); });
    return weight;
}

/// Normal, except that in each column the share `sparsity` of the elements, rounded up, is 0 (Martens, 2010).
template <Fillable W>
W& sparse_(W& weight, double sparsity, double std = 0.01, Generator& generator = default_generator()) {
    auto& tensor = detail::tensor_of(weight);
    static_assert(std::remove_cvref_t<decltype(tensor.shape())>::rank == 2, "sparse_: 2 dimensions");
    if (!(sparsity >= 0 && sparsity <= 1)) fail("sparse_", "a sparsity in [0, 1]", std::to_string(sparsity));
    normal_(weight, 0, std, generator);
    const index_t rows = tensor.extent(0), columns = tensor.extent(1);
    const auto zeros = static_cast<index_t>(std::ceil(sparsity * static_cast<double>(rows)));
    const RandomStream stream = generator.draw(rows * columns);
    std::vector<index_t> order(static_cast<std::size_t>(rows));
    detail::edit(tensor, [&]<class T>(T* p, index_t) {
        for (index_t c = 0; c < columns; ++c) {
            for (index_t r = 0; r < rows; ++r) order[static_cast<std::size_t>(r)] = r;
            for (index_t r = 0; r < zeros; ++r) {
                const index_t other = r + static_cast<index_t>(stream.word(c * rows + r) % static_cast<std::uint32_t>(rows - r));
                std::swap(order[static_cast<std::size_t>(r)], order[static_cast<std::size_t>(other)]);
                p[order[static_cast<std::size_t>(r)] * columns + c] = detail::rounded<T>(0);
            }
        }
    });
    return weight;
}

/// The identity matrix.
template <Fillable W>
W& eye_(W& weight) {
    auto& tensor = detail::tensor_of(weight);
    static_assert(std::remove_cvref_t<decltype(tensor.shape())>::rank == 2, "eye_: 2 dimensions");
    const index_t columns = tensor.extent(1);
    detail::edit(tensor, [&](auto* p, index_t n) { detail::fill(p, n, [=](index_t i) { return i / columns == i % columns ? 1 : 0; }); });
    return weight;
}
/// A convolution's weight that hands on as many channels as possible, in each group.
template <Fillable W>
W& dirac_(W& weight, index_t groups = 1) {
    auto& tensor = detail::tensor_of(weight);
    const auto extents = tensor.shape().extents();
    static_assert(extents.size() >= 3, "dirac_: 3 to 5 dimensions");
    if (groups < 1 || extents[0] % groups != 0) fail("dirac_", "a divisor of " + std::to_string(extents[0]), std::to_string(groups));
    zeros_(weight);
    const index_t out = extents[0] / groups, in = extents[1];
    index_t field = 1, centre = 0;
    for (std::size_t i = 2; i < extents.size(); ++i) {
        field *= extents[i];
        centre = centre * extents[i] + extents[i] / 2;
    }
    detail::edit(tensor, [&]<class T>(T* p, index_t) {
        for (index_t g = 0; g < groups; ++g)
            for (index_t c = 0; c < std::min(out, in); ++c) p[((g * out + c) * in + c) * field + centre] = detail::rounded<T>(1);
    });
    return weight;
}

}  // namespace xnn::nn::init
