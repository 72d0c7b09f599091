// SPDX-License-Identifier: Apache-2.0
//
// The calls of XGBoost's C API. Only what every version from 1.6 on has, with one choice at build
// time: XGBoosterBoostOneIter was replaced by XGBoosterTrainOneIter in 2.0.
//
// Errors. A call that fails leaves text such as "[12:00:00] ./src/data/data.cc:72: Check failed:
// valid: Weights must be positive.\nStack trace:\n ..." for its thread; the sentence of it is what
// is told.
#include <inttypes.h>
#include <stdio.h>

#include <xgboost/c_api.h>
#include <xgboost/version_config.h>

#include "xgboost_vendor.h"

#define CONFIG_BYTES 256
#define TEXT_OF(v) #v
#define TEXT(v) TEXT_OF(v)

const char *twi_xgboost_version(void)
{
    return "xgboost " TEXT(XGBOOST_VER_MAJOR) "." TEXT(XGBOOST_VER_MINOR) "." TEXT(
        XGBOOST_VER_PATCH);
}

// The sentence of XGBoost's last error: its first line, without time and place of the source.
static tw_str sentence_of(const char *text)
{
    tw_str s = {text, strcspn(text, "\n")};
    const char *place = s.bytes > 0 && text[0] == '[' ? strstr(text, "] ") : NULL;
    if (place && (size_t)(place - text) < s.bytes) {
        const char *colon = strstr(place, ": "); // behind "file:line"
        const char *at = colon && colon < text + s.bytes ? colon + 2 : place + 2;
        s = (tw_str){at, s.bytes - (size_t)(at - text)};
    }
    s = tw_str_trim(s);
    if (s.bytes > 0 && s.at[s.bytes - 1] == '.')
        s.bytes--;
    return s;
}

static tw_status fail(tw_err *err, const char *doing)
{
    const char *text = XGBGetLastError();
    if (strstr(text, "bad_alloc"))
        return tw_fail(err, TW_NO_MEMORY, "XGBoost ran out of memory %s", doing);
    tw_str sentence = sentence_of(text);
    return tw_fail(err, TW_INVALID, "XGBoost failed %s: %.*s", doing,
                   (int)TW_MIN(sentence.bytes, (size_t)160), sentence.at);
}

static void say_nothing(const char *text)
{
    (void)text;
}

tw_status twi_xgboost_silence(tw_err *err)
{
    if (XGBRegisterLogCallback(say_nothing) != 0 || XGBSetGlobalConfig("{\"verbosity\":0}") != 0)
        return fail(err, "when it was told to be silent");
    return TW_OK;
}

static void rows_of(char out[CONFIG_BYTES], const tw_train_matrix *matrix)
{
    snprintf(out, CONFIG_BYTES,
             "{\"data\":[%" PRIuPTR ",true],\"shape\":[%zu,%zu],\"strides\":[%zu,%zu],"
             "\"typestr\":\"<f4\",\"version\":3}",
             (uintptr_t)matrix->x, matrix->rows_n, matrix->cols_n, matrix->stride * sizeof(float),
             sizeof(float));
}

tw_status twi_xgboost_matrix_init(twi_xgboost_matrix *out, const tw_train_matrix *matrix,
                                  uint32_t threads_n, tw_err *err)
{
    char rows[CONFIG_BYTES], config[CONFIG_BYTES];
    *out = (twi_xgboost_matrix){NULL, matrix->rows_n};
    rows_of(rows, matrix);
    snprintf(config, sizeof(config), "{\"missing\":NaN,\"nthread\":%" PRIu32 "}", threads_n);
    if (XGDMatrixCreateFromDense(rows, config, &out->handle_own) != 0)
        return fail(err, "reading the rows");
    return TW_OK;
}

// All rows as the one batch that XGBoost asks for, as often as it likes.
typedef struct batch {
    DMatrixHandle proxy_own;
    const tw_train_matrix *matrix;
    bool is_given;
} batch;

static void batch_reset(DataIterHandle handle)
{
    batch *b = handle;
    b->is_given = false;
}

// 1 = a batch was given, 0 = no more, -1 = failed.
static int batch_next(DataIterHandle handle)
{
    batch *b = handle;
    char rows[CONFIG_BYTES];
    if (b->is_given)
        return 0;
    b->is_given = true;
    rows_of(rows, b->matrix);
    if (XGProxyDMatrixSetDataDense(b->proxy_own, rows) != 0)
        return -1;
    if (b->matrix->weight &&
        XGDMatrixSetFloatInfo(b->proxy_own, "weight", b->matrix->weight, b->matrix->rows_n) != 0)
        return -1;
    return 1;
}

tw_status twi_xgboost_bins_init(twi_xgboost_matrix *out, const tw_train_matrix *matrix,
                                const twi_xgboost_matrix *cuts, uint32_t bins_n, uint32_t threads_n,
                                tw_err *err)
{
    char config[CONFIG_BYTES];
    batch all = {NULL, matrix, false};
    tw_status status = TW_OK;
    *out = (twi_xgboost_matrix){NULL, matrix->rows_n};
    snprintf(config, sizeof(config),
             "{\"missing\":NaN,\"nthread\":%" PRIu32 ",\"max_bin\":%" PRIu32 "}", threads_n,
             bins_n);
    if (XGProxyDMatrixCreate(&all.proxy_own) != 0)
        return fail(err, "reading the rows");
    if (XGQuantileDMatrixCreateFromCallback(&all, all.proxy_own, cuts ? cuts->handle_own : NULL,
                                            batch_reset, batch_next, config, &out->handle_own) != 0)
        status = fail(err, "sorting the rows into bins");
    (void)XGDMatrixFree(all.proxy_own);
    return status;
}

void twi_xgboost_matrix_release(twi_xgboost_matrix *matrix)
{
    if (matrix->handle_own)
        (void)XGDMatrixFree(matrix->handle_own);
    *matrix = (twi_xgboost_matrix){NULL, 0};
}

tw_status twi_xgboost_booster_init(twi_xgboost_booster *out, const twi_xgboost_matrix *train,
                                   const twi_xgboost_matrix *validation, tw_err *err)
{
    DMatrixHandle matrices[2] = {train->handle_own, validation ? validation->handle_own : NULL};
    out->handle_own = NULL;
    if (XGBoosterCreate(matrices, validation ? 2 : 1, &out->handle_own) != 0)
        return fail(err, "creating a model");
    return TW_OK;
}

void twi_xgboost_booster_release(twi_xgboost_booster *booster)
{
    if (booster->handle_own)
        (void)XGBoosterFree(booster->handle_own);
    booster->handle_own = NULL;
}

tw_status twi_xgboost_set(const twi_xgboost_booster *booster, const char *name, const char *value,
                          tw_err *err)
{
    if (XGBoosterSetParam(booster->handle_own, name, value) != 0)
        return fail(err, "taking a parameter");
    return TW_OK;
}

#ifdef TILLWATCH_XGBOOST_TRAIN_ONE_ITER
static void array_of(char out[CONFIG_BYTES], const float *values, size_t n)
{
    snprintf(out, CONFIG_BYTES,
             "{\"data\":[%" PRIuPTR ",true],\"shape\":[%zu],\"typestr\":\"<f4\",\"version\":3}",
             (uintptr_t)values, n);
}

tw_status twi_xgboost_boost(const twi_xgboost_booster *booster, const twi_xgboost_matrix *train,
                            uint32_t round, float *gradient, float *hessian, tw_err *err)
{
    char gradients[CONFIG_BYTES], hessians[CONFIG_BYTES];
    array_of(gradients, gradient, train->rows_n);
    array_of(hessians, hessian, train->rows_n);
    if (XGBoosterTrainOneIter(booster->handle_own, train->handle_own, (int)round, gradients,
                              hessians) != 0)
        return fail(err, "growing a tree");
    return TW_OK;
}
#else
tw_status twi_xgboost_boost(const twi_xgboost_booster *booster, const twi_xgboost_matrix *train,
                            uint32_t round, float *gradient, float *hessian, tw_err *err)
{
    (void)round;
    if (XGBoosterBoostOneIter(booster->handle_own, train->handle_own, gradient, hessian,
                              train->rows_n) != 0)
        return fail(err, "growing a tree");
    return TW_OK;
}
#endif

tw_status twi_xgboost_margins(const twi_xgboost_booster *booster, const twi_xgboost_matrix *matrix,
                              const float **out, tw_err *err)
{
    static const char config[] = "{\"type\":1,\"training\":true,\"iteration_begin\":0,"
                                 "\"iteration_end\":0,\"strict_shape\":false}";
    const bst_ulong *shape = NULL;
    bst_ulong dims_n = 0, n = 1;
    *out = NULL;
    if (XGBoosterPredictFromDMatrix(booster->handle_own, matrix->handle_own, config, &shape,
                                    &dims_n, out) != 0)
        return fail(err, "predicting");
    for (bst_ulong i = 0; i < dims_n; i++)
        n *= shape[i];
    TW_CHECK(n == matrix->rows_n);
    return TW_OK;
}

tw_status twi_xgboost_save(const twi_xgboost_booster *booster, uint32_t rounds_n, tw_buf *out,
                           tw_err *err)
{
    BoosterHandle first = NULL;
    bst_ulong bytes = 0;
    const char *text = NULL;
    if (XGBoosterSlice(booster->handle_own, 0, (int)rounds_n, 1, &first) != 0)
        return fail(err, "keeping the best rounds");
    tw_status status = TW_OK;
    if (XGBoosterSaveModelToBuffer(first, "{\"format\":\"json\"}", &bytes, &text) != 0)
        status = fail(err, "writing the model");
    else
        tw_buf_put(out, text, bytes);
    (void)XGBoosterFree(first);
    if (status == TW_OK && out->status != TW_OK)
        status = tw_fail(err, out->status, "no room for a model of %" PRIu64 " bytes", bytes);
    return status;
}
