// SPDX-License-Identifier: Apache-2.0
//
// CanonicalJson: documents and values in the one spelling that ids are taken over: no white space, keys sorted, strings
// and numbers as orjson writes them. The same content has the same spelling, whoever wrote it.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "normalize/cell.h"

namespace outfall::normalize {

/// One worker uses one; nothing is allocated once its buffers have grown to the documents.
class CanonicalJson {
 public:
  /// Replaces `out` with the spelling of a document, without the keys at its top that begin with `_dlt`: these are of
  /// loads. Of a key that stands twice the last value counts. Chunk::padding bytes behind `text` may be read.
  ///
  /// False: it is no object, or the parser does not accept it.
  bool write_document(std::string_view text, std::string& out);

  /// Replaces `out` with an object of these members, each a key and the spelling of its value. Sorts them.
  static void write_object(std::span<std::pair<std::string_view, std::string_view>> members, std::string& out);

  /// Appends one value.
  static void append(std::string& out, const Scalar& value);

 private:
  struct Member {
    std::size_t key = 0;  ///< in keys_, as the next
    std::size_t key_size = 0;
    std::size_t begin = 0;  ///< in out_: its text with the key, as the next
    std::size_t end = 0;
  };
  struct Frame {
    bool is_object = false;
    bool entered = false;
    std::size_t begin = 0;         ///< in out_
    std::size_t first_member = 0;  ///< in members_, as the next in keys_
    std::size_t first_key = 0;
    simdjson::ondemand::object_iterator field;
    simdjson::ondemand::array_iterator element;
  };

  bool write_value(simdjson::ondemand::value value);
  bool write_next();
  bool write_member();
  void end_object();
  void end_member();
  std::string_view key_of(const Member& member) const {
    return std::string_view(keys_).substr(member.key, member.key_size);
  }

  simdjson::ondemand::parser parser_;
  std::vector<Frame> frames_;
  std::vector<Member> members_;
  std::string keys_;
  std::string key_;
  std::string out_;
  std::string sorted_;
};

}  // namespace outfall::normalize
