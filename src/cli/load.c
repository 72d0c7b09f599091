// SPDX-License-Identifier: Apache-2.0
//
// HTTP/1.1 just as far as the bench needs it: requests with a length, replies with Content-Length.
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/time.h"

#define CONNECTIONS_MAX 1024
#define HEAD_BYTES 4096
#define EVENTS 64
#define REQUEST_MAX_BYTES ((size_t)16 << 20)

typedef struct connection {
    int fd;
    bool is_busy;
    tw_buf out;
    size_t out_at;
    char head[HEAD_BYTES];
    size_t head_n;
    bool in_body;
    size_t body_left;
    uint64_t intended_ns;
} connection;

typedef struct load {
    const twi_load_options *options;
    twi_load_result *result;
    int epoll_fd;
    connection *connections_own;
    uint64_t start_ns, end_ns, sent;
    size_t busy_n;
    uint64_t buckets[TWI_LOAD_BUCKETS];
    uint64_t max_ns;
} load;

// --- latencies
// ------------------------------------------------------------------------------------

static size_t bucket_of(uint64_t ns)
{
    if (ns < 32)
        return (size_t)ns;
    unsigned octave = 63 - (unsigned)__builtin_clzll(ns);
    return TW_MIN((size_t)(octave - 4) * 32 + (size_t)((ns >> (octave - 5)) & 31),
                  (size_t)TWI_LOAD_BUCKETS - 1);
}

static double bucket_us(size_t i)
{
    if (i < 64)
        return (double)i / 1000;
    unsigned octave = (unsigned)(i / 32) + 4;
    return (double)((UINT64_C(1) << octave) + ((uint64_t)(i % 32 + 1) << (octave - 5))) / 1000;
}

static double quantile(const load *l, double q)
{
    uint64_t n = 0, want = (uint64_t)(q * (double)l->result->requests), seen = 0;
    for (size_t i = 0; i < TWI_LOAD_BUCKETS; i++) {
        n = l->buckets[i];
        seen += n;
        if (n > 0 && seen > want)
            return TW_MIN(bucket_us(i), (double)l->max_ns / 1000);
    }
    return (double)l->max_ns / 1000;
}

// --- connections
// ----------------------------------------------------------------------------------

static tw_status connect_one(load *l, connection *c, tw_err *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(l->options->port)};
    int one = 1;
    tw_buf_init(&c->out, tw_alloc_system(), REQUEST_MAX_BYTES);
    if (inet_pton(AF_INET, l->options->host, &address.sin_addr) != 1)
        return tw_fail(err, TW_INVALID, "%s is no IPv4 address", l->options->host);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        return tw_fail_errno(err, "no connection to %s:%u", l->options->host, l->options->port);
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0)
        return tw_fail_errno(err, "the connection cannot be made non-blocking");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, c->fd, &event) != 0)
        return tw_fail_errno(err, "epoll");
    return TW_OK;
}

static void watch(load *l, connection *c, bool for_writing)
{
    struct epoll_event event = {.events = for_writing ? EPOLLIN | EPOLLOUT : EPOLLIN,
                                .data.ptr = c};
    (void)epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

static tw_status flush(load *l, connection *c, tw_err *err)
{
    while (c->out_at < c->out.bytes) {
        ssize_t n =
            send(c->fd, c->out.data_own + c->out_at, c->out.bytes - c->out_at, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            watch(l, c, true);
            return TW_OK;
        }
        if (n < 0 && errno != EINTR)
            return tw_fail_errno(err, "a request cannot be sent");
        c->out_at += n > 0 ? (size_t)n : 0;
    }
    return TW_OK;
}

// The head has the length of the body, which is known last: it is written into room left for it.
static tw_status begin(load *l, connection *c, uint64_t intended_ns, tw_err *err)
{
    const twi_load_options *o = l->options;
    tw_buf_reset(&c->out);
    tw_buf_printf(&c->out,
                  "POST %s HTTP/1.1\r\nHost: %s:%u\r\nAuthorization: Bearer %s\r\nContent-Type: "
                  "%s\r\nContent-Length: ",
                  o->path, o->host, o->port, o->token, o->media);
    size_t length_at = c->out.bytes;
    tw_buf_cstr(&c->out, "00000000\r\n\r\n");
    size_t body_at = c->out.bytes;
    for (size_t i = 0; i < o->per_request; i++)
        o->next(o->ctx, &c->out);
    if (c->out.status != TW_OK)
        return tw_fail(err, c->out.status, "no memory for a request");
    char length[16];
    snprintf(length, sizeof(length), "%08zu", c->out.bytes - body_at);
    memcpy(c->out.data_own + length_at, length, 8);
    c->out_at = 0;
    c->head_n = 0;
    c->in_body = false;
    c->is_busy = true;
    c->intended_ns = intended_ns;
    l->busy_n++;
    l->sent++;
    return flush(l, c, err);
}

static tw_status take_head(load *l, connection *c, tw_err *err)
{
    char *end;
    c->head[c->head_n] = '\0';
    if (!(end = strstr(c->head, "\r\n\r\n")))
        return c->head_n < HEAD_BYTES - 1 ? TW_OK
                                          : tw_fail(err, TW_IO, "a reply's head is too long");
    size_t body = c->head_n - (size_t)(end + 4 - c->head), length = 0;
    bool is_found = false;
    for (char *line = c->head; line < end && !is_found; line = strstr(line, "\r\n") + 2) {
        is_found = strncasecmp(line, "content-length:", 15) == 0;
        if (is_found)
            length = (size_t)strtoull(line + 15, NULL, 10);
    }
    if (!is_found || body > length)
        return tw_fail(err, TW_IO, "a reply has no usable length");
    l->result->failed += strncmp(c->head, "HTTP/1.1 200", 12) != 0;
    c->in_body = true;
    c->body_left = length - body;
    return TW_OK;
}

static void finish(load *l, connection *c)
{
    uint64_t ns = tw_monotonic_ns() - c->intended_ns;
    l->buckets[bucket_of(ns)]++;
    l->max_ns = TW_MAX(l->max_ns, ns);
    l->result->requests++;
    l->result->records += l->options->per_request;
    c->is_busy = false;
    l->busy_n--;
}

static tw_status receive(load *l, connection *c, tw_err *err)
{
    static char sink[256 << 10]; // one thread
    for (;;) {
        void *to = c->in_body ? sink : c->head + c->head_n;
        size_t room = c->in_body ? TW_MIN(c->body_left, sizeof(sink)) : HEAD_BYTES - 1 - c->head_n;
        ssize_t n = recv(c->fd, to, room, 0);
        if (n < 0 && errno == EAGAIN)
            return TW_OK;
        if (n <= 0)
            return tw_fail(err, TW_IO, "the server closed a connection");
        if (c->in_body) {
            c->body_left -= (size_t)n;
        } else {
            c->head_n += (size_t)n;
            TW_TRY(take_head(l, c, err));
        }
        if (c->in_body && c->body_left == 0) {
            finish(l, c);
            return TW_OK;
        }
    }
}

// --- loops
// ----------------------------------------------------------------------------------------

static connection *free_connection(load *l)
{
    for (unsigned i = 0; i < l->options->connections; i++)
        if (!l->connections_own[i].is_busy)
            return &l->connections_own[i];
    return NULL;
}

// Starts what is due; returns how long to wait for events, in ms.
static tw_status start_due(load *l, int *wait_ms, tw_err *err)
{
    const twi_load_options *o = l->options;
    *wait_ms = 1000;
    for (;;) {
        uint64_t now = tw_monotonic_ns(), intended = now;
        if (o->rate > 0)
            intended = l->start_ns + (uint64_t)((double)l->sent / o->rate * 1e9);
        if (intended >= l->end_ns)
            return TW_OK;
        if (intended > now) {
            *wait_ms = (int)((intended - now) / 1000000);
            return TW_OK;
        }
        connection *c = l->busy_n < o->connections ? free_connection(l) : NULL;
        if (!c)
            return TW_OK;
        TW_TRY(begin(l, c, intended, err));
    }
}

static tw_status run(load *l, tw_err *err)
{
    struct epoll_event events[EVENTS];
    l->start_ns = tw_monotonic_ns();
    l->end_ns = l->start_ns + (uint64_t)(l->options->seconds * 1e9);
    for (;;) {
        int wait_ms;
        TW_TRY(start_due(l, &wait_ms, err));
        if (l->busy_n == 0 && tw_monotonic_ns() >= l->end_ns)
            return TW_OK;
        int n = epoll_wait(l->epoll_fd, events, EVENTS, wait_ms);
        for (int i = 0; i < n; i++) {
            connection *c = events[i].data.ptr;
            if (events[i].events & EPOLLOUT) {
                watch(l, c, false);
                TW_TRY(flush(l, c, err));
            }
            if ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && c->is_busy)
                TW_TRY(receive(l, c, err));
        }
    }
}

static tw_status open_all(load *l, tw_err *err)
{
    l->epoll_fd = epoll_create1(0);
    if (l->epoll_fd < 0)
        return tw_fail_errno(err, "epoll");
    for (unsigned i = 0; i < l->options->connections; i++)
        TW_TRY(connect_one(l, &l->connections_own[i], err));
    return TW_OK;
}

static void close_all(load *l)
{
    for (unsigned i = 0; i < l->options->connections; i++) {
        connection *c = &l->connections_own[i];
        if (c->fd > 0)
            close(c->fd);
        if (c->out.alloc)
            tw_buf_release(&c->out);
    }
    if (l->epoll_fd >= 0)
        close(l->epoll_fd);
}

tw_status twi_load(const twi_load_options *options, twi_load_result *out, tw_err *err)
{
    const tw_alloc *alloc = tw_alloc_system();
    *out = (twi_load_result){0};
    TW_CHECK(options->connections > 0 && options->connections <= CONNECTIONS_MAX);
    load *l = tw_new(alloc, load);
    connection *connections = tw_new_array(alloc, options->connections, sizeof(connection));
    if (!l || !connections) {
        tw_free_array(alloc, connections, options->connections, sizeof(connection));
        tw_free_array(alloc, l, 1, sizeof(load));
        return tw_fail(err, TW_NO_MEMORY, "no memory for the load");
    }
    l->options = options;
    l->result = out;
    l->connections_own = connections;
    tw_status status = open_all(l, err);
    if (status == TW_OK) {
        status = run(l, err);
        out->seconds = (double)(tw_monotonic_ns() - l->start_ns) / 1e9;
    }
    out->p50_us = quantile(l, 0.5);
    out->p99_us = quantile(l, 0.99);
    out->p999_us = quantile(l, 0.999);
    out->max_us = (double)l->max_ns / 1000;
    close_all(l);
    tw_free_array(alloc, connections, options->connections, sizeof(connection));
    tw_delete(alloc, l);
    return status;
}
