// Images made ready for convolutions: padded with zeros, and taken apart by the stride, so that each weight reads them at a
// constant distance from the place of the result.
#pragma once

#include <algorithm>

#include "xnn/core/conv_geometry.hpp"
#include "xnn/cpu/simd.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace conv_detail {

/// The places o in [0, places) where o * stride + shift lies in [0, extent).
struct Fitting {
    index_t begin;
    index_t end;
};
inline Fitting fitting(index_t shift, index_t stride, index_t extent, index_t places) {
    const auto steps = [=](index_t distance) { return stride == 1 ? distance : divide_up(distance, stride); };
    const index_t begin = shift >= 0 ? 0 : std::min(steps(-shift), places);
    const index_t end = shift >= extent ? 0 : steps(extent - shift);
    return {begin, std::clamp(end, begin, places)};
}

/// from[0], from[step], from[2 * step], …: the first n elements of a register, and zeros.
template <class T>
XNN_CPU_INLINE simd::batch<T> load_each(const T* from, index_t step, index_t n) {
    if (step == 1) return n < simd::width<T> ? simd::load(from, n) : simd::load(from);
#if defined(__AVX512F__)
    if constexpr (simd::width<T> == 16)
        if (step == 2) {
            const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            const index_t reach = 2 * n - 1;  // what stands behind the last is not touched
            return _mm512_permutex2var_ps(simd::load(from, std::min<index_t>(reach, 16)), even, simd::load(from + 16, std::max<index_t>(reach - 16, 0)));
        }
#endif
    alignas(64) T numbers[simd::width<T>] = {};
    for (index_t i = 0; i < n; ++i) numbers[i] = from[i * step];
    return simd::load(numbers);
}

/// The layout of one channel. Along each dimension, elements of the padded image that lie a stride apart are neighbours:
/// together they are a phase, and a channel is phase after phase.
struct Planes {
    Dims<3> phases, extents;
    bool in_place;  // it is the layout of the image itself

    explicit Planes(const ConvGeometry& g) {
        const Dims<3> output = g.output();
        for (std::size_t d = 0; d < 3; ++d) {
            const index_t reach = g.dilation[d] * (g.kernel[d] - 1);
            phases[d] = std::min(g.stride[d], reach + 1);
            extents[d] = output[d] + reach / g.stride[d];
        }
        in_place = product(g.stride) == 1 && g.pad_before == Dims<3>{0, 0, 0} && extents == g.input;
    }

    /// Elements of a channel, and of the whole registers that are written there.
    index_t size() const { return product(phases) * product(extents); }
    index_t place(const Dims<3>& at) const { return (at[0] * extents[1] + at[1]) * extents[2] + at[2]; }

    /// How far from the place of a result the weight number `tap` reads.
    index_t offset(const ConvGeometry& g, index_t tap) const {
        const Dims<3> taps{tap / (g.kernel[1] * g.kernel[2]), tap / g.kernel[2] % g.kernel[1], tap % g.kernel[2]};
        Dims<3> at{};
        index_t phase = 0;
        for (std::size_t d = 0; d < 3; ++d) {
            const index_t distance = taps[d] * g.dilation[d];
            at[d] = distance / g.stride[d];
            phase = phase * phases[d] + distance % g.stride[d];
        }
        return phase * product(extents) + place(at);
    }

    /// Makes channels ready. One register behind them is overwritten, too.
    template <class T>
    void stage(const ConvGeometry& g, index_t channels, const T* x, T* to) const {
        for (index_t c = 0; c < channels; ++c, x += g.input_size())
            for (index_t fz = 0; fz < phases[0]; ++fz)
                for (index_t fy = 0; fy < phases[1]; ++fy)
                    for (index_t fx = 0; fx < phases[2]; ++fx) stage_phase(g, {fz, fy, fx}, x, to);
    }

private:
    template <class T>
    void stage_phase(const ConvGeometry& g, const Dims<3>& phase, const T* x, T*& to) const {
        const auto shift = [&](std::size_t d) { return phase[d] - g.pad_before[d]; };
        const Fitting inside = fitting(shift(2), g.stride[2], g.input[2], extents[2]);
        for (index_t z = 0; z < extents[0]; ++z)
            for (index_t y = 0; y < extents[1]; ++y, to += extents[2]) {
                const index_t from_z = z * g.stride[0] + shift(0), from_y = y * g.stride[1] + shift(1);
                if (from_z < 0 || from_z >= g.input[0] || from_y < 0 || from_y >= g.input[1])
                    clear(to, extents[2]);
                else
                    stage_row(x + (from_z * g.input[1] + from_y) * g.input[2] + inside.begin * g.stride[2] + shift(2), g.stride[2], inside, to);
            }
    }

    /// Many are stored as whole registers: what these write too much is written again later.
    template <class T>
    static void clear(T* to, index_t count) {
        if (count <= 2) {
            for (index_t j = 0; j < count; ++j) to[j] = T(0);
            return;
        }
        for (index_t j = 0; j < count; j += simd::width<T>) simd::store(to + j, simd::batch<T>(T(0)));
    }
    template <class T>
    void stage_row(const T* from, index_t step, Fitting inside, T* to) const {
        constexpr index_t width = simd::width<T>, ahead = 2048 / sizeof(T);
        clear(to, inside.begin);
        index_t j = inside.begin;
        for (; j < inside.end; j += width, from += width * step) {
            // Strided rows are read too seldom for the processor to see where they go on.
            if (step == 2) XNN_UNROLL for (index_t line = 0; line < 2; ++line) XNN_PREFETCH(from + ahead + line * width);
            simd::store(to + j, load_each(from, step, std::min(width, inside.end - j)));
        }
        if (j < extents[2]) clear(to + j, extents[2] - j);
    }
};

}  // namespace conv_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
