// SPDX-License-Identifier: Apache-2.0
//
// A dead letter as a JSON document. Fields are only ever added; what they mean is in docs/command-line.md.
#include "base/base64.h"
#include "base/json.h"
#include "base/json_time.h"
#include "base/report_json.h"
#include "base/utf8.h"
#include "outfall/dead_letter.h"

namespace outfall {
namespace {

/// JSON is UTF-8: what is no character becomes the one that says so.
std::string readable(std::string_view text) {
  constexpr char32_t replacement = 0xfffd;
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const char32_t code_point = next_code_point(text, at);
    append_utf8(out, code_point == invalid_code_point ? replacement : code_point);
  }
  return out;
}

}  // namespace

std::string to_json(const DeadLetter& letter) {
  const bool is_text = is_valid_utf8(letter.text);
  Json out = Json::object();
  out.set("id", letter.id);
  out.set("pipeline", letter.pipeline);
  out.set("load_id", letter.load_id);
  out.set("run_id", letter.run_id);
  out.set("status", letter.status);
  out.set("rejected_at", time_json(letter.rejected_at));
  out.set("table", letter.table);
  out.set("input", letter.input);
  out.set("line", count_json(letter.line));
  out.set("column", count_json(letter.column));
  out.set("offset", count_json(letter.offset));
  out.set("reason", readable(letter.reason));
  out.set("hint", letter.hint.empty() ? Json() : Json(readable(letter.hint)));
  out.set("header", text_or_null(letter.header));
  out.set("text", is_text ? letter.text : readable(letter.text));
  out.set("text_base64", is_text ? Json() : Json(base64_encode(letter.text)));
  out.set("text_bytes", count_json(letter.text_bytes));
  out.set("job", text_or_null(letter.job_file));
  out.set("row", letter.job_file.empty() ? Json() : count_json(letter.row));
  out.set("key", text_or_null(letter.key));
  out.set("attempts", count_json(letter.attempts));
  out.set("replay_load_id", text_or_null(letter.replay_load_id));
  out.set("primary_key", text_or_null(letter.primary_key));
  out.set("overtaken_by", text_or_null(letter.overtaken_by));
  return to_json(out);
}

}  // namespace outfall
