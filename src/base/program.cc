// SPDX-License-Identifier: Apache-2.0
#include "base/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "base/wait.h"

namespace outfall {
namespace {

constexpr std::chrono::milliseconds lock_poll{20};

/// What a live program may be handed before it has read any of it.
constexpr int input_pipe_bytes = 1 << 20;

/// Where a program finds the lock that it holds.
constexpr int lock_place = 3;

// Reads lines `+ GROUP` and `- GROUP`; kills the groups that are left at the end.
constexpr const char* keeper_script =
    "left=' '; while read -r what group; do case $what in "
    "+) left=\"$left$group \" ;; "
    "-) left=\"${left%% $group *} ${left#* $group }\" ;; esac; done; "
    "for group in $left; do kill -9 \"-$group\"; done";

Error system_error(const std::string& doing, int code) {
  return {.message = fmt::format("{}: {}", doing, std::strerror(code)), .hint = ""};
}

/// A descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_;
};

struct Pipe {
  Descriptor read_end;
  Descriptor write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(system_error("make a pipe", errno));
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

/// A file in memory that holds the text, to be read from its beginning: whoever reads it has all of it, whatever
/// happens to us meanwhile.
Result<Descriptor> file_of(std::string_view text) {
  Descriptor file(::memfd_create("outfall-input", MFD_CLOEXEC));
  if (!file) return fail(system_error("keep a batch in memory", errno));
  while (!text.empty()) {
    const ssize_t written = ::write(file.number(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(system_error("keep a batch in memory", errno));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::lseek(file.number(), 0, SEEK_SET) != 0) return fail(system_error("keep a batch in memory", errno));
  return file;
}

Result<Descriptor> open_input(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail(system_error("open " + path, errno));
  return file;
}

struct Streams {
  int input = -1;
  int output = -1;
  int errors = -1;
  int lock = -1;  ///< -1: none
};

enum class Group { own, own_session };

/// Nothing of ours but the streams is open in it, and no signal is blocked or ignored.
Result<pid_t> spawn(const std::string& command, const std::vector<std::string>& environment, const Streams& streams,
                    Group group) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, streams.input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, streams.output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, streams.errors, STDERR_FILENO);
  if (streams.lock >= 0) ::posix_spawn_file_actions_adddup2(&actions, streams.lock, lock_place);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, streams.lock >= 0 ? lock_place + 1 : lock_place);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  const int of_group = group == Group::own ? POSIX_SPAWN_SETPGROUP : POSIX_SPAWN_SETSID;
  ::posix_spawnattr_setflags(&attributes,
                             static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | of_group));
  std::array<std::string, 3> words{"sh", "-c", command};
  std::array<char*, 4> arguments{words[0].data(), words[1].data(), words[2].data(), nullptr};
  std::vector<std::string> set_here = environment;
  std::vector<char*> variables;
  variables.reserve(set_here.size());
  for (std::string& variable : set_here) variables.push_back(variable.data());
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::string_view name = text.substr(0, text.find('=') + 1);
    if (std::ranges::none_of(environment, [&](const std::string& own) { return own.starts_with(name); })) {
      variables.push_back(*variable);
    }
  }
  variables.push_back(nullptr);
  pid_t child = -1;
  const int failed = ::posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments.data(), variables.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failed != 0) return fail(system_error("start /bin/sh", failed));
  return child;
}

/// A descriptor above those that a program gets, so that none of them is written over before it is copied.
Result<Descriptor> raised(int number) {
  Descriptor copy(::fcntl(number, F_DUPFD_CLOEXEC, lock_place + 1));
  if (!copy) return fail(system_error("copy a descriptor", errno));
  return copy;
}

/// Wakes a poll when a stop is asked for.
class StopEvent {
 public:
  explicit StopEvent(const std::stop_token& stop)
      : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), callback_(stop, [this] {
          const std::uint64_t one = 1;
          (void)!::write(event_.number(), &one, sizeof one);
        }) {}
  int number() const { return event_.number(); }

 private:
  Descriptor event_;
  std::stop_callback<std::function<void()>> callback_;
};

void keep_end(std::string& said, std::string_view more) {
  said += more;
  if (said.size() > program_said_max) said.erase(0, said.size() - program_said_max);
}

/// Takes what is there to be read. False: nothing more will come.
bool drain(int descriptor, std::string& kept, const std::function<void(std::string_view)>& said) {
  std::array<char, 16384> buffer;
  const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  if (count == 0) return false;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(count));
  keep_end(kept, text);
  if (said) said(text);
  return true;
}

/// False: nothing more will come, or what comes is no line.
bool read_more(int descriptor, std::string& line) {
  std::array<char, 16384> buffer;
  const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  line.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0 && line.size() <= program_line_bytes_max;
}

/// False: nobody reads any more.
bool write_some(int descriptor, std::string_view& text) {
  const ssize_t count = ::write(descriptor, text.data(), text.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  text.remove_prefix(static_cast<std::size_t>(count));
  return true;
}

/// A pipe that nobody reads is an answer, not a signal to the process that we are in.
class BrokenPipesIgnored {
 public:
  BrokenPipesIgnored() {
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, broken_pipe(), &before_);
  }
  ~BrokenPipesIgnored() {
    const timespec at_once{};
    if (!was_pending_) {
      while (::sigtimedwait(broken_pipe(), nullptr, &at_once) == -1 && errno == EINTR) {
      }
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  BrokenPipesIgnored(const BrokenPipesIgnored&) = delete;
  BrokenPipesIgnored& operator=(const BrokenPipesIgnored&) = delete;

 private:
  static const sigset_t* broken_pipe() {
    static const sigset_t set = [] {
      sigset_t made;
      ::sigemptyset(&made);
      ::sigaddset(&made, SIGPIPE);
      return made;
    }();
    return &set;
  }

  sigset_t before_{};
  bool was_pending_ = false;
};

/// None: never.
class Deadline {
 public:
  explicit Deadline(std::optional<std::chrono::nanoseconds> timeout) {
    if (!timeout) return;
    at_ = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(*timeout);
  }
  bool has_passed() const { return at_ && std::chrono::steady_clock::now() >= *at_; }
  /// For poll.
  int milliseconds_left() const {
    if (!at_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*at_ - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
  }

 private:
  std::optional<std::chrono::steady_clock::time_point> at_{};
};

}  // namespace

Result<std::unique_ptr<ProgramGuard>> ProgramGuard::make(const std::string& lock_path,
                                                         std::chrono::milliseconds longest,
                                                         const std::stop_token& stop) {
  Result<File> file = File::open(lock_path, OpenMode::append);
  if (!file) return fail(std::move(file.error()));
  const auto deadline = std::chrono::steady_clock::now() + longest;
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  while (::fcntl(file->descriptor(), F_OFD_SETLK, &lock) != 0) {
    if (errno != EAGAIN && errno != EACCES && errno != EINTR) return fail(system_error("lock " + lock_path, errno));
    if (std::chrono::steady_clock::now() > deadline || !wait_unless_stopped(lock_poll, stop)) {
      return fail(Error{.message = "programs that an earlier run started are still at work",
                        .hint = "wait for their end, or end them, then: outfall resume",
                        .remedy = Remedy::retry});
    }
  }
  return with(std::move(*file));
}

Result<std::unique_ptr<ProgramGuard>> ProgramGuard::make_without_lock() {
  return with(std::nullopt);
}

Result<std::unique_ptr<ProgramGuard>> ProgramGuard::with(std::optional<File> lock) {
  std::unique_ptr<ProgramGuard> guard(new ProgramGuard(std::move(lock)));
  if (Status started = guard->start_keeper(); !started) return fail(std::move(started.error()));
  return guard;
}

ProgramGuard::~ProgramGuard() {
  if (to_keeper_ >= 0) ::close(to_keeper_);
  if (keeper_ > 0) ::waitpid(keeper_, nullptr, 0);
}

Status ProgramGuard::start_keeper() {
  Result<Pipe> pipe = make_pipe();
  if (!pipe) return fail(std::move(pipe.error()));
  const Descriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const Result<Descriptor> input = raised(pipe->read_end.number());
  const Result<Descriptor> rest = raised(nothing.number());
  if (!input || !rest) return fail(system_error("start a keeper", errno));
  const Result<pid_t> keeper =
      spawn(keeper_script, {}, {.input = input->number(), .output = rest->number(), .errors = rest->number()},
            Group::own_session);
  if (!keeper) return fail(keeper.error());
  keeper_ = *keeper;
  to_keeper_ = ::dup(pipe->write_end.number());
  if (to_keeper_ < 0 || ::fcntl(to_keeper_, F_SETFD, FD_CLOEXEC) != 0)
    return fail(system_error("start a keeper", errno));
  return {};
}

void ProgramGuard::tell(char what, pid_t group) {
  const std::string line = fmt::format("{} {}\n", what, group);
  const std::lock_guard lock(mutex_);
  (void)!::write(to_keeper_, line.data(), line.size());
}

/// A process group that was started, until its end is taken.
class Program {
 public:
  static Result<Program> start(ProgramGuard& guard, const std::string& command,
                               const std::vector<std::string>& environment, const Streams& streams) {
    const Result<Descriptor> input = raised(streams.input);
    const Result<Descriptor> output = raised(streams.output);
    const Result<Descriptor> errors = raised(streams.errors);
    const Result<Descriptor> lock = guard.lock_ ? raised(guard.lock_->descriptor()) : Descriptor();
    for (const auto* descriptor : {&input, &output, &errors, &lock}) {
      if (!*descriptor) return fail(descriptor->error());
    }
    const Result<pid_t> child = spawn(
        command, environment,
        {.input = input->number(), .output = output->number(), .errors = errors->number(), .lock = lock->number()},
        Group::own);
    if (!child) return fail(child.error());
    guard.tell('+', *child);
    return Program(guard, *child);
  }

  Program(Program&& other) noexcept
      : guard_(other.guard_), child_(std::exchange(other.child_, -1)), ends_(std::move(other.ends_)) {}
  Program& operator=(Program&&) = delete;
  ~Program() {
    if (child_ > 0) (void)collect();
  }

  /// Readable once the program has ended.
  int end_event() const { return ends_.number(); }

  /// Kills what is left of the group, and takes the status of the program itself. None: somebody else has taken it.
  std::optional<int> collect() {
    // While the program is not waited for, its number, which is that of its group, is not given to another.
    ::kill(-child_, SIGKILL);
    ::kill(child_, SIGKILL);
    int status = 0;
    pid_t taken = 0;
    do taken = ::waitpid(child_, &status, 0);
    while (taken < 0 && errno == EINTR);
    guard_.tell('-', child_);
    child_ = -1;
    return taken < 0 ? std::nullopt : std::optional(status);
  }

 private:
  Program(ProgramGuard& guard, pid_t child)
      : guard_(guard), child_(child), ends_(static_cast<int>(::syscall(SYS_pidfd_open, child, 0))) {}

  ProgramGuard& guard_;
  pid_t child_;
  Descriptor ends_;
};

namespace {

void set_status(ProgramEnd& end, std::optional<int> status) {
  if (status && WIFEXITED(*status)) end.exit_code = WEXITSTATUS(*status);
  if (status && WIFSIGNALED(*status)) end.signal = WTERMSIG(*status);
}

/// What was written to the pipe before the end. Who else still has the pipe is not waited for.
void drain_rest(int descriptor, std::string& kept, const std::function<void(std::string_view)>& said) {
  ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
  std::array<char, 16384> buffer;
  for (ssize_t count = 0; (count = ::read(descriptor, buffer.data(), buffer.size())) > 0;) {
    const std::string_view text(buffer.data(), static_cast<std::size_t>(count));
    keep_end(kept, text);
    if (said) said(text);
  }
}

}  // namespace

Result<ProgramEnd> run_program(ProgramGuard& guard, const ProgramStart& start,
                               std::optional<std::chrono::nanoseconds> timeout, const std::stop_token& stop,
                               const std::function<void(std::string_view)>& said) {
  const Result<Descriptor> input = start.input_file.empty() ? file_of(start.input) : open_input(start.input_file);
  if (!input) return fail(input.error());
  Result<Pipe> words = make_pipe();
  if (!words) return fail(std::move(words.error()));
  Result<Program> program = Program::start(
      guard, start.command, start.environment,
      {.input = input->number(), .output = words->write_end.number(), .errors = words->write_end.number()});
  if (!program) return fail(std::move(program.error()));
  words->write_end.close();

  ProgramEnd end;
  const Deadline deadline(timeout);
  const StopEvent stopped(stop);
  std::array<pollfd, 3> events{pollfd{program->end_event(), POLLIN, 0}, pollfd{stopped.number(), POLLIN, 0},
                               pollfd{words->read_end.number(), POLLIN, 0}};
  while (!end.is_stopped && !end.is_timed_out) {
    const int ready = ::poll(events.data(), events.size(), deadline.milliseconds_left());
    if (ready < 0 && errno != EINTR) return fail(system_error("wait for a program", errno));
    if (ready > 0 && events[2].revents != 0 && !drain(words->read_end.number(), end.said, said)) events[2].fd = -1;
    if (ready > 0 && events[0].revents != 0) break;
    end.is_stopped = ready > 0 && events[1].revents != 0;
    end.is_timed_out = deadline.has_passed();
  }
  set_status(end, program->collect());
  drain_rest(words->read_end.number(), end.said, said);
  return end;
}

struct LiveProgram::State {
  Program program;
  Descriptor input;   ///< of the program
  Descriptor output;  ///< of the program
  Descriptor errors;
  std::function<void(std::string_view)> said;
  std::string line{};  ///< what has come of the next one
  std::string kept{};  ///< the end of what it said
};

LiveProgram::LiveProgram(std::unique_ptr<State> state) : state_(std::move(state)) {}
LiveProgram::LiveProgram(LiveProgram&&) noexcept = default;
LiveProgram& LiveProgram::operator=(LiveProgram&&) noexcept = default;
LiveProgram::~LiveProgram() = default;

Result<LiveProgram> LiveProgram::start(ProgramGuard& guard, const std::string& command,
                                       const std::vector<std::string>& environment,
                                       std::function<void(std::string_view)> said) {
  Result<Pipe> input = make_pipe();
  Result<Pipe> output = make_pipe();
  Result<Pipe> errors = make_pipe();
  for (const auto* pipe : {&input, &output, &errors}) {
    if (!*pipe) return fail(pipe->error());
  }
  // A batch goes in one piece as a rule. Where the system has no more such room for a user, it goes in several.
  (void)::fcntl(input->write_end.number(), F_SETPIPE_SZ, input_pipe_bytes);
  Result<Program> program = Program::start(
      guard, command, environment,
      {.input = input->read_end.number(), .output = output->write_end.number(), .errors = errors->write_end.number()});
  if (!program) return fail(std::move(program.error()));
  for (const int own : {input->write_end.number(), output->read_end.number(), errors->read_end.number()}) {
    if (::fcntl(own, F_SETFL, O_NONBLOCK) != 0) return fail(system_error("talk to a program", errno));
  }
  return LiveProgram(std::make_unique<State>(State{.program = std::move(*program),
                                                   .input = std::move(input->write_end),
                                                   .output = std::move(output->read_end),
                                                   .errors = std::move(errors->read_end),
                                                   .said = std::move(said)}));
}

LiveProgram::Answer LiveProgram::ask(std::string_view text, std::optional<std::chrono::nanoseconds> timeout,
                                     const std::stop_token& stop, const std::function<void()>& meanwhile) {
  State& state = *state_;
  const BrokenPipesIgnored ignored;
  const Deadline deadline(timeout);
  const StopEvent stopped(stop);
  if (!state.line.empty()) return {.kind = Answer::Kind::untimely, .line = state.line};
  std::size_t end_of_line = std::string::npos;
  bool is_deaf = false;  // it takes no more; what it has said may tell why
  while (true) {
    end_of_line = state.line.find('\n');
    if (end_of_line != std::string::npos && text.empty()) break;
    std::array<pollfd, 4> events{pollfd{stopped.number(), POLLIN, 0}, pollfd{state.errors.number(), POLLIN, 0},
                                 pollfd{state.output.number(), POLLIN, 0},
                                 pollfd{text.empty() ? -1 : state.input.number(), POLLOUT, 0}};
    const int ready = ::poll(events.data(), events.size(), deadline.milliseconds_left());
    if (ready < 0 && errno != EINTR) return {.kind = Answer::Kind::ended};
    if (ready > 0 && events[1].revents != 0 && !drain(state.errors.number(), state.kept, state.said)) {
      state.errors.close();
    }
    if (ready > 0 && events[2].revents != 0 && !read_more(state.output.number(), state.line)) {
      const bool is_too_long = state.line.size() > program_line_bytes_max;
      return {.kind = is_too_long ? Answer::Kind::too_long : Answer::Kind::ended};
    }
    if (ready > 0 && events[3].revents != 0 && !write_some(state.input.number(), text)) {
      text = {};
      is_deaf = true;
    }
    const bool has_taken_all = ready > 0 && events[3].revents != 0 && text.empty() && !is_deaf;
    if (has_taken_all && meanwhile) {
      // That may have taken long; an answer that is there by then came in time.
      meanwhile();
      continue;
    }
    if (ready > 0 && events[0].revents != 0) return {.kind = Answer::Kind::stopped};
    const bool may_be_whole = ready > 0 && events[2].revents != 0;
    if (!may_be_whole && deadline.has_passed()) return {.kind = Answer::Kind::timed_out};
  }
  Answer answer{.kind = is_deaf ? Answer::Kind::ended : Answer::Kind::line, .line = state.line.substr(0, end_of_line)};
  state.line.erase(0, end_of_line + 1);
  return answer;
}

ProgramEnd LiveProgram::end(std::string_view last_words, std::chrono::nanoseconds grace) {
  State& state = *state_;
  if (!last_words.empty()) {
    const BrokenPipesIgnored ignored;
    (void)write_some(state.input.number(), last_words);
  }
  state.input.close();
  ProgramEnd end;
  const Deadline deadline(grace);
  std::array<pollfd, 3> events{pollfd{state.program.end_event(), POLLIN, 0}, pollfd{state.errors.number(), POLLIN, 0},
                               pollfd{state.output.number(), POLLIN, 0}};
  while (!end.is_timed_out) {
    const int ready = ::poll(events.data(), events.size(), deadline.milliseconds_left());
    if (ready < 0 && errno != EINTR) break;
    if (ready > 0 && events[1].revents != 0 && !drain(state.errors.number(), state.kept, state.said)) events[1].fd = -1;
    // Nobody asks any more: what it still says is not kept.
    std::string nobody;
    if (ready > 0 && events[2].revents != 0 && !drain(state.output.number(), nobody, {})) events[2].fd = -1;
    if (ready > 0 && events[0].revents != 0) break;
    end.is_timed_out = deadline.has_passed();
  }
  set_status(end, state.program.collect());
  if (state.errors) drain_rest(state.errors.number(), state.kept, state.said);
  end.said = state.kept;
  return end;
}

}  // namespace outfall
