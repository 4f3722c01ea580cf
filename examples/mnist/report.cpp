#include "report.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <numeric>
#include <span>
#include <xnn/tools/ascii.hpp>
#include <xnn/tools/chart.hpp>
#include <xnn/tools/confusion.hpp>

#include "evaluation.hpp"

namespace mnist {

using xnn::index_t;

std::string confusion_table(const Evaluation& evaluation, const xnn::data::Mnist& dataset) {
    const std::span truth(dataset.labels().data(), evaluation.predicted.size());
    xnn::tools::ConfusionMatrix matrix(10);
    matrix.add(truth, evaluation.predicted);
    return matrix.text();
}

std::string worst_mistakes(const Evaluation& evaluation, const xnn::data::Mnist& dataset) {
    constexpr std::size_t most = 6;  // as many as fit in two rows of a terminal
    constexpr std::size_t per_row = 3;
    constexpr float black = -0.42F, white = 2.82F;  // the normalised pixels 0 and 255

    const std::int64_t* truth = dataset.labels().data();
    std::vector<std::size_t> wrong;
    for (std::size_t i = 0; i < evaluation.predicted.size(); ++i)
        if (evaluation.predicted[i] != truth[i]) wrong.push_back(i);
    std::ranges::sort(wrong, std::greater{}, [&](std::size_t i) { return evaluation.confidence[i]; });
    wrong.resize(std::min(most, wrong.size()));

    std::string text;
    for (std::size_t begin = 0; begin < wrong.size(); begin += per_row) {
        std::vector<std::string> pictures;
        for (std::size_t k = begin; k < std::min(begin + per_row, wrong.size()); ++k) {
            const std::size_t i = wrong[k];
            const std::span pixels(dataset.images().data() + i * 28 * 28, 28 * 28);
            pictures.push_back(std::string("a ") + std::to_string(truth[i]) + ", taken for a " + std::to_string(evaluation.predicted[i]) +
                               '\n' + xnn::tools::ascii_art(pixels, 28, 28, {.low = black, .high = white}));
        }
        text += xnn::tools::side_by_side(pictures) + '\n';
    }
    return text;
}

void save_curve(const std::filesystem::path& path, const std::string& title, const Curve& training, const Curve& test) {
    xnn::tools::Chart({.title = title, .x_label = "epoch", .y_label = "cross entropy"})
        .add("training", training.epoch, training.loss)
        .add("test", test.epoch, test.loss)
        .save(path.string());
}

std::string percent(double share) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f %%", share * 100);
    return text;
}

}  // namespace mnist
