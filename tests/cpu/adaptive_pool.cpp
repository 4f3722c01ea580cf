#include "xnn/cpu/adaptive_pool.hpp"

#include "kernel_testing.hpp"

using namespace xnn;
using namespace xnn::testing;
using kernels::AdaptivePoolGeometry;

namespace {

constexpr AdaptivePoolGeometry geometries[] = {{{1, 7, 7}, {1, 1, 1}},  {{1, 8, 9}, {1, 3, 4}}, {{1, 1, 37}, {1, 1, 5}},
                                               {{1, 5, 60}, {1, 2, 1}}, {{4, 5, 6}, {2, 5, 4}}, {{1, 3, 3}, {1, 7, 5}},
                                               {{2, 3, 70}, {1, 1, 1}}, {{1, 4, 4}, {1, 4, 4}}};

/// Calls `body(output position, input position, window size)` for every element of every window of a plane.
template <class Body>
void for_windows(const AdaptivePoolGeometry& g, Body&& body) {
    for (index_t o = 0; o < g.output_size(); ++o) {
        const Dims<3> at = {o / (g.output[1] * g.output[2]), o / g.output[2] % g.output[1], o % g.output[2]};
        Dims<3> begin, end;
        index_t size = 1;
        for (std::size_t d = 0; d < 3; ++d) {
            begin[d] = static_cast<index_t>(
                std::floor(static_cast<double>(at[d] * g.input[d]) / static_cast<double>(g.output[d])));
            end[d] = static_cast<index_t>(
                std::ceil(static_cast<double>((at[d] + 1) * g.input[d]) / static_cast<double>(g.output[d])));
            size *= end[d] - begin[d];
        }
        for (index_t d = begin[0]; d < end[0]; ++d)
            for (index_t h = begin[1]; h < end[1]; ++h)
                for (index_t w = begin[2]; w < end[2]; ++w) body(o, (d * g.input[1] + h) * g.input[2] + w, size);
    }
}

}  // namespace

TEMPLATE_TEST_CASE("adaptive average pooling", "[pool]", float, double, bfloat16, float16) {
    for (const auto& g : geometries)
        for (const index_t planes : {1, 3}) {
            CAPTURE(to_text(g.input), to_text(g.output), planes);
            const auto x = random<TestType>(planes * g.input_size(), 1),
                       gy = random<TestType>(planes * g.output_size(), 2);
            std::vector<double> expected(gy.size()), gradient(x.size());
            for (index_t plane = 0; plane < planes; ++plane)
                for_windows(g, [&](index_t out, index_t in, index_t size) {
                    const auto o = static_cast<std::size_t>(plane * g.output_size() + out),
                               i = static_cast<std::size_t>(plane * g.input_size() + in);
                    expected[o] += number(x[i]) / static_cast<double>(size);
                    gradient[i] += number(gy[o]) / static_cast<double>(size);
                });
            Output<TestType> y(planes * g.output_size()), gx(planes * g.input_size());
            kernels::adaptive_avg_pool_forward(Cpu{}, x.data(), y.data(), planes, g);
            check_close(y, expected);
            kernels::adaptive_avg_pool_backward(Cpu{}, gy.data(), gx.data(), false, planes, g);
            check_close(gx, gradient);
            Output<TestType> added(x);
            kernels::adaptive_avg_pool_backward(Cpu{}, gy.data(), added.data(), true, planes, g);
            check_close(added, sum(x, gradient));
        }
}

TEMPLATE_TEST_CASE("adaptive max pooling", "[pool]", float, double, bfloat16, float16) {
    for (const auto& g : geometries)
        for (const bool with_nan : {false, true}) {
            const index_t planes = 3;
            CAPTURE(to_text(g.input), to_text(g.output), with_nan);
            const auto ranks = random_integers<int>(planes * g.input_size(), 6, 1);  // many are equal
            std::vector<TestType> x(ranks.size());
            for (std::size_t i = 0; i < x.size(); ++i)
                x[i] =
                    static_cast<TestType>(with_nan && i % 9 == 4 ? std::numeric_limits<compute_t<TestType>>::quiet_NaN()
                                                                 : static_cast<compute_t<TestType>>(ranks[i]));
            const auto gy = random<TestType>(planes * g.output_size(), 2);
            std::vector<double> expected(gy.size()), indices(gy.size(), -1), gradient(x.size());
            for (index_t plane = 0; plane < planes; ++plane)
                for_windows(g, [&](index_t out, index_t in, index_t) {
                    const auto o = static_cast<std::size_t>(plane * g.output_size() + out);
                    const double value = number(x[static_cast<std::size_t>(plane * g.input_size() + in)]);
                    if (indices[o] >= 0 && !(value > expected[o] || std::isnan(value))) return;
                    expected[o] = value;
                    indices[o] = static_cast<double>(in);
                });
            for (std::size_t o = 0; o < gy.size(); ++o)
                gradient[o / static_cast<std::size_t>(g.output_size()) * static_cast<std::size_t>(g.input_size()) +
                         static_cast<std::size_t>(indices[o])] += number(gy[o]);
            Output<TestType> y(planes * g.output_size()), gx(planes * g.input_size());
            Output<std::int64_t> got_indices(y.size());
            kernels::adaptive_max_pool_forward(Cpu{}, x.data(), y.data(), got_indices.data(), planes, g);
            check_close(y, expected, 0);
            check_close(got_indices, indices, 0);
            kernels::adaptive_max_pool_backward(Cpu{}, gy.data(), got_indices.data(), gx.data(), false, planes, g);
            check_close(gx, gradient);
            const auto before = random<TestType>(gx.size(), 3);
            Output<TestType> added(before);
            kernels::adaptive_max_pool_backward(Cpu{}, gy.data(), got_indices.data(), added.data(), true, planes, g);
            check_close(added, sum(before, gradient));
        }
}

TEST_CASE("adaptive pooling does not depend on the number of threads", "[pool]") {
    for (const AdaptivePoolGeometry g :
         {AdaptivePoolGeometry{{1, 56, 56}, {1, 1, 1}}, AdaptivePoolGeometry{{1, 56, 57}, {1, 7, 7}}}) {
        const auto x = random<float>(60 * g.input_size(), 1), gy = random<float>(60 * g.output_size(), 2);
        check_same_for_all_thread_counts([&] {
            Output<float> y(60 * g.output_size());
            kernels::adaptive_avg_pool_forward(Cpu{}, x.data(), y.data(), 60, g);
            return y;
        });
        check_same_for_all_thread_counts([&] {
            Output<float> gx(60 * g.input_size());
            kernels::adaptive_avg_pool_backward(Cpu{}, gy.data(), gx.data(), false, 60, g);
            return gx;
        });
    }
}
