// What is shown and saved at the end.
#pragma once

#include <filesystem>
#include <string>
#include <vector>
#include <xnn/data/mnist.hpp>

namespace mnist {

struct Evaluation;

/// Losses as they were met, by epochs since the start.
struct Curve {
    std::vector<double> epoch;
    std::vector<double> loss;

    void add(double at, double value) {
        epoch.push_back(at);
        loss.push_back(value);
    }
};

/// A table of true digits against predicted ones.
std::string confusion_table(const Evaluation& evaluation, const xnn::data::Mnist& dataset);

/// Pictures of the digits that the network was most sure about, and wrong.
std::string worst_mistakes(const Evaluation& evaluation, const xnn::data::Mnist& dataset);

/// Writes a picture of both curves.
void save_curve(const std::filesystem::path& path, const std::string& title, const Curve& training, const Curve& test);

/// 0.9876 as `98.76 %`.
std::string percent(double share);

}  // namespace mnist
