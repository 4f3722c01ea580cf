// The IDX format of MNIST and its kin: two zero bytes, a dtype, the number of dimensions, extents, elements. All of it
// is big-endian.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "xnn/io/gzip.hpp"
#include "xnn/io/stored_tensor.hpp"

namespace xnn::data {

namespace detail {

inline std::optional<Dtype> idx_dtype(int code) {
    constexpr std::pair<int, Dtype> codes[] = {{0x08, Dtype::U8},  {0x09, Dtype::I8},  {0x0B, Dtype::I16},
                                               {0x0C, Dtype::I32}, {0x0D, Dtype::F32}, {0x0E, Dtype::F64}};
    for (const auto& [known, dtype] : codes)
        if (code == known) return dtype;
    return std::nullopt;
}

}  // namespace detail

/// Reads the bytes of an IDX file and turns their elements around in place, to the machine's byte order. Throws Error,
/// naming the source, unless they are exactly one array.
inline io::StoredTensor parse_idx(std::string_view source, std::span<std::byte> bytes) {
    const auto byte = [&](std::size_t i) { return std::to_integer<index_t>(bytes[i]); };
    if (bytes.size() < 4 || byte(0) != 0 || byte(1) != 0) fail(source, "an IDX file", "another beginning");
    const auto dtype = detail::idx_dtype(static_cast<int>(byte(2)));
    if (!dtype) fail(source, "a dtype code of IDX (8, 9, 11 to 14)", std::to_string(byte(2)));
    const auto rank = static_cast<std::size_t>(byte(3));
    const std::size_t header = 4 + 4 * rank;
    if (bytes.size() < header) fail(source, std::to_string(rank) + " extents", "the end of the file");
    std::vector<index_t> extents;
    for (std::size_t i = 4; i < header; i += 4)
        extents.push_back(byte(i) << 24 | byte(i + 1) << 16 | byte(i + 2) << 8 | byte(i + 3));

    const auto needed = io::stored_bytes(*dtype, extents);
    const auto available = static_cast<index_t>(bytes.size() - header);
    if (!needed || *needed != available)
        fail(source, "as many bytes as " + io::describe(*dtype, extents) + " takes", std::to_string(available));
    const auto size = static_cast<std::size_t>(size_of(*dtype));
    for (std::size_t i = header; size > 1 && i < bytes.size(); i += size) std::ranges::reverse(bytes.subspan(i, size));
    return {std::string(source), *dtype, std::move(extents), bytes.data() + header};
}

/// Reads an IDX file, plain or packed with gzip, as a tensor of this type; throws Error, naming the file, where it is
/// not one: `load_idx<Tensor<std::uint8_t, Shape<dyn, 28, 28>>>("train-images-idx3-ubyte.gz")`.
template <class TensorType>
TensorType load_idx(const std::filesystem::path& path) {
    auto bytes = io::read_file_unpacked(path);
    return io::to_tensor<TensorType>(path.string(), parse_idx(path.string(), bytes));
}

}  // namespace xnn::data
