// Reductions: values and gradients as PyTorch's, any dimensions, any dtype, any number of threads.
#include "xnn/ops/reduce.hpp"

#include "support/arrays.hpp"
#include "support/errors.hpp"
#include "xnn/ops/activation.hpp"
#include "xnn/ops/pointwise.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace xnn;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

Parameter<double, Shape<3, 4>> example() {
    return Parameter<double, Shape<3, 4>>(Tensor<double, Shape<3, 4>>{1, -2, 3, 3, 0.5, 0, -1, 3, 2, 2, -2, 0});
}

// The values of f(example), and the gradients for an incoming gradient of 1, 2, 3, …
template <class F>
void require_reduction(F&& f, const std::vector<double>& expected, const std::vector<double>& gradient) {
    auto x = example();
    const auto y = f(x);
    require_close(values(y), expected);
    Tensor<double, shape_t<decltype(y)>> g(y.shape());
    for (index_t i = 0; i < g.size(); ++i) g.data()[i] = static_cast<double>(i + 1);
    y.backward(g.view());
    require_close(values(x.grad()), gradient);
}

}  // namespace

TEST_CASE("reduce: values and gradients are PyTorch's", "[reduce]") {
    const double third = 1.0 / 3, middle = 0.5;
    require_reduction([](auto& x) { return sum(x); }, {9.5}, std::vector<double>(12, 1));
    require_reduction([](auto& x) { return sum<0>(x); }, {3.5, 0, 0, 6}, {1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4});
    require_reduction([](auto& x) { return sum<1>(x); }, {5, 2.5, 2}, {1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3});
    require_reduction([](auto& x) { return mean(x); }, {9.5 / 12}, std::vector<double>(12, 1.0 / 12));
    require_reduction([](auto& x) { return mean<-1>(x); }, {1.25, 0.625, 0.5}, {.25, .25, .25, .25, .5, .5, .5, .5, .75, .75, .75, .75});
    require_reduction([](auto& x) { return amax(x); }, {3}, {0, 0, third, third, 0, 0, 0, third, 0, 0, 0, 0});
    require_reduction([](auto& x) { return amax<0>(x); }, {2, 2, 3, 3}, {0, 0, 3, 2, 0, 0, 0, 2, 1, 2, 0, 0});
    require_reduction([](auto& x) { return amax<1>(x); }, {3, 3, 2}, {0, 0, middle, middle, 0, 0, 0, 2, 1.5, 1.5, 0, 0});
    require_reduction([](auto& x) { return amin<0>(x); }, {0.5, -2, -2, 0}, {0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 3, 4});
    require_reduction([](auto& x) { return logsumexp<1>(x); }, {3.7617741592262743, 3.139925151560595, 2.767164505306369},
                      {0.0631795782358577, 0.0031455259810814575, 0.46683744789153053, 0.46683744789153053, 0.14273322207188904, 0.08657207534617267,
                       0.031848086699402, 1.738846615882536, 1.3929834074685732, 1.3929834074685732, 0.02551338106919286, 0.1885198039936612});
    require_reduction([](auto& x) { return logsumexp<0>(x); }, {2.464368784107945, 2.1429316284998996, 3.0247448901388228, 3.7177359186667025},
                      {0.231223897622149, 0.03175247995293352, 2.9266762648331586, 1.9514222046414738, 0.14024438316608845, 0.2346208556523967,
                       0.05360394561091348, 1.9514222046414738, 0.6285317192117623, 1.7336266643946696, 0.019719789555927236, 0.09715559071705283});
    require_reduction([](auto& x) { return var<0>(x); }, {0.5833333333333333, 4, 7, 3},
                      {-0.16666666666666674, -4, 9, 4, -0.6666666666666667, 0, -3, 4, 0.8333333333333333, 4, -6, -8});
    require_reduction([](auto& x) { return xnn::std<1>(x); }, {2.362907813126304, 1.7017148213885114, 1.9148542155126764},
                      {-0.035267280792929914, -0.45847465030808887, 0.2468709655505094, 0.2468709655505094, -0.048970210687439175, -0.24485105343719588,
                       -0.6366127389367093, 0.9304340030613443, 0.7833494518006401, 0.7833494518006401, -1.3055824196677335, -0.2611164839335467});
    require_reduction([](auto& x) { return var(x); }, {3.4299242424242427},
                      {0.03787878787878789, -0.5075757575757576, 0.40151515151515155, 0.40151515151515155, -0.053030303030303025, -0.14393939393939395,
                       -0.32575757575757575, 0.40151515151515155, 0.21969696969696972, 0.21969696969696972, -0.5075757575757576, -0.14393939393939395});
    require_reduction([](auto& x) { return prod<0>(x); }, {1, 0, 6, 0}, {1, 0, 6, 0, 2, -8, -18, 0, 0.5, 0, -9, 36});
    require_reduction([](auto& x) { return prod<1>(x); }, {-18, 0, 0}, {-18, 9, -6, -6, 0, -3, 0, 0, 0, 0, 0, -24});
    require_reduction([](auto& x) { return prod(x); }, {0}, std::vector<double>(12, 0));
}

TEST_CASE("norm: every p that PyTorch treats on its own", "[reduce]") {
    require_reduction([](auto& x) { return norm<1>(x); }, {4.795831523312719, 3.2015621187164243, 3.4641016151377544},
                      {0.20851441405707477, -0.41702882811414954, 0.6255432421712244, 0.6255432421712244, 0.31234752377721214, 0, -0.6246950475544243,
                       1.8740851426632728, 1.7320508075688776, 1.7320508075688776, -1.7320508075688776, 0});
    require_reduction([](auto& x) { return norm<0>(x, 1); }, {3.5, 4, 6, 6}, {1, -2, 3, 4, 1, 0, -3, 4, 1, 2, -3, 0});
    require_reduction([](auto& x) { return norm<0>(x, inf); }, {2, 2, 3, 3}, {0, -1, 3, 2, 0, 0, 0, 2, 1, 1, 0, 0});
    require_reduction([](auto& x) { return norm<1>(x, -inf); }, {1, 0, 0}, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    require_reduction([](auto& x) { return norm<0>(x, 3); }, {2.089669598190616, 2.5198420997897464, 3.3019272488946263, 3.7797631496846193},
                      {0.2290048874729442, -1.259921049894873, 2.4764454366709705, 2.519842099789747, 0.05725122186823605, 0, -0.2751606040745523,
                       2.519842099789747, 0.9160195498917768, 1.259921049894873, -1.1006424162982091, 0});
    require_reduction([](auto& x) { return norm<1>(x, 0.5); }, {34.55458932615441, 11.827804920294026, 18},
                      {5.878315177510849, -4.156596523969725, 3.393846850117352, 3.393846850117352, 9.727406610312546, 0, -6.878315177510849,
                       3.9711971193069777, 9, 9, -9, 0});
    require_reduction([](auto& x) { return norm<1>(x, 0); }, {4, 3, 3}, std::vector<double>(12, 0));
    for (const double p : {1.0, 2.0, 3.0, inf}) {
        Parameter<double, Shape<3>> zero;
        norm(zero, p).backward();
        require_close(values(zero.grad()), {0, 0, 0});
    }
}

TEST_CASE("argmax and argmin give the first position", "[reduce]") {
    const auto x = example();
    require_close(values(argmax<0>(x)), {2, 2, 0, 0});
    require_close(values(argmin<0>(x)), {1, 0, 2, 2});
    require_close(values(argmax<1>(x)), {2, 3, 0});
    require_close(values(argmin<1>(x)), {1, 2, 2});
    REQUIRE(argmax(x).item() == 2);
    REQUIRE(argmin(x).item() == 1);
    const Tensor<std::int8_t, Shape<5>> whole{3, -7, 9, 9, -7};
    REQUIRE(argmax(whole).item() == 2);
    REQUIRE(argmin(whole).item() == 1);
    auto large = random_tensor<float>(Shape<5000>{}, -1, 1);
    large.data()[4321] = 2;
    large.data()[4322] = 2;
    REQUIRE(argmax(large).item() == 4321);
    const auto tall = random_tensor<float>(Shape<700, 33>{}, -1, 1);
    std::vector<double> expected;
    for (index_t j = 0; j < 33; ++j) {
        index_t best = 0;
        for (index_t i = 1; i < 700; ++i)
            if (tall(i, j) > tall(best, j)) best = i;
        expected.push_back(static_cast<double>(best));
    }
    require_close(values(argmax<0>(tall)), expected);
}

TEST_CASE("reduce: keepdim, many dimensions, shapes in types", "[reduce]") {
    const Tensor<float, Shape<2, 3, 4>> x = random_tensor<float>(Shape<2, 3, 4>{});
    static_assert(std::same_as<shape_t<decltype(sum(x))>, Shape<>>);
    static_assert(std::same_as<shape_t<decltype(sum(x, keepdim))>, Shape<1, 1, 1>>);
    static_assert(std::same_as<shape_t<decltype(sum<1>(x))>, Shape<2, 4>>);
    static_assert(std::same_as<shape_t<decltype(sum<-1>(x, keepdim))>, Shape<2, 3, 1>>);
    static_assert(std::same_as<shape_t<decltype(mean<0, 2>(x))>, Shape<3>>);
    static_assert(std::same_as<shape_t<decltype(var<0, -1>(x, 0, keepdim))>, Shape<1, 3, 1>>);
    static_assert(std::same_as<shape_t<decltype(sum<0>(std::declval<Tensor<float, Shape<dyn, 3>>>()))>, Shape<3>>);
    static_assert(std::same_as<shape_t<decltype(sum<1>(std::declval<Tensor<float, Shape<dyn, 3>>>()))>, Shape<dyn>>);
    const auto at = [&](index_t i, index_t j, index_t k) { return static_cast<double>(x(i, j, k)); };
    std::vector<double> over_0_2(3), over_1(8);
    for (index_t i = 0; i < 2; ++i)
        for (index_t j = 0; j < 3; ++j)
            for (index_t k = 0; k < 4; ++k) {
                over_0_2[static_cast<std::size_t>(j)] += at(i, j, k);
                over_1[static_cast<std::size_t>(i * 4 + k)] += at(i, j, k);
            }
    require_close(values(sum<0, 2>(x)), over_0_2, 1e-6);
    require_close(values(sum<-3, -1>(x, keepdim)), over_0_2, 1e-6);
    require_close(values(sum<1>(x)), over_1, 1e-6);
}

TEST_CASE("reduce: odd sizes against sums in double, rows and columns, any dtype", "[reduce]") {
    const auto check = [](auto tag, index_t rows, index_t columns, double tolerance) {
        using T = decltype(tag);
        const auto x = random_tensor<T>(Shape<dyn, dyn>{rows, columns}, -1, 3);
        std::vector<double> by_row(static_cast<std::size_t>(rows)), by_column(static_cast<std::size_t>(columns));
        double all = 0;
        for (index_t i = 0; i < rows; ++i)
            for (index_t j = 0; j < columns; ++j) {
                const auto v = static_cast<double>(x(i, j));
                by_row[static_cast<std::size_t>(i)] += v;
                by_column[static_cast<std::size_t>(j)] += v;
                all += v;
            }
        require_close(values(sum<1>(x)), by_row, tolerance);
        require_close(values(sum<0>(x)), by_column, tolerance);
        require_close(values(sum(x)), {all}, tolerance);
    };
    for (const index_t rows : {1, 3, 33, 130})
        for (const index_t columns : {1, 2, 7, 17, 129, 1500}) {
            check(0.0, rows, columns, 1e-12);
            check(0.0F, rows, columns, 2e-6);
        }
    check(bfloat16(0), 40, 300, 1e-2);
    check(float16(0), 40, 300, 2e-3);
    check(std::int32_t(0), 37, 141, 0);
    check(std::uint8_t(0), 37, 141, 0);
}

TEST_CASE("reduce: integers and bool sum to int64, 16-bit types accumulate in float", "[reduce]") {
    const Tensor<bool, Shape<3>> mask{true, false, true};
    static_assert(std::same_as<value_t<decltype(sum(mask))>, std::int64_t>);
    REQUIRE(sum(mask).item() == 2);
    const Tensor<std::int8_t, Shape<3>> small{100, 100, 2};
    REQUIRE(sum(small).item() == 202);
    REQUIRE(prod(small).item() == 20000);
    static_assert(std::same_as<value_t<decltype(amax(small))>, std::int8_t>);
    REQUIRE(amax(small).item() == 100);
    REQUIRE(prod(mask).item() == 0);
    Tensor<bfloat16, Shape<4096>> ones;
    ones.fill(bfloat16(1));
    REQUIRE(float(sum(ones).item()) == 4096);  // 256 + 1 is 256 in bfloat16
    REQUIRE(float(mean(ones).item()) == 1);
}

TEST_CASE("any, all, count_nonzero", "[reduce]") {
    const Tensor<float, Shape<2, 3>> x{0, 1, 2, 0, 0, 0};
    require_close(values(any<1>(x)), {1, 0});
    require_close(values(all<1>(x)), {0, 0});
    require_close(values(all<0>(x == 0 || x > 0)), {1, 1, 1});
    require_close(values(count_nonzero<0>(x)), {0, 1, 1});
    REQUIRE(count_nonzero(x > 1).item() == 1);
    REQUIRE(any(x).item());
    REQUIRE_FALSE(all(x).item());
    static_assert(std::same_as<value_t<decltype(any(x))>, bool>);
}

TEST_CASE("reduce: empty arrays", "[reduce]") {
    const Tensor<double, Shape<dyn, 3>> x;
    require_close(values(sum(x)), {0});
    require_close(values(sum<0>(x)), {0, 0, 0});
    require_close(values(sum<1>(x)), {});
    require_close(values(mean<0>(x)), {NAN, NAN, NAN});
    require_close(values(mean(x)), {NAN});
    require_close(values(prod<0>(x)), {1, 1, 1});
    require_close(values(logsumexp<0>(x)), {-inf, -inf, -inf});
    require_close(values(norm(x)), {0});
    require_close(values(var<0>(x)), {NAN, NAN, NAN});
    REQUIRE_FALSE(any(x).item());
    REQUIRE(all(x).item());
    require_close(values(amax<1>(x)), {});
    REQUIRE_ERROR(amax<0>(x), "amax", "at least one element", "(0, 3)");
    REQUIRE_ERROR(argmax(x), "argmax", "at least one element");
    Parameter<double, Shape<dyn, 3>> p;
    sum(p).backward();
    REQUIRE(p.grad().size() == 0);
}

TEST_CASE("reduce: NaN and infinity", "[reduce]") {
    const Tensor<double, Shape<2, 3>> x{1, NAN, 3, 4, 5, 6};
    require_close(values(amax<1>(x)), {NAN, 6});
    require_close(values(amax<0>(x)), {4, NAN, 6});
    require_close(values(amin<0>(x)), {1, NAN, 3});
    require_close(values(argmax<1>(x)), {1, 2});
    require_close(values(argmin<1>(x)), {1, 0});
    REQUIRE(argmax(x).item() == 1);
    require_close(values(logsumexp<1>(x)), {NAN, 6.407605964444381});
    require_close(values(sum<0>(x)), {5, NAN, 9});
    const Tensor<double, Shape<2, 3>> infinite{inf, 1, -inf, -inf, -inf, -inf};
    require_close(values(logsumexp<1>(infinite)), {inf, -inf});
    require_close(values(logsumexp<0>(infinite)), {inf, 1, -inf});
    const Tensor<double, Shape<1, 2>> one{1, 1};
    require_close(values(var<0>(one)), {NAN, NAN});
    require_close(values(var<0>(one, 0)), {0, 0});
    const Tensor<float, Shape<3>> large{1000, 1001, 999};
    require_close(values(logsumexp(large)), {1001.4076059644444}, 1e-7);
}

TEST_CASE("reduce: accurate where sums are long and means large", "[reduce]") {
    Tensor<float, Shape<dyn>> x(Shape<dyn>{1000003});
    double exact = 0;
    for (index_t i = 0; i < x.size(); ++i) {
        x.data()[i] = 0.1F + 1e-4F * static_cast<float>(i % 7);
        exact += static_cast<double>(x.data()[i]);
    }
    require_close(values(sum(x)), {exact}, 1e-7);
    Tensor<float, Shape<dyn, 2>> columns(Shape<dyn, 2>{200000});
    for (index_t i = 0; i < columns.size(); ++i) columns.data()[i] = 1000 + 0.01F * static_cast<float>(i / 2 % 3);
    const double mean = static_cast<double>(columns.data()[0]) / 3 + static_cast<double>(columns.data()[2]) / 3 + static_cast<double>(columns.data()[4]) / 3;
    double variance = 0;
    for (index_t i = 0; i < columns.size(); i += 2) variance += std::pow(static_cast<double>(columns.data()[i]) - mean, 2) / 199999;
    require_close(values(var<0>(columns)), {variance, variance}, 1e-6);
    const Tensor<float, Shape<2, dyn>> rows = [&] {
        Tensor<float, Shape<2, dyn>> result(Shape<2, dyn>{200000});
        for (index_t i = 0; i < 200000; ++i) result(0, i) = result(1, i) = columns(i, 0);
        return result;
    }();
    require_close(values(var<1>(rows)), {variance, variance}, 1e-6);
}

TEST_CASE("reduce: gradcheck, over rows, columns, the middle, and a chain", "[reduce][gradcheck]") {
    auto x = random_parameter(Shape<3, 4, 5>{});
    auto b = random_parameter(Shape<5>{}, 0.5, 1.5, 2);
    const auto check = [&](auto reduction) {
        REQUIRE(gradcheck([=](auto& p, auto& q) { return reduction(tanh(p) * q); }, x, b));
        REQUIRE(gradcheck([=](auto& p, auto& q) { return reduction(p) * sum(q); }, x, b));
        REQUIRE(gradcheck([=](auto& p, auto& q) { auto y = p * q; return square(reduction(y)) * 2; }, x, b));
    };
    check([](auto&& y) { return sum<1>(std::forward<decltype(y)>(y)); });
    check([](auto&& y) { return mean<0, 2>(std::forward<decltype(y)>(y), keepdim); });
    check([](auto&& y) { return prod<1>(std::forward<decltype(y)>(y)); });
    check([](auto&& y) { return amax<2>(std::forward<decltype(y)>(y)); });
    check([](auto&& y) { return logsumexp<1>(std::forward<decltype(y)>(y)); });
    check([](auto&& y) { return logsumexp<0, 2>(std::forward<decltype(y)>(y)); });
    check([](auto&& y) { return var<1>(std::forward<decltype(y)>(y)); });
    check([](auto&& y) { return xnn::std<0, 1>(std::forward<decltype(y)>(y), 0); });
    check([](auto&& y) { return norm<1, 2>(std::forward<decltype(y)>(y), 3); });
}

TEST_CASE("reduce: the same bits for any number of threads", "[reduce][determinism]") {
    auto p = random_parameter<Shape<dyn, 300>, float>(Shape<dyn, 300>{700});
    require_same_for_any_threads([&] {
        p.zero_grad();
        auto y = tanh(p);
        auto loss = sum(y) + mean(square(sum<0>(y))) + mean(square(sum<1>(y))) + sum(logsumexp<1>(p)) + sum(var<0>(p)) + amax(p);
        loss.backward();
        auto result = values(p.grad());
        result.push_back(static_cast<double>(loss.item()));
        return result;
    });
}
