// Random tensors. The same seed gives the same numbers for any number of threads.
// https://pytorch.org/docs/stable/torch.html#random-sampling
#pragma once

#include "xnn/cpu/random.hpp"
#include "xnn/ops/creation.hpp"

namespace xnn {

/// Uniform on [0, 1)
template <AnyShape S, Element T = float, class Device = DefaultDevice>
Tensor<T, S, Device> rand(const S& shape = {}, Generator& generator = default_generator()) {
    Tensor<T, S, Device> result(shape);
    fill_uniform(Device{}, generator.draw(result.size()), result.data(), result.size());
    return result;
}
/// A normal distribution with this mean and standard deviation
template <AnyShape S, Element T = float, class Device = DefaultDevice>
Tensor<T, S, Device> normal(double mean, double std, const S& shape = {}, Generator& generator = default_generator()) {
    Tensor<T, S, Device> result(shape);
    fill_normal(Device{}, generator.draw(result.size()), result.data(), result.size(), mean, std);
    return result;
}
/// The standard normal distribution
template <AnyShape S, Element T = float, class Device = DefaultDevice>
Tensor<T, S, Device> randn(const S& shape = {}, Generator& generator = default_generator()) { return normal<S, T, Device>(0, 1, shape, generator); }
/// Whole numbers of [low, high)
template <AnyShape S, Element T = std::int64_t, class Device = DefaultDevice>
Tensor<T, S, Device> randint(std::int64_t low, std::int64_t high, const S& shape = {}, Generator& generator = default_generator()) {
    if (low >= high) fail("randint", "low < high", std::to_string(low) + " and " + std::to_string(high));
    Tensor<T, S, Device> result(shape);
    fill_integers(Device{}, generator.draw(result.size()), result.data(), result.size(), low, high);
    return result;
}
/// 1 with probability p, else 0
template <AnyShape S, Element T = float, class Device = DefaultDevice>
Tensor<T, S, Device> bernoulli(double p, const S& shape = {}, Generator& generator = default_generator()) {
    if (!(p >= 0 && p <= 1)) fail("bernoulli", "a probability", std::to_string(p));
    const auto uniform = rand<S, float, Device>(shape, generator);
    Tensor<T, S, Device> result(shape);
    fill_bernoulli(Device{}, uniform.data(), result.size(), p, result.data());
    return result;
}

/// rand(), randn(), … of a static shape with a generator
template <AnyShape S, Element T = float, class Device = DefaultDevice>
Tensor<T, S, Device> rand(Generator& generator) { return rand<S, T, Device>(S{}, generator); }
template <AnyShape S, Element T = float, class Device = DefaultDevice>
Tensor<T, S, Device> randn(Generator& generator) { return randn<S, T, Device>(S{}, generator); }
template <AnyShape S, Element T = float, class Device = DefaultDevice>
Tensor<T, S, Device> normal(double mean, double std, Generator& generator) { return normal<S, T, Device>(mean, std, S{}, generator); }
template <AnyShape S, Element T = std::int64_t, class Device = DefaultDevice>
Tensor<T, S, Device> randint(std::int64_t low, std::int64_t high, Generator& generator) { return randint<S, T, Device>(low, high, S{}, generator); }
template <AnyShape S, Element T = float, class Device = DefaultDevice>
Tensor<T, S, Device> bernoulli(double p, Generator& generator) { return bernoulli<S, T, Device>(p, S{}, generator); }

/// 1 with the probability that x's element says, else 0
template <Element T, AnyShape S, class Device>
Tensor<T, S, Device> bernoulli(const Tensor<T, S, Device>& x, Generator& generator = default_generator()) {
    if (const index_t bad = check_probabilities(Device{}, x.data(), x.size()); bad >= 0)
        fail("bernoulli", "probabilities", std::to_string(static_cast<double>(x.data()[bad])));
    auto result = rand<S, T, Device>(x.shape(), generator);
    fill_bernoulli(Device{}, static_cast<const T*>(result.data()), x.size(), x.data(), result.data());
    return result;
}

namespace detail {
/// Puts 0 … n - 1 in any order with equal probability.
inline void shuffle_numbers(std::int64_t* out, index_t n, Generator& generator) {
    const auto stream = generator.draw(n);
    for (index_t i = 0; i < n; ++i) {
        const auto words = stream.group(i / 2);
        const std::size_t k = i % 2 == 0 ? 0 : 2;
        const auto j = static_cast<index_t>((std::uint64_t{words[k]} << 32 | words[k + 1]) % static_cast<std::uint64_t>(i + 1));
        out[i] = out[j];
        out[j] = i;
    }
}
}  // namespace detail

/// 0 … n - 1 in random order
inline Tensor<std::int64_t, Shape<dyn>> randperm(index_t n, Generator& generator = default_generator()) {
    Tensor<std::int64_t, Shape<dyn>> result(Shape<dyn>{n});
    detail::edit_on_host<DefaultDevice>(result.data(), n, [&](std::int64_t* numbers) { detail::shuffle_numbers(numbers, n, generator); });
    return result;
}
template <index_t N>
Tensor<std::int64_t, Shape<N>> randperm(Generator& generator = default_generator()) {
    Tensor<std::int64_t, Shape<N>> result;
    detail::edit_on_host<DefaultDevice>(result.data(), N, [&](std::int64_t* numbers) { detail::shuffle_numbers(numbers, N, generator); });
    return result;
}

/// rand, randn and randint of x's shape and dtype (or of dtype T)
template <class T = void, Array X>
auto rand_like(const X& x, Generator& generator = default_generator()) { return rand<shape_t<operand_t<X>>, detail::like_t<T, X>, device_t<operand_t<X>>>(x.shape(), generator); }
template <class T = void, Array X>
auto randn_like(const X& x, Generator& generator = default_generator()) { return randn<shape_t<operand_t<X>>, detail::like_t<T, X>, device_t<operand_t<X>>>(x.shape(), generator); }
template <class T = void, Array X>
auto randint_like(const X& x, std::int64_t low, std::int64_t high, Generator& generator = default_generator()) {
    return randint<shape_t<operand_t<X>>, detail::like_t<T, X>, device_t<operand_t<X>>>(low, high, x.shape(), generator);
}

}  // namespace xnn
