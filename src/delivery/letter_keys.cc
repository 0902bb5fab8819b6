// SPDX-License-Identifier: Apache-2.0
#include "delivery/letter_keys.h"

#include <algorithm>
#include <utility>

#include "ledger/lane_intent.h"
#include "package/package_reader.h"

namespace outfall::delivery {
namespace {

/// Some rows of the table were delivered, and any of them may be the later one. None of these letters is of this load,
/// so it does not matter which row is named.
void take_other_columns(const LetterKeys& letters, const std::string& table, std::vector<ledger::DeliveredKey>& out) {
  for (const std::string& key : letters.of_other_columns(table)) out.push_back({.table = table, .key = key, .row = -1});
}

}  // namespace

Status LetterKeys::begin(ledger::Ledger& ledger, const schema::Schema& schema, const ledger::PackageRecord& package) {
  for (const ledger::JobRecord& job : package.jobs) {
    const schema::Table* table = schema.tables.find(job.table);
    if (table == nullptr || tables_.contains(job.table)) continue;
    std::vector<KeyColumn> columns = key_columns(*table);
    if (columns.empty()) continue;
    Result<std::vector<std::string>> keys = ledger.letter_keys(job.table, package.load_id);
    if (!keys) return fail(std::move(keys.error()));
    Table& known = tables_[job.table];
    known.columns = std::move(columns);
    for (std::string& key : *keys) {
      std::optional<std::string> now = same_key_as(known.columns, key);
      (now ? known.keys[*now] : known.of_other_columns).push_back(std::move(key));
    }
  }
  return {};
}

const std::vector<KeyColumn>* LetterKeys::columns(const std::string& table) const {
  const auto found = tables_.find(table);
  return found == tables_.end() ? nullptr : &found->second.columns;
}

bool LetterKeys::has_any(const std::string& table) const {
  const auto found = tables_.find(table);
  if (found == tables_.end()) return false;
  const std::lock_guard lock(mutex_);
  return !found->second.keys.empty();
}

const std::vector<std::string>& LetterKeys::of_other_columns(const std::string& table) const {
  static const std::vector<std::string> none;
  const auto found = tables_.find(table);
  return found == tables_.end() ? none : found->second.of_other_columns;
}

void LetterKeys::take_delivered(const std::string& table, const std::string& key, std::int64_t row,
                                std::vector<ledger::DeliveredKey>& out) const {
  const auto found = tables_.find(table);
  if (found == tables_.end()) return;
  const std::lock_guard lock(mutex_);
  const auto letters = found->second.keys.find(key);
  if (letters == found->second.keys.end()) return;
  for (const std::string& kept : letters->second) out.push_back({.table = table, .key = kept, .row = row});
}

void LetterKeys::take_all(const std::string& table, std::int64_t row, std::vector<ledger::DeliveredKey>& out) const {
  const auto found = tables_.find(table);
  if (found == tables_.end()) return;
  const std::lock_guard lock(mutex_);
  for (const auto& [now, letters] : found->second.keys) {
    for (const std::string& kept : letters) out.push_back({.table = table, .key = kept, .row = row});
  }
}

void LetterKeys::add(const std::string& table, const std::string& key) {
  const auto found = tables_.find(table);
  if (found == tables_.end() || key.empty()) return;
  const std::lock_guard lock(mutex_);
  std::vector<std::string>& letters = found->second.keys[key];
  if (std::ranges::find(letters, key) == letters.end()) letters.push_back(key);
}

struct PackageKeys::Open {
  std::string job_file;
  columnar::IpcFileReader file;
  RowKeys keys;
};

PackageKeys::PackageKeys(const ledger::PackageRecord& package, const schema::Schema& schema, std::string folder)
    : package_(package), schema_(schema), folder_(std::move(folder)) {}
PackageKeys::~PackageKeys() = default;

/// Null: the table has no primary key. This process has held the file against what was sealed, or is about to.
Result<RowKeys*> PackageKeys::open(const ledger::JobRecord& job) {
  if (open_ == nullptr || open_->job_file != job.file) {
    const schema::Table* table = schema_.tables.find(job.table);
    std::vector<KeyColumn> columns = table == nullptr ? std::vector<KeyColumn>() : key_columns(*table);
    if (columns.empty()) return nullptr;
    Result<columnar::IpcFileReader> file = package::open_job(folder_, job, package::JobCheck::size);
    if (!file) return fail(std::move(file.error()));
    Result<RowKeys> keys = RowKeys::open(*file, std::move(columns));
    if (!keys) return fail(std::move(keys.error()));
    open_ = std::make_unique<Open>(Open{job.file, std::move(*file), std::move(*keys)});
  }
  return &open_->keys;
}

Result<std::string> PackageKeys::of(const std::string& table, std::uint64_t row) {
  for (const ledger::JobRecord& job : package_.jobs) {
    if (job.table != table) continue;
    if (row >= job.rows) {
      row -= job.rows;
      continue;
    }
    const Result<RowKeys*> keys = open(job);
    if (!keys) return fail(keys.error());
    return *keys == nullptr ? Result<std::string>(std::string()) : (*keys)->of(row);
  }
  return std::string();
}

Status PackageKeys::find(const JobPart& part, const LetterKeys& letters, std::vector<ledger::DeliveredKey>& found) {
  if (part.first >= part.last || !letters.has_any(part.job.table)) return {};
  const Result<RowKeys*> keys = open(part.job);
  if (!keys) return fail(keys.error());
  for (std::uint64_t row = part.first; row < part.last && *keys != nullptr; ++row) {
    const Result<std::string> key = (*keys)->of(row);
    if (!key) return fail(key.error());
    letters.take_delivered(part.job.table, *key, static_cast<std::int64_t>(part.before + row), found);
  }
  return {};
}

Result<std::vector<ledger::DeliveredKey>> PackageKeys::find_all(ledger::Ledger& ledger) {
  LetterKeys letters;
  if (Status begun = letters.begin(ledger, schema_, package_); !begun) return fail(std::move(begun.error()));
  std::vector<ledger::DeliveredKey> found;
  std::map<std::string_view, std::uint64_t> before;
  for (const ledger::JobRecord& job : package_.jobs) {
    const JobPart part{.job = job, .first = 0, .last = job.rows, .before = before[job.table]};
    if (Status looked = find(part, letters, found); !looked) return fail(std::move(looked.error()));
    if (before[job.table] == 0) take_other_columns(letters, job.table, found);
    before[job.table] += job.rows;
  }
  return found;
}

Status overtake_over_files(ledger::Ledger& ledger, const ledger::PackageRecord& package, const schema::Schema& schema,
                           const std::string& folder) {
  LetterKeys letters;
  if (Status begun = letters.begin(ledger, schema, package); !begun) return begun;
  const auto firsts = ledger.first_keyed_letters(package.load_id);
  if (!firsts) return fail(firsts.error());
  const auto lanes = ledger.lanes(package.load_id);
  if (!lanes) return fail(lanes.error());
  PackageKeys keys(package, schema, folder);
  std::vector<ledger::DeliveredKey> delivered;
  std::map<std::string_view, std::uint64_t> before;
  for (std::size_t i = 0; i < package.jobs.size(); ++i) {
    const ledger::JobRecord& job = package.jobs[i];
    const std::uint64_t first = std::exchange(before[job.table], before[job.table] + job.rows);
    const auto lane = std::ranges::find(*lanes, static_cast<std::int64_t>(i), &ledger::LaneRecord::position);
    if (lane == lanes->end()) continue;
    if (ledger::delivered_rows(*lane) > 0) take_other_columns(letters, job.table, delivered);
    const auto letter = firsts->find(job.table);
    if (letter == firsts->end() || static_cast<std::int64_t>(first) <= letter->second) continue;
    const JobPart part{.job = job, .first = 0, .last = lane->settled, .before = first};
    if (lane->settled > 0 && !keys.find(part, letters, delivered))
      letters.take_all(job.table, static_cast<std::int64_t>(first + lane->settled), delivered);
  }
  return ledger.overtake_letters(package.load_id, delivered);
}

}  // namespace outfall::delivery
