// SPDX-License-Identifier: Apache-2.0
//
// A host that works with its own Arrow before, between and after what Outfall does, and prints the libraries of the
// process.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/api.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "outfall/outfall.h"

namespace {

// A batch goes through the host's builders, IPC writer and reader, and must come back as it was.
arrow::Result<bool> batch_survives() {
  arrow::Int64Builder numbers;
  arrow::StringBuilder words;
  for (int row = 0; row < 1000; ++row) {
    ARROW_RETURN_NOT_OK(numbers.Append(row));
    ARROW_RETURN_NOT_OK(words.Append(std::to_string(row)));
  }
  ARROW_ASSIGN_OR_RAISE(auto number_column, numbers.Finish());
  ARROW_ASSIGN_OR_RAISE(auto word_column, words.Finish());
  const auto schema = arrow::schema({arrow::field("n", arrow::int64()), arrow::field("w", arrow::utf8())});
  const auto batch = arrow::RecordBatch::Make(schema, 1000, {number_column, word_column});

  ARROW_ASSIGN_OR_RAISE(auto bytes, arrow::io::BufferOutputStream::Create());
  ARROW_ASSIGN_OR_RAISE(auto writer, arrow::ipc::MakeFileWriter(bytes, schema));
  ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*batch));
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(auto buffer, bytes->Finish());
  ARROW_ASSIGN_OR_RAISE(auto reader,
                        arrow::ipc::RecordBatchFileReader::Open(std::make_shared<arrow::io::BufferReader>(buffer)));
  ARROW_ASSIGN_OR_RAISE(auto read, reader->ReadRecordBatch(0));
  return read->Equals(*batch);
}

bool loads(const char* file) {
  outfall::Pipeline pipeline({.name = "hosted", .destination = "duckdb:hosted.duckdb"});
  const outfall::Report report = pipeline.run({.inputs = {file}});
  if (report.error) std::fprintf(stderr, "%s\n", report.error->message.c_str());
  return report.ending == outfall::Ending::delivered;
}

}  // namespace

int main() {
  bool good = batch_survives().ValueOr(false);
  for (const char* file : {"data/github_events.jsonl", "data/github_issues.jsonl"}) {
    good = loads(file) && batch_survives().ValueOr(false) && good;
  }
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (const auto at = line.find('/'); at != std::string::npos) std::printf("%s\n", line.c_str() + at);
  }
  return good ? 0 : 1;
}
