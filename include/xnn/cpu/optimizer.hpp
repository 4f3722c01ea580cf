// One step of an optimiser over the elements of a parameter, fused into one pass over its memory.
#pragma once

#include <cmath>

#include "xnn/core/device.hpp"
#include "xnn/cpu/registers.hpp"

namespace xnn::kernels {

/// Options of SGD, with PyTorch's names and defaults.
struct SgdOptions {
    double lr = 1e-3;
    double momentum = 0;
    double dampening = 0;
    double weight_decay = 0;
    bool nesterov = false;
    bool maximize = false;
};

/// Options of Adam and AdamW, with PyTorch's names; the defaults are Adam's (AdamW's weight_decay is 1e-2).
struct AdamOptions {
    double lr = 1e-3;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double eps = 1e-8;
    double weight_decay = 0;
    bool amsgrad = false;
    bool maximize = false;
};

/// What an optimiser hands the steps of parameters of type T to: the device itself, or what collects them for it until
/// finish_steps().
template <class T>
Cpu begin_steps(Cpu cpu) {
    return cpu;
}
inline void finish_steps(Cpu) {}

inline namespace XNN_SIMD_ARCH {
namespace detail {

inline constexpr index_t optimizer_grain = index_t{1} << 16;

template <class T, class S>
void adam_step(index_t n, T* param, const T* grad, S* exp_avg, S* exp_avg_sq, S* max_exp_avg_sq,
               const AdamOptions& options, double bias_correction1, double bias_correction2, bool decoupled) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    const V sign(options.maximize ? C(-1) : C(1));
    const V decay(static_cast<C>(decoupled ? 0 : options.weight_decay));
    const V shrink(static_cast<C>(decoupled ? 1 - options.lr * options.weight_decay : 1));
    const V weight1(static_cast<C>(1 - options.beta1)), beta2(static_cast<C>(options.beta2));
    const V weight2(static_cast<C>(1 - options.beta2)), eps(static_cast<C>(options.eps));
    const V step(static_cast<C>(-(options.lr / bias_correction1)));
    const V reciprocal_root(static_cast<C>(1 / std::sqrt(bias_correction2)));
    const bool decays = options.weight_decay != 0, amsgrad = options.amsgrad;
    parallel_chunks(n, optimizer_grain, [=](index_t begin, index_t end) {
        simd::for_registers<T>(end - begin, [=](index_t offset, auto count) {
            const index_t i = begin + offset;
            V p = simd::load(param + i, count), g = sign * simd::load(grad + i, count);
            if (decays) {
                g += decay * p;
                p *= shrink;
            }
            V m = simd::load(exp_avg + i, count), v = simd::load(exp_avg_sq + i, count);
            m += weight1 * (g - m);
            v = v * beta2 + weight2 * g * g;
            simd::store(exp_avg + i, m, count);
            simd::store(exp_avg_sq + i, v, count);
            if (amsgrad) {
                const V before = simd::load(max_exp_avg_sq + i, count);
                v = simd::select(simd::is_nan(before), before,
                                 simd::larger(before, v));  // NaN stays, as in torch.maximum
                simd::store(max_exp_avg_sq + i, v, count);
            }
            const V denominator = simd::quick_square_root(v) * reciprocal_root + eps;
            simd::store(param + i, p + step * m / denominator, count);
        });
    });
}

}  // namespace detail

/// One step of SGD: g = ±grad + weight_decay param; buffer = momentum buffer + (1 - dampening) g, or g in the `first`
/// step; param -= lr times g, buffer, or g + momentum buffer (nesterov). `momentum_buffer` is not touched if momentum
/// is 0. https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
template <class T, class S = T>
void sgd_step(Cpu, index_t n, T* param, const T* grad, S* momentum_buffer, const SgdOptions& options, bool first) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    const V sign(options.maximize ? C(-1) : C(1)), decay(static_cast<C>(options.weight_decay));
    const V momentum(static_cast<C>(options.momentum)), weight(static_cast<C>(1 - options.dampening));
    const V step(static_cast<C>(-options.lr));
    const bool decays = options.weight_decay != 0, moves = options.momentum != 0, nesterov = options.nesterov;
    parallel_chunks(n, detail::optimizer_grain, [=](index_t begin, index_t end) {
        simd::for_registers<T>(end - begin, [=](index_t offset, auto count) {
            const index_t i = begin + offset;
            const V p = simd::load(param + i, count);
            V g = sign * simd::load(grad + i, count);
            if (decays) g += decay * p;
            if (moves) {
                const V buffer = first ? g : simd::load(momentum_buffer + i, count) * momentum + weight * g;
                simd::store(momentum_buffer + i, buffer, count);
                g = nesterov ? g + momentum * buffer : buffer;
            }
            simd::store(param + i, p + step * g, count);
        });
    });
}

/// One step of Adam, in the order of PyTorch's single-tensor implementation: g = ±grad + weight_decay param;
/// exp_avg += (1 - β1)(g - exp_avg); exp_avg_sq = β2 exp_avg_sq + (1 - β2) g²; param -= lr / bias_correction1 exp_avg /
/// (√v / √bias_correction2 + eps), where v is exp_avg_sq, or with amsgrad its maximum over the steps; a bias correction
/// is 1 - β^step. `max_exp_avg_sq` is not touched without amsgrad. The state may be of another type than the parameter.
/// https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
template <class T, class S>
void adam_step(Cpu, index_t n, T* param, const T* grad, S* exp_avg, S* exp_avg_sq, S* max_exp_avg_sq,
               const AdamOptions& options, double bias_correction1, double bias_correction2) {
    detail::adam_step(n, param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, options, bias_correction1, bias_correction2,
                      false);
}

/// One step of AdamW: as adam_step, but the decay is not part of the gradient: param *= 1 - lr weight_decay.
/// https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html
template <class T, class S>
void adamw_step(Cpu, index_t n, T* param, const T* grad, S* exp_avg, S* exp_avg_sq, S* max_exp_avg_sq,
                const AdamOptions& options, double bias_correction1, double bias_correction2) {
    detail::adam_step(n, param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, options, bias_correction1, bias_correction2,
                      true);
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
