// SPDX-License-Identifier: Apache-2.0
#include "normalize/walker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "normalize/chunk.h"
#include "normalize/shaper.h"

namespace outfall::normalize {

using simdjson::ondemand::json_type;

namespace {

constexpr std::size_t slots_looked_ahead_max = 4;

/// Opens what a value of the parser's stands on.
class OpenedValue : public simdjson::ondemand::value {
 public:
  explicit OpenedValue(const simdjson::ondemand::value_iterator& inside) : value(inside) {}
  static const simdjson::ondemand::value_iterator& inside(const value& outside) {
    return outside.*(&OpenedValue::iter);
  }
};

/// The bytes of a key whose colon was just read.
std::string_view key_bytes(const simdjson::ondemand::value_iterator& object, simdjson::ondemand::raw_json_string key) {
  const char* begin = key.raw();
  const auto* end = reinterpret_cast<const char*>(object.json_iter().peek(-1));
  while (*end != '"') --end;
  return {begin, static_cast<std::size_t>(end - begin)};
}

/// Keys are short, and a call takes as long as comparing one.
bool is_same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto differs = [&]<class Word>(Word, std::size_t at) {
    Word ours;
    Word theirs;
    std::memcpy(&ours, a.data() + at, sizeof ours);
    std::memcpy(&theirs, b.data() + at, sizeof theirs);
    return ours != theirs;
  };
  const auto two_words = [&]<class Word>(Word word) {
    return !differs(word, 0) && !differs(word, a.size() - sizeof word);
  };
  if (a.size() > 2 * sizeof(std::uint64_t)) return a == b;
  if (a.size() >= sizeof(std::uint64_t)) return two_words(std::uint64_t{});
  if (a.size() >= sizeof(std::uint32_t)) return two_words(std::uint32_t{});
  return std::ranges::equal(a, b);
}

}  // namespace

std::string_view Walker::token_of(const Value& value) {
  const simdjson::ondemand::json_iterator& parser = value.json_iter();
  return {reinterpret_cast<const char*>(parser.peek()), parser.peek_length()};
}

simdjson::ondemand::value Walker::parsers_value(const Value& value) {
  return OpenedValue(value);
}

void Walker::begin_chunk(bool keeps_documents) {
  keeps_documents_ = keeps_documents;
  ++chunk_serial_;
  chunk_tables_.clear();
  system_columns_left_out_.reset();
  claims_.clear();
  discards_.clear();
  new_tables_ = 0;
  layout_ = nullptr;
  ++flattening_serial_;
}

std::optional<DocumentError> Walker::walk(const DocumentText& document, ObjectShape& root) {
  source_ = document;
  error_.reset();
  survey_.reset();
  const std::uint64_t duplicate_keys = duplicate_keys_;
  const std::uint64_t numbers_as_text = numbers_as_text_;
  root_id_.clear();
  Step step = attempt(document.text, root);
  if (step == Step::survey) {
    take_back_document();
    numbers_as_text_ = numbers_as_text;
    survey_ = survey_document(text_, parser_, shape_.options().naming);
    if (shape_.options().system_columns == SystemColumns::leave_out) survey_->row_ids.clear();
    duplicate_keys_ += survey_->dropped_keys.size();
    step = attempt(text_, root);
  }
  if (step == Step::keyed) {
    take_back_document();
    numbers_as_text_ = numbers_as_text;
    step = attempt(text_, root);
  }
  if (step == Step::done) return std::nullopt;
  take_back_document();
  duplicate_keys_ = duplicate_keys;
  numbers_as_text_ = numbers_as_text;
  if (!error_) (void)fail("the document cannot be shaped");
  if (is_wrapped())
    error_->offset = std::min(error_->offset - std::min(error_->offset, wrapping.size()), document.text.size());
  return std::move(error_);
}

Walker::Step Walker::attempt(std::string_view text, ObjectShape& root) {
  ++document_serial_;
  document_tables_.clear();
  begun_tables_.clear();
  document_is_open_ = false;
  value_offset_ = 0;
  frames_.clear();
  left_out_keys_.clear();
  depth_ = 0;
  open_rows_ = 0;
  text_ = text;
  if (const auto code = parser_.iterate(text.data(), text.size(), text.size() + Chunk::padding).get(document_)) {
    return fail_parse(code);
  }
  document_is_open_ = true;
  json_type type;
  if (const auto code = document_.type().get(type)) return fail_parse(code);
  if (type != json_type::object) return attempt_wrapped(root);
  simdjson::ondemand::value outside;
  if (const auto code = document_.get_value().get(outside)) return fail_parse(code);
  Value value = OpenedValue::inside(outside);
  begin_root(*root.table);
  if (root.table->row_ids == RowIdKind::row_hash) find_root_id();
  const std::uint32_t row = begin_row(*root.table, none, 0, 0);
  if (row == none) return Step::failed;
  Step step = push_object(root, value, row, RowEnd::with_frame);
  if (step == Step::done) step = run_frames();
  if (step != Step::done) return step;
  if (!document_.at_end() || (is_wrapped() && object_keys_ != 1)) {
    return fail_rest(std::min(find_rest(), source_.text.size()));
  }
  if (keeps_documents_) keep_document(*root.table);
  keep_begun_tables();
  keep_discards();
  return step;
}

Walker::Step Walker::attempt_wrapped(ObjectShape& root) {
  if (is_wrapped()) return fail("the document cannot be read");
  std::string wrapped(wrapping);
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
      case Frame::Kind::row: {
        const std::uint32_t row = frames_.back().row;
        frames_.pop_back();
        step = finish_row(row);
        break;
      }
    }
    if (step != Step::done) return step;
  }
  return Step::done;
}

Walker::Step Walker::next_field() {
  Frame& frame = frames_.back();
  if (frame.entered) {
    ++frame.position;
    auto code = frame.inside.skip_child();
    if (!code) code = frame.inside.has_next_field().get(frame.has_more);
    if (code) return fail_inside(frame, code);
  }
  frame.entered = true;
  if (!frame.has_more) {
    object_keys_ = frame.position;
    const Step step = frame.row_end == RowEnd::with_frame ? finish_row(frame.row) : Step::done;
    frames_.pop_back();
    --depth_;
    return step;
  }
  simdjson::ondemand::raw_json_string key;
  auto code = frame.inside.field_key().get(key);
  if (!code) code = frame.inside.field_value();
  if (code) return fail_inside(frame, code);
  const std::string_view raw = key_bytes(frame.inside, key);
  frame.key_offset = offset_of(raw);
  Value value = frame.inside.child();
  if (survey_ && survey_->dropped_keys.contains(frame.key_offset)) return check_unused(value);
  KeySlot* slot = find_slot(frame, raw);
  if (slot == nullptr) return error_ ? Step::failed : Step::survey;
  if (slot->role != KeySlot::Role::data) leave_out(frame, *slot);
  return take_value(frame, *slot, value);
}

/// The parser points at what it could not go beyond, once it knows that nobody will try.
Walker::Step Walker::fail_inside(Frame& frame, simdjson::error_code code) {
  frame.inside.abandon();
  return fail_parse(code);
}

KeySlot* Walker::find_slot(Frame& frame, std::string_view raw) {
  ObjectShape& shape = *frame.shape;
  std::uint32_t index = none;
  const std::size_t ahead = std::min(shape.slots.size(), frame.cursor + slots_looked_ahead_max);
  for (std::uint32_t at = frame.cursor; at < ahead; ++at) {
    if (is_same(shape.slots[at]->raw, raw)) {
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
        (void)fail(fmt::format("the key \"{}\" has a broken escape", sample(raw)));
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
    ++frame.list_index;
    auto code = frame.inside.skip_child();
    if (!code) code = frame.inside.has_next_element().get(frame.has_more);
    if (code) return fail_inside(frame, code);
  }
  frame.entered = true;
  if (!frame.has_more) {
    frames_.pop_back();
    --depth_;
    return Step::done;
  }
  Value value = frame.inside.child();
  json_type type;
  if (const auto code = value.type().get(type)) return fail_parse(code);
  ObjectShape& shape = *frame.shape;
  value_offset_ = offset_of(token_of(value));
  if (shape.table->contract.of_table() != ContractMode::evolve) return refuse_element(*shape.table, value);
  if (frame.list_index == 0) {
    if (const Step step = begin_list(shape, frame.row); step != Step::done) return step;
  }
  const std::uint32_t row = begin_row(*shape.table, frame.row, frame.list_index, value_offset_);
  if (row == none) return Step::failed;
  if (type == json_type::object) return push_object(shape, value, row, RowEnd::with_frame);

  // A scalar or a list is the only field of its row, and the row's end waits for the list's.
  Frame& around = frames_.emplace_back();
  around.kind = Frame::Kind::row;
  around.shape = type == json_type::array ? &shape_.wrapped_rows_of(shape) : &shape;
  around.row = row;
  return take_value(around, *around.shape->slots.front(), value);
}

Walker::Step Walker::take_value(Frame& frame, KeySlot& slot, Value& value) {
  json_type type;
  if (const auto code = value.type().get(type)) return fail_parse(code);
  value_offset_ = offset_of(token_of(value));
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
    json_text_.allow_levels(levels_left());
    if (const auto code = json_text_.write(parsers_value(value), unescaped_, dropped_keys())) return fail_parse(code);
    if (json_text_.has_duplicate_keys() && !survey_) return Step::survey;
    return take_scalar(shape, slot, rows_[row], {.kind = DataType::json, .text = unescaped_});
  }
  if (type == json_type::object) return push_object(shape_.object_of(slot, shape), value, row, RowEnd::apart);
  claim_table(shape, slot);
  return push_list(shape_.list_of(slot, shape), value, row);
}

Walker::Step Walker::push_object(ObjectShape& shape, Value& value, std::uint32_t row, RowEnd row_end) {
  if (levels_left() == 0) return fail_depth();
  bool has_more = false;
  if (const auto code = value.start_object().get(has_more)) return fail_parse(code);
  Frame frame;
  frame.kind = Frame::Kind::object;
  frame.row_end = row_end;
  frame.shape = &shape;
  frame.row = row;
  frame.object_serial = ++object_serial_;
  frame.inside = value;
  frame.has_more = has_more;
  frames_.push_back(frame);
  ++depth_;
  return Step::done;
}

Walker::Step Walker::push_list(ObjectShape& rows_shape, Value& value, std::uint32_t parent_row) {
  if (levels_left() == 0) return fail_depth();
  bool has_more = false;
  if (const auto code = value.start_array().get(has_more)) return fail_parse(code);
  Frame frame;
  frame.kind = Frame::Kind::list;
  frame.shape = &rows_shape;
  frame.row = parent_row;
  frame.object_serial = ++object_serial_;
  frame.inside = value;
  frame.has_more = has_more;
  frames_.push_back(frame);
  ++depth_;
  return Step::done;
}

Walker::Step Walker::check_unused(Value& value) {
  json_text_.allow_levels(levels_left());
  if (const auto code = json_text_.write(parsers_value(value), scratch_)) return fail_parse(code);
  return Step::done;
}

bool Walker::stays_json(const ObjectShape& shape, KeySlot& slot) {
  if (shape.level <= 0) return true;
  if (slot.flattening_serial == flattening_serial_) return false;
  TableShape& table = *shape.table;
  const std::uint32_t column = shape_.find_column(table, slot.column_name);
  if (column != none && table.columns[column].type.type == DataType::json) return true;
  const schema::ColumnType* hint = shape_.hint(shape, slot);
  if (hint == nullptr) hint = shape_.settled_for(table, slot.column_name);
  if (hint != nullptr && hint->type == DataType::json) return true;
  slot.flattening_serial = flattening_serial_;
  table.flattened.push_back(&slot);
  return false;
}

}  // namespace outfall::normalize
