// SPDX-License-Identifier: Apache-2.0
//
// The daemon: listening, the life of requests between libmicrohttpd's callbacks, and the end.
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "account.h"
#include "alias.h"
#include "intake_log.h"
#include "learning.h"
#include "people.h"

enum {
    HTTP_THREADS = 2,
    QUERY_THREADS = 2,
    CONNECTIONS_MAX = 4096,
    IDLE_S = 75,
};

// --- requests
// --------------------------------------------------------------------------------------------------

static void *announce(void *cls, const char *uri, struct MHD_Connection *connection)
{
    (void)uri;
    twi_request *request = twi_request_get(cls);
    if (request)
        request->connection = connection;
    return request;
}

static void finish(void *cls, struct MHD_Connection *connection, void **con_cls,
                   enum MHD_RequestTerminationCode code)
{
    (void)cls;
    (void)connection;
    (void)code;
    if (*con_cls)
        twi_request_put(*con_cls);
    *con_cls = NULL;
}

// The headers are here: is there such a route, and may the caller use it? A reply ends the matter
// before the body is read.
static void admit(twi_request *request)
{
    bool path_known = false;
    request->route = twi_route_find(request, &path_known);
    if (atomic_load(&request->http->is_stopping) && request->route && request->route->right)
        twi_problem(request, 503, NULL, "The server is stopping");
    else if (!request->route && path_known)
        twi_problem(request, 405, NULL, "%.10s is not possible here", request->method);
    else if (!request->route)
        twi_problem(request, 404, NULL, "There is no \"%.100s\" here", request->path);
    else if (twi_access_check(request)) {
        for (size_t i = 0; i < TWI_PARAMS_MAX; i++)
            request->params[i] = twi_alias_resolve(request, request->params[i]);
    }
}

static enum MHD_Result receive(twi_request *request, const char *data, size_t *bytes)
{
    // The rest of a body that was refused already is read and dropped.
    if (request->status == 0 && request->route->takes_body) {
        tw_buf_put(&request->body, data, *bytes);
        if (request->body.status == TW_LIMIT)
            twi_problem(request, 413, NULL, "The body is larger than %d MiB; send it in parts",
                        TW_BODY_MAX_BYTES >> 20);
        else if (request->body.status != TW_OK)
            twi_problem_err(request, request->body.status, NULL);
    }
    *bytes = 0;
    return MHD_YES;
}

// The whole request is here. True with the connection suspended: the request belongs to others then
// and must not be looked at. False with the reply ready.
static bool run(twi_request *request)
{
    if (request->route->takes_body && !twi_body_decode(request))
        return false;
    if (request->route->lane == TWI_LANE_NONE) {
        request->route->handler(request);
        return request->phase == TWI_RUNNING;
    }
    if (twi_workers_submit(request))
        return true;
    twi_problem(request, 503, NULL, "Too many requests are waiting; try again in a second");
    return false;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *data_bytes, void **con_cls)
{
    (void)cls;
    (void)connection;
    (void)version;
    twi_request *request = *con_cls;
    if (!request)
        return MHD_NO; // out of memory when it was announced
    if (!request->method) {
        request->method = method;
        request->path = url;
        atomic_fetch_add(&request->http->request_n, 1);
        admit(request);
        return MHD_YES;
    }
    if (*data_bytes)
        return receive(request, data, data_bytes);
    if (request->phase == TWI_RECEIVING && request->status == 0) {
        if (run(request))
            return MHD_YES;
    } else if (request->phase == TWI_RUNNING && !(request->batch && twi_facts_continue(request))) {
        return MHD_YES; // suspended: the next batch is on its way
    }
    return twi_reply_send(request);
}

// libmicrohttpd would turn "+" and "%2F" of paths into other paths; routes decode their own parts.
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

// --- listening
// -----------------------------------------------------------------------------------------------------

typedef union listen_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
} listen_address;

static tw_status parse_listen(const char *listen, listen_address *out, char host[80], bool *is_v6,
                              tw_err *err)
{
    const char *colon = strrchr(listen, ':');
    size_t host_n = colon ? (size_t)(colon - listen) : 0;
    int64_t port = -1;
    if (!colon || host_n >= 80 || !tw_str_to_i64(tw_str_from(colon + 1), &port) || port < 0 ||
        port > 65535)
        return tw_fail(err, TW_INVALID,
                       "cannot listen on \"%.60s\"; use an address such as 127.0.0.1:8080", listen);
    bool bracketed = host_n >= 2 && listen[0] == '[' && listen[host_n - 1] == ']';
    tw_str name = bracketed ? (tw_str){listen + 1, host_n - 2} : (tw_str){listen, host_n};
    tw_str_copy(name, host, 80);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host[0] ? host : NULL, colon + 1, &hints, &found) != 0 || !found)
        return tw_fail(err, TW_INVALID, "the host of \"%.60s\" is unknown", listen);
    memset(out, 0, sizeof(*out));
    memcpy(out, found->ai_addr, TW_MIN((size_t)found->ai_addrlen, sizeof(*out)));
    *is_v6 = found->ai_family == AF_INET6;
    freeaddrinfo(found);
    return TW_OK;
}

static tw_status start_daemon(tw_http *http, const tw_http_options *options, tw_err *err)
{
    listen_address address;
    char host[80] = "";
    bool is_v6 = false;
    TW_TRY(parse_listen(options->listen, &address, host, &is_v6, err));
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
    errno = 0;
    http->daemon = MHD_start_daemon(
        flags | (is_v6 ? MHD_USE_IPv6 : 0U), 0, NULL, NULL, handle, http, MHD_OPTION_SOCK_ADDR,
        &address.any, MHD_OPTION_URI_LOG_CALLBACK, announce, http, MHD_OPTION_NOTIFY_COMPLETED,
        finish, http, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_THREAD_POOL_SIZE,
        options->http_threads ? options->http_threads : HTTP_THREADS, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)65536,
        MHD_OPTION_END);
    if (!http->daemon)
        return tw_fail_errno(err, "cannot listen on %.60s", options->listen);
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
    const char *shown = host[0] ? host : "127.0.0.1";
    snprintf(http->url, sizeof(http->url), is_v6 ? "http://[%s]:%u" : "http://%s:%u", shown,
             info ? (unsigned)info->port : 0U);
    return TW_OK;
}

// --- life
// ----------------------------------------------------------------------------------------------------------

static void locks_init(tw_http *http)
{
    pthread_mutex_init(&http->pool_lock, NULL);
    pthread_mutex_init(&http->access_lock, NULL);
    pthread_mutex_init(&http->attempt_lock, NULL);
    pthread_mutex_init(&http->users_lock, NULL);
    pthread_mutex_init(&http->stream_lock, NULL);
    pthread_mutex_init(&http->config_lock, NULL);
    pthread_mutex_init(&http->storage_lock, NULL);
    twi_workers_init(http);
}

static void locks_release(tw_http *http)
{
    pthread_mutex_destroy(&http->pool_lock);
    pthread_mutex_destroy(&http->access_lock);
    pthread_mutex_destroy(&http->attempt_lock);
    pthread_mutex_destroy(&http->users_lock);
    pthread_mutex_destroy(&http->stream_lock);
    pthread_mutex_destroy(&http->config_lock);
    pthread_mutex_destroy(&http->storage_lock);
    twi_workers_release(http);
}

// Access: what of the options decides who comes in.
static tw_status take_access(tw_http *http, const tw_http_options *options, tw_err *err)
{
    static const char https[] = "https://";
    const char *url = options->public_url ? options->public_url : "";
    http->access = options->access;
    http->password = options->password;
    http->identity = options->identity;
    http->trusts_proxy = options->trusts_proxy;
    http->is_secure = strncmp(url, https, sizeof(https) - 1) == 0;
    memcpy(http->alias_key, options->alias_key, sizeof(http->alias_key));
    if (strlen(url) >= sizeof(http->public_url))
        return tw_fail(err, TW_LIMIT, "the public URL is too long");
    memcpy(http->public_url, url, strlen(url) + 1);
    if (!http->password)
        return TW_OK;
    // Verified in place of the hash of an account that does not exist; nobody knows its password.
    uint8_t raw[16];
    char hex[2 * sizeof(raw) + 1];
    TW_TRY(tw_random_bytes(raw, sizeof(raw)));
    return tw_password_hash(http->password, tw_str_from(tw_hex(raw, sizeof(raw), hex)),
                            http->nobody_password, err);
}

tw_status tw_http_start(const tw_http_options *options, tw_http **out, tw_err *err)
{
    const tw_alloc *alloc = options->alloc ? options->alloc : tw_alloc_system();
    *out = NULL;
    tw_http *http = tw_new(alloc, tw_http);
    if (!http)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the server");
    http->alloc = alloc;
    http->clock = options->clock ? options->clock : tw_clock_system();
    http->service = options->service;
    http->intake = options->intake;
    http->lake = options->lake;
    tw_str_copy(tw_str_from(options->lake_out_dir), http->lake_out_dir, sizeof(http->lake_out_dir));
    http->reporter = options->reporter;
    tw_str_copy(tw_str_from(options->data_dir), http->data_dir, sizeof(http->data_dir));
    locks_init(http);
    twi_alias_start(http);
    unsigned query_threads = options->query_threads ? options->query_threads : QUERY_THREADS;
    tw_status status = take_access(http, options, err);
    if (status == TW_OK)
        status = twi_backtests_new(http, err);
    if (status == TW_OK)
        status = twi_intake_log_new(http, err);
    if (status == TW_OK)
        status = twi_workers_start(http, query_threads, err);
    if (status == TW_OK)
        status = twi_streams_start(http, err);
    if (status == TW_OK)
        status = start_daemon(http, options, err);
    if (status != TW_OK) {
        tw_http_stop(http);
        return status;
    }
    twi_people_start(http);
    *out = http;
    return TW_OK;
}

const char *tw_http_url(const tw_http *http)
{
    return http->url;
}

static void wait_for_requests(tw_http *http)
{
    // Requests end by themselves: their batches are completed by the service, which is still open.
    // Idle connections have no request; a client that stalls in a body is cut off by the daemon.
    enum { LONGEST_MS = 10000, STEP_MS = 5 };
    struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    for (int waited = 0; atomic_load(&http->active_n) > 0 && waited < LONGEST_MS; waited += STEP_MS)
        nanosleep(&step, NULL);
}

void tw_http_stop(tw_http *http)
{
    if (!http)
        return;
    MHD_socket listening = http->daemon ? MHD_quiesce_daemon(http->daemon) : MHD_INVALID_SOCKET;
    atomic_store(&http->is_stopping, true);
    twi_people_stop(http);
    tw_lake_live_stop(http->lake); // questions that run end at once
    twi_streams_stop(http);
    wait_for_requests(http);
    twi_workers_stop(http);
    if (http->daemon)
        MHD_stop_daemon(http->daemon);
    if (listening != MHD_INVALID_SOCKET)
        close(listening);
    twi_backtests_free(http);
    twi_intake_log_free(http);
    twi_request_pool_release(http);
    twi_access_forget(http);
    twi_alias_stop(http);
    locks_release(http);
    tw_delete(http->alloc, http);
}
