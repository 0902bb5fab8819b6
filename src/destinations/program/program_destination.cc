// SPDX-License-Identifier: Apache-2.0
#include "destinations/program/program_destination.h"

#include <fmt/format.h>

#include <atomic>
#include <utility>

#include "destinations/program/exec_writer.h"

namespace outfall::destinations::program {
namespace {

/// How long programs of a run that was killed may take to be dead.
constexpr std::chrono::milliseconds death_max{10'000};

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

Status ProgramDestination::look_once(const std::stop_token& stop) {
  if (has_looked_) return {};
  if (Status found = look_for_command(stop); !found) {
    Error error = std::move(found.error()).in(fmt::format("start {}", address_));
    error.blame = stop.stop_requested() ? Blame::interrupted : Blame::usage;
    return fail(std::move(error));
  }
  has_looked_ = true;
  return {};
}

Status ProgramDestination::look_for_command(const std::stop_token& stop) {
  const Result<ProgramGuard*> held = guard(stop);
  if (!held) return fail(held.error());
  if (kind_ == Kind::kept_alive) {
    const Result<Ready> ready = ExecWriter({.options = command_, .destination = address_, .guard = **held}).look(stop);
    if (!ready) return fail(ready.error());
    knows_what_it_has_ = ready->deduplicates || ready->resolves;
    return {};
  }
  // A word with signs in it is the shell's affair.
  const std::string word = command_.command.substr(0, command_.command.find(' '));
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+";
  if (word.empty() || word.find_first_not_of(plain) != std::string::npos) return {};
  const Result<ProgramEnd> looked = run_program(**held, {.command = "command -v " + word}, std::nullopt, stop);
  if (!looked) return fail(looked.error());
  if (looked->exit_code == 0) return {};
  return fail(fmt::format("{} is not there, or cannot be run", is_named_ ? "its command" : word),
              "name a program that is in the PATH, or its path; it has to be executable (chmod +x)");
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
    if (kind_ == Kind::one_a_batch) return std::make_unique<CommandWriter>(command_, *guard);
    return std::make_unique<ExecWriter>(ExecSetup{
        .options = command_,
        .destination = address_,
        .guard = *guard,
        .worker = worker_++,
        .before = before,
        .introduced = [this](const Ready& ready) { knows_what_it_has_ = ready.deduplicates || ready.resolves; },
        .board = board});
  };
  return delivery::Intake{.options = lanes_, .make_writer = make_writer};
}

Status ProgramDestination::abort_load(const std::string& load_id, const std::stop_token& stop) {
  if (kind_ == Kind::one_a_batch) return {};
  const Result<ProgramGuard*> held = guard(stop);
  if (!held) return fail(held.error());
  Outcome told = ExecWriter({.options = command_, .destination = address_, .guard = **held})
                     .tell({.kind = delivery::Event::Kind::abort_load, .load_id = load_id, .stop = stop});
  if (told.kind == Outcome::Kind::delivered) return {};
  return fail(std::move(told.reason), std::move(told.hint));
}

}  // namespace outfall::destinations::program
