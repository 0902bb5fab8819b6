// SPDX-License-Identifier: Apache-2.0
#include "sql/adbc_driver.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <mutex>
#include <utility>

#include "sql/library_file.h"
#include "sql/sql_states.h"

namespace outfall::sql {
namespace {

constexpr LibraryFile postgresql_library{.of = "the PostgreSQL driver",
                                         .file = "libadbc_driver_postgresql.so",
                                         .variable = "OUTFALL_ADBC_POSTGRESQL",
                                         .built_with = OUTFALL_ADBC_POSTGRESQL_LIBRARY};

Result<AdbcDriver> load(const LibraryFile& library) {
  const Result<OpenLibrary> opened = open_library(library);
  if (!opened) return fail(opened.error());
  const auto init = reinterpret_cast<AdbcDriverInitFunc>(dlsym(opened->handle, "AdbcDriverInit"));
  AdbcDriver driver{};
  AdbcAnswer answer;
  if (init != nullptr && init(ADBC_VERSION_1_1_0, &driver, answer.out()) == ADBC_STATUS_OK) return driver;
  const char* said = init == nullptr ? "it has no AdbcDriverInit" : answer.get().message;
  return fail(Error{.message = fmt::format("load {}: {}: {}", library.of, opened->path, said == nullptr ? "" : said),
                    .hint = "use an ADBC driver of version 1.1 of the interface",
                    .blame = Blame::usage});
}

/// What the driver adds to an error: the fields of the server's answer.
std::string detail(const AdbcDriver& driver, const AdbcError& answer, std::string_view key) {
  if (driver.ErrorGetDetailCount == nullptr || answer.private_data == nullptr) return "";
  for (int i = 0; i < driver.ErrorGetDetailCount(&answer); ++i) {
    const AdbcErrorDetail found = driver.ErrorGetDetail(&answer, i);
    if (found.key != nullptr && found.key == key) {
      return std::string(reinterpret_cast<const char*>(found.value), found.value_length);
    }
  }
  return "";
}

/// Without what the driver and libpq put in front.
std::string_view trimmed(std::string_view text) {
  constexpr std::string_view own = "[libpq] ";
  if (text.starts_with(own)) text.remove_prefix(own.size());
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

/// States of statements that fail for what a row is: its values, a constraint, what a trigger raises, its size.
bool refuses_rows(std::string_view state) {
  return state.starts_with("22") || state.starts_with("23") || state.starts_with("P0001") || state.starts_with("54000");
}

}  // namespace

Result<const AdbcDriver*> postgresql_driver() {
  static std::mutex mutex;
  static const AdbcDriver* loaded = nullptr;
  const std::lock_guard lock(mutex);
  if (loaded != nullptr) return loaded;
  Result<AdbcDriver> driver = load(postgresql_library);
  if (!driver) return fail(std::move(driver.error()));
  loaded = new AdbcDriver(*driver);
  return loaded;
}

Error adbc_error(const AdbcDriver& driver, const AdbcError& answer, AdbcStatusCode code) {
  const std::string state(answer.sqlstate, strnlen(answer.sqlstate, sizeof answer.sqlstate));
  std::string message = detail(driver, answer, "PG_DIAG_MESSAGE_PRIMARY");
  if (message.empty()) message = trimmed(answer.message == nullptr ? "no reason given" : answer.message);
  for (const std::string_view key : {"PG_DIAG_MESSAGE_DETAIL", "PG_DIAG_CONTEXT"}) {
    const std::string more = detail(driver, answer, key);
    if (!more.empty()) message += fmt::format(" ({})", more);
  }
  if (!state.empty()) message += fmt::format(" [{}]", state);
  const StateMeaning meaning = meaning_of_state(state);
  Error error{
      .message = std::move(message), .hint = detail(driver, answer, "PG_DIAG_MESSAGE_HINT"), .remedy = meaning.remedy};
  if (error.hint.empty()) error.hint = meaning.hint;
  // A connection that is gone comes without a state.
  if (state.empty() && code == ADBC_STATUS_IO) error.remedy = Remedy::retry;
  return error;
}

std::optional<RefusedRow> adbc_refused_row(const Error& error, std::string_view copied_into) {
  const std::string_view message = error.message;
  const std::size_t state_begin = message.rfind('[');
  if (state_begin == std::string_view::npos || !refuses_rows(message.substr(state_begin + 1))) return std::nullopt;
  RefusedRow refused{.reason = std::string(message)};
  if (copied_into.empty()) return refused;
  // The words behind the name are in the language of the server.
  const std::string place = fmt::format("COPY {}, ", copied_into);
  const std::size_t at = message.rfind(place);
  if (at == std::string_view::npos) return refused;
  const std::size_t digits = message.find_first_of("0123456789", at + place.size());
  std::uint64_t line = 0;
  const auto read =
      std::from_chars(message.data() + std::min(digits, message.size()), message.data() + message.size(), line);
  if (read.ec != std::errc{} || line == 0) return refused;
  refused.row = line - 1;
  // Which line of what was sent says nothing to anybody.
  refused.reason = message.substr(0, at);
  if (refused.reason.ends_with(" ("))
    refused.reason.resize(refused.reason.size() - 2);
  else
    refused.reason = refused.reason.substr(0, refused.reason.find_last_not_of('\n') + 1) + ")";
  refused.reason += fmt::format(" {}", message.substr(state_begin));
  return refused;
}

}  // namespace outfall::sql
