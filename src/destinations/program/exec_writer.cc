// SPDX-License-Identifier: Apache-2.0
#include "destinations/program/exec_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/conceal.h"
#include "base/counts.h"
#include "columnar/row_bytes.h"
#include "delivery/batch_file.h"
#include "delivery/table_changes.h"
#include "destinations/program/command_words.h"

namespace outfall::destinations::program {
namespace {

using Answer = LiveProgram::Answer;

/// How long a program may take to introduce itself, and to end when it was asked to.
constexpr std::chrono::seconds start_max{60};
constexpr std::chrono::seconds end_max{10};
/// The same of one that has closed its output: it is about to end, and how is worth knowing.
constexpr std::chrono::seconds last_end_max{1};

/// Of a batch with a longer text the next one is not made ahead: both are in memory.
constexpr std::size_t ahead_bytes_max = std::size_t{8} << 20;

constexpr std::string_view files_hint =
    R"(have it read the path of {"type":"file"} and say {"type":"ready","protocol":1,"files":true})";

/// A line of the protocol, as errors have it.
std::string called(std::string_view type, std::string_view table) {
  return table.empty() ? std::string(type) : fmt::format("{} of {}", type, table);
}

/// How a program has ended by itself.
std::string own_end(const ProgramEnd& end) {
  if (end.is_timed_out) return "the program has closed its output";
  const std::string how = end_text(end);
  if (how.empty()) return "the program has ended";
  return end.exit_code ? fmt::format("the program has ended ({})", how)
                       : fmt::format("the program was ended by {}", how);
}

/// Why a program is of no more use that was to answer this.
std::string fault_of(Answer::Kind kind, const ProgramEnd& end, const std::string& asked,
                     std::optional<std::chrono::nanoseconds> timeout) {
  switch (kind) {
    case Answer::Kind::ended:
      return fmt::format("{}, and had not answered {}", own_end(end), asked);
    case Answer::Kind::timed_out:
      return fmt::format("the program did not answer {} within {} and was killed", asked,
                         seconds_text(timeout.value_or(std::chrono::nanoseconds(0))));
    case Answer::Kind::stopped:
      return "the program was killed, because the run stops";
    case Answer::Kind::untimely:
      return fmt::format("the program has written more than its answer, before it was told {}", asked);
    case Answer::Kind::too_long:
      return fmt::format("the program's answer to {} is longer than {} MiB, and it was killed", asked,
                         program_line_bytes_max >> 20);
    case Answer::Kind::line:
      break;
  }
  return "";
}

std::string hint_of(Answer::Kind kind) {
  if (kind == Answer::Kind::too_long)
    return "an answer is one line; where it rejects very many rows, have reasons short, or say \"rows\":\"all\"";
  if (kind != Answer::Kind::timed_out) return "";
  return fmt::format("{}; does it flush its output? An answer that stays in its buffer is none", longer_hint);
}

/// With the names as people may see them.
Metrics concealed(const Metrics& metrics, const std::vector<std::string>& secrets) {
  Metrics shown;
  for (const auto& [name, by] : metrics.counters) shown.count(conceal(name, secrets), by);
  for (const auto& [name, value] : metrics.gauges) shown.gauge(conceal(name, secrets), value);
  return shown;
}

std::string correct_hint(const std::string& hint, const std::string& load_id) {
  return fmt::format(
      "{}{}correct the program: nothing of the batch was sent; `outfall package drop {}` takes the load "
      "back",
      hint, hint.empty() ? "" : "; ", load_id);
}

}  // namespace

Error no_files() {
  return {.message = R"(with --batch-size 0 it is given files, and it does not say "files":true when it is ready)",
          .hint = std::string(files_hint) + ", or give --batch-size a number of rows"};
}

ExecWriter::~ExecWriter() {
  end();
}

void ExecWriter::end() {
  if (!program_) return;
  const ProgramEnd ended = [this] {
    const delivery::CallWatch::Call call(setup_.watch.get(), [] { return "the program to end, as it was told"; });
    return program_->end(end_line(), end_max);
  }();
  log_.finish();
  program_.reset();
  if (setup_.noted) note_end(ended);
}

/// All that it was asked it has answered by then. Whoever wrote it may think that it had done more.
void ExecWriter::note_end(const ProgramEnd& end) {
  if (end.is_timed_out) {
    setup_.noted(fmt::format(
        R"(the program had not ended {} s after {{"type":"end"}} and was killed: let it end there, or with its standard )"
        "input",
        end_max.count()));
  } else if (end.signal != 0 || end.exit_code.value_or(0) != 0) {
    const std::string words = last_words(end, setup_.options.secrets);
    setup_.noted(fmt::format(R"({} after {{"type":"end"}}; what it had answered for counts{}{})", own_end(end),
                             words.empty() ? "" : ": ", words));
  }
}

Outcome ExecWriter::write(const delivery::Batch& batch) {
  // One that was started anew may be another one than was looked at.
  if (batch.is_file && !ready_.files) {
    return Outcome::fatal(R"(the batch was sent as a file, and the program does not say "files":true when it is ready)",
                          std::string(files_hint));
  }
  const auto now = setup_.board == nullptr ? nullptr : setup_.board->state();
  const bool is_known = now == nullptr || now == known_ || *now == *known_;
  const ledger::StateValues* news = is_known ? nullptr : now.get();
  std::shared_ptr<const delivery::BatchFile> file;
  if (batch.is_file) {
    auto written = delivery::BatchFile::write(batch);
    if (!written) return delivery::not_ready(written.error());
    file = std::move(*written);
    text_ = file_line(batch, file->path(), news);
  } else if (Status told = tell_rows(batch, news); !told) {
    return delivery::not_ready(told.error());
  }
  known_ = now;
  return ask({.type = "its batch", .text = text_, .stop = batch.stop, .rows = batch.size()},
             [&] { make_ahead(batch); });
}

bool ExecWriter::Ahead::are_of(const delivery::Batch& batch) const {
  return batch.keeps != nullptr && file.lock() == batch.keeps && format == batch.format && first == batch.first &&
         last == batch.last;
}

/// As a rule another batch of the same size comes next. Where it does not, nothing is lost but the time.
void ExecWriter::make_ahead(const delivery::Batch& batch) {
  ahead_.text.clear();
  ahead_.first = batch.last;
  ahead_.last = std::min(batch.last + batch.size(), batch.rows.row_count());
  ahead_.file = batch.keeps;
  ahead_.format = batch.format;
  const bool is_worth_it = !batch.is_file && is_lines(batch.format) && !ready_.row_keys && ahead_.first < ahead_.last &&
                           text_.size() <= ahead_bytes_max;
  // Why they cannot be read is told when they are to be sent.
  if (!is_worth_it ||
      !columnar::append_rows({batch.rows, batch.reader}, ahead_.first, ahead_.last, batch.format, ahead_.text)) {
    ahead_ = {};
  }
}

/// The batch's line, and its rows behind it.
Status ExecWriter::tell_rows(const delivery::Batch& batch, const ledger::StateValues* news) {
  if (is_lines(batch.format)) {
    text_ = batch_line(batch, {.row_keys = ready_.row_keys, .bytes = std::nullopt}, news);
    if (ready_.row_keys) return append_keyed(batch);
    if (ahead_.are_of(batch)) {
      text_ += ahead_.text;
      return {};
    }
    return columnar::append_rows({batch.rows, batch.reader}, batch.first, batch.last, batch.format, text_);
  }
  std::string bytes;
  Status told = columnar::append_rows({batch.rows, batch.reader}, batch.first, batch.last, batch.format, bytes);
  if (told) text_ = batch_line(batch, {.row_keys = false, .bytes = bytes.size()}, news) + bytes;
  return told;
}

Status ExecWriter::append_keyed(const delivery::Batch& batch) {
  std::string row;
  for (std::uint64_t i = batch.first; i < batch.last; ++i) {
    row.clear();
    Status told = columnar::append_rows({batch.rows, batch.reader}, i, i + 1, batch.format, row);
    if (!told) return told;
    // One row goes by the key of its batch, also where that is replayed.
    append_keyed_row(text_, batch.size() == 1 ? std::string(batch.key) : batch.row_key(i), row);
  }
  return {};
}

std::optional<Outcome> ExecWriter::resolve(const delivery::Batch& batch) {
  if (!ready_.resolves) return std::nullopt;
  return ask({.type = "resolve", .text = resolve_line(batch), .stop = batch.stop});
}

Outcome ExecWriter::tell(const delivery::Event& event) {
  if (Outcome ready = introduce(event.load_id, event.table, event.stop); ready.kind != Outcome::Kind::delivered) {
    return delivery::before_rows(std::move(ready));
  }
  switch (event.kind) {
    case delivery::Event::Kind::begin_table:
      return {};  // it was told so
    case delivery::Event::Kind::end_table:
      table_.clear();
      return ask({.type = "end_table",
                  .text = table_line("end_table", event.load_id, *event.table),
                  .stop = event.stop,
                  .table = event.table->name});
    case delivery::Event::Kind::complete_load:
      return ask({.type = "complete_load", .text = load_line("complete_load", event.load_id), .stop = event.stop});
    case delivery::Event::Kind::abort_load:
      return ask({.type = "abort_load", .text = load_line("abort_load", event.load_id), .stop = event.stop});
  }
  return {};
}

Result<Ready> ExecWriter::look(const std::stop_token& stop) {
  Outcome started = start(stop);
  if (started.kind == Outcome::Kind::delivered) return ready_;
  return fail(std::move(started.reason), std::move(started.hint));
}

/// A program is told once which format its rows have.
Outcome ExecWriter::prepare(const delivery::Batch& batch) {
  if (format_ != batch.format) end();
  format_ = batch.format;
  Outcome begun = introduce(batch.load_id, &batch.table, batch.stop);
  if (begun.kind == Outcome::Kind::unknown && !batch.stop.stop_requested()) {
    begun.hint = correct_hint(begun.hint, batch.load_id);
  }
  return delivery::before_rows(std::move(begun));
}

/// Sees to it that a program is there which knows of the load and the table.
Outcome ExecWriter::introduce(const std::string& load_id, const schema::Table* table, const std::stop_token& stop) {
  if (!program_) {
    load_id_.clear();
    table_.clear();
    if (Outcome started = start(stop); started.kind != Outcome::Kind::delivered) return started;
  }
  if (load_id_ != load_id) {
    Outcome told = ask({.type = "begin_load", .text = load_line("begin_load", load_id), .stop = stop});
    if (told.kind != Outcome::Kind::delivered) return told;
    load_id_ = load_id;
    table_.clear();
  }
  if (table != nullptr && table_ != table->name) {
    const TableChanges changes = delivery::changes_of(*table, setup_.before.get(), delivery::SystemColumns::left_out);
    Outcome told = ask({.type = "begin_table",
                        .text = table_line("begin_table", load_id, *table, &changes),
                        .stop = stop,
                        .table = table->name});
    if (told.kind != Outcome::Kind::delivered) return told;
    table_ = table->name;
  }
  return {};
}

Outcome ExecWriter::start(const std::stop_token& stop) {
  Result<LiveProgram> program = LiveProgram::start(setup_.guard, in_place_of_the_shell(setup_.options.command), {},
                                                   [this](std::string_view said) { log_.take(said); });
  if (!program) return delivery::retry_after(program.error());
  program_ = std::move(*program);
  known_ = setup_.board == nullptr ? nullptr : setup_.board->state();
  const auto longest = std::max<std::chrono::nanoseconds>(setup_.options.timeout.value_or(start_max), start_max);
  const delivery::CallWatch::Call call(setup_.watch.get(), [] { return "the answer to hello"; });
  const Answer answer = program_->ask(hello_line({.destination = setup_.destination,
                                                  .worker = setup_.worker,
                                                  .format = format_,
                                                  .options = setup_.options.own,
                                                  .state = known_.get()}),
                                      longest, stop);
  // Nothing was sent yet.
  const bool has_said = answer.kind == Answer::Kind::line || !answer.line.empty();
  if (!has_said || answer.kind == Answer::Kind::untimely) {
    Outcome outcome = gone(answer, "hello", longest);
    outcome.kind = Outcome::Kind::retry;
    if (outcome.hint.empty()) outcome.hint = ready_hint;
    return outcome;
  }
  // It may say what it was told.
  Result<Ready> ready = read_ready(answer.line);
  if (!ready) ready = read_ready(conceal(answer.line, setup_.options.secrets));
  if (ready) {
    ready_ = *ready;
    if (setup_.introduced) setup_.introduced(ready_);
    return {};
  }
  (void)leave(std::chrono::nanoseconds(0));
  return {.kind = Outcome::Kind::fatal, .reason = ready.error().message, .hint = ready.error().hint};
}

Outcome ExecWriter::ask(const Question& question, const std::function<void()>& meanwhile) {
  const delivery::CallWatch::Call call(setup_.watch.get(), [this, &question] {
    return question.rows > 0 ? fmt::format("the answer to {} of {}", counted(question.rows, "row"), table_)
                             : fmt::format("the answer to {}", called(question.type, question.table));
  });
  const Answer answer = program_->ask(question.text, setup_.options.timeout, question.stop, meanwhile);
  if (answer.kind != Answer::Kind::line)
    return gone(answer, called(question.type, question.table), setup_.options.timeout);
  ProgramAnswer said = read_answer(answer.line, question.rows);
  if (setup_.board != nullptr) setup_.board->count(concealed(said.metrics, setup_.options.secrets));
  changes_ = std::move(said.state);
  if (known_ != nullptr && !changes_.empty()) known_ = delivery::with_changes(*known_, changes_);
  if (said.outcome.kind == Outcome::Kind::unknown) {
    // It repeats the beginning of what was said.
    said.outcome.reason = read_answer(conceal(answer.line, setup_.options.secrets), question.rows).outcome.reason;
    (void)leave(std::chrono::nanoseconds(0));
  }
  if (question.rows == 0) {
    said.outcome.reason = fmt::format("{}: {}", called(question.type, question.table), said.outcome.reason);
  }
  return concealed(std::move(said.outcome), setup_.options.secrets);
}

/// What is not at its end by then is killed.
ProgramEnd ExecWriter::leave(std::chrono::nanoseconds grace) {
  ProgramEnd end = program_->end("", grace);
  log_.finish();
  program_.reset();
  return end;
}

Outcome ExecWriter::gone(const Answer& answer, const std::string& asked,
                         std::optional<std::chrono::nanoseconds> timeout) {
  const ProgramEnd end =
      leave(answer.kind == Answer::Kind::ended ? std::chrono::nanoseconds(last_end_max) : std::chrono::nanoseconds(0));
  std::string reason = fault_of(answer.kind, end, asked, timeout);
  if (answer.kind == Answer::Kind::untimely) reason += ": " + sample_of(conceal(answer.line, setup_.options.secrets));
  if (const std::string words = last_words(end, setup_.options.secrets); !words.empty()) reason += ": " + words;
  return {.kind = Outcome::Kind::unknown, .reason = std::move(reason), .hint = hint_of(answer.kind)};
}

}  // namespace outfall::destinations::program
