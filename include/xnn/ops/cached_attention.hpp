// Attention to positions that earlier calls have seen: what generating text one character after the other needs.
#pragma once

#include "xnn/cpu/key_value_cache.hpp"
#include "xnn/ops/multihead_attention.hpp"

namespace xnn {

/// Causal self-attention of x [Batch, L, 3 width], which holds queries, keys and values side by side as linear layers make
/// them, to the positions in a cache and to its own → [Batch, L, width]. The keys and values of x are written behind the
/// `past` positions that the cache holds; the cache's length is its owner's to change.
template <index_t Heads, index_t Capacity, index_t Batch, Floating T>
struct CachedAttentionRule {
    static constexpr std::string_view name = "cached_attention";
    static constexpr bool differentiable = false;
    T* keys = nullptr;    // [Batch, Capacity, width]
    T* values = nullptr;  // the same
    index_t past = 0;

    static constexpr Dims<3> extents(Dims<3> x) {
        x[2] = map_extent(x[2], [](index_t width) { return width / 3; });
        return x;
    }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x) {
        if constexpr (R != 3)
            return false;
        else
            return fits(x[0], Batch) && x[1] <= Capacity && (x[2] == dyn || x[2] % (3 * Heads) == 0);
    }

    void check(auto x) const {
        if (past + x.extent(1) > Capacity)
            fail(name, "at most " + std::to_string(Capacity) + " positions", std::to_string(past) + " and " + std::to_string(x.extent(1)) + " more");
    }
    template <class Device>
    auto forward(Arena<Device>& arena, auto y, auto x) const {
        const index_t length = x.extent(1), width = x.extent(2) / 3, head = width / Heads;
        append_to_cache(Device{}, kernels::KeyValueCache<T>{keys, values, Batch, Capacity, width, past}, x.data, length);
        detail::AttentionProblem<T> p{{Batch, Heads, Heads, length, past + length, head, head},
                                      {x.data, length * 3 * width, head, 3 * width},
                                      {keys, Capacity * width, head, width},
                                      {values, Capacity * width, head, width},
                                      {y.data, length * width, head, width}};
        p.set({.is_causal = true});
        p.options.past = past;
        p.forward(arena);
        return NothingSaved{};
    }
};

}  // namespace xnn
