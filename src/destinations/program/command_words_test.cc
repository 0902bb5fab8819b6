// SPDX-License-Identifier: Apache-2.0
#include "destinations/program/command_words.h"

#include <gmock/gmock.h>
#include <stdlib.h>

namespace outfall::destinations::program {
namespace {

/// What the word stands for that the command begins with; "?" where only the shell knows.
std::string program_of(std::string_view command) {
  const auto start = start_of(command);
  return start ? start->text : "?";
}

class CommandWords : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("HOME", "/home/ann", 1);
    ::setenv("TOOLS", "/opt/two words", 1);
    ::unsetenv("NOBODY");
  }
};

TEST_F(CommandWords, QuotesAreTakenOff) {
  EXPECT_EQ(program_of("./push.sh --flag"), "./push.sh");
  EXPECT_EQ(program_of("'./my push.sh' x"), "./my push.sh");
  EXPECT_EQ(program_of("\"./my \\\"push\\\".sh\""), "./my \"push\".sh");
  EXPECT_EQ(program_of("\"./a\\b\""), "./a\\b");
  EXPECT_EQ(program_of("./my\\ push.sh"), "./my push.sh");
  EXPECT_EQ(program_of("./'my 'push.sh"), "./my push.sh");
}

TEST_F(CommandWords, HomeAndVariablesHaveTheirValues) {
  EXPECT_EQ(program_of("~/push.sh"), "/home/ann/push.sh");
  EXPECT_EQ(program_of("'~/push.sh'"), "~/push.sh");
  EXPECT_EQ(program_of("\"$HOME/push.sh\""), "/home/ann/push.sh");
  EXPECT_EQ(program_of("${HOME}/push.sh"), "/home/ann/push.sh");
  EXPECT_EQ(program_of("\"$TOOLS/push.sh\""), "/opt/two words/push.sh");
  EXPECT_EQ(program_of("a~/push.sh"), "a~/push.sh");
}

TEST_F(CommandWords, AWordEndsAtASignOfTheShell) {
  EXPECT_EQ(program_of("./push.sh>out"), "./push.sh");
  EXPECT_EQ(program_of("./push.sh;true"), "./push.sh");
  EXPECT_EQ(program_of("./push.sh|tee x"), "./push.sh");
  EXPECT_EQ(program_of("cd /x && ./push.sh"), "cd");
}

TEST_F(CommandWords, WhatOnlyTheShellKnowsIsLeftToIt) {
  for (const char* command : {"",
                              "  ",
                              "$TOOLS/push.sh",
                              "$NOBODY/push.sh",
                              "$OUTFALL_TABLE.sh",
                              "\"$OUTFALL_TABLE\"",
                              "$PWD/push.sh",
                              "~bob/push.sh",
                              "$(which push)",
                              "`which push`",
                              "\"`which push`\"",
                              "${HOME:-x}/push.sh",
                              "./push*",
                              "(cat; echo)",
                              "push() { cat; }",
                              "{ cat; }",
                              "! cat",
                              "# none",
                              "2>errors cat",
                              "> out cat",
                              "'open",
                              "\"open",
                              "cat\\",
                              "A=1",
                              "A=1; cat",
                              "A=$(x) cat",
                              "PATH=$NOBODY cat",
                              "''"}) {
    EXPECT_EQ(program_of(command), "?") << command;
  }
}

TEST_F(CommandWords, AssignmentsStandBeforeTheProgram) {
  const std::string command = " LANG=C  NAME='a b' PATH=\"$HOME/bin\" push --flag";
  const auto start = start_of(command);
  ASSERT_TRUE(start);
  EXPECT_EQ(start->assignments, "LANG=C  NAME='a b' PATH=\"$HOME/bin\" ");
  EXPECT_EQ(start->written, "push");
  EXPECT_TRUE(start->sets_path);
  EXPECT_FALSE(start_of("TOKEN=$NOBODY push")->sets_path);
  EXPECT_EQ(program_of("'A=1' x"), "A=1");
}

TEST_F(CommandWords, TheShellBecomesTheProgram) {
  EXPECT_EQ(in_place_of_the_shell("./notify.py --flag"), "exec ./notify.py --flag");
  EXPECT_EQ(in_place_of_the_shell("A=1 B='x y' ./notify.py | tee log"), "A=1 B='x y' exec ./notify.py | tee log");
  EXPECT_EQ(in_place_of_the_shell("$(which notify)"), "exec $(which notify)");
}

}  // namespace
}  // namespace outfall::destinations::program
