// The windows of convolutions and poolings: what each sees of a channel, and which ones see an element of it.
#pragma once

#include "xnn/cuda/coordinates.hpp"
#include "xnn/cuda/launch.hpp"

namespace xnn::cuda {

struct Window {
    Coordinates input, kernel, stride, dilation, pad, output;

    /// Where element k of the window at place p stands in dimension d of the input; outside of it in the padding.
    XNN_INLINE int source(std::size_t d, int p, int k) const { return p * stride[d] + k * dilation[d] - pad[d]; }
    XNN_INLINE bool has(std::size_t d, int i) const { return i >= 0 && i < input[d]; }

    /// The place of the window whose element k is element i of the input, in dimension d; -1 if there is none.
    XNN_INLINE int place(std::size_t d, int i, int k) const {
        const int distance = i + pad[d] - k * dilation[d];
        if (distance < 0) return -1;
        if (stride[d] == 1) return distance < output[d] ? distance : -1;  // mostly, and a division is slow
        const int p = distance / stride[d];
        return p * stride[d] == distance && p < output[d] ? p : -1;
    }

    /// Calls f(element of the window, position in the channel of the input) for what the window at a place sees of it, dealt out
    /// to a team, in order.
    template <class Team, class F>
    XNN_INLINE void for_each_source(const Team& team, const Coordinates& p, F&& f) const {
        if constexpr (Team::size == 1) {
            for (int a = 0; a < kernel[0]; ++a) {
                const int z = source(0, p[0], a);
                if (!has(0, z)) continue;
                for (int b = 0; b < kernel[1]; ++b) {
                    const int y = source(1, p[1], b);
                    if (!has(1, y)) continue;
                    const int row = (a * kernel[1] + b) * kernel[2];
                    const index_t first = position_of({z, y, 0}, input);
                    for (int c = 0; c < kernel[2]; ++c)
                        if (const int x = source(2, p[2], c); has(2, x)) f(row + c, first + x);
                }
            }
        } else {
            const int elements = kernel[0] * kernel[1] * kernel[2];
            for (int element = static_cast<int>(team.rank()); element < elements; element += static_cast<int>(Team::size)) {
                const int row = element / kernel[2], a = row / kernel[1];
                const Coordinates at{source(0, p[0], a), source(1, p[1], row - a * kernel[1]), source(2, p[2], element - row * kernel[2])};
                if (has(0, at[0]) && has(1, at[1]) && has(2, at[2])) f(element, position_of(at, input));
            }
        }
    }
    /// Calls f(element of the window, place) for all windows that see an element of the input.
    template <class F>
    XNN_INLINE void for_each_place(const Coordinates& i, F&& f) const {
        for (int a = 0; a < kernel[0]; ++a) {
            const int z = place(0, i[0], a);
            if (z < 0) continue;
            for (int b = 0; b < kernel[1]; ++b) {
                const int y = place(1, i[1], b);
                if (y < 0) continue;
                for (int c = 0; c < kernel[2]; ++c)
                    if (const int x = place(2, i[2], c); x >= 0) f((a * kernel[1] + b) * kernel[2] + c, Coordinates{z, y, x});
            }
        }
    }
};

}  // namespace xnn::cuda
