// SPDX-License-Identifier: Apache-2.0
//
// The HTTP client of the demo, on libcurl.
#include "post.h"

#include <curl/curl.h>
#include <stdio.h>
#include <time.h>

#define RETRY_MS 50
#define RETRIES_MAX 600
#define REPLY_MAX_BYTES ((size_t)64 << 20)

struct twi_post {
    CURL *curl;
    struct curl_slist *headers;
    char url[256];
    tw_buf reply;
};

static size_t take_reply(char *data, size_t size, size_t n, void *ctx)
{
    tw_buf *reply = ctx;
    tw_buf_put(reply, data, size * n);
    return reply->status == TW_OK ? size * n : 0;
}

tw_status twi_post_new(const char *url, const char *token, twi_post **out, tw_err *err)
{
    char header[256];
    *out = NULL;
    twi_post *post = tw_new(tw_alloc_system(), twi_post);
    if (!post)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the client");
    tw_buf_init(&post->reply, tw_alloc_system(), REPLY_MAX_BYTES);
    snprintf(post->url, sizeof(post->url), "%s", url);
    snprintf(header, sizeof(header), "Authorization: Bearer %s", token);
    post->curl = curl_easy_init();
    post->headers = curl_slist_append(NULL, "Content-Type: application/x-ndjson");
    struct curl_slist *more = curl_slist_append(post->headers, header);
    if (more)
        more = curl_slist_append(more, "Expect:"); // no pause before a large body
    if (!post->curl || !more) {
        twi_post_free(post);
        return tw_fail(err, TW_NO_MEMORY, "the HTTP client does not start");
    }
    curl_easy_setopt(post->curl, CURLOPT_HTTPHEADER, post->headers);
    curl_easy_setopt(post->curl, CURLOPT_WRITEFUNCTION, take_reply);
    curl_easy_setopt(post->curl, CURLOPT_WRITEDATA, &post->reply);
    curl_easy_setopt(post->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(post->curl, CURLOPT_NOPROXY, "*");
    *out = post;
    return TW_OK;
}

void twi_post_free(twi_post *post)
{
    if (!post)
        return;
    curl_slist_free_all(post->headers);
    if (post->curl)
        curl_easy_cleanup(post->curl);
    tw_buf_release(&post->reply);
    tw_delete(tw_alloc_system(), post);
}

static tw_status send_once(twi_post *post, tw_str lines, long *code, tw_err *err)
{
    tw_buf_reset(&post->reply);
    curl_easy_setopt(post->curl, CURLOPT_POSTFIELDS, lines.at);
    curl_easy_setopt(post->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)lines.bytes);
    CURLcode done = curl_easy_perform(post->curl);
    if (done != CURLE_OK)
        return tw_fail(err, TW_IO, "the server at %s does not answer: %s", post->url,
                       curl_easy_strerror(done));
    curl_easy_getinfo(post->curl, CURLINFO_RESPONSE_CODE, code);
    return TW_OK;
}

tw_status twi_post_send(twi_post *post, const char *path, tw_str lines, tw_buf *reply, tw_err *err)
{
    char url[320];
    long code = 0;
    snprintf(url, sizeof(url), "%s%s", post->url, path);
    curl_easy_setopt(post->curl, CURLOPT_URL, url);
    for (int i = 0; i < RETRIES_MAX; i++) {
        TW_TRY(send_once(post, lines, &code, err));
        if (code != 429)
            break;
        struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
        nanosleep(&pause, NULL);
    }
    if (code != 200)
        return tw_fail(err, TW_INVALID, "%s answers %ld: %.*s", url, code,
                       (int)TW_MIN(post->reply.bytes, (size_t)120),
                       (const char *)post->reply.data_own);
    if (reply)
        tw_buf_put(reply, post->reply.data_own, post->reply.bytes);
    return TW_OK;
}
