// SPDX-License-Identifier: Apache-2.0
//
// Cuts the elements out of one array. It knows strings, brackets and commas, which is all that finding the ends takes;
// whether an element is right is for the parser to say.
#include <fmt/format.h>

#include <array>

#include "sources/files/document_cutter.h"

namespace outfall::sources {
namespace {

enum class Kind : std::uint8_t { plain, blank, newline, quote, open, close, comma };

constexpr std::array<Kind, 256> kinds = [] {
  std::array<Kind, 256> table{};
  table[' '] = table['\t'] = table['\r'] = Kind::blank;
  table['\n'] = Kind::newline;
  table['"'] = Kind::quote;
  table['['] = table['{'] = Kind::open;
  table[']'] = table['}'] = Kind::close;
  table[','] = Kind::comma;
  return table;
}();

Kind kind_of(char byte) {
  return kinds[static_cast<unsigned char>(byte)];
}

constexpr std::array<bool, 256> ends_run_in_string = [] {
  std::array<bool, 256> table{};
  table['"'] = table['\\'] = table['\n'] = true;
  return table;
}();

/// Follows strings and brackets over bytes that come in pieces.
class Nesting {
 public:
  std::uint64_t depth = 0;
  std::uint64_t line = 1;

  /// Moves to the comma or closing bracket that ends the element at `at` of an array of depth 1, or to the end of the
  /// bytes.
  std::size_t skip_element(std::string_view bytes, std::size_t at) {
    while (at < bytes.size()) {
      if (in_string_) {
        at = skip_string(bytes, at);
        continue;
      }
      switch (kind_of(bytes[at])) {
        case Kind::quote:
          in_string_ = true;
          break;
        case Kind::newline:
          ++line;
          break;
        case Kind::open:
          ++depth;
          break;
        case Kind::close:
          if (depth == 1) return at;
          --depth;
          break;
        case Kind::comma:
          if (depth == 1) return at;
          break;
        default:
          break;
      }
      ++at;
    }
    return at;
  }

 private:
  std::size_t skip_string(std::string_view bytes, std::size_t at) {
    if (escaped_) {
      escaped_ = false;
      line += bytes[at] == '\n' ? 1 : 0;
      return at + 1;
    }
    while (at < bytes.size() && !ends_run_in_string[static_cast<unsigned char>(bytes[at])]) ++at;
    if (at == bytes.size()) return at;
    in_string_ = bytes[at] != '"';
    escaped_ = bytes[at] == '\\';
    line += bytes[at] == '\n' ? 1 : 0;
    return at + 1;
  }

  bool in_string_ = false;
  bool escaped_ = false;
};

Place place_of(const Window& window, std::size_t at, std::uint64_t line) {
  const std::string_view before = window.bytes.substr(0, at);
  const std::size_t newline = before.rfind('\n');
  const std::uint64_t column = newline == std::string_view::npos ? window.column_offset + at : at - newline - 1;
  return {.line = line, .column = column + 1};
}

class ArrayCutter final : public DocumentCutter {
 public:
  explicit ArrayCutter(std::string name) : name_(std::move(name)) {}

  std::uint64_t line() const override { return cut_.line; }

  Result<std::size_t> cut(const Window& window, std::vector<normalize::DocumentSpan>& documents) override {
    taken_ = 0;
    while (at_ < window.bytes.size() && documents.size() < window.documents_max) {
      const Result<Step> step = advance(window, documents);
      if (!step) return fail(step.error());
      if (*step == Step::chunk_full) break;
    }
    if (window.at_end && at_ == window.bytes.size() && now_.part != Part::behind) {
      return fail(place_error(name_, place_of(window, at_, nesting_.line),
                              fmt::format("the input ends inside the array that begins on line {}", array_line_)));
    }
    if (taken_ > 0) rewind();
    return taken_;
  }

 private:
  enum class Part { before, first_value, value, element, behind };
  enum class Step { moved, chunk_full };
  struct State {
    Part part = Part::before;
    std::uint64_t line = 1;
  };

  Result<Step> advance(const Window& window, std::vector<normalize::DocumentSpan>& documents) {
    if (now_.part == Part::element) {
      at_ = nesting_.skip_element(window.bytes, at_);
      if (at_ == window.bytes.size()) return Step::moved;
    }
    switch (kind_of(window.bytes[at_])) {
      case Kind::newline:
        ++nesting_.line;
        [[fallthrough]];
      case Kind::blank:
        ++at_;
        // Between elements nothing is kept, so that any amount of blanks needs no memory.
        if (now_.part != Part::element && documents.empty()) take(at_);
        return Step::moved;
      case Kind::open:
        return open(window);
      case Kind::close:
        return close(window, documents);
      case Kind::comma:
        return comma(window, documents);
      default:
        return begin_element(window);
    }
  }

  Result<Step> begin_element(const Window& window) {
    if (now_.part == Part::behind) {
      return fail(place_error(name_, place_of(window, at_, nesting_.line), "something follows the end of the array"));
    }
    now_.part = Part::element;
    element_begin_ = at_;
    element_line_ = nesting_.line;
    return Step::moved;
  }

  Result<Step> open(const Window& window) {
    if (now_.part != Part::before) return begin_element(window);
    array_line_ = nesting_.line;
    nesting_.depth = 1;
    now_.part = Part::first_value;
    take(++at_);
    return Step::moved;
  }

  Result<Step> close(const Window& window, std::vector<normalize::DocumentSpan>& documents) {
    if (window.bytes[at_] != ']' || (now_.part != Part::element && now_.part != Part::first_value)) {
      return fail(misplaced(window));
    }
    if (now_.part == Part::element && !add(window, documents)) return Step::chunk_full;
    nesting_.depth = 0;
    now_.part = Part::behind;
    take(++at_);
    return Step::moved;
  }

  Result<Step> comma(const Window& window, std::vector<normalize::DocumentSpan>& documents) {
    if (now_.part != Part::element) return fail(misplaced(window));
    if (!add(window, documents)) return Step::chunk_full;
    now_.part = Part::value;
    take(++at_);
    return Step::moved;
  }

  /// False: the element belongs to the next chunk.
  bool add(const Window& window, std::vector<normalize::DocumentSpan>& documents) const {
    if (at_ >= window.chunk_bytes && !documents.empty()) return false;
    std::size_t end = at_;
    while (is_blank(window.bytes[end - 1])) --end;
    documents.push_back({.offset = static_cast<std::uint32_t>(element_begin_),
                         .length = static_cast<std::uint32_t>(end - element_begin_),
                         .line = element_line_});
    return true;
  }

  Error misplaced(const Window& window) const {
    const Place place = place_of(window, at_, nesting_.line);
    if (now_.part == Part::behind) return place_error(name_, place, "something follows the end of the array");
    if (window.bytes[at_] == '}') return place_error(name_, place, "'}' closes what '[' opened");
    return place_error(name_, place, fmt::format("a value is missing in front of '{}'", window.bytes[at_]));
  }

  /// Everything before `at` is done with.
  void take(std::size_t at) {
    taken_ = at;
    now_.line = nesting_.line;
    cut_ = now_;
  }

  /// What was looked at behind the cut is looked at again in the next window.
  void rewind() {
    now_ = cut_;
    nesting_ = Nesting{};
    nesting_.line = cut_.line;
    nesting_.depth = cut_.part == Part::before || cut_.part == Part::behind ? 0 : 1;
    at_ = 0;
  }

  std::string name_;
  State now_;
  State cut_;  // as it was at the last cut
  Nesting nesting_;
  std::size_t at_ = 0;
  std::size_t taken_ = 0;
  std::size_t element_begin_ = 0;
  std::uint64_t element_line_ = 1;
  std::uint64_t array_line_ = 1;
};

}  // namespace

std::unique_ptr<DocumentCutter> make_array_cutter(std::string name) {
  return std::make_unique<ArrayCutter>(std::move(name));
}

std::optional<bool> is_one_array(std::string_view begin, Probe probe) {
  const auto when_all = [probe](bool answer) {
    return probe == Probe::all ? std::optional<bool>(answer) : std::nullopt;
  };
  std::size_t at = 0;
  while (at < begin.size() && is_blank(begin[at])) ++at;
  if (at == begin.size()) return when_all(false);
  if (begin[at] != '[') return false;
  Nesting nesting;
  nesting.depth = 1;
  do {
    at = nesting.skip_element(begin, at + 1);
    if (nesting.line > 1) return true;
    if (at >= begin.size()) return when_all(true);
  } while (kind_of(begin[at]) != Kind::close);
  bool next_line = false;
  for (const char byte : begin.substr(at + 1)) {
    if (!is_blank(byte)) return !next_line;
    next_line = next_line || byte == '\n';
  }
  return when_all(true);
}

Error place_error(std::string_view name, Place place, std::string_view what) {
  return {.message = fmt::format("{}, line {}, column {}: {}", name, place.line, place.column, what), .hint = ""};
}

}  // namespace outfall::sources
