// Checkpoints in the safetensors format: the header's length (8 bytes, little-endian), a JSON header, then the elements
// of all entries without gaps. https://github.com/huggingface/safetensors
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "xnn/io/file.hpp"
#include "xnn/io/load_state.hpp"

namespace xnn::io {

/// Free text that a checkpoint carries: the format wants strings.
using Metadata = std::map<std::string, std::string>;

/// A safetensors file in memory. Its header has been checked: every entry lies within the file, none overlaps another.
class SafetensorsFile {
public:
    /// Reads the file; throws Error, naming it, if anything about it is wrong.
    explicit SafetensorsFile(const std::filesystem::path& path) : SafetensorsFile(path.string(), read_file(path)) {}
    /// From the bytes of a file; messages call them `source`.
    SafetensorsFile(std::string source, std::vector<std::byte> bytes)
        : source_(std::move(source)), bytes_(std::move(bytes)) {
        const std::size_t header_bytes = read_header_length();
        const char* text = reinterpret_cast<const char*>(bytes_.data()) + sizeof(std::uint64_t);
        read_header(parse(std::string_view(text, header_bytes)), sizeof(std::uint64_t) + header_bytes);
        check_order(sizeof(std::uint64_t) + header_bytes);
    }

    /// The file's name, as messages say it.
    const std::string& source() const { return source_; }
    /// All entries, in the order in which the file holds their elements; valid as long as this object lives.
    const std::vector<StoredTensor>& entries() const { return entries_; }
    const Metadata& metadata() const { return metadata_; }

    bool contains(std::string_view name) const { return find(name) != entries_.end(); }

    /// The entry of this name; throws Error if there is none.
    const StoredTensor& operator[](std::string_view name) const {
        const auto found = find(name);
        if (found == entries_.end()) fail(source_, "an entry " + std::string(name), "none of this name");
        return *found;
    }

    /// A copy of an entry; throws Error where dtype or extents do not fit the type.
    template <class TensorType>
    TensorType tensor(std::string_view name) const {
        return to_tensor<TensorType>(source_ + ": " + std::string(name), (*this)[name]);
    }

private:
    using Json = nlohmann::json;

    std::vector<StoredTensor>::const_iterator find(std::string_view name) const {
        return std::ranges::find(entries_, name, &StoredTensor::name);
    }

    std::size_t read_header_length() const {
        std::uint64_t length = 0;
        if (bytes_.size() < sizeof length)
            fail(source_, "a safetensors file", std::to_string(bytes_.size()) + " bytes");
        std::memcpy(&length, bytes_.data(), sizeof length);
        if (length > bytes_.size() - sizeof length)
            fail(source_, "a header of " + std::to_string(length) + " bytes",
                 "a file that ends after " + std::to_string(bytes_.size() - sizeof length) + " more");
        return static_cast<std::size_t>(length);
    }

    Json parse(std::string_view text) const {
        if (!text.starts_with('{')) fail(source_, "a JSON object as header", "something else");
        std::vector<std::set<std::string>> names;  // of the objects that are open: JSON itself permits duplicates
        const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
            if (depth > 4) fail(source_, "a header of entries", "a deeper nesting");
            if (event == Json::parse_event_t::object_start) names.emplace_back();
            if (event == Json::parse_event_t::object_end) names.pop_back();
            if (event == Json::parse_event_t::key && !names.back().insert(value.get<std::string>()).second)
                fail(source_, "each name once", value.get<std::string>() + " twice");
            return true;
        };
        try {
            return Json::parse(text, check);
        } catch (const Json::exception& problem) { fail(source_, "a JSON object as header", problem.what()); }
    }

    void read_header(const Json& header, std::size_t data_start) {
        for (const auto& [name, entry] : header.items()) {
            if (name == "__metadata__")
                read_metadata(entry);
            else
                read_entry(name, entry, data_start);
        }
    }

    void read_metadata(const Json& entry) {
        if (!entry.is_object()) fail(source_, "an object as __metadata__", entry.type_name());
        for (const auto& [key, value] : entry.items()) {
            if (!value.is_string()) fail(source_, "a string as metadata " + key, value.type_name());
            metadata_[key] = value.get<std::string>();
        }
    }

    void read_entry(const std::string& name, const Json& entry, std::size_t data_start) {
        const std::string where = source_ + ": " + name;
        const bool complete = entry.is_object() && entry.size() == 3 && entry.contains("dtype") &&
                              entry.contains("shape") && entry.contains("data_offsets") && entry["dtype"].is_string();
        if (!complete) fail(where, "dtype, shape and data_offsets", entry.dump());
        const Dtype dtype = read_dtype(where, entry["dtype"].get<std::string>());
        const auto extents = read_numbers(where, "shape", entry["shape"]);
        const auto offsets = read_numbers(where, "data_offsets", entry["data_offsets"]);
        const auto available = static_cast<index_t>(bytes_.size() - data_start);
        if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > available)
            fail(where, "data_offsets within " + std::to_string(available) + " bytes of data", to_text(offsets));
        const auto bytes = stored_bytes(dtype, extents);
        if (!bytes || *bytes != offsets[1] - offsets[0])
            fail(where, "as many bytes as " + describe(dtype, extents) + " takes",
                 std::to_string(offsets[1] - offsets[0]));
        entries_.push_back({name, dtype, extents, bytes_.data() + data_start + offsets[0]});
    }

    static Dtype read_dtype(const std::string& where, const std::string& text) {
        for (const auto& [dtype, name] : dtype_names)
            if (text == name) return dtype;
        fail(where, "a dtype that tensors can hold", text);
    }

    static std::vector<index_t> read_numbers(const std::string& where, const char* what, const Json& list) {
        std::vector<index_t> numbers;
        bool right = list.is_array();
        for (std::size_t i = 0; right && i < list.size(); ++i) {
            right = list[i].is_number_unsigned() && list[i].get<std::uint64_t>() <= std::uint64_t{PTRDIFF_MAX};
            if (right) numbers.push_back(list[i].get<index_t>());
        }
        if (!right) fail(where, std::string("whole numbers as ") + what, list.dump());
        return numbers;
    }

    /// Entries in the order of their elements; they must fill the rest of the file without gap or overlap.
    void check_order(std::size_t data_start) {
        const auto bytes = [](const StoredTensor& entry) { return *stored_bytes(entry.dtype, entry.extents); };
        std::ranges::sort(entries_, [&](const StoredTensor& a, const StoredTensor& b) {
            return std::tuple(a.data, bytes(a), std::string_view(a.name)) <
                   std::tuple(b.data, bytes(b), std::string_view(b.name));  // an empty entry before its neighbour
        });
        const std::byte* position = bytes_.data() + data_start;
        for (const auto& entry : entries_) {
            if (entry.data != position)
                fail(source_ + ": " + entry.name, "elements right behind the previous entry's",
                     entry.data < position ? "an overlap with it" : "a gap");
            position += bytes(entry);
        }
        if (position != bytes_.data() + bytes_.size())
            fail(source_, "a file that ends with its last entry",
                 std::to_string(bytes_.data() + bytes_.size() - position) + " bytes more");
    }

public:
    /// How the format spells the dtypes.
    static constexpr std::pair<Dtype, std::string_view> dtype_names[] = {
        {Dtype::F16, "F16"}, {Dtype::BF16, "BF16"}, {Dtype::F32, "F32"}, {Dtype::F64, "F64"}, {Dtype::U8, "U8"},
        {Dtype::I8, "I8"},   {Dtype::I16, "I16"},   {Dtype::I32, "I32"}, {Dtype::I64, "I64"}, {Dtype::BOOL, "BOOL"}};

private:
    std::string source_;
    std::vector<std::byte> bytes_;
    std::vector<StoredTensor> entries_;
    Metadata metadata_;
};

namespace detail {

inline std::string json_string(const std::string& source, const std::string& text) {
    try {
        return nlohmann::json(text).dump();
    } catch (const nlohmann::json::exception& problem) { fail(source, "names and metadata in UTF-8", problem.what()); }
}

/// Wide elements first, so that each entry starts at a multiple of its element's size; else the state dict's order.
inline std::vector<const NamedBuffer*> aligned_order(const StateDict& entries) {
    std::vector<const NamedBuffer*> order;
    for (const auto& entry : entries) order.push_back(&entry);
    std::ranges::sort(order, [](const NamedBuffer* a, const NamedBuffer* b) {
        const index_t size_a = size_of(a->dtype), size_b = size_of(b->dtype);
        return size_a != size_b ? size_a > size_b : a < b;  // all point into one state dict
    });
    return order;
}

inline std::string safetensors_header(const std::string& source, const std::vector<const NamedBuffer*>& order,
                                      const Metadata& metadata) {
    std::string header = "{";
    if (!metadata.empty()) {
        header += "\"__metadata__\":{";
        for (const auto& [key, value] : metadata)
            header += json_string(source, key) + ":" + json_string(source, value) + ",";
        header.back() = '}';
        header += ",";
    }
    index_t offset = 0;
    std::set<std::string_view> names{"__metadata__"};
    for (const NamedBuffer* entry : order) {
        if (!names.insert(entry->name).second) fail(source, "each name once and no __metadata__", entry->name);
        header += json_string(source, entry->name) + ":{\"dtype\":\"";
        const auto has_dtype = [&](auto& pair) { return pair.first == entry->dtype; };
        header += std::ranges::find_if(SafetensorsFile::dtype_names, has_dtype)->second;
        header += "\",\"shape\":[";
        for (const index_t extent : entry->extents) header += std::to_string(extent) + ",";
        if (header.back() == ',') header.pop_back();
        header +=
            "],\"data_offsets\":[" + std::to_string(offset) + "," + std::to_string(offset + entry->bytes()) + "]},";
        offset += entry->bytes();
    }
    if (header.back() == ',') header.pop_back();
    header += "}";
    header.resize((header.size() + 7) / 8 * 8, ' ');  // so that the elements start at a multiple of eight
    return header;
}

}  // namespace detail

/// Writes a checkpoint. The file is complete or, after an Error, as it was.
inline void save_safetensors(const std::filesystem::path& path, const StateDict& entries,
                             const Metadata& metadata = {}) {
    const auto order = detail::aligned_order(entries);
    const std::string header = detail::safetensors_header(path.string(), order, metadata);
    const auto header_bytes = std::uint64_t{header.size()};
    AtomicFile file(path);
    file.write(&header_bytes, sizeof header_bytes);
    file.write(header);
    std::vector<std::byte> copy;
    for (const NamedBuffer* entry : order) file.write(entry->on_host(copy), static_cast<std::size_t>(entry->bytes()));
    file.commit();
}

/// Reads a checkpoint into the buffers of a state dict and says which names met no counterpart. Throws one Error that
/// lists everything that does not fit (missing and unexpected names only if `strict`); then the buffers are unchanged.
inline LoadResult load_safetensors(const std::filesystem::path& path, const StateDict& target, bool strict = true) {
    const SafetensorsFile file(path);
    return load_state(file.source(), file.entries(), target, strict);
}

}  // namespace xnn::io
