// Products of float matrices: squares, the linear layers of an MLP 784-256-128-10 and of LeNet in a training step with
// batches of 64, and single rows.
#include "gemm.hpp"

#if XNN_BENCH_EIGEN
#include <Eigen/Core>
#endif
#if XNN_BENCH_OPENBLAS
#include <cblas.h>
#endif

#include "xnn/cpu/gemm.hpp"

namespace {

void add_contestants(bench::Work& work, Gemm g) {
    g.a = work.random(static_cast<std::size_t>(g.m * g.k)), g.b = work.random(static_cast<std::size_t>(g.k * g.n));
    const auto with_result = [&] {
        Gemm result = g;
        result.c = work.zeros(static_cast<std::size_t>(g.m * g.n));
        return result;
    };

    work.add("xnn", [g = with_result()] {
        using xnn::kernels::Transpose;
        const auto turned = [](bool yes) { return yes ? Transpose::yes : Transpose::no; };
        xnn::kernels::gemm(xnn::Cpu{}, turned(g.a_transposed), turned(g.b_transposed), g.m, g.n, g.k, g.a.data(), g.lda(),
                           g.b.data(), g.ldb(), g.c.data(), g.n);
        return g.c;
    });
#if XNN_BENCH_EIGEN
    work.add("eigen", [g = with_result()] {
        using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
        Eigen::Map<Matrix> c(g.c.data(), g.m, g.n);
        const Eigen::Map<const Matrix> a(g.a.data(), g.a_transposed ? g.k : g.m, g.lda()),
            b(g.b.data(), g.b_transposed ? g.n : g.k, g.ldb());
        if (g.a_transposed)
            c.noalias() = a.transpose() * b;
        else if (g.b_transposed)
            c.noalias() = a * b.transpose();
        else
            c.noalias() = a * b;
        return g.c;
    });
#endif
#if XNN_BENCH_OPENBLAS
    work.add("openblas", [g = with_result()] {
        const auto size = [](long extent) { return static_cast<int>(extent); };
        const auto turned = [](bool yes) { return yes ? CblasTrans : CblasNoTrans; };
        cblas_sgemm(CblasRowMajor, turned(g.a_transposed), turned(g.b_transposed), size(g.m), size(g.n), size(g.k), 1.f,
                    g.a.data(), size(g.lda()), g.b.data(), size(g.ldb()), 0.f, g.c.data(), size(g.n));
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

/// A work whose name shows its factors as they are stored, with a dash behind one that is transposed.
void add_product(bench::Suite& suite, const Gemm& g) {
    const auto factor = [](long rows, long columns, bool transposed) {
        const std::string text = std::to_string(rows) + "x" + std::to_string(columns);
        return transposed ? "(" + text + ")'" : text;
    };
    suite.work(factor(g.a_transposed ? g.k : g.m, g.lda(), g.a_transposed) + " * " +
                   factor(g.b_transposed ? g.n : g.k, g.ldb(), g.b_transposed),
               {.flops = 2.0 * static_cast<double>(g.m * g.n * g.k)}, [=](bench::Work& work) { add_contestants(work, g); });
}

/// The three products of a linear layer in a training step: its result, its argument's gradient, its weight's.
void add_layer(bench::Suite& suite, long batch, long in, long out) {
    add_product(suite, {.m = batch, .n = out, .k = in, .b_transposed = true});
    add_product(suite, {.m = batch, .n = in, .k = out});
    add_product(suite, {.m = out, .n = in, .k = batch, .a_transposed = true});
}

}  // namespace

void bench::suite(Suite& suite) {
    for (long size : {4, 8, 16, 24, 32, 48, 64}) {
        add_product(suite, {.m = size, .n = size, .k = size});
        add_product(suite, {.m = size, .n = size, .k = size, .b_transposed = true});
        add_product(suite, {.m = size, .n = size, .k = size, .a_transposed = true});
    }
    for (long size : {128, 256, 512, 1024, 2048}) add_product(suite, {.m = size, .n = size, .k = size});
    for (auto [in, out] : {std::pair{784L, 256L}, {256L, 128L}, {128L, 10L}, {800L, 500L}, {500L, 10L}})
        add_layer(suite, 64, in, out);
    for (auto [in, out] : {std::pair{64L, 64L}, {784L, 128L}, {1024L, 4096L}}) {
        add_product(suite, {.m = 1, .n = out, .k = in});
        add_product(suite, {.m = 1, .n = out, .k = in, .b_transposed = true});
    }
}
