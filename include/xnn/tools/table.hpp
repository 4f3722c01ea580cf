// Text in aligned columns.
#pragma once

#include <algorithm>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "xnn/core/error.hpp"
#include "xnn/tools/text.hpp"

namespace xnn::tools {

/// A table that is as wide as what stands in it:
///
///     layer   output shape  parameters
///     ────────────────────────────────
///     conv1   (20, 24, 24)         520
class Table {
public:
    /// The first line. Columns are aligned to the left unless align() says otherwise.
    explicit Table(std::vector<std::string> header) : columns_(header.size()), aligns_(header.size(), Align::left) {
        rows_.push_back(std::move(header));
        rule();
    }

    Table& align(std::size_t column, Align align) {
        if (column >= columns_)
            fail("Table", std::to_string(columns_) + " columns", "column " + std::to_string(column));
        aligns_[column] = align;
        return *this;
    }
    /// Aligns the columns from `first` on.
    Table& align_from(std::size_t first, Align align) {
        for (std::size_t column = first; column < columns_; ++column) this->align(column, align);
        return *this;
    }

    /// Adds a line; throws Error unless it has a cell for each column.
    Table& add(std::vector<std::string> row) {
        if (row.size() != columns_) fail("Table", std::to_string(columns_) + " cells", std::to_string(row.size()));
        rows_.push_back(std::move(row));
        return *this;
    }

    /// Adds a line across the table.
    Table& rule() {
        rows_.emplace_back();
        return *this;
    }

    std::string text() const {
        std::vector<index_t> widths(columns_, 0);
        for (const auto& row : rows_)
            for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
        index_t total = columns_ == 0 ? 0 : gap * static_cast<index_t>(columns_ - 1);
        for (const index_t width : widths) total += width;

        std::string text;
        for (const auto& row : rows_) {
            std::string line = row.empty() ? repeated("─", total) : "";
            for (std::size_t i = 0; i < row.size(); ++i)
                line += (i == 0 ? "" : repeated(" ", gap)) + padded(row[i], widths[i], aligns_[i]);
            text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
        }
        return text;
    }

    friend std::ostream& operator<<(std::ostream& stream, const Table& table) { return stream << table.text(); }

private:
    static constexpr index_t gap = 2;  // blanks between columns

    std::size_t columns_;
    std::vector<Align> aligns_;
    std::vector<std::vector<std::string>> rows_;  // an empty one is a rule
};

}  // namespace xnn::tools
