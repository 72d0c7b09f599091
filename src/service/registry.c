// SPDX-License-Identifier: Apache-2.0
//
// Changes of what scores: promotion, rollback, challengers, models from elsewhere. Each is one fact
// with the whole content, which goes through the queue like any record: what came before it is
// scored by the old model, what comes behind it by the new one, and nothing twice.
#include "registry.h"

#include <stdio.h>

#include "base/hash.h"

#define SEE_OWN_WRITE_MS 5000

tw_str twi_cut_text(tw_str text, size_t max_bytes)
{
    if (text.bytes <= max_bytes)
        return text;
    size_t n = max_bytes;
    while (n > 0 && ((unsigned char)text.at[n] & 0xc0) == 0x80)
        n--;
    return (tw_str){text.at, n};
}

tw_status twi_registry_put(tw_service *service, tw_config_kind kind, tw_str name, tw_str content,
                           tw_str changed_by, tw_str reason, tw_err *err)
{
    uint64_t seq;
    tw_config config = {.kind = kind,
                        .name = name,
                        .content = content,
                        .changed_by = twi_cut_text(changed_by, TW_ID_MAX_BYTES),
                        .reason = twi_cut_text(reason, TW_TEXT_MAX_BYTES),
                        .changed_ms = service->clock->now_ms(service->clock->ctx)};
    TW_TRY(twi_flow_config(service, &config, &seq, err));
    (void)twi_project_wait(service, seq, SEE_OWN_WRITE_MS);
    return TW_OK;
}

static tw_status check_writer(const tw_service *service, tw_err *err)
{
    return service->mode == TW_SERVICE_READER
               ? tw_fail(err, TW_UNSUPPORTED, "a reader changes nothing")
               : TW_OK;
}

// Puts a known model's content as a fact of `kind`.
static tw_status put_known(tw_service *service, tw_config_kind kind, const char *state,
                           tw_str model_id, tw_str changed_by, tw_str reason, tw_err *err)
{
    tw_arena arena;
    tw_model_view view;
    tw_model *model = NULL;
    TW_TRY(check_writer(service, err));
    tw_arena_init(&arena, service->alloc, 0, TWI_REGISTRY_MAX_BYTES);
    tw_status status = twi_registry_load(service, model_id, &arena, &view, &model, err);
    bool is_champion = status == TW_OK && tw_str_equal(view.state, TW_STR("champion"));
    if (is_champion || (status == TW_OK && tw_str_equal(view.state, tw_str_from(state))))
        status = tw_fail(err, TW_CONFLICT, "%.*s is the %.*s already", TW_STR_ARG(model_id),
                         TW_STR_ARG(view.state));
    if (status == TW_OK)
        status = twi_registry_put(service, kind, model_id, tw_model_bytes(model), changed_by,
                                  reason, err);
    tw_model_unref(model);
    tw_arena_release(&arena);
    return status;
}

tw_status tw_service_promote(tw_service *service, tw_str model_id, tw_str changed_by, tw_str reason,
                             tw_err *err)
{
    return put_known(service, TW_CONFIG_MODEL, "champion", model_id, changed_by, reason, err);
}

tw_status tw_service_challenge(tw_service *service, tw_str model_id, tw_str changed_by,
                               tw_str reason, tw_err *err)
{
    return put_known(service, TW_CONFIG_CHALLENGER, "challenger", model_id, changed_by, reason,
                     err);
}

tw_status tw_service_rollback(tw_service *service, tw_str changed_by, tw_str reason,
                              char model_id[TW_MODEL_ID_BYTES], tw_err *err)
{
    tw_arena arena;
    tw_str before;
    model_id[0] = '\0';
    TW_TRY(check_writer(service, err));
    tw_arena_init(&arena, service->alloc, 0, TWI_REGISTRY_MAX_BYTES);
    tw_status status = twi_registry_before(service, &arena, &before, err);
    if (status == TW_OK)
        status = tw_service_promote(service, before, changed_by, reason, err);
    if (status == TW_OK)
        tw_str_copy(before, model_id, TW_MODEL_ID_BYTES);
    tw_arena_release(&arena);
    return status;
}

tw_status tw_service_withdraw(tw_service *service, tw_str model_id, tw_str changed_by,
                              tw_str reason, tw_err *err)
{
    tw_service_stats stats;
    TW_TRY(check_writer(service, err));
    tw_service_stats_get(service, &stats);
    tw_str challenger = tw_str_from(stats.challenger_id);
    if (challenger.bytes == 0)
        return tw_fail(err, TW_NOT_FOUND, "there is no challenger");
    if (model_id.bytes > 0 && !tw_str_equal(model_id, challenger))
        return tw_fail(err, TW_NOT_FOUND, "%.*s is not the challenger", TW_STR_ARG(model_id));
    return twi_registry_put(service, TW_CONFIG_CHALLENGER, challenger, TW_STR_NONE, changed_by,
                            reason, err);
}

// --- models from elsewhere
// ------------------------------------------------------------------------

static bool is_own_file(tw_str bytes)
{
    tw_str magic = TW_STR("TWMODEL");
    return tw_str_starts(bytes, magic);
}

static tw_status check_free(tw_service *service, tw_str name, tw_err *err)
{
    tw_arena arena;
    tw_model_view view;
    tw_err unknown = {0};
    tw_arena_init(&arena, service->alloc, 0, TWI_REGISTRY_MAX_BYTES);
    tw_status status = tw_query_model(service, name, &arena, &view, &unknown);
    tw_arena_release(&arena);
    if (status == TW_NOT_FOUND)
        return TW_OK;
    return status == TW_OK
               ? tw_fail(err, TW_CONFLICT, "there is a model %.*s already", TW_STR_ARG(name))
               : tw_fail(err, status, "%s", unknown.text);
}

tw_status tw_service_import(tw_service *service, const tw_model_import *import,
                            char model_id[TW_MODEL_ID_BYTES], tw_err *err)
{
    tw_buf wrapped;
    char hex[2 * TW_SHA256_BYTES + 1];
    uint8_t hash[TW_SHA256_BYTES];
    tw_str content = import->bytes;
    model_id[0] = '\0';
    TW_TRY(check_writer(service, err));
    if (import->name.bytes >= TW_MODEL_ID_BYTES)
        return tw_fail(err, TW_LIMIT, "the name has more than %d bytes", TW_MODEL_ID_BYTES - 1);
    tw_buf_init(&wrapped, service->alloc, TW_MODEL_MAX_BYTES);
    tw_status status = TW_OK;
    if (!is_own_file(content)) {
        status = twi_wrap_foreign(service, content, &wrapped, err);
        content = (tw_str){(const char *)wrapped.data_own, wrapped.bytes};
    }
    if (status == TW_OK) {
        tw_sha256(content.at, content.bytes, hash);
        snprintf(model_id, TW_MODEL_ID_BYTES, "imported-%.8s", tw_hex(hash, sizeof(hash), hex));
        if (import->name.bytes > 0)
            tw_str_copy(import->name, model_id, TW_MODEL_ID_BYTES);
        status = check_free(service, tw_str_from(model_id), err);
    }
    if (status == TW_OK)
        status = twi_registry_put(service, import->promote ? TW_CONFIG_MODEL : TW_CONFIG_CHALLENGER,
                                  tw_str_from(model_id), content, import->changed_by,
                                  import->reason, err);
    if (status != TW_OK)
        model_id[0] = '\0';
    tw_buf_release(&wrapped);
    return status;
}
