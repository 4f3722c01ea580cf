#include "xnn/cpu/column_sums.hpp"

#include "kernel_testing.hpp"

using namespace xnn;
using namespace xnn::testing;

TEMPLATE_TEST_CASE("column sums", "[cpu]", float, double, bfloat16) {
    using T = TestType;
    for (const index_t rows : {0, 1, 2, 5, 64})
        for (const index_t columns : {1, 7, 16, 65, 128, 300}) {
            CAPTURE(rows, columns);
            const auto x = random<T>(rows * columns, 1), before = random<T>(columns, 2);
            std::vector<double> expected(static_cast<std::size_t>(columns));
            for (std::size_t i = 0; i < x.size(); ++i) expected[i % expected.size()] += number(x[i]);
            Output<T> sums(columns), added(before);
            kernels::column_sums(Cpu{}, rows, columns, x.data(), sums.data(), false);
            kernels::column_sums(Cpu{}, rows, columns, x.data(), added.data(), true);
            const double allowed = tolerance<T> * static_cast<double>(rows + 1);
            check_close(sums, expected, allowed);
            check_close(added, sum(before, expected), allowed);
        }
}

TEST_CASE("column sums do not depend on the number of threads", "[cpu]") {
    const auto x = random<float>(500 * 777, 1);
    check_same_for_all_thread_counts([&] {
        Output<float> sums(777);
        kernels::column_sums(Cpu{}, 500, 777, x.data(), sums.data(), false);
        return sums;
    });
}
