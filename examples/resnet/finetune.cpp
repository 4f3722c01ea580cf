#include "finetune.hpp"

#include <cstdio>
#include <xnn/io/safetensors.hpp>
#include <xnn/tools/progress.hpp>

#include "images.hpp"

namespace resnet {

namespace {

/// All that the network has learned but its last layer, which has another shape here.
Finetuned continued_from(Pretrained& pretrained) {
    xnn::StateDict body = pretrained.state_dict();
    std::erase_if(body, [](const auto& entry) { return entry.name.starts_with("fc."); });
    Finetuned model;
    model.load_state_dict(body, false);
    return model;
}

/// The share of right answers, out of training.
double accuracy_of(Finetuned& model, const Digits& digits, xnn::index_t batch) {
    const xnn::NoGradGuard no_grad;
    model.eval();
    xnn::index_t right = 0;
    for (auto [images, labels] : xnn::data::DataLoader<Digits>(digits, {.batch_size = batch})) {
        const xnn::Tensor<std::int64_t, Labels> answers = xnn::argmax<1>(model(images));
        for (xnn::index_t i = 0; i < answers.size(); ++i) right += answers(i) == labels(i);
    }
    model.train();
    return static_cast<double>(right) / static_cast<double>(digits.size());
}

}  // namespace

double finetune(const Options& options, Pretrained& pretrained) {
    xnn::manual_seed(options.seed);
    const auto load = [&](bool train, xnn::index_t count) {
        return first_digits(xnn::data::Mnist(options.data / "mnist", {.train = train, .normalize = xnn::data::mnist_normalization}), count);
    };
    const Digits training_set = load(true, options.images), test_set = load(false, options.tests);
    Finetuned model = continued_from(pretrained);
    std::printf("fine-tuning on %td images of all ten digits, %td test images, %d threads; test accuracy before: %.2f %%\n", training_set.size(),
                test_set.size(), xnn::get_num_threads(), 100 * accuracy_of(model, test_set, options.batch));

    xnn::data::DataLoader<Digits> loader(training_set, {.batch_size = options.batch, .shuffle = true});
    xnn::optim::Adam optimizer{model, {.lr = options.lr}};
    xnn::optim::lr_scheduler::CosineAnnealingLR schedule(optimizer, options.epochs * loader.size());
    const nn::CrossEntropyLoss<> criterion;
    double accuracy = 0;
    for (xnn::index_t epoch = 1; epoch <= options.epochs; ++epoch) {
        xnn::tools::Progress progress(training_set.size(), {.label = std::string("epoch ") + std::to_string(epoch), .unit = "images"});
        double sum = 0;
        xnn::index_t seen = 0;
        for (auto [images, labels] : loader) {
            optimizer.zero_grad();
            auto loss = criterion(model(images), labels);
            loss.backward();
            optimizer.step();
            schedule.step();
            seen += labels.size();
            sum += static_cast<double>(loss.item()) * static_cast<double>(labels.size());
            char text[32];
            std::snprintf(text, sizeof text, "loss %.4f", sum / static_cast<double>(seen));
            progress.advance(labels.size(), text);
        }
        progress.finish();
        accuracy = accuracy_of(model, test_set, options.batch);
        std::printf("epoch %td: loss %.4f, test accuracy %.2f %%\n", epoch, sum / static_cast<double>(seen), 100 * accuracy);
        std::fflush(stdout);
    }
    xnn::io::save_safetensors(options.output, model.state_dict());
    std::printf("checkpoint: %s\n", options.output.c_str());
    return accuracy;
}

}  // namespace resnet
