// SPDX-License-Identifier: Apache-2.0
#include "pipeline/unrecognized_input.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "schema/temporal.h"

namespace outfall::pipeline {
namespace {

std::string called(const ledger::UnendedRun& run) {
  return fmt::format("run {}, begun at {},", run.run_id, schema::iso_text(schema::Timestamp{run.started_at, 0}));
}

std::string lost_note(const ledger::UnendedRun& run) {
  return fmt::format("{} died before its seal: nothing of it was loaded; {}", called(run),
                     run.input == ledger::RunInput::stream ? "what it was sent must be sent again, or read again"
                                                           : "the same command loads its inputs");
}

/// Of runs that may have been there only to finish that load.
std::string alike_note(const std::string& load_id, const std::vector<std::string>& runs) {
  const bool is_one = runs.size() == 1;
  return fmt::format(
      "{} {} died before {} seal; a run of the same command has sealed load {}, and the same command loads what that "
      "does not have",
      is_one ? "run" : "runs", fmt::join(runs, ", "), is_one ? "its" : "their", load_id);
}

std::string doubled_note(const ledger::UnendedRun& run) {
  return fmt::format(
      "what comes through a pipe, from memory, or from a database without --cursor has no identity: {} had sealed what "
      "it was sent as load {}, and what "
      "was sent now is loaded as well; under a run key it is recognized (--run-key for standard input)",
      called(run), run.load_id);
}

}  // namespace

ledger::RunInput input_kind(const normalize::DocumentSource* source) {
  if (source == nullptr) return ledger::RunInput::none;
  const bool all_known = std::ranges::all_of(source->inputs(), [](const normalize::SourceInput& input) {
    return !input.identity.empty() || input.has_cursor;
  });
  return all_known ? ledger::RunInput::known : ledger::RunInput::stream;
}

std::vector<std::string> notes_on_unended(const std::vector<ledger::UnendedRun>& unended, ledger::RunInput now) {
  std::vector<std::string> notes;
  std::map<std::string, std::vector<std::string>> alike;  // runs, by the load of their command
  for (const ledger::UnendedRun& run : unended) {
    const bool was_stream = run.input == ledger::RunInput::stream;
    if (run.load_id.empty()) {
      // A run with files tells of each of them by itself.
      if (!was_stream && now != ledger::RunInput::none) continue;
      if (was_stream || run.sealed_alike.empty())
        notes.push_back(lost_note(run));
      else
        alike[run.sealed_alike].push_back(run.run_id);
    } else if (was_stream && now == ledger::RunInput::stream) {
      notes.push_back(doubled_note(run));
    }
  }
  for (const auto& [load_id, runs] : alike) notes.push_back(alike_note(load_id, runs));
  return notes;
}

std::string nothing_loaded_note(const normalize::DocumentSource& source, Delivered delivered) {
  std::string note = delivered == Delivered::nothing ? "nothing was loaded" : "nothing of the inputs was loaded";
  const auto stream = std::ranges::find_if(source.inputs(), &normalize::SourceInput::is_stream);
  if (stream != source.inputs().end()) {
    const bool is_memory = stream->unit == normalize::PlaceUnit::document;
    note += is_memory ? "; what the program gave must be given again"
                      : fmt::format("; {} must be sent again", stream->called());
  }
  return note;
}

}  // namespace outfall::pipeline
