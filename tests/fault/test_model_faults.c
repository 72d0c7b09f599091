// SPDX-License-Identifier: Apache-2.0
//
// Sweeps over every allocation of training, saving, loading, fitting, and of XGBoost's files: the
// k-th call fails, once or from then on; nothing leaks, the outputs are empty, the status is
// TW_NO_MEMORY, and the same call succeeds afterwards. Truncated and damaged files are in
// tests/unit/test_model_file.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../unit/gbt_random.h"
#include "../unit/model_data.h"
#include "model/file.h"
#include "model/xgboost.h"

#define ROWS 300
#define FEATURES 5

static float rows[ROWS * FEATURES];
static const tw_str names[FEATURES] = {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}, {"e", 1}};
static tw_iforest *forest;
static tw_curve *curve, *rising;
static tw_gbt *gbt;
static tw_buf file, xgboost[2]; // JSON, UBJSON

static tw_model_parts parts(void)
{
    return (tw_model_parts){.feature_names = names,
                            .features_n = FEATURES,
                            .catalogue_hash = 1,
                            .metadata = TW_STR("{}"),
                            .iforest = forest,
                            .curves = {curve, rising, curve},
                            .gbt = gbt,
                            .input_names = names};
}

static tw_status run_train(const tw_alloc *alloc, tw_err *err)
{
    tw_iforest_options o = tw_iforest_options_default();
    o.trees_n = 7;
    o.sample_n = 64;
    o.pool_n = 256;
    tw_iforest *out = NULL;
    tw_status status = tw_iforest_train(alloc, rows, ROWS, FEATURES, &o, &out, err);
    assert_true((status == TW_OK) == (out != NULL));
    tw_iforest_free(out);
    return status;
}

static tw_status run_fit(const tw_alloc *alloc, tw_err *err)
{
    double x[50], y[50];
    for (int i = 0; i < 50; i++) {
        x[i] = i * 7 % 50;
        y[i] = i;
    }
    tw_curve *out = NULL;
    tw_status status = tw_curve_fit(alloc, x, y, NULL, 50, 20, &out, err);
    assert_true((status == TW_OK) == (out != NULL));
    tw_curve_free(out);
    return status;
}

static tw_status run_save(const tw_alloc *alloc, tw_err *err)
{
    tw_buf buf;
    tw_buf_init(&buf, alloc, 1 << 20);
    tw_model_parts p = parts();
    tw_status status = tw_model_save(&p, &buf, err);
    tw_buf_release(&buf);
    return status;
}

static tw_status run_load(const tw_alloc *alloc, tw_err *err)
{
    tw_model *out = NULL;
    tw_status status = tw_model_load(alloc, file.data_own, file.bytes, &out, err);
    assert_true((status == TW_OK) == (out != NULL));
    tw_model_unref(out);
    return status;
}

static tw_status run_new(const tw_alloc *alloc, tw_err *err)
{
    tw_model_parts p = parts();
    tw_model *out = NULL;
    tw_status status = tw_model_new(alloc, &p, &out, err);
    assert_true((status == TW_OK) == (out != NULL));
    tw_model_unref(out);
    return status;
}

static tw_status run_read(const tw_alloc *alloc, const tw_buf *data, tw_err *err)
{
    tw_xgboost out;
    tw_status status =
        tw_xgboost_read(alloc, (tw_str){(const char *)data->data_own, data->bytes}, &out, err);
    assert_true((status == TW_OK) == (out.gbt_own != NULL));
    tw_xgboost_release(alloc, &out);
    return status;
}

static tw_status run_read_json(const tw_alloc *alloc, tw_err *err)
{
    return run_read(alloc, &xgboost[0], err);
}

static tw_status run_read_ubjson(const tw_alloc *alloc, tw_err *err)
{
    return run_read(alloc, &xgboost[1], err);
}

static tw_status run_write(const tw_alloc *alloc, tw_err *err)
{
    tw_buf buf;
    tw_buf_init(&buf, alloc, 1 << 20);
    tw_status status = tw_xgboost_write(alloc, gbt, names, TW_XGBOOST_JSON, &buf, err);
    tw_buf_release(&buf);
    return status;
}

static void sweep(tw_status (*run)(const tw_alloc *, tw_err *))
{
    for (int keep = 0; keep < 2; keep++) {
        for (uint64_t k = 1;; k++) {
            tw_alloc_faulty faulty;
            tw_alloc_faulty_init(&faulty, k, keep != 0);
            tw_err err = {0};
            tw_status status = run(&faulty.alloc, &err);
            assert_int_equal(faulty.live_blocks, 0);
            assert_int_equal(faulty.live_bytes, 0);
            if (faulty.hits == 0) {
                assert_int_equal(status, TW_OK);
                assert_true(k > 1);
                break;
            }
            assert_int_equal(status, TW_NO_MEMORY);
            assert_int_equal(err.status, TW_NO_MEMORY);
            assert_true(err.text[0] != '\0');
            assert_int_equal(run(tw_alloc_system(), &err), TW_OK);
        }
    }
}

static int set_up(void **state)
{
    (void)state;
    model_data_fill(rows, ROWS, FEATURES, 3);
    tw_iforest_options o = tw_iforest_options_default();
    o.trees_n = 5;
    o.sample_n = 32;
    o.pool_n = 64;
    const double x[] = {0, 1};
    tw_buf_init(&file, tw_alloc_system(), 1 << 20);
    assert_int_equal(tw_iforest_train(tw_alloc_system(), rows, ROWS, FEATURES, &o, &forest, NULL),
                     TW_OK);
    assert_int_equal(tw_curve_new(tw_alloc_system(), x, x, 2, &curve, NULL), TW_OK);
    const double y[] = {0.5, 1};
    assert_int_equal(tw_curve_new(tw_alloc_system(), x, y, 2, &rising, NULL), TW_OK);
    gbt_random_options trees = {
        .trees_n = 3, .inputs_n = FEATURES, .depth = 8, .cuts_n = 4, .nodes_max = 200, .seed = 1};
    gbt = gbt_random_new(&trees);
    tw_model_parts p = parts();
    assert_int_equal(tw_model_save(&p, &file, NULL), TW_OK);
    for (int form = 0; form < 2; form++) {
        tw_buf_init(&xgboost[form], tw_alloc_system(), 1 << 20);
        assert_int_equal(tw_xgboost_write(tw_alloc_system(), gbt, names, (tw_xgboost_form)form,
                                          &xgboost[form], NULL),
                         TW_OK);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tw_iforest_free(forest);
    tw_curve_free(curve);
    tw_curve_free(rising);
    tw_gbt_free(gbt);
    tw_buf_release(&file);
    tw_buf_release(&xgboost[0]);
    tw_buf_release(&xgboost[1]);
    return 0;
}

static void training_survives(void **state)
{
    (void)state, sweep(run_train);
}
static void fitting_survives(void **state)
{
    (void)state, sweep(run_fit);
}
static void saving_survives(void **state)
{
    (void)state, sweep(run_save);
}
static void loading_survives(void **state)
{
    (void)state, sweep(run_load);
}
static void a_new_model_survives(void **state)
{
    (void)state, sweep(run_new);
}
static void reading_of_xgboost_survives(void **state)
{
    (void)state;
    sweep(run_read_json);
    sweep(run_read_ubjson);
}
static void writing_of_xgboost_survives(void **state)
{
    (void)state, sweep(run_write);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_survives),
        cmocka_unit_test(fitting_survives),
        cmocka_unit_test(saving_survives),
        cmocka_unit_test(loading_survives),
        cmocka_unit_test(a_new_model_survives),
        cmocka_unit_test(reading_of_xgboost_survives),
        cmocka_unit_test(writing_of_xgboost_survives),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
