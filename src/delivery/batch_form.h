// SPDX-License-Identifier: Apache-2.0
//
// BatchForm: what a batch looks like to whoever takes it. A lane records it with the batches that are about to be sent,
// so that they come again as they were, whatever is asked for by then.
#pragma once

#include <string>
#include <string_view>

#include "columnar/row_texts.h"
#include "outfall/types.h"

namespace outfall::delivery {

struct BatchForm {
  LoaderFileFormat format = LoaderFileFormat::jsonl;
  columnar::RowForm rows{};
  bool is_file = false;   ///< it is given as a path
  bool skips_dlt = true;  ///< without the columns that a load adds

  bool operator==(const BatchForm&) const = default;
};

/// As the state store has it: words with spaces between them.
std::string text_of(const BatchForm& form);

/// `otherwise`: where the text says nothing, or what only a later version knows.
BatchForm batch_form(std::string_view text, const BatchForm& otherwise);

}  // namespace outfall::delivery
