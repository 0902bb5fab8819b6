// SPDX-License-Identifier: Apache-2.0
//
// A database of one's own in the program itself: the same input is loaded twice, a replacement follows, and the folder
// says what it has. Then the conformance suite says whether the class keeps what it promises.
#include "folder_destination.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "outfall/outfall.h"

namespace {

bool load(outfall::Pipeline& pipeline, const std::vector<std::string>& users, outfall::WriteDisposition disposition) {
  const outfall::Report report = pipeline.run(
      {.from_memory = {{.table = "users", .documents = outfall::documents(users)}}, .write_disposition = disposition});
  if (report.error) std::fprintf(stderr, "%s\n%s\n", report.error->message.c_str(), report.error->hint.c_str());
  return report.ending == outfall::Ending::delivered;
}

std::string rows_of(outfall::DatasetDestination& destination) {
  std::string rows;
  const auto take = [&rows](std::string_view lines) -> outfall::Status {
    rows += lines;
    return {};
  };
  return destination.read("people_dataset", "users", take) ? rows : "it cannot be read";
}

}  // namespace

int main() {
  std::filesystem::remove_all("folder");
  std::filesystem::remove_all("state");
  const auto folder = std::make_shared<Folder>("folder");
  outfall::Pipeline pipeline({.name = "people", .custom_destination = folder});
  const bool is_loaded =
      load(pipeline, {R"({"id": 1, "name": "Ann"})", R"({"id": 2})"}, outfall::WriteDisposition::append) &&
      load(pipeline, {R"({"id": 3, "name": "Bo"})"}, outfall::WriteDisposition::append) &&
      load(pipeline, {R"({"id": 4, "name": "Cy"})"}, outfall::WriteDisposition::replace);
  std::printf("%s", rows_of(*folder).c_str());

  const auto report = outfall::test_conformance({.make = [] { return std::make_shared<Folder>("folder"); }});
  if (!report) return std::fprintf(stderr, "%s\n", report.error().message.c_str()), 1;
  for (const outfall::ConformanceCase& one : report->cases) {
    const std::string said = !one.failure.empty() ? one.failure : one.skipped.empty() ? "passed" : one.skipped;
    std::printf("%s: %s\n", one.name.c_str(), said.c_str());
  }
  return is_loaded && report->has_passed() && rows_of(*folder).find("Cy") != std::string::npos ? 0 : 1;
}
