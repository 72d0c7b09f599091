// SPDX-License-Identifier: Apache-2.0
//
// Requests to the provider. No redirects are followed: what it publishes names its addresses.
#include <curl/curl.h>
#include <stdio.h>

#include "oidc.h"

static size_t take(char *data, size_t size, size_t n, void *ctx)
{
    tw_buf *reply = ctx;
    tw_buf_put(reply, data, size * n);
    return reply->status == TW_OK ? size * n : 0;
}

static void set_up(CURL *curl, const char *url, const char *form, tw_buf *out)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 3L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 5L); // two of them stay below TW_IDENTITY_WAIT_S
    if (form)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, form);
}

tw_status twi_oidc_ask(const twi_oidc *self, const char *url, const char *form, tw_buf *out,
                       tw_err *err)
{
    (void)self;
    CURL *curl = curl_easy_init();
    if (!curl)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a request to the identity provider");
    set_up(curl, url, form, out);
    CURLcode code = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    if (code != CURLE_OK)
        return tw_fail(err, TW_IO, "the identity provider does not answer at %.80s: %s", url,
                       curl_easy_strerror(code));
    if (status >= 400 && status < 500)
        return tw_fail(err, TW_DENIED, "the identity provider refuses with %ld at %.80s", status,
                       url);
    if (status != 200)
        return tw_fail(err, TW_IO, "the identity provider answers with %ld at %.80s", status, url);
    return TW_OK;
}

void twi_oidc_pair(tw_buf *out, size_t start, const char *name, tw_str value)
{
    if (out->bytes > start)
        tw_buf_cstr(out, "&");
    tw_buf_printf(out, "%s=", name);
    for (size_t i = 0; i < value.bytes; i++) {
        char c = value.at[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
        if (is_plain)
            tw_buf_put(out, &c, 1);
        else
            tw_buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
    }
}
