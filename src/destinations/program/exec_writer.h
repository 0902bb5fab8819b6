// SPDX-License-Identifier: Apache-2.0
//
// ExecWriter: a program that is kept alive over batches, one a worker. One that died, or said what is no answer, is
// started again for the next attempt.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/line_cutter.h"
#include "base/program.h"
#include "delivery/call_watch.h"
#include "delivery/load_board.h"
#include "delivery/writer.h"
#include "destinations/program/command_writer.h"
#include "destinations/program/protocol.h"
#include "schema/schema.h"

namespace outfall::destinations::program {

/// With a batch size of 0 a program is given paths, and one that does not read them would deliver nothing.
Error no_files();

/// All that is referred to outlives the writer.
struct ExecSetup {
  const CommandOptions& options;
  const std::string& destination;
  ProgramGuard& guard;
  int worker = 0;
  std::shared_ptr<const schema::Schema> before{};  ///< of the load before; null: there is none
  std::function<void(const Ready&)> introduced{};  ///< told each time that the program says what it is
  std::shared_ptr<delivery::LoadBoard> board{};    ///< null: it is not asked for rows
  std::shared_ptr<delivery::CallWatch> watch{};    ///< of the load; null: nobody watches
  /// Told what is to be noted of the end of a program that was asked to end. Null: nobody.
  std::function<void(std::string note)> noted{};
};

class ExecWriter final : public delivery::Writer {
 public:
  explicit ExecWriter(ExecSetup setup)
      : setup_(std::move(setup)), log_(setup_.options.log, setup_.options.secrets), format_(setup_.options.format) {}
  ~ExecWriter() override;

  Outcome prepare(const delivery::Batch& batch) override;
  Outcome write(const delivery::Batch& batch) override;
  std::optional<Outcome> resolve(const delivery::Batch& batch) override;
  Outcome tell(const delivery::Event& event) override;
  ledger::StateChanges take_state_changes() override { return std::exchange(changes_, {}); }

  /// What the program says when it is started.
  Result<Ready> look(const std::stop_token& stop);

 private:
  /// Rows of a job file as lines, made while the program worked on those before them: it need not wait for them.
  struct Ahead {
    std::weak_ptr<const void> file;  ///< Batch::keeps, of the open job file in its form
    LoaderFileFormat format{};
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::string text{};
    bool are_of(const delivery::Batch& batch) const;
  };

  Status tell_rows(const delivery::Batch& batch, const ledger::StateValues* news);
  void make_ahead(const delivery::Batch& batch);
  Status append_keyed(const delivery::Batch& batch);
  Outcome start(const std::stop_token& stop);
  Outcome introduce(const std::string& load_id, const schema::Table* table, const std::stop_token& stop);
  void end();
  void note_end(const ProgramEnd& end);
  /// A line of the protocol that waits for its answer.
  struct Question {
    std::string_view type;  ///< as people know it
    std::string_view text;
    const std::stop_token& stop;
    std::string_view table{};  ///< where errors do not name it anyway
    std::uint64_t rows = 0;    ///< of the batch
  };
  /// What the program answers. It is gone after anything else.
  Outcome ask(const Question& question, const std::function<void()>& meanwhile = {});
  ProgramEnd leave(std::chrono::nanoseconds grace);
  Outcome gone(const LiveProgram::Answer& answer, const std::string& asked,
               std::optional<std::chrono::nanoseconds> timeout);

  const ExecSetup setup_;
  LineCutter log_;
  std::optional<LiveProgram> program_;
  LoaderFileFormat format_;       ///< that it is started for
  Ready ready_{};                 ///< what it said
  std::string load_id_;           ///< that it was told of
  std::string table_;             ///< the same
  std::string text_;              ///< of the batch in hand
  ledger::StateChanges changes_;  ///< of what was answered last
  /// What the program takes its state to be: as it was told, with what it has set since. Null: nothing is remembered.
  std::shared_ptr<const ledger::StateValues> known_;
  Ahead ahead_;
};

}  // namespace outfall::destinations::program
