// SPDX-License-Identifier: Apache-2.0
//
// The feature engine: one pass over facts in journal order gives, for each transaction, the row of
// features as it was known at that moment. The same code runs live, in import, in replay and in
// training. It does no I/O, reads no clock and draws no random number: same facts in the same
// order, same bits.
//
// Rule of time (docs/detection.md): each entity keeps its own clock, the latest time that it has
// seen. A fact that comes late enters that entity's windows at the entity's clock (it became known
// only then); the calendar features take its own time. A fact more than 45 days ahead of its
// store's clock is taken at the clock until three such facts in a row show that the clock itself
// was behind.
//
// Threads: one thread calls apply and reserve; the const functions may run on it in between, or on
// another thread while none of the others runs.
#ifndef TW_FEATURE_ENGINE_H
#define TW_FEATURE_ENGINE_H

#include "base/arena.h"
#include "base/buf.h"
#include "feature/catalogue.h"
#include "retail/transaction.h"

typedef struct tw_engine tw_engine;

tw_status tw_engine_new(const tw_alloc *alloc, tw_engine **out) TW_MUST_CHECK;
void tw_engine_free(tw_engine *engine);

// Makes room for `n` more facts, so that as many applies cannot fail. TW_NO_MEMORY or TW_LIMIT
// leave the engine as it was.
tw_status tw_engine_reserve(tw_engine *engine, size_t n) TW_MUST_CHECK;

// Takes the fact into the state. `fact->seq` must be greater than that of the fact before and room
// must be reserved. For a transaction with `row` not NULL fills row[TW_FEATURE_N] (float32, NaN =
// no meaning); other facts leave it. Allocates nothing. A fact must be new: look it up first.
void tw_engine_apply(tw_engine *engine, const tw_fact *fact, float *row);

// Marks the transaction at journal position `seq` as confirmed fraud, or takes the mark away, as a
// verdict on it would; nothing happens when it is unknown or marked so already. O(log facts).
void tw_engine_mark(tw_engine *engine, uint64_t seq, bool confirmed);

// Tells of a fact that will be applied soon, some 10 facts ahead, in order: memory that it will
// touch is fetched meanwhile. Changes no state and no result; the fact need not be applied in the
// end, and is not used after the call. Without hints everything works, but up to twice as slowly.
void tw_engine_hint(tw_engine *engine, const tw_fact *fact);

// The row that apply would give, with no trace left: POST /v1/score. (A probe does not turn the
// day: the first one of a new day still sees yesterday's peers.) `scratch` lends working memory (a
// reset arena of 256 KB will do). TW_NO_MEMORY when the arena is exhausted. `filters` receives the
// bits that the fact would pass (as tw_engine_last_filters).
tw_status tw_engine_probe(const tw_engine *engine, const tw_fact *fact, tw_arena *scratch,
                          float *row, uint32_t *filters) TW_MUST_CHECK;

// Position of the last applied fact, 0 at the start; number of transactions applied.
uint64_t tw_engine_seq(const tw_engine *engine);
uint64_t tw_engine_transaction_n(const tw_engine *engine);
// Business day of the engine's clock (days since 1970), INT32_MIN at the start. It moves forward
// only.
int32_t tw_engine_day(const tw_engine *engine);

// --- identity: what was seen under an id
// -----------------------------------------------------------

// Journal position of the fact with this key (tw_fact_key), or 0. The caller compares the record,
// as two ids may share a key; then it asks again with the next salt.
uint64_t tw_engine_find(const tw_engine *engine, uint64_t fact_key);
void tw_engine_find_prefetch(const tw_engine *engine, uint64_t fact_key);

// --- context for sentences and pages
// ---------------------------------------------------------------

typedef struct tw_peer_stats {
    float value;      // the employee's own value now
    float own_normal; // the employee's value 7 to 35 days ago (mean of its daily values); NaN when
                      // unknown
    float store_low, store_median, store_high; // other employees of the store
    float peer_median, peer_p95;               // same role and store format
    float percentile;                          // share of peers below `value`
    uint32_t store_n, peer_n;
} tw_peer_stats;

// Comparison of an employee by a peer measure, as of the last day boundary. TW_NOT_FOUND for an
// unknown employee. `out` holds NaN where there are no peers.
tw_status tw_engine_peer_stats(const tw_engine *engine, tw_str employee_id, tw_peer_measure measure,
                               tw_peer_stats *out) TW_MUST_CHECK;

// A store by one of the features of entity STORE, against all stores of the chain: value is the
// store's now, store_low, store_median and store_high are the 10th, 50th and 90th percentile of the
// chain (NaN when no store has a value), store_n its stores with a value. The other fields are NaN
// and 0. TW_NOT_FOUND for an unknown store or a feature of another entity. O(stores): some 100
// passes over them.
tw_status tw_engine_store_stats(const tw_engine *engine, tw_str store_id, tw_feature feature,
                                tw_peer_stats *out) TW_MUST_CHECK;

typedef struct tw_employee_info {
    char role[32], store_format[32]; // "" when no shift event told
    char home_store[64];             // the store of the last transaction
    int64_t first_ms, last_ms;
    uint64_t transaction_n;
    float values[TW_PEER_MEASURE_N];          // now
    float trend[28][TW_PEER_MEASURE_N];       // value at each of the last 28 day boundaries, oldest
                                              // first; NaN before
    float store_trend[28][TW_PEER_MEASURE_N]; // median of the store at the same boundaries
} tw_employee_info;
tw_status tw_engine_employee(const tw_engine *engine, tw_str employee_id,
                             tw_employee_info *out) TW_MUST_CHECK;

// Is there an employee or an account (kind EMPLOYEE or ACCOUNT) with this id?
bool tw_engine_knows(const tw_engine *engine, tw_entity_kind kind, tw_str id);

// Calls visit for each known store, or each employee last seen in the store; order of first sight.
typedef void tw_visit(void *ctx, tw_str id);
void tw_engine_stores(const tw_engine *engine, tw_visit *visit, void *ctx);
void tw_engine_store_employees(const tw_engine *engine, tw_str store_id, tw_visit *visit,
                               void *ctx);
// The newest time that a store has sent records of; 0 for one that is unknown.
int64_t tw_engine_store_time_ms(const tw_engine *engine, tw_str store_id);
uint32_t tw_engine_entity_n(const tw_engine *engine, tw_entity_kind kind);
// Memory that entities of a kind take, window logs included, in bytes; TXN = the identity index.
uint64_t tw_engine_bytes(const tw_engine *engine, tw_entity_kind kind);

// What the feed carries, learned from the facts so far; features without their source are NaN or 0.
typedef enum tw_feed {
    TW_FEED_TYPES = 1 << 0,     // transaction_type
    TW_FEED_ORIGINALS = 1 << 1, // original_transaction_id
    TW_FEED_LINES = 1 << 2,
    TW_FEED_SHIFTS = 1 << 3,
    TW_FEED_ACCOUNTS = 1 << 4,
    TW_FEED_SEQUENCES = 1 << 5,
    TW_FEED_TENDERS = 1 << 6,
} tw_feed;
uint32_t tw_engine_feed(const tw_engine *engine);

// Filters (1 << tw_filter) that the last applied transaction passed; the guilty lines' reasons and
// the signals use them.
uint32_t tw_engine_last_filters(const tw_engine *engine);

// --- snapshots
// -------------------------------------------------------------------------------------

// Writes the whole state through `write` in pieces (docs/formats/snapshot.md). Fails as write does.
typedef tw_status tw_write(void *ctx, const void *data, size_t bytes);
tw_status tw_engine_save(const tw_engine *engine, tw_write *write, void *ctx) TW_MUST_CHECK;
// Reads a snapshot through `read`, which must fill exactly `bytes` bytes. TW_CORRUPT when it is
// damaged or of another catalogue or version: then replay the journal instead.
typedef tw_status tw_read(void *ctx, void *data, size_t bytes);
tw_status tw_engine_load(const tw_alloc *alloc, tw_read *read, void *ctx,
                         tw_engine **out) TW_MUST_CHECK;
// Hash of the whole state: equal for equal histories.
uint64_t tw_engine_hash(const tw_engine *engine);

#endif
