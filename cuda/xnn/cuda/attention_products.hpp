// The products of attention: one for each head of each batch entry, which stand wherever a projection left them.
#pragma once

#include "xnn/cpu/attention.hpp"
#include "xnn/cuda/attention_rows.hpp"
#include "xnn/cuda/gemm.hpp"
#include "xnn/expr/arena.hpp"

namespace xnn::kernels::attention_rows {

/// The matrices of a product: of each head of each batch entry, where `group` heads share one.
template <class T>
struct Matrices {
    HeadMatrices<T> of;
    index_t group = 1;
    T* const* each = nullptr;  // on the device: all of them, if point_at_heads() has written them down

    T* at(index_t batch, index_t head) const { return of.at(batch, head / group); }
    bool in_a_row(index_t heads) const { return group == 1 && of.batch_step == heads * of.head_step; }
};

/// Products whose results are of T, or of the type that T is computed with.
template <class D, class T, class R>
void multiply_batched(D device, index_t count, Transpose ta, Transpose tb, index_t m, index_t n, index_t k, const T* a, index_t lda, index_t a_step,
                      const T* b, index_t ldb, index_t b_step, R* c, index_t ldc, index_t c_step, bool accumulate) {
    if constexpr (std::same_as<T, R>) {
        gemm_batched(device, count, ta, tb, m, n, k, a, lda, a_step, b, ldb, b_step, c, ldc, c_step, {.accumulate = accumulate});
    } else {
#ifdef __CUDACC__
        if constexpr (std::same_as<D, Cuda>) {
            if (k > 0 && m > 0 && n > 0) {
                cuda::detail::Blas::of_thread().multiply(cuda::detail::Product{ta, tb, m, n, k, lda, ldb, ldc}, count, a, a_step, b, b_step, c, c_step, false);
                return;
            }
        }
#endif
        cuda::launch(device, count * m * n, cuda_gemm::DirectProduct<T, R, R>{ta, tb, m, n, k, a, lda, a_step, b, ldb, b_step, c, ldc, c_step, accumulate});
    }
}

/// The same of matrices that stand anywhere.
template <class D, class T, class R>
void multiply_each(D device, index_t count, Transpose ta, Transpose tb, index_t m, index_t n, index_t k, const T* const* a, index_t lda, const T* const* b,
                   index_t ldb, R* const* c, index_t ldc, bool accumulate) {
    if constexpr (std::same_as<D, CudaHost>) {
        for (index_t i = 0; i < count; ++i) multiply_batched(device, 1, ta, tb, m, n, k, a[i], lda, 0, b[i], ldb, 0, c[i], ldc, 0, accumulate);
    } else {
#ifdef __CUDACC__
        cuda::detail::Blas::of_thread().multiply(cuda::detail::Product{ta, tb, m, n, k, lda, ldb, ldc}, count, a, b, c, accumulate);
#endif
    }
}

/// Writes down where the matrices of all heads are.
template <std::size_t Count>
struct PointAtHeads {
    struct Place {
        std::byte* data;
        index_t batch_step, head_step, group;  // steps in bytes
    };
    void** to;
    index_t heads, matrices;
    Place places[Count];

    XNN_INLINE void operator()(index_t i) const {
        const index_t place = cuda::quotient(i, matrices), matrix = i - place * matrices, batch = cuda::quotient(matrix, heads);
        Place of = places[0];  // chosen, not indexed: a GPU would copy the arguments to memory
        XNN_DEVICE_UNROLL for (std::size_t p = 1; p < Count; ++p)
            if (static_cast<index_t>(p) == place) of = places[p];
        to[i] = of.data + batch * of.batch_step + cuda::quotient(matrix - batch * heads, of.group) * of.head_step;
    }
};
template <class D, class... T>
void point_at_heads(D device, Arena<D>& arena, index_t batch, index_t heads, Matrices<T>&... matrices) {
    const bool in_a_row = (matrices.in_a_row(heads) && ...), apart = ((matrices.group == 1) && ...);
    if (in_a_row || heads == 1 || (batch == 1 && apart)) return;  // one product of equal steps does it
    const index_t count = batch * heads;
    void** const to = arena.template allocate<void*>(count * static_cast<index_t>(sizeof...(T)));
    const auto bytes = [](const auto& m, index_t step) { return step * static_cast<index_t>(sizeof *m.of.data); };
    cuda::launch(device, count * static_cast<index_t>(sizeof...(T)),
                 PointAtHeads<sizeof...(T)>{to, heads, count,
                                            {{reinterpret_cast<std::byte*>(const_cast<std::remove_const_t<T>*>(matrices.of.data)),
                                              bytes(matrices, matrices.of.batch_step), bytes(matrices, matrices.of.head_step), matrices.group}...}});
    index_t place = 0;
    ((matrices.each = reinterpret_cast<T* const*>(to + count * place++)), ...);
}

/// C [+]= op(A) op(B) for all heads of some batch entries. Heads that share a matrix C add to it one after the other.
template <class D, class T, class R>
void multiply_heads(D device, index_t batch, index_t heads, Transpose ta, Transpose tb, index_t m, index_t n, index_t k, const Matrices<const T>& a,
                    const Matrices<const T>& b, const Matrices<R>& c, bool accumulate = false) {
    const auto multiply = [&](index_t first, index_t head, index_t count, index_t a_step, index_t b_step, index_t c_step, bool add) {
        multiply_batched(device, count, ta, tb, m, n, k, a.at(first, head), a.of.pitch, a_step, b.at(first, head), b.of.pitch, b_step, c.at(first, head),
                         c.of.pitch, c_step, add);
    };
    if (a.each && b.each && c.each && c.group == 1 && m > 0 && n > 0 && k > 0)
        return multiply_each(device, batch * heads, ta, tb, m, n, k, a.each, a.of.pitch, b.each, b.of.pitch, c.each, c.of.pitch, accumulate);
    const bool apart = a.group == 1 && b.group == 1 && c.group == 1;
    if (apart && (batch == 1 || (a.in_a_row(heads) && b.in_a_row(heads) && c.in_a_row(heads))))
        multiply(0, 0, batch * heads, a.of.head_step, b.of.head_step, c.of.head_step, accumulate);
    else if (apart && batch < heads)
        for (index_t i = 0; i < batch; ++i) multiply(i, 0, heads, a.of.head_step, b.of.head_step, c.of.head_step, accumulate);
    else
        for (index_t h = 0; h < heads; ++h) multiply(0, h, batch, a.of.batch_step, b.of.batch_step, c.of.batch_step, accumulate || h % c.group != 0);
}

/// A head's matrices from a batch entry and a row on.
template <class T>
Matrices<T> part(const HeadMatrices<T>& of, index_t batch, index_t row, index_t group = 1) {
    return {{of.data + batch * of.batch_step + row * of.pitch, of.batch_step, of.head_step, of.pitch}, group};
}
/// Matrices of scores, one after the other.
template <class T>
Matrices<T> scores_at(std::type_identity_t<T>* data, const AttentionExtents& e, const Block& block) {
    return {{data, e.heads * block.rows * block.keys, block.rows * block.keys, block.keys}, 1};
}

}  // namespace xnn::kernels::attention_rows
