// Pickles as torch.save writes them: numbers, containers, and tensors, each a part of a storage beside the pickle.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "xnn/core/named_buffer.hpp"
#include "xnn/io/pickle/reader.hpp"

namespace xnn::io {

namespace detail {

/// Whether bytes are text as Python reads it: UTF-8 without surrogates, each character in its shortest form.
inline bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
        const unsigned first = byte(i);
        const std::size_t length = first < 0x80   ? 1
                                   : first < 0xc2 ? 0
                                   : first < 0xe0 ? 2
                                   : first < 0xf0 ? 3
                                   : first < 0xf5 ? 4
                                                  : 0;
        if (length == 0) return false;
        for (std::size_t k = 1; k < length; ++k)
            if ((byte(i + k) & 0xc0U) != 0x80U) return false;
        const unsigned second = byte(i + 1);
        if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) || (first == 0xf0 && second < 0x90) ||
            (first == 0xf4 && second >= 0x90))
            return false;
        i += length;
    }
    return true;
}

/// Puts together a pickle of protocol 2.
class PickleWriter {
public:
    void code(char c) { bytes_ += c; }
    void text(std::string_view value) {
        code('X');
        raw(static_cast<std::uint32_t>(value.size()));
        bytes_ += value;
    }
    void integer(std::int64_t value) {
        if (value >= 0 && value < 256) {
            code('K');
            raw(static_cast<std::uint8_t>(value));
        } else if (value == static_cast<std::int32_t>(value)) {
            code('J');
            raw(static_cast<std::int32_t>(value));
        } else {
            bytes_ += "\x8a\x08";
            raw(value);
        }
    }
    void number(double value) {
        code('G');  // big-endian
        const auto bits = std::bit_cast<std::uint64_t>(value);
        for (int shift = 56; shift >= 0; shift -= 8) code(static_cast<char>(bits >> shift & 0xffU));
    }
    void boolean(bool value) { code(value ? '\x88' : '\x89'); }
    void callable(std::string_view module, std::string_view name) {
        code('c');
        bytes_.append(module).append("\n").append(name).append("\n");
    }
    void ordered_dict() {
        callable("collections", "OrderedDict");
        bytes_ += ")R";
    }
    void tuple(const std::vector<index_t>& values) {
        code('(');
        for (const index_t value : values) integer(value);
        code('t');
    }
    std::string take() && { return std::move(bytes_); }

private:
    template <class T>
    void raw(T value) {
        bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    std::string bytes_ = "\x80\x02";
};

/// (storage, 0, extents, strides, requires_grad, hooks): all of the storage `key`.
inline void write_tensor(PickleWriter& out, const NamedBuffer& buffer, const std::string& key) {
    std::vector<index_t> strides(buffer.extents.size());
    index_t stride = 1;
    for (std::size_t i = strides.size(); i-- > 0; stride *= std::max<index_t>(buffer.extents[i], 1))
        strides[i] = stride;

    out.callable("torch._utils", "_rebuild_tensor_v2");
    out.code('(');
    out.code('(');
    out.text("storage");
    out.callable("torch", storage_types[static_cast<std::size_t>(buffer.dtype)].second);
    out.text(key);
    out.text("cpu");
    out.integer(buffer.size());
    out.code('t');
    out.code('Q');
    out.integer(0);
    out.tuple(buffer.extents);
    out.tuple(strides);
    out.code('\x89');
    out.ordered_dict();
    out.code('t');
    out.code('R');
}

/// The entries of a state dict, which key_of(entry) gives the names of their storages. Throws Error if a name is no text or
/// stands twice.
template <class KeyOf>
void write_entries(PickleWriter& out, std::string_view source, const StateDict& entries, KeyOf&& key_of) {
    std::set<std::string_view> names;
    out.ordered_dict();
    out.code('(');
    for (const auto& entry : entries) {
        if (!is_utf8(entry.name)) fail(source, "names in UTF-8", entry.name);
        if (!names.insert(entry.name).second) fail(source, "each name once", entry.name);
        out.text(entry.name);
        write_tensor(out, entry, key_of(entry));
    }
    out.code('u');
}

}  // namespace detail

}  // namespace xnn::io
