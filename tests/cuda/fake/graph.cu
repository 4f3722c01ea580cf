// Steps that are captured and replayed: what a capture refuses, what a replay costs, and what is new in each.
#include "steps.hpp"

#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

using namespace xnn;
using namespace fake;
using Catch::Contains;

namespace {

using Model = nn::Sequential<nn::Linear<12, 8>, nn::ReLU, nn::Dropout, nn::Linear<8, 4>>;

/// What the graph's first kernel was given in the last run.
struct LastValues {
    LastValues() {
        on_new_arguments() = [this](void** arguments) { values = *static_cast<const xnn::cuda::detail::StepValues*>(arguments[0]); };
    }
    ~LastValues() { on_new_arguments() = nullptr; }
    GeneratorState generator() const { return read<GeneratorState>(0); }
    /// Of the step's only optimiser.
    template <class Rule>
    Rule rule() const {
        return read<Rule>(sizeof(GeneratorState) / 8);
    }
    template <class V>
    V read(std::size_t word) const {
        alignas(V) std::byte bytes[sizeof(V)];
        std::memcpy(bytes, values.words + word, sizeof(V));
        return *reinterpret_cast<const V*>(bytes);
    }
    xnn::cuda::detail::StepValues values{};
};

template <class Rule>
void require_rule(const LastValues& last, const kernels::AdamOptions& o, int step) {
    const Rule expected(o, 1 - std::pow(o.beta1, step), 1 - std::pow(o.beta2, step), false);
    REQUIRE(last.rule<Rule>() == expected);
}

}  // namespace

TEST_CASE("numbers of the host are each replay's own", "[cuda]") {
    Model model;
    Tensor<float, Shape<4, 12>> x;
    Tensor<std::int64_t, Shape<4>> y;
    optim::Adam optimizer{model, {.lr = 0.1}};
    optim::lr_scheduler::StepLR scheduler(optimizer, 1, 0.5);
    manual_seed(7);
    const auto train = training_step(model, optimizer, x, y);
    const std::uint64_t drawn = [&] {
        train();
        return default_generator().get_state().offset;
    }();
    REQUIRE(drawn > 0);

    // The kernel of the optimiser reads its rule, and those that draw the generator's state, from where the first kernel writes.
    std::vector<const void*> rules, states;
    on_launch() = [&](const std::string& kernel, void** arguments) {
        if (kernel.find("UpdateParameters") != kernel.npos)
            rules.push_back(static_cast<const xnn::cuda::UpdateParameters<float, float, xnn::cuda::AdamRule<float>>*>(arguments[0])->next);
    };
    LastValues last;
    xnn::cuda::Graph step{[&] {
        states.push_back(default_generator().draw(0).begin);
        train();
    }, 1};  // the second step, and the third
    using Rule = xnn::cuda::AdamRule<float>;
    kernels::AdamOptions o{.lr = 0.1};
    on_launch() = nullptr;
    REQUIRE(rules == std::vector<const void*>{nullptr, last.values.to + sizeof(GeneratorState) / 8});
    REQUIRE(states == std::vector<const void*>{nullptr, last.values.to});
    require_rule<Rule>(last, o, 3);
    REQUIRE(last.generator() == GeneratorState{7, 2 * drawn});
    REQUIRE(default_generator().get_state() == GeneratorState{7, 3 * drawn});

    step();
    require_rule<Rule>(last, o, 4);
    REQUIRE(last.generator() == GeneratorState{7, 3 * drawn});

    scheduler.step();
    optimizer.zero_grad();  // as a step may end, too
    o.lr = 0.05;
    step();
    require_rule<Rule>(last, o, 5);

    train();  // not by the graph: they take turns
    manual_seed(9);
    step.replay();
    require_rule<Rule>(last, o, 7);
    REQUIRE(last.generator() == GeneratorState{9, 0});
    REQUIRE(default_generator().get_state() == GeneratorState{9, drawn});
    REQUIRE(optimizer.state_dict()[0].name == "state.0.step");
    REQUIRE(*static_cast<const std::int64_t*>(optimizer.state_dict()[0].data) == 7);
}

TEST_CASE("a step with sparse gradients is of the marked rows, and counts in each replay", "[cuda]") {
    nn::Embedding<12, 4, nn::sparse> table;
    const Tensor<std::int64_t, Shape<5>> indices;
    optim::SparseAdam optimizer{table, {.lr = 0.1}};
    using Rule = xnn::cuda::AdamRule<float>;
    std::vector<const std::uint8_t*> marks;
    on_launch() = [&](const std::string& kernel, void** arguments) {
        if (kernel.find("UpdateParameters") != kernel.npos)
            marks.push_back(static_cast<const xnn::cuda::UpdateParameters<float, float, Rule>*>(arguments[0])->rows.marks);
    };
    LastValues last;
    xnn::cuda::Graph step{[&] {
        optimizer.zero_grad();
        sum(table(indices)).backward();
        optimizer.step();
    }, 1};
    on_launch() = nullptr;
    const std::uint8_t* const memory = table.weight.storage()->gradient_rows()->marks();
    REQUIRE(memory != nullptr);
    REQUIRE(marks == std::vector<const std::uint8_t*>(2, memory));
    for (const int count : {2, 3}) {
        const double correction2 = 1 - std::pow(0.999, count);
        require_rule<Rule>(last, {.lr = 0.1, .eps = 1e-8 / std::sqrt(correction2)}, count);
        optimizer.zero_grad();  // the host knows of no gradient then
        step();
    }
}

TEST_CASE("a step that needs the host is refused, and what comes after it runs", "[cuda]") {
    Model model;
    Tensor<float, Shape<4, 12>> x;
    const Tensor<float, Shape<4, 12>, Cpu> other;
    std::optional<Tensor<float, Shape<4, 4>>> kept;
    Tensor<float, Shape<4, 4>> scores;
    const auto refuse = [&](const char* reason, const auto& step) {
        REQUIRE_THROWS_WITH(xnn::cuda::Graph(step), Contains("cuda::Graph: expected a step that runs without the host, got one that") && Contains(reason));
        REQUIRE(default_generator().draw(1).begin == nullptr);
        REQUIRE_NOTHROW(scores = model(x));
        REQUIRE_NOTHROW(xnn::cuda::synchronize());
    };
    refuse("waits for a number", [&] { sum(model(x)).item(); });
    refuse("allocates memory", [&] { kept.emplace(model(x)); });
    refuse("copies from the host", [&] { x.copy_(other); });
    refuse("waits for the device", [&] { xnn::cuda::synchronize(); });
}

TEST_CASE("what a capture refuses, the fake refuses", "[cuda]") {
    const cudaStream_t stream = xnn::cuda::current_stream();
    void* p = nullptr;
    cudaGraph_t graph = nullptr;
    const auto refused = [&](auto&& call) {
        REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
        const cudaError_t status = call();
        REQUIRE(cudaStreamEndCapture(stream, &graph) != cudaSuccess);
        REQUIRE(graph == nullptr);
        cudaGetLastError();
        return status != cudaSuccess;
    };
    REQUIRE(refused([&] { return cudaStreamSynchronize(stream); }));
    REQUIRE(refused([&] { return cudaMalloc(&p, 16); }));
    REQUIRE(refused([&] { return cudaMemsetAsync(xnn::detail::Buffer<Cuda>(16).data(), 0, 16, nullptr); }));
    REQUIRE(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeThreadLocal) != cudaSuccess);
    cudaGetLastError();
}
