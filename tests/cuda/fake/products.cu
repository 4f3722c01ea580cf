// What is handed to cuBLAS and cuBLASLt, judged by a naive product: transpositions, pitches, batches, and what an epilogue adds.
#include <array>
#include <catch2/catch.hpp>
#include <vector>
#include <xnn/cuda/gemm.hpp>

#include "array.hpp"
#include "runtime.hpp"

using namespace xnn;
using fake::DeviceArray;
using kernels::Transpose;

namespace {

template <class T>
void require_product(index_t count, Transpose ta, Transpose tb, index_t m, index_t n, index_t k, bool biased, bool relu, bool accumulate) {
    const bool turn_a = ta == Transpose::yes, turn_b = tb == Transpose::yes;
    const index_t lda = (turn_a ? m : k) + 3, ldb = (turn_b ? k : n) + 1, ldc = n + 2;
    const index_t a_step = (turn_a ? k : m) * lda + 5, b_step = (turn_b ? n : k) * ldb, c_step = m * ldc + 7;
    DeviceArray<T> a(count * a_step), b(count * b_step), c(count * c_step), bias(n);
    std::vector<double> expected;
    for (index_t i = 0; i < count * c_step; ++i) expected.push_back(static_cast<double>(c[i]));
    for (index_t p = 0; p < count; ++p)
        for (index_t i = 0; i < m; ++i)
            for (index_t j = 0; j < n; ++j) {
                double& result = expected[static_cast<std::size_t>(p * c_step + i * ldc + j)];
                double sum = accumulate ? result : 0;
                for (index_t q = 0; q < k; ++q)
                    sum += static_cast<double>(a[p * a_step + (turn_a ? q * lda + i : i * lda + q)]) *
                           static_cast<double>(b[p * b_step + (turn_b ? j * ldb + q : q * ldb + j)]);
                if (biased) sum += static_cast<double>(bias[j]);
                result = relu && sum < 0 ? 0 : sum;
            }
    fake::reset();
    gemm_batched(Cuda{}, count, ta, tb, m, n, k, static_cast<const T*>(a.data()), lda, a_step, static_cast<const T*>(b.data()), ldb, b_step, c.data(), ldc, c_step,
                 {.accumulate = accumulate,
                  .column_bias = biased ? bias.data() : nullptr,
                  .activation = relu ? kernels::Activation::relu : kernels::Activation::none});
    REQUIRE(fake::work().launches == std::vector<std::string>{"product"});
    for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(static_cast<double>(c[static_cast<index_t>(i)]) == Approx(expected[i]).margin(sizeof(T) == 2 ? 0.1 : 1e-5));
}

}  // namespace

TEST_CASE("cuBLAS is given the product that is meant", "[cuda]") {
    xnn::cuda::detail::Blas::of_thread();
    for (const Transpose ta : {Transpose::no, Transpose::yes})
        for (const Transpose tb : {Transpose::no, Transpose::yes})
            for (const bool accumulate : {false, true}) {
                require_product<float>(1, ta, tb, 5, 3, 7, false, false, accumulate);
                require_product<float>(4, ta, tb, 3, 6, 2, false, false, accumulate);
                require_product<double>(2, ta, tb, 1, 4, 3, false, false, accumulate);
                require_product<bfloat16>(2, ta, tb, 4, 3, 2, false, false, accumulate);
            }
}

TEST_CASE("cuBLAS is given products of matrices that stand anywhere", "[cuda]") {
    constexpr index_t m = 3, n = 4, k = 2, count = 3;
    DeviceArray<float> a(count * m * k), b(count * k * n), c(count * m * n);
    xnn::detail::Buffer<Cuda> memory(3 * count * sizeof(void*));
    auto** const pointers = reinterpret_cast<float**>(memory.data());
    const std::array<index_t, count> order{2, 0, 1};
    for (std::size_t i = 0; i < count; ++i) {
        pointers[i] = a.data() + order[i] * m * k;
        pointers[count + i] = b.data() + order[i] * k * n;
        pointers[2 * count + i] = c.data() + order[i] * m * n;
    }
    xnn::cuda::detail::Blas::of_thread().multiply(xnn::cuda::detail::Product{Transpose::no, Transpose::yes, m, n, k, k, k, n}, count,
                                                  const_cast<const float* const*>(pointers), const_cast<const float* const*>(pointers + count),
                                                  pointers + 2 * count, false);
    for (index_t p = 0; p < count; ++p)
        for (index_t i = 0; i < m; ++i)
            for (index_t j = 0; j < n; ++j) {
                double sum = 0;
                for (index_t q = 0; q < k; ++q) sum += static_cast<double>(a[(p * m + i) * k + q] * b[(p * n + j) * k + q]);
                REQUIRE(static_cast<double>(c[(p * m + i) * n + j]) == Approx(sum).margin(1e-5));
            }
}

TEST_CASE("cuBLASLt is given the product with its bias and rectifier", "[cuda]") {
    for (const Transpose ta : {Transpose::no, Transpose::yes})
        for (const Transpose tb : {Transpose::no, Transpose::yes})
            for (const auto& [biased, relu] : {std::pair{true, false}, std::pair{false, true}, std::pair{true, true}})
                for (const bool accumulate : {false, true}) {
                    require_product<float>(1, ta, tb, 5, 3, 7, biased, relu, accumulate);
                    require_product<double>(1, ta, tb, 2, 6, 4, biased, relu, accumulate);
                }
}

TEST_CASE("what the fake cuBLAS refuses is an Error", "[cuda]") {
    DeviceArray<float> a(12), b(12), c(12);
    const auto product = [&](index_t lda, index_t k) {
        gemm(Cuda{}, Transpose::no, Transpose::no, 3, 4, k, static_cast<const float*>(a.data()), lda, static_cast<const float*>(b.data()), 4, c.data(), 4);
    };
    REQUIRE_NOTHROW(product(3, 3));
    REQUIRE_THROWS_WITH(product(2, 3), Catch::Contains("cublasGemmStridedBatchedEx"));  // rows that overlap
    REQUIRE_THROWS_WITH(product(5, 4), Catch::Contains("cublasGemmStridedBatchedEx"));  // beyond the end
}
