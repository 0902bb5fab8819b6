// SPDX-License-Identifier: Apache-2.0
//
// Turns what was typed into a Command, or says what is wrong with it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <limits>
#include <map>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/nearest.h"
#include "cli/options.h"
#include "cli/pipeline_options.h"
#include "cli/quantities.h"
#include "cli/shared_options.h"
#include "cli/typed_values.h"
#include "outfall/version.h"

namespace outfall::cli {
namespace {

/// A command without the program's name: "run", "package drop".
std::string command_words(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  if (parent == nullptr) return "";
  const std::string before = command_words(*parent);
  return before.empty() ? app.get_name() : before + " " + app.get_name();
}

bool has_verbs(const CLI::App& app) {
  return !app.get_subcommands(nullptr).empty();
}

std::string hint_for_help(const CLI::App& app) {
  if (app.get_parent() == nullptr) return "`outfall --help` lists the commands";
  return fmt::format("`outfall {} --help` lists the {}", command_words(app), has_verbs(app) ? "verbs" : "options");
}

/// The command that was typed, as far as it was understood.
const CLI::App& chosen_command(const CLI::App& app) {
  const CLI::App* chosen = &app;
  while (!chosen->get_subcommands().empty()) chosen = chosen->get_subcommands().front();
  return *chosen;
}

// The nearest of the words that could stand there.
Error unknown_argument(const CLI::App& app, const std::string& word) {
  const bool is_option = word.starts_with('-');
  std::vector<std::string> known;
  if (is_option) {
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
  } else {
    for (const CLI::App* command : app.get_subcommands(nullptr)) known.push_back(command->get_name());
  }
  const std::string bare = word.substr(0, word.find('='));
  const std::optional<std::string> meant = nearest(bare, known);
  const bool is_command = !is_option && has_verbs(app);
  const char* what = is_option ? "option" : !is_command ? "argument" : app.get_parent() ? "verb" : "command";
  return usage(fmt::format("unknown {} '{}'", what, bare),
               meant && (is_option || is_command) ? fmt::format("did you mean {}?", *meant) : hint_for_help(app));
}

Error empty_value(std::string_view name) {
  return usage(fmt::format("{} is empty", name), "give it a value, or leave it out; was a shell variable not set?");
}

/// `--table=` would take the next argument for its value.
Status check_equal_signs(std::span<const char* const> arguments) {
  for (const std::string_view argument : arguments) {
    if (argument == "--") break;
    if (argument.starts_with("--") && argument.find('=') + 1 == argument.size()) {
      return fail(empty_value(argument.substr(0, argument.size() - 1)));
    }
  }
  return {};
}

/// An option without a value would count as one that was not typed.
Status check_values(const CLI::App& command) {
  // An empty text can stand for no value; a run key is looked at where it is used.
  constexpr std::array may_be_empty{"--null", "--run-key"};
  for (const CLI::Option* option : command.get_options()) {
    const std::vector<std::string>& values = option->results();
    if (std::ranges::find(values, "") == values.end()) continue;
    const std::string word = option->get_type_name();
    const std::string name = option->get_positional() ? word.substr(0, word.find("...")) : option->get_name();
    if (std::ranges::find(may_be_empty, option->get_name()) == may_be_empty.end()) return fail(empty_value(name));
  }
  return {};
}

Status take_size(const std::string& text, std::size_t& target) {
  return text.empty() ? Status{} : take(parse_size("--memory", text), target);
}

Result<ColumnHint> column_hint(const std::string& text) {
  // A path may hold colons, a type does not.
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) {
    return fail(
        usage(fmt::format("--column '{}' is not NAME:TYPE", text), "write it so: --column 'amount:decimal(38,9)'"));
  }
  ColumnHint hint{.path = text.substr(0, colon), .type = text.substr(colon + 1)};
  const std::string word = hint.type.substr(0, hint.type.find('('));
  const std::vector types{spelled(DataType::text),   spelled(DataType::bigint),    spelled(DataType::double_),
                          spelled(DataType::bool_),  spelled(DataType::timestamp), spelled(DataType::date),
                          spelled(DataType::time),   spelled(DataType::decimal),   spelled(DataType::wei),
                          spelled(DataType::binary), spelled(DataType::json)};
  if (auto known = known_word<DataType>(fmt::format("--column '{}': the type", text), word, types); !known) {
    return fail(std::move(known.error()));
  }
  return hint;
}

Status take_talk(const Typed& typed, Talk& talk) {
  static const std::vector<std::pair<std::string, ProgressMode>> modes{{"auto", ProgressMode::automatic},
                                                                       {"plain", ProgressMode::plain},
                                                                       {"json", ProgressMode::json},
                                                                       {"none", ProgressMode::none}};
  talk.report = typed.json ? ReportForm::json : ReportForm::text;
  return take(known_word<ProgressMode>("--progress", typed.progress, modes), talk.progress);
}

Status take_require(const Typed& typed, std::optional<Guarantee>& require) {
  using enum Guarantee;
  if (typed.require.empty()) return {};
  return take(one_of("--require", typed.require, {at_least_once, effectively_once, exactly_once}), require);
}

Status take_commit(const Typed& typed, CommitUnit& commit) {
  using enum CommitUnit;
  if (typed.commit.empty()) return {};
  return take(one_of("--commit", typed.commit, {package, table, job}), commit);
}

// What run and resume have in common.
Status take_shared(const Typed& typed, PipelineOptions& pipeline, RunOptions& run) {
  constexpr std::int64_t workers_max = 1024;
  pipeline.name = typed.pipeline;
  pipeline.data_dir = typed.data_dir;
  pipeline.state = typed.state;
  constexpr std::int64_t state_interval_max = 3600;
  Status done = take_lock_wait(typed, pipeline.lock_wait);
  if (done) {
    done = take_number("--state-interval", typed.state_interval, {0, state_interval_max},
                       [&](std::int64_t n) { pipeline.state_interval = std::chrono::seconds(n); });
  }
  if (done) {
    done = take_number("--workers", typed.workers, {0, workers_max},
                       [&](std::int64_t n) { run.workers = static_cast<int>(n); });
  }
  if (done) {
    done = take_number("--keep-packages", typed.keep_packages, {0, std::numeric_limits<int>::max()},
                       [&](std::int64_t n) { run.keep_packages = static_cast<int>(n); });
  }
  if (done) done = take_batches(typed.batches, run.batches);
  if (done) done = take_require(typed, run.require);
  if (done) done = take_commit(typed, run.commit);
  return done ? take_size(typed.memory, run.memory) : done;
}

Status take_shape(const Typed& typed, RunOptions& run) {
  static const std::vector namings{spelled(NamingConvention::snake_case), spelled(NamingConvention::direct),
                                   spelled(NamingConvention::duck_case), spelled(NamingConvention::sql_ci_v1),
                                   spelled(NamingConvention::sql_cs_v1)};
  static const std::vector<std::pair<std::string, OnCollision>> collisions{{"error", OnCollision::error},
                                                                           {"suffix", OnCollision::suffix}};
  static const std::vector conflicts{spelled(TypeConflicts::variant), spelled(TypeConflicts::widen),
                                     spelled(TypeConflicts::text), spelled(TypeConflicts::reject)};
  constexpr std::int64_t levels_max = 1000;
  Status done = take_merge(typed.merge, run);
  if (done && !typed.naming.empty()) {
    done = take(known_word<NamingConvention>("--naming", typed.naming, namings), run.naming);
  }
  if (done && !typed.on_collision.empty()) {
    done = take(known_word<OnCollision>("--on-collision", typed.on_collision, collisions), run.on_collision);
  }
  if (done && !typed.type_conflicts.empty()) {
    done = take(known_word<TypeConflicts>("--type-conflicts", typed.type_conflicts, conflicts), run.type_conflicts);
  }
  if (done && !typed.contract.empty()) done = take(parse_contract(typed.contract), run.contract);
  run.fail_on_schema_change = typed.fail_on_schema_change;
  if (done) {
    done = take_number("--max-table-nesting", typed.nesting, {0, levels_max},
                       [&](std::int64_t n) { run.max_table_nesting = static_cast<int>(n); });
  }
  for (const std::string& column : typed.columns) {
    Result<ColumnHint> hint = column_hint(column);
    if (!hint) return fail(std::move(hint.error()));
    run.columns.push_back(std::move(*hint));
  }
  run.primary_key = typed.primary_key;
  return done;
}

Status take_byte(const char* option, const std::string& text, std::optional<char>& target) {
  if (text.empty()) return {};
  if (text != "tab" && text != "\\t" && text.size() != 1) {
    return fail(usage(fmt::format("{} '{}' is not one character", option, text), "one byte, or the word tab"));
  }
  target = text.size() == 1 ? text.front() : '\t';
  return {};
}

Status take_input(const Typed& typed, RunOptions& run) {
  static const std::vector<std::pair<std::string, InputFormat>> formats{
      {"json", InputFormat::json},  {"jsonl", InputFormat::json}, {"ndjson", InputFormat::json},
      {"csv", InputFormat::csv},    {"tsv", InputFormat::csv},    {"parquet", InputFormat::parquet},
      {"arrow", InputFormat::arrow}};
  Status done;
  if (!typed.input_format.empty()) {
    done = take(known_word<InputFormat>("--input-format", typed.input_format, formats), run.input_format);
    if (typed.input_format == "tsv") run.csv.delimiter = '\t';
  }
  if (done) done = take_byte("--delimiter", typed.delimiter, run.csv.delimiter);
  if (done) done = take_byte("--quote", typed.quote, run.csv.quote);
  if (done && !typed.csv_types.empty()) {
    done = take(on_or_off("--csv-types", typed.csv_types), run.csv.types);
  }
  run.csv.header = !typed.no_header;
  run.add_row_ids = typed.add_row_ids;
  run.csv.encoding = typed.encoding;
  run.csv.nulls = typed.nulls;
  return done;
}

/// "100" or "2.5%".
Status take_rejects(const Typed& typed, RunOptions& run) {
  static const std::vector words{spelled(OnReject::fail), spelled(OnReject::dead_letter), spelled(OnReject::drop)};
  run.rejected_ok = typed.rejected_ok;
  run.new_address = typed.new_address;
  Status done;
  if (!typed.on_reject.empty()) done = take(known_word<OnReject>("--on-reject", typed.on_reject, words), run.on_reject);
  if (!done || typed.bad_rows_max.empty()) return done;
  return take_rows_or_share("--max-bad-rows", typed.bad_rows_max, run.bad_rows_max, run.bad_percent_max);
}

Status take_bad_input(const Typed& typed, RunOptions& run) {
  static const std::vector files{spelled(OnBadFiles::fail), spelled(OnBadFiles::skip)};
  run.allow_missing = typed.allow_missing;
  run.allow_partial = typed.allow_partial;
  run.allow_empty = typed.allow_empty;
  run.fail_if_empty = typed.fail_if_empty;
  Status done = take_rejects(typed, run);
  if (done && !typed.on_bad_files.empty()) {
    done = take(known_word<OnBadFiles>("--on-bad-files", typed.on_bad_files, files), run.on_bad_files);
  }
  return done;
}

Status take_database(const Typed& typed, DatabaseInput& database) {
  database.tables = typed.source_tables;
  database.query = typed.query;
  database.cursor = typed.cursor;
  if (typed.cursor_lag.empty()) return {};
  return take(parse_lag("--cursor-lag", typed.cursor_lag), database.lag);
}

/// A table alone, or with its dataset: `shop.orders`.
Status take_table(const Typed& typed, RunCommand& command) {
  command.run.table = typed.table;
  command.pipeline.dataset = typed.dataset;
  const std::size_t dot = typed.table.find('.');
  if (dot == std::string::npos) return {};
  const std::string dataset = typed.table.substr(0, dot);
  command.run.table = typed.table.substr(dot + 1);
  if (dataset.empty() || command.run.table.empty() || command.run.table.find('.') != std::string::npos) {
    return fail(usage(fmt::format("--table {} is neither a table nor a dataset and its table", typed.table),
                      "write it so: --table shop.orders"));
  }
  if (!typed.dataset.empty() && typed.dataset != dataset) {
    return fail(usage(
        fmt::format("--table {} is in the dataset {}, and --dataset says {}", typed.table, dataset, typed.dataset),
        "name one dataset"));
  }
  command.pipeline.dataset = dataset;
  return {};
}

Result<Command> run_command(const Typed& typed) {
  constexpr std::int64_t pending_packages_max = 1'000'000;
  RunCommand command;
  // What was taken for its value may be the source.
  if (Status known = take_talk(typed, command.talk); !known) return fail(std::move(known.error()));
  if (typed.sources.empty()) {
    return fail(usage("`outfall run` needs a source", "name a file, a glob, a folder, or - for standard input"));
  }
  Status done = take_shared(typed, command.pipeline, command.run);
  if (done) done = take_input(typed, command.run);
  if (done) done = take_bad_input(typed, command.run);
  if (done) done = take_shape(typed, command.run);
  if (done) done = take_table(typed, command);
  if (done) done = take_database(typed, command.run.database);
  if (done) {
    done = take_number("--max-pending-packages", typed.max_pending_packages, {0, pending_packages_max},
                       [&](std::int64_t n) { command.run.max_pending_packages = static_cast<std::size_t>(n); });
  }
  if (!done) return fail(std::move(done.error()));
  if (!typed.to.empty()) command.pipeline.destination = typed.to;
  command.pipeline.dev_mode = typed.dev_mode;
  command.run.inputs = typed.sources;
  command.run.table_per_file = typed.table_per_file;
  command.run.root_key = typed.root_key;
  command.run.keep_dlt_columns = typed.keep_dlt_columns;
  command.run.timezone = typed.timezone;
  command.run.dry_run = typed.dry_run;
  command.run.skip_loaded = typed.skip_loaded;
  command.run.run_key = typed.run_key;
  return command;
}

Result<Command> resume_command(const Typed& typed) {
  ResumeCommand command;
  command.run.allow_partial = typed.allow_partial;
  if (Status rejects = take_rejects(typed, command.run); !rejects) return fail(std::move(rejects.error()));
  Status done = take_shared(typed, command.pipeline, command.run);
  if (done) done = take_talk(typed, command.talk);
  if (!done) return fail(std::move(done.error()));
  return command;
}

Result<Command> query_command(const Typed& typed) {
  if (typed.destination.empty() || typed.statement.empty()) {
    return fail(
        usage(fmt::format("`outfall query` needs a {}", typed.destination.empty() ? "destination" : "statement"),
              "outfall query duckdb:events.duckdb \"select count(*) from events\""));
  }
  static const std::vector<std::pair<std::string, QueryForm>> forms{{"table", OutputForm::table},
                                                                    {"csv", OutputForm::csv},
                                                                    {"json", OutputForm::json},
                                                                    {"arrow", RowsFormat::arrow},
                                                                    {"parquet", RowsFormat::parquet}};
  QueryCommand command;
  Status done = take(known_word<QueryForm>("--output", typed.output, forms), command.output);
  if (done) done = take_size(typed.memory, command.query.memory);
  if (!done) return fail(std::move(done.error()));
  command.query.destination = typed.destination;
  command.query.statement = typed.statement;
  command.query.dataset = typed.dataset;
  command.query.data_dir = typed.data_dir;
  command.query.state = typed.state;
  command.query.access = typed.write ? QueryAccess::write : QueryAccess::read_only;
  return command;
}

Result<Command> package_command(const CLI::App& noun, const Typed& typed) {
  if (noun.get_subcommands().empty()) return ShowCommand{.text = help_text(noun), .ending = Ending::misuse};
  const std::string& verb = noun.get_subcommands().front()->get_name();
  static const std::map<std::string, PackageVerb, std::less<>> verbs{
      {"list", PackageVerb::list}, {"show", PackageVerb::show},   {"retry", PackageVerb::retry},
      {"skip", PackageVerb::skip}, {"abort", PackageVerb::abort}, {"drop", PackageVerb::drop}};
  PackageCommand command{.verb = verbs.at(verb),
                         .pipeline = typed.pipeline,
                         .load_id = typed.load_id,
                         .table = typed.table,
                         .force = typed.force,
                         .place = {.data_dir = typed.data_dir, .state = typed.state},
                         .consent = typed.yes ? Consent::given : Consent::ask,
                         .form = typed.json ? ReportForm::json : ReportForm::text};
  if (command.verb != PackageVerb::list && typed.load_id.empty()) {
    return fail(usage(fmt::format("`outfall package {}` needs a load id", verb), "outfall package list shows them"));
  }
  static const std::vector rejects{spelled(OnReject::dead_letter), spelled(OnReject::drop)};
  Status done = take_lock_wait(typed, command.lock_wait);
  if (done && !typed.on_reject.empty())
    done = take(known_word<OnReject>("--on-reject", typed.on_reject, rejects), command.on_reject);
  if (!done) return fail(std::move(done.error()));
  return command;
}

Status take_letters(const Typed& typed, DeadLetterOptions& letters) {
  letters.data_dir = typed.data_dir;
  letters.state = typed.state;
  letters.pipeline = typed.pipeline;
  letters.table = typed.table;
  letters.reason = typed.reason;
  letters.input = typed.input;
  if (typed.all) letters.status.clear();
  if (!typed.since.empty()) {
    Result<Time> since = parse_since("--since", typed.since, std::chrono::system_clock::now());
    if (!since) return fail(std::move(since.error()));
    letters.since = *since;
  }
  return take_number("--limit", typed.limit, {0, std::numeric_limits<std::int64_t>::max()},
                     [&](std::int64_t n) { letters.limit = static_cast<std::size_t>(n); });
}

/// An id of a letter is two numbers and a number, with dots between; else it is a pipeline.
bool is_letter_id(std::string_view word) {
  constexpr std::string_view digits = "0123456789";
  int dots = 0;
  for (const char c : word) {
    if (c != '.' && digits.find(c) == std::string_view::npos) return false;
    dots += c == '.' ? 1 : 0;
  }
  return dots == 2;
}

/// One letter, or all of a pipeline that the options choose.
Status take_subject(const Typed& typed, DeadLetterOptions& letters, std::string& id) {
  id.clear();
  if (!is_letter_id(typed.letter)) {
    if (!typed.letter.empty() && !typed.pipeline.empty() && typed.letter != typed.pipeline) {
      return fail(usage(fmt::format("two pipelines are named, {} and {}", typed.letter, typed.pipeline), "name one"));
    }
    if (!typed.letter.empty()) letters.pipeline = typed.letter;
    return {};
  }
  id = typed.letter;
  for (const std::string* option :
       {&typed.pipeline, &typed.table, &typed.reason, &typed.input, &typed.since, &typed.limit}) {
    if (!option->empty()) {
      return fail(usage(fmt::format("the letter {} is named, and options that choose among letters", id),
                        "leave these out, or the id"));
    }
  }
  return {};
}

Result<Command> replay_command(const Typed& typed) {
  ReplayCommand command;
  ReplayOptions& replay = command.replay;
  PipelineOptions pipeline;
  Status done = take_shared(typed, pipeline, replay.run);
  if (done) done = take_letters(typed, replay.letters);
  if (done) done = take_subject(typed, replay.letters, replay.id);
  if (done) done = take_talk(typed, command.talk);
  if (!done) return fail(std::move(done.error()));
  replay.key = typed.new_key ? ReplayKey::fresh : ReplayKey::same;
  replay.force = typed.force;
  replay.lock_wait = pipeline.lock_wait;
  replay.state_interval = pipeline.state_interval;
  replay.run.rejected_ok = typed.rejected_ok;
  return command;
}

Result<Command> dead_letter_command(const CLI::App& noun, const Typed& typed) {
  if (noun.get_subcommands().empty()) return ShowCommand{.text = help_text(noun), .ending = Ending::misuse};
  const std::string& verb = noun.get_subcommands().front()->get_name();
  if (verb == "replay") return replay_command(typed);
  static const std::map<std::string, DeadLetterVerb, std::less<>> verbs{{"list", DeadLetterVerb::list},
                                                                        {"show", DeadLetterVerb::show},
                                                                        {"export", DeadLetterVerb::export_rows},
                                                                        {"drop", DeadLetterVerb::drop}};
  DeadLetterCommand command{.verb = verbs.at(verb),
                            .letters = {},
                            .id = typed.letter,
                            .consent = typed.yes ? Consent::given : Consent::ask,
                            .form = typed.json ? ReportForm::json : ReportForm::text};
  if (command.verb == DeadLetterVerb::show && typed.letter.empty()) {
    return fail(usage("`outfall dead-letter show` needs an id", "outfall dead-letter list shows them"));
  }
  if (command.verb == DeadLetterVerb::list) {
    constexpr std::size_t listed_default = 20;
    command.letters.limit = listed_default;
    command.letters.order = DeadLetterOrder::newest_first;
  }
  Status done = take_letters(typed, command.letters);
  if (done && command.verb == DeadLetterVerb::drop) done = take_subject(typed, command.letters, command.id);
  if (done) done = take_lock_wait(typed, command.lock_wait);
  if (!done) return fail(std::move(done.error()));
  return command;
}

Result<Command> destination_command(const CLI::App& noun, const Typed& typed) {
  if (noun.get_subcommands().empty()) return ShowCommand{.text = help_text(noun), .ending = Ending::misuse};
  const std::string& verb = noun.get_subcommands().front()->get_name();
  DestinationCommand command{.verb = verb == "list"   ? DestinationVerb::list
                                     : verb == "test" ? DestinationVerb::test
                                                      : DestinationVerb::capabilities,
                             .destination = typed.destination,
                             .form = typed.json ? ReportForm::json : ReportForm::text};
  if (typed.conformance) command.verb = DestinationVerb::test_conformance;
  if (command.verb == DestinationVerb::list || !typed.destination.empty()) return command;
  return fail(usage(fmt::format("`outfall destination {}` needs a destination", verb),
                    "an address such as duckdb:events.duckdb, or a name: outfall destination list shows them"));
}

Result<Command> command_of(const CLI::App& app, const Typed& typed) {
  if (typed.version) return ShowCommand{.text = "outfall " OUTFALL_VERSION "\n"};
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  if (chosen.empty()) return ShowCommand{.text = help_text(app), .ending = Ending::misuse};
  const std::string& name = chosen.front()->get_name();
  if (name == "run") return run_command(typed);
  if (name == "resume") return resume_command(typed);
  if (name == "replay") return replay_command(typed);
  if (name == "query") return query_command(typed);
  if (name == "package") return package_command(*chosen.front(), typed);
  if (name == "dead-letter") return dead_letter_command(*chosen.front(), typed);
  if (name == "destination") return destination_command(*chosen.front(), typed);
  if (name == "pipeline") return pipeline_command(*chosen.front(), typed);
  if (name == "schema") return schema_command(*chosen.front(), typed);
  if (name == "dataset") return dataset_command(*chosen.front(), typed);
  return StatusCommand{.subject = typed.subject,
                       .place = {.data_dir = typed.data_dir, .state = typed.state},
                       .watch = typed.watch ? Watch::until_stopped : Watch::once,
                       .form = typed.json ? ReportForm::json : ReportForm::text};
}

}  // namespace

Result<Command> parse_command_line(std::span<const char* const> arguments) {
  Typed typed;
  CLI::App app("outfall " OUTFALL_VERSION
               ": loads documents into tables; after a crash the same command finishes what was left",
               "outfall");
  declare_commands(app, typed);
  if (Status whole = check_equal_signs(arguments); !whole) return fail(std::move(whole.error()));
  // CLI11 takes its arguments from the back.
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  if (!reversed.empty() && reversed.back() == "help") {
    reversed.pop_back();
    reversed.insert(reversed.begin(), "--help");
  }
  try {
    app.parse(std::move(reversed));
    if (Status given = check_values(chosen_command(app)); !given) return fail(std::move(given.error()));
    return command_of(app, typed);
  } catch (const CLI::CallForHelp&) {
    return ShowCommand{.text = help_text(chosen_command(app))};
  } catch (const CLI::ExtrasError&) {
    // What it had no room for may be the value of an option that was taken for another one's.
    Talk talk;
    if (Status known = take_talk(typed, talk); !known) return fail(std::move(known.error()));
    const std::vector<std::string> extras = app.remaining(true);
    return fail(unknown_argument(chosen_command(app), extras.empty() ? "" : extras.front()));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string_view message = error.what();
    return fail(usage(fmt::format("{} takes one value", message.substr(0, message.find(':'))),
                      hint_for_help(chosen_command(app))));
  } catch (const CLI::ParseError& error) {
    return fail(usage(error.what(), hint_for_help(chosen_command(app))));
  }
}

}  // namespace outfall::cli
