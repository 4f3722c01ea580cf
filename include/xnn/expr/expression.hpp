// The protocol of expressions: small values that describe a computation.
//
// A node E names value_type, shape_type, device and requires_grad, and has
//   shape()                     its shape, with the extents of this run
//   forward(arena)              computes what must stand in memory; returns a State
//   loader(state)               yields its elements (loader.hpp)
//   sink(pass, state, parts)    where a pointwise loop above leaves this node's gradient (sink.hpp) …
//   drain(pass, state, sink)    … and goes on from there when the loop is done
//   open(pass, state)           where anything else above leaves it, as a whole array …
//   close(pass, state, target)  … and goes on
//   propagate(pass, state, g)   goes on from a gradient that is a loader; one in memory may be overwritten
// Only requires_grad nodes are asked for gradients. StoredNode below derives the three other forms from open and close.
#pragma once

#include "xnn/core/tensor.hpp"
#include "xnn/expr/arena.hpp"
#include "xnn/expr/grad_mode.hpp"
#include "xnn/expr/in_place.hpp"
#include "xnn/expr/loops.hpp"

namespace xnn {

/// A node of a computation, or what can become its leaf: see operand().
template <class E>
concept Expression = detail::Assignable<E>;

template <class E>
using shape_t = typename std::remove_cvref_t<E>::shape_type;
template <class E>
using value_t = typename std::remove_cvref_t<E>::value_type;
template <class E>
using device_t = typename std::remove_cvref_t<E>::device;

/// Whether gradients pass through a functor or a rule: unless it says otherwise.
template <class F>
inline constexpr bool is_differentiable = true;
template <class F>
    requires requires { F::differentiable; }
inline constexpr bool is_differentiable<F> = F::differentiable;

/// Whether an expression is marked as inference: then nothing that is computed from it has gradients.
template <class E>
inline constexpr bool is_inference = false;
template <class E>
    requires requires { E::inference; }
inline constexpr bool is_inference<E> = E::inference;

/// Whether an expression's type has forgotten its extents, so that others share it: see erase().
template <class E>
inline constexpr bool is_erased = false;
template <class E>
    requires requires { E::erased; }
inline constexpr bool is_erased<E> = E::erased;

/// Whether an expression asks the modules that it meets to run their hooks: see nn::hooked().
template <class E>
inline constexpr bool is_hooked = false;
template <class E>
    requires requires { E::hooked; }
inline constexpr bool is_hooked<E> = E::hooked;

/// What an operation's arguments mean for its result.
template <class... E>
inline constexpr bool any_erased = (is_erased<E> || ...);
template <class... E>
inline constexpr bool any_inference = (is_inference<E> || ...);
template <class... E>
inline constexpr bool any_hooked = (is_hooked<E> || ...);
template <class... E>
inline constexpr bool any_requires_grad = !any_inference<E...> && (E::requires_grad || ...);

template <class Device>
class Pass;

/// What a walk back knows of a shared node.
template <class Device>
class NodeBase {
public:
    virtual ~NodeBase() = default;
    static void* operator new(std::size_t bytes) { return detail::NodePool::allocate(bytes); }
    static void operator delete(void* p, std::size_t bytes) { detail::NodePool::release(p, bytes); }

    /// Goes on from the node's complete gradient.
    virtual void propagate(Pass<Device>& pass) = 0;
    virtual void forget_gradient() = 0;

    index_t references = 0;
    index_t order = 0;         // when its evaluation was done: after all that it uses
    NodeBase* next = nullptr;  // the one that waits behind it in a Pass

protected:
    static index_t next_order() {
        static thread_local index_t last = 0;
        return ++last;
    }
};

/// One walk back from a root: visits each shared node when all its uses have left their gradients.
template <class Device>
class Pass {
public:
    Pass() : lease_(Lease<Device>::take()) {}
    ~Pass() {
        while (waiting_) pop().forget_gradient();
    }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

    /// Memory for the gradients on the way.
    Arena<Device>& arena() const { return lease_.arena(); }

    /// Takes a node in whose gradient something begins to gather.
    [[gnu::noinline]] void enqueue(NodeBase<Device>& node) {
        NodeBase<Device>** place = &waiting_;
        while (*place && (*place)->order > node.order) place = &(*place)->next;
        node.next = std::exchange(*place, &node);
    }

    void run() {
        while (waiting_) {
            const ArenaScope<Device> scope(arena());
            waiting_->propagate(*this);  // what it enqueues was evaluated before it
            pop().forget_gradient();
        }
    }

private:
    NodeBase<Device>& pop() { return *std::exchange(waiting_, waiting_->next); }

    Lease<Device> lease_;
    NodeBase<Device>* waiting_ = nullptr;  // the last evaluated first
};

/// The elements of a node in memory: where it computed them, or written where they are wanted, if it may be, or into the
/// workspace.
template <class E, class Device>
auto dense(Arena<Device>& arena, const E& e, const typename E::State& state, [[maybe_unused]] value_t<E>* wanted = nullptr) {
    using T = value_t<E>;
    const auto loader = e.loader(state);
    if constexpr (std::same_as<std::remove_cvref_t<decltype(loader)>, Ptr<T>>) {
        return loader.p;
    } else {
        const auto extents = e.shape().extents();
        const index_t size = product(extents);
        T* out = wanted && detail::reads_in_place(loader, wanted, size) ? wanted : arena.template allocate<T>(size);
        assign(Device{}, Target<T>{out}, loader, extents);
        return static_cast<const T*>(out);
    }
}

/// What nodes that are only loaders share: Self has propagate. A gradient that arrives as an array goes on as a loader.
template <class Self>
struct LazyNode {
    template <class Device, class State>
    auto open(Pass<Device>& pass, const State&) const {
        using T = value_t<Self>;
        return Target<T>{pass.arena().template allocate<T>(static_cast<const Self&>(*this).shape().size())};
    }
    template <class Device, class State, class T>
    void close(Pass<Device>& pass, const State& state, Target<T> target) const {
        static_cast<const Self&>(*this).propagate(pass, state, Ptr<T>(target.data));
    }
};

/// What nodes that stand in memory share: Self has open and close.
template <class Self>
struct StoredNode {
    template <class Device, class State>
    auto sink(Pass<Device>& pass, const State& state, index_t) const {
        using T = value_t<Self>;
        if constexpr (!Self::requires_grad) {
            return NoSink{};
        } else {
            Target<T> target = self().open(pass, state);
            if (!target) target.data = pass.arena().template allocate<T>(self().shape().size());  // frozen: dropped
            return DenseSink<T>{target};
        }
    }
    template <class Device, class State, class Sink>
    void drain(Pass<Device>& pass, const State& state, const Sink& sink) const {
        if constexpr (Self::requires_grad) self().close(pass, state, sink.target);
    }
    template <class Device, class State, class Gradient>
    void propagate(Pass<Device>& pass, const State& state, const Gradient& gradient) const {
        const auto target = self().open(pass, state);
        if (target) assign(Device{}, target, gradient, self().shape().extents());
        self().close(pass, state, target);
    }

private:
    const Self& self() const { return static_cast<const Self&>(*this); }
};

}  // namespace xnn
