// What attention does with its scores between the products: a team for each query, which has the scores of all keys.
#pragma once

#include <limits>

#include "xnn/core/dtype.hpp"
#include "xnn/core/math.hpp"
#include "xnn/cpu/attention.hpp"
#include "xnn/cuda/launch.hpp"

namespace xnn::kernels::attention_rows {

/// Some queries of all heads of some batch entries, and the first keys of each.
struct Block {
    index_t batch;       // the first entry
    index_t row, rows;   // the first query of each head, and how many
    index_t keys;

    /// The head and the query of a row of the block.
    struct Place {
        index_t batch, head, row;
    };
    XNN_INLINE Place at(index_t unit, index_t heads) const {
        const index_t matrix = cuda::quotient(unit, rows), b = cuda::quotient(matrix, heads);
        return {batch + b, matrix - b * heads, row + unit - matrix * rows};
    }
};

/// The scores of one query after scale and masks.
template <class T>
struct Row {
    using C = compute_t<T>;
    const AttentionExtents& e;
    const AttentionOptions<T>& options;
    Block::Place place;
    index_t keys;
    index_t mask_at[2];
    C scale;

    XNN_INLINE Row(const AttentionExtents& extents, const AttentionOptions<T>& given, const Block& block, index_t unit)
        : e(extents), options(given), place(block.at(unit, extents.heads)), keys(block.keys), scale(static_cast<C>(given.scale)) {
        for (std::size_t i = 0; i < 2; ++i)
            mask_at[i] = options.masks[i] ? options.masks[i].offset(place.batch, place.head, place.row, 0) : 0;
    }

    /// How many keys the query sees.
    XNN_INLINE index_t visible() const {
        if (!options.causal) return keys;
        const index_t seen = place.row + options.past + 1;
        return seen < 0 ? 0 : seen < keys ? seen : keys;
    }
    XNN_INLINE C masked(C score, index_t key) const {
        C value = score * scale;
        for (std::size_t i = 0; i < 2; ++i) {
            const AttentionMask<T>& mask = options.masks[i];
            const index_t at = mask_at[i] + key * mask.column_step;
            if (mask.added)
                value += static_cast<C>(mask.added[at]);
            else if (mask.flags && mask.flags[at] == mask.excludes)
                value = -math::infinity<C>;
        }
        return value;
    }
    XNN_INLINE index_t number() const { return (place.batch * e.heads + place.head) * e.queries + place.row; }

    /// Calls f(key, factor) for the keys of this thread, with dropout's factors, those of the Cpu: each thread has the four keys
    /// whose random numbers come together.
    template <class Team, class F>
    XNN_INLINE void for_keys(const Team& team, const F& f) const {
        if (!(options.dropout_p > 0)) {
            for (index_t key = team.rank(); key < keys; key += Team::size) f(key, C(1));
            return;
        }
        const auto p = static_cast<float>(options.dropout_p);
        const C kept = options.dropout_p < 1 ? static_cast<C>(1 / (1 - options.dropout_p)) : C(0);
        const index_t first = number() * divide_up(e.keys, 4);
        for (index_t group = team.rank(); 4 * group < keys; group += Team::size) {
            const auto words = options.stream.group(first + group);
            for (index_t k = 0; k < 4 && 4 * group + k < keys; ++k)
                f(4 * group + k, static_cast<float>(words[static_cast<std::size_t>(k)] >> 8) * 0x1p-24F < p ? C(0) : kept);
        }
    }
};

/// The largest of some numbers, and the sum of their exponentials relative to it.
template <class C>
struct ExponentialSum {
    C maximum = -math::infinity<C>;
    C sum = 0;
};
template <class C>
struct JoinSums {
    XNN_INLINE ExponentialSum<C> operator()(ExponentialSum<C> a, ExponentialSum<C> b) const {
        const C maximum = math::max(a.maximum, b.maximum);
        return {maximum, part(a, maximum) + part(b, maximum)};
    }

private:
    XNN_INLINE static C part(ExponentialSum<C> a, C maximum) { return a.maximum == maximum ? a.sum : a.sum * math::exp(a.maximum - maximum); }
};
template <class C>
struct Sum {
    XNN_INLINE C operator()(C a, C b) const { return a + b; }
};

/// From products QKᵀ to what multiplies the values. The two may be one array.
template <class T>
struct Weigh {
    using C = compute_t<T>;
    AttentionExtents e;
    AttentionOptions<T> options;
    Block block;
    C* scores;
    T* weights;
    C* normalizers;

    struct Write {
        const C* scores;
        T* weights;
        index_t visible;
        C maximum, share;
        XNN_INLINE void operator()(index_t key, C factor) const {
            weights[key] = static_cast<T>(key < visible ? math::exp(scores[key] - maximum) * share * factor : C(0));
        }
    };
    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t unit) const {
        const Row<T> row(e, options, block, unit);
        C* const s = scores + unit * block.keys;
        const index_t n = row.visible();
        ExponentialSum<C> total;
        for (index_t key = team.rank(); key < n; key += Team::size) {
            const C value = s[key] = row.masked(s[key], key);
            if (value != -math::infinity<C>) total = JoinSums<C>{}(total, {value, C(1)});
        }
        total = team.combine(total, JoinSums<C>{});
        team.wait();  // scores may be read by another thread than wrote them
        const bool counts = total.sum != C(0);  // whether any key does
        row.for_keys(team, Write{s, weights + unit * block.keys, counts ? n : 0, total.maximum, C(1) / total.sum});
        if (team.rank() == 0) normalizers[row.number()] = counts ? total.maximum + math::log(total.sum) : -math::infinity<C>;
    }
};

/// From products QKᵀ, and gradients of what multiplied the values, to that itself and the gradients of the products.
template <class T>
struct Differentiate {
    using C = compute_t<T>;
    AttentionExtents e;
    AttentionOptions<T> options;
    Block block;
    const C *scores, *gweights;
    T *weights, *gscores;  // may be the two above
    C* gmasked;            // unless null: the gradients of the masked scores
    const C* normalizers;
    HeadMatrices<const T> y, gy;

    struct Write {
        const Differentiate& all;
        const Row<T>& row;
        index_t at, visible;
        C normalizer, dot;
        XNN_INLINE void operator()(index_t key, C factor) const {
            C p = 0, g = 0;
            if (key < visible) {
                p = math::exp(row.masked(all.scores[at + key], key) - normalizer);
                g = p * (all.gweights[at + key] * factor - dot);
            }
            all.weights[at + key] = static_cast<T>(p * factor);
            all.gscores[at + key] = static_cast<T>(g * row.scale);
            if (all.gmasked) all.gmasked[at + key] = g;
        }
    };
    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t unit) const {
        const Row<T> row(e, options, block, unit);
        const T* const a = y.at(row.place.batch, row.place.head) + row.place.row * y.pitch;
        const T* const b = gy.at(row.place.batch, row.place.head) + row.place.row * gy.pitch;
        C dot = 0;  // what the gradient of the softmax subtracts
        for (index_t i = team.rank(); i < e.value_width; i += Team::size) dot += static_cast<C>(a[i]) * static_cast<C>(b[i]);
        dot = team.combine(dot, Sum<C>{});
        const C normalizer = normalizers[row.number()];
        const index_t n = normalizer == -math::infinity<C> ? 0 : row.visible();
        row.for_keys(team, Write{*this, row, unit * block.keys, n, normalizer, dot});
    }
};

/// Adds to the gradient of a mask what the masked scores of a block have: a thread for each of its elements there, which adds up
/// the scores that the element was broadcast to.
template <class T>
struct AddToMask {
    using C = compute_t<T>;
    static constexpr std::size_t dims = AttentionMask<T>::most_dims + 3;  // of the batch; head, row, column
    const C* gmasked;
    T* gradient;
    Dims<dims> kept{}, repeated{}, steps{};  // extents, of which one is 1; steps in the mask

    index_t count() const { return product(kept); }
    XNN_INLINE void operator()(index_t i) const {
        Dims<dims> at{};
        index_t to = 0, repeats = 1;
        for (std::size_t d = dims; d-- > 0;) {
            const index_t outer = cuda::quotient(i, kept[d]);
            at[d] = i - outer * kept[d];
            to += at[d] * steps[d];
            i = outer;
            repeats *= repeated[d];
        }
        C sum = 0;
        for (index_t r = 0; r < repeats; ++r) {
            index_t rest = r, from = 0, step = 1;
            for (std::size_t d = dims; d-- > 0;) {
                const index_t outer = cuda::quotient(rest, repeated[d]);
                from += (at[d] + rest - outer * repeated[d]) * step;
                step *= kept[d] * repeated[d];
                rest = outer;
            }
            sum += gmasked[from];
        }
        gradient[to] = static_cast<T>(static_cast<C>(gradient[to]) + sum);
    }
};

}  // namespace xnn::kernels::attention_rows
