// Archives of arrays. Most damaged ones fail at a checksum; fuzz/npy.cpp goes behind that.
#include "xnn/io/npz.hpp"

#include "reading.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::accept_errors([&] {
        const auto bytes = fuzz::bytes(data, size);
        const xnn::io::NpzFile file("fuzz", bytes);
        const fuzz::Model model(file.entries());
        xnn::io::load_state("fuzz", file.entries(), model.state(), false);
    });
}
