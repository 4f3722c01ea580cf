// Arrays repeated along dimensions of extent 1, without a copy. https://pytorch.org/docs/stable/generated/torch.Tensor.expand.html
#pragma once

#include "xnn/expr/apply.hpp"

namespace xnn {

namespace detail {

/// The same elements.
struct Same {
    static constexpr std::string_view name = "expand";
    template <class V>
    XNN_INLINE V operator()(V x) const { return x; }
    template <int, class V>
    XNN_INLINE V backward(V g, V, V) const { return g; }
};

/// x can become To by broadcasting.
template <AnyShape To>
struct ExpandRule {
    static constexpr std::string_view name = "expand";
    using expects = Expects<To>;
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x) { return accepts(x, To::static_extents); }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x, const Dims<To::rank>& to) {
        if constexpr (R > To::rank) {
            return false;
        } else {
            for (std::size_t i = 0; i < R; ++i)
                if (x[i] != 1 && !fits(to[i + To::rank - R], x[i])) return false;
            return true;
        }
    }
};

}  // namespace detail

/// x broadcast to a shape. https://pytorch.org/docs/stable/generated/torch.broadcast_to.html
template <Array X, AnyShape S>
constexpr auto broadcast_to(X&& x, const S& shape) {
    using E = operand_t<X>;
    using Rule = detail::ExpandRule<S>;
    if constexpr (is_invalid<E>) {
        return E{};
    } else if constexpr (!Rule::accepts(shape_t<E>::static_extents)) {
        return reject<Mismatch<Rule, typename Rule::expects, Got<shape_t<E>>>, is_meta<E>>();
    } else {
        if (!Rule::accepts(shape_value(x).extents(), shape.extents()))
            fail(Rule::name, "an array that broadcasts to " + to_text(shape.extents()), to_text(shape_value(x).extents()));
        if constexpr (is_meta<E>)
            return detail::meta_result<value_t<E>, detail::PointwiseCharge<detail::Same>, E>(shape, detail::ledger_of(x));
        else if constexpr (is_recorded<E>)
            return device_t<E>::template record<value_t<E>>(Rule{}, shape, operand(std::forward<X>(x)));
        else
            return detail::pointwise_of<detail::Same, value_t<E>>(detail::Same{}, shape,
                                                                 detail::argument<value_t<E>>(operand(std::forward<X>(x)), shape));
    }
}
/// What a device that records sees of broadcast_beside().
struct BroadcastBeside {
    static constexpr std::string_view name = "broadcast_beside";
};
/// The same where the extents of the shape that a run decides are those of another array of as many dimensions: so it can be
/// recorded for all of them.
template <Array X, AnyShape S, Array Beside>
constexpr auto broadcast_beside(X&& x, const S& shape, const Beside& beside) {
    if constexpr (is_recorded<Beside> && !S::is_static)
        return device_t<Beside>::template record<value_t<operand_t<X>>>(BroadcastBeside{}, shape, operand(std::forward<X>(x)), beside);
    else
        return broadcast_to(std::forward<X>(x), shape);
}
template <AnyShape S, Array X>
constexpr auto broadcast_to(X&& x) { return broadcast_to(std::forward<X>(x), S{}); }

namespace detail {
template <class From, class Indices, index_t... D>
struct expanded;
template <class From, std::size_t... I, index_t... D>
struct expanded<From, std::index_sequence<I...>, D...> {
    static constexpr std::size_t rank = sizeof...(D);
    static constexpr Dims<rank> wanted{D...};
    static constexpr Dims<rank> extents(const auto& from) {
        Dims<rank> result = wanted;
        for (std::size_t i = 0; i < rank; ++i)
            if (wanted[i] == -1) result[i] = i + from.size() >= rank ? from[i + from.size() - rank] : dyn;
        return result;
    }
    static constexpr auto known = extents(From::static_extents);
    using type = Shape<known[I]...>;
};
}  // namespace detail

/// x broadcast to the extents D, of which -1 keeps x's.
template <index_t... D, Array X>
constexpr auto expand(X&& x) {
    using Expanded = detail::expanded<shape_t<operand_t<X>>, std::make_index_sequence<sizeof...(D)>, D...>;
    const typename Expanded::type shape(Expanded::extents(shape_value(x).extents()));
    return broadcast_to(std::forward<X>(x), shape);
}

}  // namespace xnn
