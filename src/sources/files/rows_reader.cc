// SPDX-License-Identifier: Apache-2.0
#include "sources/files/rows_reader.h"

#include <fmt/format.h>

#include <utility>

#include "base/file.h"
#include "columnar/arrow_reader.h"
#include "sources/files/spool.h"

namespace outfall::sources {
namespace {

/// Batches of rows as chunks.
class RowsReader : public ChunkReader {
 public:
  Result<std::optional<normalize::Chunk>> next() final {
    if (stop_.stop_requested()) {
      return fail(
          Error{.message = fmt::format("stopped while reading {}", name_), .hint = "", .blame = Blame::interrupted});
    }
    Result<std::optional<columnar::ArrowRows>> rows = reader_->next();
    if (!rows) return fail(std::move(rows.error()));
    if (!*rows) return std::nullopt;
    normalize::Chunk chunk;
    chunk.input = input_;
    chunk.first_row = first_row_;
    first_row_ += (*rows)->rows();
    chunk.rows = std::move(*rows);
    return chunk;
  }

  std::uint64_t raw_bytes() const final { return reader_->bytes_read(); }

 protected:
  RowsReader(const RowsReaderOptions& options, std::unique_ptr<columnar::ArrowReader> reader)
      : name_(options.name), input_(options.input), stop_(options.stop), reader_(std::move(reader)) {}

  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::uint32_t input_;
  std::stop_token stop_;
  std::unique_ptr<columnar::ArrowReader> reader_;
  std::uint64_t first_row_ = 0;
};

class ArrowInput final : public RowsReader {
 public:
  ArrowInput(const RowsReaderOptions& options, std::unique_ptr<columnar::ByteStream> bytes,
             std::unique_ptr<columnar::ArrowReader> reader)
      : RowsReader(options, std::move(reader)), bytes_(std::move(bytes)) {}

  const columnar::FileFacts& facts() const override { return bytes_->facts(); }
  Result<columnar::RawContent> content() const override { return bytes_->raw_content(); }

 private:
  std::unique_ptr<columnar::ByteStream> bytes_;
};

/// What is known of a Parquet input before its rows are read.
struct ParquetFile {
  std::optional<Spool> spool;
  std::string path;
  columnar::FileFacts facts;
  columnar::RawContent content;
};

Result<ParquetFile> look_at(const RowsReaderOptions& options) {
  columnar::ByteStreamOptions opened{.path = options.path, .name = options.name, .stop = options.stop};
  if (options.is_stream) {
    Result<KeptStream> kept = keep_stream(std::move(opened), options.spool_folder);
    if (!kept) return fail(std::move(kept.error()));
    std::string path = kept->spool.path();
    return ParquetFile{.spool = std::move(kept->spool),
                       .path = std::move(path),
                       .facts = kept->facts,
                       .content = std::move(kept->content)};
  }
  auto bytes = columnar::open_byte_stream(std::move(opened));
  if (!bytes) return fail(std::move(bytes.error()));
  ParquetFile file{.path = options.path, .facts = (*bytes)->facts()};
  Result<columnar::RawContent> content = columnar::read_to_end(**bytes);
  if (!content) return fail(std::move(content.error()));
  file.content = std::move(*content);
  return file;
}

class ParquetInput final : public RowsReader {
 public:
  ParquetInput(const RowsReaderOptions& options, ParquetFile file, std::unique_ptr<columnar::ArrowReader> reader)
      : RowsReader(options, std::move(reader)), file_(std::move(file)) {}

  const columnar::FileFacts& facts() const override { return file_.facts; }

  Result<columnar::RawContent> content() const override {
    if (file_.spool) return file_.content;
    const Result<FileStat> now = stat_file(file_.path);
    if (!now) return fail(now.error());
    if (now->size != file_.content.bytes || now->mtime_ns != file_.facts.mtime_ns) {
      return fail(fmt::format("{} changed while it was read", name()), "load it again when nothing writes to it");
    }
    return file_.content;
  }

 private:
  ParquetFile file_;
};

}  // namespace

Result<std::unique_ptr<ChunkReader>> open_parquet_input(const RowsReaderOptions& options) {
  Result<ParquetFile> file = look_at(options);
  if (!file) return fail(std::move(file.error()));
  auto reader = columnar::open_parquet(file->path, options.name);
  if (!reader) return fail(std::move(reader.error()));
  return std::make_unique<ParquetInput>(options, std::move(*file), std::move(*reader));
}

Result<std::unique_ptr<ChunkReader>> open_arrow_input(const RowsReaderOptions& options) {
  auto bytes = columnar::open_byte_stream({.path = options.path, .name = options.name, .stop = options.stop});
  if (!bytes) return fail(std::move(bytes.error()));
  auto reader = columnar::open_arrow_ipc(**bytes, options.name);
  if (!reader) return fail(std::move(reader.error()));
  return std::make_unique<ArrowInput>(options, std::move(*bytes), std::move(*reader));
}

}  // namespace outfall::sources
