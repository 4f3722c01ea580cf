// A row times a small matrix of known sizes: every filling of the last register, every number of registers, odd lengths of the sum.
#include "xnn/cpu/gemm/short_row.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <utility>
#include <vector>

using namespace xnn;

namespace {

struct AtLeast {
    double lowest;
    template <class V>
    V operator()(V v) const { return simd::max_or_nan(V(static_cast<typename V::value_type>(lowest)), v); }
};

template <class T, index_t K, index_t N>
void check() {
    INFO(K << " x " << N);
    if constexpr (kernels::is_short_row<T, K, N>) {
        std::mt19937 random(7);
        std::uniform_real_distribution<T> draw(-1, 1);
        std::vector<T> x(K), b(K * N), bias(N), y(N + 1, T(-7));
        for (auto* v : {&x, &b, &bias})
            for (T& number : *v) number = draw(random);
        for (const bool biased : {false, true})
            for (const double lowest : {-std::numeric_limits<double>::infinity(), 0.}) {
                kernels::short_row_times_matrix<K, N>(x.data(), b.data(), biased ? bias.data() : nullptr, AtLeast{lowest}, y.data());
                for (std::size_t j = 0; j < N; ++j) {
                    double exact = biased ? static_cast<double>(bias[j]) : 0;
                    for (std::size_t k = 0; k < K; ++k) exact += static_cast<double>(x[k]) * static_cast<double>(b[k * N + j]);
                    CHECK(static_cast<double>(y[j]) == Approx(std::max(exact, lowest)).margin(K * (sizeof(T) == 4 ? 1e-6 : 1e-14)));
                }
                CHECK(y[N] == T(-7));
            }
    }
}

template <class T, index_t K, index_t... N>
void check_widths(std::integer_sequence<index_t, N...>) {
    (check<T, K, 3 * N + 1>(), ...);
    (check<T, K, 8 * (N + 1)>(), ...);
    (check<T, K, index_t{1} << N % 5>(), ...);
}

}  // namespace

TEMPLATE_TEST_CASE("short rows", "[cpu][gemm]", float, double) {
    using Widths = std::make_integer_sequence<index_t, 11>;
    check_widths<TestType, 1>(Widths{});
    check_widths<TestType, 7>(Widths{});
    check_widths<TestType, 64>(Widths{});
    STATIC_REQUIRE(kernels::is_short_row<TestType, 13, simd::width<TestType> * 4>);
    STATIC_REQUIRE(!kernels::is_short_row<TestType, 13, simd::width<TestType> * 4 + 1>);
    STATIC_REQUIRE(!kernels::is_short_row<TestType, 4096, simd::width<TestType>>);
    STATIC_REQUIRE(!kernels::is_short_row<float16, 4, 16>);
}
