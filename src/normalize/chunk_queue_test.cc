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

TEST(ChunkQueue, ReadsNoMoreThanItHolds) {
  ChunkQueue queue(1);
  ASSERT_EQ(queue.next().work, Work::read);
  queue.push(numbered(0));
  const ChunkQueue::Turn shape = queue.next();
  queue.shaped(*shape.task);
  ASSERT_EQ(queue.next().work, Work::commit);
  std::atomic<bool> read = false;
  std::jthread other([&] {
    EXPECT_EQ(queue.next().work, Work::read);
    read = true;
  });
  EXPECT_FALSE(read);
  queue.committed();
  other.join();
  EXPECT_TRUE(read);
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

TEST(ChunkQueue, ManyThreadsCommitEachChunkOnceInOrder) {
  constexpr std::uint64_t chunks = 2'000;
  ChunkQueue queue(5);
  std::uint64_t read = 0;                // by one thread at a time, as the next
  std::vector<std::uint64_t> committed;  // a data race would be seen by the thread sanitizer
  const auto work = [&] {
    while (true) {
      const ChunkQueue::Turn turn = queue.next();
      if (turn.work == Work::nothing) return;
      if (turn.work == Work::read) read == chunks ? queue.finish() : queue.push(numbered(read++));
      if (turn.work == Work::shape) {
        turn.task->shaped.documents = turn.task->chunk.first_row;
        queue.shaped(*turn.task);
      }
      if (turn.work == Work::commit) {
        committed.push_back(turn.task->shaped.documents);
        queue.committed();
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  }
  ASSERT_EQ(committed.size(), chunks);
  for (std::uint64_t i = 0; i < chunks; ++i) ASSERT_EQ(committed[i], i);
}

}  // namespace
}  // namespace outfall::normalize
