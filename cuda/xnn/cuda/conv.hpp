// Convolutions and their gradients: patches, one product, and what puts the result where it belongs.
//
// Launches, the products of cuBLAS among them, for each slab of images whose patches fit the memory that is taken for them:
//     forward          3: patches, product, bias and rectifier; 1x1: without patches; few output channels in a group: 1
//     backward data    2: product, sum of patches; 3 where images are small; 1x1: 1; few output channels in a group: 1
//     backward weight  3: gradients in the order of the patches, patches, product; few output channels in a group: 1 or 2
//     backward bias    1 or 2
// By cuDNN, where a program asks for it (cudnn_conv.hpp), one each, with a bias and rectifier; a bias of a transposed one is 1 more.
#pragma once

#include "xnn/cuda/cudnn_conv.hpp"
#include "xnn/cuda/direct_conv.hpp"
#include "xnn/cuda/gemm.hpp"
#include "xnn/cuda/permute.hpp"

namespace xnn {

namespace cuda::conv {

/// The images whose patches stand in memory at once.
struct Slabs {
    static constexpr index_t bytes = index_t{256} << 20;

    ConvGeometry g;
    index_t images;

    template <class T>
    static Slabs of(const ConvGeometry& g) {
        const index_t elements = (g.in_channels * g.kernel_size() + g.out_channels) * g.output_size();
        return {g, std::clamp<index_t>(bytes / std::max<index_t>(1, elements * static_cast<index_t>(sizeof(T))), 1, std::max<index_t>(1, g.batch))};
    }
    /// Calls body(geometry of a slab, its first image).
    template <class Body>
    void for_each(const Body& body) const {
        ConvGeometry slab = g;
        for (index_t first = 0; first < g.batch; first += images) {
            slab.batch = std::min(images, g.batch - first);
            body(slab, first);
        }
    }
};

/// Whether y is a matrix times x as it stands.
inline bool is_pointwise(const ConvGeometry& g) {
    constexpr Dims<3> one{1, 1, 1}, zero{0, 0, 0};
    return g.groups == 1 && g.kernel == one && g.stride == one && g.pad_before == zero && g.pad_after == zero;
}
/// Whether products had so few rows that the patches would cost more than they are worth.
inline bool is_thin(const ConvGeometry& g) { return g.out_channels_of_group() <= 8; }

/// Whether there is a product for each image, which reads or writes y where it stands: where an image is large enough for it.
/// Else one product has the columns of all images side by side.
inline bool is_by_image(const ConvGeometry& g) { return g.groups == 1 && (g.batch == 1 || g.output_size() >= 64); }
inline PatchLayout side_by_side(const ConvGeometry& g) { return {g.batch * g.output_size(), g.output_size()}; }

/// y = activation([y +] product + bias) from [channel, image, place].
template <class T>
struct Spread {
    const T* product;
    index_t channels, places, images;
    const T* bias;
    T* y;
    bool relu, accumulate;

    XNN_INLINE void operator()(index_t i) const {
        const Pixel pixel(i, channels, places);
        auto value = static_cast<compute_t<T>>(product[(pixel.channel * images + pixel.image) * places + pixel.position]);
        if (accumulate) value += static_cast<compute_t<T>>(y[i]);
        if (bias) value += static_cast<compute_t<T>>(bias[pixel.channel]);
        y[i] = static_cast<T>(relu ? math::max(value, compute_t<T>(0)) : value);
    }
};

/// The gradients of y as [channel, image, place].
template <class T, Device D>
const T* gather_channels(D device, Arena<D>& arena, const ConvGeometry& g, const T* gy) {
    const index_t places = g.output_size();
    if (g.batch == 1) return gy;
    T* const gathered = arena.template allocate<T>(g.batch * g.out_channels * places);
    kernels::permute_copy(device, gy, gathered, Dims<3>{g.batch, g.out_channels, places}, {1, 0, 2});
    return gathered;
}

/// gx = [gx +] the gradient + bias, which is that of the transposed convolution.
template <class T, Device D>
void backward_data(D device, const ConvGeometry& g, const T* gy, const T* w, const T* bias, T* gx, bool accumulate) {
    using enum kernels::Transpose;
    if (cudnn_backward_data(device, g, gy, w, bias, gx, accumulate)) return;
    const index_t out = g.out_channels, rows = g.in_channels * g.kernel_size(), places = g.output_size();
    if (is_pointwise(g))
        return kernels::gemm_batched(device, g.batch, yes, no, rows, places, out, w, rows, 0, gy, places, out * places, gx, places, rows * places,
                                     {.accumulate = accumulate, .row_bias = bias});
    if (is_thin(g) || places == 0)
        return launch(device, g.batch * g.in_channels * g.input_size(), BackwardData<T>{Channels::of(g), gy, w, bias, gx, accumulate});
    Slabs::of<T>(g).for_each([&](const ConvGeometry& slab, index_t first) {
        const auto lease = Lease<D>::take();
        auto& arena = lease.arena();
        const index_t columns = slab.batch * places, out_of_group = g.out_channels_of_group(), rows_of_group = rows / g.groups;
        T* const patches = arena.template allocate<T>(rows * columns);
        const T* const from = gy + first * out * places;
        if (is_by_image(slab))
            kernels::gemm_batched(device, slab.batch, yes, no, rows, places, out, w, rows, 0, from, places, out * places, patches, places, rows * places);
        else
            kernels::gemm_batched(device, g.groups, yes, no, rows_of_group, columns, out_of_group, w, rows_of_group, out_of_group * rows_of_group,
                                  gather_channels(device, arena, slab, from), columns, out_of_group * columns, patches, columns, rows_of_group * columns);
        sum_patches(device, slab, is_by_image(slab) ? by_image(slab) : side_by_side(slab), patches, bias, gx + first * g.in_channels * g.input_size(), accumulate);
    });
}

/// sums[c] [+]= the sum of channel c of [images, channels, size].
template <class T, Device D>
void sum_channels(D, index_t images, index_t channels, index_t size, const T* x, T* sums, bool accumulate) {
    using Map = BroadcastMap<Shape<1, dyn, 1>, Shape<dyn, dyn, dyn>>;
    const auto lease = Lease<D>::take();
    reduce<Map>(lease.arena(), kernels::SumReducer<T>{}, Ptr<T>(x), Dims<3>{images, channels, size}, kernels::sums_detail::AddTo<T>{sums, accumulate});
}

}  // namespace cuda::conv

namespace kernels {

/// As conv_forward of the Cpu.
template <bool Grouped = true, Floating T, cuda::Device D>
void conv_forward(D device, const ConvGeometry& g, const T* x, const T* w, const T* bias, T* y, Activation activation = Activation::none,
                  bool accumulate = false) {
    using namespace cuda::conv;
    using enum Transpose;
    const index_t out = g.out_channels, rows = g.in_channels * g.kernel_size(), places = g.output_size();
    const GemmEpilogue<T> epilogue{.accumulate = accumulate, .row_bias = bias, .activation = activation};
    const bool relu = activation == Activation::relu;
    if (cudnn_forward(device, g, x, w, bias, y, relu, accumulate)) return;
    if (is_pointwise(g))
        return gemm_batched(device, g.batch, no, no, out, places, rows, w, rows, 0, x, places, rows * places, y, places, out * places, epilogue);
    if (is_thin(g)) return cuda::launch(device, g.batch * out * places, Forward<T>{Channels::of(g), x, w, bias, y, relu, accumulate});
    Slabs::of<T>(g).for_each([&](const ConvGeometry& slab, index_t first) {
        const auto lease = Lease<D>::take();
        const index_t columns = slab.batch * places, out_of_group = g.out_channels_of_group(), rows_of_group = rows / g.groups;
        const T* const from = x + first * g.in_channels * g.input_size();
        T* const to = y + first * out * places;
        T* const patches = lease.arena().template allocate<T>(rows * columns);
        take_patches(device, slab, is_by_image(slab) ? by_image(slab) : side_by_side(slab), from, patches);
        if (is_by_image(slab))
            return gemm_batched(device, slab.batch, no, no, out, places, rows, w, rows, 0, patches, places, rows * places, to, places, out * places, epilogue);
        T* const product = lease.arena().template allocate<T>(out * columns);
        gemm_batched(device, g.groups, no, no, out_of_group, columns, rows_of_group, w, rows_of_group, out_of_group * rows_of_group, patches, columns,
                     rows_of_group * columns, product, columns, out_of_group * columns);
        cuda::launch(device, out * columns, Spread<T>{product, out, places, slab.batch, bias, to, relu, accumulate});
    });
}

/// As conv_backward_data of the Cpu.
template <bool Grouped = true, Floating T, cuda::Device D>
void conv_backward_data(D device, const ConvGeometry& g, const T* gy, const T* w, T* gx, bool accumulate) {
    cuda::conv::backward_data(device, g, gy, w, static_cast<const T*>(nullptr), gx, accumulate);
}

/// As conv_backward_bias of the Cpu.
template <Floating T, cuda::Device D>
void conv_backward_bias(D device, const ConvGeometry& g, const T* gy, T* gbias, bool accumulate) {
    cuda::conv::sum_channels(device, g.batch, g.out_channels, g.output_size(), gy, gbias, accumulate);
}

/// As conv_backward_weight of the Cpu.
template <bool Grouped = true, Floating T, cuda::Device D>
void conv_backward_weight(D device, const ConvGeometry& g, const T* x, const T* gy, T* gw, T* gbias, bool accumulate) {
    using namespace cuda::conv;
    using enum Transpose;
    const index_t out = g.out_channels, rows = g.in_channels * g.kernel_size(), places = g.output_size();
    if (gbias) conv_backward_bias(device, g, gy, gbias, accumulate);
    if (cudnn_backward_weight(device, g, x, gy, gw, accumulate)) return;
    if (is_thin(g) || g.batch * places == 0) return backward_weight(device, g, x, gy, gw, accumulate);
    Slabs::of<T>(g).for_each([&](const ConvGeometry& slab, index_t first) {
        const auto lease = Lease<D>::take();
        auto& arena = lease.arena();
        const index_t columns = slab.batch * places, out_of_group = g.out_channels_of_group(), rows_of_group = rows / g.groups;
        T* const patches = arena.template allocate<T>(rows * columns);
        const T* const gradients = gather_channels(device, arena, slab, gy + first * out * places);
        take_patches(device, slab, side_by_side(slab), x + first * g.in_channels * g.input_size(), patches);
        gemm_batched(device, g.groups, no, yes, out_of_group, rows_of_group, columns, gradients, columns, out_of_group * columns, patches, columns,
                     rows_of_group * columns, gw, rows_of_group, out_of_group * rows_of_group, {.accumulate = accumulate || first > 0});
    });
}

/// As conv_transpose_forward of the Cpu.
template <bool Grouped = true, Floating T, cuda::Device D>
void conv_transpose_forward(D device, const ConvGeometry& g, const T* y, const T* w, const T* bias, T* x) {
    cuda::conv::backward_data(device, g, y, w, bias, x, false);
}

/// As conv_transpose_backward_bias of the Cpu.
template <Floating T, cuda::Device D>
void conv_transpose_backward_bias(D device, const ConvGeometry& g, const T* gx, T* gbias, bool accumulate) {
    cuda::conv::sum_channels(device, g.batch, g.in_channels, g.input_size(), gx, gbias, accumulate);
}

}  // namespace kernels
}  // namespace xnn
