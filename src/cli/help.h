// SPDX-License-Identifier: Apache-2.0
//
// The text that --help shows, made from the options themselves so that it cannot lie.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace outfall::cli {

/// Of the program: its commands. Of a command: its arguments and options, group by group. The app's footer says how it
/// is called.
std::string help_text(const CLI::App& app);

}  // namespace outfall::cli
