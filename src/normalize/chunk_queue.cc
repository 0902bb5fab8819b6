// SPDX-License-Identifier: Apache-2.0
#include "normalize/chunk_queue.h"

#include <utility>

namespace outfall::normalize {

bool ChunkQueue::push(Chunk chunk) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || tasks_.size() < capacity_; });
  if (closed_) return false;
  tasks_.push_back(std::make_unique<ChunkTask>());
  tasks_.back()->chunk = std::move(chunk);
  changed_.notify_all();
  return true;
}

void ChunkQueue::finish(std::optional<Error> error) {
  const std::lock_guard lock(mutex_);
  finished_ = true;
  error_ = std::move(error);
  changed_.notify_all();
}

ChunkTask* ChunkQueue::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || taken_ < tasks_.size() || finished_; });
  if (closed_ || taken_ == tasks_.size()) return nullptr;
  return tasks_[taken_++].get();
}

void ChunkQueue::shaped(ChunkTask* task) {
  const std::lock_guard lock(mutex_);
  task->is_shaped = true;
  changed_.notify_all();
}

Result<std::unique_ptr<ChunkTask>> ChunkQueue::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return tasks_.empty() ? finished_ : tasks_.front()->is_shaped; });
  if (tasks_.empty()) {
    if (error_) return fail(*error_);
    return nullptr;
  }
  std::unique_ptr<ChunkTask> task = std::move(tasks_.front());
  tasks_.pop_front();
  --taken_;
  changed_.notify_all();
  return task;
}

void ChunkQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

}  // namespace outfall::normalize
