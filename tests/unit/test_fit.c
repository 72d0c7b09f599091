// SPDX-License-Identifier: Apache-2.0
//
// The fit on training sets made by hand: what the folds may see, what the curves promise, what
// happens with too little, and that nothing is lost when it fails.
#include "fit_fixture.h"

#include "detect/score.h"

// --- folds
// -------------------------------------------------------------------------------

// The model of each call says its number, so that a row's margin names the call that predicted it.
static void no_row_is_predicted_by_what_saw_it(void **state)
{
    (void)state;
    static step_trainer steps;
    tw_dataset set;
    set_plan plan = plan_default();
    tw_fit_options options = fit_options();
    options.quick = true;
    set_make(&plan, 1, &set);
    int64_t begin[1024];
    for (size_t a = 0; a < plan.alert_n; a++)
        begin[a] = INT64_MAX;
    for (size_t i = 0; i < set.n; i++) {
        const tw_example *e = &set.examples_own[i];
        set.x_own[i * TW_INPUT_N + 2] = (float)((double)e->time_ms / (double)TW_HOUR_MS);
        set.x_own[i * TW_INPUT_N + 3] = e->alert == NO_ALERT ? 0 : (float)(e->alert + 1);
        if (e->alert != NO_ALERT)
            begin[e->alert] = TW_MIN(begin[e->alert], e->time_ms);
    }
    steps = (step_trainer){.keeps_calls = true, .constant_by_call = true};
    tw_trainer trainer = {&step_ops, &steps};
    tw_fit fit;
    assert_int_equal(tw_fit_classifier(tw_alloc_system(), &trainer, &set, &options, &fit, NULL),
                     TW_OK);
    size_t predicted = 0, first_block = 0;
    for (size_t i = 0; i < set.n; i++) {
        const tw_example *e = &set.examples_own[i];
        if (isnan(fit.margin_own[i])) {
            first_block++;
            continue;
        }
        predicted++;
        size_t call = (size_t)lroundf(fit.margin_own[i]);
        int64_t from = e->alert == NO_ALERT ? e->time_ms : begin[e->alert];
        // Hours in float32 are exact to a fraction of a minute.
        assert_true(steps.last_ms[call] <= from + 2 * 60000);
        if (e->alert != NO_ALERT)
            assert_false(steps.saw[call][e->alert + 1]);
    }
    assert_true(predicted > set.n / 2 && first_block > set.n / 8);
    // The final trees saw all.
    assert_true(steps.last_ms[steps.calls - 1] > FIRST_MS + 23 * TW_DAY_MS);
    tw_fit_release(&fit);
    set_free(&set);
}

// The whole history is one day: blocks are then cut by time of day.
static void one_day_is_cut_too(void **state)
{
    (void)state;
    tw_dataset set;
    set_plan plan = plan_default();
    tw_fit_options options = fit_options();
    plan.days = 1;
    plan.by_transaction = true;
    plan.alert_rows_n = 1;
    plan.alert_n = 400;
    set_make(&plan, 2, &set);
    tw_fit fit = fit_set(&set, &options);
    size_t predicted = 0;
    for (size_t i = 0; i < set.n; i++)
        predicted += !isnan(fit.margin_own[i]);
    assert_true(predicted > set.n / 2);
    assert_true(fit.metrics.auc > 0.9);
    tw_fit_release(&fit);
    set_free(&set);
}

// A column that holds the verdict of every row that is old, as a leak would: trees learn it by
// heart, and the folds tell, because the rows that they predict do not have it yet.
static void a_leak_is_not_believed(void **state)
{
    (void)state;
    tw_dataset set;
    set_plan plan = plan_default();
    tw_fit_options options = fit_options();
    plan.right_low = 0;
    plan.wrong_high = 1;
    plan.plain_n = 0;
    set_make(&plan, 3, &set);
    int64_t last = set.examples_own[set.n - 1].time_ms;
    for (size_t i = 0; i < set.n; i++) {
        bool is_old = set.examples_own[i].time_ms < last - 6 * TW_DAY_MS;
        if (is_old)
            set.x_own[i * TW_INPUT_N] = set.examples_own[i].label ? 0.95F : 0.05F;
    }
    tw_fit fit = fit_set(&set, &options);
    // Over the part that has the leak it shines; where it is not yet there it is worth nothing.
    double right_margin = 0, wrong_margin = 0, right = 0, wrong = 0;
    for (size_t i = 0; i < set.n; i++) {
        const tw_example *e = &set.examples_own[i];
        if (isnan(fit.margin_own[i]) || e->time_ms < last - 6 * TW_DAY_MS)
            continue;
        right_margin += e->label ? (double)fit.margin_own[i] : 0;
        wrong_margin += e->label ? 0 : (double)fit.margin_own[i];
        right += e->label;
        wrong += !e->label;
    }
    assert_true(right > 20 && wrong > 20);
    assert_true(fabs(right_margin / right - wrong_margin / wrong) < 1.0);
    assert_true(fit.metrics.auc < 0.95);
    tw_fit_release(&fit);
    set_free(&set);
}

// --- curves
// ------------------------------------------------------------------------------

static double curve_at(const tw_curve *curve, double margin)
{
    return tw_curve_at(curve, margin);
}

static void curves_are_what_they_promise(void **state)
{
    (void)state;
    tw_dataset set;
    set_plan plan = plan_default();
    tw_fit_options options = fit_options();
    set_make(&plan, 4, &set);
    tw_fit fit = fit_set(&set, &options);
    double p = 0, l = 0, t = 0;
    for (int i = -3000; i <= 3000; i++) {
        double m = i * 0.01;
        double p_now = curve_at(fit.probability_own, m), l_now = curve_at(fit.lift_own, m),
               t_now = curve_at(fit.pattern_own, m);
        assert_true(p_now >= p && p_now <= 1);
        assert_true(l_now >= l && l_now >= 0.25 - 1e-9 && l_now <= 4 + 1e-9);
        assert_true(t_now > t);
        p = p_now;
        l = l_now;
        t = t_now;
    }
    assert_true(curve_at(fit.lift_own, 4) > 1.2 * curve_at(fit.lift_own, -4));
    // Two thirds of the bins of right alerts hold nobody else: the pattern reaches the bar.
    assert_true(isfinite(fit.metrics.floor_margin));
    assert_near(curve_at(fit.pattern_own, fit.metrics.floor_margin), 1, 1e-9);
    assert_false(fit.metrics.budget_binds);
    assert_true(fit.metrics.precision > 0.75 && fit.metrics.recall > 0.5);
    assert_true(fit.metrics.calibration_error < 0.02);
    tw_fit_release(&fit);
    set_free(&set);
}

// Where no signal ever fires, the order of the risk is the classifier's.
static void risk_orders_as_the_margin_does(void **state)
{
    (void)state;
    tw_dataset set;
    set_plan plan = plan_default();
    tw_fit_options options = fit_options();
    plan.by_transaction = true;
    plan.alert_rows_n = 1;
    plan.evidence = 0;
    plan.alert_n = 500;
    set_make(&plan, 5, &set);
    tw_fit fit = fit_set(&set, &options);
    float before = -1;
    for (int i = -24000; i < 24000; i++) {
        float m = (float)i * 0.0005F;
        float risk = tw_risk_combine(0.5F, 0, (float)tw_curve_at(fit.lift_own, (double)m),
                                     (float)tw_curve_at(fit.pattern_own, (double)m));
        double held = TW_MIN((double)m, fit.metrics.floor_margin + 2);
        assert_true((double)m > held ? risk >= before : risk > before);
        before = risk;
    }
    tw_fit_release(&fit);
    set_free(&set);
}

static void a_small_budget_raises_the_bar(void **state)
{
    (void)state;
    tw_dataset set;
    set_plan plan = plan_default();
    tw_fit_options options = fit_options();
    set_make(&plan, 4, &set);
    tw_fit free_fit = fit_set(&set, &options);
    options.alerts_per_store_day = 0.02; // 7 in all
    tw_fit tight = fit_set(&set, &options);
    assert_true(tight.metrics.budget_binds || !isfinite(tight.metrics.floor_margin));
    assert_true(tight.metrics.floor_margin > free_fit.metrics.floor_margin);
    tw_fit_release(&free_fit);
    tw_fit_release(&tight);
    set_free(&set);
}

// Nothing tells right from wrong: the pattern never reaches the bar, and the lift says little.
static void noise_promises_nothing(void **state)
{
    (void)state;
    tw_dataset set;
    set_plan plan = plan_default();
    tw_fit_options options = fit_options();
    plan.right_low = 0;
    plan.wrong_high = 1;
    set_make(&plan, 6, &set);
    tw_fit fit = fit_set(&set, &options);
    assert_true(isinf(fit.metrics.floor_margin));
    assert_true(curve_at(fit.pattern_own, 30) < 1);
    tw_fit_release(&fit);
    set_free(&set);
}

static void few_verdicts_move_little(void **state)
{
    (void)state;
    tw_dataset set;
    set_plan plan = plan_default();
    tw_fit_options options = fit_options();
    plan.alert_n = 8;
    plan.right_share = 0.7;
    set_make(&plan, 8, &set);
    tw_fit fit = fit_set(&set, &options);
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < set.n; i++) {
        if (set.examples_own[i].alert == NO_ALERT || isnan(fit.margin_own[i]))
            continue;
        double lift = curve_at(fit.lift_own, (double)fit.margin_own[i]);
        low = TW_MIN(low, lift);
        high = TW_MAX(high, lift);
    }
    assert_true(low > 0.45 && high < 2);
    assert_int_equal(fit.trials[0].params.early_stop_n, 0);
    tw_fit_release(&fit);
    set_free(&set);
}

// --- figures
// -----------------------------------------------------------------------------

// Average precision and area under the curve by their definitions.
static void figures_by_definition(void **state)
{
    (void)state;
    tw_dataset set;
    set_plan plan = plan_default();
    tw_fit_options options = fit_options();
    plan.plain_n = 600;
    set_make(&plan, 9, &set);
    tw_fit fit = fit_set(&set, &options);
    double ap = 0, right = 0, pairs = 0, won = 0, rows = 0;
    for (size_t i = 0; i < set.n; i++) {
        const tw_example *e = &set.examples_own[i];
        if (isnan(fit.margin_own[i]))
            continue;
        rows++;
        if (!e->label)
            continue;
        double above = 0, above_right = 0;
        for (size_t k = 0; k < set.n; k++) {
            const tw_example *o = &set.examples_own[k];
            if (isnan(fit.margin_own[k]))
                continue;
            double w = (double)o->weight;
            if (fit.margin_own[k] >= fit.margin_own[i]) {
                above += w;
                above_right += o->label ? w : 0;
            }
            if (!o->label) {
                pairs += (double)e->weight * w;
                won += (double)e->weight * w *
                       (fit.margin_own[i] > fit.margin_own[k]    ? 1
                        : fit.margin_own[i] == fit.margin_own[k] ? 0.5
                                                                 : 0);
            }
        }
        ap += (double)e->weight * above_right / above;
        right += (double)e->weight;
    }
    assert_near(fit.metrics.ap, ap / right, 1e-9);
    assert_near(fit.metrics.auc, won / pairs, 1e-9);
    assert_near(fit.metrics.rows_n, rows, 0);
    double weight = 0;
    for (size_t b = 0; b < TW_FIT_RELIABILITY_BINS; b++)
        weight += fit.reliability[b].weight;
    double all = 0;
    for (size_t i = 0; i < set.n; i++)
        all += isnan(fit.margin_own[i]) ? 0 : (double)set.examples_own[i].weight;
    assert_near(weight, all, 1e-6);
    tw_fit_release(&fit);
    set_free(&set);
}

static void the_same_again(void **state)
{
    (void)state;
    tw_dataset set;
    set_plan plan = plan_default();
    tw_fit_options options = fit_options();
    set_make(&plan, 10, &set);
    tw_fit a = fit_set(&set, &options), b = fit_set(&set, &options);
    assert_memory_equal(a.margin_own, b.margin_own, set.n * sizeof(float));
    assert_near(a.metrics.brier, b.metrics.brier, 0);
    assert_int_equal(a.chosen, b.chosen);
    tw_fit_release(&a);
    tw_fit_release(&b);
    set_free(&set);
}

// --- failures
// ----------------------------------------------------------------------------

static tw_status try_fit(const tw_alloc *alloc, step_trainer *steps, const tw_dataset *set,
                         tw_err *err)
{
    tw_trainer trainer = {&step_ops, steps};
    tw_fit_options options = fit_options();
    tw_fit fit;
    options.quick = true;
    tw_status status = tw_fit_classifier(alloc, &trainer, set, &options, &fit, err);
    if (status == TW_OK)
        tw_fit_release(&fit);
    assert_null(fit.margin_own);
    return status;
}

static void too_little_is_told(void **state)
{
    (void)state;
    tw_dataset set;
    set_plan plan = plan_default();
    step_trainer steps = {.calls = 0};
    tw_err err = {0};
    plan.alert_n = 6;
    plan.right_share = 0.4;
    set_make(&plan, 11, &set);
    assert_int_equal(try_fit(tw_alloc_system(), &steps, &set, &err), TW_INVALID);
    assert_non_null(strstr(err.text, "at least 5"));
    set.n = 0;
    assert_int_equal(try_fit(tw_alloc_system(), &steps, &set, &err), TW_INVALID);
    set_free(&set);
    plan.alert_n = 20;
    plan.plain_n = 0;
    plan.right_share = 1;
    set_make(&plan, 12, &set);
    assert_int_equal(try_fit(tw_alloc_system(), &steps, &set, &err), TW_INVALID);
    assert_non_null(strstr(err.text, "nothing but fraud"));
    assert_int_equal(steps.calls, 0);
    set_free(&set);
}

static void a_failing_trainer_passes_through(void **state)
{
    (void)state;
    tw_dataset set;
    set_plan plan = plan_default();
    set_make(&plan, 13, &set);
    for (uint32_t k = 0; k < 4; k++) {
        step_trainer steps = {.fail_with = TW_IO, .fail_at = k};
        tw_err err = {0};
        assert_int_equal(try_fit(tw_alloc_system(), &steps, &set, &err), TW_IO);
        assert_string_equal(err.text, "the trainer failed");
    }
    tw_trainer none = {NULL, NULL};
    tw_fit_options options = fit_options();
    tw_fit fit;
    tw_err err = {0};
    assert_int_equal(tw_fit_classifier(tw_alloc_system(), &none, &set, &options, &fit, &err),
                     TW_UNSUPPORTED);
    set_free(&set);
}

static void out_of_memory_anywhere(void **state)
{
    (void)state;
    tw_dataset set;
    set_plan plan = plan_default();
    plan.plain_n = 50;
    plan.alert_n = 30;
    set_make(&plan, 14, &set);
    for (uint64_t k = 1;; k++) {
        tw_alloc_faulty faulty;
        step_trainer steps = {.calls = 0};
        tw_err err = {0};
        tw_alloc_faulty_init(&faulty, k, false);
        tw_status status = try_fit(&faulty.alloc, &steps, &set, &err);
        assert_int_equal(faulty.live_bytes, 0);
        if (faulty.hits == 0) {
            assert_int_equal(status, TW_OK);
            assert_true(k > 40);
            break;
        }
        assert_int_equal(status, TW_NO_MEMORY);
        assert_int_not_equal(err.text[0], 0);
    }
    set_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_row_is_predicted_by_what_saw_it),
        cmocka_unit_test(one_day_is_cut_too),
        cmocka_unit_test(a_leak_is_not_believed),
        cmocka_unit_test(curves_are_what_they_promise),
        cmocka_unit_test(risk_orders_as_the_margin_does),
        cmocka_unit_test(a_small_budget_raises_the_bar),
        cmocka_unit_test(noise_promises_nothing),
        cmocka_unit_test(few_verdicts_move_little),
        cmocka_unit_test(figures_by_definition),
        cmocka_unit_test(the_same_again),
        cmocka_unit_test(too_little_is_told),
        cmocka_unit_test(a_failing_trainer_passes_through),
        cmocka_unit_test(out_of_memory_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
