// SPDX-License-Identifier: Apache-2.0
#include "columnar/row_bytes.h"

#include <arrow/buffer.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/io_util.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <memory>
#include <utility>

#include "base/file.h"
#include "columnar/parquet_writer.h"
#include "columnar/rows_state.h"

namespace outfall::columnar {
namespace {

/// Rows that are in memory at once while a file of them is written.
constexpr std::uint64_t rows_at_once = 65'536;

std::unexpected<Error> holds_documents(const std::string& path) {
  return fail(
      fmt::format("{} holds documents, and the format wants columns", path),
      "outfall package retry has it tried again: resume it with --loader-file-format jsonl, which it was sealed for");
}

/// Hands on rows [first, last), some at a time.
template <class Take>
arrow::Status for_each_piece(OpenRows rows, std::uint64_t first, std::uint64_t last, Take take) {
  do {
    const std::uint64_t end = std::min(first + rows_at_once, last);
    const Result<const Rows*> selected = rows.reader.select(first, end, rows.texts);
    if (!selected) return arrow::Status::Invalid(selected.error().message);
    ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::RecordBatch> piece, rows.reader.state().plain_rows());
    ARROW_RETURN_NOT_OK(take(piece));
    first = end;
  } while (first < last);
  return arrow::Status::OK();
}

template <class Writer>
arrow::Status write_pieces(OpenRows rows, std::uint64_t first, std::uint64_t last, auto open) {
  std::shared_ptr<Writer> writer;
  ARROW_RETURN_NOT_OK(for_each_piece(rows, first, last, [&](const std::shared_ptr<arrow::RecordBatch>& piece) {
    if (writer == nullptr) {
      ARROW_ASSIGN_OR_RAISE(writer, open(*piece->schema()));
    }
    return writer->WriteRecordBatch(*piece);
  }));
  return writer->Close();
}

arrow::Status write_columns(OpenRows rows, std::uint64_t first, std::uint64_t last, LoaderFileFormat format,
                            const std::shared_ptr<arrow::io::OutputStream>& out) {
  if (format == LoaderFileFormat::arrow) {
    return write_pieces<arrow::ipc::RecordBatchWriter>(
        rows, first, last,
        [&](const arrow::Schema& schema) -> arrow::Result<std::shared_ptr<arrow::ipc::RecordBatchWriter>> {
          return arrow::ipc::MakeStreamWriter(out, std::make_shared<arrow::Schema>(schema));
        });
  }
  return write_pieces<parquet::arrow::FileWriter>(
      rows, first, last,
      [&](const arrow::Schema& schema) -> arrow::Result<std::shared_ptr<parquet::arrow::FileWriter>> {
        ARROW_ASSIGN_OR_RAISE(std::unique_ptr<parquet::arrow::FileWriter> writer, open_parquet_writer(schema, out));
        return std::shared_ptr<parquet::arrow::FileWriter>(std::move(writer));
      });
}

bool is_text(LoaderFileFormat format) {
  return format != LoaderFileFormat::arrow && format != LoaderFileFormat::parquet;
}

/// A disk that is full need not be so later.
Error system_answer(std::string_view doing, const std::string& path, int error_number) {
  Error error = system_error(doing, path, error_number);
  error.remedy = Remedy::retry;
  return error;
}

/// What the system has answered, where it was that.
Error file_error(std::string_view doing, const std::string& path, const arrow::Status& status) {
  const int error_number = arrow::internal::ErrnoFromStatus(status);
  if (error_number != 0) return system_answer(doing, path, error_number);
  return {.message = fmt::format("cannot {} {}: {}", doing, path, status.message()), .hint = ""};
}

/// `begins`: the piece stands at the beginning.
Status append_text(OpenRows rows, std::uint64_t first, std::uint64_t last, LoaderFileFormat format, bool begins,
                   std::string& out) {
  if (format == LoaderFileFormat::csv) return rows.texts.append_separated(first, last, begins, out);
  const RowTextForm form = format == LoaderFileFormat::typed_jsonl ? RowTextForm::typed : RowTextForm::plain;
  return rows.texts.append(first, last, out, form);
}

Status check_has_columns(OpenRows rows, LoaderFileFormat format) {
  if (format == LoaderFileFormat::jsonl || !rows.texts.has_documents_alone()) return {};
  return holds_documents(rows.reader.state().file.path);
}

}  // namespace

Status check_columns_take(OpenRows rows, std::uint64_t first, std::uint64_t last, LoaderFileFormat format) {
  if (is_text(format)) return {};
  for (std::uint64_t begin = first; begin < last; begin += rows_at_once) {
    const Result<const Rows*> selected = rows.reader.select(begin, std::min(begin + rows_at_once, last), rows.texts);
    if (!selected) return fail(selected.error());
    if (const std::optional<UntakenValue> found = rows.reader.find_untaken()) {
      return fail(Error{.message = fmt::format("row {} of {} has a value of \"{}\" that no column of the table takes",
                                               begin + found->row, rows.reader.state().file.path, found->column),
                        .hint = "resume with --loader-file-format jsonl, typed-jsonl or csv",
                        .remedy = Remedy::retry});
    }
  }
  return {};
}

Status append_rows(OpenRows rows, std::uint64_t first, std::uint64_t last, LoaderFileFormat format,
                   std::string& out) try {
  if (Status fits = check_has_columns(rows, format); !fits) return fits;
  if (is_text(format)) return append_text(rows, first, last, format, true, out);
  const auto buffer = arrow::io::BufferOutputStream::Create();
  arrow::Status done = buffer.ok() ? write_columns(rows, first, last, format, *buffer) : buffer.status();
  if (!done.ok()) return fail(damaged(rows.reader.state().file.path, done));
  const auto bytes = (*buffer)->Finish();
  if (!bytes.ok()) return fail(damaged(rows.reader.state().file.path, bytes.status()));
  out += (*bytes)->ToString();
  return {};
} catch (const std::exception& error) {  // Parquet's writer has some of its own
  return fail(fmt::format("write rows for whoever takes them: {}", error.what()));
}

Status write_rows_to(OpenRows rows, std::uint64_t first, std::uint64_t last, LoaderFileFormat format,
                     const std::string& path) try {
  if (Status fits = check_has_columns(rows, format); !fits) return fits;
  ::unlink(path.c_str());
  const auto file = arrow::io::FileOutputStream::Open(path);
  if (!file.ok()) return fail(file_error("create", path, file.status()));
  arrow::Status done = arrow::Status::OK();
  if (is_text(format)) {
    std::string text;
    for (std::uint64_t at = first; done.ok() && at < last; at += rows_at_once) {
      text.clear();
      Status told = append_text(rows, at, std::min(at + rows_at_once, last), format, at == first, text);
      if (!told) return told;
      done = (*file)->Write(text.data(), static_cast<std::int64_t>(text.size()));
    }
  } else {
    done = write_columns(rows, first, last, format, *file);
  }
  if (done.ok()) done = (*file)->Close();
  if (!done.ok()) return fail(file_error("write", path, done));
  if (::chmod(path.c_str(), S_IRUSR) != 0) return fail(system_answer("protect", path, errno));
  return {};
} catch (const std::exception& error) {
  return fail(fmt::format("write {}: {}", path, error.what()));
}

}  // namespace outfall::columnar
