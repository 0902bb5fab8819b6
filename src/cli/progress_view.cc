// SPDX-License-Identifier: Apache-2.0
//
// Writes each line whole and at once, so that no other writer cuts it.
#include "cli/progress_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/output.h"
#include "cli/quantities.h"

namespace outfall::cli {
namespace {

double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// A rate over less than this says nothing.
constexpr double rate_seconds_min = 0.2;

void write_now(std::FILE* out, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), out);
  std::fflush(out);
}

std::string bytes_part(const Progress& progress) {
  if (!progress.bytes_total) return bytes_text(progress.bytes);
  return fmt::format("{} of {}", bytes_text(progress.bytes), bytes_text(*progress.bytes_total));
}

std::string rows_part(const Progress& progress) {
  if (!progress.rows_total) return count_text(progress.rows, "row");
  return fmt::format("{} of {}", count_text(progress.rows), count_text(*progress.rows_total, "row"));
}

std::vector<std::string> facts(const StageMeter& meter) {
  const Progress& progress = meter.progress();
  const std::string waiting = progress.waiting.empty() ? "" : "waiting " + one_line(progress.waiting);
  if (progress.stage == Progress::Stage::open && !waiting.empty()) return {waiting};
  if (progress.stage == Progress::Stage::open || progress.stage == Progress::Stage::seal) return {};
  std::vector<std::string> out{rows_part(progress)};
  if (progress.stage == Progress::Stage::extract) out.push_back(bytes_part(progress));
  if (seconds(meter.elapsed()) >= rate_seconds_min) {
    out.push_back(count_text(static_cast<std::uint64_t>(meter.rows_per_second()), "row") + "/s");
  }
  if (!waiting.empty()) out.insert(out.begin(), waiting);
  // In front of all others: a narrow terminal cuts off what comes last.
  if (meter.left() && progress.waiting.empty()) out.insert(out.begin(), duration_text(*meter.left()) + " left");
  return out;
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += between;
    out += part;
  }
  return out;
}

class BarView final : public ProgressView {
 public:
  explicit BarView(std::FILE* out) : out_(out) {}

  void show(const Progress& progress, Clock::time_point now) override {
    meter_.update(progress, now);
    // A finished stage keeps its line.
    const char* start = meter_.began() && open_ ? "\n" : "\r";
    open_ = true;
    write_now(out_, fmt::format("{}{}\x1b[K", start, bar_line(meter_, columns_of(out_) - 1)));
  }
  void end() override {
    if (open_) write_now(out_, "\n");
    open_ = false;
  }

 private:
  std::FILE* out_;
  StageMeter meter_;
  bool open_ = false;
};

class PlainView final : public ProgressView {
 public:
  explicit PlainView(std::FILE* out) : out_(out) {}

  void show(const Progress& progress, Clock::time_point now) override {
    constexpr auto interval = std::chrono::seconds(1);
    meter_.update(progress, now);
    if (!started_) last_ = progress.waiting.empty() ? now : now - interval;
    started_ = true;
    if (now - last_ < interval) return;
    last_ = now;
    write_now(out_, plain_line(meter_) + "\n");
  }
  void end() override {}

 private:
  std::FILE* out_;
  StageMeter meter_;
  bool started_ = false;
  Clock::time_point last_;
};

class JsonView final : public ProgressView {
 public:
  explicit JsonView(std::FILE* out) : out_(out) {}

  void show(const Progress& progress, Clock::time_point now) override {
    meter_.update(progress, now);
    write_now(out_, json_line(meter_) + "\n");
  }
  void end() override {}

 private:
  std::FILE* out_;
  StageMeter meter_;
};

}  // namespace

void StageMeter::update(const Progress& progress, Clock::time_point now) {
  began_ = !started_ || progress.stage != progress_.stage;
  // Fewer rows than before: another attempt at the same stage, with a pace of its own.
  if (began_ || progress.rows < progress_.rows) start_ = now;
  started_ = true;
  progress_ = progress;
  now_ = now;
}

double StageMeter::rows_per_second() const {
  return seconds(elapsed()) > 0 ? static_cast<double>(progress_.rows) / seconds(elapsed()) : 0;
}

std::optional<double> StageMeter::share() const {
  const bool by_rows = progress_.rows_total.has_value();
  const std::optional<std::uint64_t> total = by_rows ? progress_.rows_total : progress_.bytes_total;
  if (!total || *total == 0) return std::nullopt;
  const std::uint64_t done = by_rows ? progress_.rows : progress_.bytes;
  return std::min(1.0, static_cast<double>(done) / static_cast<double>(*total));
}

std::optional<Clock::duration> StageMeter::left() const {
  constexpr double share_min = 0.01;  // an estimate from less is a guess
  const std::optional<double> done = share();
  if (!done || *done < share_min || *done >= 1 || seconds(elapsed()) < rate_seconds_min) return std::nullopt;
  return std::chrono::duration_cast<Clock::duration>(elapsed() * ((1 - *done) / *done));
}

std::string bar_line(const StageMeter& meter, std::size_t columns) {
  constexpr std::size_t bar_columns = 20;
  std::string line = fmt::format("{:<9}", name(meter.progress().stage));
  if (const std::optional<double> share = meter.share()) {
    const auto filled = static_cast<std::size_t>(*share * bar_columns);
    std::string bar(filled, '=');
    if (filled < bar_columns) bar += '>';
    bar.resize(bar_columns, ' ');
    line += fmt::format("[{}] {:3}%  ", bar, static_cast<int>(*share * 100));
  }
  return shortened(line + joined(facts(meter), "  "), columns);
}

std::string plain_line(const StageMeter& meter) {
  std::string line = fmt::format("progress: {}", name(meter.progress().stage));
  if (const std::optional<double> share = meter.share()) line += fmt::format(" {}%", static_cast<int>(*share * 100));
  const std::string told = joined(facts(meter), ", ");
  return told.empty() ? line : line + ", " + told;
}

std::string json_line(const StageMeter& meter) {
  const Progress& progress = meter.progress();
  const auto number = [](const std::optional<std::uint64_t>& total) {
    return total ? fmt::format("{}", *total) : std::string("null");
  };
  std::string waiting = "null";
  if (!progress.waiting.empty()) {
    waiting.clear();
    append_json_text(waiting, progress.waiting);
  }
  // A load id is made of digits and a point: nothing in it needs escaping.
  return fmt::format(R"({{"event":"progress","stage":"{}","rows":{},"rows_total":{},"bytes":{},"bytes_total":{},)"
                     R"("rows_per_second":{},"seconds":{:.3f},"load_id":{},"waiting":{}}})",
                     name(progress.stage), progress.rows, number(progress.rows_total), progress.bytes,
                     number(progress.bytes_total), static_cast<std::uint64_t>(meter.rows_per_second()),
                     seconds(meter.elapsed()),
                     progress.load_id.empty() ? "null" : fmt::format("\"{}\"", progress.load_id), waiting);
}

std::unique_ptr<ProgressView> ProgressView::make(ProgressMode mode, std::FILE* out, const Terminal& terminal) {
  if (mode == ProgressMode::none) return nullptr;
  if (mode == ProgressMode::json) return std::make_unique<JsonView>(out);
  if (mode == ProgressMode::automatic && terminal.interactive) return std::make_unique<BarView>(out);
  return std::make_unique<PlainView>(out);
}

}  // namespace outfall::cli
