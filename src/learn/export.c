// SPDX-License-Identifier: Apache-2.0
//
// A model version as an MLmodel directory, docs/formats/mlmodel.md: the trees in XGBoost's own
// format with the names of their inputs, what MLflow needs to load and check them, our whole model
// file, and the card. Python predicts the raw probability of the trees; calibration, lift and risk
// are in model.twm.
//
// Memory: one buffer for each file, owned by the export.
#include "learn/export.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/time.h"
#include "learn/drift.h"
#include "model/xgboost.h"
#include "put.h"

#define XGBOOST_VERSION "1.7.4" // the oldest whose library reads what is written
#define MLFLOW_VERSION "2.9.2"  // whose form of MLmodel this is; older and newer ones read it
#define PYTHON_VERSION "3.11"
#define TEXT_MAX_BYTES ((size_t)4 << 20)
#define MEDIAN_EDGE (TW_DRIFT_BINS / 2 - 1)

static tw_buf *file_add(const tw_alloc *alloc, tw_export *out, const char *name, size_t max_bytes)
{
    TW_CHECK(out->file_n < TW_EXPORT_FILES_MAX);
    tw_export_file *file = &out->files[out->file_n++];
    snprintf(file->name, sizeof(file->name), "%s", name);
    tw_buf_init(&file->bytes, alloc, max_bytes);
    return &file->bytes;
}

// A single-quoted YAML scalar; the text has no line breaks.
static void yaml_text(tw_buf *out, tw_str s)
{
    tw_buf_u8(out, '\'');
    for (size_t i = 0; i < s.bytes; i++) {
        if (s.at[i] == '\'')
            tw_buf_u8(out, '\'');
        tw_buf_u8(out, (unsigned char)s.at[i] < 0x20 ? ' ' : (uint8_t)s.at[i]);
    }
    tw_buf_u8(out, '\'');
}

static void put_hex(tw_buf *out, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        tw_buf_printf(out, "%02x", bytes[i]);
}

// The names and types of the inputs as MLflow's JSON. Doubles take a column of any float or of
// small integers; a missing value is NaN.
static tw_status put_signature(const tw_alloc *alloc, const tw_model *model, tw_buf *out)
{
    tw_buf json;
    tw_buf_init(&json, alloc, TEXT_MAX_BYTES);
    tw_buf_cstr(&json, "[");
    for (size_t i = 0; i < tw_gbt_inputs_n(tw_model_gbt(model)); i++) {
        tw_buf_cstr(&json, i > 0 ? ", {\"type\": \"double\", \"name\": "
                                 : "{\"type\": \"double\", \"name\": ");
        twi_put_string(&json, tw_model_input_name(model, i));
        tw_buf_cstr(&json, "}");
    }
    tw_buf_cstr(&json, "]");
    tw_buf_cstr(out, "signature:\n  inputs: ");
    yaml_text(out, (tw_str){(const char *)json.data_own, json.bytes});
    tw_buf_cstr(out, "\n  outputs: '[{\"type\": \"tensor\", \"tensor-spec\": {\"dtype\": "
                     "\"float32\", \"shape\": [-1]}}]'\n");
    tw_status status = json.status;
    tw_buf_release(&json);
    return status;
}

// "2026-11-24 10:00:00.000000": UTC, as MLflow writes it.
static void put_created(tw_buf *out, int64_t created_ms)
{
    tw_civil civil;
    tw_civil_from_ms(created_ms, &civil);
    tw_buf_printf(out, "utc_time_created: '%04d-%02d-%02d %02d:%02d:%02d.%03d000'\n",
                  (int)civil.year, (int)civil.month, (int)civil.day, (int)civil.hour,
                  (int)civil.minute, (int)civil.second, (int)civil.millisecond);
}

static tw_status put_mlmodel(const tw_alloc *alloc, const tw_model *model, tw_str model_id,
                             int64_t created_ms, tw_buf *out)
{
    const uint8_t *digest = tw_model_digest(model);
    tw_buf_cstr(out, "artifact_path: model\n"
                     "flavors:\n"
                     "  python_function:\n"
                     "    data: model.ubj\n"
                     "    env:\n"
                     "      conda: conda.yaml\n"
                     "      virtualenv: python_env.yaml\n"
                     "    loader_module: mlflow.xgboost\n"
                     "    python_version: '" PYTHON_VERSION "'\n"
                     "  xgboost:\n"
                     "    code: null\n"
                     "    data: model.ubj\n"
                     "    model_class: xgboost.core.Booster\n"
                     "    model_format: ubj\n"
                     "    xgb_version: " XGBOOST_VERSION "\n"
                     "metadata:\n"
                     "  tillwatch_model_id: ");
    yaml_text(out, model_id);
    tw_buf_cstr(out, "\n  tillwatch_sha256: '");
    put_hex(out, digest, TW_SHA256_BYTES);
    tw_buf_printf(out, "'\n  tillwatch_catalogue: '%016llx'\n",
                  (unsigned long long)tw_model_catalogue_hash(model));
    tw_buf_cstr(out, "mlflow_version: " MLFLOW_VERSION "\nmodel_uuid: '");
    put_hex(out, digest, 16);
    tw_buf_cstr(out, "'\nsaved_input_example_info:\n"
                     "  artifact_path: input_example.json\n"
                     "  pandas_orient: split\n"
                     "  type: dataframe\n");
    TW_TRY(put_signature(alloc, model, out));
    put_created(out, created_ms);
    return out->status;
}

static void put_environment(tw_buf *conda, tw_buf *python_env, tw_buf *requirements)
{
    tw_buf_cstr(conda, "channels:\n- conda-forge\n"
                       "dependencies:\n- python=" PYTHON_VERSION "\n- pip\n"
                       "- pip:\n  - mlflow>=" MLFLOW_VERSION "\n  - xgboost>=" XGBOOST_VERSION
                       "\n  - numpy\n  - pandas\n"
                       "name: mlflow-env\n");
    tw_buf_cstr(python_env, "python: '" PYTHON_VERSION "'\n"
                            "build_dependencies:\n- pip\n- setuptools\n- wheel\n"
                            "dependencies:\n- -r requirements.txt\n");
    tw_buf_cstr(requirements,
                "mlflow>=" MLFLOW_VERSION "\nxgboost>=" XGBOOST_VERSION "\nnumpy\npandas\n");
}

// One row in pandas' split form: the medians of the training rows where the model keeps them and
// they are of these inputs, else zeros.
static void put_example(const tw_model *model, tw_buf *out)
{
    tw_drift_reference reference;
    size_t inputs_n = tw_gbt_inputs_n(tw_model_gbt(model));
    bool is_known = inputs_n == TW_INPUT_N &&
                    tw_drift_reference_read(tw_model_reference(model), &reference, NULL) == TW_OK;
    tw_buf_cstr(out, "{\"columns\": [");
    for (size_t i = 0; i < inputs_n; i++) {
        tw_buf_cstr(out, i > 0 ? ", " : "");
        twi_put_string(out, tw_model_input_name(model, i));
    }
    tw_buf_cstr(out, "], \"data\": [[");
    for (size_t i = 0; i < inputs_n; i++) {
        double value = is_known ? (double)reference.inputs[i].edges[MEDIAN_EDGE] : 0.0;
        tw_buf_cstr(out, i > 0 ? ", " : "");
        tw_buf_printf(out, "%.9g", value);
        // A whole number would make the column one of integers.
        if (value >= -1e9 && value <= 1e9 && value == (double)(int64_t)value)
            tw_buf_cstr(out, ".0");
    }
    tw_buf_cstr(out, "]]}\n");
}

static tw_status export_files(const tw_alloc *alloc, const tw_model *model, tw_str model_id,
                              int64_t created_ms, tw_export *out, tw_err *err)
{
    const tw_gbt *gbt = tw_model_gbt(model);
    tw_str names[TW_GBT_INPUTS_MAX];
    for (size_t i = 0; i < tw_gbt_inputs_n(gbt); i++)
        names[i] = tw_model_input_name(model, i);
    TW_TRY(put_mlmodel(alloc, model, model_id, created_ms,
                       file_add(alloc, out, "MLmodel", TEXT_MAX_BYTES)));
    TW_TRY(tw_xgboost_write(alloc, gbt, names, TW_XGBOOST_UBJSON,
                            file_add(alloc, out, "model.ubj", TW_XGBOOST_MAX_BYTES), err));
    tw_buf *conda = file_add(alloc, out, "conda.yaml", TEXT_MAX_BYTES);
    tw_buf *python_env = file_add(alloc, out, "python_env.yaml", TEXT_MAX_BYTES);
    put_environment(conda, python_env, file_add(alloc, out, "requirements.txt", TEXT_MAX_BYTES));
    put_example(model, file_add(alloc, out, "input_example.json", TEXT_MAX_BYTES));
    tw_buf_str(file_add(alloc, out, "model.twm", TW_MODEL_MAX_BYTES), tw_model_bytes(model));
    TW_TRY(tw_model_card(alloc, model, model_id, created_ms,
                         file_add(alloc, out, "MODEL_CARD.md", TEXT_MAX_BYTES), err));
    for (size_t i = 0; i < out->file_n; i++)
        TW_TRY(out->files[i].bytes.status);
    return TW_OK;
}

tw_status tw_export_mlmodel(const tw_alloc *alloc, const tw_model *model, tw_str model_id,
                            int64_t created_ms, tw_export *out, tw_err *err)
{
    out->file_n = 0;
    if (!tw_model_gbt(model))
        return tw_fail(err, TW_INVALID,
                       "model %.*s has no classifier, which is what Python could load",
                       TW_STR_ARG(model_id));
    tw_status status = export_files(alloc, model, model_id, created_ms, out, err);
    if (status != TW_OK) {
        tw_export_release(out);
        return tw_fail(err, status, "could not write the files of model %.*s: %s",
                       TW_STR_ARG(model_id), tw_status_text(status));
    }
    return TW_OK;
}

void tw_export_release(tw_export *export_)
{
    for (size_t i = 0; i < export_->file_n; i++)
        tw_buf_release(&export_->files[i].bytes);
    export_->file_n = 0;
}
