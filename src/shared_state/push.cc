// SPDX-License-Identifier: Apache-2.0
#include "shared_state/push.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "base/fault.h"
#include "base/file.h"
#include "base/hash.h"
#include "ledger/ledger.h"
#include "ledger/ledger_copy.h"

namespace outfall::shared_state {
namespace {

constexpr std::size_t read_at_once = std::size_t{1} << 20;

bool names(const Head& head, const std::string& object) {
  return (head.ledger && head.ledger->name == object) ||
         std::ranges::any_of(head.jobs, [&](const StoredJob& job) { return job.object.name == object; });
}

}  // namespace

Result<StoredObject> describe_file(std::string name, const std::string& path) {
  Result<File> file = File::open(path, OpenMode::read);
  if (!file) return fail(std::move(file.error()));
  StoredObject object{.name = std::move(name)};
  ContentHash hash;
  std::vector<std::byte> buffer(read_at_once);
  while (true) {
    const Result<std::size_t> count = file->read(buffer);
    if (!count) return fail(count.error());
    if (*count == 0) break;
    hash.update(std::span(buffer).first(*count));
    object.bytes += *count;
  }
  object.hash = hash.hex();
  return object;
}

Pusher::Pusher(ObjectStore& store, const ledger::PipelinePaths& paths, Head head)
    : store_(store), paths_(paths), head_(std::move(head)), before_(head_) {}

Result<bool> Pusher::push(Then then) {
  const std::string folder = paths_.folder + "/transfer-out";
  if (Status removed = remove_tree(folder); !removed) return fail(std::move(removed.error()));
  if (Status made = make_directories(folder); !made) return fail(std::move(made.error()));
  const std::string copy = folder + "/outfall.db";
  if (Status copied = ledger::copy_ledger(paths_.database, copy); !copied) return fail(std::move(copied.error()));
  Head next = head_;
  if (then == Then::releases) next.holder.reset();
  if (Status there = put_ledger(next, copy); !there) return fail(std::move(there.error()));
  if (Status there = put_jobs(next, copy); !there) return fail(std::move(there.error()));
  if (Status removed = remove_tree(folder); !removed) return fail(std::move(removed.error()));
  return put(std::move(next));
}

Result<bool> Pusher::release() {
  Head next = head_;
  next.holder.reset();
  return put(std::move(next));
}

Result<StoredObject> Pusher::put_object(std::string_view kind, const std::string& path) {
  Result<StoredObject> object = describe_file(object_name(kind, head_.generation, ++objects_), path);
  if (!object) return object;
  const Result<bool> put = store_.put_file_if_absent({head_.pipeline, object->name}, path);
  if (!put) return fail(put.error());
  if (!*put) {
    return fail(fmt::format("the shared state {} has {}/{} already, which only this process may make", store_.address(),
                            head_.pipeline, object->name),
                "somebody else writes in that folder: run again, or choose another one");
  }
  return object;
}

Status Pusher::put_ledger(Head& next, const std::string& copy) {
  Result<StoredObject> object = put_object("state", copy);
  if (!object) return fail(std::move(object.error()));
  next.ledger = std::move(*object);
  return {};
}

/// Those that are there stay; those of packages that are not pending any more are named no longer.
Status Pusher::put_jobs(Head& next, const std::string& copy) {
  next.jobs.clear();
  Result<ledger::Ledger> ledger = ledger::Ledger::open_read_only(copy);
  if (!ledger) return fail(std::move(ledger.error()));
  const auto pending = ledger->pending();
  if (!pending) return fail(pending.error());
  for (const ledger::PackageRecord& package : *pending) {
    for (const ledger::JobRecord& job : package.jobs) {
      if (const StoredJob* stored = find_job(head_, package.load_id, job.file)) {
        next.jobs.push_back(*stored);
        continue;
      }
      const std::string path = fmt::format("{}/{}", paths_.package(package.load_id), job.file);
      const Result<bool> exists = file_exists(path);
      if (!exists) return fail(exists.error());
      if (!*exists) continue;  // what is lost here is lost there; its delivery says so
      Result<StoredObject> object = put_object("job", path);
      if (!object) return fail(std::move(object.error()));
      next.jobs.push_back({.load_id = package.load_id, .file = job.file, .object = std::move(*object)});
    }
  }
  return {};
}

Result<bool> Pusher::put(Head next) {
  fault_point(Fault::before_state_push);
  while (true) {
    next.number = head_.number + 1;
    const Result<bool> put = put_head(store_, next);
    if (!put) return put;
    if (*put) break;
    Result<std::optional<Head>> newest = newest_head(store_, head_.pipeline);
    if (!newest) return fail(std::move(newest.error()));
    // An earlier try may have come through without an answer: then it is ours to go on from.
    const bool is_ours = *newest && (*newest)->claim == head_.claim && (*newest)->number > head_.number;
    if (!is_ours) return false;
    head_ = std::move(**newest);
  }
  before_ = std::exchange(head_, std::move(next));
  fault_point(Fault::after_state_push);
  remove_old();
  return true;
}

/// What stays because it cannot be removed now is removed by a later push. Nothing of a later generation is touched:
/// its runner may be putting it.
void Pusher::remove_old() {
  const Result<std::vector<std::string>> found = store_.list(head_.pipeline);
  if (!found) return;
  for (const std::string& name : *found) {
    const std::optional<NameParts> parts = parse_name(name);
    if (!parts) continue;
    bool is_old = false;
    switch (parts->kind) {
      case NameParts::Kind::head:
        is_old = parts->number < before_.number;
        break;
      case NameParts::Kind::beat:
        is_old = parts->generation < head_.generation;
        break;
      case NameParts::Kind::state:
      case NameParts::Kind::job:
        is_old = parts->generation <= head_.generation && !names(head_, name) && !names(before_, name);
        break;
    }
    if (is_old) static_cast<void>(store_.remove({head_.pipeline, name}));
  }
}

Beats::Beats(ObjectStore& store, const Head& claim)
    : store_(store), pipeline_(claim.pipeline), claim_(claim.claim), generation_(claim.generation) {}

Result<bool> Beats::beat() {
  const Result<bool> put = store_.put_if_absent({pipeline_, object_name("beat", generation_, number_ + 1)}, "");
  if (!put) return put;
  ++number_;
  static_cast<void>(store_.remove({pipeline_, object_name("beat", generation_, number_ - 1)}));
  const Result<std::optional<Head>> newest = newest_head(store_, pipeline_);
  if (!newest) return fail(newest.error());
  return *newest && (*newest)->claim == claim_;
}

void Beats::end() {
  static_cast<void>(store_.remove({pipeline_, object_name("beat", generation_, number_)}));
}

}  // namespace outfall::shared_state
