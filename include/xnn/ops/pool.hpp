// Pooling over the last one to three dimensions. https://pytorch.org/docs/stable/nn.functional.html#pooling-functions
#pragma once

#include "xnn/cpu/pool.hpp"
#include "xnn/expr/apply.hpp"

namespace xnn {

/// How a pooling's window moves: PyTorch's arguments, for each dimension.
template <std::size_t Rank>
struct PoolWindow {
    Dims<Rank> kernel_size;
    Dims<Rank> stride;
    Dims<Rank> padding;
    Dims<Rank> dilation;
    bool ceil_mode;
};

/// What pooling rules share: x [*, d…] → [*, d'…]. Window is a type whose static member `value` is the PoolWindow.
template <class Window>
struct PoolRule {
    static constexpr auto window = Window::value;
    static constexpr std::size_t rank = window.kernel_size.size();
    static constexpr bool takes_activation = true;

    template <std::size_t R>
    static constexpr Dims<R> extents(Dims<R> x) {
        for (std::size_t i = 0; i < rank; ++i)
            x[R - rank + i] = map_extent(x[R - rank + i], [i](index_t extent) {
                return kernels::pooled_extent(extent, window.kernel_size[i], window.stride[i], window.padding[i], window.dilation[i],
                                              window.ceil_mode);
            });
        return x;
    }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x) {
        if constexpr (R < rank + 1) {
            return false;
        } else {
            for (std::size_t i = R - rank; i < R; ++i)
                if (x[i] != dyn && extents(x)[i] < 1) return false;
            return true;
        }
    }

protected:
    template <std::size_t R>
    static constexpr kernels::PoolGeometry geometry(const Dims<R>& x) {
        Dims<rank> input{};
        std::copy(x.end() - rank, x.end(), input.begin());
        return kernels::pool_geometry(input, window.kernel_size, window.stride, window.padding, window.dilation, window.ceil_mode);
    }
    template <std::size_t R>
    static constexpr index_t planes(const Dims<R>& x) { return product_or_dyn(x, 0, R - rank); }
};

/// The largest element of each window.
template <class Window>
struct MaxPoolRule : PoolRule<Window> {
    static constexpr std::string_view name = "max_pool";
    static constexpr bool two_by_two = product(Window::value.kernel_size) == 4;
    /// The place of a maximum in its window.
    using Winner = std::conditional_t<product(Window::value.kernel_size) <= 255, std::uint8_t, std::int32_t>;

    template <class T>
    static constexpr index_t saved_bytes(const auto& x) { return product(PoolRule<Window>::extents(x)) * static_cast<index_t>(sizeof(Winner)); }

    const Winner* forward(auto& arena, auto y, auto x) const {
        const auto extents = x.shape.extents();
        Winner* winners = is_grad_enabled() ? arena.template allocate<Winner>(y.size()) : nullptr;
        max_pool_forward<two_by_two>(typename decltype(y)::device{}, x.data, y.data, winners, this->planes(extents), this->geometry(extents));
        return winners;
    }
    template <class T>
    void backward(auto&, const Winner* winners, const auto& targets, const T* gy, const T*, auto x) const {
        const auto extents = x.shape.extents();
        const auto gx = get<0>(targets);
        max_pool_backward<two_by_two>(typename decltype(x)::device{}, gy, winners, gx.data, gx.accumulate, this->planes(extents),
                                   this->geometry(extents));
    }
};

/// The mean of each window.
template <class Window, bool CountIncludePad, index_t DivisorOverride>
struct AvgPoolRule : PoolRule<Window> {
    static constexpr std::string_view name = "avg_pool";

    NothingSaved forward(auto&, auto y, auto x) const {
        const auto extents = x.shape.extents();
        avg_pool_forward(typename decltype(y)::device{}, x.data, y.data, this->planes(extents), this->geometry(extents),
                                  CountIncludePad, DivisorOverride);
        return {};
    }
    template <class T>
    void backward(auto&, NothingSaved, const auto& targets, const T* gy, const T*, auto x) const {
        const auto extents = x.shape.extents();
        const auto gx = get<0>(targets);
        avg_pool_backward(typename decltype(x)::device{}, gy, gx.data, gx.accumulate, this->planes(extents), this->geometry(extents),
                                   CountIncludePad, DivisorOverride);
    }
};

}  // namespace xnn
