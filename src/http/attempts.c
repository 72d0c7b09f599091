// SPDX-License-Identifier: Apache-2.0
//
// Slowing down those who guess: after some failures each further try waits twice as long as the one
// before, by account name (whether or not there is such an account) and by address. Names are
// hashed: people type passwords into the wrong field.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "account.h"

enum {
    ACCOUNT_FREE_N = 5,  // failures before the first wait
    ADDRESS_FREE_N = 20, // many people may share an address
    FIRST_WAIT_S = 30,
    LONGEST_WAIT_S = 3600,
};

// The part of an address that one client cannot choose freely: all of IPv4, the /64 of IPv6.
static void address_text(twi_request *request, char out[64])
{
    const char *forwarded =
        request->http->trusts_proxy ? twi_request_header(request, "X-Forwarded-For") : NULL;
    out[0] = '\0';
    if (forwarded) {
        const char *comma = strrchr(forwarded, ',');
        tw_str_copy(tw_str_trim(tw_str_from(comma ? comma + 1 : forwarded)), out, 64);
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!info || !info->client_addr)
        return;
    union {
        const struct sockaddr *any;
        const struct sockaddr_in *v4;
        const struct sockaddr_in6 *v6;
    } address = {.any = info->client_addr};
    if (address.any->sa_family == AF_INET) {
        inet_ntop(AF_INET, &address.v4->sin_addr, out, 64);
    } else if (address.any->sa_family == AF_INET6) {
        struct in6_addr network = address.v6->sin6_addr;
        memset(&network.s6_addr[8], 0, 8);
        inet_ntop(AF_INET6, &network, out, 64);
    }
}

void twi_attempts_of(twi_request *request, tw_str user, twi_attempts *out)
{
    char address[64];
    *out = (twi_attempts){.has_account = user.bytes > 0};
    address_text(request, address);
    tw_sha256_two("user:", 5, user.at, user.bytes, out->account);
    tw_sha256_two("address:", 8, address, strlen(address), out->address);
}

static int64_t until_of(twi_request *request, const uint8_t key[TW_SHA256_BYTES])
{
    tw_access_attempt row;
    return tw_access_attempt_get(request->http->access, key, &row, NULL) == TW_OK ? row.until_ms
                                                                                  : 0;
}

bool twi_attempts_wait(twi_request *request, const twi_attempts *attempts)
{
    int64_t now_ms = twi_now_ms(request->http);
    int64_t until_ms = until_of(request, attempts->address);
    if (attempts->has_account)
        until_ms = TW_MAX(until_ms, until_of(request, attempts->account));
    if (until_ms <= now_ms)
        return false;
    request->retry_s = (unsigned)((until_ms - now_ms + TW_SECOND_MS - 1) / TW_SECOND_MS);
    twi_problem(request, 429, NULL, "Too many failed tries; wait %u seconds", request->retry_s);
    return true;
}

static void count(twi_request *request, const uint8_t key[TW_SHA256_BYTES], unsigned free_n)
{
    const tw_access *access = request->http->access;
    int64_t now_ms = twi_now_ms(request->http);
    tw_access_attempt row;
    if (tw_access_attempt_get(access, key, &row, NULL) != TW_OK)
        return;
    if (row.last_ms < now_ms - TW_DAY_MS)
        row.failed_n = 0;
    row.failed_n++;
    row.last_ms = now_ms;
    int64_t wait_s = FIRST_WAIT_S;
    for (unsigned i = free_n; i < row.failed_n && wait_s < LONGEST_WAIT_S; i++)
        wait_s *= 2;
    row.until_ms =
        row.failed_n >= free_n ? now_ms + TW_MIN(wait_s, LONGEST_WAIT_S) * TW_SECOND_MS : 0;
    // A store that cannot write must not let a guesser go on for ever, but it also fails the
    // sign-in itself; there is nothing more to do here.
    (void)!tw_access_attempt_put(access, &row, NULL);
}

void twi_attempts_failed(twi_request *request, const twi_attempts *attempts)
{
    tw_http *http = request->http;
    // Read and written as one: of several tries at once each counts.
    pthread_mutex_lock(&http->attempt_lock);
    if (attempts->has_account)
        count(request, attempts->account, ACCOUNT_FREE_N);
    count(request, attempts->address, ADDRESS_FREE_N);
    pthread_mutex_unlock(&http->attempt_lock);
}

void twi_attempts_succeeded(twi_request *request, const twi_attempts *attempts)
{
    tw_access_attempt row = {.failed_n = 0};
    memcpy(row.key, attempts->account, sizeof(row.key));
    if (attempts->has_account)
        (void)!tw_access_attempt_put(request->http->access, &row, NULL);
}
