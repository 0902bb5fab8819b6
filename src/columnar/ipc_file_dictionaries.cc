// SPDX-License-Identifier: Apache-2.0
//
// Unites dictionaries batch by batch. The usual case, the same dictionary again, costs a comparison.
#include "columnar/ipc_file_dictionaries.h"

#include <arrow/api.h>

namespace outfall::columnar {
namespace {

arrow::Result<std::shared_ptr<arrow::DictionaryArray>> over_union(const arrow::DictionaryArray& column,
                                                                  const arrow::Array& dictionary) {
  const auto& type = static_cast<const arrow::DictionaryType&>(*column.type());
  ARROW_ASSIGN_OR_RAISE(const auto unifier, arrow::DictionaryUnifier::Make(type.value_type()));
  ARROW_RETURN_NOT_OK(unifier->Unify(dictionary));
  std::shared_ptr<arrow::Buffer> new_indices;
  ARROW_RETURN_NOT_OK(unifier->Unify(*column.dictionary(), &new_indices));
  std::shared_ptr<arrow::Array> united;
  ARROW_RETURN_NOT_OK(unifier->GetResultWithIndexType(type.index_type(), &united));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Array> rewritten,
                        column.Transpose(column.type(), united, new_indices->data_as<int32_t>()));
  return std::static_pointer_cast<arrow::DictionaryArray>(std::move(rewritten));
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::RecordBatch>> DictionaryUnion::extend(std::shared_ptr<arrow::RecordBatch> batch) {
  dictionaries_.resize(static_cast<std::size_t>(batch->num_columns()));
  for (int i = 0; i < batch->num_columns(); ++i) {
    if (batch->schema()->field(i)->type()->id() != arrow::Type::DICTIONARY) continue;
    std::shared_ptr<arrow::Array>& dictionary = dictionaries_[static_cast<std::size_t>(i)];
    auto column = std::static_pointer_cast<arrow::DictionaryArray>(batch->column(i));
    if (dictionary != nullptr && !dictionary->Equals(column->dictionary())) {
      ARROW_ASSIGN_OR_RAISE(column, over_union(*column, *dictionary));
      ARROW_ASSIGN_OR_RAISE(batch, batch->SetColumn(i, batch->schema()->field(i), column));
    }
    dictionary = column->dictionary();
  }
  return batch;
}

}  // namespace outfall::columnar
