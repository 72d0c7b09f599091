// SPDX-License-Identifier: Apache-2.0
//
// What verdicts and a classifier do to scores: trust in signals, marks in the histories, lift,
// pattern, shadow, explanations, snapshots with all of it.
#include "detect_fixture.h"

#include <math.h>

#include "base/buf.h"
#include "base/rng.h"
#include "detect/inputs.h"
#include "detect/scorer.h"

// A model over the inputs names[n]: one stump on the first input, `low` below `threshold` and
// `high` from it on, and curves that are the margin's identity up to scale.
typedef struct stump {
    const char *input;
    float threshold, low, high;
    double lift_low, lift_high;       // at margins -2 and 2
    double pattern_low, pattern_high; // at margins -2 and 2
} stump;

static tw_curve *line(double low, double high)
{
    tw_curve *curve;
    const double x[] = {-2, 2}, y[] = {low, high};
    assert_int_equal(tw_curve_new(tw_alloc_system(), x, y, 2, &curve, NULL), TW_OK);
    return curve;
}

static tw_iforest *any_forest(void)
{
    enum { ROWS = 64 };
    static float x[ROWS][TW_FEATURE_N];
    tw_rng rng;
    tw_rng_init(&rng, 7, 0);
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < TW_FEATURE_N; k++)
            x[i][k] = (float)(tw_rng_below(&rng, 1000));
    tw_iforest_options o = tw_iforest_options_default();
    o.trees_n = 8;
    o.sample_n = 32;
    tw_iforest *forest;
    assert_int_equal(
        tw_iforest_train(tw_alloc_system(), x[0], ROWS, TW_FEATURE_N, &o, &forest, NULL), TW_OK);
    return forest;
}

static tw_gbt *stump_gbt(const stump *s)
{
    const int32_t left[] = {1, -1, -1}, right[] = {2, -1, -1};
    const uint32_t input[3] = {0};
    const float value[] = {s->threshold, s->low, s->high}, cover[] = {10, 5, 5}, gain[] = {1, 0, 0};
    const bool missing_left[] = {true, false, false};
    tw_gbt_tree tree = {left, right, input, value, missing_left, cover, gain, 3};
    tw_gbt *gbt;
    tw_err err = {0};
    if (tw_gbt_new(tw_alloc_system(), &tree, 1, 1, TW_GBT_LOGISTIC, 0, &gbt, &err) != TW_OK)
        fail_msg("%s", err.text);
    return gbt;
}

// The model file into `out`; s NULL = no classifier.
static void model_file(const stump *s, tw_buf *out)
{
    tw_str names[TW_FEATURE_N], input = s ? tw_str_from(s->input) : TW_STR_NONE;
    for (size_t i = 0; i < TW_FEATURE_N; i++)
        names[i] = tw_str_from(tw_feature_get((tw_feature)i)->name);
    tw_iforest *forest = any_forest();
    tw_gbt *gbt = s ? stump_gbt(s) : NULL;
    tw_curve *curves[TW_MODEL_CURVE_N] = {NULL};
    tw_model_parts parts = {.feature_names = names,
                            .features_n = TW_FEATURE_N,
                            .catalogue_hash = tw_catalogue_hash(),
                            .iforest = forest,
                            .gbt = gbt,
                            .input_names = &input};
    if (s) {
        curves[TW_MODEL_PROBABILITY] = line(0, 1);
        curves[TW_MODEL_LIFT] = line(s->lift_low, s->lift_high);
        curves[TW_MODEL_PATTERN] = line(s->pattern_low, s->pattern_high);
    }
    for (int i = 0; i < TW_MODEL_CURVE_N; i++)
        parts.curves[i] = curves[i];
    tw_err err = {0};
    tw_buf_init(out, tw_alloc_system(), TW_MODEL_MAX_BYTES);
    if (tw_model_save(&parts, out, &err) != TW_OK)
        fail_msg("%s", err.text);
    for (int i = 0; i < TW_MODEL_CURVE_N; i++)
        tw_curve_free(curves[i]);
    tw_gbt_free(gbt);
    tw_iforest_free(forest);
}

static void install(shop *s, tw_config_kind kind, const char *name, const stump *model)
{
    tw_buf file;
    tw_err err = {0};
    model_file(model, &file);
    tw_status status = tw_detector_config(s->detector, kind, tw_str_from(name),
                                          (tw_str){(const char *)file.data_own, file.bytes}, &err);
    tw_buf_release(&file);
    if (status != TW_OK)
        fail_msg("%s", err.text);
}

static void open_and_judge(shop *s, const char *employee, tw_verdict_kind verdict, char *id)
{
    while (s->change_n == 0 || s->changes[0].event != TW_ALERT_OPENED)
        shop_till(s, employee, "", -60);
    tw_alert_id(s->score.alert_key, id);
    shop_verdict(s, id, "", verdict);
    assert_int_equal(s->changes[0].event, TW_ALERT_CLOSED);
}

static float trust_of(const shop *s, const char *signal)
{
    tw_detector_stats stats;
    tw_signal_info info;
    tw_detector_stats_get(s->detector, &stats);
    for (size_t i = 0; i < tw_detector_signal_n(s->detector); i++)
        if (tw_detector_signal(s->detector, (uint8_t)i, &info) &&
            tw_str_equal(info.name, tw_str_from(signal)))
            return stats.trust[i];
    fail_msg("no signal %s", signal);
    return 0;
}

static void verdicts_move_the_trust_in_their_signals(void **state)
{
    (void)state;
    shop s;
    char id[TW_ALERT_ID_BYTES], employee[16];
    shop_open(&s);
    assert_true(trust_of(&s, "big_refund") == 1);
    float before = 1;
    for (int i = 0; i < 6; i++) {
        snprintf(employee, sizeof employee, "E%d", i);
        open_and_judge(&s, employee, TW_VERDICT_REFUTED, id);
        assert_true(trust_of(&s, "big_refund") < before);
        before = trust_of(&s, "big_refund");
    }
    // (0 + 0.85 * 4) / (6 + 4) / 0.85
    assert_float_equal(before, 0.4, 0.01);
    shop_till(&s, "new", "", -60);
    assert_float_equal(tw_detector_inputs(s.detector)[TW_INPUT_evidence], 4 * before / 6, 0.01);
    // A changed mind takes the vote back; an inconclusive one has none.
    shop_verdict(&s, id, "", TW_VERDICT_INCONCLUSIVE);
    assert_float_equal(trust_of(&s, "big_refund"), 3.4F / 9 / 0.85F, 0.01);
    shop_verdict(&s, id, "", TW_VERDICT_CONFIRMED);
    assert_float_equal(trust_of(&s, "big_refund"), 4.4F / 10 / 0.85F, 0.01);
    assert_true(trust_of(&s, "card_refund") == 1);
    shop_close(&s);
}

static void what_fires_for_many_is_a_habit_of_the_house(void **state)
{
    (void)state;
    shop s;
    char employee[16];
    shop_open(&s);
    shop_config(&s, TW_CONFIG_POLICY,
                "cold_days: 0\nevidence_floor: 6\nevidence_cold: 6\nhabit_share: 0.1\n");
    for (int i = 0; i < 40; i++) {
        snprintf(employee, sizeof employee, "E%d", i);
        shop_till(&s, employee, "", i < 8 ? -60 : 20);
    }
    // Three may at least; eight did while eight were known.
    assert_float_equal(trust_of(&s, "big_refund"), 3.0F / 8, 0.01);
    s.now_ms += INT64_C(86400000);
    shop_till(&s, "E39", "", 20);
    assert_float_equal(trust_of(&s, "big_refund"), 4.0F / 8, 0.01); // 4 of 40 may, 8 did
    assert_true(trust_of(&s, "card_refund") == 1);
    // Verdicts speak louder: two confirmed alerts.
    char id[TW_ALERT_ID_BYTES];
    for (int i = 0; i < 2; i++) {
        snprintf(employee, sizeof employee, "E%d", i);
        open_and_judge(&s, employee, TW_VERDICT_CONFIRMED, id);
    }
    // (2 + 0.425 * 4) / (2 + 4) / 0.85
    assert_float_equal(trust_of(&s, "big_refund"), 3.7F / 6 / 0.85F, 0.01);
    // Four weeks later nobody has done it again.
    for (int day = 0; day < 30; day++) {
        s.now_ms += INT64_C(86400000);
        shop_till(&s, "E39", "", 20);
    }
    assert_float_equal(trust_of(&s, "big_refund"), 5.4F / 6 / 0.85F > 1 ? 1 : 0, 0.01);
    shop_close(&s);
}

// One signal of 12 points that is half as strong on small refunds.
static const char graded_signals[] =
    "version: 1\n"
    "schemes:\n"
    "  - {name: refunds, title: Refunds, type: VOID_REFUND, entity: employee, help: h}\n"
    "signals:\n"
    "  - name: refund\n"
    "    scheme: refunds\n"
    "    title: Refund\n"
    "    help: h\n"
    "    on: [REFUND]\n"
    "    strength: [{feature: tx_amount, from: 0, to: 200}]\n"
    "    weight: 12\n"
    "    sentence: Refund\n";

static float threshold_of(const shop *s)
{
    tw_detector_stats stats;
    tw_detector_stats_get(s->detector, &stats);
    return stats.threshold_points;
}

static void too_many_wrong_alerts_raise_the_bar(void **state)
{
    (void)state;
    shop s;
    char id[TW_ALERT_ID_BYTES], employee[16];
    const stump calm = {"tx_amount", 100, -2, -2, 1, 1, 0.1, 0.2};
    shop_open(&s);
    shop_config(&s, TW_CONFIG_SIGNALS, graded_signals);
    shop_config(&s, TW_CONFIG_POLICY,
                "cold_days: 0\nevidence_floor: 3\nevidence_cold: 3\nhabit_share: 1\n"
                "alerts_per_store_day: 100\noutlier_points: 0\n");
    for (int i = 0; i < 12; i++) {
        bool right = i % 2;
        snprintf(employee, sizeof employee, "E%d", i);
        shop_till(&s, employee, "", right ? -200 : -110);
        assert_int_equal(s.changes[0].event, TW_ALERT_OPENED);
        tw_alert_id(s.score.alert_key, id);
        shop_verdict(&s, id, "", right ? TW_VERDICT_CONFIRMED : TW_VERDICT_REFUTED);
    }
    assert_true(threshold_of(&s) == 3); // moves at a day's start
    s.now_ms += INT64_C(86400000);
    shop_till(&s, "E99", "", 20);
    // Trust is (6 + 3.4) / 16 / 0.85 = 0.69; the wrong ones had 6.6 points, worth 4.6 today. Trust
    // moved while they opened, so the bar lies a little above the strongest of them.
    float bar = threshold_of(&s), trust = trust_of(&s, "refund");
    assert_float_equal(trust, 0.69F, 0.01);
    assert_true(bar > 4.5F && bar <= 6.5F && bar < 12 * trust);
    shop_till(&s, "E20", "", -110);
    assert_int_equal(s.change_n, 0);
    shop_till(&s, "E21", "", -200);
    assert_int_equal(s.changes[0].event, TW_ALERT_OPENED);
    // A classifier has its own bar.
    install(&s, TW_CONFIG_MODEL, "m1", &calm);
    assert_true(threshold_of(&s) == 3);
    shop_close(&s);
}

// Sends s->fact through the scorer.
static void score_fact(shop *s, tw_scored_fact *out)
{
    assert_int_equal(tw_engine_reserve(s->engine, 1), TW_OK);
    assert_int_equal(tw_detector_reserve(s->detector, 1), TW_OK);
    s->fact.seq = ++s->seq;
    s->fact.received_ms = s->now_ms;
    tw_scorer_apply(s->engine, s->detector, &s->fact, out);
}

static void a_verdict_on_an_alert_marks_its_transactions(void **state)
{
    (void)state;
    shop s;
    tw_scored_fact scored;
    uint64_t seqs[TW_ALERT_SEQS_MAX];
    shop_open(&s);
    for (int i = 0; i < 2; i++) {
        shop_fill(&s, "E1", "card", -60);
        score_fact(&s, &scored);
    }
    uint64_t key = scored.score.alert_key;
    char id[TW_ALERT_ID_BYTES];
    assert_int_equal(tw_detector_alert_seqs(s.detector, key, seqs), 2);
    s.fact = (tw_fact){.kind = TW_FACT_VERDICT};
    s.fact.as.verdict = (tw_verdict){.verdict_id = TW_STR("V"),
                                     .alert_id = tw_str_from(tw_alert_id(key, id)),
                                     .verdict = TW_VERDICT_CONFIRMED,
                                     .decided_ms = s.now_ms};
    score_fact(&s, &scored);
    assert_int_equal(scored.verdict_seq_n, 2);
    assert_int_equal(tw_detector_alert_seqs(s.detector, key, seqs), 2); // also when it is closed
    assert_int_equal(seqs[0], 1);
    // The delayed window opens seven days later.
    s.now_ms += INT64_C(8) * 86400000;
    shop_fill(&s, "E1", "card", 10);
    score_fact(&s, &scored);
    assert_true(scored.row[TW_F_emp_risk_7d_30d] == 1);
    assert_true(scored.row[TW_F_acc_risk_7d_30d] == 1);
    // Revised: the mark goes.
    s.fact = (tw_fact){.kind = TW_FACT_VERDICT};
    s.fact.as.verdict = (tw_verdict){.verdict_id = TW_STR("W"),
                                     .alert_id = tw_str_from(id),
                                     .verdict = TW_VERDICT_REFUTED,
                                     .decided_ms = s.now_ms};
    score_fact(&s, &scored);
    shop_fill(&s, "E1", "card", 10);
    score_fact(&s, &scored);
    assert_true(scored.row[TW_F_emp_risk_7d_30d] == 0);
    shop_close(&s);
}

static void the_classifier_lifts_and_lowers_evidence(void **state)
{
    (void)state;
    shop s;
    const stump by_amount = {"tx_amount", 100, -2, 2, 0.5, 2, 0.01, 0.02};
    shop_open(&s);
    shop_config(&s, TW_CONFIG_POLICY,
                "cold_days: 0\nevidence_floor: 6\nevidence_cold: 6\noutlier_points: 0\n");
    install(&s, TW_CONFIG_MODEL, "m1", &by_amount);
    shop_till(&s, "E1", "", -60); // 4 points, halved
    assert_float_equal(s.score.risk, 0.8F * 2 / 6, 1e-3);
    assert_true(s.score.probability == 0);
    assert_float_equal(tw_detector_inputs(s.detector)[TW_INPUT_evidence], 4.0F / 6, 1e-6);
    shop_till(&s, "E2", "", -150); // doubled: 8 of 6
    assert_int_equal(s.changes[0].event, TW_ALERT_OPENED);
    assert_float_equal(s.score.risk, 0.8F + 0.2F * (1 - 6.0F / 8), 1e-3);
    assert_true(s.score.probability == 1 && s.changes[0].alert->probability == 1);
    assert_true(isnan(s.changes[0].alert->shadow));
    shop_close(&s);
}

static void the_pattern_alerts_without_a_signal(void **state)
{
    (void)state;
    shop s;
    tw_signal_info info;
    const stump by_amount = {"tx_amount", 100, -2, 2, 1, 1, 0.1, 1.25};
    shop_open(&s);
    shop_config(&s, TW_CONFIG_SIGNALS, "");
    install(&s, TW_CONFIG_MODEL, "m1", &by_amount);
    shop_till(&s, "E1", "", 10);
    assert_float_equal(s.score.risk, 0.08, 1e-4);
    assert_int_equal(s.score.fired_n, 0);
    shop_till(&s, "E1", "", 150);
    assert_int_equal(s.change_n, 1);
    assert_int_equal(s.changes[0].event, TW_ALERT_OPENED);
    assert_string_equal(s.changes[0].alert->scheme, "confirmed_pattern");
    assert_float_equal(s.score.risk, 0.8F + 0.2F * (1 - 1 / 1.25F), 1e-3);
    assert_int_equal(s.score.fired_n, 1);
    assert_true(tw_detector_signal(s.detector, s.score.fired[0].signal, &info));
    assert_true(tw_str_equal(info.name, TW_STR("like_confirmed")));
    assert_true(s.changes[0].alert->reasons[0].sentence[0] != '\0');
    shop_close(&s);
}

static void a_challenger_scores_in_the_shadow(void **state)
{
    (void)state;
    shop s;
    const stump calm = {"tx_amount", 100, -2, -2, 1, 1, 0.1, 0.2},
                alert = {"evidence", 0.5F, -2, 2, 1, 2, 0.1, 0.2};
    shop_open(&s);
    shop_config(&s, TW_CONFIG_POLICY,
                "cold_days: 0\nevidence_floor: 6\nevidence_cold: 6\noutlier_points: 0\n");
    install(&s, TW_CONFIG_MODEL, "m1", &calm);
    shop_till(&s, "E1", "", -60);
    assert_true(isnan(tw_detector_shadow(s.detector).risk));
    float alone = s.score.risk;
    install(&s, TW_CONFIG_CHALLENGER, "m2", &alert);
    shop_till(&s, "E2", "", -60);
    assert_true(s.score.risk == alone); // it changes nothing
    assert_true(tw_detector_shadow(s.detector).risk >= TW_RISK_ALERT);
    assert_int_equal(s.change_n, 0);
    tw_detector_stats stats;
    tw_detector_stats_get(s.detector, &stats);
    assert_true(stats.has_challenger && stats.has_classifier);
    // Promoted, it is the champion and no longer runs beside itself.
    install(&s, TW_CONFIG_MODEL, "m2", &alert);
    tw_detector_stats_get(s.detector, &stats);
    assert_false(stats.has_challenger);
    shop_till(&s, "E3", "", -60);
    assert_int_equal(s.changes[0].event, TW_ALERT_OPENED);
    // An empty one takes the challenger away.
    install(&s, TW_CONFIG_CHALLENGER, "m3", &calm);
    shop_config(&s, TW_CONFIG_CHALLENGER, "");
    tw_detector_stats_get(s.detector, &stats);
    assert_false(stats.has_challenger);
    assert_int_equal(tw_detector_config_name(s.detector, TW_CONFIG_CHALLENGER).bytes, 0);
    shop_config(&s, TW_CONFIG_DECISION, "{}");
    shop_close(&s);
}

static void explanations_sum_to_what_they_explain(void **state)
{
    (void)state;
    shop s;
    double classifier[TW_INPUT_N], outlier[TW_FEATURE_N], base, outlier_base, sum = 0;
    const stump by_amount = {"tx_amount", 100, -2, 2, 0.5, 2, 0.01, 0.02};
    shop_open(&s);
    shop_till(&s, "E1", "", 150);
    assert_int_equal(tw_detector_explain(s.detector, tw_detector_inputs(s.detector), classifier,
                                         &base, outlier, &outlier_base),
                     TW_NOT_FOUND);
    install(&s, TW_CONFIG_MODEL, "m1", &by_amount);
    shop_till(&s, "E1", "", 150);
    assert_int_equal(tw_detector_explain(s.detector, tw_detector_inputs(s.detector), classifier,
                                         &base, outlier, &outlier_base),
                     TW_OK);
    for (size_t i = 0; i < TW_INPUT_N; i++)
        sum += classifier[i];
    assert_true(fabs(sum + base - 2) < 1e-6);
    assert_true(fabs(classifier[TW_F_tx_amount] - 2) < 1e-6);
    const tw_iforest *forest = tw_model_iforest(tw_detector_model(s.detector));
    sum = outlier_base;
    for (size_t i = 0; i < TW_FEATURE_N; i++)
        sum += outlier[i];
    assert_true(fabs(sum - tw_iforest_score(forest, s.row)) < 1e-6);
    shop_close(&s);
}

static void a_model_for_other_inputs_is_refused(void **state)
{
    (void)state;
    shop s;
    tw_buf file;
    tw_err err = {0};
    const stump foreign = {"shoe_size", 1, -1, 1, 1, 1, 0.1, 0.2};
    shop_open(&s);
    model_file(&foreign, &file);
    uint64_t hash = tw_detector_hash(s.detector);
    assert_int_equal(tw_detector_config(s.detector, TW_CONFIG_MODEL, TW_STR("m"),
                                        (tw_str){(const char *)file.data_own, file.bytes}, &err),
                     TW_UNSUPPORTED);
    assert_non_null(strstr(err.text, "shoe_size"));
    assert_int_equal(tw_detector_hash(s.detector), hash);
    tw_buf_release(&file);
    shop_close(&s);
}

static tw_status write_buf(void *ctx, const void *data, size_t bytes)
{
    tw_buf *buf = ctx;
    tw_buf_put(buf, data, bytes);
    return buf->status;
}

static tw_status read_buf(void *ctx, void *data, size_t bytes)
{
    tw_str *rest = ctx;
    if (rest->bytes < bytes)
        return TW_CORRUPT;
    memcpy(data, rest->at, bytes);
    *rest = (tw_str){rest->at + bytes, rest->bytes - bytes};
    return TW_OK;
}

static void a_snapshot_has_trust_models_and_decided_alerts(void **state)
{
    (void)state;
    shop s;
    char id[TW_ALERT_ID_BYTES];
    uint64_t seqs[TW_ALERT_SEQS_MAX];
    const stump calm = {"tx_amount", 100, -2, -2, 1, 1, 0.1, 0.2};
    shop_open(&s);
    install(&s, TW_CONFIG_MODEL, "m1", &calm);
    install(&s, TW_CONFIG_CHALLENGER, "m2", &calm);
    open_and_judge(&s, "E1", TW_VERDICT_REFUTED, id);
    shop_till(&s, "E2", "", -60);
    shop_till(&s, "E2", "", -60);
    tw_buf bytes;
    tw_buf_init(&bytes, tw_alloc_system(), 64 << 20);
    assert_int_equal(tw_detector_save(s.detector, write_buf, &bytes), TW_OK);
    tw_str rest = {(const char *)bytes.data_own, bytes.bytes};
    tw_detector *again;
    assert_int_equal(tw_detector_load(tw_alloc_system(), s.engine, read_buf, &rest, &again), TW_OK);
    assert_int_equal(tw_detector_hash(again), tw_detector_hash(s.detector));
    assert_int_equal(tw_detector_alert_seqs(again, tw_alert_key_from(tw_str_from(id)), seqs), 2);
    // The loaded one takes the verdict back as the first would.
    tw_detector *first = s.detector;
    float before = trust_of(&s, "big_refund");
    shop_verdict(&s, id, "", TW_VERDICT_CONFIRMED);
    float after = trust_of(&s, "big_refund");
    assert_true(after > before);
    tw_alert_change changes[TW_ALERT_CHANGES_MAX];
    size_t n;
    assert_int_equal(tw_detector_reserve(again, 1), TW_OK);
    tw_detector_apply(again, &s.fact, NULL, 0, &s.score, changes, &n);
    s.detector = again;
    assert_true(trust_of(&s, "big_refund") == after);
    assert_int_equal(tw_detector_hash(again), tw_detector_hash(first));
    tw_buf_release(&bytes);
    tw_detector_free(first);
    shop_close(&s);
}

static void a_case_has_one_key_in_every_detector(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    tw_detector *other;
    assert_int_equal(tw_detector_new(tw_alloc_system(), s.engine, &other), TW_OK);
    tw_detector *recorded = s.detector;
    s.detector = other;
    shop_config(&s, TW_CONFIG_SIGNALS, shop_signals);
    shop_config(&s, TW_CONFIG_POLICY, "cold_days: 0\nevidence_floor: 3\nevidence_cold: 3\n");
    s.detector = recorded;
    tw_score score;
    tw_alert_change changes[TW_ALERT_CHANGES_MAX];
    size_t n;
    for (int i = 0; i < 2; i++) {
        shop_till(&s, "E1", "", -60);
        assert_int_equal(tw_detector_reserve(other, 1), TW_OK);
        tw_detector_apply(other, &s.fact, s.row, tw_engine_last_filters(s.engine), &score, changes,
                          &n);
    }
    assert_int_not_equal(score.alert_key, s.score.alert_key); // it opened one fact earlier
    uint64_t key = tw_detector_case_key(recorded, s.score.alert_key);
    assert_int_not_equal(key, 0);
    assert_int_equal(tw_detector_case_key(other, score.alert_key), key);
    assert_int_equal(tw_detector_case_key(other, 12345), 0);
    tw_detector_free(other);
    shop_close(&s);
}

static void inputs_have_names_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < TW_INPUT_N; i++)
        assert_int_equal(tw_input_find(tw_str_from(tw_input_get(i).name)), i);
    assert_int_equal(tw_input_find(TW_STR("shoe_size")), TW_INPUT_N);
    assert_int_equal(tw_input_get(TW_F_emp_risk_7d_30d).monotone, 0);
    assert_int_equal(tw_input_get(TW_INPUT_evidence).monotone, 1);
}

static void risk_is_monotone_and_meets_the_operating_point(void **state)
{
    (void)state;
    const float lifts[] = {NAN, 0.25F, 1, 4};
    for (size_t l = 0; l < TW_COUNT(lifts); l++) {
        float last = -1;
        for (int i = 0; i <= 400; i++) {
            float evidence = (float)i / 100, lifted = evidence * (isnan(lifts[l]) ? 1 : lifts[l]);
            float risk = tw_risk_combine(0.3F, evidence, lifts[l], isnan(lifts[l]) ? NAN : 0.05F);
            assert_true(risk >= last && risk <= 1);
            assert_int_equal(risk >= TW_RISK_ALERT, lifted >= 1);
            last = risk;
        }
    }
    assert_true(tw_risk_combine(0, 0, 1, 1) == TW_RISK_ALERT);
    assert_true(tw_risk_combine(NAN, 0, NAN, NAN) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_move_the_trust_in_their_signals),
        cmocka_unit_test(what_fires_for_many_is_a_habit_of_the_house),
        cmocka_unit_test(too_many_wrong_alerts_raise_the_bar),
        cmocka_unit_test(a_verdict_on_an_alert_marks_its_transactions),
        cmocka_unit_test(the_classifier_lifts_and_lowers_evidence),
        cmocka_unit_test(the_pattern_alerts_without_a_signal),
        cmocka_unit_test(a_challenger_scores_in_the_shadow),
        cmocka_unit_test(explanations_sum_to_what_they_explain),
        cmocka_unit_test(a_model_for_other_inputs_is_refused),
        cmocka_unit_test(a_snapshot_has_trust_models_and_decided_alerts),
        cmocka_unit_test(a_case_has_one_key_in_every_detector),
        cmocka_unit_test(inputs_have_names_once),
        cmocka_unit_test(risk_is_monotone_and_meets_the_operating_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
