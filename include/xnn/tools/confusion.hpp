// Which class was taken for which.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "xnn/core/error.hpp"
#include "xnn/tools/table.hpp"

namespace xnn::tools {

/// Counts pairs of a true and a predicted class.
class ConfusionMatrix {
public:
    /// Classes are called 0, 1, …
    explicit ConfusionMatrix(index_t classes) : ConfusionMatrix(numbers(classes)) {}
    explicit ConfusionMatrix(std::vector<std::string> names)
        : names_(std::move(names)), counts_(names_.size() * names_.size()) {}

    index_t classes() const { return static_cast<index_t>(names_.size()); }

    /// Counts one pair; throws Error if one of them is no class.
    void add(index_t truth, index_t predicted) {
        check(truth);
        check(predicted);
        ++counts_[position(truth, predicted)];
    }

    /// Counts pairs from two ranges of integers, such as tensors of labels; throws Error, counting none, if they differ
    /// in length or hold what is no class.
    template <std::ranges::forward_range Truth, std::ranges::forward_range Predicted>
    void add(const Truth& truth, const Predicted& predicted) {
        const auto lengths = std::pair(std::ranges::distance(truth), std::ranges::distance(predicted));
        if (lengths.first != lengths.second)
            fail("ConfusionMatrix", std::to_string(lengths.first) + " predictions", std::to_string(lengths.second));
        for (const auto label : truth) check(static_cast<index_t>(label));
        for (const auto label : predicted) check(static_cast<index_t>(label));
        auto guess = std::ranges::begin(predicted);
        for (const auto label : truth) {
            ++counts_[position(static_cast<index_t>(label), static_cast<index_t>(*guess))];
            ++guess;
        }
    }

    void reset() { std::ranges::fill(counts_, 0); }

    /// How often `truth` was taken for `predicted`.
    index_t count(index_t truth, index_t predicted) const {
        check(truth);
        check(predicted);
        return counts_[position(truth, predicted)];
    }
    index_t total() const {
        index_t sum = 0;
        for (const index_t n : counts_) sum += n;
        return sum;
    }

    // Each of these is NaN where there is nothing to divide by.

    /// The share of all pairs whose classes agree.
    double accuracy() const {
        index_t right = 0;
        for (index_t c = 0; c < classes(); ++c) right += count(c, c);
        return ratio(right, total());
    }
    /// The share of a class's members that were found.
    double recall(index_t label) const {
        index_t members = 0;
        for (index_t c = 0; c < classes(); ++c) members += count(label, c);
        return ratio(count(label, label), members);
    }
    /// The share of the predictions of a class that were right.
    double precision(index_t label) const {
        index_t predictions = 0;
        for (index_t c = 0; c < classes(); ++c) predictions += count(c, label);
        return ratio(count(label, label), predictions);
    }

    /// A row for each true class, a column for each predicted one, with recall, precision and accuracy.
    std::string text() const {
        std::vector<std::string> header{"true \\ predicted"};
        header.insert(header.end(), names_.begin(), names_.end());
        header.emplace_back("recall");
        Table table(std::move(header));
        table.align_from(1, Align::right);
        std::vector<std::string> precisions{"precision"};
        for (index_t truth = 0; truth < classes(); ++truth) {
            std::vector<std::string> row{names_[static_cast<std::size_t>(truth)]};
            for (index_t predicted = 0; predicted < classes(); ++predicted) {
                const index_t n = count(truth, predicted);
                row.push_back(n == 0 ? "·" : std::to_string(n));
            }
            row.push_back(percent(recall(truth)));
            precisions.push_back(percent(precision(truth)));
            table.add(std::move(row));
        }
        precisions.push_back(percent(accuracy()));
        table.rule().add(std::move(precisions));
        return table.text();
    }

    friend std::ostream& operator<<(std::ostream& stream, const ConfusionMatrix& matrix) {
        return stream << matrix.text();
    }

private:
    static std::vector<std::string> numbers(index_t classes) {
        if (classes < 0) fail("ConfusionMatrix", "at least 0 classes", std::to_string(classes));
        std::vector<std::string> names;
        for (index_t c = 0; c < classes; ++c) names.push_back(std::to_string(c));
        return names;
    }
    static double ratio(index_t part, index_t whole) {
        if (whole == 0) return std::numeric_limits<double>::quiet_NaN();
        return static_cast<double>(part) / static_cast<double>(whole);
    }
    static std::string percent(double share) { return std::isnan(share) ? "-" : percentage(share); }
    void check(index_t label) const {
        if (label < 0 || label >= classes())
            fail("ConfusionMatrix", "classes in 0.." + std::to_string(classes() - 1), std::to_string(label));
    }
    std::size_t position(index_t truth, index_t predicted) const {
        return static_cast<std::size_t>(truth * classes() + predicted);
    }

    std::vector<std::string> names_;
    std::vector<index_t> counts_;
};

}  // namespace xnn::tools
