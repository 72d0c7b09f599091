// SPDX-License-Identifier: Apache-2.0
//
// What every adapter of the ledger shares, so that they answer alike: checks of a batch, the cursor
// of alert lists, and the canonical content of rows that tw_ledger_hash hashes. Pure; thread-safe
// on distinct objects.
#ifndef TW_PORT_LEDGER_ROWS_H
#define TW_PORT_LEDGER_ROWS_H

#include "port/ledger.h"

// TW_INVALID or TW_LIMIT when a row must not be stored, TW_CONFLICT when the position goes back.
tw_status tw_ledger_batch_check(const tw_ledger_batch *batch, uint64_t position_seq,
                                tw_err *err) TW_MUST_CHECK;
// TW_INVALID or TW_LIMIT when a filter or page options must not be used.
tw_status tw_alert_filter_check(const tw_alert_filter *filter, tw_err *err) TW_MUST_CHECK;
tw_status tw_doc_filter_check(const tw_doc_filter *filter, tw_err *err) TW_MUST_CHECK;
tw_status tw_action_filter_check(const tw_action_filter *filter, tw_err *err) TW_MUST_CHECK;
tw_status tw_alert_page_check(const tw_alert_page_options *options, tw_err *err) TW_MUST_CHECK;
tw_status tw_ledger_limit_check(size_t limit, tw_err *err) TW_MUST_CHECK;

// Place in a sorted list of alerts: the sort value (one of the two, by the sort) and the id.
typedef struct tw_alert_cursor {
    double real;     // RANK, RISK
    int64_t integer; // CREATED, UPDATED, EXPOSURE
    char alert_id[TW_ID_MAX_BYTES + 1];
} tw_alert_cursor;

bool tw_alert_sort_is_real(tw_alert_sort sort);
void tw_alert_cursor_of(const tw_alert_row *row, tw_alert_sort sort, tw_alert_cursor *out);
// Letters and digits only.
void tw_alert_cursor_encode(const tw_alert_cursor *cursor, tw_alert_sort sort,
                            char out[TW_LEDGER_CURSOR_BYTES]);
tw_status tw_alert_cursor_decode(const char *text, tw_alert_sort sort, tw_alert_cursor *out,
                                 tw_err *err) TW_MUST_CHECK;

// Place in a list of documents.
typedef struct tw_doc_cursor {
    int64_t order_ms;
    char id[TW_ID_MAX_BYTES + 1];
} tw_doc_cursor;

void tw_doc_cursor_encode(const tw_doc_cursor *cursor, char out[TW_LEDGER_CURSOR_BYTES]);
tw_status tw_doc_cursor_decode(const char *text, tw_doc_cursor *out, tw_err *err) TW_MUST_CHECK;

// SHA-256 of a stream of any length: the digest of the digest so far and each piece of 64 KiB, so
// that it does not depend on how the bytes came in. Needs no memory of its own.
#define TW_CONTENT_PIECE_BYTES 65536
typedef struct tw_content {
    uint8_t digest[TW_SHA256_BYTES];
    size_t fill;
    uint8_t piece[TW_CONTENT_PIECE_BYTES];
} tw_content;

void tw_content_init(tw_content *content);
void tw_content_put(tw_content *content, const void *data, size_t bytes);
void tw_content_end(tw_content *content, uint8_t out[TW_SHA256_BYTES]);

// Rows in the order of their ids (documents: kind, then id; actions: seq); keys sorted by kind and
// key, without doubles; signals of a verdict in the order given.
void tw_content_alert(tw_content *content, const tw_alert_row *row);
void tw_content_verdict(tw_content *content, const tw_verdict_row *row);
void tw_content_doc(tw_content *content, const tw_doc_row *row);
void tw_content_action(tw_content *content, const tw_action_row *row);
void tw_content_model(tw_content *content, const tw_model_row *row);

#endif
