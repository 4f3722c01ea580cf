// The loop of reductions: runs over a loader once, block by block, without the array ever standing in memory.
#pragma once

#include "xnn/cpu/reduce/fold.hpp"
#include "xnn/expr/pointwise.hpp"

namespace xnn {

namespace detail {

/// Those leading dimensions that are kept, or those that are reduced, as a numbering of rows.
template <std::size_t Rank>
class RowNumbers {
public:
    void add(index_t extent, index_t step) {
        extents_[used_] = extent;
        steps_[used_++] = step;
        count_ *= extent;
    }
    index_t count() const { return count_; }
    index_t row(index_t i) const {
        if (used_ == 1) return i * steps_[0];
        index_t result = 0;
        for (std::size_t k = used_; k-- > 0;) {
            result += i % extents_[k] * steps_[k];
            i /= extents_[k];
        }
        return result;
    }

private:
    Dims<Rank + 1> extents_{};
    Dims<Rank + 1> steps_{};
    std::size_t used_ = 0;
    index_t count_ = 1;
};

/// Elements [begin, end) of a row as an array: where they stand, or computed into the buffer.
template <class Lane, class B, class Row>
XNN_INLINE const B* in_memory(const Row& row, index_t begin, index_t end, B* buffer) {
    if constexpr (std::same_as<Row, Ptr<B>>) {
        return row.p + begin;
    } else {
        for_lanes<Lane>(begin, end, [&](index_t j, auto lane) XNN_INLINE_LAMBDA { write(buffer + (j - begin), row(j, lane), lane); });
        return buffer;
    }
}

/// How the work of a reduction is cut: into units, whose results do not meet, and each of those into pieces. How many
/// tasks share a unit's pieces depends on the sizes alone, so that results do not depend on the number of threads.
struct ReducePlan {
    index_t units;
    index_t pieces;  // of one unit
    index_t splits;  // tasks that share a unit
    index_t grain;   // such tasks that are worth a thread

    ReducePlan(index_t unit_count, index_t piece_count, index_t unit_size)
        : units(unit_count), pieces(piece_count),
          splits(std::clamp<index_t>(parts_of(unit_count * unit_size, summing_parts) / std::max<index_t>(unit_count, 1), 1,
                                     std::max<index_t>(piece_count, 1))),
          grain(std::max<index_t>(1, 16384 * splits / std::max<index_t>(unit_size, 1))) {}

    /// body(unit, split, first piece, last piece) for all tasks.
    template <class Body>
    void run(Body&& body) const {
        parallel_chunks(units * splits, grain, [&](index_t begin, index_t end) XNN_NOINLINE_LAMBDA {
            for (index_t t = begin; t < end; ++t) {
                index_t unit = t, split = 0, first = 0, last = pieces;
                if (splits > 1) {  // seldom: the divisions cost a short unit dearly
                    unit = t / splits, split = t % splits;
                    first = pieces * split / splits, last = pieces * (split + 1) / splits;
                }
                body(unit, split, first, last);
            }
        });
    }
};

}  // namespace detail

/// Reduces an array that a loader yields to one whose repetition, as Map says, has the array's shape: calls
/// emit(i, total) for each element i of the result.
template <class Map, class Reducer, class Loader, std::size_t Rank, class Emit>
void reduce(Arena<Cpu>& arena, const Reducer& reducer, const Loader& loader, const Dims<Rank>& extents, Emit&& emit) {
    using namespace kernels::reduce_detail;
    using B = typename Reducer::B;
    using Total = typename Reducer::Total;
    using Lane = typename Loader::lane_type;
    constexpr std::size_t split = std::max(Loader::split, Map::split);
    const index_t length = product_or_dyn(extents, split, Rank);
    detail::RowNumbers<split> kept, reduced;
    for (std::size_t i = 0; i < split; ++i) (Map::repeats(i) ? reduced : kept).add(extents[i], product_or_dyn(extents, i + 1, split));

    const WorkspaceScope scope(static_cast<Workspace<Cpu>&>(arena));
    const auto join_and_emit = [&](const Total* partial, index_t splits, index_t outputs) {
        for (index_t i = 0; i < outputs; ++i) {
            Total total = partial[i];
            for (index_t s = 1; s < splits; ++s) total = reducer.join(total, partial[s * outputs + i]);
            emit(i, total);
        }
    };

    if constexpr (Map::kind == RowKind::constant) {  // each row becomes one element, or a part of it
        const index_t outputs = kept.count(), blocks = divide_up(length, block_size);
        const detail::ReducePlan plan(outputs, reduced.count() * blocks, reduced.count() * length);
        Total* partial = plan.splits > 1 ? arena.allocate<Total>(plan.splits * outputs) : nullptr;
        plan.run([&](index_t unit, index_t part, index_t first, index_t last) {
            alignas(64) B buffer[block_size];
            Total total = reducer.none();
            while (first < last) {
                const index_t q = blocks == 1 ? first : first / blocks, end_of_row = std::min((q + 1) * blocks, last);
                const auto row = loader.template row<split>(kept.row(unit) + reduced.row(q), length);
                for (; first < end_of_row; ++first) {
                    const index_t begin = (first - q * blocks) * block_size, end = std::min(begin + block_size, length);
                    const B* elements = detail::in_memory<Lane>(row, begin, end, buffer);
                    total = reducer.join(total, reducer.block(elements, end - begin, q * length + begin));
                }
            }
            if (partial)
                partial[part * outputs + unit] = total;
            else
                emit(unit, total);
        });
        if (partial) join_and_emit(partial, plan.splits, outputs);
    } else {  // rows stay and are reduced with other rows
        const index_t outputs = kept.count() * length, chunks = divide_up(length, tile_columns);
        const detail::ReducePlan plan(kept.count() * chunks, divide_up(reduced.count(), tile_rows),
                                      reduced.count() * std::min(length, tile_columns));
        Total* partial = plan.splits > 1 ? arena.allocate<Total>(plan.splits * outputs) : nullptr;
        plan.run([&](index_t unit, index_t part, index_t first, index_t last) {
            alignas(64) B buffer[tile_rows * tile_columns];
            const index_t group = unit / chunks, begin = unit % chunks * tile_columns, end = std::min(begin + tile_columns, length);
            Total totals[tile_columns];
            std::fill_n(totals, end - begin, reducer.none());
            for (; first < last; ++first) {
                const index_t top = first * tile_rows, count = std::min(tile_rows, reduced.count() - top);
                const B* rows[tile_rows];
                for (index_t r = 0; r < count; ++r) {
                    const auto row = loader.template row<split>(kept.row(group) + reduced.row(top + r), length);
                    rows[r] = detail::in_memory<Lane>(row, begin, end, buffer + r * tile_columns);
                }
                reducer.columns(rows, count, end - begin, top, totals);
            }
            const index_t output = group * length + begin;
            if (partial)
                std::copy_n(totals, end - begin, partial + part * outputs + output);
            else
                for (index_t j = 0; j < end - begin; ++j) emit(output + j, totals[j]);
        });
        if (partial) join_and_emit(partial, plan.splits, outputs);
    }
}

}  // namespace xnn
