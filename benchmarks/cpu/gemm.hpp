// The work of the suite gemm, as its peers see it: C = A B, row by row in memory.
#pragma once

#include <span>

#include "bench.hpp"

struct Gemm {
    long m, n, k;
    std::span<const float> a, b;
    std::span<float> c;
};

bench::Call gemm_libtorch(Gemm work);
bench::Call gemm_onednn(Gemm work);
