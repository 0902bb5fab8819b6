// SPDX-License-Identifier: Apache-2.0
//
// JsonTextWriter: an object or list of a document as compact JSON text, for columns that keep it whole.
//
// White space goes, numbers stay as written, strings are escaped no more than JSON demands. Everything is checked on
// the way.
#pragma once

#include <simdjson.h>

#include <string>
#include <unordered_set>
#include <vector>

namespace outfall::normalize {

/// Keys that a later one of the same object replaces, by their distance from `text`.
struct DroppedKeys {
  const std::unordered_set<std::size_t>* offsets = nullptr;
  const char* text = nullptr;
};

class JsonTextWriter {
 public:
  /// How deep the values to come may nest: what is left below the objects and lists around them.
  void allow_levels(std::size_t levels) { levels_max_ = levels; }

  /// Replaces `out` with the text of `value`, and consumes the value.
  simdjson::error_code write(simdjson::ondemand::value value, std::string& out, DroppedKeys dropped = {});

  /// Whether an object of the last value had, or may have had, a key twice. It was written as it stands, without those
  /// to be dropped.
  bool has_duplicate_keys() const { return has_duplicate_keys_; }

 private:
  struct Frame {
    bool is_object = false;
    bool entered = false;
    bool has_members = false;
    std::size_t first_key = 0;            // in keys_
    std::size_t cut = std::string::npos;  // where the text of a dropped value begins
    simdjson::ondemand::object_iterator field;
    simdjson::ondemand::array_iterator element;
  };

  simdjson::error_code write_value(simdjson::ondemand::value value, std::string& out);
  simdjson::error_code write_next(std::string& out);
  simdjson::error_code write_member(std::string& out);
  void end_frame(std::string& out, char bracket);
  void look_for_duplicates(std::size_t first_key);

  std::size_t levels_max_ = SIZE_MAX;
  std::vector<Frame> frames_;
  std::string unescaped_;
  DroppedKeys dropped_;
  std::vector<std::size_t> keys_;  // hashes of the keys of the open objects
  bool has_duplicate_keys_ = false;
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
