// SPDX-License-Identifier: Apache-2.0
//
// The protocol between the engine and a program that is kept alive, version 1: one JSON object a line, each with a
// `type`. For people: docs/programs.md. Both sides pass over fields that they do not know.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "delivery/writer.h"
#include "ledger/records.h"
#include "outfall/custom_destination.h"
#include "outfall/error.h"
#include "outfall/metrics.h"
#include "outfall/types.h"
#include "schema/table.h"

namespace outfall::destinations::program {

inline constexpr int protocol_version = 1;

/// What a program says of itself before it is sent anything.
struct Ready {
  bool deduplicates = false;  ///< what comes again under a key that it has seen has no effect
  bool resolves = false;      ///< it can be asked what became of a batch
  bool row_keys = false;      ///< it wants the key of each row
  bool files = false;         ///< it reads a batch that is given as a path
};

/// Whether rows of this format are lines, one each.
bool is_lines(LoaderFileFormat format);

// Messages to the program, each a line with its line feed.
struct Hello {
  std::string_view destination;
  int worker = 0;
  LoaderFileFormat format = LoaderFileFormat::jsonl;
  const Json& options;                         ///< values of the configuration that are the program's own
  const ledger::StateValues* state = nullptr;  ///< what it remembers; null: it is not asked for rows
};
std::string hello_line(const Hello& hello);
std::string load_line(std::string_view type, std::string_view load_id);
/// `table` without the columns that describe a load. `changes` is told of where it begins.
std::string table_line(std::string_view type, std::string_view load_id, const schema::Table& table,
                       const TableChanges* changes = nullptr);
/// How its rows follow: as lines, or as so many bytes.
struct RowsBehind {
  bool row_keys = false;
  std::optional<std::size_t> bytes{};
};
/// `state`: what the program remembers, where that is not what it knows; else null.
std::string batch_line(const delivery::Batch& batch, const RowsBehind& rows, const ledger::StateValues* state);
std::string file_line(const delivery::Batch& batch, std::string_view path, const ledger::StateValues* state);
/// A row with its key: {"key":"...","row":{...}}. `row` is its line.
void append_keyed_row(std::string& out, std::string_view key, std::string_view row);
/// Asks what became of it.
std::string resolve_line(const delivery::Batch& batch);
std::string end_line();

/// The beginning of what a program said, for people.
std::string sample_of(std::string_view said);

/// What to do about a program that does not say that it is ready.
inline constexpr const char* ready_hint =
    R"(it is to read a line from its standard input, hello, and to answer {"type":"ready","protocol":1})";

/// Errors: abandon: it is no such answer, or of another protocol.
Result<Ready> read_ready(std::string_view line);

struct ProgramAnswer {
  Outcome outcome{};
  ledger::StateChanges state{};  ///< of a batch that was taken, perhaps without some rows
  Metrics metrics{};
};

/// What a program says of a batch of so many rows, or of a message that is answered with `ok`. What is no answer leaves
/// it unknown what became of the batch.
ProgramAnswer read_answer(std::string_view line, std::uint64_t rows);

}  // namespace outfall::destinations::program
