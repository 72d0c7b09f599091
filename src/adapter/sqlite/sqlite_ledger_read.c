// SPDX-License-Identifier: Apache-2.0
//
// Reads of the SQLite ledger other than lists of alerts, documents and actions: position, hashes,
// verdicts, scores, models. Each takes a reading connection for its time and leaves no
// statement open.
#include <string.h>

#include "port/ledger_rows.h"
#include "sqlite_ledger.h"

// Ranges that score_read copies out at a time.
#define RANGES_PER_STEP 64
#define RANGES_STEP_BYTES ((size_t)4 << 20)

enum {
    R_ALERT = TWI_L_ALERT,
    R_DOC = TWI_L_DOC,
    R_POSITION,
    R_ALERTS_ALL,
    R_ALERT_KEYS,
    R_VERDICTS,
    R_VERDICTS_OF_ALERT,
    R_VERDICTS_OF_TRANSACTION,
    R_VERDICTS_ALL,
    R_SIGNALS,
    R_COUNT_SCHEME,
    R_COUNT_SIGNAL,
    R_SCORE_AT,
    R_SCORES_FROM,
    R_SCORES_ALL,
    R_MODELS,
    R_MODELS_ALL,
    R_DOCS_ALL,
    R_DOC_KEYS,
    R_ACTIONS_ALL,
};

#define VERDICT_COLUMNS                                                                            \
    "verdict_id,seq,alert_id,transaction_id,verdict,reason,note,decided_by,decided_ms,"            \
    "recovered_minor,currency,scheme,is_current"
#define VERDICT_TAIL                                                                               \
    " AND (?2='' OR transaction_id=?2) AND (?1='' OR alert_id=?1) AND is_current>=?4"              \
    " ORDER BY seq DESC, verdict_id LIMIT ?5"
#define MODEL_COLUMNS "model_id,seq,kind,state,created_ms,metrics,file_hash"

static const char *const reader_sql[] = {
    [R_ALERT] = "SELECT " TWI_ALERT_COLUMNS " FROM alert WHERE alert_id=?1",
    [R_DOC] = "SELECT " TWI_DOC_COLUMNS " FROM doc WHERE kind=?1 AND id=?2 AND body<>''",
    [R_POSITION] = "SELECT seq, hash FROM position",
    [R_ALERTS_ALL] = "SELECT " TWI_ALERT_COLUMNS " FROM alert ORDER BY alert_id",
    [R_ALERT_KEYS] =
        "SELECT kind, key FROM alert_key WHERE alert_id=?1 AND kind>='a' ORDER BY kind, key",
    [R_VERDICTS] = "SELECT " VERDICT_COLUMNS " FROM verdict WHERE seq<?3" VERDICT_TAIL,
    [R_VERDICTS_OF_ALERT] =
        "SELECT " VERDICT_COLUMNS " FROM verdict WHERE alert_id=?1 AND seq<?3" VERDICT_TAIL,
    [R_VERDICTS_OF_TRANSACTION] =
        "SELECT " VERDICT_COLUMNS " FROM verdict WHERE transaction_id=?2 AND seq<?3" VERDICT_TAIL,
    [R_VERDICTS_ALL] = "SELECT " VERDICT_COLUMNS " FROM verdict ORDER BY verdict_id",
    [R_SIGNALS] = "SELECT signal FROM verdict_signal WHERE verdict_id=?1 ORDER BY place",
    [R_COUNT_SCHEME] = "SELECT scheme, verdict, count(*) FROM verdict WHERE is_current=1 AND"
                       " (?1='' OR scheme=?1) GROUP BY 1,2 ORDER BY 1,2",
    [R_COUNT_SIGNAL] =
        "SELECT s.signal, v.verdict, count(DISTINCT v.verdict_id) FROM verdict_signal s JOIN"
        " verdict v ON v.verdict_id=s.verdict_id WHERE v.is_current=1 AND (?1='' OR s.signal=?1)"
        " GROUP BY 1,2 ORDER BY 1,2",
    [R_SCORE_AT] = "SELECT first_seq, n, bytes FROM score WHERE first_seq<=?1"
                   " ORDER BY first_seq DESC LIMIT 1",
    [R_SCORES_FROM] = "SELECT first_seq, n, bytes FROM score WHERE first_seq >= coalesce((SELECT"
                      " max(first_seq) FROM score WHERE first_seq<=?1), ?1) ORDER BY first_seq",
    [R_SCORES_ALL] = "SELECT first_seq, n, bytes FROM score ORDER BY first_seq",
    [R_MODELS] = "SELECT " MODEL_COLUMNS " FROM model ORDER BY seq DESC, model_id",
    [R_MODELS_ALL] = "SELECT " MODEL_COLUMNS " FROM model ORDER BY model_id",
    [R_DOCS_ALL] = "SELECT " TWI_DOC_COLUMNS " FROM doc ORDER BY kind, id",
    [R_DOC_KEYS] =
        "SELECT kind, key FROM doc_key WHERE doc_kind=?1 AND doc_id=?2 ORDER BY kind, key",
    [R_ACTIONS_ALL] = "SELECT " TWI_ACTION_COLUMNS " FROM action ORDER BY seq",
};

const twi_statements twi_ledger_reader_statements = {reader_sql, TW_COUNT(reader_sql)};

static tw_status no_room(const char *what, tw_err *err)
{
    return tw_fail(err, TW_NO_MEMORY, "no room for %s", what);
}

// Grows an array in an arena so that it holds one more than n.
static bool arena_room(tw_arena *arena, void **rows, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return true;
    size_t more = *cap ? *cap * 2 : 32;
    void *larger = tw_arena_array(arena, more, size);
    if (!larger)
        return false;
    if (n > 0 && *rows)
        memcpy(larger, *rows, n * size);
    *rows = larger;
    *cap = more;
    return true;
}

tw_status twi_ledger_position(void *ctx, tw_ledger_position *out, tw_err *err)
{
    twi_sqlite_ledger *self = ctx;
    *out = (tw_ledger_position){0};
    twi_conn *conn;
    TW_TRY(twi_pool_take(&self->readers, &conn, err));
    sqlite3_stmt *stmt;
    tw_status status = twi_conn_stmt(conn, R_POSITION, &stmt, err);
    if (status == TW_OK)
        status = twi_conn_step(conn, stmt, "read the ledger's position", err);
    if (status == TW_OK) {
        out->seq = (uint64_t)sqlite3_column_int64(stmt, 0);
        if (!twi_column_hash(stmt, 1, out->hash))
            status = tw_fail(err, TW_CORRUPT, "the ledger's position has no hash");
        sqlite3_reset(stmt);
    } else if (status == TW_END) {
        status = tw_fail(err, TW_CORRUPT, "the ledger has no position");
    }
    twi_pool_give(&self->readers, conn);
    return status;
}

// ---- Rows ------------------------------------------------------------------------------------

static void verdict_of(sqlite3_stmt *stmt, tw_verdict_row *out)
{
    *out = (tw_verdict_row){
        .verdict_id = twi_column_str(stmt, 0),
        .seq = (uint64_t)sqlite3_column_int64(stmt, 1),
        .alert_id = twi_column_str(stmt, 2),
        .transaction_id = twi_column_str(stmt, 3),
        .verdict = twi_column_str(stmt, 4),
        .reason = twi_column_str(stmt, 5),
        .note = twi_column_str(stmt, 6),
        .decided_by = twi_column_str(stmt, 7),
        .decided_ms = sqlite3_column_int64(stmt, 8),
        .recovered_minor = sqlite3_column_int64(stmt, 9),
        .currency = twi_column_str(stmt, 10),
        .scheme = twi_column_str(stmt, 11),
        .is_current = sqlite3_column_int(stmt, 12) != 0,
    };
}

static bool dup_texts(tw_arena *arena, tw_str *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        texts[i]->at = tw_arena_copy(arena, texts[i]->at, texts[i]->bytes);
        if (!texts[i]->at)
            return false;
    }
    return true;
}

static bool verdict_dup(sqlite3_stmt *stmt, tw_arena *arena, tw_verdict_row *out)
{
    verdict_of(stmt, out);
    tw_str *texts[] = {&out->verdict_id, &out->alert_id, &out->transaction_id,
                       &out->verdict,    &out->reason,   &out->note,
                       &out->decided_by, &out->currency, &out->scheme};
    return dup_texts(arena, texts, TW_COUNT(texts));
}

static void model_of(sqlite3_stmt *stmt, tw_model_row *out)
{
    *out = (tw_model_row){
        .model_id = twi_column_str(stmt, 0),
        .seq = (uint64_t)sqlite3_column_int64(stmt, 1),
        .kind = twi_column_str(stmt, 2),
        .state = twi_column_str(stmt, 3),
        .created_ms = sqlite3_column_int64(stmt, 4),
        .metrics = twi_column_str(stmt, 5),
        .file_hash = twi_column_str(stmt, 6),
    };
}

// ---- Verdicts --------------------------------------------------------------------------------

// Signals of a verdict in the arena.
static tw_status read_signals(twi_conn *conn, tw_arena *arena, tw_verdict_row *row, tw_err *err)
{
    sqlite3_stmt *stmt;
    void *signals = NULL;
    size_t n = 0, cap = 0;
    TW_TRY(twi_conn_stmt(conn, R_SIGNALS, &stmt, err));
    int code = twi_bind_str(stmt, 1, row->verdict_id);
    if (code != SQLITE_OK)
        return twi_conn_fail(conn, code, "bind a verdict", err);
    tw_status status;
    while ((status = twi_conn_step(conn, stmt, "read signals", err)) == TW_OK) {
        if (!arena_room(arena, &signals, n, &cap, sizeof(tw_str)) ||
            !twi_column_dup(stmt, 0, arena, &((tw_str *)signals)[n])) {
            sqlite3_reset(stmt);
            return no_room("signals", err);
        }
        n++;
    }
    row->signals = signals;
    row->signal_n = n;
    return status == TW_END ? TW_OK : status;
}

static tw_status read_verdicts(twi_conn *conn, const tw_verdict_filter *filter, size_t limit,
                               tw_arena *arena, tw_verdict_row *rows, size_t *n, tw_err *err)
{
    sqlite3_stmt *stmt;
    size_t statement = filter->alert_id.bytes > 0         ? R_VERDICTS_OF_ALERT
                       : filter->transaction_id.bytes > 0 ? R_VERDICTS_OF_TRANSACTION
                                                          : R_VERDICTS;
    TW_TRY(twi_conn_stmt(conn, statement, &stmt, err));
    bool from_newest = filter->before_seq == 0 || filter->before_seq > INT64_MAX;
    int code = twi_bind_str(stmt, 1, filter->alert_id);
    code = code ? code : twi_bind_str(stmt, 2, filter->transaction_id);
    code = code
               ? code
               : sqlite3_bind_int64(stmt, 3, from_newest ? INT64_MAX : (int64_t)filter->before_seq);
    code = code ? code : sqlite3_bind_int(stmt, 4, filter->only_current);
    code = code ? code : sqlite3_bind_int64(stmt, 5, (int64_t)limit);
    if (code != SQLITE_OK)
        return twi_conn_fail(conn, code, "bind a filter of verdicts", err);
    tw_status status;
    while ((status = twi_conn_step(conn, stmt, "list verdicts", err)) == TW_OK) {
        if (!verdict_dup(stmt, arena, &rows[*n])) {
            sqlite3_reset(stmt);
            return no_room("the list of verdicts", err);
        }
        *n += 1;
    }
    if (status != TW_END)
        return status;
    for (size_t i = 0; i < *n; i++)
        TW_TRY(read_signals(conn, arena, &rows[i], err));
    return TW_OK;
}

tw_status twi_verdict_list(void *ctx, const tw_verdict_filter *filter, size_t limit,
                           tw_arena *arena, tw_verdict_row **out, size_t *n, tw_err *err)
{
    twi_sqlite_ledger *self = ctx;
    *out = NULL;
    *n = 0;
    TW_TRY(tw_ledger_limit_check(limit, err));
    tw_verdict_row *rows = tw_arena_array(arena, limit, sizeof(*rows));
    if (!rows)
        return no_room("the list of verdicts", err);
    size_t row_n = 0;
    twi_conn *conn;
    TW_TRY(twi_pool_take(&self->readers, &conn, err));
    tw_status status = twi_conn_exec(conn, "BEGIN", err); // verdicts and signals of one moment
    if (status == TW_OK)
        status =
            twi_conn_end(conn, read_verdicts(conn, filter, limit, arena, rows, &row_n, err), err);
    twi_pool_give(&self->readers, conn);
    if (status != TW_OK)
        return status;
    *out = rows;
    *n = row_n;
    return TW_OK;
}

static tw_status read_verdict_counts(twi_conn *conn, tw_verdict_group group, tw_str key,
                                     tw_arena *arena, tw_verdict_count **rows, size_t *n,
                                     tw_err *err)
{
    sqlite3_stmt *stmt;
    void *items = NULL;
    size_t cap = 0;
    TW_TRY(twi_conn_stmt(conn, group == TW_VERDICT_GROUP_SCHEME ? R_COUNT_SCHEME : R_COUNT_SIGNAL,
                         &stmt, err));
    int code = twi_bind_str(stmt, 1, key);
    if (code != SQLITE_OK)
        return twi_conn_fail(conn, code, "bind a key", err);
    tw_status status;
    while ((status = twi_conn_step(conn, stmt, "count verdicts", err)) == TW_OK) {
        if (!arena_room(arena, &items, *n, &cap, sizeof(**rows)))
            break;
        tw_verdict_count *row = &((tw_verdict_count *)items)[*n];
        row->n = (uint64_t)sqlite3_column_int64(stmt, 2);
        if (!twi_column_dup(stmt, 0, arena, &row->key) ||
            !twi_column_dup(stmt, 1, arena, &row->verdict))
            break;
        *n += 1;
    }
    if (status == TW_OK) {
        sqlite3_reset(stmt);
        return no_room("the counts of verdicts", err);
    }
    *rows = items;
    return status == TW_END ? TW_OK : status;
}

tw_status twi_verdict_counts(void *ctx, tw_verdict_group group, tw_str key, tw_arena *arena,
                             tw_verdict_count **out, size_t *n, tw_err *err)
{
    twi_sqlite_ledger *self = ctx;
    *out = NULL;
    *n = 0;
    tw_verdict_count *rows = NULL;
    size_t row_n = 0;
    twi_conn *conn;
    TW_TRY(twi_pool_take(&self->readers, &conn, err));
    tw_status status = read_verdict_counts(conn, group, key, arena, &rows, &row_n, err);
    twi_pool_give(&self->readers, conn);
    if (status != TW_OK)
        return status;
    *out = rows;
    *n = row_n;
    return TW_OK;
}

// ---- Scores and models -----------------------------------------------------------------------

static bool range_dup(sqlite3_stmt *stmt, tw_arena *arena, tw_score_range *out)
{
    out->first_seq = (uint64_t)sqlite3_column_int64(stmt, 0);
    out->n = (uint32_t)sqlite3_column_int64(stmt, 1);
    return twi_column_dup(stmt, 2, arena, &out->bytes);
}

tw_status twi_score_get(void *ctx, uint64_t seq, tw_arena *arena, tw_score_range *out, tw_err *err)
{
    twi_sqlite_ledger *self = ctx;
    *out = (tw_score_range){0};
    twi_conn *conn;
    TW_TRY(twi_pool_take(&self->readers, &conn, err));
    sqlite3_stmt *stmt;
    tw_status status = twi_conn_stmt(conn, R_SCORE_AT, &stmt, err);
    if (status == TW_OK) {
        sqlite3_bind_int64(stmt, 1, (int64_t)TW_MIN(seq, (uint64_t)INT64_MAX));
        status = twi_conn_step(conn, stmt, "read scores", err);
    }
    if (status == TW_OK) {
        uint64_t first_seq = (uint64_t)sqlite3_column_int64(stmt, 0);
        if (seq - first_seq >= (uint64_t)sqlite3_column_int64(stmt, 1))
            status = TW_END;
        else if (!range_dup(stmt, arena, out))
            status = no_room("a range of scores", err);
        sqlite3_reset(stmt);
    }
    twi_pool_give(&self->readers, conn);
    if (status != TW_OK)
        *out = (tw_score_range){0};
    if (status == TW_END)
        return tw_fail(err, TW_NOT_FOUND, "there are no scores at %llu", (unsigned long long)seq);
    return status;
}

// Copies out up to RANGES_PER_STEP ranges that end at or after seq and start at or before to_seq.
static tw_status read_ranges(twi_conn *conn, uint64_t seq, uint64_t to_seq, tw_arena *arena,
                             tw_score_range *ranges, size_t *n, tw_err *err)
{
    sqlite3_stmt *stmt;
    *n = 0;
    TW_TRY(twi_conn_stmt(conn, R_SCORES_FROM, &stmt, err));
    sqlite3_bind_int64(stmt, 1, (int64_t)TW_MIN(seq, (uint64_t)INT64_MAX));
    size_t bytes = 0;
    tw_status status = TW_OK;
    while (*n < RANGES_PER_STEP && bytes < RANGES_STEP_BYTES) {
        status = twi_conn_step(conn, stmt, "read scores", err);
        if (status != TW_OK)
            break;
        tw_score_range range;
        uint64_t first_seq = (uint64_t)sqlite3_column_int64(stmt, 0);
        if (first_seq + (uint64_t)sqlite3_column_int64(stmt, 1) <= seq)
            continue;
        if (to_seq != 0 && first_seq > to_seq)
            break;
        if (!range_dup(stmt, arena, &range)) {
            status = no_room("ranges of scores", err);
            break;
        }
        bytes += range.bytes.bytes;
        ranges[(*n)++] = range;
    }
    sqlite3_reset(stmt);
    return status == TW_END ? TW_OK : status;
}

static tw_status visit_ranges(twi_sqlite_ledger *self, uint64_t from_seq, uint64_t to_seq,
                              tw_arena *arena, tw_score_visit visit, void *visit_ctx, tw_err *err)
{
    uint64_t seq = TW_MAX(from_seq, 1);
    for (;;) {
        tw_score_range ranges[RANGES_PER_STEP];
        size_t n;
        tw_arena_reset(arena);
        twi_conn *conn;
        TW_TRY(twi_pool_take(&self->readers, &conn, err));
        tw_status status = read_ranges(conn, seq, to_seq, arena, ranges, &n, err);
        twi_pool_give(&self->readers, conn);
        TW_TRY(status);
        if (n == 0)
            return TW_OK;
        for (size_t i = 0; i < n; i++) {
            status = visit(visit_ctx, &ranges[i], err);
            if (status != TW_OK)
                return status == TW_END ? TW_OK : status;
        }
        seq = ranges[n - 1].first_seq + ranges[n - 1].n;
    }
}

tw_status twi_score_read(void *ctx, uint64_t from_seq, uint64_t to_seq, tw_score_visit visit,
                         void *visit_ctx, tw_err *err)
{
    twi_sqlite_ledger *self = ctx;
    tw_arena arena;
    tw_arena_init(&arena, self->alloc, 0, RANGES_STEP_BYTES + 2 * (size_t)TW_BLOCK_MAX_BYTES);
    tw_status status = visit_ranges(self, from_seq, to_seq, &arena, visit, visit_ctx, err);
    tw_arena_release(&arena);
    return status;
}

static tw_status read_models(twi_conn *conn, tw_arena *arena, void **rows, size_t *n, tw_err *err)
{
    sqlite3_stmt *stmt;
    size_t cap = 0;
    TW_TRY(twi_conn_stmt(conn, R_MODELS, &stmt, err));
    tw_status status;
    while ((status = twi_conn_step(conn, stmt, "list models", err)) == TW_OK) {
        if (!arena_room(arena, rows, *n, &cap, sizeof(tw_model_row)))
            break;
        tw_model_row *row = &((tw_model_row *)*rows)[*n];
        model_of(stmt, row);
        tw_str *texts[] = {&row->model_id, &row->kind, &row->state, &row->metrics, &row->file_hash};
        if (!dup_texts(arena, texts, TW_COUNT(texts)))
            break;
        *n += 1;
    }
    if (status == TW_OK) {
        sqlite3_reset(stmt);
        return no_room("the list of models", err);
    }
    return status == TW_END ? TW_OK : status;
}

tw_status twi_model_list(void *ctx, tw_arena *arena, tw_model_row **out, size_t *n, tw_err *err)
{
    twi_sqlite_ledger *self = ctx;
    *out = NULL;
    *n = 0;
    void *rows = NULL;
    size_t row_n = 0;
    twi_conn *conn;
    TW_TRY(twi_pool_take(&self->readers, &conn, err));
    tw_status status = read_models(conn, arena, &rows, &row_n, err);
    twi_pool_give(&self->readers, conn);
    if (status != TW_OK)
        return status;
    *out = rows;
    *n = row_n;
    return TW_OK;
}

// ---- Hashes ----------------------------------------------------------------------------------

// Keys in the arena, by a statement whose first parameters are `ids`.
static tw_status read_keys(twi_conn *conn, size_t statement, const tw_str *ids, size_t id_n,
                           tw_arena *arena, tw_alert_key **keys, size_t *n, tw_err *err)
{
    void *rows = NULL;
    size_t cap = 0;
    sqlite3_stmt *stmt;
    *n = 0;
    TW_TRY(twi_conn_stmt(conn, statement, &stmt, err));
    for (size_t i = 0; i < id_n; i++) {
        int code = twi_bind_str(stmt, (int)i + 1, ids[i]);
        if (code != SQLITE_OK)
            return twi_conn_fail(conn, code, "bind an id", err);
    }
    tw_status status;
    while ((status = twi_conn_step(conn, stmt, "read keys", err)) == TW_OK) {
        bool has_room = arena_room(arena, &rows, *n, &cap, sizeof(tw_alert_key));
        tw_alert_key *key = has_room ? &((tw_alert_key *)rows)[*n] : NULL;
        if (!has_room || !twi_column_dup(stmt, 1, arena, &key->key)) {
            sqlite3_reset(stmt);
            return no_room("keys", err);
        }
        tw_str kind = twi_column_str(stmt, 0);
        key->kind = kind.bytes > 0 ? kind.at[0] : '\0';
        *n += 1;
    }
    *keys = rows;
    return status == TW_END ? TW_OK : status;
}

static tw_status hash_alert(twi_conn *conn, sqlite3_stmt *stmt, tw_arena *arena,
                            tw_content *content, tw_err *err)
{
    tw_alert_row row;
    tw_alert_key *keys = NULL;
    twi_sqlite_alert(stmt, &row);
    TW_TRY(read_keys(conn, R_ALERT_KEYS, &row.alert_id, 1, arena, &keys, &row.key_n, err));
    row.keys = keys;
    tw_content_alert(content, &row);
    return TW_OK;
}

static tw_status hash_doc(twi_conn *conn, sqlite3_stmt *stmt, tw_arena *arena, tw_content *content,
                          tw_err *err)
{
    tw_doc_row row;
    tw_alert_key *keys = NULL;
    twi_doc_of(stmt, &row);
    const tw_str ids[] = {row.kind, row.id};
    TW_TRY(read_keys(conn, R_DOC_KEYS, ids, TW_COUNT(ids), arena, &keys, &row.key_n, err));
    row.keys = keys;
    tw_content_doc(content, &row);
    return TW_OK;
}

static tw_status hash_verdict(twi_conn *conn, sqlite3_stmt *stmt, tw_arena *arena,
                              tw_content *content, tw_err *err)
{
    tw_verdict_row row;
    verdict_of(stmt, &row);
    TW_TRY(read_signals(conn, arena, &row, err));
    tw_content_verdict(content, &row);
    return TW_OK;
}

static tw_status hash_row(twi_conn *conn, sqlite3_stmt *stmt, tw_ledger_part part, tw_arena *arena,
                          tw_content *content, tw_err *err)
{
    tw_str bytes;
    tw_model_row model;
    tw_action_row action;
    switch (part) {
    case TW_LEDGER_ALERTS:
        return hash_alert(conn, stmt, arena, content, err);
    case TW_LEDGER_VERDICTS:
        return hash_verdict(conn, stmt, arena, content, err);
    case TW_LEDGER_SCORES:
        bytes = twi_column_blob(stmt, 2);
        tw_content_put(content, bytes.at, bytes.bytes);
        break;
    case TW_LEDGER_MODELS:
        model_of(stmt, &model);
        tw_content_model(content, &model);
        break;
    case TW_LEDGER_DOCS:
        return hash_doc(conn, stmt, arena, content, err);
    case TW_LEDGER_ACTIONS:
        twi_action_of(stmt, &action);
        tw_content_action(content, &action);
        break;
    case TW_LEDGER_PART_N:
        break;
    }
    return TW_OK;
}

static tw_status hash_rows(twi_conn *conn, tw_ledger_part part, tw_arena *arena,
                           tw_content *content, tw_err *err)
{
    static const size_t statements[TW_LEDGER_PART_N] = {
        [TW_LEDGER_ALERTS] = R_ALERTS_ALL, [TW_LEDGER_VERDICTS] = R_VERDICTS_ALL,
        [TW_LEDGER_SCORES] = R_SCORES_ALL, [TW_LEDGER_MODELS] = R_MODELS_ALL,
        [TW_LEDGER_DOCS] = R_DOCS_ALL,     [TW_LEDGER_ACTIONS] = R_ACTIONS_ALL};
    sqlite3_stmt *stmt;
    TW_TRY(twi_conn_stmt(conn, statements[part], &stmt, err));
    tw_status status;
    while ((status = twi_conn_step(conn, stmt, "hash the ledger", err)) == TW_OK) {
        tw_arena_reset(arena);
        status = hash_row(conn, stmt, part, arena, content, err);
        if (status != TW_OK) {
            sqlite3_reset(stmt);
            return status;
        }
    }
    return status == TW_END ? TW_OK : status;
}

tw_status twi_ledger_hash(void *ctx, tw_ledger_part part, uint8_t out[TW_SHA256_BYTES], tw_err *err)
{
    twi_sqlite_ledger *self = ctx;
    memset(out, 0, TW_SHA256_BYTES);
    TW_CHECK(part < TW_LEDGER_PART_N);
    tw_content *content = tw_new(self->alloc, tw_content);
    if (!content)
        return no_room("a hash", err);
    tw_arena arena;
    tw_arena_init(&arena, self->alloc, 0, TW_BLOCK_MAX_BYTES);
    tw_content_init(content);
    twi_conn *conn = NULL;
    tw_status status = twi_pool_take(&self->readers, &conn, err);
    if (status == TW_OK) {
        status = twi_conn_exec(conn, "BEGIN", err); // rows and their lists of one moment
        if (status == TW_OK)
            status = twi_conn_end(conn, hash_rows(conn, part, &arena, content, err), err);
        twi_pool_give(&self->readers, conn);
    }
    if (status == TW_OK)
        tw_content_end(content, out);
    tw_arena_release(&arena);
    tw_delete(self->alloc, content);
    return status;
}
