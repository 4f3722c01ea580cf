// An operation writes its result straight into the tensor that it is assigned to, unless it reads that tensor.
#include "support/arrays.hpp"
#include "xnn/core/workspace.hpp"
#include "xnn/ops/matmul.hpp"
#include "xnn/ops/operators.hpp"
#include "xnn/ops/softmax.hpp"

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
