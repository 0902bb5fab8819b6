// SPDX-License-Identifier: Apache-2.0
//
// stdout, which is data: what could not be written there is told.
#pragma once

#include <string>
#include <string_view>

#include "outfall/error.h"

namespace outfall::cli {

/// What a failed write to stdout means, by its errno. Whoever read has seen enough (`| head`), and that is no error; a
/// full disk is one.
Status output_status(int problem);

/// In quotes, with what JSON does not allow in them escaped.
void append_json_text(std::string& out, std::string_view text);

/// Writes all of a text to stdout.
Status write_output(std::string_view text);

}  // namespace outfall::cli
