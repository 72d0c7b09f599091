// SPDX-License-Identifier: Apache-2.0
//
// Live streams (server-sent events). One thread waits for events and, once a second, for the
// figures; it writes frames into each stream's buffer and resumes the connections that have
// something to read. The HTTP thread only copies bytes out and suspends again, so that a slow
// reader costs nobody else.
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

enum {
    FRAMES_MAX_BYTES =
        4 << 20, // a reader that lags by more is cut off and resumes by Last-Event-ID
    EVENTS_AT_ONCE = 64,
    COMMENT_EVERY_S = 15,
};

struct twi_stream {
    tw_http *http;
    twi_stream *next;
    struct MHD_Connection *connection;
    tw_buf frames; // under the server's stream_lock
    size_t sent;   // of frames
    uint64_t after;
    bool is_suspended, is_over;
};

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
    tw_buf_release(&stream->frames);
    tw_delete(http->alloc, stream);
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
    tw_buf_release(&stream->frames);
    tw_delete(http->alloc, stream);
    twi_problem(request, 503, NULL, "Too many live streams are open; close a tab");
}

// --- the writer's side
// -----------------------------------------------------------------------------------------

typedef struct frame_maker {
    tw_http *http;
    twi_request scratch; // lends its arena to the JSON helpers
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

// The frame of one event; nothing when its alert cannot be read.
static void make_event(frame_maker *maker, const tw_event *event, tw_buf *out)
{
    tw_arena_reset(&maker->scratch.arena);
    yyjson_mut_doc *doc = twi_json_doc(&maker->scratch);
    if (!doc)
        return;
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    if (event->kind == TW_EVENT_VERDICT) {
        put_verdict(doc, root, event);
        put_frame(out, "verdict", event->id, doc);
        return;
    }
    tw_alert_view alert;
    if (tw_query_alert(maker->http->service, tw_str_from(event->alert_id), &maker->scratch.arena,
                       &alert) != TW_OK)
        return;
    twi_json_alert(doc, root, &alert);
    put_frame(out, "alert", event->id, doc);
}

static void make_stats(frame_maker *maker, tw_buf *out)
{
    tw_summary summary;
    tw_arena_reset(&maker->scratch.arena);
    if (tw_query_summary(maker->http->service, &maker->scratch.arena, &summary) != TW_OK)
        return;
    yyjson_mut_doc *doc = twi_json_doc(&maker->scratch);
    if (!doc)
        return;
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    twi_json_summary(doc, root, &summary);
    put_frame(out, "stats", 0, doc);
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

// Gives every stream the events that it has not seen; streams that are level share the frames.
static void deliver_events(frame_maker *maker, tw_buf *frames)
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
            tw_buf_reset(frames);
            make_event(maker, &events[i], frames);
            pthread_mutex_lock(&http->stream_lock);
            for (twi_stream *stream = http->streams; stream; stream = stream->next) {
                if (stream->after >= events[i].id)
                    continue;
                stream->after = events[i].id;
                deliver(stream, frames);
            }
            pthread_mutex_unlock(&http->stream_lock);
        }
    }
}

static void deliver_all(tw_http *http, const tw_buf *frames)
{
    pthread_mutex_lock(&http->stream_lock);
    for (twi_stream *stream = http->streams; stream; stream = stream->next)
        deliver(stream, frames);
    pthread_mutex_unlock(&http->stream_lock);
}

static bool has_streams(tw_http *http)
{
    pthread_mutex_lock(&http->stream_lock);
    bool any = http->stream_n > 0;
    pthread_mutex_unlock(&http->stream_lock);
    return any;
}

static void *feed(void *arg)
{
    enum { STATS_MS = 1000 };
    tw_http *http = arg;
    frame_maker maker = {.http = http, .scratch.http = http};
    tw_buf frames;
    tw_arena_init(&maker.scratch.arena, http->alloc, 64 << 10, 64 << 20);
    tw_buf_init(&frames, http->alloc, FRAMES_MAX_BYTES);
    uint64_t seen = tw_events_newest(http->service), stats_ns = tw_monotonic_ns();
    for (unsigned ticks = 0; !atomic_load(&http->is_stopping);) {
        uint64_t elapsed_ms = (tw_monotonic_ns() - stats_ns) / 1000000;
        int wait_ms = elapsed_ms < STATS_MS ? (int)(STATS_MS - elapsed_ms) : 0;
        seen = tw_events_wait(http->service, seen, wait_ms);
        if (has_streams(http))
            deliver_events(&maker, &frames);
        if ((tw_monotonic_ns() - stats_ns) / 1000000 < STATS_MS)
            continue;
        stats_ns = tw_monotonic_ns();
        tw_buf_reset(&frames);
        if (has_streams(http))
            make_stats(&maker, &frames);
        if (++ticks % COMMENT_EVERY_S == 0)
            tw_buf_cstr(&frames, ": still here\n\n");
        deliver_all(http, &frames);
    }
    tw_buf_release(&frames);
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
