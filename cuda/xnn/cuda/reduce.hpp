// Reductions on the device: a team for each result, or a thread for each column of rows that are reduced together. Where there are
// fewer results than the device has threads for, several share one, and what they found is joined in their order.
#pragma once

#include "xnn/core/math.hpp"
#include "xnn/cpu/reduce/sums.hpp"
#include "xnn/cuda/loops.hpp"
#include "xnn/expr/reduce_loop.hpp"

namespace xnn {

namespace cuda {

/// Threads that keep a GPU busy.
inline constexpr index_t many_threads = index_t{1} << 18;

/// Those leading dimensions that are kept, or those that are reduced, as a numbering of rows.
template <std::size_t Rank>
struct RowNumbers {
    Dims<Rank + 1> extents{};
    Dims<Rank + 1> steps{};
    int used = 0;

    void add(index_t extent, index_t step) {
        extents[static_cast<std::size_t>(used)] = extent;
        steps[static_cast<std::size_t>(used++)] = step;
    }
    index_t count() const {
        index_t result = 1;
        for (int i = 0; i < used; ++i) result *= extents[static_cast<std::size_t>(i)];
        return result;
    }
    XNN_INLINE index_t row(index_t i) const {
        if (used == 1) return i * steps[0];
        index_t result = 0;
        // All of them by number: arguments of a kernel that are indexed while it runs are copied to memory first.
        XNN_DEVICE_UNROLL for (int k = static_cast<int>(Rank); k >= 0; --k) {
            if (k >= used) continue;
            const auto at = static_cast<std::size_t>(k);
            const index_t outer = quotient(i, extents[at]);
            result += (i - outer * extents[at]) * steps[at];
            i = outer;
        }
        return result;
    }
};

template <class Reducer>
struct JoinOf {
    const Reducer& reducer;
    template <class Total>
    XNN_INLINE Total operator()(Total a, Total b) const { return reducer.join(a, b); }
};

/// The totals of a thread's elements: one for each place in a pack, so that they do not wait for each other.
template <int Width, class Reducer>
struct Totals {
    const Reducer& reducer;
    typename Reducer::Total each[Width];

    XNN_INLINE explicit Totals(const Reducer& r) : reducer(r) {
        XNN_DEVICE_UNROLL for (int i = 0; i < Width; ++i) each[i] = reducer.none();
    }
    template <class B>
    XNN_INLINE void add(int place, B x, index_t position) { each[place] = reducer.join(each[place], reducer.one(x, position)); }
    template <class B, int W>
    XNN_INLINE void add(const Pack<B, W>& x, index_t position) {
        XNN_DEVICE_UNROLL for (int i = 0; i < W; ++i) add(i, x.v[i], position + i);
    }
    XNN_INLINE typename Reducer::Total joined() const {
        auto total = each[0];
        XNN_DEVICE_UNROLL for (int i = 1; i < Width; ++i) total = reducer.join(total, each[i]);
        return total;
    }
};

/// The elements that are reduced. They are cut into shares of `share` positions: numbers of an element in its set.
template <std::size_t Split, class Reducer, class Loader>
struct Elements {
    Reducer reducer;
    Loader loader;
    RowNumbers<Split> kept, reduced;
    index_t length;  // of a row
    index_t count;   // of a set
    index_t share;

    XNN_INLINE index_t begin(index_t number) const { return number * share; }
    XNN_INLINE index_t end(index_t number) const { return math::min((number + 1) * share, count); }
};

/// Where totals go: to others that join them, or as results to emit.
template <class Emit, class Total>
struct Output {
    Emit emit;
    Total* partial;  // null: there is one share of each result
    index_t outputs;

    XNN_INLINE void put(index_t i, index_t share, const Total& total) const {
        if (partial)
            partial[share * outputs + i] = total;
        else
            emit(i, total);
    }
};

/// Sets of whole rows: a team for a share of one, each thread with Lane's elements at a time.
template <std::size_t Split, int Width, class E, class Out>
struct ReduceRows {
    E elements;
    Out out;
    Divider shares, length;

    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t unit) const {
        const index_t set = shares(unit), share = unit - set * shares.divisor();
        Totals<Width, decltype(elements.reducer)> totals(elements.reducer);
        for (index_t i = elements.begin(share) + team.rank() * Width; i < elements.end(share); i += Team::size * Width) {
            const index_t q = Split == 0 ? 0 : length(i), j = i - q * elements.length;
            const auto row = elements.loader.template row<Split>(elements.kept.row(set) + elements.reduced.row(q), elements.length);
            if constexpr (Width == 1)
                totals.add(0, row(j, One{}), i);
            else
                totals.add(row(j, Few<Width>{}), i);
        }
        const auto total = team.combine(totals.joined(), JoinOf<decltype(elements.reducer)>{elements.reducer});
        if (team.rank() == 0) out.put(set, share, total);
    }
};

/// Sets of columns: a thread for a share of one, four rows at a time.
template <std::size_t Split, class E, class Out>
struct ReduceColumns {
    E elements;
    Out out;
    Divider outputs, length;

    XNN_INLINE void operator()(index_t i) const {
        const index_t share = outputs(i), output = i - share * outputs.divisor();
        const index_t group = length(output), column = output - group * elements.length;
        const index_t first = elements.kept.row(group), end = elements.end(share);
        const auto element = [&](index_t k) {
            return elements.loader.template row<Split>(first + elements.reduced.row(k), elements.length)(column, One{});
        };
        Totals<4, decltype(elements.reducer)> totals(elements.reducer);
        index_t k = elements.begin(share);
        for (; k + 4 <= end; k += 4) {
            const decltype(element(k)) x[4] = {element(k), element(k + 1), element(k + 2), element(k + 3)};
            XNN_DEVICE_UNROLL for (int place = 0; place < 4; ++place) totals.add(place, x[place], k + place);
        }
        for (; k < end; ++k) totals.add(0, element(k), k);
        out.put(output, share, totals.joined());
    }
};

/// A team for each result joins what its shares found.
template <class Reducer, class Emit>
struct JoinShares {
    Reducer reducer;
    Emit emit;
    const typename Reducer::Total* partial;
    index_t outputs;
    index_t shares;

    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t i) const {
        auto total = reducer.none();
        for (index_t s = team.rank(); s < shares; s += Team::size) total = reducer.join(total, partial[s * outputs + i]);
        total = team.combine(total, JoinOf<Reducer>{reducer});
        if (team.rank() == 0) emit(i, total);
    }
};

}  // namespace cuda

/// As reduce() of the Cpu. Emit is a named functor of host and device. One launch, or two where results are shared.
template <class Map, class Reducer, class Loader, std::size_t Rank, class Emit, cuda::Device D>
void reduce(Arena<D>& arena, const Reducer& reducer, const Loader& loader, const Dims<Rank>& extents, const Emit& emit) {
    using Total = typename Reducer::Total;
    constexpr std::size_t split = std::max(Loader::split, Map::split);
    constexpr bool by_rows = Map::kind == RowKind::constant;  // each row becomes one element, or a part of it
    using E = cuda::Elements<split, Reducer, Loader>;
    using Out = cuda::Output<Emit, Total>;
    constexpr D device;
    E elements{reducer, loader, {}, {}, product_or_dyn(extents, split, Rank), 0, 0};
    for (std::size_t i = 0; i < split; ++i)
        (Map::repeats(i) ? elements.reduced : elements.kept).add(extents[i], product_or_dyn(extents, i + 1, split));
    const index_t outputs = elements.kept.count() * (by_rows ? 1 : elements.length);
    elements.count = elements.reduced.count() * (by_rows ? elements.length : 1);

    // A share is worth a team's while with 4096 elements of rows, 16 for each thread, or a thread's with 16 of a column.
    const index_t worth = by_rows ? 4096 : 16, threads = by_rows ? 256 : 1;
    const index_t most = divide_up(cuda::many_threads, std::max<index_t>(1, outputs * threads));
    const index_t wanted = std::clamp<index_t>(divide_up(elements.count, worth), 1, most);
    elements.share = std::max<index_t>(cuda::pack_width, round_up(divide_up(elements.count, wanted), cuda::pack_width));
    const index_t shares = std::max<index_t>(1, divide_up(elements.count, elements.share)), units = outputs * shares;

    const WorkspaceScope scope(static_cast<Workspace<D>&>(arena));
    Total* partial = shares > 1 ? arena.template allocate<Total>(units) : nullptr;
    const Out out{emit, partial, outputs};
    if constexpr (by_rows) {
        const cuda::Divider by_share(shares, units), by_length(elements.length, elements.count);
        if (elements.length % cuda::pack_width == 0 && cuda::packs(loader))
            cuda::launch_teams(device, units, elements.share, cuda::ReduceRows<split, cuda::pack_width, E, Out>{elements, out, by_share, by_length});
        else
            cuda::launch_teams(device, units, elements.share, cuda::ReduceRows<split, 1, E, Out>{elements, out, by_share, by_length});
    } else {
        const cuda::Divider by_output(outputs, units), by_length(elements.length, outputs);
        cuda::launch(device, units, cuda::ReduceColumns<split, E, Out>{elements, out, by_output, by_length});
    }
    if (partial) cuda::launch_teams(device, outputs, shares, cuda::JoinShares<Reducer, Emit>{reducer, emit, partial, outputs, shares});
}

namespace cuda {
template <class T>
struct Store {
    T* p;
    template <class Total>
    XNN_INLINE void operator()(index_t i, const Total& total) const { p[i] = static_cast<T>(total); }
};
}  // namespace cuda

/// The sums of what a gradient says of each use of an element that Map repeats.
template <class Map, class T, class Gradient, std::size_t Rank, cuda::Device D>
void sum_repeats(Arena<D>& arena, T* sums, const Gradient& gradient, const Dims<Rank>& extents) {
    reduce<Map>(arena, kernels::SumReducer<T>{}, gradient, extents, cuda::Store<T>{sums});
}

}  // namespace xnn
