// SPDX-License-Identifier: Apache-2.0
#include "destinations/function/function_writer.h"

#include <fmt/format.h>

#include <utility>

#include "delivery/batch_file.h"
#include "delivery/table_changes.h"

namespace outfall::destinations::function {

std::shared_ptr<const TableSchema> LoadIntroduction::describe(const schema::Table& table) {
  const std::lock_guard lock(described_mutex_);
  std::shared_ptr<const TableSchema>& known = described_[table.name];
  if (known != nullptr) return known;
  known = std::make_shared<TableSchema>(delivery::describe(table, system_columns_));
  return known;
}

TableChanges LoadIntroduction::changes(const schema::Table& table) const {
  return delivery::changes_of(table, before_ ? &*before_ : nullptr, system_columns_);
}

/// Null: the load.
bool LoadIntroduction::has_begun(const schema::Table* table) const {
  const std::lock_guard lock(mutex_);
  return has_begun_ && (table == nullptr || tables_.contains(table->name));
}

HookAnswer LoadIntroduction::introduce(const schema::Table* table, const std::function<HookAnswer()>& begin_load,
                                       const std::function<HookAnswer()>& begin_table) {
  if (has_begun(table)) return {};
  const std::lock_guard one_at_a_time(calling_);
  for (const schema::Table* next : {static_cast<const schema::Table*>(nullptr), table}) {
    if (has_begun(next)) continue;
    if (stuck_) return {.outcome = *stuck_, .is_stuck = true};
    HookAnswer answer = next == nullptr ? begin_load() : begin_table();
    if (answer.is_stuck) stuck_ = answer.outcome;
    if (answer.outcome.kind != Outcome::Kind::delivered) return answer;
    const std::lock_guard lock(mutex_);
    has_begun_ = true;
    if (next != nullptr) tables_.insert(next->name);
  }
  return {};
}

FunctionWriter::FunctionWriter(std::shared_ptr<CustomDestination> destination, std::shared_ptr<LoadIntroduction> load,
                               std::optional<std::chrono::nanoseconds> timeout,
                               std::function<void(std::string_view)> log, std::shared_ptr<delivery::CallWatch> watch)
    : destination_(std::move(destination)),
      load_(std::move(load)),
      timeout_(timeout),
      log_(log ? std::move(log) : [](std::string_view) {}),
      watch_(std::move(watch)),
      calls_(timeout) {}

/// What a call may look into and write to beside its rows. Stays where it is.
struct FunctionWriter::Desk {
  explicit Desk(std::shared_ptr<delivery::LoadBoard> of_load)
      : board(std::move(of_load)), state(board == nullptr ? nullptr : board->state()) {
    if (board != nullptr) view.pipeline_state = board->pipeline_state();
  }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  const std::shared_ptr<delivery::LoadBoard> board;
  DestinationState state;
  Metrics metrics{};
  CallDesk view{.state = &state, .metrics = &metrics};
};

/// All that a call looks at. It outlives the call, however long that takes.
struct FunctionWriter::Call {
  std::string load_id;
  std::string job_id;
  std::string key;
  std::shared_ptr<const TableSchema> table;
  std::shared_ptr<const delivery::BatchFile> file{};
  const Rows* rows = nullptr;
  std::stop_source stop{};
  std::unique_ptr<Desk> desk{};
  CallContext context{};
};

std::shared_ptr<FunctionWriter::Call> FunctionWriter::make_call(const delivery::Batch& batch) {
  auto call = std::make_shared<Call>(Call{.load_id = load_->load_id(),
                                          .job_id = batch.job_file,
                                          .key = std::string(batch.key),
                                          .table = load_->describe(batch.table),
                                          .desk = std::make_unique<Desk>(load_->board())});
  call->context = {.load_id = call->load_id,
                   .job_id = call->job_id,
                   .batch_index = batch.index,
                   .attempt = batch.attempt,
                   .first_row = batch.first,
                   .row_count = batch.size(),
                   .key = call->key,
                   .deadline = timeout_ ? std::optional(std::chrono::steady_clock::now() + *timeout_) : std::nullopt,
                   .stop = call->stop.get_token(),
                   .log = log_,
                   // A batch of one row goes by the key of the row, also where that is replayed.
                   .row_key = [keeps = batch.keeps, &key_of = batch.row_key, first = batch.first, size = batch.size(),
                               key = call->key](std::size_t row) { return size == 1 ? key : key_of(first + row); },
                   .desk = &call->desk->view};
  return call;
}

Outcome FunctionWriter::write(const delivery::Batch& batch) {
  if (Outcome begun = introduce(&batch.table, batch.stop); begun.kind != Outcome::Kind::delivered) return begun;
  // It may come from a run with other options, which had not heard what became of it.
  if (batch.is_file && !destination_->options().takes_files)
    return Outcome::fatal("the batch was sent as a file, and the function does not say that it takes files");
  const std::shared_ptr<Call> call = make_call(batch);
  if (batch.is_file) {
    auto file = delivery::BatchFile::write(batch);
    if (!file) return delivery::not_ready(file.error());
    call->file = std::move(*file);
    call->context.path = call->file->path();
  }
  // Behind the file, which is written from the same reader.
  const std::uint64_t last = batch.is_file ? batch.first : batch.last;
  const Result<const Rows*> rows = batch.reader.select(batch.first, last, batch.rows);
  if (!rows) return Outcome::fatal(rows.error().message, rows.error().hint);
  call->rows = *rows;
  return make(
      call,
      {.call = [call,
                destination = destination_] { return destination->write(*call->rows, *call->table, call->context); },
       .called = "the function",
       .awaited = "the function to take"},
      batch);
}

std::optional<Outcome> FunctionWriter::resolve(const delivery::Batch& batch) {
  if (!destination_->resolves()) return std::nullopt;
  const std::shared_ptr<Call> call = make_call(batch);
  return make(call,
              {.call = [call, destination = destination_] { return destination->resolve(*call->table, call->context); },
               .called = "resolve",
               .awaited = "the function's resolve of"},
              batch);
}

Outcome FunctionWriter::make(const std::shared_ptr<Call>& call, Asked asked, const delivery::Batch& batch) {
  const delivery::CallWatch::Call watched(watch_.get(), [&asked, &batch] {
    return fmt::format("{} batch {} of {}", asked.awaited, batch.index, batch.table.name);
  });
  const std::stop_callback passed_on(batch.stop, [&] { call->stop.request_stop(); });
  Outcome outcome = calls_.call(std::move(asked.call), asked.called);
  if (calls_.is_stuck())
    call->stop.request_stop();
  else
    take_from(*call->desk);
  return outcome;
}

Outcome FunctionWriter::tell(const delivery::Event& event) {
  if (Outcome begun = introduce(event.table, event.stop); begun.kind != Outcome::Kind::delivered) return begun;
  switch (event.kind) {
    case delivery::Event::Kind::begin_table:
      return {};  // it was told so
    case delivery::Event::Kind::end_table:
      return call_hook(&CustomDestination::end_table, "end_table", event.table, event.stop);
    case delivery::Event::Kind::complete_load:
      return call_hook(&CustomDestination::complete_load, "complete_load", nullptr, event.stop);
    case delivery::Event::Kind::abort_load:
      return call_hook(&CustomDestination::abort_load, "abort_load", nullptr, event.stop);
  }
  return {};
}

/// Nothing of a batch was sent before it returns: what is unknown then is about the hook.
Outcome FunctionWriter::introduce(const schema::Table* table, const std::stop_token& stop) {
  const auto answered = [this](Outcome outcome) {
    return HookAnswer{.outcome = std::move(outcome), .is_stuck = calls_.is_stuck()};
  };
  HookAnswer begun = load_->introduce(
      table, [&] { return answered(call_hook(&CustomDestination::begin_load, "begin_load", nullptr, stop)); },
      [&] {
        return answered(call_hook(&CustomDestination::begin_table, "begin_table", table, stop, load_->changes(*table)));
      });
  load_is_stuck_ = load_is_stuck_ || begun.is_stuck;
  return delivery::before_rows(std::move(begun.outcome));
}

Outcome FunctionWriter::call_hook(Hook hook, std::string_view name, const schema::Table* table,
                                  const std::stop_token& stop, std::optional<TableChanges> changes) {
  std::stop_source own;
  const std::stop_callback passed_on(stop, [&] { own.request_stop(); });
  const auto desk = std::make_shared<Desk>(load_->board());
  const delivery::CallWatch::Call watched(watch_.get(), [name, table] {
    return fmt::format("the function's {}{}", name, table == nullptr ? "" : " of " + table->name);
  });
  Outcome outcome = calls_.call(
      [hook, own, desk, destination = destination_, load = load_, log = log_,
       described = table == nullptr ? nullptr : load_->describe(*table), changes = std::move(changes)] {
        return ((*destination).*hook)({.load_id = load->load_id(),
                                       .table = described.get(),
                                       .changes = changes ? &*changes : nullptr,
                                       .log = log,
                                       .stop = own.get_token(),
                                       .desk = &desk->view});
      },
      name);
  if (calls_.is_stuck())
    own.request_stop();
  else
    count(*desk);
  return outcome;
}

void FunctionWriter::take_from(const Desk& desk) {
  changes_ = desk.state.changes();
  count(desk);
}

void FunctionWriter::count(const Desk& desk) {
  if (desk.board != nullptr) desk.board->count(desk.metrics);
}

}  // namespace outfall::destinations::function
