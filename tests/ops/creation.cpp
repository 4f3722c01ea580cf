// Tensors made from shapes alone, and random ones.
#include "xnn/ops/creation.hpp"

#include <algorithm>
#include <set>

#include "support/arrays.hpp"
#include "support/errors.hpp"
#include "xnn/ops/cast.hpp"
#include "xnn/ops/random.hpp"
#include "xnn/ops/reduce.hpp"

using namespace xnn;

TEST_CASE("creation: constants", "[creation]") {
    const auto z = zeros<Shape<2, 3>>();
    static_assert(std::same_as<std::remove_const_t<decltype(z)>, Tensor<float, Shape<2, 3>>>);
    require_close(values(z), std::vector<double>(6, 0));
    static_assert(std::same_as<decltype(ones<Shape<2>, double>()), Tensor<double, Shape<2>>>);
    require_close(values(ones<Shape<2>, std::int8_t>()), {1, 1});
    require_close(values(full<Shape<2>>(2.5F)), {2.5, 2.5});
    const auto d = full(Shape<dyn, 2>{3}, 4);
    REQUIRE(d.size() == 6);
    REQUIRE(empty(Shape<dyn, 3>{5}).shape().extents() == Dims<2>{5, 3});
    REQUIRE(zeros(Shape<dyn, 3>{5}).size() == 15);
    require_close(values(eye<2, 3>()), {1, 0, 0, 0, 1, 0});
    require_close(values(eye<double>(2)), {1, 0, 0, 1});
    const Tensor<double, Shape<dyn>> like(Shape<dyn>{3});
    require_close(values(ones_like(like)), {1, 1, 1});
    require_close(values(full_like<float>(like, 7)), {7, 7, 7});
    static_assert(std::same_as<decltype(zeros_like(like)), Tensor<double, Shape<dyn>>>);
    static_assert(std::same_as<decltype(zeros_like<bool>(like)), Tensor<bool, Shape<dyn>>>);
    REQUIRE(empty_like(like).size() == 3);
}

TEST_CASE("creation: ranges", "[creation]") {
    require_close(values(arange(5)), {0, 1, 2, 3, 4});
    require_close(values(arange<4, float>()), {0, 1, 2, 3});
    static_assert(std::same_as<decltype(arange(5)), Tensor<std::int64_t, Shape<dyn>>>);
    static_assert(std::same_as<decltype(arange(1, 2.5, 0.5)), Tensor<float, Shape<dyn>>>);
    require_close(values(arange(1, 2.5, 0.5)), {1, 1.5, 2});
    require_close(values(arange(5, 0, -2)), {5, 3, 1});
    require_close(values(arange(3, 3)), {});
    REQUIRE_ERROR(arange(0, 5, -1), "arange", "step");
    REQUIRE_ERROR(arange(0, 5, 0), "arange", "step");
    require_close(values(linspace<5>(0, 1)), {0, 0.25, 0.5, 0.75, 1});
    require_close(values(linspace<double>(1, -1, 4)), {1, 1.0 / 3, -1.0 / 3, -1});
    require_close(values(linspace<1>(3, 5)), {3});
    require_close(values(linspace(0, 1, 0)), {});
    require_close(values(logspace<3>(0, 2)), {1, 10, 100}, 1e-6);
    require_close(values(logspace<double>(0, 3, 4, 2)), {1, 2, 4, 8});
}

TEST_CASE("random: numbers depend on the seed and their position alone", "[random]") {
    Generator a(7), b(7);
    const auto first = randn<Shape<1001>, double>(a);
    const auto second = randn(Shape<dyn>{1001}, b);
    require_close(values(second), values(first), 1e-5);  // float and double are the same numbers
    Generator c(7), d(7);
    const auto stream = d.draw(1001);
    const auto third = randn<Shape<1001>, double>(c);
    for (index_t i = 0; i < 1001; ++i) REQUIRE(third.data()[i] == Approx(stream.normal(i)).margin(1e-13));
    Generator e(7), f(7);
    const auto uniform = rand<Shape<37>>(e);
    const auto numbers = f.draw(37);
    for (index_t i = 0; i < 37; ++i) REQUIRE(uniform.data()[i] == numbers.uniform(i));
    REQUIRE(values(rand<Shape<37>>(e)) != values(uniform));
    manual_seed(3);
    const auto x = values(rand<Shape<3>>());
    manual_seed(3);
    REQUIRE(values(rand<Shape<3>>()) == x);
    require_same_for_any_threads([] {
        Generator g(1);
        auto drawn = values(randn<Shape<50000>>(g));
        for (double v : values(rand<Shape<50000>>(g))) drawn.push_back(v);
        return drawn;
    });
}

TEST_CASE("random: distributions", "[random]") {
    manual_seed(0);
    const auto n = normal<Shape<200000>>(2, 3);
    REQUIRE(mean(n).item() == Approx(2).margin(0.03));
    REQUIRE(xnn::std(n).item() == Approx(3).margin(0.03));
    const auto u = rand<Shape<200000>, double>();
    REQUIRE(mean(u).item() == Approx(0.5).margin(0.003));
    REQUIRE(var(u).item() == Approx(1.0 / 12).margin(0.001));
    REQUIRE(amin(u).item() >= 0);
    REQUIRE(amax(u).item() < 1);
    const auto i = randint<Shape<10000>>(-3, 4);
    REQUIRE(std::set<std::int64_t>(i.begin(), i.end()) == std::set<std::int64_t>{-3, -2, -1, 0, 1, 2, 3});
    REQUIRE(mean(to<double>(i)).item() == Approx(0).margin(0.1));
    REQUIRE_ERROR(randint<Shape<2>>(3, 3), "randint");
    REQUIRE(mean(bernoulli<Shape<100000>>(0.3)).item() == Approx(0.3).margin(0.01));
    require_close(values(bernoulli(Tensor<float, Shape<3>>{0, 1, 0})), {0, 1, 0});
    REQUIRE_ERROR(bernoulli<Shape<2>>(1.5), "bernoulli");
    auto p = randperm(100);
    REQUIRE_FALSE(std::is_sorted(p.begin(), p.end()));
    std::sort(p.begin(), p.end());
    require_close(values(p), values(arange(100)));
    REQUIRE(randperm<0>().size() == 0);
    REQUIRE(randn_like(u).size() == u.size());
    static_assert(std::same_as<value_t<decltype(rand_like<float>(u))>, float>);
    static_assert(std::same_as<value_t<decltype(randint_like(i, 0, 2))>, std::int64_t>);
    static_assert(std::same_as<value_t<decltype(randn<Shape<2>, bfloat16>())>, bfloat16>);
}
