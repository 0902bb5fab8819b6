// SPDX-License-Identifier: Apache-2.0
#include "columnar/rows_reader.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/json_span.h"
#include "columnar/arrow_batch.h"
#include "columnar/arrow_values.h"
#include "columnar/cell_value.h"
#include "columnar/rows_state.h"
#include "schema/table.h"

namespace outfall {
namespace {

using columnar::ArrowPlace;

/// Columns may be encoded otherwise from batch to batch.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> join(arrow::RecordBatchVector parts) {
  const std::shared_ptr<arrow::Schema> schema = parts.front()->schema();
  const bool are_alike = std::ranges::all_of(parts, [&](const auto& part) { return part->schema()->Equals(*schema); });
  if (!are_alike) {
    for (std::shared_ptr<arrow::RecordBatch>& part : parts) {
      ARROW_ASSIGN_OR_RAISE(part, columnar::plain_batch(part));
    }
  }
  return arrow::ConcatenateRecordBatches(parts);
}

}  // namespace

std::string Decimal::text() const {
  std::string out;
  columnar::append_decimal_text(out, arrow::Decimal256(arrow::Decimal256::WordArray(unscaled)).ToIntegerString(),
                                scale);
  return out;
}

arrow::Status Rows::State::select(std::int64_t begin, std::int64_t end) {
  ARROW_ASSIGN_OR_RAISE(columnar::BatchOfRow found, take_batch(begin));
  row_count = end - begin;
  if (end <= found.end) {
    look_into(batch, begin - found.begin);
    return arrow::Status::OK();
  }
  arrow::RecordBatchVector parts{batch->Slice(begin - found.begin)};
  while (found.end < end) {
    ARROW_ASSIGN_OR_RAISE(found, take_batch(found.end));
    parts.push_back(batch->Slice(0, std::min(end, found.end) - found.begin));
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::RecordBatch> joined, join(std::move(parts)));
  look_into(std::move(joined), 0);
  return arrow::Status::OK();
}

arrow::Result<columnar::BatchOfRow> Rows::State::take_batch(std::int64_t row) {
  ARROW_ASSIGN_OR_RAISE(const columnar::BatchOfRow found, columnar::find_batch(file, row));
  if (found.index != batch_index) {
    ARROW_ASSIGN_OR_RAISE(batch, columnar::read_checked_batch(file, found.index));
    batch_index = found.index;
  }
  return found;
}

void Rows::State::look_into(std::shared_ptr<arrow::RecordBatch> wanted, std::int64_t first_row) {
  offset = first_row;
  if (wanted == looked_into) return;
  looked_into = std::move(wanted);
  values.clear();
  for (const Field& field : fields) values.push_back(columnar::ColumnValues::of(*looked_into->column(field.place)));
  documents =
      document_field < 0 ? columnar::ColumnValues{} : columnar::ColumnValues::of(*looked_into->column(document_field));
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> Rows::State::plain_rows() const {
  std::vector<int> wanted;
  wanted.reserve(fields.size());
  for (const Field& field : fields) wanted.push_back(field.place);
  ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::RecordBatch> selected, looked_into->SelectColumns(wanted));
  return columnar::plain_batch(selected->Slice(offset, row_count));
}

std::optional<std::string_view> Rows::State::document(std::size_t row) const {
  const std::optional<ArrowPlace> place = documents.at(offset + static_cast<std::int64_t>(row));
  return place ? std::optional(columnar::bytes_of(*place->array, place->row)) : std::nullopt;
}

std::string_view Rows::State::text_of(columnar::RowTextForm form, std::uint64_t begin, std::uint64_t end,
                                      std::string& out) const {
  // The rows were read before, when they were checked: what fails here is memory.
  if (Status told = texts->append(begin, end, out, form); !told) out.clear();
  return out;
}

std::size_t Rows::size() const {
  return static_cast<std::size_t>(state_.row_count);
}

std::span<const RowsColumn> Rows::columns() const {
  return state_.columns;
}

std::optional<std::size_t> Rows::column(std::string_view name) const {
  const auto found = state_.places.find(name);
  return found == state_.places.end() ? std::nullopt : std::optional(found->second);
}

Value Rows::State::value(std::size_t row, std::size_t field) const {
  const std::optional<ArrowPlace> place = values[field].at(offset + static_cast<std::int64_t>(row));
  return place ? columnar::value_of(fields[field].type, *place->array, place->row) : Value(Null{});
}

Value Rows::State::cell(std::size_t row, std::size_t column) const {
  const Source& source = sources[column];
  Value found = value(row, source.own);
  for (std::size_t i = 0; i < source.misfits.size() && std::holds_alternative<Null>(found); ++i)
    found = value(row, source.misfits[i]);
  return found;
}

std::optional<std::string_view> Rows::State::written(std::size_t row, std::size_t column) {
  const std::optional<std::string_view> text = document(row);
  return text ? document_values.find(first + row, *text, column, keys) : std::nullopt;
}

Value Rows::State::typed(const Value& cell, std::string_view written) {
  if (std::holds_alternative<Null>(cell)) return columnar::value_of_json(written, unescaped);
  const bool is_text = std::holds_alternative<std::string_view>(cell);
  return is_text && columnar::is_nested(written) ? Value(JsonText{written}) : cell;
}

/// A column that has no misfits takes all its values.
bool Rows::State::may_be_written(const Value& cell, std::size_t column) const {
  if (document_field < 0) return false;
  if (std::holds_alternative<Null>(cell)) return !sources[column].misfits.empty();
  const auto* text = std::get_if<std::string_view>(&cell);
  return text != nullptr && columnar::is_nested(*text);
}

Value Rows::value(std::size_t row, std::size_t column) const {
  const std::size_t own = state_.sources[column].own;
  if (state_.fields[own].type != DataType::text) {
    Value found = state_.value(row, own);
    if (!std::holds_alternative<Null>(found)) return found;
  }
  Value found = state_.cell(row, column);
  if (!state_.may_be_written(found, column)) return found;
  const std::optional<std::string_view> written = state_.written(row, column);
  return written ? state_.typed(found, *written) : found;
}

namespace {

Value written_value(Rows::State& state, std::size_t row, const JsonSpan& member) {
  if (member.value == "null") return Null{};
  const std::optional<std::size_t> column = state.keys.find(member.key);
  return state.typed(column ? state.cell(row, *column) : Value(Null{}), member.value);
}

}  // namespace

std::span<const Member> Rows::members(std::size_t row) const {
  std::vector<Member>& members = state_.members;
  members.clear();
  const std::optional<std::string_view> document = state_.document(row);
  if (!document) {
    for (std::size_t column = 0; column < state_.columns.size(); ++column) {
      Value found = value(row, column);
      if (!std::holds_alternative<Null>(found)) members.push_back({state_.columns[column].name, found});
    }
    return members;
  }
  state_.spelled.clear();
  JsonMembers written(*document);
  while (const std::optional<JsonSpan> member = written.next()) {
    std::string_view name = member->key;
    if (name.contains('\\')) name = state_.spelled.emplace_back(columnar::key_text(name));
    members.push_back({name, written_value(state_, row, *member)});
  }
  return members;
}

std::optional<Value> Rows::find(std::size_t row, std::string_view name) const {
  const std::optional<std::string_view> document = state_.document(row);
  if (const std::optional<std::size_t> place = document ? state_.keys.find_key(name) : column(name)) {
    const Value found = value(row, *place);
    if (!std::holds_alternative<Null>(found)) return found;
  }
  if (!document) return std::nullopt;
  JsonMembers written(*document);
  while (const std::optional<JsonSpan> member = written.next()) {
    if (columnar::is_written_as(name, member->key)) return written_value(state_, row, *member);
  }
  return std::nullopt;
}

std::string_view Rows::json() const {
  if (!state_.json.empty()) return state_.json;
  return state_.text_of(columnar::RowTextForm::plain, state_.first, state_.first + size(), state_.json);
}

std::string_view Rows::typed_json() const {
  if (!state_.typed_json.empty()) return state_.typed_json;
  return state_.text_of(columnar::RowTextForm::typed, state_.first, state_.first + size(), state_.typed_json);
}

std::string_view Rows::json(std::size_t row) const {
  state_.row_json.clear();
  std::string_view line =
      state_.text_of(columnar::RowTextForm::plain, state_.first + row, state_.first + row + 1, state_.row_json);
  if (line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

Status Rows::record_batch(ArrowArray* array, ArrowSchema* schema) const {
  const auto plain = state_.plain_rows();
  const arrow::Status exported = plain.ok() ? arrow::ExportRecordBatch(**plain, array, schema) : plain.status();
  if (!exported.ok()) return fail(columnar::damaged(state_.file.path, exported));
  return {};
}

namespace columnar {

struct RowsReader::Impl {
  explicit Impl(const IpcFileReader& file) : state{.file = file.state()} {}
  Rows::State state;
  Rows rows{state};
};

RowsReader::RowsReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RowsReader::RowsReader(RowsReader&&) noexcept = default;
RowsReader& RowsReader::operator=(RowsReader&&) noexcept = default;
RowsReader::~RowsReader() = default;

RowsReader RowsReader::open(const IpcFileReader& file, std::span<const RowTextColumn> columns) {
  auto impl = std::make_unique<Impl>(file);
  Rows::State& state = impl->state;
  const std::shared_ptr<arrow::Schema>& schema = file.state().schema;
  state.document_field = schema->GetFieldIndex(std::string(schema::document_column_name));
  std::vector<RowTextColumn> held;
  for (const RowTextColumn& column : columns) {
    const int place = schema->GetFieldIndex(column.name);
    if (place < 0) continue;
    state.fields.push_back({.place = place, .type = column.type});
    held.push_back(column);
    // Beside documents, misfits are values of the columns that they do not fit.
    if (state.document_field < 0) held.back().variant_of.clear();
  }
  std::vector<std::vector<std::size_t>> misfits = misfits_of(held);
  for (std::size_t field = 0; field < held.size(); ++field) {
    if (!held[field].variant_of.empty()) continue;
    state.columns.push_back({.name = held[field].name, .type = held[field].type});
    state.sources.push_back({.own = field, .misfits = std::move(misfits[field])});
  }
  for (std::size_t i = 0; i < state.columns.size(); ++i) {
    state.places.emplace(state.columns[i].name, i);
    state.keys.add(state.columns[i].name, i);
  }
  return RowsReader(std::move(impl));
}

std::optional<UntakenValue> RowsReader::find_untaken() {
  Rows::State& state = impl_->state;
  if (state.document_field < 0) return std::nullopt;
  for (std::size_t column = 0; column < state.columns.size(); ++column) {
    if (state.sources[column].misfits.empty()) continue;
    for (std::size_t row = 0; row < impl_->rows.size(); ++row) {
      if (!std::holds_alternative<Null>(state.cell(row, column))) continue;
      if (state.written(row, column)) return UntakenValue{.row = row, .column = state.columns[column].name};
    }
  }
  return std::nullopt;
}

const Rows::State& RowsReader::state() const {
  return impl_->state;
}

Result<const Rows*> RowsReader::select(std::uint64_t first, std::uint64_t last, RowTexts& texts) {
  Rows::State& state = impl_->state;
  const auto taken = state.select(static_cast<std::int64_t>(first), static_cast<std::int64_t>(last));
  if (!taken.ok()) return fail(damaged(state.file.path, taken));
  state.first = first;
  state.texts = &texts;
  state.unescaped.clear();
  state.document_values.forget();
  state.json.clear();
  state.typed_json.clear();
  return &impl_->rows;
}

}  // namespace columnar
}  // namespace outfall
