// Arrays made larger or smaller at their borders, and the gradient of that.
#pragma once

#include <algorithm>

#include "xnn/core/device.hpp"
#include "xnn/core/dtype.hpp"
#include "xnn/core/padding_mode.hpp"
#include "xnn/core/parallel.hpp"
#include "xnn/core/scratch.hpp"
#include "xnn/cpu/widen.hpp"

namespace xnn::kernels {

/// Planes of three dimensions, and how much is added on each side; a negative amount takes away.
struct PadGeometry {
    Dims<3> input;
    Dims<3> before;
    Dims<3> after;
    PaddingMode mode;

    constexpr Dims<3> output() const {
        Dims<3> result{};
        for (std::size_t d = 0; d < 3; ++d) result[d] = input[d] + before[d] + after[d];
        return result;
    }
    /// The element of dimension d that the result has at this place; -1 if it has none of them.
    XNN_INLINE constexpr index_t source(std::size_t d, index_t place) const {
        const index_t i = place - before[d], n = input[d];
        if (i >= 0 && i < n) return i;
        switch (mode) {
            case PaddingMode::reflect:
                return i < 0 ? -i : 2 * (n - 1) - i;
            case PaddingMode::replicate:
                return i < 0 ? 0 : n - 1;
            case PaddingMode::circular:
                return i < 0 ? i + n : i - n;
            default:
                return -1;
        }
    }
};

/// Which plane of one array a plane of another is: N further dimensions in front, of which each may be shifted, and any number of
/// unchanged ones before them.
template <std::size_t N>
struct PlaneShifts {
    Dims<N> own;
    Dims<N> other;
    Dims<N> shift;

    /// The place in the other array; -1 if it has none.
    XNN_INLINE constexpr index_t operator()(index_t plane) const {
        index_t place = 0, step = 1;
        for (std::size_t d = N; d-- > 0;) {
            const index_t i = plane % own[d] + shift[d];
            if (i < 0 || i >= other[d]) return -1;
            place += i * step;
            step *= other[d];
            plane /= own[d];
        }
        return place + plane * step;
    }
};

inline namespace XNN_SIMD_ARCH {
namespace pad_detail {

struct WidePlane;  // names scratch memory

/// The part of a row that is neither in the padding nor cut off: `count` elements from `to` on, in x from `from` on.
struct Middle {
    index_t to, from, count;
};
inline Middle middle_of(const PadGeometry& g) {
    const index_t to = std::max<index_t>(g.before[2], 0), from = std::max<index_t>(-g.before[2], 0);
    const index_t count = std::min(g.input[2] - from, g.output()[2] - to);
    return {to, from, std::max<index_t>(count, 0)};
}

/// Calls row(place in y, place in x or -1) for each row of a plane of y.
template <class Row>
void for_each_row(const PadGeometry& g, const Row& row) {
    const Dims<3> output = g.output();
    for (index_t z = 0; z < output[0]; ++z)
        for (index_t y = 0; y < output[1]; ++y) {
            const index_t from_z = g.source(0, z), from_y = g.source(1, y);
            const bool nowhere = from_z < 0 || from_y < 0;
            row((z * output[1] + y) * output[2], nowhere ? -1 : (from_z * g.input[1] + from_y) * g.input[2]);
        }
}

/// Calls border(j) for each place of a row of y that is beside its middle.
template <class Border>
void for_each_border(const Middle& middle, index_t width, const Border& border) {
    for (index_t j = 0; j < middle.to; ++j) border(j);
    for (index_t j = middle.to + middle.count; j < width; ++j) border(j);
}

/// Adds the gradient of a plane of y to that of x, in the type in which it is added.
template <class T, class C>
void add_plane(const PadGeometry& g, const T* gy, C* gx) {
    const Middle middle = middle_of(g);
    const index_t width = g.output()[2];
    for_each_row(g, [&](index_t to, index_t from) {
        if (from < 0) return;
        const T* gradient = gy + to;
        C* target = gx + from;
        for_each_border(middle, width, [&](index_t j) {
            if (const index_t i = g.source(2, j); i >= 0) target[i] += static_cast<C>(gradient[j]);
        });
        for (index_t j = 0; j < middle.count; ++j) target[middle.from + j] += static_cast<C>(gradient[middle.to + j]);
    });
}

}  // namespace pad_detail

/// y[p] = x[source(p)], or `value` where there is none, for planes of three dimensions; from_plane(plane) is the plane of x that one
/// of y comes from, or -1.
template <class T, std::size_t N = 0>
void pad_forward(Cpu, index_t planes, const PadGeometry& g, const T* x, T* y, T value, const PlaneShifts<N>& from_plane = {}) {
    using namespace pad_detail;
    const index_t from_size = product(g.input), to_size = product(g.output()), width = g.output()[2];
    const Middle middle = middle_of(g);
    parallel_for(planes, [&](index_t plane) {
        const index_t x_plane = from_plane(plane);
        for_each_row(g, [&](index_t to, index_t from) {
            T* row = y + plane * to_size + to;
            if (x_plane < 0 || from < 0) {
                std::fill_n(row, width, value);
                return;
            }
            const T* source = x + x_plane * from_size + from;
            for_each_border(middle, width, [&](index_t j) {
                const index_t i = g.source(2, j);
                row[j] = i < 0 ? value : source[i];
            });
            std::copy_n(source + middle.from, middle.count, row + middle.to);
        });
    });
}

/// gx[i] [+]= the sum of gy[p] over all p whose source is i, where to_plane(plane) is the plane of y that one of x goes to, or -1.
/// 16-bit types are summed in float and rounded once.
template <Floating T, std::size_t N = 0>
void pad_backward(Cpu, index_t planes, const PadGeometry& g, const T* gy, T* gx, bool accumulate, const PlaneShifts<N>& to_plane = {}) {
    using namespace pad_detail;
    const index_t from_size = product(g.input), to_size = product(g.output());
    parallel_for(planes, [&](index_t plane) {
        T* target = gx + plane * from_size;
        const index_t y_plane = to_plane(plane);
        if (y_plane < 0) {
            if (!accumulate) std::fill_n(target, from_size, T(0));
            return;
        }
        const T* gradient = gy + y_plane * to_size;
        if constexpr (ReducedFloat<T>) {
            float* wide =
                accumulate ? wide_detail::widen<WidePlane>(target, from_size) : scratch<WidePlane, float>(from_size);
            if (!accumulate) std::fill_n(wide, from_size, 0.0F);
            add_plane(g, gradient, wide);
            wide_detail::convert_rows(wide, from_size, 1, from_size, target, from_size);
        } else {
            if (!accumulate) std::fill_n(target, from_size, T(0));
            add_plane(g, gradient, target);
        }
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
