// SPDX-License-Identifier: Apache-2.0
//
// From what was typed to what is meant.
#include <gtest/gtest.h>

#include "cli/command.h"

namespace outfall::cli {
namespace {

Result<Command> parse(std::vector<const char*> arguments) {
  return parse_command_line(arguments);
}

RunCommand run_of(std::vector<const char*> arguments) {
  Result<Command> command = parse(std::move(arguments));
  EXPECT_TRUE(command) << command.error().message;
  return std::get<RunCommand>(*command);
}

Error error_of(std::vector<const char*> arguments) {
  const Result<Command> command = parse(std::move(arguments));
  EXPECT_FALSE(command);
  return command ? Error{} : command.error();
}

TEST(CommandLine, TakesEveryOptionOfRun) {
  const RunCommand command = run_of({"run",
                                     "a.jsonl",
                                     "b.jsonl",
                                     "--to",
                                     "null:",
                                     "-t",
                                     "t",
                                     "-p",
                                     "p",
                                     "--dataset",
                                     "d",
                                     "-w",
                                     "replace",
                                     "--naming",
                                     "direct",
                                     "--max-table-nesting",
                                     "2",
                                     "--column",
                                     "a:text",
                                     "--column",
                                     "b.c:decimal(38,9)",
                                     "--data-dir",
                                     "s",
                                     "--workers",
                                     "3",
                                     "--memory",
                                     "64MB",
                                     "--progress",
                                     "json",
                                     "--dry-run",
                                     "--lock-wait",
                                     "5",
                                     "--skip-loaded",
                                     "--keep-packages",
                                     "4",
                                     "--json",
                                     "--root-key",
                                     "--nulls",
                                     "as_is",
                                     "--ints-as-strings"});
  EXPECT_EQ(command.pipeline.name, "p");
  EXPECT_EQ(command.pipeline.destination, "null:");
  EXPECT_EQ(command.pipeline.dataset, "d");
  EXPECT_EQ(command.pipeline.data_dir, "s");
  EXPECT_EQ(command.pipeline.lock_wait, std::chrono::seconds(5));
  EXPECT_EQ(command.run.inputs, (std::vector<std::string>{"a.jsonl", "b.jsonl"}));
  EXPECT_EQ(command.run.table, "t");
  EXPECT_EQ(command.run.write_disposition, WriteDisposition::replace);
  EXPECT_EQ(command.run.naming, NamingConvention::direct);
  EXPECT_EQ(command.run.max_table_nesting, 2);
  ASSERT_EQ(command.run.columns.size(), 2U);
  EXPECT_EQ(command.run.columns[1].path, "b.c");
  EXPECT_EQ(command.run.columns[1].type, "decimal(38,9)");
  EXPECT_EQ(command.run.workers, 3);
  EXPECT_EQ(command.run.memory, 64'000'000U);
  EXPECT_EQ(command.run.keep_packages, 4);
  EXPECT_EQ(command.run.batches.nulls, RowNulls::as_is);
  EXPECT_TRUE(command.run.batches.ints_as_strings);
  EXPECT_TRUE(command.run.dry_run);
  EXPECT_TRUE(command.run.skip_loaded);
  EXPECT_TRUE(command.run.root_key);
  EXPECT_EQ(command.talk.progress, ProgressMode::json);
  EXPECT_EQ(command.talk.report, ReportForm::json);
}

TEST(CommandLine, PendingPackagesAreLimitedAndStandardInputHasAKey) {
  const RunCommand command = run_of({"run", "-", "--run-key", "", "--max-pending-packages", "0"});
  EXPECT_EQ(command.run.run_key, "");
  EXPECT_EQ(command.run.max_pending_packages, 0U);
  EXPECT_EQ(run_of({"run", "f"}).run.run_key, std::nullopt);
  EXPECT_EQ(run_of({"run", "f"}).run.max_pending_packages, 100U);
}

TEST(CommandLine, NounsTakeVerbsInEitherNumber) {
  const auto package_of = [](std::vector<const char*> arguments) {
    Result<Command> command = parse(std::move(arguments));
    EXPECT_TRUE(command) << command.error().message;
    return std::get<PackageCommand>(*command);
  };
  EXPECT_EQ(package_of({"package", "list", "shop"}).pipeline, "shop");
  EXPECT_EQ(package_of({"packages", "show", "1.5", "--json"}).form, ReportForm::json);
  const PackageCommand drop = package_of({"packages", "drop", "1.5", "--lock-wait", "3"});
  EXPECT_EQ(drop.verb, PackageVerb::drop);
  EXPECT_EQ(drop.load_id, "1.5");
  EXPECT_EQ(drop.lock_wait, std::chrono::seconds(3));
  EXPECT_EQ(drop.consent, Consent::ask);
  EXPECT_EQ(package_of({"package", "drop", "1.5", "--yes"}).consent, Consent::given);
  EXPECT_EQ(error_of({"package", "drop"}).blame, Blame::usage);
  EXPECT_EQ(error_of({"package", "shwo", "1"}).hint, "did you mean show?");
  EXPECT_EQ(error_of({"package", "drop", "1", "--yse"}).hint, "did you mean --yes?");
}

TEST(CommandLine, FailedJobsAreSkippedAsTheyAreToBeRejected) {
  const auto skip = parse({"package", "skip", "1.5", "-t", "users", "--on-reject", "drop", "--yes"});
  ASSERT_TRUE(skip) << skip.error().message;
  const auto& command = std::get<PackageCommand>(*skip);
  EXPECT_EQ(command.verb, PackageVerb::skip);
  EXPECT_EQ(command.table, "users");
  EXPECT_EQ(command.on_reject, OnReject::drop);
  EXPECT_EQ(error_of({"package", "skip", "1.5", "--on-reject", "fail"}).hint, "known are dead-letter, drop");
  EXPECT_EQ(error_of({"package", "abort"}).blame, Blame::usage);
}

TEST(CommandLine, AKeyHasColumnsWithCommasOrOneByOne) {
  const auto key_of = [](std::vector<const char*> arguments) {
    Result<Command> command = parse(std::move(arguments));
    EXPECT_TRUE(command) << command.error().message;
    return std::get<RunCommand>(*command).run.primary_key;
  };
  EXPECT_TRUE(key_of({"run", "f"}).empty());
  const std::vector<std::string> both{"shop", "number"};
  EXPECT_EQ(key_of({"run", "f", "-k", "shop,number"}), both);
  EXPECT_EQ(key_of({"run", "-k", "shop", "--primary-key", "number", "f"}), both);
}

TEST(CommandLine, LettersAreNamedByIdOrByPipeline) {
  const auto replay_of = [](std::vector<const char*> arguments) {
    Result<Command> command = parse(std::move(arguments));
    EXPECT_TRUE(command) << command.error().message;
    return std::get<ReplayCommand>(*command).replay;
  };
  EXPECT_EQ(replay_of({"replay", "1795369135.28477.1"}).id, "1795369135.28477.1");
  const ReplayOptions all =
      replay_of({"dead-letter", "replay", "shop", "--new-key", "--limit", "3", "--lock-wait", "2"});
  EXPECT_EQ(all.id, "");
  EXPECT_EQ(all.letters.pipeline, "shop");
  EXPECT_EQ(all.letters.limit, 3U);
  EXPECT_EQ(all.key, ReplayKey::fresh);
  EXPECT_FALSE(all.force);
  EXPECT_TRUE(replay_of({"replay", "shop", "--force"}).force);
  EXPECT_EQ(all.lock_wait, std::chrono::seconds(2));
  EXPECT_EQ(replay_of({"replay", "1.5"}).letters.pipeline, "1.5") << "a load id is no letter";
  EXPECT_EQ(replay_of({"replay", "-p", "shop"}).letters.pipeline, "shop");

  const auto drop = parse({"dead-letter", "drop", "1.5.2", "--yes"});
  ASSERT_TRUE(drop) << drop.error().message;
  EXPECT_EQ(std::get<DeadLetterCommand>(*drop).id, "1.5.2");
  EXPECT_EQ(std::get<DeadLetterCommand>(*drop).consent, Consent::given);
  EXPECT_EQ(error_of({"dead-letter", "drop", "1.5.2", "--table", "users"}).blame, Blame::usage);
  EXPECT_EQ(error_of({"dead-letter", "replay", "shop", "-p", "other"}).hint, "name one");
}

TEST(CommandLine, AnEmptyValueIsNoValue) {
  const std::vector<std::pair<std::vector<const char*>, const char*>> mistakes{
      {{"run", "f", "--table", ""}, "--table is empty"},
      {{"run", "f", "-t", ""}, "--table is empty"},
      {{"run", "f", "--table="}, "--table is empty"},
      {{"run", "f", "--table=", "t"}, "--table is empty"},
      {{"run", "f", "--dataset", ""}, "--dataset is empty"},
      {{"run", "f", "--pipeline", ""}, "--pipeline is empty"},
      {{"run", "f", "--to", ""}, "--to is empty"},
      {{"run", "f", "--data-dir", ""}, "--data-dir is empty"},
      {{"run", "f", "--workers", ""}, "--workers is empty"},
      {{"run", "f", "--memory", ""}, "--memory is empty"},
      {{"run", "f", "--delimiter", ""}, "--delimiter is empty"},
      {{"run", "f", "--encoding", ""}, "--encoding is empty"},
      {{"run", "f", "--naming", ""}, "--naming is empty"},
      {{"run", ""}, "SOURCE is empty"},
      {{"run", "f", ""}, "SOURCE is empty"},
      {{"resume", ""}, "PIPELINE is empty"},
      {{"status", ""}, "PIPELINE|RUN is empty"},
      {{"query", "a", "b", "--dataset", ""}, "--dataset is empty"},
      {{"package", "list", ""}, "PIPELINE is empty"},
      {{"package", "drop", "1", "--data-dir", ""}, "--data-dir is empty"}};
  for (const auto& [arguments, message] : mistakes) {
    const Error error = error_of(arguments);
    EXPECT_EQ(error.message, message);
    EXPECT_EQ(error.blame, Blame::usage) << message;
    EXPECT_NE(error.hint, "") << message;
  }
  // An empty text can stand for no value, and a run key is looked at where it is used.
  EXPECT_EQ(run_of({"run", "f", "--null", ""}).run.csv.nulls, std::vector<std::string>{""});
}

TEST(CommandLine, ColumnTakesNoFile) {
  const RunCommand command = run_of({"run", "--column", "a:text", "file.jsonl"});
  EXPECT_EQ(command.run.inputs, std::vector<std::string>{"file.jsonl"});
}

TEST(CommandLine, FilesMayBeCalledLikeCommandsOrOptions) {
  EXPECT_EQ(run_of({"run", "status"}).run.inputs, std::vector<std::string>{"status"});
  EXPECT_EQ(run_of({"run", "-"}).run.inputs, std::vector<std::string>{"-"});
  EXPECT_EQ(run_of({"run", "--", "--odd"}).run.inputs, std::vector<std::string>{"--odd"});
}

TEST(CommandLine, WhatIsUnknownIsNamedWithTheNearest) {
  EXPECT_EQ(error_of({"rnu"}).hint, "did you mean run?");
  EXPECT_EQ(error_of({"run", "f", "--tabel", "x"}).hint, "did you mean --table?");
  EXPECT_EQ(error_of({"run", "f", "--tabel=x"}).message, "unknown option '--tabel'");
  const Error naming = error_of({"run", "f", "--naming", "duck"});
  EXPECT_EQ(naming.blame, Blame::usage);
  EXPECT_NE(naming.hint.find("snake_case, direct, duck_case, sql_ci_v1, sql_cs_v1"), std::string::npos);
}

TEST(CommandLine, EveryMistakeIsMisuse) {
  const std::vector<std::vector<const char*>> mistakes{{"run"},
                                                       {"run", "f", "--to"},
                                                       {"run", "f", "--workers", "x"},
                                                       {"run", "f", "--json=maybe"},
                                                       {"query"},
                                                       {"query", "duckdb:x"},
                                                       {"query", "a", "b", "c"},
                                                       {"status", "a", "b"},
                                                       {"--nothing"},
                                                       {"run", "f", "--column", "a"},
                                                       {"run", "f", "--column", ":"},
                                                       {"run", "f", "--to", "a", "--to", "b"},
                                                       {"resume", "-x"},
                                                       {"run", "f", "--dry-run", "-q"}};
  for (const auto& arguments : mistakes) {
    const Result<Command> command = parse(arguments);
    ASSERT_FALSE(command) << arguments.back();
    EXPECT_EQ(command.error().blame, Blame::usage);
    EXPECT_FALSE(command.error().message.empty());
  }
}

TEST(CommandLine, HelpIsOfTheCommandThatWasNamed) {
  const auto text = [](std::vector<const char*> arguments) {
    const Result<Command> command = parse(std::move(arguments));
    return command ? std::get<ShowCommand>(*command).text : command.error().message;
  };
  EXPECT_NE(text({"run", "--help"}).find("--write-disposition"), std::string::npos);
  EXPECT_EQ(text({"help", "run"}), text({"run", "-h"}));
  EXPECT_NE(text({}).find("Commands:"), std::string::npos);
}

}  // namespace
}  // namespace outfall::cli
