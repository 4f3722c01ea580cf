// Scaled dot product attention: the scores of a block of queries with all keys by batched products, softmax by a team for each
// query, then the product with the values. A block has as many queries, of as many batch entries, as bounded memory holds. Launches
// of a block: 3 forward and 6 back where the heads of all batch entries are equally far apart; else one more, which writes down
// where they are.
#pragma once

#include "xnn/cuda/attention_products.hpp"
#include "xnn/cuda/attention_rows.hpp"

namespace xnn::kernels {

namespace attention_rows {

/// The most scores that are there at once, but for a single query of all heads.
inline constexpr index_t most_scores = index_t{1} << 25;

/// How attention is divided.
struct Division {
    index_t entries, rows;  // of a block: of the batch, and queries of each head

    template <class T>
    static Division of(const AttentionExtents& e, const AttentionOptions<T>& options, bool whole_batch) {
        const index_t of_row = std::max<index_t>(1, e.heads * e.keys);
        // Where later queries see more keys, blocks of fewer queries leave more of the keys out.
        const index_t rows = std::min<index_t>(e.queries, options.causal ? 512 : 4096);
        const index_t entries = whole_batch ? e.batch : std::clamp<index_t>(most_scores / (of_row * rows), 1, std::max<index_t>(1, e.batch));
        return {entries, std::clamp<index_t>(most_scores / (of_row * std::max<index_t>(1, entries)), 1, std::max<index_t>(1, rows))};
    }
    index_t most(const AttentionExtents& e) const { return entries * e.heads * rows * e.keys; }
};

/// Calls f(entries, block) for all blocks, those of the last queries first.
template <class T, class F>
void for_blocks(const AttentionExtents& e, const AttentionOptions<T>& options, const Division& division, const F& f) {
    for (index_t batch = 0; batch < e.batch; batch += division.entries)
        for (index_t end = e.queries; end > 0; end -= std::min(end, division.rows)) {
            const index_t row = std::max<index_t>(0, end - division.rows);
            const index_t keys = options.causal ? std::clamp<index_t>(end + options.past, 0, e.keys) : e.keys;
            f(std::min(division.entries, e.batch - batch), Block{batch, row, end - row, keys});
        }
}

/// A second array beside one of C, if that cannot be one of T.
template <class T, class C, class D>
T* beside(Arena<D>& arena, C* numbers, index_t n) {
    if constexpr (std::same_as<T, C>)
        return numbers;
    else
        return arena.template allocate<T>(n);
}

/// What the scores of a block say of the gradient of a mask.
template <class T>
AddToMask<T> add_to_mask(const AttentionExtents& e, const AttentionMask<T>& mask, const Block& block, const compute_t<T>* gmasked) {
    AddToMask<T> f{gmasked, mask.gradient + block.row * mask.row_step};
    constexpr std::size_t head = AttentionMask<T>::most_dims;
    Dims<head + 3> extents{};
    index_t rest = e.batch;
    for (std::size_t d = head; d-- > 1; rest /= extents[d]) {
        extents[d] = std::max<index_t>(1, mask.batch_extents[d]);
        f.steps[d] = mask.batch_steps[d];
    }
    extents[0] = rest;
    f.steps[0] = mask.batch_steps[0];
    extents[head] = e.heads, f.steps[head] = mask.head_step;
    extents[head + 1] = block.rows, f.steps[head + 1] = mask.row_step;
    extents[head + 2] = block.keys, f.steps[head + 2] = mask.column_step;
    for (std::size_t d = 0; d < extents.size(); ++d) {
        f.kept[d] = f.steps[d] != 0 ? extents[d] : 1;
        f.repeated[d] = f.steps[d] != 0 ? 1 : extents[d];
    }
    return f;
}

}  // namespace attention_rows

/// As attention_forward of the Cpu.
template <Floating T, cuda::Device D>
void attention_forward(D device, const AttentionExtents& e, const std::type_identity_t<AttentionOptions<T>>& options, HeadMatrices<const T> q,
                       HeadMatrices<const T> k, HeadMatrices<const T> v, HeadMatrices<T> y, compute_t<T>* normalizers) {
    using namespace attention_rows;
    using C = compute_t<T>;
    if (e.rows() == 0) return;
    const auto lease = Lease<D>::take();
    const auto division = Division::of(e, options, false);
    C* const scores = lease.arena().template allocate<C>(division.most(e));
    T* const weights = beside<T>(lease.arena(), scores, division.most(e));
    const index_t group = e.heads / e.kv_heads;
    for_blocks(e, options, division, [&](index_t entries, const Block& b) {
        const WorkspaceScope scope(static_cast<Workspace<D>&>(lease.arena()));
        auto queries = part(q, b.batch, b.row), keys = part(k, b.batch, 0, group), values = part(v, b.batch, 0, group);
        auto weighed = scores_at<const T>(weights, e, b);
        auto scored = scores_at<C>(scores, e, b);
        auto result = part(y, b.batch, b.row);
        point_at_heads(device, lease.arena(), entries, e.heads, queries, keys, values, weighed, scored, result);
        multiply_heads(device, entries, e.heads, Transpose::no, Transpose::yes, b.rows, b.keys, e.width, queries, keys, scored);
        cuda::launch_teams(device, entries * e.heads * b.rows, b.keys, Weigh<T>{e, options, b, scores, weights, normalizers});
        multiply_heads(device, entries, e.heads, Transpose::no, Transpose::no, b.rows, e.value_width, b.keys, weighed, values, result);
    });
}

/// As attention_backward of the Cpu.
template <Floating T, cuda::Device D>
void attention_backward(D device, const AttentionExtents& e, const std::type_identity_t<AttentionOptions<T>>& options, HeadMatrices<const T> q,
                        HeadMatrices<const T> k, HeadMatrices<const T> v, HeadMatrices<const T> y, HeadMatrices<const T> gy,
                        const compute_t<T>* normalizers, const AttentionGradients<T>& gradients) {
    using namespace attention_rows;
    using C = compute_t<T>;
    const auto lease = Lease<D>::take();
    const bool to_mask = options.masks[0].gradient != nullptr || options.masks[1].gradient != nullptr;
    const auto division = Division::of(e, options, to_mask);
    const index_t most = division.most(e);
    C* const scores = lease.arena().template allocate<C>(most);
    C* const gweights = lease.arena().template allocate<C>(most);
    T* const weights = beside<T>(lease.arena(), scores, most);
    T* const gscores = beside<T>(lease.arena(), gweights, most);
    C* const gmasked = to_mask ? lease.arena().template allocate<C>(most) : nullptr;
    const index_t group = e.heads / e.kv_heads;
    for_blocks(e, options, division, [&](index_t entries, Block b) {
        const bool first = b.row + b.rows == e.queries;
        if (first) b.keys = e.keys;  // so that the gradients of all keys are written
        const WorkspaceScope scope(static_cast<Workspace<D>&>(lease.arena()));
        auto queries = part(q, b.batch, b.row), keys = part(k, b.batch, 0, group), values = part(v, b.batch, 0, group), gresult = part(gy, b.batch, b.row);
        auto scored = scores_at<C>(scores, e, b), gweighed = scores_at<C>(gweights, e, b);
        auto p = scores_at<const T>(weights, e, b), gs = scores_at<const T>(gscores, e, b);
        auto gq = part(gradients.q, b.batch, b.row), gk = part(gradients.k, b.batch, 0, group), gv = part(gradients.v, b.batch, 0, group);
        point_at_heads(device, lease.arena(), entries, e.heads, queries, keys, values, gresult, scored, gweighed, p, gs, gq, gk, gv);
        multiply_heads(device, entries, e.heads, Transpose::no, Transpose::yes, b.rows, b.keys, e.width, queries, keys, scored);
        multiply_heads(device, entries, e.heads, Transpose::no, Transpose::yes, b.rows, b.keys, e.value_width, gresult, values, gweighed);
        cuda::launch_teams(device, entries * e.heads * b.rows, b.keys,
                           Differentiate<T>{e, options, b, scores, gweights, weights, gscores, gmasked, normalizers, y, gy});
        for (const auto& mask : options.masks)
            if (mask.gradient) {
                const auto f = add_to_mask(e, mask, b, gmasked);
                cuda::launch(device, f.count(), f);
            }
        if (gradients.v.data)
            multiply_heads(device, entries, e.heads, Transpose::yes, Transpose::no, b.keys, e.value_width, b.rows, p, gresult, gv, gradients.add_v || !first);
        if (gradients.q.data)
            multiply_heads(device, entries, e.heads, Transpose::no, Transpose::no, b.rows, e.width, b.keys, gs, keys, gq, gradients.add_q);
        if (gradients.k.data)
            multiply_heads(device, entries, e.heads, Transpose::yes, Transpose::no, b.keys, e.width, b.rows, gs, queries, gk, gradients.add_k || !first);
    });
}

}  // namespace xnn::kernels
