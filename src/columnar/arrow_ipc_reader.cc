// SPDX-License-Identifier: Apache-2.0
//
// Arrow IPC through Arrow's stream reader, over our own bytes: so they are counted, hashed and decompressed as those of
// any input. A file is a stream between a mark at its front and a table of contents behind it.
#include <arrow/buffer.h>
#include <arrow/c/bridge.h>
#include <arrow/io/interfaces.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "columnar/arrow_batches.h"

namespace outfall::columnar {
namespace {

constexpr std::string_view file_mark = "ARROW1";
constexpr std::size_t file_front_bytes = 8;  // the mark, filled up
constexpr std::string_view end_mark{"\xff\xff\xff\xff\0\0\0\0", 8};
// What a message says of its length is believed as far as bytes come.
constexpr std::int64_t read_step_bytes = std::int64_t{8} << 20;

/// Arrow's view of a ByteStream.
class InputBytes final : public arrow::io::InputStream {
 public:
  explicit InputBytes(ByteStream& bytes) : bytes_(bytes) {}

  arrow::Result<std::int64_t> Read(std::int64_t count, void* out) override {
    std::int64_t done = 0;
    auto* to = static_cast<std::byte*>(out);
    while (done < count) {
      const Result<std::size_t> some = bytes_.read({to + done, static_cast<std::size_t>(count - done)});
      if (!some) {
        error_ = some.error();
        return arrow::Status::IOError(error_->message);
      }
      if (*some == 0) break;
      done += static_cast<std::int64_t>(*some);
    }
    position_ += done;
    remember({static_cast<const char*>(out), static_cast<std::size_t>(done)});
    return done;
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t count) override {
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::ResizableBuffer> buffer, arrow::AllocateResizableBuffer(0));
    while (buffer->size() < count) {
      const std::int64_t before = buffer->size();
      const std::int64_t step = std::min(count - before, std::max(read_step_bytes, before));
      ARROW_RETURN_NOT_OK(buffer->Resize(before + step, /*shrink_to_fit=*/false));
      ARROW_ASSIGN_OR_RAISE(const std::int64_t read, Read(step, buffer->mutable_data() + before));
      if (read == step) continue;
      ARROW_RETURN_NOT_OK(buffer->Resize(before + read));
      break;
    }
    return buffer;
  }

  arrow::Status Close() override { return arrow::Status::OK(); }
  bool closed() const override { return false; }
  arrow::Result<std::int64_t> Tell() const override { return position_; }

  const std::optional<Error>& error() const { return error_; }
  std::uint64_t raw_bytes() const { return bytes_.raw_bytes(); }
  /// The last bytes read, at most eight.
  std::string_view last() const { return {last_.data(), last_size_}; }

 private:
  void remember(std::string_view bytes) {
    if (bytes.size() >= last_.size()) {
      bytes.substr(bytes.size() - last_.size()).copy(last_.data(), last_.size());
      last_size_ = last_.size();
      return;
    }
    const std::size_t kept = std::min(last_size_, last_.size() - bytes.size());
    std::memmove(last_.data(), last_.data() + last_size_ - kept, kept);
    bytes.copy(last_.data() + kept, bytes.size());
    last_size_ = kept + bytes.size();
  }

  ByteStream& bytes_;
  std::int64_t position_ = 0;
  std::optional<Error> error_;
  std::array<char, 8> last_{};
  std::size_t last_size_ = 0;
};

Error damaged(const std::string& name, std::string_view answer) {
  return {.message = fmt::format("cannot read {}: it is not Arrow IPC, or it is damaged ({})", name, answer),
          .hint = "write or fetch it again; --input-format says what an input is where its name does not"};
}

/// The bytes of a stream with those put back in front that were looked at to tell it from a file.
class FrontedBytes final : public ByteStream {
 public:
  explicit FrontedBytes(ByteStream& bytes) : bytes_(bytes) {}

  /// Whether the front is that of a file; then it is behind us.
  Result<bool> skip_file_front() {
    while (size_ < front_.size()) {
      const Result<std::size_t> read = bytes_.read(std::span(front_).subspan(size_));
      if (!read) return fail(read.error());
      if (*read == 0) break;
      size_ += *read;
    }
    const std::string_view front(reinterpret_cast<const char*>(front_.data()), size_);
    const bool is_file = front.starts_with(file_mark) && size_ == front_.size();
    if (is_file) taken_ = size_;
    return is_file;
  }

  Result<std::size_t> read(std::span<std::byte> to) override {
    if (taken_ == size_) return bytes_.read(to);
    const std::size_t count = std::min(to.size(), size_ - taken_);
    std::memcpy(to.data(), front_.data() + taken_, count);
    taken_ += count;
    return count;
  }

  const FileFacts& facts() const override { return bytes_.facts(); }
  std::uint64_t raw_bytes() const override { return bytes_.raw_bytes(); }
  RawContent raw_content() const override { return bytes_.raw_content(); }

 private:
  ByteStream& bytes_;
  std::array<std::byte, file_front_bytes> front_{};
  std::size_t size_ = 0;
  std::size_t taken_ = 0;
};

class IpcReader final : public BatchReader {
 public:
  IpcReader(std::string name, std::shared_ptr<const std::vector<ArrowField>> fields, bool is_file,
            std::unique_ptr<FrontedBytes> fronted, std::shared_ptr<InputBytes> bytes,
            std::shared_ptr<arrow::RecordBatchReader> batches)
      : BatchReader(std::move(name), std::move(fields)),
        is_file_(is_file),
        fronted_(std::move(fronted)),
        bytes_(std::move(bytes)),
        batches_(std::move(batches)) {}

  std::uint64_t bytes_read() const override { return bytes_->raw_bytes(); }

 protected:
  Result<std::shared_ptr<arrow::RecordBatch>> read_batch() override {
    std::shared_ptr<arrow::RecordBatch> batch;
    arrow::Status read = batches_->ReadNext(&batch);
    // What the file says of its own memory is not to be believed.
    if (read.ok() && batch != nullptr) read = batch->ValidateFull();
    // A text that is not UTF-8 is found where the row is known.
    if (!read.ok() && batch != nullptr && read.message().find("UTF8") != std::string::npos) read = batch->Validate();
    if (!read.ok()) return fail(bytes_->error().value_or(damaged(name(), read.message())));
    if (batch == nullptr) {
      if (Status ended = check_end(); !ended) return fail(std::move(ended.error()));
    }
    return batch;
  }

 private:
  Status check_end() {
    if (bytes_->last() != end_mark) {
      return fail(fmt::format("{} ends without the mark that ends an Arrow stream: it may have been cut off", name()),
                  "write or fetch it again; who writes a stream closes its writer");
    }
    // A file goes on with its table of contents; all bytes are part of what the input is known by.
    std::array<char, 64 * 1024> rest;
    while (true) {
      const arrow::Result<std::int64_t> read = bytes_->Read(rest.size(), rest.data());
      if (!read.ok()) return fail(*bytes_->error());
      if (*read == 0) break;
    }
    if (is_file_ && !bytes_->last().ends_with(file_mark)) return fail(damaged(name(), "its end is missing"));
    return {};
  }

  bool is_file_;
  std::unique_ptr<FrontedBytes> fronted_;  // bytes_ reads from it
  std::shared_ptr<InputBytes> bytes_;
  std::shared_ptr<arrow::RecordBatchReader> batches_;
};

/// Rows of a struct are its children's. It may be a part of a larger one.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> import_rows(ArrowArray* rows, const arrow::Schema& schema) {
  ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Array> array,
                        arrow::ImportArray(rows, arrow::struct_(schema.fields())));
  ARROW_RETURN_NOT_OK(array->Validate());
  return arrow::RecordBatch::FromStructArray(array);
}

/// What a program hands over at once.
class RowsInHand final : public BatchReader {
 public:
  RowsInHand(std::string name, std::shared_ptr<const std::vector<ArrowField>> fields,
             std::shared_ptr<arrow::RecordBatch> rows)
      : BatchReader(std::move(name), std::move(fields)), rows_(std::move(rows)) {}

  std::uint64_t bytes_read() const override { return 0; }

 protected:
  Result<std::shared_ptr<arrow::RecordBatch>> read_batch() override { return std::exchange(rows_, nullptr); }

 private:
  std::shared_ptr<arrow::RecordBatch> rows_;
};

/// A stream that a program has given away.
class OwnedStream {
 public:
  explicit OwnedStream(ArrowArrayStream* stream) : stream_(std::exchange(*stream, ArrowArrayStream{})) {}
  OwnedStream(OwnedStream&& other) noexcept : stream_(std::exchange(other.stream_, ArrowArrayStream{})) {}
  OwnedStream& operator=(OwnedStream&&) = delete;
  ~OwnedStream() {
    if (stream_.release != nullptr) stream_.release(&stream_);
  }

  arrow::Result<std::shared_ptr<arrow::Schema>> schema() {
    ArrowSchema schema{};
    ARROW_RETURN_NOT_OK(checked(stream_.get_schema(&stream_, &schema)));
    return arrow::ImportSchema(&schema);
  }

  /// Null: there are no more.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> next(const arrow::Schema& schema) {
    ArrowArray rows{};
    ARROW_RETURN_NOT_OK(checked(stream_.get_next(&stream_, &rows)));
    if (rows.release == nullptr) return nullptr;
    return import_rows(&rows, schema);
  }

 private:
  arrow::Status checked(int code) {
    if (code == 0) return arrow::Status::OK();
    const char* said = stream_.get_last_error(&stream_);
    return arrow::Status::IOError(said == nullptr ? std::strerror(code) : said);
  }

  ArrowArrayStream stream_;
};

class StreamReader final : public BatchReader {
 public:
  StreamReader(std::string name, std::shared_ptr<const std::vector<ArrowField>> fields, OwnedStream stream,
               std::shared_ptr<arrow::Schema> schema)
      : BatchReader(std::move(name), std::move(fields)), stream_(std::move(stream)), schema_(std::move(schema)) {}

  std::uint64_t bytes_read() const override { return 0; }

 protected:
  Result<std::shared_ptr<arrow::RecordBatch>> read_batch() override {
    auto batch = stream_.next(*schema_);
    if (!batch.ok()) return fail(fmt::format("cannot read {}: {}", name(), batch.status().message()));
    return std::move(*batch);
  }

 private:
  OwnedStream stream_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

Result<std::unique_ptr<ArrowReader>> open_arrow_ipc(ByteStream& bytes, std::string name) {
  auto fronted = std::make_unique<FrontedBytes>(bytes);
  const Result<bool> is_file = fronted->skip_file_front();
  if (!is_file) return fail(is_file.error());
  auto input = std::make_shared<InputBytes>(*fronted);
  arrow::ipc::IpcReadOptions options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  const auto batches = arrow::ipc::RecordBatchStreamReader::Open(input, options);
  if (!batches.ok()) return fail(input->error().value_or(damaged(name, batches.status().message())));
  auto fields = describe_fields(*(*batches)->schema(), name);
  if (!fields) return fail(std::move(fields.error()));
  return std::make_unique<IpcReader>(std::move(name), std::move(*fields), *is_file, std::move(fronted),
                                     std::move(input), *batches);
}

namespace {

using Fields = std::shared_ptr<const std::vector<ArrowField>>;

Result<Fields> with_written(Fields fields, const arrow::Schema& schema, const WrittenTypes& written) {
  auto typed = std::make_shared<std::vector<ArrowField>>(*fields);
  for (std::size_t i = 0; i < typed->size(); ++i) {
    ArrowField& field = (*typed)[i];
    const auto found = written.find(field.name);
    if (found == written.end()) continue;
    const bool is_known = found->second.type == DataType::decimal || found->second.type == DataType::json;
    if (!is_known || schema.field(static_cast<int>(i))->type()->id() != arrow::Type::STRING) {
      return fail(fmt::format("the column {} is no text that stands for a decimal or JSON", field.name));
    }
    field.type = found->second;
  }
  return typed;
}

}  // namespace

Result<std::unique_ptr<ArrowReader>> open_arrow_stream(ArrowArrayStream* stream, std::string name,
                                                       const WrittenTypes& written) {
  if (stream->release == nullptr) return fail(fmt::format("cannot read {}: the stream was read already", name));
  OwnedStream owned(stream);
  const auto schema = owned.schema();
  if (!schema.ok()) return fail(fmt::format("cannot read {}: {}", name, schema.status().message()));
  auto fields = describe_fields(**schema, name);
  if (fields && !written.empty()) fields = with_written(std::move(*fields), **schema, written);
  if (!fields) return fail(std::move(fields.error()));
  return std::make_unique<StreamReader>(std::move(name), std::move(*fields), std::move(owned), *schema);
}

Result<std::unique_ptr<ArrowReader>> open_arrow_rows(ArrowArray* rows, const ArrowSchema& schema, std::string name) {
  if (rows->release == nullptr) return fail(fmt::format("cannot read {}: the rows were taken already", name));
  ArrowSchema borrowed = schema;
  borrowed.release = [](ArrowSchema* consumed) { consumed->release = nullptr; };
  const auto described = arrow::ImportSchema(&borrowed);
  const auto batch = described.ok() ? import_rows(rows, **described) : described.status();
  if (!batch.ok()) {
    if (rows->release != nullptr) rows->release(rows);
    return fail(fmt::format("cannot read {}: {}", name, batch.status().message()));
  }
  auto fields = describe_fields(**described, name);
  if (!fields) return fail(std::move(fields.error()));
  return std::make_unique<RowsInHand>(std::move(name), std::move(*fields), *batch);
}

}  // namespace outfall::columnar
