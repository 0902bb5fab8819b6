// SPDX-License-Identifier: Apache-2.0
//
// How Parquet files of ours are written, for the files of this folder that write them.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/type.h>
#include <parquet/arrow/writer.h>

#include <memory>

namespace outfall::columnar {

/// Types that Parquet does not tell apart come back as they went in. Parquet may throw.
arrow::Result<std::unique_ptr<parquet::arrow::FileWriter>> open_parquet_writer(
    const arrow::Schema& schema, const std::shared_ptr<arrow::io::OutputStream>& out);

}  // namespace outfall::columnar
