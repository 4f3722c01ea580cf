// Padding behind the ends of sequences.
// https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html
#pragma once

#include "xnn/cpu/rnn/rows.hpp"
#include "xnn/expr/apply.hpp"

namespace xnn {

/// x [steps, batch, …], or [batch, steps, …], and lengths [batch] → x with a value behind the end of each sequence.
template <bool BatchFirst>
struct PadSequenceRule {
    static constexpr std::string_view name = "pad_packed_sequence";
    double padding_value = 0;
    bool enforce_sorted = false;

    template <std::size_t R>
    static constexpr Dims<R> extents(const Dims<R>& x, const auto&) { return x; }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x, const auto& lengths) {
        if constexpr (R < 2)
            return false;
        else
            return fits(lengths, Dims<1>{x[BatchFirst ? 0 : 1]});
    }

    void check(auto x, auto lengths) const {
        const Dims<3> e = sizes(x);
        require_lengths(typename decltype(x)::device{}, name, lengths.data, e[1], e[0], enforce_sorted);
    }
    NothingSaved forward(auto&, auto y, auto x, auto lengths) const {
        const auto [steps, batch, width] = sizes(x);
        using T = typename decltype(y)::value_type;
        fill_padding(typename decltype(y)::device{}, x.data, lengths.data, y.data, steps, batch, width, BatchFirst,
                              static_cast<T>(static_cast<compute_t<T>>(padding_value)));
        return {};
    }
    template <class T>
    void backward(auto&, NothingSaved, const auto& targets, const T* gy, const T*, auto x, auto lengths) const {
        const auto [steps, batch, width] = sizes(x);
        if (const auto gx = get<0>(targets))
            fill_padding_backward(typename decltype(x)::device{}, gy, lengths.data, gx.data, steps, batch, width, BatchFirst, gx.accumulate);
    }

private:
    static Dims<3> sizes(auto x) {
        const auto extents = x.shape.extents();
        return {extents[BatchFirst ? 1 : 0], extents[BatchFirst ? 0 : 1], product_or_dyn(extents, 2, extents.size())};
    }
};

}  // namespace xnn
