// SPDX-License-Identifier: Apache-2.0
//
// Where a value is looked for, in which order, and what it says.
#include "config/settings.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "base/scratch_folder.h"
#include "config/values.h"

namespace outfall::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class SettingsTest : public testing::Test {
 protected:
  void write(const std::string& file, std::string_view text) {
    const std::string path = folder_ / file;
    ASSERT_TRUE(make_directories(std::string(parent_path(path))));
    ASSERT_TRUE(File::open(path, OpenMode::append)->write(text));
  }
  Settings read(Environment environment = {}, const std::string& from = "") const {
    return Settings::read(from.empty() ? folder_.path() : folder_ / from, std::move(environment)).value();
  }
  static std::string value(const Settings& settings, const Wanted& wanted) {
    const std::optional<Found> found = settings.find(wanted);
    return found ? text_of(*found).value() : "none";
  }
  std::vector<std::string> places(const Settings& settings, const Wanted& wanted) const {
    std::vector<std::string> texts;
    for (const Place& place : settings.places(wanted)) {
      std::string text = place.text();
      if (text.starts_with(folder_.path())) text.erase(0, folder_.path().size() + 1);
      texts.push_back(std::move(text));
    }
    return texts;
  }

  ScratchFolder folder_;
};

const Wanted api_key{.sections = {"destination", "my"}, .key = "api_key", .pipeline = "cfm"};

// The order that dlt's own message has: of field api_key of destination my, pipeline cfm.
TEST_F(SettingsTest, TheEnvironmentIsLookedAtAsDltDoes) {
  const std::string variable = "environment variable ";
  EXPECT_THAT(places(read(), api_key),
              ElementsAre(variable + "CFM__DESTINATION__MY__API_KEY", variable + "CFM__DESTINATION__API_KEY",
                          variable + "CFM__API_KEY", variable + "DESTINATION__MY__API_KEY",
                          variable + "DESTINATION__API_KEY", variable + "API_KEY"));
}

// Unlike in dlt.
TEST_F(SettingsTest, VariablesThatEverybodyHasComeLast) {
  write(".outfall/config.toml", "[destination]\npath = 'ours'\n");
  const Wanted path{.sections = {"destination", "my"}, .key = "path"};
  EXPECT_EQ(value(read({{"PATH", "/bin"}}), path), "ours");
  EXPECT_THAT(places(read(), path),
              ElementsAre("environment variable DESTINATION__MY__PATH", "environment variable DESTINATION__PATH",
                          ".outfall/config.toml: destination.my.path", ".outfall/config.toml: destination.path",
                          ".outfall/config.toml: path", "environment variable PATH"));
  const Wanted other{.sections = {"elsewhere", "my"}, .key = "path"};
  EXPECT_EQ(value(read({{"PATH", "/bin"}}), other), "/bin");
}

TEST_F(SettingsTest, FilesAreLookedAtPassByPass) {
  write(".outfall/config.toml", "");
  write(".dlt/secrets.toml", "");
  write(".outfall/secrets.toml", "");
  EXPECT_THAT(places(read(), {.sections = {"load"}, .key = "workers", .pipeline = "cfm", .sections_kept = 1}),
              ElementsAre("environment variable CFM__LOAD__WORKERS", ".outfall/secrets.toml: cfm.load.workers",
                          ".dlt/secrets.toml: cfm.load.workers", ".outfall/config.toml: cfm.load.workers",
                          "environment variable LOAD__WORKERS", ".outfall/secrets.toml: load.workers",
                          ".dlt/secrets.toml: load.workers", ".outfall/config.toml: load.workers"));
}

TEST_F(SettingsTest, TheFirstPlaceThatHasItCounts) {
  write(".outfall/config.toml", "api_key = 'g'\n[destination.my]\napi_key = 'f'\n[cfm]\napi_key = 'b'\n");
  EXPECT_EQ(value(read(), api_key), "b") << "below the pipeline's name, in whatever file";
  EXPECT_EQ(value(read({{"API_KEY", "e"}}), api_key), "b");
  EXPECT_EQ(value(read({{"API_KEY", "e"}, {"CFM__API_KEY", "a"}}), api_key), "a");
  Wanted without = api_key;
  without.pipeline.clear();
  EXPECT_EQ(value(read(), without), "f");
  EXPECT_EQ(value(read({{"DESTINATION__API_KEY", "e"}}), without), "e") << "the environment beats every path of a file";
  EXPECT_EQ(value(read({{"API_KEY", "e"}}), without), "f") << "but not where it is the key alone";
  write(".dlt/secrets.toml", "api_key = 'c'\n");
  EXPECT_EQ(value(read(), without), "c") << "secrets.toml beats config.toml";
  write(".outfall/secrets.toml", "[destination]\napi_key = 'd'\n");
  EXPECT_EQ(value(read(), without), "d") << ".outfall/ beats .dlt/";
}

TEST_F(SettingsTest, SectionsThatAreKeptAreNotLeftOut) {
  const Settings settings = read({{"TIMEOUT", "1"}, {"DESTINATION__TIMEOUT", "2"}});
  EXPECT_EQ(value(settings, {.sections = {"destination", "my"}, .key = "timeout", .sections_kept = 1}), "2");
  EXPECT_EQ(value(settings, {.sections = {"destination", "my"}, .key = "timeout", .sections_kept = 2}), "none");
}

TEST_F(SettingsTest, ADotLeadsIntoATableOfItsOwn) {
  write(".outfall/secrets.toml", "[destination.my.credentials]\ntoken = 't'\n");
  const Wanted token{.sections = {"destination", "my"}, .key = "credentials.token"};
  EXPECT_EQ(value(read(), token), "t");
  EXPECT_EQ(value(read({{"DESTINATION__CREDENTIALS__TOKEN", "e"}}), token), "e");
}

TEST_F(SettingsTest, FoldersAreTheNearestOnesUpwards) {
  write(".outfall/config.toml", "key = 'outer'\n");
  write("a/.outfall/config.toml", "key = 'inner'\n");
  write("a/b/c", "");
  EXPECT_EQ(value(read({}, "a/b"), {.sections = {}, .key = "key"}), "inner");
  EXPECT_EQ(value(read(), {.sections = {}, .key = "key"}), "outer");
}

TEST_F(SettingsTest, SectionsAreFoundInFilesAndTheEnvironment) {
  write(".outfall/config.toml", "[destination.b]\nx = 1\n[destination.a]\nx = 1\n[destination]\nbatch_size = 5\n");
  EXPECT_THAT(read({{"DESTINATION__C__ADDRESS", "null:"}, {"DESTINATION__A__X", "1"}, {"DESTINATION__X", "1"}})
                  .sections_of("destination"),
              ElementsAre("a", "b", "c"));
}

TEST_F(SettingsTest, ValuesAreReadAsWhatTheyAreToBe) {
  write(".outfall/config.toml", "n = 3\nx = 2.5\nf = false\nl = ['a']\n");
  const Settings settings =
      read({{"N", "-4"}, {"X", "1e3"}, {"F", "Yes"}, {"L", R"(["a","b"])"}, {"S", "0.25"}, {"WORD", "many"}});
  const Settings files = read();
  const auto found = [](const Settings& in, const std::string& key) { return *in.find({.sections = {}, .key = key}); };
  EXPECT_EQ(integer_of(found(settings, "n")), -4);
  EXPECT_EQ(integer_of(found(files, "n")), 3);
  EXPECT_EQ(number_of(found(settings, "x")), 1000);
  EXPECT_EQ(number_of(found(files, "x")), 2.5);
  EXPECT_EQ(number_of(found(files, "n")), 3);
  EXPECT_EQ(flag_of(found(settings, "f")), true);
  EXPECT_EQ(flag_of(found(files, "f")), false);
  EXPECT_THAT(list_of(found(settings, "l")).value(), ElementsAre("a", "b"));
  EXPECT_THAT(list_of(found(files, "l")).value(), ElementsAre("a"));
  EXPECT_EQ(seconds_of(found(settings, "s")), std::chrono::milliseconds(250));
  EXPECT_EQ(text_of(found(files, "n")), "3");
  EXPECT_EQ(integer_of(found(settings, "word")).error().message,
            "environment variable WORD: 'many' is not a whole number");
  EXPECT_FALSE(seconds_of(found(settings, "n")));
  EXPECT_FALSE(integer_of(found(files, "x")));
  EXPECT_FALSE(flag_of(found(settings, "word")));
  EXPECT_FALSE(list_of(found(settings, "word")));
  EXPECT_FALSE(text_of(found(files, "l")));
}

TEST_F(SettingsTest, SecretsAreNotShown) {
  write(".outfall/secrets.toml", "limit = 'hush'\n");
  write(".outfall/config.toml", "my_token = 'hush'\n[credentials]\nuser = 'hush'\n");
  const Settings settings = read({{"PASSWORD", "hush"}});
  for (const char* key : {"limit", "my_token", "password", "credentials.user"}) {
    const std::string message = integer_of(*settings.find({.sections = {}, .key = key})).error().message;
    EXPECT_THAT(message, HasSubstr("its value is not a whole number"));
    EXPECT_THAT(message, Not(HasSubstr("hush")));
  }
}

TEST(ProcessEnvironment, AVariableThatIsEmptyIsNotSet) {
  setenv("OUTFALL_TEST_EMPTY", "", 1);
  setenv("OUTFALL_TEST_SET", "a=b", 1);
  const Environment environment = process_environment();
  EXPECT_FALSE(environment.contains("OUTFALL_TEST_EMPTY"));
  EXPECT_EQ(environment.at("OUTFALL_TEST_SET"), "a=b");
}

TEST_F(SettingsTest, ASectionIsAllThatStandsInItAndBelow) {
  write(".outfall/config.toml",
        "[destination]\nshared = 1\n[destination.my]\nurl = 'u'\nlimit = 5\nbatch_size = 7\n[destination.my.mail]\n"
        "from = 'ann'\n[cfm.destination.my]\nlimit = 6\n");
  write(".outfall/secrets.toml", "[destination.my]\nkey = 'quiet'\nmail = {from = 'bo', to = 'cy'}\n");
  const Settings settings = read({{"DESTINATION__MY__MAIL__FROM", "dora"},
                                  {"DESTINATION__MY__PASSWORD", "a \"b\" c"},
                                  {"DESTINATION__MYSELF__URL", "another"},
                                  {"DESTINATION__MY__", "no name"},
                                  {"DESTINATION__MY__URL__PART", "v"}});
  const auto section = [&](const std::string& pipeline) {
    return settings.section({.path = {"destination", "my"},
                             .pipeline = pipeline,
                             .is_left_out = [](std::string_view key) { return key == "batch_size"; }});
  };
  EXPECT_EQ(to_json(section("").values),
            R"({"mail":{"from":"dora","to":"cy"},"password":"a \"b\" c","url":{"part":"v"},"key":"quiet","limit":5})");
  EXPECT_EQ(to_json(section("cfm").values).substr(0, 12), R"({"limit":6,")");
  EXPECT_THAT(section("").secrets,
              testing::UnorderedElementsAre("a \"b\" c", R"(a \"b\" c)", "quiet", "quiet", "cy", "cy"));
  EXPECT_EQ(section("").secrets.front(), R"(a \"b\" c)") << "the longest first";
  EXPECT_EQ(to_json(settings.section({.path = {"destination", "other"}}).values), "{}");
}

TEST_F(SettingsTest, ASecretOfSeveralLinesIsKnownByEachOfThem) {
  write(".outfall/secrets.toml", "[destination.my]\nkey = \"\"\"-----begin\r\nof \\\"it\\\"\n\"\"\"\n");
  const Section section = read({}).section({.path = {"destination", "my"}});
  EXPECT_THAT(section.secrets, testing::IsSupersetOf({"-----begin", R"(of "it")", R"(of \"it\")"}));
}

}  // namespace
}  // namespace outfall::config
