// SPDX-License-Identifier: Apache-2.0
//
// Following the journal into the lake: which facts are closed, their rows, and the proof that both
// hold the same.
#include "service/lake.h"

#include <stdio.h>

#include "base/time.h"
#include "lake_rows.h"
#include "retail/codec.h"

// Facts of a commit: bounds the memory of the staging.
#define STEP_FACTS (UINT64_C(1) << 18)
#define PROGRESS_FACTS 4096
#define ARENA_MAX_BYTES ((size_t)64 << 20)

// --- facts in order
// -------------------------------------------------------------------------------

typedef tw_status visit_fact(void *ctx, const tw_fact *fact, tw_str bytes, tw_err *err);

typedef struct reader {
    uint64_t from_seq, to_seq;
    tw_arena *arena; // reset for each fact
    visit_fact *visit;
    void *ctx;
} reader;

static tw_status visit_block(void *ctx, const tw_block *block, tw_err *err)
{
    const reader *r = ctx;
    for (uint32_t i = 0; i < block->n; i++) {
        tw_fact fact;
        uint64_t seq = block->first_seq + i;
        if (seq < r->from_seq || seq > r->to_seq)
            continue;
        tw_str bytes = tw_block_fact(block, i);
        tw_arena_reset(r->arena);
        tw_status status = tw_fact_decode(bytes.at, bytes.bytes, r->arena, &fact);
        if (status != TW_OK)
            return tw_fail(err, status, "fact %llu of the journal cannot be read",
                           (unsigned long long)seq);
        fact.seq = seq;
        TW_TRY(r->visit(r->ctx, &fact, bytes, err));
    }
    return TW_OK;
}

// Visits the facts from_seq..to_seq; nothing when there are none.
static tw_status read_facts(const tw_lake_source *source, uint64_t from_seq, uint64_t to_seq,
                            visit_fact *visit, void *ctx, tw_err *err)
{
    tw_arena arena;
    if (from_seq > to_seq)
        return TW_OK;
    tw_arena_init(&arena, source->alloc, 1 << 20, ARENA_MAX_BYTES);
    reader r = {from_seq, to_seq, &arena, visit, ctx};
    tw_status status = tw_journal_read(source->journal, from_seq, to_seq, visit_block, &r, err);
    tw_arena_release(&arena);
    return status;
}

// The last fact that has a score.
static tw_status last_seq(const tw_lake_source *source, uint64_t *out, tw_err *err)
{
    tw_journal_head head;
    tw_ledger_position position;
    TW_TRY(tw_journal_get_head(source->journal, &head, err));
    TW_TRY(tw_ledger_get_position(source->ledger, &position, err));
    *out = TW_MIN(head.seq, position.seq);
    return TW_OK;
}

// The ledger may be behind the lake after a crash, until it has been brought up to the journal.
static tw_status get_range(const tw_lake_source *source, const tw_lake *lake,
                           tw_lake_position *position, uint64_t *last, tw_err *err)
{
    tw_journal_head head;
    TW_TRY(tw_lake_get_position(lake, position, err));
    TW_TRY(tw_journal_get_head(source->journal, &head, err));
    TW_TRY(last_seq(source, last, err));
    if (position->seq > head.seq)
        return tw_fail(err, TW_CORRUPT,
                       "the lake reaches fact %llu and the journal %llu: remove the folder lake, "
                       "it is of another journal",
                       (unsigned long long)position->seq, (unsigned long long)head.seq);
    *last = TW_MAX(*last, position->seq);
    return TW_OK;
}

// --- rows
// -----------------------------------------------------------------------------------------

typedef struct writer {
    const tw_lake_source *source;
    const tw_lake *lake;
    tw_lake_position position; // after the last fact that was staged
    tw_arena scores, row;
    tw_score_range range; // bytes in `scores`
    size_t at;            // offset of the record of next_seq
    uint64_t next_seq;
    tw_lake_follower *follower; // NULL = nobody to tell
    uint64_t first_seq, last_seq;
} writer;

static void writer_init(writer *w, const tw_lake_source *source, const tw_lake *lake)
{
    *w = (writer){.source = source, .lake = lake};
    tw_arena_init(&w->scores, source->alloc, 1 << 20, ARENA_MAX_BYTES);
    tw_arena_init(&w->row, source->alloc, 0, ARENA_MAX_BYTES);
}

static void writer_release(writer *w)
{
    tw_arena_release(&w->scores);
    tw_arena_release(&w->row);
}

static tw_status find_record(writer *w, uint64_t seq, twi_record *out, tw_err *err)
{
    if (w->range.n == 0 || seq < w->next_seq || seq >= w->range.first_seq + w->range.n) {
        tw_arena_reset(&w->scores);
        TW_TRY(tw_ledger_score_get(w->source->ledger, seq, &w->scores, &w->range, err));
        w->at = 0;
        w->next_seq = w->range.first_seq;
    }
    do {
        tw_status status =
            twi_record_read(w->range.bytes.at + w->at, w->range.bytes.bytes - w->at, out);
        if (status != TW_OK)
            return tw_fail(err, status,
                           "the score of fact %llu cannot be read; run tillwatch rebuild",
                           (unsigned long long)w->next_seq);
        w->at += out->bytes;
    } while (w->next_seq++ < seq);
    return TW_OK;
}

static bool wants_stop(const tw_lake_follower *follower, uint64_t done, uint64_t all)
{
    return follower && follower->progress && done % PROGRESS_FACTS == 0 &&
           follower->progress(follower->progress_ctx, done, all);
}

static tw_status stage_fact(void *ctx, const tw_fact *fact, tw_str bytes, tw_err *err)
{
    writer *w = ctx;
    twi_record record;
    TW_TRY(find_record(w, fact->seq, &record, err));
    tw_arena_reset(&w->row);
    TW_TRY(twi_lake_put_row(w->lake, fact, &record, &w->row, err));
    tw_sha256_two(w->position.hash, TW_SHA256_BYTES, bytes.at, bytes.bytes, w->position.hash);
    w->position.seq = fact->seq;
    if (wants_stop(w->follower, fact->seq - w->first_seq, w->last_seq - w->first_seq + 1))
        return tw_fail(err, TW_CLOSED, "stopped");
    return TW_OK;
}

typedef struct tail_writer {
    writer writer;
    tw_lake_tail *tail;
} tail_writer;

// --- closing
// --------------------------------------------------------------------------------------

// Takes note of a day that has begun with fact `seq`.
static void begin_day(tw_lake_follower *f, int32_t day, uint64_t seq)
{
    if (f->first_seq[0] == 0 || day > f->newest_day) {
        bool is_next = f->first_seq[0] != 0 && day == f->newest_day + 1;
        f->first_seq[1] = is_next ? f->first_seq[0] : 0;
        f->first_seq[0] = seq;
        f->newest_day = day;
    } else if (day == f->newest_day - 1 && f->first_seq[1] == 0) {
        f->first_seq[1] = seq;
    }
}

static tw_status look_at_fact(void *ctx, const tw_fact *fact, tw_str bytes, tw_err *err)
{
    tw_lake_follower *f = ctx;
    (void)bytes;
    if (fact->kind == TW_FACT_TRANSACTION &&
        fact->as.transaction.business_day <= tw_floor_day(fact->received_ms) + 1)
        begin_day(f, fact->as.transaction.business_day, fact->seq);
    f->seen_seq = fact->seq;
    if (wants_stop(f, fact->seq, fact->seq))
        return tw_fail(err, TW_CLOSED, "stopped");
    return TW_OK;
}

// The last fact in front of the days that are open.
static uint64_t closed_seq(const tw_lake_follower *f)
{
    uint64_t first = f->first_seq[0];
    if (f->first_seq[1] != 0)
        first = TW_MIN(first, f->first_seq[1]);
    return first > 0 ? first - 1 : 0;
}

tw_status tw_lake_due(const tw_lake_source *source, tw_lake_follower *follower, uint64_t from_seq,
                      uint64_t *out, tw_err *err)
{
    uint64_t last;
    *out = 0;
    TW_TRY(last_seq(source, &last, err));
    TW_TRY(read_facts(source, TW_MAX(follower->seen_seq, from_seq) + 1, last, look_at_fact,
                      follower, err));
    uint64_t behind = last - TW_MIN(last, from_seq);
    *out = TW_MAX(TW_MIN(last, closed_seq(follower)), last - behind % TW_LAKE_TAIL_FACTS);
    if (behind < TW_LAKE_TAIL_FACTS)
        *out = TW_MIN(last, closed_seq(follower));
    return TW_OK;
}

tw_status tw_lake_follow(const tw_lake_source *source, const tw_lake *lake,
                         tw_lake_follower *follower, bool all, uint64_t *written_n, tw_err *err)
{
    writer w;
    uint64_t last;
    tw_lake_position position;
    *written_n = 0;
    TW_TRY(get_range(source, lake, &position, &last, err));
    if (!all)
        TW_TRY(tw_lake_due(source, follower, position.seq, &last, err));
    writer_init(&w, source, lake);
    w.position = position;
    w.follower = follower;
    w.first_seq = position.seq + 1;
    w.last_seq = last;
    tw_status status = TW_OK;
    while (status == TW_OK && w.position.seq < last) {
        uint64_t from = w.position.seq + 1, to = TW_MIN(w.position.seq + STEP_FACTS, last);
        status = read_facts(source, from, to, stage_fact, &w, err);
        if (status == TW_OK)
            status = tw_lake_commit(lake, &w.position, err);
        if (status == TW_OK)
            *written_n += to - from + 1;
    }
    writer_release(&w);
    return status;
}

tw_status tw_lake_stage_tail(const tw_lake_source *source, const tw_lake *lake, uint64_t *tail_n,
                             tw_err *err)
{
    writer w;
    uint64_t last;
    tw_lake_position position;
    *tail_n = 0;
    TW_TRY(get_range(source, lake, &position, &last, err));
    writer_init(&w, source, lake);
    w.position = position;
    tw_status status = read_facts(source, position.seq + 1, last, stage_fact, &w, err);
    writer_release(&w);
    if (status == TW_OK)
        *tail_n = last - position.seq;
    return status;
}

static tw_status stage_tail_fact(void *ctx, const tw_fact *fact, tw_str bytes, tw_err *err)
{
    tail_writer *w = ctx;
    TW_TRY(stage_fact(&w->writer, fact, bytes, err));
    w->tail->seq = fact->seq;
    w->tail->received_ms = fact->received_ms;
    if (fact->kind == TW_FACT_TRANSACTION) {
        int32_t day = fact->as.transaction.business_day;
        w->tail->first_day = TW_MIN(w->tail->first_day, day);
        w->tail->last_day = TW_MAX(w->tail->last_day, day);
    }
    return TW_OK;
}

tw_status tw_lake_stage_more(const tw_lake_source *source, const tw_lake *lake, tw_lake_tail *tail,
                             uint64_t max, tw_err *err)
{
    tail_writer w = {.tail = tail};
    uint64_t last;
    tw_journal_head head;
    TW_TRY(tw_journal_get_head(source->journal, &head, err));
    TW_TRY(last_seq(source, &last, err));
    uint64_t from = tail->seq + 1, to = TW_MIN(tail->seq + max, last);
    tail->is_behind = to < last;
    tail->is_whole = tail->seq >= head.seq;
    if (from > to)
        return TW_OK;
    writer_init(&w.writer, source, lake);
    tw_status status = read_facts(source, from, to, stage_tail_fact, &w, err);
    writer_release(&w.writer);
    tail->is_whole = status == TW_OK && to >= head.seq;
    return status;
}

// --- check
// ----------------------------------------------------------------------------------------

typedef struct counter {
    uint8_t hash[TW_SHA256_BYTES];
    uint64_t n[TW_LAKE_TABLE_N];
} counter;

static tw_status count_fact(void *ctx, const tw_fact *fact, tw_str bytes, tw_err *err)
{
    counter *c = ctx;
    tw_lake_table_id table;
    int32_t day;
    (void)err;
    tw_sha256_two(c->hash, TW_SHA256_BYTES, bytes.at, bytes.bytes, c->hash);
    if (twi_lake_partition(fact, &table, &day))
        c->n[table]++;
    return TW_OK;
}

tw_status tw_lake_check(const tw_lake_source *source, const tw_lake *lake,
                        tw_lake_complain *complain, void *ctx, tw_err *err)
{
    counter c = {.n = {0}};
    uint64_t last, rows[TW_LAKE_TABLE_N] = {0};
    tw_lake_position position;
    const tw_lake_part *parts;
    size_t part_n;
    char sentence[200];
    tw_lake_schema schema;
    tw_lake_schema_get(&schema);
    TW_TRY(get_range(source, lake, &position, &last, err));
    TW_TRY(read_facts(source, 1, position.seq, count_fact, &c, err));
    if (memcmp(c.hash, position.hash, sizeof(c.hash)) != 0)
        complain(ctx, "the lake was written from other facts than those of the journal");
    TW_TRY(tw_lake_parts(lake, &parts, &part_n, err));
    for (size_t i = 0; i < part_n; i++)
        for (size_t t = 0; t < TW_LAKE_TABLE_N; t++)
            if (strcmp(schema.tables[t].name, parts[i].table) == 0)
                rows[t] += parts[i].row_n;
    for (size_t t = 0; t < TW_LAKE_TABLE_N; t++) {
        if (rows[t] == c.n[t])
            continue;
        snprintf(sentence, sizeof(sentence), "%s: %llu rows in the lake, %llu in the journal",
                 schema.tables[t].name, (unsigned long long)rows[t], (unsigned long long)c.n[t]);
        complain(ctx, sentence);
    }
    return TW_OK;
}
