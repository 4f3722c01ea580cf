// Leaves of expressions: tensors, numbers, parameters; and what turns into which.
#pragma once

#include <memory>

#include "xnn/expr/expression.hpp"

namespace xnn {

/// A tensor, by reference: the memory must outlive the expression, as with xtensor.
template <class T, AnyShape S, class Device>
class TensorLeaf : public StoredNode<TensorLeaf<T, S, Device>> {
public:
    using xnn_expression = void;
    using value_type = T;
    using shape_type = S;
    using device = Device;
    static constexpr bool requires_grad = false;
    static constexpr bool is_leaf = true;
    struct State {};

    explicit TensorLeaf(TensorView<const T, S, Device> view) : view_(view) {}

    const S& shape() const { return view_.shape; }
    State forward(Arena<Device>&) const { return {}; }
    Ptr<T> loader(const State&) const { return Ptr<T>(view_.data); }
    const T* data() const { return view_.data; }

private:
    TensorView<const T, S, Device> view_;
};

/// The same with a type that knows only how many dimensions there are: see erase().
template <class T, AnyShape S, class Device>
class ErasedTensorLeaf : public TensorLeaf<T, S, Device> {
public:
    static constexpr bool erased = true;
    using TensorLeaf<T, S, Device>::TensorLeaf;
};

/// A temporary tensor, kept alive by the expression.
template <class T, AnyShape S, class Device>
class OwnedLeaf : public TensorLeaf<T, S, Device> {
public:
    explicit OwnedLeaf(Tensor<T, S, Device>&& tensor) : OwnedLeaf(std::make_shared<Tensor<T, S, Device>>(std::move(tensor))) {}

private:
    explicit OwnedLeaf(std::shared_ptr<Tensor<T, S, Device>> tensor)
        : TensorLeaf<T, S, Device>(std::as_const(*tensor).view()), tensor_(std::move(tensor)) {}

    std::shared_ptr<const Tensor<T, S, Device>> tensor_;
};

/// A number that counts as an array without dimensions. It takes the dtype of what it meets.
template <class T, class Device>
class Number : public StoredNode<Number<T, Device>> {
public:
    using xnn_expression = void;
    using value_type = T;
    using shape_type = Shape<>;
    using device = Device;
    static constexpr bool requires_grad = false;
    static constexpr bool is_leaf = true;
    struct State {};

    explicit constexpr Number(compute_t<T> value) : value_(value) {}

    constexpr Shape<> shape() const { return {}; }
    constexpr compute_t<T> number() const { return value_; }
    State forward(Arena<Device>&) const { return {}; }
    Constant<T> loader(const State&) const { return Constant<T>(value_); }

private:
    compute_t<T> value_;
};

}  // namespace xnn
