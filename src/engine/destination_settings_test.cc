// SPDX-License-Identifier: Apache-2.0
//
// What a word means, and which of several settings counts.
#include "engine/destination_settings.h"

#include <gmock/gmock.h>

#include <limits>

#include "base/file.h"
#include "base/scratch_folder.h"
#include "engine/configured_address.h"

namespace outfall::engine {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::StartsWith;

class DestinationSettingsTest : public testing::Test {
 protected:
  void write(const std::string& file, std::string_view text) {
    const std::string path = folder_ / file;
    ASSERT_TRUE(make_directories(std::string(parent_path(path))));
    ASSERT_TRUE(File::open(path, OpenMode::append)->write(text));
  }
  config::Settings read(config::Environment environment = {}) const {
    return config::Settings::read(folder_.path(), std::move(environment)).value();
  }
  DestinationSettings find(const std::string& word, config::Environment environment = {},
                           const BatchOptions& batches = {}) const {
    return find_destination({.word = word, .pipeline = "p", .batches = batches}, read(std::move(environment))).value();
  }
  Error error_of(const std::string& word, config::Environment environment = {},
                 const std::string& pipeline = {}) const {
    const auto found = find_destination({.word = word, .pipeline = pipeline}, read(std::move(environment)));
    EXPECT_FALSE(found);
    return found ? Error{} : found.error();
  }

  ScratchFolder folder_;
};

TEST_F(DestinationSettingsTest, AWordWithAColonIsAnAddress) {
  const DestinationSettings found = find("cmd:./push.sh", {{"DESTINATION__BATCH_SIZE", "7"}, {"BATCH_SIZE", "8"}});
  EXPECT_EQ(found.name, "");
  EXPECT_EQ(found.address, "cmd:./push.sh");
  EXPECT_EQ(found.meaning, "");
  EXPECT_EQ(found.batches.batch_size, 7U) << "a variable without any section is somebody else's";
}

TEST_F(DestinationSettingsTest, ANameMeansItsAddress) {
  write(".outfall/config.toml", "[destination.sink]\naddress = 'exec:./push.py'\n[destination.empty]\ntimeout = 1\n");
  const DestinationSettings found = find("sink");
  EXPECT_EQ(found.name, "sink");
  EXPECT_EQ(found.address, "exec:./push.py");
  EXPECT_EQ(found.meaning, "exec:./push.py");
  EXPECT_EQ(find("sink", {{"DESTINATION__SINK__ADDRESS", "null:"}}).address, "null:");
  EXPECT_THAT(configured_names(read({{"DESTINATION__ELSEWHERE__ADDRESS", "null:"}})), ElementsAre("elsewhere", "sink"));
  const Error unknown = error_of("nobody", {{"ADDRESS", "null:"}, {"DESTINATION__ADDRESS", "null:"}});
  EXPECT_THAT(unknown.hint, HasSubstr("configured are sink"));
  EXPECT_EQ(unknown.blame, Blame::usage);
}

TEST_F(DestinationSettingsTest, ASectionWithoutAnAddressIsToldAsOne) {
  write(".outfall/config.toml", "[destination.empty]\ntimeout = 1\n[destination.s]\nadress = 'null:'\n");
  EXPECT_THAT(error_of("empty", {{"ADDRESS", "null:"}}).message, HasSubstr("destination.empty, has no address"));
  EXPECT_THAT(error_of("empty").hint, StartsWith("write it there, address = "));
  EXPECT_EQ(error_of("s").hint, "adress stands there: did you mean address?");
  EXPECT_EQ(error_of("s").blame, Blame::usage);
}

TEST_F(DestinationSettingsTest, ACommandWithoutItsKindIsOfferedTheKindsOfPrograms) {
  write("push", "#!/bin/sh\n");
  EXPECT_THAT(error_of("python3 sink.py").hint,
              HasSubstr("'exec:python3 sink.py' (kept alive) or 'cmd:python3 sink.py'"));
  EXPECT_THAT(error_of("./sink.py").hint, HasSubstr("exec:python3 ./sink.py"));
  EXPECT_THAT(error_of("sink.sh").hint, HasSubstr("cmd:sh sink.sh"));
  EXPECT_THAT(error_of("/bin/sh").hint, HasSubstr("'exec:/bin/sh'"));
  EXPECT_THAT(error_of(folder_ / "push").hint, StartsWith("a database file")) << "it is not executable";
  EXPECT_THAT(error_of("/bin/").hint, StartsWith("a database file"));
  EXPECT_THAT(error_of("my data/a.duckdb").hint, StartsWith("a database file"));
  EXPECT_THAT(error_of("sink").hint, StartsWith("no destination is configured"));
}

TEST_F(DestinationSettingsTest, ValuesSayTheirUnit) {
  const auto refused = [this](const char* key, const char* value) {
    return error_of("cmd:a", {{std::string("DESTINATION__") + key, value}});
  };
  EXPECT_THAT(refused("TIMEOUT", "5s").message, HasSubstr("'5s' is not a number of seconds"));
  EXPECT_THAT(refused("TIMEOUT", "0").message, HasSubstr("more than none and of a week at most"));
  EXPECT_EQ(refused("TIMEOUT", "5s").hint, "write seconds without a unit: timeout = 30");
  EXPECT_THAT(refused("BATCH_BYTES", "1 MB").message, HasSubstr("'1 MB' is not a whole number of bytes"));
  EXPECT_EQ(refused("BATCH_BYTES", "1 MB").hint, "write bytes without a unit: batch_bytes = 1000000");
  EXPECT_THAT(refused("BATCH_BYTES", "0").message, HasSubstr("a whole number of bytes from 1 to"));
  EXPECT_THAT(refused("RATE_LIMIT", "10/s").message, HasSubstr("a number of batches a second"));
}

TEST_F(DestinationSettingsTest, DuckDbIsWrittenAsInDlt) {
  write(".dlt/config.toml",
        "[destination.a]\ndestination_type = 'duckdb'\n"
        "[destination.b]\ndestination_type = 'dlt.destinations.duckdb'\ncredentials = 'x/b.duckdb'\n"
        "[destination.c]\ndestination_type = 'duckdb'\n[destination.c.credentials]\ndatabase = '/c.duckdb'\n"
        "[destination.d]\ndestination_type = 'duckdb:///d.duckdb'\n"
        "[destination.duckdb]\ncredentials = 'duckdb:///own.duckdb'\n"
        "[destination.e]\ndestination_type = 'postgres'\n"
        "[destination.f]\ndestination_type = 'null:'\naddress = 'null:'\n");
  const std::string here = "duckdb:" + folder_.path() + "/";
  EXPECT_EQ(find("a").address, here + "a.duckdb");
  EXPECT_EQ(find("b").address, here + "x/b.duckdb");
  EXPECT_EQ(find("c").address, "duckdb:/c.duckdb");
  EXPECT_EQ(find("d").address, here + "d.duckdb");
  EXPECT_EQ(find("duckdb").address, here + "own.duckdb");
  EXPECT_THAT(error_of("e").message, HasSubstr("'postgres' is not a type of destination that is known"));
  EXPECT_THAT(error_of("f").message, HasSubstr("has an address"));
}

TEST_F(DestinationSettingsTest, WhatIsTypedWinsThenThePipelineThenTheName) {
  write(".outfall/config.toml",
        "[destination]\nbatch_size = 1\ntimeout = 2.5\n[destination.sink]\naddress = 'cmd:a'\nbatch_size = 2\n"
        "naming_convention = 'sql_ci_v1'\nmax_table_nesting = 3\nloader_parallelism_strategy = 'sequential'\n"
        "[p.destination.sink]\nmax_attempts = 4\n");
  const DestinationSettings found = find("sink");
  EXPECT_EQ(found.batches.batch_size, 2U);
  EXPECT_EQ(found.batches.timeout, std::chrono::milliseconds(2500));
  EXPECT_EQ(found.batches.attempts_max, 4);
  EXPECT_EQ(found.batches.parallelism, Parallelism::sequential);
  EXPECT_EQ(found.batches.load_jobs_max, std::nullopt);
  EXPECT_EQ(found.naming, NamingConvention::sql_ci_v1);
  EXPECT_EQ(found.max_table_nesting, 3);
  EXPECT_EQ(find("sink", {}, {.batch_size = 9}).batches.batch_size, 9U);
}

TEST_F(DestinationSettingsTest, LoadsHaveSettingsOfTheirOwn) {
  write(".outfall/config.toml",
        "[destination.sink]\naddress = 'cmd:a'\nmax_parallel_load_jobs = 5\nloader_parallelism_strategy = "
        "'sequential'\n");
  EXPECT_EQ(find("sink").batches.load_jobs_max, 5);
  EXPECT_EQ(find("sink", {{"LOAD__WORKERS", "3"}}).batches.load_jobs_max, 3);
  EXPECT_EQ(find("sink", {{"LOAD__WORKERS", "8"}}).batches.load_jobs_max, 5);
  EXPECT_EQ(find("cmd:a", {{"LOAD__WORKERS", "8"}, {"WORKERS", "9"}}).batches.load_jobs_max, 8);
  EXPECT_EQ(find("sink", {{"LOAD__PARALLELISM_STRATEGY", "table-sequential"}}).batches.parallelism,
            Parallelism::table_sequential);
  EXPECT_EQ(find("sink", {{"LOAD__RAISE_ON_MAX_RETRIES", "7"}}).batches.attempts_max, 7);
  EXPECT_EQ(find("sink", {{"LOAD__RAISE_ON_MAX_RETRIES", "0"}}).batches.attempts_max, 0);
  EXPECT_EQ(find("sink").batches.raise_on_failed_jobs, std::nullopt);
  EXPECT_EQ(find("sink", {{"LOAD__RAISE_ON_FAILED_JOBS", "false"}}).batches.raise_on_failed_jobs, false);
}

TEST_F(DestinationSettingsTest, ASettingThatIsNoneIsAnError) {
  write(
      ".outfall/config.toml",
      "[destination.sink]\naddress = 'cmd:a'\nbatchsize = 5\n[destination.file]\naddress = 'duckdb:a'\nregion = 'n'\n");
  write(".dlt/config.toml", "[destination.theirs]\naddress = 'cmd:a'\ncreate_indexes = true\n");
  EXPECT_THAT(error_of("sink").message, HasSubstr("destination.sink has no setting batchsize"));
  EXPECT_THAT(error_of("sink").hint, StartsWith("did you mean batch_size?"));
  EXPECT_THAT(error_of("file").message, HasSubstr("destination.file has no setting region"));
  EXPECT_EQ(find("theirs").address, "cmd:a") << "dlt knows more settings";
  EXPECT_THAT(error_of("theirs", {{"DESTINATION__BATCH_SIZE", "-1"}}).message, HasSubstr("from 0 to 1000000"));
  EXPECT_THAT(error_of("theirs", {{"LOAD__PARALLELISM_STRATEGY", "wild"}}).message, HasSubstr("'wild' is not known"));
  EXPECT_THAT(error_of("theirs", {{"DESTINATION__TIMEOUT", "0"}}).message, HasSubstr("more than none"));
}

TEST_F(DestinationSettingsTest, ASlipOfTheFingersIsAnErrorWhereOthersKeysMayStand) {
  write(".outfall/config.toml",
        "[destination.sink]\naddress = 'exec:a'\n[p.destination.sink]\nregion = 'n'\ntimeuot = 5\n"
        "[destination.fn]\nbacth_size = 5\nfile = 'a'\n[destination.good]\nfile = 'a'\n");
  EXPECT_TRUE(find_destination({.word = "sink", .pipeline = "other"}, read())) << "that is not its own";
  EXPECT_THAT(error_of("sink", {}, "p").message, HasSubstr("p.destination.sink has no setting timeuot"));
  EXPECT_THAT(error_of("custom:fn").message, HasSubstr("destination.fn has no setting bacth_size"));
  EXPECT_THAT(error_of("custom:fn").hint, StartsWith("did you mean batch_size?"));
  EXPECT_EQ(find("custom:good").address, "custom:good");
}

TEST_F(DestinationSettingsTest, ASlipBelowNoNameIsAnErrorToo) {
  write(".outfall/config.toml", "[destination]\nbatch_size = 20\napi_url = 'of functions'\n");
  EXPECT_EQ(find("cmd:a").batches.batch_size, 20u);
  write(".outfall/config.toml", "timeouts = 20\n[destination.batchsize]\naddress = 'cmd:a'\n");
  for (const char* word : {"cmd:a", "batchsize", "duckdb:a"}) {
    EXPECT_THAT(error_of(word).message, HasSubstr("destination has no setting timeouts"));
    EXPECT_THAT(error_of(word).hint, StartsWith("did you mean timeout?"));
  }
}

TEST_F(DestinationSettingsTest, AnOptionThatIsNoKeyIsNoProgramsOwn) {
  write(".outfall/config.toml",
        "[destination.sink]\naddress = 'cmd:a'\nparallelism = 'sequential'\n"
        "[destination.fn]\nmax_bad_rows = 5\n");
  EXPECT_THAT(error_of("sink").message, HasSubstr("destination.sink.parallelism would be a program's own"));
  EXPECT_THAT(error_of("sink").hint, StartsWith("the setting is called loader_parallelism_strategy"));
  EXPECT_THAT(error_of("custom:fn").hint, StartsWith("type --max-bad-rows"));
}

TEST_F(DestinationSettingsTest, AnExitCodeHasOneMeaning) {
  write(".outfall/config.toml", "[destination.sink]\naddress = 'cmd:a'\nreject_on = [1, 2]\nretry_on = [2, 3]\n");
  EXPECT_THAT(error_of("sink").message, HasSubstr("exit code 2 is to reject (--reject-on)"));
}

TEST_F(DestinationSettingsTest, ASettingOfLoadsThatIsNoneIsAnError) {
  write(".dlt/config.toml", "[load]\nwhatever = 1\n");
  write(".outfall/config.toml", "[load]\nworkers = 3\ndelete_completed_jobs = true\nstart_new_jobs_on_signal = true\n");
  EXPECT_EQ(find("cmd:a").batches.load_jobs_max, 3);
  write(".outfall/config.toml", "wrokers = 3\n");
  EXPECT_THAT(error_of("cmd:a").message, HasSubstr("load has no setting wrokers"));
  EXPECT_THAT(error_of("cmd:a").hint, StartsWith("did you mean workers?"));
}

TEST_F(DestinationSettingsTest, ExitCodesAreListsOfNumbers) {
  write(".outfall/config.toml", "[destination.sink]\naddress = 'cmd:a'\nreject_on = [1, 22]\nretry_on = [3]\n");
  EXPECT_THAT(find("sink").batches.reject_on, testing::Optional(ElementsAre(1, 22)));
  EXPECT_THAT(find("sink").batches.retry_on, testing::Optional(ElementsAre(3)));
  EXPECT_EQ(to_json(find("sink").own.values), "{}");
  EXPECT_THAT(find("sink", {{"DESTINATION__SINK__REJECT_ON", "[7]"}}).batches.reject_on,
              testing::Optional(ElementsAre(7)));
  for (const char* wrong : {"7", "[]", "[0]", "[256]", "[1.5]", "['x']", "[[1]]"}) {
    EXPECT_THAT(error_of("sink", {{"DESTINATION__SINK__RETRY_ON", wrong}}).message, HasSubstr("a list of exit codes"))
        << wrong;
  }
}

TEST_F(DestinationSettingsTest, UnitsAreNotWrittenAndTheHintSaysSo) {
  write(".outfall/config.toml", "[destination.sink]\naddress = 'cmd:a'\n");
  EXPECT_THAT(error_of("sink", {{"DESTINATION__TIMEOUT", "30s"}}).hint, HasSubstr("timeout = 30"));
  EXPECT_THAT(error_of("sink", {{"DESTINATION__BATCH_BYTES", "1MB"}}).hint, HasSubstr("batch_bytes = 1000000"));
  EXPECT_THAT(error_of("sink", {{"DESTINATION__RATE_LIMIT", "10/s"}}).hint, HasSubstr("rate_limit = 10"));
}

TEST_F(DestinationSettingsTest, AProgramHasSettingsOfItsOwn) {
  write(".outfall/config.toml",
        "[destination.sink]\naddress = 'exec:a'\nbatch_size = 5\nregion = 'n'\ncredentials = 'hush'\n"
        "[p.destination.sink]\nregion = 's'\nmax_attempts = 3\n");
  const DestinationSettings found = find("sink");
  EXPECT_EQ(to_json(found.own.values), R"({"region":"s","credentials":"hush"})");
  EXPECT_THAT(found.own.secrets, ElementsAre("hush", "hush"));
  EXPECT_EQ(to_json(find("exec:a").own.values), "{}");
}

TEST_F(DestinationSettingsTest, AnAddressThatIsSecretIsRememberedAsADigest) {
  write(".outfall/secrets.toml",
        "[destination.sink]\naddress = 'cmd:push hush'\n[destination.bad]\naddress = 'hush'\n");
  const DestinationSettings found = find("sink");
  EXPECT_EQ(found.address, "cmd:push hush");
  EXPECT_THAT(found.meaning, StartsWith("sha3:"));
  EXPECT_THAT(error_of("bad").message, Not(HasSubstr("hush")));
}

TEST_F(DestinationSettingsTest, AnAddressThatIsSecretIsSoInItsLongWordsToo) {
  write(".outfall/secrets.toml",
        "[destination.sink]\naddress = \"cmd:push --to 'https://a.b/?token=c' d; (push-to-x)\"\n");
  write(".outfall/config.toml", "[destination.open]\naddress = 'cmd:push https://a.b/?token=c'\n");
  const std::vector<std::string> secrets = find("sink").own.secrets;
  EXPECT_THAT(secrets,
              IsSupersetOf({"cmd:push --to 'https://a.b/?token=c' d; (push-to-x)",
                            "push --to 'https://a.b/?token=c' d; (push-to-x)", "https://a.b/?token=c", "push-to-x"}));
  EXPECT_THAT(secrets, Not(Contains("push")));
  EXPECT_EQ(secrets.front(), "cmd:push --to 'https://a.b/?token=c' d; (push-to-x)") << "the longest first";
  EXPECT_THAT(find("open").own.secrets, IsEmpty());
}

}  // namespace
}  // namespace outfall::engine
