// SPDX-License-Identifier: Apache-2.0
//
// Evaluation against definitions written down as plainly as they can be, on random small inputs
// with many ties: AP and AUC, with counts as well (a row that counts three times is three rows),
// precision and recall at k, precision at k by entity as the Fraud Detection Handbook publishes it,
// equal recall, and the mean and spread of the counts of resampling.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/hash.h"
#include "resample.h"

#define assert_near(a, b, eps) assert_true(fabs((double)(a) - (double)(b)) <= (double)(eps))
#define assert_same(a, b) assert_true((isnan(a) && isnan(b)) || fabs((a) - (b)) <= 1e-9)
#define ROWS_MAX 300
#define ENTITIES 60
#define DAYS 5
#define NONE UINT32_MAX
#define SEEDS 60

typedef struct sample {
    tw_eval_row rows[ROWS_MAX];
    float before[ROWS_MAX];
    size_t n;
} sample;

static sample s;

static void make(uint64_t seed)
{
    tw_rng rng;
    tw_rng_init(&rng, seed, 0);
    uint32_t levels = seed % 3 == 0 ? 5 : seed % 3 == 1 ? 40 : 1000000;
    s.n = 1 + tw_rng_below(&rng, ROWS_MAX);
    for (size_t i = 0; i < s.n; i++) {
        bool is_fraud = tw_rng_below(&rng, 8) == 0;
        uint32_t entity = tw_rng_below(&rng, ENTITIES + 1);
        s.rows[i] =
            (tw_eval_row){.risk = (float)tw_rng_below(&rng, levels) / (float)levels,
                          .fraud = is_fraud,
                          .day = (int32_t)tw_rng_below(&rng, DAYS) - 2,
                          .thief = is_fraud && tw_rng_below(&rng, 2) ? entity % 7 : NONE,
                          .amount = 1,
                          .entity = {tw_rng_below(&rng, 9), entity == ENTITIES ? NONE : entity}};
        if (is_fraud)
            s.rows[i].risk =
                TW_MAX(s.rows[i].risk, (float)tw_rng_below(&rng, levels) / (float)levels);
        s.before[i] = (float)tw_rng_below(&rng, levels) / (float)levels;
    }
}

// --- definitions

static double naive_ap(const tw_eval_row *rows, size_t n)
{
    // Each fraud brings the precision of all that lies as high as it or higher.
    double sum = 0, positives = 0;
    for (size_t i = 0; i < n; i++) {
        double above = 0, above_true = 0;
        for (size_t j = 0; rows[i].fraud && j < n; j++) {
            above += rows[j].risk >= rows[i].risk;
            above_true += rows[j].fraud && rows[j].risk >= rows[i].risk;
        }
        sum += rows[i].fraud ? above_true / above : 0;
        positives += rows[i].fraud;
    }
    return twi_ratio(sum, positives);
}

static double naive_auc(const tw_eval_row *rows, size_t n)
{
    double right = 0, pairs = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (rows[i].fraud && !rows[j].fraud) {
                pairs++;
                right += rows[i].risk > rows[j].risk ? 1 : rows[i].risk == rows[j].risk ? 0.5 : 0;
            }
    return twi_ratio(right, pairs);
}

// Expected frauds among the k highest of a day, when equal ones lie in any order.
static double naive_first(int32_t day, size_t k, size_t *day_n)
{
    double sum = 0;
    *day_n = 0;
    for (size_t i = 0; i < s.n; i++) {
        double above = 0, equal = 0;
        if (s.rows[i].day != day)
            continue;
        ++*day_n;
        for (size_t j = 0; j < s.n; j++) {
            above += s.rows[j].day == day && s.rows[j].risk > s.rows[i].risk;
            equal += s.rows[j].day == day && s.rows[j].risk == s.rows[i].risk;
        }
        double share = ((double)k - above) / equal;
        sum += s.rows[i].fraud ? TW_MIN(1.0, TW_MAX(0.0, share)) : 0;
    }
    return sum;
}

// One entity of a day: highest risk, whether any row is fraud, whether it has any row.
static bool day_of(int32_t day, tw_eval_entity kind, uint32_t entity, float *risk, bool *is_fraud)
{
    bool is_met = false;
    *risk = -1;
    *is_fraud = false;
    for (size_t i = 0; i < s.n; i++)
        if (s.rows[i].day == day && s.rows[i].entity[kind] == entity) {
            is_met = true;
            *risk = TW_MAX(*risk, s.rows[i].risk);
            *is_fraud = *is_fraud || s.rows[i].fraud;
        }
    return is_met;
}

static bool before_in_order(uint32_t a, float a_risk, uint32_t b, float b_risk)
{
    uint32_t ha = (uint32_t)tw_hash64(&a, sizeof(a), 0), hb = (uint32_t)tw_hash64(&b, sizeof(b), 0);
    return a_risk != b_risk ? a_risk > b_risk : ha < hb;
}

static double naive_entities(tw_eval_entity kind, uint32_t k, double *ceiling)
{
    bool detected[ENTITIES] = {false};
    double sum = 0, best = 0, days = 0;
    for (int32_t day = -2; day < DAYS - 2; day++) {
        bool now[ENTITIES] = {false}, has_any = false;
        uint32_t found = 0, fraud_n = 0;
        for (uint32_t a = 0; a < ENTITIES; a++) {
            float a_risk, b_risk;
            bool a_fraud, b_fraud;
            uint32_t ahead = 0;
            if (!day_of(day, kind, a, &a_risk, &a_fraud))
                continue;
            has_any = true;
            if (detected[a])
                continue;
            for (uint32_t b = 0; b < ENTITIES; b++)
                ahead += b != a && !detected[b] && day_of(day, kind, b, &b_risk, &b_fraud) &&
                         before_in_order(b, b_risk, a, a_risk);
            now[a] = a_fraud && ahead < k;
            found += now[a];
            fraud_n += a_fraud;
        }
        for (uint32_t a = 0; a < ENTITIES; a++)
            detected[a] = detected[a] || now[a];
        sum += (double)found / k;
        best += (double)TW_MIN(fraud_n, k) / k;
        days += has_any;
    }
    *ceiling = twi_ratio(best, days);
    return twi_ratio(sum, days);
}

// --- evaluation

static void figures_are_their_definitions(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        tw_eval e;
        print_message("seed %d\n", (int)seed);
        make(seed);
        tw_eval_input input = {
            .rows = s.rows, .n = s.n, .scheme_n = 1, .threshold = 0.8, .has_entities = true};
        assert_int_equal(tw_evaluate(tw_alloc_system(), &input, &e), TW_OK);
        assert_same(e.ap, naive_ap(s.rows, s.n));
        assert_same(e.auc, naive_auc(s.rows, s.n));
        for (size_t k = 0; k < TW_EVAL_KS; k++) {
            double precision = 0, full = 0, found = 0, ceiling;
            for (int32_t day = -2; day < DAYS - 2; day++) {
                size_t day_n;
                double hit = naive_first(day, tw_eval_k[k], &day_n);
                found += hit;
                full += day_n >= tw_eval_k[k];
                precision += day_n >= tw_eval_k[k] ? hit / tw_eval_k[k] : 0;
            }
            assert_same(e.precision_at_k[k], twi_ratio(precision, full));
            assert_same(e.recall_at_k[k], twi_ratio(found, (double)e.positive_n));
            for (int kind = 0; kind < TW_EVAL_ENTITY_N; kind++) {
                double naive = naive_entities((tw_eval_entity)kind, tw_eval_k[k], &ceiling);
                assert_same(e.entities[kind].precision_at_k[k], naive);
                assert_same(e.entities[kind].ceiling_at_k[k], ceiling);
            }
        }
    }
}

// --- counts

typedef struct ranked {
    twi_sort_item items[ROWS_MAX], work[ROWS_MAX];
    uint8_t fraud[ROWS_MAX];
    uint32_t unit[ROWS_MAX];
    size_t unit_n;
    twi_ranking ranking;
} ranked;

static ranked r;

static void rank(const tw_eval_row *rows, const float *risk)
{
    size_t flagged_n = 0;
    for (size_t i = 0; i < s.n; i++) {
        r.items[i] = (twi_sort_item){~twi_sort_float(risk[i]), (uint32_t)i};
        r.fraud[i] = rows[i].fraud;
        flagged_n += risk[i] >= 0.8F;
    }
    twi_sort_items(r.items, r.work, s.n);
    assert_int_equal(twi_units_of(tw_alloc_system(), rows, s.n, r.items, true, r.unit, &r.unit_n),
                     TW_OK);
    assert_int_equal(
        twi_ranking_make(tw_alloc_system(), r.items, s.n, r.fraud, r.unit, flagged_n, &r.ranking),
        TW_OK);
}

static void a_count_is_as_many_rows(void **state)
{
    (void)state;
    static tw_eval_row many[ROWS_MAX * 8];
    static float risk[ROWS_MAX];
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint8_t counts[ROWS_MAX];
        twi_walk walk;
        tw_rng rng;
        size_t m = 0;
        print_message("seed %d\n", (int)seed);
        make(seed);
        for (size_t i = 0; i < s.n; i++)
            risk[i] = s.rows[i].risk;
        rank(s.rows, risk);
        tw_rng_init(&rng, seed, 9);
        twi_resample(&rng, counts, r.unit_n);
        for (size_t i = 0; i < s.n; i++)
            for (uint8_t c = 0; c < counts[r.unit[i]]; c++)
                many[m++] = s.rows[i];
        twi_ranking_walk(&r.ranking, counts, NULL, &walk);
        assert_same(walk.ap, naive_ap(many, m));
        assert_same(walk.auc, naive_auc(many, m));
        double flagged = 0, flagged_true = 0;
        for (size_t i = 0; i < m; i++) {
            flagged += many[i].risk >= 0.8F;
            flagged_true += many[i].fraud && many[i].risk >= 0.8F;
        }
        assert_near(walk.flagged, flagged, 0);
        assert_near(walk.flagged_true, flagged_true, 0);
        twi_ranking_release(&r.ranking);
    }
}

static void units_are_thieves_accounts_and_rows(void **state)
{
    (void)state;
    static float risk[ROWS_MAX];
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        make(seed);
        for (size_t i = 0; i < s.n; i++)
            risk[i] = s.rows[i].risk;
        rank(s.rows, risk);
        for (size_t i = 0; i < s.n; i++)
            for (size_t j = 0; j < i; j++) {
                const tw_eval_row *a = &s.rows[i], *b = &s.rows[j];
                bool a_thief = a->fraud && a->thief != NONE, b_thief = b->fraud && b->thief != NONE;
                bool together = a_thief || b_thief
                                    ? a_thief && b_thief && a->thief == b->thief
                                    : a->entity[1] != NONE && a->entity[1] == b->entity[1];
                assert_int_equal(r.unit[i] == r.unit[j], together);
            }
        twi_ranking_release(&r.ranking);
    }
}

static void counts_are_poisson(void **state)
{
    (void)state;
    static uint8_t counts[100003];
    tw_rng rng;
    double sum = 0, squares = 0, n = (double)TW_COUNT(counts), histogram[10] = {0}, p = exp(-1);
    tw_rng_init(&rng, 4, 0);
    twi_resample(&rng, counts, TW_COUNT(counts));
    for (size_t i = 0; i < TW_COUNT(counts); i++) {
        sum += counts[i];
        squares += (double)counts[i] * counts[i];
        histogram[counts[i]]++;
    }
    assert_near(sum / n, 1, 4 / sqrt(n));
    assert_near(squares / n - sum / n * (sum / n), 1, 8 / sqrt(n));
    for (int k = 0; k < 5; p /= ++k)
        assert_near(histogram[k] / n, p, 4 * sqrt(p / n));
}

// --- equal recall

// Rows of the shortest head of the order that holds `target` frauds; ties by their share.
static double naive_needed(const float *risk, double target)
{
    double needed = 0, level = (double)INFINITY, held = 0;
    while (held < target) {
        double next = -1, all = 0, fraud = 0;
        for (size_t i = 0; i < s.n; i++)
            if ((double)risk[i] < level)
                next = TW_MAX(next, (double)risk[i]);
        for (size_t i = 0; i < s.n; i++) {
            all += (double)risk[i] == next;
            fraud += (double)risk[i] == next && s.rows[i].fraud;
        }
        needed += held + fraud <= target ? all : all * (target - held) / fraud;
        held += fraud;
        level = next;
    }
    return needed;
}

static double found_at_threshold(const float *risk)
{
    double n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.rows[i].fraud && risk[i] >= 0.8F;
    return n;
}

static void both_stand_at_the_same_recall(void **state)
{
    (void)state;
    static float after[ROWS_MAX];
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        tw_eval_comparison c;
        print_message("seed %d\n", (int)seed);
        make(seed);
        for (size_t i = 0; i < s.n; i++)
            after[i] = s.rows[i].risk;
        tw_eval_compare_input input = {.rows = s.rows,
                                       .n = s.n,
                                       .before = s.before,
                                       .threshold = (double)0.8F,
                                       .kind = TW_EVAL_ACCOUNT,
                                       .resamples_n = 5,
                                       .seed = seed};
        assert_int_equal(tw_eval_compare(tw_alloc_system(), &input, &c), TW_OK);
        for (int point = 0; point < 2; point++) {
            double found = found_at_threshold(point ? after : s.before);
            assert_near(c.rows[point].flagged_before, naive_needed(s.before, found), 1e-9);
            assert_near(c.rows[point].flagged_after, naive_needed(after, found), 1e-9);
            assert_near(c.rows[point].false_after, c.rows[point].flagged_after - found, 1e-9);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_their_definitions),
        cmocka_unit_test(a_count_is_as_many_rows),
        cmocka_unit_test(units_are_thieves_accounts_and_rows),
        cmocka_unit_test(counts_are_poisson),
        cmocka_unit_test(both_stand_at_the_same_recall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
