// y = x Wᵀ + b over the last dimension. https://pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
#pragma once

#include "xnn/cpu/column_sums.hpp"
#include "xnn/cpu/gemm.hpp"
#include "xnn/cpu/gemm/short_row.hpp"
#include "xnn/expr/apply.hpp"
#include "xnn/expr/functors/piecewise.hpp"

namespace xnn {

/// x [*, in], weight [out, in], optionally bias [out] → [*, out].
struct LinearRule {
    static constexpr std::string_view name = "linear";
    static constexpr bool takes_activation = true;
    kernels::Activation activation = kernels::Activation::none;

    constexpr void apply_in_kernel(functors::Relu) { activation = kernels::Activation::relu; }

    template <std::size_t R>
    static constexpr Dims<R> extents(Dims<R> x, const Dims<2>& w, const auto&... /*bias*/) {
        x[R - 1] = w[0];
        return x;
    }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x, const Dims<2>& w, const auto&... bias) {
        if constexpr (R == 0)
            return false;
        else
            return fits(x[R - 1], w[1]) && (fits(bias, Dims<1>{w[0]}) && ...);
    }
    static constexpr index_t flops(const auto& x, const Dims<2>& w, const auto&...) { return 2 * product(x) * w[0]; }

    NothingSaved forward(auto&, auto y, auto x, auto w, auto... bias) const { return multiply(kernels::Transpose::yes, y, x, w, bias...); }

    template <class T, class... Targets>
    void backward(auto&, NothingSaved, const Tuple<Targets...>& targets, const T* gy, const T*, auto x, auto w, auto...) const {
        using kernels::Transpose;
        constexpr typename decltype(x)::device device;
        const index_t in = w.extent(1), out = w.extent(0), rows = x.size() / in;
        const auto gx = get<0>(targets);
        const auto gw = get<1>(targets);
        if (gw) gemm(device, Transpose::yes, Transpose::no, out, in, rows, gy, out, x.data, in, gw.data, in, {.accumulate = gw.accumulate});
        if constexpr (sizeof...(Targets) == 3)
            if (const auto gb = get<2>(targets)) column_sums(device, rows, out, gy, gb.data, gb.accumulate);
        if (gx) gemm(device, Transpose::no, Transpose::no, rows, in, out, gy, out, w.data, in, gx.data, in, {.accumulate = gx.accumulate});
    }

protected:
    NothingSaved multiply(kernels::Transpose turn, auto y, auto x, auto w, auto... bias) const {
        using T = typename decltype(y)::value_type;
        const index_t out = y.extent(y.shape.rank - 1), in = x.extent(x.shape.rank - 1);
        kernels::GemmEpilogue<T> epilogue;
        ((epilogue.column_bias = bias.data), ...);
        epilogue.activation = activation;
        gemm(typename decltype(y)::device{}, kernels::Transpose::no, turn, y.size() / out, out, in, x.data, in, w.data, w.extent(1), y.data, out, epilogue);
        return {};
    }
};

/// The same for a weight that is stored [in, out], as a product reads it, and is not learned any more.
struct TurnedLinearRule : LinearRule {
    static constexpr bool differentiable = false;
    /// A single row and a small matrix, all of it known to the compiler.
    template <class Y, class W>
    static constexpr bool is_short = [] {
        using S = typename Y::shape_type;
        if constexpr (std::same_as<typename Y::device, Cpu> && S::is_static && S::static_size == W::shape_type::static_extents[1])
            return kernels::is_short_row<typename Y::value_type, W::shape_type::static_extents[0], W::shape_type::static_extents[1]>;
        else
            return false;
    }();

    template <std::size_t R>
    static constexpr Dims<R> extents(const Dims<R>& x, const Dims<2>& w, const auto&... bias) { return LinearRule::extents(x, turned(w), bias...); }
    static constexpr bool accepts(const auto& x, const Dims<2>& w, const auto&... bias) { return LinearRule::accepts(x, turned(w), bias...); }
    static constexpr index_t flops(const auto& x, const Dims<2>& w, const auto&... bias) { return LinearRule::flops(x, turned(w), bias...); }

    NothingSaved forward(auto& arena, auto y, auto x, auto w, auto bias) const {
        if constexpr (is_short<decltype(y), decltype(w)>)
            return forward_through(Itself{}, arena, y, x, w, bias);
        else
            return multiply(kernels::Transpose::no, y, x, w, bias);
    }
    template <class Y, class X, class W, class B>
        requires(is_short<Y, W>)
    NothingSaved forward_through(const auto& functor, auto&, Y y, X x, W w, B bias) const {
        kernels::short_row_times_matrix<W::shape_type::static_extents[0], W::shape_type::static_extents[1]>(x.data, w.data, bias.data, functor, y.data);
        return {};
    }

private:
    struct Itself {
        template <class V>
        XNN_CPU_INLINE V operator()(V v) const { return v; }
    };
    static constexpr Dims<2> turned(const Dims<2>& w) { return {w[1], w[0]}; }
};

namespace functional {

/// x Wᵀ + b: x [*, in], weight [out, in], bias [out] → [*, out].
template <Operand X, Operand W, Operand... Bias>
    requires(sizeof...(Bias) <= 1)
constexpr auto linear(X&& x, W&& weight, Bias&&... bias) {
    return apply(LinearRule{}, std::forward<X>(x), std::forward<W>(weight), std::forward<Bias>(bias)...);
}

}  // namespace functional
}  // namespace xnn
