// Modules made of modules. https://pytorch.org/docs/stable/nn.html#containers
#pragma once

#include "xnn/nn/module.hpp"

namespace xnn::nn {

/// A string as a template argument.
template <std::size_t N>
struct Name {
    char text[N];
    constexpr Name(const char (&literal)[N]) { std::copy_n(literal, N, text); }
    constexpr std::string_view view() const { return {text, N - 1}; }
};

/// A layer with a name, for Sequential: `Sequential<Named<"conv1", Conv2d<1, 20, 5>>, …>`.
template <Name Label, class Layer>
struct Named {
    using layer = Layer;
    static constexpr std::string_view name = Label.view();
};

namespace detail {

template <class L>
struct unnamed {
    using type = L;
};
template <Name Label, class L>
struct unnamed<Named<Label, L>> {
    using type = L;
};

template <class Layer>
inline constexpr std::size_t layer_count = 1;

inline constexpr std::string_view digits = "0123456789";
template <std::size_t I>
struct Number {
    static constexpr std::size_t length = I < 10 ? 1 : I < 100 ? 2 : 3;
    static constexpr std::array<char, 3> text = [] {
        std::array<char, 3> result{};
        std::size_t rest = I;
        for (std::size_t i = length; i-- > 0; rest /= 10) result[i] = digits[rest % 10];
        return result;
    }();
    static constexpr std::string_view view{text.data(), length};
};
/// The name of a layer before which I others stand.
template <std::size_t I, class L>
inline constexpr std::string_view layer_name = Number<I>::view;
template <std::size_t I, Name Label, class L>
inline constexpr std::string_view layer_name<I, Named<Label, L>> = Label.view();

/// The place of a name among others; their number if it is none of them.
template <std::size_t N>
constexpr std::size_t place_of(const std::array<std::string_view, N>& names, std::string_view name) {
    std::size_t place = 0;
    while (place < N && names[place] != name) ++place;
    return place;
}
template <std::size_t N>
constexpr bool all_differ(const std::array<std::string_view, N>& names) {
    for (std::size_t i = 0; i < N; ++i)
        if (place_of(names, names[i]) != i) return false;
    return true;
}

/// Why layer I cannot be.
template <std::size_t I, class Problem>
struct in_chain {
    using type = InLayer<I, Problem>;
};
template <std::size_t I, class Layer, class Expected, class Given>
struct in_chain<I, Mismatch<Layer, Expected, Given>> {
    using type = LayerMismatch<I, Layer, Expected, Given>;
};

/// The first layer of a chain that does not take what comes before it: walks the layers on the device Meta.
template <std::size_t I, class X, class... L>
struct chain_problem {
    using type = void;
};
template <std::size_t I, class X, class First, class... Rest>
struct chain_problem<I, X, First, Rest...> {
    using Y = decltype(std::declval<const First&>()(std::declval<X>()));
    template <class E>
    struct next : chain_problem<I + 1, E, Rest...> {};
    template <class Problem>
    struct next<Invalid<Problem>> : in_chain<I, Problem> {};
    using type = typename next<Y>::type;
};

/// x with a name: a handle of it, unless it is one already, or a leaf, which needs none.
template <class X>
constexpr auto named(X x) {
    if constexpr (requires { x.share(); } && !X::is_leaf)
        return x.share();
    else
        return x;
}

}  // namespace detail

/// Blocks of one type, one after the other: x goes through call(blocks[i], i, x) for each i. A result has a name at every
/// block, so that the type does not grow, and the code of one block serves them all. Blocks is a std::array.
template <std::size_t I = 0, class Blocks, class X, class Call>
constexpr auto through_blocks(const Blocks& blocks, X x, const Call& call) {
    constexpr std::size_t size = std::tuple_size_v<Blocks>;
    if constexpr (I == size) {
        return x;
    } else if constexpr (is_meta<X>) {  // a type of its own for each block: it says what has been spent
        return through_blocks<I + 1>(blocks, call(blocks[I], I, std::move(x)), call);
    } else {
        auto shared = detail::named(std::move(x));
        using H = decltype(shared);
        if constexpr (std::same_as<H, decltype(detail::named(call(blocks[I], I, shared)))>) {
            for (std::size_t i = I; i < size; ++i) shared = detail::named(call(blocks[i], i, H(shared)));
            return shared;
        } else {
            return through_blocks<I + 1>(blocks, call(blocks[I], I, std::move(shared)), call);
        }
    }
}

/// N layers of one type, one after the other, each of which gives the shape and dtype that it takes. They are compiled once,
/// however many there are: between them stands a value of one type. In a Sequential they count as N layers:
/// `Sequential<Embed, Repeated<12, Block>, Head>` has the layers "0", "1" to "12" and "13".
template <std::size_t N, class Layer>
struct Repeated : Module<Repeated<N, Layer>> {
    static_assert(N > 0, "Repeated: at least one layer");
    std::array<Layer, N> layers;

    Repeated() = default;

    /// Calls f(name, layer) for each layer; First is the number of layers before them.
    template <std::size_t First = 0, class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (f(detail::Number<First + I>::view, self.layers[I]), ...);
        }(std::make_index_sequence<N>{});
    }

    template <class X>
    constexpr auto forward(X x) const {
        using Y = decltype(layers[0](operand(x)));
        if constexpr (is_invalid<Y>) {
            return Y{};
        } else if constexpr (N > 1 && !(std::same_as<shape_t<Y>, shape_t<X>> && std::same_as<value_t<Y>, value_t<X>>)) {
            return reject<Mismatch<Repeated, Expects<shape_t<X>>, Got<shape_t<Y>>>, is_meta<X>>();
        } else {
            return through_blocks(layers, std::move(x), [](const Layer& layer, std::size_t, auto h) { return layer(std::move(h)); });
        }
    }
};

namespace detail {
template <std::size_t N, class Layer>
inline constexpr std::size_t layer_count<Repeated<N, Layer>> = N;
template <class Layer>
inline constexpr bool is_repeated = false;
template <std::size_t N, class Layer>
inline constexpr bool is_repeated<Repeated<N, Layer>> = true;

/// How many layers stand before entry I.
template <std::size_t I, class... Layers>
inline constexpr std::size_t layers_before = [] {
    const std::size_t counts[] = {layer_count<Layers>..., 0};
    std::size_t count = 0;
    for (std::size_t i = 0; i < I; ++i) count += counts[i];
    return count;
}();
/// The names of entries; of repeated layers that of the first.
template <class... Layers>
inline constexpr auto layer_names = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<std::string_view, sizeof...(Layers)>{layer_name<layers_before<I, Layers...>, Layers>...};
}(std::index_sequence_for<Layers...>{});
}  // namespace detail

/// Some layers of a Sequential, which must outlive it: what is called, trained and changed here are the layers there. See
/// Sequential::slice().
template <class Model, std::size_t Begin, std::size_t End>
class SequentialSlice : public Module<SequentialSlice<Model, Begin, End>> {
public:
    static constexpr std::size_t size = End - Begin;

    explicit SequentialSlice(Model& model) : model_(&model) {}

    constexpr auto forward(auto x) const { return model_->template through<Begin, End>(std::move(x)); }

    /// A layer by its place among these.
    template <std::size_t I>
    constexpr auto& get() const { return model_->template get<Begin + I>(); }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        Model::template visit_layers<Begin, End>(*self.model_, f);
    }

private:
    Model* model_;
};

/// Layers one after the other, named "0", "1", … or as Named says.
/// https://pytorch.org/docs/stable/generated/torch.nn.Sequential.html
template <class... Layers>
struct Sequential : Module<Sequential<Layers...>> {
    Tuple<typename detail::unnamed<Layers>::type...> layers;

    static constexpr std::size_t size = sizeof...(Layers);
    static_assert(detail::all_differ(detail::layer_names<Layers...>), "Sequential: two layers of one name");

    Sequential()
        requires(std::default_initializable<typename detail::unnamed<Layers>::type> && ...)
    {}
    explicit Sequential(typename detail::unnamed<Layers>::type... layer)
        requires(sizeof...(Layers) > 0)
        : layers{std::move(layer)...} {}

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        visit_layers<0, size>(self, f);
    }
    /// Calls f(name, layer) for some of the layers.
    template <std::size_t Begin, std::size_t End, class Self, class F>
    static constexpr void visit_layers(Self& self, F&& f) {
        visit<Begin, End>(self, f, std::index_sequence_for<Layers...>{});
    }

    template <Operand X>
    constexpr auto operator()(X&& x) const {
        using E = operand_t<X>;
        if constexpr (is_invalid<E>) {
            return E{};
        } else if constexpr (is_erased<E>) {  // checked on Meta, with its extents
            return detail::call(*this, operand(std::forward<X>(x)));
        } else {
            using Problem = typename detail::chain_problem<0, MetaLeaf<value_t<E>, shape_t<E>>, typename detail::unnamed<Layers>::type...>::type;
            if constexpr (std::is_void_v<Problem>)
                return detail::call(*this, operand(std::forward<X>(x)));
            else
                return reject<Problem, is_meta<E>>();
        }
    }
    constexpr auto forward(auto x) const { return through<0, size>(std::move(x)); }
    /// x through some of the layers.
    template <std::size_t Begin, std::size_t End, class E>
    constexpr std::remove_cvref_t<E> through(E&& x) const
        requires(Begin == End)
    {
        return std::forward<E>(x);
    }
    template <std::size_t Begin, std::size_t End, class E>
    constexpr auto through(E&& x) const {
        return through<Begin + 1, End>(xnn::get<Begin>(layers)(std::forward<E>(x)));
    }

    /// The layers from Begin to End, which is not among them, without a copy: PyTorch's `model[1:3]` is `model.slice<1, 3>()`.
    /// Numbers below zero count from the end.
    template <index_t Begin, index_t End = static_cast<index_t>(size)>
    auto slice() {
        return SequentialSlice<Sequential, place_of<Begin>, std::max(place_of<Begin>, place_of<End>)>(*this);
    }

    /// A layer by its place: `model.get<0>()`.
    template <std::size_t I>
    constexpr auto& get() { return xnn::get<I>(layers); }
    template <std::size_t I>
    constexpr const auto& get() const { return xnn::get<I>(layers); }
    /// A layer by its name: `model.get<"conv1">()`.
    template <Name Label>
    constexpr auto& get() { return xnn::get<place<Label>()>(layers); }
    template <Name Label>
    constexpr const auto& get() const { return xnn::get<place<Label>()>(layers); }

private:
    static constexpr index_t count = static_cast<index_t>(size);
    template <index_t I>
    static constexpr std::size_t place_of = static_cast<std::size_t>(I < 0 ? std::max(I + count, index_t{0}) : std::min(I, count));

    template <std::size_t Begin, std::size_t End, class Self, class F, std::size_t... I>
    static constexpr void visit(Self& self, F& f, std::index_sequence<I...>) {
        (visit_layer<Begin <= I && I < End, I, Layers>(xnn::get<I>(self.layers), f), ...);
    }
    template <bool Wanted, std::size_t I, class Layer, class L, class F>
    static constexpr void visit_layer(L& layer, F& f) {
        if constexpr (!Wanted)
            return;
        else if constexpr (detail::is_repeated<Layer>)
            Layer::template visit_own_members<before<I>>(layer, f);
        else
            f(detail::layer_name<before<I>, Layer>, layer);
    }
    template <std::size_t I>
    static constexpr std::size_t before = detail::layers_before<I, Layers...>;
    template <Name Label>
    static constexpr std::size_t place() {
        constexpr std::size_t result = detail::place_of(detail::layer_names<Layers...>, Label.view());
        static_assert(result < size, "Sequential::get: there is no layer of this name");
        return result;
    }
};

}  // namespace xnn::nn
