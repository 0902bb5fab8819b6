// SPDX-License-Identifier: Apache-2.0
//
// What is TOML becomes values; what is not is told by its line, and nothing of a secret with it.
#include "config/settings_file.h"

#include <gmock/gmock.h>

namespace outfall::config {
namespace {

using testing::HasSubstr;
using testing::Not;

Error error_of(Secrecy secrecy, std::string_view text) {
  const Result<SettingsFile> file = parse_settings("/p/config.toml", secrecy, text);
  EXPECT_FALSE(file);
  return file ? Error{} : file.error();
}

TEST(SettingsFile, KeepsKindsAndOrder) {
  const auto file = parse_settings("/p/config.toml", Secrecy::open,
                                   "n = 1\n[a.b]\nx = 1.5\nf = true\nt = 'text'\nl = ['a', 2]\nd = 2024-01-02\n");
  ASSERT_TRUE(file);
  EXPECT_EQ(to_canonical_json(file->values),
            R"({"a":{"b":{"d":"2024-01-02","f":true,"l":["a",2],"t":"text","x":1.5}},"n":1})");
}

TEST(SettingsFile, ThatIsNotTomlIsToldByItsLine) {
  const Error error = error_of(Secrecy::open, "[load]\nworkers = 5 6\n");
  EXPECT_THAT(error.message, HasSubstr("/p/config.toml:2:"));
  EXPECT_THAT(error.message, HasSubstr("this is not TOML: "));
  EXPECT_EQ(error.blame, Blame::usage);
}

TEST(SettingsFile, IsAnErrorWhereTheParserWouldGiveUp) {
  EXPECT_THAT(error_of(Secrecy::open, "n = \u00e9").message, HasSubstr("/p/config.toml:1:5: this is not TOML"));
  EXPECT_EQ(error_of(Secrecy::open, "[`").message, "/p/config.toml:1: this is not TOML");
  EXPECT_EQ(error_of(Secrecy::open, "a = 1\n\n[`]\nb = 1\n[`]\n").message, "/p/config.toml:3: this is not TOML");
}

TEST(SettingsFile, TellsNothingOfSecrets) {
  constexpr std::string_view broken = "key = 99887766554433221100\n";
  EXPECT_THAT(error_of(Secrecy::open, broken).message, HasSubstr("9988"));
  EXPECT_THAT(error_of(Secrecy::secret, broken).message, Not(HasSubstr("9988")));
  EXPECT_THAT(error_of(Secrecy::open, std::string("Access_Token_") + std::string(broken)).message,
              Not(HasSubstr("9988")));
}

TEST(SettingsFile, HasLimits) {
  EXPECT_THAT(error_of(Secrecy::open, "a = '" + std::string(20'000, 'x') + "'").message, HasSubstr("a line has more"));
  EXPECT_THAT(error_of(Secrecy::open, std::string(2 << 20, '\n')).message, HasSubstr("too many"));
  std::string deep = "a";
  for (int i = 0; i < 100; ++i) deep += ".a";
  EXPECT_THAT(error_of(Secrecy::open, deep + " = 1").message, HasSubstr("nested more than"));
}

}  // namespace
}  // namespace outfall::config
