// SPDX-License-Identifier: Apache-2.0
//
// The two directions of the Arrow C Stream Interface at DuckDB's border.
#include "sql/duckdb_arrow.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "sql/json_field.h"

namespace outfall::sql {

namespace {

/// DuckDB takes "unknown" for "none" where a column has a dictionary, and its nulls would become the first word.
void count_nulls_of_dictionaries(ArrowArray& batch) {
  for (std::int64_t i = 0; i < batch.n_children; ++i) {
    ArrowArray& column = *batch.children[i];
    if (column.dictionary == nullptr || column.null_count >= 0) continue;
    const auto* valid = static_cast<const std::uint8_t*>(column.buffers[0]);
    column.null_count = 0;
    for (std::int64_t row = column.offset; valid != nullptr && row < column.offset + column.length; ++row) {
      if ((valid[row / 8] >> (row % 8) & 1) == 0) ++column.null_count;
    }
  }
}

}  // namespace

ArrowInput::ArrowInput(ArrowArrayStream* stream, const std::atomic<bool>& cancelled)
    : source_(std::exchange(*stream, {})), cancelled_(cancelled) {
  lent_.get_schema = &lend_schema;
  lent_.get_next = &lend_next;
  lent_.get_last_error = &last_error;
  lent_.release = [](ArrowArrayStream* self) { self->release = nullptr; };
  lent_.private_data = this;
}

ArrowInput::~ArrowInput() {
  if (first_.release != nullptr) first_.release(&first_);
  if (schema_.release != nullptr) schema_.release(&schema_);
  if (source_.release != nullptr) source_.release(&source_);
}

std::string ArrowInput::source_error() {
  const char* answer = source_.get_last_error(&source_);
  return answer != nullptr ? answer : "no reason given";
}

Status ArrowInput::open() {
  if (source_.release == nullptr) return fail("read a stream of rows: it was released before");
  if (source_.get_schema(&source_, &schema_) != 0) {
    schema_.release = nullptr;
    return fail("read the columns of a stream of rows: " + source_error());
  }
  if (std::string_view(schema_.format) != "+s" || schema_.n_children == 0) {
    return fail("read a stream of rows: it has no columns");
  }
  if (source_.get_next(&source_, &first_) != 0) {
    first_.release = nullptr;
    return fail(source_error());
  }
  return {};
}

int ArrowInput::lend_schema(ArrowArrayStream* self, ArrowSchema* out) {
  auto* input = static_cast<ArrowInput*>(self->private_data);
  *out = input->schema_;
  out->release = [](ArrowSchema* schema) { schema->release = nullptr; };
  return 0;
}

int ArrowInput::lend_next(ArrowArrayStream* self, ArrowArray* out) {
  auto* input = static_cast<ArrowInput*>(self->private_data);
  if (input->cancelled_.load(std::memory_order_relaxed)) {
    input->error_ = "cancelled";
    return ECANCELED;
  }
  int answer = 0;
  if (!std::exchange(input->is_first_lent_, true)) {
    *out = std::exchange(input->first_, {});
  } else {
    answer = input->source_.get_next(&input->source_, out);
  }
  if (answer != 0) {
    input->error_ = input->source_error();
  } else if (out->release != nullptr) {
    count_nulls_of_dictionaries(*out);
    input->rows_ += static_cast<std::uint64_t>(out->length);
  }
  return answer;
}

const char* ArrowInput::last_error(ArrowArrayStream* self) {
  return static_cast<ArrowInput*>(self->private_data)->error_.c_str();
}

namespace {

struct Export {
  const DuckDbApi& api;
  DuckDbResult result;
  duckdb_arrow_options options;
  std::string error;
  // Last to be destroyed would be wrong: the result needs its connection. Members go in reverse, so this one is first.
  std::shared_ptr<void> keep_alive;
};

bool failed(Export& from, duckdb_error_data answer) {
  bool has_error = answer != nullptr && from.api.duckdb_error_data_has_error(answer);
  if (has_error) from.error = from.api.duckdb_error_data_message(answer);
  if (answer != nullptr) from.api.duckdb_destroy_error_data(&answer);
  return has_error;
}

/// DuckDB hands JSON over as texts.
void mark_json(const DuckDbApi& api, duckdb_logical_type type, ArrowSchema& field) {
  char* alias = api.duckdb_logical_type_get_alias(type);
  const bool is_json = alias != nullptr && std::string_view(alias) == "JSON";
  api.duckdb_free(alias);
  if (is_json && field.metadata == nullptr) field.metadata = json_metadata().c_str();
}

int export_schema(ArrowArrayStream* self, ArrowSchema* out) {
  auto& from = *static_cast<Export*>(self->private_data);
  idx_t columns = from.api.duckdb_column_count(from.result.get());
  std::vector<duckdb_logical_type> types;
  std::vector<const char*> names;
  for (idx_t i = 0; i < columns; ++i) {
    types.push_back(from.api.duckdb_column_logical_type(from.result.get(), i));
    names.push_back(from.api.duckdb_column_name(from.result.get(), i));
  }
  bool bad = failed(from, from.api.duckdb_to_arrow_schema(from.options, types.data(), names.data(), columns, out));
  for (idx_t i = 0; i < columns && !bad; ++i) mark_json(from.api, types[i], *out->children[i]);
  for (duckdb_logical_type& type : types) from.api.duckdb_destroy_logical_type(&type);
  return bad ? EIO : 0;
}

int export_next(ArrowArrayStream* self, ArrowArray* out) {
  auto& from = *static_cast<Export*>(self->private_data);
  out->release = nullptr;
  duckdb_data_chunk chunk = from.api.duckdb_fetch_chunk(*from.result.get());
  if (chunk == nullptr) {
    const char* answer = from.api.duckdb_result_error(from.result.get());
    if (answer == nullptr || *answer == '\0') return 0;
    from.error = answer;
    return EIO;
  }
  bool empty = from.api.duckdb_data_chunk_get_size(chunk) == 0;
  bool bad = !empty && failed(from, from.api.duckdb_data_chunk_to_arrow(from.options, chunk, out));
  from.api.duckdb_destroy_data_chunk(&chunk);
  return bad ? EIO : 0;
}

/// The types whose values DuckDB changes on their way into Arrow, or does not give.
constexpr std::array<std::pair<duckdb_type, std::string_view>, 5> inexact_types{{
    {DUCKDB_TYPE_UHUGEINT, "UHUGEINT"},
    {DUCKDB_TYPE_BIGNUM, "BIGNUM"},
    {DUCKDB_TYPE_BIT, "BIT"},
    {DUCKDB_TYPE_TIME_TZ, "TIME WITH TIME ZONE"},
    {DUCKDB_TYPE_VARIANT, "VARIANT"},
}};

/// Types that are still to be looked at: a column's, and those of which it is made.
class Types {
 public:
  Types(const DuckDbApi& api, duckdb_logical_type type) : api_(api), types_{type} {}
  Types(const Types&) = delete;
  Types& operator=(const Types&) = delete;
  ~Types() {
    for (duckdb_logical_type& type : types_) api_.duckdb_destroy_logical_type(&type);
  }

  /// The first one that is inexact; empty: none.
  std::string_view find_inexact() {
    for (std::size_t i = 0; i < types_.size(); ++i) {
      const duckdb_type id = api_.duckdb_get_type_id(types_[i]);
      const auto* found = std::ranges::find(inexact_types, id, [](const auto& inexact) { return inexact.first; });
      if (found != inexact_types.end()) return found->second;
      add_parts(types_[i], id);
    }
    return {};
  }

 private:
  void add_parts(duckdb_logical_type type, duckdb_type id) {
    if (id == DUCKDB_TYPE_LIST) types_.push_back(api_.duckdb_list_type_child_type(type));
    if (id == DUCKDB_TYPE_ARRAY) types_.push_back(api_.duckdb_array_type_child_type(type));
    if (id == DUCKDB_TYPE_MAP) {
      types_.push_back(api_.duckdb_map_type_key_type(type));
      types_.push_back(api_.duckdb_map_type_value_type(type));
    }
    const idx_t fields = id == DUCKDB_TYPE_STRUCT ? api_.duckdb_struct_type_child_count(type) : 0;
    for (idx_t i = 0; i < fields; ++i) types_.push_back(api_.duckdb_struct_type_child_type(type, i));
    const idx_t members = id == DUCKDB_TYPE_UNION ? api_.duckdb_union_type_member_count(type) : 0;
    for (idx_t i = 0; i < members; ++i) types_.push_back(api_.duckdb_union_type_member_type(type, i));
  }

  const DuckDbApi& api_;
  std::vector<duckdb_logical_type> types_;
};

Status check_types(const DuckDbApi& api, DuckDbResult& result) {
  for (idx_t i = 0; i < api.duckdb_column_count(result.get()); ++i) {
    const std::string_view inexact = Types(api, api.duckdb_column_logical_type(result.get(), i)).find_inexact();
    if (inexact.empty()) continue;
    const std::string name = api.duckdb_column_name(result.get(), i);
    return fail(fmt::format("the column \"{}\" has values of the type {}, which Arrow and Parquet do not hold exactly",
                            name, inexact),
                fmt::format("make it a text in the query: \"{}\"::varchar", name));
  }
  return {};
}

}  // namespace

Status export_result(const DuckDbApi& api, DuckDbResult result, std::shared_ptr<void> keep_alive,
                     ArrowArrayStream* out) {
  if (Status exact = check_types(api, result); !exact) return exact;
  duckdb_arrow_options options = api.duckdb_result_get_arrow_options(result.get());
  out->private_data = new Export{api, std::move(result), options, "", std::move(keep_alive)};
  out->get_schema = &export_schema;
  out->get_next = &export_next;
  out->get_last_error = [](ArrowArrayStream* self) { return static_cast<Export*>(self->private_data)->error.c_str(); };
  out->release = [](ArrowArrayStream* self) {
    auto* from = static_cast<Export*>(self->private_data);
    from->api.duckdb_destroy_arrow_options(&from->options);
    std::shared_ptr<void> last = std::move(from->keep_alive);
    delete from;
    self->release = nullptr;
  };
  return {};
}

}  // namespace outfall::sql
