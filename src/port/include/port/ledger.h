// SPDX-License-Identifier: Apache-2.0
//
// Port: the ledger, what people look at: alerts, verdicts, scores, models, documents (cases,
// settings, saved filters) and the log of actions as the journal implies them, together with the
// journal position up to which that is true. It can be wiped and rebuilt. Who may sign in is not
// here: port/access.h.
//
// Contract for every adapter:
//  1. apply writes all rows of a batch and the new position in one transaction, or nothing. It is
//     idempotent: rows are put by their key, so that the same batch again gives the same ledger.
//     The position never goes back (TW_CONFLICT). After a crash the projection is that of some
//     position at or before the last one applied (it is not synced at each apply); the caller
//     applies the rest of the journal again.
//  2. Threads: apply and wipe_projection from one thread at a time; all others from any thread. A
//     query sees whole batches only. Queries never wait for apply to finish.
//  3. Every function may block on storage; there is no time-out. No visitor holds a lock.
//  4. Texts are valid UTF-8 without NUL; results live in the caller's arena; lists are [n].
//     Times are UTC milliseconds. Money is in minor units of `currency`.
//  5. TW_NO_SPACE leaves the ledger readable, and writable again when there is room.
// Every function may also return TW_NO_MEMORY (also when the arena is full), TW_IO, TW_CORRUPT.
#ifndef TW_PORT_LEDGER_H
#define TW_PORT_LEDGER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/limits.h"

#define TW_LEDGER_VERSION 2
// Rows of one page of any list.
#define TW_LEDGER_PAGE_MAX 500
// Values of one list in a filter: the stores of a region are one list.
#define TW_LEDGER_FILTER_MAX 4096
// Bytes of the opaque cursor of a list, with the NUL.
#define TW_LEDGER_CURSOR_BYTES 192

typedef struct tw_ledger_position {
    uint64_t seq;                  // applied up to and including this fact; 0 = nothing
    uint8_t hash[TW_SHA256_BYTES]; // tw_journal_hash_at(seq)
} tw_ledger_position;

// ---- Rows of the projection ------------------------------------------------------------------

// By what else an alert can be found; kind 't' = transaction id; other lower-case
// letters are the caller's.
typedef struct tw_alert_key {
    char kind;
    tw_str key;
} tw_alert_key;

typedef struct tw_alert_row {
    tw_str alert_id; // key
    int64_t created_ms, updated_ms;
    tw_str status; // NEW, ASSIGNED, IN_REVIEW, ESCALATED, CLOSED
    tw_str type, scheme;
    tw_str entity_kind, entity_id;
    tw_str store_id, employee_id, register_id; // the last two may be empty
    tw_str currency;                           // of exposure_minor
    double risk_score;                         // 0..1
    double rank;                               // order of the queue, highest first; finite
    int64_t exposure_minor;
    uint64_t transaction_n;
    uint64_t first_seq, last_seq; // facts that opened it and changed it last
    tw_str body;                  // JSON for the caller: sentence, reasons, transaction ids
    // What people did with it; times 0 and texts empty = not (yet).
    tw_str assignee;          // user id
    tw_str case_id;           // of the case that holds it
    tw_str verdict;           // CONFIRMED, ...: the one that stands
    int64_t snoozed_until_ms; // wall clock
    int64_t first_viewed_ms;  // wall clock: somebody with the right to decide opened it
    int64_t decided_ms;       // of the verdict that stands
    int64_t recovered_minor;  // of the verdict that stands
    uint64_t work_seq;        // last fact by which somebody changed it: its version
    // Only put, not returned by queries. Keys are added to those that the alert has already. The
    // alert, entity, store, employee and register ids are searchable without being listed here.
    const tw_alert_key *keys;
    size_t key_n;
} tw_alert_row;

typedef struct tw_verdict_row {
    tw_str verdict_id; // key
    uint64_t seq;
    tw_str alert_id, transaction_id; // what it is about: the alert when not empty
    tw_str verdict;                  // CONFIRMED, REFUTED, INCONCLUSIVE, OPERATIONAL
    tw_str reason, note, decided_by;
    int64_t decided_ms;
    int64_t recovered_minor;
    tw_str currency;
    tw_str scheme;         // of the alert, "" without
    const tw_str *signals; // names of the alert's signals
    size_t signal_n;
    bool is_current; // the latest (by seq) about its subject; set by the ledger, ignored by apply
} tw_verdict_row;

// Bytes that belong to the facts first_seq .. first_seq + n - 1. The caller defines them so that
// the bytes of neighbouring ranges, joined, are the bytes of the joined range. Ranges do not
// overlap; the same first_seq again replaces the range.
typedef struct tw_score_range {
    uint64_t first_seq;
    uint32_t n;
    tw_str bytes;
} tw_score_range;

typedef struct tw_model_row {
    tw_str model_id; // key
    uint64_t seq;
    tw_str kind;  // "outlier", ...
    tw_str state; // CHAMPION, CHALLENGER, RETIRED, ...
    int64_t created_ms;
    tw_str metrics;   // JSON
    tw_str file_hash; // hex SHA-256 of the model file
} tw_model_row;

// Something that people keep, as one JSON text with what lists ask for: kind "case", "settings",
// "filter", ...
typedef struct tw_doc_row {
    tw_str kind, id;               // key, together
    uint64_t seq;                  // the fact that changed it last: its version
    int64_t order_ms;              // lists are by it, newest first
    tw_str state, owner, store_id; // lists filter by them; may be empty
    tw_str body;                   // JSON; empty = the document is gone
    // Only put, not returned. They replace those that the document had. By convention 'a' = alert,
    // 'e' = entity ("EMPLOYEE/E1"), 't' = transaction, 'w' = word that a search begins with.
    const tw_alert_key *keys;
    size_t key_n;
} tw_doc_row;

// One thing that somebody did or looked at: actions, and verdicts and configurations as kinds
// "alert.verdict", "config.model", ...
typedef struct tw_action_row {
    uint64_t seq; // key: of the fact
    int64_t at_ms;
    tw_str kind, subject, actor;
    tw_str about;    // id of the employee whom it concerns, "" = none
    tw_str store_id; // where it belongs, "" = everywhere
    tw_str body;     // JSON or empty
} tw_action_row;

typedef struct tw_ledger_batch {
    const tw_alert_row *alerts;
    size_t alert_n;
    const tw_verdict_row *verdicts;
    size_t verdict_n;
    const tw_score_range *scores;
    size_t score_n;
    const tw_model_row *models;
    size_t model_n;
    const tw_doc_row *docs;
    size_t doc_n;
    const tw_action_row *actions;
    size_t action_n;
    tw_ledger_position applied; // after this batch
} tw_ledger_batch;

// ---- Queries ---------------------------------------------------------------------------------

typedef struct tw_str_list {
    const tw_str *items;
    size_t n; // 0 = any; at most TW_LEDGER_FILTER_MAX
} tw_str_list;

// Risks from which on people answer within other times.
#define TW_RISK_CRITICAL 0.95
#define TW_RISK_HIGH 0.9

// All conditions hold together; zero or empty means no condition.
typedef struct tw_alert_filter {
    tw_str_list statuses, types, schemes, stores;
    bool only_open; // status is not CLOSED
    tw_str entity_kind, entity_id;
    tw_str employee_id, register_id;
    tw_str transaction_id; // has the key ('t', transaction_id)
    tw_str search;         // some id or key of the alert starts with this, case-sensitive
    tw_alert_key has_key;  // has this key, empty = any; kind 0 = of any kind
    tw_str case_id;
    tw_str_list assignees, verdicts;
    bool only_unassigned;
    int64_t awake_ms;  // not snoozed beyond this instant; 0 = any
    int64_t asleep_ms; // snoozed beyond this instant; 0 = any
    // [from, to) of decided_ms; to 0 = open end. With either, only alerts that are decided.
    int64_t decided_from_ms, decided_to_ms;
    double min_risk;
    int64_t created_from_ms, created_to_ms; // [from, to); to 0 = open end
    // Created before the instant of its risk: [0] TW_RISK_CRITICAL and above, [1] TW_RISK_HIGH and
    // above, [2] the rest. All 0 = any.
    int64_t overdue_ms[3];
    // Decided later than this after its creation, by the same three. All 0 = any.
    int64_t late_ms[3];
} tw_alert_filter;

// All descending; ties by alert_id, ascending.
typedef enum tw_alert_sort {
    TW_ALERT_SORT_RANK,
    TW_ALERT_SORT_CREATED,
    TW_ALERT_SORT_UPDATED,
    TW_ALERT_SORT_RISK,
    TW_ALERT_SORT_EXPOSURE,
    TW_ALERT_SORT_N
} tw_alert_sort;

typedef struct tw_alert_page_options {
    tw_alert_sort sort;
    size_t limit;       // 1..TW_LEDGER_PAGE_MAX
    const char *cursor; // NULL or "" = first page; else next_cursor of the page before, same sort
    bool skip_total;
} tw_alert_page_options;

typedef struct tw_alert_page {
    tw_alert_row *items;
    size_t n;
    uint64_t total; // alerts that match the filter on all pages; 0 with skip_total
    char next_cursor[TW_LEDGER_CURSOR_BYTES]; // "" on the last page
} tw_alert_page;

// All conditions hold together; empty means no condition, but for kind.
typedef struct tw_doc_filter {
    tw_str kind;
    tw_str_list states, stores; // a document without a store passes every list of stores
    tw_str owner;
    char key_kind; // of `key`; 0 = any
    tw_str key;    // has this key, empty = any; with is_prefix: one that begins with it
    bool is_prefix;
} tw_doc_filter;

typedef struct tw_doc_page {
    tw_doc_row *items;
    size_t n;
    uint64_t total;                           // on all pages
    char next_cursor[TW_LEDGER_CURSOR_BYTES]; // "" on the last page
} tw_doc_page;

typedef struct tw_action_filter {
    tw_str subject, actor, about; // empty = any
    tw_str kind;                  // "alert.assign", or with a last dot a family: "alert."
    tw_str_list stores;           // an action without a store passes every list
    int64_t from_ms, to_ms;       // [from, to) of at_ms; to 0 = open end
    uint64_t before_seq;          // 0 = from the newest
} tw_action_filter;

typedef enum tw_alert_group {
    TW_ALERT_GROUP_NONE, // one row with key ""
    TW_ALERT_GROUP_STATUS,
    TW_ALERT_GROUP_TYPE,
    TW_ALERT_GROUP_SCHEME,
    TW_ALERT_GROUP_STORE,
    TW_ALERT_GROUP_EMPLOYEE,
    TW_ALERT_GROUP_ASSIGNEE,
    TW_ALERT_GROUP_VERDICT,
    TW_ALERT_GROUP_N
} tw_alert_group;

typedef struct tw_alert_count {
    tw_str key, currency; // one row for each pair that occurs
    uint64_t n;
    int64_t exposure_minor;
} tw_alert_count;

typedef struct tw_verdict_filter {
    tw_str alert_id, transaction_id; // empty = any
    uint64_t before_seq;             // 0 = from the newest
    bool only_current;
} tw_verdict_filter;

typedef enum tw_verdict_group { TW_VERDICT_GROUP_SCHEME, TW_VERDICT_GROUP_SIGNAL } tw_verdict_group;
typedef struct tw_verdict_count {
    tw_str key, verdict;
    uint64_t n; // current verdicts
} tw_verdict_count;

// Sees one range; valid during the call. Statuses as tw_journal_visit.
typedef tw_status (*tw_score_visit)(void *visit_ctx, const tw_score_range *range, tw_err *err);

typedef enum tw_ledger_part {
    TW_LEDGER_ALERTS,
    TW_LEDGER_VERDICTS,
    TW_LEDGER_SCORES,
    TW_LEDGER_MODELS,
    TW_LEDGER_DOCS,
    TW_LEDGER_ACTIONS,
    TW_LEDGER_PART_N
} tw_ledger_part;

typedef struct tw_ledger_ops {
    uint32_t version; // TW_LEDGER_VERSION
    tw_status (*apply)(void *ctx, const tw_ledger_batch *batch, tw_err *err);
    tw_status (*position)(void *ctx, tw_ledger_position *out, tw_err *err);
    tw_status (*wipe_projection)(void *ctx, tw_err *err);
    tw_status (*hash)(void *ctx, tw_ledger_part part, uint8_t out[TW_SHA256_BYTES], tw_err *err);

    tw_status (*alert_get)(void *ctx, tw_str alert_id, tw_arena *arena, tw_alert_row *out,
                           tw_err *err);
    tw_status (*alert_list)(void *ctx, const tw_alert_filter *filter,
                            const tw_alert_page_options *options, tw_arena *arena,
                            tw_alert_page *out, tw_err *err);
    tw_status (*alert_counts)(void *ctx, const tw_alert_filter *filter, tw_alert_group group,
                              tw_arena *arena, tw_alert_count **out, size_t *n, tw_err *err);
    tw_status (*verdict_list)(void *ctx, const tw_verdict_filter *filter, size_t limit,
                              tw_arena *arena, tw_verdict_row **out, size_t *n, tw_err *err);
    tw_status (*verdict_counts)(void *ctx, tw_verdict_group group, tw_str key, tw_arena *arena,
                                tw_verdict_count **out, size_t *n, tw_err *err);
    tw_status (*score_get)(void *ctx, uint64_t seq, tw_arena *arena, tw_score_range *out,
                           tw_err *err);
    tw_status (*score_read)(void *ctx, uint64_t from_seq, uint64_t to_seq, tw_score_visit visit,
                            void *visit_ctx, tw_err *err);
    tw_status (*model_list)(void *ctx, tw_arena *arena, tw_model_row **out, size_t *n, tw_err *err);

    tw_status (*doc_get)(void *ctx, tw_str kind, tw_str id, tw_arena *arena, tw_doc_row *out,
                         tw_err *err);
    tw_status (*doc_list)(void *ctx, const tw_doc_filter *filter, size_t limit, const char *cursor,
                          tw_arena *arena, tw_doc_page *out, tw_err *err);
    tw_status (*action_list)(void *ctx, const tw_action_filter *filter, size_t limit,
                             tw_arena *arena, tw_action_row **out, size_t *n, tw_err *err);
    void (*close)(void *ctx);
} tw_ledger_ops;

// A handle; copies refer to the same ledger. Adapters give one: adapter/<name>/ledger_*.h.
typedef struct tw_ledger {
    const tw_ledger_ops *ops;
    void *ctx;
} tw_ledger;

// ---- Projection ------------------------------------------------------------------------------

// Puts all rows of the batch and moves the position. TW_CONFLICT when applied.seq lies before the
// position; TW_INVALID when a key is empty or a number is not finite; TW_NO_SPACE.
TW_MUST_CHECK static inline tw_status tw_ledger_apply(const tw_ledger *ledger,
                                                      const tw_ledger_batch *batch, tw_err *err)
{
    return ledger->ops->apply(ledger->ctx, batch, err);
}

TW_MUST_CHECK static inline tw_status tw_ledger_get_position(const tw_ledger *ledger,
                                                             tw_ledger_position *out, tw_err *err)
{
    return ledger->ops->position(ledger->ctx, out, err);
}

// Empties all parts and sets the position to 0, in one transaction.
TW_MUST_CHECK static inline tw_status tw_ledger_wipe_projection(const tw_ledger *ledger,
                                                                tw_err *err)
{
    return ledger->ops->wipe_projection(ledger->ctx, err);
}

// SHA-256 of the content of a part in the order of its keys: equal content gives equal hashes in
// every adapter, however it was applied. Scores are hashed as the joined bytes of all ranges, so
// that the cut into ranges does not matter. O(rows).
TW_MUST_CHECK static inline tw_status tw_ledger_hash(const tw_ledger *ledger, tw_ledger_part part,
                                                     uint8_t out[TW_SHA256_BYTES], tw_err *err)
{
    return ledger->ops->hash(ledger->ctx, part, out, err);
}

// TW_NOT_FOUND.
TW_MUST_CHECK static inline tw_status tw_ledger_alert_get(const tw_ledger *ledger, tw_str alert_id,
                                                          tw_arena *arena, tw_alert_row *out,
                                                          tw_err *err)
{
    return ledger->ops->alert_get(ledger->ctx, alert_id, arena, out, err);
}

// One page. Keyset pagination: a page stays right while alerts come and go; an alert whose sort
// value changes between two pages may be seen twice or not at all. The total comes from counters
// for filters by status, type, scheme and store alone, else by counting. TW_INVALID (a limit out of
// range, a cursor of another sort or not ours), TW_LIMIT (a filter list too long).
TW_MUST_CHECK static inline tw_status tw_ledger_alert_list(const tw_ledger *ledger,
                                                           const tw_alert_filter *filter,
                                                           const tw_alert_page_options *options,
                                                           tw_arena *arena, tw_alert_page *out,
                                                           tw_err *err)
{
    return ledger->ops->alert_list(ledger->ctx, filter, options, arena, out, err);
}

// Numbers and exposure of the alerts that match, by group, ordered by key and currency.
TW_MUST_CHECK static inline tw_status
tw_ledger_alert_counts(const tw_ledger *ledger, const tw_alert_filter *filter, tw_alert_group group,
                       tw_arena *arena, tw_alert_count **out, size_t *n, tw_err *err)
{
    return ledger->ops->alert_counts(ledger->ctx, filter, group, arena, out, n, err);
}

// Newest first (by seq), at most `limit` (1..TW_LEDGER_PAGE_MAX); signals are filled.
TW_MUST_CHECK static inline tw_status
tw_ledger_verdict_list(const tw_ledger *ledger, const tw_verdict_filter *filter, size_t limit,
                       tw_arena *arena, tw_verdict_row **out, size_t *n, tw_err *err)
{
    return ledger->ops->verdict_list(ledger->ctx, filter, limit, arena, out, n, err);
}

// Current verdicts of one scheme or signal, or of all with an empty key; ordered by key and
// verdict.
TW_MUST_CHECK static inline tw_status
tw_ledger_verdict_counts(const tw_ledger *ledger, tw_verdict_group group, tw_str key,
                         tw_arena *arena, tw_verdict_count **out, size_t *n, tw_err *err)
{
    return ledger->ops->verdict_counts(ledger->ctx, group, key, arena, out, n, err);
}

// The range that holds `seq`. TW_NOT_FOUND.
TW_MUST_CHECK static inline tw_status tw_ledger_score_get(const tw_ledger *ledger, uint64_t seq,
                                                          tw_arena *arena, tw_score_range *out,
                                                          tw_err *err)
{
    return ledger->ops->score_get(ledger->ctx, seq, arena, out, err);
}

// Visits in order every range that holds a fact of from_seq..to_seq (to_seq 0 = to the end).
TW_MUST_CHECK static inline tw_status tw_ledger_score_read(const tw_ledger *ledger,
                                                           uint64_t from_seq, uint64_t to_seq,
                                                           tw_score_visit visit, void *visit_ctx,
                                                           tw_err *err)
{
    return ledger->ops->score_read(ledger->ctx, from_seq, to_seq, visit, visit_ctx, err);
}

// All models, newest (by seq) first.
TW_MUST_CHECK static inline tw_status tw_ledger_model_list(const tw_ledger *ledger, tw_arena *arena,
                                                           tw_model_row **out, size_t *n,
                                                           tw_err *err)
{
    return ledger->ops->model_list(ledger->ctx, arena, out, n, err);
}

// One document. TW_NOT_FOUND, also when its body is empty.
TW_MUST_CHECK static inline tw_status tw_ledger_doc_get(const tw_ledger *ledger, tw_str kind,
                                                        tw_str id, tw_arena *arena, tw_doc_row *out,
                                                        tw_err *err)
{
    return ledger->ops->doc_get(ledger->ctx, kind, id, arena, out, err);
}

// One page of the documents of a kind, newest order_ms first, ties by id; those with an empty body
// are left out. limit 1..TW_LEDGER_PAGE_MAX; cursor NULL or "" = first. TW_INVALID, TW_LIMIT.
TW_MUST_CHECK static inline tw_status tw_ledger_doc_list(const tw_ledger *ledger,
                                                         const tw_doc_filter *filter, size_t limit,
                                                         const char *cursor, tw_arena *arena,
                                                         tw_doc_page *out, tw_err *err)
{
    return ledger->ops->doc_list(ledger->ctx, filter, limit, cursor, arena, out, err);
}

// Newest first (by seq), at most `limit` (1..TW_LEDGER_PAGE_MAX). TW_INVALID, TW_LIMIT.
TW_MUST_CHECK static inline tw_status
tw_ledger_action_list(const tw_ledger *ledger, const tw_action_filter *filter, size_t limit,
                      tw_arena *arena, tw_action_row **out, size_t *n, tw_err *err)
{
    return ledger->ops->action_list(ledger->ctx, filter, limit, arena, out, n, err);
}

// Releases everything; nothing else may be running. A closed or zeroed handle is allowed.
static inline void tw_ledger_close(tw_ledger *ledger)
{
    if (ledger->ops)
        ledger->ops->close(ledger->ctx);
    *ledger = (tw_ledger){NULL, NULL};
}

#endif
