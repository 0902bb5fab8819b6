// SPDX-License-Identifier: Apache-2.0
//
// Feeds that ask the program for the next piece: documents from a function, rows from an ArrowArrayStream.
#pragma once

#include <memory>

#include "outfall/arrow.h"
#include "outfall/memory_input.h"
#include "sources/memory/chunk_feed.h"

namespace outfall::sources {

std::unique_ptr<ChunkFeed> make_document_feed(FeedPlace place, NextDocument next);

/// Takes over the stream; it is released at the end, or with the feed.
std::unique_ptr<ChunkFeed> make_row_feed(FeedPlace place, ArrowArrayStream* stream);

}  // namespace outfall::sources
