// SPDX-License-Identifier: Apache-2.0
#include "outfall/configuration.h"

#include <gmock/gmock.h>

#include <sstream>

#include "base/file.h"
#include "base/scratch_folder.h"

namespace outfall {
namespace {

using testing::HasSubstr;

class ConfigurationTest : public testing::Test {
 protected:
  void write(const std::string& file, std::string_view text) {
    ASSERT_TRUE(make_directories(folder_ / ".outfall"));
    ASSERT_TRUE(File::open(folder_ / (".outfall/" + file), OpenMode::append)->write(text));
  }
  Configuration load(std::map<std::string, std::string> given = {}) const {
    return Configuration::load({.name = "my", .pipeline = "cfm", .given = std::move(given), .folder = folder_.path()})
        .value();
  }

  ScratchFolder folder_;
};

TEST_F(ConfigurationTest, WhatTheProgramGivesWins) {
  write("config.toml", "[cfm.destination.my]\nlimit = 5\n");
  EXPECT_EQ(load().integer("limit"), 5);
  EXPECT_EQ(load({{"limit", "6"}}).integer("limit"), 6);
  EXPECT_EQ(load({{"limit", "hush"}}).integer("limit").error().message,
            "given by the program: limit: its value is not a whole number");
}

TEST_F(ConfigurationTest, WhatNoPlaceHasIsDefaultNoneOrAnError) {
  write("config.toml", "");
  const Configuration configuration = load();
  EXPECT_EQ(configuration.text("region", "north"), "north");
  EXPECT_EQ(configuration.flag("wet", true), true);
  EXPECT_EQ(configuration.text_if_set("region"), std::nullopt);
  const Result<std::string> missing = configuration.text("region");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().blame, Blame::usage);
  const std::string file = folder_ / ".outfall/config.toml";
  EXPECT_EQ(missing.error().message,
            "destination my needs region, and no place has it: environment variables CFM__DESTINATION__MY__REGION, "
            "CFM__DESTINATION__REGION, CFM__REGION; " +
                file + ": cfm.destination.my.region, cfm.destination.region, cfm.region; " +
                "environment variables DESTINATION__MY__REGION, DESTINATION__REGION; " + file +
                ": destination.my.region, destination.region, region; environment variables REGION");
  EXPECT_THAT(missing.error().hint, HasSubstr("set DESTINATION__MY__REGION, or write region below [destination.my]"));
}

TEST_F(ConfigurationTest, OfSeveralKeysEachPlaceIsNamedOnce) {
  write("config.toml", "");
  const Configuration configuration = load();
  EXPECT_THAT(configuration.missing({"login.user", "login.password"}).message,
              HasSubstr("DESTINATION__MY__LOGIN__{USER,PASSWORD}, DESTINATION__LOGIN__{USER,PASSWORD}"));
  EXPECT_THAT(configuration.missing({"a.b.c", "a"}).message, HasSubstr(": destination.my.{a.b.c,a}, "));
}

TEST_F(ConfigurationTest, SecondsAreWrittenWithoutTheirUnit) {
  write("config.toml", "[destination.my]\nwait = '5s'\n");
  const auto wait = load().seconds("wait");
  ASSERT_FALSE(wait);
  EXPECT_THAT(wait.error().message, HasSubstr("'5s' is not a number of seconds"));
  EXPECT_EQ(wait.error().hint, "write seconds without a unit, such as 30 or 0.5");
}

TEST_F(ConfigurationTest, WhereThereIsNoFileThatIsSaid) {
  EXPECT_THAT(load().text("region").error().message, HasSubstr("there is no secrets.toml and no config.toml"));
}

TEST_F(ConfigurationTest, AValueOfAnotherTypeIsNoDefault) {
  write("config.toml", "[destination.my]\nlimit = 'many'\n");
  EXPECT_FALSE(load().integer("limit", 5));
  EXPECT_FALSE(load().integer_if_set("limit"));
}

TEST_F(ConfigurationTest, ASecretIsNotPrintedAndNotTakenFromAnOpenFile) {
  write("config.toml", "[destination.my]\napi_key = 'hush'\n");
  const Result<Secret> open = load().secret("api_key");
  ASSERT_FALSE(open);
  EXPECT_THAT(open.error().message, HasSubstr("config.toml: destination.my.api_key: this is a secret"));
  EXPECT_THAT(open.error().hint, HasSubstr("DESTINATION__MY__API_KEY"));
  EXPECT_EQ(load().text("api_key"), "hush") << "who asks for a text gets it from anywhere";

  write("secrets.toml", "[destination.my]\napi_key = 'hush hush'\n");
  const Result<Secret> secret = load().secret("api_key");
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->reveal(), "hush hush");
  std::ostringstream out;
  out << *secret;
  EXPECT_EQ(out.str(), "***");
}

TEST(ConfigurationOfATypedAddress, HasNoSection) {
  const ScratchFolder folder;
  const Error error = Configuration::load({.folder = folder.path()})->missing({"file"});
  EXPECT_THAT(error.message, testing::StartsWith("the destination needs file, and no place has it: environment "
                                                 "variables DESTINATION__FILE, FILE"));
  EXPECT_THAT(error.hint, HasSubstr("an address that is typed has no section of its own: give it a name"));
}

TEST_F(ConfigurationTest, AFileThatIsBrokenIsAnError) {
  write("config.toml", "[load\n");
  const auto loaded = Configuration::load({.name = "my", .folder = folder_.path()});
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("config.toml:1:"));
}

}  // namespace
}  // namespace outfall
