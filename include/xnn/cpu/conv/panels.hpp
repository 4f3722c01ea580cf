// Convolutions as products of weights and patch matrices, of which only panels stand in memory, in the order in which the
// microkernel reads them.
#pragma once

#include <limits>

#include "xnn/cpu/conv/patches.hpp"
#include "xnn/cpu/conv/tasks.hpp"
#include "xnn/cpu/gemm.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace conv_detail {

struct PatchPanels;  // names scratch memory
struct PanelPlaces;  // names scratch memory

/// One group of channels: y = activation([y +] w patches + bias).
template <class T>
struct PanelProduct {
    index_t m;              // output channels
    const T* w;             // [m, depth]
    T* y;                   // the first image's first channel
    index_t size;           // of a channel of y
    index_t image_pitch;    // from one image of y to the next
    const T* bias;          // m numbers or null
    bool accumulate, relu;
};

template <class T>
class PanelLoop {
    static constexpr index_t columns_of_panel = gemm_detail::tile_columns<T>;
    static constexpr index_t most_scattered_rows = 32;  // rows that lie pages apart cost an address translation each

public:
    PanelLoop(const PanelProduct<T>& product, const Patches<T>& patches) : p_(product), patches_(patches) {}

    /// Some tiles of rows, `height` high, of the columns from `first` to before `last`.
    void run(index_t height, gemm_detail::Range tiles, index_t first, index_t last) {
        constexpr index_t deepest = 2048 / sizeof(T), group_bytes = 384 << 10;
        const index_t depth = patches_.depth(), block = gemm_detail::even_part(depth, deepest);
        const index_t panel_size = block * columns_of_panel;
        const index_t all = divide_up(last - first, columns_of_panel);
        const index_t at_once = gemm_detail::even_part(all, std::max<index_t>(group_bytes / (panel_size * static_cast<index_t>(sizeof(T))), 1));
        T* packed = scratch<PatchPanels, T>(at_once * panel_size);
        Place* places = scratch<PanelPlaces, Place>(at_once);
        const auto columns_of = [&](index_t panel) { return std::min(columns_of_panel, last - first - panel * columns_of_panel); };
        for (index_t group = 0; group < all; group += at_once) {
            const index_t end = std::min(group + at_once, all);
            for (index_t panel = group; panel < end; ++panel) {
                const index_t column = first + panel * columns_of_panel;
                places[panel - group] = {column / p_.size, column % p_.size};
            }
            for (index_t k = 0; k < depth; k += block) {
                const index_t until = std::min(k + block, depth);
                const index_t begin = first + group * columns_of_panel;
                if (!in_place_) patches_.pack(begin, std::min(last - begin, at_once * columns_of_panel), k, until, columns_of_panel, panel_size, packed);
                for (index_t tile = tiles.begin; tile < tiles.end; ++tile)
                    for (index_t panel = group; panel < end; ++panel)
                        multiply(tile * height, std::min(height, p_.m - tile * height), k, until, packed + (panel - group) * panel_size,
                                 places[panel - group], columns_of(panel));
            }
        }
    }

private:
    /// Where a panel's first column lies in y.
    struct Place {
        index_t image, pixel;
    };

    void multiply(index_t row, index_t rows, index_t k, index_t until, const T* panel, const Place& first, index_t columns) {
        alignas(64) static constexpr T zeros[columns_of_panel] = {};
        alignas(64) T buffer[gemm_detail::tile_rows * columns_of_panel];
        const index_t depth = patches_.depth();
        const bool last = until == depth, add = k > 0 || p_.accumulate, bias = last && p_.bias != nullptr;
        const auto [image, place] = first;
        const bool direct = place + columns <= p_.size;  // within one image
        T* y = p_.y + image * p_.image_pitch + row * p_.size + place;
        gemm_detail::Tile<T> tile;
        tile.k = until - k;
        tile.a = p_.w + row * depth + k;
        tile.a_row_stride = depth;
        tile.a_k_stride = 1;
        tile.b = in_place_ ? patches_.image() + k * p_.size + place : panel;
        tile.b_pitch = in_place_ ? p_.size : columns_of_panel;
        tile.c = direct ? y : buffer;
        tile.c_pitch = direct ? p_.size : columns_of_panel;
        tile.start = add ? tile.c : zeros;
        tile.start_pitch = add ? tile.c_pitch : 0;
        tile.row_bias = bias ? p_.bias + row : zeros;
        tile.row_bias_stride = bias ? 1 : 0;
        tile.lowest = last && p_.relu ? T(0) : -std::numeric_limits<T>::infinity();
        if (!direct && add)
            for_each_image(first, columns, [&](T* of_image, index_t j, index_t count) {
                move(of_image + row * p_.size, p_.size, buffer + j, columns_of_panel, rows, count);
            });
        gemm_detail::run_tile(tile, rows, columns);
        if (!direct)
            for_each_image(first, columns, [&](T* of_image, index_t j, index_t count) {
                move(buffer + j, columns_of_panel, of_image + row * p_.size, p_.size, rows, count);
            });
    }

    /// Calls visit(where they begin in the image, number of the first, count) for the columns of each image.
    template <class Visit>
    void for_each_image(Place at, index_t columns, const Visit& visit) const {
        for (index_t j = 0; j < columns; ++at.image, at.pixel = 0) {
            const index_t count = std::min(p_.size - at.pixel, columns - j);
            visit(p_.y + at.image * p_.image_pitch + at.pixel, j, count);
            j += count;
        }
    }
    static void move(const T* from, index_t from_pitch, T* to, index_t to_pitch, index_t rows, index_t columns) {
        constexpr index_t width = simd::width<T>;
        for (index_t i = 0; i < rows; ++i, from += from_pitch, to += to_pitch)
            for (index_t j = 0; j < columns; j += width) {
                const index_t some = std::min(width, columns - j);
                simd::store(to + j, simd::load(from + j, some), some);
            }
    }

    const PanelProduct<T>& p_;
    const Patches<T>& patches_;
    bool in_place_ = patches_.is_image() && patches_.depth() <= most_scattered_rows && (simd::masked_loads_are_cheap || p_.size % simd::width<T> == 0);
};

/// Images that are computed together: enough columns to make use of weights that have been read.
inline index_t images_at_once(const ConvGeometry& g) {
    constexpr index_t columns = 256;
    return gemm_detail::even_part(g.batch, divide_up(columns, g.output_size()));
}

/// y = activation([y +] x * w + bias).
template <class T>
void forward_by_panels(const ConvGeometry& g, const T* x, const T* w, const T* bias, T* y, bool relu, bool accumulate) {
    const index_t out = g.out_channels_of_group(), size = g.output_size(), at_once = images_at_once(g), runs = divide_up(g.batch, at_once);
    const index_t height = gemm_detail::tile_height<2>(out), tiles = divide_up(out, height);
    for_tasks(runs * g.groups, g.operations(), [&](index_t task) {
        const index_t first = task / g.groups * at_once, images = std::min(at_once, g.batch - first), group = task % g.groups;
        const Patches<T> patches(g, x + group * g.in_channels_of_group() * g.input_size(), first, images);
        const PanelProduct<T> product{out,  w + group * out * g.weights_per_output(),          y + (first * g.out_channels + group * out) * size,
                                      size, g.out_channels * size, bias == nullptr ? nullptr : bias + group * out, accumulate, relu};
        const index_t threads = gemm_detail::product_threads(g.operations() / static_cast<double>(runs * g.groups));
        const index_t panels = divide_up(images * size, gemm_detail::tile_columns<T>);
        const bool by_panels = divide_up(panels, threads) * tiles <= divide_up(tiles, threads) * panels;
        const index_t parts = std::min(threads, by_panels ? panels : tiles);
        const auto part_of = [&](index_t part) {
            const auto share = [&](index_t total) { return gemm_detail::Range{total * part / parts, total * (part + 1) / parts}; };
            const gemm_detail::Range columns = by_panels ? share(panels) : gemm_detail::Range{0, panels};
            constexpr index_t width = gemm_detail::tile_columns<T>;
            PanelLoop<T>(product, patches)
                .run(height, by_panels ? gemm_detail::Range{0, tiles} : share(tiles), columns.begin * width, std::min(columns.end * width, images * size));
        };
        if (parts == 1)
            part_of(0);
        else
            parallel_for(parts, part_of);
    });
}

}  // namespace conv_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
