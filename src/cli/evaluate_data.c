// SPDX-License-Identifier: Apache-2.0
//
// Labels, scores, journal and alerts of an evaluation, brought together by transaction.
#include "evaluate_data.h"

#include "base/hash.h"
#include "intake/csv.h"

// Whoever has fewer labelled deeds of a scheme is no thief but somebody whose till was used.
#define THIEF_DEEDS 3
#define ROWS_MAX ((size_t)1 << 31)
#define TABLES 11

// --- reading
// --------------------------------------------------------------------------------------

static tw_status number_of(tw_table *table, uint64_t key, uint32_t *out)
{
    tw_table_slot *slot;
    TW_TRY(tw_table_at(table, key, &slot));
    if (slot->value == TW_TABLE_NONE)
        slot->value = (uint32_t)table->n - 1;
    *out = slot->value;
    return TW_OK;
}

static tw_status scheme_number(twi_scheme_names *schemes, tw_str name, uint8_t *out, tw_err *err)
{
    for (size_t i = 0; i < schemes->n; i++)
        if (tw_str_equal(tw_str_from(schemes->names[i]), name)) {
            *out = (uint8_t)i;
            return TW_OK;
        }
    if (schemes->n == TW_EVAL_SCHEMES_MAX)
        return tw_fail(err, TW_LIMIT, "the labels name more than %d schemes", TW_EVAL_SCHEMES_MAX);
    tw_str_copy(name, schemes->names[schemes->n], sizeof(schemes->names[0]));
    *out = (uint8_t)schemes->n++;
    return TW_OK;
}

static tw_status add_label(twi_evaluation *ev, tw_str id, const twi_label *one, tw_err *err)
{
    void *items = ev->labels_own;
    tw_table_slot *slot;
    tw_status status =
        tw_grow(ev->alloc, &items, &ev->label_cap, ev->label_n + 1, sizeof(twi_label), ROWS_MAX);
    ev->labels_own = items;
    if (status != TW_OK || tw_table_at(&ev->by_id, tw_hash_str(id, 1), &slot) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the labels");
    slot->value = (uint32_t)ev->label_n;
    ev->labels_own[ev->label_n++] = *one;
    return TW_OK;
}

static tw_status read_label(twi_evaluation *ev, const tw_str *fields, const size_t columns[4],
                            uint64_t line, tw_err *err)
{
    twi_label one = {.amount = 0};
    tw_str fraud = tw_str_trim(fields[columns[1]]);
    bool is_one = tw_str_equal(fraud, TW_STR("1")) || tw_str_equal_nocase(fraud, TW_STR("true"));
    bool is_zero = tw_str_equal(fraud, TW_STR("0")) || tw_str_equal_nocase(fraud, TW_STR("false"));
    if (!is_one && !is_zero)
        return tw_fail(err, TW_INVALID, "%s line %llu: fraud is \"%.*s\", not 0 or 1",
                       ev->labels_path, (unsigned long long)line, TW_STR_ARG(fraud));
    one.is_fraud = is_one;
    if (is_one && columns[2] != TW_CSV_NO_COLUMN)
        TW_TRY(scheme_number(&ev->schemes, fields[columns[2]], &one.scheme, err));
    else if (is_one)
        TW_TRY(scheme_number(&ev->schemes, TW_STR("fraud"), &one.scheme, err));
    if (columns[3] != TW_CSV_NO_COLUMN && fields[columns[3]].bytes > 0 &&
        !tw_str_to_f64(fields[columns[3]], &one.amount))
        return tw_fail(err, TW_INVALID, "%s line %llu: the amount is no number", ev->labels_path,
                       (unsigned long long)line);
    return add_label(ev, fields[columns[0]], &one, err);
}

static tw_status read_labels(twi_evaluation *ev, tw_err *err)
{
    tw_csv *csv;
    TW_TRY(tw_csv_open(ev->alloc, ev->labels_path, &csv, err));
    const size_t columns[4] = {tw_csv_column(csv, "transaction_id"), tw_csv_column(csv, "fraud"),
                               tw_csv_column(csv, "scheme"), tw_csv_column(csv, "amount")};
    tw_status status = TW_OK;
    if (columns[0] == TW_CSV_NO_COLUMN || columns[1] == TW_CSV_NO_COLUMN)
        status =
            tw_fail(err, TW_INVALID, "%s has no columns transaction_id and fraud", ev->labels_path);
    const tw_str *fields;
    uint64_t line;
    while (status == TW_OK && (status = tw_csv_next(csv, &fields, &line, err)) == TW_OK)
        status = read_label(ev, fields, columns, line, err);
    tw_csv_close(csv);
    return status == TW_END ? TW_OK : status;
}

static tw_status read_score(tw_table *scores, const char *path, const tw_str *fields,
                            const size_t columns[2], uint64_t line, tw_err *err)
{
    double risk;
    tw_table_slot *slot;
    if (!tw_str_to_f64(fields[columns[1]], &risk))
        return tw_fail(err, TW_INVALID, "%s line %llu: the risk_score is no number", path,
                       (unsigned long long)line);
    if (tw_table_at(scores, tw_hash_str(fields[columns[0]], 1), &slot) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the scores");
    float narrow = (float)risk;
    memcpy(&slot->value, &narrow, sizeof(narrow));
    return TW_OK;
}

static tw_status read_scores(const tw_alloc *alloc, const char *path, tw_table *scores, tw_err *err)
{
    tw_csv *csv;
    if (!path)
        return TW_OK;
    TW_TRY(tw_csv_open(alloc, path, &csv, err));
    const size_t columns[2] = {tw_csv_column(csv, "transaction_id"),
                               tw_csv_column(csv, "risk_score")};
    tw_status status = TW_OK;
    if (columns[0] == TW_CSV_NO_COLUMN || columns[1] == TW_CSV_NO_COLUMN)
        status = tw_fail(err, TW_INVALID, "%s has no columns transaction_id and risk_score", path);
    const tw_str *fields;
    uint64_t line;
    while (status == TW_OK && (status = tw_csv_next(csv, &fields, &line, err)) == TW_OK)
        status = read_score(scores, path, fields, columns, line, err);
    tw_csv_close(csv);
    return status == TW_END ? TW_OK : status;
}

// --- rows, alerts, members
// ------------------------------------------------------------------------

static uint64_t seq_key(uint64_t seq)
{
    return tw_hash64(&seq, sizeof(seq), 2);
}

// 0 for a transaction that the file does not name; those are counted.
static float risk_in(const tw_table *scores, tw_str transaction_id, uint64_t *missing_n)
{
    const tw_table_slot *slot = tw_table_find(scores, tw_hash_str(transaction_id, 1));
    float risk = 0;
    if (slot)
        memcpy(&risk, &slot->value, sizeof(risk));
    else
        ++*missing_n;
    return risk;
}

static tw_status fill_row(twi_evaluation *ev, const tw_scored *scored, const twi_label *one,
                          tw_eval_row *row)
{
    const tw_transaction *t = scored->transaction;
    tw_str account = tw_transaction_account(t);
    *row = (tw_eval_row){.risk = scored->score.risk,
                         .day = t->business_day,
                         .thief = UINT32_MAX,
                         .alert = UINT32_MAX,
                         .time_ms = t->time_ms,
                         .entity = {UINT32_MAX, UINT32_MAX}};
    TW_TRY(number_of(&ev->stores, tw_hash_str(t->store_id, 3), &row->store));
    TW_TRY(
        number_of(&ev->employees, tw_hash_str(t->employee_id, 5), &row->entity[TW_EVAL_EMPLOYEE]));
    if (account.bytes > 0)
        TW_TRY(number_of(&ev->accounts, tw_hash_str(account, 4), &row->entity[TW_EVAL_ACCOUNT]));
    if (ev->scores_path)
        row->risk = risk_in(&ev->scores, t->transaction_id, &ev->scores_missing_n);
    if (!one->is_fraud)
        return TW_OK;
    row->fraud = 1;
    row->scheme = one->scheme;
    row->amount = one->amount;
    bool is_ring = strstr(ev->schemes.names[one->scheme], "ring") != NULL;
    tw_str who = is_ring ? account : t->employee_id;
    return number_of(&ev->people, tw_hash_str(who, is_ring ? 4 : 5), &row->thief);
}

// Room for one more row.
static tw_status grow_rows(twi_evaluation *ev)
{
    void *rows = ev->rows_own, *before = ev->before_own;
    TW_TRY(tw_grow(ev->alloc, &rows, &ev->row_cap, ev->row_n + 1, sizeof(tw_eval_row), ROWS_MAX));
    ev->rows_own = rows;
    TW_TRY(tw_grow(ev->alloc, &before, &ev->before_cap, ev->row_n + 1, sizeof(float), ROWS_MAX));
    ev->before_own = before;
    return TW_OK;
}

static tw_status add_row(void *ctx, const tw_scored *scored, tw_err *err)
{
    twi_evaluation *ev = ctx;
    const tw_transaction *t = scored->transaction;
    if (t->time_ms < ev->from_ms || (ev->to_ms != 0 && t->time_ms >= ev->to_ms))
        return TW_OK;
    const tw_table_slot *known = tw_table_find(&ev->by_id, tw_hash_str(t->transaction_id, 1));
    if (!known) {
        ev->unlabelled_n++;
        return TW_OK;
    }
    tw_table_slot *slot;
    tw_eval_row row;
    if (fill_row(ev, scored, &ev->labels_own[known->value], &row) != TW_OK ||
        grow_rows(ev) != TW_OK || tw_table_at(&ev->by_seq, seq_key(scored->seq), &slot) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the rows");
    slot->value = (uint32_t)ev->row_n;
    ev->before_own[ev->row_n] =
        ev->against_path ? risk_in(&ev->against, t->transaction_id, &ev->against_missing_n) : 0;
    ev->rows_own[ev->row_n++] = row;
    return TW_OK;
}

static tw_status add_member(twi_evaluation *ev, uint32_t row, uint32_t alert, tw_err *err)
{
    uint64_t pair = (uint64_t)row << 32 | alert;
    tw_table_slot *slot;
    void *items = ev->members_own;
    if (tw_table_at(&ev->pairs, tw_hash64(&pair, sizeof(pair), 6), &slot) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the alerts");
    if (slot->value != TW_TABLE_NONE)
        return TW_OK;
    slot->value = 0;
    if (tw_grow(ev->alloc, &items, &ev->member_cap, ev->member_n + 1, sizeof(tw_eval_member),
                ROWS_MAX) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the alerts");
    ev->members_own = items;
    ev->members_own[ev->member_n++] = (tw_eval_member){row, alert};
    if (ev->rows_own[row].alert == UINT32_MAX)
        ev->rows_own[row].alert = alert;
    return TW_OK;
}

static tw_status number_alert(twi_evaluation *ev, const tw_alert_view *view, tw_eval_alert *alert,
                              tw_table_slot **slot)
{
    void *items = ev->alerts_own;
    TW_TRY(number_of(&ev->stores, tw_hash_str(view->store_id, 3), &alert->store));
    TW_TRY(
        number_of(&ev->suspects,
                  tw_hash_pair(tw_hash_str(view->entity_kind, 7), tw_hash_str(view->entity_id, 8)),
                  &alert->entity));
    TW_TRY(tw_grow(ev->alloc, &items, &ev->alert_cap, ev->alert_n + 1, sizeof(*alert), ROWS_MAX));
    ev->alerts_own = items;
    return tw_table_at(&ev->by_alert, tw_alert_key_from(view->alert_id), slot);
}

static tw_status add_alert(twi_evaluation *ev, const tw_alert_view *view, tw_err *err)
{
    tw_table_slot *slot;
    tw_eval_alert alert = {.created_ms = view->created_ms};
    if (number_alert(ev, view, &alert, &slot) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the alerts");
    slot->value = (uint32_t)ev->alert_n;
    ev->alerts_own[ev->alert_n++] = alert;
    for (size_t i = 0; i < view->transaction_id_n; i++) {
        const tw_table_slot *row = tw_table_find(&ev->by_seq, seq_key(view->seqs[i]));
        if (row)
            TW_TRY(add_member(ev, row->value, slot->value, err));
    }
    return TW_OK;
}

static tw_status read_alerts(twi_evaluation *ev, tw_service *service, tw_err *err)
{
    tw_arena arena;
    char cursor[TW_LEDGER_CURSOR_BYTES] = "";
    tw_status status = TW_OK;
    tw_alert_query query = {.from_ms = ev->from_ms > 0 ? ev->from_ms : 0,
                            .to_ms = ev->to_ms,
                            .sort = TW_ALERT_SORT_CREATED,
                            .limit = TW_LEDGER_PAGE_MAX};
    tw_arena_init(&arena, ev->alloc, 0, (size_t)512 << 20);
    do {
        tw_alert_list page;
        tw_arena_reset(&arena);
        query.cursor = tw_str_from(cursor);
        status = tw_query_alerts(service, &query, &arena, &page, err);
        for (size_t i = 0; status == TW_OK && i < page.n; i++)
            status = add_alert(ev, &page.items[i], err);
        if (status == TW_OK)
            tw_str_copy(page.next_cursor, cursor, sizeof(cursor));
    } while (status == TW_OK && cursor[0] != '\0');
    tw_arena_release(&arena);
    return status;
}

// An alert lists its newest transactions only: a second pass adds those that name it in their
// score.
static tw_status add_named(void *ctx, const tw_scored *scored, tw_err *err)
{
    twi_evaluation *ev = ctx;
    if (scored->score.alert_key == 0)
        return TW_OK;
    const tw_table_slot *alert = tw_table_find(&ev->by_alert, scored->score.alert_key);
    const tw_table_slot *row = tw_table_find(&ev->by_seq, seq_key(scored->seq));
    return alert && row ? add_member(ev, row->value, alert->value, err) : TW_OK;
}

static tw_status keep_thieves(twi_evaluation *ev, tw_err *err)
{
    tw_table counts;
    tw_status status = TW_OK;
    tw_table_init(&counts, ev->alloc, ROWS_MAX);
    for (int pass = 0; status == TW_OK && pass < 2; pass++)
        for (size_t i = 0; status == TW_OK && i < ev->row_n; i++) {
            tw_eval_row *row = &ev->rows_own[i];
            uint64_t pair = (uint64_t)row->thief << 8 | row->scheme;
            tw_table_slot *slot;
            if (!row->fraud)
                continue;
            status = tw_table_at(&counts, tw_hash64(&pair, sizeof(pair), 7), &slot);
            if (status == TW_OK && pass == 0)
                slot->spare++;
            else if (status == TW_OK && slot->spare < THIEF_DEEDS)
                row->thief = UINT32_MAX;
        }
    tw_table_release(&counts);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "no memory for the thieves");
}

// --- all
// ------------------------------------------------------------------------------------------

tw_status twi_evaluation_read(twi_evaluation *ev, tw_service *service, tw_err *err)
{
    TW_TRY(read_labels(ev, err));
    TW_TRY(read_scores(ev->alloc, ev->scores_path, &ev->scores, err));
    TW_TRY(read_scores(ev->alloc, ev->against_path, &ev->against, err));
    TW_TRY(tw_query_scored(service, add_row, ev, err));
    if (ev->row_n == 0)
        return tw_fail(err, TW_INVALID, "none of the labelled transactions is in the journal");
    if (ev->scores_missing_n == ev->row_n || ev->against_missing_n == ev->row_n)
        return tw_fail(err, TW_INVALID, "%s scores none of the labelled transactions",
                       ev->scores_missing_n == ev->row_n ? ev->scores_path : ev->against_path);
    TW_TRY(read_alerts(ev, service, err));
    TW_TRY(tw_query_scored(service, add_named, ev, err));
    return keep_thieves(ev, err);
}

static void tables_of(twi_evaluation *ev, tw_table *out[TABLES])
{
    tw_table *const all[TABLES] = {&ev->by_id,  &ev->scores,    &ev->against,  &ev->people,
                                   &ev->stores, &ev->employees, &ev->accounts, &ev->suspects,
                                   &ev->by_seq, &ev->by_alert,  &ev->pairs};
    memcpy(out, all, sizeof(all));
}

void twi_evaluation_init(twi_evaluation *ev)
{
    tw_table *tables[TABLES];
    ev->alloc = tw_alloc_system();
    tables_of(ev, tables);
    for (size_t i = 0; i < TABLES; i++)
        tw_table_init(tables[i], ev->alloc, ROWS_MAX);
}

void twi_evaluation_release(twi_evaluation *ev)
{
    tw_table *tables[TABLES];
    tables_of(ev, tables);
    for (size_t i = 0; i < TABLES; i++)
        tw_table_release(tables[i]);
    tw_free_array(ev->alloc, ev->labels_own, ev->label_cap, sizeof(*ev->labels_own));
    tw_free_array(ev->alloc, ev->rows_own, ev->row_cap, sizeof(*ev->rows_own));
    tw_free_array(ev->alloc, ev->before_own, ev->before_cap, sizeof(*ev->before_own));
    tw_free_array(ev->alloc, ev->alerts_own, ev->alert_cap, sizeof(*ev->alerts_own));
    tw_free_array(ev->alloc, ev->members_own, ev->member_cap, sizeof(*ev->members_own));
}
