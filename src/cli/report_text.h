// SPDX-License-Identifier: Apache-2.0
//
// What a person is told: errors, and the report of a run.
#pragma once

#include <string>

#include "cli/shell_words.h"
#include "cli/terminal.h"
#include "outfall/error.h"
#include "outfall/report.h"

namespace outfall::cli {

/// `error: <facts>` and, where there is one, `hint: <what to do>`, each on a line of its own.
std::string error_text(const Error& error, const Terminal& terminal);

/// `in 1000 = delivered 997 + rejected 3 + pending 0, exactly once (transactional)`, without a line end.
std::string balance_text(const Report& report);

/// Whether the destination is a function of a program, which no command can call.
bool is_function(const std::string& destination);

struct ReportView {
  Terminal terminal{};
  TypedPlace place{};  ///< the commands that are told repeat it
};

/// Everything a run did, line by line; the last line is the balance.
std::string report_text(const Report& report, const ReportView& view);

/// The report as a JSON document. An error without a hint gets the command that delivers what is pending, as the text
/// has it beside the error.
std::string report_json(Report report, const ReportView& view);

}  // namespace outfall::cli
