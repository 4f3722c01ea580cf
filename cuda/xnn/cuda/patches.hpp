// The patches that a convolution's window sees, as a matrix, and the sum of such patches in the image they came from.
#pragma once

#include "xnn/core/conv_geometry.hpp"
#include "xnn/core/dtype.hpp"
#include "xnn/cuda/window.hpp"

namespace xnn {

namespace cuda::conv {

inline Window window_of(const ConvGeometry& g) {
    return {narrow(g.input), narrow(g.kernel), narrow(g.stride), narrow(g.dilation), narrow(g.pad_before), narrow(g.output())};
}

/// Where patches stand: row [channel, element of the window] of the matrix, column [image, place].
struct PatchLayout {
    index_t row;    // from one row to the next
    index_t image;  // from one image to the next
};

/// patches [+]= what the windows see: a thread for each place of a channel of an image.
template <class T>
struct TakePatches {
    Window window;
    PatchLayout layout;
    index_t channels, kernel_size, input_size, places;
    const T* x;
    T* patches;
    bool accumulate;

    XNN_INLINE void operator()(index_t i) const {
        const Pixel pixel(i, channels, places);
        const Coordinates p = coordinates(pixel.position, window.output);
        const T* const from = x + (pixel.image * channels + pixel.channel) * input_size;
        T* to = patches + pixel.channel * kernel_size * layout.row + pixel.image * layout.image + pixel.position;
        for (int a = 0; a < window.kernel[0]; ++a) {
            const int z = window.source(0, p[0], a);
            for (int b = 0; b < window.kernel[1]; ++b) {
                const int y = window.source(1, p[1], b);
                const bool in_row = window.has(0, z) && window.has(1, y);
                const T* const row = from + (in_row ? position_of({z, y, 0}, window.input) : 0);
                for (int c = 0; c < window.kernel[2]; ++c, to += layout.row) {
                    const int k = window.source(2, p[2], c);
                    const T value = in_row && window.has(2, k) ? row[k] : T(0);
                    *to = accumulate ? static_cast<T>(static_cast<compute_t<T>>(*to) + static_cast<compute_t<T>>(value)) : value;
                }
            }
        }
    }
};

/// x = [x +] bias + the patches, each element summed where TakePatches takes it from: a thread for each element of x.
template <class T>
struct SumPatches {
    Window window;
    PatchLayout layout;
    index_t channels, kernel_size, input_size;
    const T* patches;
    const T* bias;  // of each channel, or null
    T* x;
    bool accumulate;

    XNN_INLINE void operator()(index_t i) const {
        const Pixel pixel(i, channels, input_size);
        compute_t<T> sum(0);
        if (accumulate) sum += static_cast<compute_t<T>>(x[i]);
        if (bias) sum += static_cast<compute_t<T>>(bias[pixel.channel]);
        const T* const from = patches + pixel.channel * kernel_size * layout.row + pixel.image * layout.image;
        window.for_each_place(coordinates(pixel.position, window.input), [&](int element, const Coordinates& place) {
            sum += static_cast<compute_t<T>>(from[element * layout.row + position_of(place, window.output)]);
        });
        x[i] = static_cast<T>(sum);
    }
};

template <class T, Device D>
void take_patches(D device, const ConvGeometry& g, const PatchLayout& layout, const T* x, T* patches, bool accumulate = false) {
    const index_t places = g.output_size();
    launch(device, g.batch * g.in_channels * places,
                 TakePatches<T>{window_of(g), layout, g.in_channels, g.kernel_size(), g.input_size(), places, x, patches, accumulate});
}

template <class T, Device D>
void sum_patches(D device, const ConvGeometry& g, const PatchLayout& layout, const T* patches, const T* bias, T* x, bool accumulate) {
    launch(device, g.batch * g.in_channels * g.input_size(),
                 SumPatches<T>{window_of(g), layout, g.in_channels, g.kernel_size(), g.input_size(), patches, bias, x, accumulate});
}

/// The layout of [image, row, place].
inline PatchLayout by_image(const ConvGeometry& g) {
    const index_t places = g.output_size();
    return {places, g.in_channels * g.kernel_size() * places};
}

}  // namespace cuda::conv

namespace kernels {

/// As unfold of the Cpu: one launch.
template <Floating T, cuda::Device D>
void unfold(D device, const ConvGeometry& g, const T* x, T* patches, bool accumulate) {
    cuda::conv::take_patches(device, g, cuda::conv::by_image(g), x, patches, accumulate);
}

/// As fold of the Cpu: one launch.
template <Floating T, cuda::Device D>
void fold(D device, const ConvGeometry& g, const T* patches, T* x, bool accumulate) {
    cuda::conv::sum_patches(device, g, cuda::conv::by_image(g), patches, static_cast<const T*>(nullptr), x, accumulate);
}

}  // namespace kernels
}  // namespace xnn
