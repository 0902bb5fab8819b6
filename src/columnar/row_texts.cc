// SPDX-License-Identifier: Apache-2.0
#include "columnar/row_texts.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/json.h"
#include "columnar/arrow_batch.h"
#include "columnar/arrow_values.h"
#include "columnar/document_rows.h"
#include "columnar/document_values.h"
#include "columnar/ipc_file_state.h"
#include "schema/table.h"
#include "schema/temporal.h"
#include "schema/typed_json.h"
#include "schema/value_text.h"

namespace outfall::columnar {
namespace {

struct WantedColumn {
  std::string name;
  std::string member;  ///< `"key":`
  DataType type = DataType::text;
  int field = -1;      ///< -1: the file does not have it
  std::string mark{};  ///< what a typed text of it begins with; empty: nothing
};

void append_timestamp(std::string& out, const arrow::Array& array, std::int64_t row, RowTextForm form) {
  append_arrow_text(out, array, row);
  constexpr std::string_view utc = "+00:00";
  if (form == RowTextForm::plain && out.ends_with(utc)) out.replace(out.size() - utc.size(), utc.size(), "Z");
}

/// Raw line ends stand between tokens alone: a row is one line without them.
void append_json_line(std::string& out, std::string_view json) {
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = json.find_first_of("\n\r", begin);
    out += json.substr(begin, end - begin);
    if (end == std::string_view::npos) return;
    begin = end + 1;
  }
}

/// Whether a double may not hold it.
bool is_beyond_doubles(std::int64_t value) {
  constexpr std::int64_t largest = std::int64_t{1} << 53;
  return value > largest || value < -largest;
}

void append_bigint(std::string& out, std::int64_t value, const RowForm& form) {
  const bool in_quotes = form.ints_as_strings && is_beyond_doubles(value);
  if (in_quotes) out += '"';
  schema::append_bigint_text(out, value);
  if (in_quotes) out += '"';
}

/// Digits, letters and signs, none of which JSON escapes.
void append_in_quotes(std::string& out, const WantedColumn& column, const arrow::Array& array, std::int64_t row,
                      RowTextForm form) {
  out += '"';
  if (form == RowTextForm::typed) out += column.mark;
  if (column.type == DataType::timestamp)
    append_timestamp(out, array, row, form);
  else
    append_arrow_text(out, array, row);
  out += '"';
}

void append_hex(std::string& out, std::string_view bytes) {
  out += "\"0x";
  for (const char byte : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  out += '"';
}

/// A value that is not null, as a field of separated text before it is quoted.
void append_field_text(std::string& out, DataType type, const arrow::Array& array, std::int64_t row) {
  if (type == DataType::text || type == DataType::json)
    out += bytes_of(array, row);
  else if (type == DataType::timestamp)
    append_timestamp(out, array, row, RowTextForm::plain);
  else
    append_arrow_text(out, array, row);
}

void append_field(std::string& out, std::string_view text) {
  const bool is_plain = !text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos &&
                        text.front() != ' ' && text.back() != ' ';
  if (is_plain) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

std::vector<std::vector<std::size_t>> misfits_of(std::span<const RowTextColumn> columns) {
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].variant_of.empty()) places.emplace(columns[i].name, i);
  }
  std::vector<std::vector<std::size_t>> misfits(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].variant_of.empty()) continue;
    if (const auto own = places.find(columns[i].variant_of); own != places.end()) misfits[own->second].push_back(i);
  }
  return misfits;
}

struct RowTexts::State {
  const IpcFileReader::State& file;
  RowForm form;
  std::vector<WantedColumn> columns{};
  int document_field = -1;  ///< -1: the file has no documents
  std::optional<DocumentRows> document_rows{};
  DocumentKeys keys{};  ///< places in columns
  DocumentValues document_values{};
  std::vector<std::vector<std::size_t>> misfits{};

  std::shared_ptr<arrow::RecordBatch> batch{};
  std::int64_t batch_begin = 0;
  std::vector<ColumnValues> values{};
  ColumnValues documents{};
  std::string field{};  ///< of separated text, before it is quoted

  std::uint64_t row_not_numbers = 0;  ///< of the row in hand, as far as it was appended
  std::int64_t counted_to = 0;        ///< those of rows before this one were counted
  struct NotNumbers {
    std::int64_t row = 0;
    std::uint64_t values = 0;
  };
  std::deque<NotNumbers> not_numbers{};  ///< of rows that were appended, in their order; until they are taken

  void expect_documents(std::span<const RowTextColumn> described) {
    document_rows.emplace(described, form);
    misfits = misfits_of(described);
    for (std::size_t i = 0; i < described.size(); ++i) {
      if (described[i].variant_of.empty()) keys.add(described[i].name, i);
    }
  }

  /// The batch that has the row becomes the one in hand.
  arrow::Status take_batch(std::int64_t row) {
    if (batch != nullptr && row >= batch_begin && row < batch_begin + batch->num_rows()) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(const BatchOfRow found, find_batch(file, row));
    ARROW_ASSIGN_OR_RAISE(batch, read_checked_batch(file, found.index));
    batch_begin = found.begin;
    values.clear();
    for (const WantedColumn& column : columns)
      values.push_back(column.field < 0 ? ColumnValues{} : ColumnValues::of(*batch->column(column.field)));
    documents = document_field < 0 ? ColumnValues{} : ColumnValues::of(*batch->column(document_field));
    return arrow::Status::OK();
  }

  /// A row of the batch in hand.
  arrow::Status append_row(std::int64_t row, std::string& out, RowTextForm text_form) {
    const std::optional<std::string_view> text = document(row);
    bool is_whole = true;
    if (!text) {
      append_columns(row, form, out, text_form);
    } else if (text_form == RowTextForm::plain) {
      is_whole = document_rows->append(*text, out);
    } else {
      is_whole = document_rows->append(*text, typed_values(row), out);
    }
    return is_whole ? arrow::Status::OK() : arrow::Status::Invalid("row ", batch_begin + row, " is no document");
  }

  void append_as_kept(std::int64_t row, std::string& out) {
    if (const std::optional<std::string_view> text = document(row))
      out += *text;
    else
      append_columns(row, {}, out, RowTextForm::plain);
  }

  void count_not_numbers(std::int64_t row) {
    if (row_not_numbers == 0 || batch_begin + row < counted_to) return;
    counted_to = batch_begin + row + 1;
    not_numbers.push_back({.row = batch_begin + row, .values = row_not_numbers});
  }

  std::optional<std::string_view> document(std::int64_t row) const {
    const std::optional<ArrowPlace> place = documents.at(row);
    return place ? std::optional(bytes_of(*place->array, place->row)) : std::nullopt;
  }

  DocumentRows::WriteValue typed_values(std::int64_t row) {
    return [this, row](std::string_view key, std::string_view value, std::string& out) {
      if (const std::optional<std::size_t> column = keys.find(key); column && !stays_nested(*column, value)) {
        if (append_typed(row, *column, out)) return;
        for (const std::size_t misfit : misfits[*column]) {
          if (append_typed(row, misfit, out)) return;
        }
      }
      out += value;
    };
  }

  bool stays_nested(std::size_t column, std::string_view written) const {
    return columns[column].type == DataType::text && is_nested(written);
  }

  /// False: there is no value.
  bool append_typed(std::int64_t row, std::size_t column, std::string& out) {
    const std::optional<ArrowPlace> place = values[column].at(row);
    if (place) append_value(out, columns[column], *place, form, RowTextForm::typed);
    return place.has_value();
  }

  void append_columns(std::int64_t row, const RowForm& as, std::string& out, RowTextForm text_form) {
    out += '{';
    bool is_first = true;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::optional<ArrowPlace> place = values[i].at(row);
      if (!place && as.nulls != RowNulls::send) continue;
      if (!is_first) out += ',';
      is_first = false;
      out += columns[i].member;
      if (place)
        append_value(out, columns[i], *place, as, text_form);
      else
        out += "null";
    }
    out += '}';
  }

  void append_value(std::string& out, const WantedColumn& column, const ArrowPlace& place, const RowForm& as,
                    RowTextForm text_form) {
    const auto& [array, row] = place;
    switch (column.type) {
      case DataType::text:
        return append_json_string(out, bytes_of(*array, row));
      case DataType::json:
        return append_json_line(out, bytes_of(*array, row));
      case DataType::bigint:
        return append_bigint(out, integer_of(*array, row), as);
      case DataType::double_:
        return append_double(out, *real_of(*array, row), text_form);
      case DataType::bool_:
        out += static_cast<const arrow::BooleanArray&>(*array).Value(row) ? "true" : "false";
        return;
      case DataType::timestamp:
      case DataType::date:
      case DataType::time:
        return append_in_quotes(out, column, *array, row, text_form);
      case DataType::decimal:
      case DataType::wei:
        if (text_form == RowTextForm::whole) return append_arrow_text(out, *array, row);
        return append_in_quotes(out, column, *array, row, text_form);
      case DataType::binary:
        if (text_form == RowTextForm::whole) return append_hex(out, bytes_of(*array, row));
        return append_in_quotes(out, column, *array, row, text_form);
    }
  }

  void append_double(std::string& out, double value, RowTextForm text_form) {
    row_not_numbers += std::isfinite(value) ? 0 : 1;
    if (std::isfinite(value) || text_form != RowTextForm::whole) return append_json_double(out, value);
    out += '"';
    schema::append_double_text(out, value);
    out += '"';
  }

  void append_header(std::string& out) const {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) out += ',';
      append_field(out, columns[i].name);
    }
    out += '\n';
  }

  void append_fields(std::int64_t row, std::string& out) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) out += ',';
      field.clear();
      if (const std::optional<ArrowPlace> place = values[i].at(row)) {
        append_field_text(field, columns[i].type, *place->array, place->row);
      } else if (const std::optional<std::string_view> written = untaken(row, i)) {
        field = written->starts_with('"') ? key_text(written->substr(1, written->size() - 2)) : std::string(*written);
      } else {
        continue;
      }
      append_field(out, field);
    }
    out += '\n';
  }

  /// The value of an empty cell that its document has, and that neither the column nor those of its misfits take.
  std::optional<std::string_view> untaken(std::int64_t row, std::size_t column) {
    if (column >= misfits.size() || misfits[column].empty()) return std::nullopt;
    if (std::ranges::any_of(misfits[column], [&](std::size_t misfit) { return values[misfit].at(row).has_value(); }))
      return std::nullopt;
    const std::optional<std::string_view> text = document(row);
    const auto place = static_cast<std::uint64_t>(batch_begin + row);
    return text ? document_values.find(place, *text, column, keys) : std::nullopt;
  }
};

RowTexts::RowTexts(std::unique_ptr<State> state) : state_(std::move(state)) {}
RowTexts::RowTexts(RowTexts&&) noexcept = default;
RowTexts& RowTexts::operator=(RowTexts&&) noexcept = default;
RowTexts::~RowTexts() = default;

Result<RowTexts> RowTexts::open(const IpcFileReader& file, std::span<const RowTextColumn> columns,
                                const RowForm& form) {
  auto state = std::make_unique<State>(State{.file = file.state(), .form = form});
  const std::shared_ptr<arrow::Schema>& schema = file.state().schema;
  for (const RowTextColumn& column : columns) {
    WantedColumn wanted{
        .name = column.name, .member = "", .type = column.type, .field = schema->GetFieldIndex(column.name)};
    append_json_string(wanted.member, column.name);
    wanted.member += ':';
    if (const std::optional<schema::TypeMark> mark = schema::mark_of(column.type))
      wanted.mark = schema::mark_text(*mark);
    state->columns.push_back(std::move(wanted));
  }
  state->document_field = schema->GetFieldIndex(std::string(schema::document_column_name));
  if (state->document_field >= 0) state->expect_documents(columns);
  return RowTexts(std::move(state));
}

Status RowTexts::append(std::uint64_t first, std::uint64_t last, std::string& out, RowTextForm form) {
  for (std::uint64_t row = first; row < last; ++row) {
    const auto wanted = static_cast<std::int64_t>(row);
    state_->row_not_numbers = 0;
    arrow::Status done = state_->take_batch(wanted);
    if (done.ok()) done = state_->append_row(wanted - state_->batch_begin, out, form);
    if (!done.ok()) return fail(damaged(state_->file.path, done));
    state_->count_not_numbers(wanted - state_->batch_begin);
    out += '\n';
  }
  return {};
}

Status RowTexts::append_separated(std::uint64_t first, std::uint64_t last, bool with_header, std::string& out) {
  if (with_header) state_->append_header(out);
  for (std::uint64_t row = first; row < last; ++row) {
    const auto wanted = static_cast<std::int64_t>(row);
    if (const arrow::Status taken = state_->take_batch(wanted); !taken.ok()) {
      return fail(damaged(state_->file.path, taken));
    }
    state_->append_fields(wanted - state_->batch_begin, out);
  }
  return {};
}

std::uint64_t RowTexts::take_not_numbers(std::uint64_t last) {
  std::uint64_t taken = 0;
  auto& left = state_->not_numbers;
  for (; !left.empty() && left.front().row < static_cast<std::int64_t>(last); left.pop_front())
    taken += left.front().values;
  return taken;
}

std::uint64_t RowTexts::row_count() const {
  return state_->file.size.rows;
}

bool RowTexts::has_documents_alone() const {
  return state_->document_field >= 0 && state_->file.schema->num_fields() == 1;
}

Status RowTexts::append_as_kept(std::uint64_t row, std::string& out) {
  const auto wanted = static_cast<std::int64_t>(row);
  if (const arrow::Status taken = state_->take_batch(wanted); !taken.ok()) {
    return fail(damaged(state_->file.path, taken));
  }
  state_->append_as_kept(wanted - state_->batch_begin, out);
  return {};
}

Status RowTexts::append_cells(std::uint64_t row, std::string& out, RowTextForm form) {
  const auto wanted = static_cast<std::int64_t>(row);
  if (const arrow::Status taken = state_->take_batch(wanted); !taken.ok()) {
    return fail(damaged(state_->file.path, taken));
  }
  state_->append_columns(wanted - state_->batch_begin, {}, out, form);
  return {};
}

}  // namespace outfall::columnar
