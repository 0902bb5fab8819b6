// SPDX-License-Identifier: Apache-2.0
#include "columnar/parquet_writer.h"

#include <parquet/properties.h>

namespace outfall::columnar {

arrow::Result<std::unique_ptr<parquet::arrow::FileWriter>> open_parquet_writer(
    const arrow::Schema& schema, const std::shared_ptr<arrow::io::OutputStream>& out) {
  return parquet::arrow::FileWriter::Open(
      schema, arrow::default_memory_pool(), out,
      parquet::WriterProperties::Builder().compression(arrow::Compression::SNAPPY)->build(),
      parquet::ArrowWriterProperties::Builder().store_schema()->build());
}

}  // namespace outfall::columnar
