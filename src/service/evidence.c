// SPDX-License-Identifier: Apache-2.0
//
// Evidence below the data directory. The order matters: content first, durably, then the fact that
// names it, so that no case ever names what was never there.
#include "service/evidence.h"

#include <stdio.h>
#include <yyjson.h>

#include "internal.h"
#include "json_text.h"

#define FAULTS_MAX 1000
#define PAGE_BYTES ((size_t)256 << 20)

static bool is_hash(tw_str sha256)
{
    if (sha256.bytes != (size_t)(2 * TW_SHA256_BYTES))
        return false;
    for (size_t i = 0; i < sha256.bytes; i++) {
        char c = sha256.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
    }
    return true;
}

static void path_of(tw_str sha256, char out[TW_FILES_NAME_BYTES])
{
    snprintf(out, TW_FILES_NAME_BYTES, "evidence/%.2s/%.*s", sha256.at, TW_STR_ARG(sha256));
}

tw_status tw_evidence_read(const tw_files *files, tw_str sha256, tw_buf *out, tw_err *err)
{
    char path[TW_FILES_NAME_BYTES], hex[2 * TW_SHA256_BYTES + 1];
    uint8_t hash[TW_SHA256_BYTES];
    size_t start = out->bytes;
    if (!is_hash(sha256))
        return tw_fail(err, TW_INVALID, "\"%.*s\" is no SHA-256", TW_STR_ARG(sha256));
    path_of(sha256, path);
    tw_status status = tw_files_read(files, path, out, err);
    if (status == TW_NOT_FOUND)
        return tw_fail(err, TW_CORRUPT, "%s is missing: bring it back from a backup", path);
    TW_TRY(status);
    tw_sha256(out->data_own + start, out->bytes - start, hash);
    if (tw_str_equal(tw_str_from(tw_hex(hash, sizeof(hash), hex)), sha256))
        return TW_OK;
    out->bytes = start;
    return tw_fail(err, TW_CORRUPT, "%s is not what was stored: bring it back from a backup", path);
}

tw_status tw_service_evidence(tw_service *service, tw_str sha256, tw_buf *out, tw_err *err)
{
    return tw_evidence_read(service->files, sha256, out, err);
}

// --- adding
// ----------------------------------------------------------------------------------------

static tw_status check_case(tw_service *service, const tw_evidence *evidence, const char *hex,
                            tw_err *err)
{
    tw_arena arena;
    tw_doc_row doc;
    char wanted[2 * TW_SHA256_BYTES + 16];
    tw_arena_init(&arena, service->alloc, 0, PAGE_BYTES);
    tw_status status = tw_query_doc(service, TW_STR("case"), evidence->case_id, &arena, &doc, err);
    if (status == TW_NOT_FOUND)
        tw_fail(err, status, "there is no case \"%.*s\"", TW_STR_ARG(evidence->case_id));
    if (status == TW_OK && tw_str_equal(doc.state, TW_STR("CLOSED")))
        status = tw_fail(err, TW_CONFLICT, "the case is closed: reopen it first");
    // The document is canonical: no white space, and no quote within a text.
    int n = snprintf(wanted, sizeof(wanted), "\"sha256\":\"%s\"", hex);
    for (size_t i = 0; status == TW_OK && i + (size_t)n <= doc.body.bytes; i++)
        if (memcmp(doc.body.at + i, wanted, (size_t)n) == 0)
            status = tw_fail(err, TW_CONFLICT, "the case holds this file already");
    tw_arena_release(&arena);
    return status;
}

static tw_status store(const tw_files *files, const char *hex, tw_str bytes, tw_err *err)
{
    char path[TW_FILES_NAME_BYTES];
    path_of(tw_str_from(hex), path);
    return tw_files_publish(files, path, &bytes, 1, err);
}

static tw_status act(tw_service *service, const tw_evidence *evidence, tw_evidence_added *out,
                     tw_err *err)
{
    tw_buf body;
    tw_work_result result = {.status = TW_OK};
    tw_buf_init(&body, service->alloc, TW_ACTION_MAX_BYTES);
    tw_buf_cstr(&body, "{\"name\":");
    twi_text_json(&body, evidence->name);
    tw_buf_printf(&body, ",\"media_type\":\"%s\",\"bytes\":%zu,\"sha256\":\"%s\"",
                  tw_media_type(out->media), evidence->bytes.bytes, out->sha256);
    if (evidence->note.bytes > 0) {
        tw_buf_cstr(&body, ",\"note\":");
        twi_text_json(&body, evidence->note);
    }
    tw_buf_u8(&body, '}');
    tw_work_request request = {.kind = TW_ACTION_CASE_ATTACH,
                               .subject = evidence->case_id,
                               .actor = evidence->actor,
                               .rights = evidence->rights,
                               .body = {(const char *)body.data_own, body.bytes}};
    tw_status status = body.status != TW_OK ? tw_fail(err, body.status, "no memory for the file")
                                            : tw_service_act(service, &request, 1, &result, err);
    // What failed of the request alone is said in the result.
    if (status != TW_OK && result.status != TW_OK && err)
        *err = result.err;
    out->version = result.seq;
    tw_buf_release(&body);
    return status;
}

tw_status tw_evidence_add(tw_service *service, const tw_evidence *evidence, tw_evidence_added *out,
                          tw_err *err)
{
    uint8_t hash[TW_SHA256_BYTES];
    *out = (tw_evidence_added){.media = TW_MEDIA_N};
    if (!tw_evidence_name_is_valid(evidence->name))
        return tw_fail(err, TW_INVALID,
                       "the file needs a name of 1 to %d bytes without a path and special signs",
                       TW_EVIDENCE_NAME_BYTES);
    if (evidence->bytes.bytes > TW_EVIDENCE_MAX_BYTES)
        return tw_fail(err, TW_LIMIT, "the file is larger than %d MiB",
                       TW_EVIDENCE_MAX_BYTES >> 20);
    out->media = tw_media_sniff(evidence->bytes);
    if (out->media == TW_MEDIA_N)
        return tw_fail(err, TW_INVALID,
                       "the content is none of PDF, PNG, JPEG, WebP, MP4, DOCX, XLSX, EML, CSV and "
                       "plain text in UTF-8");
    tw_sha256(evidence->bytes.at, evidence->bytes.bytes, hash);
    tw_hex(hash, sizeof(hash), out->sha256);
    tw_status status = check_case(service, evidence, out->sha256, err);
    if (status == TW_OK)
        status = store(service->files, out->sha256, evidence->bytes, err);
    if (status == TW_OK)
        status = act(service, evidence, out, err);
    if (status != TW_OK)
        *out = (tw_evidence_added){.media = TW_MEDIA_N};
    return status;
}

// --- checking
// --------------------------------------------------------------------------------------

typedef struct checking {
    const tw_files *files;
    tw_arena *arena;
    tw_buf content;
    tw_evidence_check *out;
    tw_evidence_fault *faults;
} checking;

static tw_str member(yyjson_val *object, const char *name)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    return (tw_str){yyjson_get_str(value), yyjson_get_len(value)};
}

static tw_status check_file(checking *c, tw_str case_id, yyjson_val *attachment)
{
    tw_err err = {.text = ""};
    tw_buf_reset(&c->content);
    tw_status status = tw_evidence_read(c->files, member(attachment, "sha256"), &c->content, &err);
    if (status == TW_OK) {
        c->out->file_n++;
        c->out->bytes += c->content.bytes;
        return TW_OK;
    }
    if (c->out->fault_n == FAULTS_MAX)
        return TW_OK;
    tw_evidence_fault *fault = &c->faults[c->out->fault_n];
    status = TW_OK;
    fault->case_id = twi_arena_str(c->arena, case_id, &status);
    fault->sha256 = twi_arena_str(c->arena, member(attachment, "sha256"), &status);
    fault->name = twi_arena_str(c->arena, member(attachment, "name"), &status);
    fault->sentence = twi_arena_str(c->arena, tw_str_from(err.text), &status);
    c->out->fault_n += status == TW_OK;
    return status;
}

static tw_status check_doc(checking *c, const tw_doc_row *doc)
{
    yyjson_doc *json = yyjson_read(doc->body.at, doc->body.bytes, YYJSON_READ_NOFLAG);
    yyjson_val *attachments = yyjson_obj_get(yyjson_doc_get_root(json), "attachments"), *item;
    tw_status status = json ? TW_OK : TW_NO_MEMORY;
    size_t i, max;
    yyjson_arr_foreach(attachments, i, max, item)
    {
        if (status == TW_OK)
            status = check_file(c, doc->id, item);
    }
    yyjson_doc_free(json);
    return status;
}

static tw_status check_docs(const tw_ledger *ledger, checking *c, tw_err *err)
{
    static const tw_doc_filter cases = {.kind = {"case", 4}};
    tw_arena arena;
    tw_doc_page page = {.n = 0};
    char cursor[TW_LEDGER_CURSOR_BYTES] = "";
    tw_arena_init(&arena, tw_alloc_system(), 0, PAGE_BYTES);
    tw_status status = TW_OK;
    do {
        tw_arena_reset(&arena);
        status = tw_ledger_doc_list(ledger, &cases, 100, cursor, &arena, &page, err);
        for (size_t i = 0; status == TW_OK && i < page.n; i++)
            status = check_doc(c, &page.items[i]);
        memcpy(cursor, page.next_cursor, sizeof(cursor));
    } while (status == TW_OK && cursor[0]);
    tw_arena_release(&arena);
    return status;
}

tw_status tw_evidence_verify(const tw_ledger *ledger, const tw_files *files, tw_arena *arena,
                             tw_evidence_check *out, tw_err *err)
{
    *out = (tw_evidence_check){0};
    checking c = {.files = files, .arena = arena, .out = out};
    c.faults = tw_arena_array(arena, FAULTS_MAX, sizeof(*c.faults));
    if (!c.faults)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the check of the evidence");
    tw_buf_init(&c.content, tw_alloc_system(), 2 * (size_t)TW_EVIDENCE_MAX_BYTES);
    tw_status status = check_docs(ledger, &c, err);
    tw_buf_release(&c.content);
    out->faults = c.faults;
    return status;
}
