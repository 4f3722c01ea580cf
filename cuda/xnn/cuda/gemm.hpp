// Matrix products: cuBLAS on a GPU, the Cpu's kernels on the host. What an epilogue asks for and cuBLAS has not is a kernel behind.
#pragma once

#include "xnn/cpu/gemm.hpp"
#include "xnn/cuda/cublas.hpp"
#include "xnn/cuda/launch.hpp"
#include "xnn/core/math.hpp"

namespace xnn::kernels {

namespace cuda_gemm {

/// Adds to the elements of a product what its epilogue says, and bends them.
template <class T>
struct Finish {
    T* c;
    index_t m, n, ldc, c_step;
    GemmEpilogue<T> epilogue;

    XNN_INLINE void operator()(index_t index) const {
        const index_t row_number = cuda::quotient(index, n), j = index - row_number * n;
        const index_t product = cuda::quotient(row_number, m), i = row_number - product * m;
        T& out = c[product * c_step + i * ldc + j];
        auto value = static_cast<compute_t<T>>(out);
        if (epilogue.addend) value += static_cast<compute_t<T>>(epilogue.addend[i * epilogue.addend_pitch + j]);
        if (epilogue.column_bias) value += static_cast<compute_t<T>>(epilogue.column_bias[j]);
        if (epilogue.row_bias) value += static_cast<compute_t<T>>(epilogue.row_bias[i]);
        if (epilogue.activation == Activation::relu) value = math::max(value, compute_t<T>(0));
        out = static_cast<T>(value);
    }
};

/// A product without a library, summed up in Sum: of whole numbers, modulo two to the power of their bits, in uint64; of others in
/// the type that they are computed with.
template <class T, class Sum, class Result = T>
struct DirectProduct {
    Transpose ta, tb;
    index_t m, n, k;
    const T* a;
    index_t lda, a_step;
    const T* b;
    index_t ldb, b_step;
    Result* c;
    index_t ldc, c_step;
    bool accumulate;

    XNN_INLINE void operator()(index_t index) const {
        const index_t row_number = cuda::quotient(index, n), j = index - row_number * n;
        const index_t product = cuda::quotient(row_number, m), i = row_number - product * m;
        Result& out = c[product * c_step + i * ldc + j];
        Sum sum = accumulate ? static_cast<Sum>(out) : Sum(0);
        for (index_t q = 0; q < k; ++q)
            sum += static_cast<Sum>(a[product * a_step + (ta == Transpose::no ? i * lda + q : q * lda + i)]) *
                   static_cast<Sum>(b[product * b_step + (tb == Transpose::no ? q * ldb + j : j * ldb + q)]);
        out = static_cast<Result>(sum);
    }
};

}  // namespace cuda_gemm

/// As gemm_batched of the Cpu.
template <Element T, cuda::Device D>
    requires(!std::same_as<T, bool>)
void gemm_batched(D device, index_t count, Transpose ta, Transpose tb, index_t m, index_t n, index_t k, const T* a, index_t lda, index_t a_step,
                  const T* b, index_t ldb, index_t b_step, T* c, index_t ldc, index_t c_step,
                  const std::type_identity_t<GemmEpilogue<T>>& epilogue = {}) {
    cuda::require_compiler<D>();
    if (count == 0 || m == 0 || n == 0) return;
    if constexpr (std::same_as<D, CudaHost>) {
        gemm_batched(Cpu{}, count, ta, tb, m, n, k, a, lda, a_step, b, ldb, b_step, c, ldc, c_step, epilogue);
    } else {
        bool rest = epilogue.addend || epilogue.column_bias || epilogue.row_bias || epilogue.activation != Activation::none;
        if (std::integral<T> || k == 0) {
            if constexpr (std::integral<T>)
                cuda::launch(device, count * m * n,
                             cuda_gemm::DirectProduct<T, std::uint64_t>{ta, tb, m, n, k, a, lda, a_step, b, ldb, b_step, c, ldc, c_step, epilogue.accumulate});
            else if (!epilogue.accumulate)
                for (index_t i = 0; i < count * m; ++i) set_bytes(device, c + i / m * c_step + i % m * ldc, 0, static_cast<std::size_t>(n) * sizeof(T));
        } else {
#ifdef __CUDACC__
            if constexpr (Floating<T>) {
                auto& blas = cuda::detail::Blas::of_thread();
                const cuda::detail::Product product{ta, tb, m, n, k, lda, ldb, ldc};
                const bool plain = count == 1 && !epilogue.addend && !epilogue.row_bias && rest;
                if (plain && blas.multiply_with_epilogue(product, a, b, c, epilogue.column_bias, epilogue.activation == Activation::relu, epilogue.accumulate))
                    rest = false;
                else
                    blas.multiply(product, count, a, a_step, b, b_step, c, c_step, epilogue.accumulate);
            }
#endif
        }
        if (rest) cuda::launch(device, count * m * n, cuda_gemm::Finish<T>{c, m, n, ldc, c_step, epilogue});
    }
}

/// As gemm of the Cpu.
template <Element T, cuda::Device D>
    requires(!std::same_as<T, bool>)
void gemm(D device, Transpose ta, Transpose tb, index_t m, index_t n, index_t k, const T* a, index_t lda, const T* b, index_t ldb, T* c, index_t ldc,
          const std::type_identity_t<GemmEpilogue<T>>& epilogue = {}) {
    gemm_batched(device, 1, ta, tb, m, n, k, a, lda, 0, b, ldb, 0, c, ldc, 0, epilogue);
}

}  // namespace xnn::kernels
