// Pooling that also says where the maxima stand, and its reversal.
// https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
#pragma once

#include <limits>

#include "xnn/cpu/embedding.hpp"
#include "xnn/cpu/place.hpp"
#include "xnn/ops/adaptive_pool.hpp"
#include "xnn/ops/pool.hpp"

namespace xnn {

/// Where the largest element of each window stands in its plane: [*, d…] → integers [*, d'…].
template <class Window>
struct MaxPoolIndicesRule : PoolRule<Window> {
    static constexpr std::string_view name = "max_pool";
    static constexpr bool differentiable = false;
    template <class T>
    using value_type = std::conditional_t<true, std::int64_t, T>;  // of its argument, or nvcc does not see it
    using Winner = typename MaxPoolRule<Window>::Winner;

    template <class T>
    static constexpr index_t saved_bytes(const auto& x) {
        const auto size = static_cast<std::size_t>(product(PoolRule<Window>::extents(x)));
        return static_cast<index_t>(aligned_size(size * sizeof(Winner)) + aligned_size(size * sizeof(T)));
    }

    NothingSaved forward(auto& arena, auto y, auto x) const {
        using T = typename decltype(x)::value_type;
        constexpr typename decltype(x)::device device;
        const auto extents = x.shape.extents();
        Winner* winners = arena.template allocate<Winner>(y.size());
        max_pool_forward(device, x.data, arena.template allocate<std::remove_const_t<T>>(y.size()), winners, this->planes(extents),
                                  this->geometry(extents));
        max_pool_indices(device, winners, y.data, this->planes(extents), this->geometry(extents));
        return {};
    }
    void backward(auto&&...) const {}
};

/// The same for adaptive pooling.
template <class Output>
struct AdaptiveMaxPoolIndicesRule : AdaptivePoolRule<Output> {
    static constexpr std::string_view name = "adaptive_max_pool";
    static constexpr bool differentiable = false;
    template <class T>
    using value_type = std::conditional_t<true, std::int64_t, T>;  // of its argument, or nvcc does not see it

    NothingSaved forward(auto& arena, auto y, auto x) const {
        using T = typename decltype(x)::value_type;
        const auto extents = x.shape.extents();
        adaptive_max_pool_forward(typename decltype(x)::device{}, x.data, arena.template allocate<std::remove_const_t<T>>(y.size()), y.data,
                                           this->planes(extents), this->geometry(extents));
        return {};
    }
    void backward(auto&&...) const {}
};

/// The elements of planes over the last Rank dimensions at these places: x [*, d…], places [*, d'…] → [*, d'…].
template <std::size_t Rank>
struct TakePlacesRule {
    static constexpr std::string_view name = "take_places";

    template <std::size_t R>
    static constexpr Dims<R> extents(const Dims<R>&, const Dims<R>& places) { return places; }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>&, const Dims<R>&) { return R > Rank; }

    NothingSaved forward(auto&, auto y, auto x, auto places) const {
        const auto n = sizes(x, places);
        take_places(typename decltype(y)::device{}, x.data, places.data, y.data, false, n.planes, n.x, n.places,
                             -std::numeric_limits<compute_t<typename decltype(y)::value_type>>::infinity());
        return {};
    }
    template <class T>
    void backward(auto&, NothingSaved, const auto& targets, const T* gy, const T*, auto x, auto places) const {
        const auto n = sizes(x, places);
        if (const auto gx = get<0>(targets))
            add_places(typename decltype(x)::device{}, gy, places.data, gx.data, gx.accumulate, n.planes, n.places, n.x);
    }

private:
    struct PlaneSizes {
        index_t planes, x, places;
    };
    static PlaneSizes sizes(auto x, auto places) {
        const auto a = x.shape.extents(), b = places.shape.extents();
        return {product_or_dyn(a, 0, a.size() - Rank), product_or_dyn(a, a.size() - Rank, a.size()), product_or_dyn(b, b.size() - Rank, b.size())};
    }
};

/// The reversal of max pooling: each element at its place, zeros elsewhere: x, places [*, d…] → [*, d'…] with
/// d' = (d - 1) stride - 2 padding + kernel_size, or the extents that Output says, a type whose static member `value` holds
/// them, 0 for the ones of that formula.
template <class Window, class Output>
struct MaxUnpoolRule {
    static constexpr std::string_view name = "max_unpool";
    static constexpr auto window = Window::value;
    static constexpr std::size_t rank = window.kernel_size.size();

    template <std::size_t R>
    static constexpr Dims<R> extents(Dims<R> x, const Dims<R>&) {
        for (std::size_t i = 0; i < rank; ++i) {
            index_t& d = x[R - rank + i];
            if (Output::value[i] != 0)
                d = Output::value[i];
            else
                d = map_extent(d, [i](index_t extent) { return (extent - 1) * window.stride[i] - 2 * window.padding[i] + window.kernel_size[i]; });
        }
        return x;
    }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x, const Dims<R>& places) { return R > rank && fits(x, places); }

    /// Every place is in its plane.
    void check(auto x, auto places) const {
        const auto y = extents(x.shape.extents(), places.shape.extents());
        const index_t size = product_or_dyn(y, y.size() - rank, y.size());
        const index_t bad = check_indices(typename decltype(places)::device{}, places.data, places.size(), size);
        if (bad >= 0) fail_index(name, "indices", size, places.data[bad], bad);
    }

    NothingSaved forward(auto&, auto y, auto x, auto places) const {
        const auto n = sizes(x.shape.extents(), y.shape.extents());
        set_places(typename decltype(y)::device{}, x.data, places.data, y.data, n.planes, n.x, n.y);
        return {};
    }
    template <class T>
    void backward(auto&, NothingSaved, const auto& targets, const T* gy, const T*, auto x, auto places) const {
        const auto n = sizes(x.shape.extents(), extents(x.shape.extents(), places.shape.extents()));
        if (const auto gx = get<0>(targets))
            take_places(typename decltype(x)::device{}, gy, places.data, gx.data, gx.accumulate, n.planes, n.y, n.x, compute_t<T>(0));
    }

private:
    struct PlaneSizes {
        index_t planes, x, y;
    };
    template <std::size_t R>
    static PlaneSizes sizes(const Dims<R>& x, const Dims<R>& y) {
        return {product_or_dyn(x, 0, R - rank), product_or_dyn(x, R - rank, R), product_or_dyn(y, R - rank, R)};
    }
};

/// The maxima of a pooling and their places in their planes: `auto [values, indices] = pool(x);`
template <class Values, class Indices>
struct PooledWithIndices {
    Values values;
    Indices indices;
};

namespace detail {
template <class IndicesRule, std::size_t Rank, class X>
constexpr auto pool_with_indices(X&& x) {
    const auto node = operand(std::forward<X>(x));
    const auto shared = operand(node);  // used twice
    const auto places = apply(IndicesRule{}, shared);
    auto indices = operand(places);
    auto values = apply(TakePlacesRule<Rank>{}, shared, indices);
    return PooledWithIndices<decltype(values), decltype(indices)>{std::move(values), std::move(indices)};
}
}  // namespace detail

}  // namespace xnn
