// SPDX-License-Identifier: Apache-2.0
//
// One message a connection. libcurl encodes the parts; the headers are ours, and every text that
// goes into one is checked for line ends or encoded (RFC 2047).
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "adapter/mail.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/time.h"

#define TEXT_BYTES 1024
#define CONNECT_S 10L

typedef struct server {
    const tw_alloc *alloc;
    char url[TEXT_BYTES], from[256], user[256], password[256], ca_file[TEXT_BYTES];
    bool has_user;
    tw_mail_tls tls;
} server;

// What one sending holds.
typedef struct sending {
    CURL *curl;
    curl_mime *mime;
    struct curl_slist *headers, *recipients;
    tw_status status; // of what is built
} sending;

// --- headers
// -----------------------------------------------------------------------------------------

static void add(sending *s, struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);
    if (longer)
        *list = longer;
    else
        s->status = TW_NO_MEMORY;
}

// Base64 of UTF-8 in words of at most 45 bytes, as RFC 2047 has it; letters are not cut.
static void put_subject(tw_buf *out, tw_str subject)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    tw_buf_cstr(out, "Subject:");
    for (size_t at = 0; at < subject.bytes;) {
        size_t n = TW_MIN(subject.bytes - at, (size_t)45);
        while (at + n < subject.bytes && ((unsigned char)subject.at[at + n] & 0xc0) == 0x80)
            n--;
        tw_buf_cstr(out, at ? "\r\n =?UTF-8?B?" : " =?UTF-8?B?");
        for (size_t i = 0; i < n; i += 3) {
            uint32_t bits = 0;
            for (size_t k = 0; k < 3; k++)
                bits = bits << 8 | (i + k < n ? (unsigned char)subject.at[at + i + k] : 0u);
            for (size_t k = 0; k < 4; k++)
                tw_buf_u8(out, (uint8_t)(i + k <= n ? digits[bits >> (18 - 6 * k) & 63] : '='));
        }
        tw_buf_cstr(out, "?=");
        at += n;
    }
    tw_buf_u8(out, '\0');
}

static void add_subject(sending *s, const server *smtp, tw_str subject)
{
    tw_buf text;
    tw_buf_init(&text, smtp->alloc, 16 << 10);
    put_subject(&text, subject);
    if (text.status != TW_OK)
        s->status = text.status;
    else
        add(s, &s->headers, (const char *)text.data_own);
    tw_buf_release(&text);
}

static void add_date(sending *s)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const tw_clock *clock = tw_clock_system();
    tw_civil c;
    char text[64];
    tw_civil_from_ms(clock->now_ms(clock->ctx), &c);
    snprintf(text, sizeof(text), "Date: %s, %02d %s %04d %02d:%02d:%02d +0000", days[c.weekday],
             c.day, months[c.month - 1], c.year, c.hour, c.minute, c.second);
    add(s, &s->headers, text);
}

static void add_message_id(sending *s, const server *smtp)
{
    uint8_t bytes[16];
    char hex[33], text[320];
    if (tw_random_bytes(bytes, sizeof(bytes)) != TW_OK) {
        s->status = TW_IO;
        return;
    }
    const char *host = strchr(smtp->from, '@');
    snprintf(text, sizeof(text), "Message-ID: <%s%s>", tw_hex(bytes, sizeof(bytes), hex), host);
    add(s, &s->headers, text);
}

static void add_headers(sending *s, const server *smtp, const tw_mail_message *message)
{
    char text[320];
    snprintf(text, sizeof(text), "From: Tillwatch <%s>", smtp->from);
    add(s, &s->headers, text);
    for (size_t i = 0; i < message->to_n; i++) {
        char address[256];
        snprintf(address, sizeof(address), "%.*s", TW_STR_ARG(message->to[i]));
        add(s, &s->recipients, address);
    }
    // Nobody sees who else gets it.
    add(s, &s->headers, "To: undisclosed-recipients:;");
    add_date(s);
    add_message_id(s, smtp);
    add_subject(s, smtp, message->subject);
    add(s, &s->headers, "Auto-Submitted: auto-generated");
}

// --- body
// ------------------------------------------------------------------------------------------

static void check(sending *s, CURLcode code)
{
    if (code != CURLE_OK && s->status == TW_OK)
        s->status = TW_NO_MEMORY;
}

static void add_parts(sending *s, const tw_mail_message *message)
{
    s->mime = curl_mime_init(s->curl);
    curl_mimepart *part = s->mime ? curl_mime_addpart(s->mime) : NULL;
    if (!part) {
        s->status = TW_NO_MEMORY;
        return;
    }
    check(s, curl_mime_data(part, message->text.at, message->text.bytes));
    check(s, curl_mime_type(part, "text/plain; charset=utf-8"));
    check(s, curl_mime_encoder(part, "quoted-printable"));
    if (message->file_name.bytes == 0)
        return;
    char name[128], type[128];
    tw_str_copy(message->file_name, name, sizeof(name));
    tw_str_copy(message->file_type, type, sizeof(type));
    part = curl_mime_addpart(s->mime);
    if (!part) {
        s->status = TW_NO_MEMORY;
        return;
    }
    check(s, curl_mime_data(part, message->file.at, message->file.bytes));
    check(s, curl_mime_filename(part, name));
    check(s, curl_mime_type(part, type));
    check(s, curl_mime_encoder(part, "base64"));
}

static void set_options(sending *s, const server *smtp, char *failure)
{
    CURL *curl = s->curl;
    check(s, curl_easy_setopt(curl, CURLOPT_URL, smtp->url));
    check(s, curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps"));
    check(s, curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, failure));
    check(s, curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L));
    check(s, curl_easy_setopt(curl, CURLOPT_PROXY, ""));
    check(s, curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S));
    check(s, curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TW_MAIL_TIMEOUT_S));
    check(s, curl_easy_setopt(
                 curl, CURLOPT_USE_SSL,
                 (long)(smtp->tls == TW_MAIL_TLS_REQUIRED ? CURLUSESSL_ALL : CURLUSESSL_NONE)));
    if (smtp->ca_file[0])
        check(s, curl_easy_setopt(curl, CURLOPT_CAINFO, smtp->ca_file));
    if (smtp->has_user) {
        check(s, curl_easy_setopt(curl, CURLOPT_USERNAME, smtp->user));
        check(s, curl_easy_setopt(curl, CURLOPT_PASSWORD, smtp->password));
    }
    check(s, curl_easy_setopt(curl, CURLOPT_MAIL_FROM, smtp->from));
    check(s, curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, s->recipients));
    check(s, curl_easy_setopt(curl, CURLOPT_HTTPHEADER, s->headers));
    check(s, curl_easy_setopt(curl, CURLOPT_MIMEPOST, s->mime));
}

// --- sending
// ----------------------------------------------------------------------------------------

static tw_status check_message(const tw_mail_message *message, tw_err *err)
{
    if (message->to_n == 0 || message->to_n > TW_MAIL_RECIPIENTS_MAX)
        return tw_fail(err, TW_INVALID, "a mail goes to 1 to %d addresses", TW_MAIL_RECIPIENTS_MAX);
    for (size_t i = 0; i < message->to_n; i++)
        if (!tw_mail_address_is_valid(message->to[i]))
            return tw_fail(err, TW_INVALID, "\"%.*s\" is no mail address",
                           TW_STR_ARG(message->to[i]));
    if (!tw_str_is_utf8(message->subject) ||
        memchr(message->subject.at, '\n', message->subject.bytes))
        return tw_fail(err, TW_INVALID, "the subject is not one line of text");
    return TW_OK;
}

static tw_status smtp_send(void *ctx, const tw_mail_message *message, tw_err *err)
{
    const server *smtp = ctx;
    char failure[CURL_ERROR_SIZE] = "";
    TW_TRY(check_message(message, err));
    sending s = {.curl = curl_easy_init()};
    CURLcode code = CURLE_OK;
    if (!s.curl)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a mail");
    add_headers(&s, smtp, message);
    add_parts(&s, message);
    set_options(&s, smtp, failure);
    long answer = 0;
    if (s.status == TW_OK)
        code = curl_easy_perform(s.curl);
    curl_easy_getinfo(s.curl, CURLINFO_RESPONSE_CODE, &answer);
    curl_easy_cleanup(s.curl);
    curl_mime_free(s.mime);
    curl_slist_free_all(s.headers);
    curl_slist_free_all(s.recipients);
    if (s.status != TW_OK)
        return tw_fail(err, s.status, "no memory for a mail");
    if (code != CURLE_OK)
        return tw_fail(err, TW_IO, "%.80s: %.90s (the server's last answer: %ld)", smtp->url,
                       failure[0] ? failure : curl_easy_strerror(code), answer);
    return TW_OK;
}

static void smtp_close(void *ctx)
{
    server *smtp = ctx;
    const tw_alloc *alloc = smtp->alloc;
    memset(smtp->password, 0, sizeof(smtp->password));
    tw_delete(alloc, smtp);
}

tw_status tw_smtp_open(const tw_alloc *alloc, const tw_mail_options *options, tw_mail *out,
                       tw_err *err)
{
    static const tw_mail_ops ops = {TW_MAIL_VERSION, smtp_send, smtp_close};
    tw_str url = tw_str_from(options->url);
    *out = (tw_mail){NULL, NULL};
    if (!tw_str_starts(url, TW_STR("smtp://")) && !tw_str_starts(url, TW_STR("smtps://")))
        return tw_fail(err, TW_INVALID, "mail: url \"%s\" is not like smtp://host:587",
                       options->url);
    if (!tw_mail_address_is_valid(tw_str_from(options->from)))
        return tw_fail(err, TW_INVALID, "mail: from \"%s\" is no mail address", options->from);
    server *made = tw_new(alloc, server);
    if (!made)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the mail server");
    made->alloc = alloc;
    made->tls = options->tls;
    made->has_user = options->user && options->user[0];
    tw_str_copy(url, made->url, sizeof(made->url));
    tw_str_copy(tw_str_from(options->from), made->from, sizeof(made->from));
    tw_str_copy(tw_str_from(options->user), made->user, sizeof(made->user));
    tw_str_copy(tw_str_from(options->password), made->password, sizeof(made->password));
    tw_str_copy(tw_str_from(options->ca_file), made->ca_file, sizeof(made->ca_file));
    *out = (tw_mail){&ops, made};
    return TW_OK;
}
