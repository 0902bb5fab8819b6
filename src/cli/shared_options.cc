// SPDX-License-Identifier: Apache-2.0
#include "cli/shared_options.h"

#include <CLI/CLI.hpp>
#include <cstdint>

#include "cli/typed_values.h"

namespace outfall::cli {
CLI::Option* text(CLI::App& app, const std::string& names, std::string& value, const char* type,
                  const std::string& description) {
  return app.add_option(names, value, description)->type_name(type);
}

void add_lock_wait(CLI::App& app, Typed& typed) {
  text(app, "--lock-wait", typed.lock_wait, "SECONDS",
       "Wait so long for another process that holds the pipeline, or that has the database open. "
       "Default: 0, exit 5 or 1 at once")
      ->group("State");
}

void add_state(CLI::App& app, Typed& typed) {
  text(app, "--state", typed.state, "WHERE",
       "Share state with other runners: dir:PATH, a folder that all of them have; none. Default: $OUTFALL_STATE, or "
       "what is configured")
      ->group("State");
}

void add_data_dir(CLI::App& verb, Typed& typed) {
  text(verb, "--data-dir", typed.data_dir, "DIR",
       "Where state lives. Default: $OUTFALL_DATA_DIR, the nearest .outfall/ upwards, $XDG_STATE_HOME/outfall")
      ->group("State");
  add_state(verb, typed);
}

void add_yes(CLI::App& verb, Typed& typed) {
  verb.add_flag("--yes", typed.yes, "Do it without asking; needed where nobody can be asked")->group("Which");
}

void add_json(CLI::App& verb, Typed& typed) {
  verb.add_flag("--json", typed.json, "Print one JSON document on stdout")->group("Talk");
}

void add_verb_help(CLI::App& noun) {
  for (CLI::App* verb : noun.get_subcommands(nullptr))
    verb->set_help_flag("-h,--help", "Show this help")->group("Talk");
}

Status take_lock_wait(const Typed& typed, std::chrono::seconds& wait) {
  constexpr std::int64_t seconds_max = std::int64_t{366} * 24 * 3600;
  return take_number("--lock-wait", typed.lock_wait, {0, seconds_max},
                     [&](std::int64_t n) { wait = std::chrono::seconds(n); });
}

}  // namespace outfall::cli
