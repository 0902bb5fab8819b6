// SPDX-License-Identifier: Apache-2.0
#include "destinations/program/program_destination.h"

#include <fmt/format.h>

#include <atomic>
#include <utility>

#include "destinations/program/command_file.h"
#include "destinations/program/exec_writer.h"

namespace outfall::destinations::program {
namespace {

/// How long programs of a run that was killed may take to be dead.
constexpr std::chrono::milliseconds death_max{10'000};

/// Lines of a program's own that are kept until it is known whether it starts.
constexpr std::size_t lines_kept = 100;

}  // namespace

Result<std::unique_ptr<ProgramDestination>> ProgramDestination::make(const std::string& address,
                                                                     const ProgramOptions& options) {
  const std::size_t colon = address.find(':');
  const std::string command = address.substr(colon + 1);
  if (command.find_first_not_of(' ') == std::string::npos) {
    return fail(Error{.message = fmt::format("destination {}: it names no command", address),
                      .hint = "write 'cmd:./push.sh' (a process a batch) or 'exec:./push.py' (one that is kept alive)",
                      .blame = Blame::usage});
  }
  const Kind kind = address.starts_with("exec:") ? Kind::kept_alive : Kind::one_a_batch;
  Result<std::vector<std::string>> variables;
  if (kind == Kind::one_a_batch) variables = own_variables(options.own);
  if (!variables) return fail(std::move(variables.error()).in("destination " + options.called));
  return std::unique_ptr<ProgramDestination>(
      new ProgramDestination(address, kind, command, std::move(*variables), options));
}

ProgramDestination::ProgramDestination(const std::string& address, Kind kind, std::string command,
                                       std::vector<std::string> variables, const ProgramOptions& options)
    : UnaskedDestination((options.called.empty() ? address : options.called) +
                         " cannot be queried: it is a program that takes rows"),
      address_(options.called.empty() ? address : options.called),
      is_named_(!options.called.empty()),
      kind_(kind),
      command_{.command = std::move(command),
               .timeout = options.timeout,
               .format = options.lanes.format,
               .reject_codes = options.reject_codes,
               .retry_codes = options.retry_codes,
               .own = options.own,
               .variables = std::move(variables),
               .secrets = options.secrets,
               .log = options.log},
      lanes_(options.lanes),
      capabilities_{.naming = options.naming,
                    .max_table_nesting = options.max_table_nesting,
                    .takes_documents = is_lines(options.lanes.format),
                    .recommended_file_size = options.recommended_file_size,
                    .raises_on_failed_jobs = options.raises_on_failed_jobs},
      lock_path_(options.lock_path),
      knows_what_it_has_(kind == Kind::one_a_batch && options.deduplicates) {}

Result<ProgramGuard*> ProgramDestination::guard(const std::stop_token& stop) {
  if (guard_ == nullptr) {
    Result<std::unique_ptr<ProgramGuard>> made = ProgramGuard::make(lock_path_, death_max, stop);
    if (!made) return fail(std::move(made.error()));
    guard_ = std::move(*made);
  }
  return guard_.get();
}

Result<std::optional<sql::StoredDataset>> ProgramDestination::inspect(const delivery::DatasetKey& key) {
  if (key.inspection != delivery::Inspection::before_a_load) return std::nullopt;
  if (Status found = look_once(key.stop); !found) return fail(std::move(found.error()));
  return std::nullopt;
}

Result<DeliveryMode> ProgramDestination::find_mode(const std::stop_token& stop) {
  if (Status found = look_once(stop); !found) return fail(std::move(found.error()));
  return mode();
}

Status ProgramDestination::check_asked(WriteDisposition disposition, const std::stop_token& stop) {
  if (kind_ == Kind::one_a_batch && disposition == WriteDisposition::replace) {
    return fail(Error{.message = fmt::format("{} cannot replace a table: a command gets rows, and nobody would tell it "
                                             "that those before them go",
                                             address_),
                      .hint = "leave out -w replace; a program that is kept alive (exec:) is told in begin_table",
                      .blame = Blame::usage});
  }
  return kind_ == Kind::kept_alive && lanes_.batch_size == 0 ? look_once(stop) : Status{};
}

/// Where nothing may be made there is no lock for programs either. One that is only looked at is in nobody's way.
Status ProgramDestination::check_configuration(const std::stop_token& stop) {
  if (has_looked_) return {};
  const Result<std::unique_ptr<ProgramGuard>> own = ProgramGuard::make_without_lock();
  if (!own) return fail(own.error());
  return look_with(**own, stop);
}

Status ProgramDestination::look_once(const std::stop_token& stop) {
  if (has_looked_) return {};
  const Result<ProgramGuard*> held = guard(stop);
  if (!held) return fail(held.error());
  return look_with(**held, stop);
}

Status ProgramDestination::look_with(ProgramGuard& guard, const std::stop_token& stop) {
  if (Status found = look_for_program(guard, stop); !found) {
    Error error = std::move(found.error()).in(fmt::format("start {}", address_));
    error.blame = stop.stop_requested() ? Blame::interrupted : Blame::usage;
    return fail(std::move(error));
  }
  has_looked_ = true;
  return {};
}

Status ProgramDestination::look_for_program(ProgramGuard& guard, const std::stop_token& stop) {
  const bool is_kept_alive = kind_ == Kind::kept_alive;
  const CommandWord word{
      .command = command_.command, .scheme = is_kept_alive ? "exec:" : "cmd:", .is_secret = is_named_};
  if (Status can_be_run = check_command(word, guard, stop); !can_be_run || !is_kept_alive) return can_be_run;
  // Whoever starts it for rows shows what it says then.
  std::vector<std::string> said;
  CommandOptions options = command_;
  if (options.log) {
    options.log = [&said](std::string_view line) {
      if (said.size() < lines_kept) said.emplace_back(line);
    };
  }
  const Result<Ready> ready =
      ExecWriter({.options = options, .destination = address_, .guard = guard, .watch = watch()}).look(stop);
  if (!ready) {
    for (const std::string& line : said) command_.log(line);
    return fail(ready.error());
  }
  if (lanes_.batch_size == 0 && !ready->files) return fail(no_files());
  knows_what_it_has_ = ready->deduplicates || ready->resolves;
  has_said_ = true;
  return {};
}

Result<std::optional<delivery::Intake>> ProgramDestination::intake(const delivery::LoadRequest& request) {
  const Result<ProgramGuard*> held = guard(request.stop);
  if (!held) return fail(held.error());
  worker_ = 0;
  Result<std::optional<schema::Schema>> found = delivery::schema_before(request);
  if (!found) return fail(std::move(found.error()));
  const auto before = *found ? std::make_shared<const schema::Schema>(std::move(**found)) : nullptr;
  const auto board = request.lanes == nullptr ? nullptr : request.lanes->board;
  const auto make_writer = [this, guard = *held, before, board]() -> Result<std::unique_ptr<delivery::Writer>> {
    if (kind_ == Kind::one_a_batch) return std::make_unique<CommandWriter>(command_, *guard, watch());
    return std::make_unique<ExecWriter>(ExecSetup{.options = command_,
                                                  .destination = address_,
                                                  .guard = *guard,
                                                  .worker = worker_++,
                                                  .before = before,
                                                  .introduced =
                                                      [this](const Ready& ready) {
                                                        knows_what_it_has_ = ready.deduplicates || ready.resolves;
                                                        has_said_ = true;
                                                      },
                                                  .board = board,
                                                  .watch = watch(),
                                                  .noted =
                                                      [board](std::string note) {
                                                        if (board != nullptr) board->note(std::move(note));
                                                      }});
  };
  return delivery::Intake{.options = lanes_, .make_writer = make_writer};
}

Status ProgramDestination::abort_load(const delivery::LoadKey& key, const std::stop_token& stop) {
  if (kind_ == Kind::one_a_batch) return {};
  const Result<ProgramGuard*> held = guard(stop);
  if (!held) return fail(held.error());
  Outcome told = ExecWriter({.options = command_, .destination = address_, .guard = **held, .watch = watch()})
                     .tell({.kind = delivery::Event::Kind::abort_load, .load_id = key.load_id, .stop = stop});
  if (told.kind == Outcome::Kind::delivered) return {};
  return fail(std::move(told.reason), std::move(told.hint));
}

}  // namespace outfall::destinations::program
