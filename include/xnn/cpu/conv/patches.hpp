// Columns of patch matrices: for each output a column of what the weights are multiplied with. Columns are counted through the
// images of a batch, so that small images fill registers together.
#pragma once

#include <array>
#include <cstring>

#include "xnn/core/scratch.hpp"
#include "xnn/cpu/conv/planes.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace conv_detail {

struct StagedPlanes;  // names scratch memory
struct TapOffsets;    // names scratch memory
template <int Size>
struct CopiesOf;  // names scratch memory

/// Some elements that are neighbours in the image and in the matrix.
struct Copy {
    index_t from, to;
};

/// The patch matrices of one group of channels of some images, side by side.
template <class T>
class Patches {
public:
    /// Images from `image` to before `image + images`, of which x is the first channel of the batch's first.
    Patches(const ConvGeometry& g, const T* x, index_t image, index_t images)
        : planes_(g), output_(g.output()), size_(g.output_size()), depth_(g.weights_per_output()), images_(images) {
        const index_t channels = g.in_channels_of_group(), step = g.in_channels * g.input_size();
        // What lies without gaps in the image, and in the matrix.
        run_ = planes_.extents == output_ ? size_ : output_[2];
        channel_pitch_ = planes_.size();
        if (planes_.in_place) {
            from_ = x + image * step;
            image_pitch_ = step;
        } else {
            image_pitch_ = channels * planes_.size();
            T* staged = scratch<StagedPlanes, T>(images * image_pitch_ + simd::width<T>);
            for (index_t i = 0; i < images; ++i) planes_.stage(g, channels, x + (image + i) * step, staged + i * image_pitch_);
            from_ = staged;
        }
        taps_ = g.kernel_size();
        offsets_ = scratch<TapOffsets, index_t>(depth_);
        for (index_t tap = 0; tap < taps_; ++tap) offsets_[tap] = planes_.offset(g, tap);
        for (index_t k = taps_; k < depth_; ++k) offsets_[k] = offsets_[k - taps_] + channel_pitch_;
    }

    index_t depth() const { return depth_; }

    /// Whether the matrix is the image itself: a single one, with one weight for each channel.
    bool is_image() const { return planes_.in_place && taps_ == 1 && images_ == 1; }
    const T* image() const { return from_; }

    /// Rows of the matrix from `begin` to before `end`, of the columns from `first` on: panels of `width` columns, each with
    /// its rows one after the other, `panel_size` elements apart.
    void pack(index_t first, index_t columns, index_t begin, index_t end, index_t width, index_t panel_size, T* to) const {
        std::array<index_t, 5> counts{};
        const std::array<Copy*, 5> copies{scratch<CopiesOf<1>, Copy>(columns), scratch<CopiesOf<2>, Copy>(columns), scratch<CopiesOf<4>, Copy>(columns),
                                          scratch<CopiesOf<8>, Copy>(columns), scratch<CopiesOf<16>, Copy>(columns)};
        for (index_t j = 0; j < columns;) {
            const index_t column = first + j, place = column % size_, at = j / width * panel_size + j % width;
            const index_t length = std::min({run_ - place % run_, columns - j, width - j % width});
            const index_t from = column / size_ * image_pitch_ +
                                 (run_ == size_ ? place : planes_.place({place / (output_[1] * output_[2]), place / output_[2] % output_[1], place % output_[2]}));
            std::size_t kind = 4;  // pieces are as large as they can be, and the last may overlap the one before
            while ((index_t{1} << kind) > length) --kind;
            const index_t piece = index_t{1} << kind;
            for (index_t i = 0; i < length; i += piece) {
                const index_t shift = std::min(i, length - piece);
                copies[kind][counts[kind]++] = {from + shift, at + shift};
            }
            j += length;
        }
        constexpr index_t rows = 16;  // at once for all panels: images are read in the order in which they are stored
        for (index_t k = begin; k < end; k += rows, to += rows * width) {
            const index_t some = std::min(rows, end - k);
            copy<16>(copies[4], counts[4], offsets_ + k, some, to, width);
            copy<8>(copies[3], counts[3], offsets_ + k, some, to, width);
            copy<4>(copies[2], counts[2], offsets_ + k, some, to, width);
            copy<2>(copies[1], counts[1], offsets_ + k, some, to, width);
            copy<1>(copies[0], counts[0], offsets_ + k, some, to, width);
        }
    }

private:
    template <int Size>
    void copy(const Copy* copies, index_t count, const index_t* offsets, index_t rows, T* to, index_t pitch) const {
        for (index_t i = 0; i < count; ++i) {
            const T* from = from_ + copies[i].from;
            T* target = to + copies[i].to;
            for (index_t k = 0; k < rows; ++k) std::memcpy(target + k * pitch, from + offsets[k], Size * sizeof(T));
        }
    }

    Planes planes_;
    Dims<3> output_;
    index_t size_, depth_, images_, taps_ = 0, run_ = 0, channel_pitch_ = 0, image_pitch_ = 0;
    const T* from_ = nullptr;
    index_t* offsets_ = nullptr;
};

}  // namespace conv_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
