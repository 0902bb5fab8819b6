// SPDX-License-Identifier: Apache-2.0
//
// JsonTextWriter: an object or list of a document as compact JSON text, for columns that keep it whole.
//
// White space goes, numbers stay as written, strings are escaped no more than JSON demands. Everything is checked on
// the way.
#pragma once

#include <simdjson.h>

#include <string>
#include <vector>

namespace outfall::normalize {

class JsonTextWriter {
 public:
  /// Replaces `out` with the text of `value`, and consumes the value.
  simdjson::error_code write(simdjson::ondemand::value value, std::string& out);

 private:
  struct Frame {
    bool is_object = false;
    bool entered = false;
    simdjson::ondemand::object_iterator field;
    simdjson::ondemand::array_iterator element;
  };

  simdjson::error_code write_value(simdjson::ondemand::value value, std::string& out);
  simdjson::error_code write_next(std::string& out);

  std::vector<Frame> frames_;
  std::string unescaped_;
};

/// Whether an iterator of the parser has nothing more. (Its comparison looks only at its left side.)
template <class Iterator>
bool at_end(const Iterator& iterator) {
  return iterator == Iterator{};
}

/// Whether a token is a number as JSON spells them.
bool is_json_number(std::string_view token);

/// The token without the white space behind it.
std::string_view trimmed_token(std::string_view token);

/// The bytes between a string token's quotes, escapes untouched. The token ends where the next one begins.
std::string_view string_bytes(std::string_view token);

/// Resolves the escapes of a string's bytes. False when they are not valid.
bool unescape(std::string_view bytes, std::string& out);

}  // namespace outfall::normalize
