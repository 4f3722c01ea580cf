// What losses over classes share: their options and sizes, sums over rows, and the logits of a row in registers.
#pragma once

#include <algorithm>
#include <concepts>

#include "xnn/core/reduction.hpp"
#include "xnn/cpu/softmax.hpp"

namespace xnn::kernels {

/// Options of cross entropy and of the negative log-likelihood, with PyTorch's names and defaults.
struct CrossEntropyOptions {
    Reduction reduction = Reduction::mean;
    double label_smoothing = 0;
    index_t ignore_index = -100;
};

/// Logits of (batch, classes, inner); targets and losses are (batch, inner), `rows` in all.
struct CrossEntropyExtents {
    index_t batch;
    index_t classes;
    index_t inner = 1;

    constexpr index_t rows() const { return batch * inner; }
    /// Exponentials are saved where they are read back faster than they are computed again: from the caches.
    constexpr bool saves_exponentials() const { return inner == 1 && rows() * classes <= index_t{1} << 18; }
    constexpr index_t saved_exponentials() const { return saves_exponentials() ? rows() * classes : 0; }
    /// The numbers that cross_entropy_forward saves: maybe exp(x - maximum), as x stands; then of each row the maximum, of each
    /// row log Σ exp(x - maximum), and what the mean divides by.
    constexpr index_t saved() const { return saved_exponentials() + 2 * rows() + 1; }
};

/// Logits of (batch, classes), with nothing behind: kernels compile to a third of the code.
struct CrossEntropyMatrix : CrossEntropyExtents {};

template <class E>
concept LossExtents = std::derived_from<E, CrossEntropyExtents>;

inline namespace XNN_SIMD_ARCH {
namespace detail {

/// What cross_entropy_forward keeps for the way back, if there is memory for it: as CrossEntropyExtents::saved() says.
template <class C>
struct SavedSoftmax {
    C* exponentials = nullptr;  // may be null though the others are not
    C* maxima = nullptr;
    C* log_sums = nullptr;
    C* divisor = nullptr;

    SavedSoftmax(C* saved, const CrossEntropyExtents& e) {
        if (saved == nullptr) return;
        if (e.saves_exponentials()) exponentials = saved;
        maxima = saved + e.saved_exponentials();
        log_sums = maxima + e.rows();
        divisor = log_sums + e.rows();
    }
};

/// What a loss adds up over its rows.
struct LossSums {
    double loss = 0;
    double weight = 0;
};

/// The sums of `task(begin, end)` over pieces of [0, items). The pieces depend on the sizes alone.
template <class Task>
LossSums sum_losses(index_t items, index_t grain, Task&& task) {
    constexpr index_t most_tasks = 64;
    grain = std::max(grain, divide_up(items, most_tasks));
    LossSums parts[most_tasks];
    parallel_chunks(items, grain, [&](index_t begin, index_t end) { parts[begin / grain] = task(begin, end); });
    LossSums total;
    for (const LossSums& part : parts) {
        total.loss += part.loss;
        total.weight += part.weight;
    }
    return total;
}

/// The logits of one row, in registers along the classes; or of a register of rows side by side, class by class.
template <class T, bool Rows, class Count>
struct RowRegisters {
    using V = simd::batch<T>;
    using C = compute_t<T>;
    index_t row;     // the first
    index_t offset;  // of its first logit
    index_t classes;
    index_t stride;  // from class to class
    Count count;     // rows at once, where they stand side by side

    index_t rows() const {
        if constexpr (Rows)
            return 1;
        else if constexpr (std::same_as<Count, simd::Whole>)
            return simd::width<T>;
        else
            return count;
    }
    /// Where row i of these has its logit of class k.
    index_t at(index_t i, index_t k) const { return offset + i + k * stride; }

    /// Calls `body(position, n, class weights)`; weights beyond the last class are 0.
    template <class Body>
    XNN_CPU_INLINE void for_classes(const T* weight, Body&& body) const {
        if constexpr (Rows) {
            simd::for_registers<T>(classes, [&](index_t i, auto n) {
                const V w = weight != nullptr ? simd::load(weight + i, n) : simd::keep<T>(V(1), n, C(0));
                body(offset + i, n, w);
            });
        } else {
            for (index_t k = 0; k < classes; ++k)
                body(offset + k * stride, count, V(weight != nullptr ? static_cast<C>(weight[k]) : C(1)));
        }
    }
    /// A sum over classes, from what for_classes added up.
    XNN_CPU_INLINE V total(V sum) const {
        if constexpr (Rows)
            return V(simd::reduce_add(sum));
        else
            return sum;
    }
    /// Maxima and log Σ exp(x - maximum); the exponentials go where x stands in x, if they are wanted.
    XNN_CPU_INLINE SoftmaxSums<V> log_sums(const T* x, C* exponentials) const {
        if constexpr (Rows) {
            C* const to = exponentials != nullptr ? exponentials + offset : nullptr;
            const auto [maximum, sum] = softmax_sums(x + offset, classes, [to](index_t i, auto n, V e) {
                if (to != nullptr) simd::store(to + i, e, n);
            });
            return {V(maximum), V(std::log(sum))};
        } else {
            const auto [maximum, sum] = softmax_sums(x + offset, classes, stride, count);
            return {maximum, math::log(sum)};
        }
    }
    /// What belongs to the rows, one number each.
    XNN_CPU_INLINE V load(const C* p) const {
        if constexpr (Rows)
            return V(p[row]);
        else
            return simd::load(p + row, count);
    }
    XNN_CPU_INLINE void store(C* p, V v) const {
        if constexpr (Rows)
            simd::store(p + row, v, index_t{1});
        else
            simd::store(p + row, v, count);
    }
    XNN_CPU_INLINE V spread(const C* p) const {
        if constexpr (Rows)
            return V(p[0]);
        else
            return simd::load(p);
    }
};

/// The items that cover all rows: a row each, or a register of them.
template <class T>
constexpr index_t row_items(const CrossEntropyExtents& e) {
    return e.inner == 1 ? e.batch : e.batch * divide_up(e.inner, simd::width<T>);
}
template <class T>
constexpr index_t row_grain(const CrossEntropyExtents& e) {
    return items_per_task(e.inner == 1 ? e.classes : e.classes * simd::width<T>);
}

/// Calls `body(RowRegisters)` for the items in [begin, end).
template <class T, LossExtents Extents, class Body>
void for_rows(const Extents& e, index_t begin, index_t end, Body&& body) {
    if (std::same_as<Extents, CrossEntropyMatrix> || e.inner == 1) {
        for (index_t i = begin; i < end; ++i)
            body(RowRegisters<T, true, simd::Whole>{i, i * e.classes, e.classes, 1, {}});
    } else if constexpr (!std::same_as<Extents, CrossEntropyMatrix>) {
        const index_t registers = divide_up(e.inner, simd::width<T>);
        for (index_t i = begin; i < end; ++i) {
            const index_t first = i % registers * simd::width<T>;
            const index_t image = i / registers;
            const index_t row = image * e.inner + first, offset = image * e.classes * e.inner + first;
            if (e.inner - first >= simd::width<T>)
                body(RowRegisters<T, false, simd::Whole>{row, offset, e.classes, e.inner, {}});
            else
                body(RowRegisters<T, false, index_t>{row, offset, e.classes, e.inner, e.inner - first});
        }
    }
}

/// Σ weight, or the number of classes where there are no weights.
template <class T>
compute_t<T> sum_of_weights(const T* weight, index_t classes) {
    if (weight == nullptr) return static_cast<compute_t<T>>(classes);
    return simd::reduce_add(
        simd::sum_registers<T>(classes, [=](index_t i, auto n) { return simd::load(weight + i, n); }));
}

template <class T>
compute_t<T> weight_of(const T* weight, index_t target) {
    return weight != nullptr ? static_cast<compute_t<T>>(weight[target]) : compute_t<T>(1);
}

/// Writes the reduced loss, and what the mean divided by for backward.
template <class T>
void finish_loss(const LossSums& sums, double divisor, T* loss, compute_t<T>* saved_divisor, Reduction reduction) {
    if (reduction != Reduction::mean) divisor = 1;
    if (reduction != Reduction::none) *loss = static_cast<T>(static_cast<compute_t<T>>(sums.loss / divisor));
    if (saved_divisor != nullptr) *saved_divisor = static_cast<compute_t<T>>(divisor);
}

}  // namespace detail

/// The position of the first target that is neither a class nor `ignore_index`; -1 if all are good.
template <std::integral I>
index_t check_targets(Cpu, const I* targets, index_t n, index_t classes, index_t ignore_index) {
    for (index_t i = 0; i < n; ++i) {
        const auto target = static_cast<index_t>(targets[i]);
        if ((target < 0 || target >= classes) && target != ignore_index) return i;
    }
    return -1;
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
