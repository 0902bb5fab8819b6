// SPDX-License-Identifier: Apache-2.0
#include "normalize/walker.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "normalize/chunk.h"
#include "normalize/shaper.h"
#include "schema/table.h"

namespace outfall::normalize {

using simdjson::ondemand::json_type;

namespace {

constexpr std::size_t slots_looked_ahead_max = 4;
constexpr std::size_t variant_sample_bytes_max = 80;

std::string_view sample(std::string_view value) {
  if (value.size() <= variant_sample_bytes_max) return value;
  std::size_t end = variant_sample_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;
  return value.substr(0, end);
}

std::string_view explain(simdjson::error_code code) {
  switch (code) {
    case simdjson::TAPE_ERROR:
      return "a value, comma, colon or bracket is missing or misplaced";
    case simdjson::STRING_ERROR:
      return "a text has a broken escape";
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR:
      return "a word is none of true, false and null";
    case simdjson::NUMBER_ERROR:
      return "a number is not written as JSON writes numbers";
    case simdjson::UTF8_ERROR:
      return "the bytes are not valid UTF-8";
    case simdjson::UNESCAPED_CHARS:
      return "a text has a control character that is not escaped";
    case simdjson::UNCLOSED_STRING:
      return "a text has no closing quote";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return "it ends inside an object or a list";
    case simdjson::EMPTY:
      return "there is nothing but blanks";
    case simdjson::CAPACITY:
      return "the document is too long";
    default:
      return simdjson::error_message(code);
  }
}

std::size_t first_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = at;
    if (next_code_point(text, at) == invalid_code_point) return begin;
  }
  return at;
}

}  // namespace

void Walker::begin_chunk() {
  ++chunk_serial_;
  ++flattening_serial_;
}

std::optional<DocumentError> Walker::walk(const DocumentText& document, ObjectShape& root) {
  source_ = document;
  error_.reset();
  survey_.reset();
  Step step = attempt(document.text, root);
  if (step == Step::survey) {
    take_back_document();
    survey_ = survey_document(text_, parser_);
    duplicate_keys_ += survey_->dropped_keys.size();
    step = attempt(text_, root);
  }
  if (step == Step::done) return std::nullopt;
  take_back_document();
  if (!error_) fail("the document cannot be shaped");
  return std::move(error_);
}

Walker::Step Walker::attempt(std::string_view text, ObjectShape& root) {
  ++document_serial_;
  document_tables_.clear();
  frames_.clear();
  open_rows_ = 0;
  text_ = text;
  if (const auto code = parser_.iterate(text.data(), text.size(), text.size() + Chunk::padding).get(document_)) {
    return fail_parse(code);
  }
  json_type type;
  if (const auto code = document_.type().get(type)) return fail_parse(code);
  if (type != json_type::object) return attempt_wrapped(root);
  simdjson::ondemand::value value;
  if (const auto code = document_.get_value().get(value)) return fail_parse(code);
  const std::uint32_t row = begin_row(*root.table, none, 0, 0);
  if (row == none) return Step::failed;
  Step step = push_object(root, value, row, RowEnd::with_frame);
  if (step == Step::done) step = run_frames();
  if (step == Step::done && !document_.at_end()) {
    return fail("there is more behind the end of the document", "NDJSON has one document a line");
  }
  return step;
}

Walker::Step Walker::attempt_wrapped(ObjectShape& root) {
  if (text_.data() == wrapped_.data()) return fail("the document cannot be read");
  std::string wrapped = "{\"value\":";
  wrapped.append(text_);
  wrapped.push_back('}');
  wrapped_ = std::move(wrapped);
  wrapped_.reserve(wrapped_.size() + Chunk::padding);
  return attempt(wrapped_, root);
}

Walker::Step Walker::run_frames() {
  while (!frames_.empty()) {
    Step step = Step::done;
    switch (frames_.back().kind) {
      case Frame::Kind::object:
        step = next_field();
        break;
      case Frame::Kind::list:
        step = next_element();
        break;
      case Frame::Kind::row:
        finish_row(frames_.back().row);
        frames_.pop_back();
        break;
    }
    if (step != Step::done) return step;
  }
  return Step::done;
}

Walker::Step Walker::next_field() {
  Frame& frame = frames_.back();
  if (frame.entered) {
    ++frame.field;
    ++frame.position;
  }
  frame.entered = true;
  if (at_end(frame.field)) {
    if (frame.row_end == RowEnd::with_frame) finish_row(frame.row);
    frames_.pop_back();
    return Step::done;
  }
  simdjson::ondemand::field field;
  if (const auto code = (*frame.field).get(field)) return fail_parse(code);
  const std::string_view raw = field.escaped_key();
  frame.key_offset = offset_of(raw);
  if (survey_ && survey_->dropped_keys.contains(frame.key_offset)) return Step::done;
  KeySlot* slot = find_slot(frame, raw);
  if (slot == nullptr) return error_ ? Step::failed : Step::survey;
  return take_value(frame, *slot, field.value());
}

KeySlot* Walker::find_slot(Frame& frame, std::string_view raw) {
  ObjectShape& shape = *frame.shape;
  std::uint32_t index = none;
  const std::size_t ahead = std::min(shape.slots.size(), frame.cursor + slots_looked_ahead_max);
  for (std::uint32_t at = frame.cursor; at < ahead; ++at) {
    if (shape.slots[at]->raw == raw) {
      index = at;
      break;
    }
  }
  if (index == none) {
    const auto found = shape.by_raw.find(raw);
    if (found != shape.by_raw.end()) {
      index = found->second;
    } else {
      if (!unescape(raw, unescaped_)) {
        fail(fmt::format("the key \"{}\" has a broken escape", sample(raw)));
        return nullptr;
      }
      index = static_cast<std::uint32_t>(shape.slots.size());
      shape_.add_key(shape, raw, unescaped_);
    }
  }
  frame.cursor = index + 1;
  KeySlot* slot = shape.slots[index].get();
  if (slot->same_as != none) slot = shape.slots[slot->same_as].get();
  if (slot->object_serial == frame.object_serial) return nullptr;  // the key stands here for the second time
  slot->object_serial = frame.object_serial;
  return slot;
}

Walker::Step Walker::next_element() {
  Frame& frame = frames_.back();
  if (frame.entered) {
    ++frame.element;
    ++frame.list_index;
  }
  frame.entered = true;
  if (at_end(frame.element)) {
    frames_.pop_back();
    return Step::done;
  }
  Value value;
  if (const auto code = (*frame.element).get(value)) return fail_parse(code);
  json_type type;
  if (const auto code = value.type().get(type)) return fail_parse(code);
  ObjectShape& shape = *frame.shape;
  value_offset_ = offset_of(value.raw_json_token());
  const std::uint32_t row = begin_row(*shape.table, frame.row, frame.list_index, value_offset_);
  if (row == none) return Step::failed;
  if (type == json_type::object) return push_object(shape, value, row, RowEnd::with_frame);

  // A scalar or a list is the only field of its row, and the row's end waits for the list's.
  if (frames_.size() >= limits::nesting_depth_max) return fail_depth();
  Frame& around = frames_.emplace_back();
  around.kind = Frame::Kind::row;
  around.shape = type == json_type::array ? &shape_.wrapped_rows_of(shape) : &shape;
  around.row = row;
  return take_value(around, *around.shape->slots.front(), value);
}

Walker::Step Walker::take_value(Frame& frame, KeySlot& slot, Value value) {
  json_type type;
  if (const auto code = value.type().get(type)) return fail_parse(code);
  value_offset_ = offset_of(value.raw_json_token());
  if (type == json_type::null) {
    bool is_null = false;
    if (const auto code = value.is_null().get(is_null)) return fail_parse(code);
    return is_null ? Step::done : fail_parse(simdjson::N_ATOM_ERROR);
  }
  if (slot.role != KeySlot::Role::data) return take_system_value(frame, slot, value);
  ObjectShape& shape = *frame.shape;
  const std::uint32_t row = frame.row;
  if (type != json_type::object && type != json_type::array) {
    Scalar scalar;
    if (const Step step = read_scalar(value, type, scalar); step != Step::done) return step;
    return take_scalar(shape, slot, rows_[row], scalar);
  }
  if (stays_json(shape, slot)) {
    if (const auto code = json_text_.write(value, unescaped_)) return fail_parse(code);
    return take_scalar(shape, slot, rows_[row], {.kind = DataType::json, .text = unescaped_});
  }
  if (type == json_type::object) return push_object(shape_.object_of(slot, shape), value, row, RowEnd::apart);
  return push_list(shape_.list_of(slot, shape), value, row);
}

Walker::Step Walker::push_object(ObjectShape& shape, Value value, std::uint32_t row, RowEnd row_end) {
  if (frames_.size() >= limits::nesting_depth_max) return fail_depth();
  simdjson::ondemand::object object;
  if (const auto code = value.get_object().get(object)) return fail_parse(code);
  Frame frame;
  frame.kind = Frame::Kind::object;
  frame.row_end = row_end;
  frame.shape = &shape;
  frame.row = row;
  frame.object_serial = ++object_serial_;
  if (const auto code = object.begin().get(frame.field)) return fail_parse(code);
  frames_.push_back(frame);
  return Step::done;
}

Walker::Step Walker::push_list(ObjectShape& rows_shape, Value value, std::uint32_t parent_row) {
  if (frames_.size() >= limits::nesting_depth_max) return fail_depth();
  simdjson::ondemand::array array;
  if (const auto code = value.get_array().get(array)) return fail_parse(code);
  Frame frame;
  frame.kind = Frame::Kind::list;
  frame.shape = &rows_shape;
  frame.row = parent_row;
  frame.object_serial = ++object_serial_;
  if (const auto code = array.begin().get(frame.element)) return fail_parse(code);
  frames_.push_back(frame);
  return Step::done;
}

bool Walker::stays_json(const ObjectShape& shape, KeySlot& slot) {
  if (shape.level <= 0) return true;
  if (slot.flattening_serial == flattening_serial_) return false;
  TableShape& table = *shape.table;
  const std::uint32_t column = shape_.find_column(table, slot.column_name);
  if (column != none && table.columns[column].type.type == DataType::json) return true;
  const columnar::ColumnType* hint = shape_.hint(shape, slot);
  if (hint != nullptr && hint->type == DataType::json) return true;
  slot.flattening_serial = flattening_serial_;
  table.flattened.push_back(&slot);
  return false;
}

Walker::Step Walker::take_system_value(Frame& frame, KeySlot& slot, Value value) {
  TableShape& table = *frame.shape->table;
  Row& row = rows_[frame.row];
  if (slot.role == KeySlot::Role::reserved) {
    return fail(
        fmt::format("the key \"{}\" begins with _dlt, which is kept for columns that describe the load", slot.key),
        "rename the key in the input");
  }
  if (slot.role == KeySlot::Role::row_id) {
    json_type type;
    if (const auto code = value.type().get(type)) return fail_parse(code);
    if (type == json_type::object || type == json_type::array) {
      return fail("the key \"_dlt_id\" holds an object or a list; a row id is a text", "rename the key in the input");
    }
    Scalar scalar;
    if (const Step step = read_scalar(value, type, scalar); step != Step::done) return step;
    if (row.id != scalar.text && is_truthy(scalar)) {
      if (row.id_used) return survey_ ? fail("the row id stands behind rows that need it") : Step::survey;
      row.id.assign(scalar.text);
    }
  }
  const std::uint32_t column = shape_.find_column(table, slot.column_name);
  if (column != none) touch(table, column, row);
  return Step::done;
}

bool Walker::is_truthy(const Scalar& scalar) {
  switch (scalar.kind) {
    case DataType::text:
      return !scalar.text.empty();
    case DataType::bigint:
      return scalar.integer != 0;
    case DataType::double_:
      return scalar.real != 0;
    case DataType::bool_:
      return scalar.truth;
    default:
      return true;
  }
}

Walker::Step Walker::take_scalar(const ObjectShape& shape, KeySlot& slot, Row& row, const Scalar& scalar) {
  TableShape& table = *shape.table;
  if (slot.column == none) {
    const columnar::ColumnType* hint = shape_.hint(shape, slot);
    const std::size_t columns_before = table.columns.size();
    slot.column = shape_.column(table, slot.column_name, hint != nullptr ? *hint : infer_type(scalar));
    if (table.columns.size() > limits::table_columns_max) return fail_columns(table);
    if (hint != nullptr && table.columns.size() > columns_before) table.columns[slot.column].declared = true;
    if (table.columns[slot.column].type.type == DataType::json) ++flattening_serial_;
  }
  ColumnSlot& column = table.columns[slot.column];
  if (column.row_serial == row.serial) return fail_collision(table, column, slot);
  column.row_serial = row.serial;
  column.row_key = &slot;
  Cell cell;
  if (!convert(column, scalar, scratch_, cell)) return put_variant(shape, slot, row, scalar);
  touch(table, slot.column, row);
  store(cell, column.type.type, row.number, *column.cells);
  return Step::done;
}

Walker::Step Walker::put_variant(const ObjectShape& shape, const KeySlot& slot, Row& row, const Scalar& scalar) {
  TableShape& table = *shape.table;
  const std::uint32_t index = shape_.variant(table, slot.column, scalar.kind, infer_type(scalar));
  ColumnSlot& column = table.columns[index];
  if (column.row_serial == row.serial) return fail_collision(table, column, slot);
  column.row_serial = row.serial;
  column.row_key = &slot;
  Cell cell;
  if (!convert(column, scalar, scratch_, cell)) {
    return fail(fmt::format("the value {} of \"{}\" fits neither the column {} ({}) nor its variant {} ({})",
                            sample(scalar.text), slot.key, table.columns[slot.column].name,
                            name(table.columns[slot.column].type.type), column.name, name(column.type.type)),
                fmt::format("--column '{}:text' keeps every value as text", slot.column_name));
  }
  const bool is_first = column.chunk_serial != chunk_serial_;
  touch(table, index, row);
  if (is_first) {
    column.found_as_variant = true;
    table.variants.push_back({.column = index, .value = std::string(sample(scalar.text)), .line = source_.line});
    if (!table.columns[slot.column].confirmed) table.assumed.push_back(slot.column);
  }
  store(cell, column.type.type, row.number, *column.cells);
  return Step::done;
}

Walker::Step Walker::read_scalar(Value& value, json_type type, Scalar& scalar) {
  switch (type) {
    case json_type::string:
      return read_string(value, scalar);
    case json_type::number:
      return read_number(value, scalar);
    default:
      scalar.kind = DataType::bool_;
      if (const auto code = value.get_bool().get(scalar.truth)) return fail_parse(code);
      scalar.text = scalar.truth ? "True" : "False";
      return Step::done;
  }
}

Walker::Step Walker::read_string(Value& value, Scalar& scalar) {
  const std::string_view bytes = string_bytes(value.raw_json_token());
  if (const auto code = value.get_raw_json_string().error()) return fail_parse(code);
  scalar.kind = DataType::text;
  scalar.text = bytes;
  if (bytes.find('\\') == std::string_view::npos) return Step::done;
  if (!unescape(bytes, unescaped_)) return fail("a text has a broken escape");
  scalar.text = unescaped_;
  return Step::done;
}

Walker::Step Walker::read_number(Value& value, Scalar& scalar) {
  scalar.text = trimmed_token(value.raw_json_token());
  simdjson::ondemand::number number;
  const auto code = value.get_number().get(number);
  if (code == simdjson::BIGINT_ERROR || (!code && number.is_uint64() && !number.is_int64())) {
    if (!is_json_number(scalar.text)) return fail_parse(simdjson::NUMBER_ERROR);
    if (code) {
      // The parser did not consume the number; as a raw token it does.
      if (const auto raw = value.raw_json().error()) return fail_parse(raw);
    }
    constexpr std::size_t decimal_digits_max = 38;
    const std::size_t digits = scalar.text.size() - (scalar.text.front() == '-' ? 1 : 0);
    scalar.kind = digits <= decimal_digits_max ? DataType::decimal : DataType::text;
    return Step::done;
  }
  if (code) {
    if (is_json_number(scalar.text)) {
      return fail(fmt::format("the number {} is too large for a double", sample(scalar.text)),
                  "write it as a text, or state the column's type with --column");
    }
    return fail_parse(code);
  }
  if (number.is_int64()) {
    scalar.kind = DataType::bigint;
    scalar.integer = number.get_int64();
  } else {
    scalar.kind = DataType::double_;
    scalar.real = number.get_double();
  }
  return Step::done;
}

Walker::Step Walker::fail(std::string message, std::string hint) {
  error_ = DocumentError{std::move(message), std::move(hint), value_offset_};
  return Step::failed;
}

Walker::Step Walker::fail_depth() {
  return fail(fmt::format("the document nests deeper than {} levels", limits::nesting_depth_max),
              "--max-table-nesting keeps deep values as JSON, up to the same depth");
}

Walker::Step Walker::fail_columns(const TableShape& table) {
  return fail(fmt::format("the table {} would get more than {} columns", table.name, limits::table_columns_max),
              "keys that are data (ids, dates) belong into values; --max-table-nesting keeps objects as JSON");
}

Walker::Step Walker::fail_parse(simdjson::error_code code) {
  const char* location = nullptr;
  std::size_t offset = value_offset_;
  if (!document_.current_location().get(location) && location >= text_.data()) {
    offset = std::min(static_cast<std::size_t>(location - text_.data()), text_.size());
  }
  if (code == simdjson::UTF8_ERROR) offset = first_invalid_utf8(text_);
  error_ = DocumentError{fmt::format("this is not JSON: {}", explain(code)),
                         code == simdjson::INCOMPLETE_ARRAY_OR_OBJECT
                             ? "an input has one whole document a line (jq -c . writes it so), or one array"
                             : "",
                         offset};
  return Step::failed;
}

Walker::Step Walker::fail_collision(const TableShape& table, const ColumnSlot& column, const KeySlot& slot) {
  return fail(fmt::format("the keys \"{}\" and \"{}\" of one document both become the column {} of {}",
                          sample(column.row_key->key), sample(slot.key), column.name, table.name),
              "rename one of them, or keep the names apart with --naming duck_case");
}

}  // namespace outfall::normalize
