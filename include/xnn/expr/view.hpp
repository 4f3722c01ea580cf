// Views: elements of an array that stands in memory, found by strides. Reading them is a loader; their gradients are
// written back to where they stand.
#pragma once

#include "xnn/expr/apply.hpp"

namespace xnn {

/// An array within another one: a loop's rows go to memory by strides. No two elements are the same.
template <class T, std::size_t Rank, std::size_t Split, RowKind Kind>
struct ScatterSink {
    using element_type = T;
    static constexpr bool wanted = true;
    static constexpr bool sums = false;
    static constexpr std::size_t split = Split;
    template <class Lane>
    using lane_type = std::conditional_t<std::same_as<T, bool> && Kind == RowKind::stepped, detail::NoLane, Lane>;
    T* data;
    Dims<Rank> extents;
    Dims<Rank> strides;
    bool accumulate;

    /// Elements `step` apart.
    struct Stepped {
        T* p;
        index_t step;
        bool accumulate;

        template <class V, class Lane>
        XNN_INLINE void put(index_t j, V value, Lane lane) const {
            if constexpr (std::same_as<Lane, One>) {
                put_one(p + j * step, value);
            } else if constexpr (detail::is_few<Lane>) {
                put_few(j, value);
            } else {
                alignas(64) compute_t<T> lanes[simd::width<T>];
                value.store_aligned(lanes);
                for (index_t i = 0; i < detail::lane_count(lane); ++i) put_one(p + (j + i) * step, lanes[i]);
            }
        }
        XNN_INLINE void finish() const {}

    private:
        template <class C, int W>
        XNN_INLINE void put_few(index_t j, const Pack<C, W>& values) const {
            XNN_UNROLL for (int i = 0; i < W; ++i) put_one(p + (j + i) * step, values.v[i]);
        }
        XNN_INLINE void put_one(T* to, compute_t<T> value) const {
            *to = static_cast<T>(accumulate ? static_cast<compute_t<T>>(static_cast<compute_t<T>>(*to) + value) : value);
        }
    };

    template <std::size_t RowSplit, class Lane>
    XNN_INLINE auto row(index_t r, index_t) const {
        T* first = data + Strided<T, Rank, Split, Kind>::template offset<RowSplit>(extents, strides, r);
        if constexpr (Kind == RowKind::stepped)
            return Stepped{first, strides[Rank - 1], accumulate};
        else
            return DenseSink<T>{{first, accumulate}};
    }
};

/// The view of E that a Map describes: for E's extents, strides(extents) and offset(extents) say where the elements stand;
/// rows begin after `split` dimensions and are of one `kind`; `covers` if the view has every element of E.
template <class Map, AnyShape S, class E>
class View : public Node<View<Map, S, E>, value_t<E>, S, device_t<E>>, public StoredNode<View<Map, S, E>> {
    using T = value_t<E>;
    using Device = device_t<E>;

public:
    static constexpr bool requires_grad = E::requires_grad;
    static constexpr bool inference = is_inference<E>;
    static constexpr bool hooked = is_hooked<E>;
    struct State {
        typename E::State child;
        const T* data;
    };

    View(const Map& map, const S& shape, E child) : map_(map), child_(std::move(child)), shape_(shape) {}

    const S& shape() const { return shape_; }
    const Map& map() const { return map_; }
    const E& child() const { return child_; }
    State forward(Arena<Device>& arena) const {
        State state{child_.forward(arena), nullptr};
        state.data = dense(arena, child_, state.child);
        return state;
    }
    auto loader(const State& state) const {
        const auto from = child_.shape().extents();
        if constexpr (Map::split == 0 && Map::kind == RowKind::contiguous)
            return Ptr<T>(state.data + map_.offset(from));
        else
            return Strided<T, S::rank, Map::split, Map::kind>{state.data + map_.offset(from), shape_.extents(), map_.strides(from)};
    }

    Target<T> open(Pass<Device>& pass, const State&) const { return {pass.arena().template allocate<T>(shape_.size())}; }
    void close(Pass<Device>& pass, const State& state, Target<T> target) const { propagate(pass, state, Ptr<T>(target.data)); }
    template <class Gradient>
    void propagate(Pass<Device>& pass, const State& state, const Gradient& gradient) const {
        const Target<T> target = child_.open(pass, state.child);
        if (target) {
            const auto from = child_.shape().extents();
            if (!target.accumulate && !Map::covers) fill(Device{}, target.data, product(from), T(0));
            const ScatterSink<T, S::rank, Map::split, Map::kind> sink{target.data + map_.offset(from), shape_.extents(), map_.strides(from),
                                                                      target.accumulate};
            scatter(Device{}, sink, gradient, shape_.extents());
        }
        child_.close(pass, state.child, target);
    }

private:
    XNN_NO_UNIQUE_ADDRESS Map map_;
    E child_;
    XNN_NO_UNIQUE_ADDRESS S shape_;
};

/// The view of x that a Map describes, whose shape the Map computes too. Bounds that depend on the run are judged by
/// map.check(extents).
template <class Map, class X>
constexpr auto view_by(const Map& map, X&& x) {
    using E = operand_t<X>;
    if constexpr (is_invalid<E>) {
        return E{};
    } else if constexpr (!Map::accepts(shape_t<E>::static_extents)) {
        return reject<Mismatch<Map, typename detail::expectation<Map>::type, Got<shape_t<E>>>, is_meta<E>>();
    } else {
        if constexpr (requires { map.check(shape_value(x).extents()); }) map.check(shape_value(x).extents());
        using S = ruled_shape<Map, shape_t<E>>;
        const S shape = [&] {
            if constexpr (S::is_static)
                return S{};
            else if constexpr (requires { map.run_extents(shape_value(x).extents()); })
                return S(map.run_extents(shape_value(x).extents()));
            else
                return S(Map::extents(shape_value(x).extents()));
        }();
        if constexpr (is_meta<E>)
            return detail::meta_result<value_t<E>, detail::ViewCharge, E>(shape, detail::ledger_of(x));
        else if constexpr (is_recorded<E>)
            return device_t<E>::template record<value_t<E>>(map, shape, operand(std::forward<X>(x)));
        else
            return View<typename Map::template For<shape_t<E>::rank>, S, E>({map}, shape, operand(std::forward<X>(x)));
    }
}

}  // namespace xnn
