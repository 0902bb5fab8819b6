// SPDX-License-Identifier: Apache-2.0
//
// Rows of one column of integers through Arrow's C interface, written by hand as a host without an Arrow library would.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "outfall/arrow.h"

namespace outfall::library {

/// The schema of a struct with one child, n. It owns nothing but itself and must stay where it is while it is used.
class NumbersSchema {
 public:
  NumbersSchema() {
    child_.format = "l";
    child_.name = "n";
    child_.flags = ARROW_FLAG_NULLABLE;
    child_.release = [](ArrowSchema* schema) { schema->release = nullptr; };
    schema_.format = "+s";
    schema_.name = "";
    schema_.n_children = 1;
    schema_.children = &children_;
    schema_.release = [](ArrowSchema* schema) { schema->release = nullptr; };
  }
  NumbersSchema(const NumbersSchema&) = delete;
  NumbersSchema& operator=(const NumbersSchema&) = delete;

  const ArrowSchema& get() const { return schema_; }

 private:
  ArrowSchema child_{};
  ArrowSchema* children_ = &child_;
  ArrowSchema schema_{};
};

inline ArrowArray numbers_array(std::vector<std::int64_t> numbers) {
  struct Owned {
    std::vector<std::int64_t> numbers;
    const void* child_buffers[2];
    const void* buffers[1] = {nullptr};
    ArrowArray child{};
    ArrowArray* children[1];
  };
  auto* owned = new Owned{.numbers = std::move(numbers)};
  const auto length = static_cast<std::int64_t>(owned->numbers.size());
  owned->child_buffers[0] = nullptr;
  owned->child_buffers[1] = owned->numbers.data();
  owned->child.length = length;
  owned->child.n_buffers = 2;
  owned->child.buffers = owned->child_buffers;
  owned->child.release = [](ArrowArray* array) { array->release = nullptr; };
  owned->children[0] = &owned->child;
  ArrowArray array{};
  array.length = length;
  array.n_buffers = 1;
  array.n_children = 1;
  array.buffers = owned->buffers;
  array.children = owned->children;
  array.private_data = owned;
  array.release = [](ArrowArray* released) {
    delete static_cast<Owned*>(released->private_data);
    released->release = nullptr;
  };
  return array;
}

inline ArrowArrayStream numbers_stream(std::vector<std::vector<std::int64_t>> batches) {
  struct Owned {
    std::vector<std::vector<std::int64_t>> batches;
    std::size_t next = 0;
  };
  ArrowArrayStream stream{};
  stream.private_data = new Owned{.batches = std::move(batches)};
  stream.get_schema = [](ArrowArrayStream*, ArrowSchema* out) {
    auto* schema = new NumbersSchema;
    *out = schema->get();
    out->private_data = schema;
    out->release = [](ArrowSchema* released) {
      delete static_cast<NumbersSchema*>(released->private_data);
      released->release = nullptr;
    };
    return 0;
  };
  stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
    auto* owned = static_cast<Owned*>(self->private_data);
    *out = owned->next == owned->batches.size() ? ArrowArray{} : numbers_array(owned->batches[owned->next++]);
    return 0;
  };
  stream.get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
  stream.release = [](ArrowArrayStream* self) {
    delete static_cast<Owned*>(self->private_data);
    self->release = nullptr;
  };
  return stream;
}

}  // namespace outfall::library
