// Training: epochs of steps, with a progress bar.
#pragma once

#include <algorithm>
#include <cstdio>
#include <string>
#include <xnn/data/mnist.hpp>
#include <xnn/tools/progress.hpp>
#include <xnn/xnn.hpp>

#include "../devices.hpp"
#include "evaluation.hpp"
#include "options.hpp"
#include "report.hpp"

namespace mnist {

/// The beginning of a data set: any class with size() and operator[] is one.
struct FirstOf {
    const xnn::data::Mnist& dataset;
    xnn::index_t count;

    xnn::index_t size() const { return count; }
    auto operator[](xnn::index_t position) const { return dataset[position]; }
};

/// The mean loss of some steps: single steps scatter too much to be drawn.
class RecentLoss {
public:
    void add(double loss) {
        if (steps_ == most) sum_ = steps_ = 0;
        sum_ += loss;
        ++steps_;
    }
    bool complete() const { return steps_ == most; }
    double mean() const { return sum_ / steps_; }

private:
    static constexpr int most = 50;
    double sum_ = 0;
    int steps_ = 0;
};

/// Adam with a learning rate that falls from step to step along half a cosine wave.
template <class Device, class Model>
class Training {
public:
    Training(Model& model, FirstOf images, const Options& options)
        : model_(model),
          samples_(images.size()),
          loader_(std::move(images), {.batch_size = options.batch, .shuffle = true}),
          optimizer_(model, {.lr = options.lr}),
          scheduler_(optimizer_, options.epochs * loader_.size()) {}

    /// Shows every image once; returns images per second.
    double run_epoch() {
        const auto epochs_before = static_cast<double>(epoch_++);
        xnn::tools::Progress progress(samples_, {.label = std::string("epoch ") + std::to_string(epoch_), .unit = "samples"});
        RecentLoss recent;
        xnn::index_t seen = 0;
        for (auto [images, labels] : loader_) {
            recent.add(step(images, labels));
            seen += labels.size();
            if (recent.complete())
                curve_.add(epochs_before + static_cast<double>(seen) / static_cast<double>(samples_), recent.mean());
            char text[32];
            std::snprintf(text, sizeof text, "loss %.4f", recent.mean());
            progress.advance(labels.size(), text);
        }
        progress.finish();
        return static_cast<double>(samples_) / progress.seconds();
    }

    xnn::index_t epoch() const { return epoch_; }
    const Curve& curve() const { return curve_; }

private:
    template <class ImageBatch, class LabelBatch>
    double step(const ImageBatch& images, const LabelBatch& labels) {
        optimizer_.zero_grad();
        auto loss = criterion_(model_(examples::on<Device>(images)), examples::on<Device>(labels));  // nothing has run yet
        loss.backward();  // runs forward and back
        optimizer_.step();
        scheduler_.step();
        return static_cast<double>(loss.item());
    }

    Model& model_;
    xnn::index_t samples_;
    xnn::data::DataLoader<FirstOf> loader_;
    xnn::optim::Adam optimizer_;
    xnn::optim::lr_scheduler::CosineAnnealingLR scheduler_;
    nn::CrossEntropyLoss<> criterion_;
    xnn::index_t epoch_ = 0;
    Curve curve_;
};

}  // namespace mnist
