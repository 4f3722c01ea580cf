// Training steps and answers of the suites' networks on a GPU. Prints a line of JSON for each: microseconds, the median of rounds.
//   steps [NETWORK…]   mlp, lenet, resnet18, gpt, tagger; default: all
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <vector>

#define XNN_DEFAULT_DEVICE Cuda  // the networks of the suites are those of the default device
#include <xnn/cuda.hpp>

#include "../networks/models.hpp"

namespace {

using namespace networks;

template <class Work>
double microseconds(int steps, Work&& work) {
    constexpr int rounds = 7;
    std::vector<double> times;
    for (int i = 0; i < 20; ++i) work();
    for (int round = 0; round < rounds; ++round) {
        xnn::cuda::synchronize();
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < steps; ++i) work();
        xnn::cuda::synchronize();
        times.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count() / steps);
    }
    std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
    return times[rounds / 2];
}

/// The scores of a batch, a row for each label.
template <class Task, class X>
auto scores_of(const typename Task::Model& model, const X& input) {
    if constexpr (Task::Scores::rank == 2)
        return model(input);
    else
        return xnn::flatten<0, 1>(model(input));
}

/// Numbers in [0, 1), or tokens.
template <class Task>
typename Task::Input input_of_task() {
    typename Task::Input input;
    if constexpr (Task::vocabulary > 0)
        input = randint<typename Task::Input::shape_type>(0, Task::vocabulary);
    else
        input = rand<typename Task::Input::shape_type>();
    return input;
}

template <class Task>
void run(const char* name) {
    manual_seed(1);
    typename Task::Model model;
    const auto input = input_of_task<Task>();
    Tensor<std::int64_t, Shape<Task::rows>, Cpu> labels_on_host;
    for (index_t i = 0; i < Task::rows; ++i) labels_on_host.data()[i] = i * 7 % Task::classes;
    const auto labels = to<Cuda>(labels_on_host);
    optim::Adam optimizer{model, {.lr = 1e-3}};
    float first = 0, last = 0;
    const auto step = [&](float* loss_of_step) {
        optimizer.zero_grad();
        const auto loss = nn::CrossEntropyLoss<>{}(scores_of<Task>(model, input), labels);
        loss.backward();
        optimizer.step();
        if (loss_of_step) *loss_of_step = loss.item();
    };
    step(&first);
    const double training = microseconds(50, [&] { step(nullptr); });
    step(&last);
    model.eval();
    const double answer = microseconds(50, [&] { const Tensor<float, typename Task::Scores> scores = model(inference(input)); });
    std::printf("{\"network\": \"%s\", \"train_us\": %.1f, \"answer_us\": %.1f, \"first_loss\": %.5f, \"last_loss\": %.5f, \"peak_mib\": %.1f}\n", name, training, answer,
                static_cast<double>(first), static_cast<double>(last), static_cast<double>(xnn::cuda::max_memory_allocated()) / (1 << 20));
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    const auto wanted = [&](std::string_view name) { return argc == 1 || std::find(argv + 1, argv + argc, name) != argv + argc; };
    if (wanted("mlp")) run<MlpTask>("mlp");
    if (wanted("lenet")) run<LeNetTask>("lenet");
    if (wanted("resnet18")) run<ResNetTask>("resnet18");
    if (wanted("gpt")) run<GptTask>("gpt");
    if (wanted("tagger")) run<TaggerTask>("tagger");
}
