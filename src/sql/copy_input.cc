// SPDX-License-Identifier: Apache-2.0
#include "sql/copy_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "sql/json_field.h"

namespace outfall::sql {
namespace {

bool has_nanoseconds(std::string_view format) {
  return format.starts_with("tsn:");
}

bool is_null(const ArrowArray& column, std::int64_t place) {
  const auto* valid = static_cast<const std::uint8_t*>(column.buffers[0]);
  return valid != nullptr && (valid[place / 8] >> (place % 8) & 1) == 0;
}

/// Where in the bytes of a column the first text stands that has a NUL character; in JSON it is written `\u0000`.
const char* find_nul(std::string_view bytes, bool is_json) {
  if (!is_json) return bytes.empty() ? nullptr : static_cast<const char*>(std::memchr(bytes.data(), 0, bytes.size()));
  for (std::size_t at = bytes.find("\\u0000"); at != std::string_view::npos; at = bytes.find("\\u0000", at + 1)) {
    std::size_t backslashes = 0;
    while (backslashes < at && bytes[at - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return bytes.data() + at;
  }
  return nullptr;
}

}  // namespace

std::string_view copied_type(std::string_view format) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> words{{{"u", "text"},
                                                                                {"z", "bytea"},
                                                                                {"l", "bigint"},
                                                                                {"g", "double precision"},
                                                                                {"b", "boolean"},
                                                                                {"tdD", "date"},
                                                                                {"ttu", "time without time zone"}}};
  const auto* const found = std::ranges::find(words, format, &std::pair<std::string_view, std::string_view>::first);
  if (found != words.end()) return found->second;
  if (format.starts_with("tsu:") || format.starts_with("tsn:")) {
    return format.size() > 4 ? "timestamp with time zone" : "timestamp without time zone";
  }
  return format.starts_with("d:") ? "numeric" : "";
}

bool goes_into(std::string_view format, std::string_view word) {
  const std::string_view own = copied_type(format);
  if (own == word) return true;
  if (own == "text") return word.starts_with("character varying") || word == "jsonb";
  return own == "numeric" && word.starts_with("numeric(");
}

CopyInput::CopyInput(ArrowArrayStream* stream, const std::atomic<bool>& cancelled)
    : source_(std::exchange(*stream, {})), cancelled_(cancelled) {}

CopyInput::~CopyInput() {
  if (schema_.release != nullptr) schema_.release(&schema_);
  if (source_.release != nullptr) source_.release(&source_);
}

Status CopyInput::open() {
  if (source_.get_schema(&source_, &schema_) != 0) {
    schema_.release = nullptr;
    return fail(std::string("read the columns of the rows: ") + source_.get_last_error(&source_));
  }
  const auto count = static_cast<std::size_t>(schema_.n_children);
  is_json_.assign(count, false);
  microseconds_.resize(count);
  columns_.resize(count);
  children_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    columns_[i] = *schema_.children[i];
    columns_[i].release = [](ArrowSchema* self) { self->release = nullptr; };
    if (has_nanoseconds(columns_[i].format))
      columns_[i].format = std::string_view(columns_[i].format).size() > 4 ? "tsu:UTC" : "tsu:";
    children_[i] = &columns_[i];
  }
  lent_schema_ = schema_;
  lent_schema_.children = children_.data();
  lent_schema_.release = [](ArrowSchema* self) { self->release = nullptr; };
  return {};
}

void CopyInput::mark_json(const std::vector<bool>& is_json) {
  is_json_ = is_json;
  for (std::size_t i = 0; i < is_json.size(); ++i) {
    if (is_json[i]) columns_[i].metadata = json_metadata().data();
  }
}

ArrowArrayStream CopyInput::lent() {
  ArrowArrayStream stream{};
  stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
    *out = static_cast<CopyInput*>(self->private_data)->lent_schema_;
    return 0;
  };
  stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
    auto& input = *static_cast<CopyInput*>(self->private_data);
    input.failure_ = input.next(out);
    if (input.failure_) return 0;
    input.error_ = input.failure_.error().message;
    return EIO;
  };
  stream.get_last_error = [](ArrowArrayStream* self) {
    return static_cast<CopyInput*>(self->private_data)->error_.c_str();
  };
  stream.release = [](ArrowArrayStream* self) { self->release = nullptr; };
  stream.private_data = this;
  return stream;
}

Status CopyInput::next(ArrowArray* out) {
  *out = {};
  if (cancelled_.load(std::memory_order_relaxed)) {
    return fail(Error{.message = "cancelled", .hint = "", .blame = Blame::interrupted});
  }
  if (source_.get_next(&source_, out) != 0) {
    out->release = nullptr;
    return fail(source_.get_last_error(&source_));
  }
  if (out->release == nullptr) return {};
  if (Status checked = check(*out); !checked) {
    out->release(out);
    return checked;
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (has_nanoseconds(schema_.children[i]->format)) count_in_microseconds(*out->children[i], i);
  }
  rows_ += static_cast<std::uint64_t>(out->length);
  return {};
}

Status CopyInput::check(const ArrowArray& batch) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::optional<RefusedRow> found = find_refused(*batch.children[i], i);
    const bool is_first = found && (!refused_ || *found->row < *refused_->row);
    if (is_first) refused_ = std::move(found);
  }
  if (!refused_) return {};
  return fail(fmt::format("row {}: {}", *refused_->row + 1, refused_->reason));
}

std::optional<RefusedRow> CopyInput::find_refused(const ArrowArray& column, std::size_t index) const {
  const std::string_view format = schema_.children[index]->format;
  const auto refuse = [&](std::int64_t row, std::string_view why) {
    return RefusedRow{.reason = fmt::format("the column {} {}", schema_.children[index]->name, why),
                      .row = rows_ + static_cast<std::uint64_t>(row)};
  };
  if (has_nanoseconds(format)) {
    const auto* values = static_cast<const std::int64_t*>(column.buffers[1]);
    for (std::int64_t place = column.offset; place < column.offset + column.length; ++place) {
      if (values[place] % 1000 == 0 || is_null(column, place)) continue;
      return refuse(place - column.offset, "has a moment with nanoseconds, and PostgreSQL keeps microseconds");
    }
    return std::nullopt;
  }
  if (format != "u" || column.length == 0) return std::nullopt;
  const auto* offsets = static_cast<const std::int32_t*>(column.buffers[1]) + column.offset;
  const auto* bytes = static_cast<const char*>(column.buffers[2]);
  const std::string_view all(bytes + offsets[0], static_cast<std::size_t>(offsets[column.length] - offsets[0]));
  const char* const nul = find_nul(all, is_json_[index]);
  if (nul == nullptr) return std::nullopt;
  const auto* const end =
      std::upper_bound(offsets, offsets + column.length + 1, static_cast<std::int32_t>(nul - bytes));
  return refuse(end - offsets - 1, is_json_[index] ? "has a NUL character (\\u0000), which jsonb cannot hold"
                                                   : "has a text with a NUL character, which PostgreSQL cannot hold");
}

void CopyInput::count_in_microseconds(ArrowArray& column, std::size_t index) {
  const auto* values = static_cast<const std::int64_t*>(column.buffers[1]);
  std::vector<std::int64_t>& converted = microseconds_[index];
  converted.assign(static_cast<std::size_t>(column.offset), 0);
  for (std::int64_t place = column.offset; place < column.offset + column.length; ++place) {
    converted.push_back(values[place] / 1000);
  }
  column.buffers[1] = converted.data();
}

}  // namespace outfall::sql
