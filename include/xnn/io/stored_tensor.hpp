// A tensor as a file holds it: a name, a dtype, extents and bytes, before it is known whether anybody wants it.
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xnn/core/load_state.hpp"
#include "xnn/core/tensor.hpp"

namespace xnn::io {

using xnn::describe;

static_assert(std::endian::native == std::endian::little,
              "files hold little-endian elements, which are copied as they are");

/// One entry of a file: row-major little-endian elements, of any alignment. Does not own them.
struct StoredTensor {
    std::string name;
    Dtype dtype;
    std::vector<index_t> extents;
    const std::byte* data;
};

/// Bytes that elements of these extents take; nothing where no memory could be so large or an extent is negative.
template <class Extents>
std::optional<index_t> stored_bytes(Dtype dtype, const Extents& extents) {
    index_t bytes = size_of(dtype);
    for (const index_t extent : extents) {
        if (extent < 0 || (extent != 0 && bytes > std::numeric_limits<index_t>::max() / extent)) return std::nullopt;
        bytes *= extent;
    }
    return bytes;
}

/// Throws Error if a bool is neither 0 nor 1: C++ has no such value.
inline void check_bools(std::string_view source, const StoredTensor& stored) {
    if (stored.dtype != Dtype::BOOL) return;
    const auto bytes = *stored_bytes(stored.dtype, stored.extents);
    for (index_t i = 0; i < bytes; ++i)
        if (const int value = std::to_integer<int>(stored.data[i]); value > 1)
            fail(source, "bools that are 0 or 1", std::to_string(value));
}

/// A copy as a tensor of this type; throws Error, naming the source, where dtype or extents do not fit it.
template <class TensorType>
TensorType to_tensor(std::string_view source, const StoredTensor& stored) {
    using S = typename TensorType::shape_type;
    constexpr Dtype dtype = dtype_of<typename TensorType::value_type>;
    Dims<S::rank> extents{};
    const bool right_rank = stored.extents.size() == S::rank;
    for (std::size_t i = 0; right_rank && i < S::rank; ++i) extents[i] = stored.extents[i];
    if (stored.dtype != dtype || !right_rank || !fits(S::static_extents, extents))
        fail(source, describe(dtype, S::static_extents), describe(stored.dtype, stored.extents));
    check_bools(source, stored);
    const S shape(extents);
    TensorType result(shape);
    if (const auto bytes = *stored_bytes(stored.dtype, stored.extents); bytes != 0)
        copy_bytes(typename TensorType::device{}, result.data(), Cpu{}, stored.data, static_cast<std::size_t>(bytes));
    return result;
}

}  // namespace xnn::io
