// SPDX-License-Identifier: Apache-2.0
//
// Status codes, error details and checks. Every fallible function returns tw_status; objects and
// counts come back through out-parameters, which are zero on failure.
#ifndef TW_BASE_STATUS_H
#define TW_BASE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One row per code: name, text, worth retrying, HTTP status of a reply that fails with it.
#define TW_STATUS_TABLE(X)                                                                         \
    X(OK, "ok", false, 200)                                                                        \
    X(INVALID, "invalid value", false, 422)                                                        \
    X(SYNTAX, "malformed input", false, 400)                                                       \
    X(LIMIT, "a limit was exceeded", false, 413)                                                   \
    X(NOT_FOUND, "not found", false, 404)                                                          \
    X(CONFLICT, "conflict", false, 409)                                                            \
    X(DENIED, "not permitted", false, 403)                                                         \
    X(BUSY, "busy", true, 429)                                                                     \
    X(NO_MEMORY, "out of memory", true, 503)                                                       \
    X(NO_SPACE, "no space left on the device", true, 507)                                          \
    X(IO, "input/output error", true, 500)                                                         \
    X(CORRUPT, "stored data is damaged", false, 500)                                               \
    X(UNSUPPORTED, "not supported", false, 415)                                                    \
    X(CLOSED, "shutting down", true, 503)                                                          \
    X(END, "end of input", false, 200)

typedef enum tw_status {
#define X(name, text, retryable, http) TW_##name,
    TW_STATUS_TABLE(X)
#undef X
} tw_status;

#if defined(__GNUC__)
#define TW_MUST_CHECK __attribute__((warn_unused_result))
#define TW_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define TW_NORETURN __attribute__((noreturn))
#define TW_LIKELY(x) __builtin_expect(!!(x), 1)
#define TW_UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define TW_MUST_CHECK
#define TW_PRINTF(fmt, args)
#define TW_NORETURN
#define TW_LIKELY(x) (x)
#define TW_UNLIKELY(x) (x)
#endif

// Details of a failure; owned by the caller, who may pass NULL where it does not care. Every
// failing path of a function that takes one fills it; success leaves it untouched. `text` is one
// sentence for a person, without a full stop at the end.
typedef struct tw_err {
    tw_status status;
    int sys_errno; // errno at the time, 0 when none
    char text[232];
} tw_err;

const char *tw_status_name(tw_status status);
const char *tw_status_text(tw_status status);
bool tw_status_is_retryable(tw_status status);
int tw_status_http(tw_status status);

// Fills *err (when not NULL) and returns `status`, so that it can end a function:
//   return tw_fail(err, TW_INVALID, "store_id is empty");
tw_status tw_fail(tw_err *err, tw_status status, const char *format, ...) TW_PRINTF(3, 4);
// The same with errno's text appended; ENOSPC and EDQUOT give TW_NO_SPACE, ENOMEM TW_NO_MEMORY.
tw_status tw_fail_errno(tw_err *err, const char *format, ...) TW_PRINTF(2, 3);

#define TW_TRY(expression)                                                                         \
    do {                                                                                           \
        tw_status tw_try_status = (expression);                                                    \
        if (TW_UNLIKELY(tw_try_status != TW_OK))                                                   \
            return tw_try_status;                                                                  \
    } while (0)

// Programmer errors. TW_CHECK is always on and aborts; TW_DCHECK is for inner loops, debug only.
void tw_check_failed(const char *condition, const char *file, int line) TW_NORETURN;
#define TW_CHECK(condition)                                                                        \
    (TW_LIKELY(condition) ? (void)0 : tw_check_failed(#condition, __FILE__, __LINE__))
#ifdef NDEBUG
#define TW_DCHECK(condition) ((void)0)
#else
#define TW_DCHECK(condition) TW_CHECK(condition)
#endif

#define TW_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TW_MIN(a, b) ((a) < (b) ? (a) : (b))
#define TW_MAX(a, b) ((a) > (b) ? (a) : (b))

#endif
