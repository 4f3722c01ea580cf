// Sparse gradients: who makes them, who takes them, and what they cost.
#include <catch2/catch.hpp>

#include "../support/arrays.hpp"
#include "../support/errors.hpp"
#include "../support/fixture.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/nn/sparse.hpp"
#include "xnn/ops/operators.hpp"
#include "xnn/ops/pointwise.hpp"
#include "xnn/ops/reduce.hpp"
#include "xnn/optim/adamw.hpp"
#include "xnn/optim/sgd.hpp"
#include "xnn/optim/sparse_adam.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace xnn;

namespace {

template <class T>
using Table = nn::Embedding<12, 3, nn::EmbeddingRows(4, true), T>;

std::vector<index_t> rows_of(const auto& parameter) { return parameter.storage()->gradient_rows()->list(); }

/// Four steps of two batches each, which the oracle has taken too.
template <class T, class MakeOptimizer>
void check_training(const std::string& name, MakeOptimizer&& make) {
    INFO(name << " in " << name_of(dtype_of<T>));
    static const Fixture fixture("embeddings.safetensors");
    Table<T> table;
    fixture.copy_into(table.weight, name + "/p");
    const auto x = fixture.tensor<std::int64_t, Shape<4, 2, 5>>(name + "/x");
    const auto c = fixture.tensor<T, Shape<4, 2, 5, 3>>(name + "/c");
    auto optimizer = make(table);
    for (index_t step = 0; step < 4; ++step) {
        optimizer.zero_grad();
        for (index_t batch = 2 * step; batch < 2 * step + 2; ++batch) {
            const TensorView<const std::int64_t, Shape<5>, DefaultDevice> indices{x.data() + 5 * batch, {}};
            const TensorView<const T, Shape<5, 3>, DefaultDevice> factors{c.data() + 15 * batch, {}};
            sum(table(indices) * factors).backward();
        }
        optimizer.step();
    }
    fixture.require_close(table.weight.data(), 36, name + "/after", tolerance_of<T>);
    for (const auto& entry : optimizer.state_dict())
        if (const auto stem = entry.name.substr(entry.name.rfind('.') + 1); entry.extents.size() == 2)
            fixture.require_close(static_cast<const T*>(entry.data), 36, name + "/state/" + stem, tolerance_of<T>);
}

}  // namespace

TEMPLATE_TEST_CASE("optimisers train with sparse gradients as PyTorch's do", "[nn][optim]", float, double) {
    using T = TestType;
    check_training<T>("SGD", [](auto& table) { return optim::SGD(table, {.lr = 0.1}); });
    check_training<T>("SGD maximize", [](auto& table) { return optim::SGD(table, {.lr = 0.1, .maximize = true}); });
    check_training<T>("SGD momentum", [](auto& table) { return optim::SGD(table, {.lr = 0.1, .momentum = 0.9}); });
    check_training<T>("SparseAdam", [](auto& table) { return optim::SparseAdam(table, {.lr = 0.1, .betas = {0.8, 0.9}, .eps = 1e-3}); });
    check_training<T>("SparseAdam maximize", [](auto& table) { return optim::SparseAdam(table, {.maximize = true}); });
}

TEST_CASE("a sparse gradient is the dense one, over many steps, and lists its rows", "[nn]") {
    nn::Embedding<50, 5, nn::sparse, double> rows;
    nn::Embedding<50, 5, nn::no_padding, double> whole;
    whole.weight = rows.weight;
    for (std::int64_t step = 0; step < 6; ++step) {
        const Tensor<std::int64_t, Shape<4>> indices{step, 7 * step, 7 * step, 49 - step};
        if (step % 2 == 0) {  // so that every second gradient adds to the one before
            rows.zero_grad();
            whole.zero_grad();
            REQUIRE(!rows.weight.has_grad());
        }
        sum(square(rows(indices))).backward();
        sum(square(whole(indices))).backward();
        REQUIRE(values(rows.weight.grad()) == values(whole.weight.grad()));
        auto listed = rows_of(rows.weight);
        std::sort(listed.begin(), listed.end());
        std::vector<index_t> expected;
        for (index_t row = 0; row < 50; ++row)
            if (rows.weight.grad()(row, 0) != 0) expected.push_back(row);
        REQUIRE(listed == expected);
    }
}

TEST_CASE("only the rows that were used cost anything", "[nn][optim]") {
    // A table of NaN: a step that touched another row, or a gradient of it, would show.
    nn::Embedding<1000, 2, nn::sparse, double> table;
    table.weight.value().fill(std::nan(""));
    for (index_t k = 0; k < 2; ++k) table.weight.value()(10, k) = 1;
    optim::SparseAdam optimizer(table, {.lr = 0.5});
    const Tensor<std::int64_t, Shape<2>> indices{10, 10};
    sum(table(indices)).backward();
    REQUIRE(rows_of(table.weight) == std::vector<index_t>{10});
    auto& memory = table.weight.storage()->gradient();
    memory(11, 0) = 5;  // in no row of the list: neither a step nor, on the Cpu, the next gradient looks there
    optimizer.step();
    REQUIRE(table.weight.value()(10, 1) == Approx(0.5));
    REQUIRE(std::isnan(table.weight.value()(11, 0)));
    optimizer.zero_grad();
    sum(table(indices)).backward();
    if constexpr (std::is_same_v<DefaultDevice, Cpu>) REQUIRE(memory(11, 0) == 5);  // others clear all of it
    REQUIRE(memory(10, 0) == 2);
}

TEST_CASE("what somebody writes to a sparse gradient ends with it", "[nn]") {
    auto table = nn::Embedding<5, 2, nn::sparse, double>{};
    const Tensor<std::int64_t, Shape<2>> indices{3, 3};
    sum(table(indices)).backward();
    table.weight.grad().fill(std::nan(""));
    table.zero_grad();
    sum(table(indices)).backward();
    REQUIRE(values(table.weight.grad()) == std::vector<double>{0, 0, 0, 0, 0, 0, 2, 2, 0, 0});
    REQUIRE(rows_of(table.weight) == std::vector<index_t>{3});
    const auto squares = [&](auto&) { return square(table(indices)); };
    REQUIRE(gradcheck(squares, table.weight));
    REQUIRE(gradcheck(squares, table.weight));
}

TEST_CASE("a table that is also used as a whole has a dense gradient", "[nn][optim]") {
    nn::Embedding<4, 2, nn::sparse, double> table;
    const Tensor<std::int64_t, Shape<1>> indices{2};
    optim::SparseAdam sparse(table);
    optim::AdamW adam(table);
    for (int order = 0; order < 2; ++order) {
        table.zero_grad();
        if (order == 0) sum(table(indices)).backward();
        sum(table.weight * 3.0).backward();
        if (order == 1) sum(table(indices)).backward();
        REQUIRE(values(table.weight.grad()) == std::vector<double>{3, 3, 3, 3, 4, 4, 3, 3});
        REQUIRE_ERROR(sparse.step(), "SparseAdam", "sparse gradients", "a dense one of parameter 'weight'");
        adam.step();
    }
    table.zero_grad();
    sum(table(indices)).backward();
    REQUIRE(values(table.weight.grad()) == std::vector<double>{0, 0, 0, 0, 1, 1, 0, 0});
    sparse.step();
}

TEST_CASE("optimisers that take no sparse gradients refuse them before anything changes", "[nn][optim]") {
    struct Net : nn::Module<Net> {
        nn::Linear<3, 2> head;
        nn::Embedding<4, 3, nn::sparse> table;
    } net;
    const Tensor<std::int64_t, Shape<1>> indices{2};
    sum(net.head(net.table(indices))).backward();
    const auto before = values(net.head.weight);
    optim::Adam adam(net);
    REQUIRE_ERROR(adam.step(), "Adam", "dense gradients", "a sparse one of parameter 'table.weight'");
    optim::SGD decaying(net, {.weight_decay = 0.1});
    REQUIRE_ERROR(decaying.step(), "SGD", "weight_decay", "table.weight");
    optim::SparseAdam sparse(net);
    REQUIRE_ERROR(sparse.step(), "SparseAdam", "head.weight");
    REQUIRE(values(net.head.weight) == before);
    for (const auto& entry : adam.state_dict())
        if (entry.name.ends_with(".step")) REQUIRE(*static_cast<const std::int64_t*>(entry.data) == 0);
    REQUIRE_ERROR(optim::SparseAdam(net, {.lr = -1}), "SparseAdam", "lr");
}

TEST_CASE("a frozen sparse table gets no gradient, a copied one has its own", "[nn]") {
    Tensor<float, Shape<4, 2>> rows;
    rows.fill(3);
    auto table = nn::Embedding<4, 2, nn::sparse>::from_pretrained(rows);
    const Tensor<std::int64_t, Shape<1>> indices{2};
    sum(table(indices) * 2.0F).backward();
    REQUIRE(!table.weight.has_grad());
    REQUIRE(values(table(indices)) == std::vector<double>{3, 3});
    auto learned = nn::EmbeddingBag<4, 2>::from_pretrained(rows, false);
    sum(learned(Tensor<std::int64_t, Shape<1, 1>>{})).backward();
    REQUIRE(values(learned.weight.grad()) == std::vector<double>{1, 1, 0, 0, 0, 0, 0, 0});
    table.requires_grad_(true);
    auto copy = table;
    sum(table(indices)).backward();
    REQUIRE(!copy.weight.has_grad());
    sum(copy(Tensor<std::int64_t, Shape<1>>{1})).backward();
    REQUIRE(rows_of(copy.weight) == std::vector<index_t>{1});
    REQUIRE(rows_of(table.weight) == std::vector<index_t>{2});
}
