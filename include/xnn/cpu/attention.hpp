// Scaled dot product attention in blocks: scores are computed, used and forgotten block by block, so that memory grows with
// the sequence and not with its square. The way back computes them again from one number for each query.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "xnn/core/generator.hpp"
#include "xnn/cpu/gemm.hpp"
#include "xnn/cpu/math.hpp"
#include "xnn/cpu/registers.hpp"
#include "xnn/cpu/softmax.hpp"

namespace xnn::kernels {

/// How many matrices there are, and their extents. Each head of keys and values serves heads / kv_heads heads of queries.
struct AttentionExtents {
    index_t batch;
    index_t heads;
    index_t kv_heads;
    index_t queries;
    index_t keys;
    index_t width;
    index_t value_width;

    /// The numbers that attention_forward keeps for attention_backward.
    XNN_INLINE constexpr index_t rows() const { return batch * heads * queries; }
};

/// A matrix for each head of each batch entry, anywhere in an array: rows stand `pitch` apart.
template <class T>
struct HeadMatrices {
    T* data = nullptr;
    index_t batch_step = 0;
    index_t head_step = 0;
    index_t pitch = 0;

    XNN_INLINE constexpr T* at(index_t batch, index_t head) const { return data + batch * batch_step + head * head_step; }
};

/// What is added to the scores, or decides which of them count. Steps of 0 broadcast.
template <class T>
struct AttentionMask {
    static constexpr std::size_t most_dims = 4;  // of the batch

    const T* added = nullptr;     ///< this, or
    const bool* flags = nullptr;  ///< this, or neither
    bool excludes = false;        ///< a flag that is true takes its key out; otherwise one that is false does
    FixedArray<index_t, most_dims> batch_extents{1, 1, 1, 1};
    FixedArray<index_t, most_dims> batch_steps{};
    index_t head_step = 0;
    index_t row_step = 0;
    index_t column_step = 0;
    T* gradient = nullptr;  ///< of what is added; the kernel adds to it

    XNN_INLINE constexpr explicit operator bool() const { return added != nullptr || flags != nullptr; }
    XNN_INLINE constexpr index_t offset(index_t batch, index_t head, index_t row, index_t column) const {
        index_t at = head * head_step + row * row_step + column * column_step;
        for (std::size_t d = most_dims; d-- > 0; batch /= batch_extents[d]) at += batch % batch_extents[d] * batch_steps[d];
        return at;
    }
};

/// What attention does beside its products.
template <class T>
struct AttentionOptions {
    double scale = 1;
    bool causal = false;  ///< query i sees the keys up to i + past only
    index_t past = 0;
    double dropout_p = 0;
    RandomStream stream{};  ///< of dropout; attention_draws() numbers
    FixedArray<AttentionMask<T>, 2> masks{};
};

/// The random numbers that dropout takes. Rows begin at groups of four.
constexpr index_t attention_draws(const AttentionExtents& e) { return e.rows() * divide_up(e.keys, 4) * 4; }

inline namespace XNN_SIMD_ARCH {
namespace attention_detail {

inline constexpr index_t block_rows = 64;
inline constexpr index_t block_columns = 128;

struct Queries;       // names scratch memory, as do the following
struct Keys;
struct Values;
struct Outputs;
struct Scores;
struct ScoreGradients;
struct QueryGradients;
struct KeyGradients;
struct ValueGradients;

/// A matrix in the type that is computed with.
template <class C>
struct Matrix {
    C* data;
    index_t pitch;
};

/// Rows as they stand, or 16-bit ones copied as float.
template <class Purpose, class T>
Matrix<const compute_t<T>> computed(const T* rows, index_t pitch, index_t count, index_t columns) {
    if constexpr (std::same_as<T, compute_t<T>>)
        return {rows, pitch};
    else
        return {wide_detail::widen<Purpose>(rows, pitch, count, columns), columns};
}

/// Rows that gradients are added to, in the type that is computed with: 16-bit ones are rounded once, at the end.
template <class Purpose, class T>
class GradientRows {
    using C = compute_t<T>;
    static constexpr bool direct = std::same_as<T, C>;

public:
    GradientRows(T* target, index_t pitch, index_t rows, index_t columns, bool accumulate)
        : target_(target), pitch_(pitch), rows_(rows), columns_(columns), accumulate_(accumulate) {
        if (target == nullptr) return;
        if constexpr (direct)
            matrix_ = {target, pitch};
        else
            matrix_ = {scratch<Purpose, C>(rows * columns), columns};
        if (!direct || !accumulate)
            for (index_t r = 0; r < rows; ++r) std::fill_n(matrix_.data + r * matrix_.pitch, columns, C(0));
    }
    explicit operator bool() const { return target_ != nullptr; }
    C* row(index_t r) const { return matrix_.data + r * matrix_.pitch; }
    index_t pitch() const { return matrix_.pitch; }

    void finish() const {
        if constexpr (!direct)
            for (index_t r = 0; target_ != nullptr && r < rows_; ++r)
                simd::for_registers<T>(columns_, [&](index_t i, auto n) {
                    simd::put(target_ + r * pitch_ + i, simd::load(row(r) + i, n), n, accumulate_);
                });
    }

private:
    T* target_;
    index_t pitch_, rows_, columns_;
    bool accumulate_;
    Matrix<C> matrix_{};
};

/// A block of scores: some queries of one head with some keys.
struct ScoreBlock {
    index_t batch, head;
    index_t row, rows;        // the first query, and how many
    index_t column, columns;  // the first key, and how many

    /// How many of the keys a query sees.
    template <class T>
    index_t visible(const AttentionOptions<T>& options, index_t r) const {
        return options.causal ? std::clamp<index_t>(row + r + options.past + 1 - column, 0, columns) : columns;
    }
};

/// The keys that one of `rows` queries from `row` on may see.
template <class T>
index_t visible_keys(const AttentionExtents& e, const AttentionOptions<T>& options, index_t row, index_t rows) {
    return options.causal ? std::clamp<index_t>(row + rows + options.past, 0, e.keys) : e.keys;
}

/// Applies a mask to the scores of one query.
template <class T>
void mask_row(const AttentionMask<T>& mask, const ScoreBlock& block, index_t r, compute_t<T>* scores, index_t n) {
    using C = compute_t<T>;
    const index_t at = mask.offset(block.batch, block.head, block.row + r, block.column);
    if (mask.added != nullptr) {
        if (mask.column_step == 1)
            simd::for_registers<T>(n, [&](index_t i, auto count) {
                simd::store(scores + i, simd::load(scores + i, count) + simd::load(mask.added + at + i, count), count);
            });
        else
            for (index_t i = 0; i < n; ++i) scores[i] += static_cast<C>(mask.added[at + i * mask.column_step]);
    } else {
        for (index_t i = 0; i < n; ++i)
            if (mask.flags[at + i * mask.column_step] == mask.excludes) scores[i] = -std::numeric_limits<C>::infinity();
    }
}

/// scale QKᵀ + mask for a block; what a query does not see is left to its user.
template <class T>
void compute_scores(const AttentionExtents& e, const AttentionOptions<T>& options, const ScoreBlock& block, Matrix<const compute_t<T>> q,
                    Matrix<const compute_t<T>> k, compute_t<T>* scores) {
    using C = compute_t<T>;
    gemm(Cpu{}, Transpose::no, Transpose::yes, block.rows, block.columns, e.width, q.data, q.pitch, k.data, k.pitch, scores, block_columns);
    const simd::batch<C> scale(static_cast<C>(options.scale));
    for (index_t r = 0; r < block.rows; ++r) {
        C* row = scores + r * block_columns;
        const index_t n = block.visible(options, r);
        simd::for_registers<C>(n, [&](index_t i, auto count) { simd::store(row + i, simd::load(row + i, count) * scale, count); });
        for (const auto& mask : options.masks)
            if (mask) mask_row(mask, block, r, row, n);
    }
}

/// row = exp(row - normalizer) for n numbers, 0 behind them up to `columns`; returns the sum.
template <class C>
C exponentials(C* row, index_t n, index_t columns, C normalizer) {
    if (normalizer == -std::numeric_limits<C>::infinity()) n = 0;  // nothing counts
    const simd::batch<C> m(normalizer);
    const auto sum = simd::sum_registers<C>(n, [&](index_t i, auto count) {
        const auto value = math::exp(simd::load(row + i, count) - m);
        simd::store(row + i, value, count);
        return simd::keep<C>(value, count, C(0));
    });
    std::fill_n(row + n, columns - n, C(0));
    return simd::reduce_add(sum);
}

/// Multiplies a row by dropout's factors: 0 with probability p, else 1 / (1 - p).
template <class T>
void drop_row(const AttentionExtents& e, const AttentionOptions<T>& options, const ScoreBlock& block, index_t r, compute_t<T>* row) {
    using C = compute_t<T>;
    const auto p = static_cast<float>(options.dropout_p);
    const C scale = options.dropout_p < 1 ? static_cast<C>(1 / (1 - options.dropout_p)) : C(0);
    const index_t groups = divide_up(e.keys, 4);  // of a row
    const index_t first = ((block.batch * e.heads + block.head) * e.queries + block.row + r) * groups + block.column / 4;
    for (index_t i = 0; i < block.columns; i += 4) {
        const auto words = options.stream.group(first + i / 4);
        for (index_t k = 0; k < std::min<index_t>(4, block.columns - i); ++k)
            row[i + k] *= static_cast<float>(words[static_cast<std::size_t>(k)] >> 8) * 0x1p-24F < p ? C(0) : scale;
    }
}

template <class T>
void scale_row(T* row, index_t n, T factor) {
    const simd::batch<T> f(factor);
    simd::for_registers<T>(n, [&](index_t i, auto count) { simd::store(row + i, simd::load(row + i, count) * f, count); });
}

/// What the queries of a block have met so far: the largest score, and the sum of exponentials relative to it.
template <class C>
struct Running {
    C maximum[block_rows];
    C sum[block_rows];
};

/// The probabilities of a block, but for their sums; `outputs` is brought to the new maxima.
template <class T>
void weigh_scores(const AttentionExtents& e, const AttentionOptions<T>& options, const ScoreBlock& block, compute_t<T>* scores,
                  compute_t<T>* outputs, Running<compute_t<T>>& running) {
    using C = compute_t<T>;
    for (index_t r = 0; r < block.rows; ++r) {
        C* row = scores + r * block_columns;
        const index_t n = block.visible(options, r);
        const C before = running.maximum[r];
        const C maximum = n > 0 ? std::max(before, maximum_of_run(row, n)) : before;
        const C sum = exponentials(row, n, block.columns, maximum);
        if (block.column > 0 && maximum > before) {
            const C factor = std::exp(before - maximum);
            running.sum[r] *= factor;
            scale_row(outputs + r * e.value_width, e.value_width, factor);
        }
        running.maximum[r] = maximum;
        running.sum[r] += sum;
        if (options.dropout_p > 0) drop_row(e, options, block, r, row);
    }
}

/// The output of some queries of one head.
template <class T>
void attend(const AttentionExtents& e, const AttentionOptions<T>& options, const HeadMatrices<const T>& q, const HeadMatrices<const T>& k,
            const HeadMatrices<const T>& v, const HeadMatrices<T>& y, compute_t<T>* normalizers, index_t batch, index_t head, index_t first) {
    using C = compute_t<T>;
    const index_t rows = std::min(block_rows, e.queries - first), kv_head = head / (e.heads / e.kv_heads);
    const auto queries = computed<Queries>(q.at(batch, head) + first * q.pitch, q.pitch, rows, e.width);
    C* scores = scratch<Scores, C>(block_rows * block_columns);
    C* outputs = scratch<Outputs, C>(block_rows * e.value_width);
    Running<C> running;
    std::fill_n(running.maximum, rows, -std::numeric_limits<C>::infinity());
    std::fill_n(running.sum, rows, C(0));
    const index_t keys = visible_keys(e, options, first, rows);
    if (keys == 0) std::fill_n(outputs, rows * e.value_width, C(0));
    for (index_t column = 0; column < keys; column += block_columns) {
        const ScoreBlock block{batch, head, first, rows, column, std::min(block_columns, keys - column)};
        compute_scores(e, options, block, queries, computed<Keys>(k.at(batch, kv_head) + column * k.pitch, k.pitch, block.columns, e.width), scores);
        weigh_scores(e, options, block, scores, outputs, running);
        const auto values = computed<Values>(v.at(batch, kv_head) + column * v.pitch, v.pitch, block.columns, e.value_width);
        gemm(Cpu{}, Transpose::no, Transpose::no, rows, e.value_width, block.columns, scores, block_columns, values.data, values.pitch, outputs,
             e.value_width, {.accumulate = column > 0});
    }
    for (index_t r = 0; r < rows; ++r) {
        const C sum = running.sum[r];
        const simd::batch<C> factor(sum == C(0) ? C(0) : 1 / sum);  // 0: a query for which nothing counts
        const C* from = outputs + r * e.value_width;
        T* to = y.at(batch, head) + (first + r) * y.pitch;
        simd::for_registers<T>(e.value_width, [&](index_t i, auto n) { simd::store(to + i, simd::load(from + i, n) * factor, n); });
        normalizers[r] = sum == C(0) ? -std::numeric_limits<C>::infinity() : running.maximum[r] + std::log(sum);
    }
}

}  // namespace attention_detail

/// y = softmax(scale QKᵀ + mask) V for each head, with dropout on the softmax. A query for which no key counts gets 0.
/// `normalizers` gets log Σ exp of each query's scores, AttentionExtents::rows() numbers, for attention_backward.
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
template <Floating T>
void attention_forward(Cpu, const AttentionExtents& e, const std::type_identity_t<AttentionOptions<T>>& options, HeadMatrices<const T> q,
                       HeadMatrices<const T> k, HeadMatrices<const T> v, HeadMatrices<T> y, compute_t<T>* normalizers) {
    using namespace attention_detail;
    const index_t blocks = divide_up(e.queries, block_rows);
    const index_t work = std::min(block_rows, e.queries) * e.keys * (e.width + e.value_width);
    parallel_chunks(e.batch * e.heads * blocks, items_per_task(work, index_t{1} << 20), [&](index_t begin, index_t end) {
        for (index_t i = begin; i < end; ++i) {
            const index_t matrix = i / blocks, first = i % blocks * block_rows;
            attend(e, options, q, k, v, y, normalizers + matrix * e.queries + first, matrix / e.heads, matrix % e.heads, first);
        }
    });
}

/// The gradients of attention_forward's arguments, each written or added to; null where none is wanted.
template <class T>
struct AttentionGradients {
    HeadMatrices<T> q, k, v;
    bool add_q = false, add_k = false, add_v = false;
};

namespace attention_detail {

/// What the way back of one head of keys and values reads and writes.
template <class T>
class HeadBackward {
    using C = compute_t<T>;

public:
    HeadBackward(const AttentionExtents& e, const AttentionOptions<T>& options, const HeadMatrices<const T>& q, const HeadMatrices<const T>& k,
                 const HeadMatrices<const T>& v, const HeadMatrices<const T>& y, const HeadMatrices<const T>& gy, const C* normalizers,
                 const AttentionGradients<T>& gradients)
        : e_(e), options_(options), q_(q), k_(k), v_(v), y_(y), gy_(gy), normalizers_(normalizers), gradients_(gradients) {}

    void run(index_t batch, index_t kv_head) const {
        const auto& g = gradients_;
        const GradientRows<KeyGradients, T> gk(g.k.data ? g.k.at(batch, kv_head) : nullptr, g.k.pitch, e_.keys, e_.width, g.add_k);
        const GradientRows<ValueGradients, T> gv(g.v.data ? g.v.at(batch, kv_head) : nullptr, g.v.pitch, e_.keys, e_.value_width, g.add_v);
        const index_t group = e_.heads / e_.kv_heads;
        for (index_t head = kv_head * group; head < (kv_head + 1) * group; ++head)
            for (index_t row = 0; row < e_.queries; row += block_rows) run(batch, head, kv_head, row, gk, gv);
        gk.finish();
        gv.finish();
    }

private:
    /// Some queries of a head.
    void run(index_t batch, index_t head, index_t kv_head, index_t first, const GradientRows<KeyGradients, T>& gk,
             const GradientRows<ValueGradients, T>& gv) const {
        const index_t rows = std::min(block_rows, e_.queries - first);
        const T* gradient = gy_.at(batch, head) + first * gy_.pitch;
        const auto queries = computed<Queries>(q_.at(batch, head) + first * q_.pitch, q_.pitch, rows, e_.width);
        const auto gy = computed<Outputs>(gradient, gy_.pitch, rows, e_.value_width);
        const GradientRows<QueryGradients, T> gq(gradients_.q.data ? gradients_.q.at(batch, head) + first * gradients_.q.pitch : nullptr,
                                                 gradients_.q.pitch, rows, e_.width, gradients_.add_q);
        C dots[block_rows];  // Σ gy y: what the gradient of the softmax subtracts
        for (index_t r = 0; r < rows; ++r) {
            const T *a = y_.at(batch, head) + (first + r) * y_.pitch, *b = gradient + r * gy_.pitch;
            dots[r] = simd::reduce_add(simd::sum_registers<T>(e_.value_width, [&](index_t i, auto n) { return simd::load(a + i, n) * simd::load(b + i, n); }));
        }
        C* p = scratch<Scores, C>(block_rows * block_columns);
        C* ds = scratch<ScoreGradients, C>(block_rows * block_columns);
        const index_t keys = visible_keys(e_, options_, first, rows);
        for (index_t column = 0; column < keys; column += block_columns) {
            const ScoreBlock block{batch, head, first, rows, column, std::min(block_columns, keys - column)};
            const auto k = computed<Keys>(k_.at(batch, kv_head) + column * k_.pitch, k_.pitch, block.columns, e_.width);
            const auto v = computed<Values>(v_.at(batch, kv_head) + column * v_.pitch, v_.pitch, block.columns, e_.value_width);
            compute_scores(e_, options_, block, queries, k, p);
            gemm(Cpu{}, Transpose::no, Transpose::yes, rows, block.columns, e_.value_width, gy.data, gy.pitch, v.data, v.pitch, ds, block_columns);
            for (index_t r = 0; r < rows; ++r) differentiate_row(block, r, p + r * block_columns, ds + r * block_columns, dots[r]);
            constexpr GemmEpilogue<C> add{.accumulate = true};
            if (gv)
                gemm(Cpu{}, Transpose::yes, Transpose::no, block.columns, e_.value_width, rows, p, block_columns, gy.data, gy.pitch, gv.row(column),
                     gv.pitch(), add);
            if (gq) gemm(Cpu{}, Transpose::no, Transpose::no, rows, e_.width, block.columns, ds, block_columns, k.data, k.pitch, gq.row(0), gq.pitch(), add);
            if (gk)
                gemm(Cpu{}, Transpose::yes, Transpose::no, block.columns, e_.width, rows, ds, block_columns, queries.data, queries.pitch, gk.row(column),
                     gk.pitch(), add);
        }
        gq.finish();
    }

    /// p: from scores to what multiplied the values. ds: from the gradient of that to the gradient of the product QKᵀ.
    void differentiate_row(const ScoreBlock& block, index_t r, C* p, C* ds, C dot) const {
        const C normalizer = normalizers_[(block.batch * e_.heads + block.head) * e_.queries + block.row + r];
        const index_t n = block.visible(options_, r);
        exponentials(p, n, block.columns, normalizer);
        if (options_.dropout_p > 0) drop_row(e_, options_, block, r, ds);
        const simd::batch<C> d(dot);
        simd::for_registers<C>(n, [&](index_t i, auto count) {
            simd::store(ds + i, simd::load(p + i, count) * (simd::load(ds + i, count) - d), count);
        });
        std::fill_n(ds + n, block.columns - n, C(0));
        for (const auto& mask : options_.masks)
            if (mask.gradient != nullptr) add_to_mask(mask, block, r, ds, n);
        scale_row(ds, n, static_cast<C>(options_.scale));
        if (options_.dropout_p > 0) drop_row(e_, options_, block, r, p);
    }

    static void add_to_mask(const AttentionMask<T>& mask, const ScoreBlock& block, index_t r, const C* ds, index_t n) {
        T* to = mask.gradient + mask.offset(block.batch, block.head, block.row + r, block.column);
        for (index_t i = 0; i < n; ++i, to += mask.column_step) *to = static_cast<T>(static_cast<C>(*to) + ds[i]);
    }

    const AttentionExtents& e_;
    const AttentionOptions<T>& options_;
    const HeadMatrices<const T>&q_, &k_, &v_, &y_, &gy_;
    const C* normalizers_;
    const AttentionGradients<T>& gradients_;
};

}  // namespace attention_detail

/// The gradients of attention_forward, with its arguments, its output y and its normalizers. A mask's gradient, if one is
/// wanted, is added to by one head after the other.
template <Floating T>
void attention_backward(Cpu, const AttentionExtents& e, const std::type_identity_t<AttentionOptions<T>>& options, HeadMatrices<const T> q,
                        HeadMatrices<const T> k, HeadMatrices<const T> v, HeadMatrices<const T> y, HeadMatrices<const T> gy,
                        const compute_t<T>* normalizers, const AttentionGradients<T>& gradients) {
    const attention_detail::HeadBackward<T> head(e, options, q, k, v, y, gy, normalizers, gradients);
    const auto run = [&](index_t begin, index_t end) {
        for (index_t i = begin; i < end; ++i) head.run(i / e.kv_heads, i % e.kv_heads);
    };
    const index_t tasks = e.batch * e.kv_heads;
    bool mask_gradient = false;
    for (const auto& mask : options.masks) mask_gradient = mask_gradient || mask.gradient != nullptr;
    if (mask_gradient)
        run(0, tasks);  // heads share it
    else
        parallel_chunks(tasks, items_per_task(e.queries * e.keys * (e.width + e.value_width), index_t{1} << 20), run);
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
