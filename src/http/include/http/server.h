// SPDX-License-Identifier: Apache-2.0
//
// The HTTP server: api/openapi.yaml over a service, the live stream, and the embedded portal.
//
// Threads: libmicrohttpd's own threads read requests, parse facts and submit them; they never wait
// for the service. A request for what is stored runs on a small pool of query threads; one thread
// feeds the live streams. Handlers of a connection never run at the same time.
#ifndef TW_HTTP_SERVER_H
#define TW_HTTP_SERVER_H

#include "intake/options.h"
#include "port/access.h"
#include "port/identity.h"
#include "port/password.h"
#include "service/lake_live.h"
#include "service/service.h"

typedef struct tw_http tw_http;

// All pointers are borrowed and outlive the server.
typedef struct tw_http_options {
    const tw_alloc *alloc; // NULL = system
    const tw_clock *clock; // NULL = system
    tw_service *service;
    const tw_access *access;            // accounts, tokens, sessions
    const tw_password *password;        // NULL = nobody signs in with a password
    const tw_identity *identity;        // the organisation's provider; NULL = none
    const tw_intake_options *intake;    // zones, currency, card key
    uint8_t alias_key[TW_SHA256_BYTES]; // of the pseudonyms
    const char *public_url; // "https://loss.example.com": what browsers see; NULL = what they ask
    bool trusts_proxy;      // X-Forwarded-For tells the client's address
    const char *listen;     // "127.0.0.1:8080", "[::1]:0", "localhost:8080"; port 0 = any free one
    tw_lake_live *lake;     // for search, SQL and the pages of entities; NULL = there is none
    struct tw_reporter *reporter; // of service/report.h; NULL = nothing is mailed
    const char *data_dir;         // whose size GET /v1/data tells; NULL = unknown
    const char *lake_out_dir;     // a folder that the lake may write to, for exports on their way
    unsigned http_threads;        // 0 = 2
    unsigned query_threads;       // 0 = 2
} tw_http_options;

// Starts to listen. TW_INVALID for a bad address, TW_IO when the port is taken; *err says which.
tw_status tw_http_start(const tw_http_options *options, tw_http **out, tw_err *err) TW_MUST_CHECK;
// "http://127.0.0.1:8080", of the port that was really taken; lives as long as the server.
const char *tw_http_url(const tw_http *http);
// Stops to accept, ends the streams, waits for the requests that run (their facts are journaled and
// answered), and frees. NULL is allowed. The service must still be open.
void tw_http_stop(tw_http *http);

#endif
