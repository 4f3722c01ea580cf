// Tables of numbers as text: one row a line, fields between delimiters, perhaps a first line of names.
#pragma once

#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "xnn/core/tensor.hpp"
#include "xnn/io/file.hpp"

namespace xnn::io {

/// How a CSV file is written.
struct CsvOptions {
    char delimiter = ',';
    bool header = false;  ///< the first line holds names
};

namespace detail {

/// Splits a text into lines (ended by LF or CRLF) and a line into fields, counting both from 1.
class CsvReader {
public:
    CsvReader(std::string source, std::string_view text, char delimiter)
        : source_(std::move(source)), rest_(text), delimiter_(delimiter) {
        if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);  // the byte order mark of some editors
    }

    /// Goes to the next line that is not blank; false at the end.
    bool next_line() {
        do {
            if (rest_.empty()) return false;
            fields_ = cut(rest_, '\n');
            if (fields_.ends_with('\r')) fields_.remove_suffix(1);
            ++line_;
        } while (trimmed(fields_).empty());
        more_fields_ = true;
        column_ = 0;
        return true;
    }

    /// Takes the line's next field, without quotes and surrounding blanks; false at its end.
    bool next_field() {
        if (!more_fields_) return false;
        more_fields_ = fields_.find(delimiter_) != std::string_view::npos;
        field_ = trimmed(cut(fields_, delimiter_));
        if (field_.size() >= 2 && field_.front() == '"' && field_.back() == '"')
            field_ = trimmed(field_.substr(1, field_.size() - 2));
        ++column_;
        return true;
    }

    std::string_view field() const { return field_; }
    index_t column() const { return column_; }

    [[noreturn]] void reject(std::string_view expected, std::string_view got) const {
        fail(source_ + ", line " + std::to_string(line_) + ", column " + std::to_string(column_), expected, got);
    }

private:
    static std::string_view cut(std::string_view& text, char end) {
        const auto length = text.find(end);
        const auto result = text.substr(0, length);
        text.remove_prefix(length == std::string_view::npos ? text.size() : length + 1);
        return result;
    }
    static std::string_view trimmed(std::string_view text) {
        const auto first = text.find_first_not_of(" \t");
        if (first == std::string_view::npos) return {};
        return text.substr(first, text.find_last_not_of(" \t") - first + 1);
    }

    std::string source_;
    std::string_view rest_;
    char delimiter_;
    std::string_view fields_;
    std::string_view field_;
    bool more_fields_ = false;
    index_t line_ = 0;
    index_t column_ = 0;
};

template <class T>
T csv_number(const CsvReader& reader) {
    auto text = reader.field();
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);  // from_chars knows no plus
    compute_t<T> value{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    const auto wanted = "a number of " + std::string(name_of(dtype_of<T>));
    if (problem != std::errc{} || end != text.data() + text.size())
        reader.reject(wanted, "\"" + std::string(reader.field()) + "\"");
    return T(value);
}

}  // namespace detail

/// Reads a table of numbers. Every line must have as many fields as the first; throws Error that names line and column
/// where one has not, or where a field is not a number of type T.
template <Element T>
    requires(!std::same_as<T, bool>)
Tensor<T, Shape<dyn, dyn>> load_csv(const std::filesystem::path& path, CsvOptions options = {}) {
    const auto bytes = read_file(path);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    detail::CsvReader reader(path.string(), text, options.delimiter);
    std::vector<T> values;
    index_t rows = 0;
    index_t columns = -1;  // not known yet
    for (bool is_header = options.header; reader.next_line(); is_header = false) {
        while (reader.next_field()) {
            if (columns >= 0 && reader.column() > columns) reader.reject(std::to_string(columns) + " fields", "more");
            if (!is_header) values.push_back(detail::csv_number<T>(reader));
        }
        if (columns >= 0 && reader.column() < columns)
            reader.reject(std::to_string(columns) + " fields", std::to_string(reader.column()));
        columns = reader.column();
        rows += is_header ? 0 : 1;
    }
    Tensor<T, Shape<dyn, dyn>> result(Shape<dyn, dyn>(rows, columns < 0 ? 0 : columns));
    std::copy(values.begin(), values.end(), result.begin());
    return result;
}

/// The names in the first line of a CSV file.
inline std::vector<std::string> load_csv_header(const std::filesystem::path& path, char delimiter = ',') {
    const auto bytes = read_file(path);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    detail::CsvReader reader(path.string(), text, delimiter);
    std::vector<std::string> names;
    if (!reader.next_line()) fail(path.string(), "a line of names", "an empty file");
    while (reader.next_field()) names.emplace_back(reader.field());
    return names;
}

/// Writes a table, every number with as many digits as reading it back exactly takes. There are either no names or one
/// for each column.
template <Element T, index_t Rows, index_t Columns>
    requires(!std::same_as<T, bool>)
void save_csv(const std::filesystem::path& path, const Tensor<T, Shape<Rows, Columns>>& table,
              const std::vector<std::string>& names = {}, char delimiter = ',') {
    const index_t columns = table.extent(1);
    if (!names.empty() && static_cast<index_t>(names.size()) != columns)
        fail("save_csv", std::to_string(columns) + " names", std::to_string(names.size()));
    std::string text;
    const auto separator = [&](index_t column) { return column + 1 < columns ? delimiter : '\n'; };
    for (std::size_t j = 0; j < names.size(); ++j) {
        if (names[j].find_first_of(std::string("\"\r\n") + delimiter) != std::string::npos)
            fail("save_csv", "names without quotes, delimiters and line ends", names[j]);
        text += names[j] + separator(static_cast<index_t>(j));
    }
    for (index_t i = 0; i < table.size(); ++i) {
        char digits[64];
        const auto value = static_cast<compute_t<T>>(table.data()[i]);
        text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
        text += separator(i % columns);
    }
    AtomicFile file(path);
    file.write(text);
    file.commit();
}

}  // namespace xnn::io
