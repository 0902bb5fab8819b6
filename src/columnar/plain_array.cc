// SPDX-License-Identifier: Apache-2.0
#include <arrow/array/builder_base.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>

#include <utility>

#include "columnar/arrow_batch.h"

namespace outfall::columnar {

std::shared_ptr<arrow::DataType> plain_type(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY) return static_cast<const arrow::DictionaryType&>(type).value_type();
  if (type.id() == arrow::Type::RUN_END_ENCODED) return static_cast<const arrow::RunEndEncodedType&>(type).value_type();
  return type.GetSharedPtr();
}

std::shared_ptr<arrow::Schema> plain_schema(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const std::shared_ptr<arrow::Field>& field : schema.fields()) {
    fields.push_back(field->WithType(plain_type(*field->type())));
  }
  return arrow::schema(std::move(fields));
}

arrow::Result<std::shared_ptr<arrow::Array>> plain_array(const std::shared_ptr<arrow::Array>& array) {
  if (!is_encoded(*array)) return array;
  const std::shared_ptr<arrow::DataType> type = plain_type(*array->type());
  const ColumnValues values = ColumnValues::of(*array);
  if (values.array == nullptr) return arrow::MakeArrayOfNull(type, array->length());
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<arrow::ArrayBuilder> builder, arrow::MakeBuilder(type));
  ARROW_RETURN_NOT_OK(builder->Reserve(array->length()));
  for (std::int64_t row = 0; row < array->length(); ++row) {
    if (const std::optional<ArrowPlace> place = values.at(row))
      ARROW_RETURN_NOT_OK(builder->AppendArraySlice(arrow::ArraySpan(*place->array->data()), place->row, 1));
    else
      ARROW_RETURN_NOT_OK(builder->AppendNull());
  }
  return builder->Finish();
}

}  // namespace outfall::columnar
