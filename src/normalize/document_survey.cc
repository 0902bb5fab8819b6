// SPDX-License-Identifier: Apache-2.0
#include "normalize/document_survey.h"

#include <vector>

#include "base/nfc.h"
#include "normalize/chunk.h"
#include "normalize/json_text.h"
#include "normalize/shaper.h"
#include "schema/table.h"

namespace outfall::normalize {
namespace {

using simdjson::ondemand::json_type;

class Surveyor {
 public:
  Surveyor(std::string_view text, const schema::Naming& naming) : text_(text), naming_(naming) {}

  DocumentSurvey run(simdjson::ondemand::parser& parser) {
    simdjson::ondemand::document document;
    simdjson::ondemand::value value;
    if (parser.iterate(text_.data(), text_.size(), text_.size() + Chunk::padding).get(document)) return {};
    if (document.get_value().get(value)) return {};
    if (!enter(value)) return {};
    frames_.back().offset = 0;
    while (!frames_.empty()) {
      if (!advance()) break;
    }
    return std::move(survey_);
  }

 private:
  struct KnownKey {
    std::size_t offset = 0;
    std::uint32_t position = 0;
  };

  struct Frame {
    bool is_object = false;
    bool entered = false;
    std::size_t offset = 0;
    std::uint32_t position = 0;
    simdjson::ondemand::object_iterator field;
    simdjson::ondemand::array_iterator element;
    std::unordered_map<std::string, KnownKey> keys;
  };

  std::size_t offset_of(std::string_view part) const { return static_cast<std::size_t>(part.data() - text_.data()); }

  /// Goes into an object or list; other values stay untouched. False when the document is broken.
  bool enter(simdjson::ondemand::value value) {
    json_type type;
    if (value.type().get(type)) return false;
    if (type != json_type::object && type != json_type::array) return true;
    if (frames_.size() > limits::nesting_depth_max) return false;
    Frame& frame = frames_.emplace_back();
    frame.is_object = type == json_type::object;
    frame.offset = offset_of(value.raw_json_token());
    if (frame.is_object) {
      simdjson::ondemand::object object;
      return !value.get_object().get(object) && !object.begin().get(frame.field);
    }
    simdjson::ondemand::array array;
    return !value.get_array().get(array) && !array.begin().get(frame.element);
  }

  bool advance() {
    Frame& frame = frames_.back();
    if (frame.entered) {
      if (frame.is_object) {
        ++frame.field;
      } else {
        ++frame.element;
      }
      ++frame.position;
    }
    frame.entered = true;
    if (frame.is_object ? at_end(frame.field) : at_end(frame.element)) {
      frames_.pop_back();
      return true;
    }
    simdjson::ondemand::value value;
    if (!frame.is_object) return !(*frame.element).get(value) && enter(value);
    simdjson::ondemand::field field;
    if ((*frame.field).get(field)) return false;
    note_key(frame, field.escaped_key());
    value = field.value();
    if (naming_.normalize_path(key_) == schema::id_column_name) note_row_id(frame, value);
    return enter(value);
  }

  void note_key(Frame& frame, std::string_view raw) {
    if (!unescape(raw, key_)) return;
    if (!is_ascii(key_)) key_ = to_nfc(key_);
    const KnownKey here{offset_of(raw), frame.position};
    const auto [known, is_new] = frame.keys.emplace(key_, here);
    if (is_new) return;
    survey_.dropped_keys.insert(known->second.offset);
    known->second.offset = here.offset;
    survey_.positions[here.offset] = known->second.position;
  }

  void note_row_id(const Frame& frame, simdjson::ondemand::value& value) {
    const std::string_view token = trimmed_token(value.raw_json_token());
    if (token.empty()) return;
    std::string id;
    if (token.front() == '"') {
      if (!unescape(string_bytes(token), id)) return;
    } else if (token == "true") {
      id = "True";
    } else if (is_json_number(token) && token.find_first_of("123456789") < token.find_first_of("eE")) {
      id = token;
    }
    if (!id.empty()) survey_.row_ids[frame.offset] = id;
  }

  std::string_view text_;
  const schema::Naming& naming_;
  DocumentSurvey survey_;
  std::vector<Frame> frames_;
  std::string key_;
};

}  // namespace

DocumentSurvey survey_document(std::string_view text, simdjson::ondemand::parser& parser,
                               const schema::Naming& naming) {
  return Surveyor(text, naming).run(parser);
}

}  // namespace outfall::normalize
