// SPDX-License-Identifier: Apache-2.0
//
// A dry run: reads what a run would read, and tells what it would do. Nothing is written anywhere, and no lock is
// taken.
#pragma once

#include "outfall/report.h"
#include "pipeline/progress_meter.h"
#include "pipeline/run.h"

namespace outfall::pipeline {

/// Errors: those that the run itself would find before its seal; the destination cannot be read.
Status rehearse(const RunRequest& request, ProgressMeter& progress, Report& report);

}  // namespace outfall::pipeline
