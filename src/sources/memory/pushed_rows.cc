// SPDX-License-Identifier: Apache-2.0
#include "sources/memory/pushed_rows.h"

#include <fmt/format.h>

#include <utility>

#include "columnar/arrow_reader.h"

namespace outfall::sources {

using normalize::Chunk;

Status PushedRows::append(std::string_view document) {
  if (Status begun = begin(Kind::documents); !begun) return begun;
  if (!packer_.has_room_for(document)) {
    if (Status sent = send(packer_.take()); !sent) return sent;
  }
  return packer_.add(document);
}

Status PushedRows::append(ArrowArray* rows, const ArrowSchema& schema) {
  auto reader = columnar::open_arrow_rows(rows, schema, place_.name);
  if (!reader) return fail(std::move(reader.error()));
  if (Status begun = begin(Kind::columns); !begun) return begun;
  while (true) {
    Result<std::optional<columnar::ArrowRows>> part = (*reader)->next();
    if (!part) return fail(std::move(part.error()));
    if (!*part) return {};
    Chunk chunk;
    chunk.input = place_.input;
    chunk.first_row = rows_;
    rows_ += (*part)->rows();
    chunk.rows = std::move(*part);
    if (Status sent = send(std::move(chunk)); !sent) return sent;
  }
}

/// Row ids are made of the place in the input, which is counted in bytes for documents and in rows for columns.
Status PushedRows::begin(Kind kind) {
  if (is_closed()) return fail(feed_stopped(place_.name));
  if (kind_ == Kind::none) kind_ = kind;
  if (kind_ == kind) return {};
  return fail(Error{.message = fmt::format("{}: documents and rows in columns were given to one load", place_.name),
                    .hint = "give one of the two, or load them one after the other",
                    .blame = Blame::usage});
}

Status PushedRows::send(Chunk chunk) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queue_.size() < limits::pushed_chunks_max || closed_; });
  if (closed_) return fail(feed_stopped(place_.name));
  queue_.push_back(std::move(chunk));
  changed_.notify_all();
  return {};
}

void PushedRows::finish() {
  if (!packer_.is_empty()) (void)send(packer_.take());
  const std::lock_guard lock(mutex_);
  if (end_ == End::open) end_ = End::finished;
  changed_.notify_all();
}

void PushedRows::give_up(Error error) {
  const std::lock_guard lock(mutex_);
  if (end_ != End::open) return;
  end_ = End::given_up;
  error_ = std::move(error);
  changed_.notify_all();
}

Result<std::optional<Chunk>> PushedRows::next() {
  std::unique_lock lock(mutex_);
  const bool is_there =
      changed_.wait(lock, place_.stop, [this] { return !queue_.empty() || end_ != End::open || closed_; });
  if (end_ == End::given_up) return fail(error_);
  if (!is_there || closed_) return fail(feed_stopped(place_.name));
  if (queue_.empty()) return std::nullopt;
  Chunk chunk = std::move(queue_.front());
  queue_.pop_front();
  changed_.notify_all();
  return chunk;
}

void PushedRows::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

bool PushedRows::is_closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

}  // namespace outfall::sources
