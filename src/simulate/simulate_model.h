// SPDX-License-Identifier: Apache-2.0
//
// The simulator's own model, shared by its files only.
//
// A store lives in one business day at a time. A day is a sorted list of planned tasks (returns,
// paid-outs, training, acts of theft) merged with a random stream of customers. Everything happens
// at a register; a register does one thing after another, so its sequence numbers follow time.
//
// Seconds with suffix _s count from local midnight of the business day and may pass 86,400 in
// stores that close after midnight. Money is in minor units. Every draw comes from a named stream:
// the honest stream of (store, day), or that of (thief, day), so that a change to one thief's
// scheme leaves the honest customers as they were.
#ifndef TWI_SIMULATE_MODEL_H
#define TWI_SIMULATE_MODEL_H

#include "base/buf.h"
#include "base/rng.h"
#include "simulate/simulate.h"
#include "simulate_habits.h"

#define TWI_NONE UINT32_MAX

// --- streams and numbers (simulate_math.c) -----------------------------------------------------

typedef enum twi_stream {
    TWI_STREAM_CATALOGUE = 1,
    TWI_STREAM_STORE,
    TWI_STREAM_EMPLOYEE,
    TWI_STREAM_THIEVES,
    TWI_STREAM_THIEF_DAY,
    TWI_STREAM_RING_DAY,
    TWI_STREAM_DAY,
    TWI_STREAM_STAFF,
    TWI_STREAM_STOCK,
    TWI_STREAM_NETWORK,
    TWI_STREAM_HABITS,
} twi_stream;

void twi_rng_start(tw_rng *rng, uint64_t seed, twi_stream stream, uint32_t a, uint32_t b);
uint64_t twi_mix(uint64_t a, uint64_t b); // a hash of both, for traits that need no memory
double twi_log(double x);                 // x > 0; the same bits everywhere
double twi_exp(double x);                 // |x| < 700
bool twi_chance(tw_rng *rng, double p);
double twi_between(tw_rng *rng, double low, double high);
int32_t twi_range(tw_rng *rng, int32_t low, int32_t high); // both included
double twi_bell(tw_rng *rng);                              // mean 0, deviation 1, within +-3.5
double twi_spread(tw_rng *rng, double sigma);              // log-normal with median 1
double twi_gap(tw_rng *rng);                               // exponential with mean 1
// The smaller of two; a macro would draw a random argument twice.
double twi_at_most(double x, double most);
int32_t twi_poisson(tw_rng *rng, double mean); // mean < 60
int64_t twi_round_price(int64_t minor);        // to a price that ends in 9 or 5

// --- calendar (simulate_calendar.c) ------------------------------------------------------------

typedef enum twi_format {
    TWI_CONVENIENCE,
    TWI_SUPERMARKET,
    TWI_DEPARTMENT_STORE,
    TWI_OUTLET,
    TWI_FORMATS
} twi_format;
const char *twi_format_name(twi_format format);

typedef struct twi_zone {
    int16_t base_min; // standard offset
    bool is_american; // which summer-time rule
    const char *name; // for stores.csv
} twi_zone;
enum { TWI_ZONES = 4 };
const twi_zone *twi_zone_of(bool is_american, uint32_t idx);
int16_t twi_zone_offset_min(const twi_zone *zone, int64_t utc_s);
int32_t twi_weekday(int32_t day); // 0 = Monday
// Traffic of the day relative to an ordinary Monday-to-Sunday mean; 0 = closed.
double twi_day_factor(twi_format format, bool is_american, int32_t day);
double twi_hour_weight(twi_format format, int32_t weekday, int32_t hour); // hour 0..27
// Chain-wide promotion day of a format: percent off for one department, or 0.
int32_t twi_promotion_percent(uint64_t seed, twi_format format, int32_t day);

// --- catalogue (simulate_catalogue.c) ----------------------------------------------------------

enum { TWI_ITEMS_PER_FORMAT = 1500, TWI_DEPARTMENTS_MAX = 9, TWI_ITEM_TEXT_BYTES = 72 };
typedef struct twi_item {
    int32_t price;
    uint8_t department; // index within the format
    uint8_t text_bytes;
    char text[TWI_ITEM_TEXT_BYTES]; // {"sku":"...","department":"...","quantity":
    char sku[8];
} twi_item;
// Items of format f are [f * TWI_ITEMS_PER_FORMAT, ...); the gift card follows all of them.
enum { TWI_ITEM_GIFT_CARD = TWI_FORMATS * TWI_ITEMS_PER_FORMAT, TWI_ITEMS };
void twi_catalogue_init(twi_item *items, uint64_t seed);
uint32_t twi_item_pick(tw_rng *rng, twi_format format);
// The dearest of a few popular items: what a thief would take. Price between low and high if found.
uint32_t twi_item_pick_priced(const twi_item *items, tw_rng *rng, twi_format format, int64_t low,
                              int64_t high);
int32_t twi_item_promotion_percent(uint64_t seed, uint32_t item, int32_t day); // weekly offers

// --- transactions ------------------------------------------------------------------------------

typedef enum twi_type {
    TWI_SALE,
    TWI_RETURN,
    TWI_EXCHANGE,
    TWI_VOID,
    TWI_POST_VOID,
    TWI_NO_SALE,
    TWI_PAID_IN,
    TWI_PAID_OUT,
    TWI_CANCEL,
    TWI_SUSPEND,
    TWI_RESUME,
    TWI_TYPES
} twi_type;
typedef enum twi_pay {
    TWI_PAY_NONE,
    TWI_PAY_CASH,
    TWI_PAY_CREDIT,
    TWI_PAY_DEBIT,
    TWI_PAY_MOBILE,
    TWI_PAY_GIFT_CARD,
    TWI_PAY_CHECK,
    TWI_PAY_STORE_CREDIT,
    TWI_PAY_VOUCHER,
    TWI_PAY_OTHER,
    TWI_PAYS
} twi_pay;
typedef enum twi_entry {
    TWI_ENTRY_UNKNOWN,
    TWI_ENTRY_SCANNED,
    TWI_ENTRY_KEYED,
    TWI_ENTRY_CHIP,
    TWI_ENTRY_TAP,
    TWI_ENTRY_SWIPE,
    TWI_ENTRY_MANUAL,
    TWI_ENTRIES
} twi_entry;
// Why a line was discounted or a transaction approved by someone else.
typedef enum twi_reason {
    TWI_REASON_NONE,
    TWI_REASON_PROMOTION,
    TWI_REASON_COUPON,
    TWI_REASON_EMPLOYEE,
    TWI_REASON_DAMAGED,
    TWI_REASON_GOODWILL,
    TWI_REASON_PRICE_MATCH,
    TWI_REASON_MANUAL,
    TWI_REASON_LOYALTY,
    TWI_REASON_SHELF_PRICE,
    TWI_REASON_NO_RECEIPT,
    TWI_REASON_WRONG_TENDER,
    TWI_REASON_CUSTOMER_CHANGED_MIND,
    TWI_REASON_CASHIER_ERROR,
    TWI_REASON_HIGH_VALUE,
    TWI_REASON_EXPENSES,
    TWI_REASONS
} twi_reason;

enum { TWI_LINES_MAX = 52, TWI_TENDERS_MAX = 3, TWI_MEMO_LINES = 3 };

typedef struct twi_line {
    uint32_t item;
    int32_t quantity; // negative on returns
    int64_t price, regular;
    int64_t discount; // >= 0
    uint8_t reason, entry;
    bool is_void, is_return;
} twi_line;

typedef struct twi_tender {
    uint8_t type, entry;
    uint64_t token; // 0 = none
    int64_t amount;
} twi_tender;

typedef struct twi_txn {
    uint32_t employee;
    uint8_t reg, type, pay;
    uint8_t scheme; // tw_simulate_scheme
    bool is_refund, is_void, is_training;
    int32_t at_s; // completion
    int64_t total, discount, loss;
    int32_t item_count;
    uint64_t customer, loyalty; // keys, 0 = not on the record
    uint64_t original, void_of; // references, 0 = none
    uint32_t override_employee; // TWI_NONE = none
    uint8_t override_reason;
    int32_t scan_ds, tender_ds; // tenths of a second, -1 = not on the record
    uint32_t line_n, tender_n;
    twi_line lines[TWI_LINES_MAX];
    twi_tender tenders[TWI_TENDERS_MAX];
} twi_txn;

// What is remembered of a sale: enough to return it or to void it.
typedef struct twi_memo {
    uint64_t ref; // store, register and sequence number
    uint64_t customer, token;
    int64_t total, discount;
    uint32_t employee;
    int32_t item_count;
    uint8_t reg, pay, line_n;
    struct {
        uint32_t item;
        int32_t quantity;
        int64_t net; // paid for one piece
    } lines[TWI_MEMO_LINES];
} twi_memo;

// --- people ------------------------------------------------------------------------------------

typedef enum twi_role {
    TWI_CASHIER,
    TWI_SENIOR,
    TWI_SERVICE_DESK,
    TWI_ATTENDANT, // of the self-checkout
    TWI_MANAGER,
    TWI_ROLES
} twi_role;
const char *twi_role_name(twi_role role);

typedef struct twi_employee {
    uint32_t store;
    uint32_t thief; // index of the scheme that this person runs, or TWI_NONE
    uint8_t role, preference, days_a_week, week_phase;
    bool is_careless;              // voids and rings again
    bool is_generous;              // authorised discounts above the others
    int32_t hired_day, leaves_day; // absolute
    float pace;                    // seconds per item relative to others
    float mistakes, voids, cancels, no_sales, discounts, keyed;
} twi_employee;

typedef struct twi_worker { // an employee's shift today
    uint32_t employee;
    uint8_t role, reg;
    int32_t start_s, end_s, break_s, break_end_s;
} twi_worker;

// --- tasks, stores, thieves --------------------------------------------------------------------

typedef enum twi_task_kind {
    TWI_TASK_RETURN,      // memo: what was bought
    TWI_TASK_RETURN_LOST, // the same without the receipt
    TWI_TASK_EXCHANGE,
    TWI_TASK_REDEEM, // memo.token: a gift card or store credit with memo.total on it
    TWI_TASK_PAID_OUT,
    TWI_TASK_PAID_IN,
    TWI_TASK_CASH_UP,        // the drawer is opened and counted after closing
    TWI_TASK_STAFF_PURCHASE, // who: employee
    TWI_TASK_TRAINING,       // who: employee
    TWI_TASK_ACT,            // who: thief
    TWI_TASK_FRIEND,         // who: thief; an honest purchase by an accomplice
    TWI_TASK_POST_VOID,      // who: thief; memo
    TWI_TASK_REFUND,         // who: thief; memo
    TWI_TASK_DRAIN,          // who: thief; memo.token, memo.total
    TWI_TASK_RING,           // who: ring
    TWI_TASK_TRANSFER_IN,    // memo.lines[0]: what another store sent
} twi_task_kind;

typedef struct twi_task {
    int32_t at_s;
    uint32_t order; // of planning, breaks ties
    uint8_t kind;
    uint32_t who;
    twi_memo memo;
} twi_task;

typedef struct twi_due { // a task of a later day
    int32_t day;
    twi_task task;
} twi_due;

enum { TWI_REGISTERS = 40, TWI_WORKERS_MAX = 72, TWI_RECENT = 32, TWI_HOURS = 30 };
enum { TWI_REG_OFFICE = 20, TWI_REG_DESK = 21, TWI_REG_SELF = 31 };

typedef struct twi_store {
    // Constant.
    const twi_habits *habits;
    uint32_t idx;
    uint8_t format, till_n, self_n; // self_n: self-checkout registers
    bool is_all_night, has_damaged_corner;
    const twi_zone *zone;
    double volume; // transactions on a mean day
    int32_t open_s[7], close_s[7];
    uint32_t employee_first, employee_n;
    uint64_t customer_n; // regulars
    // Across days.
    uint32_t sequence[TWI_REGISTERS];
    uint32_t shift_n, movement_n;
    twi_due *due_own;
    size_t due_n, due_cap;
    twi_memo recent[TWI_RECENT]; // receipts that lie around
    uint32_t recent_n;
    // The day.
    bool is_in_day;
    int32_t day;        // absolute: the current one, or the next to begin
    int64_t midnight_s; // UTC
    int32_t day_open_s, day_close_s;
    tw_rng rng;
    double rate[TWI_HOURS]; // customers per second
    double next_s;          // next customer
    int32_t promotion_percent;
    twi_worker workers[TWI_WORKERS_MAX];
    uint32_t worker_n;
    int32_t reg_free_s[TWI_REGISTERS];
    int32_t offline_from_s[TWI_REGISTERS], offline_until_s[TWI_REGISTERS];
    twi_task *tasks_own; // tasks_own[task_at .. task_n) are still to do, in order
    size_t task_at, task_n, task_cap;
    uint32_t task_order;
} twi_store;

enum { TWI_FRIENDS_MAX = 6 };
typedef struct twi_thief {
    uint8_t scheme, schemes[2]; // today's; those that this thief runs, mostly the same twice
    uint32_t employee, partner; // partner: the manager, or the owner of the borrowed id
    int32_t start_day, stop_day;
    double per_shift; // acts on an active day
    double amount;    // relative to the scheme's ordinary amount
    double skill;     // 0 clumsy .. 1 careful
    bool likes_busy;  // hides in the rush
    uint32_t friend_n;
    uint64_t friends[TWI_FRIENDS_MAX]; // customer keys
    uint32_t armed;                    // sales that are still to be turned into theft today
    tw_rng rng;                        // of the day
} twi_thief;

typedef struct twi_ring { // dishonest customers who return across stores
    uint32_t first_store, store_n;
    int32_t start_day, stop_day;
    double per_day;
    double skill;
    uint64_t key;
} twi_ring;

// --- output (simulate_outbox.c, simulate_write.c) ----------------------------------------------

typedef struct twi_out_entry {
    int64_t arrival_ms;
    uint64_t order;
    size_t at;
    uint32_t json_bytes, label_bytes, csv_bytes;
} twi_out_entry;

typedef struct twi_outbox { // records that wait for their time
    const tw_alloc *alloc;
    tw_buf bytes, kept;
    twi_out_entry *entries_own;
    size_t n, cap;
    uint64_t order;
} twi_outbox;
void twi_outbox_init(twi_outbox *box, const tw_alloc *alloc);
void twi_outbox_release(twi_outbox *box);

typedef struct twi_sim {
    const tw_alloc *alloc;
    tw_simulate_options options;
    const tw_simulate_sink *sink;
    tw_simulate_summary summary;
    bool is_american;
    twi_habits habits;
    int32_t end_day; // first day after the last
    twi_item *items_own;
    twi_store *stores_own;
    twi_employee *employees_own;
    size_t employee_n, employee_cap;
    twi_thief *thieves_own;
    size_t thief_n, thief_cap;
    twi_ring *rings_own;
    size_t ring_n, ring_cap;
    twi_outbox transactions, movements, shifts;
    twi_txn txn;      // scratch: the transaction in progress
    tw_status status; // first failure of something that could not return it at once
} twi_sim;

// Adds a record with its label (and columns) and reports its place; the writers below call it.
void twi_outbox_add(twi_sim *sim, twi_outbox *box, int64_t arrival_ms, size_t at,
                    const uint32_t bytes[3]);
// Sends everything that arrived before `until_ms`, in order.
tw_status twi_outbox_flush(twi_sim *sim, twi_outbox *box, tw_simulate_output output,
                           int64_t until_ms, tw_err *err) TW_MUST_CHECK;

// Finishes the record: sequence number, network delay, JSON, label. Returns its reference.
uint64_t twi_emit(twi_sim *sim, twi_store *store, const twi_txn *txn);
typedef struct twi_shift_note {
    uint32_t employee;
    uint8_t role, reg; // reg 0 = none
    const char *event;
    int32_t at_s;
} twi_shift_note;
void twi_emit_shift(twi_sim *sim, twi_store *store, const twi_shift_note *note);
typedef struct twi_movement_note {
    uint32_t item, employee;   // employee TWI_NONE = none
    const char *type, *reason; // reason NULL = none
    int32_t quantity, at_s;
} twi_movement_note;
void twi_emit_movement(twi_sim *sim, twi_store *store, const twi_movement_note *note);
tw_status twi_write_heads(twi_sim *sim, tw_err *err) TW_MUST_CHECK; // CSV headers and stores.csv

// --- chain and thieves (simulate_chain.c, simulate_thieves.c) ----------------------------------

tw_status twi_chain_build(twi_sim *sim, tw_err *err) TW_MUST_CHECK;
tw_status twi_thieves_build(twi_sim *sim, tw_err *err) TW_MUST_CHECK;
static inline bool twi_is_employed(const twi_employee *e, int32_t day)
{
    return e->hired_day <= day && day < e->leaves_day;
}

// --- the day (simulate_staff.c, simulate_day.c) ------------------------------------------------

void twi_staff_plan(twi_sim *sim, twi_store *store);
// Worker of `employee` today, or NULL.
const twi_worker *twi_worker_of(const twi_store *store, uint32_t employee);
bool twi_is_on_duty(const twi_worker *worker, int32_t at_s); // clocked in and not on a break
// Someone at a till, or NULL when the store is empty. twi_worker_for_returns prefers the service
// desk.
const twi_worker *twi_worker_for_sale(const twi_store *store, int32_t at_s, tw_rng *rng);
const twi_worker *twi_worker_for_returns(const twi_store *store, int32_t at_s, tw_rng *rng);
// Who may approve: a manager or senior on duty, or TWI_NONE.
uint32_t twi_approver(const twi_store *store, int32_t at_s, uint32_t not_employee, tw_rng *rng);
// The same as honest people do it: seniors and managers also approve their own.
void twi_authorise(const twi_sim *sim, const twi_store *store, twi_txn *txn, int32_t at_s,
                   twi_reason reason, tw_rng *rng);

// Runs the store's days up to an instant (UTC seconds).
void twi_store_advance(twi_sim *sim, twi_store *store, int64_t until_s);
void twi_task_add(twi_sim *sim, twi_store *store, twi_task task);
void twi_due_add(twi_sim *sim, twi_store *store, int32_t day, const twi_task *task);

// --- transactions in progress (simulate_basket.c) ----------------------------------------------

uint64_t twi_customer_pick(twi_sim *sim, twi_store *store, tw_rng *rng);
uint64_t twi_token(uint64_t customer, twi_pay pay); // of the customer's card of that kind
bool twi_is_member(const twi_store *store, uint64_t customer);
// Starts sim->txn for an employee at a register.
twi_txn *twi_begin(twi_sim *sim, twi_type type, uint32_t employee, uint8_t reg);
twi_line *twi_add_line(twi_sim *sim, twi_store *store, uint32_t item, int32_t quantity,
                       twi_entry entry);
// Mistakes relative to an ordinary person; new hires make more.
double twi_mistakes(const twi_employee *e, int32_t day);
void twi_fill_basket(twi_sim *sim, twi_store *store, tw_rng *rng, bool is_self);
void twi_total(twi_txn *txn); // total, discount and item_count from the lines
void twi_discount_all(twi_txn *txn, int32_t percent, twi_reason reason);
twi_pay twi_pick_pay(const twi_store *store, tw_rng *rng, uint64_t customer, int64_t total,
                     bool is_self);
// One tender for the whole total; token 0 takes the customer's own card.
void twi_pay_with(twi_txn *txn, twi_pay pay, uint64_t token, tw_rng *rng);
// Durations by the content, completion time after the register is free, and out it goes.
uint64_t twi_finish(twi_sim *sim, twi_store *store, int32_t from_s, tw_rng *rng);
twi_memo twi_remember(const twi_txn *txn, uint64_t ref);
// A void of a remembered sale, ready to be finished.
twi_txn *twi_begin_post_void(twi_sim *sim, uint32_t employee, uint8_t reg, const twi_memo *memo);
// A return of remembered lines (all of them), priced and totalled, not yet paid.
twi_txn *twi_begin_return(twi_sim *sim, twi_store *store, uint32_t employee, uint8_t reg,
                          const twi_memo *memo);

// --- what happens (simulate_honest.c, simulate_returns.c, simulate_schemes.c, simulate_acts.c) -

// Rings, pays and finishes sim->txn as an ordinary customer would (customer 0: picks one).
uint64_t twi_sell(twi_sim *sim, twi_store *store, int32_t at_s, uint64_t customer, bool is_self,
                  tw_rng *rng);
void twi_serve_customer(twi_sim *sim, twi_store *store, int32_t at_s);
void twi_honest_plan(twi_sim *sim, twi_store *store);
void twi_honest_do(twi_sim *sim, twi_store *store, const twi_task *task);
// Decides whether and when this sale comes back.
void twi_return_plan(twi_sim *sim, twi_store *store, const twi_memo *memo, int32_t sold_s);
void twi_return_do(twi_sim *sim, twi_store *store, const twi_task *task);

void twi_schemes_plan(twi_sim *sim, twi_store *store);
// Chances that a sale gives to the thief who rang it: before it is paid, and after it is done.
void twi_scheme_before(twi_sim *sim, twi_txn *txn);
void twi_scheme_after(twi_sim *sim, twi_store *store, const twi_memo *memo, int32_t done_s);
void twi_scheme_do(twi_sim *sim, twi_store *store, const twi_task *task);
// One act of a thief at work, and the two halves of schemes that wait for their moment.
void twi_act(twi_sim *sim, twi_store *store, twi_thief *thief, int32_t at_s);
void twi_act_post_void(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_task *task);
void twi_act_refund(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_task *task);
void twi_act_drain(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_task *task);
// A stretch of the stock record: the loss that a false return or an unpaid item leaves behind.
void twi_stock_missing(twi_sim *sim, twi_store *store, uint32_t item, int32_t quantity,
                       tw_rng *rng);
void twi_stock_plan(twi_sim *sim, twi_store *store);
void twi_stock_transfer_in(twi_sim *sim, twi_store *store, const twi_task *task);

#endif
