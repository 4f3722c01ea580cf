// Mean and variance of a set in one pass, joined in a tree.
#pragma once

#include "xnn/core/math.hpp"
#include "xnn/cuda/sets.hpp"

namespace xnn::cuda {

/// Mean and sum of the squared deviations from it, of the distances from a number that all parts of a set have in common: its first
/// element. So a large mean costs no digits. Welford's update of one element, Chan's of two sets.
template <class C>
struct MomentSums {
    C origin;
    C count = 0;
    C mean = 0;
    C squares = 0;

    XNN_INLINE void add(C x) {
        count += 1;
        const C distance = (x - origin) - mean;
        mean += distance / count;
        squares += distance * ((x - origin) - mean);
    }
    XNN_INLINE static MomentSums join(const MomentSums& a, const MomentSums& b) {
        if (a.count == 0) return b;
        if (b.count == 0) return a;
        MomentSums result{a.origin};
        result.count = a.count + b.count;
        const C distance = b.mean - a.mean, part = b.count / result.count;
        result.mean = a.mean + distance * part;
        result.squares = a.squares + b.squares + distance * distance * a.count * part;
        return result;
    }
    /// The mean of the elements.
    XNN_INLINE C center() const { return origin + mean; }
    XNN_INLINE C variance() const { return squares / count; }
};

template <class C>
XNN_INLINE C reciprocal_deviation(C variance, C eps) { return C(1) / math::sqrt(variance + eps); }

/// An array of a number for each set, written if it is wanted.
template <class T>
XNN_INLINE void keep_in(T* p, index_t set, compute_t<T> value, bool accumulate = false) {
    if (p != nullptr) put(p + set, value, accumulate);
}

}  // namespace xnn::cuda
