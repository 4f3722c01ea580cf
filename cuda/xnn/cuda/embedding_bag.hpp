// Rows of a table picked by index and joined bag by bag: 1 launch, a thread for each number of the result. The gradients as those
// of embeddings.
#pragma once

#include <limits>

#include "xnn/cpu/embedding_bag.hpp"
#include "xnn/cuda/embedding.hpp"

namespace xnn::kernels {

namespace embedding_detail {

/// The positions of a bag, which are within their array whatever the offsets say.
template <class O>
struct GuardedBags {
    Bags<O> bags;
    cuda::IndexGuard guard;

    struct Range {
        index_t begin, end;
    };
    XNN_INLINE Range operator[](index_t bag) const {
        const Range range{bags.begin(bag), bags.end(bag)};
        const bool good = guard.admits(range.begin, range.end + 1) && guard.admits(range.end, bags.positions + 1) &&
                          (bag > 0 || guard.admits(range.begin, 1));
        return good ? range : Range{0, 0};
    }
};

/// What the positions of bags point to.
template <class I>
struct BagRows {
    const I* indices;
    index_t entries, padding_idx;
    cuda::IndexGuard guard;

    /// The row of a position, or -1 if it counts as nothing.
    XNN_INLINE index_t operator[](index_t i) const {
        const auto row = static_cast<index_t>(indices[i]);
        return row != padding_idx && guard.admits(row, entries) ? row : -1;
    }
};

template <class T, class I, class O>
struct BagForward {
    const T* table;
    BagRows<I> rows;
    GuardedBags<O> bags;
    const T* weights;
    T* y;
    index_t width;
    bool mean;

    XNN_INLINE void operator()(index_t at) const {
        using C = compute_t<T>;
        const index_t bag = cuda::quotient(at, width), k = at - bag * width;
        const auto [begin, end] = bags[bag];
        index_t size = 0;
        C sum = 0;
        for (index_t i = begin; i < end; ++i) {
            const index_t row = rows[i];
            if (row < 0) continue;
            const auto x = static_cast<C>(table[row * width + k]);
            sum += weights ? static_cast<C>(weights[i]) * x : x;
            ++size;
        }
        y[at] = static_cast<T>(mean && size > 0 ? sum * (C(1) / static_cast<C>(size)) : sum);
    }
};

template <class T, class I, class O>
struct BagMax {
    const T* table;
    BagRows<I> rows;
    GuardedBags<O> bags;
    T* y;
    index_t* winners;
    index_t width;

    XNN_INLINE void operator()(index_t at) const {
        const index_t bag = cuda::quotient(at, width), k = at - bag * width;
        const auto [begin, end] = bags[bag];
        T best = static_cast<T>(0);
        index_t from = -1;
        for (index_t i = begin; i < end; ++i) {
            const index_t row = rows[i];
            if (row < 0) continue;
            const T x = table[row * width + k];
            if (from >= 0 && !(static_cast<compute_t<T>>(x) > static_cast<compute_t<T>>(best))) continue;
            best = x;
            from = row;
        }
        y[at] = best;
        if (winners) winners[at] = from;
    }
};

template <class T, class I, class O>
struct ShareBags {
    BagRows<I> rows;
    GuardedBags<O> bags;
    const T* weights;
    RowShares<compute_t<T>> shares;
    bool mean;

    struct Sum {
        XNN_INLINE index_t operator()(index_t a, index_t b) const { return a + b; }
    };
    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t bag) const {
        using C = compute_t<T>;
        const auto [begin, end] = bags[bag];
        index_t size = 0;
        if (mean) {
            for (index_t i = begin + team.rank(); i < end; i += Team::size) size += rows[i] >= 0;
            size = team.combine(size, Sum{});
        }
        const C scale = size > 0 ? C(1) / static_cast<C>(size) : C(1);
        for (index_t i = begin + team.rank(); i < end; i += Team::size) {
            shares.row[i] = bag;
            shares.scale[i] = weights ? static_cast<C>(weights[i]) : scale;
        }
    }
};

template <class T, class I>
struct BagWeights {
    const T *gy, *table;
    BagRows<I> rows;
    const index_t* bag_of;
    T* gweights;
    bool accumulate;
    index_t width;

    struct Sum {
        XNN_INLINE compute_t<T> operator()(compute_t<T> a, compute_t<T> b) const { return a + b; }
    };
    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t i) const {
        using C = compute_t<T>;
        const index_t row = rows[i];
        const T* const g = gy + bag_of[i] * width;
        C sum = 0;
        for (index_t k = team.rank(); row >= 0 && k < width; k += Team::size) sum += static_cast<C>(g[k]) * static_cast<C>(table[row * width + k]);
        sum = team.combine(sum, Sum{});
        if (team.rank() == 0) gweights[i] = static_cast<T>(accumulate ? static_cast<C>(gweights[i]) + sum : sum);
    }
};

/// The element of the table that a result comes from, or the number behind the last one.
struct WinnerKeys {
    const index_t* winners;
    index_t* keys;
    index_t entries, width;
    XNN_INLINE void operator()(index_t i) const {
        const index_t row = winners[i];
        keys[i] = row < 0 ? entries * width : row * width + (i - cuda::quotient(i, width) * width);
    }
};

}  // namespace embedding_detail

/// As check_offsets of the Cpu; of the offsets of a GPU it says that they are good.
template <std::integral O, cuda::Device D>
index_t check_offsets(D device, const O* offsets, index_t n, index_t positions, bool include_last) {
    if constexpr (xnn::detail::is_host_memory<D>) {
        await(device);
        return check_offsets(Cpu{}, offsets, n, positions, include_last);
    } else {
        return -1;
    }
}

/// As embedding_bag_forward of the Cpu.
template <class T, std::integral I, std::integral O, cuda::Device D>
void embedding_bag_forward(D device, const T* table, const I* indices, const Bags<O>& bags, const T* weights, T* y, EmbeddingExtents e,
                           index_t padding_idx, bool mean) {
    const auto guard = cuda::guard_of(device);
    cuda::launch(device, bags.count * e.width,
                 embedding_detail::BagForward<T, I, O>{table, {indices, e.entries, padding_idx, guard}, {bags, guard}, weights, y, e.width, mean});
}

/// As embedding_bag_max_forward of the Cpu.
template <class T, std::integral I, std::integral O, cuda::Device D>
void embedding_bag_max_forward(D device, const T* table, const I* indices, const Bags<O>& bags, T* y, index_t* winners, EmbeddingExtents e,
                               index_t padding_idx) {
    const auto guard = cuda::guard_of(device);
    cuda::launch(device, bags.count * e.width,
                 embedding_detail::BagMax<T, I, O>{table, {indices, e.entries, padding_idx, guard}, {bags, guard}, y, winners, e.width});
}

/// As share_bags of the Cpu. A position in no bag has no share.
template <class T, std::integral I, std::integral O, cuda::Device D>
void share_bags(D device, const I* indices, const Bags<O>& bags, const T* weights, RowShares<compute_t<T>> shares, index_t padding_idx, bool mean) {
    const auto guard = cuda::guard_of(device);
    set_bytes(device, shares.row, 0, static_cast<std::size_t>(bags.positions) * sizeof(index_t));
    set_bytes(device, shares.scale, 0, static_cast<std::size_t>(bags.positions) * sizeof(compute_t<T>));
    constexpr index_t any = std::numeric_limits<index_t>::max();  // those that are out of range have no gradient
    cuda::launch_teams(device, bags.count, bags.count > 0 ? bags.positions / bags.count : 0,
                       embedding_detail::ShareBags<T, I, O>{{indices, any, padding_idx, guard}, {bags, guard}, weights, shares, mean});
}

/// As embedding_bag_backward_weights of the Cpu.
template <class T, std::integral I, cuda::Device D>
void embedding_bag_backward_weights(D device, const T* gy, const T* table, const I* indices, const index_t* bag_of, T* gweights, bool accumulate,
                                    EmbeddingExtents e, index_t padding_idx) {
    cuda::launch_teams(device, e.count, e.width,
                       embedding_detail::BagWeights<T, I>{gy, table, {indices, e.entries, padding_idx, cuda::guard_of(device)}, bag_of, gweights,
                                                          accumulate, e.width});
}

/// As embedding_bag_max_backward of the Cpu.
template <class T, cuda::Device D>
void embedding_bag_max_backward(D device, const T* gy, const index_t* winners, T* gtable, bool accumulate, index_t bags, EmbeddingExtents e) {
    const EmbeddingExtents numbers{bags * e.width, e.entries * e.width, 1};  // the table as one of single numbers
    const auto lease = Lease<D>::take();
    auto* const keys = lease.arena().template allocate<index_t>(numbers.count);
    cuda::launch(device, numbers.count, embedding_detail::WinnerKeys{winners, keys, e.entries, e.width});
    const auto sorted = cuda::sort_keys(device, lease.arena(), keys, numbers.count, numbers.entries);
    embedding_detail::add_uses(device, lease.arena(), gy, sorted, gtable, accumulate, numbers, false, RowShares<compute_t<T>>{});
}

}  // namespace xnn::kernels
