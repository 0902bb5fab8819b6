// SPDX-License-Identifier: Apache-2.0
//
// For programs that are to be killed by crash tests: OUTFALL_FAULT=<name>[:<nth>] has the process kill itself at a
// fault point of the library.
#pragma once

#include "outfall/error.h"

namespace outfall {

/// Arms what OUTFALL_FAULT asks for. A program calls it at start, so that a misspelt name is an error at once; without
/// this call each run is refused with it.
///
/// Errors: usage: there is no such point, or the count is not a number from 1 on.
Status arm_fault_from_environment();

}  // namespace outfall
