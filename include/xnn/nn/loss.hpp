// Losses. https://pytorch.org/docs/stable/nn.html#loss-functions
//
// The reduction is the first template argument: `nn::MSELoss criterion;`, `nn::MSELoss<Reduction::sum> criterion;`. As a data
// member, where C++ deduces no arguments, write `nn::MSELoss<> criterion;`.
#pragma once

#include "xnn/nn/module.hpp"
#include "xnn/ops/loss.hpp"
#include "xnn/ops/nll_loss.hpp"

namespace xnn::nn {

/// Stands for a weight that is not there.
struct NoWeight {};
inline constexpr NoWeight no_weight{};

namespace detail {

template <class W>
struct weight_buffer {
    using type = NoWeight;
};
template <class T, class S, class Device>
struct weight_buffer<Tensor<T, S, Device>> {
    using type = Buffer<T, S, Device>;
};

/// A weight as the module holds it: a buffer made from a tensor, or nothing.
template <class W>
using WeightBuffer = typename weight_buffer<W>::type;

/// Hands a weight, if there is one, on as last argument of f.
template <class Weight, class F>
constexpr auto with_weight(const Weight& weight, F&& f) {
    if constexpr (std::same_as<Weight, NoWeight>)
        return f();
    else
        return f(weight.value());
}

template <class Weight, class F>
constexpr void visit_weight(std::string_view name, Weight& weight, F& f) {
    if constexpr (!std::same_as<std::remove_const_t<Weight>, NoWeight>) f(name, weight);
}

}  // namespace detail

/// The options of CrossEntropyLoss that are numbers.
struct CrossEntropyLossOptions {
    index_t ignore_index = -100;
    double label_smoothing = 0;
};

/// Softmax and cross entropy of logits [batch, classes, d…] with targets: class indices [batch, d…], or probabilities like
/// the logits; one sample is [classes] and []. `CrossEntropyLoss{weight, {.label_smoothing = 0.1}}` gives each class a weight.
/// https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
template <Reduction R = Reduction::mean, class Weight = NoWeight>
struct CrossEntropyLoss : Module<CrossEntropyLoss<R, Weight>> {
    detail::WeightBuffer<Weight> weight;
    index_t ignore_index;
    double label_smoothing;

    CrossEntropyLoss()
        requires std::same_as<Weight, NoWeight>
        : CrossEntropyLoss(Weight{}) {}
    explicit CrossEntropyLoss(const CrossEntropyLossOptions& options)
        requires std::same_as<Weight, NoWeight>
        : CrossEntropyLoss(Weight{}, options) {}
    explicit CrossEntropyLoss(Weight class_weight, const CrossEntropyLossOptions& options = {})
        : weight(std::move(class_weight)), ignore_index(options.ignore_index), label_smoothing(options.label_smoothing) {
        if (!(label_smoothing >= 0 && label_smoothing <= 1))
            fail("CrossEntropyLoss", "a label_smoothing in [0, 1]", std::to_string(label_smoothing));
    }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) { detail::visit_weight("weight", self.weight, f); }

    constexpr auto forward(auto logits, auto target) const {
        return detail::with_weight(weight, [&](const auto&... w) {
            return xnn::functional::cross_entropy<R>(std::move(logits), std::move(target),
                                                CrossEntropyRule<R>{{}, label_smoothing, ignore_index}, w...);
        });
    }
};
CrossEntropyLoss(const CrossEntropyLossOptions&) -> CrossEntropyLoss<>;
template <class T, class S, class Device>
CrossEntropyLoss(Tensor<T, S, Device>, CrossEntropyLossOptions = {}) -> CrossEntropyLoss<Reduction::mean, Tensor<T, S, Device>>;

/// The options of NLLLoss that are numbers.
struct NLLLossOptions {
    index_t ignore_index = -100;
};

/// -w_t x_t of log-probabilities x [batch, classes, d…] at the targets t [batch, d…]; one sample is [classes] and [].
/// https://pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html
template <Reduction R = Reduction::mean, class Weight = NoWeight>
struct NLLLoss : Module<NLLLoss<R, Weight>> {
    detail::WeightBuffer<Weight> weight;
    index_t ignore_index;

    NLLLoss()
        requires std::same_as<Weight, NoWeight>
        : NLLLoss(Weight{}) {}
    explicit NLLLoss(const NLLLossOptions& options)
        requires std::same_as<Weight, NoWeight>
        : NLLLoss(Weight{}, options) {}
    explicit NLLLoss(Weight class_weight, const NLLLossOptions& options = {}) : weight(std::move(class_weight)), ignore_index(options.ignore_index) {}

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) { detail::visit_weight("weight", self.weight, f); }

    constexpr auto forward(auto log_probabilities, auto target) const {
        return detail::with_weight(weight, [&](const auto&... w) {
            return xnn::functional::nll_loss<R>(std::move(log_probabilities), std::move(target), NllLossRule<R>{{}, ignore_index}, w...);
        });
    }
};
NLLLoss(const NLLLossOptions&) -> NLLLoss<>;
template <class T, class S, class Device>
NLLLoss(Tensor<T, S, Device>, NLLLossOptions = {}) -> NLLLoss<Reduction::mean, Tensor<T, S, Device>>;

/// (x - target)². https://pytorch.org/docs/stable/generated/torch.nn.MSELoss.html
template <Reduction R = Reduction::mean>
struct MSELoss : Module<MSELoss<R>> {
    constexpr auto forward(auto x, auto target) const { return xnn::functional::mse_loss<R>(std::move(x), std::move(target)); }
};

/// |x - target|. https://pytorch.org/docs/stable/generated/torch.nn.L1Loss.html
template <Reduction R = Reduction::mean>
struct L1Loss : Module<L1Loss<R>> {
    constexpr auto forward(auto x, auto target) const { return xnn::functional::l1_loss<R>(std::move(x), std::move(target)); }
};

/// (x - target)² / (2 beta) where |x - target| < beta, else |x - target| - beta / 2.
/// https://pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html
template <Reduction R = Reduction::mean>
struct SmoothL1Loss : Module<SmoothL1Loss<R>> {
    double beta = 1;
    constexpr SmoothL1Loss() {}
    constexpr explicit SmoothL1Loss(double threshold) : beta(threshold) {}
    constexpr auto forward(auto x, auto target) const { return xnn::functional::smooth_l1_loss<R>(std::move(x), std::move(target), beta); }
};

/// (x - target)² / 2 where |x - target| < delta, else delta (|x - target| - delta / 2).
/// https://pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html
template <Reduction R = Reduction::mean>
struct HuberLoss : Module<HuberLoss<R>> {
    double delta = 1;
    constexpr HuberLoss() {}
    constexpr explicit HuberLoss(double threshold) : delta(threshold) {}
    constexpr auto forward(auto x, auto target) const { return xnn::functional::huber_loss<R>(std::move(x), std::move(target), delta); }
};

/// -w (target log x + (1 - target) log(1 - x)) of probabilities x; no logarithm is below -100, and what is outside [0, 1]
/// gives NaN. `BCELoss{weight}` takes a weight that broadcasts.
/// https://pytorch.org/docs/stable/generated/torch.nn.BCELoss.html
template <Reduction R = Reduction::mean, class Weight = NoWeight>
struct BCELoss : Module<BCELoss<R, Weight>> {
    detail::WeightBuffer<Weight> weight;

    BCELoss()
        requires std::same_as<Weight, NoWeight>
    = default;
    explicit BCELoss(Weight element_weight) : weight(std::move(element_weight)) {}

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) { detail::visit_weight("weight", self.weight, f); }

    constexpr auto forward(auto x, auto target) const {
        return detail::with_weight(weight, [&](const auto&... w) {
            return xnn::functional::binary_cross_entropy<R>(std::move(x), std::move(target), w...);
        });
    }
};
template <class T, class S, class Device>
BCELoss(Tensor<T, S, Device>) -> BCELoss<Reduction::mean, Tensor<T, S, Device>>;

/// BCELoss of sigmoid(x), without overflow. `BCEWithLogitsLoss{weight, pos_weight}` takes a weight of each element and one of
/// the positive answers, both of which broadcast; `no_weight` stands for none.
/// https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
template <Reduction R = Reduction::mean, class Weight = NoWeight, class PosWeight = NoWeight>
struct BCEWithLogitsLoss : Module<BCEWithLogitsLoss<R, Weight, PosWeight>> {
    detail::WeightBuffer<Weight> weight;
    detail::WeightBuffer<PosWeight> pos_weight;

    BCEWithLogitsLoss()
        requires(std::same_as<Weight, NoWeight> && std::same_as<PosWeight, NoWeight>)
    = default;
    explicit BCEWithLogitsLoss(Weight element_weight)
        requires std::same_as<PosWeight, NoWeight>
        : weight(std::move(element_weight)) {}
    explicit BCEWithLogitsLoss(Weight element_weight, PosWeight positive_weight)
        : weight(std::move(element_weight)), pos_weight(std::move(positive_weight)) {}

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        detail::visit_weight("weight", self.weight, f);
        detail::visit_weight("pos_weight", self.pos_weight, f);
    }

    constexpr auto forward(auto x, auto target) const {
        return detail::with_weight(weight, [&](const auto&... w) {
            if constexpr (std::same_as<PosWeight, NoWeight>)
                return xnn::functional::binary_cross_entropy_with_logits<R>(std::move(x), std::move(target), w...);
            else
                return xnn::functional::binary_cross_entropy_with_pos_weight<R>(std::move(x), std::move(target), pos_weight.value(), w...);
        });
    }
};
template <class T, class S, class Device>
BCEWithLogitsLoss(Tensor<T, S, Device>) -> BCEWithLogitsLoss<Reduction::mean, Tensor<T, S, Device>>;
template <class Weight, class PosWeight>
BCEWithLogitsLoss(Weight, PosWeight) -> BCEWithLogitsLoss<Reduction::mean, Weight, PosWeight>;

/// target (log target - x) of log-probabilities x; with LogTarget the target is logarithms too. PyTorch's
/// reduction='batchmean' is Reduction::batchmean.
/// https://pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html
template <Reduction R = Reduction::mean, bool LogTarget = false>
struct KLDivLoss : Module<KLDivLoss<R, LogTarget>> {
    constexpr auto forward(auto x, auto target) const { return xnn::functional::kl_div<R, LogTarget>(std::move(x), std::move(target)); }
};

}  // namespace xnn::nn
