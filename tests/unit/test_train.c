// SPDX-License-Identifier: Apache-2.0
//
// Training from a journal to a model file: what the file says of itself, that the detector takes
// it, the same bytes again, and how a training ends early.
#include "learn_fixture.h"

#include <math.h>

#include "adapter/xgboost.h"
#include "learn/drift.h"
#include "learn/train.h"

enum { DAYS = 24, HONEST = 12 };

// Verdicts move the signal's trust, so how many refunds it takes changes.
static void refund_until_alert(tape *t, const char *employee, double amount,
                               char alert[TW_ALERT_ID_BYTES])
{
    char before[TW_ALERT_ID_BYTES], account[16];
    memcpy(before, t->alert_id, sizeof before);
    for (int i = 0; i < 12 && strcmp(before, t->alert_id) == 0; i++) {
        snprintf(account, sizeof account, "R%d", i);
        tape_till(t, "S1", employee, account, -amount - i);
    }
    tape_till(t, "S1", employee, "R", -amount); // it grows
    memcpy(alert, t->alert_id, TW_ALERT_ID_BYTES);
    assert_string_not_equal(before, alert);
}

// Every day a thief refunds 150 and more without a sale before it, and a service desk 60 after
// many sales; both open an alert, and people say the same evening what it was.
static void shop_day(tape *t, int day)
{
    char thief[16], desk[16], cashier[16], alerts[2][TW_ALERT_ID_BYTES];
    t->now_ms = INT64_C(1767600000000) + day * TW_DAY_MS;
    snprintf(thief, sizeof thief, "T%d", day);
    snprintf(desk, sizeof desk, "D%d", day);
    for (int i = 0; i < HONEST; i++) {
        snprintf(cashier, sizeof cashier, "E%d", i % 5);
        tape_till(t, "S1", cashier, "C1", 20 + i);
        tape_till(t, "S1", desk, "C2", 15 + i);
    }
    refund_until_alert(t, thief, 150, alerts[0]);
    refund_until_alert(t, desk, 60, alerts[1]);
    t->now_ms += 12 * TW_HOUR_MS;
    // One day in six, people err.
    tape_verdict(t, alerts[0], 0, day % 6 == 5 ? TW_VERDICT_REFUTED : TW_VERDICT_CONFIRMED,
                 t->now_ms);
    tape_verdict(t, alerts[1], 0, TW_VERDICT_REFUTED, t->now_ms);
}

static void shop_days(tape *t, int days)
{
    tape_open(t);
    tape_config(t, TW_CONFIG_POLICY,
                "alerts_per_store_day: 100\nevidence_floor: 1\nevidence_cold: 1\ncold_days: 0\n");
    for (int day = 0; day < days; day++)
        shop_day(t, day);
}

static tw_iforest *forest_of(const tape *t)
{
    static float x[4096 * TW_FEATURE_N];
    size_t n = TW_MIN(t->score_n, 256);
    tw_iforest_options options = tw_iforest_options_default();
    tw_iforest *forest;
    for (size_t i = 0; i < n; i++)
        memcpy(x + i * TW_FEATURE_N, t->scores[i].row, sizeof t->scores[i].row);
    options.trees_n = 10;
    options.sample_n = 64;
    assert_int_equal(
        tw_iforest_train(tw_alloc_system(), x, n, TW_FEATURE_N, &options, &forest, NULL), TW_OK);
    return forest;
}

typedef struct watch {
    tw_train_stage last;
    uint64_t calls[TW_TRAIN_DONE + 1];
    tw_train_stage stop_in;
    bool stops;
} watch;

static bool seen(void *ctx, tw_train_stage stage, uint64_t done, uint64_t all)
{
    watch *w = ctx;
    assert_true(stage >= w->last && (all == 0 || done <= all));
    w->last = stage;
    w->calls[stage]++;
    return w->stops && stage == w->stop_in;
}

static tw_train_job job_of(const tape *t, const tw_trainer *trainer, const tw_iforest *forest,
                           watch *w)
{
    return (tw_train_job){.journal = &t->journal,
                          .trainer = trainer,
                          .forest = forest,
                          .champion_id = TW_STR("outlier-1"),
                          .dataset = {.label_delay_ms = -1},
                          .fit = {.seed = 3,
                                  .threads_n = 1,
                                  .precision_floor = 0.9,
                                  .alerts_per_store_day = 2,
                                  .store_n = 1},
                          .gate = tw_gate_options_default(),
                          .code_version = "1.2.3",
                          .progress = seen,
                          .progress_ctx = w};
}

static void from_journal_to_model(void **state)
{
    (void)state;
    tape t;
    shop_days(&t, DAYS);
    tw_iforest *forest = forest_of(&t);
    tw_trainer trainer = tw_xgboost_trainer(tw_alloc_system());
    watch w = {.last = TW_TRAIN_REPLAY};
    tw_train_job job = job_of(&t, &trainer, forest, &w);
    tw_trained a, b;
    tw_err err = {0};
    tw_status status = tw_learn_train(tw_alloc_system(), &job, &a, &err);
    if (status != TW_OK)
        print_message("%s\n", err.text);
    assert_int_equal(status, TW_OK);
    assert_true(w.calls[TW_TRAIN_FIT] > 10 && w.calls[TW_TRAIN_GATE] == 1 &&
                w.calls[TW_TRAIN_DONE] == 1);
    assert_int_equal(strncmp(a.model_id, "classifier-2026-01-28-", 22), 0);
    assert_int_equal(strlen(a.model_id), 30);
    assert_true(a.positive_n >= 2 * (DAYS - DAYS / 6) && a.negative_n >= 2 * (DAYS + DAYS / 6));
    assert_true(a.decision.row_n > DAYS && a.decision.reason[0]);
    assert_true(a.metrics.auc > 0.9);
    w = (watch){.last = TW_TRAIN_REPLAY};
    assert_int_equal(tw_learn_train(tw_alloc_system(), &job, &b, &err), TW_OK);
    assert_int_equal(a.model.bytes, b.model.bytes);
    assert_memory_equal(a.model.data_own, b.model.data_own, a.model.bytes);
    assert_string_equal(a.model_id, b.model_id);
    tw_trained_release(&a);
    tw_trained_release(&b);
    tw_iforest_free(forest);
    tape_close(&t);
}

static void the_file_tells_where_it_is_from(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "{\"kind\":\"classifier\",\"parent\":\"outlier-1\",\"code_version\":\"1.2.3\"",
        "\"catalogue\":\"",
        "\"journal\":{\"first_seq\":",
        "\"label_delay_days\":null",
        "\"rows\":{\"from\":\"2026-01-05\",\"to\":\"2026-01-28\",\"transactions\":",
        "\"plain_rate\":1",
        "\"params\":{\"depth\":",
        "\"search\":[{\"depth\":",
        "\"loss\":0.",
        "\"metrics\":{\"ap\":",
        "\"alerts_confirmed\":",
        "\"reliability\":[{\"predicted\":",
        "\"importance\":[{\"input\":\"",
        "\"gate\":{\"promote\":"};
    tape t;
    shop_days(&t, DAYS);
    tw_iforest *forest = forest_of(&t);
    tw_trainer trainer = tw_xgboost_trainer(tw_alloc_system());
    watch w = {.last = TW_TRAIN_REPLAY};
    tw_train_job job = job_of(&t, &trainer, forest, &w);
    tw_trained trained;
    tw_model *model;
    static tw_drift_reference reference;
    static char text[TW_MODEL_METADATA_MAX_BYTES];
    assert_int_equal(tw_learn_train(tw_alloc_system(), &job, &trained, NULL), TW_OK);
    assert_int_equal(
        tw_model_load(tw_alloc_system(), trained.model.data_own, trained.model.bytes, &model, NULL),
        TW_OK);
    tw_str_copy(tw_model_metadata(model), text, sizeof text);
    for (size_t i = 0; i < TW_COUNT(keys); i++) {
        if (!strstr(text, keys[i]))
            print_message("%s is not in %s\n", keys[i], text);
        assert_non_null(strstr(text, keys[i]));
    }
    assert_non_null(tw_model_gbt(model));
    assert_int_equal(tw_drift_reference_read(tw_model_reference(model), &reference, NULL), TW_OK);
    assert_int_equal(reference.rows_n, trained.rows_n);
    // The detector takes it, and gives probabilities from then on.
    assert_int_equal(
        tw_detector_config(t.detector, TW_CONFIG_MODEL, TW_STR("new"), tw_model_bytes(model), NULL),
        TW_OK);
    t.now_ms += TW_DAY_MS;
    tape_till(&t, "S1", "E1", "C1", 20);
    assert_true(t.scored.score.probability < 0.5F);
    tw_model_unref(model);
    tw_trained_release(&trained);
    tw_iforest_free(forest);
    tape_close(&t);
}

static void it_ends_when_told(void **state)
{
    (void)state;
    tape t;
    shop_days(&t, DAYS);
    tw_iforest *forest = forest_of(&t);
    tw_trainer trainer = tw_xgboost_trainer(tw_alloc_system());
    for (int stage = TW_TRAIN_REPLAY; stage <= TW_TRAIN_GATE; stage++) {
        watch w = {.last = TW_TRAIN_REPLAY, .stops = true, .stop_in = (tw_train_stage)stage};
        tw_train_job job = job_of(&t, &trainer, forest, &w);
        tw_trained trained;
        tw_err err = {0};
        tw_status status = tw_learn_train(tw_alloc_system(), &job, &trained, &err);
        // A short replay may be over before it tells of itself.
        assert_int_equal(status, w.calls[stage] > 0 ? TW_CLOSED : TW_OK);
        assert_true(status == TW_OK || trained.model.bytes == 0);
        tw_trained_release(&trained);
    }
    tw_iforest_free(forest);
    tape_close(&t);
}

static void too_few_verdicts(void **state)
{
    (void)state;
    tape t;
    shop_days(&t, 3);
    tw_iforest *forest = forest_of(&t);
    tw_trainer trainer = tw_xgboost_trainer(tw_alloc_system());
    watch w = {.last = TW_TRAIN_REPLAY};
    tw_train_job job = job_of(&t, &trainer, forest, &w);
    tw_trained trained;
    tw_err err = {0};
    assert_int_equal(tw_learn_train(tw_alloc_system(), &job, &trained, &err), TW_INVALID);
    assert_non_null(strstr(err.text, "confirm 3"));
    tw_trained_release(&trained);
    tw_iforest_free(forest);
    tape_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_journal_to_model),
        cmocka_unit_test(the_file_tells_where_it_is_from),
        cmocka_unit_test(it_ends_when_told),
        cmocka_unit_test(too_few_verdicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
