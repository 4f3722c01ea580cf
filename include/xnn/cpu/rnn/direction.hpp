// One direction of one recurrent layer, through all steps forward and back.
//
// The part of the gates that comes from the inputs is one matrix product for all steps; what a step adds is a product with
// the state before it. Sequences do not know of each other, so threads share the sequences and walk through time alone.
#pragma once

#include "xnn/cpu/column_sums.hpp"
#include "xnn/cpu/gemm.hpp"
#include "xnn/cpu/rnn/cells.hpp"
#include "xnn/cpu/rnn/rows.hpp"
#include "xnn/cpu/transpose.hpp"

namespace xnn::kernels {

/// A gradient: where it goes, and whether it is added there. Null where none is wanted.
template <class T>
struct RnnGradient {
    T* data = nullptr;
    bool accumulate = false;
};

/// The parameters of a direction, in the order of PyTorch's state dict: [gates hidden, input], [gates hidden, state],
/// [gates hidden] twice, [state, hidden]. Biases and the projection may be null.
template <class P>
struct RnnParameters {
    P weight_ih{}, weight_hh{}, bias_ih{}, bias_hh{}, weight_hr{};
};

/// The widths of a direction: of its inputs, of its gates, and of its state, which is narrower where it is projected.
struct RnnWidths {
    index_t input;
    index_t hidden;
    index_t state;
    constexpr bool projected() const { return state != hidden; }
};

/// What a direction computes on its way forward and needs on its way back. Rows are those of SequenceRows.
template <class T>
struct RnnKept {
    T* gates = nullptr;        ///< [rows, gates hidden]
    T* cell = nullptr;         ///< [rows, hidden]: see ForwardRow::kept
    T* hidden = nullptr;       ///< [rows, hidden]: the state before it is projected
    T* start_state = nullptr;  ///< [batch, state]: the initial state, in the order of the rows
    T* start_cell = nullptr;   ///< [batch, hidden]
};

inline namespace XNN_SIMD_ARCH {
namespace rnn_detail {

/// Sequences that one task walks through time with: enough to fill the registers of a product, and to be worth a thread.
inline index_t sequences_per_task(const SequenceRows& rows, index_t work_of_step) {
    return std::max<index_t>(16, items_per_task(rows.steps * work_of_step, index_t{1} << 20));
}

template <RnnMode Mode, class T>
class Direction {
public:
    static constexpr index_t gates = gates_of(Mode);
    static constexpr bool has_cell = Mode == RnnMode::lstm;
    static constexpr bool has_recurrent = Mode == RnnMode::gru;  // a part of the gates that stays apart

    /// `out` is [rows, …] with `pitch` numbers from one row to the next.
    Direction(const SequenceRows& rows, const RnnWidths& widths, const RnnParameters<const T*>& parameters, const RnnKept<T>& kept, const T* x,
              T* out, index_t pitch, bool reverse)
        : rows_(rows), w_(widths), parameters_(parameters), kept_(kept), x_(x), out_(out), pitch_(pitch), reverse_(reverse) {}

    /// What forward() takes beside what it keeps: numbers of T.
    static constexpr index_t forward_scratch(const RnnWidths& w, index_t batch) {
        return gates * w.hidden * (w.state + 1 + (has_recurrent ? batch : 0));
    }
    void forward(T* scratch) {
        const index_t width = gates * w_.hidden;
        T* const weight = scratch;  // transposed: products with few rows read it as it stands
        T* const bias = weight + width * w_.state;
        recurrent_ = bias + width;
        transpose(Cpu{}, parameters_.weight_hh, w_.state, width, w_.state, weight, width);
        const bool has_bias = parameters_.bias_ih != nullptr;
        for (index_t i = 0; has_bias && i < width; ++i) bias[i] = parameters_.bias_ih[i] + (has_recurrent ? T(0) : parameters_.bias_hh[i]);
        gemm(Cpu{}, Transpose::no, Transpose::yes, rows_.rows(), width, w_.input, x_, w_.input, parameters_.weight_ih, w_.input, kept_.gates,
             width, {.column_bias = has_bias ? bias : nullptr});
        parallel_chunks(rows_.batch, sequences_per_task(rows_, width * w_.state), [&](index_t begin, index_t end) {
            for (index_t i = 0; i < rows_.steps; ++i) step(reverse_ ? rows_.steps - 1 - i : i, begin, end, weight);
        });
    }

    /// What backward() takes: numbers of T.
    static constexpr index_t backward_scratch(const RnnWidths& w, index_t batch, index_t rows) {
        return rows * (gates * w.hidden * (has_recurrent ? 2 : 1) + w.state * (w.projected() ? 2 : 1)) +
               batch * (2 * w.state + w.hidden * (1 + (has_cell ? 1 : 0)));
    }
    /// The gradients of the parameters, of the inputs (dense rows) and of the initial state and cell (in the batch's order)
    /// from those of out (with its pitch), and of the final state and cell (in the batch's order; null: 0).
    void backward(T* scratch, const T* gout, const T* gstate, const T* gcell, const RnnParameters<RnnGradient<T>>& gradients, RnnGradient<T> gx,
                  RnnGradient<T> gstart_state, RnnGradient<T> gstart_cell) {
        const index_t width = gates * w_.hidden, rows = rows_.rows(), batch = rows_.batch;
        const auto take = [&](index_t n) { return std::exchange(scratch, scratch + n); };
        ggates_ = take(rows * width);
        grecurrent_ = has_recurrent ? take(rows * width) : ggates_;
        T* const before = take(rows * w_.state);
        gprojected_ = w_.projected() ? take(rows * w_.state) : nullptr;
        carry_ = take(batch * w_.state);
        total_ = take(batch * w_.state);
        ghidden_ = take(batch * w_.hidden);
        if (has_cell) cell_carry_ = take(batch * w_.hidden);
        load_places(gstate, w_.state, carry_);
        if (has_cell) load_places(gcell, w_.hidden, cell_carry_);

        parallel_chunks(batch, sequences_per_task(rows_, width * w_.state), [&](index_t begin, index_t end) {
            for (index_t i = rows_.steps; i-- > 0;) step_back(reverse_ ? rows_.steps - 1 - i : i, begin, end, gout, before);
        });

        if (gx.data)
            gemm(Cpu{}, Transpose::no, Transpose::no, rows, w_.input, width, ggates_, width, parameters_.weight_ih, w_.input, gx.data, w_.input,
                 {.accumulate = gx.accumulate});
        multiply(gradients.weight_ih, width, w_.input, ggates_, x_);
        multiply(gradients.weight_hh, width, w_.state, grecurrent_, before);
        if (gradients.bias_ih.data) column_sums(Cpu{}, rows, width, ggates_, gradients.bias_ih.data, gradients.bias_ih.accumulate);
        if (gradients.bias_hh.data) column_sums(Cpu{}, rows, width, grecurrent_, gradients.bias_hh.data, gradients.bias_hh.accumulate);
        if (w_.projected()) multiply(gradients.weight_hr, w_.state, w_.hidden, gprojected_, kept_.hidden);
        store_places(carry_, w_.state, gstart_state);
        if (has_cell) store_places(cell_carry_, w_.hidden, gstart_cell);
    }

    /// The initial state or cell (null: 0) in the order of the rows.
    void load_places(const T* from, index_t width, T* to) const {
        for (index_t s = 0; s < rows_.batch; ++s)
            if (from == nullptr)
                std::fill_n(to + s * width, width, T(0));
            else
                std::copy_n(from + rows_.sequence[s] * width, width, to + s * width);
    }
    /// The state or cell after each sequence's last step, in the batch's order.
    void final(const T* of_rows, index_t pitch, index_t width, T* to) const {
        for (index_t s = 0; s < rows_.batch; ++s) {
            const index_t last = reverse_ ? 0 : rows_.length[s] - 1;
            std::copy_n(of_rows + (rows_.first[last] + s) * pitch, width, to + rows_.sequence[s] * width);
        }
    }

private:
    void store_places(const T* from, index_t width, RnnGradient<T> to) const {
        for (index_t s = 0; to.data && s < rows_.batch; ++s)
            for (index_t i = 0; i < width; ++i) simd::put(to.data + rows_.sequence[s] * width + i, from[s * width + i], to.accumulate);
    }
    /// target [m, n] = aᵀ b over all rows.
    void multiply(RnnGradient<T> target, index_t m, index_t n, const T* a, const T* b) const {
        if (target.data) gemm(Cpu{}, Transpose::yes, Transpose::no, m, n, rows_.rows(), a, m, b, n, target.data, n, {.accumulate = target.accumulate});
    }

    /// The rows of a step that a task's sequences have, and where their step before stands.
    struct Step {
        index_t count;     // how many of the sequences run
        index_t row;       // the first one's row
        index_t going_on;  // how many of them have a step before; the others begin
        index_t before;    // the first one's row in it
    };
    Step at(index_t t, index_t begin, index_t end) const {
        const index_t u = reverse_ ? t + 1 : t - 1;
        const auto part = [=](index_t running) { return std::clamp<index_t>(running - begin, 0, end - begin); };
        const index_t count = part(rows_.running(t));
        const index_t going_on = std::min(count, part(rows_.running(u)));
        return {count, rows_.first[t] + begin, going_on, going_on > 0 ? rows_.first[u] + begin : 0};
    }
    const T* state_before(const Step& s, index_t i, index_t begin) const {
        return i < s.going_on ? out_ + (s.before + i) * pitch_ : kept_.start_state + (begin + i) * w_.state;
    }
    /// What cells take as `before` and `kept`.
    const T* before_of(const Step& s, index_t i, index_t begin) const {
        if constexpr (has_cell)
            return cell_before(s, i, begin);
        else
            return state_before(s, i, begin);
    }
    T* cell_of(index_t row) const {
        if constexpr (Mode == RnnMode::tanh || Mode == RnnMode::relu)
            return nullptr;
        else
            return kept_.cell + row * w_.hidden;
    }
    const T* cell_before(const Step& s, index_t i, index_t begin) const {
        return i < s.going_on ? kept_.cell + (s.before + i) * w_.hidden : kept_.start_cell + (begin + i) * w_.hidden;
    }

    void step(index_t t, index_t begin, index_t end, const T* weight) {
        const Step s = at(t, begin, end);
        if (s.count == 0) return;
        const index_t width = gates * w_.hidden;
        T* const row = kept_.gates + s.row * width;
        T* const sum = has_recurrent ? recurrent_ + begin * width : row;
        const GemmEpilogue<T> epilogue{.accumulate = !has_recurrent, .column_bias = has_recurrent ? parameters_.bias_hh : nullptr};
        gemm(Cpu{}, Transpose::no, Transpose::no, s.going_on, width, w_.state, out_ + s.before * pitch_, pitch_, weight, width, sum, width, epilogue);
        gemm(Cpu{}, Transpose::no, Transpose::no, s.count - s.going_on, width, w_.state, kept_.start_state + (begin + s.going_on) * w_.state,
             w_.state, weight, width, sum + s.going_on * width, width, epilogue);
        T* const hidden = w_.projected() ? kept_.hidden + s.row * w_.hidden : out_ + s.row * pitch_;
        const index_t pitch = w_.projected() ? w_.hidden : pitch_;
        for (index_t i = 0; i < s.count; ++i)
            Cell<Mode>::template forward<T>({w_.hidden, row + i * width, sum + i * width, before_of(s, i, begin), cell_of(s.row + i), hidden + i * pitch});
        if (w_.projected())
            gemm(Cpu{}, Transpose::no, Transpose::yes, s.count, w_.state, w_.hidden, hidden, w_.hidden, parameters_.weight_hr, w_.hidden,
                 out_ + s.row * pitch_, pitch_);
    }

    void step_back(index_t t, index_t begin, index_t end, const T* gout, T* before) {
        const Step s = at(t, begin, end);
        if (s.count == 0) return;
        const index_t width = gates * w_.hidden;
        T* const carry = carry_ + begin * w_.state;
        T* const total = w_.projected() ? gprojected_ + s.row * w_.state : total_ + begin * w_.state;
        for (index_t i = 0; i < s.count; ++i) {
            add(w_.state, gout + (s.row + i) * pitch_, carry + i * w_.state, total + i * w_.state);
            std::copy_n(state_before(s, i, begin), w_.state, before + (s.row + i) * w_.state);
        }
        const T* ghidden = total;
        if (w_.projected()) {
            gemm(Cpu{}, Transpose::no, Transpose::no, s.count, w_.hidden, w_.state, total, w_.state, parameters_.weight_hr, w_.hidden,
                 ghidden_ + begin * w_.hidden, w_.hidden);
            ghidden = ghidden_ + begin * w_.hidden;
        }
        for (index_t i = 0; i < s.count; ++i)
            Cell<Mode>::template backward<T>({w_.hidden, kept_.gates + (s.row + i) * width, before_of(s, i, begin), cell_of(s.row + i), ghidden + i * w_.hidden,
                                              has_cell ? cell_carry_ + (begin + i) * w_.hidden : carry + i * w_.state,
                                              ggates_ + (s.row + i) * width, grecurrent_ + (s.row + i) * width});
        gemm(Cpu{}, Transpose::no, Transpose::no, s.count, w_.state, width, grecurrent_ + s.row * width, width, parameters_.weight_hh, w_.state,
             carry, w_.state, {.accumulate = has_recurrent});
    }
    static void add(index_t n, const T* a, const T* b, T* sum) {
        simd::for_registers<T>(n, [=](index_t i, auto count) { simd::store(sum + i, simd::load(a + i, count) + simd::load(b + i, count), count); });
    }

    const SequenceRows& rows_;
    RnnWidths w_;
    RnnParameters<const T*> parameters_;
    RnnKept<T> kept_;
    const T* x_;
    T* out_;
    index_t pitch_;
    bool reverse_;
    T* recurrent_ = nullptr;
    T *ggates_ = nullptr, *grecurrent_ = nullptr, *gprojected_ = nullptr, *carry_ = nullptr, *total_ = nullptr, *ghidden_ = nullptr, *cell_carry_ = nullptr;
};

}  // namespace rnn_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
