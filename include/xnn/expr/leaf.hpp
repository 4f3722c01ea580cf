// Leaves of expressions: tensors, numbers, parameters; and what turns into which.
#pragma once

#include "xnn/expr/expression.hpp"

namespace xnn {

/// Elements in somebody else's memory, which must outlive the expression.
template <class T, AnyShape S, class Device>
class ViewLeaf : public StoredNode<ViewLeaf<T, S, Device>> {
public:
    using xnn_expression = void;
    using value_type = T;
    using shape_type = S;
    using device = Device;
    static constexpr bool requires_grad = false;
    static constexpr bool is_leaf = true;
    struct State {};

    explicit ViewLeaf(TensorView<const T, S, Device> view) : view_(view) {}

    const S& shape() const { return view_.shape; }
    State forward(Arena<Device>&) const { return {}; }
    Ptr<T> loader(const State&) const { return Ptr<T>(view_.data); }

private:
    TensorView<const T, S, Device> view_;
};

/// A tensor's elements, alive as long as the expression, whatever becomes of the tensor.
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

    TensorLeaf(const detail::Storage<T, S, Device>& storage, const S& shape) : storage_(storage), shape_(shape) {}

    const S& shape() const { return shape_; }
    State forward(Arena<Device>&) const { return {}; }
    Ptr<T> loader(const State&) const { return Ptr<T>(storage_.data()); }
    const detail::Storage<T, S, Device>& storage() const { return storage_; }

private:
    detail::Storage<T, S, Device> storage_;
    XNN_NO_UNIQUE_ADDRESS S shape_;
};

/// The same with a type that knows only how many dimensions there are: see erase().
template <class T, AnyShape S, class Device>
class ErasedTensorLeaf : public TensorLeaf<T, S, Device> {
public:
    static constexpr bool erased = true;
    using TensorLeaf<T, S, Device>::TensorLeaf;
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
    State forward(auto&) const { return {}; }  // a number may stand in an expression of any device
    Constant<T> loader(const State&) const { return Constant<T>(value_); }

private:
    compute_t<T> value_;
};

}  // namespace xnn
