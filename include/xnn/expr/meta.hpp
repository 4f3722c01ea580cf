// Expressions on the device Meta: shapes and dtypes without values, as PyTorch's meta tensors. Applying a model to one
// computes its output's shape, and keeps a ledger of what the run would cost.
#pragma once

#include "xnn/expr/leaf.hpp"

namespace xnn {

/// What a run of a model would cost.
struct Ledger {
    index_t flops = 0;  // of products and convolutions, forward: two for each multiply-add, as torch.utils.flop_counter
};

/// An array of which only shape and dtype are known.
template <class T, AnyShape S>
class MetaLeaf {
public:
    using xnn_expression = void;
    using value_type = T;
    using shape_type = S;
    using device = Meta;
    static constexpr bool requires_grad = false;
    static constexpr bool is_leaf = true;

    constexpr MetaLeaf() = default;
    constexpr explicit MetaLeaf(const S& shape, Ledger* ledger = nullptr) : shape_(shape), ledger_(ledger) {}

    constexpr const S& shape() const { return shape_; }
    constexpr Ledger* ledger() const { return ledger_; }

private:
    [[no_unique_address]] S shape_{};
    Ledger* ledger_ = nullptr;
};

template <class E>
inline constexpr bool is_meta = std::same_as<device_t<E>, Meta>;

}  // namespace xnn
