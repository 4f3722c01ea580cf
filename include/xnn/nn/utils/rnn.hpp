// Sequences of different lengths. https://pytorch.org/docs/stable/nn.html#utilities
//
// A PackedSequence is a padded array and the lengths of its sequences. A recurrent layer computes nothing for padding, and
// its results are PyTorch's for packed sequences; that the array stays padded in memory spares two copies.
#pragma once

#include <vector>

#include "xnn/expr/view.hpp"
#include "xnn/nn/module.hpp"
#include "xnn/ops/pad_sequence.hpp"

namespace xnn::nn::utils::rnn {

/// Sequences [steps, batch, …], or [batch, steps, …] if BatchFirst, of these lengths [batch].
/// https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html
template <class X, class L, bool BatchFirst>
struct PackedSequence {
    X data;
    L lengths;
    bool enforce_sorted;
};

/// Marks a padded array as sequences of these lengths, for a recurrent layer: `lstm(pack_padded_sequence(x, lengths))`. The
/// lengths are integers in [1, steps] and, with enforce_sorted, fall; otherwise the layer throws Error.
/// https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html
template <bool BatchFirst = false, Array X, Array L>
    requires(std::integral<value_t<operand_t<L>>>)
constexpr auto pack_padded_sequence(X&& input, L&& lengths, bool enforce_sorted = true) {
    return PackedSequence<operand_t<X>, operand_t<L>, BatchFirst>{operand(std::forward<X>(input)), operand(std::forward<L>(lengths)), enforce_sorted};
}

/// A padded array and the lengths of its sequences.
template <class X, class L>
struct PaddedSequence {
    X sequence;
    L lengths;
};

/// The padded array of packed sequences, with `padding_value` behind the end of each, and their lengths:
/// `auto [output, lengths] = pad_packed_sequence(packed)`. Its extents are those that were packed: what PyTorch calls
/// total_length is known to the type.
/// https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html
template <bool BatchFirst = false, class X, class L>
constexpr auto pad_packed_sequence(const PackedSequence<X, L, BatchFirst>& packed, double padding_value = 0) {
    auto sequence = xnn::apply(PadSequenceRule<BatchFirst>{padding_value, packed.enforce_sorted}, packed.data, packed.lengths);
    return PaddedSequence<decltype(sequence), L>{std::move(sequence), packed.lengths};
}

/// Sequences [length, …] of different lengths in one array [longest, batch, …], or [batch, longest, …] if BatchFirst, with
/// `padding_value` behind the end of each. Throws Error where there is none, or their other extents differ.
/// https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html
template <bool BatchFirst = false, Element T, index_t... D, class Device>
Tensor<T, Shape<dyn, dyn, D...>, Device> pad_sequence(const std::vector<Tensor<T, Shape<dyn, D...>, Device>>& sequences,
                                                      std::type_identity_t<T> padding_value = T(0)) {
    if (sequences.empty()) fail("pad_sequence", "at least one sequence", "none");
    index_t longest = 0;
    Dims<sizeof...(D) + 1> inner = sequences[0].shape().extents();
    for (const auto& sequence : sequences) {
        auto extents = sequence.shape().extents();
        longest = std::max(longest, extents[0]);
        extents[0] = inner[0];
        if (extents != inner) fail("pad_sequence", "sequences that differ in length alone", to_text(sequence.shape().extents()));
    }
    const auto batch = static_cast<index_t>(sequences.size());
    const index_t width = product_or_dyn(inner, 1, inner.size());
    Dims<sizeof...(D) + 2> extents{BatchFirst ? batch : longest, BatchFirst ? longest : batch};
    std::copy(inner.begin() + 1, inner.end(), extents.begin() + 2);
    Tensor<T, Shape<dyn, dyn, D...>, Device> result{Shape<dyn, dyn, D...>(extents)};
    result.fill(padding_value);
    for (index_t b = 0; b < batch; ++b) {
        const auto& sequence = sequences[static_cast<std::size_t>(b)];
        const Dims<2> rows{sequence.extent(0), width}, strides{BatchFirst ? width : batch * width, 1};
        const ScatterSink<T, 2, 1, RowKind::contiguous> sink{result.data() + b * (BatchFirst ? longest : 1) * width, rows, strides, false};
        scatter(Device{}, sink, Ptr<T>(sequence.data()), rows);
    }
    return result;
}

}  // namespace xnn::nn::utils::rnn
