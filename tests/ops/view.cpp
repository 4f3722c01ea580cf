// Views and joins: values, gradients, run-time bounds, assignments in place.
#include "xnn/ops/view.hpp"

#include "support/arrays.hpp"
#include "support/errors.hpp"
#include "xnn/ops/cat.hpp"
#include "xnn/ops/expand.hpp"
#include "xnn/ops/permute.hpp"
#include "xnn/ops/pointwise.hpp"
#include "xnn/ops/reduce.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace xnn;

namespace {

Parameter<double, Shape<2, 3, 4>> counting() {
    Parameter<double, Shape<2, 3, 4>> p;
    for (index_t i = 0; i < 24; ++i) p.data()[i] = static_cast<double>(i);
    return p;
}

template <class E>
using shape_of = shape_t<E>;

// The gradient of a view by itself, inside a chain, and beside its origin.
template <class F, class... P>
void require_gradient(F f, P&... p) {
    REQUIRE(gradcheck([&](auto&... x) { return f(x...); }, p...));
    REQUIRE(gradcheck([&](auto&... x) { return tanh(f(sin(x)...) * 0.1) * 2; }, p...));
    REQUIRE(gradcheck([&](auto&... x) { return sum(f(x * 0.1 ...)) * sum((sum(x * x) + ...)); }, p...));
}

}  // namespace

TEST_CASE("reshape to a shape that a run knows", "[view]") {
    auto x = counting();
    const auto y = reshape(x, Shape<dyn, dyn, 2>(4, 3));
    static_assert(std::same_as<shape_of<decltype(y)>, Shape<dyn, dyn, 2>>);
    static_assert(std::same_as<shape_of<decltype(view(x, Shape<6, 4>{}))>, Shape<6, 4>>);
    REQUIRE(y.shape().extents() == Dims<3>{4, 3, 2});
    require_close(values(y), values(x));
    REQUIRE_ERROR(reshape(x, Shape<dyn, 2>(11)), "reshape", "as many elements", "(2, 3, 4)");
    static_assert(!ReshapeToRule<Shape<5, 5>>::accepts(Dims<3>{2, 3, 4}, Dims<2>{5, 5}));
    require_gradient([](const auto& p) { return reshape(p, Shape<dyn, 8>(3)); }, x);
}

TEST_CASE("slice, narrow, select", "[view]") {
    auto x = counting();
    static_assert(std::same_as<shape_of<decltype(slice<1, 1>(x))>, Shape<2, 2, 4>>);
    static_assert(std::same_as<shape_of<decltype(slice<-1, 1, to_end, 2>(x))>, Shape<2, 3, 2>>);
    static_assert(std::same_as<shape_of<decltype(slice<1, -2, -1>(x))>, Shape<2, 1, 4>>);
    static_assert(std::same_as<shape_of<decltype(slice<1, 2, 1>(x))>, Shape<2, 0, 4>>);
    static_assert(std::same_as<shape_of<decltype(slice<1>(x, 0, 2))>, Shape<2, dyn, 4>>);
    static_assert(std::same_as<shape_of<decltype(narrow<2, 3>(x, 1))>, Shape<2, 3, 3>>);
    static_assert(std::same_as<shape_of<decltype(select<1>(x, 0))>, Shape<2, 4>>);
    require_close(values(slice<1, 1>(x)), {4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23});
    require_close(values(slice<2, 0, to_end, 2>(x)), {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22});
    require_close(values(slice<0, -1>(x) + 0.5), values(slice<0, 1>(x + 0.5)));
    require_close(values(slice<1>(x, -1)), {8, 9, 10, 11, 20, 21, 22, 23});
    require_close(values(narrow<1, 1>(x, 2)), {8, 9, 10, 11, 20, 21, 22, 23});
    require_close(values(select<2>(x, -1)), {3, 7, 11, 15, 19, 23});
    require_close(values(select<0>(x, 1)), values(slice<0, 1>(x)));
    require_close(values(select<0>(select<0>(select<0>(x, 1), 1), 1)), {17});
    REQUIRE_ERROR((narrow<1, 2>(x, 2)), "narrow", "[0, 3)", "2 elements from 2");
    REQUIRE_ERROR(narrow<1>(x, 0, 4), "narrow");
    REQUIRE_ERROR(select<2>(x, 4), "select", "[0, 4)", "4");
    require_gradient([](const auto& p) { return slice<1, 1>(p); }, x);
    require_gradient([](const auto& p) { return slice<2, 1, to_end, 2>(p); }, x);
    require_gradient([](const auto& p) { return slice<1, 0, to_end, 2>(p); }, x);
    require_gradient([](const auto& p) { return slice<0>(p, 1, 2); }, x);
    require_gradient([](const auto& p) { return select<2>(p, 1); }, x);
    require_gradient([](const auto& p) { return select<1>(p, -1); }, x);
    auto v = random_parameter(Shape<dyn>{41});
    require_gradient([](const auto& p) { return slice<0, 1, to_end, 3>(p); }, v);
    require_gradient([](const auto& p) { return select<0>(p, 7); }, v);
    const Tensor<bool, Shape<2, 3>> mask{true, false, true, false, false, true};
    require_close(values(slice<1, 0, to_end, 2>(mask)), {1, 1, 0, 1});
    const Tensor<std::int32_t, Shape<5>> whole{1, 2, 3, 4, 5};
    require_close(values(slice<0, 1, to_end, 2>(whole) * 10), {20, 40});
}

TEST_CASE("flip", "[view]") {
    auto x = counting();
    require_close(values(flip<0, 2>(x)), {15, 14, 13, 12, 19, 18, 17, 16, 23, 22, 21, 20, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8});
    require_close(values(flip<1>(x)), {8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3, 20, 21, 22, 23, 16, 17, 18, 19, 12, 13, 14, 15});
    require_gradient([](const auto& p) { return flip<0>(p); }, x);
    require_gradient([](const auto& p) { return flip<2, 0>(p); }, x);
    Tensor<float, Shape<5>> t{1, 2, 3, 4, 5};
    t = flip<0>(t);  // reads what it writes
    require_close(values(t), {5, 4, 3, 2, 1});
    t = flip<0>(t) + t;
    require_close(values(t), {6, 6, 6, 6, 6});
}

TEST_CASE("permute and transpose", "[view]") {
    auto x = counting();
    require_close(values(permute<2, 0, 1>(x)), {0, 4, 8, 12, 16, 20, 1, 5, 9, 13, 17, 21, 2, 6, 10, 14, 18, 22, 3, 7, 11, 15, 19, 23});
    require_close(values(transpose<0, 1>(x)), {0, 1, 2, 3, 12, 13, 14, 15, 4, 5, 6, 7, 16, 17, 18, 19, 8, 9, 10, 11, 20, 21, 22, 23});
    static_assert(std::same_as<shape_of<decltype(transpose<-1, 0>(x))>, Shape<4, 3, 2>>);
    require_gradient([](const auto& p) { return permute<2, 0, 1>(p); }, x);
    require_gradient([](const auto& p) { return permute<1, 0, 2>(p); }, x);
    require_gradient([](const auto& p) { return transpose<-1, -2>(p); }, x);
    const auto check = [](auto tag, auto shape) {
        using T = decltype(tag);
        const auto t = random_tensor<T>(shape, -100, 100);
        const Tensor<T, Shape<dyn, dyn, dyn, dyn>> turned = permute<2, 0, 3, 1>(t);
        const auto n = shape.extents();
        REQUIRE(turned.shape().extents() == Dims<4>{n[2], n[0], n[3], n[1]});
        bool same = true;
        for (index_t i = 0; i < n[0]; ++i)
            for (index_t j = 0; j < n[1]; ++j)
                for (index_t k = 0; k < n[2]; ++k)
                    for (index_t l = 0; l < n[3]; ++l) same = same && turned(k, i, l, j) == t(i, j, k, l);
        REQUIRE(same);
        const Tensor<T, Shape<dyn, dyn, dyn, dyn>> back = permute<1, 3, 0, 2>(turned);
        REQUIRE(std::equal(back.begin(), back.end(), t.begin()));
    };
    check(0.0F, Shape<2, 70, 3, 67>{});
    check(0.0, Shape<dyn, 5, 3, 9>{3});
    check(std::int32_t(0), Shape<3, 5, 1, 9>{});
    check(bfloat16(0), Shape<1, 17, 1, 33>{});
    check(0.0F, Shape<dyn, 5, 3, 9>{0});
}

TEST_CASE("reshape, flatten, unflatten, squeeze, unsqueeze", "[view]") {
    auto x = counting();
    static_assert(std::same_as<shape_of<decltype(reshape<4, -1>(x))>, Shape<4, 6>>);
    static_assert(std::same_as<shape_of<decltype(flatten(x))>, Shape<24>>);
    static_assert(std::same_as<shape_of<decltype(flatten<1>(x))>, Shape<2, 12>>);
    static_assert(std::same_as<shape_of<decltype(unflatten<2, 2, -1>(x))>, Shape<2, 3, 2, 2>>);
    static_assert(std::same_as<shape_of<decltype(unsqueeze<-1>(x))>, Shape<2, 3, 4, 1>>);
    static_assert(std::same_as<shape_of<decltype(unsqueeze<0>(x))>, Shape<1, 2, 3, 4>>);
    static_assert(std::same_as<shape_of<decltype(squeeze(sum<0, 2>(x, keepdim)))>, Shape<3>>);
    static_assert(std::same_as<shape_of<decltype(squeeze<0>(sum<0, 2>(x, keepdim)))>, Shape<3, 1>>);
    static_assert(std::same_as<shape_of<decltype(squeeze<1>(x))>, Shape<2, 3, 4>>);
    require_close(values(unsqueeze<1>(x)), values(x));
    require_gradient([](const auto& p) { return unsqueeze<1>(p) * sum<0>(p); }, x);
    require_gradient([](const auto& p) { return reshape<4, 6>(transpose<0, 2>(p)); }, x);
    require_gradient([](const auto& p) { return squeeze(slice<0, 1>(p)); }, x);
}

TEST_CASE("expand and broadcast_to", "[view]") {
    auto x = random_parameter(Shape<3, 1>{});
    static_assert(std::same_as<shape_of<decltype(expand<2, -1, 4>(x))>, Shape<2, 3, 4>>);
    static_assert(std::same_as<shape_of<decltype(broadcast_to<Shape<3, 5>>(x))>, Shape<3, 5>>);
    require_close(values(broadcast_to<Shape<2, 3, 2>>(x)), values(expand<2, -1, 2>(x)));
    REQUIRE(broadcast_to(x, Shape<3, dyn>{6}).shape().extents() == Dims<2>{3, 6});
    require_gradient([](const auto& p) { return expand<2, -1, 4>(p); }, x);
    auto named = expand<-1, 4>(x);
    require_close(values(named + named), values(expand<-1, 4>(x * 2)));
    auto d = random_parameter(Shape<dyn, 2>{3});
    static_assert(std::same_as<shape_of<decltype(expand<4, -1, -1>(d))>, Shape<4, dyn, 2>>);
    require_gradient([](const auto& p) { return expand<4, -1, -1>(p); }, d);
}

TEST_CASE("cat and stack", "[view]") {
    auto x = counting();
    auto y = random_parameter(Shape<2, 1, 4>{});
    auto d = random_parameter(Shape<2, dyn, 4>{2});
    static_assert(std::same_as<shape_of<decltype(cat<1>(x, y, x))>, Shape<2, 7, 4>>);
    static_assert(std::same_as<shape_of<decltype(cat<1>(x, d))>, Shape<2, dyn, 4>>);
    static_assert(std::same_as<shape_of<decltype(stack<-1>(x, x, x))>, Shape<2, 3, 4, 3>>);
    require_close(values(cat<0>(y, y * 2)), [&] {
        auto all = values(y);
        for (double v : values(y)) all.push_back(2 * v);
        return all;
    }());
    require_close(values(select<1>(cat<1>(x, y), 3)), values(select<1>(y, 0)));
    require_close(values(transpose<0, 1>(stack<1>(select<0>(x, 0), select<0>(x, 1)))), values(x));
    require_gradient([](const auto& a, const auto& b) { return cat<1>(a, b, a * 2); }, x, y);
    require_gradient([](const auto& a, const auto& b) { return cat<1>(b, a); }, x, d);
    require_gradient([](const auto& a) { return cat<2>(a, flip<1>(a)); }, x);
    require_gradient([](const auto& a) { return stack<0>(a, sum<0>(a, keepdim) + a); }, x);
    const Tensor<float, Shape<2>> f{1, 2};
    const Tensor<std::int32_t, Shape<1>> i{3};
    static_assert(std::same_as<value_t<decltype(cat<0>(f, i))>, float>);
    require_close(values(cat<0>(f, i)), {1, 2, 3});
    const Tensor<float, Shape<dyn, 2>> a(Shape<dyn, 2>{3}), b(Shape<dyn, 2>{2});
    REQUIRE_ERROR(cat<1>(a, b), "cat", "(3, 2)", "(2, 2)");
}

TEST_CASE("split and chunk", "[view]") {
    auto x = counting();
    const auto parts = split<2, 1>(x);
    static_assert(std::tuple_size_v<decltype(parts)> == 2);
    static_assert(std::same_as<shape_of<decltype(std::get<1>(parts))>, Shape<2, 1, 4>>);
    const auto [a, b] = chunk<2, 2>(x * 2);
    require_close(values(a), values(slice<2, 0, 2>(x) * 2));
    require_close(values(b), values(slice<2, 2>(x) * 2));
    REQUIRE(gradcheck([](auto& p) {
        auto [q, k, v] = chunk<3, 1>(sin(p));
        return q * k + v;
    }, x));
}

TEST_CASE("views: the same bits for any number of threads", "[view][determinism]") {
    auto p = random_parameter<Shape<130, 300>, float>();
    require_same_for_any_threads([&] {
        p.zero_grad();
        auto h = tanh(p);
        auto y = transpose<0, 1>(h) * slice<1, 1, 131>(cat<1>(transpose<0, 1>(p), transpose<0, 1>(p)));
        sum(y * sum<0>(y)).backward();
        return values(p.grad());
    });
}

TEST_CASE("views: narrow_beside and broadcast_beside take extents from another array", "[view]") {
    auto table = random_parameter<Shape<8, 3>, float>();
    Tensor<float, Shape<dyn, dyn, 3>> x(Shape<dyn, dyn, 3>(2, 5));
    CHECK((values(narrow_beside<0, 1>(table, x, 2)) == values(narrow<0>(table, 2, 5))));
    REQUIRE_ERROR((narrow_beside<0, 1>(table, x, 4)), "narrow", "5 elements from 4 on");
    auto row = random_parameter<Shape<1, 1, 3>, float>();
    CHECK((values(broadcast_beside(row, Shape<1, dyn, 3>(5), x)) == values(expand<1, 5, 3>(row))));
}
