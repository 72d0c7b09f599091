// SPDX-License-Identifier: Apache-2.0
//
// Port: mail that goes out.
//
// Contract for every adapter:
//  1. send returns TW_OK when the server has taken the message for every recipient; else nothing is
//     known of who got it, and the caller decides whether to try again.
//  2. It blocks, at most TW_MAIL_TIMEOUT_S in all.
//  3. From one thread at a time.
//  4. Failures name the server's answer, never a password.
#ifndef TW_PORT_MAIL_H
#define TW_PORT_MAIL_H

#include "base/str.h"

#define TW_MAIL_VERSION 1
#define TW_MAIL_TIMEOUT_S 60
#define TW_MAIL_RECIPIENTS_MAX 20

typedef struct tw_mail_message {
    const tw_str *to;                  // addresses
    size_t to_n;                       // 1..TW_MAIL_RECIPIENTS_MAX
    tw_str subject, text;              // UTF-8
    tw_str file_name, file_type, file; // one attachment; an empty name = none
} tw_mail_message;

typedef struct tw_mail_ops {
    uint32_t version; // TW_MAIL_VERSION
    tw_status (*send)(void *ctx, const tw_mail_message *message, tw_err *err);
    void (*close)(void *ctx);
} tw_mail_ops;

typedef struct tw_mail {
    const tw_mail_ops *ops;
    void *ctx;
} tw_mail;

// One address, as user@host: printable ASCII without spaces, brackets, commas and quotes, at most
// 254 bytes.
bool tw_mail_address_is_valid(tw_str address);

// TW_INVALID (an address, a line end in the subject), TW_IO (the server is not there or refuses),
// TW_NO_MEMORY.
TW_MUST_CHECK static inline tw_status tw_mail_send(const tw_mail *mail,
                                                   const tw_mail_message *message, tw_err *err)
{
    return mail->ops->send(mail->ctx, message, err);
}

static inline void tw_mail_close(tw_mail *mail)
{
    if (mail->ops)
        mail->ops->close(mail->ctx);
    *mail = (tw_mail){NULL, NULL};
}

#endif
