// Elements and slices picked by indices: one launch. Their gradients are added up in the order of the sorted indices, or, where an
// element can have been picked a few times only, by a thread that looks for its own: one launch.
#pragma once

#include <concepts>

#include "xnn/cpu/gather.hpp"
#include "xnn/cuda/indices.hpp"
#include "xnn/cuda/scatter_sums.hpp"

namespace xnn::kernels {

namespace gather_detail {

/// Where the elements of x stand that an index picks.
template <class I, std::size_t Rank>
struct Picks {
    GatherExtents<Rank> e;
    index_t n, step;  // of x along dim
    const I* index;
    cuda::IndexGuard guard;

    static Picks of(const I* index, const GatherExtents<Rank>& e, cuda::IndexGuard guard) { return {e, e.x[e.dim], e.step(), index, guard}; }

    /// The element of x that number i of the index picks; -1 for none.
    XNN_INLINE index_t operator()(index_t i) const {
        const auto picked = static_cast<index_t>(index[i]);
        if (!guard.admits(picked, n)) return -1;
        index_t place = picked * step, stride = 1;
        XNN_DEVICE_UNROLL for (std::size_t d = Rank; d-- > 0;) {
            const index_t outer = cuda::quotient(i, e.index[d]);
            if (d != e.dim) place += (i - outer * e.index[d]) * stride;
            stride *= e.x[d];
            i = outer;
        }
        return place;
    }
};

template <class T, class P>
struct Gather {
    P picks;
    const T* x;
    T* y;
    XNN_INLINE void operator()(index_t i) const {
        const index_t place = picks(i);
        y[i] = place < 0 ? T(0) : x[place];
    }
};

template <class P>
struct GatherKeys {
    P picks;
    index_t* keys;
    index_t none;
    XNN_INLINE void operator()(index_t i) const {
        const index_t place = picks(i);
        keys[i] = place < 0 ? none : place;
    }
};

/// A thread for each element of x, which looks through the indices that can have picked it.
template <class T, class I, std::size_t Rank>
struct FindPicks {
    GatherExtents<Rank> e;
    index_t count;  // of indices along dim
    const I* index;
    const T* gy;
    T* gx;
    bool accumulate;

    XNN_INLINE void operator()(index_t i) const {
        index_t rest = i, first = 0, stride = 1, step = 1, position = 0;
        bool reached = true;
        XNN_DEVICE_UNROLL for (std::size_t d = Rank; d-- > 0;) {
            const index_t outer = cuda::quotient(rest, e.x[d]), coordinate = rest - outer * e.x[d];
            if (d == e.dim) {
                position = coordinate;
                step = stride;
            } else {
                first += coordinate * stride;
                reached = reached && coordinate < e.index[d];
            }
            stride *= e.index[d];
            rest = outer;
        }
        compute_t<T> sum(0);
        if (accumulate) sum = static_cast<compute_t<T>>(gx[i]);
        if (reached)
            for (index_t k = 0; k < count; ++k)
                if (static_cast<index_t>(index[first + k * step]) == position) sum += static_cast<compute_t<T>>(gy[first + k * step]);
        gx[i] = static_cast<T>(sum);
    }
};

/// Slices [outer, n, inner] picked by one list of indices.
template <class T, class I>
struct SelectSlices {
    const T* x;
    const I* index;
    T* y;
    index_t n, count, inner;
    cuda::IndexGuard guard;
    XNN_INLINE void operator()(index_t i) const {
        const index_t row = cuda::quotient(i, inner), outer = cuda::quotient(row, count);
        const auto picked = static_cast<index_t>(index[row - outer * count]);
        y[i] = guard.admits(picked, n) ? x[(outer * n + picked) * inner + i - row * inner] : T(0);
    }
};

template <class I>
struct SliceKeys {
    const I* index;
    index_t* keys;
    index_t n;
    cuda::IndexGuard guard;
    XNN_INLINE void operator()(index_t i) const {
        const auto picked = static_cast<index_t>(index[i]);
        keys[i] = guard.admits(picked, n) ? picked : n;
    }
};

}  // namespace gather_detail

/// As gather_forward of the Cpu.
template <class T, std::integral I, std::size_t Rank, cuda::Device D>
void gather_forward(D device, const T* x, const I* index, T* y, const GatherExtents<Rank>& e) {
    using P = gather_detail::Picks<I, Rank>;
    cuda::launch(device, product(e.index), gather_detail::Gather<T, P>{P::of(index, e, cuda::guard_of(device)), x, y});
}

/// As gather_backward of the Cpu.
template <class T, std::integral I, std::size_t Rank, cuda::Device D>
void gather_backward(D device, const T* gy, const I* index, T* gx, bool accumulate, const GatherExtents<Rank>& e) {
    using P = gather_detail::Picks<I, Rank>;
    constexpr index_t few = 32;
    const index_t n = product(e.x), count = product(e.index);
    if (e.index[e.dim] <= few) return cuda::launch(device, n, gather_detail::FindPicks<T, I, Rank>{e, e.index[e.dim], index, gy, gx, accumulate});
    const auto lease = Lease<D>::take();
    auto* const keys = lease.arena().template allocate<index_t>(count);
    cuda::launch(device, count, gather_detail::GatherKeys<P>{P::of(index, e, cuda::guard_of(device)), keys, n});
    cuda::scatter_sums(device, lease.arena(), keys, gy, gx, accumulate, 1, n, count, 1);
}

/// As index_select_forward of the Cpu.
template <class T, std::integral I, cuda::Device D>
void index_select_forward(D device, const T* x, const I* index, T* y, index_t outer, index_t n, index_t count, index_t inner) {
    cuda::launch(device, outer * count * inner, gather_detail::SelectSlices<T, I>{x, index, y, n, count, inner, cuda::guard_of(device)});
}

/// As index_select_backward of the Cpu.
template <class T, std::integral I, cuda::Device D>
void index_select_backward(D device, const T* gy, const I* index, T* gx, bool accumulate, index_t outer, index_t n, index_t count, index_t inner) {
    const auto lease = Lease<D>::take();
    auto* const keys = lease.arena().template allocate<index_t>(count);
    cuda::launch(device, count, gather_detail::SliceKeys<I>{index, keys, n, cuda::guard_of(device)});
    cuda::scatter_sums(device, lease.arena(), keys, gy, gx, accumulate, outer, n, count, inner);
}

}  // namespace xnn::kernels
