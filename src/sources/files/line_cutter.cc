// SPDX-License-Identifier: Apache-2.0
//
// Cuts documents at line ends.
#include <cstring>

#include "sources/files/document_cutter.h"

namespace outfall::sources {
namespace {

class LineCutter final : public DocumentCutter {
 public:
  Result<std::size_t> cut(const Window& window, std::vector<normalize::DocumentSpan>& documents) override {
    std::size_t taken = 0;
    while (taken < window.bytes.size() && documents.size() < window.documents_max) {
      const std::size_t end = line_end(window, taken);
      if (end == std::string_view::npos) break;
      if (end > window.chunk_bytes && taken > 0) break;
      add(window.bytes.substr(taken, end - taken), taken, documents);
      taken = end;
    }
    looked_at_ = taken == 0 ? window.bytes.size() : 0;
    return taken;
  }

  std::uint64_t line() const override { return line_; }
  bool ends_inside_line() const override { return ends_inside_line_; }

 private:
  /// Behind the line that begins at `begin`.
  std::size_t line_end(const Window& window, std::size_t begin) const {
    const std::size_t from = begin == 0 ? looked_at_ : begin;
    const char* first = window.bytes.data() + from;
    const auto* found = static_cast<const char*>(std::memchr(first, '\n', window.bytes.size() - from));
    if (found != nullptr) return static_cast<std::size_t>(found - window.bytes.data()) + 1;
    return window.at_end ? window.bytes.size() : std::string_view::npos;
  }

  void add(std::string_view text, std::size_t offset, std::vector<normalize::DocumentSpan>& documents) {
    const bool ended = text.back() == '\n';
    if (ended) text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    std::size_t first = 0;
    while (first < text.size() && is_blank(text[first])) ++first;
    if (first < text.size()) {
      // From the beginning of the line, so that columns in messages are those of the file.
      documents.push_back({.offset = static_cast<std::uint32_t>(offset),
                           .length = static_cast<std::uint32_t>(text.size()),
                           .line = line_});
      ends_inside_line_ = !ended;
    }
    ++line_;
  }

  std::uint64_t line_ = 1;
  std::size_t looked_at_ = 0;
  bool ends_inside_line_ = false;
};

}  // namespace

std::unique_ptr<DocumentCutter> make_line_cutter() {
  return std::make_unique<LineCutter>();
}

}  // namespace outfall::sources
