// SPDX-License-Identifier: Apache-2.0
//
// A database of one's own that is a folder of files (outfall/dataset_destination.h, docs/own-database.md):
//
//   <root>/<dataset>/jobs/<job id>      the rows of a job, as lines of JSON
//   <root>/<dataset>/schemas/<number>   schemas, in the order in which they were stored
//   <root>/<dataset>/loads/<load id>    what a load has brought: its jobs, the tables that it has emptied, the state
//
// A row can be seen once the file of its load is there, and that file comes about by a rename: the load is there as a
// whole, or not at all. So it may call itself transactional.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outfall/dataset_destination.h"

class Folder final : public outfall::DatasetDestination {
 public:
  explicit Folder(std::filesystem::path root = {})
      : DatasetDestination(
            {.name = "folder",
             .mode = outfall::DeliveryMode::transactional,
             .write_dispositions = {outfall::WriteDisposition::append, outfall::WriteDisposition::replace}}),
        root_(std::move(root)) {}

  outfall::Status open(const Settings& settings) override {
    if (root_.empty()) root_ = settings("path").value_or("folder");
    return {};
  }

  outfall::Result<bool> has_load(const std::string& dataset, const std::string& load_id) override {
    return std::filesystem::exists(root_ / dataset / "loads" / load_id);
  }

  outfall::Result<std::vector<outfall::DatasetLoad>> loads(const std::string& dataset) override {
    std::vector<outfall::DatasetLoad> found;
    for (const std::filesystem::path& file : files_in(root_ / dataset / "loads")) {
      const Fields head = lines_of(file).at(0);
      found.push_back({file.filename(), head.at(0), head.at(1), time_of(head.at(2))});
    }
    return found;
  }

  outfall::Result<std::optional<outfall::DatasetSchema>> stored_schema(const std::string& dataset,
                                                                       const std::string& name,
                                                                       const std::string& version_hash) override {
    std::optional<outfall::DatasetSchema> newest;
    for (const std::filesystem::path& file : files_in(root_ / dataset / "schemas")) {
      const std::vector<Fields> lines = lines_of(file);
      const Fields& head = lines.at(0);
      if (!name.empty() && head.at(0) != name) continue;
      if (!version_hash.empty() && head.at(1) != version_hash) continue;
      newest = {head.at(0),        head.at(1),         std::stoll(head.at(2)), std::stoll(head.at(3)),
                lines.at(1).at(0), time_of(head.at(4))};
    }
    return newest;
  }

  outfall::Result<std::optional<outfall::DatasetState>> stored_state(const std::string& dataset,
                                                                     const std::string& pipeline) override {
    std::optional<outfall::DatasetState> newest;
    for (const std::filesystem::path& file : files_in(root_ / dataset / "loads")) {
      for (const Fields& line : lines_of(file)) {
        if (line.at(0) != "state" || line.at(1) != pipeline) continue;
        newest = {line.at(1),      line.at(2),         line.at(3), std::stoll(line.at(4)), std::stoll(line.at(5)),
                  file.filename(), time_of(line.at(6))};
      }
    }
    return newest;
  }

  outfall::Status read(const std::string& dataset, const std::string& table, const TakeLines& take) override {
    std::vector<std::string> jobs;
    for (const std::filesystem::path& file : files_in(root_ / dataset / "loads")) {
      for (const Fields& line : lines_of(file)) {
        if (line.at(0) == "emptied" && line.at(1) == as_word(table)) jobs.clear();
        if (line.at(0) == "job" && line.at(1) == as_word(table)) jobs.push_back(line.at(2));
      }
    }
    for (const std::string& job : jobs) {
      if (outfall::Status taken = take(text_of(root_ / dataset / "jobs" / job)); !taken) return taken;
    }
    return {};
  }

  outfall::Status migrate(const outfall::LoadPlan& plan) override {
    const std::filesystem::path folder = root_ / plan.dataset;
    for (const char* part : {"jobs", "schemas", "loads"}) std::filesystem::create_directories(folder / part);
    const outfall::DatasetSchema& schema = plan.schema;
    std::string number = std::to_string(files_in(folder / "schemas").size());
    number.insert(0, 6 - std::min<std::size_t>(number.size(), 6), '0');  // in the order of their names
    return appear(folder / "schemas" / number, schema.name + '\t' + schema.version_hash + '\t' +
                                                   std::to_string(schema.version) + '\t' +
                                                   std::to_string(schema.engine_version) + '\t' +
                                                   as_text(schema.stored_at) + '\n' + schema.document + '\n');
  }

  outfall::Status begin_load(const outfall::LoadPlan& plan) override {
    brought_.clear();
    for (const std::string& table : plan.dropped_tables) brought_ += "emptied\t" + as_word(table) + '\n';
    for (const outfall::TablePlan& table : plan.tables) {
      if (table.is_replaced) brought_ += "emptied\t" + as_word(table.schema.name) + '\n';
    }
    return {};
  }

  outfall::Status load_job(const outfall::LoadPlan& plan, outfall::LoadJob& job) override {
    std::string rows;
    while (true) {
      const outfall::Result<std::string_view> lines = job.next_lines();
      if (!lines) return outfall::fail(lines.error());
      if (lines->empty()) break;
      rows += *lines;
    }
    brought_ += "job\t" + as_word(job.table().schema.name) + '\t' + job.id() + '\n';
    return appear(root_ / plan.dataset / "jobs" / job.id(), rows);
  }

  outfall::Status complete_load(const outfall::LoadPlan& plan,
                                const std::optional<outfall::DatasetState>& state) override {
    std::string load =
        plan.schema.name + '\t' + plan.schema.version_hash + '\t' + as_text(plan.schema.stored_at) + '\n' + brought_;
    if (state) {
      load += "state\t" + state->pipeline + '\t' + state->state + '\t' + state->version_hash + '\t' +
              std::to_string(state->version) + '\t' + std::to_string(state->engine_version) + '\t' +
              as_text(state->created_at) + '\n';
    }
    return appear(root_ / plan.dataset / "loads" / plan.load_id, load);
  }

 private:
  using Fields = std::vector<std::string>;

  /// The file is there as a whole, and outlives a power cut; or it is as it was before.
  static outfall::Status appear(const std::filesystem::path& path, const std::string& text) {
    const std::filesystem::path unfinished = path.string() + ".tmp";
    std::FILE* file = std::fopen(unfinished.c_str(), "w");
    bool is_done = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
    is_done = is_done && std::fflush(file) == 0 && ::fsync(::fileno(file)) == 0;
    if (file != nullptr) is_done = std::fclose(file) == 0 && is_done;
    is_done = is_done && std::rename(unfinished.c_str(), path.c_str()) == 0;
    const int folder = ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY);
    is_done = is_done && folder >= 0 && ::fsync(folder) == 0;
    if (folder >= 0) ::close(folder);
    if (is_done) return {};
    return outfall::fail(outfall::Error{"write " + path.string() + ": it cannot be written",
                                        "is the disk full, or the folder somebody else's?", outfall::Remedy::retry});
  }

  /// By name, without what was never finished.
  static std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    if (!std::filesystem::exists(folder)) return files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".tmp") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
  }

  static std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  static std::vector<Fields> lines_of(const std::filesystem::path& path) {
    std::vector<Fields> lines;
    std::istringstream text(text_of(path));
    for (std::string line; std::getline(text, line);) {
      Fields& fields = lines.emplace_back();
      std::istringstream words(line);
      for (std::string word; std::getline(words, word, '\t');) fields.push_back(word);
    }
    return lines;
  }

  /// A name without what ends a field or a line.
  static std::string as_word(const std::string& name) {
    std::string word;
    for (const char c : name) word += c == '\t' ? "%09" : c == '\n' ? "%0A" : c == '%' ? "%25" : std::string(1, c);
    return word;
  }

  static std::string as_text(outfall::Time time) { return std::to_string(time.time_since_epoch().count()); }
  static outfall::Time time_of(const std::string& text) {
    return outfall::Time(std::chrono::microseconds(std::stoll(text)));
  }

  std::filesystem::path root_;
  std::string brought_;  ///< lines of the load at hand
};
