// Reductions on the device: a team for each result, or a thread for each column of rows that are reduced together. Where there are
// fewer results than the device has threads for, several share one, and what they found is joined in their order.
#pragma once

#include "xnn/cpu/reduce/sums.hpp"
#include "xnn/cuda/loops.hpp"
#include "xnn/expr/reduce_loop.hpp"

namespace xnn {

namespace cuda {

/// Threads that keep a GPU busy.
inline constexpr index_t many_threads = index_t{1} << 16;

/// The position within a row of the leading dimensions, computed as detail::RowNumbers does.
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
        index_t result = 0;
        for (int k = used; k-- > 0;) {
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

/// The sets of elements that become one: of `group` rows each, all of them whole.
template <std::size_t Split, class Reducer, class Loader>
struct Elements {
    Reducer reducer;
    Loader loader;
    RowNumbers<Split> kept, reduced;
    index_t length;

    /// The element number `position` of a set of whole rows.
    XNN_INLINE typename Reducer::Total in_rows(index_t set, index_t position) const {
        const index_t q = quotient(position, length), j = position - q * length;
        const auto row = loader.template row<Split>(kept.row(set) + reduced.row(q), length);
        return reducer.one(row(j, One{}), position);
    }
    /// The element number `position` of the set of a column.
    XNN_INLINE typename Reducer::Total in_column(index_t group, index_t column, index_t position) const {
        const auto row = loader.template row<Split>(kept.row(group) + reduced.row(position), length);
        return reducer.one(row(column, One{}), position);
    }
};

/// Writes totals, for others to join, or results.
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

template <class E, class Out>
struct ReduceRows {
    E elements;
    Out out;
    index_t count;   // elements of a set
    index_t shares;  // teams that share a set

    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t unit) const {
        const index_t set = quotient(unit, shares), share = unit - set * shares;
        const index_t end = count * (share + 1) / shares;
        auto total = elements.reducer.none();
        for (index_t i = count * share / shares + team.rank(); i < end; i += Team::size)
            total = elements.reducer.join(total, elements.in_rows(set, i));
        total = team.combine(total, JoinOf<decltype(elements.reducer)>{elements.reducer});
        if (team.rank() == 0) out.put(set, share, total);
    }
};

template <class E, class Out>
struct ReduceColumns {
    E elements;
    Out out;
    index_t count;
    index_t shares;

    XNN_INLINE void operator()(index_t i) const {
        const index_t share = quotient(i, out.outputs), output = i - share * out.outputs;
        const index_t group = quotient(output, elements.length), column = output - group * elements.length;
        const index_t end = count * (share + 1) / shares;
        auto total = elements.reducer.none();
        for (index_t k = count * share / shares; k < end; ++k)
            total = elements.reducer.join(total, elements.in_column(group, column, k));
        out.put(output, share, total);
    }
};

template <class Reducer, class Emit>
struct JoinShares {
    Reducer reducer;
    Emit emit;
    const typename Reducer::Total* partial;
    index_t outputs;
    index_t shares;

    XNN_INLINE void operator()(index_t i) const {
        auto total = partial[i];
        for (index_t s = 1; s < shares; ++s) total = reducer.join(total, partial[s * outputs + i]);
        emit(i, total);
    }
};

}  // namespace cuda

/// As reduce() of the Cpu. Emit is a named functor of host and device.
template <class Map, class Reducer, class Loader, std::size_t Rank, class Emit, cuda::Device D>
void reduce(Arena<D>& arena, const Reducer& reducer, const Loader& loader, const Dims<Rank>& extents, const Emit& emit) {
    using Total = typename Reducer::Total;
    constexpr std::size_t split = std::max(Loader::split, Map::split);
    using E = cuda::Elements<split, Reducer, Loader>;
    using Out = cuda::Output<Emit, Total>;
    constexpr D device;
    E elements{reducer, loader, {}, {}, product_or_dyn(extents, split, Rank)};
    for (std::size_t i = 0; i < split; ++i)
        (Map::repeats(i) ? elements.reduced : elements.kept).add(extents[i], product_or_dyn(extents, i + 1, split));

    constexpr bool by_rows = Map::kind == RowKind::constant;  // each row becomes one element, or a part of it
    const index_t outputs = elements.kept.count() * (by_rows ? 1 : elements.length);
    const index_t count = elements.reduced.count() * (by_rows ? elements.length : 1);
    // A share is worth 4096 elements of rows, of which 256 threads take 16 each, or 64 of a column.
    const index_t worth = by_rows ? 4096 : 64, threads = by_rows ? 256 : 1;
    const index_t most = divide_up(cuda::many_threads, std::max<index_t>(1, outputs * threads));
    const index_t shares = std::clamp<index_t>(divide_up(count, worth), 1, most);

    const WorkspaceScope scope(static_cast<Workspace<D>&>(arena));
    Total* partial = shares > 1 ? arena.template allocate<Total>(shares * outputs) : nullptr;
    const Out out{emit, partial, outputs};
    if constexpr (by_rows)
        cuda::launch_teams(device, outputs * shares, count / shares, cuda::ReduceRows<E, Out>{elements, out, count, shares});
    else
        cuda::launch(device, outputs * shares, cuda::ReduceColumns<E, Out>{elements, out, count, shares});
    if (partial) cuda::launch(device, outputs, cuda::JoinShares<Reducer, Emit>{reducer, emit, partial, outputs, shares});
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
