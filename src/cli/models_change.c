// SPDX-License-Identifier: Apache-2.0
//
// Models changed and exchanged.
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "learn/export.h"
#include "model/xgboost.h"
#include "models.h"
#include "place_config.h"

const char *twi_user_name(void)
{
    const char *user = getenv("USER");
    user = user && user[0] != '\0' ? user : getenv("LOGNAME");
    return user && user[0] != '\0' ? user : "operator";
}

static void tell(const twi_models *m, const char *what, const char *id)
{
    if (m->is_json) {
        fputs("{\"model_id\":", stdout);
        twi_put_json(stdout, tw_str_from(id));
        printf(",\"state\":\"%s\"}\n", what);
    } else {
        printf("%s is %s%s\n", id, strcmp(what, "archived") == 0 ? "" : "the ", what);
    }
}

tw_status twi_models_promote(const twi_models *m, tw_err *err)
{
    TW_TRY(tw_service_promote(m->service, tw_str_from(m->first), tw_str_from(m->by),
                              tw_str_from(m->reason), err));
    tell(m, "champion", m->first);
    return TW_OK;
}

tw_status twi_models_rollback(const twi_models *m, tw_err *err)
{
    char id[TW_MODEL_ID_BYTES];
    TW_TRY(tw_service_rollback(m->service, tw_str_from(m->by), tw_str_from(m->reason), id, err));
    tell(m, "champion", id);
    return TW_OK;
}

tw_status twi_models_challenge(const twi_models *m, tw_err *err)
{
    TW_TRY(tw_service_challenge(m->service, tw_str_from(m->first), tw_str_from(m->by),
                                tw_str_from(m->reason), err));
    tell(m, "challenger", m->first);
    return TW_OK;
}

tw_status twi_models_withdraw(const twi_models *m, tw_err *err)
{
    tw_service_stats stats;
    tw_service_stats_get(m->service, &stats);
    TW_TRY(tw_service_withdraw(m->service, TW_STR_NONE, tw_str_from(m->by), tw_str_from(m->reason),
                               err));
    tell(m, "archived", stats.challenger_id);
    return TW_OK;
}

// --- files
// ---------------------------------------------------------------------------------------

static tw_status form_of(const char *name, tw_model_form *out, tw_err *err)
{
    static const char *const names[] = {"twm", "xgboost-json", "xgboost-ubj", "mlmodel"};
    static const tw_model_form forms[] = {TW_MODEL_FORM_TWM, TW_MODEL_FORM_JSON,
                                          TW_MODEL_FORM_UBJSON, TW_MODEL_FORM_MLMODEL};
    for (size_t i = 0; i < TW_COUNT(names); i++)
        if (strcmp(names[i], name) == 0) {
            *out = forms[i];
            return TW_OK;
        }
    return tw_fail(err, TW_INVALID,
                   "there is no format %s: take twm, xgboost-json, xgboost-ubj or mlmodel", name);
}

static tw_status write_file(const char *dir, const tw_export_file *file, tw_err *err)
{
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/%s", dir, file->name);
    if (n < 0 || (size_t)n >= sizeof(path))
        return tw_fail(err, TW_LIMIT, "the path of the directory is too long");
    FILE *out = fopen(path, "wb");
    if (!out)
        return tw_fail_errno(err, "cannot write %.150s", path);
    bool is_written = fwrite(file->bytes.data_own, 1, file->bytes.bytes, out) == file->bytes.bytes;
    is_written = fclose(out) == 0 && is_written;
    return is_written ? TW_OK : tw_fail_errno(err, "cannot write %.150s", path);
}

tw_status twi_models_export(const twi_models *m, tw_err *err)
{
    tw_model_form form = TW_MODEL_FORM_TWM;
    tw_export files;
    TW_TRY(form_of(m->format, &form, err));
    TW_TRY(tw_query_model_export(m->service, tw_str_from(m->first), form, &files, err));
    tw_status status = twi_make_directories(m->out, err);
    for (size_t i = 0; status == TW_OK && i < files.file_n; i++)
        status = write_file(m->out, &files.files[i], err);
    for (size_t i = 0; status == TW_OK && i < files.file_n; i++)
        printf(m->is_json ? "%s\"%s\"%s" : "%s%s%s", m->is_json ? (i ? "," : "[") : "",
               files.files[i].name, m->is_json ? (i + 1 == files.file_n ? "]\n" : "") : "\n");
    tw_export_release(&files);
    return status;
}

static tw_status read_file(const char *path, tw_buf *out, tw_err *err)
{
    uint8_t part[1 << 16];
    FILE *in = fopen(path, "rb");
    if (!in)
        return tw_fail_errno(err, "cannot read %.150s", path);
    size_t n;
    while ((n = fread(part, 1, sizeof(part), in)) > 0)
        tw_buf_put(out, part, n);
    tw_status status = ferror(in) ? tw_fail_errno(err, "cannot read %.150s", path) : TW_OK;
    fclose(in);
    if (status == TW_OK && out->status != TW_OK)
        return tw_fail(err, out->status, "%.150s is too large for a model", path);
    if (status == TW_OK && out->bytes == 0)
        return tw_fail(err, TW_INVALID, "%.150s is empty", path);
    return status;
}

tw_status twi_models_import(const twi_models *m, tw_err *err)
{
    tw_buf bytes;
    char id[TW_MODEL_ID_BYTES];
    tw_buf_init(&bytes, tw_alloc_system(), TW_XGBOOST_MAX_BYTES);
    tw_status status = read_file(m->first, &bytes, err);
    tw_model_import import = {.bytes = {(const char *)bytes.data_own, bytes.bytes},
                              .name = tw_str_from(m->name ? m->name : ""),
                              .changed_by = tw_str_from(m->by),
                              .reason = tw_str_from(m->reason),
                              .promote = m->promotes};
    if (status == TW_OK)
        status = tw_service_import(m->service, &import, id, err);
    tw_buf_release(&bytes);
    if (status == TW_OK)
        tell(m, m->promotes ? "champion" : "challenger", id);
    return status;
}
