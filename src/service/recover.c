// SPDX-License-Identifier: Apache-2.0
//
// Recovery: the journal's facts through the core again, from the newest snapshot at start, from the
// first fact in a rebuild.
#include "internal.h"
#include "learn/replay.h"

// Facts between two ledger writes, and the most of them that are waiting for a block's end.
#define WRITE_FACTS TW_COMMIT_MAX_FACTS
// The same by what the texts of the facts take.
#define WRITE_TEXT_BYTES ((size_t)16 << 20)

typedef struct recovery {
    twi_core *core;
    const tw_journal *journal;
    twi_projector *projector; // NULL: state only
    uint64_t projected_seq, head_seq, start_seq;
    twi_changes changes;
    tw_progress *progress;
    void *ctx;
} recovery;

static tw_status write_changes(recovery *r, tw_err *err)
{
    twi_changes *changes = &r->changes;
    if (changes->first_seq != 0 && r->projector && changes->last_seq > r->projected_seq) {
        TW_TRY(twi_projector_write(r->projector, changes, changes->last_seq, err));
        r->projected_seq = changes->last_seq;
    }
    twi_changes_reset(changes);
    if (r->progress)
        r->progress(r->ctx, r->core->seq - r->start_seq, r->head_seq - r->start_seq);
    return TW_OK;
}

// A position must be the end of a block.
static bool is_block_end(const recovery *r, uint64_t seq)
{
    uint8_t hash[TW_SHA256_BYTES];
    return tw_journal_hash_at(r->journal, seq, hash, NULL) == TW_OK;
}

static tw_status recover_fact(void *ctx, const tw_fact *fact, tw_err *err)
{
    recovery *r = ctx;
    twi_record record;
    tw_status status = twi_core_reserve(r->core, &r->changes, 1);
    if (status != TW_OK)
        return tw_fail(err, status, "no memory for fact %llu", (unsigned long long)fact->seq);
    TW_TRY(twi_core_apply(r->core, fact, &r->changes, NULL, &record, err));
    size_t n = r->changes.last_seq - r->changes.first_seq + 1;
    // What the ledger has already ends with a write of its own: a later one starts behind it.
    bool is_written = r->projector && fact->seq > r->projected_seq;
    bool is_due = fact->seq == r->projected_seq || fact->seq == r->head_seq;
    bool is_heavy = r->changes.text_bytes >= WRITE_TEXT_BYTES;
    if (is_written)
        is_due = is_due || ((is_heavy || n >= WRITE_FACTS / 2) && is_block_end(r, fact->seq));
    else
        is_due = is_due || is_heavy || n >= WRITE_FACTS;
    if (!is_due)
        return n < 4 * WRITE_FACTS
                   ? TW_OK
                   : tw_fail(err, TW_CORRUPT, "the journal has a block without an end");
    return write_changes(r, err);
}

tw_status twi_recover(twi_core *core, const tw_journal *journal, twi_projector *projector,
                      uint64_t projected_seq, tw_progress *progress, void *ctx, uint64_t *replayed,
                      tw_err *err)
{
    tw_journal_head head;
    TW_TRY(tw_journal_get_head(journal, &head, err));
    recovery r = {.core = core,
                  .journal = journal,
                  .projector = projector,
                  .projected_seq = projected_seq,
                  .head_seq = head.seq,
                  .start_seq = core->seq,
                  .progress = progress,
                  .ctx = ctx};
    *replayed = 0;
    if (head.seq < projected_seq)
        return tw_fail(err, TW_CORRUPT,
                       "the ledger is ahead of the journal (%llu, %llu); run tillwatch rebuild",
                       (unsigned long long)projected_seq, (unsigned long long)head.seq);
    if (head.seq <= core->seq)
        return TW_OK;
    twi_changes_init(&r.changes, core->alloc);
    tw_status status =
        tw_replay_facts(core->alloc, journal, core->seq + 1, head.seq, recover_fact, &r, err);
    if (status == TW_OK)
        status = write_changes(&r, err);
    twi_changes_release(&r.changes);
    *replayed = core->seq - r.start_seq;
    return status;
}
