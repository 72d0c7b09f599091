// SPDX-License-Identifier: Apache-2.0
//
// Random streams through the detector: a naive model of the evidence gives the same risks and
// alerts; a replay gives the same hash; a snapshot at any point goes on as if nothing had happened.
#include "../unit/detect_fixture.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/rng.h"

enum { EMPLOYEES = 6, FACTS = 1500 };

// The refund scheme of the shop in doubles: 4 points a refund of 50 and more, repetitions add fully
// up to five times, the sale of 77 takes 4 points away, halves in 14 days.
typedef struct naive {
    double points[EMPLOYEES];
    int32_t day[EMPLOYEES];
    uint32_t fires[EMPLOYEES];
    bool has_alert[EMPLOYEES];
} naive;

static void naive_age(naive *n, int e, int32_t day)
{
    if (n->day[e] != 0 && day > n->day[e]) {
        n->points[e] *= pow(2, (n->day[e] - day) / 14.0);
        if (n->points[e] < 0.25 && !n->has_alert[e])
            n->fires[e] = 0;
    }
    n->day[e] = day;
}

static double naive_refund(naive *n, int e)
{
    double x = n->points[e], repeat = n->fires[e]++ > 0 ? fmin(x, 4) : 0;
    n->points[e] = fmin(fmax(x, 4) + repeat, 20);
    return n->points[e];
}

static double naive_risk(double points)
{
    return points >= 6 ? 0.8 + 0.2 * (1 - 6 / points) : fmin(0.7999, 0.4 + 0.4 * points / 6);
}

static void the_naive_model_gives_the_same_risks(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        shop s;
        tw_rng rng;
        naive n = {0};
        printf("seed %llu\n", (unsigned long long)seed);
        tw_rng_init(&rng, seed, 0);
        shop_open(&s);
        // No budget in the way, and everybody refunds: the naive model has a fixed bar.
        shop_config(&s, TW_CONFIG_POLICY,
                    "cold_days: 0\nevidence_floor: 6\nevidence_cold: 6\nalerts_per_store_day: 100\n"
                    "habit_share: 1\n");
        for (int i = 0; i < FACTS; i++) {
            int e = (int)tw_rng_below(&rng, EMPLOYEES);
            char employee[8];
            snprintf(employee, sizeof employee, "E%d", e);
            s.now_ms += (int64_t)tw_rng_below(&rng, 4 * 3600) * 1000;
            uint32_t kind = tw_rng_below(&rng, 8);
            double amount = kind == 0 ? 77 : kind == 1 ? -60 : kind == 2 ? -20 : 30;
            shop_till(&s, employee, "", amount);
            int32_t day = tw_engine_day(s.engine);
            bool touches = kind <= 1;
            if (touches)
                naive_age(&n, e, day);
            if (kind == 0)
                n.points[e] = fmax(0, n.points[e] - 4);
            if (kind != 1)
                continue;
            double points = naive_refund(&n, e);
            assert_true(fabs((double)s.score.risk - naive_risk(points)) < 2e-3);
            bool opens = points >= 6.01 && !n.has_alert[e];
            if (fabs(points - 6) > 0.01)
                assert_int_equal(s.change_n, opens || n.has_alert[e]);
            n.has_alert[e] |= s.change_n > 0;
        }
        shop_close(&s);
    }
}

// --- replay and snapshots
// ----------------------------------------------------------------------------

static tw_status write_buf(void *ctx, const void *data, size_t bytes)
{
    tw_buf_put(ctx, data, bytes);
    return ((tw_buf *)ctx)->status;
}

static tw_status read_buf(void *ctx, void *data, size_t bytes)
{
    const uint8_t *at = tw_read_bytes(ctx, bytes);
    if (!at)
        return TW_CORRUPT;
    memcpy(data, at, bytes);
    return TW_OK;
}

static void reload(shop *s)
{
    tw_buf file;
    tw_reader reader;
    tw_detector *copy;
    tw_buf_init(&file, tw_alloc_system(), 64 << 20);
    assert_int_equal(tw_detector_save(s->detector, write_buf, &file), TW_OK);
    tw_reader_init(&reader, file.data_own, file.bytes);
    assert_int_equal(tw_detector_load(tw_alloc_system(), s->engine, read_buf, &reader, &copy),
                     TW_OK);
    tw_detector_free(s->detector);
    s->detector = copy;
    tw_buf_release(&file);
}

static void random_fact(shop *s, tw_rng *rng, char last_alert[TW_ALERT_ID_BYTES])
{
    char employee[8], account[8];
    s->now_ms += (int64_t)tw_rng_below(rng, 2 * 3600) * 1000;
    if (tw_rng_below(rng, 40) == 0) {
        bool on_alert = tw_rng_below(rng, 2);
        char id[32];
        snprintf(id, sizeof id, "T%llu",
                 (unsigned long long)tw_rng_below(rng, (uint32_t)s->seq + 1));
        shop_verdict(s, on_alert ? last_alert : "", on_alert ? "" : id,
                     (tw_verdict_kind)tw_rng_below(rng, TW_VERDICT_N));
        return;
    }
    snprintf(employee, sizeof employee, "E%u", tw_rng_below(rng, EMPLOYEES));
    snprintf(account, sizeof account, "C%u", tw_rng_below(rng, 4));
    uint32_t kind = tw_rng_below(rng, 4);
    shop_till(s, employee, kind ? account : "",
              kind == 0   ? 77
              : kind == 1 ? -60
              : kind == 2 ? -120
                          : 30);
    if (s->score.alert_key)
        tw_alert_id(s->score.alert_key, last_alert);
}

static uint64_t run(uint64_t seed, bool reloads)
{
    shop s;
    tw_rng rng, pauses;
    char last_alert[TW_ALERT_ID_BYTES] = "";
    tw_rng_init(&rng, seed, 1);
    tw_rng_init(&pauses, seed, 2);
    shop_open(&s);
    for (int i = 0; i < FACTS; i++) {
        random_fact(&s, &rng, last_alert);
        if (i == FACTS / 2)
            shop_config(&s, TW_CONFIG_SIGNALS, ""); // the shipped rules take over
        if (i == FACTS * 3 / 4)
            shop_config(&s, TW_CONFIG_SIGNALS, shop_signals);
        if (reloads && tw_rng_below(&pauses, 50) == 0)
            reload(&s);
    }
    uint64_t hash = tw_detector_hash(s.detector);
    shop_close(&s);
    return hash;
}

static void replays_and_snapshots_give_the_same_state(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        printf("seed %llu\n", (unsigned long long)seed);
        uint64_t hash = run(seed, false);
        assert_true(run(seed, false) == hash);
        assert_true(run(seed, true) == hash);
        assert_true(run(seed + 100, false) != hash);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_naive_model_gives_the_same_risks),
        cmocka_unit_test(replays_and_snapshots_give_the_same_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
