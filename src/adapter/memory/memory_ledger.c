// SPDX-License-Identifier: Apache-2.0
//
// Ledger in memory: one sorted array of entries for each kind of row, answered by plain scans. An
// entry is one allocation: the row, its lists, and all its texts. apply first makes all new entries
// beside the tables and then moves them in without being able to fail, so that it is all or
// nothing. One mutex guards everything. Costs grow with the square of the rows in places: it is a
// reference.
#include <string.h>

#include "adapter/memory.h"
#include "memory_ledger.h"
#include "port/ledger_rows.h"

// ---- Projection ------------------------------------------------------------------------------

typedef struct staging {
    twi_entry *items_own;
    twi_table_kind *kinds_own;
    size_t n, cap;
} staging;

static const tw_alert_row *alert_before(const twi_memory_ledger *self, const staging *stage,
                                        tw_str alert_id)
{
    for (size_t i = stage->n; i-- > 0;)
        if (stage->kinds_own[i] == TABLE_ALERTS && tw_str_equal(stage->items_own[i].key, alert_id))
            return stage->items_own[i].row;
    const twi_entry *entry = twi_table_find(&self->tables[TABLE_ALERTS], alert_id);
    return entry ? entry->row : NULL;
}

static tw_status stage_one(staging *stage, twi_table_kind kind, tw_status status)
{
    TW_TRY(status);
    stage->kinds_own[stage->n++] = kind;
    return TW_OK;
}

// The place of the next entry, which stage_one then keeps.
static twi_entry *next_entry(staging *stage)
{
    TW_CHECK(stage->n < stage->cap);
    return &stage->items_own[stage->n];
}

static tw_status stage_rows(twi_memory_ledger *self, const tw_ledger_batch *batch, staging *stage)
{
    const tw_alloc *alloc = self->alloc;
    for (size_t i = 0; i < batch->alert_n; i++) {
        const tw_alert_row *row = &batch->alerts[i];
        const tw_alert_row *before = alert_before(self, stage, row->alert_id);
        TW_TRY(
            stage_one(stage, TABLE_ALERTS, twi_entry_alert(alloc, row, before, next_entry(stage))));
    }
    for (size_t i = 0; i < batch->verdict_n; i++)
        TW_TRY(stage_one(stage, TABLE_VERDICTS,
                         twi_entry_verdict(alloc, &batch->verdicts[i], next_entry(stage))));
    for (size_t i = 0; i < batch->score_n; i++)
        TW_TRY(stage_one(stage, TABLE_SCORES,
                         twi_entry_scores(alloc, &batch->scores[i], next_entry(stage))));
    for (size_t i = 0; i < batch->model_n; i++)
        TW_TRY(stage_one(stage, TABLE_MODELS,
                         twi_entry_model(alloc, &batch->models[i], next_entry(stage))));
    for (size_t i = 0; i < batch->doc_n; i++)
        TW_TRY(
            stage_one(stage, TABLE_DOCS, twi_entry_doc(alloc, &batch->docs[i], next_entry(stage))));
    for (size_t i = 0; i < batch->action_n; i++)
        TW_TRY(stage_one(stage, TABLE_ACTIONS,
                         twi_entry_action(alloc, &batch->actions[i], next_entry(stage))));
    return TW_OK;
}

static tw_status apply_locked(twi_memory_ledger *self, const tw_ledger_batch *batch, staging *stage)
{
    const struct {
        twi_table_kind kind;
        size_t n;
    } parts[] = {{TABLE_ALERTS, batch->alert_n}, {TABLE_VERDICTS, batch->verdict_n},
                 {TABLE_SCORES, batch->score_n}, {TABLE_MODELS, batch->model_n},
                 {TABLE_DOCS, batch->doc_n},     {TABLE_ACTIONS, batch->action_n}};
    for (size_t i = 0; i < TW_COUNT(parts); i++)
        stage->cap += parts[i].n;
    stage->items_own = tw_new_array(self->alloc, stage->cap, sizeof(twi_entry));
    stage->kinds_own = tw_new_array(self->alloc, stage->cap, sizeof(twi_table_kind));
    if (!stage->items_own || !stage->kinds_own)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < TW_COUNT(parts); i++)
        TW_TRY(twi_table_reserve(self->alloc, &self->tables[parts[i].kind], parts[i].n));
    TW_TRY(stage_rows(self, batch, stage));
    for (size_t i = 0; i < stage->n; i++)
        twi_table_take(self->alloc, &self->tables[stage->kinds_own[i]], stage->items_own[i]);
    stage->n = 0;
    self->position = batch->applied;
    return TW_OK;
}

static tw_status ledger_apply(void *ctx, const tw_ledger_batch *batch, tw_err *err)
{
    twi_memory_ledger *self = ctx;
    pthread_mutex_lock(&self->lock);
    staging stage = {0};
    tw_status status = tw_ledger_batch_check(batch, self->position.seq, err);
    if (status == TW_OK) {
        status = apply_locked(self, batch, &stage);
        if (status != TW_OK)
            status = tw_fail(err, status, "cannot keep the rows in memory");
    }
    for (size_t i = 0; i < stage.n; i++)
        twi_entry_free(self->alloc, &stage.items_own[i]);
    tw_free_array(self->alloc, stage.items_own, stage.cap, sizeof(twi_entry));
    tw_free_array(self->alloc, stage.kinds_own, stage.cap, sizeof(twi_table_kind));
    pthread_mutex_unlock(&self->lock);
    return status;
}

static tw_status ledger_position(void *ctx, tw_ledger_position *out, tw_err *err)
{
    (void)err;
    twi_memory_ledger *self = ctx;
    pthread_mutex_lock(&self->lock);
    *out = self->position;
    pthread_mutex_unlock(&self->lock);
    return TW_OK;
}

static tw_status ledger_wipe(void *ctx, tw_err *err)
{
    (void)err;
    twi_memory_ledger *self = ctx;
    pthread_mutex_lock(&self->lock);
    for (int kind = TABLE_ALERTS; kind <= TABLE_ACTIONS; kind++)
        twi_table_clear(self->alloc, &self->tables[kind]);
    self->position = (tw_ledger_position){0};
    pthread_mutex_unlock(&self->lock);
    return TW_OK;
}

static tw_str subject_of(const tw_verdict_row *row)
{
    return row->alert_id.bytes > 0 ? row->alert_id : row->transaction_id;
}

// No later verdict about the same subject; the order is that of (seq, verdict_id).
static bool is_current(const twi_table *t, const tw_verdict_row *row)
{
    for (size_t i = 0; i < t->n; i++) {
        const tw_verdict_row *other = t->items_own[i].row;
        bool is_same = (other->alert_id.bytes > 0) == (row->alert_id.bytes > 0) &&
                       tw_str_equal(subject_of(other), subject_of(row));
        if (is_same &&
            (other->seq > row->seq ||
             (other->seq == row->seq && tw_str_compare(other->verdict_id, row->verdict_id) > 0)))
            return false;
    }
    return true;
}

static void hash_row(const twi_table *t, tw_ledger_part part, const void *row, tw_content *content)
{
    tw_verdict_row verdict;
    const tw_score_range *range;
    switch (part) {
    case TW_LEDGER_ALERTS:
        tw_content_alert(content, row);
        break;
    case TW_LEDGER_VERDICTS:
        verdict = *(const tw_verdict_row *)row;
        verdict.is_current = is_current(t, row);
        tw_content_verdict(content, &verdict);
        break;
    case TW_LEDGER_SCORES:
        range = row;
        tw_content_put(content, range->bytes.at, range->bytes.bytes);
        break;
    case TW_LEDGER_MODELS:
        tw_content_model(content, row);
        break;
    case TW_LEDGER_DOCS:
        tw_content_doc(content, row);
        break;
    case TW_LEDGER_ACTIONS:
        tw_content_action(content, row);
        break;
    case TW_LEDGER_PART_N:
        break;
    }
}

static tw_status ledger_hash(void *ctx, tw_ledger_part part, uint8_t out[TW_SHA256_BYTES],
                             tw_err *err)
{
    twi_memory_ledger *self = ctx;
    memset(out, 0, TW_SHA256_BYTES);
    TW_CHECK(part < TW_LEDGER_PART_N);
    tw_content *content = tw_new(self->alloc, tw_content);
    if (!content)
        return tw_fail(err, TW_NO_MEMORY, "no memory to hash the ledger");
    tw_content_init(content);
    static const twi_table_kind kinds[TW_LEDGER_PART_N] = {
        [TW_LEDGER_ALERTS] = TABLE_ALERTS, [TW_LEDGER_VERDICTS] = TABLE_VERDICTS,
        [TW_LEDGER_SCORES] = TABLE_SCORES, [TW_LEDGER_MODELS] = TABLE_MODELS,
        [TW_LEDGER_DOCS] = TABLE_DOCS,     [TW_LEDGER_ACTIONS] = TABLE_ACTIONS};
    pthread_mutex_lock(&self->lock);
    const twi_table *t = &self->tables[kinds[part]];
    for (size_t i = 0; i < t->n; i++)
        hash_row(t, part, t->items_own[i].row, content);
    pthread_mutex_unlock(&self->lock);
    tw_content_end(content, out);
    tw_delete(self->alloc, content);
    return TW_OK;
}

// ---- Alerts ----------------------------------------------------------------------------------

static tw_status ledger_alert_get(void *ctx, tw_str alert_id, tw_arena *arena, tw_alert_row *out,
                                  tw_err *err)
{
    twi_memory_ledger *self = ctx;
    *out = (tw_alert_row){0};
    pthread_mutex_lock(&self->lock);
    const twi_entry *entry = twi_table_find(&self->tables[TABLE_ALERTS], alert_id);
    tw_status status = entry ? twi_alert_copy(entry->row, arena, out) : TW_NOT_FOUND;
    pthread_mutex_unlock(&self->lock);
    if (status == TW_OK)
        return TW_OK;
    *out = (tw_alert_row){0};
    return tw_fail(err, status,
                   status == TW_NOT_FOUND ? "there is no alert %.*s" : "no room for %.*s",
                   TW_STR_ARG(alert_id));
}

// Keeps the best `limit` rows after the cursor in page[], best first.
static void page_offer(const tw_alert_row **page, size_t *n, size_t limit, const tw_alert_row *row,
                       tw_alert_sort sort)
{
    size_t place = *n;
    while (place > 0 && twi_alert_order(row, page[place - 1], sort) < 0)
        place--;
    if (place == limit)
        return;
    size_t kept = TW_MIN(*n, limit - 1);
    memmove(&page[place + 1], &page[place], (kept - place) * sizeof(*page));
    page[place] = row;
    *n = kept + 1;
}

static tw_status list_locked(twi_memory_ledger *self, const tw_alert_filter *filter,
                             const tw_alert_page_options *options, const tw_alert_row *after,
                             tw_arena *arena, tw_alert_page *out)
{
    size_t want = options->limit + 1; // one more tells whether there is a next page
    const tw_alert_row **page = tw_arena_array(arena, want, sizeof(*page));
    out->items = tw_arena_array(arena, options->limit, sizeof(*out->items));
    if (!page || !out->items)
        return TW_NO_MEMORY;
    size_t n = 0;
    const twi_table *t = &self->tables[TABLE_ALERTS];
    for (size_t i = 0; i < t->n; i++) {
        const tw_alert_row *row = t->items_own[i].row;
        if (!twi_alert_matches(row, filter))
            continue;
        out->total += !options->skip_total;
        if (!after || twi_alert_order(after, row, options->sort) < 0)
            page_offer(page, &n, want, row, options->sort);
    }
    out->n = TW_MIN(n, options->limit);
    for (size_t i = 0; i < out->n; i++)
        TW_TRY(twi_alert_copy(page[i], arena, &out->items[i]));
    if (n > options->limit) {
        tw_alert_cursor cursor;
        tw_alert_cursor_of(page[options->limit - 1], options->sort, &cursor);
        tw_alert_cursor_encode(&cursor, options->sort, out->next_cursor);
    }
    return TW_OK;
}

static tw_status ledger_alert_list(void *ctx, const tw_alert_filter *filter,
                                   const tw_alert_page_options *options, tw_arena *arena,
                                   tw_alert_page *out, tw_err *err)
{
    twi_memory_ledger *self = ctx;
    *out = (tw_alert_page){0};
    TW_TRY(tw_alert_filter_check(filter, err));
    TW_TRY(tw_alert_page_check(options, err));
    tw_alert_row after = {0};
    bool is_later = options->cursor && options->cursor[0];
    tw_alert_cursor cursor = {0};
    if (is_later) {
        TW_TRY(tw_alert_cursor_decode(options->cursor, options->sort, &cursor, err));
        after.alert_id = tw_str_from(cursor.alert_id);
        after.rank = after.risk_score = cursor.real;
        after.created_ms = after.updated_ms = after.exposure_minor = cursor.integer;
    }
    pthread_mutex_lock(&self->lock);
    tw_status status = list_locked(self, filter, options, is_later ? &after : NULL, arena, out);
    pthread_mutex_unlock(&self->lock);
    if (status == TW_OK)
        return TW_OK;
    *out = (tw_alert_page){0};
    return tw_fail(err, status, "no room for the list of alerts");
}

static tw_status ledger_alert_counts(void *ctx, const tw_alert_filter *filter, tw_alert_group group,
                                     tw_arena *arena, tw_alert_count **out, size_t *n, tw_err *err)
{
    twi_memory_ledger *self = ctx;
    *out = NULL;
    *n = 0;
    TW_TRY(tw_alert_filter_check(filter, err));
    TW_CHECK(group < TW_ALERT_GROUP_N);
    pthread_mutex_lock(&self->lock);
    const twi_table *t = &self->tables[TABLE_ALERTS];
    tw_alert_count *rows = tw_arena_array(arena, t->n + 1, sizeof(*rows));
    tw_status status = rows ? TW_OK : TW_NO_MEMORY;
    size_t row_n = 0;
    for (size_t i = 0; i < t->n && status == TW_OK; i++) {
        const tw_alert_row *row = t->items_own[i].row;
        if (twi_alert_matches(row, filter))
            twi_alert_count_add(rows, &row_n, row, group);
    }
    for (size_t i = 0; i < row_n && status == TW_OK; i++) {
        rows[i].key.at = tw_arena_copy(arena, rows[i].key.at, rows[i].key.bytes);
        rows[i].currency.at = tw_arena_copy(arena, rows[i].currency.at, rows[i].currency.bytes);
        status = rows[i].key.at && rows[i].currency.at ? TW_OK : TW_NO_MEMORY;
    }
    pthread_mutex_unlock(&self->lock);
    if (status != TW_OK)
        return tw_fail(err, status, "no room for the counts of alerts");
    *out = rows;
    *n = row_n;
    return TW_OK;
}

// ---- Verdicts, scores, models ----------------------------------------------------------------

static bool verdict_matches(const twi_table *t, const tw_verdict_row *row,
                            const tw_verdict_filter *filter)
{
    return (filter->alert_id.bytes == 0 || tw_str_equal(filter->alert_id, row->alert_id)) &&
           (filter->transaction_id.bytes == 0 ||
            tw_str_equal(filter->transaction_id, row->transaction_id)) &&
           (filter->before_seq == 0 || row->seq < filter->before_seq) &&
           (!filter->only_current || is_current(t, row));
}

static tw_status verdicts_locked(twi_memory_ledger *self, const tw_verdict_filter *filter,
                                 size_t limit, tw_arena *arena, tw_verdict_row *rows, size_t *n)
{
    const twi_table *t = &self->tables[TABLE_VERDICTS];
    const tw_verdict_row **page = tw_arena_array(arena, limit, sizeof(*page));
    if (!page)
        return TW_NO_MEMORY;
    size_t page_n = 0;
    for (size_t i = 0; i < t->n; i++) {
        const tw_verdict_row *row = t->items_own[i].row;
        if (!verdict_matches(t, row, filter))
            continue;
        size_t place = page_n;
        while (place > 0 && page[place - 1]->seq < row->seq)
            place--;
        if (place == limit)
            continue;
        size_t kept = TW_MIN(page_n, limit - 1);
        memmove(&page[place + 1], &page[place], (kept - place) * sizeof(*page));
        page[place] = row;
        page_n = kept + 1;
    }
    for (size_t i = 0; i < page_n; i++) {
        TW_TRY(twi_verdict_copy(page[i], arena, &rows[i]));
        rows[i].is_current = is_current(t, page[i]);
    }
    *n = page_n;
    return TW_OK;
}

static tw_status ledger_verdict_list(void *ctx, const tw_verdict_filter *filter, size_t limit,
                                     tw_arena *arena, tw_verdict_row **out, size_t *n, tw_err *err)
{
    twi_memory_ledger *self = ctx;
    *out = NULL;
    *n = 0;
    TW_TRY(tw_ledger_limit_check(limit, err));
    tw_verdict_row *rows = tw_arena_array(arena, limit, sizeof(*rows));
    size_t row_n = 0;
    pthread_mutex_lock(&self->lock);
    tw_status status =
        rows ? verdicts_locked(self, filter, limit, arena, rows, &row_n) : TW_NO_MEMORY;
    pthread_mutex_unlock(&self->lock);
    if (status != TW_OK)
        return tw_fail(err, status, "no room for the list of verdicts");
    *out = rows;
    *n = row_n;
    return TW_OK;
}

static tw_status ledger_verdict_counts(void *ctx, tw_verdict_group group, tw_str key,
                                       tw_arena *arena, tw_verdict_count **out, size_t *n,
                                       tw_err *err)
{
    twi_memory_ledger *self = ctx;
    *out = NULL;
    *n = 0;
    pthread_mutex_lock(&self->lock);
    const twi_table *t = &self->tables[TABLE_VERDICTS];
    size_t max_n = 1;
    for (size_t i = 0; i < t->n; i++)
        max_n += 1 + ((const tw_verdict_row *)t->items_own[i].row)->signal_n;
    tw_verdict_count *rows = tw_arena_array(arena, max_n, sizeof(*rows));
    size_t row_n = 0;
    tw_status status = rows ? TW_OK : TW_NO_MEMORY;
    for (size_t i = 0; i < t->n && status == TW_OK; i++) {
        const tw_verdict_row *row = t->items_own[i].row;
        if (is_current(t, row))
            twi_verdict_count_add(rows, &row_n, row, group, key);
    }
    for (size_t i = 0; i < row_n && status == TW_OK; i++) {
        rows[i].key.at = tw_arena_copy(arena, rows[i].key.at, rows[i].key.bytes);
        rows[i].verdict.at = tw_arena_copy(arena, rows[i].verdict.at, rows[i].verdict.bytes);
        status = rows[i].key.at && rows[i].verdict.at ? TW_OK : TW_NO_MEMORY;
    }
    pthread_mutex_unlock(&self->lock);
    if (status != TW_OK)
        return tw_fail(err, status, "no room for the counts of verdicts");
    *out = rows;
    *n = row_n;
    return TW_OK;
}

// Copies the first range that ends at or after seq. TW_END when there is none.
static tw_status range_from(twi_memory_ledger *self, uint64_t seq, tw_arena *arena,
                            tw_score_range *out)
{
    pthread_mutex_lock(&self->lock);
    const twi_table *t = &self->tables[TABLE_SCORES];
    tw_status status = TW_END;
    for (size_t i = 0; i < t->n && status == TW_END; i++) {
        const tw_score_range *range = t->items_own[i].row;
        if (range->first_seq + range->n - 1 < seq)
            continue;
        *out = *range;
        out->bytes.at = tw_arena_copy(arena, range->bytes.at, range->bytes.bytes);
        status = out->bytes.at ? TW_OK : TW_NO_MEMORY;
    }
    pthread_mutex_unlock(&self->lock);
    return status;
}

static tw_status ledger_score_get(void *ctx, uint64_t seq, tw_arena *arena, tw_score_range *out,
                                  tw_err *err)
{
    *out = (tw_score_range){0};
    tw_status status = range_from(ctx, seq, arena, out);
    if (status == TW_OK && seq >= out->first_seq)
        return TW_OK;
    *out = (tw_score_range){0};
    if (status == TW_NO_MEMORY)
        return tw_fail(err, status, "no room for a range of scores");
    return tw_fail(err, TW_NOT_FOUND, "there are no scores at %llu", (unsigned long long)seq);
}

static tw_status ledger_score_read(void *ctx, uint64_t from_seq, uint64_t to_seq,
                                   tw_score_visit visit, void *visit_ctx, tw_err *err)
{
    twi_memory_ledger *self = ctx;
    tw_arena arena;
    tw_arena_init(&arena, self->alloc, 0, SIZE_MAX / 4);
    tw_status status = TW_OK;
    uint64_t seq = TW_MAX(from_seq, 1);
    while (status == TW_OK) {
        tw_score_range range = {0};
        tw_arena_reset(&arena);
        status = range_from(self, seq, &arena, &range);
        if (status == TW_NO_MEMORY)
            tw_fail(err, status, "no room for a range of scores");
        if (status == TW_OK && to_seq != 0 && range.first_seq > to_seq)
            status = TW_END;
        if (status == TW_OK)
            status = visit(visit_ctx, &range, err);
        seq = range.first_seq + range.n;
    }
    tw_arena_release(&arena);
    return status == TW_END ? TW_OK : status;
}

static tw_status ledger_model_list(void *ctx, tw_arena *arena, tw_model_row **out, size_t *n,
                                   tw_err *err)
{
    twi_memory_ledger *self = ctx;
    *out = NULL;
    *n = 0;
    pthread_mutex_lock(&self->lock);
    const twi_table *t = &self->tables[TABLE_MODELS];
    tw_model_row *rows = tw_arena_array(arena, t->n + 1, sizeof(*rows));
    tw_status status = rows ? TW_OK : TW_NO_MEMORY;
    for (size_t i = 0; i < t->n && status == TW_OK; i++) {
        tw_model_row row;
        status = twi_model_copy(t->items_own[i].row, arena, &row);
        size_t place = i;
        for (; place > 0 && rows[place - 1].seq < row.seq; place--)
            rows[place] = rows[place - 1];
        rows[place] = row;
    }
    size_t row_n = t->n;
    pthread_mutex_unlock(&self->lock);
    if (status != TW_OK)
        return tw_fail(err, status, "no room for the list of models");
    *out = rows;
    *n = row_n;
    return TW_OK;
}

static void ledger_close(void *ctx)
{
    twi_memory_ledger *self = ctx;
    for (int kind = 0; kind < TABLE_N; kind++) {
        twi_table_clear(self->alloc, &self->tables[kind]);
        tw_free_array(self->alloc, self->tables[kind].items_own, self->tables[kind].cap,
                      sizeof(twi_entry));
    }
    pthread_mutex_destroy(&self->lock);
    tw_delete(self->alloc, self);
}

static const tw_ledger_ops ops = {
    .version = TW_LEDGER_VERSION,
    .apply = ledger_apply,
    .position = ledger_position,
    .wipe_projection = ledger_wipe,
    .hash = ledger_hash,
    .alert_get = ledger_alert_get,
    .alert_list = ledger_alert_list,
    .alert_counts = ledger_alert_counts,
    .verdict_list = ledger_verdict_list,
    .verdict_counts = ledger_verdict_counts,
    .score_get = ledger_score_get,
    .score_read = ledger_score_read,
    .model_list = ledger_model_list,
    .doc_get = twi_memory_doc_get,
    .doc_list = twi_memory_doc_list,
    .action_list = twi_memory_action_list,
    .close = ledger_close,
};

tw_status tw_memory_ledger_open(const tw_alloc *alloc, tw_ledger *out, tw_err *err)
{
    *out = (tw_ledger){NULL, NULL};
    twi_memory_ledger *self = tw_new(alloc, twi_memory_ledger);
    if (!self)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a ledger");
    self->alloc = alloc;
    if (pthread_mutex_init(&self->lock, NULL) != 0) {
        tw_delete(alloc, self);
        return tw_fail(err, TW_NO_MEMORY, "no memory for a lock");
    }
    *out = (tw_ledger){&ops, self};
    return TW_OK;
}
