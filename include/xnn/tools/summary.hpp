// What a model consists of and costs, as a table: summary(model, shape).
#pragma once

#include <cstdio>

#include "xnn/nn/print.hpp"
#include "xnn/tools/table.hpp"

namespace xnn::tools {

/// A module in a summary.
struct SummaryRow {
    std::string name;  ///< empty: the model itself
    std::string type;
    index_t depth = 0;
    index_t parameters = 0;       ///< of the module and all in it
    index_t own_parameters = 0;   ///< its own
    std::vector<index_t> output;  ///< extents of its last result; none if it did not run
    bool ran = false;
    index_t mult_adds = 0;  ///< of the module and all in it
    const void* module = nullptr;
    const void* key = nullptr;
};

namespace detail {

/// Writes down what the modules of a call return and how much the ledger grows meanwhile.
class SummaryRecorder final : public Recorder {
public:
    SummaryRecorder(std::vector<SummaryRow>& rows, const Ledger& ledger) : rows_(rows), ledger_(ledger) {}

    void enter(const void* module, const void* key) override {
        SummaryRow* found = nullptr;  // none: a layer that is no member, such as nn::relu
        for (auto& row : rows_)
            if (row.module == module && row.key == key) {
                found = &row;
                break;
            }
        calls_.push_back({found, ledger_.total.flops});
    }
    void leave(const index_t* extents, std::size_t rank) override {
        const auto [row, flops] = calls_.back();
        calls_.pop_back();
        if (!row) return;
        row->ran = true;
        row->output.assign(extents, extents + rank);
        row->mult_adds += (ledger_.total.flops - flops) / 2;
    }

private:
    struct Call {
        SummaryRow* row;
        index_t flops;
    };
    std::vector<SummaryRow>& rows_;
    const Ledger& ledger_;
    std::vector<Call> calls_;
};

/// Counts the parameters of a module and all in it, a tied one once.
template <class M>
index_t count_parameters(const M& module) {
    index_t count = 0;
    nn::visit_parameters(module, [&](const nn::Path&, const auto& parameter) { count += parameter.size(); });
    return count;
}
template <class M>
void add_rows(std::vector<SummaryRow>& rows, const M& module, const nn::Path& path, index_t depth) {
    SummaryRow row;
    row.name = std::string(nn::Path{nullptr, path.name, path.element});
    row.type = std::string(nn::detail::plain_type_name<M>());
    row.depth = depth;
    row.parameters = count_parameters(module);
    nn::visit_members(module, [&](std::string_view, const auto& member) {
        if constexpr (nn::detail::is_parameter<std::remove_cvref_t<decltype(member)>>) row.own_parameters += member.size();
    });
    row.module = &module;
    row.key = &type_key<M>;
    rows.push_back(std::move(row));
    nn::visit_children(module, [&](const nn::Path& child_path, const auto& child) { add_rows(rows, child, child_path, depth + 1); });
}

inline std::string megabytes(index_t bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", static_cast<double>(bytes) / 1e6);
    return text;
}
inline std::string line(const std::string& label, const std::string& value) { return label + ": " + value + "\n"; }

}  // namespace detail

/// The rows of summary(): each module in the order of members, with what a call with an input of this shape makes of it.
template <class T = float, nn::AnyModule M, AnyShape S>
std::vector<SummaryRow> summary_rows(const M& model, const S& shape) {
    static_assert(S::is_static, "summary: the costs are counted where all extents are known");
    std::vector<SummaryRow> rows;
    detail::add_rows(rows, model, {}, 0);
    Ledger ledger;
    detail::SummaryRecorder recorder(rows, ledger);
    ledger.recorder = &recorder;
    static_cast<void>(model(MetaLeaf<T, S, MetaTraits{.counted = true}>(shape, &ledger)));
    return rows;
}

/// A table of a model's layers as torchinfo prints it: type and name, output shape, parameters, multiply-adds, and their
/// sums. T is the dtype of the input: `print_summary(model, Shape<64, 1, 28, 28>{})` prints it.
template <class T = float, nn::AnyModule M, AnyShape S>
std::string summary(const M& model, const S& shape) {
    const auto rows = summary_rows<T>(model, shape);
    Table table({"Layer (type)", "Output shape", "Param #", "Mult-adds"});
    table.align(2, Align::right).align(3, Align::right);
    index_t outputs = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto& row = rows[i];
        const bool leaf = i + 1 == rows.size() || rows[i + 1].depth <= row.depth;
        if (leaf && row.ran) {
            index_t size = 1;
            for (index_t extent : row.output) size *= extent;
            outputs += size;
        }
        const index_t parameters = leaf ? row.parameters : row.own_parameters;
        const std::string name = row.name.empty() ? row.type : row.name + " (" + row.type + ")";
        table.add({repeated("  ", row.depth) + name, row.ran ? to_text(row.output) : "--", parameters ? with_commas(parameters) : "--",
                   leaf && row.mult_adds ? with_commas(row.mult_adds) : "--"});
    }

    index_t total = 0, trainable = 0, bytes = 0;
    nn::visit_parameters(model, [&](const nn::Path&, const auto& parameter) {
        total += parameter.size();
        if (parameter.requires_grad()) trainable += parameter.size();
        bytes += parameter.size() * static_cast<index_t>(sizeof(*parameter.data()));
    });
    const auto element = static_cast<index_t>(sizeof(T));
    const index_t input = shape.size() * element, passes = 2 * outputs * element;
    table.rule();
    return table.text() + detail::line("Total params", with_commas(total)) + detail::line("Trainable params", with_commas(trainable)) +
           detail::line("Non-trainable params", with_commas(total - trainable)) +
           detail::line("Total mult-adds", with_suffix(static_cast<double>(rows[0].mult_adds))) +
           detail::line("Input size (MB)", detail::megabytes(input)) +
           detail::line("Forward/backward pass size (MB)", detail::megabytes(passes)) +
           detail::line("Params size (MB)", detail::megabytes(bytes)) +
           detail::line("Estimated total size (MB)", detail::megabytes(input + passes + bytes));
}

/// Prints the summary to the standard output, and returns it.
template <class T = float, nn::AnyModule M, AnyShape S>
std::string print_summary(const M& model, const S& shape) {
    std::string text = summary<T>(model, shape);
    std::fputs(text.c_str(), stdout);
    return text;
}

}  // namespace xnn::tools
