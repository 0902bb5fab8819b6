// SPDX-License-Identifier: Apache-2.0
//
// One open job file a table; a bounded number of them; the disk is watched.
#include "package/package_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/fault.h"
#include "columnar/ipc_file.h"
#include "package/schema_key.h"

namespace outfall::package {
namespace {

using columnar::IpcFileSize;
using columnar::IpcFileWriter;

constexpr std::size_t name_bytes_max = 120;  // with ordinal and ending far below the 255 of file systems

struct OpenFile {
  IpcFileWriter writer;
  std::string schema_key;
  std::size_t job = 0;          // index into the jobs
  std::uint64_t last_used = 0;  // turn of the last append
};

}  // namespace

using OpenFiles = std::map<std::string, OpenFile, std::less<>>;

struct PackageWriter::State {
  std::string packages_folder;
  std::string folder;
  PackageWriterOptions options;
  std::vector<ledger::JobRecord> jobs;
  OpenFiles open;          // by table
  std::string schema_key;  // of the batch at hand, kept for its memory
  std::uint64_t turn = 0;
  std::uint64_t bytes_of_finished = 0;
  std::uint64_t bytes_since_check = 0;
  bool finished = false;

  Status check_disk();
  Result<OpenFile*> file_for(std::string_view table, const ArrowSchema& schema);
  Result<OpenFile*> begin_file(std::string_view table, const ArrowSchema& schema);
  Status finish_file(OpenFile& file);
  Status finish_least_used();
  Status end_file(OpenFiles::iterator file);
};

Status PackageWriter::State::check_disk() {
  bytes_since_check = 0;
  const Result<std::uint64_t> available = options.free_bytes(packages_folder);
  if (!available) return fail(available.error());
  if (*available >= options.disk_reserve_bytes) return {};
  constexpr std::uint64_t mib = std::uint64_t{1} << 20;
  return fail(fmt::format("the disk of {} has {} MiB left, and {} MiB must stay free for the state store",
                          packages_folder, *available / mib, options.disk_reserve_bytes / mib),
              "free some space, or choose another disk with --data-dir");
}

Result<OpenFile*> PackageWriter::State::file_for(std::string_view table, const ArrowSchema& schema) {
  schema_key.clear();
  append_schema_key(schema, schema_key);
  if (const auto found = open.find(table); found != open.end()) {
    OpenFile& file = found->second;
    if (file.schema_key == schema_key) return &file;
    if (options.keeps_file) {
      if (Status changed = file.writer.change_columns(schema); !changed) return fail(std::move(changed).error());
      file.schema_key = schema_key;
      return &file;
    }
    if (Status done = end_file(found); !done) return fail(std::move(done).error());
  }
  if (open.size() >= options.open_files_max) {
    if (Status done = finish_least_used(); !done) return fail(std::move(done).error());
  }
  return begin_file(table, schema);
}

Result<OpenFile*> PackageWriter::State::begin_file(std::string_view table, const ArrowSchema& schema) {
  if (jobs.size() == limits::job_files_max) {
    return fail(fmt::format("the package has {} job files, more cannot be named", limits::job_files_max),
                "load fewer inputs in one run: columns that change all the time begin a new file each time");
  }
  const std::string file = job_file_name(table, jobs.size() + 1);
  Result<IpcFileWriter> writer = IpcFileWriter::create(fmt::format("{}/{}", folder, file), schema);
  if (!writer) return fail(std::move(writer).error());
  fault_point(Fault::job_file_created);
  jobs.push_back({.table = std::string(table), .file = file});
  const auto added =
      open.emplace(table, OpenFile{.writer = std::move(*writer), .schema_key = schema_key, .job = jobs.size() - 1});
  return &added.first->second;
}

Status PackageWriter::State::finish_file(OpenFile& file) {
  const Result<IpcFileSize> size = file.writer.finish();
  if (!size) return fail(size.error());
  jobs[file.job].rows = size->rows;
  jobs[file.job].bytes = size->bytes;
  jobs[file.job].hash = size->hash;
  bytes_of_finished += size->bytes;
  fault_point(Fault::job_file_written);
  return {};
}

Status PackageWriter::State::finish_least_used() {
  return end_file(std::ranges::min_element(open, {}, [](const auto& entry) { return entry.second.last_used; }));
}

Status PackageWriter::State::end_file(OpenFiles::iterator file) {
  if (Status done = finish_file(file->second); !done) return done;
  if (Status synced = file->second.writer.sync(); !synced) return synced;
  open.erase(file);
  return {};
}

PackageWriter::PackageWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
PackageWriter::PackageWriter(PackageWriter&&) noexcept = default;

PackageWriter& PackageWriter::operator=(PackageWriter&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

PackageWriter::~PackageWriter() {
  if (state_ != nullptr && !state_->finished) static_cast<void>(discard());
}

Result<PackageWriter> PackageWriter::create(const std::string& packages_folder, const std::string& load_id,
                                            PackageWriterOptions options) {
  auto state = std::make_unique<State>();
  state->packages_folder = packages_folder;
  state->folder = fmt::format("{}/{}", packages_folder, load_id);
  state->options = std::move(options);
  state->options.open_files_max = std::max<std::size_t>(state->options.open_files_max, 1);
  const Result<bool> taken = file_exists(state->folder);
  if (!taken) return fail(taken.error());
  if (*taken) return fail(fmt::format("cannot begin package {}: {} exists", load_id, state->folder));
  if (Status made = make_directories(state->folder); !made) return fail(std::move(made).error());
  PackageWriter writer(std::move(state));
  if (Status room = writer.state_->check_disk(); !room) return fail(std::move(room).error());
  return writer;
}

Status PackageWriter::append(std::string_view table, const ArrowSchema& schema, ArrowArray* batch) {
  const bool nothing = batch->length == 0;
  Result<OpenFile*> file = nullptr;
  if (!nothing) file = state_->file_for(table, schema);
  if (nothing || !file) {
    if (batch->release != nullptr) batch->release(batch);
    return file ? Status{} : fail(std::move(file).error());
  }
  (*file)->last_used = ++state_->turn;
  const std::uint64_t before = (*file)->writer.size().bytes;
  if (Status written = (*file)->writer.append(batch); !written) return written;
  const std::uint64_t bytes = (*file)->writer.size().bytes;
  state_->bytes_since_check += bytes - before;
  if (state_->options.file_bytes > 0 && bytes >= state_->options.file_bytes) {
    if (Status done = state_->end_file(state_->open.find(table)); !done) return done;
  }
  return state_->bytes_since_check >= limits::disk_check_interval_bytes ? state_->check_disk() : Status{};
}

std::uint64_t PackageWriter::bytes() const {
  std::uint64_t bytes = state_->bytes_of_finished;
  for (const auto& [table, file] : state_->open) bytes += file.writer.size().bytes;
  return bytes;
}

const std::string& PackageWriter::folder() const {
  return state_->folder;
}

Result<std::vector<ledger::JobRecord>> PackageWriter::finish() {
  // All are written before the first is waited for, so that the disk works on them together.
  for (auto& [table, file] : state_->open) {
    if (Status done = state_->finish_file(file); !done) return fail(std::move(done).error());
  }
  for (auto& [table, file] : state_->open) {
    if (Status synced = file.writer.sync(); !synced) return fail(std::move(synced).error());
  }
  state_->open.clear();
  for (const std::string& folder : {state_->folder, state_->packages_folder}) {
    if (Status synced = sync_directory(folder); !synced) return fail(std::move(synced).error());
  }
  fault_point(Fault::job_files_synced);
  state_->finished = true;
  return state_->jobs;
}

Status PackageWriter::discard() {
  state_->open.clear();
  state_->finished = true;
  return remove_tree(state_->folder);
}

std::string job_file_name(std::string_view table, std::size_t ordinal) {
  std::string name;
  for (const char byte : table) {
    const bool safe = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                      byte == '_' || byte == '-';
    if (safe) {
      name += byte;
    } else {
      name += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    }
    if (name.size() >= name_bytes_max) break;
  }
  // Two long names may be cut to one: the ordinal keeps the files apart, and the ledger knows the tables.
  return fmt::format("{}.{:05}.arrow", name, ordinal);
}

}  // namespace outfall::package
