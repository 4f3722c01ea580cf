// Named expressions are evaluated once and differentiated once however often they are used, and outlive their names.
#include "support/arrays.hpp"
#include "support/errors.hpp"
#include "xnn/expr/detach.hpp"
#include "xnn/ops/activation.hpp"
#include "xnn/ops/pointwise.hpp"
#include "xnn/ops/reduce.hpp"
#include "xnn/ops/view.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace xnn;

namespace {

int evaluations = 0, differentiations = 0;

// x squared as an operation in memory, which counts its runs.
struct CountedSquare {
    static constexpr std::string_view name = "counted_square";
    template <std::size_t R>
    static constexpr Dims<R> extents(const Dims<R>& x) { return x; }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>&) { return true; }
    NothingSaved forward(auto&, auto y, auto x) const {
        ++evaluations;
        for (index_t i = 0; i < x.size(); ++i) y.data[i] = x.data[i] * x.data[i];
        return {};
    }
    template <class T>
    void backward(auto&, NothingSaved, const auto& targets, const T* gy, const T*, auto x) const {
        ++differentiations;
        const auto gx = get<0>(targets);
        for (index_t i = 0; i < x.size(); ++i) gx.data[i] = (gx.accumulate ? gx.data[i] : T(0)) + 2 * gy[i] * x.data[i];
    }
};

template <class X>
auto counted(X&& x) { return xnn::apply(CountedSquare{}, std::forward<X>(x)); }

void reset() { evaluations = differentiations = 0; }

// An expression over its own named expressions.
template <class P>
auto block(const P& p) {
    auto h = counted(p);
    auto g = sin(h) + h;
    return g * h + g;
}

}  // namespace

TEST_CASE("sharing: a name is evaluated and differentiated once", "[expr][sharing]") {
    reset();
    auto p = random_parameter(Shape<7>{});
    auto h = counted(p);
    auto loss = sum(h * h + sin(h)) + mean(h);
    loss.backward();
    REQUIRE(evaluations == 1);
    REQUIRE(differentiations == 1);
    REQUIRE(loss.item() == Approx(sum(h * h + sin(h)).item() + mean(h).item()));
    REQUIRE(argmax(h).item() >= 0);
    REQUIRE(evaluations == 1);  // a value that a step computed stays with its name
    std::vector<double> expected;
    for (double x : p.value()) expected.push_back((2 * x * x + std::cos(x * x) + 1.0 / 7) * 2 * x);
    require_close(values(p.grad()), expected);
}

TEST_CASE("sharing: a temporary is embedded and a moved name is one", "[expr][sharing]") {
    auto p = random_parameter(Shape<5>{});
    auto fused = relu(p * 2);
    using Name = decltype(fused);
    auto by_name = exp(fused);
    auto by_move = exp(std::move(fused));
    static_assert(std::same_as<decltype(by_move), decltype(exp(std::declval<Name>()))>);
    static_assert(!std::same_as<decltype(by_name), decltype(by_move)>);
    static_assert(sizeof(by_name) < 64);
    require_close(values(by_name), values(by_move));
    REQUIRE(gradcheck([](auto& x) { auto h = tanh(x); auto y = exp(h); return y * std::move(h); }, p));
}

TEST_CASE("sharing: an expression over its own names outlives them", "[expr][sharing]") {
    reset();
    auto p = random_parameter(Shape<6>{}, 0.3, 1.2);
    const auto y = block(p);
    require_close(values(y), [&] {
        std::vector<double> result;
        for (double x : p.value()) {
            const double h = x * x, g = std::sin(h) + h;
            result.push_back(g * h + g);
        }
        return result;
    }());
    REQUIRE(evaluations == 1);
    REQUIRE(gradcheck([](auto& x) { return block(x); }, p));
}

TEMPLATE_TEST_CASE("sharing: an expression outlives the tensors that it is made of", "[expr][sharing]", (Shape<4>), (Shape<100>), (Shape<dyn>)) {
    auto p = random_parameter(TestType(Dims<1>{TestType::is_static ? TestType::static_size : 7}));
    const auto over_locals = [](auto& x) {
        Tensor<double, TestType> two(x.shape());  // small ones stand inside the object
        two.fill(2);
        Tensor<double, TestType> three(x.shape());
        three.fill(3);
        auto y = x * two;
        return y * three + std::move(three);
    };
    auto y = over_locals(p);
    Tensor<double, TestType> other(p.shape());  // takes memory that has been freed
    other.fill(-1);
    require_close(values(y), values(p * 6 + 3));
    REQUIRE(gradcheck(over_locals, p));
}

TEST_CASE("sharing: an expression reads the memory that its tensor had", "[expr][sharing]") {
    Tensor<double, Shape<dyn>> x(Shape<dyn>(50));
    x.fill(1);
    auto y = x + 1;
    x.fill(2);
    x.resize(Shape<dyn>(5000));
    require_close(values(y), std::vector<double>(50, 3));
}

TEST_CASE("sharing: twenty reuses in a chain", "[expr][sharing]") {
    reset();
    auto p = random_parameter(Shape<4>{}, 0.1, 0.5);
    const auto chain = [](auto& x) {
        auto h0 = counted(x);
        auto h1 = h0 + counted(h0) * 0.1;   auto h2 = h1 + counted(h1) * 0.1;   auto h3 = h2 + counted(h2) * 0.1;   auto h4 = h3 + counted(h3) * 0.1;
        auto h5 = h4 + counted(h4) * 0.1;   auto h6 = h5 + counted(h5) * 0.1;   auto h7 = h6 + counted(h6) * 0.1;   auto h8 = h7 + counted(h7) * 0.1;
        auto h9 = h8 + counted(h8) * 0.1;   auto h10 = h9 + counted(h9) * 0.1;  auto h11 = h10 + counted(h10) * 0.1; auto h12 = h11 + counted(h11) * 0.1;
        auto h13 = h12 + counted(h12) * 0.1; auto h14 = h13 + counted(h13) * 0.1; auto h15 = h14 + counted(h14) * 0.1; auto h16 = h15 + counted(h15) * 0.1;
        auto h17 = h16 + counted(h16) * 0.1; auto h18 = h17 + counted(h17) * 0.1; auto h19 = h18 + counted(h18) * 0.1;
        return h19 + counted(h19) * 0.1;
    };
    sum(chain(p)).backward();
    REQUIRE(evaluations == 21);
    REQUIRE(differentiations == 21);
    REQUIRE(gradcheck(chain, p));
}

TEST_CASE("sharing: one parameter in many places, one slice of a name beside the whole", "[expr][sharing]") {
    auto p = random_parameter(Shape<4, 4>{});
    REQUIRE(gradcheck([](auto& x) { return x * x + x; }, p));
    REQUIRE(gradcheck([](auto& x) { auto h = sin(x); return h * flip<0>(h) + h * flip<1>(h); }, p));
    REQUIRE(gradcheck([](auto& x) { auto h = sin(x); return slice<0, 0, 2>(h) * slice<0, 2>(h) + slice<0, 1, 3>(h); }, p));
    REQUIRE(gradcheck([](auto& x) { auto h = sin(x); return select<0>(h, 1) * h + sum<0>(h); }, p));
}

TEST_CASE("sharing: gradients accumulate until zero_grad", "[expr][sharing]") {
    auto p = random_parameter(Shape<3>{});
    auto loss = sum(square(p));
    loss.backward();
    const auto once = values(p.grad());
    loss.backward();
    require_close(values(p.grad() * 0.5), once);
    p.zero_grad();
    REQUIRE_FALSE(p.has_grad());
    REQUIRE_ERROR(p.grad(), "Parameter::grad");
    (sum(square(p)) + sum(p)).backward();
    require_close(values(p.grad() - 1), once);
    p.requires_grad_(false).zero_grad();
    auto q = random_parameter(Shape<3>{});
    sum(p * q).backward();
    REQUIRE_FALSE(p.has_grad());
    require_close(values(q.grad()), values(p));
}

TEST_CASE("detach: a constant in one place, a parameter in another", "[expr][detach]") {
    auto p = random_parameter(Shape<5>{});
    auto q = random_parameter(Shape<5>{}, -1, 1, 2);
    static_assert(!decltype(detach(p))::requires_grad);
    static_assert(decltype(detach(p) * q)::requires_grad);
    sum(detach(p * 2) * p).backward();
    require_close(values(p.grad()), values(p * 2));
    p.zero_grad();
    auto h = sin(p);
    sum(detach(h) * h).backward();  // the same name with and without
    require_close(values(p.grad()), values(sin(p) * cos(p)));
}

TEST_CASE("inference: no gradients behind it, whatever it meets", "[expr][detach]") {
    auto p = random_parameter(Shape<5>{});
    const Tensor<double, Shape<5>> x = random_tensor<double>(Shape<5>{});
    auto y = inference(x) * p;
    static_assert(!decltype(y)::requires_grad);
    auto z = sum(relu(y) + p, keepdim) + p;
    static_assert(!decltype(z)::requires_grad && is_inference<decltype(z)>);
    auto s = slice<0, 1>(no_grad(x) + p) * slice<0, 1>(p);
    static_assert(!decltype(s)::requires_grad);
    require_close(values(y), values(x * p));
}

TEST_CASE("grad modes: what was evaluated without gradients cannot run backward", "[expr][detach]") {
    auto p = random_parameter(Shape<5>{});
    auto y = sum(tanh(p));
    {
        const NoGradGuard guard;
        REQUIRE_FALSE(is_grad_enabled());
        REQUIRE(std::isfinite(y.item()));
        const EnableGradGuard enabled;
        REQUIRE(is_grad_enabled());
    }
    REQUIRE(is_grad_enabled());
    REQUIRE_ERROR(y.backward(), "no_grad");
    {
        const InferenceMode guard;
        REQUIRE_FALSE(is_grad_enabled());
    }
    auto again = sum(tanh(p));
    again.backward();
    REQUIRE(p.has_grad());
}
