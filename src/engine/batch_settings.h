// SPDX-License-Identifier: Apache-2.0
//
// The one table of what can be said of batches: keys of the configuration, options of a run, and the kinds of
// destinations on which each has an effect.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/settings_reader.h"
#include "outfall/batches.h"
#include "outfall/error.h"

namespace outfall::engine {

/// Keys of a destination's section, in the order in which errors list them.
std::vector<const char*> batch_keys();

/// Takes what the configuration says of what is left open.
///
/// Errors: usage: a value is wrong; says where it stands and what it is to be.
Status read_batches(const SettingsReader& reader, BatchOptions& batches);

/// What was given, as text for the state store: a JSON object of options without their dashes. Without what is said
/// for one run: how long it tries, and whether it raises.
std::string to_text(const BatchOptions& given);

/// As to_text wrote it. What a newer program has written and this one does not know is passed over.
///
/// Errors: abandon: it is no such text.
Result<BatchOptions> parse_batches(std::string_view text);

/// Takes what a run was given before of what is left open here; where there is an address, of what has an effect on a
/// destination of it.
void fill_in(BatchOptions& batches, const BatchOptions& before, std::optional<std::string_view> address = {});

/// Whether all that was given has an effect on a destination of this address. What the configuration says may be meant
/// for others, and is not looked at. `called`: what errors call it.
///
/// Errors: usage: it has none; names the option, and the kinds that it is for.
Status check_given(const BatchOptions& given, std::string_view address, std::string_view called);

}  // namespace outfall::engine
