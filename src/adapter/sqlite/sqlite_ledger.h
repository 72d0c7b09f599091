// SPDX-License-Identifier: Apache-2.0
//
// What the files of the SQLite ledger share. Internal to the adapter.
#ifndef TW_ADAPTER_SQLITE_LEDGER_H
#define TW_ADAPTER_SQLITE_LEDGER_H

#include "sqlite_conn.h"

typedef struct twi_sqlite_ledger {
    const tw_alloc *alloc;
    twi_pool readers;
    pthread_mutex_t writer_lock; // guards the writer
    twi_conn writer;
} twi_sqlite_ledger;

// Columns of an alert in the order in which twi_sqlite_alert reads them.
#define TWI_ALERT_COLUMNS                                                                          \
    "alert_id,created_ms,updated_ms,status,type,scheme,entity_kind,entity_id,store_id,"            \
    "employee_id,register_id,currency,risk_score,rank,exposure_minor,transaction_n,first_seq,"     \
    "last_seq,body,assignee,case_id,verdict,snoozed_until_ms,first_viewed_ms,decided_ms,"          \
    "recovered_minor,work_seq"

// ---- sqlite_ledger_write.c: the projection ---------------------------------------------------
extern const twi_statements twi_ledger_writer_statements;
tw_status twi_ledger_apply(void *ctx, const tw_ledger_batch *batch, tw_err *err);
tw_status twi_ledger_wipe(void *ctx, tw_err *err);

// ---- sqlite_ledger_alerts.c ------------------------------------------------------------------
tw_status twi_alert_get(void *ctx, tw_str alert_id, tw_arena *arena, tw_alert_row *out,
                        tw_err *err);
tw_status twi_alert_list(void *ctx, const tw_alert_filter *filter,
                         const tw_alert_page_options *options, tw_arena *arena, tw_alert_page *out,
                         tw_err *err);
tw_status twi_alert_counts(void *ctx, const tw_alert_filter *filter, tw_alert_group group,
                           tw_arena *arena, tw_alert_count **out, size_t *n, tw_err *err);

// ---- sqlite_ledger_work.c: documents and actions ---------------------------------------------
#define TWI_DOC_COLUMNS "kind,id,seq,order_ms,state,owner,store_id,body"
#define TWI_ACTION_COLUMNS "seq,at_ms,kind,subject,actor,about,store_id,body"
tw_status twi_doc_get(void *ctx, tw_str kind, tw_str id, tw_arena *arena, tw_doc_row *out,
                      tw_err *err);
tw_status twi_doc_list(void *ctx, const tw_doc_filter *filter, size_t limit, const char *cursor,
                       tw_arena *arena, tw_doc_page *out, tw_err *err);
tw_status twi_action_list(void *ctx, const tw_action_filter *filter, size_t limit, tw_arena *arena,
                          tw_action_row **out, size_t *n, tw_err *err);
// Rows of the columns above, their texts views of the columns.
void twi_doc_of(sqlite3_stmt *stmt, tw_doc_row *out);
void twi_action_of(sqlite3_stmt *stmt, tw_action_row *out);

// ---- sqlite_ledger_read.c: everything else ---------------------------------------------------
extern const twi_statements twi_ledger_reader_statements;
enum { TWI_L_ALERT, TWI_L_DOC }; // indexes of the statements of alert_get and doc_get
tw_status twi_ledger_position(void *ctx, tw_ledger_position *out, tw_err *err);
tw_status twi_ledger_hash(void *ctx, tw_ledger_part part, uint8_t out[TW_SHA256_BYTES],
                          tw_err *err);
tw_status twi_verdict_list(void *ctx, const tw_verdict_filter *filter, size_t limit,
                           tw_arena *arena, tw_verdict_row **out, size_t *n, tw_err *err);
tw_status twi_verdict_counts(void *ctx, tw_verdict_group group, tw_str key, tw_arena *arena,
                             tw_verdict_count **out, size_t *n, tw_err *err);
tw_status twi_score_get(void *ctx, uint64_t seq, tw_arena *arena, tw_score_range *out, tw_err *err);
tw_status twi_score_read(void *ctx, uint64_t from_seq, uint64_t to_seq, tw_score_visit visit,
                         void *visit_ctx, tw_err *err);
tw_status twi_model_list(void *ctx, tw_arena *arena, tw_model_row **out, size_t *n, tw_err *err);

// A row of TWI_ALERT_COLUMNS, its texts views of the columns.
void twi_sqlite_alert(sqlite3_stmt *stmt, tw_alert_row *out);
// The same with its texts in the arena; false when it is full.
bool twi_alert_dup(sqlite3_stmt *stmt, tw_arena *arena, tw_alert_row *out);

#endif
