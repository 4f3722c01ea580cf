// Operators: values, broadcasting in every pattern, dtypes as PyTorch promotes them.
#include "xnn/ops/operators.hpp"

#include "support/arrays.hpp"
#include "support/errors.hpp"
#include "xnn/ops/comparison.hpp"
#include "xnn/ops/pointwise.hpp"
#include "xnn/ops/reduce.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace xnn;

namespace {

template <class T, class... E>
constexpr bool is(const E&...) { return (std::same_as<value_t<E>, T> && ...); }

template <class T>
Tensor<T, Shape<2>> some() { return Tensor<T, Shape<2>>{T(3), T(2)}; }
template <class T>
Tensor<T, Shape<>> single() { return Tensor<T, Shape<>>{T(2)}; }

}  // namespace

TEST_CASE("operators: arithmetic with arrays and numbers", "[operators]") {
    const Tensor<double, Shape<3>> a{1, -2, 3}, b{2, 4, -0.5};
    require_close(values(a + b), {3, 2, 2.5});
    require_close(values(a - b), {-1, -6, 3.5});
    require_close(values(a * b), {2, -8, -1.5});
    require_close(values(a / b), {0.5, -0.5, -6});
    require_close(values(a % b), {1, 2, 0});
    require_close(values(-a), {-1, 2, -3});
    require_close(values(2 - a * 3 + 1.5F), {0.5, 9.5, -5.5});
    require_close(values(1 / (a + 2)), {1.0 / 3, INFINITY, 0.2});
    require_close(values((a + 1) * (a - 1)), {0, 3, 8});
}

TEST_CASE("operators: comparisons and logic", "[operators]") {
    const Tensor<float, Shape<4>> x{-1, 0, 1, NAN}, y{0, 0, 0, 0};
    require_close(values(x < y), {1, 0, 0, 0});
    require_close(values(x <= 0), {1, 1, 0, 0});
    require_close(values(0 < x), {0, 0, 1, 0});
    require_close(values(x >= y), {0, 1, 1, 0});
    require_close(values(x == 0), {0, 1, 0, 0});
    require_close(values(x != 0), {1, 0, 1, 1});
    require_close(values(!x), {0, 1, 0, 0});
    require_close(values(x > 0 || x < 0), {1, 0, 1, 0});
    require_close(values(x && x > 0), {0, 0, 1, 0});
    require_close(values(logical_xor(x, x > 0)), {1, 0, 0, 1});
    require_close(values(isnan(x)), {0, 0, 0, 1});
    require_close(values(isfinite(x / 0)), {0, 0, 0, 0});
    require_close(values(isinf(x / 0)), {1, 0, 1, 0});
    const Tensor<bool, Shape<4>> mask{true, false, true, false};
    require_close(values(where(mask, x, 7)), {-1, 7, 1, 7});
    require_close(values(where(x > 0, 1.0, 0)), {0, 0, 1, 0});
    require_close(values(masked_fill(y, mask, 3)), {3, 0, 3, 0});
    require_close(values(mask == !mask), {0, 0, 0, 0});
}

TEST_CASE("operators: dtypes promote as in PyTorch", "[operators][promotion]") {
    REQUIRE(is<float>(some<float>() + some<float>(), some<float>() + some<std::int64_t>(), some<float>() + 1, some<float>() * 2.5));
    REQUIRE(is<double>(some<float>() + some<double>(), some<double>() + 1, some<double>() + 1.0F, some<std::int64_t>() + some<double>()));
    REQUIRE(is<bfloat16>(some<bfloat16>() + 1.5, some<bfloat16>() + some<std::int32_t>()));
    REQUIRE(is<float16>(some<float16>() * 2));
    REQUIRE(is<float>(some<bfloat16>() + some<float16>(), some<bfloat16>() + some<float>()));
    REQUIRE(is<std::int32_t>(some<std::int32_t>() + some<std::int8_t>(), some<std::int32_t>() + 1, some<std::int32_t>() + true));
    REQUIRE(is<std::int16_t>(some<std::uint8_t>() + some<std::int8_t>(), some<std::uint8_t>() + some<std::int16_t>()));
    REQUIRE(is<std::uint8_t>(some<std::uint8_t>() + 1000, some<std::uint8_t>() + some<bool>()));
    REQUIRE(is<std::int64_t>(some<bool>() + 1));
    REQUIRE(is<bool>(some<bool>() + some<bool>(), some<int>() < 0.5, some<float>() == some<int>()));
    REQUIRE(is<float>(some<std::int32_t>() + 0.5, some<std::int64_t>() / some<std::int64_t>(), some<std::int8_t>() / 2, some<bool>() * 0.5));
    REQUIRE(is<float>(exp(some<std::int32_t>()), sqrt(some<bool>()), pow(some<int>(), 2)));
    // An array without dimensions counts only where its category is higher.
    REQUIRE(is<float>(some<float>() + single<double>(), some<std::int32_t>() + single<float>()));
    REQUIRE(is<bfloat16>(some<bfloat16>() + single<float>()));
    REQUIRE(is<double>(some<std::int32_t>() + single<double>(), single<float>() + single<double>(), some<bool>() + single<double>()));
    REQUIRE(is<std::int32_t>(some<std::int32_t>() + single<std::int64_t>()));
    require_close(values(some<std::int32_t>() / some<std::int32_t>()), {1, 1});
    require_close(values(some<std::int32_t>() / 2), {1.5, 1});
    require_close(values(some<std::uint8_t>() - 4), {255, 254});
    require_close(values(some<std::int32_t>() + 0.5), {3.5, 2.5});
    require_close(values(floor_divide(some<std::int32_t>() * -1, 2)), {-2, -1});
    require_close(values(to<std::int32_t>(some<float>() * -0.9)), {-2, -1});
    require_close(values(to<float>(some<float>() > 2) * 2), {2, 0});
    require_close(values(to<bool>(some<float>() - 2)), {1, 0});
}

TEST_CASE("operators: broadcasting in every pattern", "[operators][broadcast]") {
    const auto check = []<class A, class B>(A sa, B sb) {
        auto a = random_parameter(sa);
        auto b = random_parameter(sb, -2, 2, 2);
        const auto all = Broadcast::extents(sa.extents(), sb.extents());
        constexpr std::size_t rank = std::tuple_size_v<decltype(all)>;
        const auto position = [&]<std::size_t R>(const Dims<R>& extents, index_t i) {
            index_t offset = 0, step = 1, rest = i;
            for (std::size_t d = rank; d-- > 0;) {
                const index_t p = rest % all[d];
                rest /= all[d];
                if (d + R < rank) continue;
                const index_t n = extents[d + R - rank];
                offset += (n == 1 ? 0 : p) * step;
                step *= n;
            }
            return offset;
        };
        std::vector<double> expected;
        for (index_t i = 0; i < product(all); ++i) expected.push_back(a.data()[position(sa.extents(), i)] - 3 * b.data()[position(sb.extents(), i)]);
        require_close(values(a - 3 * b), expected);
        REQUIRE(gradcheck([](auto& x, auto& y) { return tanh(x * y) + y; }, a, b));
    };
    check(Shape<3, 4>{}, Shape<4>{});
    check(Shape<4>{}, Shape<3, 4>{});
    check(Shape<3, 4>{}, Shape<3, 1>{});
    check(Shape<3, 1>{}, Shape<1, 4>{});
    check(Shape<2, 3, 17>{}, Shape<3, 1>{});
    check(Shape<2, 3, 4>{}, Shape<2, 1, 4>{});
    check(Shape<2, 1, 4>{}, Shape<3, 1>{});
    check(Shape<2, 3, 2, 3>{}, Shape<1, 3, 1, 1>{});
    check(Shape<>{}, Shape<5>{});
    check(Shape<1>{}, Shape<2, 5>{});
    check(Shape<1, 1>{}, Shape<1>{});
    check(Shape<dyn, 4>{3}, Shape<4>{});
    check(Shape<dyn, 1>{3}, Shape<dyn>{33});
    check(Shape<dyn, dyn>{2, 3}, Shape<dyn, 3>{2});
}

TEST_CASE("operators: shapes that do not fit in a run", "[operators][broadcast]") {
    const Tensor<float, Shape<dyn>> a(Shape<dyn>{3}), b(Shape<dyn>{4});
    REQUIRE_ERROR(a + b, "add", "broadcast", "(3)", "(4)");
    REQUIRE_ERROR(maximum(a, b), "maximum", "(3)");
}

TEST_CASE("operators: compound assignment", "[operators]") {
    Tensor<float, Shape<3>> x{1, 2, 3};
    const Tensor<float, Shape<1>> two{2};
    x += 1;
    x *= two;
    x -= x / 2;
    x /= 0.5;
    require_close(values(x), {4, 6, 8});
    Tensor<int, Shape<2>> i{1, 2};
    i += 2;
    i *= i;
    require_close(values(i), {9, 16});
    x = x + x;
    require_close(values(x), {8, 12, 16});
}

TEST_CASE("operators: plain numbers stay plain", "[operators]") {
    using std::abs;
    REQUIRE(abs(-1.5) == 1.5);
    REQUIRE(exp(0.0) == 1.0);
    REQUIRE(std::max(1, 2) == 2);
}
