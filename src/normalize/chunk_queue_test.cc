// SPDX-License-Identifier: Apache-2.0
#include "normalize/chunk_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace outfall::normalize {
namespace {

using Work = ChunkQueue::Work;

Chunk numbered(std::uint64_t number) {
  Chunk chunk;
  chunk.first_row = number;
  return chunk;
}

TEST(ChunkQueue, WhatIsFurthestGoesFirst) {
  ChunkQueue queue(4);
  ASSERT_EQ(queue.next().work, Work::read);
  queue.push(numbered(0));
  const ChunkQueue::Turn first = queue.next();
  ASSERT_EQ(first.work, Work::shape);
  ASSERT_EQ(queue.next().work, Work::read);
  queue.push(numbered(1));
  queue.shaped(*first.task);
  const ChunkQueue::Turn commit = queue.next();
  EXPECT_EQ(commit.work, Work::commit);
  EXPECT_EQ(commit.task, first.task);
  const ChunkQueue::Turn second = queue.next();
  EXPECT_EQ(second.work, Work::shape);
  EXPECT_EQ(second.task->chunk.first_row, 1u);
  // Only one commits: the second chunk, though shaped, waits for the first.
  queue.shaped(*second.task);
  EXPECT_EQ(queue.next().work, Work::read);
  queue.finish();
  queue.committed();
  EXPECT_EQ(queue.next().task, second.task);
  queue.committed();
  EXPECT_EQ(queue.next().work, Work::nothing);
}

TEST(ChunkQueue, AReadErrorComesBehindTheChunksBeforeIt) {
  ChunkQueue queue(4);
  ASSERT_EQ(queue.next().work, Work::read);
  queue.push(numbered(0));
  const ChunkQueue::Turn shape = queue.next();
  ASSERT_EQ(queue.next().work, Work::read);
  queue.finish(Error{.message = "broken", .hint = ""});
  queue.shaped(*shape.task);
  ASSERT_EQ(queue.next().work, Work::commit);
  queue.committed();
  EXPECT_EQ(queue.next().work, Work::nothing);
  EXPECT_EQ(queue.read_error()->message, "broken");
}

TEST(ChunkQueue, ClosingItEndsWhoeverWaits) {
  ChunkQueue queue(4);
  ASSERT_EQ(queue.next().work, Work::read);
  std::jthread waiting([&] { EXPECT_EQ(queue.next().work, Work::nothing); });
  queue.close();
}

TEST(ChunkQueue, ManyThreadsCommitEachChunkOnceInOrderAndHoldFew) {
  constexpr std::uint64_t chunks = 2'000;
  constexpr int capacity = 5;
  ChunkQueue queue(capacity);
  std::uint64_t read = 0;                // by one thread at a time, as the next
  std::vector<std::uint64_t> committed;  // a data race would be seen by the thread sanitizer
  std::atomic<int> held = 0;
  std::atomic<int> held_most = 0;
  const auto push = [&] {
    const int now = ++held;
    int most = held_most;
    while (now > most && !held_most.compare_exchange_weak(most, now)) {
    }
    queue.push(numbered(read++));
  };
  const auto commit = [&](const ChunkTask& task) {
    committed.push_back(task.shaped.documents);
    std::this_thread::yield();  // the others would read on if they might
    --held;
    queue.committed();
  };
  const auto work = [&] {
    while (true) {
      const ChunkQueue::Turn turn = queue.next();
      if (turn.work == Work::nothing) return;
      if (turn.work == Work::read) read == chunks ? queue.finish() : push();
      if (turn.work == Work::shape) {
        turn.task->shaped.documents = turn.task->chunk.first_row;
        queue.shaped(*turn.task);
      }
      if (turn.work == Work::commit) commit(*turn.task);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  }
  ASSERT_EQ(committed.size(), chunks);
  for (std::uint64_t i = 0; i < chunks; ++i) ASSERT_EQ(committed[i], i);
  EXPECT_LE(held_most, capacity);
}

}  // namespace
}  // namespace outfall::normalize
