// SPDX-License-Identifier: Apache-2.0
//
// Names of statuses, filling of error details, and the end of a failed check.
#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *text;
    bool retryable;
    int http;
} status_rows[] = {
#define X(name, text, retryable, http) {#name, text, retryable, http},
    TW_STATUS_TABLE(X)
#undef X
};

const char *tw_status_name(tw_status status)
{
    return status_rows[status].name;
}
const char *tw_status_text(tw_status status)
{
    return status_rows[status].text;
}
bool tw_status_is_retryable(tw_status status)
{
    return status_rows[status].retryable;
}
int tw_status_http(tw_status status)
{
    return status_rows[status].http;
}

static void fill(tw_err *err, tw_status status, int sys_errno, const char *format, va_list args)
    TW_PRINTF(4, 0);
static void fill(tw_err *err, tw_status status, int sys_errno, const char *format, va_list args)
{
    err->status = status;
    err->sys_errno = sys_errno;
    int n = vsnprintf(err->text, sizeof(err->text), format, args);
    if (sys_errno == 0 || n < 0 || (size_t)n >= sizeof(err->text))
        return;
    char reason[96] = "";
    if (strerror_r(sys_errno, reason, sizeof(reason)) == 0)
        snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s", reason);
}

tw_status tw_fail(tw_err *err, tw_status status, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        fill(err, status, 0, format, args);
        va_end(args);
    }
    return status;
}

tw_status tw_fail_errno(tw_err *err, const char *format, ...)
{
    int sys_errno = errno;
    tw_status status = TW_IO;
    if (sys_errno == ENOSPC || sys_errno == EDQUOT)
        status = TW_NO_SPACE;
    else if (sys_errno == ENOMEM)
        status = TW_NO_MEMORY;
    else if (sys_errno == ENOENT)
        status = TW_NOT_FOUND;
    if (err) {
        va_list args;
        va_start(args, format);
        fill(err, status, sys_errno, format, args);
        va_end(args);
    }
    return status;
}

void tw_check_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "tillwatch: check failed: %s (%s:%d)\n", condition, file, line);
    abort();
}
