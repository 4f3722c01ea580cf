// Losses.
#pragma once

#include "xnn/expr/functors/loss.hpp"
#include "xnn/io/onnx/activation.hpp"
#include "xnn/ops/nll_loss.hpp"

namespace xnn::onnx {

inline std::string emit(Tracer& t, const functors::SquaredError&, const Call& c) {
    const auto difference = t.op("Sub", {c[0].name, c[1].name});
    return t.op("Mul", {difference, difference});
}
inline std::string emit(Tracer& t, const functors::AbsoluteError&, const Call& c) { return t.op("Abs", {t.op("Sub", {c[0].name, c[1].name})}); }

namespace detail {

/// Where the distance is below a bound, square · factor; above it distance · slope - offset.
inline std::string smooth_distance(Tracer& t, const Call& c, double bound, double factor, double slope, double offset) {
    const Formula f(t, c);
    const auto distance = f.apply("Abs", f.subtract(c[0].name, c[1].name));
    return f.where(f.less(distance, bound), f.multiply(f.multiply(distance, distance), factor), f.subtract(f.multiply(distance, slope), offset));
}

}  // namespace detail

inline std::string emit(Tracer& t, const functors::SmoothL1& f, const Call& c) {
    if (f.beta == 0) return emit(t, functors::AbsoluteError{}, c);
    return detail::smooth_distance(t, c, f.beta, 0.5 / f.beta, 1, f.beta / 2);
}
inline std::string emit(Tracer& t, const functors::Huber& f, const Call& c) {
    return detail::smooth_distance(t, c, f.delta, 0.5, f.delta, f.delta * f.delta / 2);
}
inline std::string emit(Tracer& t, const functors::BinaryCrossEntropy&, const Call& c) {
    const detail::Formula f(t, c);
    const auto log = [&](const std::string& x) { return f.clip(f.apply("Log", x), -100, {}); };
    const auto positive = f.multiply(c[1].name, log(c[0].name));
    const auto negative = f.multiply(f.subtract(1, c[1].name), log(f.subtract(1, c[0].name)));
    return f.apply("Neg", f.add(positive, negative));
}
inline std::string emit(Tracer& t, const functors::BinaryCrossEntropyWithLogits&, const Call& c) {
    const detail::Formula f(t, c);
    return f.add(f.multiply(f.subtract(1, c[1].name), c[0].name), f.softplus(f.apply("Neg", c[0].name)));
}
inline std::string emit(Tracer& t, const functors::BinaryCrossEntropyWithPositiveWeight&, const Call& c) {
    const detail::Formula f(t, c);
    const auto weight = f.add(f.multiply(f.subtract(c[2].name, 1), c[1].name), 1);
    return f.add(f.multiply(f.subtract(1, c[1].name), c[0].name), f.multiply(weight, f.softplus(f.apply("Neg", c[0].name))));
}
inline std::string emit(Tracer& t, const functors::KlDivergence&, const Call& c) {
    const detail::Formula f(t, c);
    const auto entropy = f.multiply(c[1].name, f.apply("Log", c[1].name));
    const auto is_zero = t.op("Equal", {c[1].name, f.number(0)});
    return f.subtract(f.where(is_zero, f.number(0), entropy), f.multiply(c[1].name, c[0].name));
}
inline std::string emit(Tracer& t, const functors::KlDivergenceOfLogs&, const Call& c) {
    const detail::Formula f(t, c);
    return f.multiply(f.apply("Exp", c[1].name), f.subtract(c[1].name, c[0].name));
}

namespace detail {

inline std::string name_of(Reduction reduction) {
    return reduction == Reduction::none ? "none" : reduction == Reduction::mean ? "mean" : "sum";
}

/// The negative log-likelihood of log-probabilities, the classes being dimension 1; or 0 of one sample.
inline std::string negative_log_likelihood(Tracer& t, const Call& c, const std::string& log_probabilities, index_t ignore_index, Reduction reduction) {
    const bool alone = c[0].rank() == 1;
    const auto x = alone ? t.unsqueeze(log_probabilities, {0}) : log_probabilities;
    auto target = c[1].dtype == Dtype::I64 || c[1].dtype == Dtype::I32 ? c[1].name : t.cast(c[1].name, Dtype::I64);
    if (alone) target = t.unsqueeze(target, {0});
    const auto loss = t.op("NegativeLogLikelihoodLoss", {x, target, c.size() > 2 ? c[2].name : ""},
                           {{"ignore_index", ignore_index}, {"reduction", name_of(reduction)}});
    return alone && reduction == Reduction::none ? t.squeeze(loss, {0}) : loss;
}

}  // namespace detail

template <Reduction R>
std::string emit(Tracer& t, const NllLossRule<R>& rule, const Call& c) {
    return detail::negative_log_likelihood(t, c, c[0].name, rule.ignore_index, R);
}
template <Reduction R>
std::string emit(Tracer& t, const CrossEntropyRule<R>& rule, const Call& c) {
    const index_t axis = c[0].rank() == 1 ? 0 : 1;
    const auto log_probabilities = t.op("LogSoftmax", {c[0].name}, {{"axis", axis}});
    if (c[1].rank() == c[0].rank() || rule.label_smoothing != 0)
        fail("onnx: cross_entropy", "class indices as targets, and no label_smoothing", rule.label_smoothing != 0 ? "label_smoothing" : "probabilities");
    return detail::negative_log_likelihood(t, c, log_probabilities, rule.ignore_index, R);
}

}  // namespace xnn::onnx
