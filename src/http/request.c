// SPDX-License-Identifier: Apache-2.0
//
// Requests and JSON parsers are kept for reuse with their memory, so that a busy server allocates
// nothing per request.
#include <unistd.h>

#include "alias.h"
#include "scope.h"

enum { ARENA_MAX_BYTES = 96 << 20 };

typedef struct twi_parser_slot {
    struct twi_parser_slot *next;
    tw_json_parser *parser;
} twi_parser_slot;

twi_request *twi_request_get(tw_http *http)
{
    pthread_mutex_lock(&http->pool_lock);
    twi_request *request = http->pool;
    if (request)
        http->pool = request->next;
    pthread_mutex_unlock(&http->pool_lock);
    if (!request) {
        request = tw_new(http->alloc, twi_request);
        if (!request)
            return NULL;
        request->http = http;
        tw_arena_init(&request->arena, http->alloc, 16 << 10, ARENA_MAX_BYTES);
        tw_buf_init(&request->body, http->alloc, TW_BODY_MAX_BYTES);
        tw_buf_init(&request->out, http->alloc, 4 * (size_t)TW_BODY_MAX_BYTES);
    }
    request->next = NULL;
    request->phase = TWI_RECEIVING;
    atomic_fetch_add(&http->active_n, 1);
    return request;
}

static void free_request(twi_request *request)
{
    tw_arena_release(&request->arena);
    tw_buf_release(&request->body);
    tw_buf_release(&request->out);
    tw_delete(request->http->alloc, request);
}

void twi_request_put(twi_request *request)
{
    tw_http *http = request->http;
    enum { KEEP_BYTES = 1 << 20 };
    if (request->batch)
        tw_batch_put(request->batch);
    if (request->has_file)
        close(request->file_fd);
    request->has_file = false;
    atomic_fetch_sub(&http->active_n, 1);
    twi_scope_unref(request->who.scope);
    request->who.scope = NULL;
    // One that grew with a large body gives its memory back.
    if (request->body.cap_bytes + request->out.cap_bytes + request->arena.total_bytes >
        KEEP_BYTES) {
        free_request(request);
        return;
    }
    tw_arena arena = request->arena;
    tw_buf body = request->body, out = request->out;
    tw_arena_reset(&arena);
    tw_buf_reset(&body);
    tw_buf_reset(&out);
    *request = (twi_request){.http = http, .arena = arena, .body = body, .out = out};
    pthread_mutex_lock(&http->pool_lock);
    request->next = http->pool;
    http->pool = request;
    pthread_mutex_unlock(&http->pool_lock);
}

tw_json_parser *twi_parser_get(tw_http *http)
{
    pthread_mutex_lock(&http->pool_lock);
    twi_parser_slot *slot = http->parsers;
    if (slot)
        http->parsers = slot->next;
    pthread_mutex_unlock(&http->pool_lock);
    tw_json_parser *parser = NULL;
    if (slot) {
        parser = slot->parser;
        tw_delete(http->alloc, slot);
    } else if (tw_json_parser_new(http->alloc, http->intake, &parser) != TW_OK) {
        return NULL;
    }
    return parser;
}

void twi_parser_put(tw_http *http, tw_json_parser *parser)
{
    twi_parser_slot *slot = tw_new(http->alloc, twi_parser_slot);
    if (!slot) {
        tw_json_parser_free(parser);
        return;
    }
    slot->parser = parser;
    pthread_mutex_lock(&http->pool_lock);
    slot->next = http->parsers;
    http->parsers = slot;
    pthread_mutex_unlock(&http->pool_lock);
}

void twi_request_pool_release(tw_http *http)
{
    for (twi_request *request = http->pool; request;) {
        twi_request *next = request->next;
        free_request(request);
        request = next;
    }
    for (twi_parser_slot *slot = http->parsers; slot;) {
        twi_parser_slot *next = slot->next;
        tw_json_parser_free(slot->parser);
        tw_delete(http->alloc, slot);
        slot = next;
    }
    http->pool = NULL;
    http->parsers = NULL;
}

const char *twi_request_header(const twi_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *twi_request_argument(const twi_request *request, const char *name)
{
    const char *text =
        MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
    twi_request *own; // const for the caller: what it sees does not change, the arena does
    memcpy(&own, &request, sizeof(own));
    char *plain = text ? tw_arena_copy(&own->arena, text, strlen(text)) : NULL;
    if (!plain)
        return NULL;
    // As forms and URLSearchParams write them: the server keeps the escapes (keep_escapes).
    for (char *c = plain; *c; c++)
        *c = *c == '+' ? ' ' : *c;
    MHD_http_unescape(plain);
    // What is no text finds nothing; it must not count as absent.
    tw_str value = tw_str_is_utf8(tw_str_from(plain)) ? tw_str_from(plain) : tw_str_from(text);
    return twi_alias_resolve(own, value).at;
}
