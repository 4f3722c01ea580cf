// Compares gradients with finite differences. https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html
#pragma once

#include <cmath>
#include <limits>
#include <sstream>

#include "xnn/core/generator.hpp"
#include "xnn/expr/assign.hpp"

namespace xnn {

/// The step of the differences, and by how much a gradient may deviate from them: atol + rtol |difference|.
struct GradcheckOptions {
    double eps = 1e-5;
    double atol = 1e-7;
    double rtol = 1e-5;
};

namespace detail {

/// The memory of a parameter's gradient, full of NaN before a way back, with numbers behind it that must stay.
template <class P>
class GuardedGradient {
    using T = typename P::value_type;
    using S = typename P::shape_type;

public:
    explicit GuardedGradient(P& parameter) : parameter_(parameter), value_(parameter.value()) {
        if (auto* rows = parameter.storage()->gradient_rows()) rows->expose();
        auto& gradient = parameter.storage()->gradient();
        gradient.resize(parameter.shape());
        gradient.fill(std::numeric_limits<T>::quiet_NaN());
        std::fill_n(gradient.data() + gradient.size(), guards(), guard);
        parameter.zero_grad();
    }

    /// Throws Error if more than the gradient was written.
    void check(std::size_t number) const {
        const T* behind = parameter_.storage()->gradient().data() + parameter_.size();
        for (index_t i = 0; i < guards(); ++i)
            if (behind[i] != guard) throw Error("gradcheck: the gradient of parameter " + std::to_string(number) + " was written beyond its end");
        for (index_t i = 0; i < parameter_.size(); ++i)
            if (parameter_.data()[i] != value_.data()[i]) throw Error("gradcheck: parameter " + std::to_string(number) + " was written");
    }

private:
    static constexpr T guard = T(-12345.678);
    /// Memory is handed out in whole lines; what a tensor does not use of its last one belongs to nobody.
    index_t guards() const {
        if constexpr (is_stored_inline<T, S, typename P::device>) return 0;
        const auto bytes = static_cast<std::size_t>(parameter_.size()) * sizeof(T);
        return bytes == 0 ? 0 : static_cast<index_t>((aligned_size(bytes) - bytes) / sizeof(T));
    }
    P& parameter_;
    Tensor<T, S> value_;
};

/// Numbers that no gradient can be right for by accident.
template <class S>
Tensor<double, S> gradcheck_weights(const S& shape) {
    Tensor<double, S> weights(shape);
    const RandomStream stream{20090110, 0};
    for (index_t i = 0; i < weights.size(); ++i) weights.data()[i] = (i % 3 == 1 ? -0.5 : 0.5) + static_cast<double>(stream.uniform(i));
    return weights;
}

template <class E, class S>
double weighted(const E& y, const Tensor<double, S>& weights) {
    const Tensor<double, S> value = y;
    double sum = 0;
    for (index_t i = 0; i < value.size(); ++i) sum += value.data()[i] * weights.data()[i];
    return sum;
}

struct Worst {
    double excess = 0;
    std::string text;

    void see(double expected, double got, const GradcheckOptions& options, std::string_view what, std::size_t parameter, index_t element) {
        const double distance = std::fabs(expected - got), allowed = options.atol + options.rtol * std::fabs(expected);
        const double ratio = distance <= allowed ? 0 : std::isnan(distance) ? INFINITY : distance / allowed;
        if (ratio <= excess) return;
        excess = ratio;
        std::ostringstream message;
        message.precision(12);
        message << "gradcheck: expected " << what << ' ' << expected << " of element " << element << " of parameter " << parameter << ", got " << got;
        text = message.str();
    }
};

}  // namespace detail

/// True if the gradients of f(parameters…), an expression in double of any shape, by all elements of all parameters are
/// what central differences say, if a second backward() adds to them, and if nothing else was written; else throws Error,
/// which names the worst element. Gradient memory is full of NaN before it is written to.
template <class F, class... P>
bool gradcheck(const GradcheckOptions& options, F&& f, P&... parameters) {
    const auto weights = [&] {
        const auto y = f(parameters...);
        return detail::gradcheck_weights(y.shape());
    }();
    Tuple<detail::GuardedGradient<P>...> guarded{detail::GuardedGradient<P>(parameters)...};
    const auto once = [&] {
        const auto y = f(parameters...);
        y.backward(weights.view());
    };
    const auto check = [&]<std::size_t... I>(std::index_sequence<I...>) { (get<I>(guarded).check(I), ...); };
    once();
    check(std::index_sequence_for<P...>{});
    Tuple<Tensor<double, typename P::shape_type>...> first{
        (parameters.has_grad() ? parameters.grad() : Tensor<double, typename P::shape_type>(parameters.shape()))...};
    once();
    check(std::index_sequence_for<P...>{});

    detail::Worst worst;
    const auto compare = [&](auto number, auto& parameter) {
        const auto& gradient = get<number>(first);
        for (index_t i = 0; i < parameter.size(); ++i) {
            double& x = parameter.data()[i];
            const double before = x;
            x = before + options.eps;
            const double above = detail::weighted(f(parameters...), weights);
            x = before - options.eps;
            const double below = detail::weighted(f(parameters...), weights);
            x = before;
            worst.see((above - below) / (2 * options.eps), gradient.data()[i], options, "gradient", number, i);
            if (parameter.has_grad())
                worst.see(2 * gradient.data()[i], parameter.grad().data()[i], {0, 1e-12, 1e-12}, "after a second backward() a gradient", number, i);
        }
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (compare(std::integral_constant<std::size_t, I>{}, parameters), ...);
    }(std::index_sequence_for<P...>{});
    if (worst.excess > 0) throw Error(worst.text);
    return true;
}
template <class F, class... P>
    requires(!std::same_as<std::remove_cvref_t<F>, GradcheckOptions>)
bool gradcheck(F&& f, P&... parameters) { return gradcheck(GradcheckOptions{}, std::forward<F>(f), parameters...); }

}  // namespace xnn
