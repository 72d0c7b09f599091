// SPDX-License-Identifier: Apache-2.0
//
// A search as SQL over the lake.
#include "search_sql.h"

#include <math.h>
#include <string.h>

#include "base/time.h"
#include "retail/money.h"

#define ASK_TIMEOUT_MS 5000

// --- asking
// ---------------------------------------------------------------------------------------

typedef struct taker {
    tw_arena *arena;
    tw_str *cells;
    size_t n, cap, row_n, column_n;
} taker;

static tw_status take_row(void *ctx, tw_lake_visit_kind kind, const tw_str *cells, size_t n,
                          tw_err *err)
{
    taker *t = ctx;
    if (kind != TW_LAKE_VISIT_ROW) {
        t->column_n = n;
        return TW_OK;
    }
    if (t->n + n > t->cap) {
        size_t cap = TW_MAX(t->cap * 2, n * 64);
        tw_str *more = tw_arena_array(t->arena, cap, sizeof(*more));
        if (!more)
            return tw_fail(err, TW_NO_MEMORY, "no memory for the answer of the lake");
        if (t->n > 0)
            memcpy(more, t->cells, t->n * sizeof(*more));
        t->cells = more;
        t->cap = cap;
    }
    for (size_t i = 0; i < n; i++) {
        char *text = cells[i].at ? tw_arena_copy(t->arena, cells[i].at, cells[i].bytes) : NULL;
        if (cells[i].at && !text)
            return tw_fail(err, TW_NO_MEMORY, "no memory for the answer of the lake");
        t->cells[t->n++] = (tw_str){text, text ? cells[i].bytes : 0};
    }
    t->row_n++;
    return TW_OK;
}

tw_status twi_lake_ask(tw_lake_live *live, const tw_buf *sql, uint64_t row_max, tw_arena *arena,
                       twi_rows *out, tw_err *err)
{
    tw_lake_query query = {.sql = {(const char *)sql->data_own, sql->bytes},
                           .timeout_ms = ASK_TIMEOUT_MS,
                           .row_max = row_max,
                           .is_ours = true};
    *out = (twi_rows){NULL, 0, 0};
    if (sql->status != TW_OK)
        return tw_fail(err, sql->status, "no memory for the query");
    taker t = {.arena = arena};
    tw_status status = tw_lake_live_run(live, TW_LAKE_LANE_PAGE, &query, take_row, &t, err);
    TW_TRY(status);
    *out = (twi_rows){t.cells, t.row_n, t.column_n};
    return TW_OK;
}

tw_str twi_rows_at(const twi_rows *rows, size_t row, size_t column)
{
    TW_DCHECK(row < rows->row_n && column < rows->column_n);
    return rows->cells ? rows->cells[row * rows->column_n + column] : TW_STR_NONE;
}

int64_t twi_rows_integer(const twi_rows *rows, size_t row, size_t column)
{
    int64_t value;
    return tw_str_to_i64(twi_rows_at(rows, row, column), &value) ? value : 0;
}

int32_t twi_rows_day(const twi_rows *rows, size_t row, size_t column)
{
    int32_t day;
    return tw_date_parse(twi_rows_at(rows, row, column), &day) ? day : 0;
}

// --- texts
// ----------------------------------------------------------------------------------------

void twi_sql_text(tw_buf *sql, tw_str text)
{
    tw_buf_u8(sql, '\'');
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] == '\'')
            tw_buf_u8(sql, '\'');
        if (text.at[i] != '\0') // no value of the lake has one
            tw_buf_u8(sql, (uint8_t)text.at[i]);
    }
    tw_buf_u8(sql, '\'');
}

void twi_sql_list(tw_buf *sql, const tw_str *texts, size_t n)
{
    tw_buf_cstr(sql, "(");
    for (size_t i = 0; i < n; i++) {
        tw_buf_cstr(sql, i ? ", " : "");
        twi_sql_text(sql, texts[i]);
    }
    tw_buf_cstr(sql, ")");
}

void twi_sql_date(tw_buf *sql, int32_t day)
{
    char text[TW_TIME_TEXT_BYTES];
    tw_buf_printf(sql, "DATE '%s'", tw_date_format(day, text));
}

tw_status twi_needle_hash(tw_lake_live *live, const tw_alloc *alloc, const char *kind, tw_str text,
                          tw_arena *arena, int64_t *out, tw_err *err)
{
    tw_buf sql;
    twi_rows rows;
    *out = 0;
    tw_buf_init(&sql, alloc, 1 << 16);
    tw_buf_printf(&sql, "SELECT CAST(md5_number_lower('%s:' || ", kind);
    twi_sql_text(&sql, text);
    tw_buf_cstr(&sql, ") >> 1 AS BIGINT)");
    tw_status status = twi_lake_ask(live, &sql, 1, arena, &rows, err);
    tw_buf_release(&sql);
    TW_TRY(status);
    *out = twi_rows_integer(&rows, 0, 0);
    return TW_OK;
}

static void put_time(tw_buf *sql, int64_t ms)
{
    tw_buf_printf(sql, "make_timestamptz(%lld)", (long long)ms * 1000);
}

static void equal(tw_buf *sql, const char *column, tw_str value)
{
    if (value.bytes == 0)
        return;
    tw_buf_printf(sql, " AND %s = ", column);
    twi_sql_text(sql, value);
}

static void flag(tw_buf *sql, const char *condition, tw_tri wanted)
{
    if (wanted != TW_ANY)
        tw_buf_printf(sql, " AND %s(%s)", wanted == TW_NO ? "NOT " : "", condition);
}

static void range(tw_buf *sql, const char *what, int64_t from, int64_t to)
{
    if (from != INT64_MIN)
        tw_buf_printf(sql, " AND %s >= %lld", what, (long long)from);
    if (to != INT64_MAX)
        tw_buf_printf(sql, " AND %s <= %lld", what, (long long)to);
}

static void names(tw_buf *sql, const char *column, uint32_t bits, size_t n,
                  const char *(*name)(int i))
{
    const char *between = "";
    if (bits == 0)
        return;
    tw_buf_printf(sql, " AND %s IN (", column);
    for (size_t i = 0; i < n; i++) {
        if (!(bits & (UINT32_C(1) << i)))
            continue;
        tw_buf_printf(sql, "%s'%s'", between, name((int)i));
        between = ", ";
    }
    tw_buf_cstr(sql, ")");
}

static const char *type_name(int i)
{
    return tw_transaction_type_name((tw_transaction_type)i);
}

static const char *payment_name(int i)
{
    return tw_payment_type_name((tw_payment_type)i);
}

// --- conditions
// -----------------------------------------------------------------------------------

void twi_sql_risk(tw_buf *sql, const tw_search *s)
{
    // A step of slack: what is compared in single precision is decided by tw_search_matches.
    if (!isnan(s->risk_from))
        tw_buf_printf(sql, " AND risk_score >= %.9g", (double)s->risk_from - 1e-6);
    if (!isnan(s->risk_to))
        tw_buf_printf(sql, " AND risk_score <= %.9g", (double)s->risk_to + 1e-6);
}

static void put_common(tw_buf *sql, const tw_search *s)
{
    if (s->stores.n > 0) {
        tw_buf_cstr(sql, " AND store_id IN ");
        twi_sql_list(sql, s->stores.items, s->stores.n);
    }
    equal(sql, "employee_id", s->employee_id);
    equal(sql, "override_employee_id", s->override_employee_id);
    names(sql, "type", s->types, TW_TXN_N, type_name);
    flag(sql, "refund_flag", s->refund);
    flag(sql, "void_flag", s->voided);
    flag(sql, "alert_id IS NOT NULL", s->alerted);
    flag(sql, "override_employee_id IS NOT NULL", s->overridden);
    range(sql, "abs(total_minor)", s->amount_from_minor, s->amount_to_minor);
    range(sql, "discount_minor", s->discount_from_minor, s->discount_to_minor);
    if (s->from_ms != INT64_MIN) {
        tw_buf_cstr(sql, " AND transaction_time >= ");
        put_time(sql, s->from_ms);
    }
    if (s->to_ms != INT64_MAX) {
        tw_buf_cstr(sql, " AND transaction_time < ");
        put_time(sql, s->to_ms);
    }
}

void twi_sql_needle_conditions(tw_buf *sql, const tw_search *s)
{
    put_common(sql, s);
    if (s->first_day != INT32_MIN) {
        tw_buf_cstr(sql, " AND date >= ");
        twi_sql_date(sql, s->first_day);
    }
    if (s->last_day != INT32_MAX) {
        tw_buf_cstr(sql, " AND date <= ");
        twi_sql_date(sql, s->last_day);
    }
}

static void put_part(tw_buf *sql, const char *what, tw_str text)
{
    tw_buf_printf(sql, "contains(lower(%s), lower(", what);
    twi_sql_text(sql, text);
    tw_buf_cstr(sql, "))");
}

static void put_text_condition(tw_buf *sql, tw_str text)
{
    static const char *const columns[] = {"transaction_id", "original_transaction_id",
                                          "void_of_transaction_id", "override_reason"};
    tw_buf_cstr(sql, " AND (");
    for (size_t i = 0; i < TW_COUNT(columns); i++) {
        put_part(sql, columns[i], text);
        tw_buf_cstr(sql, " OR ");
    }
    // Few have signals: the others are not looked at.
    tw_buf_cstr(sql, "CASE WHEN len(signals) > 0 THEN ");
    put_part(sql, "array_to_string(list_transform(signals, lambda x: x.sentence), chr(10))", text);
    tw_buf_cstr(sql, " ELSE false END)");
}

static void put_member(tw_buf *sql, const char *list, const char *member, tw_str value)
{
    if (value.bytes == 0)
        return;
    tw_buf_printf(sql, " AND list_contains(list_transform(%s, lambda x: x.%s), ", list, member);
    twi_sql_text(sql, value);
    tw_buf_cstr(sql, ")");
}

void twi_sql_conditions(tw_buf *sql, const tw_search *s)
{
    put_common(sql, s);
    twi_sql_risk(sql, s);
    equal(sql, "register_id", s->register_id);
    equal(sql, "transaction_id", s->transaction_id);
    equal(sql, "customer_id", s->customer_id);
    equal(sql, "loyalty_id", s->loyalty_id);
    names(sql, "payment_type", s->payment_types, TW_PAY_N, payment_name);
    if (s->original_transaction_id.bytes > 0) {
        tw_buf_cstr(sql, " AND ");
        twi_sql_text(sql, s->original_transaction_id);
        tw_buf_cstr(sql, " IN (original_transaction_id, void_of_transaction_id)");
    }
    if (s->hour_from != s->hour_to)
        tw_buf_printf(
            sql,
            " AND (((epoch_ms(transaction_time) + offset_min * 60000) // 3600000) %% 24 >= "
            "%d %s ((epoch_ms(transaction_time) + offset_min * 60000) // 3600000) %% 24 < "
            "%d)",
            s->hour_from, s->hour_from < s->hour_to ? "AND" : "OR", s->hour_to);
    put_member(sql, "tenders", "account_token", s->account_token);
    put_member(sql, "lines", "sku", s->sku);
    put_member(sql, "signals", "name", s->signal);
    if (s->text.bytes > 0)
        put_text_condition(sql, s->text);
}

void twi_sql_behind(tw_buf *sql, const twi_spot *spot)
{
    tw_buf_cstr(sql, " AND (date < ");
    twi_sql_date(sql, spot->day);
    tw_buf_cstr(sql, " OR (date = ");
    twi_sql_date(sql, spot->day);
    tw_buf_cstr(sql, " AND (transaction_time < ");
    put_time(sql, spot->time_ms);
    tw_buf_cstr(sql, " OR (transaction_time = ");
    put_time(sql, spot->time_ms);
    tw_buf_printf(sql, " AND seq < %llu))))", (unsigned long long)spot->seq);
}

bool twi_search_needle(const tw_search *s, const char **kind, tw_str *text)
{
    const struct {
        const char *kind;
        tw_str text;
    } known[] = {
        {"original", s->original_transaction_id},
        {"account", s->account_token},
        {"customer", s->customer_id},
        {"loyalty", s->loyalty_id},
        {"approver", s->override_employee_id},
        {"signal", s->signal},
    };
    for (size_t i = 0; i < TW_COUNT(known); i++) {
        if (known[i].text.bytes == 0)
            continue;
        *kind = known[i].kind;
        *text = known[i].text;
        return true;
    }
    return false;
}

// --- as a file
// ------------------------------------------------------------------------------------

void tw_search_sql(const tw_search *search, const char currency[4], tw_buf *out)
{
    const char *kind;
    tw_str text;
    int exponent = tw_currency_exponent(currency);
    tw_buf_printf(out,
                  "SELECT transaction_id, date AS business_date, transaction_time, store_id, "
                  "register_id, employee_id, type, payment_type, currency, "
                  "CAST(total_minor / %.0f AS DECIMAL(18, %d)) AS total, "
                  "CAST(discount_minor / %.0f AS DECIMAL(18, %d)) AS discount, item_count, "
                  "refund_flag, void_flag, customer_id, loyalty_id, "
                  "list_filter(list_transform(tenders, lambda x: x.account_token), "
                  "lambda x: x IS NOT NULL)[1] AS account_token, original_transaction_id, "
                  "void_of_transaction_id, override_employee_id, override_reason, risk_score, "
                  "alert_id, array_to_string(list_transform(signals, lambda x: x.name), ' ') "
                  "AS signals FROM transactions WHERE true",
                  pow(10, exponent), exponent, pow(10, exponent), exponent);
    twi_sql_conditions(out, search);
    if (search->first_day != INT32_MIN) {
        tw_buf_cstr(out, " AND date >= ");
        twi_sql_date(out, search->first_day);
    }
    if (search->last_day != INT32_MAX) {
        tw_buf_cstr(out, " AND date <= ");
        twi_sql_date(out, search->last_day);
    }
    if (twi_search_needle(search, &kind, &text)) {
        tw_buf_printf(out,
                      " AND seq IN (SELECT seq FROM needles WHERE hash = "
                      "CAST(md5_number_lower('%s:' || ",
                      kind);
        twi_sql_text(out, text);
        tw_buf_cstr(out, ") >> 1 AS BIGINT))");
    }
    tw_buf_cstr(out, TWI_SQL_ORDER);
}
