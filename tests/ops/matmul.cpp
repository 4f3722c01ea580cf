// Matrix products: ranks, batches, transposed factors, dtypes, gradients.
#include "xnn/ops/matmul.hpp"

#include "support/arrays.hpp"
#include "support/errors.hpp"
#include "xnn/ops/extremum.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace xnn;

namespace {

// a [batch…, m, k] b [k, n] element by element.
template <class A, class B>
std::vector<double> product_of(const A& a, const B& b, index_t m, index_t k, index_t n) {
    std::vector<double> result;
    for (index_t i = 0; i < m; ++i)
        for (index_t j = 0; j < n; ++j) {
            double sum = 0;
            for (index_t q = 0; q < k; ++q) sum += static_cast<double>(a.data()[i * k + q]) * static_cast<double>(b.data()[q * n + j]);
            result.push_back(sum);
        }
    return result;
}

}  // namespace

TEST_CASE("matmul: shapes", "[matmul]") {
    const auto shape = []<class A, class B, class C>(A, B, C) {
        return std::same_as<shape_t<decltype(matmul(std::declval<Tensor<float, A>>(), std::declval<Tensor<float, B>>()))>, C>;
    };
    REQUIRE(shape(Shape<3, 4>{}, Shape<4, 5>{}, Shape<3, 5>{}));
    REQUIRE(shape(Shape<4>{}, Shape<4>{}, Shape<>{}));
    REQUIRE(shape(Shape<4>{}, Shape<4, 5>{}, Shape<5>{}));
    REQUIRE(shape(Shape<4>{}, Shape<2, 4, 5>{}, Shape<2, 5>{}));
    REQUIRE(shape(Shape<3, 4>{}, Shape<4>{}, Shape<3>{}));
    REQUIRE(shape(Shape<2, 3, 4>{}, Shape<4>{}, Shape<2, 3>{}));
    REQUIRE(shape(Shape<dyn, 3, 4>{}, Shape<4, 5>{}, Shape<dyn, 3, 5>{}));
    REQUIRE(shape(Shape<7, 1, 3, 4>{}, Shape<2, 4, dyn>{}, Shape<7, 2, 3, dyn>{}));
    static_assert(MatmulRule<>::flops(Dims<3>{2, 3, 4}, Dims<2>{4, 5}) == 2 * 2 * 3 * 4 * 5);
    const Tensor<float, Shape<3, dyn>> a(Shape<3, dyn>{4});
    const Tensor<float, Shape<dyn, 5>> b(Shape<dyn, 5>{6});
    REQUIRE_ERROR(matmul(a, b), "matmul", "(3, 4)", "(6, 5)");
}

TEST_CASE("matmul: values in every dtype", "[matmul]") {
    const auto check = []<class T>(T, double tolerance) {
        const auto a = random_tensor<T>(Shape<9, 17>{}, -3, 3);
        const auto b = random_tensor<T>(Shape<17, 13>{}, -3, 3, 2);
        require_close(values(mm(a, b)), product_of(a, b, 9, 17, 13), tolerance);
    };
    check(0.0, 1e-13);
    check(0.0F, 2e-6);
    check(bfloat16(0), 8e-3);
    check(float16(0), 1e-3);
    check(std::int32_t(0), 0);
    const Tensor<std::int64_t, Shape<3>> u{1, 2, 3}, v{4, 5, 6};
    REQUIRE(dot(u, v).item() == 32);
    const auto a = random_tensor<double>(Shape<2, 3, 4>{});
    const auto b = random_tensor<double>(Shape<4, 5>{});
    require_close(values(matmul(a, b)), product_of(a, b, 6, 4, 5));
    const Tensor<float, Shape<3, 0>> none;
    const Tensor<float, Shape<0, 2>> nothing;
    require_close(values(mm(none, nothing)), {0, 0, 0, 0, 0, 0});
}

TEST_CASE("matmul: gradients of all ranks, batches that broadcast, transposed factors", "[matmul][gradcheck]") {
    auto v = random_parameter(Shape<4>{});
    auto a = random_parameter(Shape<3, 4>{});
    auto at = random_parameter(Shape<4, 3>{});
    auto b = random_parameter(Shape<4, 5>{});
    auto bt = random_parameter(Shape<5, 4>{});
    auto a3 = random_parameter(Shape<2, 3, 4>{});
    auto at3 = random_parameter(Shape<2, 4, 3>{});
    auto b3 = random_parameter(Shape<2, 4, 5>{});
    auto bt3 = random_parameter(Shape<2, 5, 4>{});
    auto a4 = random_parameter(Shape<dyn, 1, 3, 4>{2});
    const auto f = [](auto& x, auto& y) { return matmul(x, y); };
    REQUIRE(gradcheck(f, v, v));
    REQUIRE(gradcheck(f, v, b));
    REQUIRE(gradcheck(f, v, b3));
    REQUIRE(gradcheck(f, a, v));
    REQUIRE(gradcheck(f, a4, v));
    REQUIRE(gradcheck(f, a, b));
    REQUIRE(gradcheck(f, a, b3));
    REQUIRE(gradcheck(f, a3, b));
    REQUIRE(gradcheck(f, a3, b3));
    REQUIRE(gradcheck(f, a4, b3));
    const auto turned = []<class X>(X& x) { return transpose<-2, -1>(x); };
    static_assert(!std::same_as<decltype(matmul(a, transpose<0, 1>(bt))), decltype(matmul(a, transpose<0, 1>(bt) * 1))>);
    REQUIRE(gradcheck([&](auto& x, auto& y) { return matmul(x, turned(y)); }, a, bt));
    REQUIRE(gradcheck([&](auto& x, auto& y) { return matmul(turned(x), y); }, at, b));
    REQUIRE(gradcheck([&](auto& x, auto& y) { return matmul(turned(x), turned(y)); }, at3, bt3));
    REQUIRE(gradcheck([&](auto& x, auto& y) { return matmul(turned(x), y); }, at3, b));
    REQUIRE(gradcheck([&](auto& x, auto& y) { return matmul(x, turned(y)); }, a3, bt));
    REQUIRE(gradcheck([&](auto& x, auto& y) { return matmul(turned(x), turned(y)); }, at, bt3));
    require_close(values(matmul(turned(at3), turned(bt3))), values(matmul(turned(at3) * 1, turned(bt3) * 1)));
    auto square = random_parameter(Shape<4, 4>{});
    REQUIRE(gradcheck([](auto& x) { auto h = sin(x); return matmul(h, transpose<0, 1>(h)) + mm(x, x); }, square));
    auto bias = random_parameter(Shape<5>{});
    REQUIRE(gradcheck([](auto& x, auto& y, auto& z) { return addmm(x, y, z, 0.5, 2) + addmm(x, y, z); }, bias, a, b));
}

TEST_CASE("max and min along a dimension", "[extremum]") {
    Parameter<double, Shape<3, 4>> x(Tensor<double, Shape<3, 4>>{1, -2, 3, 3, 0.5, 0, -1, 3, 2, 2, -2, 0});
    const auto check = [&](auto result, const std::vector<double>& expected, const std::vector<double>& indices, const std::vector<double>& gradient) {
        require_close(values(result.values), expected);
        require_close(values(result.indices), indices);
        Tensor<double, shape_t<decltype(result.values)>> g;
        for (index_t i = 0; i < g.size(); ++i) g.data()[i] = static_cast<double>(i + 1);
        x.zero_grad();
        result.values.backward(g.view());
        require_close(values(x.grad()), gradient);
    };
    check(max<0>(x), {2, 2, 3, 3}, {2, 2, 0, 0}, {0, 0, 3, 4, 0, 0, 0, 0, 1, 2, 0, 0});
    check(min<0>(x), {0.5, -2, -2, 0}, {1, 0, 2, 2}, {0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 3, 4});
    check(max<1>(x, keepdim), {3, 3, 2}, {2, 3, 0}, {0, 0, 1, 0, 0, 0, 0, 2, 3, 0, 0, 0});
    check(min<-1>(x), {-2, -1, -2}, {1, 2, 2}, {0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 3, 0});
    REQUIRE(max(x).item() == 3);
    REQUIRE(min(x).item() == -2);
    require_close(values(max(x, 2.5)), values(maximum(x, 2.5)));
    auto p = random_parameter(Shape<3, 4, 5>{});
    REQUIRE(gradcheck([](auto& q) { auto [v, i] = max<1>(tanh(q)); return v * v + to<double>(i); }, p));
}
