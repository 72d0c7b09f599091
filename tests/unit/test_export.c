// SPDX-License-Identifier: Apache-2.0
//
// A model version as an MLmodel directory and as a card: the files are all there, the trees read
// back are the same, names are quoted for JSON and YAML, texts of the metadata cannot forge
// Markdown, what is not recorded is left out, and no memory is lost when there is none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "learn/export.h"
#include "model/xgboost.h"
#include "model_data.h"

#define FEATURES 4
#define INPUTS 3
#define ROWS 300
#define CREATED_MS INT64_C(1767603600123) // 2026-01-05T09:00:00.123Z

static const tw_str features[FEATURES] = {
    {"amount", 6}, {"refund_n_7d", 11}, {"void_rate", 9}, {"hour", 4}};
static const tw_str inputs[INPUTS] = {{"outlier", 7}, {"it's \"odd\"", 10}, {"evidence", 8}};

static const char metadata[] =
    "{\"kind\":\"classifier\",\"parent\":\"classifier-1\",\"code_version\":\"0.1.0\","
    "\"journal\":{\"first_seq\":1,\"last_seq\":90210},\"label_delay_days\":7,"
    "\"rows\":{\"from\":\"2026-01-01\",\"to\":\"2026-01-28\",\"transactions\":120000,\"kept\":"
    "40000,"
    "\"positive\":150,\"negative\":60,\"undecided\":12,\"audit\":40,\"audit_confirmed\":1,"
    "\"plain_rate\":0.25},"
    "\"params\":{\"depth\":6,\"eta\":0.1,\"rounds\":87},"
    "\"search\":[{\"depth\":4,\"eta\":0.1,\"loss\":0.0123,\"ap\":0.81},{\"depth\":6,\"ap\":null}],"
    "\"metrics\":{\"ap\":0.83,\"auc\":0.97,\"precision\":0.94,\"recall\":0.71,"
    "\"calibration_error\":0.2,\"floor_margin\":null,\"budget_binds\":true,\"alerts\":60,"
    "\"alerts_confirmed\":55},"
    "\"reliability\":[{\"predicted\":0.1,\"observed\":0.12,\"weight\":500},"
    "{\"predicted\":0.5,\"observed\":0.4,\"weight\":0}],"
    "\"gate\":{\"promote\":true,\"reason\":\"better | <b>by</b> a lot\",\"row_n\":90,"
    "\"positive_n\":60,\"first_day\":\"2026-01-20\",\"last_day\":\"2026-01-28\","
    "\"difference\":{\"value\":0.05,\"low\":0.01,\"high\":0.09},\"false_at_equal_recall\":0.5,"
    "\"schemes\":[{\"name\":\"post_void\",\"n\":20,\"champion_recall\":0.8,"
    "\"challenger_recall\":null}]}}";

typedef struct fixture {
    float x[ROWS * FEATURES];
    tw_iforest *forest;
    tw_gbt *gbt;
    tw_curve *curve;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    static const int32_t left[] = {1, -1, 3, -1, -1}, right[] = {2, -1, 4, -1, -1};
    static const uint32_t input[] = {1, 0, 2, 0, 0};
    static const float value[] = {0.5f, -0.75f, 2.25f, 0.125f, 1.5f};
    static const bool missing_left[] = {true, false, false, false, false};
    static const float cover[] = {10, 4, 6, 2, 4}, gain[] = {3, 0, 1, 0, 0};
    static const tw_gbt_tree tree = {left, right, input, value, missing_left, cover, gain, 5};
    model_data_fill(f.x, ROWS, FEATURES, 5);
    tw_iforest_options o = tw_iforest_options_default();
    o.trees_n = 3;
    o.sample_n = 16;
    o.pool_n = ROWS;
    assert_int_equal(tw_iforest_train(tw_alloc_system(), f.x, ROWS, FEATURES, &o, &f.forest, NULL),
                     TW_OK);
    assert_int_equal(
        tw_gbt_new(tw_alloc_system(), &tree, 1, INPUTS, TW_GBT_LOGISTIC, -2.0f, &f.gbt, NULL),
        TW_OK);
    const double at[] = {-3, 0, 3}, y[] = {0.1, 0.5, 0.9};
    assert_int_equal(tw_curve_new(tw_alloc_system(), at, y, 3, &f.curve, NULL), TW_OK);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    tw_iforest_free(f->forest);
    tw_gbt_free(f->gbt);
    tw_curve_free(f->curve);
    return 0;
}

static tw_model *model_of(const fixture *f, const char *meta, bool has_classifier)
{
    tw_model_parts parts = {.feature_names = features,
                            .features_n = FEATURES,
                            .catalogue_hash = 0x1122334455667788,
                            .metadata = tw_str_from(meta),
                            .iforest = f->forest};
    if (has_classifier) {
        parts.gbt = f->gbt;
        parts.input_names = inputs;
        for (size_t i = 0; i < TW_MODEL_CURVE_N; i++)
            parts.curves[i] = f->curve;
    }
    tw_model *model = NULL;
    tw_err err = {0};
    tw_status status = tw_model_new(tw_alloc_system(), &parts, &model, &err);
    if (status != TW_OK)
        fail_msg("%s", err.text);
    return model;
}

static const tw_buf *file_of(const tw_export *export_, const char *name)
{
    for (size_t i = 0; i < export_->file_n; i++)
        if (strcmp(export_->files[i].name, name) == 0)
            return &export_->files[i].bytes;
    fail_msg("no file %s", name);
    return NULL;
}

static bool has(const tw_buf *file, const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i + n <= file->bytes; i++)
        if (memcmp(file->data_own + i, text, n) == 0)
            return true;
    return false;
}

static void assert_has(const tw_buf *file, const char *text)
{
    if (!has(file, text))
        fail_msg("\"%s\" is not in:\n%.*s", text, (int)file->bytes, (const char *)file->data_own);
}

static void all_files_are_there(void **state)
{
    tw_model *model = model_of(*state, metadata, true);
    tw_export out;
    assert_int_equal(
        tw_export_mlmodel(tw_alloc_system(), model, TW_STR("classifier-2"), CREATED_MS, &out, NULL),
        TW_OK);
    assert_int_equal(out.file_n, 8);
    const tw_buf *mlmodel = file_of(&out, "MLmodel");
    assert_has(mlmodel, "    loader_module: mlflow.xgboost\n");
    assert_has(mlmodel, "    model_class: xgboost.core.Booster\n");
    assert_has(mlmodel, "  tillwatch_model_id: 'classifier-2'\n");
    assert_has(mlmodel, "utc_time_created: '2026-01-05 09:00:00.123000'\n");
    // JSON inside YAML: the quote of YAML is doubled, that of JSON has a backslash.
    assert_has(mlmodel, "{\"type\": \"double\", \"name\": \"it''s \\\"odd\\\"\"}");
    assert_has(file_of(&out, "requirements.txt"), "xgboost>=1.7.4\n");
    assert_has(file_of(&out, "conda.yaml"), "  - xgboost>=1.7.4\n");
    assert_has(file_of(&out, "python_env.yaml"), "- -r requirements.txt\n");
    assert_has(file_of(&out, "input_example.json"),
               "{\"columns\": [\"outlier\", \"it's \\\"odd\\\"\", \"evidence\"], \"data\": "
               "[[0.0, 0.0, 0.0]]}\n");
    assert_has(file_of(&out, "MODEL_CARD.md"), "# Model classifier-2\n");
    const tw_buf *whole = file_of(&out, "model.twm");
    assert_true(
        tw_str_equal((tw_str){(const char *)whole->data_own, whole->bytes}, tw_model_bytes(model)));
    tw_export_release(&out);
    assert_int_equal(out.file_n, 0);
    tw_model_unref(model);
}

static void the_trees_read_back_are_the_same(void **state)
{
    const fixture *f = *state;
    tw_model *model = model_of(f, metadata, true);
    tw_export out;
    assert_int_equal(
        tw_export_mlmodel(tw_alloc_system(), model, TW_STR("classifier-2"), CREATED_MS, &out, NULL),
        TW_OK);
    const tw_buf *ubj = file_of(&out, "model.ubj");
    tw_xgboost read;
    assert_int_equal(tw_xgboost_read(tw_alloc_system(),
                                     (tw_str){(const char *)ubj->data_own, ubj->bytes}, &read,
                                     NULL),
                     TW_OK);
    assert_int_equal(read.names_n, INPUTS);
    for (size_t i = 0; i < INPUTS; i++)
        assert_true(tw_str_equal(read.names_own[i], inputs[i]));
    for (size_t i = 0; i < ROWS; i++) {
        float a = tw_gbt_margin(f->gbt, f->x + i * FEATURES);
        float b = tw_gbt_margin(read.gbt_own, f->x + i * FEATURES);
        assert_memory_equal(&a, &b, sizeof(a));
    }
    tw_xgboost_release(tw_alloc_system(), &read);
    tw_export_release(&out);
    tw_model_unref(model);
}

static tw_buf card_of(const tw_model *model)
{
    tw_buf card;
    tw_buf_init(&card, tw_alloc_system(), 1 << 20);
    assert_int_equal(
        tw_model_card(tw_alloc_system(), model, TW_STR("classifier-2"), CREATED_MS, &card, NULL),
        TW_OK);
    assert_true(tw_str_is_utf8((tw_str){(const char *)card.data_own, card.bytes}));
    return card;
}

static void the_card_says_what_is_recorded(void **state)
{
    tw_model *model = model_of(*state, metadata, true);
    tw_buf card = card_of(model);
    assert_has(&card, "    - type: average_precision\n      value: 0.83\n");
    assert_has(&card, "Made 2026-01-05T09:00:00.123Z by Tillwatch 0.1.0, when the champion was "
                      "classifier-1.\n");
    assert_has(&card, "| transactions in that time | 120000 |\n");
    assert_has(&card, "Of 40 transactions that were drawn at random for audit, 1 were confirmed: "
                      "2.5 % (90 % interval ");
    assert_has(&card, "Verdicts counted from 7 days after the transaction.\n");
    assert_has(&card, "| trees | 87 |\n");
    assert_has(&card, "| 4 | 0.1 | - | - | - | - | - | - | - | 0.0123 | 0.81 |\n");
    assert_has(&card, "| precision at the operating point | 94.0 % |\n");
    assert_has(&card, "55 of 60 decided alerts of those days were confirmed: 91.7 %");
    assert_has(&card, "set by the alert budget");
    assert_has(&card, "| 0.1 | 0.12 | 500 |\n");
    assert_false(has(&card, "| 0.5 | 0.4 |")); // an empty bin says nothing
    assert_has(&card, "**Passed.** better \\| \\<b\\>by\\</b\\> a lot\n");
    assert_has(&card, "- difference: 0.05 (90 % interval 0.01 to 0.09)\n");
    assert_has(&card, "- false alerts at the champion's recall: 0.50 times the champion's\n");
    assert_has(&card, "| post_void | 20 | 80.0 % | - |\n");
    assert_has(&card, "| `evidence` | Evidence of the strongest scheme");
    assert_has(&card, "- Only 150 confirmed transactions");
    assert_has(&card, "off by more than a tenth");
    assert_has(&card, "- journal: facts 1 to 90210\n");
    assert_has(&card, "- feature catalogue: `1122334455667788`\n");
    assert_false(has(&card, "floor holds"));
    assert_false(has(&card, "nan"));
    tw_buf_release(&card);
    tw_model_unref(model);
}

static void an_imported_model_says_so(void **state)
{
    tw_model *model = model_of(
        *state, "{\"imported\":true,\"rows\":{\"kept\":7},\"params\":{\"rounds\":1}}", true);
    tw_buf card = card_of(model);
    assert_has(&card, "over 3 inputs, trained elsewhere and imported.");
    assert_has(&card, "What the trees were trained on is not known here.");
    assert_has(&card, "| rows kept | 7 |\n");
    tw_buf_release(&card);
    tw_model_unref(model);
}

static void a_card_of_any_metadata_is_written(void **state)
{
    static const char *const odd[] = {
        "",
        "{}",
        "{\"rows\":[],\"params\":{},\"search\":{},\"metrics\":{\"ap\":\"x\"},\"gate\":null}",
        "{\"gate\":{},\"search\":[1,null],\"reliability\":[[]]}",
    };
    for (size_t i = 0; i < TW_COUNT(odd); i++) {
        for (int has_classifier = 0; has_classifier < 2; has_classifier++) {
            tw_model *model = model_of(*state, odd[i], has_classifier);
            tw_buf card = card_of(model);
            assert_has(&card, "## What it is for\n");
            assert_has(&card, "## Limits\n");
            assert_false(has(&card, "nan"));
            assert_true(has(&card, "isolation forest of 3 trees") ||
                        has(&card, "An isolation forest of 3 trees"));
            tw_buf_release(&card);
            tw_model_unref(model);
        }
    }
}

static void a_model_without_classifier_is_refused(void **state)
{
    tw_model *model = model_of(*state, metadata, false);
    tw_export out;
    tw_err err = {0};
    assert_int_equal(
        tw_export_mlmodel(tw_alloc_system(), model, TW_STR("outlier-1"), CREATED_MS, &out, &err),
        TW_INVALID);
    assert_non_null(strstr(err.text, "outlier-1 has no classifier"));
    assert_int_equal(out.file_n, 0);
    tw_model_unref(model);
}

static void no_memory_loses_none(void **state)
{
    tw_model *model = model_of(*state, metadata, true);
    uint64_t k = 1;
    for (;; k++) {
        tw_alloc_faulty faulty;
        tw_alloc_faulty_init(&faulty, k, false);
        tw_export out;
        tw_err err = {0};
        tw_status status =
            tw_export_mlmodel(&faulty.alloc, model, TW_STR("classifier-2"), CREATED_MS, &out, &err);
        if (faulty.hits == 0) {
            assert_int_equal(status, TW_OK);
            tw_export_release(&out);
            assert_int_equal(faulty.live_blocks, 0);
            break;
        }
        assert_int_equal(status, TW_NO_MEMORY);
        assert_int_equal(err.status, TW_NO_MEMORY);
        assert_int_equal(out.file_n, 0);
        assert_int_equal(faulty.live_blocks, 0);
    }
    assert_true(k > 8);
    tw_model_unref(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_files_are_there),
        cmocka_unit_test(the_trees_read_back_are_the_same),
        cmocka_unit_test(the_card_says_what_is_recorded),
        cmocka_unit_test(an_imported_model_says_so),
        cmocka_unit_test(a_card_of_any_metadata_is_written),
        cmocka_unit_test(a_model_without_classifier_is_refused),
        cmocka_unit_test(no_memory_loses_none),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
