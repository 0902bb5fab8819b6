// SPDX-License-Identifier: Apache-2.0
#include "shared_state/local_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <set>
#include <sstream>
#include <utility>

#include "base/file.h"
#include "ledger/ledger.h"
#include "ledger/ledger_copy.h"
#include "ledger/pipeline_lock.h"
#include "shared_state/push.h"

namespace outfall::shared_state {
namespace {

constexpr int heads_tried_max = 5;

/// For somebody else of this machine who fetches the same to look at it. Then what is here has to do.
constexpr std::chrono::milliseconds look_wait{10'000};

constexpr const char* put_back_hint =
    "put the file back from a copy of the folder, or begin anew in an empty one: what was loaded is not known there";

std::vector<std::string> words_of(const std::string& mark) {
  std::istringstream text(mark);
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(std::move(word));
  return words;
}

bool is_held_by(const std::vector<std::string>& mark, const Head& head) {
  return mark.size() >= 3 && mark[0] == "holder" && mark[1] == head.chain &&
         std::find(mark.begin() + 2, mark.end(), head.claim) != mark.end();
}

Error gone(ObjectStore& store, const Head& head, const std::string& object) {
  return {.message = fmt::format("the shared state {} of pipeline '{}' is incomplete: {} names {}, which is not there",
                                 store.address(), head.pipeline, head_name(head.number), object),
          .hint = put_back_hint};
}

Error damaged(ObjectStore& store, const Head& head, const std::string& object) {
  return {.message = fmt::format("the shared state {} of pipeline '{}' is damaged: {}/{} is not what was pushed",
                                 store.address(), head.pipeline, head.pipeline, object),
          .hint = put_back_hint};
}

/// The object in a file that is as it was pushed.
Status fetch(ObjectStore& store, const Head& head, const StoredObject& object, const std::string& path) {
  const Result<bool> read = store.read_file({head.pipeline, object.name}, path);
  if (!read) return fail(read.error());
  if (!*read) return fail(gone(store, head, object.name));
  const Result<StoredObject> found = describe_file(object.name, path);
  if (!found) return fail(found.error());
  if (found->bytes != object.bytes || found->hash != object.hash) return fail(damaged(store, head, object.name));
  return {};
}

Result<std::set<std::string>> load_ids(const std::string& database, bool only_pending) {
  Result<ledger::Ledger> opened = ledger::Ledger::open_read_only(database);
  if (!opened) return fail(std::move(opened.error()));
  const auto packages = only_pending ? opened->pending() : opened->packages(std::numeric_limits<std::int64_t>::max());
  if (!packages) return fail(packages.error());
  std::set<std::string> found;
  for (const ledger::PackageRecord& package : *packages) found.insert(package.load_id);
  return found;
}

Status check_package(ObjectStore& store, const ledger::PackageRecord& package) {
  const auto check = [&](const std::string& name) -> Status {
    Status good = check_path_component(name);
    if (good) return good;
    return fail(std::move(good.error()).in(fmt::format("use the ledger in the shared state {}", store.address())));
  };
  if (Status good = check(package.load_id); !good) return good;
  for (const ledger::JobRecord& job : package.jobs) {
    if (Status good = check(job.file); !good) return good;
  }
  return {};
}

/// All packages of a ledger that was fetched, before any path is made of what it says.
Status check_packages(ObjectStore& store, const std::string& database) {
  Result<ledger::Ledger> opened = ledger::Ledger::open_read_only(database);
  if (!opened) return fail(std::move(opened.error()));
  const auto packages = opened->packages(std::numeric_limits<std::int64_t>::max());
  if (!packages) return fail(packages.error());
  for (const ledger::PackageRecord& package : *packages) {
    if (Status good = check_package(store, package); !good) return good;
  }
  return {};
}

/// Pending packages of the ledger here that the fetched one has never heard of. A copy has none of its own.
Result<std::vector<std::string>> unknown_there(const ledger::PipelinePaths& paths, const std::string& fetched) {
  const auto facts = ledger::look_at_ledger(paths.database);
  if (!facts) return fail(facts.error());
  std::vector<std::string> unknown;
  if (!*facts || (*facts)->mark.starts_with("copy ")) return unknown;
  const Result<std::set<std::string>> here = load_ids(paths.database, true);
  const Result<std::set<std::string>> there = here ? load_ids(fetched, false) : fail(here.error());
  if (!there) return fail(there.error());
  std::ranges::set_difference(*here, *there, std::back_inserter(unknown));
  return unknown;
}

std::string aside_folder(const ledger::PipelinePaths& paths) {
  return paths.folder + "/superseded";
}

/// Moves packages out of the way, with a copy of the ledger that knows them.
Status set_aside(const ledger::PipelinePaths& paths, const std::vector<std::string>& packages) {
  std::string folder;
  bool is_taken = true;
  for (int i = 1; is_taken; ++i) {
    folder = fmt::format("{}/{}", aside_folder(paths), i);
    const Result<bool> exists = file_exists(folder);
    if (!exists) return fail(exists.error());
    is_taken = *exists;
  }
  if (Status made = make_directories(folder + "/packages"); !made) return made;
  if (Status copied = ledger::copy_ledger(paths.database, folder + "/outfall.db"); !copied) return copied;
  for (const std::string& load_id : packages) {
    const Result<bool> is_there = file_exists(paths.package(load_id));
    if (!is_there) return fail(is_there.error());
    if (!*is_there) continue;
    if (Status moved = rename_file(paths.package(load_id), fmt::format("{}/packages/{}", folder, load_id)); !moved)
      return moved;
  }
  return sync_directory(folder);
}

/// The log of the old one must not be taken for the new one's. Without its log it may be older than it was: by then it
/// is known as one that was outdone.
Status put_in_place(const ledger::PipelinePaths& paths, const std::string& fetched, const std::string& outdone) {
  const auto old = ledger::look_at_ledger(paths.database);
  if (!old) return fail(old.error());
  if (*old) {
    if (Status marked = ledger::mark_ledger(paths.database, outdone); !marked) return marked;
  }
  for (const char* ending : {"-wal", "-shm"}) {
    if (Status removed = remove_file(paths.database + ending); !removed) return removed;
  }
  if (Status moved = rename_file(fetched, paths.database); !moved) return moved;
  return sync_directory(paths.folder);
}

/// A folder for what is on its way, empty.
Result<std::string> make_transfer_folder(std::string folder) {
  if (Status removed = remove_tree(folder); !removed) return fail(std::move(removed.error()));
  if (Status made = make_directories(folder); !made) return fail(std::move(made.error()));
  return folder;
}

std::string transfer_folder(const ledger::PipelinePaths& paths) {
  return paths.folder + "/transfer-in";
}

/// Into an empty folder. Returns where it is, good to be used and with the mark.
Result<std::string> fetch_ledger(ObjectStore& store, const Head& head, std::string_view folder,
                                 const std::string& mark) {
  std::string fetched = fmt::format("{}/outfall.db", folder);
  if (Status got = fetch(store, head, *head.ledger, fetched); !got) return fail(std::move(got.error()));
  const auto facts = ledger::look_at_ledger(fetched);
  if (!facts) return fail(Error(facts.error()).in(fmt::format("use the shared state {}", store.address())));
  if (Status good = check_packages(store, fetched); !good) return fail(std::move(good.error()));
  if (Status marked = ledger::mark_ledger(fetched, mark); !marked) return fail(std::move(marked.error()));
  return fetched;
}

/// The pipeline's lock must be held.
Status use_fetched(const Head& head, const ledger::PipelinePaths& paths, const std::string& fetched) {
  const Result<std::vector<std::string>> unknown = unknown_there(paths, fetched);
  if (!unknown) return fail(unknown.error());
  if (!unknown->empty()) {
    if (Status kept = set_aside(paths, *unknown); !kept) return kept;
  }
  return put_in_place(paths, fetched, fmt::format("copy {} 0", head.chain));
}

/// Fetches before it takes the lock, so that no run is kept waiting. Whoever has the lock by then fetches for itself.
Status look_at(ObjectStore& store, const Head& head, const ledger::PipelinePaths& paths) {
  const Result<std::string> folder = make_transfer_folder(paths.folder + "/transfer-look");
  if (!folder) return fail(folder.error());
  const Result<std::string> fetched = fetch_ledger(store, head, *folder, copy_mark(head));
  if (!fetched) return fail(fetched.error());
  const auto lock = ledger::PipelineLock::take(Env::system(), {.path = paths.lock, .pipeline = head.pipeline});
  if (!lock && lock.error().blame == Blame::busy) return remove_tree(*folder);
  if (!lock) return fail(lock.error());
  const Result<LocalState> state = local_state(paths, head);
  if (!state) return fail(state.error());
  if (*state == LocalState::foreign) return fail(foreign_state(head.pipeline, store.address()));
  if (!is_newest(*state)) {
    if (Status used = use_fetched(head, paths, *fetched); !used) return used;
  }
  return remove_tree(*folder);
}

}  // namespace

std::string holder_mark(const std::string& chain, const std::string& claim, const std::string& next_claim) {
  return fmt::format("holder {} {}{}{}", chain, claim, next_claim.empty() ? "" : " ", next_claim);
}

std::string copy_mark(const Head& head) {
  return fmt::format("copy {} {}", head.chain, head.number);
}

Result<LocalState> local_state(const ledger::PipelinePaths& paths, const std::optional<Head>& head) {
  const auto facts = ledger::look_at_ledger(paths.database);
  if (!facts) return fail(facts.error());
  if (!*facts) return LocalState::absent;
  if (!head || !head->ledger) return LocalState::first;
  const std::vector<std::string> mark = words_of((*facts)->mark);
  if (is_held_by(mark, *head)) return LocalState::held;
  if ((*facts)->mark == copy_mark(*head)) return LocalState::copied;
  if (mark.size() >= 3 && mark[1] == head->chain) return LocalState::outdated;
  return (*facts)->has_work ? LocalState::foreign : LocalState::absent;
}

Error foreign_state(const std::string& pipeline, const std::string& address) {
  return {.message = fmt::format("pipeline '{}' has one history here and another one in the shared state {}", pipeline,
                                 address),
          .hint =
              "to go on with the shared one name an empty folder with --data-dir; to go on with the one here name "
              "an empty folder with --state",
          .blame = Blame::usage};
}

Status replace_ledger(ObjectStore& store, const Head& head, const ledger::PipelinePaths& paths,
                      const std::string& mark) {
  const Result<std::string> folder = make_transfer_folder(transfer_folder(paths));
  if (!folder) return fail(folder.error());
  const Result<std::string> fetched = fetch_ledger(store, head, *folder, mark);
  if (!fetched) return fail(fetched.error());
  if (Status used = use_fetched(head, paths, *fetched); !used) return used;
  return remove_tree(*folder);
}

Result<std::vector<std::string>> kept_aside(const ledger::PipelinePaths& paths) {
  const std::string folder = aside_folder(paths);
  const Result<bool> exists = file_exists(folder);
  if (!exists) return fail(exists.error());
  std::vector<std::string> found;
  if (!*exists) return found;
  const Result<std::vector<DirectoryEntry>> entries = list_directory(folder);
  if (!entries) return fail(entries.error());
  for (const DirectoryEntry& entry : *entries) found.push_back(fmt::format("{}/{}", folder, entry.name));
  return found;
}

Status fetch_jobs(ObjectStore& store, const Head& head, const ledger::PipelinePaths& paths,
                  const std::vector<ledger::PackageRecord>& pending) {
  const Result<std::string> folder = make_transfer_folder(transfer_folder(paths));
  if (!folder) return fail(folder.error());
  for (const ledger::PackageRecord& package : pending) {
    if (Status good = check_package(store, package); !good) return good;
    bool is_new = false;
    for (const ledger::JobRecord& job : package.jobs) {
      const std::string path = fmt::format("{}/{}", paths.package(package.load_id), job.file);
      const Result<bool> exists = file_exists(path);
      if (!exists) return fail(exists.error());
      const StoredJob* stored = find_job(head, package.load_id, job.file);
      if (*exists || stored == nullptr) continue;
      const std::string fetched = *folder + "/job";
      if (Status got = fetch(store, head, stored->object, fetched); !got) return got;
      if (Status made = make_directories(paths.package(package.load_id)); !made) return made;
      if (Status moved = rename_file(fetched, path); !moved) return moved;
      is_new = true;
    }
    if (!is_new) continue;
    if (Status synced = sync_directory(paths.package(package.load_id)); !synced) return synced;
  }
  return remove_tree(*folder);
}

Status refresh(ObjectStore& store, const std::string& pipeline, const ledger::PipelinePaths& paths) {
  std::optional<ledger::PipelineLock> alone;  // of those that look
  for (int tries = 1;; ++tries) {
    const Result<std::optional<Head>> head = newest_head(store, pipeline);
    if (!head) return fail(head.error());
    if (!*head || !(*head)->ledger) return {};
    const Result<LocalState> state = local_state(paths, *head);
    if (!state) return fail(state.error());
    if (is_newest(*state)) return {};
    if (!alone) {
      if (Status made = ledger::make_pipeline_folders(paths); !made) return made;
      auto lock = ledger::PipelineLock::take(
          Env::system(), {.path = paths.looks, .pipeline = pipeline, .wait = {.longest = look_wait}});
      if (!lock && lock.error().blame == Blame::busy) return {};
      if (!lock) return fail(std::move(lock.error()));
      alone = std::move(*lock);
      continue;  // somebody else may have fetched it meanwhile
    }
    const Status looked = look_at(store, **head, paths);
    if (looked) return {};
    // Its holder may have gone on, and removed what the head named.
    const Result<std::optional<Head>> now = newest_head(store, pipeline);
    if (!now) return fail(now.error());
    if (tries == heads_tried_max || !*now || (*now)->number == (*head)->number) return fail(looked.error());
  }
}

}  // namespace outfall::shared_state
