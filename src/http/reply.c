// SPDX-License-Identifier: Apache-2.0
//
// Replies: JSON, RFC 9457 problems, and the headers that every reply carries.
#include <stdarg.h>
#include <stdio.h>

#include "alias.h"

void twi_reply(twi_request *request, unsigned status, const char *content_type, tw_str body)
{
    request->status = status;
    request->content_type = content_type;
    request->reply = body;
}

void twi_reply_file(twi_request *request, const char *content_type, int fd, uint64_t bytes)
{
    twi_reply(request, 200, content_type, TW_STR_NONE);
    request->has_file = true;
    request->file_fd = fd;
    request->file_bytes = bytes;
}

void twi_reply_header(twi_request *request, const char *name, const char *value)
{
    TW_CHECK(request->header_n + 2 <= TW_COUNT(request->headers));
    request->headers[request->header_n++] = name;
    request->headers[request->header_n++] = value;
}

static void reply_doc(twi_request *request, unsigned status, const char *type, yyjson_mut_doc *doc)
{
    size_t bytes = 0;
    const char *text = NULL;
    if (doc && yyjson_mut_doc_get_root(doc) && twi_alias_hide(request, doc) == TW_OK) {
        yyjson_alc alc = doc->alc;
        text = yyjson_mut_write_opts(doc, YYJSON_WRITE_NOFLAG, &alc, &bytes, NULL);
    }
    if (!text) {
        static const char no_memory[] =
            "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\","
            "\"status\":503,\"detail\":\"The server is out of memory; try again later\"}";
        twi_reply(request, 503, "application/problem+json", TW_STR_NONE);
        request->reply = (tw_str){no_memory, sizeof(no_memory) - 1};
        return;
    }
    twi_reply(request, status, type, (tw_str){text, bytes});
}

void twi_reply_json(twi_request *request, unsigned status, yyjson_mut_doc *doc)
{
    reply_doc(request, status, "application/json", doc);
}

void twi_reply_problem(twi_request *request, unsigned status, yyjson_mut_doc *doc)
{
    reply_doc(request, status, "application/problem+json", doc);
}

const char *twi_status_title(unsigned status)
{
    static const struct {
        unsigned status;
        const char *title;
    } titles[] = {{400, "Bad Request"},
                  {401, "Unauthorized"},
                  {403, "Forbidden"},
                  {404, "Not Found"},
                  {405, "Method Not Allowed"},
                  {409, "Conflict"},
                  {412, "Precondition Failed"},
                  {413, "Content Too Large"},
                  {415, "Unsupported Media Type"},
                  {422, "Unprocessable Content"},
                  {429, "Too Many Requests"},
                  {500, "Internal Server Error"},
                  {503, "Service Unavailable"},
                  {507, "Insufficient Storage"}};
    for (size_t i = 0; i < TW_COUNT(titles); i++) {
        if (titles[i].status == status)
            return titles[i].title;
    }
    return "Error";
}

void twi_problem(twi_request *request, unsigned status, const char *field, const char *format, ...)
{
    char detail[512];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    yyjson_mut_doc *doc = twi_json_doc(request);
    if (doc) {
        yyjson_mut_val *root = yyjson_mut_obj(doc);
        yyjson_mut_doc_set_root(doc, root);
        twi_json_cstr(doc, root, "type", "about:blank");
        twi_json_cstr(doc, root, "title", twi_status_title(status));
        twi_json_uint(doc, root, "status", status);
        twi_json_cstr(doc, root, "detail", detail);
        if (field)
            twi_json_cstr(doc, root, "field", field);
    }
    reply_doc(request, status, "application/problem+json", doc);
    if (status == 429 || status == 503) {
        char seconds[16];
        snprintf(seconds, sizeof(seconds), "%u", request->retry_s ? request->retry_s : 1U);
        const char *kept = tw_arena_copy(&request->arena, seconds, strlen(seconds));
        if (kept)
            twi_reply_header(request, "Retry-After", kept);
    }
    if (status == 401)
        twi_reply_header(request, "WWW-Authenticate", "Bearer realm=\"tillwatch\"");
}

void twi_problem_err(twi_request *request, tw_status status, const tw_err *err)
{
    bool told = err && err->text[0];
    twi_problem(request, (unsigned)tw_status_http(status), NULL, "%s",
                told ? err->text : tw_status_text(status));
}

bool twi_json_begin(twi_request *request, tw_status status, const tw_err *err, yyjson_mut_doc **doc,
                    yyjson_mut_val **root)
{
    *doc = status == TW_OK ? twi_json_doc(request) : NULL;
    *root = *doc ? yyjson_mut_obj(*doc) : NULL;
    if (*root) {
        yyjson_mut_doc_set_root(*doc, *root);
        return true;
    }
    twi_problem_err(request, status == TW_OK ? TW_NO_MEMORY : status, err);
    return false;
}

// For the portal's pages, and for everything else, which no page may run or frame. Styles are set
// by the component library in the page.
static const char content_policy[] = "default-src 'self'; script-src 'self'; style-src 'self' "
                                     "'unsafe-inline'; img-src 'self' data: blob:; "
                                     "connect-src 'self'; object-src 'none'; base-uri 'none'; "
                                     "form-action 'self'; frame-ancestors 'none'";

static void add_headers(struct MHD_Response *response, const twi_request *request)
{
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "Content-Security-Policy", content_policy);
    MHD_add_response_header(response, "X-Frame-Options", "DENY");
    MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    if (request->http->is_secure)
        MHD_add_response_header(response, "Strict-Transport-Security",
                                "max-age=31536000; includeSubDomains");
    if (request->content_type)
        MHD_add_response_header(response, "Content-Type", request->content_type);
    if (strncmp(request->path, "/v1/", 4) == 0)
        MHD_add_response_header(response, "Cache-Control", "no-store");
    if (request->reply_is_gzip)
        MHD_add_response_header(response, "Content-Encoding", "gzip");
    for (size_t i = 0; i + 1 < request->header_n; i += 2)
        MHD_add_response_header(response, request->headers[i], request->headers[i + 1]);
}

static struct MHD_Response *make_response(twi_request *request)
{
    // The reply lives in the request's arena (or is constant), which outlives the response.
    union {
        const char *in;
        void *out;
    } bytes = {.in = request->reply.at ? request->reply.at : ""};
    if (!request->has_file)
        return MHD_create_response_from_buffer(request->reply.bytes, bytes.out,
                                               MHD_RESPMEM_PERSISTENT);
    struct MHD_Response *response =
        MHD_create_response_from_fd64(request->file_bytes, request->file_fd);
    request->has_file = !response; // it closes the file
    return response;
}

enum MHD_Result twi_reply_send(twi_request *request)
{
    if (request->stream)
        return twi_stream_send(request);
    struct MHD_Response *response = make_response(request);
    if (!response)
        return MHD_NO;
    add_headers(response, request);
    atomic_fetch_add(&request->http->response_n[TW_MIN(request->status / 100, 5)], 1);
    enum MHD_Result result = MHD_queue_response(request->connection, request->status, response);
    MHD_destroy_response(response);
    return result;
}
