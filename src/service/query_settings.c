// SPDX-License-Identifier: Apache-2.0
//
// The settings of the work as they stand: a document of the ledger over the defaults.
#include "internal.h"
#include "service/work.h"

static tw_status load(tw_service *service, tw_arena *arena, tw_settings *out, uint64_t *version,
                      tw_err *err)
{
    tw_doc_row doc;
    tw_err cause = {.text = ""};
    *out = *tw_settings_default();
    *version = 0;
    tw_status status = tw_ledger_doc_get(service->ledger, TW_STR("settings"), TW_STR("settings"),
                                         arena, &doc, &cause);
    if (status == TW_NOT_FOUND) // nobody has changed anything: no failure to tell of
        return TW_OK;
    if (status != TW_OK)
        return tw_fail(err, status, "%s", cause.text);
    *version = doc.seq;
    return tw_settings_read(doc.body, arena, out, err);
}

tw_status twi_settings_get(tw_service *service, tw_arena *arena, tw_settings *out, tw_err *err)
{
    uint64_t version;
    return load(service, arena, out, &version, err);
}

tw_status tw_query_settings(tw_service *service, tw_arena *arena, tw_settings *out,
                            uint64_t *version, tw_str *json, tw_err *err)
{
    *json = TW_STR_NONE;
    twi_project_settle(service);
    TW_TRY(load(service, arena, out, version, err));
    tw_status status = tw_settings_write(out, arena, json);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "no memory for the settings");
}
