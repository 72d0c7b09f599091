// SPDX-License-Identifier: Apache-2.0
//
// A model version for others: our file, XGBoost's forms, an MLflow directory, the card.
#include <stdio.h>

#include "learn/export.h"
#include "model/xgboost.h"
#include "registry.h"

typedef struct opened {
    tw_arena arena;
    tw_model_view view;
    tw_model *model_own;
} opened;

static tw_status open_model(tw_service *service, tw_str model_id, opened *out, tw_err *err)
{
    *out = (opened){.model_own = NULL};
    tw_arena_init(&out->arena, service->alloc, 0, TWI_REGISTRY_MAX_BYTES);
    return twi_registry_load(service, model_id, &out->arena, &out->view, &out->model_own, err);
}

static void close_model(opened *o)
{
    tw_model_unref(o->model_own);
    tw_arena_release(&o->arena);
}

tw_status tw_query_model_card(tw_service *service, tw_str model_id, tw_buf *out, tw_err *err)
{
    opened o;
    tw_status status = open_model(service, model_id, &o, err);
    if (status == TW_OK)
        status = tw_model_card(service->alloc, o.model_own, model_id, o.view.trained_ms, out, err);
    close_model(&o);
    return status;
}

static tw_status write_trees(const tw_alloc *alloc, const tw_model *model, tw_xgboost_form form,
                             tw_buf *out, tw_err *err)
{
    const tw_gbt *gbt = tw_model_gbt(model);
    tw_str names[TW_GBT_INPUTS_MAX];
    if (!gbt)
        return tw_fail(err, TW_INVALID, "the model has no classifier: export it as twm");
    for (size_t i = 0; i < tw_gbt_inputs_n(gbt); i++)
        names[i] = tw_model_input_name(model, i);
    return tw_xgboost_write(alloc, gbt, names, form, out, err);
}

static tw_status put_file(const tw_alloc *alloc, const tw_model *model, tw_model_form form,
                          tw_export *out, tw_err *err)
{
    static const char *const names[] = {
        [TW_MODEL_FORM_TWM] = "model.twm",
        [TW_MODEL_FORM_JSON] = "model.json",
        [TW_MODEL_FORM_UBJSON] = "model.ubj",
    };
    tw_export_file *file = &out->files[out->file_n++];
    snprintf(file->name, sizeof(file->name), "%s", names[form]);
    tw_buf_init(&file->bytes, alloc, TW_XGBOOST_MAX_BYTES);
    if (form != TW_MODEL_FORM_TWM)
        return write_trees(alloc, model,
                           form == TW_MODEL_FORM_JSON ? TW_XGBOOST_JSON : TW_XGBOOST_UBJSON,
                           &file->bytes, err);
    tw_str bytes = tw_model_bytes(model);
    tw_buf_put(&file->bytes, bytes.at, bytes.bytes);
    return file->bytes.status == TW_OK ? TW_OK
                                       : tw_fail(err, TW_NO_MEMORY, "no memory for the model");
}

tw_status tw_query_model_export(tw_service *service, tw_str model_id, tw_model_form form,
                                tw_export *out, tw_err *err)
{
    opened o;
    *out = (tw_export){.file_n = 0};
    tw_status status = open_model(service, model_id, &o, err);
    if (status == TW_OK)
        status = form == TW_MODEL_FORM_MLMODEL
                     ? tw_export_mlmodel(service->alloc, o.model_own, model_id, o.view.trained_ms,
                                         out, err)
                     : put_file(service->alloc, o.model_own, form, out, err);
    if (status != TW_OK)
        tw_export_release(out);
    close_model(&o);
    return status;
}
