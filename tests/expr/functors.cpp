// Every functor against PyTorch, values and gradients, and its gradient against finite differences; in registers and in
// single numbers. tests/oracle/functors.py writes the table that is read here.
#include "xnn/expr/functors.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <fstream>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace xnn;
using namespace xnn::functors;

namespace {

/// One line of the table.
struct Row {
    bool smooth;
    std::vector<double> arguments;
    double value;
    std::vector<double> gradients;
};

const std::map<std::string, std::vector<Row>>& table() {
    static const auto rows = [] {
        std::map<std::string, std::vector<Row>> result;
        std::ifstream file(std::string(XNN_FIXTURES) + "/functors.txt");
        for (std::string line; std::getline(file, line);) {
            std::istringstream words(line);
            std::string name, kind, word;
            std::size_t count = 0;
            words >> name >> kind >> count;
            std::vector<double> numbers;
            while (words >> word) numbers.push_back(std::stod(word));
            const auto end_of_arguments = numbers.begin() + static_cast<std::ptrdiff_t>(count);
            result[name].push_back({kind == "smooth", {numbers.begin(), end_of_arguments}, *end_of_arguments,
                                    {end_of_arguments + 1, numbers.end()}});
        }
        return result;
    }();
    return rows;
}

// Options other than the defaults are those of the oracle.
const std::tuple all_functors{
    Add{}, Subtract{}, Multiply{}, Divide{}, Fmod{}, Remainder{}, Maximum{}, Minimum{}, Copysign{}, Lerp{},
    Addcmul{.value = 2.5}, Addcdiv{.value = 2.5}, Negate{}, Abs{}, Square{}, Reciprocal{}, Sign{}, Floor{}, Ceil{}, Round{},
    Trunc{}, Frac{}, Clamp{.min = -1, .max = 2}, ClampMin{.min = -1}, ClampMax{.max = 2}, NanToNum{.nan = 1, .posinf = 2, .neginf = -3},
    Pow{}, PowNumber{.exponent = 2.5}, Sqrt{}, Rsqrt{}, Hypot{}, Exp{}, Exp2{}, Expm1{}, functors::Log{}, functors::Log2{},
    Log10{}, Log1p{}, Logaddexp{}, Xlogy{}, Sin{}, Cos{}, Tan{}, Asin{}, Acos{}, Atan{}, Atan2{}, Sinh{}, Cosh{}, Tanh{},
    Asinh{}, Acosh{}, Atanh{}, Erf{}, Erfc{}, Lgamma{}, Logit{}, Sinc{}, Equal{}, NotEqual{}, Less{}, LessEqual{}, Greater{},
    GreaterEqual{}, IsNan{}, IsInf{}, IsFinite{}, LogicalNot{}, LogicalAnd{}, LogicalOr{}, LogicalXor{}, Where{}, Sigmoid{},
    LogSigmoid{}, Silu{}, Gelu{}, GeluTanh{}, Mish{}, Softplus{.beta = 2, .threshold = 6}, Softsign{}, Tanhshrink{},
    Elu{.alpha = 2}, Celu{.alpha = 2}, Selu{}, Relu{}, Hardtanh{.min_val = -1, .max_val = 2}, Relu6{},
    LeakyRelu{.negative_slope = 0.1}, Rrelu{.lower = 0.1, .upper = 0.3}, Prelu{}, Threshold{.threshold = 1, .value = 7},
    Hardshrink{}, Softshrink{}, Hardsigmoid{}, Hardswish{}};

template <class Visit>
void for_each_functor(Visit visit) {
    std::apply([&](const auto&... f) { (visit(f), ...); }, all_functors);
}

template <class F>
constexpr bool differentiable = [] {
    if constexpr (requires { F::differentiable; })
        return F::differentiable;
    else
        return true;
}();

bool agree(double got, double wanted, double tolerance) {
    if (std::isnan(wanted)) return std::isnan(got);
    if (std::isinf(wanted)) return got == wanted;
    if (wanted == 0 && got == 0) return true;
    return std::fabs(got - wanted) <= tolerance * std::max(1.0, std::fabs(wanted));
}

template <class V>
V splat(double x) { return functors::detail::constant<V>(x); }
inline double number(double x) { return x; }
inline double number(float x) { return static_cast<double>(x); }
inline double number(bool x) { return x ? 1 : 0; }
template <class T>
double number(xsimd::batch<T> v) { return static_cast<double>(v.get(0)); }
template <class T>
double number(xsimd::batch_bool<T> mask) { return number(xsimd::select(mask, xsimd::batch<T>(T(1)), xsimd::batch<T>(T(0)))); }

template <class V>
auto truth(bool x) {
    if constexpr (std::is_arithmetic_v<V>)
        return x;
    else
        return V(x ? typename V::value_type(1) : typename V::value_type(0)) > V(typename V::value_type(0));
}

/// f(x...) with V for each number; Where chooses the first of two, as in the oracle.
template <class V, class F, std::size_t... I>
auto value(const F& f, const std::vector<double>& x, std::index_sequence<I...>) {
    if constexpr (std::same_as<F, Where>)
        return f(truth<V>(true), splat<V>(x[I])...);
    else
        return f(splat<V>(x[I])...);
}

/// The gradients of all arguments, for the gradient 1 of the result.
template <class V, class F, std::size_t... I>
std::vector<double> gradients(const F& f, const std::vector<double>& x, std::index_sequence<I...> indices, double g = 1) {
    const auto y = value<V>(f, x, indices);
    if constexpr (std::same_as<F, Where>)
        return {number(f.template backward<static_cast<int>(I) + 1>(splat<V>(g), truth<V>(true), splat<V>(x[I])..., y))...};
    else
        return {number(f.template backward<static_cast<int>(I)>(splat<V>(g), splat<V>(x[I])..., y))...};
}

/// Where PyTorch's slope is infinity times zero at infinite numbers, registers of float have its limit.
template <class V, class F>
constexpr bool has_limits = std::same_as<V, xsimd::batch<float>> && (std::same_as<F, Gelu> || std::same_as<F, GeluTanh>);

template <class V, std::size_t Count, class F>
void check_against_table(const F& f, double tolerance) {
    constexpr auto indices = std::make_index_sequence<Count>();
    INFO(F::name << " in " << (std::is_arithmetic_v<V> ? "numbers of " : "registers of ") << sizeof(splat<V>(0)) << " bytes");
    for (const Row& row : table().at(std::string(F::name))) {
        INFO("at " << Catch::Detail::stringify(row.arguments));
        const double y = number(value<V>(f, row.arguments, indices));
        INFO("value " << y << ", PyTorch has " << row.value);
        CHECK(agree(y, row.value, tolerance));
        if constexpr (differentiable<F>) {
            const auto got = gradients<V>(f, row.arguments, indices);
            for (std::size_t i = 0; i < Count; ++i) {
                INFO("gradient " << i << ": " << got[i] << ", PyTorch has " << row.gradients[i]);
                const bool limit = has_limits<V, F> && std::isinf(row.arguments[0]) && got[i] == (row.arguments[0] > 0 ? 1 : 0);
                CHECK((limit || agree(got[i], row.gradients[i], tolerance)));
            }
        }
    }
}

template <class F>
void check_against_table(const F& f) {
    const auto found = table().find(std::string(F::name));
    INFO(F::name);
    REQUIRE(found != table().end());
    const auto check = [&](auto count) {
        check_against_table<double, count.value>(f, 1e-12);
        check_against_table<xsimd::batch<double>, count.value>(f, 1e-12);
        check_against_table<float, count.value>(f, 2e-5);
        check_against_table<xsimd::batch<float>, count.value>(f, 2e-5);
    };
    // Which of the three compile is not asked of the functor: a template accepts any number of types until it is compiled.
    if constexpr (requires { f(1.0, 1.0, 1.0); } && !std::same_as<F, Where>)
        check(std::integral_constant<std::size_t, 3>{});
    else if constexpr (requires { f(1.0, 1.0); } || std::same_as<F, Where>)
        check(std::integral_constant<std::size_t, 2>{});
    else
        check(std::integral_constant<std::size_t, 1>{});
}

template <std::size_t Count, class F>
void check_finite_differences(const F& f) {
    constexpr auto indices = std::make_index_sequence<Count>();
    for (const Row& row : table().at(std::string(F::name))) {
        if (!row.smooth) continue;
        const auto got = gradients<double>(f, row.arguments, indices, 3);
        for (std::size_t i = 0; i < Count; ++i) {
            auto above = row.arguments, below = row.arguments;
            const double step = 1e-5;
            above[i] += step;
            below[i] -= step;
            const double slope = (value<double>(f, above, indices) - value<double>(f, below, indices)) / (2 * step);
            INFO(F::name << ", argument " << i << " at " << Catch::Detail::stringify(row.arguments));
            CHECK(got[i] == Approx(3 * slope).epsilon(1e-7).margin(1e-7));
        }
    }
}

}  // namespace

TEST_CASE("functors give PyTorch's values and gradients", "[functors]") {
    for_each_functor([](const auto& f) { check_against_table(f); });
}

TEST_CASE("gradients of functors agree with finite differences", "[functors]") {
    for_each_functor([]<class F>(const F& f) {
        if constexpr (differentiable<F>) {
            if constexpr (requires { f(1.0, 1.0, 1.0); } && !std::same_as<F, Where>)
                check_finite_differences<3>(f);
            else if constexpr (requires { f(1.0, 1.0); } || std::same_as<F, Where>)
                check_finite_differences<2>(f);
            else
                check_finite_differences<1>(f);
        }
    });
}

TEST_CASE("gradients read no more than they say", "[functors]") {
    for_each_functor([]<class F>(const F& f) {
        if constexpr (requires { F::needs_input; }) {
            for (const Row& row : table().at(std::string(F::name))) {
                const double x = row.arguments[0], y = f(x), unread = std::numeric_limits<double>::quiet_NaN();
                const double full = f.template backward<0>(1.0, x, y);
                INFO(F::name << " at " << x);
                CHECK(agree(f.template backward<0>(1.0, F::needs_input ? x : unread, F::needs_output ? y : unread), full, 0));
            }
        }
    });
}

TEST_CASE("unary functors say what their gradients read", "[functors]") {
    for_each_functor([]<class F>(const F& f) {
        INFO(F::name);
        constexpr bool unary = requires { f(1.0); };
        constexpr bool says = requires { F::needs_input && F::needs_output; };
        CHECK((says == (unary && differentiable<F>)));
    });
}

TEST_CASE("no functor is forgotten here", "[functors]") {
    std::set<std::string> tested;
    for_each_functor([&]<class F>(const F&) {
        static_assert(std::is_trivially_copyable_v<F>);
        CHECK(tested.insert(std::string(F::name)).second);
    });
    const std::string folder = std::string(XNN_FIXTURES) + "/../../include/xnn/expr/functors/";
    std::size_t declared = 0;
    for (const char* file : {"activation", "arithmetic", "comparison", "exponential", "piecewise", "special", "trigonometric"}) {
        std::ifstream source(folder + file + ".hpp");
        REQUIRE(source);
        for (std::string line; std::getline(source, line);) {
            const std::string mark = "std::string_view name = \"";
            const auto begin = line.find(mark);
            if (begin == std::string::npos) continue;
            const auto first = begin + mark.size();
            const std::string name = line.substr(first, line.find('"', first) - first);
            INFO(name);
            CHECK(tested.count(name) == 1);
            ++declared;
        }
    }
    CHECK(declared == tested.size());
    for (const auto& [name, rows] : table()) CHECK(tested.count(name) == 1);
}

TEST_CASE("options and whole numbers", "[functors]") {
    for (double exponent : {1.0, 2.0, 3.0, 0.0, -1.0, -2.0, 0.5, -0.5, 1.7}) {
        const PowNumber f{exponent};
        INFO(exponent);
        for (double x : {0.3, 1.0, 2.5}) {
            CHECK(f(x) == Approx(std::pow(x, exponent)));
            CHECK(f.backward<0>(2.0, x, f(x)) == Approx(2 * exponent * std::pow(x, exponent - 1)));
        }
    }
    CHECK(PowNumber{0}.backward<0>(1.0, 0.0, 1.0) == 0);
    const Logit bounded{.eps = 0.1};
    CHECK(bounded(0.0) == Approx(-2.197224577336219));
    CHECK(bounded(1.0) == Approx(2.197224577336219));
    CHECK(bounded.backward<0>(1.0, 0.05, 0.0) == 0);
    CHECK(bounded.backward<0>(1.0, 0.5, 0.0) == 4);
    CHECK(NanToNum{}(-std::numeric_limits<float>::infinity()) == std::numeric_limits<float>::lowest());
    CHECK(NanToNum{}(std::numeric_limits<double>::infinity()) == std::numeric_limits<double>::max());

    CHECK(Add{}(2, 3) == 5);
    CHECK(Add{}(std::uint8_t(2), std::uint8_t(3)) == 5);
    CHECK(Multiply{}(std::int64_t(2), std::int64_t(3)) == 6);
    CHECK(Remainder{}(-7, 3) == 2);
    CHECK(Relu{}(-7) == 0);
    CHECK(Clamp{0, 5}(7) == 5);
    CHECK(Negate{}(std::int16_t(7)) == -7);
    CHECK(Less{}(2, 3));
}

TEST_CASE("masks are compared and combined as truth values", "[functors]") {
    using V = xsimd::batch<float>;
    for (bool a : {false, true})
        for (bool b : {false, true}) {
            const auto both = [&](auto f, bool expected) {
                CHECK(f(a, b) == expected);
                CHECK(number(f(truth<V>(a), truth<V>(b))) == number(expected));
            };
            both(Equal{}, a == b);
            both(NotEqual{}, a != b);
            both(Less{}, a < b);
            both(LessEqual{}, a <= b);
            both(Greater{}, a > b);
            both(GreaterEqual{}, a >= b);
            both(LogicalAnd{}, a && b);
            both(LogicalOr{}, a || b);
            both(LogicalXor{}, a != b);
            CHECK(LogicalNot{}(a) == !a);
            CHECK(number(LogicalNot{}(truth<V>(a))) == number(!a));
            CHECK(Where{}(a, 1, 2) == (a ? 1 : 2));
            CHECK(number(Where{}(truth<V>(a), V(1.0f), V(2.0f))) == (a ? 1 : 2));
            CHECK(Where{}.backward<1>(1.0, a, 5.0, 6.0, 0.0) == (a ? 1 : 0));
            CHECK(Where{}.backward<2>(1.0, a, 5.0, 6.0, 0.0) == (a ? 0 : 1));
        }
}
