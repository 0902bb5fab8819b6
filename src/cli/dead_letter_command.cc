// SPDX-License-Identifier: Apache-2.0
//
// dead-letter list, show, export and drop.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/quantities.h"
#include "cli/shell_words.h"
#include "cli/status_text.h"
#include "cli/stop_signals.h"
#include "cli/terminal.h"
#include "outfall/dead_letter.h"
#include "outfall/status.h"

namespace outfall::cli {
namespace {

/// Characters of a row in a list; show has all of it.
constexpr std::size_t row_columns_max = 100;

std::string line(std::string_view label, std::string_view text) {
  return fmt::format("  {:<12}{}\n", label, text);
}

std::string time_text(const Time& time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

/// Bytes that may be no text, as a terminal can show them: everything beyond ASCII that is broken, and nothing else,
/// is written as an escape.
std::string shown_row(std::string_view bytes) {
  std::string out;
  std::size_t at = 0;
  const auto continues = [&](std::size_t place) {
    return place < bytes.size() && (static_cast<unsigned char>(bytes[place]) & 0xC0) == 0x80;
  };
  while (at < bytes.size()) {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const std::size_t length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    bool is_whole = first < 0x80 || (first >= 0xC2 && first <= 0xF4);
    for (std::size_t i = 1; i < length; ++i) is_whole = is_whole && continues(at + i);
    if (is_whole) {
      out.append(bytes, at, length);
      at += length;
    } else {
      out += fmt::format("\\x{:02x}", first);
      ++at;
    }
  }
  return one_line(out);
}

bool is_whole(const DeadLetter& letter) {
  return letter.text.size() == letter.text_bytes;
}

std::string cut_text(const DeadLetter& letter) {
  return fmt::format("the first {} of {}", bytes_text(letter.text.size()), bytes_text(letter.text_bytes));
}

std::string place_text(const DeadLetter& letter) {
  if (letter.column == 0) return fmt::format("{}, row {}", one_line(letter.input), letter.line);
  return fmt::format("{}, line {}, column {}", one_line(letter.input), letter.line, letter.column);
}

std::string status_text(const DeadLetter& letter) {
  if (letter.status == "dropped") return fmt::format("dropped: its {} are gone", bytes_text(letter.text_bytes));
  if (letter.replay_load_id.empty()) return letter.status;
  return fmt::format("{} by load {}", letter.status, letter.replay_load_id);
}

std::string overtaken_text(const DeadLetter& letter) {
  return fmt::format("perhaps: load {} has delivered later rows of its table, and one may have its primary key",
                     letter.overtaken_by);
}

std::string letter_lines(const DeadLetter& letter) {
  std::string out = fmt::format("{}  {}, table {}, {}\n", letter.id, letter.pipeline, one_line(letter.table),
                                time_text(letter.rejected_at));
  out += line("where", place_text(letter));
  if (letter.status != "open") out += line("status", status_text(letter));
  if (!letter.overtaken_by.empty()) out += line("overtaken", overtaken_text(letter));
  out += line("reason", shortened(one_line(letter.reason), reason_columns_max));
  if (letter.status == "dropped") return out;
  return out + line("row", shortened(shown_row(letter.text.substr(0, row_columns_max * 4)), row_columns_max));
}

Status print_letter(const DeadLetter& letter, ReportForm form) {
  return write_output(form == ReportForm::json ? to_json(letter) + "\n" : letter_lines(letter));
}

/// What brings a load to its end; empty: somebody is at it.
std::string way_on(const PipelineStatus& pipeline, const std::string& load_id, const TypedPlace& place) {
  if (pipeline.holder) return "";
  const std::string named = shell_word(pipeline.name) + place_words(place);
  const auto load = std::ranges::find(pipeline.packages, load_id, &PackageStatus::load_id);
  if (load != pipeline.packages.end() && load->state == PackageState::failed)
    return fmt::format(": it waits for a person, see `outfall status {}`", named);
  return ": " + finisher_text(pipeline.destination, named);
}

/// "2 are being replayed by load L: `outfall resume NAME` finishes it", for each load that brings letters of the choice
/// once more. Empty: none does.
Result<std::string> replaying_text(const DeadLetterCommand& command) {
  struct Load {
    std::string pipeline;
    std::uint64_t letters = 0;
  };
  std::map<std::string, Load> loads;
  DeadLetterOptions replaying = command.letters;
  replaying.status = "replaying";
  replaying.limit.reset();
  const Status visited = visit_dead_letters(replaying, [&](const DeadLetter& letter) -> Result<bool> {
    Load& load = loads[letter.replay_load_id];
    load.pipeline = letter.pipeline;
    ++load.letters;
    return true;
  });
  if (!visited) return fail(visited.error());
  const TypedPlace place{.data_dir = command.letters.data_dir, .state = command.letters.state};
  std::string text;
  for (const auto& [load_id, load] : loads) {
    const auto found = outfall::status({.data_dir = place.data_dir, .state = place.state, .pipeline = load.pipeline});
    if (!found) return fail(found.error());
    if (!text.empty()) text += "; ";
    text += fmt::format("{} {} being replayed by load {}", count_text(load.letters), load.letters == 1 ? "is" : "are",
                        load_id);
    for (const PipelineStatus& pipeline : found->pipelines) text += way_on(pipeline, load_id, place);
  }
  return text;
}

int list_none(const DeadLetterCommand& command) {
  const Result<std::string> replaying =
      command.letters.status == "open" ? replaying_text(command) : Result<std::string>();
  if (!replaying) return complain(replaying.error());
  return print(replaying->empty() ? "no dead letters\n" : "no open dead letters; " + *replaying + "\n");
}

int list(const DeadLetterCommand& command) {
  const Result<std::uint64_t> count = count_dead_letters(command.letters);
  if (!count) return complain(count.error());
  std::uint64_t shown = 0;
  const Status visited = visit_dead_letters(command.letters, [&](const DeadLetter& letter) -> Result<bool> {
    ++shown;
    const Status printed = print_letter(letter, command.form);
    return printed ? Result<bool>(true) : fail(printed.error());
  });
  if (!visited) return complain(visited.error());
  if (command.form == ReportForm::text && *count == 0) return list_none(command);
  if (*count > shown) std::fprintf(stderr, "%s more: --limit N shows more\n", count_text(*count - shown).c_str());
  return 0;
}

int show(const DeadLetterCommand& command) {
  const Result<DeadLetter> found = find_dead_letter(command.letters.data_dir, command.id, command.letters.state);
  if (!found) return complain(found.error());
  const DeadLetter& letter = *found;
  if (command.form == ReportForm::json) {
    const Status printed = print_letter(letter, command.form);
    return printed ? 0 : complain(printed.error());
  }
  std::string text = letter.id + "\n";
  text += line("pipeline", letter.pipeline);
  text += line("table", one_line(letter.table));
  text += line("where", place_text(letter));
  if (letter.column > 0) {
    text += line("begins",
                 fmt::format("at byte {} of the input{}", letter.offset,
                             letter.input.ends_with(".gz") || letter.input.ends_with(".zst") ? ", decompressed" : ""));
  }
  text += line("rejected",
               fmt::format("{} by run {}, load {}", time_text(letter.rejected_at), letter.run_id, letter.load_id));
  if (letter.status != "open") text += line("status", status_text(letter));
  if (!letter.job_file.empty()) {
    text += line("sent", fmt::format("as row {} of {}, {}", letter.row, letter.job_file,
                                     count_text(letter.attempts, "attempt")));
  }
  if (!letter.key.empty()) text += line("key", letter.key);
  if (!letter.primary_key.empty()) text += line("primary key", one_line(letter.primary_key));
  if (!letter.overtaken_by.empty()) text += line("overtaken", overtaken_text(letter));
  text += line("reason", one_line(letter.reason));
  if (!letter.hint.empty()) text += line("hint", one_line(letter.hint));
  if (!is_whole(letter) && letter.status != "dropped") text += line("kept", cut_text(letter));
  if (!letter.header.empty()) text += line("header", shown_row(letter.header));
  if (letter.status != "dropped") text += line("row", shown_row(letter.text));
  const Status printed = write_output(text);
  return printed ? 0 : complain(printed.error());
}

/// One input can hold the rows if they have one header, or none has any.
Result<std::string> common_header(const DeadLetterOptions& letters) {
  std::optional<std::string> header;
  const auto shown = [](const std::string& text) { return text.empty() ? "none" : "'" + shown_row(text) + "'"; };
  const Status visited = visit_dead_letters(letters, [&](const DeadLetter& letter) -> Result<bool> {
    if (!is_whole(letter)) return true;
    if (!header) header = letter.header;
    if (*header == letter.header) return true;
    return fail(
        Error{.message = fmt::format("the rows come from inputs of several forms: {} has the header {}, those "
                                     "before it have {}",
                                     letter.id, shown(letter.header), shown(*header)),
              .hint = "choose those of one input, one table or one reason: --input FILE, --table NAME, --reason TEXT",
              .blame = Blame::usage});
  });
  if (!visited) return fail(visited.error());
  return header.value_or("");
}

/// Outside of texts JSON does not care about line ends, and inside they are not allowed: a blank is as good. In
/// separated text they may be part of a field.
std::string exported_row(const DeadLetter& letter) {
  std::string row = letter.text;
  if (letter.header.empty()) std::ranges::replace_if(row, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return row + "\n";
}

int export_rows(const DeadLetterCommand& command) {
  const Result<std::string> header = common_header(command.letters);
  if (!header) return complain(header.error());
  Status written = header->empty() ? Status() : write_output(*header + "\n");
  std::uint64_t exported = 0;
  std::uint64_t left_out = 0;
  const Status visited = visit_dead_letters(command.letters, [&](const DeadLetter& letter) -> Result<bool> {
    if (written && is_whole(letter)) {
      written = write_output(exported_row(letter));
      ++exported;
    } else if (written) {
      std::fprintf(stderr, "left out    %s: only %s is kept; the row begins at byte %s of %s\n", letter.id.c_str(),
                   cut_text(letter).c_str(), count_text(letter.offset).c_str(), one_line(letter.input).c_str());
      ++left_out;
    }
    return written ? Result<bool>(true) : fail(written.error());
  });
  if (!visited) return complain(visited.error());
  std::fprintf(stderr, "exported    %s\n", count_text(exported, "row").c_str());
  return left_out == 0 ? 0 : 1;
}

std::string drop_question(const DeadLetterCommand& command, std::uint64_t count) {
  return command.id.empty() ? fmt::format("drop {} for good?", count_text(count, "dead letter"))
                            : fmt::format("drop dead letter {} for good?", command.id);
}

Status agree(const DeadLetterCommand& command) {
  if (command.consent == Consent::given) return {};
  const Result<std::uint64_t> count =
      command.id.empty() ? count_dead_letters(command.letters) : Result<std::uint64_t>(1);
  if (!count) return fail(count.error());
  const std::uint64_t asked = std::min<std::uint64_t>(*count, command.letters.limit.value_or(*count));
  if (asked == 0) return {};
  const std::string question = drop_question(command, asked);
  const auto refuse = [](std::string message, std::string hint) {
    return fail(Error{.message = std::move(message), .hint = std::move(hint), .blame = Blame::usage});
  };
  const std::optional<bool> answer = ask(question);
  if (!answer) return refuse(question + " nobody can be asked", "--yes drops them without asking");
  return *answer ? Status() : refuse("nothing was dropped", "");
}

int drop(const DeadLetterCommand& command) {
  if (const Status agreed = agree(command); !agreed) return complain(agreed.error());
  const StopSignals signals;
  const Result<std::uint64_t> dropped = drop_dead_letters({.letters = command.letters,
                                                           .id = command.id,
                                                           .lock_wait = command.lock_wait,
                                                           .waiting = say_waiting,
                                                           .stop = signals.token()});
  if (!dropped) return complain(dropped.error());
  // That they are dropped stays the exit code.
  if (command.form == ReportForm::json) (void)write_output(fmt::format("{{\"dropped\":{}}}\n", *dropped));
  std::fprintf(stderr, "dropped     %s\n", count_text(*dropped, "dead letter").c_str());
  if (!command.id.empty()) return 0;
  const Result<std::string> replaying = replaying_text(command);
  if (replaying && !replaying->empty()) std::fprintf(stderr, "not dropped %s\n", replaying->c_str());
  return 0;
}

}  // namespace

int dead_letter(const DeadLetterCommand& command) {
  switch (command.verb) {
    case DeadLetterVerb::list:
      return list(command);
    case DeadLetterVerb::show:
      return show(command);
    case DeadLetterVerb::export_rows:
      return export_rows(command);
    case DeadLetterVerb::drop:
      return drop(command);
  }
  return 0;
}

}  // namespace outfall::cli
