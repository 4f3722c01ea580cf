// Pointwise operations: nodes that are only loaders, so that a chain of them is one loop forward and one back.
#pragma once

#include "xnn/expr/operand.hpp"

namespace xnn {

namespace detail {
/// Whether a device sums the gradient of what it broadcasts part by part in the loop that computes it. Elsewhere the gradient
/// of every use is written first and summed then, by overloads of sum_repeats().
template <class Device>
inline constexpr bool sums_in_parts = std::same_as<Device, Cpu>;
}  // namespace detail

// ---- broadcasting: an array that stands in memory, read as one of more elements

/// The strides by which an array of shape From is read as one of shape To, and what that means for rows.
template <AnyShape From, AnyShape To>
struct BroadcastMap {
    static constexpr std::size_t rank = To::rank;
    static constexpr std::size_t shift = To::rank - From::rank;

    /// Dimension i of To repeats one element of From.
    static constexpr bool repeats(std::size_t i) {
        return i < shift || (From::static_extents[i - shift] == 1 && To::static_extents[i] != 1);
    }
    static constexpr bool needed = [] {
        for (std::size_t i = 0; i < rank; ++i)
            if (repeats(i)) return true;
        return false;
    }();
    /// The dimensions in front of the longest tail that repeats everywhere or nowhere.
    static constexpr std::size_t split = [] {
        std::size_t i = rank;
        bool known = false, repeating = false;
        for (; i > 0; --i) {
            if (To::static_extents[i - 1] == 1) continue;
            if (known && repeats(i - 1) != repeating) break;
            known = true;
            repeating = repeats(i - 1);
        }
        return i;
    }();
    static constexpr RowKind kind = [] {
        for (std::size_t i = rank; i > split; --i)
            if (To::static_extents[i - 1] != 1) return repeats(i - 1) ? RowKind::constant : RowKind::contiguous;
        return RowKind::contiguous;
    }();

    static constexpr Dims<rank> strides(const From& from) {
        const auto inner = contiguous_strides(from.extents());
        Dims<rank> result{};
        for (std::size_t i = shift; i < rank; ++i) result[i] = repeats(i) ? 0 : inner[i - shift];
        return result;
    }
};

/// A child whose elements are read more than once.
template <class E, AnyShape S>
class Broadcasted : public LazyNode<Broadcasted<E, S>> {
    using Map = BroadcastMap<shape_t<E>, S>;

public:
    using xnn_expression = void;
    using value_type = value_t<E>;
    using shape_type = S;
    using device = device_t<E>;
    static constexpr bool requires_grad = E::requires_grad;
    static constexpr bool inference = is_inference<E>;
    static constexpr bool hooked = is_hooked<E>;
    static constexpr bool is_leaf = E::is_leaf;
    struct State {
        typename E::State child;
        const value_type* data;
    };

    Broadcasted(E child, const S& shape) : child_(std::move(child)), shape_(shape) {}

    const S& shape() const { return shape_; }
    State forward(Arena<device>& arena) const {
        State state{child_.forward(arena), nullptr};
        state.data = dense(arena, child_, state.child);
        return state;
    }
    auto loader(const State& state) const {
        return Strided<value_type, S::rank, Map::split, Map::kind>{state.data, shape_.extents(), Map::strides(child_.shape())};
    }

    auto sink(Pass<device>& pass, const State&, index_t parts) const {
        if constexpr (requires_grad && !detail::sums_in_parts<device>) {
            return DenseSink<value_type>{{pass.arena().template allocate<value_type>(shape_.size())}};
        } else if constexpr (requires_grad) {
            const index_t size = child_.shape().size();
            value_type* data = pass.arena().template allocate<value_type>(parts * size);
            fill(device{}, data, parts * size, value_type(0));
            return StridedSink<value_type, S::rank, Map::split, Map::kind>{data, size, shape_.extents(), Map::strides(child_.shape()), parts};
        } else {
            return NoSink{};
        }
    }
    template <class Sink>
    void drain(Pass<device>& pass, const State& state, const Sink& sink) const {
        if constexpr (requires_grad && !detail::sums_in_parts<device>) {
            propagate(pass, state, Ptr<value_type>(sink.target.data));
        } else if constexpr (requires_grad) {
            for (index_t part = 1; part < sink.parts; ++part)
                assign(device{}, Target<value_type>{sink.data, true}, Ptr<value_type>(sink.data + part * sink.size), Dims<1>{sink.size});
            child_.propagate(pass, state.child, Ptr<value_type>(sink.data));
        }
    }
    template <class Gradient>
    void propagate(Pass<device>& pass, const State& state, const Gradient& gradient) const {
        if constexpr (detail::sums_in_parts<device>) {
            const index_t parts = parts_of(shape_.size(), summing_parts);
            const auto target = sink(pass, state, parts);
            pull_back(device{}, loader(state), gradient, target, shape_.extents(), parts);
            drain(pass, state, target);
        } else {
            value_type* sums = pass.arena().template allocate<value_type>(child_.shape().size());
            sum_repeats<Map>(pass.arena(), sums, gradient, shape_.extents());
            child_.propagate(pass, state.child, Ptr<value_type>(sums));
        }
    }

private:
    E child_;
    XNN_NO_UNIQUE_ADDRESS S shape_;
};

/// A functor applied element by element. T is the dtype of the result; the arguments all have the shape S or are numbers.
template <class F, class T, AnyShape S, class Device, class... E>
class Pointwise : public Node<Pointwise<F, T, S, Device, E...>, T, S, Device>,
                  public LazyNode<Pointwise<F, T, S, Device, E...>> {
    using Indices = std::index_sequence_for<E...>;

public:
    static constexpr bool requires_grad = is_differentiable<F> && any_requires_grad<E...>;
    static constexpr bool inference = any_inference<E...>;
    static constexpr bool erased = any_erased<E...>;
    static constexpr bool hooked = any_hooked<E...>;
    using State = Children<typename E::State...>;

    Pointwise(F f, const S& shape, E&&... arguments) : f_(f), shape_(shape), arguments_{{std::move(arguments)}...} {}

    const S& shape() const { return shape_; }
    State forward(Arena<Device>& arena) const { return forward(Indices{}, arena); }
    auto loader(const State& state) const { return loader(Indices{}, state); }
    auto sink(Pass<Device>& pass, const State& state, index_t parts) const {
        if constexpr (requires_grad)
            return sink(Indices{}, pass, state, parts);
        else
            return NoSink{};
    }
    template <class Sink>
    void drain(Pass<Device>& pass, const State& state, const Sink& sink) const {
        if constexpr (requires_grad) drain(Indices{}, pass, state, sink);
    }

    template <class Gradient>
    void propagate(Pass<Device>& pass, const State& state, const Gradient& gradient) const {
        using Sink = decltype(sink(pass, state, 1));
        const index_t parts = parts_of(shape_.size(), Sink::sums ? summing_parts : many_parts);
        const auto sinks = sink(pass, state, parts);
        pull_back(Device{}, loader(state), gradient, sinks, shape_.extents(), parts);
        drain(pass, state, sinks);
    }

private:
    template <std::size_t... I>
    State forward(std::index_sequence<I...>, Arena<Device>& arena) const { return State{{get<I>(arguments_).forward(arena)}...}; }
    template <std::size_t... I>
    auto loader(std::index_sequence<I...>, const State& state) const {
        return map_loader(f_, get<I>(arguments_).loader(get<I>(state))...);
    }
    template <std::size_t... I>
    auto sink(std::index_sequence<I...>, Pass<Device>& pass, const State& state, index_t parts) const {
        // Braces: sinks open from left to right, the order in which a loop serves them.
        return MapSink<decltype(get<I>(arguments_).sink(pass, get<I>(state), parts))...>{
            Tuple<decltype(get<I>(arguments_).sink(pass, get<I>(state), parts))...>{
                get<I>(arguments_).sink(pass, get<I>(state), parts)...}};
    }
    template <std::size_t... I, class Sink>
    void drain(std::index_sequence<I...>, Pass<Device>& pass, const State& state, const Sink& sink) const {
        (get<I>(arguments_).drain(pass, get<I>(state), get<I>(sink.children)), ...);
    }

    XNN_NO_UNIQUE_ADDRESS F f_;
    XNN_NO_UNIQUE_ADDRESS S shape_;
    Children<E...> arguments_;
};

}  // namespace xnn
