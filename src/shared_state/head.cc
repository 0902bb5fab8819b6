// SPDX-License-Identifier: Apache-2.0
#include "shared_state/head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

#include "base/json.h"

namespace outfall::shared_state {
namespace {

constexpr std::string_view format_name = "outfall shared state";
constexpr std::int64_t format_version = 1;

constexpr std::array kinds{std::pair(std::string_view("head"), NameParts::Kind::head),
                           std::pair(std::string_view("state"), NameParts::Kind::state),
                           std::pair(std::string_view("job"), NameParts::Kind::job),
                           std::pair(std::string_view("beat"), NameParts::Kind::beat)};

/// Json holds signed numbers; no count of ours comes near their end.
Json count(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}

void set_object(Json& out, const StoredObject& object) {
  out.set("object", object.name);
  out.set("bytes", count(object.bytes));
  out.set("hash", object.hash);
}

Json holder_json(const Holder& holder) {
  Json out = Json::object();
  out.set("host", holder.host);
  out.set("boot_id", holder.boot_id);
  out.set("pid_namespace", holder.pid_namespace);
  out.set("pid", holder.pid);
  out.set("pid_started", count(holder.pid_started));
  out.set("since", holder.since);
  return out;
}

/// Reads members, and remembers whether all were there.
class Members {
 public:
  explicit Members(const Json& object) : object_(object), are_good_(object.is_object()) {}

  std::string text(std::string_view key) {
    const Json* found = object_.find(key);
    const std::string* text = found == nullptr ? nullptr : found->as_string();
    are_good_ = are_good_ && text != nullptr;
    return text == nullptr ? std::string() : *text;
  }

  std::int64_t number(std::string_view key) {
    const Json* found = object_.find(key);
    const std::int64_t* number = found == nullptr ? nullptr : found->as_int();
    are_good_ = are_good_ && number != nullptr;
    return number == nullptr ? 0 : *number;
  }

  std::uint64_t count(std::string_view key) {
    const std::int64_t found = number(key);
    are_good_ = are_good_ && found >= 0;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(found, 0));
  }

  /// Null where the member is.
  const Json* object(std::string_view key) {
    const Json* found = object_.find(key);
    are_good_ = are_good_ && found != nullptr && (found->is_null() || found->is_object());
    return found == nullptr || found->is_null() ? nullptr : found;
  }

  std::span<const Json> list(std::string_view key) {
    const Json* found = object_.find(key);
    const Json::Array* list = found == nullptr ? nullptr : found->as_array();
    are_good_ = are_good_ && list != nullptr;
    return list == nullptr ? std::span<const Json>() : std::span<const Json>(*list);
  }

  bool are_good() const { return are_good_; }

 private:
  const Json& object_;
  bool are_good_;
};

StoredObject object_in(Members& members) {
  return {.name = members.text("object"), .bytes = members.count("bytes"), .hash = members.text("hash")};
}

Holder holder_in(Members& members) {
  return {.host = members.text("host"),
          .boot_id = members.text("boot_id"),
          .pid_namespace = members.text("pid_namespace"),
          .pid = members.number("pid"),
          .pid_started = members.count("pid_started"),
          .since = members.number("since")};
}

Error damaged() {
  return {.message = "it is damaged, or no head of a shared state",
          .hint = "put it back from a copy, or begin anew in an empty folder; what it named is not known any more"};
}

constexpr const char* strange_hint =
    "somebody else wrote in the shared state: put it back from a copy, or begin anew in an empty folder";

Error strange_name(std::string_view name) {
  return {.message = fmt::format("it names {}, which no runner writes", outfall::to_json(Json(std::string(name)))),
          .hint = strange_hint};
}

/// In a shorter one a living holder shows nothing, and a longer one keeps everybody from what a dead one had.
Status check_lease(std::chrono::milliseconds lease) {
  constexpr std::chrono::milliseconds shortest{100};
  constexpr std::chrono::hours longest{1};
  if (lease >= shortest && lease <= longest) return {};
  return fail(fmt::format("it names a lease of {} ms, which no runner writes", lease.count()), strange_hint);
}

Status check_object(const StoredObject& object, NameParts::Kind kind) {
  const std::optional<NameParts> parts = parse_name(object.name);
  if (parts && parts->kind == kind) return {};
  return fail(strange_name(object.name));
}

Status check_names(const Head& head) {
  if (head.ledger) {
    if (Status good = check_object(*head.ledger, NameParts::Kind::state); !good) return good;
  }
  for (const StoredJob& job : head.jobs) {
    if (Status good = check_path_component(job.load_id); !good) return good;
    if (Status good = check_path_component(job.file); !good) return good;
    if (Status good = check_object(job.object, NameParts::Kind::job); !good) return good;
  }
  return {};
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size() && !text.empty();
  return is_number && number < numbers_end ? std::optional(number) : std::nullopt;
}

}  // namespace

Status check_path_component(std::string_view name) {
  const bool is_good = !name.empty() && name != "." && name != ".." && !name.contains('/') && !name.contains('\0');
  if (is_good) return {};
  return fail(strange_name(name));
}

const StoredJob* find_job(const Head& head, const std::string& load_id, const std::string& file) {
  const auto found =
      std::ranges::find_if(head.jobs, [&](const StoredJob& job) { return job.load_id == load_id && job.file == file; });
  return found == head.jobs.end() ? nullptr : &*found;
}

std::string to_json(const Head& head) {
  Json out = Json::object();
  out.set("format", format_name);
  out.set("version", format_version);
  out.set("pipeline", head.pipeline);
  out.set("chain", head.chain);
  out.set("generation", count(head.generation));
  out.set("claim", head.claim);
  out.set("holder", head.holder ? holder_json(*head.holder) : Json());
  out.set("lease_ms", static_cast<std::int64_t>(head.lease.count()));
  Json ledger;
  if (head.ledger) set_object(ledger, *head.ledger);
  out.set("ledger", std::move(ledger));
  Json jobs = Json::array();
  for (const StoredJob& job : head.jobs) {
    Json one = Json::object();
    one.set("load_id", job.load_id);
    one.set("file", job.file);
    set_object(one, job.object);
    jobs.push_back(std::move(one));
  }
  out.set("jobs", std::move(jobs));
  return outfall::to_json(out);
}

Result<Head> parse_head(std::string_view text) {
  const Result<Json> document = parse_json(text);
  if (!document) return fail(damaged());
  Members members(*document);
  if (members.text("format") != format_name) return fail(damaged());
  if (members.number("version") > format_version) {
    return fail(fmt::format("it has version {} of the shared state, this program knows version {}",
                            members.number("version"), format_version),
                "a newer Outfall wrote it: use that one on every runner");
  }
  Head head{.pipeline = members.text("pipeline"),
            .chain = members.text("chain"),
            .generation = members.count("generation"),
            .claim = members.text("claim"),
            .lease = std::chrono::milliseconds(members.count("lease_ms"))};
  bool are_good = true;
  if (const Json* holder = members.object("holder")) {
    Members parts(*holder);
    head.holder = holder_in(parts);
    are_good = are_good && parts.are_good();
  }
  if (const Json* ledger = members.object("ledger")) {
    Members parts(*ledger);
    head.ledger = object_in(parts);
    are_good = are_good && parts.are_good();
  }
  for (const Json& job : members.list("jobs")) {
    Members parts(job);
    head.jobs.push_back({.load_id = parts.text("load_id"), .file = parts.text("file"), .object = object_in(parts)});
    are_good = are_good && parts.are_good();
  }
  if (!are_good || !members.are_good()) return fail(damaged());
  if (Status good = check_names(head); !good) return fail(std::move(good.error()));
  if (Status good = check_lease(head.lease); !good) return fail(std::move(good.error()));
  return head;
}

std::string head_name(std::uint64_t number) {
  return fmt::format("head.{:012}", number);
}

std::string object_name(std::string_view kind, std::uint64_t generation, std::uint64_t number) {
  return fmt::format("{}.{}.{}", kind, generation, number);
}

std::optional<NameParts> parse_name(std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto kind = std::ranges::find(kinds, name.substr(0, dot), &std::pair<std::string_view, NameParts::Kind>::first);
  if (kind == kinds.end()) return std::nullopt;
  const std::string_view rest = name.substr(dot + 1);
  const std::size_t second = rest.find('.');
  const bool is_head = kind->second == NameParts::Kind::head;
  if (is_head != (second == std::string_view::npos)) return std::nullopt;
  const std::optional<std::uint64_t> generation =
      is_head ? std::optional<std::uint64_t>(0) : number_in(rest.substr(0, second));
  const std::optional<std::uint64_t> number = number_in(is_head ? rest : rest.substr(second + 1));
  if (!generation || !number) return std::nullopt;
  // Numbers can be written in more than one way, names cannot.
  if (name != (is_head ? head_name(*number) : object_name(kind->first, *generation, *number))) return std::nullopt;
  return NameParts{.kind = kind->second, .generation = *generation, .number = *number};
}

namespace {

/// 0: there is none.
Result<std::uint64_t> newest_number(ObjectStore& store, const std::string& pipeline) {
  const Result<std::vector<std::string>> names = store.list(pipeline);
  if (!names) return fail(names.error());
  std::uint64_t newest = 0;
  for (const std::string& name : *names) {
    const std::optional<NameParts> parts = parse_name(name);
    if (parts && parts->kind == NameParts::Kind::head) newest = std::max(newest, parts->number);
  }
  return newest;
}

Result<Head> checked(ObjectStore& store, const std::string& pipeline, std::uint64_t number, std::string_view text) {
  const std::string where =
      fmt::format("read {}/{} of the shared state {}", pipeline, head_name(number), store.address());
  Result<Head> head = parse_head(text);
  if (!head) return fail(std::move(head.error()).in(where));
  if (head->pipeline != pipeline) {
    return fail(fmt::format("{}: it is of pipeline '{}'", where, head->pipeline),
                "a folder of the shared state belongs to the pipeline that it is named after: give it its name back");
  }
  head->number = number;
  return head;
}

}  // namespace

Result<std::optional<Head>> newest_head(ObjectStore& store, const std::string& pipeline) {
  constexpr int tries_max = 100;  // a holder removes old heads while we look, at most a few a second
  for (int i = 0; i < tries_max; ++i) {
    const Result<std::uint64_t> number = newest_number(store, pipeline);
    if (!number) return fail(number.error());
    if (*number == 0) return std::nullopt;
    const Result<std::optional<std::string>> text = store.read({pipeline, head_name(*number)});
    if (!text) return fail(text.error());
    if (!*text) continue;
    Result<Head> head = checked(store, pipeline, *number, **text);
    if (!head) return fail(std::move(head.error()));
    return std::move(*head);
  }
  return fail(Error{.message = fmt::format("the shared state {} of pipeline '{}' changes faster than it can be read",
                                           store.address(), pipeline),
                    .hint = "",
                    .remedy = Remedy::retry});
}

Result<bool> put_head(ObjectStore& store, const Head& head) {
  if (head.number >= numbers_end) {
    return fail(fmt::format("no number is left behind {} of pipeline '{}' in the shared state {}",
                            head_name(numbers_end - 1), head.pipeline, store.address()),
                "somebody else wrote in that folder: put it back from a copy, or begin anew in an empty one");
  }
  const Result<bool> put = store.put_if_absent({head.pipeline, head_name(head.number)}, to_json(head));
  if (!put || !*put) return put;
  // Whoever went on far beyond us has removed the head that had this number before.
  const Result<std::uint64_t> newest = newest_number(store, head.pipeline);
  if (!newest) return fail(newest.error());
  return *newest == head.number;
}

}  // namespace outfall::shared_state
