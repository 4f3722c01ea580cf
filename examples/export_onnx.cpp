// A network of one's own as an ONNX file, for any number of images at once, and its weights back from there.
#include <iostream>
#include <xnn/io/onnx.hpp>
#include <xnn/xnn.hpp>

namespace nn = xnn::nn;

/// Nothing in here knows of ONNX: the file says what forward() does.
struct Digits : nn::Module<Digits> {
    nn::Conv2d<1, 8, 3, nn::ConvOptions{.padding = 1}> conv;
    nn::BatchNorm2d<8> norm;
    nn::Dropout dropout{0.2};
    nn::Linear<8 * 14 * 14, 10> fc;

    auto forward(auto x) const {
        auto h = x | conv | norm | nn::relu | nn::max_pool2d<2>;
        return h | nn::flatten | dropout | fc;
    }
};

int main() {
    xnn::manual_seed(1);
    Digits model;
    xnn::onnx::save(model, xnn::Shape<xnn::dyn, 1, 28, 28>{}, "digits.onnx", {.inputs = {"images"}, .outputs = {"logits"}});

    Digits copy;  // with other weights, until they are read
    xnn::onnx::load_weights(copy, "digits.onnx");

    const xnn::Tensor<float, xnn::Shape<2, 1, 28, 28>> images = xnn::rand<xnn::Shape<2, 1, 28, 28>>();
    model.eval();
    copy.eval();
    const float difference = xnn::amax(xnn::abs(model(images) - copy(images))).item();
    std::cout << "digits.onnx holds " << xnn::parameter_count<Digits> << " parameters; the answers of the network that read them differ by " << difference << "\n";
    return difference == 0 ? 0 : 1;
}
