// SPDX-License-Identifier: Apache-2.0
//
// Exports of cases, and the key that signs them.
#include "service/case_export.h"

#include "case_content.h"

#define KEY_NAME "keys/export.key"
#define ARENA_BYTES ((size_t)512 << 20)

static tw_status read_key(const tw_files *files, uint8_t out[TW_SIGN_KEY_BYTES], tw_err *err)
{
    tw_buf key;
    tw_buf_init(&key, tw_alloc_system(), 4096);
    tw_status status = tw_files_read(files, KEY_NAME, &key, err);
    if (status == TW_OK && key.bytes != TW_SIGN_KEY_BYTES)
        status = tw_fail(err, TW_CORRUPT, KEY_NAME " does not hold %d bytes", TW_SIGN_KEY_BYTES);
    if (status == TW_OK)
        memcpy(out, key.data_own, TW_SIGN_KEY_BYTES);
    if (key.data_own)
        memset(key.data_own, 0, key.cap_bytes);
    tw_buf_release(&key);
    return status;
}

tw_status tw_case_key_make(const tw_files *files, tw_err *err)
{
    uint8_t key[TW_SIGN_KEY_BYTES];
    tw_status status = read_key(files, key, err);
    if (status == TW_NOT_FOUND) {
        status = tw_random_bytes(key, sizeof(key));
        if (status != TW_OK)
            return tw_fail(err, status, "the system gives no random numbers");
        tw_str part = {(const char *)key, sizeof(key)};
        status = tw_files_publish(files, KEY_NAME, &part, 1, err);
    }
    memset(key, 0, sizeof(key));
    return status;
}

tw_status tw_case_key_public(const tw_files *files, uint8_t out[TW_SIGN_KEY_BYTES], tw_err *err)
{
    uint8_t key[TW_SIGN_KEY_BYTES];
    TW_TRY(read_key(files, key, err));
    tw_status status = tw_sign_public(key, out);
    memset(key, 0, sizeof(key));
    return status == TW_OK ? TW_OK : tw_fail(err, status, "the key of exports cannot be used");
}

tw_status twi_case_sign(const tw_files *files, tw_str manifest, uint8_t out[TW_SIGNATURE_BYTES],
                        tw_err *err)
{
    uint8_t key[TW_SIGN_KEY_BYTES];
    TW_TRY(read_key(files, key, err));
    tw_status status = tw_sign(key, manifest.at, manifest.bytes, out);
    memset(key, 0, sizeof(key));
    return status == TW_OK ? TW_OK : tw_fail(err, status, "the manifest cannot be signed");
}

static tw_status note_export(tw_service *service, const tw_case_request *request, tw_err *err)
{
    bool is_zip = request->form == TW_CASE_FORM_ZIP;
    tw_work_result result = {.status = TW_OK};
    tw_work_request work = {.kind = TW_ACTION_CASE_EXPORT,
                            .subject = request->case_id,
                            .actor = request->actor,
                            .rights = request->rights,
                            .body = is_zip ? TW_STR("{\"form\":\"zip\"}")
                                           : TW_STR("{\"form\":\"pdf\"}")};
    tw_status status = tw_service_act(service, &work, 1, &result, err);
    if (status != TW_OK && result.status != TW_OK && err)
        *err = result.err;
    return status;
}

tw_status tw_case_export(tw_service *service, const tw_case_request *request, tw_buf *out,
                         tw_err *err)
{
    tw_arena arena;
    twi_case_content content;
    bool is_zip = request->form == TW_CASE_FORM_ZIP;
    if (!service->paper || (is_zip && !service->archive))
        return tw_fail(err, TW_CLOSED, "this program was started without PDF and ZIP");
    TW_TRY(note_export(service, request, err));
    tw_arena_init(&arena, service->alloc, 0, ARENA_BYTES);
    tw_status status =
        twi_case_read(service, request->case_id, request->actor, &arena, &content, err);
    if (status == TW_OK)
        status = is_zip ? twi_case_bundle(&content, service->paper, service->archive, out, err)
                        : twi_case_paper(&content, service->paper, out, err);
    tw_arena_release(&arena);
    return status;
}
