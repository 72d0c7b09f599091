// SPDX-License-Identifier: Apache-2.0
//
// From the sample to a model file. The file's reference for drift says what inputs and risk look
// like on the rows that the forest learned from, as this very model scores them.
#include "outlier_model.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/hash.h"
#include "detect/score.h"
#include "json_text.h"
#include "learn/drift.h"
#include "learn/outlier.h"

#define MODEL_SEED 20

void twi_sample_release(tw_service *service, twi_sample_set *set)
{
    tw_free_array(service->alloc, set->rows_own, set->cap * TWI_SAMPLE_WIDTH, sizeof(float));
    set->rows_own = NULL;
}

tw_status twi_sample_take(tw_service *service, twi_sample_set *set, tw_err *err)
{
    *set = (twi_sample_set){0};
    twi_gate_enter(&service->gate);
    const twi_core *core = &service->core;
    set->cap = twi_sampler_n(&core->sampler);
    set->seen_n = twi_sampler_seen(&core->sampler);
    set->seq = core->seq;
    set->store_n = tw_engine_entity_n(core->engine_own, TW_ENTITY_STORE);
    twi_sampler_days(&core->sampler, &set->first_day, &set->last_day);
    tw_status status = TW_OK;
    if (set->cap >= TWI_SAMPLE_MIN) {
        set->rows_own = tw_new_array(service->alloc, set->cap * TWI_SAMPLE_WIDTH, sizeof(float));
        status = set->rows_own ? twi_sampler_copy(&core->sampler, INT32_MIN, twi_core_is_confirmed,
                                                  core, set->rows_own, &set->n)
                               : TW_NO_MEMORY;
    }
    twi_gate_leave(&service->gate);
    if (status == TW_OK && set->n >= TWI_SAMPLE_MIN)
        return TW_OK;
    size_t n = set->n;
    twi_sample_release(service, set);
    if (status != TW_OK)
        return tw_fail(err, status, "no memory for the training set");
    return tw_fail(err, TW_INVALID,
                   "too little is known for a model: %zu transactions, at least %d are needed",
                   TW_MAX(n, set->cap), TWI_SAMPLE_MIN);
}

static tw_status fetch_row(void *ctx, size_t row_idx, float *out)
{
    const twi_sample_set *set = ctx;
    memcpy(out, set->rows_own + row_idx * TWI_SAMPLE_WIDTH, TW_FEATURE_N * sizeof(float));
    return TW_OK;
}

tw_status twi_forest_train(const tw_alloc *alloc, const twi_sample_set *set, tw_iforest **out,
                           tw_err *err)
{
    tw_iforest_options options = tw_iforest_options_default();
    twi_sample_set rows = *set; // fetch takes no const
    float weights[TW_FEATURE_N];
    tw_outlier_weights(set->rows_own, set->n, TWI_SAMPLE_WIDTH, set->store_n, weights);
    options.weights = weights;
    options.seed = MODEL_SEED;
    options.sample_n = TW_MIN(options.sample_n, (uint32_t)set->n);
    return tw_iforest_train_rows(alloc, fetch_row, &rows, set->n, TW_FEATURE_N, &options, out, err);
}

// --- the reference
// --------------------------------------------------------------------------------

typedef struct classifier {
    const tw_model *model; // NULL = none
    size_t inputs[TW_GBT_INPUTS_MAX];
} classifier;

static void bind(const tw_model *champion, classifier *out)
{
    out->model = champion && tw_model_gbt(champion) ? champion : NULL;
    for (size_t i = 0; out->model && i < tw_gbt_inputs_n(tw_model_gbt(champion)); i++)
        out->inputs[i] = tw_input_find(tw_model_input_name(champion, i));
}

static float risk_of(const classifier *c, const float *row)
{
    float lift = NAN, pattern = NAN, x[TW_GBT_INPUTS_MAX];
    if (c->model) {
        const tw_gbt *gbt = tw_model_gbt(c->model);
        for (size_t i = 0; i < tw_gbt_inputs_n(gbt); i++)
            x[i] = row[c->inputs[i]];
        double margin = (double)tw_gbt_margin(gbt, x);
        lift = (float)tw_curve_at(tw_model_curve(c->model, TW_MODEL_LIFT), margin);
        pattern = (float)tw_curve_at(tw_model_curve(c->model, TW_MODEL_PATTERN), margin);
    }
    return tw_risk_combine(row[TW_INPUT_outlier], row[TW_INPUT_evidence], lift, pattern);
}

void twi_model_score(const tw_iforest *forest, const tw_model *classifier_model, float *rows,
                     size_t n, float *risk)
{
    classifier c = {NULL, {0}};
    bind(classifier_model, &c);
    for (size_t i = 0; i < n; i++) {
        float *row = rows + i * TWI_SAMPLE_WIDTH;
        row[TW_INPUT_outlier] = (float)tw_iforest_rank(forest, tw_iforest_score(forest, row));
        risk[i] = risk_of(&c, row);
    }
}

static tw_status put_reference(const tw_alloc *alloc, const twi_outlier_parts *parts, tw_buf *out,
                               tw_err *err)
{
    const twi_sample_set *set = parts->set;
    tw_drift_reference *reference = tw_new(alloc, tw_drift_reference);
    float *risk = tw_new_array(alloc, set->n, sizeof(*risk));
    tw_status status = reference && risk ? TW_OK : TW_NO_MEMORY;
    if (status == TW_OK)
        twi_model_score(parts->forest, parts->champion, set->rows_own, set->n, risk);
    if (status == TW_OK)
        status = tw_drift_reference_make(
            alloc, set->rows_own, TWI_SAMPLE_WIDTH, NULL, risk, set->n,
            (double)set->seen_n / (double)(set->last_day - set->first_day + 1), reference, err);
    if (status == TW_OK) {
        tw_drift_reference_write(reference, out);
        status = out->status;
    }
    tw_free_array(alloc, risk, set->n, sizeof(*risk));
    tw_free_array(alloc, reference, 1, sizeof(*reference));
    return status;
}

// --- the metadata
// ---------------------------------------------------------------------------------

// What the forest learned from, as members of a JSON object.
static void put_lineage(const twi_outlier_parts *parts, bool has_classifier, tw_buf *out)
{
    const twi_sample_set *set = parts->set;
    char first[TW_TIME_TEXT_BYTES], last[TW_TIME_TEXT_BYTES];
    tw_buf_printf(out, "{\"kind\":\"%s\",\"parent\":", has_classifier ? "classifier" : "outlier");
    if (parts->champion_id.bytes > 0)
        twi_text_json(out, parts->champion_id);
    else
        tw_buf_cstr(out, "null");
    tw_buf_cstr(out, ",\"code_version\":");
    twi_text_json(out, tw_str_from(parts->code_version));
    tw_buf_printf(
        out,
        ",\"catalogue\":\"%016" PRIx64 "\",\"journal\":{\"first_seq\":1,\"last_seq\":%" PRIu64
        "},\"%s\":{\"from\":\"%s\",\"to\":\"%s\",\"transactions\":%" PRIu64 ",\"kept\":%zu}}",
        tw_catalogue_hash(), set->seq, has_classifier ? "forest_rows" : "rows",
        tw_date_format(set->first_day, first), tw_date_format(set->last_day, last), set->seen_n,
        set->n);
}

// A classifier that goes on keeps its own lineage and metrics; what both say, the new one says.
static tw_status merge(tw_arena *arena, tw_str lineage, tw_str kept, tw_buf *out)
{
    yyjson_alc alc = twi_arena_alc(arena);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
    yyjson_mut_val *root = doc ? yyjson_mut_obj(doc) : NULL;
    if (!root)
        return TW_NO_MEMORY;
    yyjson_mut_doc_set_root(doc, root);
    tw_str sources[] = {kept, lineage};
    for (size_t s = 0; s < TW_COUNT(sources); s++) {
        char *text = tw_arena_copy(arena, sources[s].at, sources[s].bytes);
        yyjson_doc *source =
            text ? yyjson_read_opts(text, sources[s].bytes, YYJSON_READ_NOFLAG, &alc, NULL) : NULL;
        size_t i, max;
        yyjson_val *key, *value;
        yyjson_obj_foreach(yyjson_doc_get_root(source), i, max, key, value)
        {
            yyjson_mut_val *name = yyjson_val_mut_copy(doc, key);
            yyjson_mut_val *copy = yyjson_val_mut_copy(doc, value);
            if (!name || !copy || !yyjson_mut_obj_put(root, name, copy))
                return TW_NO_MEMORY;
        }
    }
    size_t bytes = 0;
    char *text = yyjson_mut_write_opts(doc, YYJSON_WRITE_NOFLAG, &alc, &bytes, NULL);
    if (!text)
        return TW_NO_MEMORY;
    tw_buf_put(out, text, bytes);
    return out->status;
}

static tw_status describe(const twi_outlier_parts *parts, tw_arena *arena, tw_buf *out)
{
    const tw_model *champion = parts->champion;
    bool has_classifier = champion && tw_model_gbt(champion);
    if (!has_classifier) {
        put_lineage(parts, false, out);
        return out->status;
    }
    tw_buf lineage;
    tw_buf_init(&lineage, arena->alloc, 4096);
    put_lineage(parts, true, &lineage);
    tw_status status = lineage.status;
    if (status == TW_OK)
        status = merge(arena, (tw_str){(const char *)lineage.data_own, lineage.bytes},
                       tw_model_metadata(champion), out);
    tw_buf_release(&lineage);
    return status;
}

// --- the file
// --------------------------------------------------------------------------------------

static tw_status save(const twi_outlier_parts *parts, tw_str metadata, tw_str reference,
                      tw_buf *out, tw_err *err)
{
    tw_str names[TW_FEATURE_N], inputs[TW_GBT_INPUTS_MAX];
    for (size_t i = 0; i < TW_FEATURE_N; i++)
        names[i] = tw_str_from(tw_feature_get((tw_feature)i)->name);
    tw_model_parts file = {.feature_names = names,
                           .features_n = TW_FEATURE_N,
                           .catalogue_hash = tw_catalogue_hash(),
                           .metadata = metadata,
                           .iforest = parts->forest,
                           .reference = reference};
    if (parts->champion && tw_model_gbt(parts->champion)) {
        file.gbt = tw_model_gbt(parts->champion);
        for (size_t i = 0; i < tw_gbt_inputs_n(file.gbt); i++)
            inputs[i] = tw_model_input_name(parts->champion, i);
        file.input_names = inputs;
        for (int c = 0; c < TW_MODEL_CURVE_N; c++)
            file.curves[c] = tw_model_curve(parts->champion, (tw_model_curve_kind)c);
    }
    return tw_model_save(&file, out, err);
}

tw_status twi_outlier_build(const tw_alloc *alloc, const twi_outlier_parts *parts, tw_buf *out,
                            char model_id[TW_MODEL_ID_BYTES], tw_err *err)
{
    tw_arena arena;
    tw_buf metadata, reference;
    char day[TW_TIME_TEXT_BYTES], hex[2 * TW_SHA256_BYTES + 1];
    uint8_t hash[TW_SHA256_BYTES];
    tw_arena_init(&arena, alloc, 0, (size_t)64 << 20);
    tw_buf_init(&metadata, alloc, TW_MODEL_METADATA_MAX_BYTES);
    tw_buf_init(&reference, alloc, 1 << 20);
    tw_status status = describe(parts, &arena, &metadata);
    if (status == TW_OK)
        status = put_reference(alloc, parts, &reference, err);
    if (status == TW_OK)
        status = save(parts, (tw_str){(const char *)metadata.data_own, metadata.bytes},
                      (tw_str){(const char *)reference.data_own, reference.bytes}, out, err);
    else
        tw_fail(err, status, "no memory for the outlier model");
    tw_buf_release(&metadata);
    tw_buf_release(&reference);
    tw_arena_release(&arena);
    TW_TRY(status);
    bool has_classifier = parts->champion && tw_model_gbt(parts->champion);
    tw_sha256(out->data_own, out->bytes, hash);
    snprintf(model_id, TW_MODEL_ID_BYTES, "%s-%s-%.8s", has_classifier ? "classifier" : "outlier",
             tw_date_format(parts->set->last_day, day), tw_hex(hash, sizeof(hash), hex));
    return TW_OK;
}
