// Recurrent networks as one operation: all layers, directions and steps forward, and back through time.
// https://pytorch.org/docs/stable/nn.html#recurrent-layers
#pragma once

#include "xnn/cpu/rnn.hpp"
#include "xnn/cpu/widen.hpp"
#include "xnn/expr/parts.hpp"

namespace xnn {

using kernels::RnnMode;

/// What decides about the arguments and results of a recurrent network.
struct RnnSpec {
    RnnMode mode;
    index_t input_size;
    index_t hidden_size;
    index_t proj_size = 0;  ///< 0: the state is not projected
    index_t num_layers = 1;
    bool bias = true;
    bool batch_first = false;
    bool bidirectional = false;
    bool single_step = false;  ///< a cell: [batch, input_size], or [input_size], without steps
    bool has_lengths = false;  ///< the second argument is the length of each sequence
    bool has_state = false;    ///< the arguments before the parameters are h_0 and, of an LSTM, c_0

    constexpr index_t state_size() const { return proj_size > 0 ? proj_size : hidden_size; }
    constexpr index_t directions() const { return bidirectional ? 2 : 1; }
    constexpr index_t output_size() const { return directions() * state_size(); }
    constexpr index_t states() const { return num_layers * directions(); }
    constexpr bool has_cell() const { return mode == RnnMode::lstm; }
    constexpr std::size_t parameters_of_direction() const { return std::size_t{2} + (bias ? 2 : 0) + (proj_size > 0 ? 1 : 0); }
};

/// Where the results stand in the operation's array, as extents: `dyn` where that is not known.
template <RnnSpec Spec>
struct RnnResultShapes {
    /// [steps, batch, input] → [steps, batch, output]; or batch first, or without batch.
    struct Output {
        template <std::size_t R>
        static constexpr Dims<R> extents(Dims<R> x) {
            x[R - 1] = Spec.output_size();
            return x;
        }
    };
    /// … → [layers directions, batch, width], or without batch; of a cell [batch, width].
    template <index_t Width>
    struct State {
        template <std::size_t R>
        static constexpr Dims<R> extents(Dims<R> x) {
            if constexpr (!Spec.single_step) {
                if (R == 3) x[1] = x[Spec.batch_first ? 0 : 1];
                x[0] = Spec.states();
            }
            x[R - 1] = Width;
            return x;
        }
    };
    using Hidden = State<Spec.state_size()>;
    using Cell = State<Spec.hidden_size>;
};

/// x, [lengths,] [h_0, [c_0,]] and the parameters of each direction of each layer in the order of PyTorch's state dict → output,
/// h_n and, of an LSTM, c_n, one after the other in one array; of a cell h and, of an LSTM, c.
template <RnnSpec Spec>
struct RnnRule {
    static constexpr std::string_view name = Spec.mode == RnnMode::lstm  ? (Spec.single_step ? "lstm_cell" : "lstm")
                                             : Spec.mode == RnnMode::gru ? (Spec.single_step ? "gru_cell" : "gru")
                                                                         : (Spec.single_step ? "rnn_cell" : "rnn");
    using Shapes = RnnResultShapes<Spec>;

    double dropout = 0;
    bool enforce_sorted = false;

    template <std::size_t R>
    static constexpr auto extents(const Dims<R>& x, const auto&...) {
        if constexpr (Spec.single_step && !Spec.has_cell()) {
            return Shapes::Hidden::extents(x);
        } else {
            const Dims<3> sizes = result_sizes(x);
            return Dims<1>{sizes[0] == dyn || sizes[1] == dyn || sizes[2] == dyn ? dyn : sizes[0] + sizes[1] + sizes[2]};
        }
    }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x, const auto&... rest) {
        if constexpr (R + (Spec.single_step ? 1 : 0) < 2 || R + (Spec.single_step ? 1 : 0) > 3) {
            return false;
        } else {
            return fits(x[R - 1], Spec.input_size) && rest_fits(x, rest...);
        }
    }
    template <std::size_t R>
    static constexpr index_t flops(const Dims<R>& x, const auto&...) {
        const kernels::RnnExtents e = extents_of(x);
        index_t sum = 0;
        for (index_t l = 0; l < e.layers; ++l)
            sum += e.directions * 2 * e.hidden * (kernels::gates_of(Spec.mode) * (e.widths(l).input + e.state) + Spec.proj_size);
        return e.most_rows() * sum;
    }

    void check(auto x, auto... rest) const {
        const kernels::RnnExtents e = extents_of(x.shape.extents());
        if (e.steps < 1) fail(name, "sequences of at least one step", to_text(x.shape.extents()));
        if constexpr (Spec.has_lengths) check_lengths(e, rest...);
    }

    /// What the way back wants of the way forward: for T of 16 bits everything is computed in float.
    template <class C, std::size_t Arguments>
    struct Saved {
        kernels::SequenceRows order;
        std::array<kernels::RnnLayer<C>, static_cast<std::size_t>(Spec.num_layers)> layers;
        std::array<const C*, Arguments> arguments;
        kernels::RnnDropout dropout;
    };

    template <class T>
    static constexpr index_t saved_bytes(const auto& x, const auto&... rest) {
        using C = compute_t<T>;
        const kernels::RnnExtents e = extents_of(x);
        ByteCounter memory;
        Saved<C, 1 + sizeof...(rest)> saved{};
        kernels::reserve_rnn<Spec.mode>(memory, e, false, saved.order, saved.layers.data());
        memory.template allocate<C>(kernels::rnn_forward_scratch<Spec.mode, C>(e));
        count_wide<T>(memory, extents(x), x, rest...);
        return memory.bytes;
    }
    template <class T>
    static constexpr index_t backward_bytes(const auto& x, const auto&... rest) {
        using C = compute_t<T>;
        ByteCounter memory;
        memory.template allocate<C>(kernels::rnn_backward_scratch<Spec.mode, C>(extents_of(x)));
        count_wide<T>(memory, extents(x), x, rest...);
        return memory.bytes;
    }

    auto forward(auto& arena, auto y, auto x, auto... rest) const {
        using T = typename decltype(x)::value_type;
        using C = compute_t<T>;
        constexpr typename decltype(y)::device device;
        const kernels::RnnExtents e = extents_of(x.shape.extents());
        Saved<C, 1 + sizeof...(rest)> saved{};
        saved.arguments = {wide<T>(arena, x), wide<T>(arena, rest)...};
        if (e.layers > 1 && dropout > 0) saved.dropout = {default_generator().draw((e.layers - 1) * kernels::RnnDropout::numbers_of_layer(e)), dropout};
        kernels::reserve_rnn<Spec.mode>(arena, e, saved.dropout.p > 0, saved.order, saved.layers.data());
        order_rows(device, saved.order, lengths_of(rest...));
        C* const results = wide_result<C>(arena, y);
        const auto parameters = parameters_of<const C*>(saved.arguments.data());
        rnn_forward<Spec.mode>(device, e, saved.dropout, saved.order, saved.layers.data(), arguments_of(saved.arguments, parameters),
                                        results_in(results, e), arena.template allocate<C>(kernels::rnn_forward_scratch<Spec.mode, C>(e)));
        if constexpr (!std::same_as<T, C>) convert_numbers(device, static_cast<const C*>(results), y.size(), y.data);
        return saved;
    }

    template <class T, class C, std::size_t N>
    void backward(auto& arena, const Saved<C, N>& saved, const auto& targets, const T* gy, const T*, auto x, auto... rest) const {
        constexpr typename decltype(x)::device device;
        const kernels::RnnExtents e = extents_of(x.shape.extents());
        const auto parameters = parameters_of<const C*>(saved.arguments.data());
        const std::array<index_t, N> sizes{x.size(), rest.size()...};
        std::array<Target<T>, N> wanted;
        for_each_index<N>([&](auto i) {
            if constexpr (std::same_as<std::remove_cvref_t<decltype(get<i>(targets))>, Target<T>>) wanted[i] = get<i>(targets);
        });
        std::array<kernels::RnnGradient<C>, N> gradients;
        for (std::size_t i = 0; i < N; ++i) gradients[i] = wide_gradient<C>(arena, wanted[i], sizes[i]);
        const auto parameter_gradients = parameters_of<kernels::RnnGradient<C>>(gradients.data());
        const kernels::RnnGradients<C> all{gradients[0], state(gradients, 0), state(gradients, 1), parameter_gradients.data()};
        const index_t size = product(extents(x.shape.extents()));
        rnn_backward<Spec.mode>(device, e, saved.dropout, saved.order, saved.layers.data(), arguments_of(saved.arguments, parameters),
                                         results_in(wide_numbers<C>(arena, gy, size), e), all,
                                         arena.template allocate<C>(kernels::rnn_backward_scratch<Spec.mode, C>(e)));
        if constexpr (!std::same_as<T, C>)
            for (std::size_t i = 0; i < N; ++i)
                if (wanted[i]) assign(device, wanted[i], Ptr<C>(gradients[i].data), Dims<1>{sizes[i]});
    }

    /// The numbers of elements of output, h_n and c_n in the result; 0 for those it does not have.
    template <std::size_t R>
    static constexpr Dims<3> result_sizes(const Dims<R>& x) {
        const auto size = [](const auto& dims) { return product_or_dyn(dims, 0, R); };
        return {Spec.single_step ? 0 : size(Shapes::Output::extents(x)), size(Shapes::Hidden::extents(x)),
                Spec.has_cell() ? size(Shapes::Cell::extents(x)) : 0};
    }

private:
    static constexpr std::size_t first_state = Spec.has_lengths ? 2 : 1;
    static constexpr std::size_t first_parameter = first_state + (Spec.has_state ? Spec.has_cell() ? 2 : 1 : 0);
    static constexpr std::size_t all_directions = static_cast<std::size_t>(Spec.states());

    /// Counts what a run will take from its workspace.
    struct ByteCounter {
        index_t bytes = 0;
        template <class T>
        constexpr T* allocate(index_t n) {
            bytes += static_cast<index_t>(aligned_size(static_cast<std::size_t>(n) * sizeof(T)));
            return nullptr;
        }
    };

    template <class T>
    static constexpr void count_wide(ByteCounter& memory, const auto&... dims) {
        if constexpr (!std::same_as<T, compute_t<T>>) (static_cast<void>(memory.template allocate<compute_t<T>>(product(dims))), ...);
    }

    template <std::size_t R>
    static constexpr kernels::RnnExtents extents_of(const Dims<R>& x) {
        index_t steps = 1, batch = 1;
        if constexpr (Spec.single_step) {
            if constexpr (R == 2) batch = x[0];
        } else if constexpr (R == 2) {
            steps = x[0];
        } else {
            steps = x[Spec.batch_first ? 1 : 0];
            batch = x[Spec.batch_first ? 0 : 1];
        }
        return {steps, batch, Spec.input_size, Spec.hidden_size, Spec.state_size(), Spec.num_layers, Spec.directions(), Spec.batch_first, Spec.has_lengths};
    }

    static constexpr bool rest_fits(const auto& x, const auto&... rest) {
        static_assert(1 + sizeof...(rest) == first_parameter + all_directions * Spec.parameters_of_direction(),
                      "a recurrent network's arguments are those of its options");
        return rest_fits(std::make_index_sequence<first_parameter - 1>{}, x, rest...);
    }
    template <std::size_t... I>
    static constexpr bool rest_fits(std::index_sequence<I...>, const auto& x, const auto&... rest) {
        const Tuple<std::remove_cvref_t<decltype(rest)>...> all{rest...};
        return (argument_fits<I + 1>(x, get<I>(all)) && ...);
    }
    template <std::size_t I, std::size_t R>
    static constexpr bool argument_fits(const Dims<R>& x, const auto& argument) {
        if constexpr (I < first_state)
            return R == 3 && fits(argument, Dims<1>{x[Spec.batch_first ? 0 : 1]});
        else if constexpr (I == first_state)
            return fits(argument, Shapes::Hidden::extents(x));
        else
            return fits(argument, Shapes::Cell::extents(x));
    }

    void check_lengths(const kernels::RnnExtents& e, auto lengths, auto...) const {
        require_lengths(typename decltype(lengths)::device{}, name, lengths.data, e.batch, e.steps, enforce_sorted);
    }
    static auto lengths_of(auto first, auto...) {
        if constexpr (Spec.has_lengths)
            return first.data;
        else
            return static_cast<const index_t*>(nullptr);
    }

    // ---- 16-bit types: copies in float

    /// An argument; null if it is not of T.
    template <class T, class V>
    static const compute_t<T>* wide(auto& arena, V view) {
        if constexpr (std::same_as<typename V::value_type, T>)
            return wide_numbers<compute_t<T>>(arena, view.data, view.size());
        else
            return nullptr;
    }
    template <class C, class Device, class T>
    static const C* wide_numbers(Arena<Device>& arena, const T* data, index_t n) {
        if constexpr (std::same_as<T, C>) {
            return data;
        } else {
            C* const copy = arena.template allocate<C>(n);
            convert_numbers(Device{}, data, n, copy);
            return copy;
        }
    }
    template <class C>
    static C* wide_result(auto& arena, auto y) {
        if constexpr (std::same_as<typename decltype(y)::value_type, C>)
            return y.data;
        else
            return arena.template allocate<C>(y.size());
    }
    template <class C, class T>
    static kernels::RnnGradient<C> wide_gradient(auto& arena, Target<T> target, index_t n) {
        if constexpr (std::same_as<T, C>)
            return {target.data, target.accumulate};
        else
            return {target ? arena.template allocate<C>(n) : nullptr, false};
    }

    // ---- the arguments by their meaning

    template <class P, std::size_t N>
    static P state(const std::array<P, N>& arguments, std::size_t number) {
        return Spec.has_state && first_state + number < first_parameter ? arguments[first_state + number] : P{};
    }
    template <class P>
    static std::array<kernels::RnnParameters<P>, all_directions> parameters_of(const P* arguments) {
        std::array<kernels::RnnParameters<P>, all_directions> result{};
        const P* next = arguments + first_parameter;
        for (auto& direction : result) {
            direction.weight_ih = *next++;
            direction.weight_hh = *next++;
            if constexpr (Spec.bias) {
                direction.bias_ih = *next++;
                direction.bias_hh = *next++;
            }
            if constexpr (Spec.proj_size > 0) direction.weight_hr = *next++;
        }
        return result;
    }
    template <class C, std::size_t N>
    static kernels::RnnArguments<C> arguments_of(const std::array<const C*, N>& all, const auto& parameters) {
        return {all[0], state(all, 0), state(all, 1), parameters.data()};
    }
    /// Where the results stand in the array. A cell's output is its state.
    template <class C>
    static kernels::RnnResults<C> results_in(C* y, const kernels::RnnExtents& e) {
        const index_t output = Spec.single_step ? 0 : e.most_rows() * e.output_width();
        const index_t states = e.layers * e.directions * e.batch * e.state;
        return {y, Spec.single_step ? nullptr : y + output, Spec.has_cell() ? y + output + states : nullptr};
    }
};

/// What a recurrent network makes of its inputs: `auto [output, h_n] = rnn(x)`. output [steps, batch, directions state] is the
/// last layer's state after each step, h_n [layers directions, batch, state] that of each layer after the last step.
template <class Output, class State>
struct RNNResult {
    Output output;
    State h_n;
};
/// `auto [output, h_n, c_n] = lstm(x)`: the same, and the cells after the last step.
template <class Output, class State, class Cell>
struct LSTMResult {
    Output output;
    State h_n;
    Cell c_n;
};

namespace detail {

/// The results of a rule's array by their names.
template <RnnSpec Spec, class Whole, class S>
constexpr auto rnn_results(const Whole& whole, const S& x) {
    using Rule = RnnRule<Spec>;
    const Dims<3> sizes = Rule::result_sizes(x.extents());
    auto output = part_of(whole, 0, apply_rule<typename Rule::Shapes::Output>(x));
    auto h_n = part_of(whole, sizes[0], apply_rule<typename Rule::Shapes::Hidden>(x));
    if constexpr (Spec.has_cell()) {
        auto c_n = part_of(whole, sizes[0] + sizes[1], apply_rule<typename Rule::Shapes::Cell>(x));
        return LSTMResult<decltype(output), decltype(h_n), decltype(c_n)>{std::move(output), std::move(h_n), std::move(c_n)};
    } else {
        return RNNResult<decltype(output), decltype(h_n)>{std::move(output), std::move(h_n)};
    }
}

}  // namespace detail

/// A recurrent network applied to x and the other arguments of its rule.
template <RnnSpec Spec, Operand X, Operand... Rest>
    requires(!Spec.single_step)
constexpr auto recurrent(const RnnRule<Spec>& rule, X&& x, Rest&&... rest) {
    const auto shape = shape_value(x);
    auto node = apply(rule, std::forward<X>(x), std::forward<Rest>(rest)...);
    if constexpr (is_invalid<decltype(node)>)
        return node;
    else
        return detail::rnn_results<Spec>(operand(node), shape);
}

/// The new state of an LSTM's cell: `auto [h, c] = cell(x, h, c)`.
template <class State, class Cell>
struct LSTMCellResult {
    State output;  ///< h
    Cell c;
};

/// A cell applied to x and the other arguments of its rule: the new state, and of an LSTM the new cell.
template <RnnSpec Spec, Operand X, Operand... Rest>
    requires(Spec.single_step)
constexpr auto recurrent(const RnnRule<Spec>& rule, X&& x, Rest&&... rest) {
    const auto shape = shape_value(x);
    auto node = apply(rule, std::forward<X>(x), std::forward<Rest>(rest)...);
    if constexpr (is_invalid<decltype(node)> || !Spec.has_cell()) {
        return node;
    } else {
        using Rule = RnnRule<Spec>;
        const auto whole = operand(node);
        auto h = part_of(whole, 0, apply_rule<typename Rule::Shapes::Hidden>(shape));
        auto c = part_of(whole, Rule::result_sizes(shape.extents())[1], apply_rule<typename Rule::Shapes::Cell>(shape));
        return LSTMCellResult<decltype(h), decltype(c)>{std::move(h), std::move(c)};
    }
}

}  // namespace xnn
