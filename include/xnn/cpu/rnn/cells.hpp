// What recurrent cells do with one row of gates, forward and back, in registers.
#pragma once

#include "xnn/cpu/math/hyperbolic.hpp"
#include "xnn/cpu/registers.hpp"

namespace xnn::kernels {

/// Kinds of recurrent cells. The gates of a row stand one after the other: LSTM's as i f g o, GRU's as r z n.
enum class RnnMode : unsigned char { tanh, relu, lstm, gru };

XNN_INLINE constexpr index_t gates_of(RnnMode mode) { return mode == RnnMode::lstm ? 4 : mode == RnnMode::gru ? 3 : 1; }

inline namespace XNN_SIMD_ARCH {
namespace rnn_detail {

/// One row on the way forward, `n` numbers wide.
template <class T>
struct ForwardRow {
    index_t n;
    T* gates;           // what the gates are functions of; becomes their values
    const T* recurrent; // GRU: the part of it that comes from the state
    const T* before;    // LSTM: the cell; GRU: the state; both of the step before
    T* kept;            // LSTM: the cell; GRU: the new gate's part from the state
    T* state;           // the result
};

/// One row on the way back.
template <class T>
struct BackwardRow {
    index_t n;
    const T* gates;
    const T* before;
    const T* kept;
    const T* gradient;      // of the state
    T* carry;               // LSTM: the gradient of the cell; GRU: that of the state before; read and replaced
    T* gate_gradient;       // of what the gates are functions of
    T* recurrent_gradient;  // GRU: of the part that comes from the state
};

template <RnnMode Mode>
struct Cell;

template <RnnMode Mode>
    requires(Mode == RnnMode::tanh || Mode == RnnMode::relu)
struct Cell<Mode> {
    template <class T>
    static void forward(const ForwardRow<T>& row) {
        simd::for_registers<T>(row.n, [row](index_t i, auto count) {
            const auto x = simd::load(row.gates + i, count);
            const auto y = Mode == RnnMode::tanh ? math::tanh<T>(x) : simd::relu(x);
            simd::store(row.gates + i, y, count);
            simd::store(row.state + i, y, count);
        });
    }
    template <class T>
    static void backward(const BackwardRow<T>& row) {
        using V = simd::batch<T>;
        simd::for_registers<T>(row.n, [row](index_t i, auto count) {
            const V y = simd::load(row.gates + i, count), g = simd::load(row.gradient + i, count);
            simd::store(row.gate_gradient + i, Mode == RnnMode::tanh ? V(g * (V(T(1)) - y * y)) : simd::select(y > V(T(0)), g, V(T(0))), count);
        });
    }
};

/// c' = f c + i g, h' = o tanh(c')
template <>
struct Cell<RnnMode::lstm> {
    template <class T>
    static void forward(const ForwardRow<T>& row) {
        using V = simd::batch<T>;
        simd::for_registers<T>(row.n, [row](index_t k, auto count) {
            T* const gate = row.gates + k;
            const V i = math::sigmoid<T>(simd::load(gate, count));
            const V f = math::sigmoid<T>(simd::load(gate + row.n, count));
            const V g = math::tanh<T>(simd::load(gate + 2 * row.n, count));
            const V o = math::sigmoid<T>(simd::load(gate + 3 * row.n, count));
            const V c = simd::fma(f, simd::load(row.before + k, count), i * g);
            simd::store(gate, i, count);
            simd::store(gate + row.n, f, count);
            simd::store(gate + 2 * row.n, g, count);
            simd::store(gate + 3 * row.n, o, count);
            simd::store(row.kept + k, c, count);
            simd::store(row.state + k, o * math::tanh<T>(c), count);
        });
    }
    template <class T>
    static void backward(const BackwardRow<T>& row) {
        using V = simd::batch<T>;
        simd::for_registers<T>(row.n, [row](index_t k, auto count) {
            const T* const gate = row.gates + k;
            T* const to = row.gate_gradient + k;
            const V one(T(1)), i = simd::load(gate, count), f = simd::load(gate + row.n, count);
            const V g = simd::load(gate + 2 * row.n, count), o = simd::load(gate + 3 * row.n, count);
            const V gh = simd::load(row.gradient + k, count), bent = math::tanh<T>(simd::load(row.kept + k, count));
            const V gc = simd::fma(gh * o, one - bent * bent, simd::load(row.carry + k, count));
            simd::store(to, gc * g * i * (one - i), count);
            simd::store(to + row.n, gc * simd::load(row.before + k, count) * f * (one - f), count);
            simd::store(to + 2 * row.n, gc * i * (one - g * g), count);
            simd::store(to + 3 * row.n, gh * bent * o * (one - o), count);
            simd::store(row.carry + k, gc * f, count);
        });
    }
};

/// n = tanh(x_n + r h_n), h' = (1 - z) n + z h
template <>
struct Cell<RnnMode::gru> {
    template <class T>
    static void forward(const ForwardRow<T>& row) {
        using V = simd::batch<T>;
        simd::for_registers<T>(row.n, [row](index_t k, auto count) {
            T* const gate = row.gates + k;
            const T* const recurrent = row.recurrent + k;
            const V r = math::sigmoid<T>(simd::load(gate, count) + simd::load(recurrent, count));
            const V z = math::sigmoid<T>(simd::load(gate + row.n, count) + simd::load(recurrent + row.n, count));
            const V h = simd::load(recurrent + 2 * row.n, count);
            const V n = math::tanh<T>(simd::fma(r, h, simd::load(gate + 2 * row.n, count)));
            simd::store(gate, r, count);
            simd::store(gate + row.n, z, count);
            simd::store(gate + 2 * row.n, n, count);
            simd::store(row.kept + k, h, count);
            simd::store(row.state + k, simd::fma(z, simd::load(row.before + k, count) - n, n), count);
        });
    }
    template <class T>
    static void backward(const BackwardRow<T>& row) {
        using V = simd::batch<T>;
        simd::for_registers<T>(row.n, [row](index_t k, auto count) {
            const T* const gate = row.gates + k;
            T* const to = row.gate_gradient + k;
            T* const recurrent = row.recurrent_gradient + k;
            const V one(T(1)), r = simd::load(gate, count), z = simd::load(gate + row.n, count), n = simd::load(gate + 2 * row.n, count);
            const V g = simd::load(row.gradient + k, count);
            const V gn = g * (one - z) * (one - n * n);
            const V gr = gn * simd::load(row.kept + k, count) * r * (one - r);
            const V gz = g * (simd::load(row.before + k, count) - n) * z * (one - z);
            simd::store(to, gr, count);
            simd::store(to + row.n, gz, count);
            simd::store(to + 2 * row.n, gn, count);
            simd::store(recurrent, gr, count);
            simd::store(recurrent + row.n, gz, count);
            simd::store(recurrent + 2 * row.n, gn * r, count);
            simd::store(row.carry + k, g * z, count);
        });
    }
};

}  // namespace rnn_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
