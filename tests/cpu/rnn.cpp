#include "xnn/cpu/rnn.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "xnn/core/workspace.hpp"

using namespace xnn;
using kernels::RnnMode;

namespace {

/// Numbers in [-0.5, 0.5) that depend on nothing but the seed.
template <class T>
std::vector<T> numbers(index_t n, std::uint64_t seed) {
    std::vector<T> result;
    const RandomStream stream{seed, 0};
    for (index_t i = 0; i < n; ++i) result.push_back(static_cast<T>(stream.uniform(i) - 0.5F));
    return result;
}

/// A layer of one or two directions, its arguments and results.
template <RnnMode Mode, class T>
struct Layer {
    kernels::RnnExtents e;
    std::vector<std::int64_t> lengths;  // empty: none
    std::vector<T> x, h_0, c_0, output, h_n, c_n;
    std::vector<T> weights[2][4];

    static constexpr index_t gates = kernels::gates_of(Mode);

    Layer(const kernels::RnnExtents& extents, std::vector<std::int64_t> of_sequences) : e(extents), lengths(std::move(of_sequences)) {
        const index_t states = e.directions * e.batch * e.hidden;
        x = numbers<T>(e.steps * e.batch * e.input, 1);
        h_0 = numbers<T>(states, 2);
        c_0 = numbers<T>(states, 3);
        output.resize(static_cast<std::size_t>(e.steps * e.batch * e.output_width()));
        h_n.resize(h_0.size());
        c_n.resize(c_0.size());
        const index_t sizes[] = {gates * e.hidden * e.input, gates * e.hidden * e.hidden, gates * e.hidden, gates * e.hidden};
        for (std::uint64_t d = 0; d < 2; ++d)
            for (std::uint64_t k = 0; k < 4; ++k) {
                weights[d][k] = numbers<T>(sizes[k], 10 + 4 * d + k);
                for (T& weight : weights[d][k]) weight *= T(0.4);  // so that states forget, and differences are smooth
            }
    }
    index_t length(index_t b) const { return lengths.empty() ? e.steps : static_cast<index_t>(lengths[static_cast<std::size_t>(b)]); }

    struct Run {
        Workspace<Cpu> memory;
        kernels::SequenceRows order;
        kernels::RnnLayer<T> layer;
        kernels::RnnParameters<const T*> parameters[2];
    };
    void forward(Run& run) {
        kernels::reserve_rnn<Mode>(run.memory, e, false, run.order, &run.layer);
        kernels::order_rows(Cpu{}, run.order, lengths.empty() ? nullptr : lengths.data());
        for (int d = 0; d < 2; ++d) run.parameters[d] = {weights[d][0].data(), weights[d][1].data(), weights[d][2].data(), weights[d][3].data(), nullptr};
        kernels::rnn_forward<Mode, T>(Cpu{}, e, {}, run.order, &run.layer, {x.data(), h_0.data(), c_0.data(), run.parameters},
                                      {output.data(), h_n.data(), Mode == RnnMode::lstm ? c_n.data() : nullptr},
                                      run.memory.template allocate<T>(kernels::rnn_forward_scratch<Mode, T>(e)));
    }

    /// The plainest loops: one sequence, one step and one number after the other. Calls f(b, t, d, state) for each step and
    /// done(b, d, state, cell) for each sequence.
    template <class F, class G>
    void plain(F&& f, G&& done) const {
        const auto at = [](const std::vector<T>& v, index_t i) { return static_cast<double>(v[static_cast<std::size_t>(i)]); };
        const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
        const index_t n = e.hidden;
        for (index_t b = 0; b < e.batch; ++b)
            for (index_t d = 0; d < e.directions; ++d) {
                const auto& [w_ih, w_hh, b_ih, b_hh] = weights[d];
                std::vector<double> h, c;
                for (index_t j = 0; j < n; ++j) {
                    h.push_back(at(h_0, (d * e.batch + b) * n + j));
                    c.push_back(at(c_0, (d * e.batch + b) * n + j));
                }
                for (index_t i = 0; i < length(b); ++i) {
                    const index_t t = d == 0 ? i : length(b) - 1 - i;
                    const index_t row = e.batch_first ? b * e.steps + t : t * e.batch + b;
                    std::vector<double> from_x, from_h;
                    for (index_t g = 0; g < gates * n; ++g) {
                        double sum = at(b_ih, g), state = at(b_hh, g);
                        for (index_t k = 0; k < e.input; ++k) sum += at(w_ih, g * e.input + k) * at(x, row * e.input + k);
                        for (index_t k = 0; k < n; ++k) state += at(w_hh, g * n + k) * h[static_cast<std::size_t>(k)];
                        from_x.push_back(sum);
                        from_h.push_back(state);
                    }
                    for (index_t j = 0; j < n; ++j) {
                        const auto u = [&](index_t gate) { return static_cast<std::size_t>(gate * n + j); };
                        const auto both = [&](index_t gate) { return from_x[u(gate)] + from_h[u(gate)]; };
                        double& state = h[u(0)];
                        if (Mode == RnnMode::lstm) {
                            c[u(0)] = sigmoid(both(1)) * c[u(0)] + sigmoid(both(0)) * std::tanh(both(2));
                            state = sigmoid(both(3)) * std::tanh(c[u(0)]);
                        } else if (Mode == RnnMode::gru) {
                            const double z = sigmoid(both(1)), fresh = std::tanh(from_x[u(2)] + sigmoid(both(0)) * from_h[u(2)]);
                            state = (1 - z) * fresh + z * state;
                        } else {
                            state = Mode == RnnMode::tanh ? std::tanh(both(0)) : std::max(both(0), 0.0);
                        }
                    }
                    f(row, d, h);
                }
                done(b, d, h, c);
            }
    }

    void check_forward() {
        Run run;
        forward(run);
        std::vector<double> right(output.size(), 0.0);  // 0 in the padding
        double error = 0;
        const double tolerance = std::is_same_v<T, float> ? 2e-6 : 1e-14;
        plain([&](index_t row, index_t d, const std::vector<double>& h) { std::copy(h.begin(), h.end(), right.begin() + row * e.output_width() + d * e.hidden); },
              [&](index_t b, index_t d, const std::vector<double>& h, const std::vector<double>& c) {
                  for (std::size_t j = 0; j < h.size(); ++j) {
                      const std::size_t place = static_cast<std::size_t>((d * e.batch + b) * e.hidden) + j;
                      error = std::max(error, std::abs(static_cast<double>(h_n[place]) - h[j]));
                      if (Mode == RnnMode::lstm) error = std::max(error, std::abs(static_cast<double>(c_n[place]) - c[j]));
                  }
              });
        for (std::size_t i = 0; i < right.size(); ++i) error = std::max(error, std::abs(static_cast<double>(output[i]) - right[i]));
        REQUIRE(error < tolerance * static_cast<double>(e.steps));
    }

    /// The gradients along a random direction of all arguments at once, against a difference of results.
    void check_backward() {
        Run run;
        forward(run);
        const auto goutput = numbers<T>(static_cast<index_t>(output.size()), 30), gh = numbers<T>(static_cast<index_t>(h_n.size()), 31),
                   gc = numbers<T>(static_cast<index_t>(c_n.size()), 32);
        std::vector<std::vector<T>*> arguments{&x, &h_0};
        if (Mode == RnnMode::lstm) arguments.push_back(&c_0);
        for (index_t d = 0; d < e.directions; ++d)
            for (auto& weight : weights[d]) arguments.push_back(&weight);
        std::vector<std::vector<T>> gradients;
        for (const auto* argument : arguments) gradients.emplace_back(argument->size(), std::numeric_limits<T>::quiet_NaN());
        const std::size_t first = arguments.size() - static_cast<std::size_t>(4 * e.directions);
        kernels::RnnParameters<kernels::RnnGradient<T>> of_parameters[2];
        for (std::size_t d = 0; d < static_cast<std::size_t>(e.directions); ++d) {
            auto* g = &gradients[first + 4 * d];
            of_parameters[d] = {{g[0].data()}, {g[1].data()}, {g[2].data()}, {g[3].data()}, {}};
        }
        kernels::rnn_backward<Mode, T>(Cpu{}, e, {}, run.order, &run.layer, {x.data(), h_0.data(), c_0.data(), run.parameters},
                                       {goutput.data(), gh.data(), Mode == RnnMode::lstm ? gc.data() : nullptr},
                                       {{gradients[0].data()}, {gradients[1].data()}, {Mode == RnnMode::lstm ? gradients[2].data() : nullptr}, of_parameters},
                                       run.memory.template allocate<T>(kernels::rnn_backward_scratch<Mode, T>(e)));
        const auto value = [&] {
            Run again;
            forward(again);
            double sum = 0;
            for (std::size_t i = 0; i < output.size(); ++i) sum += static_cast<double>(output[i] * goutput[i]);
            for (std::size_t i = 0; i < h_n.size(); ++i) sum += static_cast<double>(h_n[i] * gh[i] + (Mode == RnnMode::lstm ? c_n[i] * gc[i] : 0));
            return sum;
        };
        for (std::size_t k = 0; k < arguments.size(); ++k) {
            const auto before = *arguments[k];
            const auto direction = numbers<T>(static_cast<index_t>(before.size()), 40 + k);
            const auto moved = [&](T by) {
                for (std::size_t i = 0; i < before.size(); ++i) (*arguments[k])[i] = before[i] + by * direction[i];
                return value();
            };
            const double expected = (moved(T(1e-5)) - moved(T(-1e-5))) / 2e-5;
            *arguments[k] = before;
            double got = 0;
            for (std::size_t i = 0; i < before.size(); ++i) got += static_cast<double>(gradients[k][i] * direction[i]);
            INFO("argument " << k << ": got " << got << ", expected " << expected);
            REQUIRE(std::abs(got - expected) < 1e-7 * (1 + std::abs(expected)));
        }
    }
};

/// Extents around the width of registers, and more sequences than one task takes.
template <RnnMode Mode>
void check_sizes() {
    const auto lengths = [](index_t batch, index_t steps) {
        std::vector<std::int64_t> result;
        for (index_t b = 0; b < batch; ++b) result.push_back(1 + (b * 5 + 3) % steps);
        return result;
    };
    for (const index_t hidden : {1, 8, 19, 33})
        for (const bool batch_first : {false, true}) {
            Layer<Mode, float>({5, 3, 7, hidden, hidden, 1, 2, batch_first, false}, {}).check_forward();
            Layer<Mode, double>({5, 3, 7, hidden, hidden, 1, 1, batch_first, false}, {}).check_forward();
            Layer<Mode, double>({6, 40, 9, hidden, hidden, 1, 2, batch_first, true}, lengths(40, 6)).check_forward();
        }
    Layer<Mode, double>({6, 40, 9, 19, 19, 1, 2, false, false}, {}).check_backward();
    Layer<Mode, double>({6, 40, 9, 33, 33, 1, 2, true, true}, lengths(40, 6)).check_backward();
    Layer<Mode, double>({40, 70, 33, 40, 40, 1, 1, false, true}, lengths(70, 40)).check_backward();  // work for several threads
}

}  // namespace

TEST_CASE("rnn: an RNN's states are those of plain loops", "[cpu]") {
    check_sizes<RnnMode::tanh>();
    for (const index_t hidden : {3, 17}) Layer<RnnMode::relu, float>({4, 20, 5, hidden, hidden, 1, 2, false, false}, {}).check_forward();
}
TEST_CASE("rnn: an LSTM's states are those of plain loops", "[cpu]") { check_sizes<RnnMode::lstm>(); }
TEST_CASE("rnn: a GRU's states are those of plain loops", "[cpu]") { check_sizes<RnnMode::gru>(); }

TEST_CASE("rnn: rows are ordered by step, the longest sequence first", "[cpu]") {
    index_t first[5], sequence[3], length[3];
    kernels::SequenceRows rows{4, 3, false, false, first, sequence, length};
    const std::int64_t lengths[] = {2, 4, 2};
    kernels::order_rows(Cpu{}, rows, lengths);
    REQUIRE(std::vector<index_t>(first, first + 5) == std::vector<index_t>{0, 3, 6, 7, 8});
    REQUIRE(std::vector<index_t>(sequence, sequence + 3) == std::vector<index_t>{1, 0, 2});
    const std::vector<float> padded{1, 2, 3, 4, 5, 6, -1, 7, -1, -1, 8, -1};
    std::vector<float> packed(8), again(12, 9.F);
    kernels::gather_rows(rows, 1, padded.data(), packed.data());
    REQUIRE(packed == std::vector<float>{2, 1, 3, 5, 4, 6, 7, 8});
    kernels::scatter_rows(rows, 1, packed.data(), again.data(), false);
    REQUIRE(again == std::vector<float>{1, 2, 3, 4, 5, 6, 0, 7, 0, 0, 8, 0});
    kernels::scatter_rows(rows, 1, packed.data(), again.data(), true);
    REQUIRE(again == std::vector<float>{2, 4, 6, 8, 10, 12, 0, 14, 0, 0, 16, 0});
}
