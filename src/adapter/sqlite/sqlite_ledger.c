// SPDX-License-Identifier: Apache-2.0
//
// Ledger in one SQLite file: schema, opening, and the table of functions.
//
// Writing: one connection under `writer_lock`. The projection is written with synchronous=NORMAL: a
// commit does not wait for the device, because the journal can produce it again; the order on the
// device still makes every crash leave some earlier, whole position. The
// write-ahead log is copied back by the thread that applies, at SQLite's default size: nobody waits
// for it there. Reading: connections from the pool.
//
// Tables:
//  - alert: the rows of people's queue. Each order of the list has an index that also holds the
//    columns of the common filters, so that a page is found by walking the index alone.
//    What only some alerts have (an assignee, a case, a verdict) has an index of those alone.
//  - alert_key: ids by which search finds an alert. Kinds in lower case are the caller's; A, E, S,
//    M and R are the alert's own ids (alert, entity, store, employee, register).
//  - alert_count: number and exposure by store, type, scheme, status and currency, kept by apply,
//    so that totals and facets of the queue need no walk over the alerts.
//  - verdict, verdict_signal, score, model: as the port says. subject is what a verdict is about.
//  - doc, doc_key, action: as the port says.
//
// A file of an older version is made anew and empty, at position 0, and whoever opened the ledger
// fills it from the journal.
#include "sqlite_ledger.h"

#include <stdio.h>

static const twi_schema schema = {
    .application_id = 0x54774c31, // "TwL1"
    .version = 2,
    .what = "ledger",
    .forget = "DROP TABLE IF EXISTS token; DROP TABLE IF EXISTS session;"
              "DROP TABLE IF EXISTS position; DROP TABLE IF EXISTS alert;"
              "DROP TABLE IF EXISTS alert_key; DROP TABLE IF EXISTS alert_count;"
              "DROP TABLE IF EXISTS verdict; DROP TABLE IF EXISTS verdict_signal;"
              "DROP TABLE IF EXISTS score; DROP TABLE IF EXISTS model",
    .sql = {
        "CREATE TABLE position(id INTEGER PRIMARY KEY CHECK(id=1), seq INTEGER NOT NULL,"
        " hash BLOB NOT NULL) STRICT;"
        "INSERT INTO position VALUES(1,0,zeroblob(32));"

        "CREATE TABLE alert(alert_id TEXT NOT NULL UNIQUE, created_ms INTEGER NOT NULL,"
        " updated_ms INTEGER NOT NULL, status TEXT NOT NULL, type TEXT NOT NULL,"
        " scheme TEXT NOT NULL, entity_kind TEXT NOT NULL, entity_id TEXT NOT NULL,"
        " store_id TEXT NOT NULL, employee_id TEXT NOT NULL, register_id TEXT NOT NULL,"
        " currency TEXT NOT NULL, risk_score REAL NOT NULL, rank REAL NOT NULL,"
        " exposure_minor INTEGER NOT NULL, transaction_n INTEGER NOT NULL,"
        " first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, body TEXT NOT NULL,"
        " assignee TEXT NOT NULL, case_id TEXT NOT NULL, verdict TEXT NOT NULL,"
        " snoozed_until_ms INTEGER NOT NULL, first_viewed_ms INTEGER NOT NULL,"
        " decided_ms INTEGER NOT NULL, recovered_minor INTEGER NOT NULL, work_seq INTEGER NOT NULL)"
        " STRICT;"
        "CREATE INDEX alert_open ON alert(rank DESC, alert_id, status, type, scheme, store_id,"
        " assignee, snoozed_until_ms) WHERE status<>'CLOSED';"
        "CREATE INDEX alert_rank ON alert(rank DESC, alert_id, status, type, scheme, store_id);"
        "CREATE INDEX alert_created ON alert(created_ms DESC, alert_id, status, type, scheme,"
        " store_id);"
        "CREATE INDEX alert_updated ON alert(updated_ms DESC, alert_id, status, type, scheme,"
        " store_id);"
        "CREATE INDEX alert_risk ON alert(risk_score DESC, alert_id, status, type, scheme,"
        " store_id);"
        "CREATE INDEX alert_exposure ON alert(exposure_minor DESC, alert_id, status, type, scheme,"
        " store_id);"
        "CREATE INDEX alert_store ON alert(store_id, status, rank DESC, alert_id);"
        "CREATE INDEX alert_employee ON alert(employee_id, created_ms DESC, alert_id);"
        "CREATE INDEX alert_entity ON alert(entity_id, entity_kind, created_ms DESC, alert_id);"
        "CREATE INDEX alert_assignee ON alert(assignee, rank DESC, alert_id, status)"
        " WHERE assignee<>'';"
        "CREATE INDEX alert_case ON alert(case_id, created_ms DESC, alert_id) WHERE case_id<>'';"
        "CREATE INDEX alert_verdict ON alert(verdict, created_ms DESC, alert_id, store_id, scheme)"
        " WHERE verdict<>'';"
        "CREATE INDEX alert_decided ON alert(decided_ms, verdict, store_id, scheme)"
        " WHERE decided_ms>0;"
        "CREATE TABLE alert_key(key TEXT NOT NULL, kind TEXT NOT NULL, alert_id TEXT NOT NULL,"
        " PRIMARY KEY(key, kind, alert_id)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX alert_key_alert ON alert_key(alert_id, kind, key);"
        "CREATE TABLE alert_count(store_id TEXT NOT NULL, type TEXT NOT NULL, scheme TEXT NOT NULL,"
        " status TEXT NOT NULL, currency TEXT NOT NULL, n INTEGER NOT NULL,"
        " exposure_minor INTEGER NOT NULL, PRIMARY KEY(store_id, type, scheme, status, currency))"
        " STRICT, WITHOUT ROWID;"

        ,
        "CREATE TABLE verdict(verdict_id TEXT NOT NULL UNIQUE, seq INTEGER NOT NULL,"
        " alert_id TEXT NOT NULL, transaction_id TEXT NOT NULL, subject TEXT NOT NULL,"
        " verdict TEXT NOT NULL, reason TEXT NOT NULL, note TEXT NOT NULL,"
        " decided_by TEXT NOT NULL, decided_ms INTEGER NOT NULL, recovered_minor INTEGER NOT NULL,"
        " currency TEXT NOT NULL, scheme TEXT NOT NULL, is_current INTEGER NOT NULL) STRICT;"
        "CREATE INDEX verdict_seq ON verdict(seq DESC, verdict_id);"
        "CREATE INDEX verdict_subject ON verdict(subject, seq DESC, verdict_id DESC);"
        "CREATE INDEX verdict_alert ON verdict(alert_id, seq DESC, verdict_id);"
        "CREATE INDEX verdict_transaction ON verdict(transaction_id, seq DESC, verdict_id);"
        "CREATE INDEX verdict_scheme ON verdict(scheme, verdict, is_current);"
        "CREATE TABLE verdict_signal(verdict_id TEXT NOT NULL, place INTEGER NOT NULL,"
        " signal TEXT NOT NULL, PRIMARY KEY(verdict_id, place)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX verdict_signal_name ON verdict_signal(signal, verdict_id);"

        "CREATE TABLE score(first_seq INTEGER PRIMARY KEY, n INTEGER NOT NULL,"
        " bytes BLOB NOT NULL) STRICT;"
        "CREATE TABLE model(model_id TEXT NOT NULL UNIQUE, seq INTEGER NOT NULL,"
        " kind TEXT NOT NULL, state TEXT NOT NULL, created_ms INTEGER NOT NULL,"
        " metrics TEXT NOT NULL, file_hash TEXT NOT NULL) STRICT;"

        ,
        "CREATE TABLE doc(kind TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL,"
        " order_ms INTEGER NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL,"
        " store_id TEXT NOT NULL, body TEXT NOT NULL, UNIQUE(kind, id)) STRICT;"
        "CREATE INDEX doc_order ON doc(kind, order_ms DESC, id, state, owner, store_id)"
        " WHERE body<>'';"
        "CREATE TABLE doc_key(doc_kind TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL,"
        " doc_id TEXT NOT NULL, PRIMARY KEY(doc_kind, key, kind, doc_id)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX doc_key_doc ON doc_key(doc_kind, doc_id, kind, key);"
        "CREATE TABLE action(seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL,"
        " subject TEXT NOT NULL, actor TEXT NOT NULL, about TEXT NOT NULL, store_id TEXT NOT NULL,"
        " body TEXT NOT NULL) STRICT;"
        "CREATE INDEX action_subject ON action(subject, seq);"
        "CREATE INDEX action_actor ON action(actor, seq);"
        "CREATE INDEX action_about ON action(about, seq) WHERE about<>'';"
        "CREATE INDEX action_kind ON action(kind, seq);"
        "CREATE INDEX action_at ON action(at_ms);"}};

static void ledger_close(void *ctx)
{
    twi_sqlite_ledger *self = ctx;
    twi_pool_release(&self->readers);
    twi_conn_close(&self->writer);
    pthread_mutex_destroy(&self->writer_lock);
    tw_delete(self->alloc, self);
}

static const tw_ledger_ops ops = {
    .version = TW_LEDGER_VERSION,
    .apply = twi_ledger_apply,
    .position = twi_ledger_position,
    .wipe_projection = twi_ledger_wipe,
    .hash = twi_ledger_hash,
    .alert_get = twi_alert_get,
    .alert_list = twi_alert_list,
    .alert_counts = twi_alert_counts,
    .verdict_list = twi_verdict_list,
    .verdict_counts = twi_verdict_counts,
    .score_get = twi_score_get,
    .score_read = twi_score_read,
    .model_list = twi_model_list,
    .doc_get = twi_doc_get,
    .doc_list = twi_doc_list,
    .action_list = twi_action_list,
    .close = ledger_close,
};

static tw_status open_writer(twi_sqlite_ledger *self, const tw_sqlite_options *options, tw_err *err)
{
    char sql[192];
    TW_TRY(twi_conn_open(self->alloc, options, TWI_CONN_WRITER, twi_ledger_writer_statements,
                         &self->writer, err));
    snprintf(sql, sizeof(sql),
             "PRAGMA page_size=%zu; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
             "PRAGMA cache_size=-16384",
             options->page_bytes ? options->page_bytes : (size_t)4096);
    TW_TRY(twi_conn_exec(&self->writer, sql, err));
    return twi_conn_schema(&self->writer, options, &schema, err);
}

tw_status tw_sqlite_ledger_open(const tw_alloc *alloc, const tw_sqlite_options *options,
                                tw_ledger *out, tw_err *err)
{
    *out = (tw_ledger){NULL, NULL};
    twi_sqlite_ledger *self = tw_new(alloc, twi_sqlite_ledger);
    if (!self)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a ledger");
    self->alloc = alloc;
    TW_CHECK(pthread_mutex_init(&self->writer_lock, NULL) == 0);
    tw_status status = open_writer(self, options, err);
    if (status == TW_OK)
        status = twi_pool_init(&self->readers, alloc, options, twi_ledger_reader_statements, err);
    if (status != TW_OK) {
        ledger_close(self);
        return status;
    }
    *out = (tw_ledger){&ops, self};
    return TW_OK;
}
