// One direction of one recurrent layer, through all steps forward and back. The part of the gates that comes from the inputs is one
// product for all steps. Launches: forward 2 and 2 for each step; back 6 and 2 for each step; with a projection 4 for each step.
#pragma once

#include <utility>

#include "xnn/cpu/rnn/direction.hpp"
#include "xnn/cuda/column_sums.hpp"
#include "xnn/cuda/gemm.hpp"
#include "xnn/cuda/rnn/cells.hpp"

namespace xnn::kernels::rnn_rows {

template <class T>
struct AddBiases {
    const T *a, *b;
    T* sum;
    XNN_INLINE void operator()(index_t i) const { sum[i] = b ? a[i] + b[i] : a[i]; }
};
template <class T>
struct Put {
    const T* from;
    T* to;
    bool accumulate;
    XNN_INLINE void operator()(index_t i) const { to[i] = accumulate ? to[i] + from[i] : from[i]; }
};

/// Copies n numbers; zeros if there are none.
template <class T, class D>
void load(D device, const T* from, index_t n, T* to) {
    const auto bytes = static_cast<std::size_t>(n) * sizeof(T);
    if (from)
        copy_bytes(device, to, device, from, bytes);
    else
        set_bytes(device, to, 0, bytes);
}

/// As rnn_detail::Direction of the Cpu, whose memory it uses.
template <RnnMode Mode, class T, class D>
class Direction {
    static constexpr index_t gates = gates_of(Mode);
    static constexpr bool has_cell = Mode == RnnMode::lstm;
    static constexpr bool has_recurrent = Mode == RnnMode::gru;
    static constexpr D device{};

public:
    Direction(const Sequences& sequences, const RnnWidths& widths, const RnnParameters<const T*>& parameters, const RnnKept<T>& kept, const T* x, T* out,
              index_t pitch, bool reverse)
        : sequences_(sequences), w_(widths), parameters_(parameters), kept_(kept), x_(x), out_(out), pitch_(pitch), reverse_(reverse) {}

    /// From the initial state and cell in what is kept; h_n and c_n may be null.
    void forward(T* scratch, T* h_n, T* c_n) {
        const index_t width = gates * w_.hidden, batch = sequences_.batch;
        T* const bias = scratch;
        T* const recurrent = bias + width;
        const auto lease = Lease<D>::take();
        T* const state = lease.arena().template allocate<T>(batch * w_.state);
        T* const cell = has_cell ? lease.arena().template allocate<T>(batch * w_.hidden) : nullptr;
        load<T>(device, kept_.start_state, batch * w_.state, state);
        if (has_cell) load<T>(device, kept_.start_cell, batch * w_.hidden, cell);
        const bool has_bias = parameters_.bias_ih != nullptr;
        if (has_bias) cuda::launch(device, width, AddBiases<T>{parameters_.bias_ih, has_recurrent ? nullptr : parameters_.bias_hh, bias});
        gemm(device, Transpose::no, Transpose::yes, sequences_.steps * batch, width, w_.input, x_, w_.input, parameters_.weight_ih, w_.input, kept_.gates, width,
             {.column_bias = has_bias ? bias : nullptr});
        for (index_t i = 0; i < sequences_.steps; ++i) step(reverse_ ? sequences_.steps - 1 - i : i, recurrent, state, cell);
        if (h_n) load<T>(device, state, batch * w_.state, h_n);
        if (c_n) load<T>(device, cell, batch * w_.hidden, c_n);
    }

    void backward(T* scratch, const T* gout, const T* gstate, const T* gcell, const RnnParameters<RnnGradient<T>>& gradients, RnnGradient<T> gx,
                  RnnGradient<T> gstart_state, RnnGradient<T> gstart_cell) {
        const index_t width = gates * w_.hidden, batch = sequences_.batch, rows = sequences_.steps * batch;
        const auto take = [&](index_t n) { return std::exchange(scratch, scratch + n); };
        ggates_ = take(rows * width);
        grecurrent_ = has_recurrent ? take(rows * width) : ggates_;
        T* const before = take(rows * w_.state);
        gprojected_ = w_.projected() ? take(rows * w_.state) : nullptr;
        carry_ = take(batch * w_.state);
        ghidden_ = take(batch * w_.hidden);
        cell_carry_ = has_cell ? take(batch * w_.hidden) : nullptr;
        load(device, gstate, batch * w_.state, carry_);
        if (has_cell) load(device, gcell, batch * w_.hidden, cell_carry_);
        for (index_t i = sequences_.steps; i-- > 0;) step_back(reverse_ ? sequences_.steps - 1 - i : i, gout);

        if (gx.data)
            gemm(device, Transpose::no, Transpose::no, rows, w_.input, width, ggates_, width, parameters_.weight_ih, w_.input, gx.data, w_.input,
                 {.accumulate = gx.accumulate});
        multiply(gradients.weight_ih, width, w_.input, ggates_, x_);
        if (gradients.weight_hh.data) cuda::launch(device, rows * w_.state, StoreBefore<T>{state_before(), before});
        multiply(gradients.weight_hh, width, w_.state, grecurrent_, before);
        if (gradients.bias_ih.data) column_sums(device, rows, width, ggates_, gradients.bias_ih.data, gradients.bias_ih.accumulate);
        if (gradients.bias_hh.data) column_sums(device, rows, width, grecurrent_, gradients.bias_hh.data, gradients.bias_hh.accumulate);
        if (w_.projected()) multiply(gradients.weight_hr, w_.state, w_.hidden, gprojected_, kept_.hidden);
        if (gstart_state.data) cuda::launch(device, batch * w_.state, Put<T>{carry_, gstart_state.data, gstart_state.accumulate});
        if (has_cell && gstart_cell.data) cuda::launch(device, batch * w_.hidden, Put<T>{cell_carry_, gstart_cell.data, gstart_cell.accumulate});
    }

private:
    void multiply(RnnGradient<T> target, index_t m, index_t n, const T* a, const T* b) const {
        if (target.data)
            gemm(device, Transpose::yes, Transpose::no, m, n, sequences_.steps * sequences_.batch, a, m, b, n, target.data, n, {.accumulate = target.accumulate});
    }
    Before<T> state_before() const { return {sequences_, reverse_, out_, pitch_, kept_.start_state, w_.state}; }
    Before<T> cell_before() const { return {sequences_, reverse_, kept_.cell, w_.hidden, kept_.start_cell, w_.hidden}; }
    T* cell_of(index_t row) const { return kept_.cell ? kept_.cell + row * w_.hidden : nullptr; }

    void step(index_t t, T* recurrent, T* state, T* cell) const {
        const index_t width = gates * w_.hidden, batch = sequences_.batch, row = t * batch;
        T* const of_step = kept_.gates + row * width;
        gemm(device, Transpose::no, Transpose::yes, batch, width, w_.state, state, w_.state, parameters_.weight_hh, w_.state, has_recurrent ? recurrent : of_step,
             width, {.accumulate = !has_recurrent, .column_bias = has_recurrent ? parameters_.bias_hh : nullptr});
        T* const result = out_ + row * pitch_;
        const bool projected = w_.projected();
        T* const hidden = projected ? kept_.hidden + row * w_.hidden : result;
        cuda::launch(device, batch * w_.hidden,
                     CellForward<Mode, T>{sequences_, t, w_.hidden, of_step, recurrent, cell_of(row), projected ? nullptr : state, cell, hidden,
                                          projected ? w_.hidden : pitch_});
        if (projected) {
            gemm(device, Transpose::no, Transpose::yes, batch, w_.state, w_.hidden, hidden, w_.hidden, parameters_.weight_hr, w_.hidden, result, pitch_);
            cuda::launch(device, batch * w_.state, KeepState<T>{sequences_, t, w_.state, result, pitch_, state});
        }
    }

    void step_back(index_t t, const T* gout) const {
        const index_t width = gates * w_.hidden, batch = sequences_.batch, row = t * batch;
        const TakeGradient<T> gradient{gout + row * pitch_, pitch_, carry_, w_.state};
        if (w_.projected()) {
            T* const projected = gprojected_ + row * w_.state;
            cuda::launch(device, batch * w_.state, StoreGradient<T>{sequences_, t, gradient, projected});
            gemm(device, Transpose::no, Transpose::no, batch, w_.hidden, w_.state, projected, w_.state, parameters_.weight_hr, w_.hidden, ghidden_, w_.hidden);
        }
        cuda::launch(device, batch * w_.hidden,
                     CellBackward<Mode, T>{sequences_, t, w_.hidden, kept_.gates + row * width, cell_of(row), has_cell ? cell_before() : state_before(),
                                           w_.projected() ? ghidden_ : nullptr, gradient, cell_carry_, ggates_ + row * width, grecurrent_ + row * width});
        // Sequences that do not run add nothing: what they carry waits for their last step.
        gemm(device, Transpose::no, Transpose::no, batch, w_.state, width, grecurrent_ + row * width, width, parameters_.weight_hh, w_.state, carry_, w_.state,
             {.accumulate = true});
    }

    Sequences sequences_;
    RnnWidths w_;
    RnnParameters<const T*> parameters_;
    RnnKept<T> kept_;
    const T* x_;
    T* out_;
    index_t pitch_;
    bool reverse_;
    T *ggates_ = nullptr, *grecurrent_ = nullptr, *gprojected_ = nullptr, *carry_ = nullptr, *ghidden_ = nullptr, *cell_carry_ = nullptr;
};

}  // namespace xnn::kernels::rnn_rows
