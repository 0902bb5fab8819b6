// SPDX-License-Identifier: Apache-2.0
//
// JobLane: a job file and how far it has been delivered.
//
// One batch of it is out at a time. That it is about to be sent is durable before it is sent, and what became of it
// before the next one is: after a crash nothing but what was out is sent again, as the same batches under the same
// keys.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/env.h"
#include "delivery/attempts.h"
#include "delivery/batch_form.h"
#include "delivery/destination.h"
#include "delivery/intake.h"
#include "delivery/job_rows.h"
#include "delivery/lane.h"
#include "delivery/lane_log.h"
#include "delivery/letter_keys.h"

namespace outfall::delivery {

/// The documents that a destination has rejected, of all lanes of a load. Any thread may call.
class Rejections {
 public:
  /// `documents` were rejected by earlier runs.
  void begin(const LaneContext& context, std::uint64_t documents);

  /// So many more. Errors: they are too many, and none was added.
  Status add(std::uint64_t documents);
  /// Is kept if it is one of the first.
  void tell(RefusedDocument row);
  std::vector<RefusedDocument> take() { return std::move(first_); }

 private:
  const LaneContext* context_ = nullptr;
  std::mutex mutex_;
  std::uint64_t documents_ = 0;  ///< in all runs
  std::vector<RefusedDocument> first_;
};

/// What the lanes of a load have in common. All of it outlives them.
struct LoadOfLanes {
  const LoadRequest& request;
  const Intake& intake;
  Env& env;
  LaneLog& log;
  Storm storm{};
  Rejections rejections{};
  LetterKeys letters{};
};

/// What a person may do about a package that has lanes which were given up.
std::string given_up_hint(const std::string& load_id);

class JobLane final : public Lane {
 public:
  /// `first`: of its rows among those of the table in the package. `job` and `table` outlive the object.
  JobLane(LoadOfLanes& load, const ledger::JobRecord& job, const schema::Table& table, std::uint64_t first,
          ledger::LaneRecord record);

  const std::string& table() const override { return job_.table; }
  Step standing() const override;
  std::string awaited() const override;
  Result<Turn> advance(std::unique_ptr<Writer>& writer) override;
  Status pause() override;

  const ledger::JobRecord& job() const { return job_; }
  const schema::Table& schema() const { return table_; }
  std::uint64_t first() const { return first_; }  ///< of its rows among those of the table in the package
  /// Whether its rows are documents, and not parts of some.
  bool is_of_documents() const;
  const ledger::LaneRecord& record() const { return record_; }
  /// No more is durable than this, and the lane is not worked on any more.
  void fall_back_to(ledger::LaneRecord record) { record_ = std::move(record); }
  /// Values that JSON has no number for, and that were sent as null and taken.
  std::uint64_t not_numbers() const { return not_numbers_; }
  const std::optional<Error>& error() const { return error_; }  ///< why it was stopped
  /// Since the lane was made.
  const FailedAttempts& unknown() const { return unknown_; }
  const FailedAttempts& repeated() const { return repeated_; }

 private:
  const BatchForm& form() const;
  Status make_ready();
  Result<Turn> stop_unready();
  Status open_rows();
  void close_rows();
  void count_not_numbers(std::uint64_t last);
  std::optional<std::chrono::nanoseconds> wait_for_rate();
  Result<std::uint64_t> next_end();
  Status take_batch();
  bool add_intent(ledger::LaneRecord& record) const;
  Status intend();
  Outcome send(std::unique_ptr<Writer>& writer);
  std::string key_of(std::uint64_t first, std::uint64_t last) const;
  Result<Turn> settle(ledger::LaneUpdate update);
  Result<Turn> finish(ledger::LaneUpdate update, std::uint64_t rows);
  void take_back_intent();
  Result<Turn> recorded(ledger::LaneUpdate update, std::uint64_t rows, Turn next);
  Result<Turn> divide(const Outcome& outcome);
  Result<Turn> reject(const std::vector<RejectedRow>& rows, ledger::StateChanges state);
  Result<Turn> hold(const std::vector<RejectedRow>& rows, Error error, ledger::StateChanges state);
  Error none_let_go(const std::vector<RejectedRow>& rows) const;
  Result<Turn> reject_held();
  Status keep(const RejectedRow& row, std::vector<ledger::Letter>& letters);
  Result<std::string> primary_key(std::uint64_t row);
  Status note_delivered(const std::vector<RejectedRow>& rejected, ledger::LaneUpdate& update);
  std::string batch_text() const;
  void count_failure(const Outcome& outcome);
  Result<Turn> wait_or_stop(const Outcome& outcome);
  Result<Turn> leave_stuck(const Outcome& outcome);
  Result<Turn> give_up(const Outcome& outcome);

  std::uint64_t batch_size() const;
  std::uint64_t batch_index() const;
  bool is_grouped() const;
  Attempts attempts(bool may_be_there) const;

  LoadOfLanes& load_;
  const ledger::JobRecord& job_;
  const schema::Table& table_;
  const std::uint64_t first_;
  ledger::LaneRecord record_;
  std::uint64_t open_to_;  ///< rows before this one may have been sent by an earlier process
  std::optional<Error> error_{};
  FailedAttempts unknown_{};
  FailedAttempts repeated_{};
  const BatchForm form_now_;  ///< what is asked for now
  BatchForm form_then_;       ///< of what may have been sent by an earlier process
  BatchForm rows_form_{};     ///< of `rows_`
  std::shared_ptr<JobRows> rows_{};
  std::optional<RowKeys> keys_{};                 ///< of `rows_`, once one was asked for
  std::optional<columnar::RowTexts> measured_{};  ///< the same, where the length of their texts counts
  std::uint64_t not_numbers_ = 0;                 ///< of rows that were taken

  /// Where the batch in hand ends is last; what is left of the cut, of which it is a part, ends before it.
  std::vector<std::uint64_t> ends_{};
  std::vector<std::uint64_t> let_go_{};                ///< rejected rows of the batch in hand of which nothing is kept
  Attempts attempts_;                                  ///< of the batch in hand
  std::optional<RateLimit::Clock::time_point> due_{};  ///< when the limit lets it be sent

  RateLimit::Clock::time_point marked_at_{};
  std::uint64_t unmarked_ = 0;  ///< rows that were settled since
};

}  // namespace outfall::delivery
