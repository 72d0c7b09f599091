// SPDX-License-Identifier: Apache-2.0
#include "random_fact.h"

#include <stdio.h>

#include "base/time.h"
#include "retail/check.h"

static bool coin(tw_rng *rng)
{
    return (tw_rng_u64(rng) & 1) != 0;
}

static int64_t between(tw_rng *rng, int64_t low, int64_t high)
{
    uint32_t pick = tw_rng_below(rng, 16);
    if (pick == 0)
        return low;
    if (pick == 1)
        return high;
    // Mostly everyday sizes.
    if (pick < 10 && low <= 0 && high >= 100000)
        return (int64_t)tw_rng_below(rng, 100000);
    return low + (int64_t)(tw_rng_u64(rng) % ((uint64_t)(high - low) + 1));
}

// Valid UTF-8 of min_bytes..max_bytes; card numbers cannot occur, as there is at most one digit in
// a row.
static tw_str text(tw_rng *rng, tw_arena *arena, size_t min_bytes, size_t max_bytes)
{
    static const char *const pieces[] = {"a",
                                         "Z",
                                         "7x",
                                         "-",
                                         "_",
                                         "q ",
                                         "\"q",
                                         "\\b",
                                         "\xc3\xa9",
                                         "\xe2\x82\xac",
                                         "\xf0\x9f\x9b\x92",
                                         "store"};
    size_t want = (size_t)between(rng, (int64_t)min_bytes, (int64_t)max_bytes);
    char *at = tw_arena_take(arena, max_bytes + 8);
    TW_CHECK(at);
    size_t n = 0;
    while (n < want) {
        const char *piece = pieces[tw_rng_below(rng, coin(rng) ? 5 : TW_COUNT(pieces))];
        if (n + strlen(piece) > want)
            piece = "k";
        memcpy(at + n, piece, strlen(piece));
        n += strlen(piece);
    }
    // Outer white space would be trimmed by the text formats.
    for (size_t i = 0; i<n; i += n> 1 ? n - 1 : 1) {
        if (at[i] == ' ')
            at[i] = 's';
    }
    return (tw_str){n ? at : NULL, n};
}

static tw_str id(tw_rng *rng, tw_arena *arena)
{
    return text(rng, arena, 1, TW_ID_MAX_BYTES);
}

static tw_str optional(tw_rng *rng, tw_arena *arena, size_t max_bytes)
{
    return coin(rng) ? text(rng, arena, 1, max_bytes) : TW_STR_NONE;
}

static int16_t offset(tw_rng *rng)
{
    return (int16_t)(15 * ((int)tw_rng_below(rng, 105) - 48));
}

// From 1970-01-03: the text of an earlier local time would have no year that times may have.
static int64_t instant(tw_rng *rng)
{
    return between(rng, TW_TIME_MIN_MS + 2 * TW_DAY_MS, TW_TIME_MAX_MS - 1);
}
static int64_t money(tw_rng *rng)
{
    return between(rng, -TW_MONEY_MAX_MINOR, TW_MONEY_MAX_MINOR);
}

static void random_parts(tw_rng *rng, tw_arena *arena, tw_transaction *t)
{
    static const size_t counts[] = {0, 1, 2, 5, 40, TW_LINES_MAX};
    t->line_n = counts[tw_rng_below(rng, tw_rng_below(rng, 20) == 0 ? 6 : 5)];
    t->tender_n = tw_rng_below(rng, tw_rng_below(rng, 8) == 0 ? TW_TENDERS_MAX + 1 : 3);
    t->attribute_n = tw_rng_below(rng, tw_rng_below(rng, 8) == 0 ? TW_ATTRIBUTES_MAX + 1 : 3);
    tw_line *lines = tw_arena_array(arena, t->line_n, sizeof(*lines));
    tw_tender *tenders = tw_arena_array(arena, t->tender_n, sizeof(*tenders));
    tw_attribute *attributes = tw_arena_array(arena, t->attribute_n, sizeof(*attributes));
    TW_CHECK(lines && tenders && attributes);
    for (size_t i = 0; i < t->line_n; i++) {
        int64_t price = money(rng);
        lines[i] = (tw_line){
            .sku = optional(rng, arena, TW_ID_MAX_BYTES),
            .department = optional(rng, arena, TW_TEXT_MAX_BYTES),
            .discount_reason = optional(rng, arena, TW_TEXT_MAX_BYTES),
            .quantity_milli =
                coin(rng) ? 1000 : between(rng, -TW_QUANTITY_MAX_MILLI, TW_QUANTITY_MAX_MILLI),
            .unit_price_minor = price,
            .regular_price_minor = coin(rng) ? price : money(rng),
            .discount_minor = coin(rng) ? 0 : between(rng, 0, TW_MONEY_MAX_MINOR),
            .void_flag = coin(rng),
            .return_flag = coin(rng),
            .entry_method = (tw_entry_method)tw_rng_below(rng, TW_ENTRY_N)};
        if (lines[i].return_flag && lines[i].quantity_milli > 0)
            lines[i].quantity_milli = -lines[i].quantity_milli;
    }
    for (size_t i = 0; i < t->tender_n; i++)
        tenders[i] = (tw_tender){.type = (tw_payment_type)tw_rng_below(rng, TW_PAY_N),
                                 .amount_minor = money(rng),
                                 .account_token = optional(rng, arena, TW_ID_MAX_BYTES),
                                 .entry_method = (tw_entry_method)tw_rng_below(rng, TW_ENTRY_N)};
    for (size_t i = 0; i < t->attribute_n; i++)
        attributes[i] =
            (tw_attribute){.name = id(rng, arena), .value = (tw_rng_unit(rng) - 0.5) * 1e6};
    t->lines = t->line_n ? lines : NULL;
    t->tenders = t->tender_n ? tenders : NULL;
    t->attributes = t->attribute_n ? attributes : NULL;
}

static void random_transaction(tw_rng *rng, tw_arena *arena, tw_transaction *t)
{
    static const char currencies[][4] = {"EUR", "USD", "JPY", "KWD", "CLF"};
    t->transaction_id = id(rng, arena);
    t->store_id = id(rng, arena);
    t->register_id = id(rng, arena);
    t->employee_id = id(rng, arena);
    t->customer_id = optional(rng, arena, TW_ID_MAX_BYTES);
    t->loyalty_id = optional(rng, arena, TW_ID_MAX_BYTES);
    t->original_transaction_id = optional(rng, arena, TW_ID_MAX_BYTES);
    t->void_of_transaction_id = optional(rng, arena, TW_ID_MAX_BYTES);
    t->override_employee_id = optional(rng, arena, TW_ID_MAX_BYTES);
    t->override_reason = optional(rng, arena, TW_TEXT_MAX_BYTES);
    t->time_ms = instant(rng);
    t->offset_min = offset(rng);
    t->business_day = tw_floor_day(tw_transaction_local_ms(t)) - (coin(rng) ? 0 : 1);
    t->flags = TW_TXN_HAS_TYPE | TW_TXN_HAS_OFFSET | tw_rng_below(rng, 256);
    t->total_minor = money(rng);
    if ((t->flags & TW_TXN_FLAG_REFUND) && t->total_minor > 0)
        t->total_minor = -t->total_minor;
    t->discount_minor = between(rng, 0, TW_MONEY_MAX_MINOR);
    memcpy(t->currency, currencies[tw_rng_below(rng, TW_COUNT(currencies))], 4);
    t->type = (tw_transaction_type)tw_rng_below(rng, TW_TXN_N);
    t->payment_type = (tw_payment_type)tw_rng_below(rng, TW_PAY_N);
    t->item_count = (int32_t)between(rng, 0, TW_ITEM_COUNT_MAX);
    if (t->flags & TW_TXN_HAS_SEQUENCE)
        t->sequence_number = (uint32_t)tw_rng_u64(rng);
    if (t->flags & TW_TXN_HAS_SCAN_SECONDS)
        t->scan_seconds = (float)(tw_rng_unit(rng) * 1000.0);
    if (t->flags & TW_TXN_HAS_TENDER_SECONDS)
        t->tender_seconds = (float)tw_rng_below(rng, TW_SECONDS_MAX + 1);
    random_parts(rng, arena, t);
}

static void random_verdict(tw_rng *rng, tw_arena *arena, tw_verdict *v)
{
    v->verdict_id = id(rng, arena);
    v->alert_id = optional(rng, arena, TW_ID_MAX_BYTES);
    v->transaction_id = v->alert_id.bytes ? TW_STR_NONE : id(rng, arena);
    v->verdict = (tw_verdict_kind)tw_rng_below(rng, TW_VERDICT_N);
    v->reason = optional(rng, arena, TW_TEXT_MAX_BYTES);
    v->note = optional(rng, arena, TW_NOTE_MAX_BYTES);
    v->decided_by = optional(rng, arena, TW_ID_MAX_BYTES);
    v->recovered_minor = between(rng, 0, TW_MONEY_MAX_MINOR);
    v->decided_ms = instant(rng);
}

void random_fact(tw_rng *rng, tw_fact_kind kind, tw_arena *arena, tw_fact *out)
{
    memset(out, 0, sizeof(*out));
    out->kind = kind;
    out->received_ms = instant(rng);
    switch (kind) {
    case TW_FACT_TRANSACTION:
        random_transaction(rng, arena, &out->as.transaction);
        return;
    case TW_FACT_MOVEMENT:
        out->as.movement = (tw_movement){
            .movement_id = id(rng, arena),
            .store_id = id(rng, arena),
            .sku = id(rng, arena),
            .employee_id = optional(rng, arena, TW_ID_MAX_BYTES),
            .reason = optional(rng, arena, TW_TEXT_MAX_BYTES),
            .reference = optional(rng, arena, TW_ID_MAX_BYTES),
            .type = (tw_movement_type)tw_rng_below(rng, TW_MOVE_N),
            .quantity_milli = between(rng, -TW_QUANTITY_MAX_MILLI, TW_QUANTITY_MAX_MILLI),
            .time_ms = instant(rng),
            .offset_min = offset(rng)};
        return;
    case TW_FACT_SHIFT:
        out->as.shift = (tw_shift){.event_id = id(rng, arena),
                                   .store_id = id(rng, arena),
                                   .employee_id = id(rng, arena),
                                   .register_id = optional(rng, arena, TW_ID_MAX_BYTES),
                                   .role = optional(rng, arena, TW_ID_MAX_BYTES),
                                   .store_format = optional(rng, arena, TW_ID_MAX_BYTES),
                                   .event = (tw_shift_event)tw_rng_below(rng, TW_SHIFT_N),
                                   .time_ms = instant(rng),
                                   .offset_min = offset(rng)};
        return;
    case TW_FACT_VERDICT:
        random_verdict(rng, arena, &out->as.verdict);
        return;
    case TW_FACT_CONFIG:
        out->as.config = (tw_config){.kind = (tw_config_kind)tw_rng_below(rng, TW_CONFIG_N),
                                     .name = id(rng, arena),
                                     .content = optional(rng, arena, 100000),
                                     .changed_by = optional(rng, arena, TW_ID_MAX_BYTES),
                                     .reason = optional(rng, arena, TW_TEXT_MAX_BYTES),
                                     .changed_ms = instant(rng)};
        return;
    case TW_FACT_ACTION:
        out->as.action = (tw_action){.action_id = id(rng, arena),
                                     .kind = id(rng, arena),
                                     .subject = optional(rng, arena, TW_TEXT_MAX_BYTES),
                                     .actor = id(rng, arena),
                                     .body = optional(rng, arena, TW_ACTION_MAX_BYTES),
                                     .at_ms = instant(rng)};
        return;
    }
}

static tw_str numbered(tw_arena *arena, const char *prefix, uint32_t number)
{
    char raw[TW_ID_MAX_BYTES];
    int n = snprintf(raw, sizeof(raw), "%s%05u", prefix, (unsigned)number);
    char *copy = tw_arena_copy(arena, raw, (size_t)n);
    TW_CHECK(copy);
    return (tw_str){copy, (size_t)n};
}

void typical_fact(uint32_t number, size_t line_n, tw_arena *arena, tw_fact *out)
{
    memset(out, 0, sizeof(*out));
    tw_line *lines = tw_arena_array(arena, line_n, sizeof(*lines));
    tw_tender *tender = tw_arena_array(arena, 1, sizeof(*tender));
    TW_CHECK(lines && tender);
    int64_t total = 0;
    for (size_t i = 0; i < line_n; i++) {
        lines[i] = (tw_line){.sku = numbered(arena, "40063810", number * 7 + (uint32_t)i),
                             .department = TW_STR("grocery"),
                             .quantity_milli = 1000,
                             .unit_price_minor = 199 + (number + (int64_t)i * 37) % 900,
                             .entry_method = TW_ENTRY_SCANNED};
        lines[i].regular_price_minor = lines[i].unit_price_minor;
        total += lines[i].unit_price_minor;
    }
    *tender = (tw_tender){.type = TW_PAY_CREDIT,
                          .amount_minor = total,
                          .account_token = numbered(arena, "tok_9f86d081884c7d659a", number % 5000),
                          .entry_method = TW_ENTRY_CHIP};
    out->kind = TW_FACT_TRANSACTION;
    out->received_ms = INT64_C(1767600000000) + number;
    out->as.transaction = (tw_transaction){
        .transaction_id = numbered(arena, "S014-R03-20260105-", number),
        .store_id = TW_STR("S014"),
        .register_id = TW_STR("R03"),
        .employee_id = numbered(arena, "E", number % 97),
        .time_ms = INT64_C(1767600000000) + number * INT64_C(1000),
        .offset_min = 60,
        .business_day = tw_floor_day(INT64_C(1767600000000) + number * INT64_C(1000) + TW_HOUR_MS),
        .total_minor = total,
        .currency = "EUR",
        .flags = TW_TXN_HAS_TYPE | TW_TXN_HAS_SEQUENCE | TW_TXN_HAS_OFFSET |
                 TW_TXN_HAS_SCAN_SECONDS | TW_TXN_HAS_TENDER_SECONDS,
        .payment_type = TW_PAY_CREDIT,
        .item_count = (int32_t)line_n,
        .sequence_number = number,
        .scan_seconds = 21.5f,
        .tender_seconds = 9.25f,
        .lines = lines,
        .line_n = line_n,
        .tenders = tender,
        .tender_n = 1};
}
