// SPDX-License-Identifier: Apache-2.0
//
// Values as the recorded cases write them: `{type: form}`, or null. data/README.md has the forms.
#pragma once

#include <string>

#include "base/json.h"
#include "schema/value.h"

namespace outfall::vectors {

/// Throws when the document is no typed value: the case is broken.
schema::Value read_typed(const Json& document);

/// The same in the spelling of the files, to compare with: `{"double":"1.0"}`.
std::string typed_text(const schema::Value& value);

}  // namespace outfall::vectors
