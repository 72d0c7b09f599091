// SPDX-License-Identifier: Apache-2.0
//
// Raw bytes of a client against the real server: libmicrohttpd's parser, routes, access, bodies and
// facts, over a service on the memory adapters. Whatever is sent, the server must answer with HTTP
// or close, and must still answer a probe afterwards.
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "adapter/memory.h"
#include "base/hash.h"
#include "http/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

// Corpus files carry this token.
static const char token[] = "tw_fuzz";

typedef struct target {
    tw_journal journal;
    tw_ledger ledger;
    tw_access access;
    tw_files files;
    tw_service *service;
    tw_intake_options intake;
    tw_http *http;
    uint16_t port;
} target;

static void add_token(const tw_access *access)
{
    tw_access_token row = {.token_id = TW_STR("T-fuzz"),
                           .name = TW_STR("fuzz"),
                           .rights = TW_STR("admin"),
                           .created_ms = 1};
    tw_sha256(token, strlen(token), row.hash);
    tw_status status = tw_access_token_put(access, &row, NULL);
    TW_CHECK(status == TW_OK);
}

static void start(target *t)
{
    const tw_alloc *alloc = tw_alloc_system();
    tw_err err = {0};
    tw_status status = tw_memory_journal_open(alloc, &t->journal, &err);
    TW_CHECK(status == TW_OK);
    status = tw_memory_ledger_open(alloc, &t->ledger, &err);
    TW_CHECK(status == TW_OK);
    status = tw_memory_files_open(alloc, &t->files, &err);
    TW_CHECK(status == TW_OK);
    status = tw_memory_access_open(alloc, &t->access, &err);
    TW_CHECK(status == TW_OK);
    add_token(&t->access);
    tw_service_options options = {.journal = &t->journal,
                                  .ledger = &t->ledger,
                                  .files = &t->files,
                                  .mode = TW_SERVICE_LIVE,
                                  .currency = "USD",
                                  .train_off = true};
    status = tw_service_open(&options, &t->service, &err);
    TW_CHECK(status == TW_OK);
    tw_http_options http = {
        .service = t->service, .access = &t->access, .intake = &t->intake, .listen = "127.0.0.1:0"};
    status = tw_http_start(&http, &t->http, &err);
    TW_CHECK(status == TW_OK);
    t->port = (uint16_t)atoi(strrchr(tw_http_url(t->http), ':') + 1);
}

static target shared;

static void stop(void)
{
    tw_http_stop(shared.http);
    tw_service_close(shared.service);
    tw_files_close(&shared.files);
    tw_access_close(&shared.access);
    tw_ledger_close(&shared.ledger);
    tw_journal_close(&shared.journal);
}

// Sends the bytes, closes the sending side and reads the answer; the number of bytes in `out`.
static size_t talk(uint16_t port, const void *data, size_t bytes, char *out, size_t cap)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    // A live stream does not end by itself: it is left after this time.
    struct timeval patience = {.tv_usec = 300000};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    TW_CHECK(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    size_t got = 0;
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
        ssize_t sent = send(fd, data, bytes, MSG_NOSIGNAL);
        (void)sent; // the server may have closed already
        shutdown(fd, SHUT_WR);
        for (ssize_t n; got < cap && (n = recv(fd, out + got, cap - got, 0)) > 0;)
            got += (size_t)n;
    }
    close(fd);
    return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
    static const char probe[] = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    char answer[4096];
    if (!shared.http) {
        start(&shared);
        atexit(stop);
    }
    size_t n = talk(shared.port, data, data_bytes, answer, sizeof(answer));
    TW_CHECK(n == 0 || (n >= 9 && memcmp(answer, "HTTP/1.", 7) == 0));
    n = talk(shared.port, probe, sizeof(probe) - 1, answer, sizeof(answer));
    TW_CHECK(n > 12 && memcmp(answer, "HTTP/1.1 200", 12) == 0);
    return 0;
}
