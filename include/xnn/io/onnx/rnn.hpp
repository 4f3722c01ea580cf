// Recurrent networks: an operator for each layer, whose gates ONNX has in another order.
#pragma once

#include "xnn/io/onnx/shape.hpp"
#include "xnn/ops/rnn.hpp"

namespace xnn::onnx {

namespace detail {

/// Parts of an array's first dimension in another order.
inline std::string reordered(Tracer& t, const std::string& x, const std::vector<std::size_t>& order) {
    if (order.size() == 1) return x;
    const auto parts = t.ops("Split", {x}, order.size(), {{"axis", index_t{0}}});
    std::vector<std::string> chosen;
    for (const std::size_t i : order) chosen.push_back(parts[i]);
    return t.op("Concat", std::move(chosen), {{"axis", index_t{0}}});
}
/// Arrays as the elements of one with a dimension more.
inline std::string stacked(Tracer& t, std::vector<std::string> parts) {
    for (auto& part : parts) part = t.unsqueeze(part, {0});
    return parts.size() == 1 ? parts.front() : t.op("Concat", std::move(parts), {{"axis", index_t{0}}});
}

/// Where ONNX's gates stand among PyTorch's: input, output, forget, cell among input, forget, cell, output; update, reset,
/// new among reset, update, new.
inline std::vector<std::size_t> gate_order(RnnMode mode) {
    if (mode == RnnMode::lstm) return {0, 3, 1, 2};
    if (mode == RnnMode::gru) return {1, 0, 2};
    return {0};
}

}  // namespace detail

template <RnnSpec Spec>
    requires(Spec.proj_size == 0)
std::string emit(Tracer& t, const RnnRule<Spec>&, const Call& c) {
    constexpr bool lstm = Spec.mode == RnnMode::lstm, gru = Spec.mode == RnnMode::gru;
    constexpr auto directions = static_cast<std::size_t>(Spec.directions()), per_direction = Spec.parameters_of_direction();
    constexpr std::size_t first_state = Spec.has_lengths ? 2 : 1;
    std::size_t next = first_state + (Spec.has_state ? lstm ? 2 : 1 : 0);
    const bool has_batch = Spec.single_step ? c[0].rank() == 2 : c[0].rank() == 3;

    std::string x = c[0].name;  // [steps, batch, input]
    if (!has_batch) x = t.unsqueeze(x, {static_cast<index_t>(c[0].rank()) - 1});
    if (Spec.single_step) x = t.unsqueeze(x, {0});
    if (Spec.batch_first && has_batch && !Spec.single_step) x = t.transpose(x, {1, 0, 2});
    const auto lengths = Spec.has_lengths ? t.cast(c[1].name, Dtype::I32) : std::string();
    const auto state = [&](std::size_t which, std::size_t layer) -> std::string {  // [directions, batch, width]
        if (!Spec.has_state) return {};
        auto h = c[first_state + which].name;
        if (!has_batch) h = t.unsqueeze(h, {static_cast<index_t>(c[first_state + which].rank()) - 1});
        if (Spec.single_step) return t.unsqueeze(h, {0});
        const auto first = static_cast<index_t>(layer * directions);
        return Spec.num_layers == 1 ? h : t.slice(h, 0, first, first + Spec.directions());
    };

    std::vector<std::string> h_n, c_n;
    for (std::size_t layer = 0; layer < static_cast<std::size_t>(Spec.num_layers); ++layer) {
        std::vector<std::string> weights, recurrent, biases;
        for (std::size_t d = 0; d < directions; ++d, next += per_direction) {
            const auto order = detail::gate_order(Spec.mode);
            weights.push_back(detail::reordered(t, c[next].name, order));
            recurrent.push_back(detail::reordered(t, c[next + 1].name, order));
            if (Spec.bias)
                biases.push_back(t.op("Concat", {detail::reordered(t, c[next + 2].name, order), detail::reordered(t, c[next + 3].name, order)},
                                      {{"axis", index_t{0}}}));
        }
        std::vector<Attribute> attributes{{"hidden_size", Spec.hidden_size}, {"direction", std::string(Spec.bidirectional ? "bidirectional" : "forward")}};
        if (gru) attributes.push_back({"linear_before_reset", index_t{1}});
        if (Spec.mode == RnnMode::relu) attributes.push_back({"activations", std::vector<std::string>(directions, "Relu")});
        std::vector<std::string> inputs{x, detail::stacked(t, std::move(weights)), detail::stacked(t, std::move(recurrent)),
                                        Spec.bias ? detail::stacked(t, std::move(biases)) : "", lengths, state(0, layer)};
        if (lstm) inputs.push_back(state(1, layer));
        const auto results = t.ops(lstm ? "LSTM" : gru ? "GRU" : "RNN", std::move(inputs), lstm ? 3 : 2, std::move(attributes));
        h_n.push_back(results[1]);
        if (lstm) c_n.push_back(results[2]);
        x = directions == 1 ? t.squeeze(results[0], {1}) : t.reshape(t.transpose(results[0], {0, 2, 1, 3}), {0, 0, -1});
    }

    const auto joined = [&](std::vector<std::string> states) {
        auto all = states.size() == 1 ? states.front() : t.op("Concat", std::move(states), {{"axis", index_t{0}}});
        if (Spec.single_step) all = t.squeeze(all, {0});
        return has_batch ? all : t.squeeze(all, {Spec.single_step ? 0 : 1});
    };
    std::vector<std::string> parts;
    if (!Spec.single_step) {
        if (!has_batch) x = t.squeeze(x, {1});
        if (Spec.batch_first && has_batch) x = t.transpose(x, {1, 0, 2});
        parts.push_back(x);
    }
    parts.push_back(joined(std::move(h_n)));
    if (lstm) parts.push_back(joined(std::move(c_n)));
    const std::string whole = parts.front();
    t.set_parts(whole, std::move(parts));
    return whole;
}

}  // namespace xnn::onnx
