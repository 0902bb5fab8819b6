// SPDX-License-Identifier: Apache-2.0
//
// All of the library: load a source into a destination, look at the result, look at the state.
#pragma once

#include "outfall/arrow.h"
#include "outfall/batches.h"
#include "outfall/configuration.h"
#include "outfall/custom_destination.h"
#include "outfall/database_input.h"
#include "outfall/dead_letter.h"
#include "outfall/destination.h"
#include "outfall/destination_state.h"
#include "outfall/error.h"
#include "outfall/fields.h"
#include "outfall/loader.h"
#include "outfall/memory_input.h"
#include "outfall/metrics.h"
#include "outfall/outcome.h"
#include "outfall/package.h"
#include "outfall/pipeline.h"
#include "outfall/pipeline_info.h"
#include "outfall/query.h"
#include "outfall/report.h"
#include "outfall/rows.h"
#include "outfall/sql_client.h"
#include "outfall/status.h"
#include "outfall/types.h"
#include "outfall/version.h"
