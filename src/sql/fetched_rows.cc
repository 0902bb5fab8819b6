// SPDX-License-Identifier: Apache-2.0
#include "sql/fetched_rows.h"

#include <fmt/format.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace outfall::sql {
namespace {

constexpr std::string_view cursor_name = "_outfall_cursor";

/// Rows of one answer of the server: some megabytes where rows are wide.
constexpr int rows_a_fetch = 10'000;

class FetchedRows {
 public:
  FetchedRows(Connection& session, EndOfRows end) : session_(session), end_(end) {}
  FetchedRows(const FetchedRows&) = delete;
  FetchedRows& operator=(const FetchedRows&) = delete;
  ~FetchedRows() {
    let_go();
    if (!is_begun_) return;
    if (end_ == EndOfRows::leaves_transaction) {
      (void)session_.execute(fmt::format("CLOSE {}", cursor_name));
    } else if (error_.empty()) {
      (void)session_.commit();
    } else {
      (void)session_.roll_back();
    }
  }

  Status begin(const FetchedQuery& query) {
    if (end_ == EndOfRows::ends_transaction) {
      if (Status begun = session_.begin(); !begun) return begun;
      is_begun_ = true;
    }
    const auto declared =
        session_.execute(fmt::format("DECLARE {} NO SCROLL CURSOR FOR {}", cursor_name, query.query), query.values);
    if (!declared) return failed(declared.error());
    is_begun_ = true;
    return fetch();
  }

  static void give_away(std::unique_ptr<FetchedRows> rows, ArrowArrayStream* out) {
    out->get_schema = [](ArrowArrayStream* self, ArrowSchema* schema) {
      return of(self).rows_.get_schema(&of(self).rows_, schema);
    };
    out->get_next = [](ArrowArrayStream* self, ArrowArray* batch) { return of(self).next(batch); };
    out->get_last_error = [](ArrowArrayStream* self) { return of(self).error_.c_str(); };
    out->release = [](ArrowArrayStream* self) {
      delete static_cast<FetchedRows*>(self->private_data);
      self->release = nullptr;
    };
    out->private_data = rows.release();
  }

 private:
  static FetchedRows& of(ArrowArrayStream* stream) { return *static_cast<FetchedRows*>(stream->private_data); }

  void let_go() {
    if (rows_.release != nullptr) rows_.release(&rows_);
    rows_ = {};
  }

  Status failed(Error error) {
    error_ = error.message;
    return fail(std::move(error));
  }

  Status fetch() {
    let_go();
    seen_ = 0;
    const auto answered =
        session_.answer(fmt::format("FETCH FORWARD {} FROM {}", rows_a_fetch, cursor_name), {}, &rows_);
    return answered ? Status() : failed(answered.error());
  }

  /// What the query changed is kept before anybody hears that there are no more rows.
  Status end() {
    if (!is_begun_ || end_ == EndOfRows::leaves_transaction) return {};
    is_begun_ = false;
    Status committed = session_.commit();
    if (committed) return {};
    (void)session_.roll_back();
    return failed(std::move(committed.error()));
  }

  int next(ArrowArray* batch) {
    while (true) {
      const int code = rows_.get_next(&rows_, batch);
      if (code != 0) {
        const char* said = rows_.get_last_error(&rows_);
        error_ = said == nullptr ? "the rows cannot be read" : said;
        return code;
      }
      if (batch->release != nullptr) {
        seen_ += batch->length;
        return 0;
      }
      if (seen_ < rows_a_fetch) return end() ? 0 : EIO;  // the last ones
      if (!fetch()) return EIO;
    }
  }

  Connection& session_;
  EndOfRows end_;
  bool is_begun_ = false;
  ArrowArrayStream rows_{};
  std::int64_t seen_ = 0;  ///< of the newest fetch
  std::string error_;
};

}  // namespace

Status fetch_rows(Connection& session, const FetchedQuery& query, ArrowArrayStream* out) {
  auto rows = std::make_unique<FetchedRows>(session, query.end);
  if (Status begun = rows->begin(query); !begun) return begun;
  FetchedRows::give_away(std::move(rows), out);
  return {};
}

}  // namespace outfall::sql
