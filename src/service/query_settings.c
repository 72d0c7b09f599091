// SPDX-License-Identifier: Apache-2.0
//
// The settings of the work as they stand: a document of the ledger, or the defaults.
#include "internal.h"
#include "service/work.h"

tw_status tw_query_settings(tw_service *service, tw_arena *arena, tw_settings *out,
                            uint64_t *version, tw_str *json, tw_err *err)
{
    tw_doc_row doc = {.seq = 0};
    *out = *tw_settings_default();
    *version = 0;
    *json = TW_STR_NONE;
    twi_project_settle(service);
    tw_status status = tw_ledger_doc_get(service->ledger, TW_STR("settings"), TW_STR("settings"),
                                         arena, &doc, err);
    if (status == TW_NOT_FOUND)
        return TW_OK;
    TW_TRY(status);
    TW_TRY(tw_settings_read(doc.body, arena, out, err));
    *version = doc.seq;
    *json = doc.body;
    return TW_OK;
}
