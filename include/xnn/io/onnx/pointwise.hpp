// Arithmetic, comparisons and functions of numbers, element by element.
#pragma once

#include "xnn/expr/custom.hpp"
#include "xnn/expr/functors.hpp"
#include "xnn/io/onnx/traced.hpp"

namespace xnn::onnx {

// ---- functors that are operators

#define XNN_ONNX_UNARY(Functor, Operator) \
    inline std::string emit(Tracer& t, const functors::Functor&, const Call& c) { return t.op(Operator, {c[0].name}); }
#define XNN_ONNX_BINARY(Functor, Operator) \
    inline std::string emit(Tracer& t, const functors::Functor&, const Call& c) { return t.op(Operator, {c[0].name, c[1].name}); }

XNN_ONNX_UNARY(Negate, "Neg")
XNN_ONNX_UNARY(Abs, "Abs")
XNN_ONNX_UNARY(Reciprocal, "Reciprocal")
XNN_ONNX_UNARY(Sign, "Sign")
XNN_ONNX_UNARY(Floor, "Floor")
XNN_ONNX_UNARY(Ceil, "Ceil")
XNN_ONNX_UNARY(Round, "Round")
XNN_ONNX_UNARY(Sqrt, "Sqrt")
XNN_ONNX_UNARY(Exp, "Exp")
XNN_ONNX_UNARY(Log, "Log")
XNN_ONNX_UNARY(Sin, "Sin")
XNN_ONNX_UNARY(Cos, "Cos")
XNN_ONNX_UNARY(Tan, "Tan")
XNN_ONNX_UNARY(Asin, "Asin")
XNN_ONNX_UNARY(Acos, "Acos")
XNN_ONNX_UNARY(Atan, "Atan")
XNN_ONNX_UNARY(Sinh, "Sinh")
XNN_ONNX_UNARY(Cosh, "Cosh")
XNN_ONNX_UNARY(Tanh, "Tanh")
XNN_ONNX_UNARY(Asinh, "Asinh")
XNN_ONNX_UNARY(Acosh, "Acosh")
XNN_ONNX_UNARY(Atanh, "Atanh")
XNN_ONNX_UNARY(Erf, "Erf")
XNN_ONNX_UNARY(IsNan, "IsNaN")
XNN_ONNX_UNARY(IsInf, "IsInf")

XNN_ONNX_BINARY(Add, "Add")
XNN_ONNX_BINARY(Subtract, "Sub")
XNN_ONNX_BINARY(Divide, "Div")
XNN_ONNX_BINARY(Maximum, "Max")
XNN_ONNX_BINARY(Minimum, "Min")
XNN_ONNX_BINARY(Pow, "Pow")
XNN_ONNX_BINARY(Equal, "Equal")
XNN_ONNX_BINARY(Less, "Less")
XNN_ONNX_BINARY(LessEqual, "LessOrEqual")
XNN_ONNX_BINARY(Greater, "Greater")
XNN_ONNX_BINARY(GreaterEqual, "GreaterOrEqual")

#undef XNN_ONNX_UNARY
#undef XNN_ONNX_BINARY

/// A product; what is multiplied by 1, as dropout does out of training, is itself.
inline std::string emit(Tracer& t, const functors::Multiply&, const Call& c) {
    for (const std::size_t one : {std::size_t{0}, std::size_t{1}})
        if (c[one].number == 1.0) return c[1 - one].name;
    return t.op("Mul", {c[0].name, c[1].name});
}

namespace detail {

/// Formulas of operators: the arguments' dtype is that of their numbers.
class Formula {
public:
    Formula(Tracer& tracer, const Call& call) : tracer_(tracer), dtype_(call[0].dtype) {}

    std::string number(double value) const { return tracer_.number(value, dtype_); }
    std::string add(const std::string& a, const std::string& b) const { return tracer_.op("Add", {a, b}); }
    std::string subtract(const std::string& a, const std::string& b) const { return tracer_.op("Sub", {a, b}); }
    std::string multiply(const std::string& a, const std::string& b) const { return tracer_.op("Mul", {a, b}); }
    std::string divide(const std::string& a, const std::string& b) const { return tracer_.op("Div", {a, b}); }
    std::string add(const std::string& a, double b) const { return add(a, number(b)); }
    std::string subtract(double a, const std::string& b) const { return subtract(number(a), b); }
    std::string subtract(const std::string& a, double b) const { return subtract(a, number(b)); }
    std::string multiply(const std::string& a, double b) const { return multiply(a, number(b)); }
    std::string divide(const std::string& a, double b) const { return divide(a, number(b)); }
    std::string less(const std::string& a, double b) const { return tracer_.op("Less", {a, number(b)}); }
    std::string where(const std::string& mask, const std::string& a, const std::string& b) const { return tracer_.op("Where", {mask, a, b}); }
    std::string clip(const std::string& x, std::optional<double> low, std::optional<double> high) const {
        return tracer_.op("Clip", {x, low ? number(*low) : "", high ? number(*high) : ""});
    }
    std::string apply(const char* op, const std::string& x) const { return tracer_.op(op, {x}); }
    /// log(1 + exp(x))
    std::string softplus(const std::string& x) const { return tracer_.op("Softplus", {x}); }

private:
    Tracer& tracer_;
    Dtype dtype_;
};

/// A logical operator's argument: whether it is not 0.
inline std::string truth(Tracer& t, const Value& x) { return x.dtype == Dtype::BOOL ? x.name : t.cast(x.name, Dtype::BOOL); }

}  // namespace detail

// ---- others

inline std::string emit(Tracer& t, const functors::NotEqual&, const Call& c) { return t.op("Not", {t.op("Equal", {c[0].name, c[1].name})}); }
inline std::string emit(Tracer& t, const functors::IsFinite&, const Call& c) {
    return t.op("Not", {t.op("Or", {t.op("IsNaN", {c[0].name}), t.op("IsInf", {c[0].name})})});
}
inline std::string emit(Tracer& t, const functors::LogicalNot&, const Call& c) { return t.op("Not", {detail::truth(t, c[0])}); }
inline std::string emit(Tracer& t, const functors::LogicalAnd&, const Call& c) { return t.op("And", {detail::truth(t, c[0]), detail::truth(t, c[1])}); }
inline std::string emit(Tracer& t, const functors::LogicalOr&, const Call& c) { return t.op("Or", {detail::truth(t, c[0]), detail::truth(t, c[1])}); }
inline std::string emit(Tracer& t, const functors::LogicalXor&, const Call& c) { return t.op("Xor", {detail::truth(t, c[0]), detail::truth(t, c[1])}); }
inline std::string emit(Tracer& t, const functors::Where&, const Call& c) { return t.op("Where", {c[0].name, c[1].name, c[2].name}); }

inline std::string emit(Tracer& t, const functors::Square&, const Call& c) { return t.op("Mul", {c[0].name, c[0].name}); }
inline std::string emit(Tracer& t, const functors::Rsqrt&, const Call& c) { return t.op("Reciprocal", {t.op("Sqrt", {c[0].name})}); }
inline std::string emit(Tracer& t, const functors::PowNumber& f, const Call& c) {
    if (f.exponent == 1) return c[0].name;
    return t.op("Pow", {c[0].name, t.number(f.exponent, c[0].dtype)});
}
inline std::string emit(Tracer& t, const functors::Exp2&, const Call& c) { return t.op("Pow", {t.number(2, c[0].dtype), c[0].name}); }
inline std::string emit(Tracer& t, const functors::Expm1&, const Call& c) {
    const detail::Formula f(t, c);
    return f.subtract(f.apply("Exp", c[0].name), 1);
}
inline std::string emit(Tracer& t, const functors::Log1p&, const Call& c) {
    const detail::Formula f(t, c);
    return f.apply("Log", f.add(c[0].name, 1));
}
inline std::string emit(Tracer& t, const functors::Log2&, const Call& c) {
    const detail::Formula f(t, c);
    return f.multiply(f.apply("Log", c[0].name), 1.44269504088896340736);
}
inline std::string emit(Tracer& t, const functors::Log10&, const Call& c) {
    const detail::Formula f(t, c);
    return f.multiply(f.apply("Log", c[0].name), 0.43429448190325182765);
}
inline std::string emit(Tracer& t, const functors::Logaddexp&, const Call& c) {
    const detail::Formula f(t, c);
    return f.add(c[1].name, f.softplus(f.subtract(c[0].name, c[1].name)));
}
inline std::string emit(Tracer& t, const functors::Hypot&, const Call& c) {
    const detail::Formula f(t, c);
    return f.apply("Sqrt", f.add(f.multiply(c[0].name, c[0].name), f.multiply(c[1].name, c[1].name)));
}
inline std::string emit(Tracer& t, const functors::Erfc&, const Call& c) {
    const detail::Formula f(t, c);
    return f.subtract(1, f.apply("Erf", c[0].name));
}
inline std::string emit(Tracer& t, const functors::Trunc&, const Call& c) {
    const detail::Formula f(t, c);
    return f.multiply(f.apply("Sign", c[0].name), f.apply("Floor", f.apply("Abs", c[0].name)));
}
inline std::string emit(Tracer& t, const functors::Frac&, const Call& c) {
    return detail::Formula(t, c).subtract(c[0].name, emit(t, functors::Trunc{}, c));
}
inline std::string emit(Tracer& t, const functors::Fmod&, const Call& c) { return t.op("Mod", {c[0].name, c[1].name}, {{"fmod", index_t{1}}}); }
inline std::string emit(Tracer& t, const functors::Remainder&, const Call& c) {
    if (c.result.dtype != Dtype::F32 && c.result.dtype != Dtype::F64 && c.result.dtype != Dtype::F16) return t.op("Mod", {c[0].name, c[1].name});
    const detail::Formula f(t, c);
    return f.subtract(c[0].name, f.multiply(c[1].name, f.apply("Floor", f.divide(c[0].name, c[1].name))));
}
inline std::string emit(Tracer& t, const functors::Lerp&, const Call& c) {
    const detail::Formula f(t, c);
    return f.add(c[0].name, f.multiply(c[2].name, f.subtract(c[1].name, c[0].name)));
}
inline std::string emit(Tracer& t, const functors::Addcmul& functor, const Call& c) {
    const detail::Formula f(t, c);
    return f.add(c[0].name, f.multiply(f.multiply(c[1].name, c[2].name), functor.value));
}
inline std::string emit(Tracer& t, const functors::Addcdiv& functor, const Call& c) {
    const detail::Formula f(t, c);
    return f.add(c[0].name, f.multiply(f.divide(c[1].name, c[2].name), functor.value));
}
inline std::string emit(Tracer& t, const functors::Clamp& f, const Call& c) { return detail::Formula(t, c).clip(c[0].name, f.min, f.max); }
inline std::string emit(Tracer& t, const functors::ClampMin& f, const Call& c) { return detail::Formula(t, c).clip(c[0].name, f.min, {}); }
inline std::string emit(Tracer& t, const functors::ClampMax& f, const Call& c) { return detail::Formula(t, c).clip(c[0].name, {}, f.max); }

/// A change of dtype.
template <class T>
std::string emit(Tracer& t, const Cast<T>&, const Call& c) {
    return t.cast(c[0].name, dtype_of<T>);
}

/// A function of the user's own: emit() is asked for it.
template <class F>
std::string emit(Tracer& t, const xnn::detail::CustomRule<F>& rule, const Call& c)
    requires requires { std::string(emit(t, rule.f, c)); }
{
    return emit(t, rule.f, c);
}

}  // namespace xnn::onnx
