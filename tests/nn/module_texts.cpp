// Modules of all kinds print as PyTorch's do, and name what is in them as PyTorch does: tests/oracle/module_texts.py.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "../support/module_texts.hpp"
#include "xnn/io/npz.hpp"
#include "xnn/io/pt.hpp"
#include "xnn/io/safetensors.hpp"
#include "xnn/models/lenet.hpp"
#include "xnn/models/tiny.hpp"
#include "xnn/xnn.hpp"

using namespace xnn;
using nn::Sizes;

namespace {

/// A number of the states in module_states.pt: a function of its place in a tensor.
double element(const NamedBuffer& entry, index_t i) {
    if (entry.dtype == Dtype::F32) return static_cast<double>(static_cast<const float*>(entry.data)[i]);
    REQUIRE(entry.dtype == Dtype::I64);
    return static_cast<double>(static_cast<const std::int64_t*>(entry.data)[i]);
}

/// PyTorch's file of the module's state goes into it; where a folder is named, files of ours go there for PyTorch to read.
template <class M>
void check_state(const std::string& name, M& module) {
    const auto state = module.state_dict();
    io::load_pt(XNN_FIXTURES "/module_states.pt", state, true, {name});
    for (const auto& entry : state)
        for (index_t i = 0; i < entry.size(); ++i) REQUIRE(element(entry, i) == static_cast<double>(i % 13) / (entry.dtype == Dtype::F32 ? 8 : 1));
    if (const char* folder = std::getenv("XNN_STATES_FOLDER")) {
        const std::string path = std::string(folder) + "/" + name;
        io::save_pt(path + ".pt", state);
        io::save_npz(path + ".npz", state);
        io::save_safetensors(path + ".safetensors", state);
    }
}

template <class M>
void check_same(const std::string& name, M&& module) {
    check_text("modules.txt", name, module);
    check_state(name, module);
}

struct Tied : nn::Module<Tied> {
    nn::Linear<2, 2, false> encode;
    nn::Linear<2, 2, false> decode;
};
struct Holder : nn::Module<Holder> {
    nn::Linear<2, 3> fc;
    nn::Buffer<float, Shape<1>> steps;
    Parameter<float, Shape<3>> scale;
    nn::Buffer<float, Shape<3, 3>> mask{Tensor<float, Shape<3, 3>>{}, false};
    Parameter<float, Shape<3>> shift;
    nn::BatchNorm1d<3, nn::BatchNormOptions{.affine = false}> norm;
};
struct Containers : nn::Module<Containers> {
    std::array<nn::Linear<2, 2>, 3> blocks;
    nn::ModuleList<nn::Sequential<nn::Linear<2, 2>, nn::ReLU>, nn::Tanh, nn::Tanh> stages;
    nn::ModuleDict<nn::Linear<2, 1>> heads;
    nn::ModuleDict<nn::Named<"conv", nn::Conv1d<1, 2, 3>>, nn::Named<"pool", nn::MaxPool1d<3>>> choices;
    nn::ParameterList<Parameter<float, Shape<2, 3>>> scales{2};
    nn::ParameterDict<Parameter<float, Shape<2>>> shifts;
};
struct Rotation : nn::Module<Rotation> {
    double degrees = 90;
    nn::Linear<2, 2> fc;
    std::string extra_repr() const { return "degrees=" + nn::detail::number(degrees); }
};
struct Autoencoder : nn::Module<Autoencoder> {
    nn::Sequential<nn::Named<"conv", nn::Conv2d<1, 4, 3, nn::ConvOptions{.stride = 2, .padding = 1}>>, nn::Named<"act", nn::SiLU>> encoder;
    nn::Sequential<nn::Named<"up", nn::ConvTranspose2d<4, 1, 4, nn::ConvTransposeOptions{.stride = 2, .padding = 1}>>, nn::Named<"act", nn::Sigmoid>> decoder;
};
struct Recurrent : nn::Module<Recurrent> {
    nn::RNN<4, 3, nn::RNNOptions{.num_layers = 2, .nonlinearity = nn::Nonlinearity::relu}> rnn;
    nn::LSTM<4, 3, nn::LSTMOptions{.batch_first = true, .bidirectional = true, .proj_size = 2}> lstm;
    nn::GRU<4, 3, nn::GRUOptions{.num_layers = 2, .bias = false}> gru{0.25};
    nn::ModuleList<nn::RNNCell<4, 3, true, nn::Nonlinearity::relu>, nn::LSTMCell<4, 3, false>, nn::GRUCell<4, 3>> cells;
};
struct Classifier : nn::Module<Classifier> {
    nn::Embedding<10, 4, 0> embed{nn::EmbeddingOptions{.max_norm = 1.5}};
    nn::EmbeddingBag<10, 4, nn::EmbeddingBagOptions{.mode = EmbeddingBagMode::sum, .sparse = true}> bag;
    nn::CrossEntropyLoss<> criterion;
    nn::MSELoss<> distance;
};

}  // namespace

TEST_CASE("networks have PyTorch's texts and states", "[nn][states]") {
    check_same("mlp", nn::Sequential<nn::Linear<8, 4>, nn::ReLU, nn::Linear<4, 2, false>>{});
    check_same("lenet", models::LeNet<10>{});
    check_same("ds_cnn", models::DSCNN<>{});
    check_same("autoencoder", Autoencoder{});
    check_same("recurrent", Recurrent{});
    check_same("classifier", Classifier{});
    check_same("holder", Holder{});
    check_same("rotation", Rotation{});
    Tied tied;
    tied.decode.weight.tie(tied.encode.weight);
    check_same("tied", tied);
    Containers containers;
    containers.heads.set("a", {}).set("b", {});
    containers.shifts.set("down", {}).set("up", {});
    check_same("containers", containers);
}

TEST_CASE("layers have PyTorch's texts and states", "[nn][states]") {
    check_same("activations", nn::Sequential<nn::ReLU, nn::ReLU6, nn::Sigmoid, nn::LogSigmoid, nn::SiLU, nn::Tanh, nn::Tanhshrink, nn::GELU, nn::GELUTanh,
                                               nn::SELU, nn::Mish, nn::Hardsigmoid, nn::Hardswish, nn::Softsign>{});
    using Optional = nn::Sequential<nn::LeakyReLU, nn::ELU, nn::CELU, nn::Hardshrink, nn::Softshrink, nn::Hardtanh, nn::Softplus, nn::Threshold, nn::RReLU,
                                    nn::PReLU<3>, nn::Softmax<1>, nn::LogSoftmax<-1>, nn::Softmin<0>, nn::Softmax2d, nn::GLU<>>;
    check_same("activations with options", Optional(nn::LeakyReLU(0.2), {}, nn::CELU(1.5), {}, nn::Softshrink(0.25), nn::Hardtanh(-2, 2), {},
                                                      nn::Threshold(0.1, 20), {}, {}, {}, {}, {}, {}, {}));
    using InPlace = nn::Sequential<nn::ReLU, nn::ReLU6, nn::SiLU, nn::SELU, nn::Mish, nn::LeakyReLU, nn::ELU, nn::CELU, nn::Hardtanh, nn::Threshold>;
    check_same("activations in place", InPlace(nn::ReLU(true), nn::ReLU6(true), nn::SiLU(true), nn::SELU(true), nn::Mish(true), nn::LeakyReLU(0.2, true),
                                                 nn::ELU(1.5, true), nn::CELU(1.5, true), nn::Hardtanh(-2, 2, true), nn::Threshold(0.1, 20, true)));
    using Poolings =
        nn::Sequential<nn::MaxPool1d<2>, nn::MaxPool2d<3, nn::MaxPoolOptions{.stride = 2, .padding = 1, .ceil_mode = true}>, nn::MaxPool3d<Sizes(1, 2, 2)>,
                       nn::AvgPool1d<2>, nn::AvgPool2d<Sizes(2, 3)>, nn::AvgPool3d<2, nn::AvgPoolOptions{.stride = 1}>, nn::LPPool1d<3>,
                       nn::LPPool2d<Sizes(2, 3), nn::LPPoolOptions{.stride = 2}>, nn::MaxUnpool1d<2>, nn::MaxUnpool2d<2, nn::MaxUnpoolOptions{.stride = 3}>,
                       nn::AdaptiveAvgPool1d<4>, nn::AdaptiveAvgPool2d<Sizes(3, 5)>, nn::AdaptiveMaxPool2d<1>, nn::AdaptiveMaxPool3d<Sizes(1, 2, 3)>>;
    check_same("poolings", Poolings({}, {}, {}, {}, {}, {}, nn::LPPool1d<3>(2), nn::LPPool2d<Sizes(2, 3), nn::LPPoolOptions{.stride = 2}>(1.5), {}, {}, {},
                                      {}, {}, {}));
    using Normalisations =
        nn::Sequential<nn::BatchNorm1d<4>, nn::BatchNorm2d<4>, nn::BatchNorm3d<4, nn::BatchNormOptions{.track_running_stats = false}>, nn::InstanceNorm1d<4>,
                       nn::InstanceNorm2d<4, nn::InstanceNormOptions{.affine = true, .track_running_stats = true}>, nn::GroupNorm<2, 4>,
                       nn::LayerNorm<Shape<2, 4>>, nn::LayerNorm<Shape<4>, nn::LayerNormOptions{.elementwise_affine = false}>, nn::LocalResponseNorm<3>,
                       nn::RMSNorm<Shape<4>>, nn::RMSNorm<Shape<2, 4>>>;
    check_same("normalisations", Normalisations({}, nn::BatchNorm2d<4>(1e-3, std::nullopt), {}, {}, {}, {}, {}, {}, nn::LocalResponseNorm<3>(), {},
                                                  nn::RMSNorm<Shape<2, 4>>(1e-6)));
    check_same("convolutions",
                 nn::Sequential<nn::Conv1d<4, 8, 3>,
                                nn::Conv2d<4, 8, Sizes(3, 5), nn::ConvOptions{.stride = {1, 2}, .padding = {1, 2}, .dilation = 2, .groups = 2}>,
                                nn::Conv3d<4, 8, 2, nn::ConvOptions{.bias = false}>, nn::ConvTranspose1d<4, 8, 3>,
                                nn::ConvTranspose2d<4, 8, 3, nn::ConvTransposeOptions{.stride = 2, .output_padding = 1}>,
                                nn::ConvTranspose3d<4, 8, 2, nn::ConvTransposeOptions{.groups = 4, .bias = false}>>{});
    using Paddings = nn::Sequential<nn::ReflectionPad1d<2>, nn::ReplicationPad2d<Pads(1, 2, 3, 4)>, nn::CircularPad3d<1>, nn::ZeroPad2d<1>,
                                    nn::ConstantPad1d<Pads(2, 0)>, nn::Unfold<3, nn::UnfoldOptions{.padding = 1}>, nn::Fold<Sizes(4, 5), Sizes(2, 2)>>;
    check_same("paddings and patches", Paddings({}, {}, {}, {}, nn::ConstantPad1d<Pads(2, 0)>(1.5), {}, {}));
    using Plain = nn::Sequential<nn::Dropout, nn::Dropout1d, nn::Dropout2d, nn::Flatten<>, nn::Flatten<0, 1>, nn::Unflatten<1, Shape<2, 5>>, nn::Identity>;
    check_same("plain", Plain({}, nn::Dropout1d(0.25), nn::Dropout2d(0.1), {}, {}, {}, {}));
}

TEST_CASE("transformers have PyTorch's texts", "[nn][states]") {
    check_same("attention", nn::MultiheadAttention<8, 2>(0.1));
    check_same("attention of others",
                 nn::MultiheadAttention<8, 2, nn::MultiheadAttentionOptions{.bias = false, .add_bias_kv = true, .kdim = 6, .vdim = 4}>{});
    using Layer = nn::TransformerEncoderLayer<8, 2, nn::TransformerOptions{.dim_feedforward = 16, .batch_first = true}>;
    check_same("encoder", nn::TransformerEncoder<Layer, 3, nn::LayerNorm<Shape<8>>>{});
    check_same("transformer",
                 nn::Transformer<8, 2, nn::TransformerSizes{.num_encoder_layers = 1, .num_decoder_layers = 2}, nn::TransformerOptions{.dim_feedforward = 16}>{0.0});
}
