// SPDX-License-Identifier: Apache-2.0
//
// tillwatch serve: the HTTP interface and the portal, until SIGTERM or SIGINT.
#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "base/log.h"
#include "cli.h"
#include "http/access.h"
#include "http/server.h"
#include "lake_thread.h"
#include "place.h"
#include "serve.h"

static const char help[] =
    "Usage: tillwatch serve [--listen ADDRESS:PORT] [--data DIR] [--new-link]\n"
    "\n"
    "Serves the HTTP interface and the portal. Prints the address, and as long as there is no "
    "account\n"
    "a link with which one person becomes the administrator (good for 24 hours, used once). "
    "SIGTERM "
    "and\n"
    "SIGINT stop it: what was accepted is written, a snapshot is taken, and it ends with 0.\n"
    "\n"
    "  --listen ADDRESS:PORT  where (default 127.0.0.1:8080); port 0 takes any free one\n"
    "  --new-link             print a set-up link also when there are accounts\n"
    "  --http-threads N       threads that read requests (default 2)\n"
    "\n"
    "Example:\n"
    "  tillwatch serve --listen 0.0.0.0:8080\n";

// There is no account yet.
static tw_status is_first_start(const tw_access *access, bool *out, tw_err *err)
{
    tw_arena arena;
    tw_user_row *users;
    size_t n;
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    tw_status status = tw_access_user_list(access, &arena, &users, &n, err);
    *out = status == TW_OK && n == 0;
    tw_arena_release(&arena);
    return status;
}

tw_status twi_serve_link(twi_place *place, const char *url, bool always, tw_err *err)
{
    bool is_first;
    char secret[TW_SECRET_BYTES];
    const tw_clock *clock = tw_clock_system();
    TW_TRY(is_first_start(&place->access, &is_first, err));
    if (!is_first && !always)
        return TW_OK;
    TW_TRY(tw_access_link_new(&place->access, TW_STR_NONE, clock->now_ms(clock->ctx), secret, err));
    printf("Set-up link: %s/#/setup/%s\n", place->public_url[0] ? place->public_url : url, secret);
    memset(secret, 0, sizeof(secret));
    return TW_OK;
}

tw_status twi_serve_start(twi_place *place, const char *listen, unsigned threads, tw_http **out,
                          tw_err *err)
{
    TW_TRY(tw_reporter_start(place->service, &place->mail, &place->reporter, err));
    tw_http_options options = {.service = place->service,
                               .reporter = place->reporter,
                               .access = &place->access,
                               .password = &place->password,
                               .identity = place->identity.ops ? &place->identity : NULL,
                               .intake = &place->intake,
                               .listen = listen,
                               .http_threads = threads,
                               .data_dir = place->dir,
                               .lake = twi_lake_thread_live(place->lake),
                               .lake_out_dir = twi_lake_thread_out_dir(place->lake),
                               .public_url = place->public_url,
                               .trusts_proxy = place->trusts_proxy};
    memcpy(options.alias_key, place->alias_key, sizeof(options.alias_key));
    return tw_http_start(&options, out, err);
}

void twi_block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    // Before any thread starts, so that only the one that waits for them gets them.
    pthread_sigmask(SIG_BLOCK, set, NULL);
}

static tw_status serve(twi_place *place, const char *listen, unsigned threads, bool new_link,
                       const sigset_t *signals, tw_err *err)
{
    tw_http *http;
    TW_TRY(twi_place_serve(place, TW_SERVICE_LIVE, err));
    TW_TRY(twi_lake_thread_start(place, err));
    tw_status status = twi_serve_start(place, listen, threads, &http, err);
    if (status != TW_OK) {
        twi_lake_thread_stop(place);
        return status;
    }
    printf("Listening on %s\n", tw_http_url(http));
    status = twi_serve_link(place, tw_http_url(http), new_link, err);
    fflush(stdout);
    if (status == TW_OK) {
        int signal_number;
        while (sigwait(signals, &signal_number) != 0)
            continue;
        tw_log(TW_LOG_INFO, "serve", "stopping");
    }
    tw_http_stop(http);
    twi_lake_thread_stop(place);
    return status;
}

int twi_cmd_serve(int argc, char **argv)
{
    const char *data = NULL, *listen = "127.0.0.1:8080";
    bool new_link = false;
    uint64_t threads = 0;
    const twi_option table[] = {
        {"--data", TWI_TEXT, &data},
        {"--listen", TWI_TEXT, &listen},
        {"--new-link", TWI_FLAG, &new_link},
        {"--http-threads", TWI_COUNT, &threads},
    };
    twi_command_line line = {
        .command = "serve", .help = help, .options = table, .option_n = TW_COUNT(table)};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    if (threads > 64)
        return twi_usage("serve", "--http-threads is at most 64");
    sigset_t signals;
    twi_block_signals(&signals);
    twi_place place;
    tw_err err = {0};
    tw_status status = twi_place_open(&place, twi_place_dir(data), false, &err);
    if (status != TW_OK)
        return twi_failed("serve", &err);
    status = serve(&place, listen, (unsigned)threads, new_link, &signals, &err);
    twi_place_close(&place);
    return status == TW_OK ? TWI_EXIT_OK : twi_failed("serve", &err);
}
