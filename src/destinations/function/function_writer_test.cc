// SPDX-License-Identifier: Apache-2.0
#include "destinations/function/function_writer.h"

#include <gmock/gmock.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
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
    if (event.table->name == "slow")
      gate_->wait();
    else
      said.push_back("begin " + event.table->name);
    return {};
  }
  Outcome end_table(const LoadEvent& event) override {
    said.push_back("end " + event.table->name);
    return {};
  }
  std::vector<std::string> said;

 private:
  const std::shared_ptr<Gate> gate_;
};

TEST(FunctionWriter, ATableThatHasBegunGoesOnBesideOneThatHangs) {
  using Kind = delivery::Event::Kind;
  const auto gate = std::make_shared<Gate>();
  const auto slow = std::make_shared<Slow>(gate);
  const auto load = std::make_shared<LoadIntroduction>("1", true);
  const auto tell = [](FunctionWriter& writer, Kind kind, const schema::Table* table) {
    return writer.tell({.kind = kind, .load_id = "1", .table = table, .stop = {}});
  };
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

}  // namespace
}  // namespace outfall::destinations::function
