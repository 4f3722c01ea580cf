// Parts of a checkpoint as the dictionaries, lists, numbers and tensors that PyTorch's users save.
#pragma once

#include <deque>
#include <filesystem>
#include <span>
#include <string_view>

#include "xnn/io/checkpoint/part.hpp"
#include "xnn/io/pt.hpp"

namespace xnn::io::detail {

/// Writes the parts of a checkpoint.
class CheckpointWriter {
public:
    explicit CheckpointWriter(const std::filesystem::path& path) : file_(path), out_(file_.pickle()) {}

    void write(std::span<const CheckpointPart> parts) {
        out_.code('}');
        out_.code('(');
        for (const auto& part : parts) {
            out_.text(part.name);
            part.layout == CheckpointPart::Layout::names ? file_.state(part.state) : tree(part.state, 0);
        }
        out_.code('u');
        file_.commit();
    }

private:
    /// Entries whose names agree up to `start`, where the next segment begins.
    void tree(std::span<const NamedBuffer> entries, std::size_t start) {
        if (entries.size() == 1 && entries[0].name.size() <= start) return leaf(entries[0]);
        const std::string_view within = std::string_view(entries[0].name).substr(0, start);
        const bool numbered = number_of(segment(entries[0].name, start)).has_value();
        const bool list = numbered && within != parameter_states;
        out_.code(list ? ']' : '}');
        out_.code('(');
        if (start == 0 && entries[0].name.starts_with(option_groups)) {  // an optimiser that remembers nothing says so
            out_.text("state");
            out_.code('}');
        }
        for (std::size_t first = 0, end = 0; first < entries.size(); first = end) {
            const auto key = segment(entries[first].name, start);
            while (end < entries.size() && segment(entries[end].name, start) == key) ++end;
            if (!list) numbered ? out_.integer(static_cast<std::int64_t>(*number_of(key))) : out_.text(key);
            tree(entries.subspan(first, end - first), start + key.size() + 1);
        }
        out_.code(list ? 'e' : 'u');
    }

    void leaf(const NamedBuffer& entry) {
        if (!entry.plain) return entry.name.ends_with(".step") ? step(entry) : file_.tensor(entry);
        if (entry.extents.empty()) return plain(entry, 0);
        const bool places = entry.dtype == Dtype::I64;  // a list; numbers are a tuple, as betas
        if (places) out_.code(']');
        out_.code('(');
        for (index_t i = 0; i < entry.size(); ++i) plain(entry, i);
        out_.code(places ? 'e' : 't');
    }
    void plain(const NamedBuffer& entry, index_t i) {
        if (entry.dtype == Dtype::BOOL)
            out_.boolean(static_cast<const bool*>(entry.data)[i]);
        else if (entry.dtype == Dtype::I64)
            out_.integer(static_cast<const std::int64_t*>(entry.data)[i]);
        else
            out_.number(static_cast<const double*>(entry.data)[i]);
    }
    /// PyTorch counts steps in a tensor of float32, which does not hold all numbers above 2^24; it takes float64 as well.
    void step(const NamedBuffer& entry) {
        const auto count = static_cast<double>(*static_cast<const std::int64_t*>(entry.data));
        if (static_cast<double>(static_cast<float>(count)) == count)
            file_.tensor({"", Dtype::F32, {}, &floats_.emplace_back(static_cast<float>(count))});
        else
            file_.tensor({"", Dtype::F64, {}, &doubles_.emplace_back(count)});
    }

    PtWriter file_;
    PickleWriter& out_;
    std::deque<float> floats_;  // must last until commit()
    std::deque<double> doubles_;
};

}  // namespace xnn::io::detail
