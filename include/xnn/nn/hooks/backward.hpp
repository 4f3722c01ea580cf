// Where gradients pass on their way into a module and out of it, so that hooks see them.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "xnn/nn/hooks/registry.hpp"

namespace xnn::nn::detail {

/// Waits until all gradients of a module's outputs, or of its inputs, have come; then hooks see them, and they go on.
template <class Device>
class GradientGate : public NodeBase<Device> {
public:
    /// Where gradients go on: into what stood there before the gate.
    using GoOn = std::function<void(Pass<Device>&, const HookArray&)>;
    /// A gradient of zeros, which is what hooks see of an array that has none beside others that have one.
    using Zeros = HookArray (*)(const std::vector<index_t>& extents);

    GradientGate() { this->order = NodeBase<Device>::next_order(); }

    /// A place for an array's gradient; `go_on` is empty where nothing asks for it.
    template <class T>
    std::size_t add(std::vector<index_t> extents, GoOn go_on) {
        slots_.push_back({HookArray(), std::move(extents), &zeros<T>, std::move(go_on)});
        return slots_.size() - 1;
    }

    void receive(Pass<Device>& pass, std::size_t slot, HookArray gradient) {
        slots_[slot].gradient = std::move(gradient);
        if (!std::exchange(waiting_, true)) pass.enqueue(*this);
    }
    void propagate(Pass<Device>& pass) final {
        std::vector<HookArray> gradients;
        for (const Slot& slot : slots_) gradients.push_back(slot.gradient ? slot.gradient : slot.zeros(slot.extents));
        show(gradients);
        for (std::size_t i = 0; i < slots_.size(); ++i)
            if (slots_[i].gradient && slots_[i].go_on) slots_[i].go_on(pass, gradients[i]);
    }
    void forget_gradient() final {
        waiting_ = false;
        for (Slot& slot : slots_) slot.gradient = HookArray();
    }

private:
    /// Lets the hooks see the gradients, and replace them.
    virtual void show(std::vector<HookArray>& gradients) = 0;

    template <class T>
    static HookArray zeros(const std::vector<index_t>& extents) {
        index_t size = 1;
        for (const index_t extent : extents) size *= extent;
        const Tensor<T, Shape<dyn>, Device> tensor{Shape<dyn>(size)};
        Ref<ValueNode<T, Device>> node(new SharedNode<TensorLeaf<T, Shape<dyn>, Device>>(operand(tensor)));
        node->evaluate(Lease<Device>::take().arena());
        return HookArray(node, extents);
    }

    struct Slot {
        HookArray gradient;
        std::vector<index_t> extents;
        Zeros zeros;
        GoOn go_on;
    };
    std::vector<Slot> slots_;
    bool waiting_ = false;
};

/// The hooks of one call that gradients meet, and the gradients that the second gate shows again.
struct BackwardHooks {
    explicit BackwardHooks(const ModuleRef& called)
        : module(called), pre(hook_lists().backward_pre.of(called)), post(hook_lists().backward.of(called)) {}

    void show(std::span<HookArray> grad_inputs) const {
        for (const auto& hook : post) (*hook)(module, grad_inputs, grad_outputs);
    }

    ModuleRef module;
    HookList<BackwardPreHook>::Hooks pre;
    HookList<BackwardHook>::Hooks post;
    std::vector<HookArray> grad_outputs;
};

/// On the way out of a module: the gradients of its inputs.
template <class Device>
class InputGate final : public GradientGate<Device> {
public:
    explicit InputGate(std::shared_ptr<BackwardHooks> hooks) : hooks_(std::move(hooks)) {}

private:
    void show(std::vector<HookArray>& gradients) override { hooks_->show(gradients); }
    std::shared_ptr<BackwardHooks> hooks_;
};

/// On the way into a module: the gradients of its outputs. Where no input has a gradient, all hooks run here.
template <class Device>
class OutputGate final : public GradientGate<Device> {
public:
    OutputGate(std::shared_ptr<BackwardHooks> hooks, std::size_t inputs, bool has_input_gate)
        : hooks_(std::move(hooks)), inputs_(inputs), has_input_gate_(has_input_gate) {}

private:
    void show(std::vector<HookArray>& gradients) override {
        for (const auto& hook : hooks_->pre) (*hook)(hooks_->module, gradients);
        hooks_->grad_outputs = gradients;
        if (has_input_gate_) return;
        std::vector<HookArray> none(inputs_);
        hooks_->show(none);
    }
    std::shared_ptr<BackwardHooks> hooks_;
    std::size_t inputs_;
    bool has_input_gate_;
};

/// A value as it is, whose gradient goes to a gate.
template <class T, class Device>
class GatedNode final : public ValueNode<T, Device> {
public:
    GatedNode(Ref<ValueNode<T, Device>> child, std::vector<index_t> extents, Ref<GradientGate<Device>> gate)
        : child_(std::move(child)), extents_(std::move(extents)), gate_(std::move(gate)), 
          slot_(gate_->template add<T>(extents_, [this](Pass<Device>& pass, const HookArray& shown) { go_on(pass, shown); })) {}

    void propagate(Pass<Device>& pass) override {
        // The gate may wait for other gradients.
        using View = ViewLeaf<T, Shape<dyn>, Device>;
        Ref<ValueNode<T, Device>> node(new SharedNode<View>(View(TensorView<const T, Shape<dyn>, Device>{this->gradient.data, Shape<dyn>(size())})));
        node->evaluate(pass.arena());
        node->take_gradient_of(*this);
        gate_->receive(pass, slot_, HookArray(node, extents_));
    }

private:
    const T* compute(Arena<Device>& arena, T*) override {
        child_->evaluate(arena);
        return child_->value;
    }
    index_t size() const {
        index_t result = 1;
        for (const index_t extent : extents_) result *= extent;
        return result;
    }
    void go_on(Pass<Device>& pass, const HookArray& shown) const {
        const auto& node = shown.template node_of<T, Device>(extents_);
        const Handle<T, Shape<dyn>, Device, true> child(child_, Shape<dyn>(size()));
        child.propagate(pass, typename std::remove_const_t<decltype(child)>::State{}, Ptr<T>(node->value));
    }

    Ref<ValueNode<T, Device>> child_;
    std::vector<index_t> extents_;
    Ref<GradientGate<Device>> gate_;
    std::size_t slot_;
};

}  // namespace xnn::nn::detail
