// SPDX-License-Identifier: Apache-2.0
//
// Keeping the watch: counting and two rings.
#include "watch.h"

#include <math.h>

#include "base/hash.h"

void twi_watch_init(twi_watch *watch, const tw_alloc *alloc)
{
    *watch = (twi_watch){.alloc = alloc};
    for (size_t i = 0; i < TWI_WATCH_WEEKS; i++)
        watch->weeks[i].first_day = INT32_MIN;
    tw_table_init(&watch->by_key, alloc, TWI_WATCH_ALERTS);
    tw_table_init(&watch->by_store, alloc, TWI_WATCH_STORES_MAX);
}

void twi_watch_release(twi_watch *watch)
{
    if (!watch->alloc)
        return;
    tw_free_array(watch->alloc, watch->alerts_own, watch->alert_cap, sizeof(twi_watch_alert));
    tw_free_array(watch->alloc, watch->audits_own, watch->audit_cap, sizeof(twi_watch_audit));
    tw_free_array(watch->alloc, watch->stores_own, watch->store_cap, sizeof(twi_store_name));
    tw_table_release(&watch->by_key);
    tw_table_release(&watch->by_store);
    *watch = (twi_watch){.alloc = NULL};
}

size_t twi_watch_alert_count(const twi_watch *watch)
{
    return (size_t)TW_MIN(watch->alert_n, (uint64_t)TWI_WATCH_ALERTS);
}

size_t twi_watch_audit_count(const twi_watch *watch)
{
    return (size_t)TW_MIN(watch->audit_n, (uint64_t)TWI_WATCH_AUDITS);
}

const twi_watch_alert *twi_watch_alert_at(const twi_watch *watch, size_t i)
{
    uint64_t first = watch->alert_n - twi_watch_alert_count(watch);
    return &watch->alerts_own[(first + i) % TWI_WATCH_ALERTS];
}

static twi_watch_audit *audit_at(const twi_watch *watch, size_t i)
{
    uint64_t first = watch->audit_n - twi_watch_audit_count(watch);
    return &watch->audits_own[(first + i) % TWI_WATCH_AUDITS];
}

const twi_watch_audit *twi_watch_audit_at(const twi_watch *watch, size_t i)
{
    return audit_at(watch, i);
}

tw_status twi_watch_reserve(twi_watch *watch, size_t n)
{
    size_t alerts = TW_MIN(twi_watch_alert_count(watch) + n, (size_t)TWI_WATCH_ALERTS);
    size_t audits = TW_MIN(twi_watch_audit_count(watch) + n, (size_t)TWI_WATCH_AUDITS);
    void *items = watch->alerts_own;
    TW_TRY(tw_grow(watch->alloc, &items, &watch->alert_cap, alerts, sizeof(twi_watch_alert),
                   2 * (size_t)TWI_WATCH_ALERTS));
    watch->alerts_own = items;
    items = watch->audits_own;
    TW_TRY(tw_grow(watch->alloc, &items, &watch->audit_cap, audits, sizeof(twi_watch_audit),
                   2 * (size_t)TWI_WATCH_AUDITS));
    watch->audits_own = items;
    items = watch->stores_own;
    TW_TRY(tw_grow(watch->alloc, &items, &watch->store_cap, watch->store_n + n,
                   sizeof(twi_store_name), 2 * (size_t)TWI_WATCH_STORES_MAX));
    watch->stores_own = items;
    TW_TRY(tw_table_reserve(&watch->by_key, TW_MIN(n, TWI_WATCH_ALERTS - watch->by_key.n)));
    return tw_table_reserve(&watch->by_store, n);
}

int32_t twi_watch_monday(int32_t day)
{
    int32_t weekday = ((day + 3) % 7 + 7) % 7; // 1970-01-01 was a Thursday
    return day - weekday;
}

static twi_watch_week *week_of(twi_watch *watch, int32_t day)
{
    int32_t monday = twi_watch_monday(day);
    int32_t slot = monday / 7 % TWI_WATCH_WEEKS;
    twi_watch_week *week = &watch->weeks[slot < 0 ? slot + TWI_WATCH_WEEKS : slot];
    if (week->first_day < monday)
        *week = (twi_watch_week){.first_day = monday};
    return week;
}

static size_t bin_of(float risk)
{
    size_t bin = (size_t)(risk * (float)TW_SHADOW_BINS);
    return TW_MIN(bin, (size_t)TW_SHADOW_BINS - 1);
}

static void note_shadow(twi_watch *watch, int32_t day, float champion, float challenger)
{
    int32_t slot = day % TW_SHADOW_DAYS;
    tw_shadow_day *shadow = &watch->days[slot < 0 ? slot + TW_SHADOW_DAYS : slot];
    if (shadow->transaction_n == 0 || shadow->day < day)
        *shadow = (tw_shadow_day){.day = day};
    bool by_champion = champion >= TW_RISK_ALERT, by_challenger = challenger >= TW_RISK_ALERT;
    shadow->transaction_n++;
    shadow->champion_n += by_champion;
    shadow->challenger_n += by_challenger;
    shadow->both_n += by_champion && by_challenger;
    shadow->champion_risk[bin_of(champion)]++;
    shadow->challenger_risk[bin_of(challenger)]++;
}

void twi_watch_transaction(twi_watch *watch, int32_t day, uint64_t seq, const tw_score *score,
                           tw_shadow shadow)
{
    week_of(watch, day)->transaction_n++;
    if (!isnan(shadow.risk))
        note_shadow(watch, day, score->risk, shadow.risk);
    if (!score->is_audit)
        return;
    size_t at = (size_t)(watch->audit_n++ % TWI_WATCH_AUDITS);
    TW_CHECK(at < watch->audit_cap);
    watch->audits_own[at] = (twi_watch_audit){.seq = seq, .day = day, .verdict = TWI_UNDECIDED};
}

static uint32_t store_index(twi_watch *watch, const char *store_id)
{
    tw_table_slot *slot;
    tw_str name = tw_str_from(store_id);
    TW_CHECK(tw_table_at(&watch->by_store, tw_hash_str(name, 24) | 1, &slot) == TW_OK);
    if (slot->value == TW_TABLE_NONE) {
        TW_CHECK(watch->store_n < watch->store_cap);
        slot->value = (uint32_t)watch->store_n++;
        tw_str_copy(name, watch->stores_own[slot->value], sizeof(twi_store_name));
    }
    return slot->value;
}

void twi_watch_opened(twi_watch *watch, int32_t day, const tw_alert *alert, float probability)
{
    size_t at = (size_t)(watch->alert_n % TWI_WATCH_ALERTS);
    // One transaction may open several: beyond the reservation this is an ordinary allocation.
    TW_CHECK(twi_watch_reserve(watch, 1) == TW_OK && at < watch->alert_cap);
    if (watch->alert_n >= TWI_WATCH_ALERTS)
        tw_table_remove(&watch->by_key, watch->alerts_own[at].key);
    watch->alert_n++;
    watch->alerts_own[at] = (twi_watch_alert){.key = alert->key,
                                              .day = day,
                                              .probability = probability,
                                              .store = store_index(watch, alert->store_id),
                                              .verdict = TWI_UNDECIDED};
    tw_table_slot *slot;
    TW_CHECK(tw_table_at(&watch->by_key, alert->key, &slot) == TW_OK);
    slot->value = (uint32_t)at;
}

void twi_watch_judged(twi_watch *watch, uint64_t alert_key, tw_verdict_kind verdict)
{
    const tw_table_slot *slot = alert_key ? tw_table_find(&watch->by_key, alert_key) : NULL;
    if (slot)
        watch->alerts_own[slot->value].verdict = (uint8_t)verdict;
}

void twi_watch_judged_seq(twi_watch *watch, uint64_t seq, tw_verdict_kind verdict)
{
    size_t low = 0, high = twi_watch_audit_count(watch);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (audit_at(watch, middle)->seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < twi_watch_audit_count(watch) && audit_at(watch, low)->seq == seq)
        audit_at(watch, low)->verdict = (uint8_t)verdict;
}

// --- snapshots
// ------------------------------------------------------------------------------------

static void save_days(const twi_watch *watch, tw_buf *out)
{
    for (size_t i = 0; i < TW_SHADOW_DAYS; i++) {
        const tw_shadow_day *day = &watch->days[i];
        tw_buf_u32(out, (uint32_t)day->day);
        tw_buf_u64(out, day->transaction_n);
        tw_buf_u64(out, day->champion_n);
        tw_buf_u64(out, day->challenger_n);
        tw_buf_u64(out, day->both_n);
        for (size_t b = 0; b < TW_SHADOW_BINS; b++) {
            tw_buf_u64(out, day->champion_risk[b]);
            tw_buf_u64(out, day->challenger_risk[b]);
        }
    }
    for (size_t i = 0; i < TWI_WATCH_WEEKS; i++) {
        tw_buf_u32(out, (uint32_t)watch->weeks[i].first_day);
        tw_buf_u64(out, watch->weeks[i].transaction_n);
    }
}

void twi_watch_save(const twi_watch *watch, tw_buf *out)
{
    save_days(watch, out);
    tw_buf_u64(out, watch->store_n);
    for (size_t i = 0; i < watch->store_n; i++)
        tw_buf_blob(out, tw_str_from(watch->stores_own[i]));
    tw_buf_u64(out, watch->alert_n);
    for (size_t i = 0; i < twi_watch_alert_count(watch); i++) {
        const twi_watch_alert *alert = twi_watch_alert_at(watch, i);
        tw_buf_u64(out, alert->key);
        tw_buf_u32(out, (uint32_t)alert->day);
        tw_buf_f32(out, alert->probability);
        tw_buf_u32(out, alert->store);
        tw_buf_u8(out, alert->verdict);
    }
    tw_buf_u64(out, watch->audit_n);
    for (size_t i = 0; i < twi_watch_audit_count(watch); i++) {
        const twi_watch_audit *audit = twi_watch_audit_at(watch, i);
        tw_buf_u64(out, audit->seq);
        tw_buf_u32(out, (uint32_t)audit->day);
        tw_buf_u8(out, audit->verdict);
    }
}

static void load_days(twi_watch *watch, tw_reader *reader)
{
    for (size_t i = 0; i < TW_SHADOW_DAYS; i++) {
        tw_shadow_day *day = &watch->days[i];
        day->day = (int32_t)tw_read_u32(reader);
        day->transaction_n = tw_read_u64(reader);
        day->champion_n = tw_read_u64(reader);
        day->challenger_n = tw_read_u64(reader);
        day->both_n = tw_read_u64(reader);
        for (size_t b = 0; b < TW_SHADOW_BINS; b++) {
            day->champion_risk[b] = tw_read_u64(reader);
            day->challenger_risk[b] = tw_read_u64(reader);
        }
    }
    for (size_t i = 0; i < TWI_WATCH_WEEKS; i++) {
        watch->weeks[i].first_day = (int32_t)tw_read_u32(reader);
        watch->weeks[i].transaction_n = tw_read_u64(reader);
    }
}

static tw_status load_stores(twi_watch *watch, tw_reader *reader)
{
    uint64_t n = tw_read_u64(reader);
    if (n > tw_reader_left(reader) || n > TWI_WATCH_STORES_MAX)
        return TW_CORRUPT;
    for (uint64_t i = 0; i < n; i++) {
        twi_store_name name;
        tw_str text = tw_read_blob(reader);
        if (reader->status != TW_OK || text.bytes >= sizeof(name))
            return TW_CORRUPT;
        tw_str_copy(text, name, sizeof(name));
        TW_TRY(twi_watch_reserve(watch, 1));
        if (store_index(watch, name) != i)
            return TW_CORRUPT;
    }
    return TW_OK;
}

static bool is_verdict(uint8_t verdict)
{
    return verdict < TW_VERDICT_N || verdict == TWI_UNDECIDED;
}

static tw_status load_alerts(twi_watch *watch, tw_reader *reader)
{
    uint64_t n = tw_read_u64(reader);
    watch->alert_n = n - TW_MIN(n, (uint64_t)TWI_WATCH_ALERTS);
    // What lies before is not kept: the ring is filled from the place where the oldest stood.
    if (TW_MIN(n, (uint64_t)TWI_WATCH_ALERTS) > tw_reader_left(reader) / 21)
        return TW_CORRUPT;
    size_t kept = (size_t)(n - watch->alert_n);
    void *items = watch->alerts_own;
    size_t need = n > TWI_WATCH_ALERTS ? TWI_WATCH_ALERTS : kept;
    TW_TRY(tw_grow(watch->alloc, &items, &watch->alert_cap, need, sizeof(twi_watch_alert),
                   2 * (size_t)TWI_WATCH_ALERTS));
    watch->alerts_own = items;
    TW_TRY(tw_table_reserve(&watch->by_key, kept));
    for (size_t i = 0; i < kept; i++) {
        tw_table_slot *slot;
        twi_watch_alert alert = {.key = tw_read_u64(reader)};
        alert.day = (int32_t)tw_read_u32(reader);
        alert.probability = tw_read_f32(reader);
        alert.store = tw_read_u32(reader);
        alert.verdict = tw_read_u8(reader);
        if (alert.key == 0 || alert.store >= watch->store_n || !is_verdict(alert.verdict))
            return TW_CORRUPT;
        size_t at = (size_t)(watch->alert_n++ % TWI_WATCH_ALERTS);
        watch->alerts_own[at] = alert;
        TW_TRY(tw_table_at(&watch->by_key, alert.key, &slot));
        slot->value = (uint32_t)at;
    }
    return reader->status;
}

static tw_status load_audits(twi_watch *watch, tw_reader *reader)
{
    uint64_t n = tw_read_u64(reader), before = 0;
    size_t kept = (size_t)TW_MIN(n, (uint64_t)TWI_WATCH_AUDITS);
    if (kept > tw_reader_left(reader) / 13)
        return TW_CORRUPT;
    void *items = watch->audits_own;
    TW_TRY(tw_grow(watch->alloc, &items, &watch->audit_cap, kept, sizeof(twi_watch_audit),
                   2 * (size_t)TWI_WATCH_AUDITS));
    watch->audits_own = items;
    watch->audit_n = n - kept;
    for (size_t i = 0; i < kept; i++) {
        twi_watch_audit audit = {.seq = tw_read_u64(reader)};
        audit.day = (int32_t)tw_read_u32(reader);
        audit.verdict = tw_read_u8(reader);
        if (audit.seq <= before || !is_verdict(audit.verdict))
            return TW_CORRUPT;
        before = audit.seq;
        watch->audits_own[watch->audit_n++ % TWI_WATCH_AUDITS] = audit;
    }
    return reader->status;
}

tw_status twi_watch_load(twi_watch *watch, tw_reader *reader)
{
    load_days(watch, reader);
    TW_TRY(load_stores(watch, reader));
    TW_TRY(load_alerts(watch, reader));
    return load_audits(watch, reader);
}

static uint64_t days_hash(const twi_watch *watch, uint64_t seed)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < TW_SHADOW_DAYS; i++) {
        const tw_shadow_day *day = &watch->days[i];
        uint64_t parts[] = {(uint64_t)day->day, day->transaction_n, day->champion_n,
                            day->challenger_n, day->both_n};
        sum += tw_hash64(day->champion_risk, sizeof(day->champion_risk), seed + i);
        sum += tw_hash64(day->challenger_risk, sizeof(day->challenger_risk), seed - i);
        sum += tw_hash64(parts, sizeof(parts), seed);
    }
    return sum;
}

uint64_t twi_watch_hash(const twi_watch *watch, uint64_t seed)
{
    uint64_t sum = days_hash(watch, seed) + watch->alert_n * 3 + watch->audit_n * 5;
    for (size_t i = 0; i < TWI_WATCH_WEEKS; i++) {
        const twi_watch_week *week = &watch->weeks[i];
        uint64_t parts[] = {(uint64_t)week->first_day, week->transaction_n};
        sum += tw_hash64(parts, sizeof(parts), seed);
    }
    for (size_t i = 0; i < twi_watch_alert_count(watch); i++) {
        const twi_watch_alert *alert = twi_watch_alert_at(watch, i);
        uint32_t bits;
        memcpy(&bits, &alert->probability, sizeof(bits));
        uint64_t parts[] = {alert->key, (uint64_t)alert->day, bits,
                            tw_hash_str(tw_str_from(watch->stores_own[alert->store]), seed),
                            alert->verdict};
        sum += tw_hash64(parts, sizeof(parts), seed);
    }
    for (size_t i = 0; i < twi_watch_audit_count(watch); i++) {
        const twi_watch_audit *audit = twi_watch_audit_at(watch, i);
        uint64_t parts[] = {audit->seq, (uint64_t)audit->day, audit->verdict};
        sum += tw_hash64(parts, sizeof(parts), seed);
    }
    return sum;
}
