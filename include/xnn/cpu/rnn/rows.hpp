// A batch of sequences in the order in which a recurrence takes it.
#pragma once

#include <algorithm>
#include <concepts>

#include "xnn/core/device.hpp"
#include "xnn/cpu/registers.hpp"

namespace xnn::kernels {

/// Rows step after step; within a step one row for each sequence that is still running, the longest sequence first. So the
/// rows of a step are the first of those of the step before, and nothing is computed for padding.
struct SequenceRows {
    index_t steps = 0;
    index_t batch = 0;
    bool batch_first = false;      ///< the padded array is [batch, steps, …]
    bool as_stored = false;        ///< the order is that of the padded array
    index_t* first = nullptr;      ///< [steps + 1]: rows first[t] to before first[t + 1] are those of step t
    index_t* sequence = nullptr;   ///< [batch]: which sequence of the batch comes at this place
    index_t* length = nullptr;     ///< [batch]: of the sequence at this place

    constexpr index_t rows() const { return first[steps]; }
    constexpr index_t running(index_t t) const { return t < 0 || t >= steps ? 0 : first[t + 1] - first[t]; }
    /// Where the row of step t and place s stands in the padded array.
    constexpr index_t padded(index_t t, index_t s) const { return batch_first ? sequence[s] * steps + t : t * batch + sequence[s]; }
};

inline namespace XNN_SIMD_ARCH {

/// Throws Error unless all lengths are in [1, steps] and, where they are to be sorted, none is greater than the one before.
template <std::integral I>
void require_lengths(Cpu, std::string_view operation, const I* lengths, index_t batch, index_t steps, bool sorted) {
    for (index_t b = 0; b < batch; ++b) {
        const auto length = static_cast<index_t>(lengths[b]);
        if (length < 1 || length > steps || (sorted && b > 0 && lengths[b] > lengths[b - 1]))
            fail(operation, "lengths in [1, " + std::to_string(steps) + "]" + (sorted ? ", the longest first (or enforce_sorted = false)" : ""),
                 std::to_string(length) + " at position " + std::to_string(b));
    }
}

/// Fills in the order of sequences of these lengths; null: all have `steps`. The arrays of `rows` must be there.
template <std::integral I>
void order_rows(Cpu, SequenceRows& rows, const I* lengths) {
    const index_t batch = rows.batch;
    for (index_t s = 0; s < batch; ++s) rows.sequence[s] = s;
    if (lengths != nullptr)
        std::sort(rows.sequence, rows.sequence + batch, [=](index_t a, index_t b) { return lengths[a] != lengths[b] ? lengths[a] > lengths[b] : a < b; });
    for (index_t s = 0; s < batch; ++s) rows.length[s] = lengths == nullptr ? rows.steps : static_cast<index_t>(lengths[rows.sequence[s]]);
    rows.first[0] = 0;
    index_t running = batch;
    for (index_t t = 0; t < rows.steps; ++t) {
        while (running > 0 && rows.length[running - 1] <= t) --running;
        rows.first[t + 1] = rows.first[t] + running;
    }
    rows.as_stored = lengths == nullptr && (!rows.batch_first || batch == 1 || rows.steps == 1);
}

/// Copies the rows of a padded array, of `width` numbers each, into their order.
template <class T>
void gather_rows(const SequenceRows& rows, index_t width, const T* padded, T* to) {
    parallel_chunks(rows.steps, items_per_task(rows.batch * width), [=](index_t begin, index_t end) {
        for (index_t t = begin; t < end; ++t)
            for (index_t s = 0; s < rows.running(t); ++s)
                std::copy_n(padded + rows.padded(t, s) * width, width, to + (rows.first[t] + s) * width);
    });
}

/// Copies rows back to a padded array, or adds them there; padding becomes 0, or stays what it was.
template <class T>
void scatter_rows(const SequenceRows& rows, index_t width, const T* from, T* padded, bool accumulate) {
    parallel_chunks(rows.steps, items_per_task(rows.batch * width), [=](index_t begin, index_t end) {
        for (index_t t = begin; t < end; ++t)
            for (index_t s = 0; s < rows.batch; ++s) {
                T* const to = padded + rows.padded(t, s) * width;
                const T* const row = from + (rows.first[t] + s) * width;
                if (s >= rows.running(t)) {
                    if (!accumulate) std::fill_n(to, width, T(0));
                } else if (accumulate) {
                    for (index_t i = 0; i < width; ++i) to[i] += row[i];
                } else {
                    std::copy_n(row, width, to);
                }
            }
    });
}

/// y = x where a step is within its sequence, `value` in the padding: [batch, steps, width] or [steps, batch, width].
template <class T, std::integral I>
void fill_padding(Cpu, const T* x, const I* lengths, T* y, index_t steps, index_t batch, index_t width, bool batch_first, T value) {
    for (index_t b = 0; b < batch; ++b)
        for (index_t t = 0; t < steps; ++t) {
            const index_t row = batch_first ? b * steps + t : t * batch + b;
            if (t < static_cast<index_t>(lengths[b]))
                std::copy_n(x + row * width, width, y + row * width);
            else
                std::fill_n(y + row * width, width, value);
        }
}

/// The gradient of fill_padding: that of y within sequences, 0 in the padding; written or added.
template <class T, std::integral I>
void fill_padding_backward(Cpu, const T* gy, const I* lengths, T* gx, index_t steps, index_t batch, index_t width, bool batch_first, bool accumulate) {
    for (index_t b = 0; b < batch; ++b)
        for (index_t t = 0; t < steps; ++t) {
            const index_t row = batch_first ? b * steps + t : t * batch + b;
            const bool inside = t < static_cast<index_t>(lengths[b]);
            for (index_t i = row * width; i < (row + 1) * width; ++i) simd::put(gx + i, inside ? static_cast<compute_t<T>>(gy[i]) : compute_t<T>(0), accumulate);
        }
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
