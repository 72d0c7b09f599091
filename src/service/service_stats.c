// SPDX-License-Identifier: Apache-2.0
//
// Counters, the rate of the last minute, and the histogram of latencies.
#include <math.h>

#include "internal.h"

static uint64_t now_second(void)
{
    return tw_monotonic_ns() / UINT64_C(1000000000);
}

// Empties the seconds that passed without a record.
static void roll(tw_service *service, uint64_t second)
{
    uint64_t from = service->rate_second + 1;
    if (second > service->rate_second + TWI_RATE_SECONDS)
        from = second - TWI_RATE_SECONDS + 1;
    for (uint64_t s = from; s <= second; s++)
        service->rate_counts[s % TWI_RATE_SECONDS] = 0;
    service->rate_second = TW_MAX(service->rate_second, second);
}

void twi_stats_accepted(tw_service *service, uint64_t n)
{
    uint64_t second = now_second();
    pthread_mutex_lock(&service->stats_lock);
    roll(service, second);
    service->rate_counts[second % TWI_RATE_SECONDS] += n;
    pthread_mutex_unlock(&service->stats_lock);
}

void twi_stats_latency(tw_service *service, uint64_t ns)
{
    // Quarter octaves of microseconds: exponent and two bits of the mantissa.
    uint64_t us = ns / 1000;
    size_t i = 0;
    if (us > 0) {
        unsigned octave = 63 - (unsigned)__builtin_clzll(us);
        uint64_t quarter = octave >= 2 ? (us >> (octave - 2)) & 3 : (us << (2 - octave)) & 3;
        i = 1 + octave * 4 + (size_t)quarter;
    }
    pthread_mutex_lock(&service->stats_lock);
    service->latency[TW_MIN(i, (size_t)TW_LATENCY_BUCKETS - 1)]++;
    pthread_mutex_unlock(&service->stats_lock);
}

double tw_latency_bucket_us(size_t i)
{
    if (i == 0)
        return 1;
    if (i >= TW_LATENCY_BUCKETS - 1)
        return HUGE_VAL;
    return ldexp(1.0 + (double)((i - 1) % 4 + 1) / 4.0, (int)((i - 1) / 4));
}

void tw_service_latency(tw_service *service, uint64_t out[TW_LATENCY_BUCKETS])
{
    pthread_mutex_lock(&service->stats_lock);
    memcpy(out, service->latency, sizeof(service->latency));
    pthread_mutex_unlock(&service->stats_lock);
}

static void core_stats(tw_service *service, tw_service_stats *out)
{
    if (service->mode == TW_SERVICE_READER)
        return;
    twi_gate_enter(&service->gate);
    const twi_core *core = &service->core;
    out->seq = core->seq;
    out->transaction_n = core->transaction_n;
    out->movement_n = core->movement_n;
    out->shift_n = core->shift_n;
    out->verdict_n = core->verdict_n;
    out->last_time_ms = core->last_time_ms;
    out->store_n = tw_engine_entity_n(core->engine_own, TW_ENTITY_STORE);
    out->employee_n = tw_engine_entity_n(core->engine_own, TW_ENTITY_EMPLOYEE);
    out->account_n = tw_engine_entity_n(core->engine_own, TW_ENTITY_ACCOUNT);
    memcpy(out->model_id, core->model_id, TW_MIN(sizeof(out->model_id), sizeof(core->model_id)));
    out->model_id[sizeof(out->model_id) - 1] = '\0';
    tw_detector_stats detector;
    tw_detector_stats_get(core->detector_own, &detector);
    if (detector.has_challenger)
        tw_str_copy(tw_detector_config_name(core->detector_own, TW_CONFIG_CHALLENGER),
                    out->challenger_id, sizeof(out->challenger_id));
    out->alert_opened_n = core->alert_n;
    twi_gate_leave(&service->gate);
}

void tw_service_stats_get(tw_service *service, tw_service_stats *out)
{
    pthread_mutex_lock(&service->stats_lock);
    roll(service, now_second());
    *out = service->stats;
    uint64_t sum = 0;
    for (size_t i = 0; i < TWI_RATE_SECONDS; i++)
        sum += service->rate_counts[i];
    pthread_mutex_unlock(&service->stats_lock);
    out->rate_1m = (double)sum / TWI_RATE_SECONDS;
    out->recover_ns = service->recover_ns;
    out->replayed_n = service->replayed_n;
    core_stats(service, out);
    pthread_mutex_lock(&service->pending_lock);
    out->projected_seq = service->projected_seq;
    pthread_mutex_unlock(&service->pending_lock);
    pthread_mutex_lock(&service->queue_lock);
    out->queued_facts = service->queued_facts;
    out->queued_bytes = service->queued_bytes;
    out->is_accepting = out->is_accepting && !service->is_draining;
    pthread_mutex_unlock(&service->queue_lock);
}
