// SPDX-License-Identifier: Apache-2.0
//
// What the simulator writes, read back by a JSON parser: shape of every record, references, sums,
// sequence numbers, order, labels; and that it behaves like shops (hours, shifts, look-alikes).
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <yyjson.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/table.h"
#include "base/time.h"
#include "simulate/simulate.h"

#define OUTPUT_MAX_BYTES ((size_t)1 << 30)

typedef struct world {
    tw_buf outputs[TW_SIMULATE_OUTPUTS];
    tw_simulate_summary summary;
} world;

// One transaction in arrival order, with what the tests compare.
typedef struct record {
    uint64_t id; // hash of the text
    uint64_t reg, original, void_of;
    int64_t time_ms;
    int64_t total;
    uint32_t sequence;
    bool is_refund, is_void, is_training, is_offline, has_override;
    char type[12], payment[16];
} record;

typedef struct records {
    record *items;
    size_t n, cap;
    tw_table by_id;
} records;

static tw_status keep(void *ctx, tw_simulate_output output, const void *data, size_t bytes,
                      tw_err *err)
{
    world *w = ctx;
    (void)err;
    tw_buf_put(&w->outputs[output], data, bytes);
    return w->outputs[output].status;
}

static world *make_world(double duplicate_rate)
{
    tw_simulate_options options;
    tw_simulate_options_init(&options);
    options.stores = 12;
    options.days = 12;
    options.seed = 42;
    options.fraud_rate = 0.2; // many thieves, so that a small chain shows many schemes
    options.duplicate_rate = duplicate_rate;
    options.eleven_columns = true;
    world *w = tw_new(tw_alloc_system(), world);
    assert_non_null(w);
    for (int i = 0; i < TW_SIMULATE_OUTPUTS; i++)
        tw_buf_init(&w->outputs[i], tw_alloc_system(), OUTPUT_MAX_BYTES);
    tw_simulate_sink sink = {keep, NULL, w};
    assert_int_equal(tw_simulate(tw_alloc_system(), &options, &sink, &w->summary, NULL), TW_OK);
    return w;
}

static void free_world(world *w)
{
    for (int i = 0; i < TW_SIMULATE_OUTPUTS; i++)
        tw_buf_release(&w->outputs[i]);
    tw_delete(tw_alloc_system(), w);
}

// The next line of an output without its newline; false at the end.
static bool next_line(const tw_buf *buf, size_t *at, tw_str *line)
{
    if (*at >= buf->bytes)
        return false;
    const char *start = (const char *)buf->data_own + *at;
    const char *end = memchr(start, '\n', buf->bytes - *at);
    assert_non_null(end); // every line ends
    *line = (tw_str){start, (size_t)(end - start)};
    *at += line->bytes + 1;
    return true;
}

static uint64_t hash_of(yyjson_val *root, const char *name)
{
    const char *text = yyjson_get_str(yyjson_obj_get(root, name));
    return text ? tw_hash64(text, strlen(text), 0) : 0;
}

static int64_t minor(yyjson_val *value)
{
    assert_true(yyjson_is_num(value));
    double v = yyjson_get_num(value);
    return (int64_t)(v * 100.0 + (v < 0 ? -0.5 : 0.5));
}

static int64_t time_of(yyjson_val *root, const char *name)
{
    int64_t ms = 0;
    int16_t offset = 0;
    const char *text = yyjson_get_str(yyjson_obj_get(root, name));
    assert_non_null(text);
    assert_true(tw_time_parse(tw_str_from(text), &ms, &offset));
    assert_true(offset != TW_OFFSET_NONE);
    return ms;
}

static bool is_one_of(const char *text, const char *const *names, size_t n)
{
    for (size_t i = 0; text && i < n; i++)
        if (strcmp(text, names[i]) == 0)
            return true;
    return false;
}

// Lines and tenders must add up to the total, the discount and the count of the head.
static void check_sums(yyjson_val *root, const record *r)
{
    size_t idx, max;
    yyjson_val *v;
    int64_t total = 0, discount = 0, tendered = 0, items = 0;
    yyjson_val *lines = yyjson_obj_get(root, "lines"), *tenders = yyjson_obj_get(root, "tenders");
    yyjson_arr_foreach(lines, idx, max, v)
    {
        int64_t quantity = yyjson_get_sint(yyjson_obj_get(v, "quantity"));
        yyjson_val *off = yyjson_obj_get(v, "discount_amount");
        assert_true(yyjson_get_len(yyjson_obj_get(v, "sku")) == 6);
        assert_true(yyjson_is_str(yyjson_obj_get(v, "entry_method")));
        assert_true(quantity != 0);
        assert_true((quantity < 0) == yyjson_get_bool(yyjson_obj_get(v, "return_flag")));
        if (yyjson_get_bool(yyjson_obj_get(v, "void_flag")))
            continue;
        total += minor(yyjson_obj_get(v, "unit_price")) * quantity - (off ? minor(off) : 0);
        discount += off ? minor(off) : 0;
        items += quantity < 0 ? -quantity : quantity;
    }
    yyjson_arr_foreach(tenders, idx, max, v)
    {
        tendered += minor(yyjson_obj_get(v, "amount"));
    }
    if (lines) {
        assert_true(total == r->total);
        assert_true(discount == minor(yyjson_obj_get(root, "discount_amount")));
        assert_true(items == yyjson_get_sint(yyjson_obj_get(root, "item_count")));
    }
    if (tenders)
        assert_true(tendered == r->total);
}

static void check_head(yyjson_val *root, const record *r)
{
    static const char *const types[] = {"sale",      "return",  "exchange", "void",
                                        "post_void", "no_sale", "paid_in",  "paid_out",
                                        "cancel",    "suspend", "resume"};
    static const char *const payments[] = {"cash",      "credit", "debit",        "mobile",
                                           "gift_card", "check",  "store_credit", "voucher",
                                           "other",     "none"};
    static const char *const ids[] = {"transaction_id", "store_id", "register_id", "employee_id"};
    for (size_t i = 0; i < TW_COUNT(ids); i++)
        assert_in_range(yyjson_get_len(yyjson_obj_get(root, ids[i])), 5, 40);
    assert_true(is_one_of(r->type, types, TW_COUNT(types)));
    assert_true(is_one_of(r->payment, payments, TW_COUNT(payments)));
    assert_true(minor(yyjson_obj_get(root, "discount_amount")) >= 0);
    assert_true(yyjson_is_bool(yyjson_obj_get(root, "refund_flag")));
    assert_true(yyjson_is_bool(yyjson_obj_get(root, "void_flag")));
    assert_true(yyjson_get_sint(yyjson_obj_get(root, "item_count")) >= 0);
    assert_string_equal(yyjson_get_str(yyjson_obj_get(root, "currency")), "USD");
    bool is_voiding = strcmp(r->type, "void") == 0 || strcmp(r->type, "post_void") == 0 ||
                      strcmp(r->type, "cancel") == 0;
    assert_true(r->is_void == is_voiding);
    assert_true((strcmp(r->type, "post_void") == 0) == (r->void_of != 0));
    bool may_be_negative = r->is_refund || strcmp(r->type, "paid_out") == 0;
    assert_true(may_be_negative ? r->total < 0 : r->total >= 0);
    if (strcmp(r->type, "return") == 0)
        assert_true(r->is_refund);
    if (strcmp(r->type, "no_sale") == 0)
        assert_true(r->total == 0 && strcmp(r->payment, "none") == 0);
}

static record parse_record(tw_str line)
{
    yyjson_doc *doc = yyjson_read(line.at, line.bytes, 0);
    assert_non_null(doc);
    yyjson_val *root = yyjson_doc_get_root(doc);
    record r = {.id = hash_of(root, "transaction_id"),
                .reg = hash_of(root, "register_id"),
                .original = hash_of(root, "original_transaction_id"),
                .void_of = hash_of(root, "void_of_transaction_id"),
                .time_ms = time_of(root, "transaction_time"),
                .total = minor(yyjson_obj_get(root, "transaction_total")),
                .sequence = (uint32_t)yyjson_get_uint(yyjson_obj_get(root, "sequence_number")),
                .is_refund = yyjson_get_bool(yyjson_obj_get(root, "refund_flag")),
                .is_void = yyjson_get_bool(yyjson_obj_get(root, "void_flag")),
                .is_training = yyjson_get_bool(yyjson_obj_get(root, "training_flag")),
                .is_offline = yyjson_get_bool(yyjson_obj_get(root, "offline_flag")),
                .has_override = yyjson_obj_get(root, "override_employee_id") != NULL};
    tw_str_copy(tw_str_from(yyjson_get_str(yyjson_obj_get(root, "transaction_type"))), r.type,
                sizeof(r.type));
    tw_str_copy(tw_str_from(yyjson_get_str(yyjson_obj_get(root, "payment_type"))), r.payment,
                sizeof(r.payment));
    check_head(root, &r);
    check_sums(root, &r);
    yyjson_doc_free(doc);
    return r;
}

static records read_records(const world *w)
{
    records all = {0};
    tw_str line;
    tw_table_init(&all.by_id, tw_alloc_system(), 10000000);
    for (size_t at = 0; next_line(&w->outputs[TW_SIMULATE_TRANSACTIONS], &at, &line);) {
        void *items = all.items;
        assert_int_equal(
            tw_grow(tw_alloc_system(), &items, &all.cap, all.n + 1, sizeof(record), 10000000),
            TW_OK);
        all.items = items;
        all.items[all.n] = parse_record(line);
        tw_table_slot *slot = NULL;
        assert_int_equal(tw_table_at(&all.by_id, all.items[all.n].id, &slot), TW_OK);
        if (slot->value == TW_TABLE_NONE)
            slot->value = (uint32_t)all.n;
        all.n++;
    }
    return all;
}

static void free_records(records *all)
{
    tw_free_array(tw_alloc_system(), all->items, all->cap, sizeof(record));
    tw_table_release(&all->by_id);
}

static const record *find(const records *all, uint64_t id)
{
    const tw_table_slot *slot = tw_table_find(&all->by_id, id);
    return slot ? &all->items[slot->value] : NULL;
}

static void records_are_complete_and_unique(void **state)
{
    const world *w = *state;
    records all = read_records(w);
    assert_true(all.n == w->summary.transactions);
    assert_true(all.by_id.n == all.n); // every identifier once
    free_records(&all);
}

static void references_point_to_earlier_records(void **state)
{
    records all = read_records(*state);
    size_t returns = 0, voids = 0, unreceipted = 0;
    for (size_t i = 0; i < all.n; i++) {
        const record *r = &all.items[i];
        if (r->original) {
            const record *sale = find(&all, r->original);
            assert_non_null(sale);
            assert_true(sale->time_ms < r->time_ms);
            assert_string_equal(sale->type, "sale");
            returns++;
        }
        unreceipted += strcmp(r->type, "return") == 0 && !r->original;
        if (r->void_of) {
            const record *voided = find(&all, r->void_of);
            assert_non_null(voided);
            assert_true(voided->time_ms < r->time_ms);
            assert_true(voided->total == r->total);
            voids++;
        }
    }
    print_message("%zu returns with receipt, %zu without, %zu post-voids\n", returns, unreceipted,
                  voids);
    assert_true(returns > 300 && voids > 100 && unreceipted > 50);
    free_records(&all);
}

static int by_register(const void *a, const void *b)
{
    const record *x = a, *y = b;
    if (x->reg != y->reg)
        return x->reg < y->reg ? -1 : 1;
    return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static void registers_count_without_gaps_but_for_crashes(void **state)
{
    records all = read_records(*state);
    qsort(all.items, all.n, sizeof(record), by_register); // by_id is not used below
    size_t gaps = 0;
    for (size_t i = 1; i < all.n; i++) {
        const record *a = &all.items[i - 1], *b = &all.items[i];
        if (a->reg != b->reg)
            continue;
        assert_true(b->sequence > a->sequence);
        assert_true(b->time_ms > a->time_ms);
        assert_in_range(b->sequence - a->sequence, 1, 3);
        gaps += b->sequence != a->sequence + 1;
    }
    print_message("%zu gaps in %zu records\n", gaps, all.n);
    assert_in_range(gaps, 1, all.n / 1000);
    free_records(&all);
}

static void arrival_is_nearly_in_order_of_time(void **state)
{
    records all = read_records(*state);
    int64_t newest_ms = 0;
    size_t late = 0, offline = 0;
    for (size_t i = 0; i < all.n; i++) {
        const record *r = &all.items[i];
        late += r->time_ms < newest_ms - 60000;
        offline += r->is_offline;
        assert_true(r->time_ms > newest_ms - 5 * TW_HOUR_MS);
        newest_ms = TW_MAX(newest_ms, r->time_ms);
    }
    print_message("%zu late and %zu offline of %zu\n", late, offline, all.n);
    assert_true(late > 0 && late < all.n / 50);
    free_records(&all);
}

static void labels_match_the_records(void **state)
{
    const world *w = *state;
    records all = read_records(w);
    tw_str line;
    size_t at = 0, rows = 0, fraud = 0;
    uint64_t n[TW_SIMULATE_SCHEME_N] = {0};
    assert_true(next_line(&w->outputs[TW_SIMULATE_LABELS], &at, &line));
    assert_true(tw_str_equal(line, TW_STR("transaction_id,fraud,scheme,amount")));
    for (; next_line(&w->outputs[TW_SIMULATE_LABELS], &at, &line); rows++) {
        char text[160], id[64], scheme[64] = "";
        int flag = 0;
        double amount = -1.0;
        tw_str_copy(line, text, sizeof(text));
        int fields = sscanf(text, "%63[^,],%d,%63[^,],%lf", id, &flag, scheme, &amount);
        if (flag == 0)
            assert_true(strcmp(text + strlen(id), ",0,,0.00") == 0);
        const record *r = find(&all, tw_hash64(id, strlen(id), 0));
        assert_non_null(r);
        assert_ptr_equal(r, &all.items[rows]); // same order as the records
        if (flag == 0)
            continue;
        assert_int_equal(fields, 4);
        int known = 1;
        while (known < TW_SIMULATE_SCHEME_N &&
               strcmp(scheme, tw_simulate_scheme_name((tw_simulate_scheme)known)) != 0)
            known++;
        assert_true(known < TW_SIMULATE_SCHEME_N);
        assert_true(amount >= 0.0);
        n[known]++;
        fraud++;
    }
    assert_true(rows == all.n);
    assert_true(fraud == w->summary.fraud_n[0]);
    for (int i = 1; i < TW_SIMULATE_SCHEME_N; i++)
        assert_true(n[i] == w->summary.fraud_n[i]);
    free_records(&all);
}

static void columns_say_what_the_records_say(void **state)
{
    const world *w = *state;
    records all = read_records(w);
    tw_str line;
    size_t at = 0, i = 0;
    assert_true(next_line(&w->outputs[TW_SIMULATE_COLUMNS], &at, &line));
    for (; next_line(&w->outputs[TW_SIMULATE_COLUMNS], &at, &line); i++) {
        char text[256], id[64], store[16], reg[16], employee[16], when[40], total[24], discount[24],
            payment[24];
        int refund = -1, voided = -1, items = -1;
        tw_str_copy(line, text, sizeof(text));
        assert_int_equal(
            sscanf(text, "%63[^,],%15[^,],%15[^,],%15[^,],%39[^,],%23[^,],%23[^,],%d,%d,%d,%23s",
                   id, store, reg, employee, when, total, discount, &refund, &voided, &items,
                   payment),
            11);
        assert_true(i < all.n);
        const record *r = &all.items[i];
        int64_t minor_total = 0, ms = 0;
        int16_t offset = 0;
        assert_true(tw_str_to_scaled(tw_str_from(total), 2, &minor_total));
        assert_true(tw_time_parse(tw_str_from(when), &ms, &offset));
        assert_true(tw_hash64(id, strlen(id), 0) == r->id);
        assert_true(minor_total == r->total && ms == r->time_ms);
        assert_true(refund == r->is_refund && voided == r->is_void);
        assert_string_equal(payment, r->payment);
    }
    assert_true(i == all.n);
    free_records(&all);
}

static void look_alikes_are_there(void **state)
{
    records all = read_records(*state);
    size_t training = 0, override = 0, no_sale = 0, cancel = 0, exchange = 0, suspend = 0;
    for (size_t i = 0; i < all.n; i++) {
        const record *r = &all.items[i];
        training += r->is_training;
        override += r->has_override;
        no_sale += strcmp(r->type, "no_sale") == 0;
        cancel += strcmp(r->type, "cancel") == 0;
        exchange += strcmp(r->type, "exchange") == 0;
        suspend += strcmp(r->type, "suspend") == 0;
    }
    print_message(
        "training %zu, overrides %zu, no-sales %zu, cancels %zu, exchanges %zu, suspended %zu\n",
        training, override, no_sale, cancel, exchange, suspend);
    assert_true(training > 10 && override > 200 && no_sale > 200 && cancel > 200);
    assert_true(exchange > 50 && suspend > 50);
    free_records(&all);
}

static void shifts_and_movements_are_well_formed(void **state)
{
    static const char *const events[] = {"clock_in", "clock_out",   "sign_on",
                                         "sign_off", "break_start", "break_end"};
    static const char *const moves[] = {"receipt", "transfer_in", "transfer_out",    "adjustment",
                                        "count",   "damage",      "return_to_vendor"};
    const world *w = *state;
    const tw_simulate_output outputs[] = {TW_SIMULATE_SHIFTS, TW_SIMULATE_MOVEMENTS};
    for (size_t i = 0; i < TW_COUNT(outputs); i++) {
        bool is_shift = outputs[i] == TW_SIMULATE_SHIFTS;
        int64_t before_ms = 0;
        uint64_t n = 0;
        tw_str line;
        for (size_t at = 0; next_line(&w->outputs[outputs[i]], &at, &line); n++) {
            yyjson_doc *doc = yyjson_read(line.at, line.bytes, 0);
            yyjson_val *root = yyjson_doc_get_root(doc);
            assert_non_null(root);
            int64_t ms = time_of(root, "time");
            assert_true(ms >= before_ms);
            before_ms = ms;
            assert_non_null(yyjson_get_str(yyjson_obj_get(root, "store_id")));
            const char *kind = yyjson_get_str(yyjson_obj_get(root, is_shift ? "event" : "type"));
            assert_true(is_shift ? is_one_of(kind, events, TW_COUNT(events))
                                 : is_one_of(kind, moves, TW_COUNT(moves)));
            assert_true(hash_of(root, is_shift ? "event_id" : "movement_id") != 0);
            assert_true(hash_of(root, is_shift ? "role" : "sku") != 0);
            if (is_shift)
                assert_true(hash_of(root, "store_format") != 0 &&
                            hash_of(root, "employee_id") != 0);
            else
                assert_true(yyjson_is_int(yyjson_obj_get(root, "quantity")));
            yyjson_doc_free(doc);
        }
        assert_true(n == (is_shift ? w->summary.shifts : w->summary.movements));
    }
}

static void duplicates_repeat_the_same_bytes(void **state)
{
    (void)state;
    world *w = make_world(0.01);
    records all = read_records(w);
    assert_true(all.n == w->summary.transactions + w->summary.duplicates);
    assert_true(all.by_id.n == w->summary.transactions);
    free_records(&all);
    free_world(w);
}

static int set_up(void **state)
{
    *state = make_world(0.0);
    return 0;
}

static int tear_down(void **state)
{
    free_world(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_complete_and_unique),
        cmocka_unit_test(references_point_to_earlier_records),
        cmocka_unit_test(registers_count_without_gaps_but_for_crashes),
        cmocka_unit_test(arrival_is_nearly_in_order_of_time),
        cmocka_unit_test(labels_match_the_records),
        cmocka_unit_test(columns_say_what_the_records_say),
        cmocka_unit_test(look_alikes_are_there),
        cmocka_unit_test(shifts_and_movements_are_well_formed),
        cmocka_unit_test(duplicates_repeat_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
