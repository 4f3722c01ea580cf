#include "cases.hpp"

namespace onnx_cases {

namespace {

using X = Shape<dyn, 3, 4>;

template <class F>
void add(const Folder& folder, const std::string& name, F f, float low = -2, float high = 2) {
    folder.add<X>("op_" + name, Function(f), uniform<Shape<2, 3, 4>>(1, low, high));
}
template <class F>
void add2(const Folder& folder, const std::string& name, F f) {
    folder.add<X, Shape<4>>("op_" + name, Function(f), uniform<Shape<2, 3, 4>>(1), uniform<Shape<4>>(2, 0.5F, 2));
}

#define XNN_OP(f) add(folder, #f, [](auto x) { return f(x); })
#define XNN_POSITIVE_OP(f) add(folder, #f, [](auto x) { return f(x); }, 0.1F, 0.9F)
#define XNN_OP2(f) add2(folder, #f, [](auto x, auto y) { return f(x, y); })

void add_pointwise(const Folder& folder) {
    XNN_OP(abs);
    XNN_OP(square);
    XNN_OP(sign);
    XNN_OP(floor);
    XNN_OP(ceil);
    XNN_OP(round);
    XNN_OP(trunc);
    XNN_OP(frac);
    XNN_OP(exp);
    XNN_OP(exp2);
    XNN_OP(expm1);
    XNN_OP(sin);
    XNN_OP(cos);
    XNN_OP(tan);
    XNN_OP(atan);
    XNN_OP(sinh);
    XNN_OP(cosh);
    XNN_OP(asinh);
    XNN_OP(erf);
    XNN_OP(erfc);
    XNN_OP(isnan);
    XNN_OP(isinf);
    XNN_OP(isfinite);
    XNN_OP(logical_not);
    XNN_POSITIVE_OP(reciprocal);
    XNN_POSITIVE_OP(sqrt);
    XNN_POSITIVE_OP(rsqrt);
    XNN_POSITIVE_OP(log);
    XNN_POSITIVE_OP(log2);
    XNN_POSITIVE_OP(log10);
    XNN_POSITIVE_OP(log1p);
    XNN_POSITIVE_OP(asin);
    XNN_POSITIVE_OP(acos);
    XNN_POSITIVE_OP(atanh);
    add(folder, "acosh", [](auto x) { return acosh(x); }, 1.5F, 3);
    XNN_OP2(maximum);
    XNN_OP2(minimum);
    XNN_OP2(hypot);
    XNN_OP2(fmod);
    XNN_OP2(logaddexp);
    XNN_OP2(eq);
    XNN_OP2(ne);
    XNN_OP2(lt);
    XNN_OP2(le);
    XNN_OP2(gt);
    XNN_OP2(ge);
    XNN_OP2(logical_and);
    XNN_OP2(logical_or);
    XNN_OP2(logical_xor);
    add2(folder, "arithmetic", [](auto x, auto y) { return (x + y) * (x - 2) / y - 3 % y; });
    add2(folder, "remainder", [](auto x, auto y) { return x % y; });
    add2(folder, "where", [](auto x, auto y) { return where(x > y, x, 0.5); });
    add2(folder, "pow", [](auto x, auto y) { return pow(abs(x), y) + pow(x, 3) + pow(x, 1); });
    add2(folder, "lerp", [](auto x, auto y) { return lerp(x, y, 0.25); });
    add2(folder, "addcmul", [](auto x, auto y) { return addcmul(x, y, y, 0.5) + addcdiv(x, x, y, 2); });
    add(folder, "clamp", [](auto x) { return clamp(x, -0.5, 1) + clamp_min(x, 0.2) + clamp_max(x, 0.1); });
    add(folder, "to", [](auto x) { return to<std::int32_t>(x) + 1; });
    add(folder, "promotion", [](auto x) { return to<std::int64_t>(x) * 0.5; });
    add(folder, "masked_fill", [](auto x) { return masked_fill(x, x < 0, 7); });
}

void add_shapes(const Folder& folder) {
    add(folder, "reshape", [](auto x) { return reshape<-1, 2, 6>(x); });
    add(folder, "flatten", [](auto x) { return flatten<0, 1>(x); });
    add(folder, "flatten_all", [](auto x) { return flatten(x); });
    add(folder, "unflatten", [](auto x) { return unflatten<-1, 2, -1>(x); });
    add(folder, "squeeze", [](auto x) { return squeeze<1>(slice<1, 0, 1>(x)); });
    add(folder, "permute", [](auto x) { return permute<2, 0, 1>(x); });
    add(folder, "transpose", [](auto x) { return transpose<0, 1>(x); });
    add(folder, "expand", [](auto x) { return expand<5, -1, -1, -1>(x); });
    add(folder, "slice", [](auto x) { return slice<2, 1, to_end, 2>(x); });
    add(folder, "slice_run", [](auto x) { return slice<1>(x, 1, -1); });
    add(folder, "narrow", [](auto x) { return narrow<1, 2>(x, -2); });
    add(folder, "select", [](auto x) { return select<1>(x, -1); });
    add(folder, "flip", [](auto x) { return flip<0, 2>(x); });
    add(folder, "split", [](auto x) { return split<2, -1>(x); });
    add(folder, "cat", [](auto x) { return cat<1>(x, x * 2); });
    add(folder, "stack", [](auto x) { return stack<-1>(x, x * 2); });
    add(folder, "pad", [](auto x) { return functional::pad<1, 2, 0, 1>(x, 3); });
    add(folder, "constant", [](auto x) { return x + uniform<Shape<4>>(3); });
    add(folder, "detach", [](auto x) { return detach(x) * 2; });
    using I = Tensor<std::int64_t, Shape<dyn, 3, 2>>;
    folder.add<X, I>("op_gather", Function([](auto x, auto i) { return gather<-1>(x, i); }), uniform<Shape<2, 3, 4>>(1), integers<std::int64_t, Shape<2, 3, 2>>(1, 4));
    folder.add<X, Tensor<std::int64_t, Shape<dyn>>>("op_index_select", Function([](auto x, auto i) { return index_select<1>(x, i); }), uniform<Shape<2, 3, 4>>(1),
                                                   integers<std::int64_t, Shape<5>>(1, 3));
    folder.add<X, Shape<dyn, 4, dyn>>("op_matmul", Function([](auto a, auto b) { return matmul(a, b); }), uniform<Shape<2, 3, 4>>(1), uniform<Shape<2, 4, 5>>(2));
    folder.add<X, Shape<4>>("op_matmul_vector", Function([](auto a, auto b) { return matmul(a, b); }), uniform<Shape<2, 3, 4>>(1), uniform<Shape<4>>(2));
}

void add_reductions(const Folder& folder) {
    add(folder, "sum", [](auto x) { return sum(x); });
    add(folder, "sum_dims", [](auto x) { return sum<0, -1>(x); });
    add(folder, "sum_of_mask", [](auto x) { return sum<1>(x > 0); });
    add(folder, "mean", [](auto x) { return mean<1>(x, keepdim); });
    add(folder, "prod", [](auto x) { return prod<2>(x); });
    add(folder, "amax", [](auto x) { return amax<1, 2>(x); });
    add(folder, "amin", [](auto x) { return amin(x); });
    add(folder, "argmax", [](auto x) { return argmax<1>(x); });
    add(folder, "argmin", [](auto x) { return argmin(x); });
    add(folder, "logsumexp", [](auto x) { return logsumexp<-1>(x); });
    add(folder, "var", [](auto x) { return var<1>(x); });
    add(folder, "std", [](auto x) { return xnn::std<0, 1>(x); });
    add(folder, "norm", [](auto x) { return norm<1>(x); });
    add(folder, "norm_1", [](auto x) { return norm<1>(x, 1); });
    add(folder, "norm_3", [](auto x) { return norm<1>(x, 3); });
    add(folder, "norm_inf", [](auto x) { return norm(x, INFINITY); });
    add(folder, "any", [](auto x) { return any<1>(x > 1); });
    add(folder, "all", [](auto x) { return all<1>(x > -1); });
    add(folder, "max_with_indices", [](auto x) { return max<1>(x); });
    add(folder, "min_with_indices", [](auto x) { return min<2>(x, keepdim); });
}

}  // namespace

void add_operations(const Folder& folder) {
    add_pointwise(folder);
    add_shapes(folder);
    add_reductions(folder);
}

}  // namespace onnx_cases
