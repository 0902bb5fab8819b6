// SPDX-License-Identifier: Apache-2.0
//
// CsvInputs: the separated text among the inputs of a run. All of it is surveyed before the first record is shaped, so
// that the columns of a table have one type over all inputs that go there.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/csv_layout.h"
#include "sources/files/csv_survey.h"
#include "sources/files/spool.h"

namespace outfall::sources {

class CsvInputs {
 public:
  struct Settings {
    CsvOptions csv;
    int workers = 1;
    std::size_t chunk_bytes = 0;
    std::string spool_folder;
    bool is_stated = false;  ///< that inputs are separated text; else their names say so
  };
  struct Input {
    std::size_t index = 0;  ///< among the inputs of the run
    std::string path;
    std::string name;  ///< how messages call it
    std::string table;
    bool is_file = true;  ///< can be read twice
  };

  explicit CsvInputs(Settings settings) : settings_(std::move(settings)) {}

  /// Whether an error of an input is taken, so that the others are surveyed without it.
  using TakeFault = std::function<bool(std::size_t index, const Error& error)>;

  /// Surveys these inputs. Once, before all of the below.
  Status survey(const std::vector<Input>& inputs, const TakeFault& take_fault, const std::stop_token& stop);

  /// Forgets an input: its cells do not count for the types of the columns.
  void leave_out(std::size_t index);

  /// Whether an input was surveyed.
  bool contains(std::size_t index) const { return surveyed_.contains(index); }

  /// Opens an input for shaping: the bytes that were surveyed, as UTF-8.
  Result<std::unique_ptr<columnar::ByteStream>> open(std::size_t index, const std::stop_token& stop) const;
  std::shared_ptr<const normalize::CsvLayout> layout(std::size_t index) const { return surveyed_.at(index).layout; }
  /// What a person should know of how it was taken; empty: nothing.
  std::string note(std::size_t index) const;
  CsvHeader header() const { return settings_.csv.header; }

  /// What to record of an input that was shaped, of which `shaped` was read. It must be what was surveyed.
  Result<columnar::RawContent> content(std::size_t index, const columnar::RawContent& shaped) const;

  /// Bytes surveyed so far. From any thread.
  std::uint64_t bytes_surveyed() const { return bytes_finished_ + bytes_current_; }

 private:
  struct Surveyed {
    Input input;
    CsvSurvey survey;
    std::optional<KeptStream> piped;  ///< none: it is a file
    std::shared_ptr<const normalize::CsvLayout> layout;
  };

  Result<Surveyed> survey_one(const Input& input, const std::stop_token& stop);
  void decide_types();
  std::string path_of(const Surveyed& surveyed) const;

  Settings settings_;
  std::map<std::size_t, Surveyed> surveyed_;
  std::atomic<std::uint64_t> bytes_finished_{0};
  std::atomic<std::uint64_t> bytes_current_{0};
};

}  // namespace outfall::sources
