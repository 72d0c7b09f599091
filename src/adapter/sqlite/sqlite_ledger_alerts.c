// SPDX-License-Identifier: Apache-2.0
//
// Queries over alerts. A filter becomes a WHERE clause with bound values; the columns that the
// counters have too bear the same names there, so that one clause serves both tables.
//
// A page walks the index of its order from the cursor on. A '+' before a column keeps SQLite from
// choosing that column's index instead and sorting.
#include <stdio.h>
#include <string.h>

#include "port/ledger_rows.h"
#include "sqlite_ledger.h"
#include "sqlite_query.h"

// Conditions on columns that the counters have.
static void add_counted(twi_query *q, const tw_alert_filter *filter)
{
    twi_query_in(q, "status", filter->statuses);
    twi_query_in(q, "type", filter->types);
    twi_query_in(q, "scheme", filter->schemes);
    twi_query_in(q, "store_id", filter->stores);
    if (filter->only_open)
        twi_query_condition(q, "status<>'CLOSED'"); // as the partial index says it
}

static bool is_given(const int64_t limits_ms[3])
{
    return limits_ms[0] != 0 || limits_ms[1] != 0 || limits_ms[2] != 0;
}

static bool is_about_work(const tw_alert_filter *filter)
{
    return filter->assignees.n > 0 || filter->case_id.bytes > 0 || filter->verdicts.n > 0 ||
           filter->only_unassigned || filter->awake_ms != 0 || filter->asleep_ms != 0 ||
           filter->decided_from_ms != 0 || filter->decided_to_ms != 0 ||
           is_given(filter->overdue_ms) || is_given(filter->late_ms);
}

static bool is_counted(const tw_alert_filter *filter)
{
    return filter->entity_kind.bytes == 0 && filter->entity_id.bytes == 0 &&
           filter->employee_id.bytes == 0 && filter->register_id.bytes == 0 &&
           filter->transaction_id.bytes == 0 && filter->search.bytes == 0 &&
           filter->has_key.key.bytes == 0 && filter->min_risk <= 0 &&
           filter->created_from_ms == 0 && filter->created_to_ms == 0 && !is_about_work(filter);
}

// column<>'' beside column=? lets SQLite use an index of the rows that have the column.
static void add_given(twi_query *q, const char *condition, tw_str value)
{
    if (value.bytes == 0)
        return;
    twi_query_condition(q, condition);
    twi_query_str(q, value);
}

static void add_number(twi_query *q, const char *condition, int64_t value)
{
    if (value == 0)
        return;
    twi_query_condition(q, condition);
    twi_query_i64(q, value);
}

// One of the list; an index of the rows that have the column helps unless the list has "".
static void add_given_list(twi_query *q, const char *column, const char *is_there, tw_str_list list)
{
    bool is_there_always = list.n > 0;
    for (size_t i = 0; i < list.n; i++)
        is_there_always = is_there_always && list.items[i].bytes > 0;
    if (is_there_always)
        twi_query_condition(q, is_there);
    twi_query_in(q, column, list);
}

// `text` compares with a limit that depends on the risk.
static void add_by_risk(twi_query *q, const char *text, const int64_t limits_ms[3])
{
    if (!is_given(limits_ms))
        return;
    twi_query_condition(q, text);
    twi_query_add(q, "CASE WHEN risk_score>=? THEN ? WHEN risk_score>=? THEN ? ELSE ? END");
    twi_query_real(q, TW_RISK_CRITICAL);
    twi_query_i64(q, limits_ms[0]);
    twi_query_real(q, TW_RISK_HIGH);
    twi_query_i64(q, limits_ms[1]);
    twi_query_i64(q, limits_ms[2]);
}

static void add_work(twi_query *q, const tw_alert_filter *filter)
{
    bool is_dated = filter->decided_from_ms != 0 || filter->decided_to_ms != 0;
    add_given_list(q, "assignee", "assignee<>''", filter->assignees);
    // A time is narrower than a verdict: its index is to be taken.
    add_given_list(q, is_dated ? "+verdict" : "verdict", "verdict<>''", filter->verdicts);
    add_given(q, "case_id<>'' AND case_id=?", filter->case_id);
    if (filter->only_unassigned)
        twi_query_condition(q, "assignee=''");
    add_number(q, "snoozed_until_ms<=?", filter->awake_ms);
    add_number(q, "snoozed_until_ms>?", filter->asleep_ms);
    if (is_dated)
        twi_query_condition(q, "decided_ms>0");
    add_number(q, "decided_ms>=?", filter->decided_from_ms);
    add_number(q, "decided_ms<?", filter->decided_to_ms);
    add_by_risk(q, "+created_ms<", filter->overdue_ms);
    add_by_risk(q, "decided_ms>0 AND decided_ms-created_ms>", filter->late_ms);
}

// Capital kinds are the alert's own ids, which are no keys of the caller's.
static void add_key(twi_query *q, const tw_alert_key *key)
{
    if (key->key.bytes == 0)
        return;
    twi_query_condition(q, key->kind ? "alert_id IN (SELECT alert_id FROM alert_key WHERE key=?"
                                       " AND kind=?)"
                                     : "alert_id IN (SELECT alert_id FROM alert_key WHERE key=?"
                                       " AND kind>='a')");
    twi_query_str(q, key->key);
    if (key->kind)
        twi_query_str(q, (tw_str){&key->kind, 1});
}

static void add_filter(twi_query *q, const tw_alert_filter *filter, tw_alert_sort sort)
{
    add_counted(q, filter);
    twi_query_equal(q, "entity_id", filter->entity_id);
    twi_query_equal(q, "entity_kind", filter->entity_kind);
    twi_query_equal(q, "employee_id", filter->employee_id);
    twi_query_equal(q, "register_id", filter->register_id);
    add_given(q, "alert_id IN (SELECT alert_id FROM alert_key WHERE kind='t' AND key=?)",
              filter->transaction_id);
    add_key(q, &filter->has_key);
    if (filter->search.bytes > 0)
        twi_query_prefix(q, "alert_id IN (SELECT alert_id FROM alert_key WHERE key>=? AND key<?)",
                         filter->search);
    add_work(q, filter);
    if (filter->min_risk > 0) {
        twi_query_condition(q, sort == TW_ALERT_SORT_RISK ? "risk_score>=?" : "+risk_score>=?");
        twi_query_real(q, filter->min_risk);
    }
    add_number(q, "created_ms>=?", filter->created_from_ms);
    add_number(q, "created_ms<?", filter->created_to_ms);
}

static const char *sort_column(tw_alert_sort sort)
{
    static const char *const columns[TW_ALERT_SORT_N] = {
        [TW_ALERT_SORT_RANK] = "rank",
        [TW_ALERT_SORT_CREATED] = "created_ms",
        [TW_ALERT_SORT_UPDATED] = "updated_ms",
        [TW_ALERT_SORT_RISK] = "risk_score",
        [TW_ALERT_SORT_EXPOSURE] = "exposure_minor",
    };
    return columns[sort];
}

// Rows behind the cursor. The first half gives the index its start, the second the ties.
static void add_after(twi_query *q, const tw_alert_cursor *cursor, tw_alert_sort sort)
{
    const char *column = sort_column(sort);
    char text[128];
    snprintf(text, sizeof(text), "%s<=? AND (%s<? OR alert_id>?)", column, column);
    twi_query_condition(q, text);
    for (int i = 0; i < 2; i++) {
        if (tw_alert_sort_is_real(sort))
            twi_query_real(q, cursor->real);
        else
            twi_query_i64(q, cursor->integer);
    }
    twi_query_str(q, tw_str_from(cursor->alert_id));
}

// ---- One alert -------------------------------------------------------------------------------

void twi_sqlite_alert(sqlite3_stmt *stmt, tw_alert_row *out)
{
    *out = (tw_alert_row){
        .alert_id = twi_column_str(stmt, 0),
        .created_ms = sqlite3_column_int64(stmt, 1),
        .updated_ms = sqlite3_column_int64(stmt, 2),
        .status = twi_column_str(stmt, 3),
        .type = twi_column_str(stmt, 4),
        .scheme = twi_column_str(stmt, 5),
        .entity_kind = twi_column_str(stmt, 6),
        .entity_id = twi_column_str(stmt, 7),
        .store_id = twi_column_str(stmt, 8),
        .employee_id = twi_column_str(stmt, 9),
        .register_id = twi_column_str(stmt, 10),
        .currency = twi_column_str(stmt, 11),
        .risk_score = sqlite3_column_double(stmt, 12),
        .rank = sqlite3_column_double(stmt, 13),
        .exposure_minor = sqlite3_column_int64(stmt, 14),
        .transaction_n = (uint64_t)sqlite3_column_int64(stmt, 15),
        .first_seq = (uint64_t)sqlite3_column_int64(stmt, 16),
        .last_seq = (uint64_t)sqlite3_column_int64(stmt, 17),
        .body = twi_column_str(stmt, 18),
        .assignee = twi_column_str(stmt, 19),
        .case_id = twi_column_str(stmt, 20),
        .verdict = twi_column_str(stmt, 21),
        .snoozed_until_ms = sqlite3_column_int64(stmt, 22),
        .first_viewed_ms = sqlite3_column_int64(stmt, 23),
        .decided_ms = sqlite3_column_int64(stmt, 24),
        .recovered_minor = sqlite3_column_int64(stmt, 25),
        .work_seq = (uint64_t)sqlite3_column_int64(stmt, 26),
    };
}

bool twi_alert_dup(sqlite3_stmt *stmt, tw_arena *arena, tw_alert_row *out)
{
    twi_sqlite_alert(stmt, out);
    tw_str *texts[] = {&out->alert_id,    &out->status,    &out->type,     &out->scheme,
                       &out->entity_kind, &out->entity_id, &out->store_id, &out->employee_id,
                       &out->register_id, &out->currency,  &out->body,     &out->assignee,
                       &out->case_id,     &out->verdict};
    for (size_t i = 0; i < TW_COUNT(texts); i++) {
        texts[i]->at = tw_arena_copy(arena, texts[i]->at, texts[i]->bytes);
        if (!texts[i]->at) {
            *out = (tw_alert_row){0};
            return false;
        }
    }
    return true;
}

tw_status twi_alert_get(void *ctx, tw_str alert_id, tw_arena *arena, tw_alert_row *out, tw_err *err)
{
    twi_sqlite_ledger *self = ctx;
    *out = (tw_alert_row){0};
    twi_conn *conn;
    TW_TRY(twi_pool_take(&self->readers, &conn, err));
    sqlite3_stmt *stmt;
    tw_status status = twi_conn_stmt(conn, TWI_L_ALERT, &stmt, err);
    if (status == TW_OK) {
        int code = twi_bind_str(stmt, 1, alert_id);
        status = code == SQLITE_OK ? twi_conn_step(conn, stmt, "read an alert", err)
                                   : twi_conn_fail(conn, code, "bind an alert's id", err);
    }
    if (status == TW_OK) {
        if (!twi_alert_dup(stmt, arena, out))
            status = tw_fail(err, TW_NO_MEMORY, "no room for an alert");
        sqlite3_reset(stmt);
    } else if (status == TW_END) {
        status = tw_fail(err, TW_NOT_FOUND, "there is no alert %.*s", TW_STR_ARG(alert_id));
    }
    twi_pool_give(&self->readers, conn);
    return status;
}

// ---- The list --------------------------------------------------------------------------------

static tw_status count_total(twi_conn *conn, twi_query *q, const tw_alert_filter *filter,
                             uint64_t *total, tw_err *err)
{
    if (is_counted(filter)) {
        twi_query_init(q, q->arena, "SELECT coalesce(sum(n),0) FROM alert_count");
        add_counted(q, filter);
    } else {
        twi_query_init(q, q->arena, "SELECT count(*) FROM alert");
        add_filter(q, filter, TW_ALERT_SORT_RISK);
    }
    sqlite3_stmt *stmt = NULL;
    TW_TRY(twi_query_start(conn, q, &stmt, err));
    tw_status status = twi_conn_step(conn, stmt, "count alerts", err);
    if (status == TW_OK)
        *total = (uint64_t)sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    TW_CHECK(status != TW_END);
    return status;
}

static tw_status read_page(twi_conn *conn, twi_query *q, const tw_alert_page_options *options,
                           tw_arena *arena, tw_alert_page *out, tw_err *err)
{
    out->items = tw_arena_array(arena, options->limit, sizeof(*out->items));
    if (!out->items)
        return tw_fail(err, TW_NO_MEMORY, "no room for the list of alerts");
    sqlite3_stmt *stmt = NULL;
    TW_TRY(twi_query_start(conn, q, &stmt, err));
    tw_status status = TW_OK;
    while ((status = twi_conn_step(conn, stmt, "list alerts", err)) == TW_OK) {
        if (out->n == options->limit) { // the row too many: there is a next page
            tw_alert_cursor cursor;
            tw_alert_cursor_of(&out->items[out->n - 1], options->sort, &cursor);
            tw_alert_cursor_encode(&cursor, options->sort, out->next_cursor);
            break;
        }
        if (!twi_alert_dup(stmt, arena, &out->items[out->n])) {
            status = tw_fail(err, TW_NO_MEMORY, "no room for the list of alerts");
            break;
        }
        out->n++;
    }
    sqlite3_finalize(stmt);
    return status == TW_END ? TW_OK : status;
}

static void page_query(twi_query *q, const tw_alert_filter *filter,
                       const tw_alert_page_options *options, const tw_alert_cursor *after)
{
    char order[64];
    twi_query_init(q, q->arena, "SELECT " TWI_ALERT_COLUMNS " FROM alert");
    add_filter(q, filter, options->sort);
    if (after)
        add_after(q, after, options->sort);
    snprintf(order, sizeof(order), " ORDER BY %s DESC, alert_id LIMIT ?",
             sort_column(options->sort));
    twi_query_add(q, order);
    twi_query_i64(q, (int64_t)options->limit + 1);
}

tw_status twi_alert_list(void *ctx, const tw_alert_filter *filter,
                         const tw_alert_page_options *options, tw_arena *arena, tw_alert_page *out,
                         tw_err *err)
{
    twi_sqlite_ledger *self = ctx;
    *out = (tw_alert_page){0};
    TW_TRY(tw_alert_filter_check(filter, err));
    TW_TRY(tw_alert_page_check(options, err));
    bool is_later = options->cursor && options->cursor[0];
    tw_alert_cursor after;
    if (is_later)
        TW_TRY(tw_alert_cursor_decode(options->cursor, options->sort, &after, err));
    twi_query *q = tw_arena_take(arena, sizeof(*q));
    if (!q)
        return tw_fail(err, TW_NO_MEMORY, "no room for a query of alerts");
    q->arena = arena;
    twi_conn *conn;
    TW_TRY(twi_pool_take(&self->readers, &conn, err));
    tw_status status = twi_conn_exec(conn, "BEGIN", err); // page and total of one moment
    if (status == TW_OK) {
        page_query(q, filter, options, is_later ? &after : NULL);
        status = read_page(conn, q, options, arena, out, err);
        if (status == TW_OK && !options->skip_total)
            status = count_total(conn, q, filter, &out->total, err);
        status = twi_conn_end(conn, status, err);
    }
    twi_pool_give(&self->readers, conn);
    if (status != TW_OK)
        *out = (tw_alert_page){0};
    return status;
}

// ---- Counts ----------------------------------------------------------------------------------

static void counts_query(twi_query *q, const tw_alert_filter *filter, tw_alert_group group)
{
    static const char *const columns[TW_ALERT_GROUP_N] = {
        [TW_ALERT_GROUP_NONE] = "''",           [TW_ALERT_GROUP_STATUS] = "status",
        [TW_ALERT_GROUP_TYPE] = "type",         [TW_ALERT_GROUP_SCHEME] = "scheme",
        [TW_ALERT_GROUP_STORE] = "store_id",    [TW_ALERT_GROUP_EMPLOYEE] = "employee_id",
        [TW_ALERT_GROUP_ASSIGNEE] = "assignee", [TW_ALERT_GROUP_VERDICT] = "verdict",
    };
    bool by_counters = is_counted(filter) && group < TW_ALERT_GROUP_EMPLOYEE;
    // Left alone, SQLite walks all alerts in the order of the group; the open ones are few.
    bool by_open = !by_counters && is_counted(filter) && filter->only_open;
    char head[160];
    snprintf(head, sizeof(head), "SELECT %s, currency, %s, sum(exposure_minor) FROM %s",
             columns[group], by_counters ? "sum(n)" : "count(*)",
             by_counters ? "alert_count"
             : by_open   ? "alert INDEXED BY alert_open"
                         : "alert");
    twi_query_init(q, q->arena, head);
    if (by_counters)
        add_counted(q, filter);
    else
        add_filter(q, filter, TW_ALERT_SORT_RISK);
    twi_query_add(q, " GROUP BY 1,2 ORDER BY 1,2");
}

// Rows in an arena whose number is not known before: an array that doubles.
static bool counts_room(tw_arena *arena, tw_alert_count **rows, size_t n, size_t *cap)
{
    if (n < *cap)
        return true;
    size_t more = *cap ? *cap * 2 : 32;
    tw_alert_count *larger = tw_arena_array(arena, more, sizeof(*larger));
    if (!larger)
        return false;
    if (n > 0)
        memcpy(larger, *rows, n * sizeof(*larger));
    *rows = larger;
    *cap = more;
    return true;
}

static tw_status read_counts(twi_conn *conn, const twi_query *q, tw_arena *arena,
                             tw_alert_count **rows, size_t *n, tw_err *err)
{
    size_t cap = 0;
    sqlite3_stmt *stmt = NULL;
    TW_TRY(twi_query_start(conn, q, &stmt, err));
    bool is_full = !counts_room(arena, rows, 0, &cap);
    tw_status status = TW_OK;
    while (!is_full && (status = twi_conn_step(conn, stmt, "count alerts", err)) == TW_OK) {
        is_full = !counts_room(arena, rows, *n, &cap);
        if (is_full)
            break;
        tw_alert_count *row = &(*rows)[*n];
        row->n = (uint64_t)sqlite3_column_int64(stmt, 2);
        row->exposure_minor = sqlite3_column_int64(stmt, 3);
        is_full = !twi_column_dup(stmt, 0, arena, &row->key) ||
                  !twi_column_dup(stmt, 1, arena, &row->currency);
        *n += 1;
    }
    sqlite3_finalize(stmt);
    if (is_full)
        return tw_fail(err, TW_NO_MEMORY, "no room for the counts of alerts");
    return status == TW_END ? TW_OK : status;
}

tw_status twi_alert_counts(void *ctx, const tw_alert_filter *filter, tw_alert_group group,
                           tw_arena *arena, tw_alert_count **out, size_t *n, tw_err *err)
{
    twi_sqlite_ledger *self = ctx;
    *out = NULL;
    *n = 0;
    TW_TRY(tw_alert_filter_check(filter, err));
    TW_CHECK(group < TW_ALERT_GROUP_N);
    twi_query *q = tw_arena_take(arena, sizeof(*q));
    if (!q)
        return tw_fail(err, TW_NO_MEMORY, "no room for a query of alerts");
    q->arena = arena;
    counts_query(q, filter, group);
    twi_conn *conn;
    TW_TRY(twi_pool_take(&self->readers, &conn, err));
    tw_alert_count *rows = NULL;
    size_t row_n = 0;
    tw_status status = read_counts(conn, q, arena, &rows, &row_n, err);
    twi_pool_give(&self->readers, conn);
    if (status != TW_OK)
        return status;
    *out = rows;
    *n = row_n;
    return TW_OK;
}
