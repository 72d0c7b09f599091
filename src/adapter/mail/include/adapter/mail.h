// SPDX-License-Identifier: Apache-2.0
//
// Mail by SMTP through libcurl.
#ifndef TW_ADAPTER_MAIL_H
#define TW_ADAPTER_MAIL_H

#include "base/alloc.h"
#include "port/mail.h"

typedef enum tw_mail_tls {
    TW_MAIL_TLS_REQUIRED, // STARTTLS, or TLS from the start with smtps://
    TW_MAIL_TLS_NONE,     // for a relay on this machine
} tw_mail_tls;

// Texts are copied.
typedef struct tw_mail_options {
    const char *url;             // smtp://host:587 or smtps://host:465
    const char *from;            // address of the sender
    const char *user, *password; // NULL = without signing in
    const char *ca_file;         // of the server's certificate; NULL = the system's
    tw_mail_tls tls;
} tw_mail_options;

// Connects at each message only. TW_INVALID (the URL, the sender), TW_NO_MEMORY.
tw_status tw_smtp_open(const tw_alloc *alloc, const tw_mail_options *options, tw_mail *out,
                       tw_err *err) TW_MUST_CHECK;

#endif
