// SPDX-License-Identifier: Apache-2.0
//
// Documents and the log of actions of the memory ledger.
#include <string.h>

#include "memory_ledger.h"
#include "port/ledger_rows.h"

tw_status twi_memory_doc_get(void *ctx, tw_str kind, tw_str id, tw_arena *arena, tw_doc_row *out,
                             tw_err *err)
{
    twi_memory_ledger *self = ctx;
    tw_status status = TW_NOT_FOUND;
    *out = (tw_doc_row){0};
    pthread_mutex_lock(&self->lock);
    const twi_table *t = &self->tables[TABLE_DOCS];
    for (size_t i = 0; i < t->n && status == TW_NOT_FOUND; i++) {
        const tw_doc_row *row = t->items_own[i].row;
        if (tw_str_equal(row->kind, kind) && tw_str_equal(row->id, id) && row->body.bytes > 0)
            status = twi_doc_copy(row, arena, out);
    }
    pthread_mutex_unlock(&self->lock);
    if (status == TW_OK)
        return TW_OK;
    *out = (tw_doc_row){0};
    return tw_fail(err, status,
                   status == TW_NOT_FOUND ? "there is no %.*s %.*s" : "no room for %.*s %.*s",
                   TW_STR_ARG(kind), TW_STR_ARG(id));
}

// Places a row in page[], which is sorted by `order` and holds at most `limit`.
static void page_offer(const tw_doc_row **page, size_t *n, size_t limit, const tw_doc_row *row)
{
    size_t place = *n;
    while (place > 0 && twi_doc_order(row, page[place - 1]) < 0)
        place--;
    if (place == limit)
        return;
    size_t kept = TW_MIN(*n, limit - 1);
    memmove(&page[place + 1], &page[place], (kept - place) * sizeof(*page));
    page[place] = row;
    *n = kept + 1;
}

static tw_status docs_locked(twi_memory_ledger *self, const tw_doc_filter *filter, size_t limit,
                             const tw_doc_row *after, tw_arena *arena, tw_doc_page *out)
{
    size_t want = limit + 1; // one more tells whether there is a next page
    const tw_doc_row **page = tw_arena_array(arena, want, sizeof(*page));
    out->items = tw_arena_array(arena, limit, sizeof(*out->items));
    if (!page || !out->items)
        return TW_NO_MEMORY;
    size_t n = 0;
    const twi_table *t = &self->tables[TABLE_DOCS];
    for (size_t i = 0; i < t->n; i++) {
        const tw_doc_row *row = t->items_own[i].row;
        if (!twi_doc_matches(row, filter))
            continue;
        out->total++;
        if (!after || twi_doc_order(after, row) < 0)
            page_offer(page, &n, want, row);
    }
    out->n = TW_MIN(n, limit);
    for (size_t i = 0; i < out->n; i++)
        TW_TRY(twi_doc_copy(page[i], arena, &out->items[i]));
    if (n > limit) {
        tw_doc_cursor cursor = {.order_ms = page[limit - 1]->order_ms};
        tw_str_copy(page[limit - 1]->id, cursor.id, sizeof(cursor.id));
        tw_doc_cursor_encode(&cursor, out->next_cursor);
    }
    return TW_OK;
}

tw_status twi_memory_doc_list(void *ctx, const tw_doc_filter *filter, size_t limit,
                              const char *cursor, tw_arena *arena, tw_doc_page *out, tw_err *err)
{
    twi_memory_ledger *self = ctx;
    *out = (tw_doc_page){0};
    TW_TRY(tw_doc_filter_check(filter, err));
    TW_TRY(tw_ledger_limit_check(limit, err));
    bool is_later = cursor && cursor[0];
    tw_doc_cursor place;
    tw_doc_row after = {0};
    if (is_later) {
        TW_TRY(tw_doc_cursor_decode(cursor, &place, err));
        after.order_ms = place.order_ms;
        after.id = tw_str_from(place.id);
    }
    pthread_mutex_lock(&self->lock);
    tw_status status = docs_locked(self, filter, limit, is_later ? &after : NULL, arena, out);
    pthread_mutex_unlock(&self->lock);
    if (status == TW_OK)
        return TW_OK;
    *out = (tw_doc_page){0};
    return tw_fail(err, status, "no room for the list of documents");
}

tw_status twi_memory_action_list(void *ctx, const tw_action_filter *filter, size_t limit,
                                 tw_arena *arena, tw_action_row **out, size_t *n, tw_err *err)
{
    twi_memory_ledger *self = ctx;
    *out = NULL;
    *n = 0;
    TW_TRY(tw_action_filter_check(filter, err));
    TW_TRY(tw_ledger_limit_check(limit, err));
    tw_action_row *rows = tw_arena_array(arena, limit, sizeof(*rows));
    tw_status status = rows ? TW_OK : TW_NO_MEMORY;
    size_t row_n = 0;
    pthread_mutex_lock(&self->lock);
    const twi_table *t = &self->tables[TABLE_ACTIONS]; // in the order of seq
    for (size_t i = t->n; i-- > 0 && row_n < limit && status == TW_OK;) {
        const tw_action_row *row = t->items_own[i].row;
        if (twi_action_matches(row, filter))
            status = twi_action_copy(row, arena, &rows[row_n++]);
    }
    pthread_mutex_unlock(&self->lock);
    if (status != TW_OK)
        return tw_fail(err, status, "no room for the list of actions");
    *out = rows;
    *n = row_n;
    return TW_OK;
}
