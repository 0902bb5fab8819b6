// SPDX-License-Identifier: Apache-2.0
//
// The commands. Each talks on stderr, prints its data on stdout, and returns the exit code.
#pragma once

#include <optional>
#include <string>

#include "cli/command.h"

namespace outfall::cli {

int run(const RunCommand& command);
int resume(const ResumeCommand& command);
int query(const QueryCommand& command);
int status(const StatusCommand& command);
int package(const PackageCommand& command);
int dead_letter(const DeadLetterCommand& command);
int destination(const DestinationCommand& command);
int pipeline(const PipelineCommand& command);
int pipeline_change(const PipelineChangeCommand& command);
int dataset(const DatasetCommand& command);
int schema(const SchemaCommand& command);
int replay(const ReplayCommand& command);

/// Whether a person says yes to the question, which is asked on stderr. None: nobody can be asked.
std::optional<bool> ask(const std::string& question);

/// Writes to stdout. Returns the exit code.
int print(std::string_view text);

/// Says what went wrong on stderr. Returns the exit code that goes with it.
int complain(const Error& error);

/// Says on stderr for what is waited.
void say_waiting(const LockWaiting& waiting);

}  // namespace outfall::cli
