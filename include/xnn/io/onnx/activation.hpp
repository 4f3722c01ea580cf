// Activations, losses of single elements, softmax.
#pragma once

#include "xnn/io/onnx/pointwise.hpp"
#include "xnn/ops/glu.hpp"
#include "xnn/ops/softmax.hpp"

namespace xnn::onnx {

inline std::string emit(Tracer& t, const functors::Relu&, const Call& c) { return t.op("Relu", {c[0].name}); }
inline std::string emit(Tracer& t, const functors::Sigmoid&, const Call& c) { return t.op("Sigmoid", {c[0].name}); }
inline std::string emit(Tracer& t, const functors::Softsign&, const Call& c) { return t.op("Softsign", {c[0].name}); }
inline std::string emit(Tracer& t, const functors::Elu& f, const Call& c) { return t.op("Elu", {c[0].name}, {{"alpha", f.alpha}}); }
inline std::string emit(Tracer& t, const functors::Celu& f, const Call& c) { return t.op("Celu", {c[0].name}, {{"alpha", f.alpha}}); }
inline std::string emit(Tracer& t, const functors::Selu&, const Call& c) {
    return t.op("Selu", {c[0].name}, {{"alpha", functors::Selu::alpha}, {"gamma", functors::Selu::scale}});
}
inline std::string emit(Tracer& t, const functors::LeakyRelu& f, const Call& c) {
    return t.op("LeakyRelu", {c[0].name}, {{"alpha", f.negative_slope}});
}
inline std::string emit(Tracer& t, const functors::Prelu&, const Call& c) { return t.op("PRelu", {c[0].name, c[1].name}); }
inline std::string emit(Tracer& t, const functors::Hardtanh& f, const Call& c) { return detail::Formula(t, c).clip(c[0].name, f.min_val, f.max_val); }
inline std::string emit(Tracer& t, const functors::Relu6&, const Call& c) { return detail::Formula(t, c).clip(c[0].name, 0, 6); }
inline std::string emit(Tracer& t, const functors::Hardsigmoid&, const Call& c) {
    return t.op("HardSigmoid", {c[0].name}, {{"alpha", 1.0 / 6}, {"beta", 0.5}});
}
inline std::string emit(Tracer& t, const functors::Hardswish&, const Call& c) { return t.op("HardSwish", {c[0].name}); }
inline std::string emit(Tracer& t, const functors::Hardshrink& f, const Call& c) { return t.op("Shrink", {c[0].name}, {{"lambd", f.lambd}, {"bias", 0.0}}); }
inline std::string emit(Tracer& t, const functors::Softshrink& f, const Call& c) {
    return t.op("Shrink", {c[0].name}, {{"lambd", f.lambd}, {"bias", f.lambd}});
}
inline std::string emit(Tracer& t, const functors::LogSigmoid&, const Call& c) {
    const detail::Formula f(t, c);
    return f.apply("Neg", f.softplus(f.apply("Neg", c[0].name)));
}
inline std::string emit(Tracer& t, const functors::Silu&, const Call& c) { return t.op("Mul", {c[0].name, t.op("Sigmoid", {c[0].name})}); }
inline std::string emit(Tracer& t, const functors::Mish&, const Call& c) {
    const detail::Formula f(t, c);
    return f.multiply(c[0].name, f.apply("Tanh", f.softplus(c[0].name)));
}
inline std::string emit(Tracer& t, const functors::Tanhshrink&, const Call& c) { return t.op("Sub", {c[0].name, t.op("Tanh", {c[0].name})}); }
inline std::string emit(Tracer& t, const functors::Gelu&, const Call& c) {
    const detail::Formula f(t, c);
    const auto twice_normal = f.add(f.apply("Erf", f.multiply(c[0].name, 0.70710678118654752440)), 1);
    return f.multiply(f.multiply(c[0].name, twice_normal), 0.5);
}
inline std::string emit(Tracer& t, const functors::GeluTanh&, const Call& c) {
    const detail::Formula f(t, c);
    const auto cube = f.multiply(c[0].name, f.multiply(c[0].name, c[0].name));
    const auto inner = f.multiply(f.add(c[0].name, f.multiply(cube, 0.044715)), 0.79788456080286535588);
    return f.multiply(f.multiply(c[0].name, f.add(f.apply("Tanh", inner), 1)), 0.5);
}
inline std::string emit(Tracer& t, const functors::Softplus& functor, const Call& c) {
    if (functor.beta == 1 && functor.threshold >= 20) return t.op("Softplus", {c[0].name});
    const detail::Formula f(t, c);
    const auto scaled = f.multiply(c[0].name, functor.beta);
    const auto soft = f.divide(f.softplus(scaled), functor.beta);
    return f.where(t.op("Greater", {scaled, f.number(functor.threshold)}), c[0].name, soft);
}
inline std::string emit(Tracer& t, const functors::Threshold& functor, const Call& c) {
    const detail::Formula f(t, c);
    return f.where(t.op("Greater", {c[0].name, f.number(functor.threshold)}), c[0].name, f.number(functor.value));
}

template <index_t Dim, bool Log>
std::string emit(Tracer& t, const SoftmaxRule<Dim, Log>&, const Call& c) {
    return t.op(Log ? "LogSoftmax" : "Softmax", {c[0].name}, {{"axis", Dim}});
}

template <index_t Dim, index_t Part>
std::string emit(Tracer& t, const HalfMap<Dim, Part>&, const Call& c) {
    return t.ops("Split", {c[0].name}, 2, {{"axis", Dim}})[Part];
}

}  // namespace xnn::onnx
