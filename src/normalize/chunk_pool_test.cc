// SPDX-License-Identifier: Apache-2.0
#include "normalize/chunk_pool.h"

#include <gtest/gtest.h>

#include <thread>

namespace outfall::normalize {
namespace {

TEST(ChunkPool, WaitsForTheBudgetAndUsesBuffersAgain) {
  ChunkPool pool(300);
  Chunk first = pool.acquire(100, {}).value();
  const std::byte* buffer = first.bytes.get();
  std::jthread worker([&pool, &first] { pool.give_back(std::move(first)); });
  // One more would exceed the budget: this returns only because the worker gives the first one back.
  const Chunk second = pool.acquire(200, {}).value();
  EXPECT_LE(pool.bytes_in_flight(), 300u);
  EXPECT_NE(buffer, second.bytes.get());
}

TEST(ChunkPool, AlwaysGrantsOneAndUsesItAgain) {
  ChunkPool pool(1);
  Chunk chunk = pool.acquire(1000, {}).value();
  const std::byte* buffer = chunk.bytes.get();
  pool.give_back(std::move(chunk));
  EXPECT_EQ(pool.acquire(1000, {}).value().bytes.get(), buffer);
}

TEST(ChunkPool, AStopEndsTheWait) {
  ChunkPool pool(1);
  const Chunk held = pool.acquire(10, {}).value();
  std::stop_source stop;
  std::jthread stopper([&stop] { stop.request_stop(); });
  const Result<Chunk> refused = pool.acquire(10, stop.get_token());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().blame, Blame::interrupted);
}

}  // namespace
}  // namespace outfall::normalize
