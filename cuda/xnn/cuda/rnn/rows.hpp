// A batch of sequences in the order in which a recurrence takes it on the device: all steps of all sequences, [steps, batch, …], so
// that the host need not know their lengths. What is behind the end of a sequence is zeros.
#pragma once

#include <string_view>

#include "xnn/core/generator.hpp"
#include "xnn/cpu/rnn/rows.hpp"
#include "xnn/cuda/indices.hpp"
#include "xnn/cuda/memory.hpp"

namespace xnn::kernels {

namespace rnn_rows {

/// What kernels know of the sequences. Where `lengths` is null all have the same.
struct Sequences {
    index_t steps, batch;
    bool batch_first;
    const index_t* lengths;  // [batch]
    const index_t* first;    // [steps]: the steps of all sequences before this one
    const index_t* place;    // [batch]: how many sequences are longer, or as long and stand before

    XNN_INLINE bool runs(index_t t, index_t s) const { return lengths == nullptr || t < lengths[s]; }
    XNN_INLINE bool begins_after(index_t t, index_t s) const { return t + 1 == (lengths == nullptr ? steps : lengths[s]); }
    /// Where a step stands in the padded array.
    XNN_INLINE index_t padded(index_t t, index_t s) const { return batch_first ? s * steps + t : t * batch + s; }
    /// The number of the row that the Cpu has it in, which decides about its random numbers.
    XNN_INLINE index_t packed(index_t t, index_t s) const { return lengths == nullptr ? t * batch + s : first[t] + place[s]; }

    static Sequences of(const SequenceRows& rows, bool has_lengths) {
        return {rows.steps, rows.batch, rows.batch_first, has_lengths ? rows.length : nullptr, rows.first, rows.sequence};
    }
};

template <class I>
struct ReadLengths {
    const I* lengths;
    index_t* to;
    index_t steps;
    cuda::IndexGuard guard;
    XNN_INLINE void operator()(index_t s) const {
        const auto length = static_cast<index_t>(lengths[s]);
        to[s] = guard.admits(length - 1, steps) ? length : steps;
    }
};
/// Fills in `first`, then `place`.
struct Order {
    index_t steps, batch;
    const index_t* lengths;
    index_t *first, *place;
    XNN_INLINE void operator()(index_t i) const {
        index_t sum = 0;
        if (i < steps) {
            for (index_t s = 0; s < batch; ++s) sum += lengths[s] < i ? lengths[s] : i;
            first[i] = sum;
        } else {
            const index_t own = i - steps;
            for (index_t s = 0; s < batch; ++s) sum += lengths[s] > lengths[own] || (lengths[s] == lengths[own] && s < own);
            place[own] = sum;
        }
    }
};

/// A number of a row, and where the row is.
struct At {
    index_t row, k, t, s;
    XNN_INLINE At(index_t i, index_t width, index_t batch) : row(cuda::quotient(i, width)), k(i - row * width), t(cuda::quotient(row, batch)), s(row - t * batch) {}
};

template <class T>
struct Gather {
    Sequences sequences;
    index_t width;
    const T* padded;
    T* to;
    XNN_INLINE void operator()(index_t i) const {
        const At at(i, width, sequences.batch);
        to[i] = sequences.runs(at.t, at.s) ? padded[sequences.padded(at.t, at.s) * width + at.k] : T(0);
    }
};
template <class T>
struct Scatter {
    Sequences sequences;
    index_t width;
    const T* from;
    T* padded;
    bool accumulate;
    XNN_INLINE void operator()(index_t i) const {
        const At at(i, width, sequences.batch);
        const T value = sequences.runs(at.t, at.s) ? from[i] : T(0);
        T& to = padded[sequences.padded(at.t, at.s) * width + at.k];
        to = accumulate ? to + value : value;
    }
};

/// Rows with dropout, whose numbers begin with `first` of the stream.
template <class T>
struct DropOut {
    Sequences sequences;
    RandomStream stream;
    index_t first, width;
    float p;
    T scale;
    const T* from;
    T* to;
    XNN_INLINE void operator()(index_t i) const {
        const At at(i, width, sequences.batch);
        if (!sequences.runs(at.t, at.s))
            to[i] = T(0);
        else
            to[i] = stream.uniform(first + sequences.packed(at.t, at.s) * width + at.k) < p ? T(0) : from[i] * scale;
    }
};

template <class T, class I>
struct FillPadding {
    const T* x;
    const I* lengths;
    T* y;
    index_t steps, batch, width;
    bool batch_first, accumulate;
    T value;
    XNN_INLINE void operator()(index_t i) const {
        using C = compute_t<T>;
        const index_t row = cuda::quotient(i, width), outer = cuda::quotient(row, batch_first ? steps : batch);
        const index_t inner = row - outer * (batch_first ? steps : batch);
        const bool inside = (batch_first ? inner : outer) < static_cast<index_t>(lengths[batch_first ? outer : inner]);
        const T from = inside ? x[i] : value;
        y[i] = accumulate ? static_cast<T>(static_cast<C>(y[i]) + static_cast<C>(from)) : from;
    }
};

}  // namespace rnn_rows

/// As require_lengths of the Cpu; of the lengths on a GPU it says nothing.
template <std::integral I, cuda::Device D>
void require_lengths(D device, std::string_view operation, const I* lengths, index_t batch, index_t steps, bool sorted) {
    if constexpr (xnn::detail::is_host_memory<D>) {
        await(device);
        require_lengths(Cpu{}, operation, lengths, batch, steps, sorted);
    }
}

/// What rnn_rows::Sequences knows of these lengths, in the arrays of `rows`; nothing if they are null.
template <std::integral I, cuda::Device D>
void order_rows(D device, SequenceRows& rows, const I* lengths) {
    rows.as_stored = lengths == nullptr && (!rows.batch_first || rows.batch == 1 || rows.steps == 1);
    if (lengths == nullptr) return;
    cuda::launch(device, rows.batch, rnn_rows::ReadLengths<I>{lengths, rows.length, rows.steps, cuda::guard_of(device)});
    cuda::launch(device, rows.steps + rows.batch, rnn_rows::Order{rows.steps, rows.batch, rows.length, rows.first, rows.sequence});
}

/// As fill_padding of the Cpu.
template <class T, std::integral I, cuda::Device D>
void fill_padding(D device, const T* x, const I* lengths, T* y, index_t steps, index_t batch, index_t width, bool batch_first, T value) {
    cuda::launch(device, steps * batch * width, rnn_rows::FillPadding<T, I>{x, lengths, y, steps, batch, width, batch_first, false, value});
}

/// As fill_padding_backward of the Cpu.
template <class T, std::integral I, cuda::Device D>
void fill_padding_backward(D device, const T* gy, const I* lengths, T* gx, index_t steps, index_t batch, index_t width, bool batch_first, bool accumulate) {
    cuda::launch(device, steps * batch * width,
                 rnn_rows::FillPadding<T, I>{gy, lengths, gx, steps, batch, width, batch_first, accumulate, static_cast<T>(0)});
}

}  // namespace xnn::kernels
