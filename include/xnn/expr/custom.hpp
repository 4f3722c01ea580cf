// Functions whose forward and backward a user writes. https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function
#pragma once

#include "xnn/expr/apply.hpp"

namespace xnn {

namespace detail {

template <class F, class First>
struct custom_result {
    using type = First;
};
template <class F, class First>
    requires requires { typename F::result_type; }
struct custom_result<F, First> {
    using type = typename F::result_type;
};

/// The Rule of a user's function.
template <class F>
struct CustomRule {
    template <class First, class...>
    using value_type = typename custom_result<F, First>::type;
    static constexpr std::string_view name = [] {
        if constexpr (requires { F::name; })
            return std::string_view(F::name);
        else
            return std::string_view("custom");
    }();
    static constexpr bool differentiable = is_differentiable<F>;
    XNN_NO_UNIQUE_ADDRESS F f;

    static constexpr auto extents(const auto& first, const auto&... rest) {
        if constexpr (requires { F::extents(first, rest...); })
            return F::extents(first, rest...);
        else
            return first;
    }
    static constexpr bool accepts(const auto&... x) {
        if constexpr (requires { F::accepts(x...); })
            return F::accepts(x...);
        else
            return true;
    }

    NothingSaved forward(auto&, auto y, auto... x) const {
        xnn::detail::await_for_tests<typename decltype(y)::device>();
        f.forward(x..., y);
        return {};
    }

    template <class T, class... Targets>
    void backward(auto& arena, NothingSaved, const Tuple<Targets...>& targets, const T* gy, const T* y, auto... x) const {
        backward(std::index_sequence_for<Targets...>{}, arena, targets, gy, y, x...);
    }

private:
    template <std::size_t... I, class T, class... Targets>
    void backward(std::index_sequence<I...>, auto& arena, const Tuple<Targets...>& targets, const T* gy, const T* y, auto... x) const {
        const auto shape = apply_rule<CustomRule>(x.shape...);
        using View = TensorView<const T, std::remove_const_t<decltype(shape)>, typename std::common_type_t<typename decltype(x)::device...>>;
        Tuple<Targets...> own{fresh(arena, get<I>(targets), x.size())...};
        (xnn::detail::await_for_tests<typename decltype(x)::device>(), ...);
        f.backward(x..., View{y, shape}, View{gy, shape}, gradient(get<I>(own), x)...);
        (add(typename decltype(x)::device{}, get<I>(targets), get<I>(own), x.size()), ...);
    }
    /// Where a function writes a gradient that is to be added.
    template <class T>
    static Target<T> fresh(auto& arena, Target<T> target, index_t size) {
        return target && target.accumulate ? Target<T>{arena.template allocate<T>(size)} : target;
    }
    template <class T, class X>
    static auto gradient(Target<T> target, X x) {
        return TensorView<T, typename X::shape_type, typename X::device>{target.data, x.shape};
    }
    template <class Device, class T>
    static void add(Device device, Target<T> target, Target<T> own, index_t size) {
        if (target && target.accumulate) assign(device, target, Ptr<T>(own.data), Dims<1>{size});
    }
};

}  // namespace detail

/// A differentiable function of a user's, applied to arrays. F has, for arguments x… and the result y,
///
///     void forward(x…, y) const;              writes y
///     void backward(x…, y, gy, gx…) const;    writes the gradients gx…; gx.data is null where none is wanted
///
/// all of them TensorViews. Where the result's shape is not the first argument's,
/// `static constexpr auto extents(const Dims<R>&…)` computes it (extents may be dyn, and stay so), and
/// `static constexpr bool accepts(const Dims<R>&…)` says which arguments fit. Optional: `name`; `differentiable = false` for
/// a function without backward; `using result_type` for another dtype.
template <class F, Operand... X>
    requires(Array<X> || ...)
constexpr auto custom(F f, X&&... x) { return xnn::apply(detail::CustomRule<F>{std::move(f)}, std::forward<X>(x)...); }

}  // namespace xnn
