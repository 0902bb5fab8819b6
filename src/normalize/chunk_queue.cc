// SPDX-License-Identifier: Apache-2.0
#include "normalize/chunk_queue.h"

#include <utility>

namespace outfall::normalize {

ChunkQueue::Turn ChunkQueue::next() {
  std::unique_lock lock(mutex_);
  std::optional<Turn> mine;
  changed_.wait(lock, [&] { return (mine = turn()).has_value(); });
  return *mine;
}

/// None: there is nothing to do now, and there will be.
std::optional<ChunkQueue::Turn> ChunkQueue::turn() {
  if (closed_) return Turn{};
  if (!committing_ && !tasks_.empty() && tasks_.front()->is_shaped) {
    committing_ = true;
    return Turn{Work::commit, tasks_.front().get()};
  }
  if (taken_ < tasks_.size()) return Turn{Work::shape, tasks_[taken_++].get()};
  if (!reading_ && !finished_ && tasks_.size() < capacity_) {
    reading_ = true;
    return Turn{Work::read};
  }
  if (finished_ && tasks_.empty()) return Turn{};
  return std::nullopt;
}

void ChunkQueue::push(Chunk chunk) {
  auto task = std::make_unique<ChunkTask>();
  task->chunk = std::move(chunk);
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  reading_ = false;
  changed_.notify_all();
}

void ChunkQueue::finish(std::optional<Error> error) {
  const std::lock_guard lock(mutex_);
  finished_ = true;
  reading_ = false;
  error_ = std::move(error);
  changed_.notify_all();
}

void ChunkQueue::shaped(ChunkTask& task) {
  const std::lock_guard lock(mutex_);
  task.is_shaped = true;
  changed_.notify_all();
}

void ChunkQueue::committed() {
  const std::lock_guard lock(mutex_);
  tasks_.pop_front();
  --taken_;
  committing_ = false;
  changed_.notify_all();
}

void ChunkQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

std::optional<Error> ChunkQueue::read_error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

}  // namespace outfall::normalize
