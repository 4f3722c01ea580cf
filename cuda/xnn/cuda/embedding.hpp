// Rows of a table picked by index: 1 launch. The gradient of the table: the positions are sorted by the rows that they use, and
// the uses of a row are added up in their order, shares of a row's uses by teams of their own: about 10 launches.
#pragma once

#include "xnn/core/dtype.hpp"
#include "xnn/core/math.hpp"
#include "xnn/cuda/indices.hpp"
#include "xnn/cuda/sort.hpp"

namespace xnn::kernels {

namespace embedding_detail {

template <class T, class I>
struct Forward {
    const T* table;
    const I* indices;
    T* y;
    EmbeddingExtents e;
    cuda::IndexGuard guard;

    XNN_INLINE void operator()(index_t at) const {
        const index_t i = cuda::quotient(at, e.width), k = at - i * e.width;
        const auto row = static_cast<index_t>(indices[i]);
        y[at] = guard.admits(row, e.entries) ? table[row * e.width + k] : static_cast<T>(0);
    }
};

/// The row that a position uses, or the number behind the last one if it uses none.
template <class I>
struct RowOf {
    const I* indices;
    index_t* keys;
    index_t entries, padding_idx;
    cuda::IndexGuard guard;

    XNN_INLINE void operator()(index_t i) const {
        const auto row = static_cast<index_t>(indices[i]);
        keys[i] = row != padding_idx && guard.admits(row, entries) ? row : entries;
    }
};
/// The positions by the rows that they use.
template <cuda::Device D, class I>
cuda::SortedKeys sort_uses(D device, Arena<D>& arena, const I* indices, const EmbeddingExtents& e, index_t padding_idx) {
    auto* const keys = arena.template allocate<index_t>(e.count);
    cuda::launch(device, e.count, RowOf<I>{indices, keys, e.entries, padding_idx, cuda::guard_of(device)});
    return cuda::sort_keys(device, arena, keys, e.count, e.entries);
}

/// Adds up the uses of rows. A team takes a few neighbours of the sorted positions. Of a row all of whose uses are among them it
/// knows the gradient; what it has of others it leaves to JoinUses.
template <class T>
struct Uses {
    using C = compute_t<T>;
    static constexpr index_t share = 32;  // positions of a team

    const T* gy;
    cuda::SortedKeys sorted;
    RowShares<C> shares;
    T* gtable;
    C* begun;  // [teams, width]: of a row whose uses went on from the team before
    C* left;   // [teams, width]: of one whose uses go on in the next
    EmbeddingExtents e;
    bool accumulate, mean;
    std::uint8_t* marks;  // of the rows that are used; or null

    XNN_INLINE bool goes_on(index_t i) const { return i > 0 && i < e.count && sorted.keys[i] == sorted.keys[i - 1]; }
    XNN_INLINE C term(index_t i, index_t k) const {
        const index_t position = sorted.positions[i];
        if (shares.row == nullptr) return static_cast<C>(gy[position * e.width + k]);
        return shares.scale[position] * static_cast<C>(gy[shares.row[position] * e.width + k]);
    }
    XNN_INLINE void put(index_t row, index_t k, C sum, index_t count) const {
        T& to = gtable[row * e.width + k];
        if (mean) sum *= C(1) / static_cast<C>(count);
        to = static_cast<T>(accumulate ? static_cast<C>(to) + sum : sum);
        if (marks != nullptr && k == 0) marks[row] = 1;
    }

    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t unit) const {
        const index_t begin = unit * share, end = begin + share < e.count ? begin + share : e.count;
        for (index_t k = team.rank(); k < e.width; k += Team::size) {
            index_t first = begin;
            C sum = 0;
            for (index_t i = begin; i < end; ++i) {
                const index_t row = sorted.keys[i];
                if (row == e.entries) break;  // as all that follow
                sum += term(i, k);
                if (i + 1 < end && sorted.keys[i + 1] == row) continue;
                if (goes_on(begin) && sorted.keys[begin] == row)
                    begun[unit * e.width + k] = sum;
                else if (i + 1 == end && goes_on(end))
                    left[unit * e.width + k] = sum;
                else
                    put(row, k, sum, i + 1 - first);
                first = i + 1;
                sum = 0;
            }
        }
    }
};
/// The gradient of a row whose uses several teams have, by the first of them.
template <class T>
struct JoinUses {
    Uses<T> uses;

    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t unit) const {
        const EmbeddingExtents& e = uses.e;
        const index_t begin = unit * Uses<T>::share;
        index_t end = begin + Uses<T>::share;
        if (!uses.goes_on(end)) return;
        const index_t row = uses.sorted.keys[end];
        if (row == e.entries || (begin > 0 && uses.sorted.keys[begin - 1] == row)) return;
        for (index_t k = team.rank(); k < e.width; k += Team::size) {
            auto sum = uses.left[unit * e.width + k];
            for (index_t u = unit + 1; u * Uses<T>::share < e.count && uses.sorted.keys[u * Uses<T>::share] == row; ++u)
                sum += uses.begun[u * e.width + k];
            uses.put(row, k, sum, uses.mean ? bound(row + 1) - bound(row) : 1);
        }
    }

private:
    /// The first of the sorted positions whose row is not less.
    XNN_INLINE index_t bound(index_t row) const {
        index_t low = 0, high = uses.e.count;
        while (low < high) {
            const index_t middle = (low + high) / 2;
            if (uses.sorted.keys[middle] < row)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
};

template <class T, cuda::Device D>
void add_uses(D device, Arena<D>& arena, const T* gy, const cuda::SortedKeys& sorted, T* gtable, bool accumulate, EmbeddingExtents e, bool mean,
              RowShares<compute_t<T>> shares, std::uint8_t* marks = nullptr) {
    using C = compute_t<T>;
    if (!accumulate) set_bytes(device, gtable, 0, static_cast<std::size_t>(e.entries * e.width) * sizeof(T));
    const index_t teams = divide_up(e.count, Uses<T>::share), work = 8 * e.width;
    const Uses<T> uses{gy, sorted, shares, gtable, arena.template allocate<C>(teams * e.width), arena.template allocate<C>(teams * e.width),
                       e, accumulate, mean, marks};
    cuda::launch_teams(device, teams, work, uses);
    cuda::launch_teams(device, teams, work, JoinUses<T>{uses});
}

template <class T>
struct Renorm {
    T* table;
    cuda::SortedKeys sorted;
    EmbeddingExtents e;
    double max_norm, norm_type;

    struct Sum {
        XNN_INLINE double operator()(double a, double b) const { return a + b; }
    };
    struct Largest {
        XNN_INLINE double operator()(double a, double b) const { return math::max(a, b); }
    };

    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t i) const {
        using C = compute_t<T>;
        constexpr double tiny = 1e-7;  // as on the Cpu
        const index_t index = sorted.keys[i];
        if (index == e.entries || (i > 0 && sorted.keys[i - 1] == index)) return;
        T* const row = table + index * e.width;
        double sum = 0, largest = 0;
        for (index_t k = team.rank(); k < e.width; k += Team::size) {
            const double x = math::abs(static_cast<double>(static_cast<C>(row[k])));
            largest = math::max(largest, x);
            sum += norm_type == 2 ? x * x : norm_type == 1 ? x : math::pow(x, norm_type);
        }
        sum = team.combine(sum, Sum{});
        largest = team.combine(largest, Largest{});
        const double norm = math::isinf(norm_type) ? largest : norm_type == 2 ? math::sqrt(sum) : math::pow(sum, 1 / norm_type);
        if (!(norm > max_norm)) return;
        const auto factor = static_cast<C>(max_norm / (norm + tiny));
        for (index_t k = team.rank(); k < e.width; k += Team::size) row[k] = static_cast<T>(static_cast<C>(row[k]) * factor);
    }
};

}  // namespace embedding_detail

/// As embedding_forward of the Cpu; an index that is out of range gives zeros.
template <class T, std::integral I, cuda::Device D>
void embedding_forward(D device, const T* table, const I* indices, T* y, EmbeddingExtents e) {
    cuda::launch(device, e.count * e.width, embedding_detail::Forward<T, I>{table, indices, y, e, cuda::guard_of(device)});
}

/// As embedding_renorm of the Cpu.
template <class T, std::integral I, cuda::Device D>
void embedding_renorm(D device, T* table, const I* indices, EmbeddingExtents e, double max_norm, double norm_type) {
    const auto lease = Lease<D>::take();
    const auto sorted = embedding_detail::sort_uses(device, lease.arena(), indices, e, -1);
    cuda::launch_teams(device, e.count, e.width, embedding_detail::Renorm<T>{table, sorted, e, max_norm, norm_type});
}

/// As embedding_backward of the Cpu, whose scratch memory it does not need.
template <class T, std::integral I, cuda::Device D>
void embedding_backward(D device, const T* gy, const I* indices, T* gtable, bool accumulate, index_t*, EmbeddingExtents e, index_t padding_idx,
                        bool scale_by_frequency = false, RowShares<compute_t<T>> shares = {}) {
    if (gtable == nullptr) return;
    const auto lease = Lease<D>::take();
    const auto sorted = embedding_detail::sort_uses(device, lease.arena(), indices, e, padding_idx);
    embedding_detail::add_uses(device, lease.arena(), gy, sorted, gtable, accumulate, e, scale_by_frequency, shares);
}

/// The same added to gtable; sets the marks, of which there is one for each entry, of the rows that are used.
template <class T, std::integral I, cuda::Device D>
void embedding_backward_rows(D device, const T* gy, const I* indices, T* gtable, std::uint8_t* marks, EmbeddingExtents e, index_t padding_idx,
                             bool scale_by_frequency = false, RowShares<compute_t<T>> shares = {}) {
    const auto lease = Lease<D>::take();
    const auto sorted = embedding_detail::sort_uses(device, lease.arena(), indices, e, padding_idx);
    embedding_detail::add_uses(device, lease.arena(), gy, sorted, gtable, true, e, scale_by_frequency, shares, marks);
}

}  // namespace xnn::kernels
