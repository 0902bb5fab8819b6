// SPDX-License-Identifier: Apache-2.0
//
// DocumentSurvey: what must be known of an unusual document before it is shaped.
//
// Nearly all documents are shaped in one pass. Two things cannot be: a key that stands twice in one object (the last
// value wins, and the first may already have made rows), and a `_dlt_id` that stands behind a list whose rows need it.
// Such a document is surveyed, then shaped again with what was found.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "schema/naming.h"

namespace outfall::normalize {

struct DocumentSurvey {
  std::unordered_set<std::size_t> dropped_keys;  ///< offsets of keys that a later one of the same object replaces
  std::unordered_map<std::size_t, std::uint32_t> positions;  ///< offset of the key that stays -> position of the first
  std::unordered_map<std::size_t, std::string> row_ids;      ///< offset of an object's `{` -> its own `_dlt_id`
};

/// Surveys a document that the parser accepts; of any other it tells what it saw before the fault. The document itself
/// begins at offset 0, whatever stands before its `{`. The parser is free for the next document afterwards.
DocumentSurvey survey_document(std::string_view text, simdjson::ondemand::parser& parser, const schema::Naming& naming);

}  // namespace outfall::normalize
