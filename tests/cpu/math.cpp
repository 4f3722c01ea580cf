// Every function of registers and of single numbers against the next wider type of the C library: the largest error in units
// in the last place over the whole range of float, and what happens at zeros, infinities, NaN and kinks.
#include "xnn/cpu/math.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <string>
#include <vector>

using namespace xnn;

namespace {

/// The type that results of T are compared in.
template <class T>
using Wide = std::conditional_t<sizeof(T) == 4, double, long double>;

/// The distance of neighbouring T at |exact|.
template <class T>
Wide<T> unit_at(Wide<T> exact) {
    using Limits = std::numeric_limits<T>;
    int exponent = 0;
    std::frexp(exact, &exponent);
    return std::ldexp(Wide<T>(1), std::max(exponent - Limits::digits, Limits::min_exponent - Limits::digits));
}

template <class T>
bool same(T a, T b) { return (a != a && b != b) || (a == b && std::signbit(a) == std::signbit(b)); }

/// Errors in units in the last place; infinite where only one of the two is NaN, infinite, or zero of another sign.
template <class T>
double error_of(T got, Wide<T> exact) {
    const T rounded = static_cast<T>(exact);
    if (same(got, rounded)) return static_cast<double>(std::isfinite(rounded) ? std::fabs(got - exact) / unit_at<T>(exact) : 0);
    if (got == 0 && rounded == 0) return INFINITY;
    if (std::isinf(rounded) && std::isfinite(exact) && std::isfinite(got)) return 1;  // an overflow by rounding alone
    if (!std::isfinite(got) && !(std::isinf(got) && std::isfinite(exact))) return INFINITY;
    if (!std::isfinite(rounded)) return INFINITY;
    const Wide<T> finite = std::isinf(got) ? std::copysign(std::ldexp(Wide<T>(1), std::numeric_limits<T>::max_exponent), got) : got;
    return static_cast<double>(std::fabs(finite - exact) / unit_at<T>(exact));
}

/// Numbers of every exponent and sign, the dense middle once more, and the special ones.
template <class T>
const std::vector<T>& arguments() {
    static const std::vector<T> all = [] {
        using Limits = std::numeric_limits<T>;
        std::vector<T> result;
        std::mt19937_64 random(1);
        const int per_exponent = sizeof(T) == 4 ? 1000 : 20;
        for (int e = Limits::min_exponent - Limits::digits; e < Limits::max_exponent; ++e)
            for (int i = 0; i < per_exponent; ++i) {
                const T x = std::ldexp(std::uniform_real_distribution<T>(1, 2)(random), e);
                result.insert(result.end(), {x, -x});
            }
        const std::size_t dense = sizeof(T) == 4 ? 100000 : 10000;
        for (T range : {T(1), T(4), T(12), T(40), T(120), T(800), T(11000)})
            for (std::size_t i = 0; i < dense; ++i) result.push_back(std::uniform_real_distribution<T>(-range, range)(random));
        for (int i = -100; i <= 100; ++i) {  // around multiples of pi / 4 and of log(2), whole and half numbers
            const T near[] = {T(i * 0.78539816339744830962), T(i * 0.69314718055994530942), T(i), T(i * 0.5)};
            for (T x : near) result.insert(result.end(), {std::nextafter(x, T(-INFINITY)), x, std::nextafter(x, T(INFINITY))});
        }
        result.insert(result.end(), {T(0), T(-0.0), T(INFINITY), T(-INFINITY), T(NAN), Limits::max(), Limits::lowest(),
                                     Limits::min(), Limits::denorm_min(), -Limits::denorm_min(), Limits::epsilon()});
        while (result.size() % 16 != 0) result.push_back(T(1));
        return result;
    }();
    return all;
}

template <class T>
struct Worst {
    double error = 0;
    T first = 0, second = 0, got = 0;
    void add(T a, T b, T y, Wide<T> exact) {
        const double e = error_of<T>(y, exact);
        if (!(e <= error)) *this = {e, a, b, y};
    }
};

/// The normal distribution with constants of long double; math:: has them of double.
struct NormalCdf {
    template <class W>
    W operator()(W x) const { return W(0.5) * std::erfc(x * W(-0.70710678118654752440084436210485L)); }
};
struct NormalPdf {
    template <class W>
    W operator()(W x) const { return W(0.39894228040143267793994605993438L) * std::exp(W(-0.5) * x * x); }
};

/// A function under all its overloads, its name, the reference, and the bounds for registers and for single numbers.
template <class F, class Exact = F>
struct Case {
    const char* name;
    F function;
    double bound;
    double number_bound = bound;
    Exact exact = {};
};
template <class F>
Case(const char*, F, double, double = 0) -> Case<F>;
template <class F, class Exact>
Case(const char*, F, double, double, Exact) -> Case<F, Exact>;
#define XNN_CASE(function, ...) \
    Case { #function, [](auto... x) { return math::function(x...); }, __VA_ARGS__ }

/// The same name in the wider type is the reference: single numbers go to the C library.
template <class T, class F, class Exact>
void check_unary(Case<F, Exact> checked) {
    const auto [name, f, bound, number_bound, reference] = checked;
    using V = xsimd::batch<T>;
    const auto& xs = arguments<T>();
    Worst<T> worst, worst_number;
    alignas(64) T lanes[V::size];
    for (std::size_t i = 0; i < xs.size(); i += V::size) {
        f(V::load_unaligned(&xs[i])).store_aligned(lanes);
        for (std::size_t k = 0; k < V::size; ++k) {
            const T x = xs[i + k];
            const Wide<T> exact = reference(static_cast<Wide<T>>(x));
            worst.add(x, 0, lanes[k], exact);
            worst_number.add(x, 0, f(x), exact);
        }
    }
    INFO(name << (sizeof(T) == 4 ? " float" : " double"));
    INFO("register: " << worst.error << " ulp at " << worst.first << ", got " << worst.got);
    INFO("number: " << worst_number.error << " ulp at " << worst_number.first << ", got " << worst_number.got);
    if (std::getenv("XNN_PRINT_ERRORS")) std::printf("%-10s %zu  %.3f\n", name, sizeof(T), worst.error);
    CHECK(worst.error <= bound);
    CHECK(worst_number.error <= number_bound);
}

template <class T, class F>
void check_binary(Case<F> checked) {
    const auto [name, f, bound, number_bound, reference] = checked;
    using V = xsimd::batch<T>;
    const auto& xs = arguments<T>();
    Worst<T> worst, worst_number;
    alignas(64) T lanes[V::size];
    for (std::size_t stride : {std::size_t(1), std::size_t(7919), std::size_t(104729)})
        for (std::size_t i = 0; i + V::size <= xs.size(); i += V::size) {
            T partner[V::size];
            for (std::size_t k = 0; k < V::size; ++k) partner[k] = xs[(i * stride + k * 31) % xs.size()];
            f(V::load_unaligned(&xs[i]), V::load_unaligned(partner)).store_aligned(lanes);
            for (std::size_t k = 0; k < V::size; ++k) {
                const T x = xs[i + k];
                const Wide<T> exact = reference(static_cast<Wide<T>>(x), static_cast<Wide<T>>(partner[k]));
                worst.add(x, partner[k], lanes[k], exact);
                worst_number.add(x, partner[k], f(x, partner[k]), exact);
            }
        }
    INFO(name << (sizeof(T) == 4 ? " float" : " double"));
    INFO("register: " << worst.error << " ulp at " << worst.first << ", " << worst.second << ", got " << worst.got);
    INFO("number: " << worst_number.error << " ulp at " << worst_number.first << ", " << worst_number.second);
    if (std::getenv("XNN_PRINT_ERRORS")) std::printf("%-10s %zu  %.3f\n", name, sizeof(T), worst.error);
    CHECK(worst.error <= bound);
    CHECK(worst_number.error <= number_bound);
}

}  // namespace

TEMPLATE_TEST_CASE("exact functions", "[math]", float, double) {
    using T = TestType;
    check_unary<T>(XNN_CASE(abs, 0));
    check_unary<T>(XNN_CASE(sign, 0));
    check_unary<T>(XNN_CASE(floor, 0));
    check_unary<T>(XNN_CASE(ceil, 0));
    check_unary<T>(XNN_CASE(trunc, 0));
    check_unary<T>(XNN_CASE(round, 0));
    check_unary<T>(XNN_CASE(frac, 0));
    check_unary<T>(XNN_CASE(sqrt, 0.5));
    check_unary<T>(XNN_CASE(reciprocal, 0.5));
    check_binary<T>(XNN_CASE(copysign, 0));
    check_binary<T>(XNN_CASE(max, 0));
    check_binary<T>(XNN_CASE(min, 0));
    check_binary<T>(XNN_CASE(fmod, 0));
}

TEMPLATE_TEST_CASE("powers, exponentials and logarithms", "[math]", float, double) {
    using T = TestType;
    check_unary<T>(XNN_CASE(rsqrt, 1.5));
    check_binary<T>(XNN_CASE(hypot, 2));
    check_unary<T>(XNN_CASE(exp, 1));
    check_unary<T>(XNN_CASE(exp2, 1.5));
    check_unary<T>(XNN_CASE(expm1, 2));
    check_unary<T>(XNN_CASE(log, 1));
    check_unary<T>(XNN_CASE(log2, 2));
    check_unary<T>(XNN_CASE(log10, 1, 2));
    check_unary<T>(XNN_CASE(log1p, 1));
    check_binary<T>(XNN_CASE(pow, 1));
}

TEMPLATE_TEST_CASE("hyperbolic functions", "[math]", float, double) {
    using T = TestType;
    check_unary<T>(XNN_CASE(tanh, 2.5));
    check_unary<T>(XNN_CASE(sinh, 2.5, 2.5));
    check_unary<T>(XNN_CASE(cosh, 2, 2));
    check_unary<T>(XNN_CASE(asinh, 3.5, 2));
    check_unary<T>(XNN_CASE(acosh, 2, 2.5));
    check_unary<T>(XNN_CASE(atanh, 2, 2));
    check_unary<T>(XNN_CASE(sigmoid, 2.5, 2.5));
    check_unary<T>(XNN_CASE(log1p_exp, 2.5, 2.5));
}

TEMPLATE_TEST_CASE("trigonometric functions", "[math]", float, double) {
    using T = TestType;
    check_unary<T>(XNN_CASE(sin, 1.5));
    check_unary<T>(XNN_CASE(cos, 1.5));
    check_unary<T>(XNN_CASE(tan, 3));
    check_unary<T>(XNN_CASE(asin, 2.5));
    check_unary<T>(XNN_CASE(acos, 2));
    check_unary<T>(XNN_CASE(atan, 2.5));
    check_binary<T>(XNN_CASE(atan2, 3));
}

TEMPLATE_TEST_CASE("error, normal and gamma functions", "[math]", float, double) {
    using T = TestType;
    const double lost_in_square = 2e3;  // the plain formulas of single numbers square x before they exponentiate
    const double bound = simd::fma_rounds_once ? 6 : 8;
    check_unary<T>(XNN_CASE(erf, 2));
    check_unary<T>(XNN_CASE(erfc, bound, 6));
    check_unary<T>(XNN_CASE(normal_cdf, bound, lost_in_square, NormalCdf{}));
    check_unary<T>(XNN_CASE(normal_pdf, 3, lost_in_square, NormalPdf{}));
}

TEST_CASE("GELU and its slope by polynomials", "[math]") {
    const auto check = [](const char* name, auto f, double bound, bool relative, auto exact) {
        INFO(name);
        using V = xsimd::batch<float>;
        double worst = 0, where = 0;
        for (const float x : arguments<float>()) {
            const double y = f(V(x)).get(0), size = std::fabs(static_cast<double>(x));
            if (!std::isfinite(x)) continue;
            const double error = std::fabs(y - exact(static_cast<double>(x))) / (relative ? std::max(size, 1e-37) : 1);
            if (!(error <= worst)) worst = error, where = x;
        }
        INFO("worst at " << where);
        CHECK(worst <= bound);
    };
    const auto cdf = [](double x) { return NormalCdf{}(x); };
    const auto tanh_cdf = [](double x) { return 1 / (1 + std::exp(-2 * 0.79788456080286535588 * (x + 0.044715 * x * x * x))); };
    check("gelu", [](auto x) { return math::gelu(x); }, 3e-7, true, [&](double x) { return x * cdf(x); });
    check("gelu_slope", [](auto x) { return math::gelu_slope(x); }, 6e-7, false,
          [&](double x) { return cdf(x) + x * NormalPdf{}(x); });
    check("gelu_tanh", [](auto x) { return math::gelu_tanh(x); }, 3e-7, true, [&](double x) { return x * tanh_cdf(x); });
    check("gelu_tanh_slope", [](auto x) { return math::gelu_tanh_slope(x); }, 6e-7, false, [&](double x) {
        const double s = tanh_cdf(x);
        return std::fabs(x) > 100 ? s : s + x * s * (1 - s) * 2 * 0.79788456080286535588 * (1 + 3 * 0.044715 * x * x);
    });
    for (float x : {6.f, 1e30f, INFINITY}) {
        CHECK(math::gelu(xsimd::batch<float>(x)).get(0) == x);
        CHECK(math::gelu_slope(xsimd::batch<float>(x)).get(0) == 1);
        CHECK(math::gelu_slope(xsimd::batch<float>(-x)).get(0) == 0);
    }
    CHECK(std::signbit(math::gelu(xsimd::batch<float>(-0.f)).get(0)));
    CHECK(std::isnan(math::gelu(xsimd::batch<float>(NAN)).get(0)));
    CHECK(std::isnan(math::gelu_slope(xsimd::batch<float>(NAN)).get(0)));
}

TEMPLATE_TEST_CASE("the gamma function and its derivative", "[math]", float, double) {
    using T = TestType;
    const double digits = sizeof(T) == 4 ? 1e-6 : 1e-14;
    for (T x : {T(0.25), T(1.5), T(3), T(7.75), T(120), T(-0.5), T(-2.25)}) {
        CHECK(math::lgamma(x) == Approx(std::lgamma(static_cast<double>(x))).epsilon(digits));
        const double step = 1e-5, middle = static_cast<double>(x);
        const double slope = (std::lgamma(middle + step) - std::lgamma(middle - step)) / (2 * step);
        CHECK(math::digamma(x) == Approx(slope).epsilon(1e-6));
        CHECK(math::digamma(x + 1) - math::digamma(x) == Approx(1 / middle).epsilon(100 * digits));
    }
    CHECK(math::digamma(T(1)) == Approx(-0.57721566490153286).epsilon(digits));
    CHECK(math::digamma(T(0)) == -INFINITY);
    CHECK(math::digamma(T(-0.0)) == INFINITY);
    CHECK(math::digamma(T(INFINITY)) == INFINITY);
    for (T x : {T(-1), T(-7), T(NAN), T(-INFINITY)}) CHECK(std::isnan(math::digamma(x)));
}

TEMPLATE_TEST_CASE("special values follow PyTorch", "[math]", float, double) {
    using T = TestType;
    using V = xsimd::batch<T>;
    const T nan = T(NAN), infinity = T(INFINITY);
    const auto first = [](V v) { return v.get(0); };
    const auto both = [&](T number, V lanes, T expected) {
        CHECK(same(number, expected));
        CHECK(same(first(lanes), expected));
    };
    both(math::sign(nan), math::sign(V(nan)), T(0));
    both(math::frac(infinity), math::frac(V(infinity)), nan);
    both(math::round(T(2.5)), math::round(V(T(2.5))), T(2));
    both(math::max(nan, T(1)), math::max(V(nan), V(T(1))), nan);
    both(math::max(T(1), nan), math::max(V(T(1)), V(nan)), nan);
    both(math::min(nan, T(1)), math::min(V(nan), V(T(1))), nan);
    both(math::min(T(1), nan), math::min(V(T(1)), V(nan)), nan);
    both(math::clamp(T(5), T(3), T(2)), math::clamp(V(T(5)), V(T(3)), V(T(2))), T(2));
    both(math::clamp(nan, T(0), T(1)), math::clamp(V(nan), V(T(0)), V(T(1))), nan);
    both(math::select(true, T(1), T(2)), math::select(V(T(1)) > V(T(0)), V(T(1)), V(T(2))), T(1));

    const T numerators[] = {5, -5, 5, -5, infinity, 1, 1, nan, T(-0.0), 0, 6, -6};
    const T divisors[] = {3, 3, -3, -3, 2, infinity, 0, 1, 2, -2, -3, 3};
    const T expected[] = {2, 1, -1, -2, nan, 1, nan, nan, T(-0.0), 0, 0, T(-0.0)};
    for (int i = 0; i < 12; ++i)
        both(math::remainder(numerators[i], divisors[i]), math::remainder(V(numerators[i]), V(divisors[i])), expected[i]);

    for (T x : {nan, infinity, -infinity, T(0), std::numeric_limits<T>::max(), std::numeric_limits<T>::denorm_min()}) {
        CHECK(math::isnan(x) == std::isnan(x));
        CHECK(math::isinf(x) == std::isinf(x));
        CHECK(math::isfinite(x) == std::isfinite(x));
        CHECK(xsimd::all(math::isnan(V(x))) == std::isnan(x));
        CHECK(xsimd::all(math::isinf(V(x))) == std::isinf(x));
        CHECK(xsimd::all(math::isfinite(V(x))) == std::isfinite(x));
        CHECK(xsimd::all(math::not_equal(V(x), V(x))) == std::isnan(x));
    }
}

TEST_CASE("whole numbers", "[math]") {
    CHECK(math::abs(-3) == 3);
    CHECK(math::sign(std::int64_t(-3)) == -1);
    CHECK(math::max(2, 3) == 3);
    CHECK(math::clamp(7, 0, 5) == 5);
    CHECK(math::fmod(-7, 3) == -1);
    CHECK(math::remainder(-7, 3) == 2);
    CHECK(math::remainder(7, -3) == -2);
    CHECK(math::remainder(std::uint8_t(7), std::uint8_t(3)) == 1);
    CHECK(math::fma(2, 3, 4) == 10);
    CHECK(math::floor(3) == 3);
}

TEMPLATE_TEST_CASE("a lane's result does not depend on its neighbours", "[math]", float, double) {
    using T = TestType;
    using V = xsimd::batch<T>;
    const auto& xs = arguments<T>();
    std::mt19937 random(2);
    const auto check = [&](const char* name, auto f) {
        INFO(name);
        long differing = 0;
        for (int trial = 0; trial < 3000; ++trial) {
            alignas(64) T lanes[V::size], results[V::size];
            for (T& lane : lanes) lane = xs[random() % xs.size()];
            f(V::load_aligned(lanes)).store_aligned(results);
            for (std::size_t k = 0; k < V::size; ++k) differing += !same(results[k], f(V(lanes[k])).get(0));
        }
        CHECK(differing == 0);
    };
#define XNN_CHECK(function) check(#function, [](V v) { return math::function(v); })
    XNN_CHECK(exp); XNN_CHECK(exp2); XNN_CHECK(expm1); XNN_CHECK(log); XNN_CHECK(log2); XNN_CHECK(log10); XNN_CHECK(log1p);
    XNN_CHECK(tanh); XNN_CHECK(sinh); XNN_CHECK(cosh); XNN_CHECK(asinh); XNN_CHECK(acosh); XNN_CHECK(atanh);
    XNN_CHECK(sigmoid); XNN_CHECK(log1p_exp); XNN_CHECK(sin); XNN_CHECK(cos); XNN_CHECK(tan); XNN_CHECK(asin);
    XNN_CHECK(acos); XNN_CHECK(atan); XNN_CHECK(erf); XNN_CHECK(erfc); XNN_CHECK(normal_cdf); XNN_CHECK(normal_pdf);
    XNN_CHECK(lgamma); XNN_CHECK(digamma); XNN_CHECK(floor); XNN_CHECK(ceil); XNN_CHECK(trunc); XNN_CHECK(round);
}
