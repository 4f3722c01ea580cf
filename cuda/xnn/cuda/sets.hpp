// Work on sets of elements, the rows, columns or channels of an array: each is summed up, and then its elements are written from
// what came out. Where there are fewer sets than the device has threads for, several teams share one.
#pragma once

#include <algorithm>

#include "xnn/core/dtype.hpp"
#include "xnn/cuda/launch.hpp"
#include "xnn/expr/arena.hpp"

namespace xnn::cuda {

/// Calls f(team, set) for each set. `alone`: by a single thread, because sets stand side by side in memory or are short; else by
/// a team.
template <Device D, class F>
void launch_sets(D device, index_t sets, index_t length, bool alone, const F& f) {
    if (alone)
        launch(device, sets, detail::AlonePerUnit<F>{f});
    else
        launch_teams(device, sets, length, f);
}

/// So few elements are not worth a team.
inline constexpr index_t short_set = 8;

/// Two sums that are formed in one pass.
template <class C>
struct Pair {
    C first, second;
    XNN_INLINE friend Pair operator+(const Pair& a, const Pair& b) { return {a.first + b.first, a.second + b.second}; }
};

namespace detail {

template <class Op>
struct JoinTotals {
    template <class Total>
    XNN_INLINE Total operator()(const Total& a, const Total& b) const { return Op::join(a, b); }
};

/// Part `share` of the elements of a set.
struct Share {
    index_t begin, end;
    XNN_INLINE Share(index_t length, index_t share, index_t shares) : begin(length * share / shares), end(length * (share + 1) / shares) {}
};

template <class Op, class Team>
XNN_INLINE auto total_of(const Op& op, const Team& team, index_t set, Share part) {
    auto total = op.none(set);
    for (index_t i = part.begin + team.rank(); i < part.end; i += Team::size) op.add(total, set, i);
    return team.combine(total, JoinTotals<Op>{});
}

template <class Op, class Team, class Total>
XNN_INLINE void use(const Op& op, const Team& team, index_t set, const Total& total, bool keeps, bool writes, Share part) {
    const auto facts = op.facts(set, total);
    if (keeps && team.rank() == 0) op.keep(set, facts);
    if (!writes) return;
    for (index_t i = part.begin + team.rank(); i < part.end; i += Team::size) op.put(set, i, facts);
}

/// A set's whole work.
template <class Op>
struct WholeSet {
    Op op;
    index_t length;
    bool writes;
    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t set) const {
        const Share all(length, 0, 1);
        use(op, team, set, total_of(op, team, set, all), true, writes, all);
    }
};

template <class Op, class Total>
struct TotalOfShare {
    Op op;
    Total* partial;
    index_t sets, length, shares;
    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t unit) const {
        const index_t share = quotient(unit, sets), set = unit - share * sets;
        const Total total = total_of(op, team, set, Share(length, share, shares));
        if (team.rank() == 0) partial[unit] = total;
    }
};

/// Every team joins the totals of all shares for itself, and writes the elements of its own.
template <class Op, class Total>
struct UseShare {
    Op op;
    const Total* partial;
    index_t sets, length, shares;
    bool writes;
    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t unit) const {
        const index_t share = quotient(unit, sets), set = unit - share * sets;
        Total total = op.none(set);
        for (index_t s = team.rank(); s < shares; s += Team::size) total = Op::join(total, partial[s * sets + set]);
        total = team.combine(total, JoinTotals<Op>{});
        use(op, team, set, total, share == 0, writes, Share(length, share, shares));
    }
};

}  // namespace detail

/// Sums up sets and writes their elements, in one launch, or two where sets are shared. Op is a functor with
///   none(set), join(a, b), add(total, set, i)   the total of a set's elements i
///   facts(set, total)                           what its elements are written from
///   keep(set, facts)                            called once for each set
///   put(set, i, facts)                          called for each element, if op `writes` any
template <Device D, class Op>
void run_sets(D device, index_t sets, index_t length, bool alone, bool writes, const Op& op) {
    using Total = decltype(op.none(0));
    constexpr index_t busy_threads = index_t{1} << 18, most_shares = 256;
    const index_t worth = alone ? 64 : 4096, threads = alone ? 1 : 256;
    const index_t most = std::min(most_shares, divide_up(busy_threads, std::max<index_t>(1, sets * threads)));
    const index_t shares = std::clamp<index_t>(divide_up(length, worth), 1, most);
    if (shares == 1) {
        launch_sets(device, sets, length, alone, detail::WholeSet<Op>{op, length, writes});
        return;
    }
    const auto lease = Lease<D>::take();
    Total* const partial = lease.arena().template allocate<Total>(sets * shares);
    launch_sets(device, sets * shares, length / shares, alone, detail::TotalOfShare<Op, Total>{op, partial, sets, length, shares});
    launch_sets(device, writes ? sets * shares : sets, length / shares, alone,
                detail::UseShare<Op, Total>{op, partial, sets, length, shares, writes});
}

/// Writes a number, or adds it to what is there.
template <class T>
XNN_INLINE void put(T* p, compute_t<T> value, bool accumulate) {
    *p = static_cast<T>(accumulate ? static_cast<compute_t<T>>(*p) + value : value);
}
template <class T>
XNN_INLINE compute_t<T> load(const T* p, index_t i) { return static_cast<compute_t<T>>(p[i]); }
/// A number of an array that may be absent.
template <class T>
XNN_INLINE compute_t<T> load_or(const T* p, index_t i, compute_t<T> absent) { return p != nullptr ? load(p, i) : absent; }

}  // namespace xnn::cuda
