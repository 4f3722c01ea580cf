#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "conv.hpp"

namespace {

using dnnl::memory;
using dnnl::prop_kind;
using Forward = dnnl::convolution_forward;
using BackwardData = dnnl::convolution_backward_data;
using BackwardWeights = dnnl::convolution_backward_weights;
using Arguments = std::unordered_map<int, memory>;
using Tag = memory::format_tag;

constexpr auto algorithm = dnnl::algorithm::convolution_direct;

dnnl::engine& engine() {
    static dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
    return cpu;
}
dnnl::stream& stream() {
    static dnnl::stream cpu(engine());
    return cpu;
}

memory::desc array(const memory::dims& extents, Tag tag) { return {extents, memory::data_type::f32, tag}; }

/// The arrays of one convolution as oneDNN describes them, their layouts open or not.
struct Shapes {
    memory::dims x, weight, bias, y, strides, padding;
    Tag plain_weight;

    explicit Shapes(const Convolution& c)
        : x{c.batch, c.in_channels, c.in_size, c.in_size},
          weight{c.out_channels, c.in_channels, c.kernel, c.kernel},
          bias{c.out_channels},
          y{c.batch, c.out_channels, c.out_size, c.out_size},
          strides{c.stride, c.stride},
          padding{c.padding, c.padding},
          plain_weight(c.groups > 1 ? Tag::goihw : Tag::oihw) {
        if (c.groups > 1)
            weight = {c.groups, c.out_channels / c.groups, c.in_channels / c.groups, c.kernel, c.kernel};
    }
};

Tag image_tag(Layout layout) {
    if (layout == Layout::any) return Tag::any;
    return layout == Layout::channels_first ? Tag::nchw : Tag::nhwc;
}

void reorder(memory from, memory to) {
    dnnl::reorder(from, to).execute(stream(), from, to);
    stream().wait();
}
/// Numbers in a plain layout, brought into the one that is wanted.
memory brought(std::span<const float> numbers, const memory::desc& plain, const memory::desc& wanted) {
    memory result(wanted, engine());
    reorder(memory(plain, engine(), const_cast<float*>(numbers.data())), result);
    return result;
}
void bring_back(const memory& from, const memory::desc& plain, std::span<float> to) {
    reorder(from, memory(plain, engine(), to.data()));
}

Forward::primitive_desc describe(const Shapes& s, Layout layout, prop_kind kind) {
    const Tag image = image_tag(layout);
    return {{kind, algorithm, array(s.x, image), array(s.weight, Tag::any), array(s.bias, Tag::a), array(s.y, image), s.strides,
             s.padding, s.padding},
            engine()};
}

}  // namespace

bench::CallWithResults conv_onednn(Convolution c, Layout layout) {
    const Shapes s(c);
    const auto described = describe(s, layout, prop_kind::forward_inference);
    const memory y(described.dst_desc(), engine());
    const Arguments arguments{
        {DNNL_ARG_SRC, brought(c.x, array(s.x, Tag::nchw), described.src_desc())},
        {DNNL_ARG_WEIGHTS, brought(c.weight, array(s.weight, s.plain_weight), described.weights_desc())},
        {DNNL_ARG_BIAS, brought(c.bias, array(s.bias, Tag::a), described.bias_desc())},
        {DNNL_ARG_DST, y}};
    return {[=, convolution = Forward(described)] {
                convolution.execute(stream(), arguments);
                stream().wait();
                return bench::Arrays();
            },
            [=] {
                bring_back(y, array(s.y, Tag::nchw), c.y);
                return c.y;
            }};
}

bench::CallWithResults conv_gradients_onednn(ConvolutionGradients d, Layout layout) {
    const Convolution& c = d.forward;
    const Shapes s(c);
    const Tag image = image_tag(layout);
    const auto forward = describe(s, layout, prop_kind::forward_training);
    const memory::desc plain_x = array(s.x, Tag::nchw), plain_y = array(s.y, Tag::nchw);
    const memory::desc plain_weight = array(s.weight, s.plain_weight), bias = array(s.bias, Tag::a);

    const BackwardData::primitive_desc to_data({algorithm, array(s.x, image), array(s.weight, Tag::any), array(s.y, image),
                                                s.strides, s.padding, s.padding},
                                               engine(), forward);
    const memory gx(to_data.diff_src_desc(), engine());
    const Arguments for_data{{DNNL_ARG_DIFF_DST, brought(d.gy, plain_y, to_data.diff_dst_desc())},
                             {DNNL_ARG_WEIGHTS, brought(c.weight, plain_weight, to_data.weights_desc())},
                             {DNNL_ARG_DIFF_SRC, gx}};

    const BackwardWeights::primitive_desc to_weights({algorithm, array(s.x, image), array(s.weight, Tag::any), bias,
                                                      array(s.y, image), s.strides, s.padding, s.padding},
                                                     engine(), forward);
    const memory gweight(to_weights.diff_weights_desc(), engine()), gbias(bias, engine(), d.gbias.data());
    const Arguments for_weights{{DNNL_ARG_SRC, brought(c.x, plain_x, to_weights.src_desc())},
                                {DNNL_ARG_DIFF_DST, brought(d.gy, plain_y, to_weights.diff_dst_desc())},
                                {DNNL_ARG_DIFF_WEIGHTS, gweight},
                                {DNNL_ARG_DIFF_BIAS, gbias}};

    return {[=, data = BackwardData(to_data), weights = BackwardWeights(to_weights)] {
                weights.execute(stream(), for_weights);
                data.execute(stream(), for_data);
                stream().wait();
                return bench::Arrays();
            },
            [=] {
                bring_back(gx, plain_x, d.gx);
                bring_back(gweight, plain_weight, d.gweight);
                return bench::Arrays(d.gx, d.gweight, d.gbias);
            }};
}
