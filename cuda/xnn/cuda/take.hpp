// One element of each column of (outer, n, inner), chosen by an index, and its gradient: one launch each.
#pragma once

#include <cstdint>

#include "xnn/core/dtype.hpp"
#include "xnn/cuda/launch.hpp"

namespace xnn::kernels {

namespace take_detail {

struct Columns {
    const std::int64_t* index;
    index_t n, inner;

    /// The element that is chosen of column i.
    XNN_INLINE index_t chosen(index_t i) const {
        const index_t outer = cuda::quotient(i, inner);
        return (outer * n + static_cast<index_t>(index[i])) * inner + i - outer * inner;
    }
};

template <class T>
struct Take {
    Columns columns;
    const T* x;
    T* y;
    XNN_INLINE void operator()(index_t i) const { y[i] = x[columns.chosen(i)]; }
};

template <class T>
struct AddChosen {
    Columns columns;
    const T* gy;
    T* gx;
    XNN_INLINE void operator()(index_t i) const {
        T& target = gx[columns.chosen(i)];
        target = static_cast<T>(static_cast<compute_t<T>>(target) + static_cast<compute_t<T>>(gy[i]));
    }
};

/// A thread for each element of gx.
template <class T>
struct SetChosen {
    Columns columns;
    const T* gy;
    T* gx;
    XNN_INLINE void operator()(index_t i) const {
        const index_t row = cuda::quotient(i, columns.inner), outer = cuda::quotient(row, columns.n);
        const index_t column = outer * columns.inner + i - row * columns.inner;
        gx[i] = static_cast<index_t>(columns.index[column]) == row - outer * columns.n ? gy[column] : T(0);
    }
};

}  // namespace take_detail

/// As take_along of the Cpu.
template <class T, cuda::Device D>
void take_along(D device, const T* x, const std::int64_t* index, T* y, index_t outer, index_t n, index_t inner) {
    cuda::launch(device, outer * inner, take_detail::Take<T>{{index, n, inner}, x, y});
}

/// As put_along of the Cpu.
template <class T, cuda::Device D>
void put_along(D device, const T* gy, const std::int64_t* index, T* gx, bool accumulate, index_t outer, index_t n, index_t inner) {
    const take_detail::Columns columns{index, n, inner};
    if (accumulate)
        cuda::launch(device, outer * inner, take_detail::AddChosen<T>{columns, gy, gx});
    else
        cuda::launch(device, outer * n * inner, take_detail::SetChosen<T>{columns, gy, gx});
}

}  // namespace xnn::kernels
