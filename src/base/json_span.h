// SPDX-License-Identifier: Apache-2.0
//
// Where the values in JSON text end. For text that is known to be JSON: nothing is checked, and what is broken all the
// same has no end.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace outfall {

/// The place behind the string whose opening quote stands at `begin`; npos: it does not end.
std::size_t json_string_end(std::string_view text, std::size_t begin);

/// The place behind the value that begins at `begin`; npos: it does not end, as only objects, lists and strings do by
/// themselves.
std::size_t json_value_end(std::string_view text, std::size_t begin);

struct JsonSpan {
  std::string_view key;    ///< what stands between the quotes, as written
  std::string_view value;  ///< as written
};

/// The members of an object in text without white space, one after another. Values are passed over, not read.
class JsonMembers {
 public:
  explicit JsonMembers(std::string_view object) : text_(object) {}

  /// None: there are no more, or the text is broken.
  std::optional<JsonSpan> next();
  /// After the last: whether the object and the text end there.
  bool is_whole() const { return is_whole_; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;  // of the brace or comma in front of the next member, or of the brace behind the last
  bool is_whole_ = false;
};

}  // namespace outfall
