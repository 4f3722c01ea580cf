// Arrays made larger at their borders. https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
#pragma once

#include "xnn/cpu/pad.hpp"
#include "xnn/expr/apply.hpp"

namespace xnn {

/// How much is added at the borders, in PyTorch's order: left and right, then top and bottom, then front and back. One
/// number is for all of them. A negative amount takes elements away, where the mode is constant.
struct Pads {
    index_t left;
    index_t right;
    index_t top = 0;  // not an array: what a compiler prints of a layer's type shall be short
    index_t bottom = 0;
    index_t front = 0;
    index_t back = 0;
    int dimensions;  ///< how many there are amounts for; 0: one amount for as many as there are

    constexpr Pads(index_t all) : left(all), right(all), top(all), bottom(all), front(all), back(all), dimensions(0) {}
    constexpr Pads(index_t l, index_t r) : left(l), right(r), dimensions(1) {}
    constexpr Pads(index_t l, index_t r, index_t t, index_t b) : left(l), right(r), top(t), bottom(b), dimensions(2) {}
    constexpr Pads(index_t l, index_t r, index_t t, index_t b, index_t f, index_t k)
        : left(l), right(r), top(t), bottom(b), front(f), back(k), dimensions(3) {}
    /// From all members, as nvcc writes a template argument in the source that it hands on.
    constexpr Pads(index_t l, index_t r, index_t t, index_t b, index_t f, index_t k, int n)
        : left(l), right(r), top(t), bottom(b), front(f), back(k), dimensions(n) {}

    /// The amounts in the order of the dimensions.
    template <std::size_t Rank>
    constexpr Dims<Rank> before() const {
        return select<Rank>({left, top, front});
    }
    template <std::size_t Rank>
    constexpr Dims<Rank> after() const {
        return select<Rank>({right, bottom, back});
    }
    friend constexpr bool operator==(const Pads&, const Pads&) = default;

private:
    template <std::size_t Rank>
    constexpr Dims<Rank> select(const Dims<3>& from_last) const {
        if (dimensions != 0 && dimensions != static_cast<int>(Rank))
            fail("Pads", "one number or two for each dimension", std::to_string(2 * dimensions));
        Dims<Rank> result{};
        for (std::size_t i = 0; i < Rank; ++i) result[i] = from_last[Rank - 1 - i];
        return result;
    }
};

/// Amounts of padding as a type: those of the last Rank dimensions, in their order.
template <std::size_t Rank, Pads Amounts>
struct PadsOf {
    static constexpr Dims<Rank> before = Amounts.template before<Rank>();
    static constexpr Dims<Rank> after = Amounts.template after<Rank>();
};
namespace detail {
/// Every second of the amounts, the last one first.
template <index_t... Amounts>
constexpr auto pads_of_side(std::size_t side) {
    const index_t given[] = {Amounts...};
    Dims<sizeof...(Amounts) / 2> result{};
    for (std::size_t i = 0; i < result.size(); ++i) result[result.size() - 1 - i] = given[2 * i + side];
    return result;
}
}  // namespace detail
/// The same for any number of dimensions, the last one first.
template <index_t... Amounts>
struct ManyPads {
    static constexpr auto before = detail::pads_of_side<Amounts...>(0);
    static constexpr auto after = detail::pads_of_side<Amounts...>(1);
};

/// x [*, d…] → [*, d'…] over the last dimensions, with d' = d + before + after. Amounts is a PadsOf or ManyPads; those of more than
/// three dimensions are for the mode constant.
template <class Amounts, PaddingMode Mode>
struct PadRule {
    static constexpr std::string_view name = "pad";
    static constexpr auto before = Amounts::before;
    static constexpr auto after = Amounts::after;
    static constexpr std::size_t rank = before.size();
    static_assert(rank <= 3 || Mode == PaddingMode::constant, "pad: more than three dimensions are padded with a constant");
    double value = 0;  ///< of what is added, in the mode constant

    template <std::size_t R>
    static constexpr Dims<R> extents(Dims<R> x) {
        for (std::size_t i = 0; i < rank; ++i)
            x[R - rank + i] = map_extent(x[R - rank + i], [i](index_t extent) { return extent + before[i] + after[i]; });
        return x;
    }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x) {
        if constexpr (R < rank) {
            return false;
        } else {
            for (std::size_t i = 0; i < rank; ++i)
                if (!has_room(x[R - rank + i], before[i], after[i])) return false;
            return true;
        }
    }

    NothingSaved forward(auto&, auto y, auto x) const {
        using T = typename decltype(y)::value_type;
        const auto from = x.shape.extents(), to = y.shape.extents();
        pad_forward(typename decltype(y)::device{}, planes(to), geometry(from), x.data, y.data,
                             static_cast<T>(static_cast<compute_t<T>>(value)), shifts(to, from, -1));
        return {};
    }
    template <class T>
    void backward(auto&, NothingSaved, const auto& targets, const T* gy, const T*, auto x) const {
        const auto from = x.shape.extents();
        const auto gx = get<0>(targets);
        pad_backward(typename decltype(x)::device{}, planes(from), geometry(from), gy, gx.data, gx.accumulate,
                              shifts(from, extents(from), 1));
    }

private:
    /// Whether an extent has the elements that this mode takes.
    static constexpr bool has_room(index_t extent, index_t front, index_t behind) {
        if (Mode != PaddingMode::constant && (front < 0 || behind < 0)) return false;
        if (extent == dyn) return true;
        switch (Mode) {
            case PaddingMode::reflect: return front < extent && behind < extent;
            case PaddingMode::circular: return front <= extent && behind <= extent;
            case PaddingMode::replicate: return extent > 0;
            default: return extent + std::min<index_t>(front, 0) + std::min<index_t>(behind, 0) >= 0;
        }
    }
    // The kernel pads planes of up to three dimensions; of further ones it shifts the planes.
    static constexpr std::size_t inner = std::min<std::size_t>(rank, 3), outer = rank - inner;

    template <std::size_t R>
    static constexpr index_t planes(const Dims<R>& x) { return product_or_dyn(x, 0, R - inner); }
    template <std::size_t R>
    static kernels::PadGeometry geometry(const Dims<R>& x) {
        kernels::PadGeometry g{{1, 1, 1}, {}, {}, Mode};
        for (std::size_t i = 1; i <= inner; ++i) {
            g.input[3 - i] = x[R - i];
            g.before[3 - i] = before[rank - i];
            g.after[3 - i] = after[rank - i];
        }
        return g;
    }
    template <std::size_t R>
    static kernels::PlaneShifts<outer> shifts(const Dims<R>& own, const Dims<R>& other, index_t sign) {
        kernels::PlaneShifts<outer> result{};
        for (std::size_t i = 0; i < outer; ++i) {
            result.own[i] = own[R - rank + i];
            result.other[i] = other[R - rank + i];
            result.shift[i] = sign * before[i];
        }
        return result;
    }
};

namespace functional {

/// x with more elements at the borders of its last one to three dimensions: F::pad<Pads(1, 1, 2, 2)>(x) adds a column on
/// both sides and two rows above and below. `value` is what is added in the mode constant. The mode reflect needs extents
/// larger than its amounts, circular extents not smaller. Throws Error where they are not.
/// https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
template <Pads Amounts, PaddingMode Mode = PaddingMode::constant, Array X>
constexpr auto pad(X&& x, double value = 0) {
    static_assert(Amounts.dimensions > 0, "pad: expected two amounts for each dimension");
    return apply(PadRule<PadsOf<static_cast<std::size_t>(Amounts.dimensions), Amounts>, Mode>{value}, std::forward<X>(x));
}
/// The same in the mode constant for any number of dimensions, the last one first as in PyTorch: F::pad<1, 1, 0, 0, 0, 0, 2, 3>(x)
/// adds a column on both sides, and arrays in front of and behind the fourth dimension from the end.
template <index_t... Amounts, Array X>
    requires(sizeof...(Amounts) >= 2 && sizeof...(Amounts) % 2 == 0)
constexpr auto pad(X&& x, double value = 0) {
    return apply(PadRule<ManyPads<Amounts...>, PaddingMode::constant>{value}, std::forward<X>(x));
}

}  // namespace functional

}  // namespace xnn
