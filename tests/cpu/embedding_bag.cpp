#include "xnn/cpu/embedding_bag.hpp"

#include "kernel_testing.hpp"

using namespace xnn;
using namespace xnn::testing;
using kernels::Bags;
using kernels::EmbeddingExtents;

namespace {

/// Random bags of `positions` positions: offsets that begin with 0 and never fall.
std::vector<int> random_offsets(index_t bags, index_t positions) {
    auto offsets = random_integers<int>(bags, positions + 1, 4);
    std::sort(offsets.begin(), offsets.end());
    if (bags > 0) offsets[0] = 0;
    return offsets;
}

}  // namespace

TEMPLATE_TEST_CASE("embedding_bag", "[embedding]", float, double, bfloat16, float16) {
    using T = TestType;
    constexpr index_t padding_idx = 2;
    for (const EmbeddingExtents e : {EmbeddingExtents{1, 1, 1}, {40, 7, 33}, {5, 20, 16}, {0, 4, 8}})
        for (const bool mean : {false, true}) {
            CAPTURE(e.count, e.entries, e.width, mean);
            const index_t count = 9;
            const auto table = random<T>(e.entries * e.width, 1), gy = random<T>(count * e.width, 2, 0, 0.1), weights = random<T>(e.count, 5);
            const auto indices = random_integers<std::int64_t>(e.count, e.entries, 3);
            const auto offsets = random_offsets(count, e.count);
            const Bags<int> bags{offsets.data(), count, e.count, 0};
            const T* const given = mean ? nullptr : weights.data();

            std::vector<double> y(gy.size()), largest(gy.size()), gtable(table.size()), gmax(table.size()), gweights(weights.size());
            for (index_t b = 0; b < count; ++b) {
                double size = 0;
                for (index_t i = bags.begin(b); i < bags.end(b); ++i) size += indices[static_cast<std::size_t>(i)] != padding_idx;
                for (index_t k = 0; k < e.width; ++k) {
                    const auto at = static_cast<std::size_t>(b * e.width + k);
                    std::size_t winner = table.size();
                    for (index_t i = bags.begin(b); i < bags.end(b); ++i) {
                        const auto row = indices[static_cast<std::size_t>(i)];
                        if (row == padding_idx) continue;
                        const auto from = static_cast<std::size_t>(row * e.width + k);
                        const double share = mean ? 1 / size : number(weights[static_cast<std::size_t>(i)]);
                        y[at] += share * number(table[from]);
                        gtable[from] += share * number(gy[at]);
                        gweights[static_cast<std::size_t>(i)] += number(gy[at]) * number(table[from]);
                        if (winner == table.size() || number(table[from]) > number(table[winner])) winner = from;
                    }
                    if (winner == table.size()) continue;
                    largest[at] = number(table[winner]);
                    gmax[winner] += number(gy[at]);
                }
            }

            Output<T> got(count * e.width), gradient(e.entries * e.width), of_weights(e.count);
            kernels::embedding_bag_forward(Cpu{}, table.data(), indices.data(), bags, given, got.data(), e, padding_idx, mean);
            check_close(got, y);
            Output<index_t> row(e.count), scratch(e.scratch()), winners(count * e.width);
            Output<compute_t<T>> scale(e.count);
            const kernels::RowShares<compute_t<T>> shares{row.data(), scale.data()};
            kernels::share_bags(Cpu{}, indices.data(), bags, given, shares, padding_idx, mean);
            kernels::embedding_backward(Cpu{}, gy.data(), indices.data(), gradient.data(), false, scratch.data(), e, padding_idx, false, shares);
            check_close(gradient, gtable);
            kernels::embedding_bag_backward_weights(Cpu{}, gy.data(), table.data(), indices.data(), row.data(), of_weights.data(), false, e, padding_idx);
            check_close(of_weights, gweights);

            kernels::embedding_bag_max_forward(Cpu{}, table.data(), indices.data(), bags, got.data(), winners.data(), e, padding_idx);
            check_close(got, largest, 0);
            Output<T> added(table);
            kernels::embedding_bag_max_backward(Cpu{}, gy.data(), winners.data(), added.data(), true, count, e);
            check_close(added, sum(table, gmax));
        }
}

TEST_CASE("embedding_bag does not depend on the number of threads", "[embedding]") {
    const EmbeddingExtents e{3000, 500, 70};
    const auto gy = random<float>(100 * e.width, 1), table = random<float>(e.entries * e.width, 2);
    const auto indices = random_integers<int>(e.count, e.entries, 3);
    const Bags<int> bags{nullptr, 100, e.count, 30};
    check_same_for_all_thread_counts([&] {
        Output<float> y(100 * e.width);
        kernels::embedding_bag_forward(Cpu{}, table.data(), indices.data(), bags, static_cast<const float*>(nullptr), y.data(), e, -1, true);
        return y;
    });
    Output<index_t> winners(100 * e.width);
    Output<float> y(100 * e.width);
    kernels::embedding_bag_max_forward(Cpu{}, table.data(), indices.data(), bags, y.data(), winners.data(), e, -1);
    check_same_for_all_thread_counts([&] {
        Output<float> gtable(e.entries * e.width);
        kernels::embedding_bag_max_backward(Cpu{}, gy.data(), winners.data(), gtable.data(), false, 100, e);
        return gtable;
    });
}
