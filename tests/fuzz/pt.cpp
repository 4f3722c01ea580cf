// Whole checkpoints. Most damaged ones fail at a checksum; fuzz/pickle.cpp goes behind that.
#include "xnn/io/pt.hpp"

#include "reading.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::accept_errors([&] {
        xnn::io::PtFile file("fuzz", fuzz::bytes(data, size));
        const auto entries = file.entries();
        const fuzz::Model model(entries);
        xnn::io::load_state("fuzz", entries, model.state(), false);
    });
}
