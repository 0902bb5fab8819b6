// SPDX-License-Identifier: Apache-2.0
//
// Options that several commands have.
#pragma once

#include <chrono>
#include <string>

#include "cli/options.h"
#include "outfall/error.h"

namespace CLI {
class Option;
}

namespace outfall::cli {

/// `typed` and `value` outlive the app.
CLI::Option* text(CLI::App& app, const std::string& names, std::string& value, const char* type,
                  const std::string& description);
void add_lock_wait(CLI::App& app, Typed& typed);
void add_state(CLI::App& app, Typed& typed);
/// And where it is shared.
void add_data_dir(CLI::App& verb, Typed& typed);
void add_yes(CLI::App& verb, Typed& typed);
void add_json(CLI::App& verb, Typed& typed);
/// Behind all verbs.
void add_verb_help(CLI::App& noun);

/// Errors: usage: it is no number of seconds.
Status take_lock_wait(const Typed& typed, std::chrono::seconds& wait);

}  // namespace outfall::cli
