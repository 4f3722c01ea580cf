// The linear maps of Winograd's convolution, F(m x m, r x r) with m + r = 7: a tile of 6 x 6 inputs gives m x m outputs
// with 36 multiplications, where the definition has m² r².
//
// A convolution of 6 numbers with r numbers is a product of polynomials, found by evaluating both at 0, ±p, ±q and ∞ and
// interpolating. The points decide how much rounding is amplified: 5/8 and 3/2 lose less than half a digit against the
// definition (1 and 2, which are usual, lose a whole one), and their powers and products are exact in float.
#pragma once

#include "xnn/core/config.hpp"
#include "xnn/cpu/simd.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace winograd_detail {

inline constexpr int points = 6;  // as many as a tile has inputs along a side

inline constexpr double p = 0.625, q = 1.5;
inline constexpr double pp = p * p, qq = q * q;

template <class V>
XNN_CPU_INLINE V constant(double c) {
    return V(static_cast<typename V::value_type>(c));
}

/// Inputs to points: B^T d.
template <class V>
XNN_CPU_INLINE void input_to_points(const V (&d)[points], V (&v)[points]) {
    const V product = constant<V>(pp * qq), sum = constant<V>(-(pp + qq));
    v[0] = simd::fma(product, d[0], simd::fma(sum, d[2], d[4]));
    v[5] = simd::fma(product, d[1], simd::fma(sum, d[3], d[5]));
    const auto pair = [&](double point, double other, V& plus, V& minus) {
        const V even = simd::fma(constant<V>(-other), d[2], d[4]), odd = simd::fma(constant<V>(-other), d[1], d[3]);
        plus = simd::fma(constant<V>(point), odd, even);
        minus = simd::fma(constant<V>(-point), odd, even);
    };
    pair(p, qq, v[1], v[2]);
    pair(q, pp, v[3], v[4]);
}

/// Points to the m outputs: A^T v.
template <int M, class V>
XNN_CPU_INLINE void points_to_output(const V (&v)[points], V (&y)[M]) {
    const V even_p = v[1] + v[2], odd_p = v[1] - v[2], even_q = v[3] + v[4], odd_q = v[3] - v[4];
    y[0] = v[0] + even_p + even_q;
    double power_p = 1, power_q = 1;
    XNN_UNROLL for (int i = 1; i < M; ++i) {
        power_p *= p, power_q *= q;
        const V& at_p = i % 2 == 0 ? even_p : odd_p;
        const V& at_q = i % 2 == 0 ? even_q : odd_q;
        y[i] = simd::fma(constant<V>(power_p), at_p, constant<V>(power_q) * at_q);
    }
    y[M - 1] += v[5];
}

/// The values at the points of a polynomial of M coefficients: A y, the adjoint of points_to_output.
template <int M, class V>
XNN_CPU_INLINE void coefficients_to_points(const V (&y)[M], V (&v)[points]) {
    const auto pair = [&](double point, V& plus, V& minus) {
        V even = y[0], odd = constant<V>(0);
        double power = 1;
        XNN_UNROLL for (int i = 1; i < M; ++i) {
            power *= point;
            V& part = i % 2 == 0 ? even : odd;
            part = simd::fma(constant<V>(power), y[i], part);
        }
        plus = even + odd;
        minus = even - odd;
    };
    v[0] = y[0];
    pair(p, v[1], v[2]);
    pair(q, v[3], v[4]);
    v[5] = y[M - 1];
}

/// What the values of a weight's polynomial at 0, ±p and ±q are divided by, for which B^T has no fractions.
inline constexpr double at_zero = 1 / (pp * qq), at_p = 1 / (2 * pp * (pp - qq)), at_q = 1 / (2 * qq * (qq - pp));

/// Weights to points: G w.
template <int R, class V>
XNN_CPU_INLINE void weights_to_points(const V (&w)[R], V (&v)[points]) {
    coefficients_to_points<R>(w, v);
    v[0] *= constant<V>(at_zero);
    v[1] *= constant<V>(at_p);
    v[2] *= constant<V>(at_p);
    v[3] *= constant<V>(at_q);
    v[4] *= constant<V>(at_q);
}

/// From the gradient at the points to that of the weights: G^T v.
template <int R, class V>
XNN_CPU_INLINE void points_to_weights(V (&v)[points], V (&w)[R]) {
    v[0] *= constant<V>(at_zero);
    v[1] *= constant<V>(at_p);
    v[2] *= constant<V>(at_p);
    v[3] *= constant<V>(at_q);
    v[4] *= constant<V>(at_q);
    points_to_output<R>(v, w);
}

}  // namespace winograd_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
