// SPDX-License-Identifier: Apache-2.0
//
// XGBoost models: files that XGBoost 1.7.4 wrote (tests/golden/xgboost-1.7.4.*) give its margins
// bit for bit, its probabilities to 1e-6 and its contributions to 1e-5; what is written is read;
// both spellings of base_score; what cannot be scored is refused by name; cut and damaged files are
// told.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/xgboost.h"

#define GOLDEN TILLWATCH_SOURCE_DIR "/tests/golden/xgboost-1.7.4"
#define INPUTS 6
#define ROWS 40
#define FIELDS (INPUTS + 2 + INPUTS + 1)

static char *files[2]; // JSON, UBJSON
static size_t files_bytes[2];
static float golden[ROWS][FIELDS]; // inputs, margin, probability, contributions, their base

static char *read_all(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    char *data = calloc(1, 1 << 20);
    *bytes = fread(data, 1, (1 << 20) - 1, file);
    fclose(file);
    return data;
}

static int set_up(void **state)
{
    (void)state;
    size_t bytes = 0;
    files[0] = read_all(GOLDEN ".json", &files_bytes[0]);
    files[1] = read_all(GOLDEN ".ubj", &files_bytes[1]);
    char *text = read_all(GOLDEN ".scores", &bytes), *at = text;
    for (size_t i = 0; i < ROWS * FIELDS; i++) {
        uint32_t bits = (uint32_t)strtoul(at, &at, 16);
        memcpy(&golden[i / FIELDS][i % FIELDS], &bits, sizeof(bits));
    }
    free(text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(files[0]);
    free(files[1]);
    return 0;
}

static tw_status read_model(const void *data, size_t bytes, tw_xgboost *out, tw_err *err)
{
    *err = (tw_err){0};
    char *copy = malloc(bytes ? bytes : 1); // exact size, for AddressSanitizer
    if (bytes)
        memcpy(copy, data, bytes);
    tw_status status = tw_xgboost_read(tw_alloc_system(), (tw_str){copy, bytes}, out, err);
    free(copy);
    if (status != TW_OK) {
        assert_true(!out->gbt_own && !out->names_own && !out->text_own);
        assert_int_equal(err->status, status);
        assert_true(err->text[0] != '\0');
    }
    return status;
}

static void check_scores(const tw_gbt *gbt)
{
    for (size_t i = 0; i < ROWS; i++) {
        const float *row = golden[i], *contributions = row + INPUTS + 2;
        float margin = tw_gbt_margin(gbt, row);
        double out[INPUTS], expected = 0.0;
        assert_memory_equal(&margin, &row[INPUTS], sizeof(margin));
        assert_true(fabs(tw_gbt_transform(gbt, margin) - (double)row[INPUTS + 1]) < 1e-6);
        tw_gbt_explain(gbt, row, out, &expected);
        for (size_t k = 0; k < INPUTS; k++)
            assert_true(fabs(out[k] - (double)contributions[k]) < 1e-5);
        assert_true(fabs(expected - (double)contributions[INPUTS]) < 1e-5);
    }
}

static void a_model_of_xgboost_scores_as_there(void **state)
{
    (void)state;
    static const char *const names[] = {"amount", "refunds_7d", "voids \"n\"",
                                        "hour",   "über",       "share"};
    for (int form = 0; form < 2; form++) {
        tw_xgboost model;
        tw_err err;
        if (read_model(files[form], files_bytes[form], &model, &err) != TW_OK)
            fail_msg("%s", err.text);
        assert_int_equal(tw_gbt_trees_n(model.gbt_own), 6);
        assert_int_equal(tw_gbt_objective_of(model.gbt_own), TW_GBT_LOGISTIC);
        assert_int_equal(model.names_n, INPUTS);
        for (size_t k = 0; k < INPUTS; k++)
            assert_true(tw_str_equal(model.names_own[k], tw_str_from(names[k])));
        check_scores(model.gbt_own);
        tw_xgboost_release(tw_alloc_system(), &model);
    }
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    tw_xgboost model, again;
    tw_err err;
    assert_int_equal(read_model(files[0], files_bytes[0], &model, &err), TW_OK);
    tw_buf first;
    tw_buf_init(&first, tw_alloc_system(), 1 << 20);
    tw_gbt_write(model.gbt_own, &first);
    for (int form = 0; form < 4; form++) { // the last two without names
        tw_buf buf, second;
        tw_buf_init(&buf, tw_alloc_system(), 1 << 20);
        tw_buf_init(&second, tw_alloc_system(), 1 << 20);
        assert_int_equal(
            tw_xgboost_write(tw_alloc_system(), model.gbt_own, form < 2 ? model.names_own : NULL,
                             form % 2 ? TW_XGBOOST_UBJSON : TW_XGBOOST_JSON, &buf, NULL),
            TW_OK);
        if (read_model(buf.data_own, buf.bytes, &again, &err) != TW_OK)
            fail_msg("%s", err.text);
        tw_gbt_write(again.gbt_own, &second);
        assert_int_equal(first.bytes, second.bytes);
        assert_memory_equal(first.data_own, second.data_own, first.bytes);
        assert_int_equal(again.names_n, form < 2 ? INPUTS : 0);
        for (size_t k = 0; k < again.names_n; k++)
            assert_true(tw_str_equal(model.names_own[k], again.names_own[k]));
        tw_xgboost_release(tw_alloc_system(), &again);
        tw_buf_release(&buf);
        tw_buf_release(&second);
    }
    tw_buf small;
    tw_buf_init(&small, tw_alloc_system(), 100);
    assert_int_equal(
        tw_xgboost_write(tw_alloc_system(), model.gbt_own, NULL, TW_XGBOOST_JSON, &small, &err),
        TW_LIMIT);
    tw_buf_release(&small);
    tw_buf_release(&first);
    tw_xgboost_release(tw_alloc_system(), &model);
}

// The JSON with the first `from` replaced.
static char *replaced(const char *from, const char *to, size_t *bytes)
{
    char *at = strstr(files[0], from);
    if (!at)
        fail_msg("the golden file has no %s", from);
    *bytes = files_bytes[0] - strlen(from) + strlen(to);
    char *out = calloc(1, *bytes + 1);
    size_t before = (size_t)(at - files[0]);
    memcpy(out, files[0], before);
    memcpy(out + before, to, strlen(to));
    memcpy(out + before + strlen(to), at + strlen(from), files_bytes[0] - before - strlen(from));
    return out;
}

#define BASE_SCORE "\"base_score\":\"1.25E-1\""

static void both_spellings_of_base_score_are_read(void **state)
{
    (void)state;
    static const char *const spellings[] = {"\"base_score\":\"[1.25E-1]\"",
                                            "\"base_score\":\"0.125\"", "\"base_score\":0.125"};
    for (size_t i = 0; i < TW_COUNT(spellings); i++) {
        size_t bytes = 0;
        char *text = replaced(BASE_SCORE, spellings[i], &bytes);
        tw_xgboost model;
        tw_err err;
        if (read_model(text, bytes, &model, &err) != TW_OK)
            fail_msg("%s", err.text);
        check_scores(model.gbt_own);
        tw_xgboost_release(tw_alloc_system(), &model);
        free(text);
    }
}

static void base_scores_of_other_objectives_are_margins(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        float margin;
    } cases[] = {{"\"name\":\"binary:logitraw\"", 0.125f},
                 {"\"name\":\"reg:squarederror\"", 0.125f},
                 {"\"name\":\"reg:logistic\"", -1.94591014f}};
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        size_t bytes = 0;
        char *text = replaced("\"name\":\"binary:logistic\"", cases[i].name, &bytes);
        tw_xgboost model;
        tw_err err;
        assert_int_equal(read_model(text, bytes, &model, &err), TW_OK);
        assert_true(tw_gbt_base_margin(model.gbt_own) == cases[i].margin);
        tw_xgboost_release(tw_alloc_system(), &model);
        free(text);
    }
}

static void what_cannot_be_scored_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        tw_status status;
        const char *word; // of the sentence
    } cases[] = {
        {"\"name\":\"gbtree\"", "\"name\":\"dart\"", TW_UNSUPPORTED, "dart"},
        {"\"name\":\"gbtree\"", "\"name\":\"gblinear\"", TW_UNSUPPORTED, "gblinear"},
        {"\"name\":\"gbtree\"", "\"name\":7", TW_CORRUPT, "gradient_booster"},
        {"binary:logistic", "multi:softprob", TW_UNSUPPORTED, "multi:softprob"},
        {"binary:logistic", "rank:\\u0000ndcg", TW_UNSUPPORTED, "unnamed"},
        {"\"num_class\":\"0\"", "\"num_class\":\"3\"", TW_UNSUPPORTED, "outputs"},
        {"\"num_target\":\"1\"", "\"num_target\":\"2\"", TW_UNSUPPORTED, "outputs"},
        {BASE_SCORE, "\"base_score\":\"[1E-1,2E-1]\"", TW_UNSUPPORTED, "outputs"},
        {BASE_SCORE, "\"base_score\":\"1.5\"", TW_CORRUPT, "base_score"},
        {BASE_SCORE, "\"base_score\":\"NaN\"", TW_CORRUPT, "base_score"},
        {BASE_SCORE, "\"no_score\":\"0\"", TW_CORRUPT, "base_score"},
        {"\"num_feature\":\"6\",\"num_target", "\"num_feature\":\"5\",\"num_target", TW_CORRUPT,
         "feature names"},
        {"\"num_feature\":\"6\",\"num_target", "\"num_feature\":\"99999\",\"num_target", TW_LIMIT,
         "99999"},
        {"\"num_feature\":\"6\",\"num_target", "\"num_feature\":\"x\",\"num_target", TW_CORRUPT,
         "num_feature"},
        {"\"split_type\":[0", "\"split_type\":[1", TW_UNSUPPORTED, "categorical"},
        {"\"left_children\":[1", "\"left_children\":[99", TW_CORRUPT, "child"},
        {"\"left_children\":[1", "\"left_children\":[-7", TW_CORRUPT, "left_children"},
        {"\"left_children\":[1", "\"left_children\":[true,1", TW_CORRUPT, "not one number"},
        {"\"sum_hessian\":[", "\"sum_hessian\":[null,", TW_CORRUPT, "sum_hessian"},
        {"\"split_indices\":[", "\"split_indicez\":[", TW_CORRUPT, "split_indices"},
        {"\"split_indices\":[0", "\"split_indices\":[6", TW_CORRUPT, "input"},
        {"\"loss_changes\":[", "\"loss_changes\":[NaN,", TW_CORRUPT, "loss_changes"},
        {"\"learner\":{", "\"teacher\":{", TW_SYNTAX, "learner"},
        {"\"feature_names\":[\"amount\"", "\"feature_names\":[1", TW_CORRUPT, "names"},
    };
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        size_t bytes = 0;
        char *text = replaced(cases[i].from, cases[i].to, &bytes);
        tw_xgboost model;
        tw_err err;
        tw_status status = read_model(text, bytes, &model, &err);
        if (status != cases[i].status || !strstr(err.text, cases[i].word))
            fail_msg("%s: %s, %s", cases[i].to, tw_status_name(status), err.text);
        free(text);
    }
}

static void foreign_files_are_told(void **state)
{
    (void)state;
    static const struct {
        tw_str text;
        const char *word;
    } cases[] = {
        {{"", 0}, "empty"},
        {{" \n", 2}, "empty"},
        {{"binf\0\0\0", 7}, "not an XGBoost"},
        {{"TWMODEL1", 8}, "not an"},
        {{"[]", 2}, "not an"},
        {{"{}", 2}, "no learner"},
        {{"{", 1}, "cut short"},
        {{"{L", 2}, "cut short"},
        {{"{i\x07"
          "learnerZ}",
          12},
         "no learner"},
        {{"{\"learner\":[]}", 14}, "no learner"},
        {{"{i\xff"
          "q",
          4},
         "length"},
        {{"{i\1a[U\7\0]}", 10}, "does not write"}, // a zero is no end of the data
        {{"{i\1"
          "aH",
          5},
         "does not write"},
        {{"{i\1"
          "a[$S#i\0}",
          11},
         "does not write"},
        {{"{i\1"
          "aZ}}",
          7},
         "after its end"},
    };
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        tw_xgboost model;
        tw_err err;
        tw_status status = read_model(cases[i].text.at, cases[i].text.bytes, &model, &err);
        if (status != TW_SYNTAX || !strstr(err.text, cases[i].word))
            fail_msg("case %zu: %s, %s", i, tw_status_name(status), err.text);
    }
}

static void every_truncation_is_told(void **state)
{
    (void)state;
    for (int form = 0; form < 2; form++) {
        for (size_t n = 0; n < files_bytes[form]; n++) {
            tw_xgboost model;
            tw_err err;
            assert_int_equal(read_model(files[form], n, &model, &err), TW_SYNTAX);
        }
    }
}

static void changed_bytes_are_refused_or_harmless(void **state)
{
    (void)state;
    static const uint8_t changes[] = {0x01, 0x80, 0xff, '[' ^ '$'};
    for (int form = 0; form < 2; form++) {
        size_t loaded = 0;
        for (size_t i = 0; i < files_bytes[form]; i++) {
            char before = files[form][i];
            tw_xgboost model;
            tw_err err;
            files[form][i] = (char)((uint8_t)before ^ changes[i % TW_COUNT(changes)]);
            if (read_model(files[form], files_bytes[form], &model, &err) == TW_OK) {
                float row[TW_GBT_INPUTS_MAX] = {0};
                (void)tw_gbt_margin(model.gbt_own, row);
                loaded++;
            }
            tw_xgboost_release(tw_alloc_system(), &model);
            files[form][i] = before;
        }
        assert_true(loaded > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_of_xgboost_scores_as_there),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(both_spellings_of_base_score_are_read),
        cmocka_unit_test(base_scores_of_other_objectives_are_margins),
        cmocka_unit_test(what_cannot_be_scored_is_refused_by_name),
        cmocka_unit_test(foreign_files_are_told),
        cmocka_unit_test(every_truncation_is_told),
        cmocka_unit_test(changed_bytes_are_refused_or_harmless),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
