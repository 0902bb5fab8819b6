// SPDX-License-Identifier: Apache-2.0
//
// FileSource: the documents of files, globs, folders and standard input, one input after another.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/chunk_pool.h"
#include "normalize/document_source.h"
#include "sources/files/csv_inputs.h"
#include "sources/files/document_reader.h"
#include "sources/files/input_format.h"
#include "sources/files/input_list.h"
#include "sources/files/spool.h"

namespace outfall::sources {

struct FileSourceOptions {
  std::vector<std::string> named;  ///< what the command names
  std::string table;               ///< empty: from the names
  FolderTables folders = FolderTables::one;
  std::string run_key;                  ///< what standard input is recognized by; empty: by nothing
  std::optional<InputFormat> format{};  ///< none: by the name of each
  CsvOptions csv{};
  int workers = 1;  ///< that survey separated text before it is shaped
  Missing missing = Missing::refused;
  OnBadFiles on_bad_files = OnBadFiles::fail;
  bool keeps_streams = false;  ///< what comes through a pipe is kept, so that `rewind` works
  std::string spool_folder;    ///< where it is kept, as is separated text in any case, until the end of the run
  std::size_t chunk_bytes = std::size_t{1} << 20;
  std::size_t memory_bytes = std::size_t{64} << 20;  ///< of chunks in flight
  std::stop_token stop;
};

class FileSource final : public normalize::DocumentSource {
 public:
  /// Errors: those of list_inputs.
  static Result<std::unique_ptr<FileSource>> make(FileSourceOptions options);

  const std::vector<normalize::SourceInput>& inputs() const override { return inputs_; }
  const std::vector<std::string>& left_out() const override { return left_out_; }
  std::string note(std::size_t input) const override { return csv_.note(input); }
  Result<normalize::InputContent> survey(std::size_t input) override;
  void skip(std::size_t input) override { skipped_[input] = true; }
  Result<std::optional<normalize::Chunk>> next() override;
  void recycle(normalize::Chunk chunk) override {
    if (!chunk.rows) pool_.give_back(std::move(chunk));
  }
  Status rewind() override;
  void cancel() override { cancelled_.request_stop(); }
  std::uint64_t bytes_read() const override;
  normalize::InputContent content(std::size_t input) const override { return contents_[input]; }
  std::optional<Error> fault(std::size_t input) const override { return faults_[input]; }

 private:
  FileSource(FileSourceOptions options, std::vector<normalize::SourceInput> inputs);

  Result<normalize::InputContent> hash(std::size_t input) const;
  Status prepare();
  Status leave_out_bad();
  Status read_through(std::size_t input);
  bool take_fault(std::size_t input, const Error& error);
  InputFormat format(std::size_t input) const;
  Status open_current();
  bool is_kept(std::size_t input) const;
  std::string path(std::size_t input) const;
  Result<std::unique_ptr<ChunkReader>> open_reader(std::size_t input);
  Result<std::unique_ptr<ChunkReader>> open_documents(std::size_t input);
  Status finish_current();

  FileSourceOptions options_;
  std::stop_source cancelled_;  ///< also when the caller's stop is requested
  std::stop_callback<std::function<void()>> on_stop_;
  std::vector<normalize::SourceInput> inputs_;
  std::vector<std::string> left_out_;
  std::vector<bool> skipped_;
  std::vector<std::optional<Error>> faults_;
  std::vector<normalize::InputContent> contents_;
  normalize::ChunkPool pool_;
  CsvInputs csv_;
  std::map<std::size_t, KeptStream> kept_;
  bool prepared_ = false;
  std::size_t current_ = 0;
  std::unique_ptr<ChunkReader> reader_;
  std::atomic<std::uint64_t> bytes_finished_{0};
  std::atomic<std::uint64_t> bytes_current_{0};
};

}  // namespace outfall::sources
