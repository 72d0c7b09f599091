// SPDX-License-Identifier: Apache-2.0
//
// From the journal's blocks to facts: the one decoding loop of recovery, rebuild, training and
// backtests. A block's facts are decoded together into an arena that the next block reuses.
#include "facts.h"

#include "learn/replay.h"
#include "retail/codec.h"

// A block holds 64 KiB of facts or one larger fact; decoded, lines take some twenty times as much.
#define ARENA_BLOCK_BYTES ((size_t)1 << 20)
#define ARENA_MAX_BYTES ((size_t)256 << 20)

typedef struct reader {
    uint64_t from_seq, to_seq;
    tw_arena arena;
    twi_facts_visit *visit;
    void *ctx;
} reader;

// Decodes facts first..last of the block; *n are fine.
static tw_status decode(reader *r, const tw_block *block, uint32_t first, uint32_t last,
                        tw_fact *out, size_t *n, tw_err *err)
{
    for (uint32_t i = first; i <= last; i++) {
        tw_str bytes = tw_block_fact(block, i);
        tw_status status = tw_fact_decode(bytes.at, bytes.bytes, &r->arena, &out[*n]);
        if (status != TW_OK)
            return tw_fail(err, status, "fact %llu of the journal cannot be read: %s",
                           (unsigned long long)block->first_seq + i, tw_status_text(status));
        out[(*n)++].seq = block->first_seq + i;
    }
    return TW_OK;
}

static tw_status visit_block(void *ctx, const tw_block *block, tw_err *err)
{
    reader *r = ctx;
    uint64_t last_seq = block->first_seq + block->n - 1;
    if (last_seq < r->from_seq || (r->to_seq != 0 && block->first_seq > r->to_seq))
        return TW_OK;
    uint64_t from = TW_MAX(r->from_seq, block->first_seq);
    uint64_t to = r->to_seq != 0 ? TW_MIN(r->to_seq, last_seq) : last_seq;
    size_t n = 0;
    tw_arena_reset(&r->arena);
    tw_fact *facts = tw_arena_take(&r->arena, (size_t)(to - from + 1) * sizeof *facts);
    if (!facts)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the facts of a block");
    tw_err damage = {0};
    tw_status decoded = decode(r, block, (uint32_t)(from - block->first_seq),
                               (uint32_t)(to - block->first_seq), facts, &n, &damage);
    if (n > 0)
        TW_TRY(r->visit(r->ctx, facts, n, err));
    if (decoded != TW_OK && err)
        *err = damage;
    return decoded;
}

tw_status twi_facts_read(const tw_alloc *alloc, const tw_journal *journal, uint64_t from_seq,
                         uint64_t to_seq, twi_facts_visit *visit, void *ctx, tw_err *err)
{
    reader r = {.from_seq = from_seq, .to_seq = to_seq, .visit = visit, .ctx = ctx};
    tw_arena_init(&r.arena, alloc, ARENA_BLOCK_BYTES, ARENA_MAX_BYTES);
    tw_status status = tw_journal_read(journal, from_seq, to_seq, visit_block, &r, err);
    tw_arena_release(&r.arena);
    return status;
}

typedef struct one_by_one {
    tw_replay_fact_visit *visit;
    void *ctx;
} one_by_one;

static tw_status visit_each(void *ctx, const tw_fact *facts, size_t n, tw_err *err)
{
    const one_by_one *o = ctx;
    for (size_t i = 0; i < n; i++)
        TW_TRY(o->visit(o->ctx, &facts[i], err));
    return TW_OK;
}

tw_status tw_replay_facts(const tw_alloc *alloc, const tw_journal *journal, uint64_t from_seq,
                          uint64_t to_seq, tw_replay_fact_visit *visit, void *ctx, tw_err *err)
{
    one_by_one o = {visit, ctx};
    return twi_facts_read(alloc, journal, from_seq, to_seq, visit_each, &o, err);
}
