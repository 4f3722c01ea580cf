// The pickle within a checkpoint, with storages of whatever sizes it says.
#include "reading.hpp"
#include "xnn/io/pt.hpp"

namespace {

using xnn::io::PickleKind;
using xnn::io::PickleValue;

/// Reads a value and what it holds, down to some depth.
void walk(const PickleValue& value, int depth) {
    switch (value.kind()) {
        case PickleKind::boolean:
            value.boolean();
            break;
        case PickleKind::integer:
        case PickleKind::number:
            value.number();
            break;
        case PickleKind::text:
            if (value.text().size() > (std::size_t{1} << 31)) __builtin_trap();
            break;
        case PickleKind::list:
        case PickleKind::tuple:
        case PickleKind::dictionary:
            for (std::size_t i = 0; i < value.size() && i < 4 && depth > 0; ++i) {
                if (value.is(PickleKind::dictionary)) walk(value.key(i), depth - 1);
                walk(value[i], depth - 1);
            }
            break;
        default:
            break;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::accept_errors([&] {
        const auto pickle = xnn::io::unpickle("fuzz", std::string(reinterpret_cast<const char*>(data), size));
        walk(PickleValue("fuzz", pickle, pickle.root), 4);
        // What PtFile does with archives that hold what the pickle says, as far as that is small.
        std::vector<std::vector<std::byte>> storages;
        for (const auto& storage : pickle.storages)
            storages.emplace_back(
                static_cast<std::size_t>(storage.size < 4096 ? storage.size * xnn::size_of(storage.dtype) : 0));
        std::vector<xnn::io::StridedTensor> entries;
        for (const auto& tensor : pickle.tensors) {
            const auto& storage = pickle.storages[tensor.storage];
            if (storage.size >= 4096) continue;
            const auto &extents = pickle.shapes[tensor.extents], &strides = pickle.shapes[tensor.strides];
            const bool empty = *xnn::io::stored_bytes(storage.dtype, extents) == 0;
            const auto* elements = storages[tensor.storage].data();
            entries.push_back({std::to_string(entries.size()), storage.dtype, extents, strides,
                               empty ? nullptr : elements + tensor.offset * xnn::size_of(storage.dtype)});
        }
        const fuzz::Model model(entries);
        xnn::io::load_state("fuzz", entries, model.state(), false);
    });
}
