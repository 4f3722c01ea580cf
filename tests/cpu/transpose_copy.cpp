#include "xnn/cpu/transpose_copy.hpp"

#include "kernel_testing.hpp"

using namespace xnn;
using namespace xnn::testing;

TEMPLATE_TEST_CASE("transposed copies", "[transpose]", float, double, bfloat16, float16, std::int64_t, std::int32_t,
                   std::uint8_t) {
    struct Extents {
        index_t batch, rows, columns;
    };
    for (const auto [batch, rows, columns] : {Extents{1, 1, 1},
                                              {2, 3, 5},
                                              {1, 16, 16},
                                              {3, 17, 33},
                                              {1, 64, 130},
                                              {2, 100, 67},
                                              {5, 1, 9},
                                              {5, 9, 1},
                                              {0, 4, 4}}) {
        CAPTURE(batch, rows, columns);
        std::vector<TestType> x(static_cast<std::size_t>(batch * rows * columns));
        for (std::size_t i = 0; i < x.size(); ++i)
            x[i] = static_cast<TestType>(static_cast<compute_t<TestType>>(i % 251));
        std::vector<double> expected(x.size());
        for (index_t i = 0; i < batch * rows * columns; ++i) {
            const index_t b = i / (rows * columns), row = i / columns % rows, column = i % columns;
            expected[static_cast<std::size_t>((b * columns + column) * rows + row)] =
                number(x[static_cast<std::size_t>(i)]);
        }
        Output<TestType> y(batch * rows * columns);
        kernels::transpose_copy(Cpu{}, x.data(), y.data(), batch, rows, columns);
        check_close(y, expected, 0);
    }
}
