// SPDX-License-Identifier: Apache-2.0
//
// Port: the journal, an append-only, hash-chained log of encoded facts, and the dead letters beside
// it. It is the truth of the system: everything else can be rebuilt from it.
//
// Contract for every adapter:
//  1. append is all or nothing. When it returns TW_OK the facts are durable and hold the sequence
//     numbers first_seq .. first_seq + n - 1, without gaps, from 1. When it fails nothing happened:
//     no fact is stored, no number is used, and the next append may succeed. (One exception, as
//     with a lost reply: when the device failed to sync and the machine stops before the next
//     successful write, the append may turn up after the restart, whole.) It is not idempotent: the
//     caller decides whether to try again after a retryable status.
//  2. Facts never change and never go away. A reader sees whole appends only.
//  3. Threads: append from one thread at a time; every other function from any thread, at the same
//     time as an append. Visitors run on the calling thread without a lock or a read transaction
//     held, and may call any function of the port but close.
//  4. Every function may block on storage; append waits for the device. There is no time-out.
//  5. TW_NO_SPACE leaves the journal usable: reads go on, appends work again when there is room.
#ifndef TW_PORT_JOURNAL_H
#define TW_PORT_JOURNAL_H

#include "base/arena.h"
#include "port/block.h"

#define TW_JOURNAL_VERSION 1

typedef struct tw_journal_head {
    uint64_t seq;                  // of the last fact, 0 when empty
    uint8_t hash[TW_SHA256_BYTES]; // of the last block, zero when empty
} tw_journal_head;

// Sees one block. The block is valid during the call. TW_OK goes on, TW_END stops the reading with
// success, any other status stops it and is what the reading returns.
typedef tw_status (*tw_journal_visit)(void *visit_ctx, const tw_block *block, tw_err *err);

typedef struct tw_journal_check {
    uint64_t block_n, fact_n; // intact from the start
    uint64_t broken_seq;      // first fact of the first block that does not hold; 0 = all intact
    tw_journal_head head;     // of the intact part
    char sentence[160];       // what is wrong, "" when intact
} tw_journal_check;

// A rejected record, kept so that no input is ever lost. Strings are borrowed.
typedef struct tw_dead_letter {
    uint64_t id; // given by the journal, ascending from 1; ignored by append
    int64_t received_ms;
    tw_str source;   // file name, "http", ...
    uint64_t line;   // position within the source, from 1; 0 = unknown
    tw_str field;    // may be empty
    tw_str code;     // short and stable: "duplicate_conflict", "missing", ...
    tw_str sentence; // for a person
    tw_str excerpt;  // of the record, with card numbers masked
} tw_dead_letter;

typedef struct tw_journal_ops {
    uint32_t version; // TW_JOURNAL_VERSION
    tw_status (*append)(void *ctx, const tw_str *facts, size_t n, uint64_t *first_seq, tw_err *err);
    tw_status (*head)(void *ctx, tw_journal_head *out, tw_err *err);
    tw_status (*hash_at)(void *ctx, uint64_t seq, uint8_t out[TW_SHA256_BYTES], tw_err *err);
    tw_status (*read)(void *ctx, uint64_t from_seq, uint64_t to_seq, tw_journal_visit visit,
                      void *visit_ctx, tw_err *err);
    tw_status (*fetch)(void *ctx, uint64_t seq, tw_buf *out, tw_err *err);
    tw_status (*verify)(void *ctx, tw_journal_check *out, tw_err *err);
    tw_status (*dead_letter_append)(void *ctx, const tw_dead_letter *letters, size_t n,
                                    tw_err *err);
    tw_status (*dead_letter_list)(void *ctx, uint64_t before_id, size_t limit, tw_arena *arena,
                                  tw_dead_letter **out, size_t *n, tw_err *err);
    tw_status (*dead_letter_count)(void *ctx, uint64_t *out, tw_err *err);
    void (*close)(void *ctx);
} tw_journal_ops;

// A handle; copies refer to the same journal. Adapters give one: adapter/<name>/journal_*.h.
typedef struct tw_journal {
    const tw_journal_ops *ops;
    void *ctx;
} tw_journal;

// Appends n facts (1..TW_COMMIT_MAX_FACTS, each of at least one byte, together at most
// TW_BLOCK_MAX_BYTES). TW_INVALID (n is 0 or a fact is empty), TW_LIMIT, TW_NO_MEMORY, TW_NO_SPACE,
// TW_IO, TW_CORRUPT.
TW_MUST_CHECK static inline tw_status tw_journal_append(const tw_journal *journal,
                                                        const tw_str *facts, size_t n,
                                                        uint64_t *first_seq, tw_err *err)
{
    return journal->ops->append(journal->ctx, facts, n, first_seq, err);
}

// The end of the chain: O(1), from memory.
TW_MUST_CHECK static inline tw_status tw_journal_get_head(const tw_journal *journal,
                                                          tw_journal_head *out, tw_err *err)
{
    return journal->ops->head(journal->ctx, out, err);
}

// Hash of the block whose last fact is `seq` (zero bytes for 0). Projections and snapshots keep it
// next to their position, to be sure that they belong to this journal. TW_NOT_FOUND when no block
// ends there, which the end of every append does.
TW_MUST_CHECK static inline tw_status tw_journal_hash_at(const tw_journal *journal, uint64_t seq,
                                                         uint8_t out[TW_SHA256_BYTES], tw_err *err)
{
    return journal->ops->hash_at(journal->ctx, seq, out, err);
}

// Visits, in order, every block that holds a fact of from_seq..to_seq (to_seq 0: up to the head at
// the time of the call; from_seq 0 is 1). The first and the last block may hold others too: the
// visitor looks at block->first_seq. Blocks are read ahead in pieces of a few MiB; a slow visitor
// does not hold back appends or checkpoints. TW_CORRUPT when a block is missing or malformed
// (hashes are checked by verify only), TW_NO_MEMORY, TW_IO, or the visitor's status.
TW_MUST_CHECK static inline tw_status tw_journal_read(const tw_journal *journal, uint64_t from_seq,
                                                      uint64_t to_seq, tw_journal_visit visit,
                                                      void *visit_ctx, tw_err *err)
{
    return journal->ops->read(journal->ctx, from_seq, to_seq, visit, visit_ctx, err);
}

// Appends the bytes of one fact to `out` (unchanged on failure but for its capacity). A small cache
// of blocks makes neighbours cheap. TW_NOT_FOUND for 0 and beyond the head; TW_LIMIT by `out`.
TW_MUST_CHECK static inline tw_status tw_journal_fetch(const tw_journal *journal, uint64_t seq,
                                                       tw_buf *out, tw_err *err)
{
    return journal->ops->fetch(journal->ctx, seq, out, err);
}

// Recomputes the whole chain from the stored bytes. TW_OK means that the check ran: *out says what
// it found. Cuts at the end are invisible to a chain: compare the head with hash_at of a
// projection.
TW_MUST_CHECK static inline tw_status tw_journal_verify(const tw_journal *journal,
                                                        tw_journal_check *out, tw_err *err)
{
    return journal->ops->verify(journal->ctx, out, err);
}

// Keeps n letters (0..TW_COMMIT_MAX_FACTS), all or none, durable on return. Any thread.
TW_MUST_CHECK static inline tw_status tw_dead_letter_append(const tw_journal *journal,
                                                            const tw_dead_letter *letters, size_t n,
                                                            tw_err *err)
{
    return journal->ops->dead_letter_append(journal->ctx, letters, n, err);
}

// Newest first: up to `limit` letters with id < before_id (0: from the newest), with their strings
// in the arena. The next page starts before the last id.
TW_MUST_CHECK static inline tw_status tw_dead_letter_list(const tw_journal *journal,
                                                          uint64_t before_id, size_t limit,
                                                          tw_arena *arena, tw_dead_letter **out,
                                                          size_t *n, tw_err *err)
{
    return journal->ops->dead_letter_list(journal->ctx, before_id, limit, arena, out, n, err);
}

TW_MUST_CHECK static inline tw_status tw_dead_letter_count(const tw_journal *journal, uint64_t *out,
                                                           tw_err *err)
{
    return journal->ops->dead_letter_count(journal->ctx, out, err);
}

// For adapters: the check of append's arguments, and one step of verify: takes the next block of
// the chain (its stored hashes included) into *check. False when it does not hold, and *check says
// so.
tw_status tw_journal_append_check(const tw_str *facts, size_t n, tw_err *err) TW_MUST_CHECK;
bool tw_journal_check_block(tw_journal_check *check, const tw_block *block);

// Releases everything; nothing else may be running. A closed or zeroed handle is allowed.
static inline void tw_journal_close(tw_journal *journal)
{
    if (journal->ops)
        journal->ops->close(journal->ctx);
    *journal = (tw_journal){NULL, NULL};
}

#endif
