// SPDX-License-Identifier: Apache-2.0
//
// Queries that grow with their values.
#include "sqlite_query.h"

#include <string.h>

void twi_query_init(twi_query *q, tw_arena *arena, const char *head)
{
    q->arena = arena;
    q->is_full = false;
    q->bytes = q->param_n = 0;
    q->glue = " WHERE ";
    twi_query_add(q, head);
}

void twi_query_add(twi_query *q, const char *text)
{
    size_t bytes = strlen(text);
    TW_CHECK(q->bytes + bytes < sizeof(q->sql));
    memcpy(q->sql + q->bytes, text, bytes + 1);
    q->bytes += bytes;
}

void twi_query_condition(twi_query *q, const char *text)
{
    twi_query_add(q, q->glue);
    twi_query_add(q, text);
    q->glue = " AND ";
}

static twi_param *next_param(twi_query *q)
{
    TW_CHECK(q->param_n < TWI_QUERY_PARAMS_MAX);
    return &q->params[q->param_n++];
}

void twi_query_str(twi_query *q, tw_str s)
{
    *next_param(q) = (twi_param){.kind = TWI_PARAM_STR, .value.str = s};
}

void twi_query_i64(twi_query *q, int64_t v)
{
    *next_param(q) = (twi_param){.kind = TWI_PARAM_I64, .value.i64 = v};
}

void twi_query_real(twi_query *q, double v)
{
    *next_param(q) = (twi_param){.kind = TWI_PARAM_REAL, .value.real = v};
}

void twi_query_equal(twi_query *q, const char *column, tw_str value)
{
    if (value.bytes == 0)
        return;
    twi_query_condition(q, column);
    twi_query_add(q, "=?");
    twi_query_str(q, value);
}

// ---- Lists -----------------------------------------------------------------------------------

// Bytes of a text in JSON at most: every byte as \u00xx.
static size_t json_bytes_max(tw_str_list list)
{
    size_t bytes = 2;
    for (size_t i = 0; i < list.n; i++)
        bytes += 6 * list.items[i].bytes + 3;
    return bytes;
}

static char *put_json(char *at, tw_str s)
{
    static const char digits[] = "0123456789abcdef", escape[4] = {'\\', 'u', '0', '0'};
    *at++ = '"';
    for (size_t i = 0; i < s.bytes; i++) {
        uint8_t c = (uint8_t)s.at[i];
        if (c < 0x20) {
            memcpy(at, escape, sizeof(escape));
            at[4] = digits[c >> 4];
            at[5] = digits[c & 0xf];
            at += 6;
            continue;
        }
        if (c == '"' || c == '\\')
            *at++ = '\\';
        *at++ = (char)c;
    }
    *at++ = '"';
    return at;
}

static tw_str json_of(twi_query *q, tw_str_list list)
{
    char *text = tw_arena_take(q->arena, json_bytes_max(list));
    if (!text) {
        q->is_full = true;
        return TW_STR_NONE;
    }
    char *at = text;
    *at++ = '[';
    for (size_t i = 0; i < list.n; i++) {
        if (i > 0)
            *at++ = ',';
        at = put_json(at, list.items[i]);
    }
    *at++ = ']';
    return (tw_str){text, (size_t)(at - text)};
}

static void add_in(twi_query *q, const char *column, tw_str_list list)
{
    if (list.n > TWI_QUERY_LIST_MAX) {
        twi_query_add(q, "+"); // keeps SQLite from choosing the index of this column
        twi_query_add(q, column);
        twi_query_add(q, " IN (SELECT value FROM json_each(?))");
        twi_query_str(q, json_of(q, list));
        return;
    }
    twi_query_add(q, column);
    twi_query_add(q, " IN (");
    for (size_t i = 0; i < list.n; i++) {
        twi_query_add(q, i ? ",?" : "?");
        twi_query_str(q, list.items[i]);
    }
    twi_query_add(q, ")");
}

void twi_query_in(twi_query *q, const char *column, tw_str_list list)
{
    if (list.n == 0)
        return;
    twi_query_condition(q, "");
    add_in(q, column, list);
}

void twi_query_in_or_none(twi_query *q, const char *column, tw_str_list list)
{
    if (list.n == 0)
        return;
    twi_query_condition(q, "(");
    add_in(q, column, list);
    twi_query_add(q, " OR ");
    twi_query_add(q, column);
    twi_query_add(q, "='')");
}

void twi_query_prefix(twi_query *q, const char *text, tw_str prefix)
{
    twi_query_condition(q, text);
    // 0xff is in no UTF-8 text: every text that starts with the prefix lies below this end.
    char *end = tw_arena_take(q->arena, prefix.bytes + 1);
    q->is_full = q->is_full || !end;
    if (!end)
        return;
    memcpy(end, prefix.at, prefix.bytes);
    end[prefix.bytes] = (char)0xff;
    twi_query_str(q, prefix);
    twi_query_str(q, (tw_str){end, prefix.bytes + 1});
}

tw_status twi_query_start(twi_conn *conn, const twi_query *q, sqlite3_stmt **out, tw_err *err)
{
    *out = NULL;
    if (q->is_full)
        return tw_fail(err, TW_NO_MEMORY, "no room for a query");
    int code = sqlite3_prepare_v2(conn->db, q->sql, (int)q->bytes, out, NULL);
    for (size_t i = 0; i < q->param_n && code == SQLITE_OK; i++) {
        const twi_param *p = &q->params[i];
        int idx = (int)i + 1;
        if (p->kind == TWI_PARAM_STR)
            code = twi_bind_str(*out, idx, p->value.str);
        else if (p->kind == TWI_PARAM_I64)
            code = sqlite3_bind_int64(*out, idx, p->value.i64);
        else
            code = sqlite3_bind_double(*out, idx, p->value.real);
    }
    if (code == SQLITE_OK)
        return TW_OK;
    tw_status status = twi_conn_fail(conn, code, "prepare a query", err);
    sqlite3_finalize(*out);
    *out = NULL;
    return status;
}
