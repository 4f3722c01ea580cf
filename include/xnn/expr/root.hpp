// What can be asked of an expression as a whole: its value, and to run backward.
#pragma once

#include "xnn/expr/expression.hpp"

namespace xnn {

/// The interface of every expression to its user. Self is evaluated once: all these calls, and every other use of the same
/// name, share one value.
template <class Self, class T, class S, class Device>
class Root {
public:
    /// Evaluates now unless that has been done; returns the value. It lives as long as the expression.
    auto value() const {
        const auto handle = handle_of(self());
        evaluate(handle);
        detail::await_for_tests<Device>();
        return TensorView<const T, S, Device>{handle.node().value, handle.shape()};
    }

    /// The only element. Throws Error if there are others.
    auto item() const {
        const auto view = value();
        if constexpr (S::static_size != 1)
            if (view.size() != 1) fail("item", "one element", to_text(view.shape.extents()));
        T result;
        detail::copy_elements<Cpu, Device>(&result, view.data, 1);
        return result;
    }

    /// Adds to the gradient of every parameter that this number depends on its derivative by it: one forward pass if there
    /// was none, and one backward pass. https://pytorch.org/docs/stable/generated/torch.Tensor.backward.html
    void backward() const {
        static_assert(S::static_size == 1 || !S::is_static,
                      "backward() starts at a single number: reduce to one, or pass the gradient of the result");
        if constexpr (!S::is_static)
            if (self().shape().size() != 1) fail("backward", "one element", to_text(self().shape().extents()));
        backward_from(Constant<T>(compute_t<T>(1)));
    }

    /// The same for a result of any shape, whose gradient is given.
    void backward(TensorView<const T, S, Device> gradient) const {
        if (!(gradient.shape == self().shape()))
            fail("backward", "a gradient of shape " + to_text(self().shape().extents()), to_text(gradient.shape.extents()));
        backward_from(Ptr<T>(gradient.data));
    }

private:
    const Self& self() const { return static_cast<const Self&>(*this); }

    /// The shared node of this expression: a handle is one, and what counts as a leaf because it costs nothing has one too.
    static auto handle_of(const Self& e) {
        if constexpr (requires { e.node(); })
            return e;
        else
            return e.share();
    }
    template <class H>
    static void evaluate(const H& handle) {
        if (!handle.node().value) handle.forward(Lease<Device>::take().arena());
    }

    template <class Gradient>
    void backward_from(const Gradient& gradient) const {
        static_assert(Self::requires_grad, "backward() of an expression in which nothing requires a gradient; if it should, use detach(x) where "
                      "inference(x) or no_grad(x) stands: they reach whatever is computed with x");
        const auto handle = handle_of(self());
        evaluate(handle);
        if (!handle.node().recorded)
            throw Error("backward: expected an expression that was evaluated with gradients enabled, got one evaluated under no_grad");
        Pass<Device> pass;
        handle.propagate(pass, typename std::remove_cvref_t<decltype(handle)>::State{}, gradient);
        pass.run();
    }
};

}  // namespace xnn
