// The patches that a convolution's window sees, as a matrix, and the sum of such patches in the image they came from.
#pragma once

#include "xnn/core/conv_geometry.hpp"
#include "xnn/core/dtype.hpp"
#include "xnn/cuda/coordinates.hpp"
#include "xnn/cuda/launch.hpp"

namespace xnn {

namespace cuda::conv {

/// A convolution's window and the arrays that it moves over, for kernels.
struct Window {
    Dims<3> input, kernel, stride, dilation, pad, output;

    static Window of(const ConvGeometry& g) { return {g.input, g.kernel, g.stride, g.dilation, g.pad_before, g.output()}; }

    /// Where element k of the window at place p stands in dimension d of the input; outside of it in the padding.
    XNN_INLINE index_t source(std::size_t d, index_t p, index_t k) const { return p * stride[d] + k * dilation[d] - pad[d]; }
    XNN_INLINE bool has(std::size_t d, index_t i) const { return i >= 0 && i < input[d]; }

    /// The place of the window whose element k is element i of the input, in dimension d; -1 if there is none.
    XNN_INLINE index_t place(std::size_t d, index_t i, index_t k) const {
        const index_t distance = i + pad[d] - k * dilation[d];
        if (distance < 0) return -1;
        const index_t p = quotient(distance, stride[d]);
        return p * stride[d] == distance && p < output[d] ? p : -1;
    }

    /// Calls f(element of the window, position in the channel of the input) for what the window at a place sees of it.
    template <class F>
    XNN_INLINE void for_each_source(const Dims<3>& p, const F& f) const {
        for (index_t a = 0; a < kernel[0]; ++a) {
            const index_t z = source(0, p[0], a);
            if (!has(0, z)) continue;
            for (index_t b = 0; b < kernel[1]; ++b) {
                const index_t y = source(1, p[1], b);
                if (!has(1, y)) continue;
                for (index_t c = 0; c < kernel[2]; ++c)
                    if (const index_t x = source(2, p[2], c); has(2, x)) f((a * kernel[1] + b) * kernel[2] + c, (z * input[1] + y) * input[2] + x);
            }
        }
    }
    /// Calls f(element of the window, place in the channel of the output) for all windows that see an element of the input.
    template <class F>
    XNN_INLINE void for_each_place(const Dims<3>& i, const F& f) const {
        for (index_t a = 0; a < kernel[0]; ++a) {
            const index_t z = place(0, i[0], a);
            if (z < 0) continue;
            for (index_t b = 0; b < kernel[1]; ++b) {
                const index_t y = place(1, i[1], b);
                if (y < 0) continue;
                for (index_t c = 0; c < kernel[2]; ++c)
                    if (const index_t x = place(2, i[2], c); x >= 0) f((a * kernel[1] + b) * kernel[2] + c, (z * output[1] + y) * output[2] + x);
            }
        }
    }
};

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
        const Dims<3> p = coordinates(pixel.position, window.output);
        const T* const from = x + (pixel.image * channels + pixel.channel) * input_size;
        T* to = patches + pixel.channel * kernel_size * layout.row + pixel.image * layout.image + pixel.position;
        for (index_t a = 0; a < window.kernel[0]; ++a) {
            const index_t z = window.source(0, p[0], a);
            for (index_t b = 0; b < window.kernel[1]; ++b) {
                const index_t y = window.source(1, p[1], b);
                const bool in_row = window.has(0, z) && window.has(1, y);
                const T* const row = from + (in_row ? (z * window.input[1] + y) * window.input[2] : 0);
                for (index_t c = 0; c < window.kernel[2]; ++c, to += layout.row) {
                    const index_t k = window.source(2, p[2], c);
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

    struct Add {
        const T* row;
        index_t pitch;
        compute_t<T>* sum;
        XNN_INLINE void operator()(index_t element, index_t place) const { *sum += static_cast<compute_t<T>>(row[element * pitch + place]); }
    };

    XNN_INLINE void operator()(index_t i) const {
        const Pixel pixel(i, channels, input_size);
        compute_t<T> sum(0);
        if (accumulate) sum += static_cast<compute_t<T>>(x[i]);
        if (bias) sum += static_cast<compute_t<T>>(bias[pixel.channel]);
        window.for_each_place(coordinates(pixel.position, window.input),
                              Add{patches + pixel.channel * kernel_size * layout.row + pixel.image * layout.image, layout.row, &sum});
        x[i] = static_cast<T>(sum);
    }
};

template <class T, Device D>
void take_patches(D device, const ConvGeometry& g, const PatchLayout& layout, const T* x, T* patches, bool accumulate = false) {
    const index_t places = g.output_size();
    launch(device, g.batch * g.in_channels * places,
                 TakePatches<T>{Window::of(g), layout, g.in_channels, g.kernel_size(), g.input_size(), places, x, patches, accumulate});
}

template <class T, Device D>
void sum_patches(D device, const ConvGeometry& g, const PatchLayout& layout, const T* patches, const T* bias, T* x, bool accumulate) {
    launch(device, g.batch * g.in_channels * g.input_size(),
                 SumPatches<T>{Window::of(g), layout, g.in_channels, g.kernel_size(), g.input_size(), patches, bias, x, accumulate});
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
