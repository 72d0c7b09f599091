// SPDX-License-Identifier: Apache-2.0
//
// Queries over documents and the log of actions.
#include "port/ledger_rows.h"
#include "sqlite_ledger.h"
#include "sqlite_query.h"

static bool dup_texts(tw_arena *arena, tw_str *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        texts[i]->at = tw_arena_copy(arena, texts[i]->at, texts[i]->bytes);
        if (!texts[i]->at)
            return false;
    }
    return true;
}

// ---- Documents -------------------------------------------------------------------------------

void twi_doc_of(sqlite3_stmt *stmt, tw_doc_row *out)
{
    *out = (tw_doc_row){
        .kind = twi_column_str(stmt, 0),
        .id = twi_column_str(stmt, 1),
        .seq = (uint64_t)sqlite3_column_int64(stmt, 2),
        .order_ms = sqlite3_column_int64(stmt, 3),
        .state = twi_column_str(stmt, 4),
        .owner = twi_column_str(stmt, 5),
        .store_id = twi_column_str(stmt, 6),
        .body = twi_column_str(stmt, 7),
    };
}

static bool doc_dup(sqlite3_stmt *stmt, tw_arena *arena, tw_doc_row *out)
{
    twi_doc_of(stmt, out);
    tw_str *texts[] = {&out->kind, &out->id, &out->state, &out->owner, &out->store_id, &out->body};
    if (dup_texts(arena, texts, TW_COUNT(texts)))
        return true;
    *out = (tw_doc_row){0};
    return false;
}

tw_status twi_doc_get(void *ctx, tw_str kind, tw_str id, tw_arena *arena, tw_doc_row *out,
                      tw_err *err)
{
    twi_sqlite_ledger *self = ctx;
    *out = (tw_doc_row){0};
    twi_conn *conn;
    TW_TRY(twi_pool_take(&self->readers, &conn, err));
    sqlite3_stmt *stmt;
    tw_status status = twi_conn_stmt(conn, TWI_L_DOC, &stmt, err);
    if (status == TW_OK) {
        int code = twi_bind_str(stmt, 1, kind);
        code = code ? code : twi_bind_str(stmt, 2, id);
        status = code == SQLITE_OK ? twi_conn_step(conn, stmt, "read a document", err)
                                   : twi_conn_fail(conn, code, "bind a document's id", err);
    }
    if (status == TW_OK) {
        if (!doc_dup(stmt, arena, out))
            status = tw_fail(err, TW_NO_MEMORY, "no room for a document");
        sqlite3_reset(stmt);
    } else if (status == TW_END) {
        status =
            tw_fail(err, TW_NOT_FOUND, "there is no %.*s %.*s", TW_STR_ARG(kind), TW_STR_ARG(id));
    }
    twi_pool_give(&self->readers, conn);
    return status;
}

static void add_key(twi_query *q, const tw_doc_filter *filter)
{
    if (filter->key.bytes == 0)
        return;
    if (filter->is_prefix) {
        twi_query_prefix(q, "id IN (SELECT doc_id FROM doc_key WHERE key>=? AND key<?",
                         filter->key);
        twi_query_add(q, " AND doc_kind=?");
    } else {
        twi_query_condition(q, "id IN (SELECT doc_id FROM doc_key WHERE key=? AND doc_kind=?");
        twi_query_str(q, filter->key);
    }
    twi_query_str(q, filter->kind);
    if (filter->key_kind != 0) {
        twi_query_add(q, " AND kind=?");
        twi_query_str(q, (tw_str){&filter->key_kind, 1});
    }
    twi_query_add(q, ")");
}

static void add_doc_filter(twi_query *q, const tw_doc_filter *filter)
{
    twi_query_condition(q, "body<>''"); // as the partial index says it
    twi_query_equal(q, "kind", filter->kind);
    twi_query_in(q, "state", filter->states);
    twi_query_in_or_none(q, "store_id", filter->stores);
    twi_query_equal(q, "owner", filter->owner);
    add_key(q, filter);
}

static tw_status count_docs(twi_conn *conn, twi_query *q, const tw_doc_filter *filter,
                            uint64_t *total, tw_err *err)
{
    sqlite3_stmt *stmt = NULL;
    twi_query_init(q, q->arena, "SELECT count(*) FROM doc");
    add_doc_filter(q, filter);
    TW_TRY(twi_query_start(conn, q, &stmt, err));
    tw_status status = twi_conn_step(conn, stmt, "count documents", err);
    if (status == TW_OK)
        *total = (uint64_t)sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    TW_CHECK(status != TW_END);
    return status;
}

static void page_query(twi_query *q, const tw_doc_filter *filter, size_t limit,
                       const tw_doc_cursor *after)
{
    twi_query_init(q, q->arena, "SELECT " TWI_DOC_COLUMNS " FROM doc");
    add_doc_filter(q, filter);
    if (after) {
        twi_query_condition(q, "order_ms<=? AND (order_ms<? OR id>?)");
        twi_query_i64(q, after->order_ms);
        twi_query_i64(q, after->order_ms);
        twi_query_str(q, tw_str_from(after->id));
    }
    twi_query_add(q, " ORDER BY order_ms DESC, id LIMIT ?");
    twi_query_i64(q, (int64_t)limit + 1);
}

static tw_status read_docs(twi_conn *conn, const twi_query *q, size_t limit, tw_doc_page *out,
                           tw_err *err)
{
    sqlite3_stmt *stmt = NULL;
    TW_TRY(twi_query_start(conn, q, &stmt, err));
    tw_status status = TW_OK;
    while ((status = twi_conn_step(conn, stmt, "list documents", err)) == TW_OK) {
        if (out->n == limit) { // the row too many: there is a next page
            const tw_doc_row *last = &out->items[limit - 1];
            tw_doc_cursor cursor = {.order_ms = last->order_ms};
            tw_str_copy(last->id, cursor.id, sizeof(cursor.id));
            tw_doc_cursor_encode(&cursor, out->next_cursor);
            break;
        }
        if (!doc_dup(stmt, q->arena, &out->items[out->n])) {
            status = tw_fail(err, TW_NO_MEMORY, "no room for the list of documents");
            break;
        }
        out->n++;
    }
    sqlite3_finalize(stmt);
    return status == TW_END ? TW_OK : status;
}

tw_status twi_doc_list(void *ctx, const tw_doc_filter *filter, size_t limit, const char *cursor,
                       tw_arena *arena, tw_doc_page *out, tw_err *err)
{
    twi_sqlite_ledger *self = ctx;
    *out = (tw_doc_page){0};
    TW_TRY(tw_doc_filter_check(filter, err));
    TW_TRY(tw_ledger_limit_check(limit, err));
    bool is_later = cursor && cursor[0];
    tw_doc_cursor after;
    if (is_later)
        TW_TRY(tw_doc_cursor_decode(cursor, &after, err));
    twi_query *q = tw_arena_take(arena, sizeof(*q));
    out->items = tw_arena_array(arena, limit, sizeof(*out->items));
    if (!q || !out->items) {
        *out = (tw_doc_page){0};
        return tw_fail(err, TW_NO_MEMORY, "no room for the list of documents");
    }
    q->arena = arena;
    twi_conn *conn;
    tw_status status = twi_pool_take(&self->readers, &conn, err);
    if (status == TW_OK) {
        status = twi_conn_exec(conn, "BEGIN", err); // page and total of one moment
        if (status == TW_OK) {
            page_query(q, filter, limit, is_later ? &after : NULL);
            status = read_docs(conn, q, limit, out, err);
            if (status == TW_OK)
                status = count_docs(conn, q, filter, &out->total, err);
            status = twi_conn_end(conn, status, err);
        }
        twi_pool_give(&self->readers, conn);
    }
    if (status != TW_OK)
        *out = (tw_doc_page){0};
    return status;
}

// ---- Actions ---------------------------------------------------------------------------------

void twi_action_of(sqlite3_stmt *stmt, tw_action_row *out)
{
    *out = (tw_action_row){
        .seq = (uint64_t)sqlite3_column_int64(stmt, 0),
        .at_ms = sqlite3_column_int64(stmt, 1),
        .kind = twi_column_str(stmt, 2),
        .subject = twi_column_str(stmt, 3),
        .actor = twi_column_str(stmt, 4),
        .about = twi_column_str(stmt, 5),
        .store_id = twi_column_str(stmt, 6),
        .body = twi_column_str(stmt, 7),
    };
}

static bool action_dup(sqlite3_stmt *stmt, tw_arena *arena, tw_action_row *out)
{
    twi_action_of(stmt, out);
    tw_str *texts[] = {&out->kind,  &out->subject,  &out->actor,
                       &out->about, &out->store_id, &out->body};
    return dup_texts(arena, texts, TW_COUNT(texts));
}

static void action_query(twi_query *q, const tw_action_filter *filter, size_t limit)
{
    twi_query_init(q, q->arena, "SELECT " TWI_ACTION_COLUMNS " FROM action");
    twi_query_equal(q, "subject", filter->subject);
    twi_query_equal(q, "actor", filter->actor);
    if (filter->about.bytes > 0)
        twi_query_condition(q, "about<>''"); // as the partial index says it
    twi_query_equal(q, "about", filter->about);
    // A family is most of the log: it is tested on the way, not looked up.
    if (filter->kind.bytes > 0 && filter->kind.at[filter->kind.bytes - 1] == '.')
        twi_query_prefix(q, "+kind>=? AND +kind<?", filter->kind);
    else
        twi_query_equal(q, "kind", filter->kind);
    twi_query_in_or_none(q, "store_id", filter->stores);
    if (filter->from_ms != 0) {
        twi_query_condition(q, "at_ms>=?");
        twi_query_i64(q, filter->from_ms);
    }
    if (filter->to_ms != 0) {
        twi_query_condition(q, "at_ms<?");
        twi_query_i64(q, filter->to_ms);
    }
    if (filter->before_seq != 0 && filter->before_seq <= INT64_MAX) {
        twi_query_condition(q, "seq<?");
        twi_query_i64(q, (int64_t)filter->before_seq);
    }
    twi_query_add(q, " ORDER BY seq DESC LIMIT ?");
    twi_query_i64(q, (int64_t)limit);
}

static tw_status read_actions(twi_conn *conn, const twi_query *q, tw_action_row *rows, size_t *n,
                              tw_err *err)
{
    sqlite3_stmt *stmt = NULL;
    TW_TRY(twi_query_start(conn, q, &stmt, err));
    tw_status status = TW_OK;
    while ((status = twi_conn_step(conn, stmt, "list actions", err)) == TW_OK) {
        if (!action_dup(stmt, q->arena, &rows[*n])) {
            status = tw_fail(err, TW_NO_MEMORY, "no room for the list of actions");
            break;
        }
        *n += 1;
    }
    sqlite3_finalize(stmt);
    return status == TW_END ? TW_OK : status;
}

tw_status twi_action_list(void *ctx, const tw_action_filter *filter, size_t limit, tw_arena *arena,
                          tw_action_row **out, size_t *n, tw_err *err)
{
    twi_sqlite_ledger *self = ctx;
    *out = NULL;
    *n = 0;
    TW_TRY(tw_action_filter_check(filter, err));
    TW_TRY(tw_ledger_limit_check(limit, err));
    twi_query *q = tw_arena_take(arena, sizeof(*q));
    tw_action_row *rows = tw_arena_array(arena, limit, sizeof(*rows));
    if (!q || !rows)
        return tw_fail(err, TW_NO_MEMORY, "no room for the list of actions");
    q->arena = arena;
    action_query(q, filter, limit);
    size_t row_n = 0;
    twi_conn *conn;
    TW_TRY(twi_pool_take(&self->readers, &conn, err));
    tw_status status = read_actions(conn, q, rows, &row_n, err);
    twi_pool_give(&self->readers, conn);
    if (status != TW_OK)
        return status;
    *out = rows;
    *n = row_n;
    return TW_OK;
}
