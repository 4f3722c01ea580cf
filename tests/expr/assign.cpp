// An operation writes its result straight into the tensor that it is assigned to, unless it reads that tensor.
#include "support/arrays.hpp"
#include "xnn/core/workspace.hpp"
#include "xnn/ops/matmul.hpp"
#include "xnn/ops/operators.hpp"
#include "xnn/ops/softmax.hpp"
#include "xnn/ops/view.hpp"

using namespace xnn;

namespace {

using Square = Shape<40, 40>;

std::size_t workspace_of(auto&& work) {
    auto lease = Lease<Cpu>::take();
    auto& arena = lease.arena();
    arena.reset_peak();
    const std::size_t before = arena.peak();
    lease = {};
    work();
    return arena.peak() - before;
}

}  // namespace

TEST_CASE("assign: the result of an operation is not copied", "[expr][assign]") {
    const Tensor<float, Square> x = randn<Square>();
    Tensor<float, Square> y;
    const float* memory = y.data();
    REQUIRE(workspace_of([&] { y = functional::softmax<1>(x); }) == 0);
    REQUIRE(y.data() == memory);
    const Tensor<float, Square> made = functional::softmax<1>(x);
    require_close(values(y), values(made));
}

TEST_CASE("assign: an operation may read the tensor that it is assigned to", "[expr][assign]") {
    const Tensor<float, Square> x = randn<Square>(), w = randn<Square>();
    const Tensor<float, Square> product = matmul(x, w), squared = matmul(x, x), chained = matmul(w, functional::softmax<1>(x + 1));
    Tensor<float, Square> y = x;
    y = matmul(y, w);
    require_close(values(y), values(product));
    y = x;
    y = matmul(y, y);
    require_close(values(y), values(squared));
    y = x;
    y = matmul(w, functional::softmax<1>(y + 1));
    require_close(values(y), values(chained));
}

TEST_CASE("assign: a chain that broadcasts is not copied", "[expr][assign]") {
    const Tensor<float, Square> x = randn<Square>();
    const Tensor<float, Shape<40>> row = randn<Shape<40>>();
    Tensor<float, Square> y;
    const float* memory = y.data();
    REQUIRE(workspace_of([&] { y = x * row + 1; }) == 0);
    REQUIRE(workspace_of([&] { y = transpose<0, 1>(x); }) == 0);
    REQUIRE(y.data() == memory);
}

TEST_CASE("assign: a chain may read the tensor that it is assigned to out of order", "[expr][assign]") {
    const Tensor<float, Square> x = randn<Square>();
    const auto at = [&](index_t i, index_t j) { return x(i, j); };
    Tensor<float, Square> y = x;
    y = y + transpose<0, 1>(y);
    for (index_t i = 0; i < 40; ++i)
        for (index_t j = 0; j < 40; ++j) REQUIRE(y(i, j) == at(i, j) + at(j, i));
    y = x;
    y = y * slice<0, 39, 40>(y);  // the last row, before it is squared
    for (index_t i = 0; i < 40; ++i)
        for (index_t j = 0; j < 40; ++j) REQUIRE(y(i, j) == at(i, j) * at(39, j));
    y = x;
    y = flip<0>(y);
    for (index_t i = 0; i < 40; ++i)
        for (index_t j = 0; j < 40; ++j) REQUIRE(y(i, j) == at(39 - i, j));
}
