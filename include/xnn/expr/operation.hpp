// Operations that compute whole arrays: one node for all of them. What is particular stands in a Rule:
//
//   struct Rule {
//       static constexpr std::string_view name;
//       static constexpr auto extents(const Dims<…>&… in);     the shape rule, for known extents and dyn alike
//       static constexpr bool accepts(const Dims<…>&… in);     whether the arguments fit (dyn fits everything)
//       template <class T, …> using value_type = …;             dtype of the result; the first argument's if absent
//       using expects = Expects<…>;                             what a compile error says it wants (optional)
//       constexpr index_t flops(const Dims<…>&… in) const;      multiply-adds count 2 (optional)
//       void check(TensorView<const T, S>… in) const;           values that must be judged before the run (optional)
//       Saved forward(Arena&, TensorView<Y, SY> y, TensorView<const T, S>… in) const;
//       void backward(Arena&, const Saved&, Targets, const Y* gy, const Y* y, TensorView<const T, S>… in) const;
//       static constexpr bool takes_activation = true;          backward does not read y: see activated.hpp (optional)
//   };
//
// A rule may leave check, forward and backward to another class, for which it has `auto work() const`: what the rule's type
// says, such as a window, is a value there, so that several rules have one node.
//
// Targets is a Tuple of Target<T>, one for each argument: write or add to those that are not null.
#pragma once

#include "xnn/expr/operand.hpp"

namespace xnn {

/// A result that nothing needs to be remembered for.
struct NothingSaved {};

template <class Rule, class F>
struct Activated;

/// The node of a Rule applied to arguments.
template <class Rule, class T, AnyShape S, class Device, class... E>
class Operation : public Node<Operation<Rule, T, S, Device, E...>, T, S, Device>,
                  public StoredNode<Operation<Rule, T, S, Device, E...>> {
    using Indices = std::index_sequence_for<E...>;
    using Saved = decltype(std::declval<const Rule&>().forward(
        std::declval<Arena<Device>&>(), std::declval<TensorView<T, S, Device>>(),
        std::declval<TensorView<const value_t<E>, shape_t<E>, Device>>()...));

public:
    static constexpr bool requires_grad = is_differentiable<Rule> && any_requires_grad<E...>;
    static constexpr bool inference = any_inference<E...>;
    static constexpr bool erased = any_erased<E...>;
    static constexpr bool hooked = any_hooked<E...>;
    /// Made where it stays: a state holds those of all that is below, and copying them would cost more than a small product.
    struct State {
        Children<typename E::State...> arguments;
        Tuple<const value_t<E>*...> inputs;
        T* output;
        XNN_NO_UNIQUE_ADDRESS Saved saved;

        template <std::size_t... I>
        State(std::index_sequence<I...>, const Operation& node, Arena<Device>& arena, Into<T, Device>& into)
            : arguments{{get<I>(node.arguments_).forward(arena)}...},
              inputs{dense(arena, get<I>(node.arguments_), get<I>(arguments))...},
              output(node.place(Indices{}, arena, into, inputs)),
              saved(node.rule_.forward(arena, TensorView<T, S, Device>{output, node.shape_}, node.template view<I>(inputs)...)) {}
    };

    /// From whatever operand() turns into the E.
    template <class... X>
    Operation(Rule rule, const S& shape, X&&... x) : rule_(std::move(rule)), shape_(shape), arguments_{{operand(std::forward<X>(x))}...} {}

    const S& shape() const { return shape_; }
    /// An argument, for an operation that does this one's work as well.
    template <std::size_t I>
    auto argument() && { return std::move(detail::leaf<I>(arguments_)); }
    /// This operation with a functor applied to its result, where that stands.
    template <class F>
    auto activated(F f) && { return activated(Indices{}, f); }
    State forward(Arena<Device>& arena) const {
        Into<T, Device> nowhere;
        return forward_into(arena, nowhere);
    }
    /// The same with its result in this memory, unless an argument stands there.
    State forward_into(Arena<Device>& arena, Into<T, Device>& into) const { return State(Indices{}, *this, arena, into); }
    Ptr<T> loader(const State& state) const { return Ptr<T>(state.output); }

    Target<T> open(Pass<Device>& pass, const State&) const { return {pass.arena().template allocate<T>(shape_.size())}; }
    void close(Pass<Device>& pass, const State& state, Target<T> gradient) const {
        if constexpr (requires { rule_.differentiate_activation(Device{}, gradient.data, state.output, shape_.size()); })
            rule_.differentiate_activation(Device{}, gradient.data, static_cast<const T*>(state.output), shape_.size());
        differentiate(Indices{}, pass, state, gradient.data);
    }
    using StoredNode<Operation>::propagate;
    void propagate(Pass<Device>& pass, const State& state, const Ptr<T>& gradient) const {
        close(pass, state, {const_cast<T*>(gradient.p)});  // memory of the pass, and nobody else's business any more
    }

private:
    template <std::size_t... I, class F>
    auto activated(std::index_sequence<I...>, F f) {
        return Operation<Activated<Rule, F>, T, S, Device, E...>(Activated<Rule, F>(std::move(rule_), f), shape_, std::move(detail::leaf<I>(arguments_))...);
    }

    /// Where the result goes, after a look at the arguments' values.
    template <std::size_t... I>
    T* place(std::index_sequence<I...>, Arena<Device>& arena, Into<T, Device>& into, const Tuple<const value_t<E>*...>& inputs) const {
        if constexpr (requires { rule_.check(view<I>(inputs)...); }) rule_.check(view<I>(inputs)...);
        T* const output = into.take(shape_.size());
        return output && !(overlaps<I>(output, inputs) || ...) ? output : arena.template allocate<T>(shape_.size());
    }

    template <std::size_t... I>
    void differentiate(std::index_sequence<I...>, Pass<Device>& pass, const State& state, const T* gradient) const {
        Tuple<Target<value_t<E>>...> targets{open_argument<I>(pass, state)...};
        const void* const places[] = {get<I>(targets).data...};
        (separate<I>(targets, places), ...);
        rule_.backward(pass.arena(), state.saved, targets, gradient, static_cast<const T*>(state.output), view<I>(state.inputs)...);
        (close_argument<I>(pass, state, targets), ...);
    }

    template <std::size_t I>
    bool overlaps(const T* output, const Tuple<const value_t<E>*...>& inputs) const {
        const auto* input = get<I>(inputs);  // null where only a shape is given
        return input && !detail::apart(input, input + get<I>(arguments_).shape().size(), output, output + shape_.size());
    }
    template <std::size_t I>
    auto view(const Tuple<const value_t<E>*...>& inputs) const {
        const auto& argument = get<I>(arguments_);
        using A = std::remove_cvref_t<decltype(argument)>;
        return TensorView<const value_t<A>, shape_t<A>, Device>{get<I>(inputs), argument.shape()};
    }
    template <std::size_t I>
    auto open_argument(Pass<Device>& pass, const State& state) const {
        const auto& argument = get<I>(arguments_);
        using A = std::remove_cvref_t<decltype(argument)>;
        if constexpr (A::requires_grad)
            return argument.open(pass, get<I>(state.arguments));
        else
            return Target<value_t<A>>{};
    }
    /// Two arguments may be one: then both add to what begins as zero, in whatever order a kernel writes them.
    template <std::size_t I, class Targets>
    void separate(Targets& targets, const void* const (&places)[sizeof...(E)]) const {
        auto& target = get<I>(targets);
        if (!target || target.accumulate) return;
        bool shared = false;
        for (std::size_t j = 0; j < sizeof...(E); ++j) shared = shared || (j != I && places[j] == target.data);
        if (!shared) return;
        fill(Device{}, target.data, get<I>(arguments_).shape().size(), typename std::remove_cvref_t<decltype(target)>::value_type(0));
        target.accumulate = true;
    }
    template <std::size_t I, class Targets>
    void close_argument(Pass<Device>& pass, const State& state, const Targets& targets) const {
        const auto& argument = get<I>(arguments_);
        if constexpr (std::remove_cvref_t<decltype(argument)>::requires_grad)
            if (get<I>(targets)) argument.close(pass, get<I>(state.arguments), get<I>(targets));
    }

    XNN_NO_UNIQUE_ADDRESS Rule rule_;
    XNN_NO_UNIQUE_ADDRESS S shape_;
    Children<E...> arguments_;
};

}  // namespace xnn
