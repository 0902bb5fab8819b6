// SPDX-License-Identifier: Apache-2.0
#include "base/line_cutter.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace outfall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// The lines of text that comes in pieces.
std::vector<std::string> lines_of(const std::vector<std::string>& pieces,
                                  const std::vector<std::string>& secrets = {}) {
  std::vector<std::string> lines;
  LineCutter cutter([&lines](std::string_view line) { lines.emplace_back(line); }, secrets);
  for (const std::string& piece : pieces) cutter.take(piece);
  cutter.finish();
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

TEST(LineCutter, LinesComeWithoutTheirEnds) {
  EXPECT_THAT(lines_of({"a", "b\r\n\nc", "d"}), ElementsAre("ab", "", "cd"));
}

TEST(LineCutter, ALongerLineComesInPieces) {
  const std::vector<std::string> lines = lines_of({std::string(limits::log_line_max, 'x'), "yz\n"});
  EXPECT_THAT(lines, ElementsAre(std::string(limits::log_line_max, 'x'), "yz"));
}

TEST(LineCutter, SecretsAreConcealed) {
  const std::vector<std::string> secrets = {"hush hush"};
  EXPECT_THAT(lines_of({"my key is hush", " hush.\n", "hush hush"}, secrets), ElementsAre("my key is ***.", "***"));
}

TEST(LineCutter, NoPieceEndsInASecret) {
  const std::vector<std::string> secrets = {"hush hush and more", "hush hush", "quiet"};
  const std::vector<std::string> texts = {"hush hush", "quiet", "hush hush and more",
                                          "hush hush quiet hush hush and more"};
  for (const std::string& text : texts) {
    for (std::size_t before = limits::log_line_max - 50; before < limits::log_line_max + 30; ++before) {
      for (std::size_t at = 0; at <= text.size(); at += 3) {
        const std::string first = std::string(before, 'x') + text.substr(0, at);
        const std::string all = joined(lines_of({first, text.substr(at) + "yy\n"}, secrets));
        ASSERT_EQ(all, std::string(before, 'x') + conceal(text, secrets) + "yy") << text << " at " << before;
      }
    }
  }
}

TEST(LineCutter, ASecretMayBeLongerThanALine) {
  const std::vector<std::string> secrets = {std::string(3 * limits::log_line_max, 's')};
  const std::vector<std::string> lines =
      lines_of({"begin ", secrets[0].substr(0, 20'000), secrets[0].substr(20'000), " end"}, secrets);
  EXPECT_EQ(joined(lines), "begin *** end");
}

}  // namespace
}  // namespace outfall
