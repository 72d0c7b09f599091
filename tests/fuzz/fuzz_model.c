// SPDX-License-Identifier: Apache-2.0
//
// Model files of any content. Each input is loaded as it is, and again with its hashes made to fit,
// so that mutations reach the checks behind them. What loads must score every row alike on every
// code path, explain itself and save back to a file that loads.
#include <stdlib.h>

#include "../unit/model_data.h"
#include "../unit/model_forge.h"
#include "model/file.h"

#define ROWS 65 // a block and one row

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

static void use_forest(const tw_iforest *forest)
{
    static float x[ROWS * TW_IFOREST_FEATURES_MAX];
    size_t features_n = tw_iforest_features_n(forest);
    model_data_fill(x, ROWS, features_n, features_n);
    uint32_t plain[ROWS], best[ROWS];
    tw_iforest_depths(forest, TW_IFOREST_PORTABLE, x, ROWS, features_n, plain);
    tw_iforest_depths(forest, TW_IFOREST_BEST, x, ROWS, features_n, best);
    TW_CHECK(memcmp(plain, best, sizeof(plain)) == 0);
    double out[TW_IFOREST_FEATURES_MAX], expected = 0.0;
    tw_iforest_explain(forest, x, out, &expected);
    double sum = expected, score = tw_iforest_score(forest, x);
    for (size_t f = 0; f < features_n; f++)
        sum += out[f];
    TW_CHECK(score > 0.0 && score <= 1.0 && sum - score < 1e-6 && score - sum < 1e-6);
    double rank = tw_iforest_rank(forest, score);
    TW_CHECK(rank == rank);
}

static void use_classifier(const tw_gbt *gbt)
{
    static float x[ROWS * TW_GBT_INPUTS_MAX];
    size_t inputs_n = tw_gbt_inputs_n(gbt);
    model_data_fill(x, ROWS, inputs_n, inputs_n);
    float plain[ROWS], best[ROWS];
    tw_gbt_margins(gbt, TW_GBT_PATH_PORTABLE, x, ROWS, inputs_n, plain);
    tw_gbt_margins(gbt, TW_GBT_PATH_BEST, x, ROWS, inputs_n, best);
    for (size_t i = 0; i < ROWS; i++) // sums of huge leaves may be no numbers
        TW_CHECK(plain[i] == best[i] || (plain[i] != plain[i] && best[i] != best[i]));
    double out[TW_GBT_INPUTS_MAX], expected = 0.0;
    tw_gbt_explain(gbt, x, out, &expected);
    tw_gbt_importance(gbt, out);
}

static void save_again(const tw_model *model)
{
    tw_str names[TW_IFOREST_FEATURES_MAX];
    for (size_t f = 0; f < tw_model_features_n(model); f++)
        names[f] = tw_model_feature_name(model, f);
    tw_str inputs[TW_GBT_INPUTS_MAX];
    for (size_t i = 0; tw_model_gbt(model) && i < tw_gbt_inputs_n(tw_model_gbt(model)); i++)
        inputs[i] = tw_model_input_name(model, i);
    tw_model_parts parts = {.feature_names = names,
                            .features_n = tw_model_features_n(model),
                            .catalogue_hash = tw_model_catalogue_hash(model),
                            .metadata = tw_model_metadata(model),
                            .iforest = tw_model_iforest(model),
                            .gbt = tw_model_gbt(model),
                            .input_names = inputs,
                            .reference = tw_model_reference(model)};
    for (tw_model_curve_kind kind = 0; kind < TW_MODEL_CURVE_N; kind++)
        parts.curves[kind] = tw_model_curve(model, kind);
    tw_model *again = NULL;
    TW_CHECK(tw_model_new(tw_alloc_system(), &parts, &again, NULL) == TW_OK);
    tw_model_unref(again);
}

static void try_load(const uint8_t *data, size_t bytes)
{
    tw_err err = {0};
    tw_model *model = NULL;
    tw_status status = tw_model_load(tw_alloc_system(), data, bytes, &model, &err);
    TW_CHECK((status == TW_OK) == (model != NULL));
    TW_CHECK(status == TW_OK || (err.status == status && err.text[0] != '\0'));
    if (model) {
        use_forest(tw_model_iforest(model));
        if (tw_model_gbt(model))
            use_classifier(tw_model_gbt(model));
        save_again(model);
        tw_model_unref(model);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
    if (data_bytes > 1 << 18)
        return 0;
    try_load(data, data_bytes);
    uint8_t *copy = malloc(data_bytes ? data_bytes : 1);
    if (!copy)
        return 0;
    if (data_bytes)
        memcpy(copy, data, data_bytes);
    model_forge_seal(copy, data_bytes);
    try_load(copy, data_bytes);
    free(copy);
    return 0;
}
