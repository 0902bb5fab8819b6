// SPDX-License-Identifier: Apache-2.0
#include "columnar/table_batch.h"

#include <memory>
#include <utility>

namespace outfall::columnar {
namespace {

struct SchemaNode {
  std::string name;
  std::string format;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> child_pointers;
  ArrowSchema dictionary{};
};

void release_schema(ArrowSchema* schema) {
  auto* node = static_cast<SchemaNode*>(schema->private_data);
  for (ArrowSchema& child : node->children) {
    if (child.release != nullptr) child.release(&child);
  }
  if (node->dictionary.release != nullptr) node->dictionary.release(&node->dictionary);
  delete node;
  schema->release = nullptr;
}

void publish(std::unique_ptr<SchemaNode> node, std::int64_t flags, ArrowSchema* out) {
  *out = ArrowSchema{};
  out->format = node->format.c_str();
  out->name = node->name.c_str();
  out->flags = flags;
  out->n_children = static_cast<std::int64_t>(node->children.size());
  for (ArrowSchema& child : node->children) node->child_pointers.push_back(&child);
  out->children = node->child_pointers.data();
  out->dictionary = node->dictionary.release == nullptr ? nullptr : &node->dictionary;
  out->release = release_schema;
  out->private_data = node.release();
}

void describe(const BatchColumn& column, ArrowSchema* out) {
  auto node = std::make_unique<SchemaNode>();
  node->name = column.name;
  node->format = arrow_format(column.type);
  if (column.encoding == Encoding::constant) {
    auto values = std::make_unique<SchemaNode>();
    values->format = std::exchange(node->format, "c");
    publish(std::move(values), 0, &node->dictionary);
  } else if (column.encoding == Encoding::runs) {
    node->children.resize(2);
    auto ends = std::make_unique<SchemaNode>();
    ends->name = "run_ends";
    ends->format = "i";
    publish(std::move(ends), 0, &node->children[0]);
    auto values = std::make_unique<SchemaNode>();
    values->name = "values";
    values->format = std::exchange(node->format, "+r");
    publish(std::move(values), ARROW_FLAG_NULLABLE, &node->children[1]);
  }
  publish(std::move(node), column.nullable ? ARROW_FLAG_NULLABLE : 0, out);
}

struct BatchNode {
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> child_pointers;
  const void* validity = nullptr;
};

void release_batch(ArrowArray* batch) {
  auto* node = static_cast<BatchNode*>(batch->private_data);
  for (ArrowArray& child : node->children) {
    if (child.release != nullptr) child.release(&child);
  }
  delete node;
  batch->release = nullptr;
}

}  // namespace

void make_batch_schema(std::span<const BatchColumn> columns, ArrowSchema* out) {
  auto node = std::make_unique<SchemaNode>();
  node->format = "+s";
  node->children.resize(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) describe(columns[i], &node->children[i]);
  publish(std::move(node), 0, out);
}

void make_batch(std::vector<ArrowArray> columns, std::int64_t rows, ArrowArray* out) {
  auto node = std::make_unique<BatchNode>();
  node->children = std::move(columns);
  for (ArrowArray& child : node->children) node->child_pointers.push_back(&child);
  *out = ArrowArray{};
  out->length = rows;
  out->n_buffers = 1;
  out->buffers = &node->validity;
  out->n_children = static_cast<std::int64_t>(node->children.size());
  out->children = node->child_pointers.data();
  out->release = release_batch;
  out->private_data = node.release();
}

}  // namespace outfall::columnar
