// The keys and values of positions that a transformer has seen, so that each new one costs one position only.
#pragma once

#include "xnn/nn/attention.hpp"
#include "xnn/ops/cached_attention.hpp"

namespace xnn::nn {

/// Room for the keys and values of Capacity positions in each of Layers layers of a causal encoder with batch_first:
/// `encoder(x, cache)` lets the new positions x [Batch, L, Width] attend to those in the cache and to themselves, and writes
/// them behind those; when that has been evaluated, `cache.advance(L)` makes them part of it. No gradients pass.
///
/// More positions than Capacity throw Error, and leave the cache as it was.
template <std::size_t Layers, index_t Capacity, index_t Width, index_t Batch = 1, Floating T = float, class Device = DefaultDevice>
class KeyValueCache {
    static_assert(Capacity > 0 && Width > 0 && Batch > 0 && Layers > 0, "KeyValueCache: extents of at least 1");

public:
    static constexpr index_t capacity = Capacity;
    static constexpr index_t batch = Batch;

    /// The number of positions in the cache.
    index_t length() const { return length_; }
    /// Forgets all positions.
    void clear() { length_ = 0; }

    /// Throws Error unless so many more positions fit.
    void require_room(index_t positions) const {
        if (positions > Capacity - length_)
            fail("KeyValueCache", "at most " + std::to_string(Capacity) + " positions",
                 std::to_string(length_) + " and " + std::to_string(positions) + " more");
    }
    /// Counts positions that an evaluation has written. Throws Error if they do not fit.
    void advance(index_t positions) {
        require_room(positions);
        length_ += positions;
    }

    /// What one layer knows of it.
    struct Layer {
        T* keys;
        T* values;
        index_t past;

        void xnn_attends() const {}
        template <class Attention, class X>
        auto attend(const Attention& attention, X x) const {
            static_assert(Attention::options.batch_first && Attention::embed_dim == Width, "KeyValueCache: attention with batch_first, of the cache's width");
            static_assert(Attention::added_keys == 0, "KeyValueCache: attention without add_bias_kv and add_zero_attn");
            return attention.out_proj(
                xnn::apply(CachedAttentionRule<Attention::num_heads, Capacity, Batch, T>{keys, values, past}, attention.packed_projection(std::move(x))));
        }
    };
    Layer of_layer(std::size_t layer) const {
        constexpr index_t size = Batch * Capacity * Width;
        T* first = memory_.data() + static_cast<index_t>(layer) * 2 * size;
        return {first, first + size, length_};
    }
    void xnn_attends() const {}

private:
    mutable Tensor<T, Shape<static_cast<index_t>(Layers), 2, Batch, Capacity, Width>, Device> memory_;
    index_t length_ = 0;
};

}  // namespace xnn::nn
