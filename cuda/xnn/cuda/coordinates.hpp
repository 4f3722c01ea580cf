// Where number i stands in arrays of three dimensions and in images of channels.
#pragma once

#include "xnn/cuda/config.hpp"

namespace xnn::cuda {

/// Position i of an array of three dimensions as its coordinates.
XNN_INLINE Dims<3> coordinates(index_t i, const Dims<3>& extents) {
    const index_t row = quotient(i, extents[2]), plane = quotient(row, extents[1]);
    return {plane, row - plane * extents[1], i - row * extents[2]};
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
