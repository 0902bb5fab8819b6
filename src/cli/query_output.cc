// SPDX-License-Identifier: Apache-2.0
//
// Three forms: a table for people, CSV and JSON for programs. CSV and JSON are complete; the table shortens what is
// wide.
#include "cli/query_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/terminal.h"

namespace outfall::cli {
namespace {

/// Rows that are held back to find out how wide the columns must be; later rows take these widths.
constexpr std::size_t table_rows_measured_max = 1000;

/// Characters of a cell in a table.
constexpr std::size_t table_cell_max = 60;

bool write(std::FILE* out, std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), out) == text.size();
}

bool is_real(std::string_view type) {
  constexpr std::array<std::string_view, 5> types{"DOUBLE", "FLOAT", "REAL", "float4", "float8"};
  return std::ranges::find(types, type) != types.end();
}

/// By the words of all databases.
bool is_number(std::string_view type) {
  constexpr std::array<std::string_view, 13> types{"TINYINT",  "SMALLINT",  "INTEGER",  "BIGINT",  "HUGEINT",
                                                   "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
                                                   "int2",     "int4",      "int8"};
  return is_real(type) || std::ranges::find(types, type) != types.end();
}

class TableOutput final : public QueryOutput {
 public:
  explicit TableOutput(std::FILE* out) : out_(out) {}

  void columns(std::span<const QueryColumn> columns) override {
    is_plan_ = columns.size() == 2 && columns[0].name == "explain_key" && columns[1].name == "explain_value";
    Row names;
    for (const QueryColumn& column : columns) {
      right_.push_back(is_number(column.type) || column.type.starts_with("DECIMAL") || column.type == "numeric");
      names.push_back(cell_text(column.name));
    }
    held_.push_back(std::move(names));
  }
  bool row(std::span<const QueryCell> cells) override {
    if (is_plan_) return write(out_, lines(cells[1].value_or("")));
    Row texts;
    for (const QueryCell& cell : cells) texts.push_back(cell_text(cell));
    if (widths_.empty()) {
      held_.push_back(std::move(texts));
      return held_.size() <= table_rows_measured_max || write_held();
    }
    return write(out_, line(texts));
  }
  void end() override {
    if (widths_.empty() && !is_plan_) write_held();
  }

 private:
  using Row = std::vector<std::string>;

  static std::string cell_text(const QueryCell& cell) {
    return cell ? shortened(one_line(*cell), table_cell_max) : "NULL";
  }
  /// A drawing of several lines, as it is.
  static std::string lines(std::string_view text) {
    std::string out;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      out += one_line(std::string(text.substr(0, end))) + "\n";
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
  }
  std::string line(const Row& cells) const {
    std::string out;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::size_t length = shown_length(cells[i]);
      const std::string space(widths_[i] - std::min(widths_[i], length), ' ');
      if (i > 0) out += "  ";
      out += right_[i] ? space + cells[i] : cells[i] + space;
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out + "\n";
  }
  bool write_held() {
    widths_.assign(right_.size(), 1);
    for (const Row& cells : held_) {
      for (std::size_t i = 0; i < cells.size(); ++i) widths_[i] = std::max(widths_[i], shown_length(cells[i]));
    }
    bool readable = true;
    for (std::size_t i = 0; i < held_.size() && readable; ++i) {
      readable = write(out_, line(held_[i]));
      if (i == 0 && readable) readable = write(out_, line(rule()));
    }
    held_.clear();
    return readable;
  }
  Row rule() const {
    Row out;
    for (const std::size_t width : widths_) out.emplace_back(width, '-');
    return out;
  }

  std::FILE* out_;
  std::vector<bool> right_;          ///< numbers stand on the right
  std::vector<std::size_t> widths_;  ///< empty until they are known
  std::vector<Row> held_;            ///< the names, then the first rows
  bool is_plan_ = false;             ///< what EXPLAIN says
};

// RFC 4180, with line feeds. NULL is nothing, an empty text is "".
class CsvOutput final : public QueryOutput {
 public:
  explicit CsvOutput(std::FILE* out) : out_(out) {}

  void columns(std::span<const QueryColumn> columns) override {
    line_.clear();
    for (const QueryColumn& column : columns) append(column.name);
    finish_line();
  }
  bool row(std::span<const QueryCell> cells) override {
    line_.clear();
    for (const QueryCell& cell : cells) append(cell);
    return finish_line();
  }
  void end() override {}

 private:
  void append(const QueryCell& cell) {
    if (cells_++ > 0) line_ += ',';
    if (!cell) return;
    if (!cell->empty() && cell->find_first_of(",\"\r\n") == std::string_view::npos) {
      line_ += *cell;
      return;
    }
    line_ += '"';
    for (const char c : *cell) line_.append(c == '"' ? 2 : 1, c);
    line_ += '"';
  }
  bool finish_line() {
    cells_ = 0;
    line_ += '\n';
    return write(out_, line_);
  }

  std::FILE* out_;
  std::string line_;
  std::size_t cells_ = 0;
};

// One object a line, so that it can be loaded again. Decimals and what is wider than 64 bits are texts: many readers
// would turn such numbers into doubles.
class JsonOutput final : public QueryOutput {
 public:
  explicit JsonOutput(std::FILE* out) : out_(out) {}

  void columns(std::span<const QueryColumn> columns) override {
    for (const QueryColumn& column : columns) {
      std::string key;
      append_json_text(key, column.name);
      key += ':';
      columns_.push_back({.key = std::move(key), .kind = kind_of(column.type)});
    }
  }
  bool row(std::span<const QueryCell> cells) override {
    line_.clear();
    line_ += '{';
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) line_ += ',';
      line_ += columns_[i].key;
      append_value(columns_[i].kind, cells[i]);
    }
    line_ += "}\n";
    return write(out_, line_);
  }
  void end() override {}

 private:
  enum class Kind { text, literal, real };
  struct Column {
    std::string key;  ///< quoted, with its colon
    Kind kind;
  };

  static Kind kind_of(std::string_view type) {
    if (is_real(type)) return Kind::real;
    if (type == "BOOLEAN" || type == "JSON" || type == "bool" || type == "json" || type == "jsonb")
      return Kind::literal;
    return is_number(type) && !type.ends_with("HUGEINT") ? Kind::literal : Kind::text;
  }
  void append_value(Kind kind, const QueryCell& cell) {
    const auto is_finite = [](std::string_view text) { return text.find_first_of("nN") == std::string_view::npos; };
    if (!cell || (kind == Kind::real && !is_finite(*cell))) {
      line_ += "null";  // JSON has no word for NaN and infinities
    } else if (kind == Kind::text) {
      append_json_text(line_, *cell);
    } else {
      line_ += *cell;
    }
  }

  std::FILE* out_;
  std::vector<Column> columns_;
  std::string line_;
};

}  // namespace

std::unique_ptr<QueryOutput> QueryOutput::make(OutputForm form, std::FILE* out) {
  switch (form) {
    case OutputForm::csv:
      return std::make_unique<CsvOutput>(out);
    case OutputForm::json:
      return std::make_unique<JsonOutput>(out);
    case OutputForm::table:
      break;
  }
  return std::make_unique<TableOutput>(out);
}

}  // namespace outfall::cli
