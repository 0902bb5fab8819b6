// SPDX-License-Identifier: Apache-2.0
#include "normalize/normalizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <set>
#include <thread>
#include <tuple>
#include <utility>

#include "normalize/chunk_queue.h"
#include "normalize/committer.h"

namespace outfall::normalize {
namespace {

Error out_of_memory() {
  return {.message = "not enough memory to shape the documents",
          .hint = "a smaller --memory or fewer --workers needs less"};
}

/// Shapes a chunk; what the allocator throws becomes the chunk's error, since a worker's thread must not end the
/// process.
template <class Shape>
ShapedChunk shape_guarded(Shape shape) {
  try {
    return shape();
  } catch (const std::exception&) {
    ShapedChunk failed;
    failed.error = out_of_memory();
    return failed;
  }
}

/// What the allocator throws, as an error: no thread may end the process or leave the others waiting.
template <class Step>
Status guarded(Step step) {
  try {
    return step();
  } catch (const std::exception&) {
    return fail(out_of_memory());
  }
}

/// One run of the normalizer: its threads, and the state of the committing side, which belongs to whoever commits.
class Run {
 public:
  Run(const NormalizeOptions& options, schema::Schema& schema, const RecycleChunk& recycle, const WriteBatch& write)
      : options_(options),
        recycle_(recycle),
        committer_(schema, options.write_disposition, log_),
        assembler_(schema, options.load_id, write),
        reshaper_(options_.shape, options_.seed, options_.inputs, log_),
        queue_(options.chunks_in_flight_max) {
    summary_.documents.resize(options.inputs.size());
    summary_.left_out.resize(options.inputs.size());
  }

  Result<NormalizeSummary> run(const ReadChunk& read) {
    {
      std::vector<std::jthread> others;
      for (int i = 1; i < options_.workers; ++i) others.emplace_back([this, &read] { work(read); });
      work(read);
    }
    if (!committed_) return fail(std::move(committed_.error()));
    if (std::optional<Error> error = queue_.read_error()) return fail(std::move(*error));
    // Where a chunk ends must not show: by place, not by table within a chunk.
    const auto by_place = [](const auto& seen) { return std::tie(seen.input, seen.line, seen.table, seen.column); };
    std::ranges::sort(summary_.conflicts, {}, by_place);
    std::ranges::sort(summary_.variants, {}, by_place);
    std::ranges::sort(summary_.discards, {}, [](const DiscardSummary& seen) {
      return std::tie(seen.input, seen.discard.line, seen.discard.table, seen.discard.column);
    });
    if (!summary_.conflicts.empty()) return std::move(summary_);
    if (Status rest = guarded([this] { return assembler_.finish(); }); !rest) return fail(std::move(rest.error()));
    summary_.columns = assembler_.columns();
    return std::move(summary_);
  }

 private:
  /// What each thread does until everything is done.
  void work(const ReadChunk& read) {
    std::optional<Shaper> shaper;
    while (true) {
      const ChunkQueue::Turn turn = queue_.next();
      switch (turn.work) {
        case ChunkQueue::Work::read:
          read_one(read);
          break;
        case ChunkQueue::Work::shape:
          turn.task->shaped = shape_guarded([&] {
            if (!shaper) shaper.emplace(options_.shape, options_.seed, options_.inputs, log_);
            return shaper->shape(turn.task->chunk);
          });
          queue_.shaped(*turn.task);
          break;
        case ChunkQueue::Work::commit:
          commit_one(*turn.task);
          break;
        case ChunkQueue::Work::nothing:
          return;
      }
    }
  }

  void read_one(const ReadChunk& read) {
    const Status done = guarded([&]() -> Status {
      if (options_.stop.stop_requested()) {
        return fail(Error{.message = "stopped before the end of the input", .hint = "", .blame = Blame::interrupted});
      }
      Result<std::optional<Chunk>> chunk = read();
      if (!chunk) return fail(std::move(chunk.error()));
      *chunk ? queue_.push(std::move(**chunk)) : queue_.finish();
      return {};
    });
    if (!done) queue_.finish(done.error());
  }

  void commit_one(ChunkTask& task) {
    committed_ = guarded([&] {
      Status done = commit(task);
      if (!done) return done;
      recycle_(std::move(task.chunk));
      if (options_.progress) options_.progress(documents_);
      return done;
    });
    if (committed_) return queue_.committed();
    queue_.close();
    // The reader may wait for memory that the queue holds, or for a pipe that stays silent.
    if (options_.cancel_read) options_.cancel_read();
  }

  Status commit(ChunkTask& task) {
    ShapedChunk& shaped = task.shaped;
    if (shaped.error || !shaped.left_out.empty() || !committer_.agrees(shaped)) {
      // Shaped with everything that came before it in view, it fails or agrees for good. Whether a document fits, and
      // what else is wrong with it, may depend on columns that the worker did not know.
      ++summary_.chunks_shaped_again;
      shaped = shape_guarded([&] { return reshaper_.shape(task.chunk); });
    }
    // What is told of the bad ones may depend on the columns of the others.
    if (!shaped.error) committer_.merge(shaped);
    if (Status taken = hand_on_left_out(task.chunk, shaped); !taken) return taken;
    if (shaped.error) return fail(std::move(*shaped.error));
    summarize(shaped);
    if (!summary_.conflicts.empty()) return {};
    for (ShapedTable& table : shaped.tables) {
      if (Status added = assembler_.add(table); !added) return added;
    }
    return {};
  }

  Status hand_on_left_out(const Chunk& chunk, const ShapedChunk& shaped) {
    const std::uint64_t rows = rows_of_table(chunk.input);
    std::size_t left_out = 0;
    for (const LeftOut& one : shaped.left_out) {
      // Rows that came as columns stand nowhere in the chunk's bytes.
      const DocumentSpan span = chunk.rows ? DocumentSpan() : chunk.documents[one.document];
      const std::string_view text =
          chunk.rows ? std::string_view(one.text)
                     : std::string_view(reinterpret_cast<const char*>(chunk.bytes.get()) + span.offset, span.length);
      ++summary_.left_out[chunk.input];
      ++documents_;
      Status taken = options_.take_rejected({.input = chunk.input,
                                             .line = one.line,
                                             .column = one.column,
                                             .offset = chunk.stream_offset + span.offset,
                                             .text = text,
                                             .message = one.message,
                                             .hint = one.hint,
                                             .csv = chunk.csv.get(),
                                             .by_contract = one.by_contract,
                                             .rows_before = rows + one.document - left_out++});
      if (!taken) return taken;
    }
    return {};
  }

  /// That the root table of an input has so far.
  std::uint64_t rows_of_table(std::uint32_t input) const {
    const auto rows = summary_.rows.find(options_.inputs[input].table);
    return rows == summary_.rows.end() ? 0 : rows->second;
  }

  void summarize(const ShapedChunk& shaped) {
    documents_ += shaped.documents;
    summary_.documents[shaped.input] += shaped.documents;
    summary_.duplicate_keys += shaped.duplicate_keys;
    summary_.numbers_as_text += shaped.numbers_as_text;
    summary_.system_columns_left_out |= shaped.system_columns_left_out;
    for (const NameClaim& claim : shaped.claims) {
      if (claim.apart.empty() || !collisions_seen_.emplace(claim.table, claim.apart).second) continue;
      summary_.collisions.push_back({claim.table, claim.name, claim.keys, claim.apart});
    }
    for (const Discard& discard : shaped.discards) summarize(discard, shaped.input);
    for (const ShapedTable& table : shaped.tables) {
      summary_.rows[table.name] += table.rows;
      for (const ShapedVariant& variant : table.variants) {
        const std::string& column = table.columns[variant.column].name;
        if (!variants_seen_.emplace(table.name, column).second) continue;
        const auto base = std::ranges::find(table.columns, variant.base_column, &ShapedColumn::name);
        const bool is_stated = base != table.columns.end() && base->declared;
        summary_.variants.push_back(
            {table.name, column, variant.base_column, variant.value, shaped.input, variant.line, is_stated});
      }
      for (const ConflictSighting& conflict : table.conflicts) add_conflict(shaped, table, conflict);
    }
  }

  void summarize(const Discard& discard, std::uint32_t input) {
    const auto known = std::ranges::find_if(summary_.discards,
                                            [&](const DiscardSummary& one) { return one.discard.is_like(discard); });
    if (known == summary_.discards.end()) {
      summary_.discards.push_back({.discard = discard, .input = input});
    } else {
      known->discard.count += discard.count;
    }
  }

  void add_conflict(const ShapedChunk& chunk, const ShapedTable& table, const ConflictSighting& conflict) {
    const ShapedColumn& column = table.columns[conflict.column];
    const auto known = std::ranges::find_if(summary_.conflicts, [&](const ConflictSummary& one) {
      return one.table == table.name && one.column == column.name;
    });
    if (known != summary_.conflicts.end()) {
      known->to = schema::wider_type(known->to, conflict.type);
      return;
    }
    summary_.conflicts.push_back(
        {table.name, column.name, column.type, conflict.type, conflict.value, chunk.input, conflict.line});
  }

  const NormalizeOptions& options_;
  const RecycleChunk& recycle_;
  SchemaLog log_;
  Committer committer_;
  BatchAssembler assembler_;
  Shaper reshaper_;
  ChunkQueue queue_;
  NormalizeSummary summary_;
  Status committed_;  // what the committing side answered last
  std::uint64_t documents_ = 0;
  std::set<std::pair<std::string, std::string>> variants_seen_;
  std::set<std::pair<std::string, std::string>> collisions_seen_;
};

}  // namespace

Result<NormalizeSummary> normalize(const NormalizeOptions& options, schema::Schema& schema, const ReadChunk& read,
                                   const RecycleChunk& recycle, const WriteBatch& write) {
  return Run(options, schema, recycle, write).run(read);
}

}  // namespace outfall::normalize
