// SPDX-License-Identifier: Apache-2.0
//
// Lays help out in two columns.
#include "cli/help.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

namespace outfall::cli {
namespace {

constexpr std::size_t left_columns = 34;
constexpr std::size_t all_columns = 100;

// Breaks a description at spaces; lines after the first begin where the first one did.
std::string wrapped(std::string_view text) {
  std::string out;
  std::size_t column = left_columns;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (column > left_columns && column + 1 + word.size() > all_columns) {
      out += "\n" + std::string(left_columns, ' ');
      column = left_columns;
    } else if (column > left_columns) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string row(const std::string& left, std::string_view right) {
  if (left.size() + 2 > left_columns) {
    return fmt::format("{}\n{}{}\n", left, std::string(left_columns, ' '), wrapped(right));
  }
  return fmt::format("{:<{}}{}\n", left, left_columns, wrapped(right));
}

std::string option_names(const CLI::Option& option) {
  if (option.get_positional()) return fmt::format("  {}", option.get_type_name());
  std::string names = option.get_snames().empty() ? "      " : fmt::format("  -{}, ", option.get_snames().front());
  names += fmt::format("--{}", option.get_lnames().front());
  if (option.get_type_size() > 0) names += " " + option.get_type_name();
  return names;
}

std::string options_of(const CLI::App& app) {
  std::string out;
  for (const std::string& group : app.get_groups()) {
    std::string rows;
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_group() == group) rows += row(option_names(*option), option->get_description());
    }
    if (!rows.empty()) out += fmt::format("\n{}:\n{}", group, rows);
  }
  return out;
}

}  // namespace

std::string help_text(const CLI::App& app) {
  std::string out = app.get_description() + "\n\n" + app.get_footer() + "\n";
  std::string commands;
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    commands += row("  " + command->get_name(), command->get_description());
  }
  if (!commands.empty()) out += "\nCommands:\n" + commands;
  out += options_of(app);
  return out;
}

}  // namespace outfall::cli
