// SPDX-License-Identifier: Apache-2.0
//
// What a command line asks for, as values.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <variant>

#include "cli/shell_words.h"
#include "outfall/dataset.h"
#include "outfall/dead_letter.h"
#include "outfall/pipeline.h"
#include "outfall/pipeline_change.h"
#include "outfall/pipeline_info.h"
#include "outfall/query.h"
#include "outfall/report.h"

namespace outfall::cli {

enum class ProgressMode {
  automatic,  ///< bar on a terminal, plain elsewhere
  plain,      ///< at most one line a second
  json,       ///< stderr holds one JSON object a line and nothing else
  none,
};

enum class ReportForm {
  text,  ///< on stderr
  json,  ///< one document on stdout
};

struct Talk {
  ProgressMode progress = ProgressMode::automatic;
  ReportForm report = ReportForm::text;
};

struct RunCommand {
  PipelineOptions pipeline;
  RunOptions run;
  Talk talk;
};

/// An empty `pipeline.name` means every pipeline with pending work.
struct ResumeCommand {
  PipelineOptions pipeline;
  RunOptions run;
  Talk talk;
};

enum class OutputForm { table, csv, json };
/// Rows as text for a person, or with their types for another program.
using QueryForm = std::variant<OutputForm, RowsFormat>;

struct QueryCommand {
  QueryOptions query;
  QueryForm output = OutputForm::table;
};

enum class Watch { once, until_stopped };

struct StatusCommand {
  std::string subject;  ///< a pipeline or a run; empty: all pipelines
  TypedPlace place;
  Watch watch = Watch::once;
  ReportForm form = ReportForm::text;
};

enum class PackageVerb { list, show, retry, skip, abort, drop };
enum class Consent {
  ask,    ///< on a terminal; elsewhere the command is refused
  given,  ///< --yes
};

struct PackageCommand {
  PackageVerb verb = PackageVerb::list;
  std::string pipeline;                        ///< of list; empty: all
  std::string load_id;                         ///< of the others
  std::string table;                           ///< of retry and skip; empty: all
  bool force = false;                          ///< of retry
  OnReject on_reject = OnReject::dead_letter;  ///< of skip
  TypedPlace place;
  std::chrono::seconds lock_wait{0};
  Consent consent = Consent::ask;
  ReportForm form = ReportForm::text;
};

enum class DeadLetterVerb { list, show, export_rows, drop };

struct DeadLetterCommand {
  DeadLetterVerb verb = DeadLetterVerb::list;
  DeadLetterOptions letters;  ///< of show: only where they are
  std::string id;             ///< of show and drop
  std::chrono::seconds lock_wait{0};
  Consent consent = Consent::ask;
  ReportForm form = ReportForm::text;
};

enum class DestinationVerb { list, capabilities, test, test_conformance };

struct DestinationCommand {
  DestinationVerb verb = DestinationVerb::list;
  std::string destination;  ///< an address or a name; of list: empty
  ReportForm form = ReportForm::text;
};

enum class PipelineVerb { list, info };

struct PipelineCommand {
  PipelineVerb verb = PipelineVerb::list;
  PipelineInfoOptions which;  ///< of list: only where they are
  ReportForm form = ReportForm::text;
};

enum class PipelineChangeVerb { sync, drop };

struct PipelineChangeCommand {
  PipelineChangeVerb verb = PipelineChangeVerb::sync;
  DropOptions change;  ///< of sync: only which pipeline
  Consent consent = Consent::ask;
  ReportForm form = ReportForm::text;
};

enum class DatasetVerb { tables, loads, advance, leftovers };

struct DatasetCommand {
  DatasetVerb verb = DatasetVerb::tables;
  SqlClientOptions which;
  std::string load_id;                 ///< of advance; of tables: only rows of this load, or empty
  std::optional<std::int64_t> status;  ///< of advance; none: the next one
  bool removes = false;                ///< of leftovers
  Consent consent = Consent::ask;
  ReportForm form = ReportForm::text;
};

struct SchemaCommand {
  PipelineInfoOptions which;
  ReportForm form = ReportForm::text;
};

struct ReplayCommand {
  ReplayOptions replay;
  Talk talk;
};

/// Help or the version: on stdout when it was asked for, on stderr when there was nothing else to do.
struct ShowCommand {
  std::string text;
  Ending ending = Ending::delivered;
};

using Command = std::variant<RunCommand, ResumeCommand, QueryCommand, StatusCommand, PackageCommand, DeadLetterCommand,
                             DestinationCommand, PipelineCommand, PipelineChangeCommand, SchemaCommand, DatasetCommand,
                             ReplayCommand, ShowCommand>;

/// What the arguments (without the program's name) ask for.
///
/// Errors: usage, with the nearest known word in the hint.
Result<Command> parse_command_line(std::span<const char* const> arguments);

}  // namespace outfall::cli
