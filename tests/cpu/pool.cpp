#include "xnn/cpu/pool.hpp"

#include "kernel_testing.hpp"

using namespace xnn;
using namespace xnn::testing;
using kernels::pool_geometry;
using kernels::PoolGeometry;

namespace {

struct Case {
    index_t planes;
    PoolGeometry geometry;
};
Case square(index_t planes, index_t h, index_t w, index_t k, index_t s, index_t p = 0, index_t d = 1,
            bool ceil = false) {
    return {planes, pool_geometry<2>({h, w}, {k, k}, {s, s}, {p, p}, {d, d}, ceil)};
}

// No dilation: for both kinds of pooling.
std::vector<Case> dense_cases() {
    return {square(3, 4, 4, 2, 2),
            square(2, 9, 11, 2, 2),
            square(2, 8, 70, 2, 2),
            square(1, 5, 33, 2, 2),
            square(2, 7, 34, 2, 2, 0, 1, true),
            square(2, 12, 13, 3, 2, 1),
            square(2, 12, 40, 3, 1, 1),
            square(1, 14, 15, 5, 3, 2, 1, true),
            square(2, 6, 6, 3, 3),
            square(3, 7, 7, 7, 7),
            square(3, 5, 5, 5, 1),
            square(2, 1, 1, 1, 1),
            square(0, 4, 4, 2, 2),
            {2, pool_geometry<1>({300}, {3}, {1}, {1}, {1}, false)},
            {3, pool_geometry<1>({701}, {2}, {2}, {0}, {1}, false)},
            {1, pool_geometry<1>({520}, {4}, {5}, {2}, {1}, true)},
            {2, pool_geometry<1>({37}, {37}, {1}, {0}, {1}, false)},
            {2, pool_geometry<2>({6, 40}, {1, 3}, {2, 2}, {0, 1}, {1, 1}, false)},
            {2, pool_geometry<3>({4, 6, 7}, {2, 2, 2}, {2, 2, 2}, {0, 0, 0}, {1, 1, 1}, false)},
            {1, pool_geometry<3>({5, 6, 20}, {3, 2, 3}, {2, 1, 2}, {1, 1, 1}, {1, 1, 1}, true)}};
}
std::vector<Case> all_cases() {
    auto cases = dense_cases();
    cases.push_back(square(2, 12, 40, 3, 1, 1, 2));
    cases.push_back(square(2, 12, 41, 3, 2, 1, 2, true));
    cases.push_back(
        square(1, 2, 40, 2, 1, 1, 3));  // windows that reach from above the input to below it: no element in them
    return cases;
}

/// Calls `body(output position, position of each window element in the plane, its number)`.
template <class Body>
void for_windows(const PoolGeometry& g, Body&& body) {
    index_t out = 0;
    for (index_t od = 0; od < g.output[0]; ++od)
        for (index_t oh = 0; oh < g.output[1]; ++oh)
            for (index_t ow = 0; ow < g.output[2]; ++ow, ++out)
                for (index_t k = 0; k < g.window_size(); ++k) {
                    const Dims<3> at = {
                        od * g.stride[0] - g.padding[0] + k / (g.kernel[1] * g.kernel[2]) * g.dilation[0],
                        oh * g.stride[1] - g.padding[1] + k / g.kernel[2] % g.kernel[1] * g.dilation[1],
                        ow * g.stride[2] - g.padding[2] + k % g.kernel[2] * g.dilation[2]};
                    bool inside = true;
                    for (std::size_t d = 0; d < 3; ++d) inside = inside && at[d] >= 0 && at[d] < g.input[d];
                    if (inside) body(out, (at[0] * g.input[1] + at[1]) * g.input[2] + at[2], k);
                }
}

/// Small integers: many of them are equal.
template <class T>
std::vector<T> with_ties(index_t n, unsigned seed) {
    const auto integers = random_integers<int>(n, 6, seed);
    std::vector<T> result(integers.size());
    for (std::size_t i = 0; i < result.size(); ++i)
        result[i] = static_cast<T>(static_cast<compute_t<T>>(integers[i] - 3));
    return result;
}

template <class T, class W>
void check_max_pool(const std::vector<T>& x, const Case& c) {
    const PoolGeometry& g = c.geometry;
    const auto outputs = static_cast<std::size_t>(c.planes * g.output_size());
    std::vector<double> expected(outputs, -std::numeric_limits<double>::infinity()), winners(outputs, -1),
        indices(outputs, -1);
    for (index_t plane = 0; plane < c.planes; ++plane)
        for_windows(g, [&](index_t out, index_t in, index_t k) {
            const auto o = static_cast<std::size_t>(plane * g.output_size() + out);
            const double value = number(x[static_cast<std::size_t>(plane * g.input_size() + in)]);
            if (winners[o] >= 0 && !(value > expected[o] || std::isnan(value))) return;
            expected[o] = value;
            winners[o] = static_cast<double>(k);
            indices[o] = static_cast<double>(in);
        });
    Output<T> y(static_cast<index_t>(outputs)), inference(y.size());
    Output<W> got_winners(y.size());
    Output<std::int64_t> got_indices(y.size());
    kernels::max_pool_forward(Cpu{}, x.data(), y.data(), got_winners.data(), c.planes, g);
    check_close(y, expected, 0);
    for (double& winner : winners) winner = static_cast<double>(static_cast<W>(winner < 0 ? W(-1) : W(winner)));
    check_close(got_winners, winners, 0);
    kernels::max_pool_forward(Cpu{}, x.data(), inference.data(), static_cast<W*>(nullptr), c.planes, g);
    CHECK(inference.same_bits(y));
    kernels::max_pool_indices(Cpu{}, got_winners.data(), got_indices.data(), c.planes, g);
    check_close(got_indices, indices, 0);

    const auto gy = random<T>(y.size(), 7);
    std::vector<double> gradient(x.size());
    for (std::size_t o = 0; o < outputs; ++o) {
        const auto plane = static_cast<index_t>(o) / g.output_size();
        if (indices[o] >= 0)
            gradient[static_cast<std::size_t>(plane * g.input_size() + static_cast<index_t>(indices[o]))] +=
                number(gy[o]);
    }
    Output<T> gx(static_cast<index_t>(x.size()));
    kernels::max_pool_backward(Cpu{}, gy.data(), got_winners.data(), gx.data(), false, c.planes, g);
    check_close(gx, gradient);
    const auto before = random<T>(gx.size(), 8);
    Output<T> added(before);
    kernels::max_pool_backward(Cpu{}, gy.data(), got_winners.data(), added.data(), true, c.planes, g);
    check_close(added, sum(before, gradient));
    kernels::max_pool_backward(Cpu{}, gy.data(), got_winners.data(), static_cast<T*>(nullptr), true, c.planes, g);
}

void describe(const Case& c) {
    const auto& g = c.geometry;
    UNSCOPED_INFO("input " << to_text(g.input) << " kernel " << to_text(g.kernel) << " stride " << to_text(g.stride)
                           << " padding " << to_text(g.padding) << " output " << to_text(g.output));
}

}  // namespace

TEST_CASE("pooled extents are PyTorch's", "[pool]") {
    using kernels::pooled_extent;
    STATIC_REQUIRE(pooled_extent(24, 2, 2, 0, 1, false) == 12);
    STATIC_REQUIRE(pooled_extent(112, 3, 2, 1, 1, false) == 56);
    STATIC_REQUIRE(pooled_extent(7, 2, 2, 0, 1, false) == 3);
    STATIC_REQUIRE(pooled_extent(7, 2, 2, 0, 1, true) == 4);
    STATIC_REQUIRE(pooled_extent(5, 2, 3, 1, 1, true) == 2);  // a third window would begin in the right padding
    STATIC_REQUIRE(pooled_extent(6, 3, 2, 0, 2, false) == 1);
    STATIC_REQUIRE(pooled_extent(2, 3, 1, 0, 1, false) == 0);
    STATIC_REQUIRE(pooled_extent(4, 5, 3, 0, 1, true) == 1);
}

TEMPLATE_TEST_CASE("max pooling", "[pool]", float, double, bfloat16, float16) {
    for (const Case& c : all_cases()) {
        describe(c);
        const index_t size = c.planes * c.geometry.input_size();
        check_max_pool<TestType, std::uint8_t>(random<TestType>(size, 1), c);
        describe(c);
        check_max_pool<TestType, std::int32_t>(with_ties<TestType>(size, 2), c);
    }
}

TEST_CASE("max pooling of NaN and infinities", "[pool]") {
    for (const Case& c : all_cases()) {
        describe(c);
        auto x = with_ties<float>(c.planes * c.geometry.input_size(), 3);
        for (std::size_t i = 0; i < x.size(); ++i) {
            if (i % 7 == 3) x[i] = std::numeric_limits<float>::quiet_NaN();
            if (i % 3 == 1) x[i] = -std::numeric_limits<float>::infinity();
        }
        check_max_pool<float, std::uint8_t>(x, c);
        std::fill(x.begin(), x.end(), -std::numeric_limits<float>::infinity());
        describe(c);
        check_max_pool<float, std::uint8_t>(x, c);
    }
}

TEST_CASE("max pooling chooses as PyTorch does", "[pool]") {
    // The last NaN, the first of equals, the first of infinities.
    constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> x = {1, nan, 2, 2, nan, 0, 2, 1, -inf, -inf, -inf, -inf, -inf, -inf, -inf, -inf};
    const PoolGeometry g = square(1, 4, 4, 2, 2).geometry;
    Output<double> y(4);
    Output<std::uint8_t> winners(4);
    Output<std::int64_t> indices(4);
    kernels::max_pool_forward(Cpu{}, x.data(), y.data(), winners.data(), 1, g);
    kernels::max_pool_indices(Cpu{}, winners.data(), indices.data(), 1, g);
    check_close(y, {nan, 2, -inf, -inf}, 0);
    check_close(indices, {4, 2, 8, 10}, 0);
}

TEMPLATE_TEST_CASE("average pooling", "[pool]", float, double, bfloat16, float16) {
    for (const Case& c : dense_cases())
        for (const bool include : {true, false})
            for (const index_t divisor_override : {0, 3}) {
                const PoolGeometry& g = c.geometry;
                describe(c);
                const auto x = random<TestType>(c.planes * g.input_size(), 1);
                std::vector<double> divisors(static_cast<std::size_t>(g.output_size()));
                for (index_t o = 0; o < g.output_size(); ++o) {
                    const Dims<3> at = {o / (g.output[1] * g.output[2]), o / g.output[2] % g.output[1],
                                        o % g.output[2]};
                    index_t size = 1;
                    for (std::size_t d = 0; d < 3; ++d) {
                        const index_t begin = at[d] * g.stride[d] - g.padding[d];
                        const index_t end = std::min(begin + g.kernel[d], g.input[d] + g.padding[d]);
                        size *= include ? end - begin : std::min(end, g.input[d]) - std::max(begin, index_t{0});
                    }
                    divisors[static_cast<std::size_t>(o)] =
                        static_cast<double>(divisor_override != 0 ? divisor_override : size);
                }
                std::vector<double> expected(static_cast<std::size_t>(c.planes * g.output_size())), gradient(x.size());
                const auto gy = random<TestType>(static_cast<index_t>(expected.size()), 2);
                for (index_t plane = 0; plane < c.planes; ++plane)
                    for_windows(g, [&](index_t out, index_t in, index_t) {
                        const auto o = static_cast<std::size_t>(plane * g.output_size() + out);
                        const auto i = static_cast<std::size_t>(plane * g.input_size() + in);
                        expected[o] += number(x[i]) / divisors[static_cast<std::size_t>(out)];
                        gradient[i] += number(gy[o]) / divisors[static_cast<std::size_t>(out)];
                    });
                Output<TestType> y(static_cast<index_t>(expected.size())), gx(static_cast<index_t>(x.size()));
                kernels::avg_pool_forward(Cpu{}, x.data(), y.data(), c.planes, g, include, divisor_override);
                check_close(y, expected);
                kernels::avg_pool_backward(Cpu{}, gy.data(), gx.data(), false, c.planes, g, include, divisor_override);
                check_close(gx, gradient);
                const auto before = random<TestType>(gx.size(), 3);
                Output<TestType> added(before);
                kernels::avg_pool_backward(Cpu{}, gy.data(), added.data(), true, c.planes, g, include,
                                           divisor_override);
                check_close(added, sum(before, gradient));
            }
}

TEST_CASE("average pooling divides as PyTorch does", "[pool]") {
    // avg_pool1d([1, …, 6], kernel 3, stride 2, padding 1, ceil_mode): the divisor of a window over the right edge
    // differs.
    const std::vector<double> x = {1, 2, 3, 4, 5, 6};
    const auto g = pool_geometry<1>({6}, {3}, {2}, {1}, {1}, true);
    Output<double> y(g.output_size());
    kernels::avg_pool_forward(Cpu{}, x.data(), y.data(), 1, g, true, 0);
    check_close(y, {1.0, 3.0, 5.0, 3.0}, 1e-15);
    kernels::avg_pool_forward(Cpu{}, x.data(), y.data(), 1, g, false, 0);
    check_close(y, {1.5, 3.0, 5.0, 6.0}, 1e-15);
}

TEST_CASE("pooling does not depend on the number of threads", "[pool]") {
    for (const Case& c : {square(64, 24, 24, 2, 2), square(64, 24, 25, 3, 2, 1), square(100, 24, 24, 24, 1)}) {
        const PoolGeometry& g = c.geometry;
        const auto x = random<float>(c.planes * g.input_size(), 1), gy = random<float>(c.planes * g.output_size(), 2);
        Output<std::int32_t> winners(c.planes * g.output_size());
        check_same_for_all_thread_counts([&] {
            Output<float> y(winners.size());
            kernels::max_pool_forward(Cpu{}, x.data(), y.data(), winners.data(), c.planes, g);
            return y;
        });
        check_same_for_all_thread_counts([&] {
            Output<float> gx(static_cast<index_t>(x.size()));
            kernels::max_pool_backward(Cpu{}, gy.data(), winners.data(), gx.data(), false, c.planes, g);
            return gx;
        });
        check_same_for_all_thread_counts([&] {
            Output<float> y(winners.size());
            kernels::avg_pool_forward(Cpu{}, x.data(), y.data(), c.planes, g);
            return y;
        });
        check_same_for_all_thread_counts([&] {
            Output<float> gx(static_cast<index_t>(x.size()));
            kernels::avg_pool_backward(Cpu{}, gy.data(), gx.data(), false, c.planes, g);
            return gx;
        });
    }
}
