// SPDX-License-Identifier: Apache-2.0
//
// The kernel lock, the text beside it, and the wait.
#include "ledger/pipeline_lock.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/limits.h"
#include "base/process.h"

namespace outfall::ledger {
namespace {

struct flock whole_file() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

enum class Attempt { taken, held, replaced };

// One try. `replaced`: we hold a file that no longer has this name, because somebody removed the pipeline meanwhile.
Result<Attempt> try_lock(const File& file) {
  struct flock lock = whole_file();
  while (::fcntl(file.descriptor(), F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) {
      return Attempt::held;
    }
    if (errno != EINTR) {
      return fail(system_error("lock", file.path(), errno));
    }
  }
  const Result<FileStat> ours = stat_file(file);
  const Result<FileStat> named = stat_file(file.path());
  const bool same = ours && named && ours->device == named->device && ours->inode == named->inode;
  return same ? Attempt::taken : Attempt::replaced;
}

std::string holder_text(const LockHolder& holder) {
  return fmt::format("host {}\nboot {}\npid {}\nstarted_at {}\n", holder.host, holder.boot_id, holder.pid,
                     holder.started_at);
}

std::int64_t to_number(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Unknown lines and missing ones are no error: the text is for people, and may be half-written.
LockHolder parse_holder(std::string_view text) {
  LockHolder holder;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string_view key = line.substr(0, space);
    const std::string_view value = line.substr(std::min(space + 1, line.size()));
    if (key == "host") holder.host = value;
    if (key == "boot") holder.boot_id = value;
    if (key == "pid") holder.pid = to_number(value);
    if (key == "started_at") holder.started_at = to_number(value);
  }
  return holder;
}

Status write_holder(File& file, Env& env) {
  ProcessIdentity process = this_process();
  const std::string text = holder_text({.host = std::move(process.host),
                                        .boot_id = std::move(process.boot_id),
                                        .pid = process.pid,
                                        .started_at = env.now_us()});
  if (::ftruncate(file.descriptor(), 0) != 0) {
    return fail(system_error("write", file.path(), errno));
  }
  return file.write(text);
}

// A number that another host or an earlier boot gave is not asked for.
bool is_held_by_dying(const std::string& path) {
  const LockHolder holder = parse_holder(read_file(path).value_or(""));
  const ProcessIdentity here = this_process();
  return holder.host == here.host && holder.boot_id == here.boot_id && is_ending(holder.pid);
}

std::string held_sentence(const LockRequest& request) {
  const LockHolder holder = parse_holder(read_file(request.path).value_or(""));
  const std::time_t started = static_cast<std::time_t>(holder.started_at / 1'000'000);
  const std::string who = holder.pid == 0 ? std::string("another process")
                                          : fmt::format("process {} on {}, since {:%Y-%m-%d %H:%M:%S} UTC", holder.pid,
                                                        holder.host, fmt::gmtime(started));
  return fmt::format("pipeline '{}' is held by {}", request.pipeline, who);
}

Error busy(const LockRequest& request) {
  return {.message = held_sentence(request),
          .hint = request.wait.longest.count() == 0 ? "wait for it with --lock-wait SECONDS"
                                                    : "wait longer with --lock-wait SECONDS, or stop the other process",
          .remedy = Remedy::retry,
          .blame = Blame::busy};
}

}  // namespace

Result<PipelineLock> PipelineLock::take(Env& env, const LockRequest& request) {
  const std::chrono::nanoseconds deadline = env.monotonic() + request.wait.longest;
  const std::chrono::nanoseconds death_deadline = env.monotonic() + limits::lock_death_max;
  bool waiting = false;
  while (true) {
    Result<File> file = File::open(request.path, OpenMode::append);
    if (!file) {
      return std::unexpected(std::move(file).error().in("take the pipeline's lock"));
    }
    const Result<Attempt> attempt = try_lock(*file);
    if (!attempt) {
      return std::unexpected(attempt.error());
    }
    if (*attempt == Attempt::taken) {
      const Status written = write_holder(*file, env);
      return written ? Result<PipelineLock>(PipelineLock(std::move(*file))) : std::unexpected(written.error());
    }
    const bool is_over = env.monotonic() >= deadline;
    if (is_over && (env.monotonic() >= death_deadline || !is_held_by_dying(request.path))) {
      return fail(busy(request));
    }
    if (!is_over && !waiting && request.wait.begins) {
      request.wait.begins({.what = LockWaiting::For::pipeline, .sentence = held_sentence(request)});
    }
    waiting = waiting || !is_over;
    if (!wait_unless_stopped(limits::lock_poll, request.wait.stop)) {
      return fail(Error{.message = fmt::format("stopped while waiting for pipeline '{}'", request.pipeline),
                        .hint = "",
                        .remedy = Remedy::abandon,
                        .blame = Blame::interrupted});
    }
  }
}

Result<std::optional<LockHolder>> PipelineLock::holder(const std::string& path) {
  Result<File> file = File::open(path, OpenMode::read);
  if (!file) {
    return file_exists(path).value_or(true) ? Result<std::optional<LockHolder>>(std::unexpected(file.error()))
                                            : std::nullopt;
  }
  struct flock lock = whole_file();
  if (::fcntl(file->descriptor(), F_OFD_GETLK, &lock) != 0) {
    return fail(system_error("look at the lock", path, errno));
  }
  if (lock.l_type == F_UNLCK) {
    return std::nullopt;
  }
  return parse_holder(read_file(path).value_or(""));
}

}  // namespace outfall::ledger
