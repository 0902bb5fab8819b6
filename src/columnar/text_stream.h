// SPDX-License-Identifier: Apache-2.0
//
// Text that is not written in UTF-8, as UTF-8 while it is read.
#pragma once

#include <memory>
#include <string>

#include "columnar/byte_stream.h"
#include "outfall/error.h"

namespace outfall::columnar {

/// `bytes` as UTF-8. `encoding` is what iconv calls it; empty: UTF-16 where a byte order mark says so, else UTF-8,
/// which passes as it is. `name` is the input's, for messages.
///
/// Errors: an encoding that nobody knows (Blame::usage); bytes that are none of its characters, with their offset.
Result<std::unique_ptr<ByteStream>> make_text_stream(std::unique_ptr<ByteStream> bytes, const std::string& encoding,
                                                     std::string name);

}  // namespace outfall::columnar
