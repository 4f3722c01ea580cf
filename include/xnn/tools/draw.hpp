// A picture of a model: its modules as boxes within boxes, and the arrays that go from call to call.
#pragma once

#include <string>
#include <vector>

#include "xnn/tools/summary.hpp"

namespace xnn::tools {

/// The languages that draw() writes: for Markdown pages (https://mermaid.js.org) and for dot (https://graphviz.org).
enum class DrawingLanguage { mermaid, graphviz };

namespace detail {

/// Writes down which modules without modules in them are called, and what they return.
class CallRecorder final : public Recorder {
public:
    struct Call {
        std::size_t row;
        std::vector<index_t> output;
    };

    explicit CallRecorder(const std::vector<SummaryRow>& rows) : rows_(rows) {}
    const std::vector<Call>& calls() const { return calls_; }

    void enter(const void* module, const void* key) override {
        std::size_t row = 0;
        while (row < rows_.size() && !(rows_[row].module == module && rows_[row].key == key)) ++row;
        open_.push_back(row);
    }
    void leave(const index_t* extents, std::size_t rank) override {
        const std::size_t row = open_.back();
        open_.pop_back();
        if (row < rows_.size() && !has_children(rows_, row)) calls_.push_back({row, {extents, extents + rank}});
    }

    static bool has_children(const std::vector<SummaryRow>& rows, std::size_t row) {
        return row + 1 < rows.size() && rows[row + 1].depth > rows[row].depth;
    }

private:
    const std::vector<SummaryRow>& rows_;
    std::vector<std::size_t> open_;
    std::vector<Call> calls_;
};

/// Writes a drawing in one of the languages.
class Drawing {
public:
    Drawing(DrawingLanguage language, const std::vector<SummaryRow>& rows) : mermaid_(language == DrawingLanguage::mermaid), rows_(rows) {}

    std::string write(const std::string& input, const std::vector<CallRecorder::Call>& calls) {
        text_ = mermaid_ ? "flowchart TD\n" : "digraph {\n    node [shape=box];\n";
        end("input");
        module(0, 1);
        std::string from = "input", shape = input;
        for (const auto& call : calls) {
            const std::string to = id(call.row);
            edge(from, to, shape);
            from = to;
            shape = to_text(call.output);
        }
        end("output");
        edge(from, "output", shape);
        return text_ + (mermaid_ ? "" : "}\n");
    }

private:
    static std::string id(std::size_t row) { return "m" + std::to_string(row); }
    std::string label(std::size_t row) const { return "\"" + (rows_[row].name.empty() ? "" : rows_[row].name + ": ") + rows_[row].type + "\""; }
    void line(index_t depth, const std::string& text) { text_ += repeated("    ", depth) + text + "\n"; }

    void end(const std::string& name) { line(1, mermaid_ ? name + "([" + name + "])" : name + " [shape=oval];"); }
    void edge(const std::string& from, const std::string& to, const std::string& shape) {
        line(1, mermaid_ ? from + " -->|\"" + shape + "\"| " + to : from + " -> " + to + " [label=\"" + shape + "\"];");
    }
    /// A module and all in it; returns the row behind them.
    std::size_t module(std::size_t row, index_t depth) {
        if (!CallRecorder::has_children(rows_, row)) {
            line(depth, mermaid_ ? id(row) + "[" + label(row) + "]" : id(row) + " [label=" + label(row) + "];");
            return row + 1;
        }
        if (mermaid_) {
            line(depth, "subgraph " + id(row) + "[" + label(row) + "]");
        } else {
            line(depth, "subgraph cluster_" + id(row) + " {");
            line(depth + 1, "label=" + label(row) + ";");
        }
        std::size_t next = row + 1;
        while (next < rows_.size() && rows_[next].depth > rows_[row].depth) next = module(next, depth + 1);
        line(depth, mermaid_ ? "end" : "}");
        return next;
    }

    bool mermaid_;
    const std::vector<SummaryRow>& rows_;
    std::string text_;
};

}  // namespace detail

/// A drawing of a model for an input of this shape, as text of a language that others make pictures of: `draw(model,
/// Shape<1, 1, 28, 28>{})`. Arrows follow the order of calls, with the extents of what each returns: where a forward branches,
/// they are not its data flow. T is the dtype of the input.
template <class T = float, nn::AnyModule M, AnyShape S>
std::string draw(const M& model, const S& shape, DrawingLanguage language = DrawingLanguage::mermaid) {
    static_assert(S::is_static, "draw: the extents are those of the input, all of which must be known");
    std::vector<SummaryRow> rows;
    detail::add_rows(rows, model, {}, 0);
    Ledger ledger;
    detail::CallRecorder recorder(rows);
    ledger.recorder = &recorder;
    static_cast<void>(model(MetaLeaf<T, S, MetaTraits{.counted = true}>(shape, &ledger)));
    return detail::Drawing(language, rows).write(to_text(shape.extents()), recorder.calls());
}

}  // namespace xnn::tools
