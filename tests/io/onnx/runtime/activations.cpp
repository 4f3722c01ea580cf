#include "cases.hpp"

namespace onnx_cases {

namespace {
template <class Layer>
void add(const Folder& folder, const std::string& name, Layer layer) {
    folder.add<Shape<dyn, 6, 4>>(name, layer, uniform<Shape<3, 6, 4>>(1, -4, 4));
}
}  // namespace

void add_activations(const Folder& folder) {
    using namespace nn;
    add(folder, "ReLU", ReLU{});
    add(folder, "ReLU6", ReLU6{});
    add(folder, "Sigmoid", Sigmoid{});
    add(folder, "LogSigmoid", LogSigmoid{});
    add(folder, "SiLU", SiLU{});
    add(folder, "Tanh", Tanh{});
    add(folder, "Tanhshrink", Tanhshrink{});
    add(folder, "GELU", GELU{});
    add(folder, "GELUTanh", GELUTanh{});
    add(folder, "SELU", SELU{});
    add(folder, "Mish", Mish{});
    add(folder, "Hardsigmoid", Hardsigmoid{});
    add(folder, "Hardswish", Hardswish{});
    add(folder, "Softsign", Softsign{});
    add(folder, "LeakyReLU", LeakyReLU(0.2));
    add(folder, "ELU", ELU(0.7));
    add(folder, "CELU", CELU(1.3));
    add(folder, "Hardshrink", Hardshrink(0.6));
    add(folder, "Softshrink", Softshrink(0.6));
    add(folder, "Hardtanh", Hardtanh(-2, 1.5));
    add(folder, "Softplus", Softplus{});
    add(folder, "Softplus_beta", Softplus(2, 3));
    add(folder, "Threshold", Threshold(0.5, -3));
    add(folder, "RReLU", RReLU{});
    add(folder, "PReLU", PReLU<>{});
    add(folder, "PReLU_channels", PReLU<6>{});
    add(folder, "Softmax", Softmax<1>{});
    add(folder, "LogSoftmax", LogSoftmax<>{});
    add(folder, "Softmin", Softmin<-2>{});
    add(folder, "GLU", GLU<1>{});
    add(folder, "Dropout", Dropout{});
    add(folder, "Dropout1d", Dropout1d{});
    add(folder, "Identity", Identity{});
    add(folder, "Flatten", Flatten<>{});
    add(folder, "Unflatten", Unflatten<1, Shape<2, 3>>{});
    folder.add<Shape<dyn, 3, 4, 5>>("Softmax2d", Softmax2d{}, uniform<Shape<2, 3, 4, 5>>(1));
    folder.add<Shape<dyn, 3, 4, 5>>("Dropout2d", Dropout2d{}, uniform<Shape<2, 3, 4, 5>>(1));
    folder.add<Shape<dyn, 4>>("Linear", Linear<4, 3>{}, uniform<Shape<5, 4>>(1));
    folder.add<Shape<dyn, 4>>("Linear_no_bias", Linear<4, 3, false>{}, uniform<Shape<5, 4>>(1));
    folder.add<Shape<dyn, dyn, 4>>("Linear_of_sequences", Linear<4, 3>{}, uniform<Shape<2, 5, 4>>(1));
    folder.add<Shape<4>>("Linear_of_one", Linear<4, 3>{}, uniform<Shape<4>>(1));
    folder.add<Shape<dyn, 4>>("Sequential", Sequential<Linear<4, 8>, nn::ReLU, Dropout, Named<"head", Linear<8, 2>>>{}, uniform<Shape<5, 4>>(1));
}

}  // namespace onnx_cases
