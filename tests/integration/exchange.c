// SPDX-License-Identifier: Apache-2.0
//
// What test_model_exchange.py drives: models of Python's XGBoost through our reader, evaluator,
// writer and export. Numbers cross as raw float32 of this machine.
//
//   exchange score MODEL ROWS OUT       out: rows of [margin, prediction, contributions,
//   expectation] exchange write MODEL json|ubj OUT   the model as we write it, with its names
//   exchange export MODEL DIR           the MLmodel directory of a model file around its trees
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learn/export.h"
#include "model/xgboost.h"

#define FILE_MAX_BYTES ((size_t)256 << 20)

static void die(const char *what)
{
    fprintf(stderr, "exchange: %s\n", what);
    exit(1);
}

static tw_str file_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        die("cannot open the file");
    long bytes = ftell(file);
    rewind(file);
    char *at = bytes >= 0 ? malloc((size_t)bytes + 1) : NULL;
    if (!at || fread(at, 1, (size_t)bytes, file) != (size_t)bytes)
        die("cannot read the file");
    fclose(file);
    return (tw_str){at, (size_t)bytes};
}

static void file_write(const char *path, const void *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, bytes, file) != bytes || fclose(file) != 0)
        die("cannot write a file");
}

static void score(const tw_gbt *gbt, tw_str rows, const char *out_path)
{
    size_t cols_n = tw_gbt_inputs_n(gbt), n = rows.bytes / sizeof(float) / cols_n;
    float *x = malloc(rows.bytes + 1), *out = calloc(n, (cols_n + 3) * sizeof(float));
    double *contribution = calloc(cols_n, sizeof(double)), base;
    if (!x || !out || !contribution)
        die("out of memory");
    memcpy(x, rows.at, rows.bytes);
    for (size_t i = 0; i < n; i++) {
        const float *row = x + i * cols_n;
        float *to = out + i * (cols_n + 3);
        to[0] = tw_gbt_margin(gbt, row);
        to[1] = (float)tw_gbt_transform(gbt, to[0]);
        tw_gbt_explain(gbt, row, contribution, &base);
        for (size_t c = 0; c < cols_n; c++)
            to[2 + c] = (float)contribution[c];
        to[2 + cols_n] = (float)base;
    }
    file_write(out_path, out, n * (cols_n + 3) * sizeof(float));
    free(x);
    free(out);
    free(contribution);
}

static void write_as(const tw_xgboost *model, const char *form, const char *out_path)
{
    tw_buf buf;
    tw_err err = {0};
    tw_buf_init(&buf, tw_alloc_system(), TW_XGBOOST_MAX_BYTES);
    if (tw_xgboost_write(tw_alloc_system(), model->gbt_own, model->names_own,
                         strcmp(form, "json") == 0 ? TW_XGBOOST_JSON : TW_XGBOOST_UBJSON, &buf,
                         &err) != TW_OK)
        die(err.text);
    file_write(out_path, buf.data_own, buf.bytes);
    tw_buf_release(&buf);
}

// A model file needs an isolation forest and curves; any do.
static tw_model *model_of(const tw_xgboost *read)
{
    static const double at[] = {-3, 0, 3}, y[] = {0.1, 0.5, 0.9};
    static const float x[] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const tw_str feature = {"amount", 6};
    tw_iforest_options options = tw_iforest_options_default();
    tw_iforest *forest = NULL;
    tw_curve *curve = NULL;
    tw_model *model = NULL;
    tw_err err = {0};
    options.trees_n = 1;
    options.sample_n = options.pool_n = 8;
    if (tw_iforest_train(tw_alloc_system(), x, 8, 1, &options, &forest, &err) != TW_OK ||
        tw_curve_new(tw_alloc_system(), at, y, 3, &curve, &err) != TW_OK)
        die(err.text);
    tw_model_parts parts = {.feature_names = &feature,
                            .features_n = 1,
                            .metadata = TW_STR("{\"kind\":\"classifier\"}"),
                            .iforest = forest,
                            .gbt = read->gbt_own,
                            .input_names = read->names_own,
                            .curves = {curve, curve, curve}};
    if (tw_model_new(tw_alloc_system(), &parts, &model, &err) != TW_OK)
        die(err.text);
    tw_iforest_free(forest);
    tw_curve_free(curve);
    return model;
}

static void export_to(const tw_xgboost *read, const char *dir)
{
    tw_model *model = model_of(read);
    tw_export files;
    tw_err err = {0};
    if (tw_export_mlmodel(tw_alloc_system(), model, TW_STR("classifier-2026-01-28-0a1b2c3d"),
                          INT64_C(1769590800000), &files, &err) != TW_OK)
        die(err.text);
    for (size_t i = 0; i < files.file_n; i++) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", dir, files.files[i].name);
        file_write(path, files.files[i].bytes.data_own, files.files[i].bytes.bytes);
    }
    tw_export_release(&files);
    tw_model_unref(model);
}

int main(int argc, char **argv)
{
    if (argc < 4 || (argc < 5 && strcmp(argv[1], "export") != 0))
        die("usage: exchange score MODEL ROWS OUT | write MODEL json|ubj OUT | export MODEL DIR");
    tw_str bytes = file_read(argv[2]);
    tw_xgboost model;
    tw_err err = {0};
    if (tw_xgboost_read(tw_alloc_system(), bytes, &model, &err) != TW_OK)
        die(err.text);
    if (strcmp(argv[1], "score") == 0) {
        tw_str rows = file_read(argv[3]);
        score(model.gbt_own, rows, argv[4]);
        free((char *)(uintptr_t)rows.at);
    } else if (strcmp(argv[1], "write") == 0) {
        write_as(&model, argv[3], argv[4]);
    } else {
        export_to(&model, argv[3]);
    }
    tw_xgboost_release(tw_alloc_system(), &model);
    free((char *)(uintptr_t)bytes.at);
    return 0;
}
