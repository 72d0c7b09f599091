// SPDX-License-Identifier: Apache-2.0
//
// Inside the feature engine: plans compiled from the catalogue, entities with their window logs,
// the memory of registers, accounts, employees and stores, and the event that a transaction
// becomes. Only files of src/feature include this.
//
// Invariants:
//  1. Structures that live in segments are plain data without padding: a snapshot is their bytes.
//  2. A log holds its entity's entries in arrival order with non-decreasing time; ordinals count
//  them.
//  3. For each sliding window (t-w, t] of a dense entity, acc = sum over entries with ordinals in
//     [trail, lead), where lead is the end of the log unless the window is delayed.
//  4. Everything that a feature depends on is integer; one division at the end makes the float.
//  5. Nothing behind `apply` fails: reserve made the room.
#ifndef TWI_FEATURE_INTERNAL_H
#define TWI_FEATURE_INTERNAL_H

#include "base/table.h"
#include "feature/engine.h"
#include "segments.h"

#define TWI_NONE UINT32_MAX
#define TWI_BIT(filter) (UINT32_C(1) << (filter))

enum {
    TWI_WINDOWS_MAX = 8,   // of one entity kind
    TWI_ACCS_MAX = 64,     // of one entity kind
    TWI_VALUES_MAX = 64,   // features of one entity kind
    TWI_SPARSE_MAX = 8,    // entries up to which an account or pair keeps no accumulators
    TWI_LOG_CLASSES = 3,   // chunk sizes
    TWI_RECENT_SALES = 12, // of a register, to find what a void or refund belongs to
    TWI_SHIFTS = 4,        // of an employee
    TWI_WEEKS = 5,         // of a store's profile: the current one and four complete ones
    TWI_HOURS = 168,
    TWI_GROUPS_MAX = 64, // peer groups: role x store format; 0 = everybody
    TWI_KNOTS = 64,      // quantiles of a peer group's measure
    TWI_NAMES_MAX = 32,  // different roles or store formats
    TWI_TREND_DAYS = 28,
    TWI_HINTS = 16,
};

// --- plans -------------------------------------------------------------------------------------

typedef enum twi_column { TWI_COUNT, TWI_AMOUNT, TWI_DISCOUNT, TWI_DISTINCT } twi_column;

typedef struct twi_acc {
    uint32_t mask; // counts an entry whose flags meet it
    twi_column column;
} twi_acc;

typedef struct twi_plan_window {
    tw_window window;
    uint32_t delay_s, width_s;
    bool is_tumbling; // shift, business day: reset at their start, no cursor
    uint32_t acc_first, acc_n;
} twi_plan_window;

typedef struct twi_plan_value {
    tw_feature feature;
    tw_measure measure;
    uint32_t num, den, den2; // accumulators
} twi_plan_value;

// One accumulator that an entry with some filter bit moves.
typedef struct twi_move {
    uint8_t acc;
    uint8_t column; // twi_column
} twi_move;

// Which accumulators the bits of an entry move: moves[first[bit]] .. moves[first[bit + 1] - 1]. A
// sale sets three or four of the 32 bits, so that most accumulators are never looked at.
typedef struct twi_moves {
    uint32_t bits; // that move anything
    uint8_t first[TW_FILTER_N + 1];
    twi_move moves[TWI_ACCS_MAX];
} twi_moves;

typedef struct twi_plan {
    bool is_used;
    bool always_dense;
    uint32_t window_n, acc_n, value_n;
    uint32_t retention_s;      // longest delay + width
    uint32_t retention_window; // the window that has it
    twi_plan_window windows[TWI_WINDOWS_MAX];
    twi_acc accs[TWI_ACCS_MAX];
    twi_plan_value values[TWI_VALUES_MAX];       // in the order of their measures
    uint32_t value_end[TW_MEASURE_DISTINCT + 1]; // values of measure m end here
    twi_moves window_moves[TWI_WINDOWS_MAX];     // of one window
    twi_moves arrival_moves;                     // of all windows without delay together
    bool has_own;       // entries carry their excess over the entity's own mean ...
    twi_plan_value own; // ... which this feature gives, over a window of this width
    uint32_t own_width_s;
} twi_plan;

// The place of a feature among the plan's values; it must be one of them.
uint32_t twi_plan_value_index(const twi_plan *plan, tw_feature feature);
// Compiles the catalogue's rows of one entity kind. Aborts on a catalogue that breaks the limits.
void twi_plan_build(twi_plan *plan, tw_entity_kind kind);

// --- logs --------------------------------------------------------------------------------------

typedef struct twi_entry {
    uint32_t t;       // seconds since 1970, the entity's clock
    int32_t amount;   // money effect in minor units, saturated
    int32_t discount; // manual discount in minor units, saturated; of an account: its excess
    uint32_t flags;   // TWI_BIT(filter)
    uint32_t aux;     // partner for distinct counts, or TWI_NONE
} twi_entry;

// A chunk is this header and `cap` entries of its class.
typedef struct twi_chunk {
    uint32_t next;      // chunk id or TWI_NONE; in the free list the next free one
    uint32_t first_ord; // ordinal of entry 0
    uint16_t n, cap;
} twi_chunk;

typedef struct twi_log_pool {
    twi_segments chunks[TWI_LOG_CLASSES];
    uint32_t free_head[TWI_LOG_CLASSES];
} twi_log_pool;

typedef struct twi_entity {
    uint64_t key;     // 0 = free
    uint32_t head;    // oldest chunk; next free entity when free
    uint32_t tail;    // newest chunk
    uint32_t entry_n; // appended so far = next ordinal
    uint32_t clock_s; // latest time seen
    uint32_t first_s;
    uint32_t dense; // index of its accumulators or TWI_NONE
} twi_entity;

void twi_log_pool_init(twi_log_pool *pool, const tw_alloc *alloc);
void twi_log_pool_release(twi_log_pool *pool);
tw_status twi_log_pool_reserve(twi_log_pool *pool, size_t n_appends) TW_MUST_CHECK;
twi_chunk *twi_log_chunk(const twi_log_pool *pool, uint32_t id);
uint32_t twi_log_cap(uint32_t id); // entries that the chunk has room for
twi_entry *twi_chunk_entries(twi_chunk *chunk);
void twi_log_append(twi_log_pool *pool, twi_entity *entity, const twi_entry *entry);
// Frees the oldest chunk; the log must hold another one.
void twi_log_drop_head(twi_log_pool *pool, twi_entity *entity);
void twi_log_drop_all(twi_log_pool *pool, twi_entity *entity);
uint64_t twi_log_bytes(const twi_log_pool *pool);

// --- windows -----------------------------------------------------------------------------------

typedef struct twi_cursor {
    uint32_t chunk; // TWI_NONE while the log is empty
    uint32_t ord;   // of the entry it stands before
    uint32_t t;     // time of that entry, UINT32_MAX at the end of the log
    uint32_t at;    // its place in the chunk; the chunk's capacity = the first of the next chunk
} twi_cursor;

typedef struct twi_dense_head {
    int32_t day;      // business day of the tumbling window
    uint32_t shift_s; // start of the shift of the tumbling window
} twi_dense_head;

// A dense record is head, lead[window_n], trail[window_n], acc[acc_n] in one block.
typedef struct twi_dense {
    twi_dense_head *head;
    twi_cursor *lead, *trail;
    int64_t *acc;
} twi_dense;

size_t twi_dense_bytes(const twi_plan *plan);
twi_dense twi_dense_view(const twi_plan *plan, void *block);

// Counts of (entity, accumulator, partner) behind distinct counts; a probe overlays changes.
typedef struct twi_distinct_change {
    uint64_t key;
    int32_t delta;
} twi_distinct_change;
typedef struct twi_distinct {
    tw_table *table;        // NULL in a probe
    const tw_table *frozen; // read when table is NULL
    twi_distinct_change *changes;
    size_t change_n, change_cap;
} twi_distinct;

typedef struct twi_windows {
    const twi_plan *plan;
    const twi_log_pool *logs;
    twi_distinct *distinct;
    tw_entity_kind kind;
    uint32_t entity_idx;
} twi_windows;

// Starts the windows of an entity whose log may already hold entries.
void twi_windows_start(const twi_windows *w, const twi_entity *entity, twi_dense dense);
// Moves all sliding windows to `now_s`.
void twi_windows_advance(const twi_windows *w, const twi_entity *entity, twi_dense dense,
                         uint32_t now_s);
// Counts `entry`, which is about to be or was just appended, in all windows without delay.
void twi_windows_add(const twi_windows *w, twi_dense dense, const twi_entry *entry);
// Cursors at the end of the log learn of the entry just appended.
void twi_windows_appended(const twi_windows *w, const twi_entity *entity, twi_dense dense);
// Accumulators of a sparse entity at `now_s` with `entry` counted: by reading its few entries.
// What the new entry is above twice the mean of the entity's earlier entries, by the plan's `own`
// feature: 0 with fewer than three of them. Dense: `acc` stands at the entry's time without it;
// sparse: acc is NULL.
int32_t twi_windows_excess(const twi_windows *w, const twi_entity *entity, const int64_t *acc,
                           const twi_entry *entry);
void twi_windows_scan(const twi_windows *w, const twi_entity *entity, const twi_entry *entry,
                      uint32_t now_s, int64_t *acc);
// Fills the row's features of this kind. Money is divided by `minor_per_major`.
void twi_windows_values(const twi_plan *plan, const int64_t *acc, double minor_per_major,
                        float *row);
float twi_value(const twi_plan_value *value, const int64_t *acc, double minor_per_major);

// --- memory of what happened before
// ---------------------------------------------------------------

typedef struct twi_receipt {
    uint64_t key; // tw_fact_key
    uint64_t seq;
    uint32_t t;
    uint32_t employee, reg, account;             // entity indexes or TWI_NONE
    int32_t amount;                              // money effect in minor units
    uint32_t flags;                              // 0 for facts that are no transactions
    uint32_t refunds;                            // refunds that refer to it
    uint32_t employee_ord, reg_ord, account_ord; // ordinals in the entities' logs
} twi_receipt;

typedef struct twi_sale {
    uint32_t t;
    int32_t amount;
    uint32_t flags;
    uint32_t employee;
} twi_sale;

typedef struct twi_register {
    uint32_t last_s, last_cancel_s, last_sequence, sale_n;
    uint32_t undone_s;     // last void or cancelled basket that was not rung again yet, 0 = none
    int32_t undone_amount; // its magnitude in minor units
    twi_sale sales[TWI_RECENT_SALES]; // ring, sale_n % TWI_RECENT_SALES is next
} twi_register;

typedef struct twi_account {
    uint32_t last_load_s; // gift card load or refund to it
    uint32_t spare;
} twi_account;

typedef struct twi_interval {
    uint32_t from_s, to_s; // to_s 0 = open
} twi_interval;

typedef struct twi_employee {
    char id[64]; // TW_ID_MAX_BYTES, padded with zeros
    uint32_t id_bytes;
    uint32_t store;         // of the last transaction
    uint32_t next_in_store; // list of the store's employees
    uint32_t last_s, first_s, transaction_n;
    uint32_t other_store_s; // last transaction in a store other than `store`, 0 = none
    uint32_t role, format;  // indexes of names, 0 = unknown
    uint32_t shift_n;       // intervals so far, ring
    uint32_t has_clock;     // clock events were seen: sign-ons do not count
    twi_interval shifts[TWI_SHIFTS];
    uint32_t peers_n; // transactions of 28 days at the last boundary; 0 = no peer then
    float peer_values[TW_PEER_MEASURE_N];
    float trend[TWI_TREND_DAYS][TW_PEER_MEASURE_N]; // by day modulo 28
    int32_t trend_day[TWI_TREND_DAYS];              // the day that the row is of
} twi_employee;

typedef struct twi_store {
    char id[64];
    uint32_t id_bytes;
    uint32_t clock_s, ahead_n;
    uint32_t first_employee, last_employee;
    int32_t first_week, week; // absolute weeks, local time
    uint32_t is_profiled;     // at least one complete week is known
    float trading_mean;       // mean of hours with trade
    uint32_t hour_n[TWI_WEEKS][TWI_HOURS];
    float hour_mean[TWI_HOURS];
    float trend[TWI_TREND_DAYS][TW_PEER_MEASURE_N]; // medians of the store's employees
    int32_t trend_day[TWI_TREND_DAYS];
} twi_store;

typedef struct twi_group {
    uint32_t role, format, n;
    uint32_t spare;
    float knots[TW_PEER_MEASURE_N][TWI_KNOTS];
    float median[TW_PEER_MEASURE_N], p95[TW_PEER_MEASURE_N];
} twi_group;

typedef struct twi_names {
    uint32_t n; // names[0] is ""
    char names[TWI_NAMES_MAX][32];
} twi_names;

// --- the engine ---------------------------------------------------------------------------------

typedef struct twi_kind {
    twi_plan plan;
    tw_table table;        // key -> entity
    twi_segments entities; // twi_entity
    twi_segments dense;
    twi_log_pool logs;
    uint32_t free_entity, free_dense; // lists
    uint32_t sweep;                   // next entity to look at for expiry
} twi_kind;

typedef struct twi_hint twi_hint;

struct tw_engine {
    const tw_alloc *alloc;
    uint64_t seq, transaction_n;
    int32_t day;
    uint32_t feed;
    uint32_t last_filters;
    uint32_t day_votes;          // facts for a day far ahead, less the others
    int32_t day_candidate;       // the earliest such day
    uint32_t first_s;            // time of the first transaction
    twi_kind kinds[TW_ENTITY_N]; // [TXN] is unused
    twi_segments employees, registers, accounts, stores; // beside the entities of these kinds
    tw_table receipt_table;
    twi_segments receipts;
    tw_table distinct;
    twi_names roles, formats;
    twi_group *groups_own; // TWI_GROUPS_MAX
    uint32_t group_n;
    // Places of the peer measures, and of the 28-day count, among the employee plan's values.
    uint32_t peer_value[TW_PEER_MEASURE_N];
    uint32_t activity_value;
    // Working memory of the day boundary: one float per employee.
    float *sort_own;
    uint32_t *member_own;
    size_t sort_cap, member_cap;
    void *boundary_dense_own; // one dense record
    // Facts that are known to come; no part of the state.
    twi_hint *hints_own; // ring of TWI_HINTS
    uint32_t hint_next, hint_n;
};

// --- the event that a transaction becomes
// ---------------------------------------------------------

typedef struct twi_event {
    const tw_transaction *txn;
    uint64_t keys[TW_ENTITY_N]; // 0 = the fact has no such entity
    uint32_t idx[TW_ENTITY_N];  // TWI_NONE = none or not known yet
    uint32_t own_s;             // its own time
    uint32_t now_s;             // at the store's clock
    int64_t local_ms;           // wall clock of the store, own time
    double minor_per_major;
    uint32_t flags;
    int32_t amount, discount; // as in twi_entry
    bool has_original;        // a receipt or recent sale that this void or refund belongs to
    twi_receipt original;
    uint32_t original_idx;      // of the receipt, TWI_NONE when matched by amount
    uint32_t ords[TW_ENTITY_N]; // ordinals in the entities' logs
    uint32_t shift_s;           // start of the employee's current shift
} twi_event;

struct twi_hint {
    twi_event event;                 // keys and indexes alone
    uint64_t fact_key, original_key; // original_key 0 = none
};

void twi_event_keys(const tw_transaction *txn, twi_event *event);
// Derives flags, amounts and the derived features (all but those that need windows) from the
// event's keys and indexes and the memory. `row` may be NULL.
void twi_event_derive(const tw_engine *engine, twi_event *event, float *row);
// Derived features that need windows: peers, ratio to the store.
void twi_event_finish(const tw_engine *engine, const twi_event *event, float *row);

static inline int32_t twi_saturate(int64_t minor)
{
    return minor > INT32_MAX ? INT32_MAX : minor < -INT32_MAX ? -INT32_MAX : (int32_t)minor;
}

// clock.c: store clocks, week profiles, shifts.
uint32_t twi_store_effective(const twi_store *store, uint32_t own_s);
void twi_store_clock_advance(twi_store *store, uint32_t own_s);
void twi_store_count_hour(twi_store *store, int64_t local_ms);
float twi_store_activity(const twi_store *store, int64_t local_ms);       // NaN without a profile
float twi_store_hours_to_close(const twi_store *store, int64_t local_ms); // NaN without a profile
void twi_employee_shift(twi_employee *employee, const tw_shift *shift, uint32_t t);
float twi_employee_off_shift_min(const twi_employee *employee, uint32_t t); // NaN without shifts
uint32_t twi_employee_shift_start(const twi_employee *employee, uint32_t t);
uint32_t twi_name_index(twi_names *names, tw_str name, bool add);

// sequence.c: what a transaction is to the ones before it, and the memory's updates.
tw_str
twi_original_reference(const tw_transaction *txn); // what a void or refund refers to, or empty
uint64_t twi_transaction_key(tw_str transaction_id);
void twi_sequence_original(const tw_engine *engine, twi_event *event);
void twi_sequence_remember(tw_engine *engine, const twi_event *event, uint64_t fact_key,
                           uint64_t seq);
void twi_receipt_add(tw_engine *engine, const twi_receipt *receipt);

// peers.c
void twi_peers_boundary(tw_engine *engine, int32_t day);
const twi_group *twi_peers_group(const tw_engine *engine, const twi_employee *employee);
float twi_group_percentile(const twi_group *group, tw_peer_measure measure, float value);
// The employee's value of a measure now.
float twi_employee_measure(const tw_engine *engine, uint32_t idx, tw_peer_measure measure);

static inline twi_employee *twi_employee_at(const tw_engine *e, uint32_t idx)
{
    return idx == TWI_NONE ? NULL : twi_segments_at(&e->employees, idx);
}
static inline twi_register *twi_register_at(const tw_engine *e, uint32_t idx)
{
    return idx == TWI_NONE ? NULL : twi_segments_at(&e->registers, idx);
}
static inline twi_account *twi_account_at(const tw_engine *e, uint32_t idx)
{
    return idx == TWI_NONE ? NULL : twi_segments_at(&e->accounts, idx);
}
static inline twi_store *twi_store_at(const tw_engine *e, uint32_t idx)
{
    return idx == TWI_NONE ? NULL : twi_segments_at(&e->stores, idx);
}
static inline twi_entity *twi_entity_at(const tw_engine *e, tw_entity_kind kind, uint32_t idx)
{
    return twi_segments_at(&e->kinds[kind].entities, idx);
}
uint64_t twi_entity_key(tw_entity_kind kind, tw_str a, tw_str b);
uint32_t twi_entity_find(const tw_engine *engine, tw_entity_kind kind, uint64_t key);

#endif
