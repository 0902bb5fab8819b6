// SPDX-License-Identifier: Apache-2.0
#include "sources/files/csv_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "columnar/text_stream.h"
#include "schema/cell_form.h"
#include "sources/files/input_format.h"

namespace outfall::sources {
namespace {

/// A number, a day or a moment. Years are columns of many a table.
bool looks_like_data(const std::string& name) {
  constexpr std::size_t year_digits = 4;
  if (name.size() == year_digits) return false;
  const std::optional<DataType> type = schema::type_of(schema::form_of(name));
  return type && *type != DataType::text && *type != DataType::bool_;
}

Result<std::unique_ptr<columnar::ByteStream>> open_text(columnar::ByteStreamOptions options,
                                                        const std::string& encoding) {
  std::string name = options.name;
  auto bytes = columnar::open_byte_stream(std::move(options));
  if (!bytes) return bytes;
  return columnar::make_text_stream(std::move(*bytes), encoding, std::move(name));
}

}  // namespace

Status CsvInputs::survey(const std::vector<Input>& inputs, const TakeFault& take_fault, const std::stop_token& stop) {
  for (const Input& input : inputs) {
    Result<Surveyed> surveyed = survey_one(input, stop);
    if (!surveyed && take_fault(input.index, surveyed.error())) continue;
    if (!surveyed) return fail(std::move(surveyed.error()));
    bytes_current_ = 0;
    bytes_finished_ += surveyed->survey.content.bytes;
    surveyed_.emplace(input.index, std::move(*surveyed));
  }
  decide_types();
  return {};
}

void CsvInputs::leave_out(std::size_t index) {
  if (surveyed_.erase(index) > 0) decide_types();
}

Result<CsvInputs::Surveyed> CsvInputs::survey_one(const Input& input, const std::stop_token& stop) {
  Surveyed surveyed{.input = input};
  if (!input.is_file) {
    Result<KeptStream> piped =
        keep_stream({.path = input.path, .name = input.name, .stop = stop}, settings_.spool_folder);
    if (!piped) return fail(std::move(piped.error()));
    surveyed.piped.emplace(std::move(*piped));
  }
  const columnar::ByteStreamOptions options{.path = path_of(surveyed), .name = input.name, .stop = stop};
  Result<CsvSurvey> survey = survey_csv({.open = [&] { return open_text(options, settings_.csv.encoding); },
                                         .name = input.name,
                                         .delimiter_expected = expected_delimiter(input.path),
                                         .options = settings_.csv,
                                         .is_stated = settings_.is_stated,
                                         .workers = settings_.workers,
                                         .chunk_bytes = settings_.chunk_bytes,
                                         .stop = stop,
                                         .progress = [this](std::uint64_t raw_bytes) { bytes_current_ = raw_bytes; }});
  if (!survey) return fail(std::move(survey.error()));
  surveyed.survey = std::move(*survey);
  return surveyed;
}

void CsvInputs::decide_types() {
  std::map<std::string_view, std::unordered_map<std::string_view, schema::CellForms>> tables;
  for (const auto& [index, surveyed] : surveyed_) {
    auto& forms = tables[surveyed.input.table];
    for (std::size_t i = 0; i < surveyed.survey.names.size(); ++i) {
      forms[surveyed.survey.names[i]] |= surveyed.survey.forms[i];
    }
  }
  for (auto& [index, surveyed] : surveyed_) {
    const auto& forms = tables[surveyed.input.table];
    auto layout = std::make_shared<normalize::CsvLayout>();
    layout->dialect = surveyed.survey.dialect;
    layout->null_texts = settings_.csv.null_texts;
    for (const std::string& name : surveyed.survey.names) {
      const std::optional<DataType> type = schema::type_of(forms.at(name));
      layout->columns.push_back(
          {.name = name, .type = {.type = type.value_or(DataType::text)}, .has_cells = type.has_value()});
    }
    surveyed.layout = std::move(layout);
  }
}

std::string CsvInputs::note(std::size_t index) const {
  const auto found = surveyed_.find(index);
  if (found == surveyed_.end() || settings_.csv.header != CsvHeader::first_record) return "";
  const Surveyed& surveyed = found->second;
  if (surveyed.survey.names.size() == 1 && !settings_.csv.delimiter) {
    const std::string& only = surveyed.survey.names.front();
    const std::size_t sign = only.find_first_of(";\t|~,");
    if (sign != std::string::npos) {
      const std::string delimiter = only[sign] == '\t' ? "tab" : fmt::format("'{}'", only[sign]);
      return fmt::format("{} is read as one column, \"{}\": where {} is between its fields, --delimiter {} says so",
                         surveyed.input.name, only, delimiter, delimiter);
    }
  }
  const auto name = std::ranges::find_if(surveyed.survey.names, looks_like_data);
  if (name == surveyed.survey.names.end()) return "";
  return fmt::format(
      "the first line of {} is its header, and names a column {}: where it is data, --no-header takes it",
      surveyed.input.name, *name);
}

std::string CsvInputs::path_of(const Surveyed& surveyed) const {
  return surveyed.piped ? surveyed.piped->spool.path() : surveyed.input.path;
}

Result<std::unique_ptr<columnar::ByteStream>> CsvInputs::open(std::size_t index, const std::stop_token& stop) const {
  const Surveyed& surveyed = surveyed_.at(index);
  columnar::ByteStreamOptions options{.path = path_of(surveyed), .name = surveyed.input.name, .stop = stop};
  if (settings_.csv.types) options.size_max = surveyed.survey.content.bytes;
  return open_text(std::move(options), settings_.csv.encoding);
}

Result<columnar::RawContent> CsvInputs::content(std::size_t index, const columnar::RawContent& shaped) const {
  const Surveyed& surveyed = surveyed_.at(index);
  if (settings_.csv.types && shaped.hash != surveyed.survey.content.hash) {
    return fail(fmt::format("{} changed while it was read", surveyed.input.name),
                "load it again when nothing writes to it");
  }
  return surveyed.piped ? surveyed.piped->content : shaped;
}

}  // namespace outfall::sources
