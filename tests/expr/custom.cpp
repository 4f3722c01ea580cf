// Functions whose forward and backward a user wrote.
#include "xnn/expr/custom.hpp"

#include "support/arrays.hpp"
#include "support/errors.hpp"
#include "xnn/ops/pointwise.hpp"
#include "xnn/ops/reduce.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace xnn;

namespace {

struct Power {
    static constexpr std::string_view name = "power";
    int exponent;
    void forward(auto x, auto y) const {
        for (index_t i = 0; i < x.size(); ++i) y.data[i] = std::pow(x.data[i], exponent);
    }
    void backward(auto x, auto, auto gy, auto gx) const {
        for (index_t i = 0; i < x.size(); ++i) gx.data[i] = gy.data[i] * exponent * std::pow(x.data[i], exponent - 1);
    }
};

// [n], [m] → [n, m]
struct Outer {
    static constexpr auto extents(const Dims<1>& a, const Dims<1>& b) { return Dims<2>{a[0], b[0]}; }
    void forward(auto a, auto b, auto y) const {
        for (index_t i = 0; i < a.size(); ++i)
            for (index_t j = 0; j < b.size(); ++j) y.data[i * b.size() + j] = a.data[i] * b.data[j];
    }
    void backward(auto a, auto b, auto y, auto gy, auto ga, auto gb) const {
        static_assert(std::same_as<decltype(y), decltype(gy)>);
        if (ga.data)
            for (index_t i = 0; i < a.size(); ++i) {
                ga.data[i] = 0;
                for (index_t j = 0; j < b.size(); ++j) ga.data[i] += gy.data[i * b.size() + j] * b.data[j];
            }
        if (gb.data)
            for (index_t j = 0; j < b.size(); ++j) {
                gb.data[j] = 0;
                for (index_t i = 0; i < a.size(); ++i) gb.data[j] += gy.data[i * b.size() + j] * a.data[i];
            }
    }
};

// The signs as numbers, without a gradient.
struct Signs {
    static constexpr bool differentiable = false;
    using result_type = std::int32_t;
    void forward(auto x, auto y) const {
        for (index_t i = 0; i < x.size(); ++i) y.data[i] = x.data[i] < 0 ? -1 : 1;
    }
};

// Right forward, wrong back.
struct Wrong {
    void forward(auto x, auto y) const { Power{2}.forward(x, y); }
    void backward(auto x, auto, auto gy, auto gx) const {
        for (index_t i = 0; i < x.size(); ++i) gx.data[i] = gy.data[i] * (i == 3 ? 2.1 : 2) * x.data[i];
    }
};

}  // namespace

TEST_CASE("custom: gradients, options, several arguments, another shape", "[expr][custom]") {
    auto a = random_parameter(Shape<4>{}, 0.5, 2);
    auto b = random_parameter(Shape<dyn>{3}, -1, 1, 2);
    require_close(values(custom(Power{3}, a)), values(a * a * a));
    REQUIRE(gradcheck([](auto& x) { return custom(Power{3}, sin(x)) + x; }, a));
    static_assert(std::same_as<shape_t<decltype(custom(Outer{}, a, b))>, Shape<4, dyn>>);
    REQUIRE(gradcheck([](auto& x, auto& y) { return custom(Outer{}, x, y * 2) * 3; }, a, b));
    REQUIRE(gradcheck([](auto& x) { return custom(Outer{}, x, x); }, a));  // both gradients go to one parameter
    REQUIRE(gradcheck([](auto& x) { auto h = sin(x); return sum<1>(custom(Outer{}, h, h)) * h; }, a));
    const auto constant = random_tensor<double>(Shape<3>{});
    REQUIRE(gradcheck([&](auto& x) { return custom(Outer{}, x, constant); }, a));
}

TEST_CASE("custom: without a gradient, with another dtype", "[expr][custom]") {
    const auto p = random_parameter(Shape<4>{});
    auto y = custom(Signs{}, p);
    static_assert(!decltype(y)::requires_grad);
    static_assert(std::same_as<value_t<decltype(y)>, std::int32_t>);
    require_close(values(y), values(sign(p)));
}

TEST_CASE("gradcheck: names the worst element", "[tools][gradcheck]") {
    auto a = random_parameter(Shape<5>{}, 0.5, 2);
    auto b = random_parameter(Shape<5>{}, 0.5, 2);
    REQUIRE_ERROR(gradcheck([](auto& x, auto& y) { return x + custom(Wrong{}, y); }, a, b), "gradcheck: expected gradient", "element 3 of parameter 1");
    REQUIRE(gradcheck(GradcheckOptions{.rtol = 0.2}, [](auto& x, auto& y) { return x + custom(Wrong{}, y); }, a, b));
}
