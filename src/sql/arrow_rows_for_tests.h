// SPDX-License-Identifier: Apache-2.0
//
// Small record batches made by hand, for tests: columns of any Arrow format, values given as they lie in memory.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "outfall/arrow.h"

namespace outfall::sql::for_tests {

/// One column: an Arrow format string, and buffers that stay alive as long as the column does.
class Column {
 public:
  /// Fixed width: int64_t, double, int32_t (dates), __int128 (decimals).
  template <class T>
  static Column fixed(std::string name, std::string format, const std::vector<std::optional<T>>& values) {
    Column out(std::move(name), std::move(format), values.size());
    out.data_.resize(values.size() * sizeof(T));
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!values[i]) continue;
      out.set_valid(i);
      std::memcpy(out.data_.data() + i * sizeof(T), &*values[i], sizeof(T));
    }
    return out;
  }

  static Column boolean(std::string name, const std::vector<std::optional<bool>>& values) {
    Column out(std::move(name), "b", values.size());
    out.data_.resize(values.size() / 8 + 1);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i]) out.set_valid(i);
      if (values[i].value_or(false)) out.data_[i / 8] = static_cast<char>(out.data_[i / 8] | (1 << (i % 8)));
    }
    return out;
  }

  /// Text "u" or binary "z".
  static Column bytes(std::string name, std::string format, const std::vector<std::optional<std::string>>& values) {
    Column out(std::move(name), std::move(format), values.size());
    out.offsets_.push_back(0);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i]) {
        out.set_valid(i);
        out.data_.insert(out.data_.end(), values[i]->begin(), values[i]->end());
      }
      out.offsets_.push_back(static_cast<std::int32_t>(out.data_.size()));
    }
    return out;
  }
  static Column text(std::string name, const std::vector<std::optional<std::string>>& values) {
    return bytes(std::move(name), "u", values);
  }

  /// Text as int8 indices into a dictionary.
  static Column dictionary(std::string name, const std::vector<std::optional<std::int8_t>>& indices,
                           const std::vector<std::optional<std::string>>& words) {
    Column out = fixed<std::int8_t>(std::move(name), "c", indices);
    out.words_ = std::make_shared<Column>(text("", words));
    return out;
  }

  std::size_t length() const { return length_; }

  void fill(ArrowSchema* schema) const {
    *schema = {};
    schema->format = format_.c_str();
    schema->name = name_.c_str();
    schema->flags = ARROW_FLAG_NULLABLE;
    if (words_) {
      schema->dictionary = new ArrowSchema;
      words_->fill(schema->dictionary);
    }
    schema->release = [](ArrowSchema* self) {
      if (self->dictionary != nullptr) self->dictionary->release(self->dictionary);
      delete self->dictionary;
      self->release = nullptr;
    };
  }

  void fill(ArrowArray* array) const {
    *array = {};
    array->length = static_cast<std::int64_t>(length_);
    array->null_count = -1;
    array->n_buffers = offsets_.empty() ? 2 : 3;
    array->buffers = new const void*[3];
    array->buffers[0] = validity_.data();
    array->buffers[1] = offsets_.empty() ? static_cast<const void*>(data_.data()) : offsets_.data();
    array->buffers[2] = data_.data();
    if (words_) {
      array->dictionary = new ArrowArray;
      words_->fill(array->dictionary);
    }
    array->release = [](ArrowArray* self) {
      if (self->dictionary != nullptr) self->dictionary->release(self->dictionary);
      delete self->dictionary;
      delete[] self->buffers;
      self->release = nullptr;
    };
  }

 private:
  Column(std::string name, std::string format, std::size_t length)
      : name_(std::move(name)), format_(std::move(format)), length_(length), validity_(length / 8 + 1) {
    data_.reserve(16);  // a buffer of no bytes still has an address
  }
  void set_valid(std::size_t i) { validity_[i / 8] = static_cast<std::uint8_t>(validity_[i / 8] | (1 << (i % 8))); }

  std::string name_;
  std::string format_;
  std::size_t length_;
  std::vector<std::uint8_t> validity_;
  std::vector<std::int32_t> offsets_;
  std::vector<char> data_;
  std::shared_ptr<Column> words_;
};

/// One batch of columns, given away as schema, array or stream as often as wanted while it lives.
class Batch {
 public:
  explicit Batch(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void fill(ArrowSchema* schema) const {
    *schema = {};
    schema->format = "+s";
    schema->name = "";
    schema->n_children = static_cast<std::int64_t>(columns_.size());
    schema->children = new ArrowSchema*[columns_.size()];
    for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].fill(schema->children[i] = new ArrowSchema);
    schema->release = &release<ArrowSchema>;
  }

  void fill(ArrowArray* array) const {
    *array = {};
    array->length = columns_.empty() ? 0 : static_cast<std::int64_t>(columns_[0].length());
    array->n_buffers = 1;
    array->buffers = new const void*[1]{nullptr};
    array->n_children = static_cast<std::int64_t>(columns_.size());
    array->children = new ArrowArray*[columns_.size()];
    for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].fill(array->children[i] = new ArrowArray);
    array->release = &release<ArrowArray>;
  }

  /// The batch `times` times; then the end, or the error if there is one.
  ArrowArrayStream stream(int times = 1, std::string error = "") const {
    return stream(std::vector<const Batch*>(static_cast<std::size_t>(times), this), std::move(error));
  }

  /// One batch after the other; all have the same columns.
  static ArrowArrayStream stream(std::vector<const Batch*> batches, std::string error = "") {
    ArrowArrayStream out{};
    const Batch& first = *batches.front();
    out.private_data = new Stream{.first = first, .batches = std::move(batches), .error = std::move(error)};
    out.get_schema = [](ArrowArrayStream* self, ArrowSchema* schema) {
      static_cast<Stream*>(self->private_data)->first.fill(schema);
      return 0;
    };
    out.get_next = [](ArrowArrayStream* self, ArrowArray* array) {
      auto* stream = static_cast<Stream*>(self->private_data);
      *array = {};
      if (stream->next == stream->batches.size()) return stream->error.empty() ? 0 : 5;
      stream->batches[stream->next++]->fill(array);
      return 0;
    };
    out.get_last_error = [](ArrowArrayStream* self) { return static_cast<Stream*>(self->private_data)->error.c_str(); };
    out.release = [](ArrowArrayStream* self) {
      delete static_cast<Stream*>(self->private_data);
      self->release = nullptr;
    };
    return out;
  }

 private:
  struct Stream {
    const Batch& first;
    std::vector<const Batch*> batches;
    std::string error;
    std::size_t next = 0;
  };

  static void free_buffers(ArrowSchema*) {}
  static void free_buffers(ArrowArray* array) { delete[] array->buffers; }

  template <class T>
  static void release(T* self) {
    for (std::int64_t i = 0; i < self->n_children; ++i) {
      if (self->children[i]->release != nullptr) self->children[i]->release(self->children[i]);
      delete self->children[i];
    }
    delete[] self->children;
    free_buffers(self);
    self->release = nullptr;
  }

  std::vector<Column> columns_;
};

}  // namespace outfall::sql::for_tests
