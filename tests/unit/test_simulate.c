// SPDX-License-Identifier: Apache-2.0
//
// The simulator as a program part: same options same bytes, bounds of prevalence, every scheme
// present, refusal of bad options, failing sinks and failing memory.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "simulate/simulate.h"

// Of small_chain(7), all outputs.
#define GOLDEN_HASH UINT64_C(0xd6639d6344a1ddf0)

// A sink that keeps one hash for each output and may fail.
typedef struct tally {
    uint64_t hash[TW_SIMULATE_OUTPUTS];
    uint64_t bytes[TW_SIMULATE_OUTPUTS];
    uint64_t largest_write;
    uint64_t fail_at, writes;
} tally;

static tw_status tally_write(void *ctx, tw_simulate_output output, const void *data, size_t bytes,
                             tw_err *err)
{
    tally *t = ctx;
    if (++t->writes == t->fail_at)
        return tw_fail(err, TW_NO_SPACE, "the disk is full");
    // The hash must not depend on how the bytes are cut into writes.
    const unsigned char *at = data;
    uint64_t h = t->hash[output];
    for (size_t i = 0; i < bytes; i++)
        h = (h ^ at[i]) * UINT64_C(0x100000001b3);
    t->hash[output] = h;
    t->bytes[output] += bytes;
    t->largest_write = TW_MAX(t->largest_write, (uint64_t)bytes);
    return TW_OK;
}

static tw_simulate_options small_chain(uint64_t seed)
{
    tw_simulate_options options;
    tw_simulate_options_init(&options);
    options.stores = 8;
    options.days = 4;
    options.seed = seed;
    options.eleven_columns = true;
    return options;
}

static tw_simulate_summary simulate(const tw_simulate_options *options, tally *t)
{
    *t = (tally){.fail_at = 0};
    tw_simulate_sink sink = {tally_write, NULL, t};
    tw_simulate_summary summary;
    tw_err err = {0};
    assert_int_equal(tw_simulate(tw_alloc_system(), options, &sink, &summary, &err), TW_OK);
    return summary;
}

static void same_options_give_same_bytes(void **state)
{
    (void)state;
    tally a, b, other;
    tw_simulate_options options = small_chain(7);
    (void)simulate(&options, &a);
    (void)simulate(&options, &b);
    assert_memory_equal(a.hash, b.hash, sizeof(a.hash));
    options.seed = 8;
    (void)simulate(&options, &other);
    for (int i = 0; i < TW_SIMULATE_OUTPUTS; i++)
        assert_true(a.hash[i] != other.hash[i]);
}

// Guards against a difference between compilers and machines. A deliberate change of the model
// changes it too: then the new value belongs into the same commit.
static void bytes_are_those_of_every_machine(void **state)
{
    (void)state;
    tally t;
    tw_simulate_options options = small_chain(7);
    (void)simulate(&options, &t);
    uint64_t all = tw_hash64(t.hash, sizeof(t.hash), 0);
    print_message("hash of all outputs: 0x%016llx\n", (unsigned long long)all);
    assert_true(all == GOLDEN_HASH);
}

static void prevalence_is_realistic_and_all_schemes_appear(void **state)
{
    (void)state;
    tally t;
    tw_simulate_options options;
    tw_simulate_options_init(&options);
    options.stores = 60;
    options.days = 28;
    options.seed = 7;
    tw_simulate_summary s = simulate(&options, &t);
    assert_in_range(s.transactions, 60 * 28 * 450, 60 * 28 * 800);
    assert_in_range(s.thieves * 1000 / s.employees, 10, 27);
    assert_in_range(s.fraud_n[0] * 10000 / s.transactions, 8, 32);
    uint64_t n = 0;
    int64_t loss = 0;
    for (int i = 1; i < TW_SIMULATE_SCHEME_N; i++) {
        print_message("%-24s %6llu %12.2f\n", tw_simulate_scheme_name((tw_simulate_scheme)i),
                      (unsigned long long)s.fraud_n[i], (double)s.fraud_loss_minor[i] / 100.0);
        assert_true(s.fraud_n[i] > 0);
        assert_true(s.fraud_loss_minor[i] > 0);
        n += s.fraud_n[i];
        loss += s.fraud_loss_minor[i];
    }
    assert_true(n == s.fraud_n[0]);
    assert_true(loss == s.fraud_loss_minor[0]);
    assert_true(t.bytes[TW_SIMULATE_COLUMNS] == 0);
    assert_true(t.largest_write < (UINT64_C(2) << 20)); // streams
}

static void honest_chain_has_no_fraud(void **state)
{
    (void)state;
    tally t;
    tw_simulate_options options = small_chain(3);
    tw_simulate_summary with = simulate(&options, &t);
    options.fraud_rate = 0.0;
    tw_simulate_summary without = simulate(&options, &t);
    assert_true(with.fraud_n[0] > 0);
    assert_true(without.fraud_n[0] == 0);
    assert_true(without.thieves == 0 && without.rings == 0);
    // Thieves draw from streams of their own: the honest customers stay nearly all the same.
    assert_in_range(without.transactions, with.transactions * 98 / 100,
                    with.transactions * 102 / 100);
    assert_true(without.shifts == with.shifts);
}

// --- habits of other chains

enum { REFUND, POST_VOID, CASH, MARK_N };
static const char *const marks[MARK_N] = {
    "\"refund_flag\":true", "\"transaction_type\":\"post_void\"", "\"payment_type\":\"cash\""};

typedef struct mark_count {
    tally tally;
    uint64_t n[MARK_N];
} mark_count;

static uint64_t occurrences(const char *text, size_t bytes, const char *mark)
{
    uint64_t n = 0;
    size_t length = strlen(mark);
    for (size_t i = 0; i + length <= bytes; i++)
        n += text[i] == mark[0] && memcmp(text + i, mark, length) == 0;
    return n;
}

static tw_status count_marks(void *ctx, tw_simulate_output output, const void *data, size_t bytes,
                             tw_err *err)
{
    mark_count *c = ctx;
    for (int i = 0; i < MARK_N && output == TW_SIMULATE_TRANSACTIONS; i++)
        c->n[i] += occurrences(data, bytes, marks[i]);
    return tally_write(&c->tally, output, data, bytes, err);
}

static tw_simulate_summary simulate_habits(uint64_t habits, mark_count *c)
{
    tw_simulate_options options = small_chain(7);
    options.stores = 12;
    options.days = 12; // returns need days to come
    options.eleven_columns = false;
    options.habits = habits;
    *c = (mark_count){.tally.fail_at = 0};
    tw_simulate_sink sink = {count_marks, NULL, c};
    tw_simulate_summary summary;
    tw_err err = {0};
    assert_int_equal(tw_simulate(tw_alloc_system(), &options, &sink, &summary, &err), TW_OK);
    return summary;
}

static void habits_give_the_same_bytes_again(void **state)
{
    (void)state;
    mark_count a, b, other;
    (void)simulate_habits(3, &a);
    (void)simulate_habits(3, &b);
    (void)simulate_habits(4, &other);
    assert_memory_equal(a.tally.hash, b.tally.hash, sizeof(a.tally.hash));
    assert_true(a.tally.hash[TW_SIMULATE_TRANSACTIONS] !=
                other.tally.hash[TW_SIMULATE_TRANSACTIONS]);
}

// Whatever the number, it is a chain that could be; and over some numbers they differ much.
static void habits_stay_within_what_could_be(void **state)
{
    (void)state;
    double least[MARK_N] = {1.0, 1.0, 1.0}, most[MARK_N] = {0.0, 0.0, 0.0};
    for (uint64_t habits = 1; habits <= 10; habits++) {
        mark_count c;
        tw_simulate_summary s = simulate_habits(habits, &c);
        double n = (double)s.transactions;
        double share[MARK_N];
        for (int i = 0; i < MARK_N; i++) {
            share[i] = (double)c.n[i] / n;
            least[i] = TW_MIN(least[i], share[i]);
            most[i] = TW_MAX(most[i], share[i]);
        }
        print_message("habits %2llu: %6llu transactions, refunds %.4f post-voids %.4f cash %.3f, "
                      "thieves %llu, thefts %.5f\n",
                      (unsigned long long)habits, (unsigned long long)s.transactions, share[REFUND],
                      share[POST_VOID], share[CASH], (unsigned long long)s.thieves,
                      (double)s.fraud_n[0] / n);
        assert_in_range(s.transactions, 12 * 12 * 150, 12 * 12 * 1200);
        assert_true(share[REFUND] > 0.002 && share[REFUND] < 0.15);
        assert_true(share[POST_VOID] > 0.0003 && share[POST_VOID] < 0.02);
        assert_true(share[CASH] > 0.03 && share[CASH] < 0.75);
        assert_true(s.thieves > 0);
        assert_true((double)s.fraud_n[0] / n > 1e-4 && (double)s.fraud_n[0] / n < 1e-2);
    }
    for (int i = 0; i < MARK_N; i++)
        assert_true(most[i] > 1.5 * least[i]);
}

static void duplicates_follow_the_option(void **state)
{
    (void)state;
    tally t;
    tw_simulate_options options = small_chain(3);
    assert_true(simulate(&options, &t).duplicates == 0);
    options.duplicate_rate = 0.02;
    tw_simulate_summary s = simulate(&options, &t);
    assert_in_range(s.duplicates * 1000 / s.transactions, 14, 26);
}

static void bad_options_are_refused(void **state)
{
    (void)state;
    tally t = {.fail_at = 0};
    tw_simulate_sink sink = {tally_write, NULL, &t};
    tw_simulate_options bad[10];
    for (size_t i = 0; i < TW_COUNT(bad); i++)
        tw_simulate_options_init(&bad[i]);
    bad[0].stores = 0;
    bad[1].stores = TW_SIMULATE_STORES_MAX + 1;
    bad[2].days = 0;
    bad[3].days = TW_SIMULATE_DAYS_MAX + 1;
    bad[4].start_day = -1;
    memcpy(bad[5].currency, "JPY", 4);
    memcpy(bad[6].currency, "us\"", 4);
    bad[7].fraud_rate = 0.3;
    bad[8].fraud_rate = -0.1;
    bad[9].duplicate_rate = 0.6;
    for (size_t i = 0; i < TW_COUNT(bad); i++) {
        tw_simulate_summary summary = {.transactions = 1};
        tw_err err = {0};
        assert_int_equal(tw_simulate(tw_alloc_system(), &bad[i], &sink, &summary, &err),
                         TW_INVALID);
        assert_true(summary.transactions == 0);
        assert_true(err.text[0] != '\0');
    }
    assert_true(t.writes == 0);
}

static void failing_sink_ends_the_run(void **state)
{
    (void)state;
    tw_simulate_options options = small_chain(5);
    options.stores = 2;
    for (uint64_t k = 1;; k = k * 3 / 2 + 1) {
        tally t = {.fail_at = k};
        tw_simulate_sink sink = {tally_write, NULL, &t};
        tw_simulate_summary summary;
        tw_err err = {0};
        tw_status status = tw_simulate(tw_alloc_system(), &options, &sink, &summary, &err);
        if (t.writes < k) {
            assert_int_equal(status, TW_OK);
            break;
        }
        assert_int_equal(status, TW_NO_SPACE);
        assert_string_equal(err.text, "the disk is full");
        assert_true(t.writes == k);
        assert_true(summary.transactions == 0);
    }
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    tw_simulate_options options = small_chain(5);
    options.stores = 2;
    options.days = 2;
    for (uint64_t k = 1;; k++) {
        tally t = {.fail_at = 0};
        tw_simulate_sink sink = {tally_write, NULL, &t};
        tw_simulate_summary summary;
        tw_err err = {0};
        tw_alloc_faulty faulty;
        tw_alloc_faulty_init(&faulty, k, false);
        tw_status status = tw_simulate(&faulty.alloc, &options, &sink, &summary, &err);
        assert_true(faulty.live_blocks == 0);
        assert_true(faulty.live_bytes == 0);
        if (faulty.hits == 0) {
            assert_int_equal(status, TW_OK);
            print_message("%llu allocations tried\n", (unsigned long long)k - 1);
            break;
        }
        assert_int_equal(status, TW_NO_MEMORY);
        assert_true(err.text[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_options_give_same_bytes),
        cmocka_unit_test(bytes_are_those_of_every_machine),
        cmocka_unit_test(prevalence_is_realistic_and_all_schemes_appear),
        cmocka_unit_test(honest_chain_has_no_fraud),
        cmocka_unit_test(habits_give_the_same_bytes_again),
        cmocka_unit_test(habits_stay_within_what_could_be),
        cmocka_unit_test(duplicates_follow_the_option),
        cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(failing_sink_ends_the_run),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
