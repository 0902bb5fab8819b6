// SPDX-License-Identifier: Apache-2.0
#include "destinations/function/function_writer.h"

#include <gmock/gmock.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace outfall::destinations::function {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// What hangs there and is let go when all has been looked at.
struct Gate {
  std::mutex mutex;
  std::condition_variable opened;
  bool is_open = false;

  void wait() {
    std::unique_lock lock(mutex);
    opened.wait(lock, [this] { return is_open; });
  }
  void open() {
    const std::lock_guard lock(mutex);
    is_open = true;
    opened.notify_all();
  }
};

/// Remembers which tables began and ended; `slow` does not come to begin.
class Slow final : public CustomDestination {
 public:
  explicit Slow(std::shared_ptr<Gate> gate) : CustomDestination({.name = "slow"}), gate_(std::move(gate)) {}
  Outcome write(const Rows&, const TableSchema&, const CallContext&) override { return {}; }
  Outcome begin_table(const LoadEvent& event) override {
    if (event.table->name == "slow") {
      entered.open();
      gate_->wait();
    } else
      said.push_back("begin " + event.table->name);
    return {};
  }
  Outcome end_table(const LoadEvent& event) override {
    said.push_back("end " + event.table->name);
    return {};
  }
  std::vector<std::string> said;
  Gate entered;

 private:
  const std::shared_ptr<Gate> gate_;
};

using Kind = delivery::Event::Kind;

Outcome tell(FunctionWriter& writer, Kind kind, const schema::Table* table) {
  return writer.tell({.kind = kind, .load_id = "1", .table = table, .stop = {}});
}

TEST(FunctionWriter, ATableThatHasBegunGoesOnBesideOneThatHangs) {
  const auto gate = std::make_shared<Gate>();
  const auto slow = std::make_shared<Slow>(gate);
  const auto load = std::make_shared<LoadIntroduction>("1", true);
  const schema::Table quick{.name = "quick"};
  const schema::Table hanging{.name = "slow"};
  const schema::Table later{.name = "later"};
  FunctionWriter one(slow, load, std::chrono::milliseconds(50), {});
  FunctionWriter other(slow, load, std::chrono::seconds(60), {});

  EXPECT_EQ(tell(other, Kind::begin_table, &quick).kind, Outcome::Kind::delivered);
  EXPECT_THAT(tell(one, Kind::begin_table, &hanging).reason, HasSubstr("begin_table has not returned"));
  EXPECT_TRUE(one.is_stuck());

  EXPECT_EQ(tell(other, Kind::end_table, &quick).kind, Outcome::Kind::delivered);
  EXPECT_EQ(tell(other, Kind::complete_load, nullptr).kind, Outcome::Kind::delivered);
  EXPECT_FALSE(other.is_stuck());
  EXPECT_THAT(tell(other, Kind::begin_table, &later).reason, HasSubstr("begin_table has not returned"));
  EXPECT_TRUE(other.is_stuck());
  EXPECT_THAT(slow->said, ElementsAre("begin quick", "end quick"));
  gate->open();
}

TEST(FunctionWriter, ATableThatHasBegunDoesNotWaitForOneThatBegins) {
  const auto gate = std::make_shared<Gate>();
  const auto slow = std::make_shared<Slow>(gate);
  const auto load = std::make_shared<LoadIntroduction>("1", true);
  const schema::Table quick{.name = "quick"};
  const schema::Table waiting{.name = "slow"};
  FunctionWriter one(slow, load, {}, {});
  FunctionWriter other(slow, load, {}, {});
  EXPECT_EQ(tell(other, Kind::begin_table, &quick).kind, Outcome::Kind::delivered);
  std::jthread begins([&] { EXPECT_EQ(tell(one, Kind::begin_table, &waiting).kind, Outcome::Kind::delivered); });
  slow->entered.wait();
  EXPECT_EQ(tell(other, Kind::end_table, &quick).kind, Outcome::Kind::delivered);
  gate->open();
}

/// The table begins once it was told that it does not.
TEST(FunctionWriter, ACallThatLastsIsTold) {
  const auto gate = std::make_shared<Gate>();
  const auto slow = std::make_shared<Slow>(gate);
  const schema::Table waiting{.name = "slow"};
  std::string told;  // read once the watch is gone
  {
    const auto watch = std::make_shared<delivery::CallWatch>(
        [&](const std::string& what) {
          told = what;
          gate->open();
        },
        delivery::CallWatch::Pace{.first = std::chrono::milliseconds(1), .every = std::chrono::milliseconds(1)});
    FunctionWriter writer(slow, std::make_shared<LoadIntroduction>("1", true), {}, {}, watch);
    EXPECT_EQ(tell(writer, Kind::begin_table, &waiting).kind, Outcome::Kind::delivered);
  }
  EXPECT_THAT(told, HasSubstr("for the function's begin_table of slow, "));
}

/// Counts the tables that it is told begin, and lets none of them.
class Hanging final : public CustomDestination {
 public:
  explicit Hanging(std::shared_ptr<Gate> gate) : CustomDestination({.name = "hanging"}), gate_(std::move(gate)) {}
  Outcome write(const Rows&, const TableSchema&, const CallContext&) override { return {}; }
  Outcome begin_table(const LoadEvent&) override {
    ++begun;
    gate_->wait();
    return {};
  }
  std::atomic<int> begun = 0;

 private:
  const std::shared_ptr<Gate> gate_;
};

TEST(FunctionWriter, NoTableBeginsBesideOneThatHangs) {
  constexpr int times = 300;
  const schema::Table first{.name = "first"};
  const schema::Table second{.name = "second"};
  const auto gate = std::make_shared<Gate>();
  for (int i = 0; i < times; ++i) {
    const auto hanging = std::make_shared<Hanging>(gate);
    const auto load = std::make_shared<LoadIntroduction>("1", true);
    FunctionWriter patient(hanging, load, {}, {});
    EXPECT_EQ(tell(patient, Kind::begin_table, nullptr).kind, Outcome::Kind::delivered) << "the load begins";
    const auto begin = [&](const schema::Table* table) {
      FunctionWriter writer(hanging, load, std::chrono::milliseconds(1), {});
      EXPECT_THAT(tell(writer, Kind::begin_table, table).reason, HasSubstr("begin_table has not returned"));
      EXPECT_TRUE(writer.is_stuck());
    };
    {
      const std::jthread one(begin, &first);
      const std::jthread other(begin, &second);
    }
    EXPECT_LE(hanging->begun, 1) << "of two that came at once";
  }
  gate->open();
}

}  // namespace
}  // namespace outfall::destinations::function
