// SPDX-License-Identifier: Apache-2.0
//
// Whether two keys of one document claim the same column or the same nested table: dlt lets the last one win, we
// refuse.
#pragma once

#include "base/json.h"
#include "schema/naming.h"

namespace outfall::vectors {

bool has_colliding_keys(const Json& document, const schema::Naming& naming);

}  // namespace outfall::vectors
