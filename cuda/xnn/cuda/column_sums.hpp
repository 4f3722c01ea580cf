// Sums over the rows of a matrix: what a bias needs on the way back.
#pragma once

#include "xnn/cuda/reduce.hpp"

namespace xnn::kernels {

namespace sums_detail {
template <class T>
struct AddTo {
    T* p;
    bool accumulate;
    template <class Total>
    XNN_INLINE void operator()(index_t i, const Total& total) const {
        p[i] = static_cast<T>(accumulate ? static_cast<Total>(static_cast<compute_t<T>>(p[i])) + total : total);
    }
};
}  // namespace sums_detail

/// out[j] [+]= Σ_i x[i, j] for x [rows, columns], in a fixed order.
template <class T, cuda::Device D>
void column_sums(D, index_t rows, index_t columns, const T* x, T* out, bool accumulate) {
    const auto lease = Lease<D>::take();
    using Sums = BroadcastMap<Shape<1, dyn>, Shape<dyn, dyn>>;
    reduce<Sums>(lease.arena(), SumReducer<T>{}, Ptr<T>(x), Dims<2>{rows, columns}, sums_detail::AddTo<T>{out, accumulate});
}

/// out[i] [+]= Σ_j x[i, j] for x [rows, columns], in a fixed order.
template <class T, cuda::Device D>
void row_sums(D, index_t rows, index_t columns, const T* x, T* out, bool accumulate) {
    const auto lease = Lease<D>::take();
    using Sums = BroadcastMap<Shape<dyn, 1>, Shape<dyn, dyn>>;
    reduce<Sums>(lease.arena(), SumReducer<T>{}, Ptr<T>(x), Dims<2>{rows, columns}, sums_detail::AddTo<T>{out, accumulate});
}

}  // namespace xnn::kernels
