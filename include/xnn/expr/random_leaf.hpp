// Random numbers as a leaf of an expression: a function of (seed, position), computed inside the loop that uses them and once
// more on the way back, so that a mask is never stored.
#pragma once

#include "xnn/core/generator.hpp"
#include "xnn/expr/leaf.hpp"

namespace xnn {

/// draw(u) for a uniform u in [0, 1) at each position, or draw.otherwise where the stream is not in use.
template <class T, class Draw>
struct RandomLoader : EndLoader<RandomLoader<T, Draw>> {
    using value_type = T;
    using lane_type = detail::lane_of<T>;
    static constexpr std::size_t split = 0;
    RandomStream stream;
    index_t first;
    bool active;
    XNN_NO_UNIQUE_ADDRESS Draw draw;

    XNN_INLINE RandomLoader(RandomStream numbers, index_t offset, bool in_use, Draw f) : stream(numbers), first(offset), active(in_use), draw(f) {}

    template <class Lane>
    XNN_INLINE auto operator()(index_t j, Lane lane) const {
        using C = compute_t<T>;
        if constexpr (std::same_as<Lane, One>) {
            return active ? draw(static_cast<C>(stream.uniform(first + j))) : static_cast<C>(draw.otherwise);
        } else {
            if (!active) return splat(static_cast<C>(draw.otherwise), lane);
            if constexpr (detail::is_few<Lane>)
                return pack(first + j);
            else
                return drawn(first + j);
        }
    }
    template <std::size_t>
    XNN_INLINE RandomLoader row(index_t r, index_t n) const { return RandomLoader(stream, first + r * n, active, draw); }

private:
    /// A pack, which begins a group of four.
    XNN_INLINE Pack<compute_t<T>, 4> pack(index_t position) const {
        using C = compute_t<T>;
        const auto words = stream.group(position / 4);
        Pack<C, 4> result;
        XNN_UNROLL for (std::size_t k = 0; k < 4; ++k) result.v[k] = draw(static_cast<C>(static_cast<float>(words[k] >> 8) * 0x1p-24F));
        return result;
    }
    /// A register full: not inlined, for it is long.
#if defined(__GNUC__)
    [[gnu::noinline]]
#endif
    simd::batch<T>
    drawn(index_t position) const {
        using C = compute_t<T>;
        constexpr std::size_t width = simd::width<T>;
        const auto skipped = static_cast<std::size_t>(position % 4);
        alignas(64) std::uint32_t words[(width + 6) / 4 * 4];  // of all groups that the register has a part in
        for (std::size_t i = 0; i < skipped + width; i += 4) {
            const auto group = stream.group(position / 4 + static_cast<index_t>(i / 4));
            for (std::size_t k = 0; k < 4; ++k) words[i + k] = group[k];
        }
        alignas(64) C numbers[width];
        for (std::size_t i = 0; i < width; ++i) numbers[i] = static_cast<C>(static_cast<float>(words[skipped + i] >> 8) * 0x1p-24F);
        return draw(simd::batch<T>::load_aligned(numbers));
    }
};

/// New random numbers in each evaluation, from the default generator.
template <class T, AnyShape S, class Device, class Draw>
class RandomLeaf : public StoredNode<RandomLeaf<T, S, Device, Draw>> {
public:
    using xnn_expression = void;
    using value_type = T;
    using shape_type = S;
    using device = Device;
    static constexpr bool requires_grad = false;
    static constexpr bool is_leaf = true;
    struct State {
        RandomStream stream;
    };

    RandomLeaf(const S& shape, bool active, Draw draw) : shape_(shape), active_(active), draw_(draw) {}

    const S& shape() const { return shape_; }
    /// What stands everywhere where nothing is random.
    double otherwise() const { return draw_.otherwise; }
    State forward(Arena<Device>&) const { return State{active_ ? default_generator().draw(shape_.size()) : RandomStream{}}; }
    auto loader(const State& state) const { return RandomLoader<T, Draw>(state.stream, 0, active_, draw_); }

private:
    XNN_NO_UNIQUE_ADDRESS S shape_;
    bool active_;
    XNN_NO_UNIQUE_ADDRESS Draw draw_;
};

}  // namespace xnn
