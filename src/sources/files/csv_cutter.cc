// SPDX-License-Identifier: Apache-2.0
//
// Cuts records of separated text. Lines without anything are none.
#include <algorithm>
#include <utility>

#include "sources/files/document_cutter.h"

namespace outfall::sources {
namespace {

class CsvCutter final : public DocumentCutter {
 public:
  CsvCutter(const columnar::CsvDialect& dialect, CsvHeader header)
      : dialect_(dialect),
        delimiter_is_ahead_(dialect.names_delimiter),
        header_is_ahead_(header == CsvHeader::first_record) {}

  Result<std::size_t> cut(const Window& window, std::vector<normalize::DocumentSpan>& documents) override {
    std::size_t taken = 0;
    while (taken < window.bytes.size() && documents.size() < window.documents_max) {
      std::size_t end = columnar::csv_record_end(window.bytes, taken, dialect_);
      const bool ended = end != std::string_view::npos;
      if (!ended && !window.at_end) break;
      end = ended ? end + 1 : window.bytes.size();
      if (end > window.chunk_bytes && taken > 0) break;
      add(window.bytes.substr(taken, end - taken), taken, ended, documents);
      taken = end;
    }
    return taken;
  }

  std::uint64_t line() const override { return line_; }
  bool ends_inside_line() const override { return ends_inside_line_; }

 private:
  void add(std::string_view text, std::size_t offset, bool ended, std::vector<normalize::DocumentSpan>& documents) {
    const std::uint64_t line = line_;
    line_ += line_ends(text);
    if (ended) text.remove_suffix(1);
    if (dialect_.line_end == '\n' && text.ends_with('\r')) text.remove_suffix(1);
    if (text.empty()) return;
    if (std::exchange(delimiter_is_ahead_, false)) return;
    if (std::exchange(header_is_ahead_, false)) return;
    documents.push_back({.offset = static_cast<std::uint32_t>(offset),
                         .length = static_cast<std::uint32_t>(text.size()),
                         .line = line});
    ends_inside_line_ = !ended;
  }

  /// Most records are one line: only quoted line ends make more of it.
  std::uint64_t line_ends(std::string_view text) const {
    const std::size_t first = text.find(dialect_.line_end);
    if (first == std::string_view::npos) return 0;
    return 1 + static_cast<std::uint64_t>(std::ranges::count(text.substr(first + 1), dialect_.line_end));
  }

  columnar::CsvDialect dialect_;
  bool delimiter_is_ahead_;
  bool header_is_ahead_;
  std::uint64_t line_ = 1;
  bool ends_inside_line_ = false;
};

}  // namespace

std::unique_ptr<DocumentCutter> make_csv_cutter(const columnar::CsvDialect& dialect, CsvHeader header) {
  return std::make_unique<CsvCutter>(dialect, header);
}

}  // namespace outfall::sources
