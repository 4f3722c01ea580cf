// Arrays made larger or smaller at their borders, and the gradient of that: a thread for each result, one launch.
#pragma once

#include "xnn/cpu/pad.hpp"
#include "xnn/cuda/coordinates.hpp"
#include "xnn/cuda/launch.hpp"

namespace xnn::kernels {

namespace padding {

template <class T, std::size_t N>
struct Pad {
    PadGeometry g;
    Dims<3> output;
    index_t from_size, to_size;
    const T* x;
    T* y;
    T value;
    PlaneShifts<N> from_plane;

    XNN_INLINE void operator()(index_t i) const {
        const index_t plane = cuda::quotient(i, to_size), x_plane = from_plane(plane);
        const Dims<3> place = cuda::coordinates(i - plane * to_size, output);
        const index_t z = g.source(0, place[0]), row = g.source(1, place[1]), column = g.source(2, place[2]);
        const bool inside = x_plane >= 0 && z >= 0 && row >= 0 && column >= 0;
        y[i] = inside ? x[x_plane * from_size + (z * g.input[1] + row) * g.input[2] + column] : value;
    }
};

/// Gathers what an element has become part of.
template <class T, std::size_t N>
struct PadGradient {
    PadGeometry g;
    Dims<3> output;
    index_t from_size, to_size;
    const T* gy;
    T* gx;
    bool accumulate;
    PlaneShifts<N> to_plane;

    /// Calls f(place) for the places of dimension d that show element i: one of its own, others in the borders.
    template <class F>
    XNN_INLINE void for_each_place(std::size_t d, index_t i, const F& f) const {
        if (const index_t own = i + g.before[d]; own >= 0 && own < output[d]) f(own);
        if (g.mode == PaddingMode::constant) return;
        for (index_t p = 0; p < g.before[d]; ++p)
            if (g.source(d, p) == i) f(p);
        for (index_t p = output[d] - g.after[d]; p < output[d]; ++p)
            if (g.source(d, p) == i) f(p);
    }

    XNN_INLINE void operator()(index_t i) const {
        const index_t plane = cuda::quotient(i, from_size), y_plane = to_plane(plane);
        compute_t<T> sum(0);
        if (accumulate) sum = static_cast<compute_t<T>>(gx[i]);
        if (y_plane >= 0) {
            const Dims<3> at = cuda::coordinates(i - plane * from_size, g.input);
            const T* const gradients = gy + y_plane * to_size;
            for_each_place(0, at[0], [&](index_t z) {
                for_each_place(1, at[1], [&](index_t y) {
                    const T* const row = gradients + (z * output[1] + y) * output[2];
                    for_each_place(2, at[2], [&](index_t x) { sum += static_cast<compute_t<T>>(row[x]); });
                });
            });
        }
        gx[i] = static_cast<T>(sum);
    }
};

}  // namespace padding

/// As pad_forward of the Cpu.
template <class T, std::size_t N = 0, cuda::Device D>
void pad_forward(D device, index_t planes, const PadGeometry& g, const T* x, T* y, T value, const PlaneShifts<N>& from_plane = {}) {
    const Dims<3> output = g.output();
    const index_t size = product(output);
    cuda::launch(device, planes * size, padding::Pad<T, N>{g, output, product(g.input), size, x, y, value, from_plane});
}

/// As pad_backward of the Cpu.
template <Floating T, std::size_t N = 0, cuda::Device D>
void pad_backward(D device, index_t planes, const PadGeometry& g, const T* gy, T* gx, bool accumulate, const PlaneShifts<N>& to_plane = {}) {
    const Dims<3> output = g.output();
    const index_t size = product(g.input);
    cuda::launch(device, planes * size, padding::PadGradient<T, N>{g, output, size, product(output), gy, gx, accumulate, to_plane});
}

}  // namespace xnn::kernels
