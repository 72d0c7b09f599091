// SPDX-License-Identifier: Apache-2.0
//
// Golden files of every released version of the model format: loaded, and scored bit for bit. The
// files of the current version are also made anew and must come out the same, byte for byte, on
// every machine and compiler. `test_model_golden write` makes the files of a new version; those of
// released versions never change.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gbt_random.h"
#include "model/file.h"
#include "model_data.h"

#define GOLDEN TILLWATCH_SOURCE_DIR "/tests/golden/"
#define ROWS 4000
#define SCORED 64
#define FEATURES 10
#define SEED 1

static float rows[ROWS * FEATURES];

// With a classifier the trees are made up: training is another library's.
static tw_gbt *add_classifier(tw_model_parts *parts, tw_curve *curves[2])
{
    static const gbt_random_options o = {.trees_n = 40,
                                         .inputs_n = FEATURES,
                                         .depth = 6,
                                         .leaf_percent = 10,
                                         .cuts_n = 60,
                                         .nodes_max = 127,
                                         .base_margin = -3.5f,
                                         .seed = SEED};
    const double x[] = {-8, -3, 0, 6}, lift[] = {0.25, 1, 1.5, 8}, pattern[] = {0, 0.1, 0.5, 3};
    tw_gbt *gbt = gbt_random_new(&o);
    assert_int_equal(tw_curve_new(tw_alloc_system(), x, lift, 4, &curves[0], NULL), TW_OK);
    assert_int_equal(tw_curve_new(tw_alloc_system(), x, pattern, 4, &curves[1], NULL), TW_OK);
    parts->gbt = gbt;
    parts->input_names = parts->feature_names;
    parts->curves[TW_MODEL_LIFT] = curves[0];
    parts->curves[TW_MODEL_PATTERN] = curves[1];
    parts->reference = TW_STR("reference");
    return gbt;
}

static tw_model *train_current(bool has_classifier)
{
    model_data_fill(rows, ROWS, FEATURES, SEED);
    tw_iforest_options o = tw_iforest_options_default();
    o.trees_n = 20;
    o.sample_n = 256;
    o.pool_n = 2000;
    tw_iforest *forest = NULL;
    assert_int_equal(tw_iforest_train(tw_alloc_system(), rows, ROWS, FEATURES, &o, &forest, NULL),
                     TW_OK);
    double x[ROWS], y[ROWS];
    tw_iforest_scores(forest, rows, ROWS, FEATURES, x);
    for (size_t i = 0; i < ROWS; i++)
        y[i] = x[i] > 0.55 && i % 3 != 0 ? 1.0 : 0.0;
    tw_curve *curve = NULL;
    assert_int_equal(tw_curve_fit(tw_alloc_system(), x, y, NULL, ROWS, 64, &curve, NULL), TW_OK);
    char text[FEATURES][4];
    tw_str names[FEATURES];
    for (size_t f = 0; f < FEATURES; f++) {
        snprintf(text[f], sizeof(text[f]), "f%zu", f);
        names[f] = tw_str_from(text[f]);
    }
    tw_model_parts parts = {.feature_names = names,
                            .features_n = FEATURES,
                            .catalogue_hash = UINT64_C(0x0123456789abcdef),
                            .metadata = TW_STR("{\"golden\":1}"),
                            .iforest = forest,
                            .curves = {curve}};
    tw_model *model = NULL;
    tw_curve *curves[2] = {NULL, NULL};
    tw_gbt *gbt = has_classifier ? add_classifier(&parts, curves) : NULL;
    assert_int_equal(tw_model_new(tw_alloc_system(), &parts, &model, NULL), TW_OK);
    tw_gbt_free(gbt);
    tw_curve_free(curves[0]);
    tw_curve_free(curves[1]);
    tw_iforest_free(forest);
    tw_curve_free(curve);
    return model;
}

static uint64_t bits_of(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    return bits;
}

// One line per row: sum of path lengths, then score, rank, calibrated value and the first
// attribution, as the bits of doubles.
static void print_outlier_scores(const tw_model *model, FILE *out)
{
    const tw_iforest *forest = tw_model_iforest(model);
    for (size_t i = 0; i < SCORED; i++) {
        const float *row = rows + i * FEATURES;
        double score = tw_iforest_score(forest, row), parts[FEATURES], expected;
        tw_iforest_explain(forest, row, parts, &expected);
        fprintf(out, "%" PRIu32 " %016" PRIx64 " %016" PRIx64 " %016" PRIx64 " %016" PRIx64 "\n",
                tw_iforest_depth(forest, row), bits_of(score),
                bits_of(tw_iforest_rank(forest, score)),
                bits_of(tw_curve_at(tw_model_curve(model, TW_MODEL_PROBABILITY), score)),
                bits_of(parts[0]));
    }
}

// One line per row: margin as the bits of a float, then the curves at it, the sum of the mean and
// the first attribution, as the bits of doubles.
static void print_classifier_scores(const tw_model *model, FILE *out)
{
    const tw_gbt *gbt = tw_model_gbt(model);
    for (size_t i = 0; i < SCORED; i++) {
        const float *row = rows + i * FEATURES;
        double parts[FEATURES], expected;
        float margin = tw_gbt_margin(gbt, row);
        uint32_t bits;
        memcpy(&bits, &margin, sizeof(bits));
        tw_gbt_explain(gbt, row, parts, &expected);
        fprintf(out, "%08" PRIx32, bits);
        for (int kind = 0; kind < TW_MODEL_CURVE_N; kind++)
            fprintf(out, " %016" PRIx64,
                    bits_of(tw_curve_at(tw_model_curve(model, (tw_model_curve_kind)kind),
                                        (double)margin)));
        fprintf(out, " %016" PRIx64 " %016" PRIx64 "\n", bits_of(expected), bits_of(parts[0]));
    }
}

static void print_scores(const tw_model *model, FILE *out)
{
    if (tw_model_gbt(model))
        print_classifier_scores(model, out);
    else
        print_outlier_scores(model, out);
}

static const char *const golden_names[] = {"model-1", "model-1-classifier"};

static char *read_all(const char *name, const char *suffix, size_t *bytes)
{
    char path[512];
    snprintf(path, sizeof(path), GOLDEN "%s%s", name, suffix);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    char *data = calloc(1, 1 << 20);
    *bytes = fread(data, 1, (1 << 20) - 1, file);
    fclose(file);
    return data;
}

static void golden_files_score_bit_for_bit(void **state)
{
    (void)state;
    model_data_fill(rows, ROWS, FEATURES, SEED);
    for (size_t i = 0; i < TW_COUNT(golden_names); i++) {
        size_t file_bytes = 0, scores_bytes = 0, printed_bytes = 0;
        char *file = read_all(golden_names[i], ".twm", &file_bytes);
        char *scores = read_all(golden_names[i], ".scores", &scores_bytes);
        tw_model *model = NULL;
        tw_err err = {0};
        if (tw_model_load(tw_alloc_system(), file, file_bytes, &model, &err) != TW_OK)
            fail_msg("%s", err.text);
        char *printed = NULL;
        FILE *out = open_memstream(&printed, &printed_bytes);
        print_scores(model, out);
        fclose(out);
        assert_int_equal(printed_bytes, scores_bytes);
        assert_string_equal(printed, scores);
        tw_model_unref(model);
        free(printed);
        free(scores);
        free(file);
    }
}

static void making_gives_the_golden_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < TW_COUNT(golden_names); i++) {
        size_t file_bytes = 0;
        char *file = read_all(golden_names[i], ".twm", &file_bytes);
        tw_model *model = train_current(i == 1);
        assert_int_equal(tw_model_bytes(model).bytes, file_bytes);
        assert_memory_equal(tw_model_bytes(model).at, file, file_bytes);
        tw_model_unref(model);
        free(file);
    }
}

static bool write_golden(size_t i)
{
    char path[2][512];
    snprintf(path[0], sizeof(path[0]), GOLDEN "%s.twm", golden_names[i]);
    snprintf(path[1], sizeof(path[1]), GOLDEN "%s.scores", golden_names[i]);
    tw_model *model = train_current(i == 1);
    FILE *file = fopen(path[0], "wb"), *scores = fopen(path[1], "w");
    if (!file || !scores)
        return false;
    tw_str bytes = tw_model_bytes(model);
    size_t written = fwrite(bytes.at, 1, bytes.bytes, file);
    print_scores(model, scores);
    tw_model_unref(model);
    return fclose(file) == 0 && fclose(scores) == 0 && written == bytes.bytes;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "write") == 0)
        return write_golden(0) && write_golden(1) ? 0 : 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_files_score_bit_for_bit),
        cmocka_unit_test(making_gives_the_golden_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
