// Tensors made from nothing but a shape: zeros<Shape<2, 3>>(), or zeros(Shape<dyn, 3>{5}) where a run decides; float unless
// another dtype follows the shape, zeros<Shape<2, 3>, double>(). https://pytorch.org/docs/stable/torch.html#creation-ops
#pragma once

#include <cmath>

#include "xnn/expr/operand.hpp"

namespace xnn {

/// A tensor whose elements hold anything.
template <AnyShape S, Element T = float, class Device = DefaultDevice>
Tensor<T, S, Device> empty(const S& shape = {}) { return Tensor<T, S, Device>(shape); }
template <AnyShape S, Element T = float, class Device = DefaultDevice>
Tensor<T, S, Device> zeros(const S& shape = {}) { return Tensor<T, S, Device>(shape); }
/// The same number everywhere.
template <AnyShape S, Element T = float, class Device = DefaultDevice>
Tensor<T, S, Device> full(const S& shape, std::type_identity_t<T> value) {
    Tensor<T, S, Device> result(shape);
    result.fill(value);
    return result;
}
template <AnyShape S, Element T = float, class Device = DefaultDevice>
Tensor<T, S, Device> full(std::type_identity_t<T> value) { return full<S, T, Device>(S{}, value); }
template <AnyShape S, Element T = float, class Device = DefaultDevice>
Tensor<T, S, Device> ones(const S& shape = {}) { return full<S, T, Device>(shape, T(1)); }

namespace detail {
/// f(i) for each place i of an array in row-major order, computed on the host.
template <class T, class Device, class S, class F>
Tensor<T, S, Device> tabulate(const S& shape, F f) {
    Tensor<T, S, Device> result(shape);
    edit_on_host<Device>(result.data(), result.size(), [&](T* p) {
        for (index_t i = 0; i < result.size(); ++i) p[i] = static_cast<T>(static_cast<compute_t<T>>(f(i)));
    });
    return result;
}
}  // namespace detail

/// Ones on the diagonal, zeros elsewhere.
template <index_t Rows, index_t Columns = Rows, Element T = float, class Device = DefaultDevice>
Tensor<T, Shape<Rows, Columns>, Device> eye() {
    return detail::tabulate<T, Device>(Shape<Rows, Columns>{}, [](index_t i) { return i / Columns == i % Columns; });
}
template <Element T = float, class Device = DefaultDevice>
Tensor<T, Shape<dyn, dyn>, Device> eye(index_t rows, index_t columns = -1) {
    const index_t width = columns < 0 ? rows : columns;
    return detail::tabulate<T, Device>(Shape<dyn, dyn>(rows, width), [=](index_t i) { return i / width == i % width; });
}

namespace detail {
/// What arange makes of its arguments' type.
template <class N>
using counted_t = std::conditional_t<std::floating_point<N>, float, std::int64_t>;

/// Number i of n from `first` to `last`, counted from the nearer end, so that both ends are exact.
inline double on_line(double first, double last, index_t i, index_t n) {
    if (n == 1) return first;
    const double step = (last - first) / static_cast<double>(n - 1);
    return i < n / 2 ? first + step * static_cast<double>(i) : last - step * static_cast<double>(n - 1 - i);
}
}  // namespace detail

/// 0, 1, … N - 1
template <index_t N, Element T = std::int64_t, class Device = DefaultDevice>
Tensor<T, Shape<N>, Device> arange() {
    return detail::tabulate<T, Device>(Shape<N>{}, [](index_t i) { return i; });
}
/// start, start + step, … below end (above, if step is negative): int64, or float where a bound is floating
template <class A, class B = A, class C = B>
    requires(std::is_arithmetic_v<A> && std::is_arithmetic_v<B> && std::is_arithmetic_v<C>)
auto arange(A start, B end, C step = 1) {
    using N = std::common_type_t<A, B, C>;
    if (step == C(0) || (static_cast<double>(end) - static_cast<double>(start)) / static_cast<double>(step) < 0)
        fail("arange", "a step that leads from the start to the end", std::to_string(step));
    const auto n = static_cast<index_t>(std::ceil((static_cast<double>(end) - static_cast<double>(start)) / static_cast<double>(step)));
    return detail::tabulate<detail::counted_t<N>, DefaultDevice>(Shape<dyn>{n}, [=](index_t i) { return static_cast<N>(start) + static_cast<N>(i) * static_cast<N>(step); });
}
/// 0, 1, … below end
template <class A>
    requires std::is_arithmetic_v<A>
auto arange(A end) { return arange(A(0), end, A(1)); }

/// N numbers from `start` to `end`, evenly spaced, both included
template <index_t N, Element T = float, class Device = DefaultDevice>
Tensor<T, Shape<N>, Device> linspace(double start, double end) {
    return detail::tabulate<T, Device>(Shape<N>{}, [=](index_t i) { return detail::on_line(start, end, i, N); });
}
template <Element T = float, class Device = DefaultDevice>
Tensor<T, Shape<dyn>, Device> linspace(double start, double end, index_t steps) {
    return detail::tabulate<T, Device>(Shape<dyn>{steps}, [=](index_t i) { return detail::on_line(start, end, i, steps); });
}
/// base to the powers that linspace gives
template <index_t N, Element T = float, class Device = DefaultDevice>
Tensor<T, Shape<N>, Device> logspace(double start, double end, double base = 10) {
    return detail::tabulate<T, Device>(Shape<N>{}, [=](index_t i) { return std::pow(base, detail::on_line(start, end, i, N)); });
}
template <Element T = float, class Device = DefaultDevice>
Tensor<T, Shape<dyn>, Device> logspace(double start, double end, index_t steps, double base = 10) {
    return detail::tabulate<T, Device>(Shape<dyn>{steps}, [=](index_t i) { return std::pow(base, detail::on_line(start, end, i, steps)); });
}

namespace detail {
/// The dtype of something like X, unless another one is asked for.
template <class T, class X>
using like_t = std::conditional_t<std::is_void_v<T>, value_t<operand_t<X>>, T>;
}  // namespace detail

/// Zeros of x's shape and dtype (or of dtype T)
template <class T = void, Array X>
auto zeros_like(const X& x) { return zeros<shape_t<operand_t<X>>, detail::like_t<T, X>, device_t<operand_t<X>>>(x.shape()); }
/// Ones of x's shape and dtype (or of dtype T)
template <class T = void, Array X>
auto ones_like(const X& x) { return ones<shape_t<operand_t<X>>, detail::like_t<T, X>, device_t<operand_t<X>>>(x.shape()); }
/// Anything of x's shape and dtype (or of dtype T)
template <class T = void, Array X>
auto empty_like(const X& x) { return empty<shape_t<operand_t<X>>, detail::like_t<T, X>, device_t<operand_t<X>>>(x.shape()); }
/// One number everywhere, in x's shape and dtype (or of dtype T)
template <class T = void, Array X>
auto full_like(const X& x, double value) {
    using E = detail::like_t<T, X>;
    return full<shape_t<operand_t<X>>, E, device_t<operand_t<X>>>(x.shape(), static_cast<E>(value));
}

}  // namespace xnn
