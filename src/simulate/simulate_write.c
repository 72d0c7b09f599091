// SPDX-License-Identifier: Apache-2.0
//
// The records as text. Their shape is known and every string in them is ours (no character needs an
// escape), so they are written straight into reserved memory: most of the simulator's time is here.
//
// Arrival: a record reaches head office within seconds; some are retried for minutes; a register
// that lost its line sends everything when the line is back. What a record meets is decided by a
// hash of its reference, so that one record more or less changes nothing for the others.
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "simulate_model.h"

// The longest record: TWI_LINES_MAX lines of 220 bytes, three tenders, the head.
#define RECORD_MAX_BYTES 16384

static const char *const type_names[TWI_TYPES] = {"sale",      "return",  "exchange", "void",
                                                  "post_void", "no_sale", "paid_in",  "paid_out",
                                                  "cancel",    "suspend", "resume"};
static const char *const pay_names[TWI_PAYS] = {"none",    "cash",      "credit", "debit",
                                                "mobile",  "gift_card", "check",  "store_credit",
                                                "voucher", "other"};
static const char *const entry_names[TWI_ENTRIES] = {"",    "scanned", "keyed", "chip",
                                                     "tap", "swipe",   "manual"};
static const char *const reason_names[TWI_REASONS] = {"",
                                                      "promotion",
                                                      "coupon",
                                                      "employee_discount",
                                                      "damaged",
                                                      "goodwill",
                                                      "price_match",
                                                      "manual",
                                                      "loyalty_reward",
                                                      "shelf_price",
                                                      "no_receipt",
                                                      "wrong_tender",
                                                      "customer_changed_mind",
                                                      "cashier_error",
                                                      "high_value",
                                                      "expenses"};

const char *tw_simulate_scheme_name(tw_simulate_scheme scheme)
{
#define X(name, text) text,
    static const char *const names[] = {"", TW_SIMULATE_SCHEMES(X)};
#undef X
    return (size_t)scheme < TW_COUNT(names) ? names[scheme] : "";
}

const char *tw_simulate_output_name(tw_simulate_output output)
{
    static const char *const names[TW_SIMULATE_OUTPUTS] = {
        "transactions.ndjson", "movements.ndjson", "shifts.ndjson",
        "labels.csv",          "stores.csv",       "transactions.csv"};
    return names[output];
}

const char *twi_role_name(twi_role role)
{
    static const char *const names[TWI_ROLES] = {"cashier", "senior_cashier", "service_desk",
                                                 "self_checkout_attendant", "manager"};
    return names[role];
}

// --- writing at a pointer ----------------------------------------------------------------------

#define PUT(p, literal) (memcpy((p), "" literal, sizeof(literal) - 1), (p) + sizeof(literal) - 1)

static char *put_text(char *p, const char *text)
{
    while (*text != '\0')
        *p++ = *text++;
    return p;
}

static char *put_digits(char *p, uint64_t v, int width)
{
    char digits[20];
    int n = 0;
    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    for (; width > n; width--)
        *p++ = '0';
    while (n)
        *p++ = digits[--n];
    return p;
}

static char *put_int(char *p, int64_t v)
{
    if (v < 0)
        *p++ = '-';
    return put_digits(p, (uint64_t)(v < 0 ? -v : v), 1);
}

static char *put_money(char *p, int64_t minor)
{
    if (minor < 0)
        *p++ = '-';
    uint64_t v = (uint64_t)(minor < 0 ? -minor : minor);
    p = put_digits(p, v / 100, 1);
    *p++ = '.';
    return put_digits(p, v % 100, 2);
}

// Letters only: a token must never look like a card number.
static char *put_token(char *p, const char *prefix, uint64_t token)
{
    p = put_text(p, prefix);
    for (int i = 0; i < 14; i++)
        *p++ = "bcdfghjkmnpqrstv"[token >> (4 * i) & 15];
    return p;
}

static char *put_ref(char *p, uint64_t ref)
{
    *p++ = 'S';
    p = put_digits(p, ref >> 40, 4);
    p = PUT(p, "-R");
    p = put_digits(p, ref >> 32 & 0xff, 2);
    *p++ = '-';
    return put_digits(p, ref & 0xffffffff, 8);
}

static char *put_store(char *p, const twi_store *store)
{
    *p++ = 'S';
    return put_digits(p, store->idx + 1, 4);
}

static char *put_register(char *p, const twi_store *store, uint8_t reg)
{
    *p++ = 'R';
    p = put_digits(p, store->idx + 1, 4);
    *p++ = '-';
    return put_digits(p, reg, 2);
}

static char *put_employee(char *p, uint32_t employee)
{
    *p++ = 'E';
    return put_digits(p, employee + 1, 5);
}

static char *put_date(char *p, int32_t day)
{
    tw_civil c;
    tw_civil_from_ms(day * TW_DAY_MS, &c);
    p = put_digits(p, (uint64_t)c.year, 4);
    *p++ = '-';
    p = put_digits(p, (uint64_t)c.month, 2);
    *p++ = '-';
    return put_digits(p, (uint64_t)c.day, 2);
}

static char *put_time(char *p, const twi_store *store, int32_t at_s)
{
    int64_t utc_s = store->midnight_s + at_s;
    int32_t offset = twi_zone_offset_min(store->zone, utc_s);
    int64_t local_s = utc_s + offset * 60;
    int32_t day = tw_floor_day(local_s * 1000);
    uint32_t s = (uint32_t)(local_s - day * INT64_C(86400));
    p = put_date(p, day);
    *p++ = 'T';
    p = put_digits(p, s / 3600, 2);
    *p++ = ':';
    p = put_digits(p, s / 60 % 60, 2);
    *p++ = ':';
    p = put_digits(p, s % 60, 2);
    if (offset == 0) {
        *p++ = 'Z';
        return p;
    }
    *p++ = offset < 0 ? '-' : '+';
    uint32_t minutes = (uint32_t)(offset < 0 ? -offset : offset);
    p = put_digits(p, minutes / 60, 2);
    *p++ = ':';
    return put_digits(p, minutes % 60, 2);
}

static char *put_tenths(char *p, int32_t ds)
{
    p = put_digits(p, (uint64_t)ds / 10, 1);
    *p++ = '.';
    return put_digits(p, (uint64_t)ds % 10, 1);
}

// --- parts of a transaction --------------------------------------------------------------------

static char *put_line(char *p, const twi_item *items, const twi_line *line)
{
    const twi_item *item = &items[line->item];
    memcpy(p, item->text, item->text_bytes);
    p = put_int(p + item->text_bytes, line->quantity);
    p = PUT(p, ",\"unit_price\":");
    p = put_money(p, line->price);
    if (line->regular != line->price) {
        p = PUT(p, ",\"regular_price\":");
        p = put_money(p, line->regular);
    }
    if (line->discount) {
        p = PUT(p, ",\"discount_amount\":");
        p = put_money(p, line->discount);
    }
    if (line->reason) {
        p = PUT(p, ",\"discount_reason\":\"");
        p = put_text(p, reason_names[line->reason]);
        *p++ = '"';
    }
    if (line->is_void)
        p = PUT(p, ",\"void_flag\":true");
    if (line->is_return)
        p = PUT(p, ",\"return_flag\":true");
    p = PUT(p, ",\"entry_method\":\"");
    p = put_text(p, entry_names[line->entry]);
    return PUT(p, "\"}");
}

static char *put_lines(char *p, const twi_item *items, const twi_txn *txn)
{
    p = PUT(p, ",\"lines\":[");
    for (uint32_t i = 0; i < txn->line_n; i++) {
        if (i)
            *p++ = ',';
        p = put_line(p, items, &txn->lines[i]);
    }
    *p++ = ']';
    return p;
}

static char *put_tenders(char *p, const twi_txn *txn)
{
    p = PUT(p, ",\"tenders\":[");
    for (uint32_t i = 0; i < txn->tender_n; i++) {
        const twi_tender *t = &txn->tenders[i];
        p = i ? PUT(p, ",{\"type\":\"") : PUT(p, "{\"type\":\"");
        p = put_text(p, pay_names[t->type]);
        p = PUT(p, "\",\"amount\":");
        p = put_money(p, t->amount);
        if (t->token) {
            p = PUT(p, ",\"account_token\":\"");
            p = put_token(p, "tok_", t->token);
            *p++ = '"';
        }
        if (t->entry) {
            p = PUT(p, ",\"entry_method\":\"");
            p = put_text(p, entry_names[t->entry]);
            *p++ = '"';
        }
        *p++ = '}';
    }
    *p++ = ']';
    return p;
}

static char *put_people(char *p, const twi_txn *txn)
{
    if (txn->customer) {
        p = PUT(p, ",\"customer_id\":\"");
        p = put_token(p, "c_", txn->customer);
        *p++ = '"';
    }
    if (txn->loyalty) {
        p = PUT(p, ",\"loyalty_id\":\"");
        p = put_token(p, "l_", txn->loyalty);
        *p++ = '"';
    }
    if (txn->original) {
        p = PUT(p, ",\"original_transaction_id\":\"");
        p = put_ref(p, txn->original);
        *p++ = '"';
    }
    if (txn->void_of) {
        p = PUT(p, ",\"void_of_transaction_id\":\"");
        p = put_ref(p, txn->void_of);
        *p++ = '"';
    }
    if (txn->override_employee != TWI_NONE) {
        p = PUT(p, ",\"override_employee_id\":\"");
        p = put_employee(p, txn->override_employee);
        p = PUT(p, "\",\"override_reason\":\"");
        p = put_text(p, reason_names[txn->override_reason]);
        *p++ = '"';
    }
    return p;
}

static char *put_flag(char *p, bool flag)
{
    return flag ? PUT(p, "true") : PUT(p, "false");
}

static char *put_head(char *p, const twi_store *store, const twi_txn *txn, uint64_t ref)
{
    p = PUT(p, "{\"transaction_id\":\"");
    p = put_ref(p, ref);
    p = PUT(p, "\",\"store_id\":\"");
    p = put_store(p, store);
    p = PUT(p, "\",\"register_id\":\"");
    p = put_register(p, store, txn->reg);
    p = PUT(p, "\",\"employee_id\":\"");
    p = put_employee(p, txn->employee);
    p = PUT(p, "\",\"transaction_time\":\"");
    p = put_time(p, store, txn->at_s);
    p = PUT(p, "\",\"business_date\":\"");
    p = put_date(p, store->day);
    p = PUT(p, "\",\"sequence_number\":");
    p = put_digits(p, ref & 0xffffffff, 1);
    p = PUT(p, ",\"transaction_type\":\"");
    p = put_text(p, type_names[txn->type]);
    p = PUT(p, "\",\"transaction_total\":");
    p = put_money(p, txn->total);
    p = PUT(p, ",\"discount_amount\":");
    p = put_money(p, txn->discount);
    p = PUT(p, ",\"refund_flag\":");
    p = put_flag(p, txn->is_refund);
    p = PUT(p, ",\"void_flag\":");
    p = put_flag(p, txn->is_void);
    p = PUT(p, ",\"item_count\":");
    p = put_int(p, txn->item_count);
    p = PUT(p, ",\"payment_type\":\"");
    p = put_text(p, pay_names[txn->pay]);
    *p++ = '"';
    return p;
}

static char *put_transaction(char *p, const twi_sim *sim, const twi_store *store,
                             const twi_txn *txn, uint64_t ref, bool is_offline)
{
    p = put_head(p, store, txn, ref);
    p = PUT(p, ",\"currency\":\"");
    p = put_text(p, sim->options.currency);
    *p++ = '"';
    if (txn->line_n)
        p = put_lines(p, sim->items_own, txn);
    if (txn->tender_n)
        p = put_tenders(p, txn);
    p = put_people(p, txn);
    if (txn->scan_ds >= 0) {
        p = PUT(p, ",\"scan_seconds\":");
        p = put_tenths(p, txn->scan_ds);
    }
    if (txn->tender_ds >= 0) {
        p = PUT(p, ",\"tender_seconds\":");
        p = put_tenths(p, txn->tender_ds);
    }
    if (txn->is_training)
        p = PUT(p, ",\"training_flag\":true");
    if (is_offline)
        p = PUT(p, ",\"offline_flag\":true");
    return PUT(p, "}\n");
}

static char *put_label(char *p, const twi_txn *txn, uint64_t ref)
{
    p = put_ref(p, ref);
    p = txn->scheme ? PUT(p, ",1,") : PUT(p, ",0,");
    p = put_text(p, tw_simulate_scheme_name((tw_simulate_scheme)txn->scheme));
    *p++ = ',';
    p = put_money(p, txn->loss);
    *p++ = '\n';
    return p;
}

static char *put_columns(char *p, const twi_store *store, const twi_txn *txn, uint64_t ref)
{
    p = put_ref(p, ref);
    *p++ = ',';
    p = put_store(p, store);
    *p++ = ',';
    p = put_register(p, store, txn->reg);
    *p++ = ',';
    p = put_employee(p, txn->employee);
    *p++ = ',';
    p = put_time(p, store, txn->at_s);
    *p++ = ',';
    p = put_money(p, txn->total);
    *p++ = ',';
    p = put_money(p, txn->discount);
    p = txn->is_refund ? PUT(p, ",1,") : PUT(p, ",0,");
    p = txn->is_void ? PUT(p, "1,") : PUT(p, "0,");
    p = put_int(p, txn->item_count);
    *p++ = ',';
    p = put_text(p, pay_names[txn->pay]);
    *p++ = '\n';
    return p;
}

// --- emission ----------------------------------------------------------------------------------

static uint64_t next_ref(const twi_sim *sim, twi_store *store, uint8_t reg)
{
    TW_CHECK(reg > 0 && reg < TWI_REGISTERS);
    uint32_t *sequence = &store->sequence[reg];
    uint64_t h = twi_mix(sim->options.seed ^ ((uint64_t)store->idx << 8 | reg), *sequence);
    uint64_t crashes = (uint64_t)(sim->habits.crashes + 0.5);
    *sequence +=
        h % 4000 < crashes ? 2 + (uint32_t)(h >> 60 & 1) : 1; // a crash eats a number or two
    return (uint64_t)(store->idx + 1) << 40 | (uint64_t)reg << 32 | *sequence;
}

static int64_t arrival_of(const twi_store *store, const twi_txn *txn, uint64_t luck,
                          bool *is_offline)
{
    int32_t from_s = store->offline_from_s[txn->reg], until_s = store->offline_until_s[txn->reg];
    *is_offline = txn->at_s >= from_s && txn->at_s < until_s;
    if (*is_offline)
        return (store->midnight_s + until_s) * 1000 + (txn->at_s - from_s) * 20;
    int64_t delay_ms = 300 + (int64_t)(luck % 2200);
    if ((luck >> 16) % 400 == 0)
        delay_ms += 60000 + (int64_t)((luck >> 32) % 1800000);
    return (store->midnight_s + txn->at_s) * 1000 + delay_ms;
}

static void count(twi_sim *sim, const twi_txn *txn)
{
    sim->summary.transactions++;
    if (txn->scheme == TW_SIMULATE_HONEST)
        return;
    sim->summary.fraud_n[txn->scheme]++;
    sim->summary.fraud_n[0]++;
    sim->summary.fraud_loss_minor[txn->scheme] += txn->loss;
    sim->summary.fraud_loss_minor[0] += txn->loss;
}

uint64_t twi_emit(twi_sim *sim, twi_store *store, const twi_txn *txn)
{
    twi_outbox *box = &sim->transactions;
    uint64_t ref = next_ref(sim, store, txn->reg);
    if (tw_buf_reserve(&box->bytes, RECORD_MAX_BYTES) != TW_OK) {
        sim->status = sim->status ? sim->status : box->bytes.status;
        return ref;
    }
    uint64_t luck = twi_mix(sim->options.seed + 1, ref);
    bool is_offline = false;
    int64_t arrival_ms = arrival_of(store, txn, luck, &is_offline);
    size_t at = box->bytes.bytes;
    char *start = (char *)box->bytes.data_own + at;
    char *label = put_transaction(start, sim, store, txn, ref, is_offline);
    char *csv = put_label(label, txn, ref);
    char *end = sim->options.eleven_columns ? put_columns(csv, store, txn, ref) : csv;
    TW_CHECK(end - start <= RECORD_MAX_BYTES);
    box->bytes.bytes += (size_t)(end - start);
    const uint32_t bytes[3] = {(uint32_t)(label - start), (uint32_t)(csv - label),
                               (uint32_t)(end - csv)};
    twi_outbox_add(sim, box, arrival_ms, at, bytes);
    count(sim, txn);
    if (sim->options.duplicate_rate > 0.0 &&
        (double)(luck >> 11) * 0x1.0p-53 < sim->options.duplicate_rate) {
        const uint32_t again[3] = {bytes[0], 0, 0}; // the same record, delivered twice
        twi_outbox_add(sim, box, arrival_ms + 2000 + (int64_t)(luck % 600000), at, again);
        sim->summary.duplicates++;
    }
    return ref;
}

void twi_emit_shift(twi_sim *sim, twi_store *store, const twi_shift_note *note)
{
    twi_outbox *box = &sim->shifts;
    if (tw_buf_reserve(&box->bytes, 512) != TW_OK) {
        sim->status = sim->status ? sim->status : box->bytes.status;
        return;
    }
    size_t at = box->bytes.bytes;
    char *start = (char *)box->bytes.data_own + at, *p = start;
    p = PUT(p, "{\"event_id\":\"");
    p = put_store(p, store);
    p = PUT(p, "-H");
    p = put_digits(p, ++store->shift_n, 6);
    p = PUT(p, "\",\"event\":\"");
    p = put_text(p, note->event);
    p = PUT(p, "\",\"employee_id\":\"");
    p = put_employee(p, note->employee);
    p = PUT(p, "\",\"store_id\":\"");
    p = put_store(p, store);
    if (note->reg) {
        p = PUT(p, "\",\"register_id\":\"");
        p = put_register(p, store, note->reg);
    }
    p = PUT(p, "\",\"role\":\"");
    p = put_text(p, twi_role_name((twi_role)note->role));
    p = PUT(p, "\",\"store_format\":\"");
    p = put_text(p, twi_format_name((twi_format)store->format));
    p = PUT(p, "\",\"time\":\"");
    p = put_time(p, store, note->at_s);
    p = PUT(p, "\"}\n");
    box->bytes.bytes += (size_t)(p - start);
    const uint32_t bytes[3] = {(uint32_t)(p - start), 0, 0};
    twi_outbox_add(sim, box, (store->midnight_s + note->at_s) * 1000, at, bytes);
    sim->summary.shifts++;
}

void twi_emit_movement(twi_sim *sim, twi_store *store, const twi_movement_note *note)
{
    twi_outbox *box = &sim->movements;
    if (tw_buf_reserve(&box->bytes, 512) != TW_OK) {
        sim->status = sim->status ? sim->status : box->bytes.status;
        return;
    }
    size_t at = box->bytes.bytes;
    char *start = (char *)box->bytes.data_own + at, *p = start;
    p = PUT(p, "{\"movement_id\":\"");
    p = put_store(p, store);
    p = PUT(p, "-M");
    p = put_digits(p, ++store->movement_n, 7);
    p = PUT(p, "\",\"store_id\":\"");
    p = put_store(p, store);
    p = PUT(p, "\",\"sku\":\"");
    p = put_text(p, sim->items_own[note->item].sku);
    p = PUT(p, "\",\"type\":\"");
    p = put_text(p, note->type);
    p = PUT(p, "\",\"quantity\":");
    p = put_int(p, note->quantity);
    p = PUT(p, ",\"time\":\"");
    p = put_time(p, store, note->at_s);
    *p++ = '"';
    if (note->employee != TWI_NONE) {
        p = PUT(p, ",\"employee_id\":\"");
        p = put_employee(p, note->employee);
        *p++ = '"';
    }
    if (note->reason) {
        p = PUT(p, ",\"reason\":\"");
        p = put_text(p, note->reason);
        *p++ = '"';
    }
    p = PUT(p, "}\n");
    box->bytes.bytes += (size_t)(p - start);
    const uint32_t bytes[3] = {(uint32_t)(p - start), 0, 0};
    twi_outbox_add(sim, box, (store->midnight_s + note->at_s) * 1000, at, bytes);
    sim->summary.movements++;
}

// --- heads -------------------------------------------------------------------------------------

static tw_status write_text(twi_sim *sim, tw_simulate_output output, const char *text, tw_err *err)
{
    return sim->sink->write(sim->sink->ctx, output, text, strlen(text), err);
}

tw_status twi_write_heads(twi_sim *sim, tw_err *err)
{
    TW_TRY(write_text(sim, TW_SIMULATE_LABELS, "transaction_id,fraud,scheme,amount\n", err));
    if (sim->options.eleven_columns)
        TW_TRY(write_text(sim, TW_SIMULATE_COLUMNS,
                          "transaction_id,store_id,register_id,employee_id,transaction_time,"
                          "transaction_total,discount_amount,refund_flag,void_flag,item_count,"
                          "payment_type\n",
                          err));
    TW_TRY(write_text(sim, TW_SIMULATE_STORES,
                      "store_id,store_format,time_zone,employees,registers,self_checkouts,"
                      "mean_transactions_per_day\n",
                      err));
    for (uint32_t i = 0; i < sim->options.stores; i++) {
        const twi_store *store = &sim->stores_own[i];
        char row[160];
        snprintf(row, sizeof(row), "S%04u,%s,%s,%u,%u,%u,%.0f\n", (unsigned)i + 1,
                 twi_format_name((twi_format)store->format), store->zone->name,
                 (unsigned)store->employee_n, (unsigned)store->till_n, (unsigned)store->self_n,
                 store->volume);
        TW_TRY(write_text(sim, TW_SIMULATE_STORES, row, err));
    }
    return TW_OK;
}
