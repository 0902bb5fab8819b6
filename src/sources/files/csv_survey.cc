// SPDX-License-Identifier: Apache-2.0
#include "sources/files/csv_survey.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/json.h"
#include "base/utf8.h"
#include "normalize/chunk_pool.h"
#include "sources/files/document_reader.h"
#include "sources/files/input_format.h"
#include "sources/files/pushback_stream.h"

namespace outfall::sources {
namespace {

constexpr std::size_t dialect_bytes = std::size_t{64} << 10;

/// Whether the first line is a JSON object or array as a whole: as a header it would make columns of nonsense.
bool is_json(std::string_view begin) {
  const std::string_view line = begin.substr(0, begin.find('\n'));
  return (line.starts_with('{') || line.starts_with('[')) && parse_json(line);
}

/// Text of another encoding has bytes between its letters that no header has.
Status check_header(const std::vector<std::string>& names, const CsvSurveyRequest& request) {
  const auto odd = std::ranges::find_if(names, [](const std::string& name) { return name.contains('\0'); });
  if (odd == names.end()) return {};
  const bool is_little_endian = !names.front().starts_with('\0');
  return fail(
      fmt::format("{}, line 1: the header has NUL bytes, as UTF-16 without a byte order mark has", request.name),
      fmt::format("say how it is written: --encoding utf-16{}", is_little_endian ? "le" : "be"));
}

/// Dialect and names, from the first bytes.
Result<CsvSurvey> look_at_begin(const CsvSurveyRequest& request) {
  auto stream = request.open();
  if (!stream) return fail(std::move(stream.error()));
  PushbackStream bytes(**stream);
  std::size_t wanted = dialect_bytes;
  while (true) {
    const auto ahead = bytes.look_ahead(wanted);
    if (!ahead) return fail(ahead.error());
    const bool whole = ahead->at_end;
    if (!whole && ahead->bytes.size() < wanted) continue;
    std::string_view begin = text_of(ahead->bytes);
    if (Status text = check_is_text(begin, request.name); !text) return fail(std::move(text.error()));
    if (begin.starts_with(utf8_mark)) begin.remove_prefix(utf8_mark.size());
    CsvSurvey survey;
    survey.dialect = detect_dialect(begin, whole, request.options, request.delimiter_expected);
    const bool has_header = columnar::csv_record_end(begin, 0, survey.dialect) != std::string_view::npos;
    if (!has_header && !whole && wanted < limits::array_probe_bytes_max) {
      wanted *= 2;
      continue;
    }
    if (!request.is_stated && is_json(begin)) {
      return fail(fmt::format("{} is called CSV, and its first line is a JSON document", request.name),
                  "load it with --input-format json; or with --input-format csv, if it is CSV all the same");
    }
    auto names = column_names(begin, survey.dialect, request.options.header, request.name);
    if (!names) return fail(std::move(names.error()));
    survey.names = std::move(*names);
    if (Status readable = check_header(survey.names, request); !readable) return fail(std::move(readable.error()));
    survey.forms.resize(survey.names.size());
    return survey;
  }
}

/// Several threads that take turns in reading and look at what they read side by side.
class Reading {
 public:
  Reading(const CsvSurveyRequest& request, CsvSurvey& survey) : request_(request), survey_(survey) {}

  Status run() {
    auto stream = request_.open();
    if (!stream) return fail(std::move(stream.error()));
    auto layout = std::make_shared<normalize::CsvLayout>();
    layout->dialect = survey_.dialect;
    reader_.emplace(std::move(*stream), pool_,
                    DocumentReaderOptions{.name = request_.name,
                                          .chunk_bytes = request_.chunk_bytes,
                                          .csv = layout,
                                          .csv_header = request_.options.header,
                                          .stop = request_.stop});
    {
      std::vector<std::jthread> threads;
      for (int i = 1; i < request_.workers; ++i) threads.emplace_back([this] { take_part(); });
      take_part();
    }
    if (error_) return fail(std::move(*error_));
    Result<columnar::RawContent> content = reader_->content();
    if (!content) return fail(std::move(content.error()));
    survey_.content = std::move(*content);
    return {};
  }

 private:
  void take_part() {
    try {
      look_at_chunks();
    } catch (const std::exception&) {
      const std::lock_guard lock(mutex_);
      if (!error_)
        error_ = Error{.message = "not enough memory to read " + request_.name, .hint = "a smaller --memory"};
    }
  }

  void look_at_chunks() {
    std::vector<schema::CellForms> forms(survey_.names.size());
    columnar::CsvRecord record;
    while (std::optional<normalize::Chunk> chunk = next()) {
      const auto* bytes = reinterpret_cast<const char*>(chunk->bytes.get());
      for (const normalize::DocumentSpan& span : chunk->documents) {
        if (record.split({bytes + span.offset, span.length}, survey_.dialect) != columnar::CsvFault::none) continue;
        if (record.fields().size() == forms.size()) look_at(record.fields(), forms);
      }
      pool_.give_back(std::move(*chunk));
    }
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < forms.size(); ++i) survey_.forms[i] |= forms[i];
  }

  void look_at(std::span<const columnar::CsvField> fields, std::vector<schema::CellForms>& forms) const {
    const std::vector<std::string>& nulls = request_.options.null_texts;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const columnar::CsvField& field = fields[i];
      if (field.text.empty()) {
        if (field.quoted) forms[i] |= schema::text_form;
      } else if (field.quoted || nulls.empty() || std::ranges::find(nulls, field.text) == nulls.end()) {
        forms[i] |= schema::form_of(field.text);
      }
    }
  }

  std::optional<normalize::Chunk> next() {
    const std::lock_guard lock(mutex_);
    if (error_ || at_end_) return std::nullopt;
    Result<std::optional<normalize::Chunk>> chunk = reader_->next();
    if (!chunk) error_ = std::move(chunk.error());
    if (request_.progress) request_.progress(reader_->raw_bytes());
    at_end_ = !chunk || !*chunk;
    return at_end_ ? std::nullopt : std::move(*chunk);
  }

  const CsvSurveyRequest& request_;
  CsvSurvey& survey_;
  normalize::ChunkPool pool_{SIZE_MAX};  // as many chunks as threads
  std::mutex mutex_;                     // of all below, and of survey_
  std::optional<DocumentReader> reader_;
  std::optional<Error> error_;
  bool at_end_ = false;
};

}  // namespace

Result<CsvSurvey> survey_csv(const CsvSurveyRequest& request) {
  Result<CsvSurvey> survey = look_at_begin(request);
  if (!survey) return survey;
  if (!request.options.types) {
    std::ranges::fill(survey->forms, schema::text_form);
    return survey;
  }
  if (Status read = Reading(request, *survey).run(); !read) return fail(std::move(read.error()));
  return survey;
}

}  // namespace outfall::sources
