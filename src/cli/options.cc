// SPDX-License-Identifier: Apache-2.0
//
// Declares commands and options, each with the line that --help shows.
#include "cli/options.h"

#include <CLI/CLI.hpp>

#include "cli/merge_options.h"
#include "cli/pipeline_options.h"
#include "cli/shared_options.h"

namespace outfall::cli {
namespace {

void add_state_options(CLI::App& app, Typed& typed) {
  const char* group = "State";
  add_data_dir(app, typed);
  text(app, "--state-interval", typed.state_interval, "SECONDS",
       "Of --state: share what was delivered in batches at most so much later; 0: before the next batch. Default: 1")
      ->group(group);
  add_lock_wait(app, typed);
  text(app, "--keep-packages", typed.keep_packages, "N",
       "Keep the job files of the newest N loaded packages. Default: 0")
      ->group(group);
}

void add_machine_options(CLI::App& app, Typed& typed) {
  const char* group = "Machine";
  text(app, "--workers", typed.workers, "N", "Threads of the run. Default: one a core")->group(group);
  text(app, "--memory", typed.memory, "SIZE",
       "What rows in flight may hold, such as 256MB; DuckDB may hold eight times that. Default: 128MiB")
      ->group(group);
}

void add_talk_options(CLI::App& app, Typed& typed) {
  const char* group = "Talk";
  text(app, "--progress", typed.progress, "HOW",
       "auto (a bar on a terminal, else plain), plain (lines), json (stderr is one object a line), none")
      ->group(group);
  app.add_flag("--json", typed.json, "Print the report as one JSON document on stdout")->group(group);
}

void add_input_options(CLI::App& app, Typed& typed) {
  const char* input = "How the input is written";
  text(app, "--input-format", typed.input_format, "FORMAT",
       "json (also jsonl, ndjson), csv (also tsv), parquet or arrow (file or stream). Default: by the name; "
       "json where it says nothing")
      ->group(input);
  text(app, "--delimiter", typed.delimiter, "C", "Between the fields of CSV: one character, or tab. Default: detected")
      ->group(input);
  text(app, "--quote", typed.quote, "C", "Around fields of CSV. Default: detected")->group(input);
  app.add_flag("--no-header", typed.no_header, "The first record of CSV is data; columns are column0, column1, ...")
      ->group(input);
  text(app, "--encoding", typed.encoding, "NAME",
       "How CSV is encoded, such as latin1. Default: UTF-8, or UTF-16 with a byte order mark")
      ->group(input);
  app.add_option("--null", typed.nulls, "A text that stands for no value in CSV, besides nothing at all; repeatable")
      ->type_name("TEXT")
      ->allow_extra_args(false)
      ->group(input);
  app.add_flag("--add-row-ids", typed.add_row_ids,
               "Rows of Parquet and Arrow get _dlt_id and _dlt_load_id, as those of JSON and CSV do")
      ->group(input);
  text(app, "--csv-types", typed.csv_types, "HOW",
       "on (default): columns get the type that gives every cell back as it was; off: all are text")
      ->group(input);
}

void add_what_options(CLI::App& app, Typed& typed) {
  const char* load = "What to load";
  app.add_option("sources", typed.sources)
      ->type_name("SOURCE...")
      ->group(load)
      ->description(
          "Files, globs, folders, or - for standard input: JSON documents, one a line or in one array, or CSV; plain, "
          ".gz or .zst. Or a database: its address, or its name in the configuration");
  app.add_option("--source-table", typed.source_tables,
                 "Of a database: a table, such as users or shop.users, or a pattern, such as 'shop.*'; repeatable")
      ->type_name("TABLE")
      ->allow_extra_args(false)
      ->group(load);
  text(app, "--query", typed.query, "SELECT", "Of a database: the rows of one query; --table says where they go")
      ->group(load);
  text(app, "--cursor", typed.cursor, "COLUMN",
       "Of a database: read only rows with a greater value there than what was loaded before")
      ->group(load);
  text(app, "--cursor-lag", typed.cursor_lag, "LAG",
       "Begin so much before the last value: 100 of a number, 90s, 15m, 2h or 7d of a moment; those rows come again")
      ->group(load);
  text(app, "-t,--table", typed.table, "NAME",
       "The table; DATASET.TABLE says both. Default: the stem of each file, the folder's name for a glob or a folder")
      ->group(load);
  app.add_flag("--table-per-file", typed.table_per_file, "Each file of a glob or a folder is a table, by its stem")
      ->group(load);
  add_merge_options(app, typed.merge, load);
  app.add_flag("--skip-loaded", typed.skip_loaded, "Take only content that this pipeline has not loaded yet")
      ->group(load);
  app.add_option("--run-key", typed.run_key,
                 "What standard input is recognized by when the command is typed again, such as a date")
      ->type_name("KEY")
      ->group(load);
  app.add_flag("--dry-run", typed.dry_run, "Read the input in full, say what would happen, write nothing")->group(load);
}

void add_new_address(CLI::App& app, Typed& typed) {
  app.add_flag("--new-address", typed.new_address,
               "The destination's name means the same one under another address: what is pending goes there")
      ->group("State");
}

void add_rejected_ok(CLI::App& app, Typed& typed) {
  app.add_flag("--rejected-ok", typed.rejected_ok,
               "Exit 0 instead of 3 when all that is missing is rejected rows and bad files")
      ->group("When the input is bad");
}

void add_reject_options(CLI::App& app, Typed& typed) {
  const char* bad = "When the input is bad";
  text(app, "--on-reject", typed.on_reject, "HOW",
       "A bad row: fail, dead-letter (keep it apart, load the others), or drop (count it). Default: fail, and "
       "dead-letter for a row that the database refuses")
      ->group(bad);
  text(app, "--max-bad-rows", typed.bad_rows_max, "N|P%",
       "Fail, and load nothing, beyond so many. Default: 1%, or 100 below 10,000 rows")
      ->group(bad);
}

void add_allow_partial(CLI::App& app, Typed& typed) {
  app.add_flag("--allow-partial", typed.allow_partial, "Replace a table although some of its rows or files are bad")
      ->group("When the input is bad");
}

void add_bad_input_options(CLI::App& app, Typed& typed) {
  const char* bad = "When the input is bad";
  add_reject_options(app, typed);
  text(app, "--on-bad-files", typed.on_bad_files, "HOW",
       "A file that cannot be read to its end: fail (default), or skip (load nothing of it)")
      ->group(bad);
  add_rejected_ok(app, typed);
  app.add_flag("--allow-missing", typed.allow_missing, "A source that is not there is no error")->group(bad);
  add_allow_partial(app, typed);
  app.add_flag("--allow-empty", typed.allow_empty, "Replace a table although there are no rows for it")->group(bad);
  app.add_flag("--fail-if-empty", typed.fail_if_empty, "Exit 1 when the inputs have no rows")->group(bad);
}

void add_commit(CLI::App& app, Typed& typed) {
  text(app, "--commit", typed.commit, "UNIT",
       "What a database commits at once: the package (default), or, for huge loads, a table with what is nested in it, "
       "or "
       "a job file; then readers may see a part of the load")
      ->group("Where to");
}

void add_where_options(CLI::App& app, Typed& typed) {
  const char* where = "Where to";
  text(app, "--to", typed.to, "DESTINATION",
       "duckdb:PATH, sqlite:PATH, postgres://HOST/DATABASE, exec:COMMAND or cmd:COMMAND (a program gets the rows), "
       "plugin:PATH#NAME (a shared library gets "
       "them), null: (counts and forgets), or the name of a destination that is configured. Default: "
       "where the named "
       "pipeline went before, else duckdb: a file "
       "here, named after it")
      ->group(where);
  app.add_flag(
         "--dev-mode", typed.dev_mode,
         "Try it in a dataset of its own, whose name ends in the moment; nothing that was loaded before is touched")
      ->group("Load");
  text(app, "-p,--pipeline", typed.pipeline, "NAME", "Name the pipeline; it remembers its destination and dataset")
      ->group(where);
  text(app, "--dataset", typed.dataset, "NAME",
       "The schema at the destination. Default: the pipeline's name with _dataset")
      ->group(where);
}

void add_delivery_options(CLI::App& app, Typed& typed, BatchSize size = BatchSize::is_chosen) {
  add_batch_options(app, typed.batches, size);
  text(app, "--require", typed.require, "PROMISE",
       "Refuse a destination that promises less: at-least-once, effectively-once, exactly-once")
      ->group(batch_group);
}

void add_shape_options(CLI::App& app, Typed& typed) {
  const char* shape = "Shape";
  text(app, "--naming", typed.naming, "CONVENTION",
       "How keys become names: snake_case, direct, duck_case, sql_ci_v1, sql_cs_v1. Default: what the dataset has, "
       "else snake_case")
      ->group(shape);
  text(app, "--on-collision", typed.on_collision, "HOW",
       "Two keys that become one name: error (default), or suffix (keep both, the later one with a suffix)")
      ->group(shape);
  text(app, "--type-conflicts", typed.type_conflicts, "HOW",
       "A value that its column does not take: variant (default; into a column beside it), widen or text (give the "
       "column a type that takes it), or reject (its row is bad)")
      ->group(shape);
  text(app, "--contract", typed.contract, "MODES",
       "What rows may change: evolve (default), freeze (fail), discard_value (leave the value out) or discard_row (its "
       "row is rejected), for all or so: tables=evolve,columns=freeze,data_type=discard_row. Kept for the next runs")
      ->group(shape);
  app.add_flag("--fail-on-schema-change", typed.fail_on_schema_change,
               "Fail before anything is sent if tables of the destination would change, and say how")
      ->group(shape);
  text(app, "--max-table-nesting", typed.nesting, "LEVELS",
       "Nest so deep in tables and columns; what is deeper stays JSON")
      ->group(shape);
  app.add_option("--column", typed.columns,
                 "Give a column its type, such as 'amount:decimal(38,9)'; repeatable, dots for nested")
      ->type_name("NAME:TYPE")
      ->allow_extra_args(false)
      ->group(shape);
  app.add_option("-k,--primary-key", typed.primary_key,
                 "The columns that are the key of a row, such as id or 'shop,number'; a row without one is bad")
      ->type_name("COLUMNS")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group(shape);
  text(app, "--timezone", typed.timezone, "ZONE",
       "What timestamps without an offset in JSON and CSV are in, such as Europe/Oslo or +02:00. Default: UTC")
      ->group(shape);
  app.add_flag("--keep-dlt-columns", typed.keep_dlt_columns,
               "Take the columns _dlt_id and its like of documents that a load wrote; without, they are left out")
      ->group(shape);
  app.add_flag("--root-key", typed.root_key, "Give every nested row the id of its root row (_dlt_root_id)")
      ->group(shape);
}

void add_run(CLI::App& root, Typed& typed) {
  CLI::App& app = *root.add_subcommand("run", "Load JSON, CSV, Parquet or Arrow into tables at a destination");
  add_what_options(app, typed);
  add_input_options(app, typed);
  add_bad_input_options(app, typed);
  add_where_options(app, typed);
  add_commit(app, typed);
  add_delivery_options(app, typed);
  add_shape_options(app, typed);
  add_machine_options(app, typed);
  add_state_options(app, typed);
  text(app, "--max-pending-packages", typed.max_pending_packages, "N",
       "Seal new data behind packages that cannot be delivered until N wait; then exit 4. Default: 100")
      ->group("State");
  add_new_address(app, typed);
  add_talk_options(app, typed);
  app.footer(
      "Usage:\n"
      "  outfall run events.jsonl                              into events.duckdb here\n"
      "  outfall run 'logs/*.jsonl.gz' --to duckdb:logs.duckdb --table logs\n"
      "  zcat big.gz | outfall run - --table big --to duckdb:big.duckdb\n\n"
      "After a crash the same command finishes what was left, and loads each input once.");
}

void add_resume(CLI::App& root, Typed& typed) {
  CLI::App& app = *root.add_subcommand("resume", "Deliver what earlier runs left; needs no source");
  text(app, "pipeline", typed.pipeline, "PIPELINE", "The pipeline. Default: every one with pending work")
      ->group("What to finish");
  add_reject_options(app, typed);
  add_rejected_ok(app, typed);
  add_allow_partial(app, typed);
  add_commit(app, typed);
  add_delivery_options(app, typed);
  add_machine_options(app, typed);
  add_state_options(app, typed);
  add_new_address(app, typed);
  add_talk_options(app, typed);
  app.footer("Usage:\n  outfall resume\n  outfall resume github");
}

void add_query(CLI::App& root, Typed& typed) {
  CLI::App& app = *root.add_subcommand("query", "Run one SQL statement at a destination and print its rows");
  const char* group = "What to ask";
  text(app, "destination", typed.destination, "DESTINATION",
       "duckdb:PATH, or the name of a destination that is configured, or of a pipeline")
      ->group(group);
  text(app, "statement", typed.statement, "STATEMENT", "One SQL statement")->group(group);
  text(app, "--dataset", typed.dataset, "NAME", "Look names up here. Default: the pipeline's, or the only one there")
      ->group(group);
  app.add_flag("--write", typed.write, "Let the statement change the destination")->group(group);
  text(app, "-o,--output", typed.output, "FORM",
       "table (default), csv, json (one object a line), arrow (a stream), parquet")
      ->group("How to print it");
  text(app, "--memory", typed.memory, "SIZE", "What the database may hold, such as 4GB. Default: 1GiB")
      ->group("Machine");
  text(app, "--data-dir", typed.data_dir, "DIR", "Where the state of the named pipeline lives")->group("State");
  add_state(app, typed);
  app.footer("Usage:\n  outfall query duckdb:events.duckdb \"select count(*) from events\"");
}

void add_status(CLI::App& root, Typed& typed) {
  CLI::App& app = *root.add_subcommand("status", "Show pipelines: packages, jobs, progress, runs, weight on disk");
  text(app, "subject", typed.subject, "PIPELINE|RUN", "One pipeline, or one run with its trace. Default: all pipelines")
      ->group("What to show");
  app.add_flag("--watch", typed.watch, "Show it again every second until stopped")
      ->disable_flag_override()
      ->group("How to print it");
  app.add_flag("--json", typed.json, "One JSON document (a line each with --watch)")->group("How to print it");
  add_data_dir(app, typed);
  app.footer("Usage:\n  outfall status\n  outfall status github --watch");
}

void add_load_id(CLI::App& verb, Typed& typed) {
  text(verb, "load_id", typed.load_id, "LOAD_ID", "The package's load id, or its beginning")->group("Which");
}

void add_job_table(CLI::App& verb, Typed& typed) {
  text(verb, "-t,--table", typed.table, "NAME", "Only jobs of this table")->group("Which");
}

void add_package_place(CLI::App& verb, Typed& typed) {
  add_data_dir(verb, typed);
  verb.add_flag("--json", typed.json, "Print one JSON document on stdout")->group("Talk");
}

void add_package_changes(CLI::App& noun, Typed& typed) {
  CLI::App& retry = *noun.add_subcommand(
      "retry", "Have failed jobs, which their destination has given up, tried again by the next run or resume");
  add_load_id(retry, typed);
  add_job_table(retry, typed);
  retry
      .add_flag("--force", typed.force,
                "Also of a replay: rows of which a later one of the same primary key was delivered since. Default: an "
                "error")
      ->group("Which");
  add_package_place(retry, typed);
  add_lock_wait(retry, typed);
  retry.footer("Usage:\n  outfall package retry 1795369135.28477");

  CLI::App& skip = *noun.add_subcommand(
      "skip", "Give up what failed jobs have not delivered: these rows are rejected, and the package can finish");
  add_load_id(skip, typed);
  add_job_table(skip, typed);
  text(skip, "--on-reject", typed.on_reject, "HOW", "dead-letter (default; keep the rows), or drop (count them)")
      ->group("Which");
  add_yes(skip, typed);
  add_package_place(skip, typed);
  add_lock_wait(skip, typed);
  skip.footer("Usage:\n  outfall package skip 1795369135.28477 --yes");

  CLI::App& abort = *noun.add_subcommand("abort",
                                         "Give up all that is pending of a package, for good: what was delivered stays "
                                         "so, the rest counts as rejected, its "
                                         "inputs count as loaded");
  add_load_id(abort, typed);
  add_yes(abort, typed);
  add_package_place(abort, typed);
  add_lock_wait(abort, typed);
  abort.footer(
      "Usage:\n  outfall package abort 1795369135.28477 --yes\n\n`outfall package drop` is for what is to be loaded "
      "again: it forgets the package.");

  CLI::App& drop =
      *noun.add_subcommand("drop", "Forget a pending package: its rows are gone, its inputs count as not loaded");
  add_load_id(drop, typed);
  add_yes(drop, typed);
  add_package_place(drop, typed);
  add_lock_wait(drop, typed);
  drop.footer(
      "Usage:\n  outfall package drop 1795369135.28477 --yes\n\nThe same command as before loads its inputs again. "
      "`outfall package abort` gives it up for good.");
}

void add_package(CLI::App& root, Typed& typed) {
  CLI::App& noun = *root.add_subcommand("package", "Packages: what is sealed, or was loaded; and what to do about one");
  noun.alias("packages");
  noun.require_subcommand(0, 1);
  noun.footer(
      "Usage:\n  outfall package list\n  outfall package show 1795369135.28477\n  outfall package drop "
      "1795369135.28477\n\n`outfall package VERB --help` shows the options of a verb.");
  CLI::App& list = *noun.add_subcommand("list", "The packages of a pipeline, or of all");
  text(list, "pipeline", typed.pipeline, "PIPELINE", "The pipeline. Default: all")->group("Which");
  add_package_place(list, typed);
  list.footer("Usage:\n  outfall package list\n  outfall package list github");

  CLI::App& show = *noun.add_subcommand("show", "One package: jobs, inputs, failed attempts");
  add_load_id(show, typed);
  add_package_place(show, typed);
  show.footer("Usage:\n  outfall package show 1795369135.28477");

  add_package_changes(noun, typed);
  for (CLI::App* verb : noun.get_subcommands(nullptr))
    verb->set_help_flag("-h,--help", "Show this help")->group("Talk");
}

void add_letter_filters(CLI::App& verb, Typed& typed, const char* limit) {
  text(verb, "-p,--pipeline", typed.pipeline, "NAME", "The same, as an option")->group("Which");
  text(verb, "-t,--table", typed.table, "NAME", "Rows that were meant for this table")->group("Which");
  text(verb, "--reason", typed.reason, "TEXT", "Reasons that hold this text")->group("Which");
  text(verb, "--input", typed.input, "FILE", "Rows of inputs whose name holds this text")->group("Which");
  text(verb, "--since", typed.since, "WHEN", "Rejected since then: 2026-11-22, 2026-11-22T10:00, or 90m, 24h, 7d ago")
      ->group("Which");
  text(verb, "--limit", typed.limit, "N", limit)->group("Which");
}

/// Those that a verb changes.
void add_letter_choice(CLI::App& verb, Typed& typed) {
  text(verb, "subject", typed.letter, "ID|PIPELINE", "One letter, or the pipeline. Default: all that are open")
      ->group("Which");
  add_letter_filters(verb, typed, "At most so many. Default: all");
}

/// The same words behind the noun and alone.
void add_replay(CLI::App& parent, Typed& typed, const char* usage) {
  CLI::App& replay = *parent.add_subcommand(
      "replay", "Deliver dead letters once more, to where their pipelines go; what is delivered is off the list");
  add_letter_choice(replay, typed);
  replay
      .add_flag("--new-key", typed.new_key,
                "Send rows that a program has rejected under new keys. Default: each under the key of its letter")
      ->group("Which");
  replay
      .add_flag(
          "--force", typed.force,
          "Also those of which a later row of the same primary key may have been delivered since. Default: an error")
      ->group("Which");
  add_rejected_ok(replay, typed);
  add_delivery_options(replay, typed, BatchSize::is_one);
  add_machine_options(replay, typed);
  add_state_options(replay, typed);
  add_talk_options(replay, typed);
  replay.footer(usage);
}

void add_letter_drop(CLI::App& noun, Typed& typed) {
  CLI::App& drop = *noun.add_subcommand("drop", "Give the rows up for good: their texts are gone");
  add_letter_choice(drop, typed);
  add_yes(drop, typed);
  add_data_dir(drop, typed);
  add_lock_wait(drop, typed);
  drop.add_flag("--json", typed.json, "Print how many as one JSON document on stdout")->group("Talk");
  drop.footer("Usage:\n  outfall dead-letter drop github --reason 'no such account' --yes");
}

void add_dead_letter(CLI::App& root, Typed& typed) {
  CLI::App& noun = *root.add_subcommand("dead-letter", "Rows that were rejected and kept; and what to do about them");
  noun.alias("dead-letters");
  noun.require_subcommand(0, 1);
  noun.footer(
      "Usage:\n  outfall dead-letter list\n  outfall dead-letter show 1795369135.28477.1\n  outfall dead-letter "
      "export github > mend.jsonl\n  outfall dead-letter replay github\n\n`outfall dead-letter VERB --help` shows the "
      "options of a verb.");
  const auto add_json = [&typed](CLI::App& verb) {
    verb.add_flag("--json", typed.json, "Print one JSON document a letter on stdout")->group("Talk");
  };
  const auto add_pipeline = [&typed](CLI::App& verb) {
    text(verb, "pipeline", typed.pipeline, "PIPELINE", "The pipeline. Default: all")->group("Which");
  };

  CLI::App& list = *noun.add_subcommand("list", "The letters, those of the newest load first");
  add_pipeline(list);
  add_letter_filters(list, typed, "At most so many. Default: 20");
  list.add_flag("--all", typed.all, "Also those that were replayed or dropped")->group("Which");
  add_data_dir(list, typed);
  add_json(list);
  list.footer("Usage:\n  outfall dead-letter list\n  outfall dead-letter list github --since 24h --reason UTF-8");

  CLI::App& show = *noun.add_subcommand("show", "One letter: the whole row, its place, the reason");
  text(show, "id", typed.letter, "ID", "As list shows it")->group("Which");
  add_data_dir(show, typed);
  add_json(show);
  show.footer("Usage:\n  outfall dead-letter show 1795369135.28477.1");

  CLI::App& export_rows =
      *noun.add_subcommand("export", "The rows as they were, to be mended and loaded, those of the oldest load first");
  add_pipeline(export_rows);
  add_letter_filters(export_rows, typed, "At most so many. Default: all");
  add_data_dir(export_rows, typed);
  export_rows.footer(
      "Usage:\n  outfall dead-letter export github > mend.jsonl\n  outfall run mend.jsonl --table events --pipeline "
      "github");

  add_replay(noun, typed,
             "Usage:\n  outfall dead-letter replay github --since 24h\n  outfall dead-letter replay "
             "1795369135.28477.1");
  add_letter_drop(noun, typed);
  for (CLI::App* verb : noun.get_subcommands(nullptr))
    verb->set_help_flag("-h,--help", "Show this help")->group("Talk");
}

void add_destination(CLI::App& root, Typed& typed) {
  CLI::App& noun =
      *root.add_subcommand("destination", "List destinations, say what they can do, see whether they answer");
  noun.alias("destinations");
  noun.require_subcommand(0, 1);
  noun.footer(
      "Usage:\n  outfall destination list\n  outfall destination capabilities duckdb:events.duckdb\n  outfall "
      "destination test events_sink\n\n`outfall destination VERB --help` shows the options of a verb.");
  const auto add_which = [&typed](CLI::App& verb) {
    text(verb, "destination", typed.destination, "DESTINATION", "An address, or the name of one that is configured")
        ->group("Which");
  };

  CLI::App& list = *noun.add_subcommand("list", "The destinations that are configured, and the kinds there are");
  list.footer("Usage:\n  outfall destination list");
  CLI::App& capabilities = *noun.add_subcommand("capabilities", "What a destination can do; nobody is asked");
  add_which(capabilities);
  capabilities.footer("Usage:\n  outfall destination capabilities duckdb:events.duckdb");
  CLI::App& test = *noun.add_subcommand("test", "Open a destination as a run would, and send nothing");
  add_which(test);
  test.add_flag("--conformance", typed.conformance,
                "Of a plugin that takes whole loads: load into datasets of its own, and see whether it keeps what it "
                "promises")
      ->group("Which");
  test.footer(
      "Usage:\n  outfall destination test events_sink\n  outfall destination test plugin:./libfolder.so#folder "
      "--conformance");
  for (CLI::App* verb : noun.get_subcommands(nullptr)) add_json(*verb, typed);
  add_verb_help(noun);
}

}  // namespace

void declare_commands(CLI::App& app, Typed& typed) {
  app.require_subcommand(0, 1);
  app.set_help_flag("-h,--help", "Show this help")->group("Options");
  app.add_flag("-V,--version", typed.version, "Show the version")->group("Options");
  add_run(app, typed);
  add_resume(app, typed);
  add_replay(app, typed, "Usage:\n  outfall replay github --since 24h\n\nThe same as `outfall dead-letter replay`.");
  add_query(app, typed);
  add_status(app, typed);
  add_package(app, typed);
  add_dead_letter(app, typed);
  add_destination(app, typed);
  add_pipeline(app, typed);
  add_schema(app, typed);
  add_dataset(app, typed);
  for (CLI::App* command : app.get_subcommands(nullptr)) {
    command->set_help_flag("-h,--help", "Show this help")->group("Talk");
  }
  app.footer(
      "Usage:\n"
      "  outfall run events.jsonl --to duckdb:events.duckdb\n"
      "  outfall query duckdb:events.duckdb \"select * from events limit 10\"\n\n"
      "`outfall COMMAND --help` shows the options of a command.");
}

}  // namespace outfall::cli
