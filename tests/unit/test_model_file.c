// SPDX-License-Identifier: Apache-2.0
//
// Model files: what is loaded is what was saved; truncated, damaged, foreign and newer files are
// told apart in one sentence each; forged content behind good hashes is refused; references.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>

#include "gbt_random.h"
#include "model/file.h"
#include "model_data.h"
#include "model_forge.h"

#define SEED 5u
#define ROWS 600
#define FEATURES 4

static const tw_str names[FEATURES] = {
    {"amount", 6}, {"refund_n_7d", 11}, {"void_rate", 9}, {"hour", 4}};
#define METADATA "{\"trained_on\":\"2026-01-05\"}"

typedef struct fixture {
    float x[ROWS * FEATURES];
    tw_iforest *forest;
    tw_curve *curve, *rising; // from 0 to 0.9, from 0.5 to 2
    tw_gbt *gbt;
    tw_model_parts parts;
    tw_buf file;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    model_data_fill(f.x, ROWS, FEATURES, SEED);
    tw_iforest_options o = tw_iforest_options_default();
    o.trees_n = 3;
    o.sample_n = 16;
    o.pool_n = ROWS;
    assert_int_equal(tw_iforest_train(tw_alloc_system(), f.x, ROWS, FEATURES, &o, &f.forest, NULL),
                     TW_OK);
    const double x[] = {0, 0.5, 1}, y[] = {0, 0.1, 0.9};
    assert_int_equal(tw_curve_new(tw_alloc_system(), x, y, 3, &f.curve, NULL), TW_OK);
    const double z[] = {0.5, 1, 2};
    assert_int_equal(tw_curve_new(tw_alloc_system(), x, z, 3, &f.rising, NULL), TW_OK);
    gbt_random_options trees = {
        .trees_n = 3, .inputs_n = 3, .depth = 2, .cuts_n = 4, .nodes_max = 7, .seed = SEED};
    f.gbt = gbt_random_new(&trees);
    f.parts = (tw_model_parts){.feature_names = names,
                               .features_n = FEATURES,
                               .catalogue_hash = 0x1122334455667788,
                               .metadata = TW_STR(METADATA),
                               .iforest = f.forest,
                               .curves = {f.curve}};
    tw_buf_init(&f.file, tw_alloc_system(), 1 << 20);
    assert_int_equal(tw_model_save(&f.parts, &f.file, NULL), TW_OK);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    tw_iforest_free(f->forest);
    tw_curve_free(f->curve);
    tw_curve_free(f->rising);
    tw_gbt_free(f->gbt);
    tw_buf_release(&f->file);
    return 0;
}

static tw_status load(const void *data, size_t bytes, tw_model **out, tw_err *err)
{
    *err = (tw_err){0};
    tw_status status = tw_model_load(tw_alloc_system(), data, bytes, out, err);
    if (status != TW_OK) {
        assert_null(*out);
        assert_int_equal(err->status, status);
        assert_true(err->text[0] != '\0');
    }
    return status;
}

static void what_is_loaded_is_what_was_saved(void **state)
{
    fixture *f = *state;
    tw_model *model = NULL;
    tw_err err;
    assert_int_equal(load(f->file.data_own, f->file.bytes, &model, &err), TW_OK);
    assert_int_equal(tw_model_features_n(model), FEATURES);
    for (size_t i = 0; i < FEATURES; i++)
        assert_true(tw_str_equal(tw_model_feature_name(model, i), names[i]));
    assert_true(tw_model_catalogue_hash(model) == 0x1122334455667788);
    assert_true(tw_str_equal(tw_model_metadata(model), TW_STR(METADATA)));
    assert_true(tw_curve_at(tw_model_curve(model, TW_MODEL_PROBABILITY), 0.75) == 0.5);
    for (size_t i = 0; i < ROWS; i++)
        assert_int_equal(tw_iforest_depth(f->forest, f->x + i * FEATURES),
                         tw_iforest_depth(tw_model_iforest(model), f->x + i * FEATURES));
    tw_str bytes = tw_model_bytes(model);
    assert_int_equal(bytes.bytes, f->file.bytes);
    assert_memory_equal(bytes.at, f->file.data_own, bytes.bytes);
    assert_memory_equal(tw_model_digest(model), f->file.data_own + 24, TW_SHA256_BYTES);
    tw_model_unref(model);
}

static const tw_str inputs[] = {{"amount", 6}, {"outlier", 7}, {"evidence", 8}};

static tw_model_parts with_classifier(const fixture *f)
{
    tw_model_parts parts = f->parts;
    parts.gbt = f->gbt;
    parts.input_names = inputs;
    parts.curves[TW_MODEL_LIFT] = parts.curves[TW_MODEL_PATTERN] = f->rising;
    parts.reference = (tw_str){"a\0b", 3};
    return parts;
}

static void a_classifier_is_loaded_with_all_that_belongs_to_it(void **state)
{
    fixture *f = *state;
    tw_model_parts parts = with_classifier(f);
    tw_model *model = NULL;
    assert_int_equal(tw_model_new(tw_alloc_system(), &parts, &model, NULL), TW_OK);
    const tw_gbt *gbt = tw_model_gbt(model);
    assert_non_null(gbt);
    for (size_t i = 0; i < 3; i++)
        assert_true(tw_str_equal(tw_model_input_name(model, i), inputs[i]));
    for (size_t i = 0; i < ROWS; i++)
        assert_true(tw_gbt_margin(gbt, f->x + i) == tw_gbt_margin(f->gbt, f->x + i));
    assert_true(tw_curve_at(tw_model_curve(model, TW_MODEL_PROBABILITY), 0.75) == 0.5);
    assert_true(tw_curve_at(tw_model_curve(model, TW_MODEL_LIFT), 0.75) == 1.5);
    assert_true(tw_curve_at(tw_model_curve(model, TW_MODEL_PATTERN), 0.25) == 0.75);
    assert_true(tw_str_equal(tw_model_reference(model), parts.reference));
    tw_model_unref(model);
}

static void a_classifier_without_its_parts_is_refused(void **state)
{
    fixture *f = *state;
    const tw_str twice[] = {{"a", 1}, {"b", 1}, {"a", 1}};
    const double x[] = {0, 1, 2}, level[] = {0.5, 0.5, 1};
    tw_curve *flat = NULL;
    assert_int_equal(tw_curve_new(tw_alloc_system(), x, level, 3, &flat, NULL), TW_OK);
    static char long_reference[TW_MODEL_REFERENCE_MAX_BYTES + 1];
    tw_model_parts p[9];
    for (size_t i = 0; i < TW_COUNT(p); i++)
        p[i] = with_classifier(f);
    p[0].curves[TW_MODEL_PROBABILITY] = NULL;
    p[1].curves[TW_MODEL_LIFT] = NULL;
    p[2].curves[TW_MODEL_PATTERN] = NULL;
    p[3].curves[TW_MODEL_LIFT] = f->curve; // begins at 0
    p[4].curves[TW_MODEL_PATTERN] = flat;
    p[5].input_names = twice;
    p[6].gbt = NULL;
    p[7] = f->parts;
    p[7].curves[TW_MODEL_PATTERN] = f->rising;
    p[8].reference = (tw_str){long_reference, sizeof(long_reference)};
    for (size_t i = 0; i < TW_COUNT(p); i++) {
        tw_model *model = NULL;
        tw_err err = {0};
        assert_int_equal(tw_model_new(tw_alloc_system(), &p[i], &model, &err), TW_INVALID);
        assert_true(model == NULL && err.text[0] != '\0');
    }
    tw_curve_free(flat);
}

static void a_model_lives_until_its_last_reference(void **state)
{
    fixture *f = *state;
    tw_alloc_faulty faulty;
    tw_alloc_faulty_init(&faulty, 0, false);
    tw_model_parts parts = f->parts;
    parts.curves[TW_MODEL_PROBABILITY] = NULL;
    parts.metadata = TW_STR_NONE;
    tw_model *model = NULL;
    assert_int_equal(tw_model_new(&faulty.alloc, &parts, &model, NULL), TW_OK);
    assert_null(tw_model_curve(model, TW_MODEL_PROBABILITY));
    assert_int_equal(tw_model_metadata(model).bytes, 0);
    assert_ptr_equal(tw_model_ref(model), model);
    tw_model_unref(model);
    assert_int_equal(tw_model_features_n(model), FEATURES);
    tw_model_unref(model);
    tw_model_unref(NULL);
    assert_int_equal(faulty.live_blocks, 0);
}

typedef struct scorer {
    tw_model *model; // a reference of its own
    const float *x;
    uint64_t sum;
} scorer;

static void *score_all(void *arg)
{
    scorer *s = arg;
    for (int round = 0; round < 20; round++) {
        tw_model *mine = tw_model_ref(s->model);
        uint32_t depths[ROWS];
        tw_iforest_depths(tw_model_iforest(mine), TW_IFOREST_BEST, s->x, ROWS, FEATURES, depths);
        for (size_t i = 0; i < ROWS; i++)
            s->sum += depths[i];
        tw_model_unref(mine);
    }
    tw_model_unref(s->model);
    return NULL;
}

static void threads_share_a_model(void **state)
{
    fixture *f = *state;
    enum { THREADS = 4 };
    tw_model *model = NULL;
    assert_int_equal(tw_model_new(tw_alloc_system(), &f->parts, &model, NULL), TW_OK);
    scorer scorers[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        scorers[i] = (scorer){tw_model_ref(model), f->x, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, score_all, &scorers[i]), 0);
    }
    tw_model_unref(model); // the threads keep it alive
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < THREADS; i++)
        assert_true(scorers[i].sum == scorers[0].sum && scorers[i].sum > 0);
}

static void parts_that_do_not_fit_are_refused(void **state)
{
    fixture *f = *state;
    const tw_str twice[FEATURES] = {{"a", 1}, {"b", 1}, {"a", 1}, {"c", 1}};
    const tw_str empty[FEATURES] = {{"a", 1}, {"b", 1}, {"", 0}, {"c", 1}};
    tw_model_parts p[5];
    for (size_t i = 0; i < TW_COUNT(p); i++)
        p[i] = f->parts;
    p[0].features_n = FEATURES - 1;
    p[1].feature_names = twice;
    p[2].feature_names = empty;
    p[3].iforest = NULL;
    p[4].metadata = (tw_str){"\xff", 1};
    for (size_t i = 0; i < TW_COUNT(p); i++) {
        tw_model *model = NULL;
        tw_err err = {0};
        assert_int_equal(tw_model_new(tw_alloc_system(), &p[i], &model, &err), TW_INVALID);
        assert_true(model == NULL && err.text[0] != '\0');
    }
    tw_buf small;
    tw_buf_init(&small, tw_alloc_system(), 100);
    assert_int_equal(tw_model_save(&f->parts, &small, NULL), TW_LIMIT);
    tw_buf_release(&small);
}

static void every_truncation_is_told(void **state)
{
    fixture *f = *state;
    tw_model *model = NULL;
    tw_err err;
    for (size_t n = 0; n < f->file.bytes; n++) {
        uint8_t *copy = malloc(n ? n : 1); // exact size, for AddressSanitizer
        memcpy(copy, f->file.data_own, n);
        tw_status status = load(copy, n, &model, &err);
        assert_int_equal(status, n == 0 ? TW_SYNTAX : TW_CORRUPT);
        assert_non_null(strstr(err.text, n == 0 ? "empty" : "truncated"));
        free(copy);
    }
    uint8_t *longer = malloc(f->file.bytes + 1);
    memcpy(longer, f->file.data_own, f->file.bytes);
    longer[f->file.bytes] = 0;
    assert_int_equal(load(longer, f->file.bytes + 1, &model, &err), TW_CORRUPT);
    assert_string_equal(err.text, "the model file has 1 bytes after its end");
    free(longer);
}

static void every_flipped_bit_is_seen(void **state)
{
    fixture *f = *state;
    uint8_t *copy = malloc(f->file.bytes);
    for (size_t i = 0; i < f->file.bytes * 8; i++) {
        memcpy(copy, f->file.data_own, f->file.bytes);
        copy[i / 8] ^= (uint8_t)(1u << i % 8);
        tw_model *model = NULL;
        tw_err err;
        assert_int_not_equal(load(copy, f->file.bytes, &model, &err), TW_OK);
    }
    free(copy);
}

static void foreign_and_newer_files_are_told_apart(void **state)
{
    fixture *f = *state;
    tw_model *model = NULL;
    tw_err err;
    assert_int_equal(load("{\"trees\":[]}", 12, &model, &err), TW_SYNTAX);
    assert_string_equal(err.text, "not a model file (it does not begin with TWMODEL1)");
    uint8_t *copy = malloc(f->file.bytes);
    memcpy(copy, f->file.data_own, f->file.bytes);
    copy[8] = 2;
    model_forge_seal(copy, f->file.bytes);
    assert_int_equal(load(copy, f->file.bytes, &model, &err), TW_UNSUPPORTED);
    assert_string_equal(err.text, "the model file has version 2; this program reads 1");
    free(copy);
}

// Renames the section CALIBRATION, the last one.
static void rename_last(uint8_t *file, const char *name, uint32_t flags)
{
    uint8_t *entry = file + 64 + 3 * 48;
    assert_memory_equal(entry, "CALIBRATION", 12);
    memset(entry, 0, 16);
    memcpy(entry, name, strlen(name));
    model_forge_put(entry + 40, 4, flags);
}

static void an_unknown_section_is_skipped_unless_it_is_critical(void **state)
{
    fixture *f = *state;
    tw_model *model = NULL;
    tw_err err;
    uint8_t *copy = malloc(f->file.bytes);
    memcpy(copy, f->file.data_own, f->file.bytes);
    rename_last(copy, "FROMTHEFUTURE", 0);
    model_forge_seal(copy, f->file.bytes);
    assert_int_equal(load(copy, f->file.bytes, &model, &err), TW_OK);
    assert_null(tw_model_curve(model, TW_MODEL_PROBABILITY));
    tw_model_unref(model);
    rename_last(memcpy(copy, f->file.data_own, f->file.bytes), "NEWTREES", 1);
    model_forge_seal(copy, f->file.bytes);
    assert_int_equal(load(copy, f->file.bytes, &model, &err), TW_UNSUPPORTED);
    assert_string_equal(err.text,
                        "the model file needs a newer program: it has a section NEWTREES");
    rename_last(memcpy(copy, f->file.data_own, f->file.bytes), "METADATA", 0);
    model_forge_seal(copy, f->file.bytes);
    assert_int_equal(load(copy, f->file.bytes, &model, &err), TW_CORRUPT);
    assert_string_equal(err.text, "section METADATA of the model file occurs twice");
    free(copy);
}

static void use(const fixture *f, const tw_model *model)
{
    const tw_iforest *forest = tw_model_iforest(model);
    double out[TW_GBT_INPUTS_MAX], expected, scores[65];
    tw_iforest_scores(forest, f->x, 65, FEATURES, scores);
    for (size_t k = 0; k < 65; k++) {
        double rank = tw_iforest_rank(forest, scores[k]);
        assert_true(scores[k] > 0.0 && scores[k] <= 1.0 && rank == rank);
    }
    tw_iforest_explain(forest, f->x, out, &expected);
    const tw_gbt *gbt = tw_model_gbt(model);
    if (!gbt)
        return;
    float margins[65];
    tw_gbt_margins(gbt, TW_GBT_PATH_BEST, f->x, 65, tw_gbt_inputs_n(gbt), margins);
    tw_gbt_explain(gbt, f->x, out, &expected);
    for (int kind = 0; kind < TW_MODEL_CURVE_N; kind++)
        assert_non_null(tw_model_curve(model, (tw_model_curve_kind)kind));
}

// Any one byte changed behind good hashes: refused, or a model that can be used. AddressSanitizer
// watches.
static void forge(const fixture *f, const uint8_t *data, size_t bytes)
{
    static const uint8_t values[] = {0, 1, 2, 127, 128, 254, 255};
    uint8_t *copy = malloc(bytes);
    size_t loaded = 0;
    for (size_t i = 0; i < bytes; i++) {
        for (size_t v = 0; v < TW_COUNT(values); v++) {
            memcpy(copy, data, bytes);
            copy[i] = values[v];
            model_forge_seal(copy, bytes);
            tw_model *model = NULL;
            tw_err err;
            if (load(copy, bytes, &model, &err) != TW_OK)
                continue;
            loaded++;
            use(f, model);
            tw_model_unref(model);
        }
    }
    assert_true(loaded > 0);
    free(copy);
}

static void forged_bytes_never_break_scoring(void **state)
{
    fixture *f = *state;
    forge(f, f->file.data_own, f->file.bytes);
}

static void forged_bytes_never_break_a_classifier(void **state)
{
    fixture *f = *state;
    tw_model_parts parts = with_classifier(f);
    tw_buf buf;
    tw_buf_init(&buf, tw_alloc_system(), 1 << 20);
    assert_int_equal(tw_model_save(&parts, &buf, NULL), TW_OK);
    forge(f, buf.data_own, buf.bytes);
    tw_buf_release(&buf);
}

int main(void)
{
    print_message("seed %u\n", SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_loaded_is_what_was_saved),
        cmocka_unit_test(a_classifier_is_loaded_with_all_that_belongs_to_it),
        cmocka_unit_test(a_classifier_without_its_parts_is_refused),
        cmocka_unit_test(a_model_lives_until_its_last_reference),
        cmocka_unit_test(threads_share_a_model),
        cmocka_unit_test(parts_that_do_not_fit_are_refused),
        cmocka_unit_test(every_truncation_is_told),
        cmocka_unit_test(every_flipped_bit_is_seen),
        cmocka_unit_test(foreign_and_newer_files_are_told_apart),
        cmocka_unit_test(an_unknown_section_is_skipped_unless_it_is_critical),
        cmocka_unit_test(forged_bytes_never_break_scoring),
        cmocka_unit_test(forged_bytes_never_break_a_classifier),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
