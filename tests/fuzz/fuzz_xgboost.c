// SPDX-License-Identifier: Apache-2.0
//
// XGBoost models of any content, JSON and UBJSON. What loads must score alike on every code path
// and be the same trees after writing and reading in both forms.
#include <stdlib.h>

#include "../unit/model_data.h"
#include "model/xgboost.h"

#define ROWS 65 // a block and one row

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

static void score(const tw_gbt *gbt)
{
    static float x[ROWS * TW_GBT_INPUTS_MAX];
    size_t inputs_n = tw_gbt_inputs_n(gbt);
    model_data_fill(x, ROWS, inputs_n, inputs_n);
    float plain[ROWS], best[ROWS];
    tw_gbt_margins(gbt, TW_GBT_PATH_PORTABLE, x, ROWS, inputs_n, plain);
    tw_gbt_margins(gbt, TW_GBT_PATH_BEST, x, ROWS, inputs_n, best);
    for (size_t i = 0; i < ROWS; i++) // sums of huge leaves may be no numbers
        TW_CHECK(plain[i] == best[i] || (plain[i] != plain[i] && best[i] != best[i]));
}

// All but the base margin, which base_score cannot always say to the last bit.
static void check_same(const tw_gbt *a, const tw_gbt *b)
{
    TW_CHECK(tw_gbt_trees_n(a) == tw_gbt_trees_n(b) && tw_gbt_nodes_n(a) == tw_gbt_nodes_n(b));
    for (size_t k = 0; k < tw_gbt_trees_n(a); k++) {
        tw_gbt_tree t, u;
        tw_gbt_tree_get(a, k, &t);
        tw_gbt_tree_get(b, k, &u);
        TW_CHECK(t.nodes_n == u.nodes_n);
        for (size_t i = 0; i < t.nodes_n; i++)
            TW_CHECK(t.left[i] == u.left[i] && t.value[i] == u.value[i] &&
                     t.cover[i] == u.cover[i] && t.input[i] == u.input[i] &&
                     t.missing_left[i] == u.missing_left[i]);
    }
}

static void write_again(const tw_xgboost *model, tw_xgboost_form form)
{
    tw_buf buf;
    tw_buf_init(&buf, tw_alloc_system(), TW_XGBOOST_MAX_BYTES);
    tw_xgboost again;
    TW_CHECK(tw_xgboost_write(tw_alloc_system(), model->gbt_own, model->names_own, form, &buf,
                              NULL) == TW_OK);
    tw_err err = {0};
    tw_status status = tw_xgboost_read(
        tw_alloc_system(), (tw_str){(const char *)buf.data_own, buf.bytes}, &again, &err);
    TW_CHECK(status == TW_OK);
    check_same(model->gbt_own, again.gbt_own);
    TW_CHECK(model->names_n == again.names_n);
    for (size_t i = 0; i < model->names_n; i++)
        TW_CHECK(tw_str_equal(model->names_own[i], again.names_own[i]));
    tw_xgboost_release(tw_alloc_system(), &again);
    tw_buf_release(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
    if (data_bytes > 1 << 17)
        return 0;
    tw_err err = {0};
    tw_xgboost model;
    tw_status status =
        tw_xgboost_read(tw_alloc_system(), (tw_str){(const char *)data, data_bytes}, &model, &err);
    TW_CHECK((status == TW_OK) == (model.gbt_own != NULL));
    TW_CHECK(status == TW_OK || (err.status == status && err.text[0] != '\0'));
    if (status != TW_OK)
        return 0;
    score(model.gbt_own);
    write_again(&model, TW_XGBOOST_JSON);
    write_again(&model, TW_XGBOOST_UBJSON);
    tw_xgboost_release(tw_alloc_system(), &model);
    return 0;
}
