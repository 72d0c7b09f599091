// SPDX-License-Identifier: Apache-2.0
//
// A model version for others: an MLmodel directory that Python loads (mlflow.pyfunc through
// xgboost, or xgboost alone), and a model card in Markdown. Pure: texts and bytes out.
#ifndef TW_LEARN_EXPORT_H
#define TW_LEARN_EXPORT_H

#include "base/buf.h"
#include "model/file.h"

#define TW_EXPORT_FILES_MAX 8
typedef struct tw_export_file {
    char name[64]; // relative
    tw_buf bytes;
} tw_export_file;
typedef struct tw_export {
    size_t file_n;
    tw_export_file files[TW_EXPORT_FILES_MAX];
} tw_export;

// MLmodel, model.ubj, conda.yaml, python_env.yaml, requirements.txt, input_example.json, model.twm
// (the whole model file), MODEL_CARD.md. TW_INVALID when the model has no classifier.
tw_status tw_export_mlmodel(const tw_alloc *alloc, const tw_model *model, tw_str model_id,
                            int64_t created_ms, tw_export *out, tw_err *err) TW_MUST_CHECK;
void tw_export_release(tw_export *export_);

// The card from the model's metadata (JSON, docs/formats/model-metadata.md): what it is for, data,
// labels, parameters, metrics with intervals, reliability, gate, inputs by importance, limits.
tw_status tw_model_card(const tw_alloc *alloc, const tw_model *model, tw_str model_id,
                        int64_t created_ms, tw_buf *out, tw_err *err) TW_MUST_CHECK;

#endif
