// SPDX-License-Identifier: Apache-2.0
//
// Rows of the lake from facts: the tables' columns, and the cells in the same order. Money stays in
// minor units beside its currency (a column of decimals has one scale, currencies have several);
// what a record did not say is null.
#include "lake_rows.h"

#include <math.h>

#include "base/time.h"

#define I TW_LAKE_INTEGER
#define F TW_LAKE_FLOAT
#define B TW_LAKE_BOOL
#define T TW_LAKE_TEXT

static const tw_lake_column line_members[] = {
    {"sku", T, NULL, 0},
    {"department", T, NULL, 0},
    {"quantity_milli", I, NULL, 0},
    {"unit_price_minor", I, NULL, 0},
    {"regular_price_minor", I, NULL, 0},
    {"discount_minor", I, NULL, 0},
    {"discount_reason", T, NULL, 0},
    {"void_flag", B, NULL, 0},
    {"return_flag", B, NULL, 0},
    {"entry_method", T, NULL, 0},
};
static const tw_lake_column tender_members[] = {
    {"type", T, NULL, 0},
    {"amount_minor", I, NULL, 0},
    {"account_token", T, NULL, 0},
    {"entry_method", T, NULL, 0},
};
static const tw_lake_column attribute_members[] = {
    {"name", T, NULL, 0},
    {"value", TW_LAKE_DOUBLE, NULL, 0},
};
static const tw_lake_column signal_members[] = {
    {"name", T, NULL, 0},
    {"strength", F, NULL, 0},
    {"sentence", T, NULL, 0},
};

static const tw_lake_column transaction_columns[] = {
    {"seq", I, NULL, 0},
    {"transaction_id", T, NULL, 0},
    {"store_id", T, NULL, 0},
    {"register_id", T, NULL, 0},
    {"employee_id", T, NULL, 0},
    {"transaction_time", TW_LAKE_TIME, NULL, 0},
    {"offset_min", I, NULL, 0},
    {"offset_given", B, NULL, 0},
    {"business_date", TW_LAKE_DATE, NULL, 0},
    {"received_at", TW_LAKE_TIME, NULL, 0},
    {"type", T, NULL, 0},
    {"type_given", B, NULL, 0},
    {"payment_type", T, NULL, 0},
    {"currency", T, NULL, 0},
    {"total_minor", I, NULL, 0},
    {"discount_minor", I, NULL, 0},
    {"item_count", I, NULL, 0},
    {"refund_flag", B, NULL, 0},
    {"void_flag", B, NULL, 0},
    {"training_flag", B, NULL, 0},
    {"offline_flag", B, NULL, 0},
    {"customer_id", T, NULL, 0},
    {"loyalty_id", T, NULL, 0},
    {"original_transaction_id", T, NULL, 0},
    {"void_of_transaction_id", T, NULL, 0},
    {"override_employee_id", T, NULL, 0},
    {"override_reason", T, NULL, 0},
    {"sequence_number", I, NULL, 0},
    {"scan_seconds", F, NULL, 0},
    {"tender_seconds", F, NULL, 0},
    {"lines", TW_LAKE_LIST, line_members, TW_COUNT(line_members)},
    {"tenders", TW_LAKE_LIST, tender_members, TW_COUNT(tender_members)},
    {"attributes", TW_LAKE_LIST, attribute_members, TW_COUNT(attribute_members)},
    {"risk_score", F, NULL, 0},
    {"probability", F, NULL, 0},
    {"outlier", F, NULL, 0},
    {"alert_id", T, NULL, 0},
    {"alert_type", T, NULL, 0},
    {"audit_flag", B, NULL, 0},
    {"signals", TW_LAKE_LIST, signal_members, TW_COUNT(signal_members)},
};
static const tw_lake_column movement_columns[] = {
    {"seq", I, NULL, 0},
    {"movement_id", T, NULL, 0},
    {"store_id", T, NULL, 0},
    {"sku", T, NULL, 0},
    {"type", T, NULL, 0},
    {"quantity_milli", I, NULL, 0},
    {"movement_time", TW_LAKE_TIME, NULL, 0},
    {"offset_min", I, NULL, 0},
    {"received_at", TW_LAKE_TIME, NULL, 0},
    {"employee_id", T, NULL, 0},
    {"reason", T, NULL, 0},
    {"reference", T, NULL, 0},
};
static const tw_lake_column shift_columns[] = {
    {"seq", I, NULL, 0},          {"event_id", T, NULL, 0},
    {"store_id", T, NULL, 0},     {"employee_id", T, NULL, 0},
    {"event", T, NULL, 0},        {"event_time", TW_LAKE_TIME, NULL, 0},
    {"offset_min", I, NULL, 0},   {"received_at", TW_LAKE_TIME, NULL, 0},
    {"register_id", T, NULL, 0},  {"role", T, NULL, 0},
    {"store_format", T, NULL, 0},
};
static const tw_lake_column verdict_columns[] = {
    {"seq", I, NULL, 0},
    {"verdict_id", T, NULL, 0},
    {"alert_id", T, NULL, 0},
    {"transaction_id", T, NULL, 0},
    {"verdict", T, NULL, 0},
    {"reason", T, NULL, 0},
    {"note", T, NULL, 0},
    {"decided_by", T, NULL, 0},
    {"recovered_minor", I, NULL, 0},
    {"decided_at", TW_LAKE_TIME, NULL, 0},
    {"received_at", TW_LAKE_TIME, NULL, 0},
};
#undef I
#undef F
#undef B
#undef T

static const tw_lake_table tables[TW_LAKE_TABLE_N] = {
    [TW_LAKE_TRANSACTIONS] = {"transactions", transaction_columns, TW_COUNT(transaction_columns),
                              "store_id, transaction_time, seq"},
    [TW_LAKE_MOVEMENTS] = {"movements", movement_columns, TW_COUNT(movement_columns),
                           "store_id, movement_time, seq"},
    [TW_LAKE_SHIFTS] = {"shifts", shift_columns, TW_COUNT(shift_columns),
                        "store_id, event_time, seq"},
    [TW_LAKE_VERDICTS] = {"verdicts", verdict_columns, TW_COUNT(verdict_columns),
                          "decided_at, seq"},
};

#define OF_TRANSACTION                                                                             \
    "SELECT date, seq, transaction_id, store_id, register_id, employee_id, transaction_time, "     \
    "currency, risk_score, "
static const tw_lake_view views[] = {
    {"lines", OF_TRANSACTION "generate_subscripts(lines, 1) AS line_number, "
                             "unnest(lines, max_depth := 2) FROM transactions"},
    {"tenders", OF_TRANSACTION "generate_subscripts(tenders, 1) AS tender_number, "
                               "unnest(tenders, max_depth := 2) FROM transactions"},
    {"signals", OF_TRANSACTION "unnest(signals, max_depth := 2) FROM transactions"},
};

void tw_lake_schema_get(tw_lake_schema *out)
{
    *out = (tw_lake_schema){
        .tables = tables, .table_n = TW_LAKE_TABLE_N, .views = views, .view_n = TW_COUNT(views)};
    twi_lake_derived_get(out);
}

bool twi_lake_partition(const tw_fact *fact, tw_lake_table_id *table, int32_t *day)
{
    switch (fact->kind) {
    case TW_FACT_TRANSACTION:
        *table = TW_LAKE_TRANSACTIONS;
        *day = fact->as.transaction.business_day;
        return true;
    case TW_FACT_MOVEMENT:
        *table = TW_LAKE_MOVEMENTS;
        *day =
            tw_floor_day(fact->as.movement.time_ms + fact->as.movement.offset_min * INT64_C(60000));
        return true;
    case TW_FACT_SHIFT:
        *table = TW_LAKE_SHIFTS;
        *day = tw_floor_day(fact->as.shift.time_ms + fact->as.shift.offset_min * INT64_C(60000));
        return true;
    case TW_FACT_VERDICT:
        *table = TW_LAKE_VERDICTS;
        *day = tw_floor_day(fact->as.verdict.decided_ms);
        return true;
    case TW_FACT_CONFIG:
    case TW_FACT_ACTION:
        return false;
    }
    return false;
}

// --- cells
// ----------------------------------------------------------------------------------------

// Writes cells one after another, in the order of the columns.
typedef struct row {
    tw_lake_cell cells[TW_LAKE_COLUMNS_MAX];
    size_t n;
    tw_arena *arena;
    bool has_no_memory;
} row;

static tw_lake_cell text_cell(tw_str text)
{
    return (tw_lake_cell){.is_null = text.bytes == 0, .as = {.text = text}};
}

static tw_lake_cell name_cell(const char *name)
{
    return text_cell(tw_str_from(name));
}

static tw_lake_cell integer_cell(int64_t value)
{
    return (tw_lake_cell){.as = {.integer = value}};
}

static tw_lake_cell number_cell(double value)
{
    return (tw_lake_cell){.is_null = isnan(value), .as = {.number = value}};
}

static void put(row *r, tw_lake_cell cell)
{
    TW_DCHECK(r->n < TW_LAKE_COLUMNS_MAX);
    r->cells[r->n++] = cell;
}

static void put_text(row *r, tw_str text)
{
    put(r, text_cell(text));
}

static void put_integer(row *r, int64_t value)
{
    put(r, integer_cell(value));
}

// A value that counts only when `is_given`.
static void put_given(row *r, bool is_given, tw_lake_cell cell)
{
    cell.is_null = !is_given;
    put(r, cell);
}

// A list of n items with member_n cells each, to be filled; NULL when there is nothing to fill.
static tw_lake_cell *put_list(row *r, size_t n, size_t member_n)
{
    tw_lake_cell *cells =
        n > 0 ? tw_arena_take(r->arena, n * member_n * sizeof(tw_lake_cell)) : NULL;
    if (n > 0 && !cells)
        r->has_no_memory = true;
    put(r, (tw_lake_cell){.as = {.list = {cells, cells ? n : 0}}});
    return cells;
}

static void put_lines(row *r, const tw_transaction *t)
{
    tw_lake_cell *at = put_list(r, t->line_n, TW_COUNT(line_members));
    for (size_t i = 0; at && i < t->line_n; i++) {
        const tw_line *line = &t->lines[i];
        *at++ = text_cell(line->sku);
        *at++ = text_cell(line->department);
        *at++ = integer_cell(line->quantity_milli);
        *at++ = integer_cell(line->unit_price_minor);
        *at++ = integer_cell(line->regular_price_minor);
        *at++ = integer_cell(line->discount_minor);
        *at++ = text_cell(line->discount_reason);
        *at++ = integer_cell(line->void_flag);
        *at++ = integer_cell(line->return_flag);
        *at++ = name_cell(tw_entry_method_name(line->entry_method));
    }
}

static void put_tenders(row *r, const tw_transaction *t)
{
    tw_lake_cell *at = put_list(r, t->tender_n, TW_COUNT(tender_members));
    for (size_t i = 0; at && i < t->tender_n; i++) {
        *at++ = name_cell(tw_payment_type_name(t->tenders[i].type));
        *at++ = integer_cell(t->tenders[i].amount_minor);
        *at++ = text_cell(t->tenders[i].account_token);
        *at++ = name_cell(tw_entry_method_name(t->tenders[i].entry_method));
    }
    at = put_list(r, t->attribute_n, TW_COUNT(attribute_members));
    for (size_t i = 0; at && i < t->attribute_n; i++) {
        *at++ = text_cell(t->attributes[i].name);
        *at++ = number_cell(t->attributes[i].value);
    }
}

static void put_score(row *r, const twi_record *record)
{
    const tw_score *score = &record->score;
    char *id = tw_arena_take(r->arena, TW_ALERT_ID_BYTES);
    put(r, number_cell((double)score->risk));
    put(r, number_cell((double)score->probability));
    put(r, number_cell((double)score->outlier));
    if (!id)
        r->has_no_memory = true;
    put(r, name_cell(id ? tw_alert_id(score->alert_key, id) : NULL));
    put(r, name_cell(tw_alert_type_name(score->type)));
    put_integer(r, score->is_audit);
    tw_lake_cell *at = put_list(r, record->sentence_n, TW_COUNT(signal_members));
    for (size_t i = 0; at && i < record->sentence_n; i++) {
        *at++ = text_cell(record->sentences[i].name);
        *at++ = number_cell(record->sentences[i].strength / 255.0);
        *at++ = text_cell(record->sentences[i].text);
    }
}

static void put_identity(row *r, const tw_transaction *t, int64_t received_ms)
{
    put_text(r, t->transaction_id);
    put_text(r, t->store_id);
    put_text(r, t->register_id);
    put_text(r, t->employee_id);
    put_integer(r, t->time_ms);
    put_integer(r, t->offset_min);
    put_integer(r, tw_transaction_is(t, TW_TXN_HAS_OFFSET));
    put_integer(r, t->business_day);
    put_integer(r, received_ms);
}

static void put_transaction(row *r, const tw_transaction *t, int64_t received_ms)
{
    put_identity(r, t, received_ms);
    put(r, name_cell(tw_transaction_type_name(t->type)));
    put_integer(r, tw_transaction_is(t, TW_TXN_HAS_TYPE));
    put(r, name_cell(tw_payment_type_name(t->payment_type)));
    put(r, name_cell(t->currency));
    put_integer(r, t->total_minor);
    put_integer(r, t->discount_minor);
    put_integer(r, t->item_count);
    put_integer(r, tw_transaction_is(t, TW_TXN_FLAG_REFUND));
    put_integer(r, tw_transaction_is(t, TW_TXN_FLAG_VOID));
    put_integer(r, tw_transaction_is(t, TW_TXN_FLAG_TRAINING));
    put_integer(r, tw_transaction_is(t, TW_TXN_FLAG_OFFLINE));
    put_text(r, t->customer_id);
    put_text(r, t->loyalty_id);
    put_text(r, t->original_transaction_id);
    put_text(r, t->void_of_transaction_id);
    put_text(r, t->override_employee_id);
    put_text(r, t->override_reason);
    put_given(r, tw_transaction_is(t, TW_TXN_HAS_SEQUENCE), integer_cell(t->sequence_number));
    put_given(r, tw_transaction_is(t, TW_TXN_HAS_SCAN_SECONDS),
              number_cell((double)t->scan_seconds));
    put_given(r, tw_transaction_is(t, TW_TXN_HAS_TENDER_SECONDS),
              number_cell((double)t->tender_seconds));
    put_lines(r, t);
    put_tenders(r, t);
}

static void put_movement(row *r, const tw_movement *m, int64_t received_ms)
{
    put_text(r, m->movement_id);
    put_text(r, m->store_id);
    put_text(r, m->sku);
    put(r, name_cell(tw_movement_type_name(m->type)));
    put_integer(r, m->quantity_milli);
    put_integer(r, m->time_ms);
    put_integer(r, m->offset_min);
    put_integer(r, received_ms);
    put_text(r, m->employee_id);
    put_text(r, m->reason);
    put_text(r, m->reference);
}

static void put_shift(row *r, const tw_shift *s, int64_t received_ms)
{
    put_text(r, s->event_id);
    put_text(r, s->store_id);
    put_text(r, s->employee_id);
    put(r, name_cell(tw_shift_event_name(s->event)));
    put_integer(r, s->time_ms);
    put_integer(r, s->offset_min);
    put_integer(r, received_ms);
    put_text(r, s->register_id);
    put_text(r, s->role);
    put_text(r, s->store_format);
}

static void put_verdict(row *r, const tw_verdict *v, int64_t received_ms)
{
    put_text(r, v->verdict_id);
    put_text(r, v->alert_id);
    put_text(r, v->transaction_id);
    put(r, name_cell(tw_verdict_name(v->verdict)));
    put_text(r, v->reason);
    put_text(r, v->note);
    put_text(r, v->decided_by);
    put_integer(r, v->recovered_minor);
    put_integer(r, v->decided_ms);
    put_integer(r, received_ms);
}

tw_status twi_lake_put_row(const tw_lake *lake, const tw_fact *fact, const twi_record *record,
                           tw_arena *arena, tw_err *err)
{
    row r;
    tw_lake_table_id table;
    int32_t day;
    r.n = 0;
    r.arena = arena;
    r.has_no_memory = false;
    if (!twi_lake_partition(fact, &table, &day))
        return TW_OK;
    put_integer(&r, (int64_t)fact->seq);
    switch (table) {
    case TW_LAKE_TRANSACTIONS:
        put_transaction(&r, &fact->as.transaction, fact->received_ms);
        put_score(&r, record);
        break;
    case TW_LAKE_MOVEMENTS:
        put_movement(&r, &fact->as.movement, fact->received_ms);
        break;
    case TW_LAKE_SHIFTS:
        put_shift(&r, &fact->as.shift, fact->received_ms);
        break;
    case TW_LAKE_VERDICTS:
        put_verdict(&r, &fact->as.verdict, fact->received_ms);
        break;
    case TW_LAKE_TABLE_N:
        break;
    }
    TW_CHECK(r.n == tables[table].column_n);
    if (r.has_no_memory)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a row of the lake");
    return tw_lake_stage(lake, table, day, r.cells, err);
}
