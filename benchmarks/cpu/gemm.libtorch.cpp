#include <torch/torch.h>

#include "gemm.hpp"

bench::Call gemm_libtorch(Gemm g) {
    const auto matrix = [](const float* data, long rows, long columns, bool transposed) {
        auto* numbers = const_cast<float*>(data);
        return transposed ? torch::from_blob(numbers, {columns, rows}).t() : torch::from_blob(numbers, {rows, columns});
    };
    return [=, a = matrix(g.a.data(), g.m, g.k, g.a_transposed), b = matrix(g.b.data(), g.k, g.n, g.b_transposed),
            c = matrix(g.c.data(), g.m, g.n, false)]() mutable {
        torch::NoGradGuard no_grad;
        torch::mm_out(c, a, b);
        return std::span<const float>(g.c);
    };
}
