#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "pointwise.hpp"

namespace {

using dnnl::algorithm;
using dnnl::memory;

dnnl::engine& engine() {
    static dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
    return cpu;
}

memory array(std::span<const float> numbers, long rows, long columns) {
    return {{{rows, columns}, memory::data_type::f32, memory::format_tag::ab}, engine(), const_cast<float*>(numbers.data())};
}

/// One compiled loop: y = first(a, b), then what `after` appends, whose second operand is c.
bench::Call fused(algorithm first, memory a, memory b, memory c, memory y, int place_of_c, const dnnl::post_ops& after,
                  std::span<const float> result) {
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(after);
    const dnnl::binary loop(dnnl::binary::primitive_desc(
        dnnl::binary::desc(first, a.get_desc(), b.get_desc(), y.get_desc()), attributes, engine()));
    const std::unordered_map<int, memory> arguments{
        {DNNL_ARG_SRC_0, a},
        {DNNL_ARG_SRC_1, b},
        {DNNL_ARG_ATTR_MULTIPLE_POST_OP(place_of_c) | DNNL_ARG_SRC_1, c},
        {DNNL_ARG_DST, y}};
    return [=, stream = dnnl::stream(engine())]() mutable {
        loop.execute(stream, arguments);
        stream.wait();
        return result;
    };
}

bench::Call gelu(Chain c, algorithm kind) {
    const memory b = array(c.b, 1, c.columns);
    dnnl::post_ops after;
    after.append_binary(algorithm::binary_add, b.get_desc());
    after.append_eltwise(1, kind, 0, 0);
    return fused(algorithm::binary_mul, array(c.x, c.rows, c.columns), array(c.w, 1, c.columns), b,
                 array(c.y, c.rows, c.columns), 0, after, c.y);
}

}  // namespace

bench::Call gelu_onednn(Chain c) { return gelu(c, algorithm::eltwise_gelu_erf); }
bench::Call gelu_tanh_onednn(Chain c) { return gelu(c, algorithm::eltwise_gelu_tanh); }

bench::Call mix_onednn(Mixture m) {
    const memory z = array(m.z, m.rows, m.columns);
    dnnl::post_ops after;
    after.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
    after.append_binary(algorithm::binary_mul, z.get_desc());
    return fused(algorithm::binary_add, array(m.x, m.rows, m.columns), array(m.y, m.rows, m.columns), z,
                 array(m.result, m.rows, m.columns), 1, after, m.result);
}
