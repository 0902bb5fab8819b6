// SPDX-License-Identifier: Apache-2.0
#include "normalize/column_shaper.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nfc.h"
#include "base/utf8.h"
#include "normalize/canonical_json.h"
#include "normalize/cell.h"
#include "normalize/shaper.h"
#include "normalize/walker.h"

namespace outfall::normalize {
namespace {

using columnar::ArrowField;
using columnar::ArrowRows;
using columnar::ArrowValue;
using columnar::ColumnBuilder;

/// As the coercions of documents want it. What JSON has no word for comes to them as text.
Scalar scalar_of(const ArrowValue& value) {
  Scalar scalar{
      .kind = value.kind, .integer = value.integer, .real = value.real, .truth = value.truth, .text = value.text};
  switch (value.kind) {
    case DataType::timestamp:
    case DataType::date:
    case DataType::time:
      scalar.is_day = value.kind == DataType::date;
      scalar.kind = DataType::text;
      break;
    case DataType::binary:
      scalar.kind = DataType::text;
      break;
    case DataType::wei:
      scalar.kind = DataType::decimal;
      break;
    case DataType::bool_:
      scalar.text = value.truth ? "true" : "false";
      break;
    default:
      break;
  }
  return scalar;
}

/// Whether a moment or a time, as ArrowValue writes it, has digits behind the microsecond.
bool has_nanoseconds(std::string_view value) {
  const std::size_t point = value.find('.');
  constexpr std::size_t digits = std::string_view("123456").size();
  const std::string_view rest = value.substr(std::min(point, value.size()));
  return rest.size() > 1 + digits && rest[1 + digits] >= '0' && rest[1 + digits] <= '9';
}

/// Whether values of the field may be other ones in the column, or have no place there, though both are stored in the
/// same way.
bool is_changed(const ColumnSlot& column, const schema::ColumnType& field) {
  const bool is_set_by_clock = column.clock != nullptr && field.type == DataType::timestamp && !field.with_timezone;
  return is_set_by_clock || column.range != schema::ValueRange::whole || microseconds_kept(field) % column.unit != 0;
}

/// Whether a column that has no nanoseconds could have those of the field. With a time zone no database has any.
bool cuts_nanoseconds(const schema::ColumnType& column, const schema::ColumnType& field) {
  if (field.type == DataType::time) return true;
  return schema::stores_nanoseconds(field) && !(field.with_timezone && column.with_timezone);
}

}  // namespace

void ColumnShaper::shape(const Chunk& chunk, const InputFacts& input, ObjectShape& root, ShapedChunk& shaped) {
  input_ = &input;
  set_aside_.clear();
  kept_.clear();
  rows_ = &*chunk.rows;
  Status done = begin(chunk, root);
  if (done) done = add_columns();
  if (done && !set_aside_.empty()) done = shape_rest(chunk, root, shaped);
  if (!done) {
    shaped.error = std::move(done.error());
    return;
  }
  if (shaped_.rows == 0 && !set_aside_.empty()) return;
  add_variants();
  add_conflicts();
  add_system_columns();
  if (Status complete = check_required(); !complete) {
    shaped.error = std::move(complete.error());
    return;
  }
  shaped.documents = shaped_.rows;
  shaped.system_columns_left_out = left_out_;
  shaped.claims = std::move(claims_);
  shaped.discards = std::move(discards_);
  shaped.tables.push_back(std::move(shaped_));
}

Status ColumnShaper::begin(const Chunk& chunk, ObjectShape& root) {
  chunk_ = &chunk;
  root_ = &root;
  table_ = root.table;
  shaped_ = {};
  shaped_.name = table_->name;
  shaped_.rows = rows_->rows();
  discards_.clear();
  variants_.clear();
  table_->conflicts.clear();
  taken_.clear();
  left_out_.reset();
  claims_.clear();
  id_field_.reset();
  if (table_->parent_id_column != none) {
    return fail(fmt::format("{}: the table {} holds the rows of a list inside documents", input_->name, table_->name),
                "give these rows another table with --table");
  }
  if (!table_->confirmed && shape_.confirmed_tables() >= limits::tables_max) {
    return fail(fmt::format("{}: the table {} would be one more than the {} that a schema may have", input_->name,
                            table_->name, limits::tables_max),
                "load into another dataset");
  }
  return {};
}

/// The rows that contracts set aside, and then the others as if those had never been there.
Status ColumnShaper::shape_rest(const Chunk& chunk, ObjectShape& root, ShapedChunk& shaped) {
  std::vector<std::uint32_t> rows;
  for (auto& [row, refusal] : set_aside_) {
    rows.push_back(row);
    shaped.left_out.push_back({.document = row,
                               .line = number_of(row),
                               .message = std::move(refusal.message),
                               .hint = std::move(refusal.hint),
                               .text = spelled(row),
                               .by_contract = true});
  }
  Result<ArrowRows> rest = rows_->without(rows);
  if (!rest) return fail(std::move(rest.error()));
  for (std::uint32_t row = 0; row < rows_->rows(); ++row) {
    if (!set_aside_.contains(row)) kept_.push_back(row);
  }
  rest_.emplace(std::move(*rest));
  rows_ = &*rest_;
  Status done = begin(chunk, root);
  return done && shaped_.rows > 0 ? add_columns() : done;
}

/// In the input, counted from 1.
std::uint64_t ColumnShaper::number_of(std::uint32_t row) const {
  return chunk_->first_row + (kept_.empty() ? row : kept_[row]) + 1;
}

Status ColumnShaper::refuse_rows(const Refusal& refusal, ContractMode mode) {
  if (mode == ContractMode::freeze) return fail(fmt::format("{}: {}", input_->name, refusal.message), refusal.hint);
  for (std::uint32_t row = 0; row < shaped_.rows; ++row) set_aside_.emplace(row, refusal);
  return {};
}

Status ColumnShaper::refuse_column(std::size_t field, const KeySlot& slot) {
  const ContractMode mode = table_->contract.of_new_columns();
  RefusedValue refused{.key = slot.key,
                       .table = table_->name,
                       .column = slot.column_name,
                       .type = rows_->fields()[field].type,
                       .value = ""};
  if (mode == ContractMode::freeze) return refuse_rows(refuse_new_column(refused, table_->contract.contract), mode);
  for (std::uint32_t row = 0; row < shaped_.rows; ++row) {
    if (rows_->is_null(field, row)) continue;
    const ArrowValue value = rows_->value(field, row, value_text_);
    if (mode == ContractMode::discard_row) {
      const auto [place, is_first] = set_aside_.try_emplace(row);
      if (!is_first) continue;
      refused.value = value.text;
      place->second = refuse_new_column(refused, table_->contract.contract);
    } else {
      discard(ContractEntity::columns, slot.column_name, value.text, row);
    }
  }
  return {};
}

Status ColumnShaper::refuse_type(std::size_t field, std::uint32_t column, std::uint32_t row, const Scalar& scalar,
                                 const schema::ColumnType& type) {
  const ContractMode mode = table_->contract.contract.data_type;
  const ColumnSlot& base = table_->columns[column];
  if (mode == ContractMode::discard_value) {
    const bool makes_variant = shape_.options().type_conflicts == TypeConflicts::variant;
    discard(ContractEntity::data_type, base.name, scalar.text, row,
            makes_variant ? shape_.variant_name(*table_, column, type.type) : "");
    return {};
  }
  if (mode == ContractMode::discard_row && set_aside_.contains(row)) return {};
  Refusal refusal = refuse_new_type({.key = rows_->fields()[field].name,
                                     .table = table_->name,
                                     .column = base.name,
                                     .type = type,
                                     .value = scalar.text},
                                    base.type, table_->contract.contract);
  if (mode == ContractMode::freeze) {
    return fail_at(field, row, std::move(refusal.message), std::move(refusal.hint));
  }
  set_aside_.emplace(row, std::move(refusal));
  return {};
}

void ColumnShaper::discard(ContractEntity entity, const std::string& column, std::string_view value, std::uint32_t row,
                           std::string variant) {
  add_discard(discards_, {.entity = entity,
                          .table = table_->name,
                          .column = column,
                          .variant = std::move(variant),
                          .value = std::string(sample(value)),
                          .line = number_of(row)});
}

Status ColumnShaper::add_columns() {
  const ContractMode mode = table_->contract.of_table();
  if (mode != ContractMode::evolve) return refuse_rows(refuse_new_table(table_->name, table_->contract.contract), mode);
  for (std::size_t field = 0; field < rows_->fields().size(); ++field) {
    if (Status added = add_column(field); !added) return added;
  }
  return {};
}

/// What the schema does not know yet: the destination has it. Values that wait for a wider type are nulls until the
/// next pass, which checks them.
Status ColumnShaper::check_required() const {
  if (!shaped_.conflicts.empty()) return {};
  for (const std::string& required : table_->required) {
    const auto found = std::ranges::find(shaped_.columns, required, &ShapedColumn::name);
    const bool is_set = found != shaped_.columns.end() && found->cells && found->cells->null_count() == 0;
    if (is_set || shaped_.rows == 0) continue;
    return fail(
        fmt::format("{}: not every row of {} has a value that the column {} takes, and it must be set in every row",
                    input_->name, table_->name, required),
        shape_.not_set_hint(*table_, required));
  }
  return {};
}

Status ColumnShaper::check_role(const KeySlot& slot) const {
  if (slot.role == KeySlot::Role::reserved) {
    return fail(fmt::format("{}: the column \"{}\" begins with _dlt, which is kept for columns that describe the load",
                            input_->name, slot.key),
                "rename the column in what writes the file");
  }
  if (slot.role == KeySlot::Role::nul) {
    return fail(fmt::format("{}: the column \"{}\" has a NUL character in its name", input_->name, sample(slot.raw)),
                "rename the column in what writes the file");
  }
  return {};
}

Status ColumnShaper::add_column(std::size_t index) {
  const ArrowField& field = rows_->fields()[index];
  const auto known = root_->by_key.find(is_ascii(field.name) ? field.name : to_nfc(field.name));
  KeySlot& slot = known != root_->by_key.end() ? *root_->slots[known->second]
                                               : shape_.add_key(*root_, json_spelling(field.name), field.name);
  if (Status good = check_role(slot); !good) return good;
  if (slot.role == KeySlot::Role::left_out) add(left_out_, slot.column_name);
  if (slot.role == KeySlot::Role::row_id) id_field_ = index;
  if (slot.role != KeySlot::Role::data || !field.has_type) return {};

  if (shape_.options().on_collision == OnCollision::suffix) claims_.push_back(shape_.claim_column(*root_, slot));
  if (slot.column == none && shape_.refuses_column(*table_, slot.column_name)) return refuse_column(index, slot);
  if (slot.column == none) shape_.give_column(*root_, slot, field.type);
  const std::uint32_t column = slot.column;
  if (table_->columns.size() > limits::table_columns_max) {
    return fail(fmt::format("{}: the table {} would have more than {} columns", input_->name, table_->name,
                            limits::table_columns_max));
  }
  const auto twin = std::ranges::find(taken_, column, &std::pair<std::uint32_t, std::size_t>::first);
  if (twin != taken_.end()) {
    return fail(fmt::format("{}: the columns \"{}\" and \"{}\" both become the column {}", input_->name,
                            rows_->fields()[twin->second].name, field.name, slot.column_name),
                "--on-collision suffix keeps both");
  }
  taken_.emplace_back(column, index);

  ShapedColumn shaped = described(column);
  if (!table_->columns[column].confirmed) shaped.nullable = field.nullable;
  if (Status taken = take_values(index, column, shaped); !taken) return taken;
  place(std::move(shaped));
  return {};
}

Status ColumnShaper::take_values(std::size_t field, std::uint32_t column, ShapedColumn& shaped) {
  const ArrowRows& rows = *rows_;
  shaped.cells.emplace(shaped.type);
  const schema::ColumnType& from = rows.fields()[field].type;
  const bool goes_whole = columnar::stores_like(shaped.type, from) && !is_changed(table_->columns[column], from);
  for (std::uint32_t row = 0; row < shaped_.rows; ++row) {
    if (!goes_whole) {
      if (rows.is_null(field, row)) continue;
      if (Status one = take_one(field, column, row, shaped); !one) return one;
      continue;
    }
    const ArrowRows::Taken taken = rows.append(field, row, shaped_.rows, *shaped.cells);
    if (taken.fit == ArrowRows::Fit::all) break;
    if (taken.fit == ArrowRows::Fit::broken_text) return fail_text(field, taken.row);
    row = taken.row;
    if (Status one = take_misfit(field, column, row); !one) return one;
  }
  shaped.cells->skip_to(shaped_.rows);
  return {};
}

Status ColumnShaper::take_one(std::size_t field, std::uint32_t column, std::uint32_t row, ShapedColumn& shaped) {
  const Scalar scalar = scalar_of(rows_->value(field, row, value_text_));
  if (!is_valid_utf8(scalar.text)) return fail_text(field, row);
  const schema::ColumnType& from = rows_->fields()[field].type;
  const ColumnSlot& slot = table_->columns[column];
  const bool is_cut = shape_.settles_type(*root_, slot) && schema::is_cut(from, slot.type) &&
                      cuts_nanoseconds(slot.type, from) && has_nanoseconds(scalar.text);
  Cell cell;
  if (!is_cut && convert(slot, scalar, scratch_, cell)) {
    store(cell, shaped.type.type, row, *shaped.cells);
    return {};
  }
  const bool is_wide = from.type == DataType::bigint && scalar.kind == DataType::decimal;
  return put_misfit(field, column, row, scalar, is_wide ? infer_type(scalar) : from);
}

/// A value that has no place even in a column of its own type.
Status ColumnShaper::take_misfit(std::size_t field, std::uint32_t column, std::uint32_t row) {
  Scalar scalar = scalar_of(rows_->value(field, row, value_text_));
  if (!is_valid_utf8(scalar.text)) return fail_text(field, row);
  if (scalar.kind != DataType::decimal) scalar.kind = DataType::text;
  return put_misfit(field, column, row, scalar,
                    scalar.kind == DataType::decimal ? infer_type(scalar) : schema::ColumnType());
}

Status ColumnShaper::put_misfit(std::size_t field, std::uint32_t column, std::uint32_t row, const Scalar& scalar,
                                const schema::ColumnType& type) {
  const TypeConflicts policy = shape_.options().type_conflicts;
  const bool makes_variant = policy == TypeConflicts::variant;
  if (table_->contract.contract.data_type != ContractMode::evolve &&
      (!makes_variant || shape_.refuses_variant(*table_, column, type.type))) {
    return refuse_type(field, column, row, scalar, type);
  }
  if (makes_variant) return put_variant(field, column, row, scalar, type);
  const ColumnSlot& base = table_->columns[column];
  if (!shape_.settles_type(*root_, base)) {
    return fail_at(
        field, row,
        fmt::format("the value {} does not fit the column {} ({})", sample(scalar.text), base.name,
                    name(base.type.type)),
        "--type-conflicts widen gives the column a type that takes it, variant puts it into a column beside it");
  }
  shape_.note_conflict(*table_, column, type, sample(scalar.text), number_of(row));
  return {};
}

Status ColumnShaper::put_variant(std::size_t field, std::uint32_t column, std::uint32_t row, const Scalar& scalar,
                                 const schema::ColumnType& type) {
  const std::uint32_t index = shape_.variant(*table_, column, type.type, type);
  auto variant = std::ranges::find(variants_, index, &Variant::column);
  if (variant == variants_.end()) {
    Variant made{.column = index,
                 .first_place = (std::uint64_t{row} << 32) + field,
                 .shaped = described(index),
                 .sighting = {.base_column = table_->columns[column].name,
                              .value = std::string(sample(scalar.text)),
                              .line = number_of(row)}};
    made.shaped.variant = true;
    made.shaped.cells.emplace(made.shaped.type);
    variant = variants_.insert(variants_.end(), std::move(made));
  }
  ShapedColumn& shaped = variant->shaped;
  const schema::ColumnType& from = rows_->fields()[field].type;
  if (columnar::stores_like(shaped.type, from) && !is_changed(table_->columns[index], from) &&
      rows_->append(field, row, row + 1, *shaped.cells).fit == ArrowRows::Fit::all) {
    return {};
  }
  Cell cell;
  if (!convert(table_->columns[index], scalar, scratch_, cell)) {
    const ColumnSlot& base = table_->columns[column];
    return fail_at(
        field, row,
        fmt::format("the value {} fits neither the column {} ({}) nor its variant {} ({})", sample(scalar.text),
                    base.name, name(base.type.type), shaped.name, name(shaped.type.type)),
        fmt::format("--column '{}:text' keeps every value as text", base.name));
  }
  store(cell, shaped.type.type, row, *shaped.cells);
  return {};
}

/// As row by row: a variant is met at its first row, and in a row by the order of the columns.
void ColumnShaper::add_variants() {
  std::ranges::sort(variants_, {}, &Variant::first_place);
  for (Variant& variant : variants_) {
    variant.shaped.cells->skip_to(shaped_.rows);
    const std::uint32_t at = place(std::move(variant.shaped));
    variant.sighting.column = at;
    shaped_.variants.push_back(std::move(variant.sighting));
  }
}

/// By place, as its rows were read one after another.
void ColumnShaper::add_conflicts() {
  std::ranges::stable_sort(table_->conflicts, {}, &ConflictSighting::line);
  for (ConflictSighting& sighting : table_->conflicts) {
    const auto at = std::ranges::find(shaped_.columns, table_->columns[sighting.column].name, &ShapedColumn::name);
    sighting.column = static_cast<std::uint32_t>(at - shaped_.columns.begin());
    shaped_.conflicts.push_back(std::move(sighting));
  }
}

void ColumnShaper::add_system_columns() {
  // What the log has confirmed since the run began, documents of the run have brought: then it does not matter when.
  const bool is_hashed = table_->row_ids == RowIdKind::row_hash;
  const bool wanted = shape_.options().row_ids_for_columns || input_->beside_documents || id_field_ || is_hashed;
  if (wanted || table_->columns[table_->load_id_column].confirmed) place(described(table_->load_id_column));
  if (!wanted && !table_->columns[table_->id_column].confirmed) return;
  ShapedColumn ids = described(table_->id_column);
  ids.cells.emplace(ids.type, columnar::ColumnRoom{.values = std::size_t{shaped_.rows} * row_id_size});
  for (std::uint32_t row = 0; row < shaped_.rows; ++row) {
    if (id_field_ && !rows_->is_null(*id_field_, row)) {
      ids.cells->set_text(row, rows_->value(*id_field_, row, value_text_).text);
      continue;
    }
    if (is_hashed) {
      row_ids_.of_content(spelled(row), scratch_);
    } else {
      row_ids_.root({chunk_->input, number_of(row) - 1}, scratch_);
    }
    ids.cells->set_text(row, scratch_);
  }
  place(std::move(ids));
}

/// All of a row, as documents are spelled.
const std::string& ColumnShaper::spelled(std::uint32_t row) {
  const std::vector<ArrowField>& fields = rows_->fields();
  spelled_values_.resize(fields.size());
  hashed_.clear();
  for (std::size_t field = 0; field < fields.size(); ++field) {
    if (schema::is_system_name(fields[field].name)) continue;
    std::string& value = spelled_values_[field];
    value.clear();
    if (rows_->is_null(field, row)) {
      value = "null";
    } else {
      CanonicalJson::append(value, scalar_of(rows_->value(field, row, value_text_)));
    }
    hashed_.emplace_back(fields[field].name, value);
  }
  CanonicalJson::write_object(hashed_, spelled_row_);
  return spelled_row_;
}

ShapedColumn ColumnShaper::described(std::uint32_t column) const {
  const ColumnSlot& slot = table_->columns[column];
  return {.name = slot.name,
          .type = slot.type,
          .nullable = slot.nullable,
          .declared = slot.declared,
          .constant = slot.constant,
          .cells = std::nullopt};
}

std::uint32_t ColumnShaper::place(ShapedColumn column) {
  const auto at = static_cast<std::uint32_t>(shaped_.columns.size());
  const std::uint32_t slot = shape_.find_column(*table_, column.name);
  if (!table_->columns[slot].confirmed) shaped_.discovered.push_back(at);
  shaped_.columns.push_back(std::move(column));
  return at;
}

Status ColumnShaper::fail_at(std::size_t field, std::uint32_t row, std::string message, std::string hint) const {
  return fail(fmt::format("{}, row {}, column \"{}\": {}", input_->name, number_of(row),
                          sample(rows_->fields()[field].name), message),
              std::move(hint));
}

Status ColumnShaper::fail_text(std::size_t field, std::uint32_t row) const {
  return fail_at(field, row, "the text is not valid UTF-8", "write the file again with texts in UTF-8");
}

}  // namespace outfall::normalize
