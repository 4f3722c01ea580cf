// Evaluates an expression into a tensor.
#pragma once

#include <optional>

#include "xnn/expr/operand.hpp"

namespace xnn {

namespace detail {

/// Into the tensor's own memory where nothing stands there that is read when it has been written, else into new memory.
template <class Tensor, class Node, class S>
void assign_in_place(Tensor& tensor, const Node& node, const S& shape) {
    using T = typename Tensor::value_type;
    using Device = typename Tensor::device;
    const auto lease = Lease<Device>::take();
    using Here = Into<T, Device>;
    if constexpr (requires(Here& here) { node.forward_into(lease.arena(), here); }) {
        if (tensor.shape() == shape) {
            tensor.resize(shape);  // a tensor that is being made has no memory yet
            Here here{tensor.data()};
            const auto state = node.forward_into(lease.arena(), here);
            if (state.output != tensor.data()) assign(Device{}, Target<T>{tensor.data()}, node.loader(state), shape.extents());
            return;
        }
    }
    const auto state = node.forward(lease.arena());
    const auto loader = node.loader(state);
    if (tensor.shape() == shape) {
        tensor.resize(shape);  // a tensor that is being made has no memory yet
        if (reads_in_place(loader, tensor.data(), shape.size())) {
            assign(Device{}, Target<T>{tensor.data()}, loader, shape.extents());
            return;
        }
    }
    Tensor fresh(shape, Uninitialized{});
    assign(Device{}, Target<T>{fresh.data()}, loader, shape.extents());
    tensor.take(std::move(fresh));
}

/// The same by a node on the heap, as values are evaluated: nvcc runs out of memory over a state that is a local variable.
template <class Tensor, class Node, class S>
void assign_by_node(Tensor& tensor, const Node& node, const S& shape) {
    using T = value_t<Node>;
    using Device = typename Tensor::device;
    const auto lease = Lease<Device>::take();
    const Ref<ValueNode<T, Device>> shared(new SharedNode<Node>(node));
    T* own = nullptr;
    if constexpr (std::same_as<T, typename Tensor::value_type>) {
        if (tensor.shape() == shape) {
            tensor.resize(shape);  // a tensor that is being made has no memory yet
            own = tensor.data();
        }
    }
    shared->evaluate(lease.arena(), own);
    if (own && shared->value == own) return;
    std::optional<Tensor> kept;  // until it has been read
    if (!own) {
        kept.emplace(std::move(tensor));
        tensor.resize(shape);
    }
    assign(Device{}, Target<typename Tensor::value_type>{tensor.data()}, Ptr<T>(shared->value), shape.extents());
}

}  // namespace detail

/// tensor = expression. The tensor keeps its elements if the evaluation throws. Used by Tensor's constructor and assignment.
template <class T, class S, class Device, class E>
void assign(Tensor<T, S, Device>& tensor, E&& expression) {
    using Node = operand_t<E>;
    if constexpr (!is_invalid<Node>) {
        if constexpr (!fits(S::static_extents, shape_t<Node>::static_extents)) {
            reject<Mismatch<Tensor<T, S, Device>, Expects<S>, Got<shape_t<Node>>>, false>();
        } else {
            const auto node = operand(std::forward<E>(expression));
            const S shape(node.shape().extents());
            if constexpr (detail::is_cuda<Device> && !Node::is_leaf)
                detail::assign_by_node(tensor, node, shape);
            else
                detail::assign_in_place(tensor, node, shape);
        }
    }
}

}  // namespace xnn
