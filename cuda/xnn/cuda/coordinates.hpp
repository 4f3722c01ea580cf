// Where number i stands in arrays of three dimensions and in images of channels.
#pragma once

#include "xnn/cuda/config.hpp"

namespace xnn::cuda {

/// Extents or positions within one channel, in numbers that a GPU divides fast.
using Coordinates = FixedArray<int, 3>;

inline Coordinates narrow(const Dims<3>& dims) { return {static_cast<int>(dims[0]), static_cast<int>(dims[1]), static_cast<int>(dims[2])}; }

/// Position i of an array of three dimensions as its coordinates.
template <class I>
XNN_INLINE FixedArray<I, 3> coordinates(index_t i, const FixedArray<I, 3>& extents) {
    const index_t row = quotient(i, extents[2]), plane = quotient(row, extents[1]);
    return {static_cast<I>(plane), static_cast<I>(row - plane * extents[1]), static_cast<I>(i - row * extents[2])};
}
/// The reverse.
XNN_INLINE index_t position_of(const Coordinates& at, const Coordinates& extents) {
    return (static_cast<index_t>(at[0]) * extents[1] + at[1]) * extents[2] + at[2];
}

/// Element i of images [image, channel, size].
struct Pixel {
    index_t image, channel, position;
    XNN_INLINE Pixel(index_t i, index_t channels, index_t size) {
        const index_t plane = quotient(i, size);
        position = i - plane * size;
        image = quotient(plane, channels);
        channel = plane - image * channels;
    }
};

}  // namespace xnn::cuda
