// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace outfall::delivery {

/// What rows [first, last) of a job file go by, as 32 hexadecimal digits: the same in every attempt and process.
std::string batch_key(std::string_view pipeline, std::string_view load_id, std::string_view job_file,
                      std::uint64_t first, std::uint64_t last);

}  // namespace outfall::delivery
