// SPDX-License-Identifier: Apache-2.0
//
// The walker and contracts: what documents may not change.
#include <utility>

#include "normalize/walker.h"

namespace outfall::normalize {

Walker::Step Walker::refuse(ContractMode mode, Refusal refusal) {
  const Step failed = fail(std::move(refusal.message), std::move(refusal.hint));
  error_->extent = mode == ContractMode::freeze ? DocumentError::Extent::input : DocumentError::Extent::by_contract;
  return failed;
}

/// Of a document that has no table nothing is left, whether its values or the row are to be left out.
Walker::Step Walker::refuse_table(const TableShape& table) {
  const ContractMode mode = table.contract.of_table();
  return refuse(mode, refuse_new_table(table.name, table.contract.contract));
}

Walker::Step Walker::refuse_element(const TableShape& table, Value& value) {
  const ContractMode mode = table.contract.of_table();
  if (mode != ContractMode::discard_value) return refuse(mode, refuse_new_list(table.name, table.contract.contract));
  document_discards_.push_back({.entity = ContractEntity::tables,
                                .table = table.name,
                                .value = std::string(sample(trimmed_token(token_of(value)))),
                                .line = source_.line});
  return check_unused(value);
}

Walker::Step Walker::refuse_column(const KeySlot& slot, const TableShape& table, const schema::ColumnType& type,
                                   std::string_view value) {
  const ContractMode mode = table.contract.of_new_columns();
  if (mode == ContractMode::discard_value) return discard(ContractEntity::columns, table, slot.column_name, value);
  return refuse(mode, refuse_new_column({.key = slot.key,
                                         .table = table.name,
                                         .column = slot.column_name,
                                         .type = type,
                                         .value = value.empty() ? "\"\"" : value},
                                        table.contract.contract));
}

bool Walker::refuses_type(const TableShape& table, const KeySlot& slot, const Scalar& scalar) const {
  if (table.contract.contract.data_type == ContractMode::evolve) return false;
  return !makes_variants() || shape_.refuses_variant(table, slot.column, scalar.kind);
}

/// A file of separated text has no variants, whatever a contract says of them.
bool Walker::makes_variants() const {
  return shape_.options().type_conflicts == TypeConflicts::variant && layout_ == nullptr;
}

Walker::Step Walker::refuse_type(const KeySlot& slot, TableShape& table, const Scalar& scalar) {
  const ContractMode mode = table.contract.contract.data_type;
  const ColumnSlot& column = table.columns[slot.column];
  // That it does not fit holds only while the column has this type.
  if (!column.confirmed) table.assumed.push_back(slot.column);
  if (mode == ContractMode::discard_value) {
    const Step left_out = discard(ContractEntity::data_type, table, column.name, scalar.text);
    if (makes_variants()) document_discards_.back().variant = shape_.variant_name(table, slot.column, scalar.kind);
    return left_out;
  }
  return refuse(mode, refuse_new_type({.key = slot.key,
                                       .table = table.name,
                                       .column = column.name,
                                       .type = type_of_misfit(scalar),
                                       .value = scalar.text},
                                      column.type, table.contract.contract));
}

Walker::Step Walker::discard(ContractEntity entity, const TableShape& table, const std::string& column,
                             std::string_view value) {
  document_discards_.push_back({.entity = entity,
                                .table = table.name,
                                .column = column,
                                .value = std::string(sample(value)),
                                .line = source_.line});
  if (keeps_documents_) left_out_keys_.insert(frames_.back().key_offset);
  return Step::done;
}

void Walker::keep_discards() {
  for (Discard& one : document_discards_) add_discard(discards_, std::move(one));
  document_discards_.clear();
}

}  // namespace outfall::normalize
