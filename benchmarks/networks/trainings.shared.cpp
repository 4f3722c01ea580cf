#include "trainings.hpp"

#include "models.hpp"

namespace networks {
namespace {

template <Method M>
auto new_optimizer(auto& model) {
    if constexpr (M == Method::sgd)
        return optim::SGD{model, {.lr = sgd_rate, .momentum = momentum}};
    else
        return optim::Adam{model, {.lr = adam_rate}};
}

template <class Task, Method M>
class TrainerOf : public Trainer {
public:
    TrainerOf() {
        fill(input_, Task::vocabulary);
        for (index_t i = 0; i < labels_.size(); ++i) labels_(i) = i * 7 % Task::classes;
    }

    float step(double rate) override {
        optimizer_.lr(0) = rate;
        optimizer_.zero_grad();
        const auto loss = nn::CrossEntropyLoss<>{}(scores(), labels_);
        loss.backward();
        optimizer_.step();
        return loss.item();
    }
    Training as_peers_see_it() override {
        return {Task::network, M, weights_of(model_.named_parameters()), batch(input_), {labels_.data(), static_cast<std::size_t>(Task::rows)}};
    }

private:
    static typename Task::Model new_model() {
        manual_seed(1);
        return {};
    }
    auto scores() const {
        if constexpr (Task::Scores::rank == 2)
            return model_(input_);
        else
            return xnn::flatten<0, 1>(model_(input_));
    }

    typename Task::Input input_;
    Tensor<std::int64_t, Shape<Task::rows>> labels_;
    typename Task::Model model_ = new_model();
    decltype(new_optimizer<M>(model_)) optimizer_ = new_optimizer<M>(model_);
};

/// The workspace, what stands beside each parameter (its gradient, and the optimiser's one or two averages), and the batch.
template <class Task, Method M>
constexpr double memory() {
    using Input = typename Task::Input;
    constexpr index_t workspace = workspace_bytes<typename Task::Model, typename Input::shape_type, typename Input::value_type>;
    constexpr index_t parameters = static_cast<index_t>(sizeof(float)) * parameter_count<typename Task::Model>;
    constexpr index_t batch = static_cast<index_t>(sizeof(typename Input::value_type)) * Input::shape_type::static_size +
                              static_cast<index_t>(sizeof(std::int64_t)) * Task::rows;
    return static_cast<double>(workspace + (M == Method::sgd ? 3 : 4) * parameters + batch);
}

template <class Task, Method M>
Exercise exercise(const char* name, double tolerance) {
    return {name, static_cast<double>(Task::samples), Task::step_flops, memory<Task, M>(), tolerance,
            []() -> std::unique_ptr<Trainer> { return std::make_unique<TrainerOf<Task, M>>(); }};
}

}  // namespace

std::vector<Exercise> exercises() {
    return {exercise<MlpTask, Method::sgd>("MLP, SGD", 1e-4),        exercise<MlpTask, Method::adam>("MLP, Adam", 1e-4),
            exercise<LeNetTask, Method::sgd>("LeNet, SGD", 1e-4),    exercise<LeNetTask, Method::adam>("LeNet, Adam", 1e-3),
            exercise<ResNetTask, Method::sgd>("ResNet-18, SGD", 1e-3), exercise<GptTask, Method::adam>("char-GPT, Adam", 1e-3),
            exercise<TaggerTask, Method::adam>("LSTM tagger, Adam", 1e-3)};
}

}  // namespace networks
