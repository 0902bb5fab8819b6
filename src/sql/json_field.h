// SPDX-License-Identifier: Apache-2.0
//
// How a field of record batches says that its texts are JSON: Arrow's extension type `arrow.json`.
#pragma once

#include <string>

namespace outfall::sql {

/// Metadata of such a field as the C data interface has it; it stays for as long as the process.
const std::string& json_metadata();

}  // namespace outfall::sql
