// Pooling to a given number of outputs, whatever the input's extents.
// https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html
#pragma once

#include "xnn/cpu/adaptive_pool.hpp"
#include "xnn/expr/apply.hpp"

namespace xnn {

/// What adaptive pooling rules share: x [*, d…] → [*, output…]. Output is a type whose static member `value` holds the
/// extents, 0 for one that stays as it is.
template <class Output>
struct AdaptivePoolRule {
    static constexpr auto output = Output::value;
    static constexpr std::size_t rank = output.size();

    template <std::size_t R>
    static constexpr Dims<R> extents(Dims<R> x) {
        for (std::size_t i = 0; i < rank; ++i)
            if (output[i] != 0) x[R - rank + i] = output[i];
        return x;
    }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x) {
        if constexpr (R < rank + 1) {
            return false;
        } else {
            for (std::size_t i = R - rank; i < R; ++i)
                if (x[i] == 0) return false;
            return true;
        }
    }

protected:
    template <std::size_t R>
    static constexpr kernels::AdaptivePoolGeometry geometry(const Dims<R>& x) {
        kernels::AdaptivePoolGeometry result;
        const auto y = extents(x);
        for (std::size_t i = 0; i < rank; ++i) {
            result.input[3 - rank + i] = x[R - rank + i];
            result.output[3 - rank + i] = y[R - rank + i];
        }
        return result;
    }
    template <std::size_t R>
    static constexpr index_t planes(const Dims<R>& x) { return product_or_dyn(x, 0, R - rank); }
};

/// The mean of each window.
template <class Output>
struct AdaptiveAvgPoolRule : AdaptivePoolRule<Output> {
    static constexpr std::string_view name = "adaptive_avg_pool";

    NothingSaved forward(auto&, auto y, auto x) const {
        const auto extents = x.shape.extents();
        adaptive_avg_pool_forward(typename decltype(y)::device{}, x.data, y.data, this->planes(extents), this->geometry(extents));
        return {};
    }
    template <class T>
    void backward(auto&, NothingSaved, const auto& targets, const T* gy, const T*, auto x) const {
        const auto extents = x.shape.extents();
        const auto gx = get<0>(targets);
        adaptive_avg_pool_backward(typename decltype(x)::device{}, gy, gx.data, gx.accumulate, this->planes(extents), this->geometry(extents));
    }
};

/// The largest element of each window.
template <class Output>
struct AdaptiveMaxPoolRule : AdaptivePoolRule<Output> {
    static constexpr std::string_view name = "adaptive_max_pool";

    const std::int32_t* forward(auto& arena, auto y, auto x) const {
        const auto extents = x.shape.extents();
        std::int32_t* winners = is_grad_enabled() ? arena.template allocate<std::int32_t>(y.size()) : nullptr;
        adaptive_max_pool_forward(typename decltype(y)::device{}, x.data, y.data, winners, this->planes(extents), this->geometry(extents));
        return winners;
    }
    template <class T>
    void backward(auto&, const std::int32_t* winners, const auto& targets, const T* gy, const T*, auto x) const {
        const auto extents = x.shape.extents();
        const auto gx = get<0>(targets);
        adaptive_max_pool_backward(typename decltype(x)::device{}, gy, winners, gx.data, gx.accumulate, this->planes(extents), this->geometry(extents));
    }
};

}  // namespace xnn
