// The loops that expressions run in: assign a loader to memory, and pull a gradient back through a pointwise tree. These are
// the Cpu's; another device overloads scatter() and pull_back().
#pragma once

#include "xnn/core/device.hpp"
#include "xnn/core/parallel.hpp"
#include "xnn/core/shape.hpp"
#include "xnn/expr/sink.hpp"

namespace xnn {

/// An array seen as rows: the first Split dimensions count them, the others make up one.
struct Rows {
    index_t count;
    index_t length;

    template <std::size_t Split, std::size_t Rank>
    static constexpr Rows of(const Dims<Rank>& extents) {
        return {product_or_dyn(extents, 0, Split), product_or_dyn(extents, Split, Rank)};
    }
};

/// The parts that a loop over `size` elements is cut into, at most `most`: each is worth a task, and their number does not
/// depend on the number of threads.
constexpr index_t parts_of(index_t size, index_t most) {
    constexpr index_t grain = 16384;
    return std::clamp<index_t>(size / grain, 1, most);
}
/// The parts of loops that write each element once.
inline constexpr index_t many_parts = 1024;
/// The parts of loops that sum: each has a partial result, so there are fewer.
inline constexpr index_t summing_parts = 16;

/// Calls body(j, lane) for all of [begin, end): by registers where Lane is a number type, else one by one.
template <class Lane, class Body>
XNN_CPU_INLINE void for_lanes(index_t begin, index_t end, Body&& body) {
    index_t j = begin;
    if constexpr (std::is_arithmetic_v<Lane>) {
        constexpr index_t width = simd::width<Lane>;
        for (; j + width <= end; j += width) body(j, Whole<Lane>{});
        if (j < end) body(j, Part<Lane>{end - j});
    } else {
        for (; j < end; ++j) body(j, One{});
    }
}

/// Calls body(part, r, begin, end) for stretches of rows that together cover all, one task for each part.
template <class Body>
void for_parts(const Rows& rows, index_t parts, Body&& body) {
    // One row is cut into stretches that begin at whole registers, many rows are dealt out whole. A task is one function,
    // not inlined, so that the loops in it are compiled once.
    constexpr index_t line = 64;
    const bool single = rows.count == 1;
    const index_t units = single ? divide_up(rows.length, line) : rows.count;
    parallel_for(parts, [&](index_t part) XNN_NOINLINE_LAMBDA {
        const index_t first = units * part / parts, last = units * (part + 1) / parts;
        const index_t begin = single ? first * line : 0;
        const index_t end = single ? std::min(last * line, rows.length) : rows.length;
        for (index_t r = single ? 0 : first; r < (single ? 1 : last); ++r) body(part, r, begin, end);
    });
}

/// Puts what a loader of this shape yields into a sink.
template <class Sink, class Loader, std::size_t Rank>
void scatter(Cpu, const Sink& sink, const Loader& loader, const Dims<Rank>& extents) {
    using Lane = typename Sink::template lane_type<typename Loader::lane_type>;
    constexpr std::size_t split = std::max(Loader::split, Sink::split);
    const Rows rows = Rows::of<split>(extents);
    for_parts(rows, parts_of(product(extents), many_parts), [&](index_t, index_t r, index_t begin, index_t end) {
        const auto row = loader.template row<split>(r, rows.length);
        const auto out = sink.template row<split, Lane>(r, rows.length);
        for_lanes<Lane>(begin, end, [&](index_t j, auto lane) XNN_INLINE_LAMBDA { out.put(j, row(j, lane), lane); });
    });
}

/// Writes what a loader of this shape yields, or adds it where the target accumulates.
template <class Device, class T, class Loader, std::size_t Rank>
void assign(Device device, Target<T> target, const Loader& loader, const Dims<Rank>& extents) {
    scatter(device, DenseSink<T>{target}, loader, extents);
}

/// One loop forward and back through a pointwise tree: computes each value once, and from the gradient of the whole the
/// gradients of the tree's ends, which their sinks take.
template <class Loader, class Gradient, class Sink, std::size_t Rank>
void pull_back(Cpu, const Loader& loader, const Gradient& gradient, const Sink& sink, const Dims<Rank>& extents, index_t parts) {
    using Lane = typename detail::common_lane<typename Loader::lane_type, typename Gradient::lane_type>::type;
    constexpr std::size_t split = std::max(Loader::split, Gradient::split);
    const Rows rows = Rows::of<split>(extents);
    for_parts(rows, parts, [&](index_t part, index_t r, index_t begin, index_t end) {
        const auto row = loader.template row<split>(r, rows.length);
        const auto g = gradient.template row<split>(r, rows.length);
        auto out = sink.part(part).template row<split, Lane>(r, rows.length);
        for_lanes<Lane>(begin, end, [&](index_t j, auto lane) XNN_INLINE_LAMBDA {
            row.pull(row.record(j, lane), g(j, lane), out, j, lane);
        });
        out.finish();
    });
}

}  // namespace xnn
