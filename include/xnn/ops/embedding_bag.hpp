// Rows of a table picked by index and joined bag by bag.
// https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html
#pragma once

#include "xnn/cpu/embedding_bag.hpp"
#include "xnn/ops/embedding.hpp"

namespace xnn {

/// Indices and what says which bag they are in.
struct BagsOfIndices {};

/// indices [bags, length], table [entries, width] → [bags, width], or indices [positions], table, offsets [bags] (and one more,
/// which is the number of positions, if IncludeLastOffset). Weights like the indices may follow where the mode is sum.
template <Floating T, EmbeddingBagMode Mode, bool IncludeLastOffset>
struct EmbeddingBagRule : RenormedEmbeddingRule<T> {
    static constexpr std::string_view name = "embedding_bag";
    using expects = Expects<BagsOfIndices>;
    static constexpr bool is_max = Mode == EmbeddingBagMode::max;
    static constexpr bool is_mean = Mode == EmbeddingBagMode::mean;

    template <class...>
    using value_type = T;

    static constexpr Dims<2> extents(const Dims<2>& indices, const Dims<2>& table, const auto&...) { return {indices[0], table[1]}; }
    static constexpr Dims<2> extents(const Dims<1>&, const Dims<2>& table, const Dims<1>& offsets, const auto&...) {
        return {map_extent(offsets[0], [](index_t extent) { return extent - IncludeLastOffset; }), table[1]};
    }

    static constexpr bool accepts(const auto&...) { return false; }
    template <std::same_as<Dims<2>>... Weights>
    static constexpr bool accepts(const Dims<2>& indices, const Dims<2>&, const Weights&... weights) {
        return !IncludeLastOffset && takes(indices, weights...);
    }
    template <std::same_as<Dims<1>>... Weights>
    static constexpr bool accepts(const Dims<1>& indices, const Dims<2>&, const Dims<1>& offsets, const Weights&... weights) {
        return (offsets[0] == dyn || offsets[0] >= IncludeLastOffset) && takes(indices, weights...);
    }

    template <class>
    static constexpr index_t saved_bytes(const auto&... x) {
        return is_max ? product(extents(x...)) * static_cast<index_t>(sizeof(index_t)) : 0;
    }
    template <class>
    static constexpr index_t backward_bytes(const auto& indices, const Dims<2>& table, const auto&...) {
        if (is_max) return 0;
        const index_t count = product(indices);
        return (kernels::EmbeddingExtents{count, table[0], table[1]}.scratch() + count) * static_cast<index_t>(sizeof(index_t)) +
               static_cast<index_t>(aligned_size(static_cast<std::size_t>(count) * sizeof(compute_t<T>)));
    }

    void check(auto indices, auto table, auto... rest) const {
        EmbeddingRule::check(indices, table);
        if constexpr (decltype(indices.shape)::rank == 1) require_offsets(indices.size(), rest...);
    }

    /// The rows that the largest come from, if that is the mode.
    const index_t* forward(auto& arena, auto y, auto indices, auto table, auto... rest) const {
        constexpr typename decltype(y)::device device;
        this->renorm(indices, table);
        const auto bags = bags_of(y.extent(0), indices, rest...);
        const auto sizes = EmbeddingRule::sizes(indices, table);
        if constexpr (is_max) {
            index_t* const winners = is_grad_enabled() ? arena.template allocate<index_t>(y.size()) : nullptr;
            embedding_bag_max_forward(device, table.data, indices.data, bags, y.data, winners, sizes, this->padding_idx);
            return winners;
        } else {
            embedding_bag_forward(device, table.data, indices.data, bags, weights_of(rest...), y.data, sizes,
                                           this->padding_idx, is_mean);
            return nullptr;
        }
    }

    template <class... Targets>
    void backward(auto& arena, const index_t* winners, const Tuple<Targets...>& targets, const T* gy, const T*, auto indices, auto table,
                  auto... rest) const {
        constexpr typename decltype(table)::device device;
        const auto gtable = get<1>(targets);
        const auto sizes = EmbeddingRule::sizes(indices, table);
        const auto bags = bags_of(extents(indices.shape.extents(), table.shape.extents(), rest.shape.extents()...)[0], indices, rest...);
        if constexpr (is_max) {
            if (gtable) embedding_bag_max_backward(device, gy, winners, gtable.data, gtable.accumulate, bags.count, sizes);
        } else {
            const kernels::RowShares<compute_t<T>> shares{arena.template allocate<index_t>(sizes.count),
                                                          arena.template allocate<compute_t<T>>(sizes.count)};
            share_bags(device, indices.data, bags, weights_of(rest...), shares, this->padding_idx, is_mean);
            const auto gweights = get<sizeof...(Targets) - 1>(targets);
            if constexpr (sizeof...(Targets) > 2 && are_weights<decltype(gweights)>)
                if (gweights)
                    embedding_bag_backward_weights(device, gy, table.data, indices.data, shares.row, gweights.data, gweights.accumulate,
                                                            sizes, this->padding_idx);
            this->backward_table(arena, gtable, gy, indices, table, shares);
        }
    }

private:
    template <class... Weights>
    static constexpr bool takes(const auto& indices, const Weights&... weights) {
        return sizeof...(Weights) <= (Mode == EmbeddingBagMode::sum ? 1 : 0) && (fits(weights, indices) && ...);
    }
    template <class View>
    static constexpr bool are_weights = std::same_as<std::remove_const_t<typename View::value_type>, T>;

    // Behind the table stand offsets, weights, both or nothing.
    static const T* weights_of() { return nullptr; }
    static const T* weights_of(auto, auto weights) { return weights.data; }
    static const T* weights_of(auto only) {
        if constexpr (are_weights<decltype(only)>)
            return only.data;
        else
            return nullptr;
    }
    static auto bags_of(index_t count, auto indices, auto... rest) {
        if constexpr (decltype(indices.shape)::rank == 1)
            return [&](auto offsets, auto...) {
                return kernels::Bags<typename decltype(offsets)::value_type>{offsets.data, count, indices.size(), 0};
            }(rest...);
        else
            return kernels::Bags<index_t>{nullptr, count, indices.size(), indices.extent(1)};
    }

    static void require_offsets(index_t positions, auto offsets, auto...) {
        const index_t bad = check_offsets(typename decltype(offsets)::device{}, offsets.data, offsets.size(), positions, IncludeLastOffset);
        if (bad >= 0)
            fail(name, "offsets that begin with 0 and never fall, up to the number of indices, " + std::to_string(positions),
                 std::to_string(offsets.data[bad]) + " at position " + std::to_string(bad));
    }
};

}  // namespace xnn
