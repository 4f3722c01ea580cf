// Expressions on the device Meta: shapes and dtypes without values, as PyTorch's meta tensors. Applying a model to one
// computes its output's shape, and what the run would cost.
//
// A cost is counted in two ways. The type of a result carries what led to it: that works for any model, as a constant,
// unless an intermediate result has a name, for a type cannot tell one use of it from another. A Ledger, which operations
// write to as they are called, counts every operation once; as a constant it wants a constexpr forward.
#pragma once

#include "xnn/core/workspace.hpp"
#include "xnn/expr/leaf.hpp"

namespace xnn {

/// What a run of a model costs.
struct Cost {
    index_t flops = 0;           ///< of products and convolutions, forward; a multiply-add is two, as in torch.utils.flop_counter
    index_t forward_bytes = 0;   ///< of the workspace: results and what is kept for the way back
    index_t backward_bytes = 0;  ///< of the workspace: gradients on the way
    bool exact = true;           ///< false: something that counts may have been counted more than once

    constexpr Cost& operator+=(const Cost& other) {
        flops += other.flops;
        forward_bytes += other.forward_bytes;
        backward_bytes += other.backward_bytes;
        exact = exact && other.exact;
        return *this;
    }
    friend constexpr Cost operator+(Cost a, const Cost& b) { return a += b; }
    friend constexpr bool operator==(const Cost&, const Cost&) = default;
    constexpr bool counts() const { return flops + forward_bytes + backward_bytes > 0; }
};

/// Follows the modules of a call as they run. A module is known by its address and its type's key, for modules without
/// members may share an address.
class Recorder {
public:
    constexpr virtual void enter(const void* module, const void* type) = 0;
    constexpr virtual void leave(const index_t* output_extents, std::size_t rank) = 0;

protected:
    ~Recorder() = default;
};
template <class T>
inline constexpr char type_key = 0;

/// Counts what the operations of one call of a model cost.
struct Ledger {
    Cost total;
    Recorder* recorder = nullptr;
};

/// What is known of a Meta array beyond dtype and shape, while costs are counted.
struct MetaTraits {
    bool counted = false;
    bool stored = true;  // false: a pointwise result, which exists only inside a loop
    bool requires_grad = false;
    Cost cost{};
    bool takes_activation = false;  // the result of an operation that does an activation as well: see activated.hpp
};

/// An array of which only shape and dtype are known.
template <class T, AnyShape S, MetaTraits Traits = MetaTraits{}>
class MetaLeaf {
public:
    using xnn_expression = void;
    using value_type = T;
    using shape_type = S;
    using device = Meta;
    static constexpr bool requires_grad = Traits.requires_grad;
    static constexpr bool is_leaf = true;
    static constexpr MetaTraits traits = Traits;

    constexpr MetaLeaf() = default;
    constexpr explicit MetaLeaf(const S& shape, Ledger* ledger = nullptr) : shape_(shape), ledger_(ledger) {}

    constexpr const S& shape() const { return shape_; }
    constexpr Ledger* ledger() const { return ledger_; }

    /// The array as it is used under a name: in memory, and from now on perhaps more than once. The first use pays.
    constexpr auto share() {
        if (ledger_ && !named_) ledger_->total += materialized();
        named_ = true;
        return named();
    }
    constexpr auto share() const {
        if (ledger_) ledger_->total += materialized();  // a constant cannot remember its first use
        return named();
    }

    /// What it costs to have the array, and its gradient, in memory.
    static constexpr Cost materialized() {
        if constexpr (Traits.counted && !Traits.stored) {
            const auto bytes = static_cast<index_t>(aligned_size(static_cast<std::size_t>(S::static_size) * sizeof(T)));
            return {0, bytes, Traits.requires_grad ? bytes : 0};
        } else {
            return {};
        }
    }

private:
    constexpr auto named() const {
        if constexpr (!Traits.counted) {
            return *this;
        } else {
            constexpr bool exact = Traits.cost.exact && !Traits.cost.counts();
            constexpr Cost cost = Traits.cost + materialized() + Cost{.exact = exact};
            return MetaLeaf<T, S, MetaTraits{true, true, Traits.requires_grad, cost}>(shape_, ledger_);
        }
    }

    XNN_NO_UNIQUE_ADDRESS S shape_{};
    Ledger* ledger_ = nullptr;
    bool named_ = false;
};

template <class E>
inline constexpr bool is_meta = std::same_as<device_t<E>, Meta>;

/// The same array after more has been spent on it.
template <Cost Spent, class T, AnyShape S, MetaTraits Traits>
constexpr auto add_cost(const MetaLeaf<T, S, Traits>& x) {
    constexpr Cost total = Traits.cost + Spent;
    return MetaLeaf<T, S, MetaTraits{Traits.counted, Traits.stored, Traits.requires_grad, total, Traits.takes_activation}>(x.shape(), x.ledger());
}
template <Cost, class E>
constexpr E add_cost(E x) { return x; }

namespace detail {

template <class E>
inline constexpr MetaTraits traits_of{};
template <class T, class S, MetaTraits Traits>
inline constexpr MetaTraits traits_of<MetaLeaf<T, S, Traits>> = Traits;

/// The ledger that the Meta operands carry.
template <class... X>
constexpr Ledger* ledger_of(const X&... x) {
    Ledger* ledger = nullptr;
    ([&] {
        if constexpr (requires { x.ledger(); })
            if (x.ledger()) ledger = x.ledger();
    }(), ...);
    return ledger;
}

/// What a result is made of: whether it stands in memory, and what computing it costs by itself.
struct Charge {
    bool stored = true;
    Cost cost{};
    bool takes_activation = false;
};

/// The Meta result of an operation on nodes E (of whatever device). Charging::of<E…>() is its Charge.
template <class T, class Charging, class... E, AnyShape S>
constexpr auto meta_result(const S& shape, Ledger* ledger) {
    if constexpr (S::is_static && (traits_of<E>.counted || ...)) {
        constexpr bool requires_grad = Charging::differentiable && (E::requires_grad || ...);
        constexpr Charge charge = Charging::template of<T, S, requires_grad, E...>();
        if (ledger) ledger->total += charge.cost;
        constexpr Cost total = (charge.cost + ... + traits_of<E>.cost);
        return MetaLeaf<T, S, MetaTraits{true, charge.stored, requires_grad, total, charge.takes_activation}>(shape, ledger);
    } else {
        return MetaLeaf<T, S>(shape, ledger);
    }
}

template <class T, class S>
inline constexpr index_t bytes_of = static_cast<index_t>(aligned_size(static_cast<std::size_t>(S::static_size) * sizeof(T)));

template <class E>
constexpr Cost materialized() {
    if constexpr (requires { E::materialized(); })
        return E::materialized();
    else
        return {};
}

/// Operation: materialises its arguments and stores its result.
template <class Rule>
struct OperationCharge {
    static constexpr bool differentiable = is_differentiable<Rule>;

    template <class T, class S, bool RequiresGrad, class... E>
    static constexpr Charge of() {
        Charge charge{true, (materialized<E>() + ... + Cost{})};
        if constexpr (requires { Rule::takes_activation; }) charge.takes_activation = Rule::takes_activation;
        if constexpr (requires { Rule::flops(shape_t<E>::static_extents...); }) charge.cost.flops += Rule::flops(shape_t<E>::static_extents...);
        charge.cost.forward_bytes += bytes_of<T, S>;
        if constexpr (requires { Rule::template saved_bytes<T>(shape_t<E>::static_extents...); })
            charge.cost.forward_bytes += static_cast<index_t>(aligned_size(static_cast<std::size_t>(Rule::template saved_bytes<T>(shape_t<E>::static_extents...))));
        if (RequiresGrad) charge.cost.backward_bytes += bytes_of<T, S>;
        if constexpr (RequiresGrad && requires { Rule::template backward_bytes<T>(shape_t<E>::static_extents...); })
            charge.cost.backward_bytes += static_cast<index_t>(aligned_size(static_cast<std::size_t>(Rule::template backward_bytes<T>(shape_t<E>::static_extents...))));
        return charge;
    }
};

/// A view: whatever it is a view of.
struct ViewCharge {
    static constexpr bool differentiable = true;
    template <class T, class S, bool, class E>
    static constexpr Charge of() { return {traits_of<E>.stored, {}}; }
};

}  // namespace detail
}  // namespace xnn
