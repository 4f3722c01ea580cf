#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "reductions.hpp"

namespace {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::prop_kind;
using Arguments = std::unordered_map<int, memory>;

dnnl::engine& engine() {
    static dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
    return cpu;
}
memory matrix(std::span<const float> numbers, long rows, long columns) {
    return {{{rows, columns}, memory::data_type::f32, memory::format_tag::ab}, engine(), const_cast<float*>(numbers.data())};
}
memory vector(std::span<const float> numbers) {
    return {{{static_cast<long>(numbers.size())}, memory::data_type::f32, memory::format_tag::a}, engine(),
            const_cast<float*>(numbers.data())};
}

const auto affine = dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;

using Forward = dnnl::layer_normalization_forward;
Forward::primitive_desc describe(const LayerNorm& l, prop_kind kind) {
    return {{kind, matrix(l.x, l.rows, l.columns).get_desc(), 1e-5f, affine}, engine()};
}
Arguments arguments(const LayerNorm& l) {
    return {{DNNL_ARG_SRC, matrix(l.x, l.rows, l.columns)},
            {DNNL_ARG_SCALE, vector(l.weight)},
            {DNNL_ARG_SHIFT, vector(l.bias)},
            {DNNL_ARG_DST, matrix(l.y, l.rows, l.columns)}};
}

}  // namespace

bench::Call reduction_onednn(Reduction r) {
    const memory x = matrix(r.x, r.rows, r.columns);
    const memory y = matrix(r.y, r.over == Over::columns ? r.rows : 1, r.over == Over::rows ? r.columns : 1);
    const algorithm kind = r.mean ? algorithm::reduction_mean : algorithm::reduction_sum;
    const dnnl::reduction primitive(
        dnnl::reduction::primitive_desc(dnnl::reduction::desc(kind, x.get_desc(), y.get_desc(), 0, 0), engine()));
    return [=, stream = dnnl::stream(engine())]() mutable {
        primitive.execute(stream, {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}});
        stream.wait();
        return r.y;
    };
}

bench::Call softmax_onednn(Softmax s) {
    using Primitive = dnnl::softmax_v2_forward;
    const memory x = matrix(s.x, s.rows, s.columns), y = matrix(s.y, s.rows, s.columns);
    const algorithm kind = s.logarithm ? algorithm::softmax_log : algorithm::softmax_accurate;
    const Primitive primitive(Primitive::primitive_desc(
        Primitive::desc(prop_kind::forward_inference, kind, x.get_desc(), y.get_desc(), 1), engine()));
    const Arguments arguments{{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}};
    return [=, stream = dnnl::stream(engine())]() mutable {
        primitive.execute(stream, arguments);
        stream.wait();
        return s.y;
    };
}

bench::Call layer_norm_onednn(LayerNorm l) {
    const Forward primitive(describe(l, prop_kind::forward_inference));
    return [=, all = arguments(l), stream = dnnl::stream(engine())]() mutable {
        primitive.execute(stream, all);
        stream.wait();
        return l.y;
    };
}

bench::Call layer_norm_gradients_onednn(LayerNormGradients g) {
    using Backward = dnnl::layer_normalization_backward;
    const LayerNorm& l = g.forward;
    const auto forward = describe(l, prop_kind::forward_training);
    const memory gy = matrix(g.gy, l.rows, l.columns), x = matrix(l.x, l.rows, l.columns);
    const Backward::primitive_desc backward({prop_kind::backward, gy.get_desc(), x.get_desc(), 1e-5f, affine}, engine(),
                                            forward);
    const memory mean(forward.mean_desc(), engine()), variance(forward.variance_desc(), engine());
    Arguments there = arguments(l);
    there.insert({{DNNL_ARG_MEAN, mean}, {DNNL_ARG_VARIANCE, variance}});
    const Arguments back{{DNNL_ARG_SRC, x},
                         {DNNL_ARG_DIFF_DST, gy},
                         {DNNL_ARG_MEAN, mean},
                         {DNNL_ARG_VARIANCE, variance},
                         {DNNL_ARG_SCALE, vector(l.weight)},
                         {DNNL_ARG_SHIFT, vector(l.bias)},
                         {DNNL_ARG_DIFF_SRC, matrix(g.gx, l.rows, l.columns)},
                         {DNNL_ARG_DIFF_SCALE, vector(g.gweight)},
                         {DNNL_ARG_DIFF_SHIFT, vector(g.gbias)}};
    return [=, first = Forward(forward), second = Backward(backward), stream = dnnl::stream(engine())]() mutable {
        first.execute(stream, there);
        second.execute(stream, back);
        stream.wait();
        return bench::Arrays(g.gx, g.gweight, g.gbias);
    };
}
