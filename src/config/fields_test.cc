// SPDX-License-Identifier: Apache-2.0
#include "outfall/fields.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "base/scratch_folder.h"

namespace outfall {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Login {
  std::string user;
  Secret password;
};

struct Config {
  std::string url;
  Secret api_key;
  std::int64_t rows = 0;
  std::uint8_t retries = 0;
  double share = 0;
  bool is_wet = true;
  std::chrono::milliseconds wait{};
  std::chrono::duration<double> pause{};
  std::vector<std::string> tags;
  std::optional<std::string> region;
  std::optional<std::uint16_t> port;
  Login login;
};

const Fields<Login>& login_fields() {
  static const Fields<Login> fields = {{"user", &Login::user, "nobody"}, {"password", &Login::password}};
  return fields;
}

const Fields<Config>& config_fields() {
  static const Fields<Config> fields = {{"url", &Config::url},
                                        {"api_key", &Config::api_key},
                                        {"rows", &Config::rows, 100},
                                        {"retries", &Config::retries, 5},
                                        {"share", &Config::share, 0.5},
                                        {"is_wet", &Config::is_wet, false},
                                        {"wait", &Config::wait, 30s},
                                        {"pause", &Config::pause, 1min},
                                        {"tags", &Config::tags, {"a", "b"}},
                                        {"region", &Config::region},
                                        {"port", &Config::port},
                                        {"login", &Config::login, login_fields()}};
  return fields;
}

struct Limits {
  std::string file;
  std::uint64_t bytes_max = 0;
};

class FieldsTest : public testing::Test {
 protected:
  void write(const std::string& file, std::string_view text) {
    ASSERT_TRUE(make_directories(folder_ / ".outfall"));
    ASSERT_TRUE(File::open(folder_ / (".outfall/" + file), OpenMode::append)->write(text));
  }
  Status fill(std::map<std::string, std::string> given = {}) {
    return config_fields().fill(
        config_, Configuration::load({.name = "my", .given = std::move(given), .folder = folder_.path()}).value());
  }
  Error refused(std::map<std::string, std::string> given = {}) {
    const Status filled = fill(std::move(given));
    return filled ? Error{.message = "filled", .hint = ""} : filled.error();
  }

  ScratchFolder folder_;
  Config config_;
};

TEST_F(FieldsTest, MembersAreFilledInByTheirTypes) {
  write("secrets.toml",
        "[destination.my]\napi_key = 'hush'\n[destination.my.login]\nuser = 'ann'\npassword = 'hush hush'\n");
  write("config.toml",
        "[destination.my]\nurl = 'http://x'\nrows = -7\nretries = 255\nshare = 2\nis_wet = 'yes'\nwait = 1.25\n"
        "pause = 0.1\ntags = ['t', 1]\nregion = 'north'\nport = 80\n");
  ASSERT_TRUE(fill());
  EXPECT_EQ(config_.url, "http://x");
  EXPECT_EQ(config_.api_key.reveal(), "hush");
  EXPECT_EQ(config_.rows, -7);
  EXPECT_EQ(config_.retries, 255);
  EXPECT_EQ(config_.share, 2);
  EXPECT_TRUE(config_.is_wet);
  EXPECT_EQ(config_.wait, 1250ms);
  EXPECT_DOUBLE_EQ(config_.pause.count(), 0.1);
  EXPECT_THAT(config_.tags, ElementsAre("t", "1"));
  EXPECT_EQ(config_.region, "north");
  EXPECT_EQ(config_.port, 80);
  EXPECT_EQ(config_.login.user, "ann");
  EXPECT_EQ(config_.login.password.reveal(), "hush hush");
}

TEST_F(FieldsTest, WhatNoPlaceHasIsItsDefaultOrNone) {
  ASSERT_TRUE(fill({{"url", "u"}, {"api_key", "k"}, {"login.password", "p"}}));
  EXPECT_EQ(config_.rows, 100);
  EXPECT_EQ(config_.retries, 5);
  EXPECT_EQ(config_.share, 0.5);
  EXPECT_FALSE(config_.is_wet) << "what is said of the field counts, not what the struct began with";
  EXPECT_EQ(config_.wait, 30s);
  EXPECT_EQ(config_.pause, 1min);
  EXPECT_THAT(config_.tags, ElementsAre("a", "b"));
  EXPECT_EQ(config_.region, std::nullopt);
  EXPECT_EQ(config_.port, std::nullopt);
  EXPECT_EQ(config_.login.user, "nobody");
}

TEST_F(FieldsTest, AllThatIsMissingIsOneErrorWithEachPlace) {
  write("config.toml", "[destination.my]\nregion = 'north'\n");
  const Error error = refused();
  const std::string file = folder_ / ".outfall/config.toml";
  EXPECT_EQ(error.message,
            "destination my needs url, api_key, login.password, and no place has them: environment variables "
            "DESTINATION__MY__{URL,API_KEY,LOGIN__PASSWORD}, DESTINATION__{URL,API_KEY,LOGIN__PASSWORD}; " +
                file +
                ": destination.my.{url,api_key,login.password}, destination.{url,api_key,login.password}, "
                "{url,api_key,login.password}; environment variables {URL,API_KEY,LOGIN__PASSWORD}");
  EXPECT_EQ(error.hint,
            "set DESTINATION__MY__URL, DESTINATION__MY__API_KEY, DESTINATION__MY__LOGIN__PASSWORD, or write url, "
            "api_key, login.password below [destination.my] in .outfall/secrets.toml");
  EXPECT_EQ(error.blame, Blame::usage);
}

TEST_F(FieldsTest, AValueOfAnotherTypeIsNamedWithItsPlaceAndWhatWasExpected) {
  write("config.toml", "[destination.my]\nrows = 'many'\nretries = 256\nwait = 0.0001\nport = -1\n");
  EXPECT_THAT(refused({{"url", "u"}, {"api_key", "k"}}).message,
              HasSubstr("config.toml: destination.my.rows: 'many' is not a whole number"));
  EXPECT_THAT(refused({{"url", "u"}, {"api_key", "k"}, {"rows", "1"}}).message,
              HasSubstr("config.toml: destination.my.retries: its value is not a whole number from 0 to 255"));
  EXPECT_THAT(refused({{"url", "u"}, {"api_key", "k"}, {"rows", "1"}, {"retries", "1"}}).message,
              HasSubstr("config.toml: destination.my.wait: its value is not a multiple of 1/1000 s"));
  EXPECT_THAT(refused({{"url", "u"}, {"api_key", "k"}, {"rows", "1"}, {"retries", "1"}, {"wait", "1"}}).message,
              HasSubstr("config.toml: destination.my.port: its value is not a whole number from 0 to 65535"));
}

TEST_F(FieldsTest, ASecretIsNotTakenFromAnOpenFileAndNotRepeated) {
  write("config.toml", "[destination.my]\napi_key = 'hush'\n");
  const Error error = refused({{"url", "u"}});
  EXPECT_THAT(error.message, HasSubstr("config.toml: destination.my.api_key: this is a secret"));
  EXPECT_THAT(error.message + error.hint, Not(HasSubstr("hush")));
}

TEST_F(FieldsTest, ASectionMayBeWrittenWhereItIs) {
  struct Nested {
    Login login;
  };
  const Fields<Nested> fields = {
      {"login", &Nested::login, Fields<Login>{{"user", &Login::user}, {"password", &Login::password}}}};
  Nested nested;
  const auto configuration = Configuration::load(
      {.name = "my", .given = {{"login.user", "ann"}, {"login.password", "hush"}}, .folder = folder_.path()});
  ASSERT_TRUE(fields.fill(nested, configuration.value()));
  EXPECT_EQ(nested.login.user, "ann");
}

TEST_F(FieldsTest, AKeyThatIsNearlyOneOfThemIsNamed) {
  const Fields<Limits> fields = {{"file", &Limits::file, "queue.db"}, {"bytes_max", &Limits::bytes_max, 80}};
  Limits limits;
  const auto fill_limits = [&](std::map<std::string, std::string> given) {
    return fields.fill(limits, Configuration::load(
                                   {.name = "my", .pipeline = "p", .given = std::move(given), .folder = folder_.path()})
                                   .value());
  };
  write("config.toml", "[destination.my]\nbatch_size = 5\nfiles_seen = 3\n");
  EXPECT_TRUE(fill_limits({})) << "others may be for others";
  write("config.toml", "bytes_mx = 200\n");
  const Status refused = fill_limits({});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("/.outfall/config.toml: destination.my has no setting bytes_mx"));
  EXPECT_EQ(refused.error().hint, "did you mean bytes_max? known are file, bytes_max");
  EXPECT_EQ(refused.error().blame, Blame::usage);
  EXPECT_TRUE(fill_limits({{"bytes_max", "200"}})) << "it has its value";
  write("config.toml", "bytes_max = 200\n[p.destination.my]\nflie = \"q.db\"\n");
  EXPECT_THAT(fill_limits({}).error().message, HasSubstr("p.destination.my has no setting flie"));
}

TEST_F(FieldsTest, WhatHasNoSectionOfItsOwnLeavesThoseOfOthersAlone) {
  const Fields<Limits> fields = {{"file", &Limits::file, "queue.db"}, {"bytes_max", &Limits::bytes_max, 80}};
  Limits limits;
  write("config.toml", "[destination.flie]\nbytes = 5\n");
  const auto fill_limits = [&] { return fields.fill(limits, Configuration::load({.folder = folder_.path()}).value()); };
  EXPECT_TRUE(fill_limits());
  write("config.toml", "[destination]\nfiles = \"q.db\"\n");
  ASSERT_FALSE(fill_limits());
  EXPECT_THAT(fill_limits().error().message, HasSubstr("destination has no setting files"));
}

}  // namespace
}  // namespace outfall
