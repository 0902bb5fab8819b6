// SPDX-License-Identifier: Apache-2.0
//
// Fills buffers from the stream and has a cutter find the documents in them. What was read behind the last whole
// document is put back and begins the next chunk. When the writer of a pipe is silent, what is there is handed on.
#include "sources/files/document_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/utf8.h"
#include "sources/files/input_format.h"

namespace outfall::sources {
namespace {

using normalize::Chunk;

bool has_utf16_mark(std::string_view begin) {
  return begin.starts_with("\xff\xfe") || begin.starts_with("\xfe\xff");
}

// Telling one array from an array a line takes more bytes than telling an array from an object.
constexpr std::size_t first_look_bytes = std::size_t{4} << 10;

}  // namespace

struct DocumentReader::Filling {
  std::size_t used = 0;    ///< bytes of the buffer that are read
  std::size_t wanted = 0;  ///< bytes of the buffer that are to be read
  bool at_end = false;
};

DocumentReader::DocumentReader(std::unique_ptr<columnar::ByteStream> stream, normalize::ChunkPool& pool,
                               DocumentReaderOptions options)
    : stream_(std::move(stream)), bytes_(*stream_), pool_(pool), options_(std::move(options)) {
  options_.document_bytes_max = std::min(options_.document_bytes_max, limits::document_bytes_max);
  options_.chunk_bytes = std::clamp<std::size_t>(options_.chunk_bytes, 1, options_.document_bytes_max);
}

Result<std::optional<Chunk>> DocumentReader::next() {
  if (cutter_ == nullptr) {
    if (Status detected = detect_format(); !detected) return fail(std::move(detected).error());
  }
  Result<Chunk> chunk = pool_.acquire(options_.chunk_bytes, options_.stop);
  if (!chunk) return fail(std::move(chunk).error());
  const Status cut = cut_chunk(*chunk);
  if (!cut || chunk->documents.empty()) {
    pool_.give_back(std::move(*chunk));
    if (!cut) return fail(cut.error());
    return std::nullopt;
  }
  chunk->unfinished_hint =
      ends_inside_line() ? still_written_hint(stream_->facts(), std::chrono::system_clock::now()) : std::string();
  documents_ += chunk->documents.size();
  return std::move(*chunk);
}

Status DocumentReader::begin_records() {
  while (true) {
    const Result<PushbackStream::Ahead> ahead = bytes_.look_ahead(utf8_mark.size());
    if (!ahead) return fail(ahead.error());
    if (!ahead->at_end && ahead->bytes.size() < utf8_mark.size()) continue;
    if (text_of(ahead->bytes).starts_with(utf8_mark)) {
      offset_ = utf8_mark.size();
      bytes_.skip(offset_);
    }
    cutter_ = make_csv_cutter(options_.csv->dialect, options_.csv_header);
    return {};
  }
}

Status DocumentReader::detect_format() {
  if (options_.csv != nullptr) return begin_records();
  std::size_t look = first_look_bytes;
  while (cutter_ == nullptr) {
    const Result<PushbackStream::Ahead> ahead = bytes_.look_ahead(look);
    if (!ahead) return fail(ahead.error());
    const std::string_view begin = text_of(ahead->bytes);
    if (Status text = check_is_text(begin, options_.name); !text) return text;
    if (has_utf16_mark(begin)) {
      return fail(fmt::format("{}: the input is UTF-16, JSON is UTF-8", options_.name),
                  "convert it first: iconv -f UTF-16 -t UTF-8");
    }
    const bool is_all = ahead->at_end || begin.size() >= limits::array_probe_bytes_max;
    const bool needs_more =
        !is_all && (may_be_no_text(begin) || (begin.size() < utf8_mark.size() && utf8_mark.starts_with(begin)) ||
                    (begin.size() < duckdb_header_bytes && !bytes_.is_silent()));
    const std::size_t mark = begin.starts_with(utf8_mark) ? utf8_mark.size() : 0;
    // No longer than it takes to tell: whoever writes the input may be waiting for an answer.
    const std::optional<bool> one_array =
        needs_more ? std::nullopt : is_one_array(begin.substr(mark), is_all ? Probe::all : Probe::beginning);
    look = std::min(std::max(look, begin.size() * 2), limits::array_probe_bytes_max);
    if (!one_array) continue;
    cutter_ = *one_array ? make_array_cutter(options_.name) : make_line_cutter();
    bytes_.skip(mark);
    offset_ = mark;
  }
  return {};
}

Status DocumentReader::cut_chunk(Chunk& chunk) {
  chunk.input = options_.input;
  chunk.csv = options_.csv;
  Filling filling{.wanted = options_.chunk_bytes};
  while (true) {
    if (Status filled = fill(chunk, filling); !filled) return filled;
    const Window window{.bytes = text_of({chunk.bytes.get(), filling.used}),
                        .chunk_bytes = options_.chunk_bytes,
                        .documents_max = limits::chunk_documents_max,
                        .column_offset = column_offset_,
                        .at_end = filling.at_end};
    const Result<std::size_t> taken = cutter_->cut(window, chunk.documents);
    if (!taken) return fail(taken.error());
    chunk.stream_offset = offset_;
    chunk.column_offset = column_offset_;
    take(chunk, filling, *taken);
    if (!chunk.documents.empty()) {
      std::memset(chunk.bytes.get() + filling.used, ' ', Chunk::padding);
      return {};
    }
    if (*taken > 0) {
      filling = {.wanted = options_.chunk_bytes};
    } else if (filling.at_end) {
      return {};
    } else if (filling.used == filling.wanted) {
      filling.wanted = std::min(filling.wanted * 2, options_.document_bytes_max + 1);
    }
  }
}

Status DocumentReader::fill(Chunk& chunk, Filling& filling) {
  if (filling.used > options_.document_bytes_max) {
    return fail(fmt::format("{}, line {}: the document that begins here is longer than {} bytes", options_.name,
                            cutter_->line(), options_.document_bytes_max),
                "an input holds one document a line, or one array of documents");
  }
  pool_.grow(chunk, filling.used, filling.wanted);
  const Result<PushbackStream::Count> count =
      bytes_.read_available({chunk.bytes.get() + filling.used, filling.wanted - filling.used});
  if (!count) return fail(count.error());
  filling.used += count->bytes;
  filling.at_end = count->at_end;
  return {};
}

void DocumentReader::take(const Chunk& chunk, const Filling& filling, std::size_t bytes) {
  if (bytes == 0) return;
  const std::span<const std::byte> all(chunk.bytes.get(), filling.used);
  bytes_.put_back(all.subspan(bytes));
  const auto* newline = static_cast<const std::byte*>(::memrchr(all.data(), '\n', bytes));
  column_offset_ =
      newline == nullptr ? column_offset_ + bytes : static_cast<std::uint64_t>(all.data() + bytes - newline) - 1;
  offset_ += bytes;
}

std::string still_written_hint(const columnar::FileFacts& facts, std::chrono::system_clock::time_point now) {
  if (!facts.mtime_ns) return "";
  const auto age = now.time_since_epoch() - std::chrono::nanoseconds(*facts.mtime_ns);
  if (age >= limits::still_written_age) return "";
  return "the last line has no end and the file was changed a moment ago: is it still being written? run again when it "
         "is complete";
}

}  // namespace outfall::sources
