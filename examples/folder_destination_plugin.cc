// SPDX-License-Identifier: Apache-2.0
//
// The folder of files as a plugin, for `outfall` and every program:
//
//   c++ -std=c++23 -shared -fPIC -fvisibility=hidden -I include examples/folder_destination_plugin.cc -o libfolder.so
//   DESTINATION__PATH=out outfall run users.jsonl --to 'plugin:./libfolder.so#folder'
#include "folder_destination.h"
#include "outfall/dataset_plugin.h"

OUTFALL_DATASET_PLUGIN(folder, std::make_unique<Folder>())
