#include "xnn/io/npy.hpp"

#include "reading.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::accept_errors([&] {
        const auto bytes = fuzz::bytes(data, size);  // of its own, so that the sanitizer sees its end
        const auto entry = xnn::io::parse_npy("fuzz", bytes);
        if (entry.extents.size() == 1) xnn::io::to_tensor<xnn::Tensor<float, xnn::Shape<xnn::dyn>>>("fuzz", entry);
        if (entry.extents.size() == 2)
            xnn::io::to_tensor<xnn::Tensor<bool, xnn::Shape<xnn::dyn, xnn::dyn>>>("fuzz", entry);
    });
}
