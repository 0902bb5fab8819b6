// SPDX-License-Identifier: Apache-2.0
#include "cli/pipeline_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <limits>
#include <map>

#include "cli/help.h"
#include "cli/quantities.h"
#include "cli/shared_options.h"
#include "cli/typed_values.h"

namespace outfall::cli {
namespace {

void add_place(CLI::App& verb, Typed& typed) {
  text(verb, "--to", typed.to, "DESTINATION", "Where its dataset is. Default: where the pipeline went before")
      ->group("Which");
  text(verb, "--dataset", typed.dataset, "NAME", "The dataset. Default: the pipeline's, else what a run would take")
      ->group("Which");
  add_lock_wait(verb, typed);
}

void add_sync(CLI::App& noun, Typed& typed) {
  CLI::App& sync = *noun.add_subcommand(
      "sync", "Restore schema and state from the dataset: after the state store was lost, or others went on");
  text(sync, "pipeline", typed.pipeline, "PIPELINE", "The pipeline")->group("Which");
  add_place(sync, typed);
  sync.footer("Usage:\n  outfall pipeline sync github\n  outfall pipeline sync github --to duckdb:github.duckdb");
}

void add_drop(CLI::App& noun, Typed& typed) {
  CLI::App& drop = *noun.add_subcommand(
      "drop", "Drop the tables of resources with all that is nested in them, and how far they were read");
  text(drop, "pipeline", typed.pipeline, "PIPELINE", "The pipeline")->group("Which");
  drop.add_option("resource", typed.resources, "A resource; re:EXPRESSION chooses among them")
      ->type_name("RESOURCE")
      ->group("Which");
  drop.add_flag("--all", typed.all, "All resources")->group("Which");
  drop.add_flag("--state-only", typed.state_only, "Tables stay; the resources are read from the beginning")
      ->group("Which");
  add_yes(drop, typed);
  add_place(drop, typed);
  drop.footer("Usage:\n  outfall pipeline drop github events\n  outfall pipeline drop github --all --yes");
}

/// What is asked of one pipeline, by `words`.
Status need_pipeline(const Typed& typed, std::string_view words) {
  if (!typed.pipeline.empty()) return {};
  return fail(usage(fmt::format("`outfall {}` needs a pipeline", words), "outfall pipeline list shows them"));
}

Result<Command> pipeline_change(const std::string& verb, const Typed& typed) {
  if (Status named = need_pipeline(typed, "pipeline " + verb); !named) return fail(std::move(named.error()));
  PipelineChangeCommand command{.verb = verb == "sync" ? PipelineChangeVerb::sync : PipelineChangeVerb::drop,
                                .consent = typed.yes ? Consent::given : Consent::ask,
                                .form = typed.json ? ReportForm::json : ReportForm::text};
  command.change = {.pipeline = {.data_dir = typed.data_dir,
                                 .state = typed.state,
                                 .pipeline = typed.pipeline,
                                 .destination = typed.to,
                                 .dataset = typed.dataset},
                    .resources = typed.resources,
                    .all = typed.all,
                    .state_only = typed.state_only};
  if (Status taken = take_lock_wait(typed, command.change.pipeline.lock_wait); !taken)
    return fail(std::move(taken.error()));
  return command;
}

}  // namespace

void add_pipeline(CLI::App& root, Typed& typed) {
  CLI::App& noun = *root.add_subcommand(
      "pipeline", "List pipelines, tell what one remembers; fetch that from its dataset; drop resources");
  noun.alias("pipelines");
  noun.require_subcommand(0, 1);
  noun.footer(
      "Usage:\n  outfall pipeline list\n  outfall pipeline info github\n  outfall pipeline sync github --to "
      "duckdb:github.duckdb\n  outfall pipeline drop github events\n\n`outfall pipeline VERB --help` shows the options "
      "of "
      "a verb.");
  CLI::App& list = *noun.add_subcommand("list", "All pipelines, the one that ran last first");
  list.footer("Usage:\n  outfall pipeline list");
  CLI::App& info = *noun.add_subcommand("info", "One pipeline: destination, dataset, schemas, what is pending, state");
  text(info, "pipeline", typed.pipeline, "PIPELINE", "The pipeline")->group("Which");
  info.footer("Usage:\n  outfall pipeline info github");
  add_sync(noun, typed);
  add_drop(noun, typed);
  for (CLI::App* verb : noun.get_subcommands(nullptr)) {
    add_data_dir(*verb, typed);
    add_json(*verb, typed);
  }
  add_verb_help(noun);
}

void add_schema(CLI::App& root, Typed& typed) {
  CLI::App& noun = *root.add_subcommand("schema", "Show the tables and columns that a pipeline knows");
  noun.alias("schemas");
  noun.require_subcommand(0, 1);
  noun.footer("Usage:\n  outfall schema show github\n\n`outfall schema VERB --help` shows the options of a verb.");
  CLI::App& show = *noun.add_subcommand("show", "The schema as of the last package that was sealed");
  text(show, "pipeline", typed.pipeline, "PIPELINE", "The pipeline")->group("Which");
  show.footer("Usage:\n  outfall schema show github\n  outfall schema show github --json");
  add_data_dir(show, typed);
  show.add_flag("--json", typed.json, "Print the schema document, as dlt has it")->group("Talk");
  add_verb_help(noun);
}

void add_dataset(CLI::App& root, Typed& typed) {
  CLI::App& noun = *root.add_subcommand("dataset", "Tables and loads of a dataset; advance a load; what never ended");
  noun.alias("datasets");
  noun.require_subcommand(0, 1);
  noun.footer(
      "Usage:\n  outfall dataset tables duckdb:github.duckdb\n  outfall dataset loads github\n  outfall dataset "
      "advance "
      "github 1795369135.28477\n  outfall dataset leftovers github\n\n`outfall dataset VERB --help` shows the options "
      "of "
      "a verb.");
  CLI::App& tables = *noun.add_subcommand("tables", "The tables with their rows");
  CLI::App& loads =
      *noun.add_subcommand("loads", "The loads with each status that they have reached, the oldest first");
  CLI::App& advance = *noun.add_subcommand(
      "advance", "Record that somebody has gone on with a load: with its rows transformed, or tested");
  CLI::App& leftovers =
      *noun.add_subcommand("leftovers", "What loads of dlt have left behind that never came to their end");
  for (CLI::App* verb : noun.get_subcommands(nullptr)) {
    text(*verb, "destination", typed.destination, "DESTINATION",
         "An address, or the name of a destination that is configured, or of a pipeline")
        ->group("Which");
  }
  text(tables, "--load-id", typed.load_id, "LOAD_ID", "Count only rows of this load")->group("Which");
  text(advance, "load_id", typed.load_id, "LOAD_ID", "The load")->group("Which");
  text(advance, "--status", typed.load_status, "N", "The status that it has reached. Default: the next one")
      ->group("Which");
  leftovers.add_flag("--remove", typed.removes, "Take them away")->group("Which");
  add_yes(leftovers, typed);
  tables.footer("Usage:\n  outfall dataset tables github\n  outfall dataset tables github --load-id 1795369135.28477");
  loads.footer("Usage:\n  outfall dataset loads github");
  advance.footer("Usage:\n  outfall dataset advance github 1795369135.28477 --status 2");
  leftovers.footer("Usage:\n  outfall dataset leftovers github --remove");
  for (CLI::App* verb : noun.get_subcommands(nullptr)) {
    text(*verb, "--dataset", typed.dataset, "NAME", "The dataset. Default: the pipeline's, or the only one there")
        ->group("Which");
    add_data_dir(*verb, typed);
    add_json(*verb, typed);
  }
  add_verb_help(noun);
}

Result<Command> pipeline_command(const CLI::App& noun, const Typed& typed) {
  if (noun.get_subcommands().empty()) return ShowCommand{.text = help_text(noun), .ending = Ending::misuse};
  const std::string& verb = noun.get_subcommands().front()->get_name();
  if (verb == "sync" || verb == "drop") return pipeline_change(verb, typed);
  PipelineCommand command{.verb = verb == "list" ? PipelineVerb::list : PipelineVerb::info,
                          .which = {.data_dir = typed.data_dir, .state = typed.state, .pipeline = typed.pipeline},
                          .form = typed.json ? ReportForm::json : ReportForm::text};
  if (command.verb == PipelineVerb::list) return command;
  if (Status named = need_pipeline(typed, "pipeline info"); !named) return fail(std::move(named.error()));
  return command;
}

Result<Command> schema_command(const CLI::App& noun, const Typed& typed) {
  if (noun.get_subcommands().empty()) return ShowCommand{.text = help_text(noun), .ending = Ending::misuse};
  if (Status named = need_pipeline(typed, "schema show"); !named) return fail(std::move(named.error()));
  return SchemaCommand{.which = {.data_dir = typed.data_dir, .state = typed.state, .pipeline = typed.pipeline},
                       .form = typed.json ? ReportForm::json : ReportForm::text};
}

Result<Command> dataset_command(const CLI::App& noun, const Typed& typed) {
  if (noun.get_subcommands().empty()) return ShowCommand{.text = help_text(noun), .ending = Ending::misuse};
  static const std::map<std::string, DatasetVerb, std::less<>> verbs{{"tables", DatasetVerb::tables},
                                                                     {"loads", DatasetVerb::loads},
                                                                     {"advance", DatasetVerb::advance},
                                                                     {"leftovers", DatasetVerb::leftovers}};
  const std::string& verb = noun.get_subcommands().front()->get_name();
  DatasetCommand command{.verb = verbs.at(verb),
                         .which = {.destination = typed.destination,
                                   .dataset = typed.dataset,
                                   .data_dir = typed.data_dir,
                                   .state = typed.state},
                         .load_id = typed.load_id,
                         .removes = typed.removes,
                         .consent = typed.yes ? Consent::given : Consent::ask,
                         .form = typed.json ? ReportForm::json : ReportForm::text};
  if (typed.destination.empty()) {
    return fail(usage(fmt::format("`outfall dataset {}` needs a destination", verb),
                      "an address such as duckdb:events.duckdb, or the name of a pipeline"));
  }
  if (command.verb == DatasetVerb::advance && typed.load_id.empty()) {
    return fail(usage("`outfall dataset advance` needs a load id", "outfall dataset loads shows them"));
  }
  Status taken = take_number("--status", typed.load_status, {1, std::numeric_limits<std::int64_t>::max()},
                             [&](std::int64_t n) { command.status = n; });
  if (!taken) return fail(std::move(taken.error()));
  return command;
}

}  // namespace outfall::cli
