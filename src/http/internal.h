// SPDX-License-Identifier: Apache-2.0
//
// Inside the HTTP server. Only files of src/http include this.
//
// Life of a request: libmicrohttpd announces it (twi_request_get), delivers the body in pieces
// (twi_request_receive), then it is authorised and its route's handler runs: at once on the HTTP
// thread (facts, portal, probes) or on a query thread while the connection is suspended. A handler
// ends by filling the reply; sending it and giving the request back is the server's.
#ifndef TWI_HTTP_INTERNAL_H
#define TWI_HTTP_INTERNAL_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <yyjson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "http/access.h"
#include "http/server.h"
#include "intake/json.h"
#include "service/events.h"
#include "service/query.h"

enum {
    TWI_QUERY_QUEUE = 256,  // requests that may wait for a query thread
    TWI_ACCESS_CACHE = 256, // tokens and sessions remembered
    TWI_STREAMS_MAX = 256,  // live streams
    TWI_PARAMS_MAX = 2,     // variable parts of a path
};

typedef struct twi_request twi_request;
typedef struct twi_route twi_route;
typedef void twi_handler(twi_request *request);

typedef struct twi_principal {
    char user[64];
    uint32_t rights; // TW_RIGHT_ bits
    bool by_cookie;
} twi_principal;

struct twi_route {
    const char *method;
    const char *path; // "/v1/alerts/{}": {} is one variable part
    uint32_t right;   // TW_RIGHT_ bit that it needs; 0 = nobody is asked
    bool is_query;    // runs on a query thread
    bool takes_body;
    twi_handler *handler;
};

typedef enum twi_phase { TWI_RECEIVING, TWI_RUNNING, TWI_READY } twi_phase;

typedef struct twi_stream twi_stream;
typedef struct twi_reject_note twi_reject_note; // of facts.c

struct twi_request {
    tw_http *http;
    twi_request *next; // in the pool or the query queue
    struct MHD_Connection *connection;
    tw_arena arena;
    tw_buf body;
    _Atomic twi_phase phase; // a query thread ends it
    const char *method, *path;
    const twi_route *route;
    tw_str params[TWI_PARAMS_MAX];
    twi_principal who;
    // The reply.
    unsigned status;
    const char *content_type;
    tw_str reply;
    const char *headers[8]; // name, value, ..., NULL
    size_t header_n;
    bool reply_is_gzip;
    twi_stream *stream; // the reply is this live stream
    // Facts that are being taken in.
    tw_batch *batch;
    tw_fact_kind fact_kind;
    bool is_ndjson;
    tw_str rest; // lines that are not parsed yet
    uint64_t line;
    twi_reject_note *notes, *last_note;
    tw_buf out; // NDJSON replies so far
    uint64_t accepted_n, duplicate_n, rejected_n;
    yyjson_mut_doc *problems_doc; // of the first rejected lines, for counted replies
    yyjson_mut_val *problems;
};

typedef struct twi_access_entry {
    uint8_t hash[TW_SHA256_BYTES];
    twi_principal who;
    int64_t until_ms; // forgotten then
} twi_access_entry;

struct tw_http {
    const tw_alloc *alloc;
    const tw_clock *clock;
    tw_service *service;
    const tw_ledger *ledger;
    const tw_intake_options *intake;
    struct MHD_Daemon *daemon;
    char url[128];
    atomic_bool is_stopping;
    atomic_uint active_n; // requests between announcement and completion, streams excluded
    atomic_ulong request_n, response_n[6]; // by hundreds of the status

    pthread_mutex_t pool_lock; // requests and parsers for reuse
    twi_request *pool;
    struct twi_parser_slot *parsers;

    pthread_mutex_t access_lock;
    twi_access_entry access[TWI_ACCESS_CACHE];
    unsigned failed_links; // within the minute that began at failed_since_ms
    int64_t failed_since_ms;

    pthread_mutex_t queue_lock; // query threads
    pthread_cond_t queue_filled;
    twi_request *queue_head, *queue_tail;
    size_t queue_n;
    pthread_t query_threads[16];
    unsigned query_thread_n;

    pthread_mutex_t stream_lock;
    twi_stream *streams;
    size_t stream_n;
    pthread_t stream_thread;
    bool has_stream_thread;

    struct twi_backtests *backtests_own;
};

// request.c
twi_request *twi_request_get(tw_http *http);
void twi_request_put(twi_request *request);
const char *twi_request_header(const twi_request *request, const char *name);
const char *twi_request_argument(const twi_request *request, const char *name);
void twi_request_pool_release(tw_http *http);
tw_json_parser *twi_parser_get(tw_http *http);
void twi_parser_put(tw_http *http, tw_json_parser *parser);

// reply.c
void twi_reply(twi_request *request, unsigned status, const char *content_type, tw_str body);
void twi_reply_header(twi_request *request, const char *name, const char *value);
// Serialises and answers; the document is freed.
void twi_reply_json(twi_request *request, unsigned status, yyjson_mut_doc *doc);
// problem+json with a sentence; field may be NULL.
void twi_problem(twi_request *request, unsigned status, const char *field, const char *format, ...)
    TW_PRINTF(4, 5);
// The same for a failed call.
void twi_problem_err(twi_request *request, tw_status status, const tw_err *err);
const char *twi_status_title(unsigned status);
// Begins a JSON reply to a call that gave `status`: true with a document and its root object; false
// after answering with the problem when the call failed or memory ran out.
bool twi_json_begin(twi_request *request, tw_status status, const tw_err *err, yyjson_mut_doc **doc,
                    yyjson_mut_val **root);
// Queues the reply at libmicrohttpd.
enum MHD_Result twi_reply_send(twi_request *request);

// json.c: documents live in the request's arena. Keys are static.
yyjson_mut_doc *twi_json_doc(twi_request *request);
void twi_json_str(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, tw_str s);
void twi_json_str_or_null(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, tw_str s);
void twi_json_cstr(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const char *s);
void twi_json_num(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
                  double v); // NaN = null
void twi_json_share(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
                    float v); // float's shortest text
void twi_json_uint(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, uint64_t v);
void twi_json_bool(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, bool v);
void twi_json_null(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key);
void twi_json_money(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t minor,
                    const char currency[4]);
void twi_json_time(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t ms,
                   int16_t offset_min);
void twi_json_date(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int32_t day);
// {k, n, value, low, high}
void twi_json_share_of(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
                       const tw_share *share);
yyjson_mut_val *twi_json_array(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key);
yyjson_mut_val *twi_json_object(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key);

// route.c
const twi_route *twi_route_find(twi_request *request, bool *path_known);

// access.c
// Fills request->who; answers 401 or 403 and returns false when the route is not for the caller.
bool twi_access_check(twi_request *request);
void twi_handle_session_create(twi_request *request);
void twi_handle_session_get(twi_request *request);
void twi_handle_session_delete(twi_request *request);
void twi_handle_token_list(twi_request *request);
void twi_handle_token_create(twi_request *request);
void twi_handle_token_revoke(twi_request *request);

// body.c: decompresses in place. Answers and returns false when it cannot.
bool twi_body_decode(twi_request *request);
// The media type without parameters equals `type`.
bool twi_body_is(const twi_request *request, const char *type);
// The body as a JSON object, or NULL after answering.
yyjson_doc *twi_body_json(twi_request *request);

// facts.c
void twi_handle_transactions(twi_request *request);
void twi_handle_movements(twi_request *request);
void twi_handle_shifts(twi_request *request);
void twi_handle_score(twi_request *request);
// Goes on after a batch has completed; true when the reply is ready.
bool twi_facts_continue(twi_request *request);

// alerts.c
void twi_handle_alert_list(twi_request *request);
void twi_handle_alert(twi_request *request);
void twi_handle_verdict(twi_request *request);
void twi_handle_verdict_reasons(twi_request *request);
void twi_json_alert(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_alert_view *alert);
void twi_json_alert_array(yyjson_mut_doc *doc, yyjson_mut_val *array, const tw_alert_list *list);

// entities.c
void twi_handle_transaction(twi_request *request);
void twi_handle_employee(twi_request *request);
void twi_handle_store_list(twi_request *request);
void twi_handle_store(twi_request *request);
void twi_json_transaction(yyjson_mut_doc *doc, yyjson_mut_val *object,
                          const tw_transaction_view *view);
void twi_json_brief(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_transaction_view *view,
                    bool alerted);
void twi_json_measure(yyjson_mut_doc *doc, yyjson_mut_val *array, const tw_measure_view *measure);

// reference.c
void twi_handle_signals(twi_request *request);
void twi_handle_catalogue(twi_request *request);
void twi_handle_summary(twi_request *request);
void twi_handle_dead_letters(twi_request *request);
void twi_json_summary(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_summary *summary);
// limit and cursor of a list; answers 400 and returns false when they are out of range.
bool twi_query_limit(twi_request *request, uint32_t *limit);

// operation.c
void twi_handle_health(twi_request *request);
void twi_handle_ready(twi_request *request);
void twi_handle_metrics(twi_request *request);

// portal.c
void twi_handle_portal(twi_request *request);

// workers.c
tw_status twi_workers_start(tw_http *http, unsigned n, tw_err *err);
void twi_workers_stop(tw_http *http);
// Suspends the connection and hands the request to a query thread; false when the queue is full.
bool twi_workers_submit(twi_request *request);

// stream.c
void twi_handle_events(twi_request *request);
tw_status twi_streams_start(tw_http *http, tw_err *err);
void twi_streams_stop(tw_http *http);
enum MHD_Result twi_stream_send(twi_request *request);

#endif
