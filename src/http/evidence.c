// SPDX-License-Identifier: Apache-2.0
//
// Files of evidence in and out. What goes out is never shown in the page: an attachment of an
// unnamed type, whatever it is.
#include "evidence.h"

#include <stdio.h>

#include "service/evidence.h"
#include "work.h"

static tw_str argument(twi_request *request, const char *name)
{
    return tw_str_from(twi_request_argument(request, name));
}

// --- in
// -------------------------------------------------------------------------------------------

static bool read_upload(twi_request *request, tw_evidence *out)
{
    if (!twi_body_is(request, "application/octet-stream")) {
        twi_problem(request, 415, NULL, "Send the file itself as application/octet-stream");
        return false;
    }
    *out = (tw_evidence){
        .case_id = request->params[0],
        .name = argument(request, "name"),
        .note = argument(request, "note"),
        .bytes = {(const char *)request->body.data_own, request->body.bytes},
        .actor = tw_str_from(request->who.user),
        .rights = request->who.rights,
    };
    enum { NOTE_BYTES = 2000 };
    if (!tw_evidence_name_is_valid(out->name)) {
        twi_problem(request, 400, "name",
                    "name must be a file name of 1 to %d bytes without a path and special signs",
                    TW_EVIDENCE_NAME_BYTES);
        return false;
    }
    if (out->note.bytes > NOTE_BYTES || !tw_str_is_utf8(out->note)) {
        twi_problem(request, 400, "note", "note must be a text of at most %d bytes", NOTE_BYTES);
        return false;
    }
    return true;
}

void twi_handle_attach(twi_request *request)
{
    tw_evidence evidence;
    tw_evidence_added added;
    tw_doc_row row;
    tw_err err = {.text = ""};
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!read_upload(request, &evidence) || !twi_case_asked(request, evidence.case_id, &row))
        return;
    tw_status status = tw_evidence_add(request->http->service, &evidence, &added, &err);
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    twi_json_cstr(doc, root, "sha256", added.sha256);
    twi_json_str(doc, root, "name", evidence.name);
    twi_json_cstr(doc, root, "media_type", tw_media_type(added.media));
    twi_json_uint(doc, root, "bytes", evidence.bytes.bytes);
    twi_json_uint(doc, root, "version", added.version);
    twi_etag(request, added.version);
    twi_reply_json(request, 201, doc);
}

// --- out
// ------------------------------------------------------------------------------------------

void twi_disposition(twi_request *request, tw_str name)
{
    tw_buf text;
    tw_buf_init(&text, request->http->alloc, 4096);
    tw_buf_cstr(&text, "attachment; filename=\"");
    for (size_t i = 0; i < name.bytes; i++) {
        char c = name.at[i];
        bool is_plain = c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '%';
        tw_buf_u8(&text, (uint8_t)(is_plain ? c : '_'));
    }
    tw_buf_cstr(&text, "\"; filename*=UTF-8''");
    for (size_t i = 0; i < name.bytes; i++) {
        unsigned char c = (unsigned char)name.at[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
        if (is_plain)
            tw_buf_u8(&text, c);
        else
            tw_buf_printf(&text, "%%%02X", c);
    }
    const char *value =
        text.status == TW_OK ? tw_arena_copy(&request->arena, text.data_own, text.bytes) : NULL;
    tw_buf_release(&text);
    twi_reply_header(request, "Content-Disposition", value ? value : "attachment");
}

// The attachment of a case with this hash, by its name. False when the case has none such.
static bool find_attachment(twi_request *request, const tw_doc_row *row, tw_str sha256,
                            tw_str *name)
{
    yyjson_mut_doc *memory = twi_json_doc(request); // for its allocator alone
    char *text = memory ? tw_arena_copy(&request->arena, row->body.at, row->body.bytes) : NULL;
    yyjson_doc *doc = text ? yyjson_read_opts(text, row->body.bytes, 0, &memory->alc, NULL) : NULL;
    yyjson_val *list = yyjson_obj_get(yyjson_doc_get_root(doc), "attachments"), *item;
    size_t i, max;
    yyjson_arr_foreach(list, i, max, item)
    {
        yyjson_val *hash = yyjson_obj_get(item, "sha256"), *text_of = yyjson_obj_get(item, "name");
        if (!tw_str_equal((tw_str){yyjson_get_str(hash), yyjson_get_len(hash)}, sha256))
            continue;
        *name = (tw_str){yyjson_get_str(text_of), yyjson_get_len(text_of)};
        return true;
    }
    return false;
}

void twi_handle_evidence(twi_request *request)
{
    tw_doc_row row;
    tw_str name, sha256 = request->params[1];
    tw_buf bytes;
    tw_err err = {.text = ""};
    if (!twi_case_asked(request, request->params[0], &row))
        return;
    if (!find_attachment(request, &row, sha256, &name)) {
        twi_problem(request, 404, NULL, "The case has no file with this hash");
        return;
    }
    tw_buf_init(&bytes, request->http->alloc, 2 * (size_t)TW_EVIDENCE_MAX_BYTES);
    tw_status status = tw_service_evidence(request->http->service, sha256, &bytes, &err);
    if (status != TW_OK) {
        tw_buf_release(&bytes);
        twi_problem_err(request, status, &err);
        return;
    }
    tw_service_note(request->http->service, TW_STR("case.evidence"), row.id,
                    tw_str_from(request->who.user), TW_STR_NONE);
    twi_disposition(request, name);
    twi_reply_bytes(request, "application/octet-stream", &bytes);
}
