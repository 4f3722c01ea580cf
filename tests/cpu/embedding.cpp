#include "xnn/cpu/embedding.hpp"

#include "kernel_testing.hpp"

using namespace xnn;
using namespace xnn::testing;
using kernels::EmbeddingExtents;

TEMPLATE_TEST_CASE("embedding", "[embedding]", float, double, bfloat16, float16) {
    for (const EmbeddingExtents e : {EmbeddingExtents{1, 1, 1}, {40, 7, 33}, {5, 20, 16}, {100, 3, 5}, {0, 4, 8}})
        for (const index_t padding_idx : {-1, 2}) {
            CAPTURE(e.count, e.entries, e.width, padding_idx);
            const auto table = random<TestType>(e.entries * e.width, 1),
                       gy = random<TestType>(e.count * e.width, 2, 0, 0.1);
            const auto indices = random_integers<std::int64_t>(e.count, e.entries, 3);
            std::vector<double> expected(gy.size()), gradient(table.size());
            for (index_t i = 0; i < e.count * e.width; ++i) {
                const auto at = static_cast<std::size_t>(i);
                const auto entry = indices[static_cast<std::size_t>(i / e.width)];
                const auto from = static_cast<std::size_t>(entry * e.width + i % e.width);
                expected[at] = number(table[from]);
                if (entry != padding_idx) gradient[from] += number(gy[at]);
            }
            Output<TestType> y(e.count * e.width), gtable(e.entries * e.width);
            Output<index_t> scratch(e.scratch());
            kernels::embedding_forward(Cpu{}, table.data(), indices.data(), y.data(), e);
            check_close(y, expected, 0);
            kernels::embedding_backward(Cpu{}, gy.data(), indices.data(), gtable.data(), false, scratch.data(), e,
                                        padding_idx);
            check_close(gtable, gradient);
            CHECK(scratch.guards_are_untouched());
            Output<TestType> added(table);
            const std::vector<int> narrow(indices.begin(), indices.end());
            kernels::embedding_backward(Cpu{}, gy.data(), narrow.data(), added.data(), true, scratch.data(), e,
                                        padding_idx);
            check_close(added, sum(table, gradient));
        }
}

TEMPLATE_TEST_CASE("embedding_backward_rows adds what embedding_backward does to the rows that are used", "[embedding]", float, double, bfloat16, float16) {
    for (const EmbeddingExtents e : {EmbeddingExtents{1, 1, 1}, {40, 7, 33}, {5, 20, 16}, {0, 4, 8}})
        for (const bool mean : {false, true}) {
            CAPTURE(e.count, e.entries, e.width, mean);
            const auto gy = random<TestType>(e.count * e.width, 2, 0, 0.1), before = random<TestType>(e.entries * e.width, 1);
            const auto indices = random_integers<int>(e.count, e.entries, 3);
            Output<TestType> expected(before), got(before);
            Output<index_t> scratch(e.scratch());
            kernels::embedding_backward(Cpu{}, gy.data(), indices.data(), expected.data(), true, scratch.data(), e, 2, mean);
            std::vector<index_t> first_use(static_cast<std::size_t>(e.entries), -1);
            const index_t used =
                kernels::embedding_backward_rows(Cpu{}, gy.data(), indices.data(), got.data(), first_use.data(), scratch.data(), e, 2, mean);
            for (index_t i = 0; i < e.entries * e.width; ++i) CHECK(number(got.data()[i]) == number(expected.data()[i]));
            std::vector<index_t> rows(scratch.data(), scratch.data() + used), all(indices.begin(), indices.end());
            std::sort(rows.begin(), rows.end());
            std::sort(all.begin(), all.end());
            all.erase(std::unique(all.begin(), all.end()), all.end());
            all.erase(std::remove(all.begin(), all.end(), 2), all.end());
            CHECK(rows == all);
            CHECK(first_use == std::vector<index_t>(first_use.size(), -1));
            CHECK(scratch.guards_are_untouched());
        }
}

TEST_CASE("check_indices finds the first index outside the table", "[embedding]") {
    const std::vector<int> indices = {0, 4, 5, -1};
    CHECK(kernels::check_indices(Cpu{}, indices.data(), 2, 5) == -1);
    CHECK(kernels::check_indices(Cpu{}, indices.data(), 4, 5) == 2);
    CHECK(kernels::check_indices(Cpu{}, indices.data(), 4, 6) == 3);
}

TEST_CASE("embedding does not depend on the number of threads", "[embedding]") {
    const EmbeddingExtents e{3000, 500, 70};
    const auto gy = random<float>(e.count * e.width, 1);
    const auto indices = random_integers<int>(e.count, e.entries, 2);
    std::vector<index_t> scratch(static_cast<std::size_t>(e.scratch()));
    check_same_for_all_thread_counts([&] {
        Output<float> gtable(e.entries * e.width);
        kernels::embedding_backward(Cpu{}, gy.data(), indices.data(), gtable.data(), false, scratch.data(), e, -1);
        return gtable;
    });
}
