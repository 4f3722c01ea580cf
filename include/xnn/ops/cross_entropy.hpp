// Softmax followed by cross entropy, as one operation on logits.
// https://pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
#pragma once

#include "xnn/cpu/cross_entropy.hpp"
#include "xnn/expr/apply.hpp"

namespace xnn {

using kernels::CrossEntropyOptions;

/// What losses over classes share: logits [batch, classes, d…], targets [batch, d…] of class indices or of the logits' shape; or
/// [classes] and [].
template <Reduction R>
struct ClassLossRule {
    using expects = Expects<TargetsForLogits>;

    template <std::size_t N>
    static constexpr auto extents(const Dims<N>& x, const auto&...) {
        if constexpr (R != Reduction::none || N == 1) {
            return Dims<0>{};
        } else {
            Dims<N - 1> result{x[0]};
            for (std::size_t i = 2; i < N; ++i) result[i - 1] = x[i];
            return result;
        }
    }
    template <std::size_t N, std::size_t M>
    static constexpr bool accepts(const Dims<N>& x, const Dims<M>& target, const auto&... weight) {
        if constexpr (N == 0) {
            return false;
        } else {
            if (!(fits(weight, Dims<1>{x[class_dim<N>]}) && ...)) return false;
            if constexpr (M == N)
                return fits(x, target);
            else
                return fits(ClassLossRule<Reduction::none>::extents(x), target);
        }
    }

protected:
    template <std::size_t N>
    static constexpr std::size_t class_dim = N == 1 ? 0 : 1;

    static_assert(R != Reduction::batchmean, "the reduction of a loss over classes is none, mean or sum");
    template <class T>
    static const T* pointer(auto... weight) {
        const T* result = nullptr;
        ((result = weight.data), ...);
        return result;
    }
    static auto sizes(auto x) {
        const auto extents = x.shape.extents();
        if constexpr (decltype(x)::shape_type::rank <= 2)
            return kernels::CrossEntropyMatrix{{with_batch<2>(extents)[0], with_batch<2>(extents)[1]}};
        else
            return kernels::CrossEntropyExtents{extents[0], extents[1], product_or_dyn(extents, 2, extents.size())};
    }
    static void require_targets(std::string_view operation, auto x, auto target, index_t ignore_index) {
        const index_t classes = x.extent(class_dim<decltype(x)::shape_type::rank>);
        const index_t bad = check_targets(typename decltype(x)::device{}, target.data, target.size(), classes, ignore_index);
        if (bad >= 0) fail_index(operation, "a target", classes, static_cast<index_t>(target.data[bad]), bad);
    }
};

/// Cross entropy of logits with class indices or probabilities, and optionally a weight for each class.
template <Reduction R>
struct CrossEntropyRule : ClassLossRule<R> {
    static constexpr std::string_view name = "cross_entropy";
    double label_smoothing = 0;
    index_t ignore_index = -100;

    void check(auto x, auto target, auto...) const {
        if constexpr (std::integral<typename decltype(target)::value_type>) this->require_targets(name, x, target, ignore_index);
    }
    auto forward(auto& arena, auto y, auto x, auto target, auto... weight) const {
        using T = typename decltype(x)::value_type;
        const auto sizes = this->sizes(x);
        auto* saved = arena.template allocate<compute_t<T>>(sizes.saved());
        cross_entropy_forward(typename decltype(y)::device{}, x.data, target.data, this->template pointer<T>(weight...), y.data, saved, sizes, options());
        return static_cast<const compute_t<T>*>(saved);
    }
    template <class T>
    void backward(auto&, const compute_t<T>* saved, const auto& targets, const T* gy, const T*, auto x, auto target, auto... weight) const {
        constexpr typename decltype(x)::device device;
        const auto sizes = this->sizes(x);
        const auto gx = get<0>(targets);
        if constexpr (std::integral<typename decltype(target)::value_type>) {
            cross_entropy_backward(device, x.data, target.data, this->template pointer<T>(weight...), gy, saved, gx.data, gx.accumulate, sizes, options());
        } else {
            const auto gt = get<1>(targets);
            cross_entropy_backward(device, x.data, target.data, this->template pointer<T>(weight...), gy, saved, gx.data, static_cast<T*>(nullptr), gx.accumulate, sizes, options());
            if (gt) cross_entropy_backward(device, x.data, target.data, this->template pointer<T>(weight...), gy, saved, static_cast<T*>(nullptr), gt.data, gt.accumulate, sizes, options());
        }
    }

private:
    CrossEntropyOptions options() const { return {R, label_smoothing, ignore_index}; }
};

namespace functional {

/// The cross entropy of logits x [batch, classes, d…] and targets: class indices [batch, d…], or probabilities like x.
/// One sample is [classes] and [].
template <Reduction R = Reduction::mean, Operand X, Operand Target, Operand... Weight>
    requires(sizeof...(Weight) <= 1)
constexpr auto cross_entropy(X&& x, Target&& target, CrossEntropyRule<R> rule = {}, Weight&&... weight) {
    return apply(rule, std::forward<X>(x), std::forward<Target>(target), std::forward<Weight>(weight)...);
}

}  // namespace functional
}  // namespace xnn
