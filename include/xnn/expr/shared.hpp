// Named expressions: evaluated once and differentiated once however often they are used.
//
// C++ tells apart what is used once (a temporary: it is embedded in the type of what uses it, and fuses) from what may be
// used again (a name: every use is a Handle to one shared node). A Handle's type knows only dtype, shape and device, so
// types end at names.
#pragma once

#include <optional>

#include "xnn/core/ref.hpp"
#include "xnn/expr/root.hpp"

namespace xnn {

/// A shared node seen by its dtype and device: where its value stands and where its gradient gathers. Counted without
/// atomics: an expression belongs to one thread.
template <class T, class Device>
class ValueNode : public NodeBase<Device> {
public:
    /// Evaluates the expression if that has not been done: into the memory that is given, if nothing that the expression reads
    /// stands there.
    void evaluate(Arena<Device>& arena, T* into = nullptr) {
        if (value) return;
        recorded = is_grad_enabled();
        value = compute(arena, into);
        this->order = NodeBase<Device>::next_order();
    }
    /// Where the gradient of n elements gathers, until it has been handed on.
    void gather_gradient(index_t n) {
        gradient_memory_ = SpareBuffer<Device>(static_cast<std::size_t>(n) * sizeof(T));
        gradient = {static_cast<T*>(gradient_memory_.data())};
    }
    void forget_gradient() override {
        gradient = {};
        gradient_memory_ = {};
    }

    /// Keeps the memory in which another's gradient stands.
    void take_gradient_of(ValueNode& other) { value_memory_ = std::move(other.gradient_memory_); }

    const T* value = nullptr;
    Target<T> gradient;
    bool recorded = false;

protected:
    /// What the value needs stands in the arena, which lives as long as this.
    void stay_in(Arena<Device>& arena) {
        arena.keep();
        lease_ = Lease<Device>(arena);
    }
    SpareBuffer<Device> value_memory_, gradient_memory_;

private:
    virtual const T* compute(Arena<Device>& arena, T* into) = 0;
    Lease<Device> lease_;
};

/// The node of an expression E. Where no gradient will come back, only the value stays when it has been computed; what it was
/// computed from is let go.
template <class E>
class SharedNode final : public ValueNode<value_t<E>, device_t<E>> {
    using T = value_t<E>;
    using Device = device_t<E>;

public:
    explicit SharedNode(const E& expression) : expression_(expression) {}

    void propagate(Pass<Device>& pass) override {
        if constexpr (E::requires_grad) expression_->propagate(pass, *state_, Ptr<T>(this->gradient.data));
    }

private:
    /// Whether the value stands somewhere without being put there: nobody can say where.
    static constexpr bool stands = !requires(E e, Arena<Device>& arena, Into<T, Device>& into) { e.forward_into(arena, into); } &&
                                   std::same_as<decltype(std::declval<const E&>().loader(std::declval<const typename E::State&>())), Ptr<T>>;

    const T* compute(Arena<Device>& arena, T* memory) override {
        const bool final = !stands && !(E::requires_grad && this->recorded);
        const ArenaScope<Device> scope(arena);
        const std::size_t before = arena.mark().total;
        Into<T, Device> into{memory, final ? &this->value_memory_ : nullptr};
        if constexpr (requires { expression_->forward_into(arena, into); })
            state_.emplace(expression_->forward_into(arena, into));
        else
            state_.emplace(expression_->forward(arena));
        const T* result = dense(arena, *expression_, *state_, into.take(expression_->shape().size()));
        if (final && result == into.memory) {
            state_.reset();
            expression_.reset();
        } else {
            this->value_memory_ = {};
            if (arena.mark().total != before) this->stay_in(arena);
        }
        return result;
    }
    std::optional<E> expression_;
    std::optional<typename E::State> state_;
};

/// A use of a named expression.
template <class T, AnyShape S, class Device, bool RequiresGrad, bool Inference = false, bool Erased = false>
class Handle : public Root<Handle<T, S, Device, RequiresGrad, Inference, Erased>, T, S, Device>,
               public StoredNode<Handle<T, S, Device, RequiresGrad, Inference, Erased>> {
public:
    using xnn_expression = void;
    using value_type = T;
    using shape_type = S;
    using device = Device;
    static constexpr bool requires_grad = RequiresGrad;
    static constexpr bool inference = Inference;
    static constexpr bool erased = Erased;
    static constexpr bool is_leaf = true;
    struct State {};

    Handle(Ref<ValueNode<T, Device>> node, const S& shape) : node_(std::move(node)), shape_(shape) {}

    const S& shape() const { return shape_; }
    State forward(Arena<Device>& arena) const {
        node_->evaluate(arena);
        return {};
    }
    Ptr<T> loader(const State&) const { return Ptr<T>(node_->value); }

    Target<T> open(Pass<Device>& pass, const State&) const {
        if (!node_->recorded) return {};  // a constant, as what PyTorch computes under no_grad
        auto& gradient = node_->gradient;
        if (gradient.data) return {gradient.data, true};
        node_->gather_gradient(shape_.size());
        pass.enqueue(*node_.get());  // its turn comes when all that was evaluated after it is done
        return gradient;
    }
    void close(Pass<Device>&, const State&, Target<T>) const {}

    ValueNode<T, Device>& node() const { return *node_.get(); }

    /// The same node with its shape in another type.
    template <AnyShape To, bool IsErased>
    auto retyped() const {
        return Handle<T, To, Device, RequiresGrad, Inference, IsErased>(node_, To(shape_.extents()));
    }

private:
    Ref<ValueNode<T, Device>> node_;
    XNN_NO_UNIQUE_ADDRESS S shape_;
};

/// A use of a named expression with which modules run their hooks.
template <class T, AnyShape S, class Device, bool RequiresGrad, bool Inference = false>
class HookedHandle : public Handle<T, S, Device, RequiresGrad, Inference> {
public:
    static constexpr bool hooked = true;
    using Handle<T, S, Device, RequiresGrad, Inference>::Handle;
};

/// The base of expressions that do something: remembers the shared node once the expression has been used by name.
template <class Self, class T, class S, class Device>
class Node : public Root<Self, T, S, Device> {
public:
    using xnn_expression = void;
    using value_type = T;
    using shape_type = S;
    using device = Device;
    static constexpr bool is_leaf = false;

    [[gnu::noinline]] auto share() const {
        if (!node_) node_ = Ref<ValueNode<T, Device>>(new SharedNode<Self>(static_cast<const Self&>(*this)));
        const auto& shape = static_cast<const Self&>(*this).shape();
        if constexpr (is_hooked<Self>)
            return HookedHandle<T, S, Device, Self::requires_grad, is_inference<Self>>(node_, shape);
        else
            return Handle<T, S, Device, Self::requires_grad, is_inference<Self>, is_erased<Self>>(node_, shape);
    }

private:
    mutable Ref<ValueNode<T, Device>> node_;
};

}  // namespace xnn
