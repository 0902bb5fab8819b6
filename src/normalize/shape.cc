// SPDX-License-Identifier: Apache-2.0
#include "normalize/shape.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/nfc.h"
#include "normalize/cell.h"
#include "normalize/shaper.h"
#include "schema/table.h"

namespace outfall::normalize {
namespace {

const std::string value_key = "value";
const std::string list_key = "list";

std::string joined(const schema::Naming& naming, const std::vector<std::string>& parts) {
  const std::vector<std::string_view> views(parts.begin(), parts.end());
  return naming.shorten_fragments(views);
}

/// A name that no other key gets: the tag is made from all keys that lead to it.
std::string suffixed(const std::string& name, const NameClaim& claim) {
  return name + "_" + schema::collision_tag(claim.keys);
}

}  // namespace

std::string json_spelling(std::string_view key) {
  std::string spelled;
  append_json_string(spelled, key);
  return spelled.substr(1, spelled.size() - 2);
}

bool operator<(const DiscoveryOrder& a, const DiscoveryOrder& b) {
  if (a.system != b.system) return b.system;
  const std::size_t shared = std::min(a.path.size(), b.path.size());
  for (std::size_t level = 0; level < shared; ++level) {
    const bool a_is_scalar = level + 1 == a.path.size();
    const bool b_is_scalar = level + 1 == b.path.size();
    if (a_is_scalar != b_is_scalar) return a_is_scalar;
    if (a.path[level] == b.path[level]) continue;
    return a_is_scalar ? a.path[level] < b.path[level] : a.path[level] > b.path[level];
  }
  return false;
}

void Shape::sync() {
  if (keys_ > limits::known_keys_max) return learn_anew();
  const std::vector<LoggedColumn> news = log_.since(log_position_);
  log_position_ += news.size();
  const std::vector<NameClaim> claims = log_.claims_since(claims_position_);
  claims_position_ += claims.size();
  for (const LoggedColumn& column : news) {
    if (!learn(column)) return learn_anew();
  }
  for (const NameClaim& claim : claims) {
    if (!learn(claim)) return learn_anew();
  }
}

bool Shape::learn(const LoggedColumn& column) {
  TableShape& owner = table(column.table);
  if (!column.parent.empty() && owner.parent == nullptr) set_parent(owner, table(column.parent));
  if (!std::exchange(owner.confirmed, true)) ++confirmed_tables_;
  if (!column.nullable) require(owner, column.name);
  if (!column.typed) return true;
  const std::uint32_t found = find_column(owner, column.name);
  const std::uint32_t index =
      found != none
          ? found
          : add_column(owner, ColumnSlot{.type = column.type, .name = column.name, .declared = column.declared});
  ColumnSlot& slot = owner.columns[index];
  if (!std::exchange(slot.confirmed, true)) slot.nullable = column.nullable;
  // What was taken apart here may stand whole there: columns and tables that never come to be would keep their types.
  return found == none ? column.type.type != DataType::json : slot.type == column.type;
}

/// False: another key was given the name here.
bool Shape::learn(const NameClaim& claim) {
  auto& first = claim.name.empty() ? first_lists_ : table(claim.table).first_keys;
  const std::string& name = claim.name.empty() ? claim.table : claim.name;
  return first.emplace(name, claim.keys).first->second == claim.keys;
}

void Shape::require(TableShape& owner, const std::string& column) {
  // What is the load's own, every row gets.
  if (schema::is_system_name(column) || std::ranges::find(owner.required, column) != owner.required.end()) return;
  owner.required.push_back(column);
}

void Shape::learn_anew() {
  roots_.clear();
  tables_by_name_.clear();
  tables_.clear();
  first_lists_.clear();
  confirmed_tables_ = 0;
  keys_ = 0;
  const std::vector<LoggedColumn> all = log_.since(0);
  log_position_ = all.size();
  for (const LoggedColumn& known : all) learn(known);
  const std::vector<NameClaim> claims = log_.claims_since(0);
  claims_position_ = claims.size();
  for (const NameClaim& claim : claims) learn(claim);
}

ObjectShape& Shape::root(const std::string& table_name) {
  std::unique_ptr<ObjectShape>& shape = roots_[table_name];
  if (shape == nullptr) {
    shape = std::make_unique<ObjectShape>();
    TableShape& owner = table(table_name);
    owner.path = {table_name};
    add_system_columns(owner);
    shape->table = &owner;
    const RootOptions options = options_.of_root(table_name);
    owner.row_ids = options.row_ids;
    give_key(owner, options.key);
    shape->level = options.max_nesting;
    shape->row_level = shape->level;
  }
  return *shape;
}

TableShape& Shape::table(const std::string& name) {
  const auto found = tables_by_name_.find(name);
  if (found != tables_by_name_.end()) return *found->second;
  TableShape& made = tables_.emplace_back();
  made.name = name;
  tables_by_name_.emplace(made.name, &made);
  if (const auto known = options_.contracts.find(name); known != options_.contracts.end()) {
    made.contract = known->second;
  }
  if (options_.there != nullptr) {
    for (const std::string_view column : options_.there->required_of(name)) require(made, std::string(column));
  }
  return made;
}

/// A table that the dataset does not have yet is made under the contract of the one around it.
void Shape::set_parent(TableShape& nested, TableShape& parent) {
  nested.parent = &parent;
  if (options_.contracts.contains(nested.name)) return;
  const bool is_there = options_.there != nullptr && options_.there->first_of(nested.name) != nullptr;
  nested.contract = {.contract = parent.contract.contract, .is_there = is_there};
}

TableShape& Shape::nested_table(TableShape& parent, const std::vector<std::string>& path) {
  TableShape& nested = table(joined(options_.naming, path));
  if (nested.path.empty()) {
    nested.path = path;
    // What the dataset has as a table of documents stays one; its rows are refused when they come (Walker::begin_row).
    const bool holds_documents = nested.confirmed && nested.parent == nullptr;
    if (!holds_documents) set_parent(nested, parent);
    add_system_columns(nested);
  }
  return nested;
}

KeySlot& Shape::add_key(ObjectShape& object, std::string_view raw, std::string_view key) {
  const auto index = static_cast<std::uint32_t>(object.slots.size());
  KeySlot& slot = *object.slots.emplace_back(std::make_unique<KeySlot>());
  slot.raw = raw;
  slot.key = is_ascii(key) ? std::string(key) : to_nfc(key);
  ++keys_;
  object.by_raw.emplace(slot.raw, index);
  const auto [known, is_new] = object.by_key.emplace(slot.key, index);
  if (!is_new) slot.same_as = known->second;
  slot.identifier = options_.naming.normalize_path(slot.key);
  std::vector<std::string> parts = object.parts;
  parts.push_back(slot.identifier);
  slot.column_name = joined(options_.naming, parts);
  slot.role = slot.identifier.contains('\0') ? KeySlot::Role::nul : role_of(object, slot.column_name);
  return slot;
}

KeySlot::Role Shape::role_of(const ObjectShape& object, std::string_view column_name) const {
  if (!object.parts.empty() || !schema::is_system_name(column_name)) return KeySlot::Role::data;
  if (std::ranges::find(schema::system_column_names, column_name) == schema::system_column_names.end()) {
    return KeySlot::Role::reserved;
  }
  if (options_.system_columns == SystemColumns::leave_out) return KeySlot::Role::left_out;
  if (column_name == schema::id_column_name) return KeySlot::Role::row_id;
  const TableShape& owner = *object.table;
  const bool ours = owner.parent == nullptr
                        ? column_name == schema::load_id_column_name
                        : column_name == schema::parent_id_column_name || column_name == schema::list_idx_column_name ||
                              (carries_root_id(owner) && column_name == schema::root_id_column_name);
  return ours ? KeySlot::Role::overwritten : KeySlot::Role::data;
}

ObjectShape& Shape::object_of(KeySlot& slot, const ObjectShape& within) {
  if (slot.object == nullptr) {
    slot.object = std::make_unique<ObjectShape>();
    slot.object->table = within.table;
    slot.object->parts = within.parts;
    slot.object->parts.push_back(slot.identifier);
    slot.object->keys = within.keys + slot.key + ".";
    slot.object->level = within.level - 1;
    slot.object->row_level = within.row_level;
  }
  return *slot.object;
}

ObjectShape& Shape::list_of(KeySlot& slot, const ObjectShape& within) {
  if (slot.list == nullptr) {
    std::vector<std::string> path = within.table->path;
    path.insert(path.end(), within.parts.begin(), within.parts.end());
    path.push_back(slot.identifier);
    if (slot.table_claim && !slot.table_claim->apart.empty())
      path.back() = suffixed(slot.identifier, *slot.table_claim);
    slot.list = std::make_unique<ObjectShape>();
    slot.list->table = &nested_table(*within.table, path);
    slot.list->list_key = within.keys + slot.key;
    slot.list->level = within.row_level - 1;
    slot.list->row_level = slot.list->level;
    add_key(*slot.list, value_key, value_key);
  }
  return *slot.list;
}

const NameClaim& Shape::claim_column(const ObjectShape& object, KeySlot& slot) {
  if (slot.column_claim) return *slot.column_claim;
  TableShape& owner = *object.table;
  NameClaim& claim = slot.column_claim.emplace();
  claim = {.table = owner.name, .name = slot.column_name, .keys = object.keys + slot.key};
  const std::string apart = joined(options_.naming, {suffixed(slot.column_name, claim)});
  const std::uint32_t known = find_column(owner, apart);
  claim.settled = known != none && owner.columns[known].confirmed;
  if (claim.settled || owner.first_keys.emplace(claim.name, claim.keys).first->second != claim.keys) {
    claim.apart = apart;
    slot.column_name = apart;
  }
  return claim;
}

const NameClaim& Shape::claim_table(const ObjectShape& object, KeySlot& slot) {
  if (slot.table_claim) return *slot.table_claim;
  NameClaim& claim = slot.table_claim.emplace();
  claim = {.table = list_table_name(object, slot.identifier),
           .keys = object.table->name + "." + object.keys + slot.key};
  const std::string apart = list_table_name(object, suffixed(slot.identifier, claim));
  const auto known = tables_by_name_.find(apart);
  claim.settled = known != tables_by_name_.end() && known->second->confirmed;
  if (claim.settled || first_lists_.emplace(claim.table, claim.keys).first->second != claim.keys) claim.apart = apart;
  return claim;
}

std::string Shape::list_table_name(const ObjectShape& object, const std::string& identifier) const {
  std::vector<std::string> path = object.table->path;
  path.insert(path.end(), object.parts.begin(), object.parts.end());
  path.push_back(identifier);
  return joined(options_.naming, path);
}

ObjectShape& Shape::wrapped_rows_of(ObjectShape& rows) {
  if (rows.wrapped == nullptr) {
    rows.wrapped = std::make_unique<ObjectShape>();
    rows.wrapped->table = rows.table;
    rows.wrapped->level = rows.level - 1;
    rows.wrapped->row_level = rows.wrapped->level;
    add_key(*rows.wrapped, list_key, list_key);
  }
  return *rows.wrapped;
}

RowIdKind Shape::row_ids(const TableShape& owner) const {
  return options_.of_root(owner.path.front()).row_ids;
}

bool Shape::carries_root_id(const TableShape& owner) const {
  return options_.of_root(owner.path.front()).root_key;
}

std::uint32_t Shape::find_column(const TableShape& owner, std::string_view name) const {
  const auto found = owner.by_name.find(name);
  return found == owner.by_name.end() ? none : found->second;
}

std::uint32_t Shape::column(TableShape& owner, const std::string& name, const schema::ColumnType& type) {
  const std::uint32_t found = find_column(owner, name);
  return found != none ? found : add_column(owner, ColumnSlot{.type = type, .name = name});
}

void Shape::drop_columns(TableShape& owner, std::size_t first) {
  if (owner.columns.size() == first) return;
  while (owner.columns.size() > first) {
    owner.by_name.erase(owner.columns.back().name);
    owner.columns.pop_back();
  }
  const auto drop = [first](std::uint32_t& column) {
    if (column != none && column >= first) column = none;
  };
  for (ColumnSlot& column : owner.columns) std::ranges::for_each(column.variants, drop);
  std::vector<ObjectShape*> shapes;
  shapes.reserve(roots_.size());
  for (auto& [name, root] : roots_) shapes.push_back(root.get());
  while (!shapes.empty()) {
    ObjectShape& shape = *shapes.back();
    shapes.pop_back();
    if (shape.wrapped != nullptr) shapes.push_back(shape.wrapped.get());
    for (const auto& slot : shape.slots) {
      if (shape.table == &owner) drop(slot->column);
      if (slot->object != nullptr) shapes.push_back(slot->object.get());
      if (slot->list != nullptr) shapes.push_back(slot->list.get());
    }
  }
}

std::string Shape::not_set_hint(const TableShape& owner, std::string_view column) const {
  const schema::ColumnThere* found = there(owner, column);
  const std::string statements =
      found == nullptr || found->lets_be_null.empty() ? "" : " (" + found->lets_be_null + ")";
  return "check the spelling of the key and the type of its value; or let the column be null" + statements +
         ", and leave it out of --primary-key";
}

bool Shape::refuses_column(const TableShape& owner, std::string_view name) const {
  if (owner.contract.of_new_columns() == ContractMode::evolve || schema::is_system_name(name)) return false;
  return find_column(owner, name) == none && there(owner, name) == nullptr;
}

bool Shape::refuses_variant(const TableShape& owner, std::uint32_t base, DataType kind) const {
  if (owner.contract.contract.data_type == ContractMode::evolve) return false;
  const std::string name = variant_name(owner, base, kind);
  return find_column(owner, name) == none && there(owner, name) == nullptr;
}

std::string Shape::variant_name(const TableShape& owner, std::uint32_t base, DataType kind) const {
  return joined(options_.naming, {owner.columns[base].name, "v_" + std::string(outfall::name(kind))});
}

std::uint32_t Shape::variant(TableShape& owner, std::uint32_t base, DataType kind, const schema::ColumnType& type) {
  const auto kind_index = static_cast<std::size_t>(kind);
  if (const std::uint32_t known = owner.columns[base].variants[kind_index]; known != none) return known;
  const std::string name = variant_name(owner, base, kind);
  const schema::ColumnType* settled = settled_for(owner, name);
  const std::uint32_t made = column(owner, name, settled == nullptr ? type : *settled);
  owner.columns[made].base = base;
  owner.columns[base].variants[kind_index] = made;
  return made;
}

const schema::ColumnType* Shape::hint(const ObjectShape& object, const KeySlot& slot) const {
  if (options_.hints.empty()) return nullptr;
  std::string path;
  const auto add = [&path](const std::string& part) { path += path.empty() ? part : "." + part; };
  for (std::size_t i = 1; i < object.table->path.size(); ++i) add(object.table->path[i]);
  for (const std::string& part : object.parts) add(part);
  add(slot.identifier);
  auto found = options_.hints.find(path);
  if (found == options_.hints.end() && object.table->parent == nullptr) found = options_.hints.find(slot.column_name);
  return found == options_.hints.end() ? nullptr : &found->second;
}

void Shape::give_column(const ObjectShape& object, KeySlot& slot, const schema::ColumnType& found) {
  TableShape& owner = *object.table;
  if (const schema::ColumnType* stated = hint(object, slot)) {
    slot.column = column(owner, slot.column_name, *stated);
    owner.columns[slot.column].declared = true;
    owner.columns[slot.column].cuts_moments = true;
    return;
  }
  const schema::ColumnType* settled = settled_for(owner, slot.column_name);
  slot.column = column(owner, slot.column_name, settled == nullptr ? found : *settled);
}

const schema::ColumnType* Shape::settled_for(const TableShape& owner, const std::string& column_name) const {
  const auto settled = options_.settled_types.find({owner.name, column_name});
  if (settled != options_.settled_types.end()) return &settled->second;
  const schema::ColumnThere* found = there(owner, column_name);
  return found != nullptr && found->type ? &*found->type : nullptr;
}

/// The load's own columns are filled as we fill them, whatever types they have there.
const schema::ColumnThere* Shape::there(const TableShape& owner, std::string_view column_name) const {
  if (options_.there == nullptr || schema::is_system_name(column_name)) return nullptr;
  return options_.there->find(owner.name, column_name);
}

bool Shape::settles_type(const ObjectShape& object, const ColumnSlot& found) const {
  const bool keeps_whole = found.type.type == DataType::json && object.level > 0;
  return settles_types(options_.type_conflicts) && !found.declared && !keeps_whole;
}

void Shape::note_conflict(TableShape& owner, std::uint32_t place, const schema::ColumnType& value,
                          std::string_view text, std::uint64_t line) const {
  const schema::ColumnType& column = owner.columns[place].type;
  schema::ColumnType asked = value;
  const bool is_number = value.type == DataType::bigint || value.type == DataType::double_;
  const bool takes_moments = column.type == DataType::timestamp || column.type == DataType::date;
  if (is_number && takes_moments) asked = {.type = DataType::timestamp};
  // Without an offset a text is a moment of either kind.
  if (column.type == DataType::timestamp && asked.type == DataType::timestamp) {
    asked.with_timezone = column.with_timezone;
  }
  schema::ColumnType type = settled_type(options_.type_conflicts, column, asked);
  // The days that are there began at midnight in UTC, those of the input in another time zone.
  if (column.type == DataType::date && type.type == DataType::timestamp && options_.clock) type = {};
  const bool is_known = std::ranges::any_of(
      owner.conflicts, [&](const ConflictSighting& one) { return one.column == place && one.type == type; });
  if (!is_known) owner.conflicts.push_back({.column = place, .type = type, .value = std::string(text), .line = line});
}

/// Columns that are there know it at once, the others when they come.
void Shape::give_key(TableShape& owner, const std::vector<std::string>& key) {
  if (owner.row_ids != RowIdKind::key_hash) return;
  owner.key = key;
  for (ColumnSlot& slot : owner.columns) slot.key_part = key_part(owner, slot.name);
}

std::uint8_t Shape::key_part(const TableShape& owner, std::string_view column) {
  const auto found = std::ranges::find(owner.key, column);
  return found == owner.key.end() ? ColumnSlot::no_key_part : static_cast<std::uint8_t>(found - owner.key.begin());
}

std::uint32_t Shape::add_column(TableShape& owner, ColumnSlot slot) {
  const auto index = static_cast<std::uint32_t>(owner.columns.size());
  ColumnSlot& added = owner.columns.emplace_back(std::move(slot));
  added.key_part = key_part(owner, added.name);
  if (options_.clock && added.type.with_timezone) added.clock = &*options_.clock;
  const schema::ColumnThere* found = there(owner, added.name);
  if (found != nullptr && found->type == added.type) added.range = found->range;
  added.unit = microseconds_kept(added.type);
  added.cuts_moments = added.declared || !settles_types(options_.type_conflicts);
  if (found != nullptr && found->is_required) {
    // From here on it is called as rows have it.
    const auto is_same = [&](const std::string& name) { return options_.there->is_same(name, added.name); };
    std::ranges::replace_if(owner.required, is_same, added.name);
  }
  owner.by_name.emplace(added.name, index);
  return index;
}

void Shape::add_system_columns(TableShape& owner) {
  const auto add = [&](std::string_view name, DataType type) {
    const std::uint32_t index = column(owner, std::string(name), {.type = type});
    owner.columns[index].nullable = false;
    return index;
  };
  if (owner.parent == nullptr) {
    owner.load_id_column = add(schema::load_id_column_name, DataType::text);
    owner.columns[owner.load_id_column].constant = true;
  } else {
    if (carries_root_id(owner)) owner.root_id_column = add(schema::root_id_column_name, DataType::text);
    owner.parent_id_column = add(schema::parent_id_column_name, DataType::text);
    owner.list_index_column = add(schema::list_idx_column_name, DataType::bigint);
  }
  owner.id_column = add(schema::id_column_name, DataType::text);
  if (row_ids(owner) == RowIdKind::random) return;
  owner.origin_column = add(schema::origin_column_name, DataType::bigint);
  owner.columns[owner.origin_column].confirmed = true;  // no table of a dataset has it
}

}  // namespace outfall::normalize
