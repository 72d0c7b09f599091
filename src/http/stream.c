// SPDX-License-Identifier: Apache-2.0
//
// Live streams (server-sent events). One thread waits for events and, once a second, for the
// figures; it writes frames into each stream's buffer and resumes the connections that have
// something to read. The HTTP thread only copies bytes out and suspends again, so that a slow
// reader costs nobody else. Who reads sees the events of their stores, without names when they may
// not see them; the right to read is looked at again every few seconds.
#include <stdio.h>
#include <stdlib.h>

#include "account.h"
#include "alias.h"
#include "audit.h"
#include "scope.h"

enum {
    FRAMES_MAX_BYTES =
        4 << 20, // a reader that lags by more is cut off and resumes by Last-Event-ID
    EVENTS_AT_ONCE = 64,
    COMMENT_EVERY_S = 15,
    CHECK_EVERY_S = 5,
    EXPIRE_EVERY_S = 600,
};

struct twi_stream {
    tw_http *http;
    twi_stream *next;
    struct MHD_Connection *connection;
    tw_buf frames; // under the server's stream_lock
    size_t sent;   // of frames
    uint64_t after;
    twi_principal who; // holds a reference to its scope
    bool is_suspended, is_over;
};

static bool hides_names(const twi_stream *stream)
{
    return !(stream->who.rights & TW_RIGHT_NAMES);
}

static void stream_free(twi_stream *stream)
{
    twi_scope_unref(stream->who.scope);
    tw_buf_release(&stream->frames);
    tw_delete(stream->http->alloc, stream);
}

// --- the reader's side
// ---------------------------------------------------------------------------------------

static ssize_t read_frames(void *cls, uint64_t pos, char *out, size_t max)
{
    twi_stream *stream = cls;
    tw_http *http = stream->http;
    (void)pos;
    pthread_mutex_lock(&http->stream_lock);
    size_t left = stream->frames.bytes - stream->sent;
    size_t n = TW_MIN(left, max);
    ssize_t result = (ssize_t)n;
    if (n > 0) {
        memcpy(out, stream->frames.data_own + stream->sent, n);
        stream->sent += n;
    } else if (stream->is_over) {
        result = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        stream->is_suspended = true;
        MHD_suspend_connection(stream->connection);
    }
    if (stream->sent == stream->frames.bytes) {
        tw_buf_reset(&stream->frames);
        stream->sent = 0;
    }
    pthread_mutex_unlock(&http->stream_lock);
    return result;
}

// Called when libmicrohttpd lets go of the reply, at whatever point of the request's life.
static void leave(void *cls)
{
    twi_stream *stream = cls;
    tw_http *http = stream->http;
    pthread_mutex_lock(&http->stream_lock);
    for (twi_stream **at = &http->streams; *at; at = &(*at)->next) {
        if (*at == stream) {
            *at = stream->next;
            http->stream_n--;
            break;
        }
    }
    pthread_mutex_unlock(&http->stream_lock);
    stream_free(stream);
}

enum MHD_Result twi_stream_send(twi_request *request)
{
    enum { BLOCK_BYTES = 16 << 10 };
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_frames, request->stream, leave);
    if (!response) {
        leave(request->stream);
        return MHD_NO;
    }
    MHD_add_response_header(response, "Content-Type", "text/event-stream");
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Accel-Buffering", "no");
    atomic_fetch_add(&request->http->response_n[2], 1);
    enum MHD_Result result = MHD_queue_response(request->connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

void twi_handle_events(twi_request *request)
{
    tw_http *http = request->http;
    const char *last = twi_request_header(request, "Last-Event-ID");
    int64_t after = 0;
    twi_stream *stream = tw_new(http->alloc, twi_stream);
    if (!stream) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return;
    }
    uint64_t newest = tw_events_newest(http->service), oldest = tw_events_oldest(http->service);
    tw_buf_init(&stream->frames, http->alloc, FRAMES_MAX_BYTES);
    stream->http = http;
    stream->connection = request->connection;
    stream->after = newest;
    stream->who = request->who;
    twi_scope_ref(stream->who.scope);
    tw_buf_cstr(&stream->frames, "retry: 2000\n\n");
    if (last && tw_str_to_i64(tw_str_from(last), &after)) {
        bool is_kept = (uint64_t)after <= newest && (uint64_t)after + 1 >= oldest;
        if (is_kept)
            stream->after = (uint64_t)after;
        else
            tw_buf_cstr(&stream->frames, "event: reset\ndata: {}\n\n");
    }
    pthread_mutex_lock(&http->stream_lock);
    bool has_room = http->stream_n < TWI_STREAMS_MAX;
    if (has_room) {
        stream->next = http->streams;
        http->streams = stream;
        http->stream_n++;
        request->stream = stream;
    }
    pthread_mutex_unlock(&http->stream_lock);
    if (has_room)
        return;
    stream_free(stream);
    twi_problem(request, 503, NULL, "Too many live streams are open; close a tab");
}

// --- the writer's side
// -----------------------------------------------------------------------------------------

// One event as frames: as it is, and without names.
typedef struct event_frames {
    tw_buf plain, hidden;
    char store_id[TW_ID_MAX_BYTES + 1]; // "" = cannot be told: only for readers of all stores
} event_frames;

typedef struct frame_maker {
    tw_http *http;
    twi_request scratch; // lends its arena to the JSON helpers
    event_frames frames;
    tw_buf stats;
} frame_maker;

static void put_frame(tw_buf *out, const char *event, uint64_t id, yyjson_mut_doc *doc)
{
    yyjson_alc alc = doc->alc;
    size_t bytes = 0;
    char *text = yyjson_mut_write_opts(doc, YYJSON_WRITE_NOFLAG, &alc, &bytes, NULL);
    if (!text)
        return;
    if (id)
        tw_buf_printf(out, "id: %llu\n", (unsigned long long)id);
    tw_buf_printf(out, "event: %s\ndata: ", event);
    tw_buf_put(out, text, bytes);
    tw_buf_cstr(out, "\n\n");
}

static void put_verdict(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_event *event)
{
    twi_json_cstr(doc, root, "verdict_id", event->verdict_id);
    twi_json_str_or_null(doc, root, "alert_id", tw_str_from(event->alert_id));
    twi_json_str_or_null(doc, root, "transaction_id", tw_str_from(event->transaction_id));
    twi_json_cstr(doc, root, "verdict", tw_verdict_name(event->verdict));
    twi_json_cstr(doc, root, "reason", event->reason);
    twi_json_str_or_null(doc, root, "status", tw_str_from(event->status));
    twi_json_time(doc, root, "decided_at", event->decided_ms, 0);
}

static yyjson_mut_doc *new_doc(frame_maker *maker)
{
    yyjson_mut_doc *doc = twi_json_doc(&maker->scratch);
    if (doc)
        yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
    return doc;
}

// The frames of one event; empty when its alert cannot be read.
static void make_event(frame_maker *maker, const tw_event *event)
{
    event_frames *out = &maker->frames;
    tw_alert_view alert = {.store_id = TW_STR_NONE};
    bool is_verdict = event->kind == TW_EVENT_VERDICT;
    tw_arena_reset(&maker->scratch.arena);
    tw_buf_reset(&out->plain);
    tw_buf_reset(&out->hidden);
    out->store_id[0] = '\0';
    tw_status status = TW_NOT_FOUND;
    if (event->alert_id[0])
        status = tw_query_alert(maker->http->service, tw_str_from(event->alert_id),
                                &maker->scratch.arena, &alert);
    if (status != TW_OK && !is_verdict)
        return;
    tw_str_copy(status == TW_OK ? alert.store_id : TW_STR_NONE, out->store_id,
                sizeof(out->store_id));
    yyjson_mut_doc *doc = new_doc(maker);
    if (!doc)
        return;
    if (is_verdict)
        put_verdict(doc, yyjson_mut_doc_get_root(doc), event);
    else
        twi_json_alert(doc, yyjson_mut_doc_get_root(doc), &alert);
    const char *name = is_verdict ? "verdict" : "alert";
    put_frame(&out->plain, name, event->id, doc);
    if (twi_alias_hide_doc(maker->http, &maker->scratch.arena, doc) == TW_OK)
        put_frame(&out->hidden, name, event->id, doc);
}

// The figures of some stores, NULL = of all.
static void make_stats(frame_maker *maker, const twi_scope *scope)
{
    tw_http *http = maker->http;
    tw_summary summary;
    tw_str_list stores;
    tw_arena_reset(&maker->scratch.arena);
    tw_buf_reset(&maker->stats);
    if (twi_scope_list(http, scope, &maker->scratch.arena, &stores) != TW_OK ||
        tw_query_summary_of(http->service, &stores, &maker->scratch.arena, &summary) != TW_OK)
        return;
    yyjson_mut_doc *doc = new_doc(maker);
    if (!doc)
        return;
    twi_json_summary(doc, yyjson_mut_doc_get_root(doc), &summary);
    put_frame(&maker->stats, "stats", 0, doc);
}

static void deliver(twi_stream *stream, const tw_buf *frames)
{
    if (frames->bytes)
        tw_buf_put(&stream->frames, frames->data_own, frames->bytes);
    if (stream->frames.status != TW_OK)
        stream->is_over = true;
    if (stream->is_suspended && (stream->frames.bytes > stream->sent || stream->is_over)) {
        stream->is_suspended = false;
        MHD_resume_connection(stream->connection);
    }
}

static void deliver_event(frame_maker *maker, const tw_event *event)
{
    tw_http *http = maker->http;
    const event_frames *frames = &maker->frames;
    tw_str store_id = tw_str_from(frames->store_id);
    pthread_mutex_lock(&http->stream_lock);
    for (twi_stream *stream = http->streams; stream; stream = stream->next) {
        if (stream->after >= event->id)
            continue;
        stream->after = event->id;
        if (!stream->who.scope || (store_id.bytes && twi_scope_allows(stream->who.scope, store_id)))
            deliver(stream, hides_names(stream) ? &frames->hidden : &frames->plain);
    }
    pthread_mutex_unlock(&http->stream_lock);
}

// Gives every stream the events that it has not seen; streams that are level share the frames.
static void deliver_events(frame_maker *maker)
{
    tw_http *http = maker->http;
    uint64_t newest = tw_events_newest(http->service);
    for (bool again = true; again;) {
        // The stream that is furthest behind decides what is made next.
        uint64_t after = newest;
        pthread_mutex_lock(&http->stream_lock);
        for (twi_stream *stream = http->streams; stream; stream = stream->next)
            after = TW_MIN(after, stream->after);
        pthread_mutex_unlock(&http->stream_lock);
        tw_event events[EVENTS_AT_ONCE];
        size_t n =
            after < newest ? tw_events_read(http->service, after, events, EVENTS_AT_ONCE) : 0;
        again = n == EVENTS_AT_ONCE;
        for (size_t i = 0; i < n; i++) {
            make_event(maker, &events[i]);
            deliver_event(maker, &events[i]);
        }
    }
}

// The scopes of the streams, each once and with a reference.
static size_t scopes_of(tw_http *http, twi_scope *out[TWI_STREAMS_MAX])
{
    size_t n = 0;
    pthread_mutex_lock(&http->stream_lock);
    for (twi_stream *stream = http->streams; stream; stream = stream->next) {
        size_t at = 0;
        while (at < n && !twi_scope_equal(out[at], stream->who.scope))
            at++;
        if (at == n) {
            twi_scope_ref(stream->who.scope);
            out[n++] = stream->who.scope;
        }
    }
    pthread_mutex_unlock(&http->stream_lock);
    return n;
}

static void deliver_stats(frame_maker *maker)
{
    tw_http *http = maker->http;
    twi_scope *scopes[TWI_STREAMS_MAX];
    size_t n = scopes_of(http, scopes);
    for (size_t i = 0; i < n; i++) {
        make_stats(maker, scopes[i]);
        pthread_mutex_lock(&http->stream_lock);
        for (twi_stream *stream = http->streams; stream; stream = stream->next)
            if (twi_scope_equal(stream->who.scope, scopes[i]))
                deliver(stream, &maker->stats);
        pthread_mutex_unlock(&http->stream_lock);
        twi_scope_unref(scopes[i]);
    }
}

static void deliver_comment(frame_maker *maker)
{
    tw_http *http = maker->http;
    tw_buf_reset(&maker->stats);
    tw_buf_cstr(&maker->stats, ": still here\n\n");
    pthread_mutex_lock(&http->stream_lock);
    for (twi_stream *stream = http->streams; stream; stream = stream->next)
        deliver(stream, &maker->stats);
    pthread_mutex_unlock(&http->stream_lock);
}

// Is this still somebody with the same rights and stores?
static bool is_still(frame_maker *maker, const twi_principal *who)
{
    twi_principal now;
    tw_arena_reset(&maker->scratch.arena);
    if (!twi_access_look_up(maker->http, &maker->scratch.arena, who->hash, who->by_cookie, false,
                            &now))
        return false;
    bool is_same = now.rights == who->rights && twi_scope_equal(now.scope, who->scope);
    twi_scope_unref(now.scope);
    return is_same;
}

static void end_streams_of(tw_http *http, const twi_principal *who)
{
    static const tw_buf nothing;
    pthread_mutex_lock(&http->stream_lock);
    for (twi_stream *stream = http->streams; stream; stream = stream->next) {
        if (memcmp(stream->who.hash, who->hash, TW_SHA256_BYTES) != 0 ||
            !twi_scope_equal(stream->who.scope, who->scope))
            continue;
        stream->is_over = true;
        deliver(stream, &nothing);
    }
    pthread_mutex_unlock(&http->stream_lock);
}

// Ends the streams whose reader was signed out or is another one now; their page asks anew.
static void end_strangers(frame_maker *maker)
{
    tw_http *http = maker->http;
    twi_principal readers[TWI_STREAMS_MAX];
    size_t n = 0;
    pthread_mutex_lock(&http->stream_lock);
    for (twi_stream *stream = http->streams; stream; stream = stream->next) {
        readers[n] = stream->who;
        twi_scope_ref(readers[n++].scope);
    }
    pthread_mutex_unlock(&http->stream_lock);
    for (size_t i = 0; i < n; i++) {
        if (!is_still(maker, &readers[i]))
            end_streams_of(http, &readers[i]);
        twi_scope_unref(readers[i].scope);
    }
}

static bool has_streams(tw_http *http)
{
    pthread_mutex_lock(&http->stream_lock);
    bool any = http->stream_n > 0;
    pthread_mutex_unlock(&http->stream_lock);
    return any;
}

static void tick(frame_maker *maker, unsigned ticks)
{
    deliver_stats(maker);
    if (ticks % CHECK_EVERY_S == 0)
        end_strangers(maker);
    if (ticks % COMMENT_EVERY_S == 0)
        deliver_comment(maker);
}

static void *feed(void *arg)
{
    enum { STATS_MS = 1000 };
    tw_http *http = arg;
    frame_maker maker = {.http = http, .scratch.http = http};
    tw_arena_init(&maker.scratch.arena, http->alloc, 64 << 10, 64 << 20);
    tw_buf_init(&maker.frames.plain, http->alloc, FRAMES_MAX_BYTES);
    tw_buf_init(&maker.frames.hidden, http->alloc, FRAMES_MAX_BYTES);
    tw_buf_init(&maker.stats, http->alloc, FRAMES_MAX_BYTES);
    uint64_t seen = tw_events_newest(http->service), stats_ns = tw_monotonic_ns();
    for (unsigned ticks = 0; !atomic_load(&http->is_stopping);) {
        uint64_t elapsed_ms = (tw_monotonic_ns() - stats_ns) / 1000000;
        int wait_ms = elapsed_ms < STATS_MS ? (int)(STATS_MS - elapsed_ms) : 0;
        seen = tw_events_wait(http->service, seen, wait_ms);
        if (has_streams(http))
            deliver_events(&maker);
        if ((tw_monotonic_ns() - stats_ns) / 1000000 < STATS_MS)
            continue;
        stats_ns = tw_monotonic_ns();
        ticks++;
        if (has_streams(http))
            tick(&maker, ticks);
        if (ticks % CHECK_EVERY_S == 1)
            twi_audit_collect(http, &maker.scratch.arena);
        // What expired in the store of accounts is only room; a failure is tried again.
        if (ticks % EXPIRE_EVERY_S == 1)
            (void)!tw_access_expire(http->access, twi_now_ms(http), NULL);
    }
    tw_buf_release(&maker.frames.plain);
    tw_buf_release(&maker.frames.hidden);
    tw_buf_release(&maker.stats);
    tw_arena_release(&maker.scratch.arena);
    return NULL;
}

tw_status twi_streams_start(tw_http *http, tw_err *err)
{
    if (pthread_create(&http->stream_thread, NULL, feed, http) != 0)
        return tw_fail_errno(err, "cannot start the stream thread");
    http->has_stream_thread = true;
    return TW_OK;
}

void twi_streams_stop(tw_http *http)
{
    if (http->has_stream_thread)
        pthread_join(http->stream_thread, NULL);
    http->has_stream_thread = false;
    pthread_mutex_lock(&http->stream_lock);
    for (twi_stream *stream = http->streams; stream; stream = stream->next) {
        stream->is_over = true;
        if (stream->is_suspended)
            MHD_resume_connection(stream->connection);
        stream->is_suspended = false;
    }
    pthread_mutex_unlock(&http->stream_lock);
}
