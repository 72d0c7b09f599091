// SPDX-License-Identifier: Apache-2.0
//
// Bodies: gzip and zstd are undone with the limit on what comes out, and JSON is read.
#include <zlib.h>
#include <zstd.h>

#include "alias.h"

enum { STEP_BYTES = 64 << 10 };

static tw_status inflate_gzip(tw_str packed, tw_buf *out)
{
    z_stream stream = {0};
    if (inflateInit2(&stream, 15 + 16) != Z_OK)
        return TW_NO_MEMORY;
    union {
        const char *in;
        Bytef *out;
    } input = {.in = packed.at};
    stream.next_in = input.out;
    stream.avail_in = (uInt)packed.bytes;
    int result = Z_OK;
    tw_status status = TW_OK;
    while (status == TW_OK && result != Z_STREAM_END) {
        status = tw_buf_reserve(out, STEP_BYTES);
        if (status != TW_OK)
            break;
        stream.next_out = out->data_own + out->bytes;
        stream.avail_out = STEP_BYTES;
        result = inflate(&stream, Z_NO_FLUSH);
        out->bytes += STEP_BYTES - stream.avail_out;
        if (result != Z_OK && result != Z_STREAM_END)
            status = TW_SYNTAX;
    }
    inflateEnd(&stream);
    return status;
}

static tw_status inflate_zstd(tw_str packed, tw_buf *out)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    if (!stream)
        return TW_NO_MEMORY;
    ZSTD_inBuffer input = {packed.at, packed.bytes, 0};
    tw_status status = TW_OK;
    size_t left = 1;
    while (status == TW_OK && left != 0) {
        status = tw_buf_reserve(out, STEP_BYTES);
        if (status != TW_OK)
            break;
        ZSTD_outBuffer output = {out->data_own + out->bytes, STEP_BYTES, 0};
        size_t before = input.pos;
        left = ZSTD_decompressStream(stream, &output, &input);
        out->bytes += output.pos;
        bool is_stuck = output.pos == 0 && input.pos == before;
        if (ZSTD_isError(left) || (left != 0 && is_stuck))
            status = TW_SYNTAX;
        else if (left == 0 && input.pos < input.size)
            left = 1; // another frame follows
    }
    ZSTD_freeDStream(stream);
    return status;
}

static void answer(twi_request *request, tw_status status, const char *encoding)
{
    if (status == TW_LIMIT)
        twi_problem(request, 413, NULL, "The body is larger than %d MiB; send it in parts",
                    TW_BODY_MAX_BYTES >> 20);
    else if (status == TW_SYNTAX)
        twi_problem(request, 400, NULL, "The body is not valid %s", encoding);
    else
        twi_problem_err(request, status, NULL);
}

bool twi_body_decode(twi_request *request)
{
    const char *encoding = twi_request_header(request, "Content-Encoding");
    if (!encoding || strcmp(encoding, "identity") == 0)
        return true;
    bool is_gzip = strcmp(encoding, "gzip") == 0;
    if (!is_gzip && strcmp(encoding, "zstd") != 0) {
        twi_problem(request, 415, NULL,
                    "Content-Encoding \"%.40s\" is not supported; use gzip or zstd", encoding);
        return false;
    }
    tw_buf plain;
    tw_buf_init(&plain, request->http->alloc, TW_BODY_MAX_BYTES + STEP_BYTES);
    tw_str packed = {(const char *)request->body.data_own, request->body.bytes};
    tw_status status = is_gzip ? inflate_gzip(packed, &plain) : inflate_zstd(packed, &plain);
    if (status == TW_OK && plain.bytes > TW_BODY_MAX_BYTES)
        status = TW_LIMIT;
    if (status != TW_OK) {
        tw_buf_release(&plain);
        answer(request, status, encoding);
        return false;
    }
    tw_buf_release(&request->body);
    request->body = plain;
    return true;
}

bool twi_body_is(const twi_request *request, const char *type)
{
    const char *header = twi_request_header(request, "Content-Type");
    if (!header)
        return false;
    tw_str media = tw_str_trim((tw_str){header, strcspn(header, ";")});
    return tw_str_equal_nocase(media, tw_str_from(type));
}

yyjson_doc *twi_body_json(twi_request *request)
{
    if (!twi_body_is(request, "application/json")) {
        twi_problem(request, 415, NULL, "Send application/json");
        return NULL;
    }
    // A copy with the padding that yyjson wants; documents of this kind are small.
    yyjson_read_err error = {0};
    char *text = tw_arena_take(&request->arena, request->body.bytes + YYJSON_PADDING_SIZE);
    if (!text) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return NULL;
    }
    if (request->body.bytes)
        memcpy(text, request->body.data_own, request->body.bytes);
    memset(text + request->body.bytes, 0, YYJSON_PADDING_SIZE);
    yyjson_mut_doc *memory = twi_json_doc(request); // for its allocator alone
    yyjson_doc *doc = memory ? yyjson_read_opts(text, request->body.bytes, YYJSON_READ_INSITU,
                                                &memory->alc, &error)
                             : NULL;
    if (!doc) {
        twi_problem(request, 400, NULL, "The body is not valid JSON: %s at byte %zu",
                    error.msg ? error.msg : "out of memory", error.pos + 1);
        return NULL;
    }
    if (!yyjson_is_obj(yyjson_doc_get_root(doc))) {
        twi_problem(request, 400, NULL, "The body must be one JSON object");
        return NULL;
    }
    twi_alias_resolve_doc(request, doc);
    return doc;
}
