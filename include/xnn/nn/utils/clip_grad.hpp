// Gradients kept within bounds. https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "xnn/nn/module.hpp"
#include "xnn/ops/operators.hpp"
#include "xnn/ops/pointwise.hpp"
#include "xnn/ops/reduce.hpp"

namespace xnn::nn::utils {

namespace detail {

/// Calls f(gradient) with a view of the gradient of each parameter of a module, or of one parameter, that has one. The code of
/// f is compiled for dtypes, not for shapes.
template <Element T, AnyShape S, class Device, class F>
void for_each_gradient(Parameter<T, S, Device>& parameter, F&& f) {
    if (parameter.has_grad()) f(TensorView<T, Shape<dyn>, Device>{parameter.grad().data(), Shape<dyn>(parameter.size())});
}
template <AnyModule M, class F>
void for_each_gradient(M& module, F&& f) {
    visit_parameters(module, [&](const Path&, auto& parameter) { for_each_gradient(parameter, f); });
}

/// The same for what parameters() lists: a list knows its parameters' dtypes in the run alone, and no device but the host.
template <class F>
void for_each_gradient(const std::vector<ParameterRef>& parameters, F&& f) {
    for (const ParameterRef& parameter : parameters) {
        if (!parameter.has_gradient()) continue;
        if (parameter.access) fail("clip_grad", "a list of parameters on the host; for others pass the model itself", parameter.name);
        const auto visit = [&]<class T>(std::type_identity<T>) {
            if (parameter.dtype == dtype_of<T>)
                f(TensorView<T, Shape<dyn>, Cpu>{static_cast<T*>(parameter.gradient()), Shape<dyn>(parameter.size())});
        };
        visit(std::type_identity<float>()), visit(std::type_identity<double>());
        visit(std::type_identity<xnn::float16>()), visit(std::type_identity<xnn::bfloat16>());
    }
}

/// Writes elements that are functions of those in their places.
template <class T, class Device, class E>
void replace(const TensorView<T, Shape<dyn>, Device>& target, const E& expression) {
    const auto node = operand(expression);
    const auto lease = Lease<Device>::take();
    const auto state = node.forward(lease.arena());
    assign(Device{}, Target<T>{target.data}, node.loader(state), target.shape.extents());
}

}  // namespace detail

/// The norm of all gradients of a module (or of one parameter, or of a list as model.parameters() gives it) as if they were one vector.
template <class M>
double get_total_norm(M&& parameters, double norm_type = 2) {
    const bool largest = std::isinf(norm_type);
    double total = 0;
    detail::for_each_gradient(parameters, [&](const auto& gradient) {
        const auto part = static_cast<double>(norm(gradient, norm_type).item());
        total = largest ? std::max(total, part) : total + (norm_type == 0 ? part : std::pow(part, norm_type));
    });
    return largest || norm_type == 0 ? total : std::pow(total, 1 / norm_type);
}

/// Scales all gradients of a module (or of one parameter, or of a list) by one factor, so that the norm of all of them together is at
/// most max_norm. Returns what it was. Throws Error if `error_if_nonfinite` and it was not finite; then nothing is changed.
template <class M>
double clip_grad_norm_(M&& parameters, double max_norm, double norm_type = 2, bool error_if_nonfinite = false) {
    const double total = get_total_norm(parameters, norm_type);
    if (error_if_nonfinite && !std::isfinite(total)) fail("clip_grad_norm_", "a finite norm of the gradients", std::to_string(total));
    const double factor = std::isnan(total) ? total : std::min(max_norm / (total + 1e-6), 1.0);
    if (factor == 1) return total;
    detail::for_each_gradient(parameters, [factor](const auto& gradient) { detail::replace(gradient, gradient * factor); });
    return total;
}

/// Limits each element of all gradients to [-clip_value, clip_value].
/// https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html
template <class M>
void clip_grad_value_(M&& parameters, double clip_value) {
    detail::for_each_gradient(parameters, [clip_value](const auto& gradient) { detail::replace(gradient, clamp(gradient, -clip_value, clip_value)); });
}

}  // namespace xnn::nn::utils
