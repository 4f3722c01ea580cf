// Which algorithm computes a convolution: a constant model of what each costs, in cycles, fitted to measurements. It knows
// extents alone, so that a convolution is always computed in the same way.
#pragma once

#include <concepts>

#include "xnn/core/conv_geometry.hpp"
#include "xnn/cpu/conv/winograd_tiles.hpp"
#include "xnn/cpu/gemm/microkernel.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace conv_detail {

/// The convolution of gy that is the gradient with respect to x where the stride is 1; its weights are those of `g` turned
/// over.
inline ConvGeometry turned_over(const ConvGeometry& g) {
    ConvGeometry turned = g;
    turned.in_channels = g.out_channels;
    turned.out_channels = g.in_channels;
    turned.input = g.output();
    for (std::size_t d = 0; d < 3; ++d) {
        const index_t reach = g.dilation[d] * (g.kernel[d] - 1);
        turned.pad_before[d] = reach - g.pad_before[d];
        turned.pad_after[d] = g.input[d] - turned.input[d] + g.pad_before[d];
    }
    return turned;
}

/// 3 x 3 in two dimensions, with a stride of 1, and padding that the gradient has, too.
inline bool winograd_fits(const ConvGeometry& g) {
    const auto padded = [&](std::size_t d) { return g.pad_before[d] >= 0 && g.pad_before[d] < 3; };
    return g.groups == 1 && g.kernel == Dims<3>{1, 3, 3} && g.stride == Dims<3>{1, 1, 1} && g.dilation == Dims<3>{1, 1, 1} && g.input[0] == 1 &&
           g.pad_before[0] == 0 && g.pad_after[0] == 0 && padded(1) && padded(2);
}

/// Costs of a convolution, in cycles in which one register is multiplied and added.
template <class T>
struct ConvCosts {
    double products;  // by products with patch matrices
    double tiles;     // Winograd's: what is done for each tile
    double weights;   // and for the weights

    explicit ConvCosts(const ConvGeometry& g) {
        constexpr double width = simd::width<T>;
        const double registers_in = static_cast<double>(divide_up(g.in_channels, simd::width<T>)), in = static_cast<double>(g.in_channels);
        const double registers_out = static_cast<double>(divide_up(g.out_channels, simd::width<T>)), out = static_cast<double>(g.out_channels);
        const Dims<3> output = g.output();
        const double tile_count = static_cast<double>(g.batch * divide_up(output[1], index_t{4}) * divide_up(output[2], index_t{4}));
        products = g.operations() / (2 * width) / 0.7;
        tiles = tile_count * (36 * in * registers_out / 0.85 + 500 * (registers_in + registers_out));
        // Where all weights at the points do not fit the third cache they wait for memory.
        constexpr double cache = 16 << 20;
        weights = in * registers_out * (36 * in * out * sizeof(T) > cache ? 1800 : 350);
    }
};

/// float alone takes Winograd's algorithm, which loses half a digit: as much as longer sums do. Who takes double wants digits.
template <class T>
inline constexpr bool has_winograd = std::same_as<T, float>;

/// Whether Winograd's algorithm is the faster one.
template <class T>
bool winograd_pays(const ConvGeometry& g) {
    if (!winograd_fits(g)) return false;
    const ConvCosts<T> costs(g);
    return costs.tiles + costs.weights < costs.products;
}
/// The same for the gradient of the weights, which are written more slowly than they are read.
template <class T>
bool winograd_gradient_pays(const ConvGeometry& g) {
    if (!winograd_fits(g)) return false;
    const ConvCosts<T> costs(g);
    return costs.tiles + 3 * costs.weights < costs.products;
}

/// Cycles of a product of matrices in tiles, [m, k] by [k, n].
template <class T>
double product_cycles(index_t m, index_t n, index_t k) {
    const double panels = static_cast<double>(divide_up(n, gemm_detail::tile_columns<T>)), tiles = static_cast<double>(divide_up(m, index_t{gemm_detail::tile_rows}));
    return panels * static_cast<double>(k) * (2 * static_cast<double>(m) + 4 * tiles);
}

/// Whether the gradient with respect to x is faster as a product whose results are summed up in the image than as
/// convolutions of gy. It has fewer multiplications where there is little padding, and fuller tiles where x has few channels.
template <class T>
bool folding_pays(const ConvGeometry& g) {
    constexpr double to_pack = 5, to_fold = 18, to_turn = 2;  // a panel's row, a register, a weight
    const index_t in = g.in_channels_of_group(), out = g.out_channels_of_group(), depth = g.weights_per_output(), size = g.output_size();
    const index_t columns = g.batch * g.input_size(), rows = out * g.kernel_size();  // of all phases' patch matrices, if they were one
    const double phases = static_cast<double>(product(g.stride));
    const double convolved = (product_cycles<T>(in, columns, rows) + to_pack * static_cast<double>(columns * rows) / gemm_detail::tile_columns<T>) / phases +
                             (g.kernel_size() > 1 ? to_turn : 0.1) * static_cast<double>(g.in_channels * out * g.kernel_size());
    const double folded = static_cast<double>(g.batch) * (product_cycles<T>(depth, size, out) + to_fold * static_cast<double>(depth * size) / simd::width<T>);
    return folded < convolved;
}

}  // namespace conv_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
