#include "xnn/io/safetensors.hpp"

#include "reading.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::accept_errors([&] {
        const xnn::io::SafetensorsFile file("fuzz", fuzz::bytes(data, size));
        const fuzz::Model model(file.entries());
        xnn::io::load_state(file.source(), file.entries(), model.state(), false);
    });
}
