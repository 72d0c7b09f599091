// SPDX-License-Identifier: Apache-2.0
//
// A line is composed in a local buffer and written by one call, so that lines of different threads
// do not mix.
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/time.h"

static atomic_int max_level = TW_LOG_INFO;

void tw_log_set_level(tw_log_level level)
{
    atomic_store(&max_level, (int)level);
}

void tw_log(tw_log_level level, const char *area, const char *format, ...)
{
    static const char *const names[] = {"ERROR", "WARN", "INFO", "DEBUG"};
    if ((int)level > atomic_load(&max_level))
        return;
    char line[1024];
    char when[TW_TIME_TEXT_BYTES];
    const tw_clock *clock = tw_clock_system();
    int n = snprintf(line, sizeof(line),
                     "%s %s %s: ", tw_time_format(clock->now_ms(clock->ctx), 0, when), names[level],
                     area);
    va_list args;
    va_start(args, format);
    int more = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, format, args);
    va_end(args);
    n = TW_MIN(n + TW_MAX(more, 0), (int)sizeof(line) - 2);
    line[n++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, (size_t)n);
    (void)written; // nowhere to report a failure of the log itself
}
