// gather and index_select: values in every dtype, gradients, indices that repeat, bad ones.
#include "xnn/ops/gather.hpp"

#include "support/arrays.hpp"
#include "support/errors.hpp"
#include "xnn/ops/operators.hpp"
#include "xnn/ops/pointwise.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace xnn;

namespace {

using Index = std::int64_t;

const Tensor<Index, Shape<2, 2>> pairs{0, 0, 1, 0};
const Tensor<Index, Shape<4>> rows{2, 0, 2, 1};

}  // namespace

TEMPLATE_TEST_CASE("gather: the example of PyTorch's page, in every dtype", "[gather]", float, double, bfloat16, float16, std::int32_t) {
    const Tensor<TestType, Shape<2, 2>> x{TestType(1), TestType(2), TestType(3), TestType(4)};
    REQUIRE(values(gather<1>(x, pairs)) == std::vector<double>{1, 1, 4, 3});
    REQUIRE(values(gather<0>(x, pairs)) == std::vector<double>{1, 2, 3, 2});
    REQUIRE(values(gather<-1>(x, Tensor<std::int32_t, Shape<2, 1>>{1, 0})) == std::vector<double>{2, 3});
}

TEST_CASE("gather: an index that is shorter or longer than x", "[gather]") {
    const Tensor<double, Shape<3, 2, 2>> x{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    // torch.arange(12.).reshape(3, 2, 2).gather(0, torch.tensor([[[2, 1]], [[0, 2]], [[1, 1]], [[2, 0]]])) and so on
    REQUIRE(values(gather<0>(x, Tensor<Index, Shape<4, 1, 2>>{2, 1, 0, 2, 1, 1, 2, 0})) == std::vector<double>{8, 5, 0, 9, 4, 5, 8, 1});
    REQUIRE(values(gather<1>(x, Tensor<Index, Shape<2, 3, 1>>{1, 0, 1, 0, 0, 1})) == std::vector<double>{2, 0, 2, 4, 4, 6});
    const Tensor<double, Shape<dyn, 2, 2>> run = x;
    const auto y = gather<2>(run, Tensor<Index, Shape<dyn, 2, 3>>(Shape<dyn, 2, 3>(1)));
    static_assert(std::same_as<shape_t<decltype(y)>, Shape<dyn, 2, 3>>);
    REQUIRE(values(y) == std::vector<double>{0, 0, 0, 2, 2, 2});
}

TEMPLATE_TEST_CASE("index_select: values in every dtype", "[gather]", float, double, bfloat16, float16, std::int32_t) {
    const Tensor<TestType, Shape<3, 2>> x{TestType(1), TestType(2), TestType(3), TestType(4), TestType(5), TestType(6)};
    const auto y = index_select<0>(x, rows);
    static_assert(std::same_as<shape_t<decltype(y)>, Shape<4, 2>>);
    REQUIRE(values(y) == std::vector<double>{5, 6, 1, 2, 5, 6, 3, 4});
    REQUIRE(values(index_select<1>(x, Tensor<Index, Shape<1>>{1})) == std::vector<double>{2, 4, 6});
}

TEST_CASE("gather and index_select: gradients add up where an element is picked again", "[gather][gradcheck]") {
    auto p = random_parameter(Shape<3, 2, 2>{});
    const Tensor<Index, Shape<2, 4, 1>> along{1, 0, 1, 1, 0, 0, 1, 0};
    const Tensor<Index, Shape<5, 2, 1>> first{2, 0, 2, 1, 2, 2, 0, 0, 1, 2};
    REQUIRE(gradcheck([&](auto& x) { return gather<1>(x * x, along); }, p));
    REQUIRE(gradcheck([&](auto& x) { return gather<0>(sin(x), first) * 2; }, p));
    REQUIRE(gradcheck([&](auto& x) { return gather<1>(x, along) + gather<1>(x, along); }, p));
    REQUIRE(gradcheck([&](auto& x) { return index_select<0>(x * x, rows); }, p));
    REQUIRE(gradcheck([&](auto& x) { return tanh(index_select<1>(x, Tensor<Index, Shape<3>>{1, 1, 0})); }, p));
}

TEST_CASE("gather and index_select: what does not fit", "[gather]") {
    const auto x = rand<Shape<2, 2>>();
    REQUIRE_ERROR(values(gather<1>(x, Tensor<Index, Shape<2, 1>>{0, 2})), "gather", "[0, 2)", "2 at position 1");
    REQUIRE_ERROR(values(index_select<0>(x, Tensor<Index, Shape<1>>{-1})), "index_select", "[0, 2)", "-1 at position 0");
    static_assert(!GatherRule<0>::accepts(Dims<2>{2, 2}, Dims<2>{5, 3}));
    static_assert(GatherRule<0>::accepts(Dims<2>{2, 2}, Dims<2>{5, 1}));
    static_assert(!GatherRule<2>::accepts(Dims<2>{2, 2}, Dims<2>{2, 2}));
    static_assert(!IndexSelectRule<0>::accepts(Dims<2>{2, 2}, Dims<2>{1, 1}));
}
