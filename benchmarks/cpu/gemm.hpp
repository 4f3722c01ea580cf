// The work of the suite gemm, as its peers see it: C = A B, row by row in memory, where one factor may be transposed.
#pragma once

#include <span>

#include "bench.hpp"

struct Gemm {
    long m, n, k;
    bool a_transposed = false;  // stored [k, m]
    bool b_transposed = false;  // stored [n, k]
    std::span<const float> a{}, b{};
    std::span<float> c{};

    long lda() const { return a_transposed ? m : k; }
    long ldb() const { return b_transposed ? k : n; }
};

bench::Call gemm_libtorch(Gemm work);
bench::Call gemm_onednn(Gemm work);
