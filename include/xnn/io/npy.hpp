// numpy's .npy files, which hold one array: magic, version, the length of a header, the header (a Python dictionary),
// elements. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xnn/io/file.hpp"
#include "xnn/io/stored_tensor.hpp"

namespace xnn::io {

namespace detail {

inline constexpr std::string_view npy_magic = "\x93NUMPY";

/// How numpy spells the dtypes that it shares with xnn; it has no bfloat16.
inline constexpr std::pair<Dtype, std::string_view> npy_dtypes[] = {
    {Dtype::F16, "<f2"}, {Dtype::F32, "<f4"}, {Dtype::F64, "<f8"}, {Dtype::U8, "|u1"},  {Dtype::I8, "|i1"},
    {Dtype::I16, "<i2"}, {Dtype::I32, "<i4"}, {Dtype::I64, "<i8"}, {Dtype::BOOL, "|b1"}};

/// Reads a header such as `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
class NpyHeader {
public:
    NpyHeader(std::string_view source, std::string_view text) : source_(source), text_(text), rest_(text) {
        int seen = 0;
        expect('{');
        while (!accept('}')) {
            const auto key = quoted();
            expect(':');
            if (key == "descr") {
                read_dtype();
                seen |= 1;
            } else if (key == "fortran_order") {
                read_order();
                seen |= 2;
            } else if (key == "shape") {
                read_shape();
                seen |= 4;
            } else {
                reject();
            }
            if (!accept(',') && next() != '}') reject();
        }
        next();
        if (seen != 7 || !rest_.empty()) reject();
    }

    Dtype dtype{};
    std::vector<index_t> extents;

private:
    [[noreturn]] void reject() const {
        fail(source_, "an npy header with descr, fortran_order and shape",
             text_.substr(0, text_.find_last_not_of(" \n") + 1));
    }

    char next() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n')) rest_.remove_prefix(1);
        return rest_.empty() ? '\0' : rest_.front();
    }
    bool accept(char c) {
        if (next() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool accept(std::string_view word) {
        next();
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }
    void expect(char c) {
        if (!accept(c)) reject();
    }

    std::string_view quoted() {
        expect('\'');
        const auto length = rest_.find('\'');
        if (length == std::string_view::npos) reject();
        const auto result = rest_.substr(0, length);
        rest_.remove_prefix(length + 1);
        return result;
    }

    void read_dtype() {
        if (next() == '[') fail(source_, "elements of one dtype", "a structured dtype");
        const auto name = quoted();
        for (const auto& [value, spelling] : npy_dtypes) {
            if (name != spelling) continue;
            dtype = value;
            return;
        }
        fail(source_, "a little-endian dtype that tensors can hold", name);
    }

    void read_order() {
        if (accept("True")) fail(source_, "elements in C order", "Fortran order");
        if (!accept("False")) reject();
    }

    void read_shape() {
        extents.clear();
        expect('(');
        while (!accept(')')) {
            next();
            index_t extent = -1;
            const auto [end, problem] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
            if (problem != std::errc{} || extent < 0) reject();
            rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
            extents.push_back(extent);
            if (!accept(',') && next() != ')') reject();
        }
    }

    std::string_view source_;
    std::string_view text_;
    std::string_view rest_;
};

/// What stands before the elements, byte for byte as numpy.save writes it.
inline std::string npy_header(std::string_view source, Dtype dtype, std::span<const index_t> extents) {
    const auto* const spelling = std::ranges::find(npy_dtypes, dtype, [](auto& pair) { return pair.first; });
    if (spelling == std::end(npy_dtypes)) fail(source, "a dtype that numpy has", name_of(dtype));
    std::string header = "{'descr': '" + std::string(spelling->second) + "', 'fortran_order': False, 'shape': (";
    for (std::size_t i = 0; i < extents.size(); ++i)
        header += (i == 0 ? "" : " ") + std::to_string(extents[i]) + (i + 1 < extents.size() || i == 0 ? "," : "");
    header += "), }";
    // numpy leaves room for the first extent to grow in place, and starts the elements at a multiple of 64.
    if (!extents.empty()) header.append(21 - std::to_string(extents[0]).size(), ' ');
    const std::size_t before = npy_magic.size() + 4;
    header.append(64 - (before + header.size() + 1) % 64, ' ');
    header += '\n';
    const auto length = static_cast<std::uint16_t>(header.size());
    std::string start = std::string(npy_magic) + std::string("\1\0", 2);
    start.append(reinterpret_cast<const char*>(&length), sizeof length);
    return start + header;
}

}  // namespace detail

/// The array in the bytes of an .npy file, which must outlive it; throws Error, naming the source, if they are not one.
inline StoredTensor parse_npy(std::string_view source, std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::size_t length_start = detail::npy_magic.size() + 2;
    if (!text.starts_with(detail::npy_magic)) fail(source, "an npy file", "another beginning");
    if (text.size() < length_start + 4) fail(source, "an npy header", "the end of the file");
    const int version = std::to_integer<int>(bytes[detail::npy_magic.size()]);
    if (version < 1 || version > 3) fail(source, "npy version 1, 2 or 3", std::to_string(version));
    const std::size_t length_bytes = version == 1 ? 2 : 4;
    std::uint32_t length = 0;
    std::memcpy(&length, text.data() + length_start, length_bytes);
    const std::size_t header_start = length_start + length_bytes;
    if (length > text.size() - header_start)
        fail(source, "a header of " + std::to_string(length) + " bytes",
             "a file that ends after " + std::to_string(text.size() - header_start));

    const detail::NpyHeader header(source, text.substr(header_start, length));
    const std::size_t data_start = header_start + length;
    const auto needed = stored_bytes(header.dtype, header.extents);
    const auto available = static_cast<index_t>(bytes.size() - data_start);
    if (!needed || *needed != available)
        fail(source, "as many bytes as " + describe(header.dtype, header.extents) + " takes",
             std::to_string(available));
    return {std::string(source), header.dtype, header.extents, bytes.data() + data_start};
}

/// Reads a tensor of this type; throws Error where the file does not hold one:
/// `load_npy<Tensor<float, Shape<dyn, 3>>>("a.npy")`.
template <class TensorType>
TensorType load_npy(const std::filesystem::path& path) {
    const auto bytes = read_file(path);
    return to_tensor<TensorType>(path.string(), parse_npy(path.string(), bytes));
}

/// Writes a tensor, byte for byte as numpy.save does.
template <class T, AnyShape S, class Device>
void save_npy(const std::filesystem::path& path, const Tensor<T, S, Device>& tensor) {
    static_assert(!std::same_as<T, bfloat16>, "numpy has no bfloat16: save a tensor of float");
    if constexpr (!xnn::detail::is_host_memory<Device>) {
        Tensor<T, S, Cpu> copy(tensor.shape());
        xnn::detail::copy_elements<Cpu, Device>(copy.data(), tensor.data(), tensor.size());
        return save_npy(path, copy);
    }
    const auto extents = tensor.shape().extents();
    AtomicFile file(path);
    file.write(detail::npy_header(path.string(), dtype_of<T>, std::span<const index_t>(extents.data(), extents.size())));
    file.write(tensor.data(), static_cast<std::size_t>(tensor.size()) * sizeof(T));
    file.commit();
}

}  // namespace xnn::io
