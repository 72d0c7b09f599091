// SPDX-License-Identifier: Apache-2.0
//
// Writes of the SQLite ledger. apply is one transaction: rows by their keys, the counters of alerts
// by the difference to the row before, the position last.
#include <string.h>

#include "port/ledger_rows.h"
#include "sqlite_ledger.h"

enum {
    W_BEGIN,
    W_POSITION_GET,
    W_POSITION,
    W_ALERT_OLD,
    W_ALERT,
    W_COUNT,
    W_COUNT_SWEEP,
    W_KEY,
    W_OWN_KEYS_DROP,
    W_VERDICT_OLD,
    W_VERDICT,
    W_VERDICT_CURRENT,
    W_SIGNALS_DROP,
    W_SIGNAL,
    W_SCORE,
    W_MODEL,
    W_DOC,
    W_DOC_KEYS_DROP,
    W_DOC_KEY,
    W_ACTION,
};

static const char *const writer_sql[] = {
    [W_BEGIN] = "BEGIN IMMEDIATE",
    [W_POSITION_GET] = "SELECT seq FROM position",
    [W_POSITION] = "UPDATE position SET seq=?1, hash=?2",
    [W_ALERT_OLD] = "SELECT " TWI_ALERT_COLUMNS " FROM alert WHERE alert_id=?1",
    [W_ALERT] =
        "INSERT INTO alert(" TWI_ALERT_COLUMNS ") VALUES"
        "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,"
        "?25,?26,?27)"
        " ON CONFLICT(alert_id) DO UPDATE SET created_ms=?2,updated_ms=?3,status=?4,type=?5,"
        "scheme=?6,entity_kind=?7,entity_id=?8,store_id=?9,employee_id=?10,register_id=?11,"
        "currency=?12,risk_score=?13,rank=?14,exposure_minor=?15,transaction_n=?16,first_seq=?17,"
        "last_seq=?18,body=?19,assignee=?20,case_id=?21,verdict=?22,snoozed_until_ms=?23,"
        "first_viewed_ms=?24,decided_ms=?25,recovered_minor=?26,work_seq=?27",
    [W_COUNT] = "INSERT INTO alert_count VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT DO UPDATE SET"
                " n=n+?6, exposure_minor=exposure_minor+?7",
    [W_COUNT_SWEEP] = "DELETE FROM alert_count WHERE store_id=?1 AND type=?2 AND scheme=?3 AND"
                      " status=?4 AND currency=?5 AND n=0",
    [W_KEY] = "INSERT OR IGNORE INTO alert_key VALUES(?1,?2,?3)",
    [W_OWN_KEYS_DROP] = "DELETE FROM alert_key WHERE alert_id=?1 AND kind<'a'",
    [W_VERDICT_OLD] = "SELECT subject FROM verdict WHERE verdict_id=?1",
    [W_VERDICT] =
        "INSERT INTO verdict VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,0)"
        " ON CONFLICT(verdict_id) DO UPDATE SET seq=?2,alert_id=?3,transaction_id=?4,subject=?5,"
        "verdict=?6,reason=?7,note=?8,decided_by=?9,decided_ms=?10,recovered_minor=?11,"
        "currency=?12,scheme=?13",
    [W_VERDICT_CURRENT] =
        "UPDATE verdict SET is_current=(verdict_id=(SELECT verdict_id FROM verdict WHERE"
        " subject=?1 ORDER BY seq DESC, verdict_id DESC LIMIT 1)) WHERE subject=?1",
    [W_SIGNALS_DROP] = "DELETE FROM verdict_signal WHERE verdict_id=?1",
    [W_SIGNAL] = "INSERT INTO verdict_signal VALUES(?1,?2,?3)",
    [W_SCORE] = "INSERT OR REPLACE INTO score VALUES(?1,?2,?3)",
    [W_MODEL] = "INSERT INTO model VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT(model_id) DO UPDATE SET"
                " seq=?2,kind=?3,state=?4,created_ms=?5,metrics=?6,file_hash=?7",
    [W_DOC] = "INSERT INTO doc(" TWI_DOC_COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8)"
              " ON CONFLICT(kind,id) DO UPDATE SET seq=?3,order_ms=?4,state=?5,owner=?6,"
              "store_id=?7,body=?8",
    [W_DOC_KEYS_DROP] = "DELETE FROM doc_key WHERE doc_kind=?1 AND doc_id=?2",
    [W_DOC_KEY] = "INSERT OR IGNORE INTO doc_key(doc_kind,doc_id,kind,key) VALUES(?1,?2,?3,?4)",
    [W_ACTION] = "INSERT OR REPLACE INTO action(" TWI_ACTION_COLUMNS ")"
                 " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
};

const twi_statements twi_ledger_writer_statements = {writer_sql, TW_COUNT(writer_sql)};

// A statement whose texts and numbers are bound by place; the first failure is kept and reported by
// run. The texts must stay until then.
typedef struct binder {
    twi_conn *conn;
    sqlite3_stmt *stmt;
    int idx;
    int code;
    tw_status status; // of preparing
} binder;

static binder bind_to(twi_conn *conn, size_t statement, tw_err *err)
{
    binder b = {.conn = conn};
    b.status = twi_conn_stmt(conn, statement, &b.stmt, err);
    return b;
}

static void bind_str(binder *b, tw_str s)
{
    if (b->status == TW_OK && b->code == SQLITE_OK)
        b->code = twi_bind_str(b->stmt, ++b->idx, s);
}

static void bind_i64(binder *b, int64_t v)
{
    if (b->status == TW_OK && b->code == SQLITE_OK)
        b->code = sqlite3_bind_int64(b->stmt, ++b->idx, v);
}

static void bind_real(binder *b, double v)
{
    if (b->status == TW_OK && b->code == SQLITE_OK)
        b->code = sqlite3_bind_double(b->stmt, ++b->idx, v);
}

static void bind_bytes(binder *b, const void *data, size_t bytes)
{
    if (b->status == TW_OK && b->code == SQLITE_OK)
        b->code = twi_bind_blob(b->stmt, ++b->idx, data, bytes);
}

static tw_status bind_end(binder *b, tw_err *err)
{
    TW_TRY(b->status);
    return b->code == SQLITE_OK ? TW_OK : twi_conn_fail(b->conn, b->code, "bind a ledger row", err);
}

static tw_status run(binder *b, tw_err *err)
{
    TW_TRY(bind_end(b, err));
    return twi_conn_run(b->conn, b->stmt, "write to the ledger", err);
}

static tw_status run_plain(twi_conn *conn, size_t statement, tw_err *err)
{
    binder b = bind_to(conn, statement, err);
    return run(&b, err);
}

// ---- Alerts ----------------------------------------------------------------------------------

static tw_status count_alert(twi_conn *conn, const tw_alert_row *row, int sign, tw_err *err)
{
    binder b = bind_to(conn, W_COUNT, err);
    bind_str(&b, row->store_id);
    bind_str(&b, row->type);
    bind_str(&b, row->scheme);
    bind_str(&b, row->status);
    bind_str(&b, row->currency);
    bind_i64(&b, sign);
    bind_i64(&b, sign * row->exposure_minor);
    TW_TRY(run(&b, err));
    if (sign > 0)
        return TW_OK;
    b = bind_to(conn, W_COUNT_SWEEP, err);
    bind_str(&b, row->store_id);
    bind_str(&b, row->type);
    bind_str(&b, row->scheme);
    bind_str(&b, row->status);
    bind_str(&b, row->currency);
    return run(&b, err);
}

static tw_status put_key(twi_conn *conn, tw_str alert_id, char kind, tw_str key, tw_err *err)
{
    binder b = bind_to(conn, W_KEY, err);
    bind_str(&b, key);
    bind_str(&b, (tw_str){&kind, 1});
    bind_str(&b, alert_id);
    return run(&b, err);
}

static tw_status put_own_keys(twi_conn *conn, const tw_alert_row *row, tw_err *err)
{
    const struct {
        char kind;
        tw_str key;
    } own[] = {{'A', row->alert_id},
               {'E', row->entity_id},
               {'S', row->store_id},
               {'M', row->employee_id},
               {'R', row->register_id}};
    for (size_t i = 0; i < TW_COUNT(own); i++)
        if (own[i].key.bytes > 0)
            TW_TRY(put_key(conn, row->alert_id, own[i].kind, own[i].key, err));
    return TW_OK;
}

static bool same_own_keys(const tw_alert_row *a, const tw_alert_row *b)
{
    return tw_str_equal(a->entity_id, b->entity_id) && tw_str_equal(a->store_id, b->store_id) &&
           tw_str_equal(a->employee_id, b->employee_id) &&
           tw_str_equal(a->register_id, b->register_id);
}

// Takes the row before out of the counters. *has_same_keys: there was one with the same own keys.
static tw_status forget_alert(twi_conn *conn, const tw_alert_row *row, bool *has_same_keys,
                              tw_err *err)
{
    *has_same_keys = false;
    binder b = bind_to(conn, W_ALERT_OLD, err);
    bind_str(&b, row->alert_id);
    TW_TRY(bind_end(&b, err));
    tw_status status = twi_conn_step(conn, b.stmt, "read an alert", err);
    if (status != TW_OK)
        return status == TW_END ? TW_OK : status;
    tw_alert_row old;
    twi_sqlite_alert(b.stmt, &old);
    *has_same_keys = same_own_keys(&old, row);
    status = count_alert(conn, &old, -1, err);
    sqlite3_reset(b.stmt);
    TW_TRY(status);
    if (*has_same_keys)
        return TW_OK;
    b = bind_to(conn, W_OWN_KEYS_DROP, err);
    bind_str(&b, row->alert_id);
    return run(&b, err);
}

static void bind_work(binder *b, const tw_alert_row *row)
{
    bind_str(b, row->assignee);
    bind_str(b, row->case_id);
    bind_str(b, row->verdict);
    bind_i64(b, row->snoozed_until_ms);
    bind_i64(b, row->first_viewed_ms);
    bind_i64(b, row->decided_ms);
    bind_i64(b, row->recovered_minor);
    bind_i64(b, (int64_t)row->work_seq);
}

static tw_status put_alert(twi_conn *conn, const tw_alert_row *row, tw_err *err)
{
    bool has_same_keys;
    TW_TRY(forget_alert(conn, row, &has_same_keys, err));
    binder b = bind_to(conn, W_ALERT, err);
    bind_str(&b, row->alert_id);
    bind_i64(&b, row->created_ms);
    bind_i64(&b, row->updated_ms);
    const tw_str texts[] = {row->status,      row->type,        row->scheme,
                            row->entity_kind, row->entity_id,   row->store_id,
                            row->employee_id, row->register_id, row->currency};
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        bind_str(&b, texts[i]);
    bind_real(&b, row->risk_score);
    bind_real(&b, row->rank);
    bind_i64(&b, row->exposure_minor);
    bind_i64(&b, (int64_t)row->transaction_n);
    bind_i64(&b, (int64_t)row->first_seq);
    bind_i64(&b, (int64_t)row->last_seq);
    bind_str(&b, row->body);
    bind_work(&b, row);
    TW_TRY(run(&b, err));
    TW_TRY(count_alert(conn, row, 1, err));
    if (!has_same_keys)
        TW_TRY(put_own_keys(conn, row, err));
    for (size_t i = 0; i < row->key_n; i++)
        TW_TRY(put_key(conn, row->alert_id, row->keys[i].kind, row->keys[i].key, err));
    return TW_OK;
}

// ---- Verdicts, scores, models ----------------------------------------------------------------

static tw_status mark_current(twi_conn *conn, tw_str subject, tw_err *err)
{
    binder b = bind_to(conn, W_VERDICT_CURRENT, err);
    bind_str(&b, subject);
    return run(&b, err);
}

// Room for a letter, a colon and the id.
typedef struct subject_text {
    char text[TW_ID_MAX_BYTES + 4];
    size_t bytes;
} subject_text;

static void subject_of(const tw_verdict_row *row, subject_text *out)
{
    tw_str id = row->alert_id.bytes > 0 ? row->alert_id : row->transaction_id;
    TW_CHECK(id.bytes <= TW_ID_MAX_BYTES); // by tw_ledger_batch_check
    memcpy(out->text, row->alert_id.bytes > 0 ? "a:" : "t:", 2);
    memcpy(out->text + 2, id.at, id.bytes);
    out->bytes = id.bytes + 2;
}

static tw_status put_signals(twi_conn *conn, const tw_verdict_row *row, tw_err *err)
{
    binder b = bind_to(conn, W_SIGNALS_DROP, err);
    bind_str(&b, row->verdict_id);
    TW_TRY(run(&b, err));
    for (size_t i = 0; i < row->signal_n; i++) {
        b = bind_to(conn, W_SIGNAL, err);
        bind_str(&b, row->verdict_id);
        bind_i64(&b, (int64_t)i);
        bind_str(&b, row->signals[i]);
        TW_TRY(run(&b, err));
    }
    return TW_OK;
}

// The subject of the verdict with this id before, or empty.
static tw_status old_subject(twi_conn *conn, tw_str verdict_id, subject_text *out, tw_err *err)
{
    out->bytes = 0;
    binder b = bind_to(conn, W_VERDICT_OLD, err);
    bind_str(&b, verdict_id);
    TW_TRY(bind_end(&b, err));
    tw_status status = twi_conn_step(conn, b.stmt, "read a verdict", err);
    if (status != TW_OK)
        return status == TW_END ? TW_OK : status;
    tw_str subject = twi_column_str(b.stmt, 0);
    out->bytes = TW_MIN(subject.bytes, sizeof(out->text));
    if (out->bytes > 0)
        memcpy(out->text, subject.at, out->bytes);
    sqlite3_reset(b.stmt);
    return TW_OK;
}

static tw_status put_verdict(twi_conn *conn, const tw_verdict_row *row, tw_err *err)
{
    subject_text subject, old;
    subject_of(row, &subject);
    TW_TRY(old_subject(conn, row->verdict_id, &old, err));
    tw_str subject_str = {subject.text, subject.bytes}, old_str = {old.text, old.bytes};
    binder b = bind_to(conn, W_VERDICT, err);
    bind_str(&b, row->verdict_id);
    bind_i64(&b, (int64_t)row->seq);
    bind_str(&b, row->alert_id);
    bind_str(&b, row->transaction_id);
    bind_str(&b, subject_str);
    bind_str(&b, row->verdict);
    bind_str(&b, row->reason);
    bind_str(&b, row->note);
    bind_str(&b, row->decided_by);
    bind_i64(&b, row->decided_ms);
    bind_i64(&b, row->recovered_minor);
    bind_str(&b, row->currency);
    bind_str(&b, row->scheme);
    TW_TRY(run(&b, err));
    TW_TRY(put_signals(conn, row, err));
    TW_TRY(mark_current(conn, subject_str, err));
    if (old.bytes > 0 && !tw_str_equal(old_str, subject_str))
        TW_TRY(mark_current(conn, old_str, err));
    return TW_OK;
}

static tw_status put_scores(twi_conn *conn, const tw_score_range *range, tw_err *err)
{
    binder b = bind_to(conn, W_SCORE, err);
    bind_i64(&b, (int64_t)range->first_seq);
    bind_i64(&b, range->n);
    bind_bytes(&b, range->bytes.at, range->bytes.bytes);
    return run(&b, err);
}

static tw_status put_model(twi_conn *conn, const tw_model_row *row, tw_err *err)
{
    binder b = bind_to(conn, W_MODEL, err);
    bind_str(&b, row->model_id);
    bind_i64(&b, (int64_t)row->seq);
    bind_str(&b, row->kind);
    bind_str(&b, row->state);
    bind_i64(&b, row->created_ms);
    bind_str(&b, row->metrics);
    bind_str(&b, row->file_hash);
    return run(&b, err);
}

// ---- Documents and actions -------------------------------------------------------------------

static tw_status put_doc(twi_conn *conn, const tw_doc_row *row, tw_err *err)
{
    binder b = bind_to(conn, W_DOC, err);
    bind_str(&b, row->kind);
    bind_str(&b, row->id);
    bind_i64(&b, (int64_t)row->seq);
    bind_i64(&b, row->order_ms);
    bind_str(&b, row->state);
    bind_str(&b, row->owner);
    bind_str(&b, row->store_id);
    bind_str(&b, row->body);
    TW_TRY(run(&b, err));
    b = bind_to(conn, W_DOC_KEYS_DROP, err);
    bind_str(&b, row->kind);
    bind_str(&b, row->id);
    TW_TRY(run(&b, err));
    for (size_t i = 0; i < row->key_n; i++) {
        b = bind_to(conn, W_DOC_KEY, err);
        bind_str(&b, row->kind);
        bind_str(&b, row->id);
        bind_str(&b, (tw_str){&row->keys[i].kind, 1});
        bind_str(&b, row->keys[i].key);
        TW_TRY(run(&b, err));
    }
    return TW_OK;
}

static tw_status put_action(twi_conn *conn, const tw_action_row *row, tw_err *err)
{
    binder b = bind_to(conn, W_ACTION, err);
    bind_i64(&b, (int64_t)row->seq);
    bind_i64(&b, row->at_ms);
    bind_str(&b, row->kind);
    bind_str(&b, row->subject);
    bind_str(&b, row->actor);
    bind_str(&b, row->about);
    bind_str(&b, row->store_id);
    bind_str(&b, row->body);
    return run(&b, err);
}

static tw_status put_position(twi_conn *conn, const tw_ledger_position *position, tw_err *err)
{
    binder b = bind_to(conn, W_POSITION, err);
    bind_i64(&b, (int64_t)position->seq);
    bind_bytes(&b, position->hash, sizeof(position->hash));
    return run(&b, err);
}

static tw_status check_batch(twi_conn *conn, const tw_ledger_batch *batch, tw_err *err)
{
    binder b = bind_to(conn, W_POSITION_GET, err);
    TW_TRY(bind_end(&b, err));
    tw_status status = twi_conn_step(conn, b.stmt, "read the ledger's position", err);
    if (status == TW_END)
        return tw_fail(err, TW_CORRUPT, "the ledger has no position");
    TW_TRY(status);
    uint64_t seq = (uint64_t)sqlite3_column_int64(b.stmt, 0);
    sqlite3_reset(b.stmt);
    return tw_ledger_batch_check(batch, seq, err);
}

static tw_status put_batch(twi_conn *conn, const tw_ledger_batch *batch, tw_err *err)
{
    TW_TRY(check_batch(conn, batch, err));
    for (size_t i = 0; i < batch->alert_n; i++)
        TW_TRY(put_alert(conn, &batch->alerts[i], err));
    for (size_t i = 0; i < batch->verdict_n; i++)
        TW_TRY(put_verdict(conn, &batch->verdicts[i], err));
    for (size_t i = 0; i < batch->score_n; i++)
        TW_TRY(put_scores(conn, &batch->scores[i], err));
    for (size_t i = 0; i < batch->model_n; i++)
        TW_TRY(put_model(conn, &batch->models[i], err));
    for (size_t i = 0; i < batch->doc_n; i++)
        TW_TRY(put_doc(conn, &batch->docs[i], err));
    for (size_t i = 0; i < batch->action_n; i++)
        TW_TRY(put_action(conn, &batch->actions[i], err));
    return put_position(conn, &batch->applied, err);
}

tw_status twi_ledger_apply(void *ctx, const tw_ledger_batch *batch, tw_err *err)
{
    twi_sqlite_ledger *self = ctx;
    pthread_mutex_lock(&self->writer_lock);
    tw_status status = run_plain(&self->writer, W_BEGIN, err);
    if (status == TW_OK)
        status = twi_conn_end(&self->writer, put_batch(&self->writer, batch, err), err);
    pthread_mutex_unlock(&self->writer_lock);
    return status;
}

tw_status twi_ledger_wipe(void *ctx, tw_err *err)
{
    twi_sqlite_ledger *self = ctx;
    pthread_mutex_lock(&self->writer_lock);
    tw_status status = run_plain(&self->writer, W_BEGIN, err);
    if (status == TW_OK) {
        status = twi_conn_exec(&self->writer,
                               "DELETE FROM alert; DELETE FROM alert_key; DELETE FROM alert_count;"
                               "DELETE FROM verdict; DELETE FROM verdict_signal;"
                               "DELETE FROM score; DELETE FROM model; DELETE FROM doc;"
                               "DELETE FROM doc_key; DELETE FROM action",
                               err);
        if (status == TW_OK)
            status = put_position(&self->writer, &(tw_ledger_position){0}, err);
        status = twi_conn_end(&self->writer, status, err);
    }
    pthread_mutex_unlock(&self->writer_lock);
    return status;
}
