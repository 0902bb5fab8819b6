// SPDX-License-Identifier: Apache-2.0
//
// Job files made of Arrow arrays, for tests of what reads them.
#pragma once

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/scratch_folder.h"
#include "columnar/ipc_file.h"

namespace outfall::columnar::for_tests {

class JobFile : public testing::Test {
 protected:
  /// With each of the batches, which have one schema.
  IpcFileReader file(const arrow::RecordBatchVector& batches) {
    const std::string path = folder_ / (std::to_string(files_++) + ".arrow");
    ArrowSchema description{};
    EXPECT_TRUE(arrow::ExportSchema(*batches.front()->schema(), &description).ok());
    auto writer = IpcFileWriter::create(path, description);
    description.release(&description);
    EXPECT_TRUE(writer);
    for (const std::shared_ptr<arrow::RecordBatch>& rows : batches) {
      ArrowArray batch{};
      EXPECT_TRUE(arrow::ExportRecordBatch(*rows, &batch).ok());
      EXPECT_TRUE(writer->append(&batch));
    }
    EXPECT_TRUE(writer->finish());
    return IpcFileReader::open(path).value();
  }

  /// With the columns, `batches` times.
  IpcFileReader file(const std::shared_ptr<arrow::Schema>& schema,
                     const std::vector<std::shared_ptr<arrow::Array>>& columns, std::size_t batches = 1) {
    return file(
        arrow::RecordBatchVector(batches, arrow::RecordBatch::Make(schema, columns.front()->length(), columns)));
  }

  ScratchFolder folder_;
  int files_ = 0;
};

}  // namespace outfall::columnar::for_tests
