// SPDX-License-Identifier: Apache-2.0
//
// Lays the report out. Every line makes sense alone and without colour.
#include "cli/report_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "cli/quantities.h"
#include "cli/shell_words.h"

namespace outfall::cli {
namespace {

/// More inputs than these are counted, not listed: a glob may match 100,000 files. The JSON report has them all.
constexpr std::size_t inputs_shown_max = 20;
constexpr std::size_t notes_shown_max = 20;

/// More new columns than these are counted.
constexpr std::size_t columns_shown_max = 8;

/// More rejected rows than these are counted: the first tell what is wrong.
constexpr std::size_t rejects_shown_max = 3;

/// Characters of an error or a note, which may repeat what a program said; JSON has all of them.
constexpr std::size_t message_columns_max = 2000;

std::string labelled(std::string_view label, std::string_view text) {
  return fmt::format("{:<12}{}\n", label, text);
}

/// Words that DuckDB takes for its own where a table's name stands, each between blanks.
constexpr std::string_view reserved_words =
    " "
    "all analyse analyze and anti any array as asc asof asymmetric at authorization binary both by case cast "
    "check collate collation column columns concurrently constraint create cross default deferrable desc "
    "describe distinct do else end except false fetch for foreign freeze from full generated glob group "
    "having ilike in initially inner intersect into is isnull join lambda lateral leading left like limit "
    "map natural not notnull null offset on only or order outer overlaps pivot pivot_longer pivot_wider "
    "placing positional primary qualify references returning right select semi show similar some struct "
    "summarize symmetric table tablesample then to trailing true try_cast union unique unpack unpivot using "
    "variadic verbose when where window with ";

bool is_plain_identifier(const std::string& name) {
  if (reserved_words.contains(fmt::format(" {} ", name))) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || digit(c); });
}

std::string rejected_text(const InputReport& input) {
  return input.rejected == 0 ? "" : fmt::format(", {} rejected", count_text(input.rejected));
}

std::string skipped_text(const InputReport& input) {
  if (input.run.empty()) return "skipped";
  return input.aborted
             ? fmt::format("skipped: sealed by run {}, and given up (aborted) as far as not delivered", input.run)
             : fmt::format("skipped: loaded by run {}", input.run);
}

std::string planned_input_text(const InputReport& input) {
  std::string size =
      fmt::format("{}{}, {}", count_text(input.documents, "document"), rejected_text(input), bytes_text(input.bytes));
  switch (input.fate) {
    case InputFate::loaded:
      return "would be loaded, " + size;
    case InputFate::finished:
    case InputFate::pending:
      return fmt::format("was sealed by run {}, would be finished, not loaded again", input.run);
    case InputFate::changed:
      return "changed since: would be loaded again, " + size;
    case InputFate::bad:
      return "would be left out: it is bad";
    case InputFate::missing:
      return "is not there";
    case InputFate::skipped:
      return "would be " + skipped_text(input);
  }
  return size;
}

// Read and sealed by this run, and not delivered.
bool is_pending_here(const Report& report, const InputReport& input) {
  return input.fate == InputFate::pending && input.run == report.run_id;
}

// All of its rows are settled: the destination could not be told so.
bool is_end_untold(const Report& report, const PackageReport& package) {
  const bool has_ends = report.mode == DeliveryMode::at_least_once || report.mode == DeliveryMode::idempotency_key;
  return has_ends && package.rows == 0;
}

bool is_delivered_here(const Report& report, const InputReport& input) {
  return input.documents > 0 && std::ranges::any_of(report.pending_packages, [&](const PackageReport& package) {
           return !package.resumed && is_end_untold(report, package);
         });
}

std::string pending_here_text(const Report& report, const InputReport& input) {
  return is_delivered_here(report, input) ? "delivered, end not told" : "sealed, pending";
}

std::string input_text(const Report& report, const InputReport& input) {
  const std::string run = input.run.empty() ? "" : " " + input.run;
  std::string fate;
  switch (input.fate) {
    case InputFate::loaded:
      fate = "loaded";
      break;
    case InputFate::finished:
      fate = "finished from run" + run;
      break;
    case InputFate::pending:
      fate = is_pending_here(report, input) ? pending_here_text(report, input) : "sealed by run" + run + ", pending";
      break;
    case InputFate::changed:
      fate = "changed since: loaded again";
      break;
    case InputFate::bad:
      fate = "left out: it is bad";
      break;
    case InputFate::missing:
      fate = "is not there";
      break;
    case InputFate::skipped:
      fate = skipped_text(input);
      break;
  }
  const bool read_now = input.fate == InputFate::loaded || input.fate == InputFate::changed;
  if (!read_now && !is_pending_here(report, input)) return fate;
  return fmt::format("{}, {}{}, {}", fate, count_text(input.documents, "document"), rejected_text(input),
                     bytes_text(input.bytes));
}

// Read in vain: the run ended before the seal.
bool is_lost(const Report& report, const InputReport& input) {
  const bool read = input.fate == InputFate::loaded || input.fate == InputFate::changed;
  const bool finished = report.ending == Ending::delivered || report.ending == Ending::rejected;
  return !finished && report.packages.empty() && read;
}

std::string inputs_text(const Report& report) {
  std::string out;
  std::size_t shown = 0;
  const auto show = [&](const InputReport& input) {
    if (is_lost(report, input) || shown++ >= inputs_shown_max) return;
    const std::string called = input.run_key.empty() ? input.path : "run key " + input.run_key;
    out += labelled("input",
                    one_line(called + ": " + (report.dry_run ? planned_input_text(input) : input_text(report, input))));
  };
  // Among thousands of files the few that are new are what somebody looks for.
  const bool are_many = report.inputs.size() > inputs_shown_max;
  for (const InputReport& input : report.inputs) {
    if (!are_many || input.fate != InputFate::skipped) show(input);
  }
  for (const InputReport& input : report.inputs) {
    if (are_many && input.fate == InputFate::skipped) show(input);
  }
  if (shown > inputs_shown_max) {
    out += labelled("inputs", fmt::format("{} more (--json lists all)", count_text(shown - inputs_shown_max)));
  }
  return out;
}

std::string new_columns_text(const TableReport& table) {
  if (table.new_columns.empty()) return "";
  std::string out;
  for (const std::string& column : table.new_columns | std::views::take(columns_shown_max)) {
    out += (out.empty() ? "" : ", ") + one_line(column);
  }
  const std::size_t more = table.new_columns.size() - std::min(table.new_columns.size(), columns_shown_max);
  return more == 0 ? out : fmt::format("{} and {} more", out, count_text(more));
}

/// Behind the number of rows to add.
std::string plan_text(const RowPlan& plan) {
  return fmt::format("to add, {} to change, {} to delete", count_text(plan.change),
                     plan.remove ? count_text(*plan.remove) : "unknown");
}

/// `merged: 3 inserted, 2 deleted`
std::string merged_text(const MergeReport& merged) {
  std::string text;
  for (const auto& [count, word] : {std::pair{merged.inserted, "inserted"}, std::pair{merged.updated, "updated"},
                                    std::pair{merged.removed, "deleted"}, std::pair{merged.ended, "ended"},
                                    std::pair{merged.duplicates, "left out for another with the same key"}}) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count_text(count), word);
  }
  return text.empty() ? "nothing changed" : text;
}

std::string tables_text(const Report& report) {
  std::size_t width = 0;
  std::size_t digits = 0;
  for (const TableReport& table : report.tables) {
    width = std::max(width, shown_length(one_line(table.name)));
    digits = std::max(digits, count_text(table.rows).size());
  }
  std::string out;
  for (const TableReport& table : report.tables) {
    const std::string name = one_line(table.name);
    std::string line = name + std::string(width - shown_length(name), ' ');
    line += fmt::format("  {:>{}} {}", count_text(table.rows), digits,
                        table.plan ? plan_text(*table.plan) : std::string(table.rows == 1 ? "row" : "rows"));
    if (table.rows_pending > 0) {
      // Of a resume the rows are those that it has delivered.
      const bool are_all = table.rows_pending == table.rows && !report.inputs.empty();
      line += are_all ? "  pending" : fmt::format("  {} pending", count_text(table.rows_pending));
    }
    if (table.merged) line += "  merged: " + merged_text(*table.merged);
    if (table.created) {
      line += report.dry_run ? "  would be created" : "  created";
    } else if (!table.new_columns.empty()) {
      line += (report.dry_run ? "  would get columns: " : "  new columns: ") + new_columns_text(table);
    }
    out += labelled("table", line);
  }
  return out;
}

/// The rows stand below, as they are.
std::string first_call_text(const Report& report) {
  if (!report.first_call) return "";
  const FirstCall& call = *report.first_call;
  std::string out = labelled("first call", fmt::format("{}, {}", one_line(call.table), count_text(call.rows, "row")));
  for (const std::string& row : call.json) out += labelled("", one_line(row));
  return out;
}

std::string metrics_text(const Report& report) {
  std::string out;
  for (const auto& [name, sum] : report.metrics.counters)
    out += labelled("metric", fmt::format("{}: {}", one_line(name), count_text(sum)));
  for (const auto& [name, value] : report.metrics.gauges)
    out += labelled("metric", fmt::format("{}: {}", one_line(name), value));
  return out;
}

// As --column takes it: a column of a nested table goes by the keys that lead to it.
std::string column_path(const TableReport& table, const std::string& column) {
  const std::size_t root = table.parent.empty() ? std::string::npos : table.name.find("__");
  if (root == std::string::npos) return column;
  std::string path = table.name.substr(root + 2);
  for (std::size_t at = 0; (at = path.find("__", at)) != std::string::npos; ++at) path.replace(at, 2, ".");
  return path + "." + column;
}

std::string place_text(const std::string& input, std::uint64_t line) {
  std::string where = one_line(input);
  if (line > 0) where += fmt::format(":{}", line);
  return where.empty() ? "" : " at " + where;
}

std::string widened_text(const Report& report) {
  std::string out;
  for (const TableReport& table : report.tables) {
    for (const WidenedReport& column : table.widened) {
      out += labelled("widened", fmt::format("{}.{}: {} instead of {}, to take {}{}", one_line(table.name),
                                             one_line(column.column), one_line(column.to), one_line(column.from),
                                             one_line(column.first_value), place_text(column.input, column.line)));
    }
  }
  return out;
}

std::string discarded_text(const Report& report) {
  std::string out;
  for (const DiscardReport& one : report.discarded) {
    const bool is_table = one.column.empty();
    const std::string what = one_line(is_table ? one.table : one.table + "." + one.column);
    out += labelled("left out", fmt::format("{}: {} by the contract ({}: discard_value), first {}{}", what,
                                            count_text(one.values, is_table ? "row" : "value"), one.entity,
                                            one_line(one.first_value), place_text(one.input, one.line)));
  }
  return out;
}

std::string variants_text(const Report& report, const Terminal& terminal) {
  std::string out;
  for (const TableReport& table : report.tables) {
    for (const VariantReport& variant : table.variants) {
      out += labelled("variant", fmt::format("{}.{}: a value that {} does not take, first {}{}", one_line(table.name),
                                             one_line(variant.column), one_line(variant.base_column),
                                             one_line(variant.first_value), place_text(variant.input, variant.line)));
      out +=
          fmt::format("{}{} {}in a new dataset --column {}\n", std::string(12, ' '),
                      painted(terminal, Color::cyan, "hint:"), variant.is_stated ? "" : "--type-conflicts widen, or ",
                      quoted_word(column_path(table, variant.base_column) + ":text"));
    }
  }
  return out;
}

/// Whether a note says that the pipeline itself has loaded the content before, and nothing more: it ends with the load.
bool is_of_known_content(const std::string& note) {
  constexpr std::string_view words = " as load ";
  const std::size_t found = note.rfind(words);
  return found != std::string::npos && note.contains(" was already loaded at ") &&
         note.find(' ', found + words.size()) == std::string::npos;
}

std::string notes_text(const Report& report, const Terminal& terminal) {
  std::string out;
  std::size_t told = 0;
  const auto note = [&](const std::string& text) {
    if (++told > notes_shown_max) return;
    out += fmt::format("{} {}\n", painted(terminal, Color::yellow, "note:"),
                       shortened(one_line(text), message_columns_max));
  };
  std::ranges::for_each(report.notes, note);
  if (report.duplicate_keys > 0) {
    note(fmt::format("{} inside one document: the last value won", count_text(report.duplicate_keys, "repeated key")));
  }
  for (const InputReport& input : report.inputs) std::ranges::for_each(input.notes, note);
  if (told > notes_shown_max) {
    out += fmt::format("{} {} more like these (--json lists all)\n", painted(terminal, Color::yellow, "note:"),
                       count_text(told - notes_shown_max));
  }
  const bool again = std::ranges::any_of(report.inputs, [](const InputReport& input) {
    return input.fate == InputFate::loaded && std::ranges::any_of(input.notes, is_of_known_content);
  });
  // What is merged by its keys comes to the same again.
  const bool is_merged =
      std::ranges::any_of(report.tables, [](const TableReport& table) { return table.merged.has_value(); });
  if (again && !is_merged) {
    out += fmt::format("{} --skip-loaded takes only new content, --write-disposition replace empties the table first\n",
                       painted(terminal, Color::cyan, "hint:"));
  }
  return out;
}

std::string rejects_text(const Report& report, const ReportView& view) {
  std::string out;
  for (const RejectReport& reject : report.rejects | std::views::take(rejects_shown_max)) {
    const std::string place = reject.column == 0 ? fmt::format(", row {}", reject.line)
                                                 : fmt::format(", line {}, column {}", reject.line, reject.column);
    out += labelled("rejected", fmt::format("{}{}: {}", one_line(reject.input), place,
                                            shortened(one_line(reject.reason), reason_columns_max)));
    // Rows that are bad in the same way are told once what to do.
    const bool is_told = &reject != &report.rejects.front() && (&reject - 1)->hint == reject.hint;
    if (!reject.hint.empty() && !is_told) {
      out += fmt::format("{}{} {}\n", std::string(12, ' '), painted(view.terminal, Color::cyan, "hint:"),
                         one_line(reject.hint));
    }
  }
  const std::uint64_t shown = std::min<std::uint64_t>(report.rejects.size(), rejects_shown_max);
  if (shown > 0 && report.balance.rejected > shown)
    out += labelled("", fmt::format("and {} more", count_text(report.balance.rejected - shown)));
  if (report.dead_letters > 0) {
    out +=
        fmt::format("{} rejected rows are kept: outfall dead-letter list {}{}\n",
                    painted(view.terminal, Color::cyan, "hint:"), shell_word(report.called), place_words(view.place));
  }
  return out;
}

std::string loads_text(const Report& report) {
  std::string out;
  for (const PackageReport& package : report.packages) {
    out += labelled("load", fmt::format("{}, {}{}", one_line(package.load_id), count_text(package.rows, "row"),
                                        package.resumed ? ", sealed by an earlier run" : ""));
  }
  return out;
}

/// Where another runner finds the state, and what it can promise with it.
std::string state_text(const StateReport& state) {
  std::string out = one_line(state.address);
  out += state.is_complete ? ", all is pushed" : state.pushed_at ? ", pushed in part" : ", nothing is pushed";
  if (!state.guarantee.empty()) out += "; a runner that goes on with it: " + state.guarantee;
  return labelled("state", out);
}

std::string time_text(const Report& report) {
  const double seconds = std::chrono::duration<double>(report.elapsed).count();
  std::string out = duration_text(report.elapsed);
  constexpr double rate_seconds_min = 1;  // a rate over less says nothing
  if (seconds >= rate_seconds_min && report.balance.in > 0) {
    const auto per_second = [&](std::uint64_t count) {
      return static_cast<std::uint64_t>(static_cast<double>(count) / seconds);
    };
    out += fmt::format(", {}/s", count_text(per_second(report.balance.in), "document"));
    if (report.bytes_read > 0) out += fmt::format(", {}/s", bytes_text(per_second(report.bytes_read)));
  }
  return out;
}

// What a program or a plugin keeps it alone can query.
bool answers_queries(const Report& report) {
  const bool is_database = report.mode == DeliveryMode::transactional || report.mode == DeliveryMode::table_by_table ||
                           report.mode == DeliveryMode::job_by_job;
  return is_database && !report.destination.starts_with("plugin:") && !report.destination.starts_with("custom:");
}

// The first root table is what somebody looks at first.
std::string query_text(const Report& report) {
  if (!answers_queries(report) || report.dry_run || report.balance.delivered == 0) return "";
  const auto root = std::ranges::find_if(report.tables, [](const TableReport& table) { return table.parent.empty(); });
  if (root == report.tables.end()) return "";
  std::string table = root->name;
  if (!is_plain_identifier(table)) {
    for (std::size_t at = 0; (at = table.find('"', at)) != std::string::npos; at += 2) table.insert(at, 1, '"');
    table = '"' + table + '"';
  }
  const std::string statement = fmt::format("select * from {} limit 10", table);
  const bool plain = statement == one_line(statement) && statement.find_first_of("\"$`\\!") == std::string::npos;
  return labelled("look",
                  fmt::format("outfall query {} --dataset {} {}", shell_word(report.destination),
                              shell_word(report.dataset), plain ? '"' + statement + '"' : shell_word(statement)));
}

std::string headline(const Report& report, const Terminal& terminal) {
  std::string where = report.destination;
  if (!report.dataset.empty()) where += fmt::format(", dataset {}", report.dataset);
  if (report.pipeline.empty()) return "";  // it failed before it was known which one it is
  std::string out = labelled("pipeline", painted(terminal, Color::bold, report.pipeline));
  out += labelled("destination", one_line(where));
  return out;
}

// The same command would send standard input a second time, and nothing tells that it is the same.
bool needs_sending(const Report& report) {
  return std::ranges::any_of(report.inputs, [&](const InputReport& input) {
    return input.path == "-" && input.run_key.empty() && is_pending_here(report, input);
  });
}

std::string resume_command(const Report& report, const ReportView& view) {
  return fmt::format("outfall resume {}{}{}", shell_word(report.called),
                     report.fails_on_reject ? " --on-reject fail" : "", place_words(view.place));
}

/// In batches, what is delivered of a package stays so when the rest is given up.
bool takes_batches(const Report& report) {
  return report.mode == DeliveryMode::at_least_once || report.mode == DeliveryMode::idempotency_key;
}

// No row waits, and the run is not at its end all the same.
bool waits_to_tell(const Report& report) {
  return report.balance.pending == 0 && report.ending == Ending::pending && !report.pending_packages.empty() &&
         is_end_untold(report, report.pending_packages.front());
}

// One that only empties tables has none, but for those that describe the load.
bool has_rows(const PackageReport& package) {
  return std::ranges::any_of(package.jobs, [](const JobReport& job) { return !job.table.starts_with("_dlt_"); });
}

// Rows of nested tables may wait where no document does.
bool is_unfinished(const Report& report) {
  return report.balance.pending > 0 || (report.ending == Ending::pending && !report.pending_packages.empty());
}

std::string_view resume_does(const Report& report) {
  if (!waits_to_tell(report)) return "delivers what is pending";
  return has_rows(report.pending_packages.front()) ? "tells it the end of the load again, and sends no row twice"
                                                   : "tells it of the load again";
}

// The destination has the others of their batch, and is not asked for a verdict again.
bool is_held(const Report& report) {
  return !report.pending_packages.empty() && report.pending_packages.front().held;
}

std::string let_go_text(const Report& report, const ReportView& view) {
  const std::string named = shell_word(report.called) + place_words(view.place);
  return fmt::format(
      "its verdict stands: `outfall resume {}` makes dead letters of the rejected rows and delivers the others, "
      "`outfall replay {}` sends the letters once more",
      named, named);
}

// The library does not know what was said of the place where its commands find the package.
Error with_place(const Report& report, const TypedPlace& place) {
  Error error = *report.error;
  const std::string words = place_words(place);
  for (const PackageReport& package : report.pending_packages) {
    for (const std::string_view verb : {"retry", "skip", "abort", "drop"}) {
      const std::string command = fmt::format("outfall package {} {}", verb, package.load_id);
      const std::size_t at = error.hint.find(command);
      if (at != std::string::npos) error.hint.insert(at + command.size(), words);
    }
  }
  return error;
}

std::string pending_text(const Report& report, const ReportView& view) {
  const std::string hint = painted(view.terminal, Color::cyan, "hint:");
  const bool is_stuck = report.error && report.error->remedy == Remedy::abandon && report.error->blame == Blame::run;
  // A resume alone would not try it again, and the error says what does.
  const bool has_failed =
      std::ranges::find(report.pending_packages, true, &PackageReport::failed) != report.pending_packages.end();
  if ((is_stuck || !report.error) && has_failed) return "";
  if (is_function(report.destination)) {
    return fmt::format("{} the program that has {} delivers what is pending (Pipeline::resume)\n", hint,
                       one_line(report.destination));
  }
  std::string out = is_stuck && report.fails_on_reject && is_held(report)
                        ? fmt::format("{} {}\n", hint, let_go_text(report, view))
                        : fmt::format("{} {}`{}`{} {}\n", hint, is_stuck ? "once the destination takes it, " : "",
                                      resume_command(report, view),
                                      needs_sending(report)   ? ", which needs nothing sent again,"
                                      : waits_to_tell(report) ? ""
                                                              : ", or the same command,",
                                      resume_does(report));
  if (is_stuck && waits_to_tell(report)) {
    const PackageReport& package = report.pending_packages.front();
    out += fmt::format("{} where it never takes it, `outfall package abort {}{}` ends the load{}\n", hint,
                       package.load_id, place_words(view.place), has_rows(package) ? ": its rows stay delivered" : "");
  } else if (is_stuck) {
    // Packages are delivered in their order: it is the first that is stuck.
    const bool is_known = !report.pending_packages.empty();
    const std::string_view verb = takes_batches(report) ? "abort" : "drop";
    out += is_known ? fmt::format("{} where it can never take it, `outfall package {} {}{}` gives it up\n", hint, verb,
                                  report.pending_packages.front().load_id, place_words(view.place))
                    : fmt::format(
                          "{} where it can never take it, `outfall package list{}` names it for `outfall "
                          "package {}`\n",
                          hint, place_words(view.place), verb);
  }
  return out;
}

}  // namespace

bool is_function(const std::string& destination) {
  return destination.starts_with("custom:");
}

// A database may answer in several lines, and a key may bring control characters; a message is one line of text.
std::string message_line(std::string message) {
  std::ranges::replace(message, '\n', ' ');
  return one_line(message);
}

std::string error_text(const Error& error, const Terminal& terminal) {
  std::string out = fmt::format("{} {}\n", painted(terminal, Color::red, "error:"),
                                shortened(message_line(error.message), message_columns_max));
  if (!error.hint.empty())
    out += fmt::format("{} {}\n", painted(terminal, Color::cyan, "hint:"), message_line(error.hint));
  return out;
}

std::string balance_text(const Report& report) {
  const Balance& balance = report.balance;
  if (report.dry_run && report.error) return "dry run: nothing was written";
  if (report.dry_run) {
    return fmt::format("would load {}{}, dry run: nothing was written",
                       count_text(balance.in - balance.rejected, "document"),
                       balance.rejected == 0 ? "" : fmt::format(" and reject {}", count_text(balance.rejected)));
  }
  std::string out = fmt::format("in {} = delivered {} + rejected {} + pending {}", balance.in, balance.delivered,
                                balance.rejected, balance.pending);
  if (report.ending == Ending::failed) return "failed: " + out;
  const bool is_stopped = report.ending == Ending::interrupted || report.ending == Ending::terminated;
  if (is_stopped) return "stopped: " + out;
  if (report.mode != DeliveryMode::none) return out + ", " + std::string(name(report.mode));
  return report.destination.starts_with("null:") ? out + ", nothing is kept (null:)" : out;
}

std::string report_text(const Report& report, const ReportView& view) {
  const Terminal& terminal = view.terminal;
  // Nothing was touched, so there is nothing to balance.
  if (report.ending == Ending::misuse || report.ending == Ending::busy) {
    return report.error ? error_text(*report.error, terminal) : "";
  }
  std::string out = headline(report, terminal);
  out += inputs_text(report);
  out += tables_text(report);
  out += first_call_text(report);
  out += widened_text(report);
  out += discarded_text(report);
  out += variants_text(report, terminal);
  out += rejects_text(report, view);
  out += loads_text(report);
  out += metrics_text(report);
  out += labelled("time", time_text(report));
  if (!report.data_dir.empty()) out += labelled("data dir", one_line(report.data_dir));
  if (report.state) out += state_text(*report.state);
  out += query_text(report);
  out += notes_text(report, terminal);
  if (report.error) out += error_text(with_place(report, view.place), terminal);
  if (is_unfinished(report)) out += pending_text(report, view);
  return out + balance_text(report) + "\n";
}

std::string report_json(Report report, const ReportView& view) {
  if (report.error) report.error = with_place(report, view.place);
  if (report.error && report.error->hint.empty() && is_unfinished(report)) {
    report.error->hint = report.fails_on_reject && is_held(report)
                             ? let_go_text(report, view)
                             : fmt::format("{} {}", resume_command(report, view), resume_does(report));
  }
  return to_json(report);
}

}  // namespace outfall::cli
