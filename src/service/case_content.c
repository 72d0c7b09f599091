// SPDX-License-Identifier: Apache-2.0
//
// Reading a case: its file, its alerts and their transactions, and the history of all of them.
#include "case_content.h"

#include <stdio.h>
#include <stdlib.h>

#include "json_text.h"

tw_str twi_doc_text(yyjson_val *object, const char *name)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    return (tw_str){yyjson_get_str(value), yyjson_get_len(value)};
}

int64_t twi_doc_int(yyjson_val *object, const char *name)
{
    return yyjson_get_sint(yyjson_obj_get(object, name));
}

// --- proofs
// ----------------------------------------------------------------------------------------

typedef struct proving {
    uint64_t seq;
    tw_arena *arena;
    twi_proven *out;
} proving;

static tw_status take_block(void *ctx, const tw_block *block, tw_err *err)
{
    proving *p = ctx;
    if (p->seq < block->first_seq || p->seq - block->first_seq >= block->n)
        return TW_OK;
    tw_str fact = tw_block_fact(block, (uint32_t)(p->seq - block->first_seq));
    char *copy = tw_arena_copy(p->arena, fact.at, fact.bytes);
    if (!copy)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the case");
    *p->out = (twi_proven){.seq = p->seq,
                           .bytes = {copy, fact.bytes},
                           .block_seq = block->first_seq,
                           .block_n = block->n};
    memcpy(p->out->prev_hash, block->prev_hash, TW_SHA256_BYTES);
    memcpy(p->out->hash, block->hash, TW_SHA256_BYTES);
    return TW_END;
}

tw_status twi_prove(const tw_journal *journal, uint64_t seq, tw_arena *arena, twi_proven *out,
                    tw_err *err)
{
    *out = (twi_proven){0};
    proving p = {seq, arena, out};
    if (seq > 0)
        TW_TRY(tw_journal_read(journal, seq, seq, take_block, &p, err));
    return out->seq ? TW_OK
                    : tw_fail(err, TW_NOT_FOUND, "the journal has no fact %llu",
                              (unsigned long long)seq);
}

// --- alerts and transactions
// ------------------------------------------------------------------------

static tw_status read_alerts(twi_case_content *c, tw_err *err)
{
    yyjson_val *ids = yyjson_obj_get(c->root, "alerts"), *id;
    tw_alert_view *alerts = tw_arena_array(c->arena, yyjson_arr_size(ids) + 1, sizeof(*alerts));
    if (!alerts)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the case");
    size_t i, max;
    yyjson_arr_foreach(ids, i, max, id)
    {
        tw_str text = {yyjson_get_str(id), yyjson_get_len(id)};
        tw_status status = tw_query_alert(c->service, text, c->arena, &alerts[c->alert_n]);
        if (status != TW_OK)
            return tw_fail(err, status, "alert %.*s of the case cannot be read", TW_STR_ARG(text));
        c->alert_n++;
    }
    c->alerts = alerts;
    return TW_OK;
}

static bool has_receipt(const twi_case_content *c, uint64_t seq)
{
    for (size_t i = 0; i < c->receipt_n; i++)
        if (c->receipts[i].fact.seq == seq)
            return true;
    return false;
}

static tw_status add_receipt(twi_case_content *c, const tw_transaction_view *view, tw_err *err)
{
    if (has_receipt(c, view->seq))
        return TW_OK;
    if (c->receipt_n == TW_CASE_TRANSACTIONS_MAX)
        return tw_fail(err, TW_LIMIT, "the case and its alerts have more than %d transactions",
                       TW_CASE_TRANSACTIONS_MAX);
    twi_case_receipt *receipt = &c->receipts[c->receipt_n];
    receipt->view = *view;
    TW_TRY(twi_prove(c->service->journal, view->seq, c->arena, &receipt->fact, err));
    c->receipt_n++;
    return TW_OK;
}

static int compare_receipts(const void *a, const void *b)
{
    uint64_t x = ((const twi_case_receipt *)a)->fact.seq,
             y = ((const twi_case_receipt *)b)->fact.seq;
    return (x > y) - (x < y);
}

static tw_status read_receipts(twi_case_content *c, tw_err *err)
{
    tw_transaction_view view;
    yyjson_val *ids = yyjson_obj_get(c->root, "transactions"), *id;
    size_t i, max;
    c->receipts = tw_arena_array(c->arena, TW_CASE_TRANSACTIONS_MAX, sizeof(*c->receipts));
    if (!c->receipts)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the case");
    yyjson_arr_foreach(ids, i, max, id)
    {
        tw_str text = {yyjson_get_str(id), yyjson_get_len(id)};
        TW_TRY(tw_query_transaction(c->service, text, c->arena, &view, err));
        TW_TRY(add_receipt(c, &view, err));
    }
    for (size_t a = 0; a < c->alert_n; a++) {
        for (size_t k = 0; k < c->alerts[a].transaction_id_n; k++) {
            if (has_receipt(c, c->alerts[a].seqs[k]))
                continue;
            TW_TRY(tw_query_seq(c->service, c->alerts[a].seqs[k], c->arena, &view, err));
            TW_TRY(add_receipt(c, &view, err));
        }
    }
    qsort(c->receipts, c->receipt_n, sizeof(*c->receipts), compare_receipts);
    return TW_OK;
}

// --- history
// ---------------------------------------------------------------------------------------

static tw_status read_history(twi_case_content *c, tw_str subject, tw_err *err)
{
    tw_action_filter filter = {.subject = subject};
    size_t n;
    do {
        tw_action_row *rows;
        TW_TRY(tw_query_actions(c->service, &filter, TW_LEDGER_PAGE_MAX, c->arena, &rows, &n, err));
        for (size_t i = 0; i < n; i++) {
            if (c->entry_n == TW_CASE_EXPORT_ENTRIES_MAX)
                return tw_fail(err, TW_LIMIT, "the history has more than %d entries",
                               TW_CASE_EXPORT_ENTRIES_MAX);
            c->entries[c->entry_n++].row = rows[i];
        }
        if (n > 0)
            filter.before_seq = rows[n - 1].seq;
    } while (n == TW_LEDGER_PAGE_MAX);
    return TW_OK;
}

static int compare_entries(const void *a, const void *b)
{
    uint64_t x = ((const twi_case_entry *)a)->row.seq, y = ((const twi_case_entry *)b)->row.seq;
    return (x > y) - (x < y);
}

static tw_status read_entries(twi_case_content *c, tw_err *err)
{
    c->entries = tw_arena_array(c->arena, TW_CASE_EXPORT_ENTRIES_MAX, sizeof(*c->entries));
    if (!c->entries)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the case");
    TW_TRY(read_history(c, c->doc.id, err));
    for (size_t i = 0; i < c->alert_n; i++)
        TW_TRY(read_history(c, c->alerts[i].alert_id, err));
    qsort(c->entries, c->entry_n, sizeof(*c->entries), compare_entries);
    for (size_t i = 0; i < c->entry_n; i++)
        TW_TRY(twi_prove(c->service->journal, c->entries[i].row.seq, c->arena, &c->entries[i].fact,
                         err));
    return TW_OK;
}

// --- all
// ------------------------------------------------------------------------------------------

static tw_status read_once(twi_case_content *c, tw_str case_id, tw_err *err)
{
    yyjson_alc alc = twi_arena_alc(c->arena);
    TW_TRY(tw_query_doc(c->service, TW_STR("case"), case_id, c->arena, &c->doc, err));
    char *text = tw_arena_copy(c->arena, c->doc.body.at, c->doc.body.bytes);
    yyjson_doc *json =
        text ? yyjson_read_opts(text, c->doc.body.bytes, YYJSON_READ_NOFLAG, &alc, NULL) : NULL;
    if (!json)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the case");
    c->root = yyjson_doc_get_root(json);
    TW_TRY(read_alerts(c, err));
    TW_TRY(read_receipts(c, err));
    TW_TRY(read_entries(c, err));
    return tw_journal_get_head(c->service->journal, &c->head, err);
}

tw_status twi_case_read(tw_service *service, tw_str case_id, tw_str exporter, tw_arena *arena,
                        twi_case_content *out, tw_err *err)
{
    // Somebody may work the case meanwhile: file and history must be of one moment.
    enum { TRIES = 5 };
    for (int i = 0; i < TRIES; i++) {
        tw_doc_row now;
        tw_arena_reset(arena);
        *out = (twi_case_content){.service = service,
                                  .arena = arena,
                                  .exporter = exporter,
                                  .exported_ms = service->clock->now_ms(service->clock->ctx)};
        memcpy(out->currency, service->currency, sizeof(out->currency));
        TW_TRY(read_once(out, case_id, err));
        TW_TRY(tw_query_doc(service, TW_STR("case"), case_id, arena, &now, err));
        if (now.seq == out->doc.seq)
            return TW_OK;
    }
    return tw_fail(err, TW_BUSY, "the case changes all the time; try again");
}
