// Images taken apart into overlapping patches, and patches summed into images.
#pragma once

#include <algorithm>

#include "xnn/core/device.hpp"
#include "xnn/core/parallel.hpp"
#include "xnn/core/scratch.hpp"
#include "xnn/cpu/conv/unfold.hpp"
#include "xnn/cpu/widen.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace fold_detail {

struct Patches;  // names scratch memory
struct Image;    // names scratch memory

/// Calls task(channel) for each channel of each image.
template <class Task>
void for_each_channel(const ConvGeometry& g, const Task& task) {
    parallel_for(g.batch * g.in_channels, task);
}
inline conv_detail::OutputRows all_rows(const ConvGeometry& g) { return {0, g.output()[0] * g.output()[1]}; }

}  // namespace fold_detail

/// patches [batch, channels * kernel, places] [+]= the elements of x [batch, channels, input…] that the window of `g`
/// sees at each place, 0 in the padding.
template <Floating T>
void unfold(Cpu, const ConvGeometry& g, const T* x, T* patches, bool accumulate) {
    using namespace fold_detail;
    const index_t size = g.kernel_size() * g.output_size();
    for_each_channel(g, [&](index_t c) {
        T* to = patches + c * size;
        T* made = accumulate ? scratch<Patches, T>(size) : to;
        conv_detail::unfold(g, 1, all_rows(g), x + c * g.input_size(), made);
        if (!accumulate) return;
        for (index_t i = 0; i < size; ++i)
            to[i] = static_cast<T>(static_cast<compute_t<T>>(to[i]) + static_cast<compute_t<T>>(made[i]));
    });
}

/// x [+]= the patches, each element added where unfold() takes it from. 16-bit types are summed in float and rounded
/// once.
template <Floating T>
void fold(Cpu, const ConvGeometry& g, const T* patches, T* x, bool accumulate) {
    using namespace fold_detail;
    const index_t size = g.kernel_size() * g.output_size(), image_size = g.input_size();
    for_each_channel(g, [&](index_t c) {
        const T* from = patches + c * size;
        T* image = x + c * image_size;
        if constexpr (ReducedFloat<T>) {
            float* wide = accumulate ? wide_detail::widen<Image>(image, image_size) : scratch<Image, float>(image_size);
            if (!accumulate) std::fill_n(wide, image_size, 0.0F);
            conv_detail::fold(g, 1, all_rows(g), wide_detail::widen<Patches>(from, size), wide);
            wide_detail::convert_rows(wide, image_size, 1, image_size, image, image_size);
        } else {
            if (!accumulate) std::fill_n(image, image_size, T(0));
            conv_detail::fold(g, 1, all_rows(g), from, image);
        }
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
