// Softmax over one dimension of an array, and its gradient.
#pragma once

#include <cmath>
#include <limits>

#include "xnn/core/device.hpp"
#include "xnn/cpu/math.hpp"
#include "xnn/cpu/registers.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {

/// The maximum of n numbers and the sum of exp(number - maximum): what every form of softmax begins with. A register
/// of rows side by side has a register of both.
template <class V>
struct SoftmaxSums {
    V maximum;
    V sum;
};

/// The maximum of n numbers in a run.
template <class T>
XNN_CPU_INLINE compute_t<T> maximum_of_run(const T* x, index_t n) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    constexpr C lowest = -std::numeric_limits<C>::infinity();
    V most[4] = {V(lowest), V(lowest), V(lowest), V(lowest)};
    constexpr index_t w = simd::width<T>;
    index_t i = 0;
    for (; i + 4 * w <= n; i += 4 * w)
        XNN_UNROLL for (index_t k = 0; k < 4; ++k) most[k] = simd::larger(most[k], simd::load(x + i + k * w));
    for (; i + w <= n; i += w) most[0] = simd::larger(most[0], simd::load(x + i));
    if (i < n) most[1] = simd::larger(most[1], simd::keep<T>(simd::load(x + i, n - i), n - i, lowest));
    return simd::reduce_max(simd::larger(simd::larger(most[0], most[1]), simd::larger(most[2], most[3])));
}

/// Of a row whose elements stand in a run. NaN in the row makes the sum NaN. The exponentials go to
/// `use(position, n, register)`.
template <class T, class Use>
XNN_CPU_INLINE SoftmaxSums<compute_t<T>> softmax_sums(const T* x, index_t n, Use&& use) {
    using V = simd::batch<T>;
    const compute_t<T> maximum = maximum_of_run(x, n);
    const V sum = simd::sum_registers<T>(n, [&](index_t k, auto count) {
        const V e = math::exp_of_negative(simd::load(x + k, count) - V(maximum));
        use(k, count, e);
        return simd::keep<T>(e, count, compute_t<T>(0));
    });
    return {maximum, simd::reduce_add(sum)};
}
template <class T>
XNN_CPU_INLINE SoftmaxSums<compute_t<T>> softmax_sums(const T* x, index_t n) {
    return softmax_sums(x, n, [](index_t, auto, const simd::batch<T>&) {});
}

/// Of a register of rows side by side, whose elements stand `stride` apart.
template <class T, class Count>
XNN_CPU_INLINE SoftmaxSums<simd::batch<T>> softmax_sums(const T* x, index_t n, index_t stride, Count count) {
    using V = simd::batch<T>;
    V maximum = simd::load(x, count);
    for (index_t k = 1; k < n; ++k) maximum = simd::larger(maximum, simd::load(x + k * stride, count));
    V sum(0);
    for (index_t k = 0; k < n; ++k) sum += math::exp_of_negative(simd::load(x + k * stride, count) - maximum);
    return {maximum, sum};
}

namespace detail {

/// Calls `rows(first, last)` where the dimension is the innermost one, else `columns(offset, count)` for each register
/// of rows side by side, whose first elements stand at `offset`.
template <class T, class Rows, class Columns>
void for_softmax_rows(index_t outer, index_t n, index_t inner, Rows&& rows, Columns&& columns) {
    if (inner == 1) {
        parallel_chunks(outer, items_per_task(n), rows);
        return;
    }
    const index_t registers = divide_up(inner, simd::width<T>);
    parallel_chunks(outer * registers, items_per_task(n * simd::width<T>), [&](index_t begin, index_t end) {
        for (index_t i = begin; i < end; ++i) {
            const index_t first = i % registers * simd::width<T>;
            const index_t offset = i / registers * n * inner + first;
            if (inner - first >= simd::width<T>)
                columns(offset, simd::Whole{});
            else
                columns(offset, inner - first);
        }
    });
}

template <class T, bool Log>
XNN_CPU_INLINE simd::batch<T> softmax_value(simd::batch<T> x, simd::batch<T> maximum, simd::batch<T> normalizer) {
    if constexpr (Log)
        return (x - maximum) - normalizer;
    else
        return math::exp_of_negative(x - maximum) * normalizer;
}

template <class T, bool Log>
void softmax_forward(const T* x, T* y, index_t outer, index_t n, index_t inner) {
    using V = simd::batch<T>;
    const auto rows = [=](index_t begin, index_t end) {
        for (index_t row = begin; row < end; ++row) {
            const T* in = x + row * n;
            T* out = y + row * n;
            if constexpr (!Log && std::is_same_v<T, compute_t<T>>) {  // the exponentials wait in y
                const V scale(
                    1 / softmax_sums(in, n, [=](index_t i, auto count, V e) { simd::store(out + i, e, count); }).sum);
                simd::for_registers<T>(
                    n, [&](index_t i, auto count) { simd::store(out + i, simd::load(out + i, count) * scale, count); });
                continue;
            }
            const auto [maximum, sum] = softmax_sums(in, n);
            const V m(maximum), normalizer(Log ? std::log(sum) : 1 / sum);
            simd::for_registers<T>(n, [&](index_t i, auto count) {
                simd::store(out + i, softmax_value<T, Log>(simd::load(in + i, count), m, normalizer), count);
            });
        }
    };
    const auto columns = [=](index_t offset, auto count) {
        const T* in = x + offset;
        const auto [m, sum] = softmax_sums(in, n, inner, count);
        V normalizer = V(1) / sum;
        if constexpr (Log) normalizer = math::log(sum);
        for (index_t k = 0; k < n; ++k) {
            const V value = softmax_value<T, Log>(simd::load(in + k * inner, count), m, normalizer);
            simd::store(y + offset + k * inner, value, count);
        }
    };
    if (n > 0) for_softmax_rows<T>(outer, n, inner, rows, columns);
}

/// What is summed over a row: gy * y, or gy alone for the logarithm.
template <class T, bool Log>
XNN_CPU_INLINE simd::batch<T> softmax_backward_term(simd::batch<T> y, simd::batch<T> gy) {
    if constexpr (Log)
        return gy;
    else
        return gy * y;
}
template <class T, bool Log>
XNN_CPU_INLINE simd::batch<T> softmax_backward_value(simd::batch<T> y, simd::batch<T> gy, simd::batch<T> sum) {
    if constexpr (Log)
        return gy - math::exp(y) * sum;
    else
        return y * (gy - sum);
}

template <class T, bool Log>
void softmax_backward(const T* y, const T* gy, T* gx, bool accumulate, index_t outer, index_t n, index_t inner) {
    using V = simd::batch<T>;
    const auto rows = [=](index_t begin, index_t end) {
        for (index_t row = begin; row < end; ++row) {
            const T *out = y + row * n, *gradient = gy + row * n;
            const V sum(simd::reduce_add(simd::sum_registers<T>(n, [=](index_t i, auto count) {
                return softmax_backward_term<T, Log>(simd::load(out + i, count), simd::load(gradient + i, count));
            })));
            simd::for_registers<T>(n, [&](index_t i, auto count) {
                const V value =
                    softmax_backward_value<T, Log>(simd::load(out + i, count), simd::load(gradient + i, count), sum);
                simd::put(gx + row * n + i, value, count, accumulate);
            });
        }
    };
    const auto columns = [=](index_t offset, auto count) {
        V sum(0);
        for (index_t at = offset, k = 0; k < n; ++k, at += inner)
            sum += softmax_backward_term<T, Log>(simd::load(y + at, count), simd::load(gy + at, count));
        for (index_t at = offset, k = 0; k < n; ++k, at += inner) {
            const V value = softmax_backward_value<T, Log>(simd::load(y + at, count), simd::load(gy + at, count), sum);
            simd::put(gx + at, value, count, accumulate);
        }
    };
    if (gx != nullptr && n > 0) for_softmax_rows<T>(outer, n, inner, rows, columns);
}

}  // namespace detail

/// y = exp(x) / Σ exp(x), the sum over the middle dimension of (outer, n, inner); y may be x.
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html
template <class T>
void softmax_forward(Cpu, const T* x, T* y, index_t outer, index_t n, index_t inner) {
    detail::softmax_forward<T, false>(x, y, outer, n, inner);
}

/// y = x - log Σ exp(x), the sum over the middle dimension of (outer, n, inner); y may be x.
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html
template <class T>
void log_softmax_forward(Cpu, const T* x, T* y, index_t outer, index_t n, index_t inner) {
    detail::softmax_forward<T, true>(x, y, outer, n, inner);
}

/// gx = y (gy - Σ gy y), from the output y of softmax_forward; gx may be gy.
template <class T>
void softmax_backward(Cpu, const T* y, const T* gy, T* gx, bool accumulate, index_t outer, index_t n, index_t inner) {
    detail::softmax_backward<T, false>(y, gy, gx, accumulate, outer, n, inner);
}

/// gx = gy - exp(y) Σ gy, from the output y of log_softmax_forward; gx may be gy.
template <class T>
void log_softmax_backward(Cpu, const T* y, const T* gy, T* gx, bool accumulate, index_t outer, index_t n,
                          index_t inner) {
    detail::softmax_backward<T, true>(y, gy, gx, accumulate, outer, n, inner);
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
