// SPDX-License-Identifier: Apache-2.0
#include "delivery/deliver.h"

#include <memory>
#include <optional>
#include <utility>

#include "delivery/job_lanes.h"
#include "delivery/package_lane.h"

namespace outfall::delivery {
namespace {

Result<LoadSummary> deliver_as_a_whole(Destination& destination, const LoadRequest& request,
                                       const DeliverOptions& options) {
  PackageLane lane(destination, request, options.env, options.attempt_failed);
  std::unique_ptr<Writer> no_writer;
  if (Status worked =
          LaneSchedule({&lane}, {.wait = options.wait, .waiting = request.waiting}, request.stop, options.env)
              .run(no_writer);
      !worked)
    return fail(std::move(worked.error()));
  return lane.result();
}

}  // namespace

Result<LoadSummary> deliver(Destination& destination, const LoadRequest& request, const DeliverOptions& options) {
  const Result<std::optional<Intake>> intake = destination.intake(request);
  if (!intake) {
    if (options.attempt_failed) options.attempt_failed(intake.error());
    return fail(intake.error());
  }
  return *intake ? deliver_in_batches(request, **intake, options.env)
                 : deliver_as_a_whole(destination, request, options);
}

}  // namespace outfall::delivery
