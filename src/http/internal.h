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
#include "base/table.h"
#include "http/access.h"
#include "http/server.h"
#include "intake/json.h"
#include "service/events.h"
#include "service/lake_live.h"
#include "service/query.h"

enum {
    TWI_QUERY_QUEUE = 256,  // requests that may wait for a query thread
    TWI_LAKE_QUEUE = 32,    // requests that may wait for a thread of the lake
    TWI_ACCESS_CACHE = 256, // tokens and sessions remembered
    TWI_STREAMS_MAX = 256,  // live streams
    TWI_TOLD_MAX = 16,      // pseudonyms of a request that its reply must not resolve
    TWI_PARAMS_MAX = 2,     // variable parts of a path
    TWI_PATH_BYTES = 4096,
};

typedef struct twi_request twi_request;
typedef struct twi_route twi_route;
typedef void twi_handler(twi_request *request);

// Who asks. A copy that outlives the request must take its own reference to the scope.
typedef struct twi_principal {
    char user[TW_ID_MAX_BYTES + 1]; // who acts: a user id, or "token:" and the token's name
    uint8_t hash[TW_SHA256_BYTES];  // of the secret that was shown
    uint32_t rights;                // TW_RIGHT_ bits
    bool by_cookie, is_user;
    struct twi_scope *scope; // stores (scope.h); NULL = all
} twi_principal;

// Beside the rights of a route: also not for those whose access is limited to some stores.
#define TWI_CHAIN_WIDE (UINT32_C(1) << 31)
// In place of rights: whoever is signed in or has a token.
#define TWI_ANYBODY (UINT32_C(1) << 30)

// Whose threads a route with is_query runs on.
typedef enum twi_lane {
    TWI_LANE_NONE,  // the HTTP thread itself: what never waits
    TWI_LANE_QUERY, // what the ledger, the journal or the engine tells
    TWI_LANE_PAGE,  // what asks the lake and answers within a second or two
    TWI_LANE_SQL,   // SQL of people, and exports
    TWI_LANE_N
} twi_lane;

struct twi_route {
    const char *method;
    const char *path; // "/v1/alerts/{}": {} is one variable part
    uint32_t right; // TW_RIGHT_ bits that it needs, all of them, and TWI_CHAIN_WIDE; 0 = nobody is
                    // asked
    twi_lane lane;  // threads that run it; false and true stand for NONE and QUERY
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
    tw_str told[TWI_TOLD_MAX]; // ids that pseudonyms of the request stood for
    char told_kinds[TWI_TOLD_MAX];
    size_t told_n;
    // The reply.
    unsigned status;
    const char *content_type;
    tw_str reply;
    const char *headers[8]; // name, value, ..., NULL
    size_t header_n;
    unsigned retry_s; // of Retry-After; 0 = 1
    bool reply_is_gzip;
    bool has_file; // the reply is this file's content; the server closes it
    int file_fd;
    uint64_t file_bytes;
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

// Threads that run handlers, and the requests that wait for one.
typedef struct twi_workers {
    tw_http *http;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    twi_request *head, *tail;
    size_t waiting_n, waiting_max;
    bool is_low; // priority
    pthread_t threads[16];
    unsigned thread_n;
} twi_workers;

// The data directory's parts on the disk; storage.c has their names.
enum { TWI_STORAGE_N = 7 };
typedef struct twi_storage {
    int64_t measured_ms;
    struct {
        uint64_t bytes, file_n;
    } parts[TWI_STORAGE_N];
    bool has_free;
    uint64_t free_bytes;
} twi_storage;

typedef struct twi_access_entry {
    twi_principal who; // holds a reference to its scope
    int64_t until_ms;  // forgotten then
} twi_access_entry;

struct tw_http {
    const tw_alloc *alloc;
    const tw_clock *clock;
    tw_service *service;
    const tw_access *access;
    const tw_password *password; // NULL = none
    const tw_identity *identity; // NULL = none
    const tw_intake_options *intake;
    uint8_t alias_key[TW_SHA256_BYTES];
    char public_url[256]; // "" = what the browser asks
    bool is_secure;       // browsers come by https
    bool trusts_proxy;
    char nobody_password[TW_PASSWORD_HASH_BYTES]; // of an account that does not exist
    struct MHD_Daemon *daemon;
    char url[128];
    atomic_bool is_stopping;
    atomic_uint active_n; // requests between announcement and completion, streams excluded
    atomic_ulong request_n, response_n[6]; // by hundreds of the status

    pthread_mutex_t pool_lock; // requests and parsers for reuse
    twi_request *pool;
    struct twi_parser_slot *parsers;

    pthread_mutex_t access_lock;
    twi_access_entry access_cache[TWI_ACCESS_CACHE];
    uint64_t access_round; // one more each time that the cache is emptied
    pthread_mutex_t attempt_lock;
    pthread_mutex_t users_lock; // changes of accounts that must see each other
    pthread_mutex_t alias_lock;
    tw_table alias_digits; // hash of kind and id -> digits of a pseudonym that is stored

    twi_workers lanes[TWI_LANE_N];
    tw_lake_live *lake;                // NULL = there is none
    char lake_out_dir[TWI_PATH_BYTES]; // for exports on their way
    atomic_ulong export_n;

    pthread_mutex_t stream_lock;
    twi_stream *streams;
    size_t stream_n;
    pthread_t stream_thread;
    bool has_stream_thread;

    struct tw_reporter *reporter; // NULL = nothing is mailed
    struct twi_backtests *backtests_own;
    struct twi_intake_log *intake_log_own;

    pthread_mutex_t config_lock;   // changes of signals and policy, each a version behind another
    char data_dir[TWI_PATH_BYTES]; // "" = unknown
    pthread_mutex_t storage_lock;
    twi_storage storage; // as measured last
};

// request.c
twi_request *twi_request_get(tw_http *http);
void twi_request_put(twi_request *request);
const char *twi_request_header(const twi_request *request, const char *name);
// With pseudonyms resolved.
const char *twi_request_argument(const twi_request *request, const char *name);
void twi_request_pool_release(tw_http *http);
tw_json_parser *twi_parser_get(tw_http *http);
void twi_parser_put(tw_http *http, tw_json_parser *parser);

// reply.c
void twi_reply(twi_request *request, unsigned status, const char *content_type, tw_str body);
void twi_reply_header(twi_request *request, const char *name, const char *value);
// Serialises and answers; the document is freed.
void twi_reply_json(twi_request *request, unsigned status, yyjson_mut_doc *doc);
// The same as problem+json, for problems that say more than a sentence.
void twi_reply_problem(twi_request *request, unsigned status, yyjson_mut_doc *doc);
// problem+json with a sentence; field may be NULL.
void twi_problem(twi_request *request, unsigned status, const char *field, const char *format, ...)
    TW_PRINTF(4, 5);
// A reply that is what the open file holds; takes the descriptor.
void twi_reply_file(twi_request *request, const char *content_type, int fd, uint64_t bytes);
// twi_problem for a failed call.
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

// session.c
void twi_handle_sign_in(twi_request *request);
void twi_handle_sign_in_link(twi_request *request);
void twi_handle_session_create(twi_request *request);
void twi_handle_session_get(twi_request *request);
void twi_handle_session_change(twi_request *request);
void twi_handle_session_delete(twi_request *request);
void twi_handle_password_change(twi_request *request);

// oidc.c
void twi_handle_oidc_start(twi_request *request);
void twi_handle_oidc_callback(twi_request *request);

// tokens.c
void twi_handle_token_list(twi_request *request);
void twi_handle_token_create(twi_request *request);
void twi_handle_token_revoke(twi_request *request);

// users.c
void twi_handle_people(twi_request *request);
void twi_handle_user_list(twi_request *request);
void twi_handle_user_create(twi_request *request);
void twi_handle_user(twi_request *request);
void twi_handle_user_change(twi_request *request);
void twi_handle_user_link(twi_request *request);

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
void twi_json_alert_brief(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_alert_view *alert);
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
void twi_handle_catalogue(twi_request *request);
void twi_handle_summary(twi_request *request);
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
void twi_workers_init(tw_http *http);
void twi_workers_release(tw_http *http);
tw_status twi_workers_start(tw_http *http, unsigned query_threads, tw_err *err);
void twi_workers_stop(tw_http *http);
// Suspends the connection and hands the request to a thread of its route's lane; false when the
// queue is full.
bool twi_workers_submit(twi_request *request);

// stream.c
void twi_handle_events(twi_request *request);
tw_status twi_streams_start(tw_http *http, tw_err *err);
void twi_streams_stop(tw_http *http);
enum MHD_Result twi_stream_send(twi_request *request);

#endif
