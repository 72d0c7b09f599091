// SPDX-License-Identifier: Apache-2.0
//
// Counters of what comes in by HTTP.
#include "intake_log.h"

tw_status twi_intake_log_new(tw_http *http, tw_err *err)
{
    struct twi_intake_log *log = tw_new(http->alloc, struct twi_intake_log);
    if (!log)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the server");
    pthread_mutex_init(&log->lock, NULL);
    log->started_ms = http->clock->now_ms(http->clock->ctx);
    http->intake_log_own = log;
    return TW_OK;
}

void twi_intake_log_free(tw_http *http)
{
    struct twi_intake_log *log = http->intake_log_own;
    if (!log)
        return;
    pthread_mutex_destroy(&log->lock);
    tw_delete(http->alloc, log);
    http->intake_log_own = NULL;
}

static twi_intake_source *source_of(struct twi_intake_log *log, const char *name)
{
    for (size_t i = 0; i < log->source_n; i++) {
        if (strcmp(log->sources[i].name, name) == 0)
            return &log->sources[i];
    }
    if (log->source_n == TWI_INTAKE_SOURCES - 1)
        name = "others";
    if (log->source_n == TWI_INTAKE_SOURCES)
        return &log->sources[TWI_INTAKE_SOURCES - 1];
    twi_intake_source *source = &log->sources[log->source_n++];
    tw_str_copy(tw_str_from(name), source->name, sizeof(source->name));
    return source;
}

void twi_intake_count(tw_http *http, const char *source, uint64_t accepted, uint64_t duplicate,
                      uint64_t rejected)
{
    struct twi_intake_log *log = http->intake_log_own;
    int64_t now_ms = http->clock->now_ms(http->clock->ctx), minute = now_ms / 60000;
    if (accepted + duplicate + rejected == 0)
        return;
    pthread_mutex_lock(&log->lock);
    twi_intake_minute *slot = &log->minutes[(uint64_t)minute % TWI_INTAKE_MINUTES];
    if (slot->minute != minute)
        *slot = (twi_intake_minute){.minute = minute};
    slot->accepted += accepted;
    slot->rejected += rejected;
    twi_intake_source *from = source_of(log, source);
    from->accepted += accepted;
    from->duplicate += duplicate;
    from->rejected += rejected;
    from->last_ms = now_ms;
    pthread_mutex_unlock(&log->lock);
}
