#include "reading.hpp"
#include "xnn/io/onnx/load.hpp"
#include "xnn/nn/linear.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::accept_errors([&] {
        xnn::nn::Linear<3, 2> layer;
        const auto bytes = fuzz::bytes(data, size);
        xnn::onnx::load_weights_from("fuzz", bytes, layer, false);
    });
}
