// SPDX-License-Identifier: Apache-2.0
//
// Snapshots of a detector and its hash. Both come from one stream of little-endian fields
// (docs/formats/snapshot.md names the engine's part; this one follows it): magic "TWDETECT",
// version, configs, numbers of names, days and budget, quiet rules, cases in order of creation,
// alert keys, open alerts in order of opening. Tables and free lists are rebuilt on loading.
#include "base/limits.h"
#include "state.h"

static const char magic[8] = {'T', 'W', 'D', 'E', 'T', 'E', 'C', 'T'};
#define VERSION 5u
#define PIECE_BYTES 65536
// Bounds of what a detector can have written; beyond them sums might overflow.
#define POINTS_MAX_FP (1 << 22)
#define DAY_MAX 100000

// --- writing
// ---------------------------------------------------------------------------------------

typedef struct sink {
    tw_write *write;
    void *ctx;
    tw_status status;
    size_t bytes;
    uint8_t piece[PIECE_BYTES];
} sink;

static void flush(sink *s)
{
    if (s->status == TW_OK && s->bytes > 0)
        s->status = s->write(s->ctx, s->piece, s->bytes);
    s->bytes = 0;
}

static void put_bytes(sink *s, const void *data, size_t bytes)
{
    const uint8_t *at = data;
    while (bytes > 0) {
        size_t part = TW_MIN(bytes, PIECE_BYTES - s->bytes);
        memcpy(s->piece + s->bytes, at, part);
        s->bytes += part;
        at += part;
        bytes -= part;
        if (s->bytes == PIECE_BYTES)
            flush(s);
    }
}

static void put_number(sink *s, uint64_t v, int width)
{
    uint8_t data[8];
    for (int i = 0; i < width; i++)
        data[i] = (uint8_t)(v >> 8 * i);
    put_bytes(s, data, (size_t)width);
}

static void put_u32(sink *s, uint32_t v)
{
    put_number(s, v, 4);
}

static void put_u64(sink *s, uint64_t v)
{
    put_number(s, v, 8);
}

static void put_i32(sink *s, int32_t v)
{
    put_number(s, (uint32_t)v, 4);
}

static void put_name(sink *s, const char *name)
{
    size_t bytes = strlen(name);
    put_number(s, bytes, 1);
    put_bytes(s, name, bytes);
}

static void put_case(sink *s, const twi_case *c)
{
    put_u64(s, c->key);
    for (size_t i = 0; i < TW_SCHEME_SIGNALS_MAX; i++) {
        put_i32(s, c->slot[i]);
        put_u32(s, c->fire_n[i]);
        put_i32(s, c->strong_day[i]);
    }
    put_i32(s, c->peak);
    put_i32(s, c->day);
    put_i32(s, c->factor_256);
    put_i32(s, c->factor_until);
    put_number(s, c->scheme, 1);
    put_number(s, c->lead_n, 1);
    for (size_t i = 0; i < c->lead_n; i++) {
        put_u64(s, c->leads[i]);
        put_u64(s, (uint64_t)c->lead_exposure[i]);
    }
}

static void put_f32(sink *s, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    put_u32(s, bits);
}

static void put_alert(sink *s, const tw_alert *a, uint32_t case_idx)
{
    put_u32(s, case_idx);
    put_u64(s, a->key);
    const char *const texts[] = {a->scheme,      a->scheme_title, a->entity_id, a->store_id,
                                 a->employee_id, a->register_id,  a->currency};
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        put_name(s, texts[i]);
    put_number(s, (unsigned)a->type, 1);
    put_number(s, (unsigned)a->entity, 1);
    put_number(s, (uint16_t)a->offset_min, 2);
    put_u64(s, (uint64_t)a->created_ms);
    put_u64(s, (uint64_t)a->created_received_ms);
    put_u64(s, (uint64_t)a->updated_ms);
    put_u64(s, (uint64_t)a->updated_received_ms);
    put_f32(s, a->risk);
    put_f32(s, a->probability);
    put_f32(s, a->shadow);
    put_u64(s, (uint64_t)a->exposure_minor);
    put_u32(s, a->transaction_n);
    put_number(s, a->seq_n, 1);
    for (uint32_t i = 0; i < a->seq_n; i++)
        put_u64(s, a->seqs[i]);
    put_number(s, a->reason_n, 1);
    for (uint32_t i = 0; i < a->reason_n; i++) {
        const tw_alert_reason *r = &a->reasons[i];
        put_number(s, r->signal, 1);
        put_number(s, r->strength, 1);
        put_u32(s, r->n);
        put_u64(s, (uint64_t)r->last_ms);
        put_name(s, r->sentence);
    }
}

static void put_closed(sink *s, const tw_detector *d, const twi_closed *entry)
{
    put_u64(s, entry->alert_key);
    put_u32(s, entry->case_idx);
    put_i32(s, entry->evidence);
    put_i32(s, entry->day);
    put_i32(s, entry->trust_256);
    put_number(s, entry->verdict, 1);
    put_number(s, entry->seq_n, 1);
    for (size_t i = 0; i < entry->seq_n; i++)
        put_u64(s, d->seqs_own[entry->seq_at + i]);
    put_number(s, entry->reason_n, 1);
    put_bytes(s, entry->signals, entry->reason_n);
    put_bytes(s, entry->shares, entry->reason_n);
}

static void put_days(sink *s, const tw_detector *d)
{
    put_i32(s, d->day);
    put_i32(s, d->first_day);
    put_i32(s, d->threshold_fp);
    put_i32(s, d->bar_fp);
    put_u64(s, d->alerts_opened);
    for (size_t i = 0; i < TWI_BUDGET_DAYS; i++) {
        for (size_t k = 0; k < TWI_BINS; k++)
            put_i32(s, d->would_open[i][k]);
        for (size_t k = 0; k < d->signal_number_n; k++)
            put_u32(s, d->hits[i][k]);
    }
    for (size_t k = 0; k < d->signal_number_n; k++) {
        put_u32(s, d->right[k]);
        put_u32(s, d->wrong[k]);
        put_u32(s, d->strong_n[k]);
    }
}

static void put_quiets(sink *s, const tw_detector *d)
{
    put_u32(s, d->quiet_n);
    for (uint32_t i = 0; i < d->quiet_n; i++) {
        const tw_quiet *q = &d->quiets_own[i];
        put_name(s, q->name);
        put_number(s, (unsigned)q->entity, 1);
        put_name(s, q->entity_id);
        put_name(s, q->store_id);
        put_name(s, q->scheme);
        put_u64(s, (uint64_t)q->until_ms);
        put_u64(s, q->transaction_n);
    }
}

static void put_all(sink *s, const tw_detector *d)
{
    put_bytes(s, magic, sizeof magic);
    put_u32(s, VERSION);
    for (int i = 0; i < TW_CONFIG_N; i++) {
        put_name(s, d->configs[i].name);
        put_u64(s, d->configs[i].bytes);
        put_bytes(s, d->configs[i].content_own, d->configs[i].bytes);
    }
    put_u32(s, d->signal_number_n);
    for (uint32_t i = 0; i < d->signal_number_n; i++) {
        put_name(s, d->signal_names[i]);
        put_name(s, d->signal_titles[i]);
    }
    put_u32(s, d->scheme_number_n);
    for (uint32_t i = 0; i < d->scheme_number_n; i++)
        put_name(s, d->scheme_names[i]);
    put_days(s, d);
    put_quiets(s, d);
    put_u32(s, d->case_n);
    for (uint32_t i = 0; i < d->case_n; i++)
        put_case(s, &d->cases_own[i]);
    put_u32(s, d->closed_n);
    for (uint32_t i = 0; i < d->closed_n; i++)
        put_closed(s, d, &d->closed_own[i]);
    put_u32(s, d->open_n);
    for (uint32_t i = 0; i < d->open_n; i++)
        put_alert(s, &d->alerts_own[d->open_own[i]], d->alert_case_own[d->open_own[i]]);
    put_bytes(s, magic, sizeof magic);
}

tw_status tw_detector_save(const tw_detector *d, tw_write *write, void *ctx)
{
    sink s;
    s.write = write;
    s.ctx = ctx;
    s.status = TW_OK;
    s.bytes = 0;
    put_all(&s, d);
    flush(&s);
    return s.status;
}

static tw_status hash_piece(void *ctx, const void *data, size_t bytes)
{
    uint64_t *hash = ctx;
    *hash = tw_hash64(data, bytes, *hash);
    return TW_OK;
}

uint64_t tw_detector_hash(const tw_detector *d)
{
    uint64_t hash = VERSION;
    TW_CHECK(tw_detector_save(d, hash_piece, &hash) == TW_OK);
    return hash;
}

// --- reading
// ---------------------------------------------------------------------------------------

typedef struct source {
    tw_read *read;
    void *ctx;
    tw_status status; // after a failure everything reads as zero
} source;

static void get_bytes(source *s, void *out, size_t bytes)
{
    if (s->status == TW_OK && bytes > 0)
        s->status = s->read(s->ctx, out, bytes);
    if (s->status != TW_OK)
        memset(out, 0, bytes);
}

static uint64_t get_number(source *s, int width)
{
    uint8_t data[8] = {0};
    uint64_t v = 0;
    get_bytes(s, data, (size_t)width);
    for (int i = width - 1; i >= 0; i--)
        v = v << 8 | data[i];
    return v;
}

static uint32_t get_u32(source *s)
{
    return (uint32_t)get_number(s, 4);
}

static int32_t get_i32(source *s)
{
    return (int32_t)get_u32(s);
}

static uint64_t get_u64(source *s)
{
    return get_number(s, 8);
}

static void require(source *s, bool holds)
{
    if (s->status == TW_OK && !holds)
        s->status = TW_CORRUPT;
}

static uint32_t get_count(source *s, uint64_t max_n)
{
    uint32_t n = get_u32(s);
    require(s, n <= max_n);
    return s->status == TW_OK ? n : 0;
}

static void get_name(source *s, char *out, size_t cap)
{
    size_t bytes = (size_t)get_number(s, 1);
    require(s, bytes < cap);
    memset(out, 0, cap);
    if (s->status == TW_OK)
        get_bytes(s, out, bytes);
}

static void get_case(source *s, twi_case *c, const tw_detector *d)
{
    *c = (twi_case){.key = get_u64(s), .alert = TWI_NONE};
    require(s, c->key != 0);
    for (size_t i = 0; i < TW_SCHEME_SIGNALS_MAX; i++) {
        c->slot[i] = get_i32(s);
        c->fire_n[i] = get_u32(s);
        c->strong_day[i] = get_i32(s);
        require(s, c->slot[i] >= 0 && c->slot[i] <= POINTS_MAX_FP);
    }
    c->peak = get_i32(s);
    c->day = get_i32(s);
    c->factor_256 = get_i32(s);
    c->factor_until = get_i32(s);
    c->scheme = (uint8_t)get_number(s, 1);
    c->lead_n = (uint8_t)get_number(s, 1);
    require(s, c->factor_256 > 0 && c->factor_256 <= POINTS_MAX_FP && c->peak >= 0);
    require(s, c->day >= -DAY_MAX && c->day <= DAY_MAX);
    require(s, c->scheme < d->scheme_number_n && c->lead_n <= TWI_LEADS_MAX);
    for (size_t i = 0; s->status == TW_OK && i < c->lead_n; i++) {
        c->leads[i] = get_u64(s);
        c->lead_exposure[i] = (int64_t)get_u64(s);
    }
}

static float get_f32(source *s)
{
    uint32_t bits = get_u32(s);
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static void get_alert_reasons(source *s, tw_alert *a)
{
    a->reason_n = (uint32_t)get_number(s, 1);
    require(s, a->reason_n <= TW_SCHEME_SIGNALS_MAX);
    for (uint32_t i = 0; s->status == TW_OK && i < a->reason_n; i++) {
        tw_alert_reason *r = &a->reasons[i];
        r->signal = (uint8_t)get_number(s, 1);
        r->strength = (uint8_t)get_number(s, 1);
        r->n = get_u32(s);
        r->last_ms = (int64_t)get_u64(s);
        get_name(s, r->sentence, sizeof r->sentence);
    }
}

static void get_alert(source *s, tw_alert *a)
{
    a->key = get_u64(s);
    char *const texts[] = {a->scheme,   a->scheme_title, a->entity_id,
                           a->store_id, a->employee_id,  a->register_id};
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        get_name(s, texts[i], TWI_NAME_BYTES);
    get_name(s, a->currency, sizeof a->currency);
    unsigned type = (unsigned)get_number(s, 1), entity = (unsigned)get_number(s, 1);
    require(s, a->key != 0 && type < TW_ALERT_TYPE_N && entity < TW_ENTITY_N);
    a->type = (tw_alert_type)type;
    a->entity = (tw_entity_kind)entity;
    a->offset_min = (int16_t)(uint16_t)get_number(s, 2);
    a->created_ms = (int64_t)get_u64(s);
    a->created_received_ms = (int64_t)get_u64(s);
    a->updated_ms = (int64_t)get_u64(s);
    a->updated_received_ms = (int64_t)get_u64(s);
    a->risk = get_f32(s);
    a->probability = get_f32(s);
    a->shadow = get_f32(s);
    a->exposure_minor = (int64_t)get_u64(s);
    a->transaction_n = get_u32(s);
    a->seq_n = (uint32_t)get_number(s, 1);
    require(s, a->seq_n <= TW_ALERT_SEQS_MAX);
    for (uint32_t i = 0; s->status == TW_OK && i < a->seq_n; i++)
        a->seqs[i] = get_u64(s);
    get_alert_reasons(s, a);
}

static void get_configs(source *s, tw_detector *d)
{
    for (int i = 0; s->status == TW_OK && i < TW_CONFIG_N; i++) {
        char name[TWI_NAME_BYTES];
        get_name(s, name, sizeof name);
        uint64_t bytes = get_u64(s);
        bool is_model = i == TW_CONFIG_MODEL || i == TW_CONFIG_CHALLENGER;
        require(s, bytes <= (is_model ? TW_MODEL_MAX_BYTES : TW_CONFIG_MAX_BYTES));
        bool is_nothing = is_model || i == TW_CONFIG_DECISION || i == TW_CONFIG_QUIET;
        if (s->status != TW_OK || (bytes == 0 && is_nothing))
            continue;
        uint8_t *content = tw_new_array(d->alloc, bytes, 1);
        if (bytes > 0 && !content) {
            s->status = TW_NO_MEMORY;
            return;
        }
        get_bytes(s, content, bytes);
        tw_status status = TW_OK;
        if (s->status == TW_OK)
            status = tw_detector_config(d, (tw_config_kind)i, tw_str_from(name),
                                        (tw_str){(const char *)content, bytes}, NULL);
        tw_free_array(d->alloc, content, bytes, 1);
        if (status != TW_OK)
            s->status = status == TW_NO_MEMORY ? status : TW_CORRUPT;
    }
}

// The names in their old order; then the set is numbered anew by them.
static void get_numbers(source *s, tw_detector *d)
{
    d->signal_number_n = get_count(s, TW_SIGNAL_IDS_MAX);
    for (uint32_t i = 0; s->status == TW_OK && i < d->signal_number_n; i++) {
        get_name(s, d->signal_names[i], TWI_NAME_BYTES);
        get_name(s, d->signal_titles[i], TWI_NAME_BYTES);
    }
    d->scheme_number_n = get_count(s, TWI_SCHEME_NUMBERS_MAX);
    for (uint32_t i = 0; s->status == TW_OK && i < d->scheme_number_n; i++)
        get_name(s, d->scheme_names[i], TWI_NAME_BYTES);
    if (s->status == TW_OK)
        require(s, twi_numbers_bind(d));
}

static void get_days(source *s, tw_detector *d)
{
    d->day = get_i32(s);
    d->first_day = get_i32(s);
    d->threshold_fp = get_i32(s);
    d->bar_fp = get_i32(s);
    require(s, d->bar_fp >= 0 && d->bar_fp <= POINTS_MAX_FP);
    require(s, d->threshold_fp > 0 && d->threshold_fp <= POINTS_MAX_FP);
    require(s, d->day == INT32_MIN || (d->day >= -DAY_MAX && d->day <= DAY_MAX));
    require(s, (d->first_day == INT32_MIN) == (d->day == INT32_MIN) && d->first_day <= d->day);
    require(s, d->first_day == INT32_MIN || d->first_day >= -DAY_MAX);
    d->alerts_opened = get_u64(s);
    for (size_t i = 0; s->status == TW_OK && i < TWI_BUDGET_DAYS; i++) {
        for (size_t k = 0; k < TWI_BINS; k++)
            d->would_open[i][k] = get_i32(s);
        for (size_t k = 0; k < d->signal_number_n; k++)
            d->hits[i][k] = get_u32(s);
    }
    for (size_t k = 0; k < d->signal_number_n; k++) {
        d->right[k] = get_u32(s);
        d->wrong[k] = get_u32(s);
        d->strong_n[k] = get_u32(s);
    }
    twi_trust_derive(d);
}

static void get_quiets(source *s, tw_detector *d)
{
    uint32_t n = get_count(s, TW_QUIETS_MAX);
    for (uint32_t i = 0; s->status == TW_OK && i < n; i++) {
        tw_quiet q = {.until_ms = 0};
        get_name(s, q.name, sizeof q.name);
        unsigned entity = (unsigned)get_number(s, 1);
        require(s, entity < TW_ENTITY_N);
        q.entity = (tw_entity_kind)entity;
        get_name(s, q.entity_id, sizeof q.entity_id);
        get_name(s, q.store_id, sizeof q.store_id);
        get_name(s, q.scheme, sizeof q.scheme);
        q.until_ms = (int64_t)get_u64(s);
        q.transaction_n = get_u64(s);
        if (s->status == TW_OK)
            s->status = twi_quiet_reserve(d);
        if (s->status == TW_OK)
            d->quiets_own[d->quiet_n++] = q;
    }
    if (s->status == TW_OK)
        s->status = tw_table_reserve(&d->quiet_table, d->quiet_n);
    if (s->status == TW_OK)
        twi_quiet_index(d);
}

static void get_cases(source *s, tw_detector *d)
{
    uint32_t n = get_count(s, TWI_CASES_MAX);
    for (uint32_t i = 0; s->status == TW_OK && i < n; i++) {
        tw_table_slot *slot;
        // Room grows with what was really read, so that a damaged count cannot ask for gigabytes.
        if (d->case_n == d->case_cap)
            s->status = twi_cases_reserve(d, TW_MIN(n - i, 4096));
        if (s->status != TW_OK)
            return;
        get_case(s, &d->cases_own[d->case_n], d);
        if (s->status == TW_OK)
            s->status = tw_table_at(&d->case_table, d->cases_own[d->case_n].key, &slot);
        if (s->status != TW_OK)
            return;
        require(s, slot->value == TW_TABLE_NONE);
        slot->value = d->case_n++;
    }
}

static void get_closed(source *s, tw_detector *d)
{
    uint64_t key = get_u64(s);
    uint32_t case_idx = get_u32(s);
    require(s, case_idx < d->case_n);
    if (s->status == TW_OK)
        s->status = twi_alerts_reserve(d, 1);
    if (s->status == TW_OK)
        require(s, twi_alert_register(d, key, case_idx));
    if (s->status != TW_OK)
        return;
    twi_closed *entry = &d->closed_own[d->closed_n - 1];
    entry->evidence = get_i32(s);
    entry->day = get_i32(s);
    entry->trust_256 = get_i32(s);
    require(s, entry->evidence >= 0 && entry->trust_256 >= 0);
    entry->verdict = (uint8_t)get_number(s, 1);
    require(s, entry->verdict < TW_VERDICT_N || entry->verdict == TWI_UNDECIDED);
    entry->seq_at = d->seq_n;
    entry->seq_n = (uint8_t)get_number(s, 1);
    require(s, entry->seq_n <= TW_ALERT_SEQS_MAX);
    for (size_t i = 0; s->status == TW_OK && i < entry->seq_n; i++)
        d->seqs_own[d->seq_n++] = get_u64(s);
    entry->reason_n = (uint8_t)get_number(s, 1);
    require(s, entry->reason_n <= TW_SCHEME_SIGNALS_MAX);
    if (s->status != TW_OK)
        return;
    get_bytes(s, entry->signals, entry->reason_n);
    get_bytes(s, entry->shares, entry->reason_n);
    for (size_t i = 0; i < entry->reason_n; i++)
        require(s, entry->signals[i] < d->signal_number_n);
}

static void get_alerts(source *s, tw_detector *d)
{
    uint32_t n = get_count(s, TWI_CASES_MAX);
    for (uint32_t i = 0; s->status == TW_OK && i < n; i++) {
        get_closed(s, d);
    }
    n = get_count(s, TWI_ALERTS_MAX);
    for (uint32_t i = 0; s->status == TW_OK && i < n; i++) {
        uint32_t case_idx = get_u32(s);
        require(s, case_idx < d->case_n && d->cases_own[case_idx].alert == TWI_NONE);
        if (s->status == TW_OK)
            s->status = twi_alerts_reserve(d, TW_ALERT_SEQS_MAX);
        if (s->status != TW_OK)
            return;
        uint32_t at = twi_alert_place(d, case_idx);
        get_alert(s, &d->alerts_own[at]);
        d->cases_own[case_idx].alert = at;
        if (s->status == TW_OK)
            twi_alerts_index(d, at);
    }
}

static void get_all(source *s, tw_detector *d)
{
    char head[sizeof magic];
    get_bytes(s, head, sizeof head);
    require(s, memcmp(head, magic, sizeof magic) == 0 && get_u32(s) == VERSION);
    get_configs(s, d);
    get_numbers(s, d);
    get_days(s, d);
    get_quiets(s, d);
    get_cases(s, d);
    get_alerts(s, d);
    get_bytes(s, head, sizeof head);
    require(s, memcmp(head, magic, sizeof magic) == 0);
}

tw_status tw_detector_load(const tw_alloc *alloc, const tw_engine *engine, tw_read *read, void *ctx,
                           tw_detector **out)
{
    source s = {read, ctx, TW_OK};
    TW_TRY(tw_detector_new(alloc, engine, out));
    get_all(&s, *out);
    if (s.status != TW_OK) {
        tw_detector_free(*out);
        *out = NULL;
    }
    return s.status;
}
