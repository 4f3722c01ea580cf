// What a step of a recurrent cell does with its gates, forward and back: a thread for each number of the hidden state.
#pragma once

#include "xnn/core/math.hpp"
#include "xnn/cpu/rnn/cells.hpp"
#include "xnn/cuda/rnn/rows.hpp"

namespace xnn::kernels::rnn_rows {

/// A step on the way forward. Arrays are [batch, hidden], those of gates [batch, gates, hidden].
template <RnnMode Mode, class T>
struct CellForward {
    Sequences sequences;
    index_t t, hidden;
    T* gates;            // what they are functions of; becomes their values
    const T* recurrent;  // GRU: the part of it that comes from the state
    T* kept;             // LSTM: the cell; GRU: the new gate's part from the state
    T* state;            // of the step before; becomes that of this one. LSTM: null where it is projected
    T* cell;             // LSTM: as state
    T* result;
    index_t pitch;       // of result

    XNN_INLINE void operator()(index_t i) const {
        const index_t s = cuda::quotient(i, hidden), k = i - s * hidden;
        if (!sequences.runs(t, s)) {
            result[s * pitch + k] = T(0);
            return;
        }
        const index_t at = s * gates_of(Mode) * hidden + k;
        T h;
        if constexpr (Mode == RnnMode::lstm) {
            const T in = math::sigmoid(gates[at]), forget = math::sigmoid(gates[at + hidden]);
            const T g = math::tanh(gates[at + 2 * hidden]), out = math::sigmoid(gates[at + 3 * hidden]);
            const T c = math::fma(forget, cell[i], in * g);
            gates[at] = in;
            gates[at + hidden] = forget;
            gates[at + 2 * hidden] = g;
            gates[at + 3 * hidden] = out;
            kept[i] = cell[i] = c;
            h = out * math::tanh(c);
        } else if constexpr (Mode == RnnMode::gru) {
            const T r = math::sigmoid(gates[at] + recurrent[at]), z = math::sigmoid(gates[at + hidden] + recurrent[at + hidden]);
            const T part = recurrent[at + 2 * hidden], n = math::tanh(math::fma(r, part, gates[at + 2 * hidden]));
            gates[at] = r;
            gates[at + hidden] = z;
            gates[at + 2 * hidden] = n;
            kept[i] = part;
            h = math::fma(z, state[i] - n, n);
        } else {
            h = gates[at] = Mode == RnnMode::tanh ? math::tanh(gates[at]) : math::max(gates[at], T(0));
        }
        result[s * pitch + k] = h;
        if (state) state[i] = h;
    }
};

/// The state where it is projected: the new one of sequences that run.
template <class T>
struct KeepState {
    Sequences sequences;
    index_t t, width;
    const T* result;
    index_t pitch;
    T* state;
    XNN_INLINE void operator()(index_t i) const {
        const index_t s = cuda::quotient(i, width);
        if (sequences.runs(t, s)) state[i] = result[s * pitch + i - s * width];
    }
};

/// What a step comes after: the row of the step before it, or the start.
template <class T>
struct Before {
    Sequences sequences;
    bool reverse;
    const T* rows;
    index_t pitch;
    const T* start;  // [batch, width]
    index_t width;

    XNN_INLINE T operator()(index_t t, index_t s, index_t k) const {
        const bool begins = reverse ? sequences.begins_after(t, s) : t == 0;
        return begins ? start[s * width + k] : rows[((reverse ? t + 1 : t - 1) * sequences.batch + s) * pitch + k];
    }
};
template <class T>
struct StoreBefore {
    Before<T> before;
    T* to;
    XNN_INLINE void operator()(index_t i) const {
        const At at(i, before.width, before.sequences.batch);
        to[i] = before.sequences.runs(at.t, at.s) ? before(at.t, at.s, at.k) : T(0);
    }
};

/// The gradient of a state from those of its use as a result and in the next step, whose carry it empties.
template <class T>
struct TakeGradient {
    const T* gresult;
    index_t pitch;
    T* carry;  // [batch, width]
    index_t width;
    XNN_INLINE T operator()(index_t s, index_t k) const {
        T& more = carry[s * width + k];
        const T sum = gresult[s * pitch + k] + more;
        more = T(0);
        return sum;
    }
};
/// The same as a step of its own, where the state is projected.
template <class T>
struct StoreGradient {
    Sequences sequences;
    index_t t;
    TakeGradient<T> gradient;
    T* to;
    XNN_INLINE void operator()(index_t i) const {
        const index_t s = cuda::quotient(i, gradient.width);
        to[i] = sequences.runs(t, s) ? gradient(s, i - s * gradient.width) : T(0);
    }
};

/// A step on the way back.
template <RnnMode Mode, class T>
struct CellBackward {
    Sequences sequences;
    index_t t, hidden;
    const T *gates, *kept;
    Before<T> before;
    const T* ghidden;          // of the state before it is projected; null: `gradient` knows it
    TakeGradient<T> gradient;
    T* cell_carry;             // LSTM: the gradient of the cell, replaced by that of the one before
    T *ggates, *grecurrent;

    XNN_INLINE void operator()(index_t i) const {
        const index_t s = cuda::quotient(i, hidden), k = i - s * hidden, at = s * gates_of(Mode) * hidden + k;
        if (!sequences.runs(t, s)) {
            for (index_t g = 0; g < gates_of(Mode); ++g) ggates[at + g * hidden] = grecurrent[at + g * hidden] = T(0);
            return;
        }
        const T one(1), g = ghidden ? ghidden[i] : gradient(s, k);
        if constexpr (Mode == RnnMode::lstm) {
            const T in = gates[at], forget = gates[at + hidden], x = gates[at + 2 * hidden], out = gates[at + 3 * hidden];
            const T bent = math::tanh(kept[i]), gc = math::fma(g * out, one - bent * bent, cell_carry[i]);
            ggates[at] = gc * x * in * (one - in);
            ggates[at + hidden] = gc * before(t, s, k) * forget * (one - forget);
            ggates[at + 2 * hidden] = gc * in * (one - x * x);
            ggates[at + 3 * hidden] = g * bent * out * (one - out);
            cell_carry[i] = gc * forget;
        } else if constexpr (Mode == RnnMode::gru) {
            const T r = gates[at], z = gates[at + hidden], n = gates[at + 2 * hidden];
            const T gn = g * (one - z) * (one - n * n), gr = gn * kept[i] * r * (one - r), gz = g * (before(t, s, k) - n) * z * (one - z);
            ggates[at] = grecurrent[at] = gr;
            ggates[at + hidden] = grecurrent[at + hidden] = gz;
            ggates[at + 2 * hidden] = gn;
            grecurrent[at + 2 * hidden] = gn * r;
            gradient.carry[i] = g * z;
        } else {
            const T y = gates[at];
            ggates[at] = Mode == RnnMode::tanh ? g * (one - y * y) : y > T(0) ? g : T(0);
        }
    }
};

}  // namespace xnn::kernels::rnn_rows
