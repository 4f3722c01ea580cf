// Registers of float: GELU and its slope by polynomials alone. Both are gates g with g(-x) = 1 - g(x), and a polynomial
// in |x| costs less than the exponential and the quotient of their definitions.
#pragma once

#include "xnn/cpu/math/basic.hpp"

namespace xnn::math {
inline namespace XNN_SIMD_ARCH {

namespace detail {

/// Minimax terms of g(-a) for 0 <= a < end, in powers of 2 a / end - 1; beyond the end g(-a) counts as 0.
template <std::size_t N>
struct GatePolynomial {
    float end;
    std::array<float, N> terms;
};

inline constexpr GatePolynomial<17> normal_gate{5.4f, {0.0034669831f, -0.028136956f, 0.10255662f, -0.21500646f,
    0.26729712f, -0.15490648f, -0.072024375f, 0.21140966f, -0.13481264f, -0.047441106f, 0.11887275f, -0.037246738f,
    -0.039992813f, 0.026998932f, 0.0040361336f, -0.0056708776f, 0.00060025038f}};
inline constexpr GatePolynomial<20> normal_gate_slope{5.75f, {-0.016374476f, 0.11525403f, -0.32427526f, 0.36642608f,
    0.24082042f, -1.3071693f, 1.5567472f, -0.12975791f, -1.7153462f, 1.772012f, 0.12123026f, -1.5916649f, 0.90301991f,
    0.58831853f, -0.7535634f, -0.023031127f, 0.28174734f, -0.053778362f, -0.044005878f, 0.013390842f}};
inline constexpr GatePolynomial<16> tanh_gate{4.9f, {0.0069710896f, -0.048857357f, 0.14821374f, -0.2443375f,
    0.21117726f, -0.034907576f, -0.12044185f, 0.122607f, -0.028031005f, -0.043421835f, 0.048145726f, -0.0096050706f,
    -0.018745868f, 0.010963751f, 0.0027109045f, -0.002441345f}};
inline constexpr GatePolynomial<19> tanh_gate_slope{5.25f, {-0.029190838f, 0.16783282f, -0.33656818f, 0.08939141f,
    0.73589355f, -1.2167281f, 0.45606399f, 0.71226829f, -0.89572781f, 0.31726319f, 0.15260568f, -0.47097388f,
    0.42847455f, 0.14996414f, -0.38355663f, 0.013188091f, 0.14391638f, -0.0122062f, -0.021910785f}};

template <std::size_t N>
XNN_REGISTER_INLINE Register<float> gate(Register<float> x, const GatePolynomial<N>& polynomial) {
    const Register<float> size = abs(x), zero(0.f), one(1.f);
    const Register<float> near = two_chains(simd::fma(size, Register<float>(2 / polynomial.end), -one), polynomial.terms);
    const Register<float> left = select(size >= Register<float>(polynomial.end), zero, near);  // NaN stays
    return select(x > zero, one - left, left);
}

}  // namespace detail

/// x Phi(x); error at most 3e-7 |x|, which is also what 1 + erf(x / sqrt(2)) loses on the left.
XNN_REGISTER_INLINE Register<float> gelu(Register<float> x) { return x * detail::gate(x, detail::normal_gate); }
/// The derivative of gelu; error at most 6e-7.
XNN_REGISTER_INLINE Register<float> gelu_slope(Register<float> x) { return detail::gate(x, detail::normal_gate_slope); }

/// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2; error at most 3e-7 |x|.
XNN_REGISTER_INLINE Register<float> gelu_tanh(Register<float> x) { return x * detail::gate(x, detail::tanh_gate); }
/// The derivative of gelu_tanh; error at most 6e-7.
XNN_REGISTER_INLINE Register<float> gelu_tanh_slope(Register<float> x) { return detail::gate(x, detail::tanh_gate_slope); }

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::math
