// SPDX-License-Identifier: Apache-2.0
//
// A function as a destination: it gets each row once it is safe, in batches, and says what became of them. Here it
// appends names to a file, rejects rows without one, and remembers the keys of the batches that it has, so that a batch
// which comes again after a crash is not written twice. Which file that is, the configuration may say.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/outfall.h"

namespace {

struct Config {
  std::string file;
  std::uint64_t length_max = 0;
  std::optional<outfall::Secret> password;
};

const outfall::Fields<Config>& config_fields() {
  static const outfall::Fields<Config> fields = {
      {"file", &Config::file, "names.txt"}, {"length_max", &Config::length_max, 100}, {"password", &Config::password}};
  return fields;
}

class Names {
 public:
  outfall::Status open(const outfall::Configuration& configuration) {
    if (outfall::Status filled = config_fields().fill(config_, configuration); !filled) return filled;
    std::ifstream file(config_.file + ".keys");
    for (std::string key; std::getline(file, key);) keys_.insert(key);
    return {};
  }

  std::vector<outfall::RejectedRow> operator()(const outfall::Rows& rows, const outfall::TableSchema& table,
                                               const outfall::CallContext& context) {
    std::vector<outfall::RejectedRow> rejected;
    std::string lines;
    for (const outfall::Row row : rows) {
      const auto name = row.get<std::string_view>("name");
      if (name && name->size() <= config_.length_max)
        lines += table.name + ' ' + std::string(*name) + '\n';
      else
        rejected.push_back({.row = row.index(), .reason = name ? "its name is too long" : "it has no name"});
    }
    if (keys_.insert(std::string(context.key)).second) {
      std::ofstream(config_.file, std::ios::app) << lines << std::flush;
      std::ofstream(config_.file + ".keys", std::ios::app) << context.key << '\n' << std::flush;
    }
    return rejected;
  }

  void complete_load(const outfall::LoadEvent&) { std::printf("all names are written\n"); }

 private:
  Config config_;
  std::set<std::string> keys_;
};

}  // namespace

int main() {
  const std::vector<std::string> users = {R"({"id": 1, "name": "Ann"})", R"({"id": 2})", R"({"id": 3, "name": "Bo"})"};

  const auto names = outfall::custom_destination(
      {.name = "names", .batches = {.batch_size = 100, .parallelism = outfall::Parallelism::sequential}}, Names());
  outfall::Pipeline pipeline({.name = "names", .custom_destination = names});
  const outfall::Report report =
      pipeline.run({.from_memory = {{.table = "users", .documents = outfall::documents(users)}}});

  std::printf("%" PRIu64 " delivered, %" PRIu64 " rejected\n", report.balance.delivered, report.balance.rejected);
  if (report.error) std::fprintf(stderr, "%s\n%s\n", report.error->message.c_str(), report.error->hint.c_str());
  return report.ending == outfall::Ending::rejected && report.balance.delivered == 2 ? 0 : 1;
}
