// Products of float matrices: squares, and the products of an MLP 784-128-10 for batches of 64.
#include "gemm.hpp"

#if XNN_BENCH_EIGEN
#include <Eigen/Core>
#endif
#if XNN_BENCH_OPENBLAS
#include <cblas.h>
#endif

#include "xnn/cpu/gemm.hpp"

namespace {

void add_contestants(bench::Work& work, long m, long n, long k) {
    const auto a = work.random(static_cast<std::size_t>(m * k)), b = work.random(static_cast<std::size_t>(k * n));
    const auto with_result = [&] { return Gemm{m, n, k, a, b, work.zeros(static_cast<std::size_t>(m * n))}; };

    work.add("xnn", [g = with_result()] {
        using xnn::kernels::Transpose;
        xnn::kernels::gemm(xnn::Cpu{}, Transpose::no, Transpose::no, g.m, g.n, g.k, g.a.data(), g.k, g.b.data(), g.n,
                           g.c.data(), g.n);
        return g.c;
    });
#if XNN_BENCH_EIGEN
    work.add("eigen", [g = with_result()] {
        using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
        Eigen::Map<Matrix> c(g.c.data(), g.m, g.n);
        c.noalias() = Eigen::Map<const Matrix>(g.a.data(), g.m, g.k) * Eigen::Map<const Matrix>(g.b.data(), g.k, g.n);
        return g.c;
    });
#endif
#if XNN_BENCH_OPENBLAS
    work.add("openblas", [g = with_result()] {
        const int rows = static_cast<int>(g.m), columns = static_cast<int>(g.n), depth = static_cast<int>(g.k);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, columns, depth, 1.f, g.a.data(), depth, g.b.data(),
                    columns, 0.f, g.c.data(), columns);
        return g.c;
    });
#endif
#if XNN_BENCH_ONEDNN
    work.add("onednn", gemm_onednn(with_result()));
#endif
#if XNN_BENCH_LIBTORCH
    work.add("libtorch", gemm_libtorch(with_result()));
#endif
}

}  // namespace

void bench::suite(Suite& suite) {
    struct Extents {
        long m, n, k;
    };
    for (auto [m, n, k] : {Extents{32, 32, 32},
                           {64, 64, 64},
                           {128, 128, 128},
                           {256, 256, 256},
                           {512, 512, 512},
                           {1024, 1024, 1024},
                           {1, 128, 784},
                           {64, 128, 784},
                           {64, 10, 128}}) {
        const auto name =
            std::to_string(m) + "x" + std::to_string(k) + " * " + std::to_string(k) + "x" + std::to_string(n);
        suite.work(name, {.flops = 2.0 * static_cast<double>(m * n * k)},
                   [=](Work& work) { add_contestants(work, m, n, k); });
    }
}
