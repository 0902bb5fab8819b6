// SPDX-License-Identifier: Apache-2.0
//
// BatchFile: the rows of a batch as a file, for whoever is given a path. It lives as long as the object.
#pragma once

#include <memory>
#include <string>

#include "delivery/writer.h"
#include "outfall/error.h"

namespace outfall::delivery {

class BatchFile {
 public:
  /// Beside the job file. Nobody may write to it.
  ///
  /// Errors: retry: the disk is full; abandon: the job file is damaged, or holds documents where the format wants
  /// columns.
  static Result<std::shared_ptr<const BatchFile>> write(const Batch& batch);

  BatchFile(const BatchFile&) = delete;
  BatchFile& operator=(const BatchFile&) = delete;
  ~BatchFile();

  const std::string& path() const { return path_; }

 private:
  explicit BatchFile(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

}  // namespace outfall::delivery
