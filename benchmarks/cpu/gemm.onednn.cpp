#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "gemm.hpp"

bench::Call gemm_onednn(Gemm g) {
    using dnnl::memory;
    static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    static dnnl::stream stream(engine);
    const auto matrix = [](long rows, long columns, bool transposed) {
        return memory::desc({rows, columns}, memory::data_type::f32, transposed ? memory::format_tag::ba : memory::format_tag::ab);
    };
    const auto a = matrix(g.m, g.k, g.a_transposed), b = matrix(g.k, g.n, g.b_transposed), c = matrix(g.m, g.n, false);
    const dnnl::matmul product(dnnl::matmul::primitive_desc(dnnl::matmul::desc(a, b, c), engine));
    const std::unordered_map<int, memory> arguments{
        {DNNL_ARG_SRC, memory(a, engine, const_cast<float*>(g.a.data()))},
        {DNNL_ARG_WEIGHTS, memory(b, engine, const_cast<float*>(g.b.data()))},
        {DNNL_ARG_DST, memory(c, engine, g.c.data())}};
    return [=] {
        product.execute(stream, arguments);
        stream.wait();
        return std::span<const float>(g.c);
    };
}
