// SPDX-License-Identifier: Apache-2.0
//
// Installing models, signal sets and policies. Each is fully built first and swapped in when
// nothing can fail any more. Numbers of signals and schemes are given once to each name and never
// reused.
#include <math.h>
#include <stdio.h>

#include "base/limits.h"
#include "state.h"

#define NOT_IN_SET 0xffu

void twi_configs_init(tw_detector *d)
{
    tw_policy_init(&d->policy);
    memset(d->signal_index, NOT_IN_SET, sizeof d->signal_index);
}

void twi_configs_release(tw_detector *d)
{
    for (int i = 0; i < TW_CONFIG_N; i++)
        tw_free_array(d->alloc, d->configs[i].content_own, d->configs[i].bytes, 1);
    tw_signal_set_free(d->set_own);
    twi_scorer_release(&d->champion);
    twi_scorer_release(&d->challenger);
}

const twi_signal *twi_signal_by_number(const tw_detector *d, uint8_t number)
{
    if (number >= d->signal_number_n || d->signal_index[number] == NOT_IN_SET)
        return NULL;
    return &d->set_own->signals[d->signal_index[number]];
}

// --- names
// -----------------------------------------------------------------------------------------

// Number of a name among names[n][TWI_NAME_BYTES], or n when it is new.
static uint32_t find_name(const char *names, uint32_t n, tw_str name)
{
    uint32_t i = 0;
    while (i < n && !tw_str_equal(tw_str_from(names + (size_t)i * TWI_NAME_BYTES), name))
        i++;
    return i;
}

// Fails when the set's new names would overrun the numbers.
static tw_status check_numbers(const tw_detector *d, const tw_signal_set *set, tw_err *err)
{
    uint32_t signals = d->signal_number_n, schemes = d->scheme_number_n;
    for (size_t i = 0; i < set->signal_n; i++)
        signals += find_name(d->signal_names[0], d->signal_number_n, set->signals[i].name) ==
                   d->signal_number_n;
    for (size_t i = 0; i < set->scheme_n; i++)
        schemes += find_name(d->scheme_names[0], d->scheme_number_n, set->schemes[i].name) ==
                   d->scheme_number_n;
    if (signals > TW_SIGNAL_IDS_MAX || schemes > TWI_SCHEME_NUMBERS_MAX)
        return tw_fail(err, TW_LIMIT,
                       "more than %d names of signals or schemes were used since the start; "
                       "keep the names of existing ones",
                       TW_SIGNAL_IDS_MAX);
    return TW_OK;
}

// Slots of the cases follow their signals by name from the old set to the new one.
static void move_slots(tw_detector *d, const tw_signal_set *old)
{
    for (uint32_t i = 0; i < d->case_n; i++) {
        twi_case *c = &d->cases_own[i];
        int32_t slot[TW_SCHEME_SIGNALS_MAX] = {0};
        uint32_t fire_n[TW_SCHEME_SIGNALS_MAX] = {0};
        int32_t strong_day[TW_SCHEME_SIGNALS_MAX];
        for (size_t k = 0; k < TW_SCHEME_SIGNALS_MAX; k++)
            strong_day[k] = INT32_MIN;
        const char *scheme_name = d->scheme_names[c->scheme];
        for (size_t s = 0; s < old->signal_n; s++) {
            const twi_signal *from = &old->signals[s];
            if (!tw_str_equal(old->schemes[from->scheme].name, tw_str_from(scheme_name)))
                continue;
            for (size_t k = 0; k < d->set_own->signal_n; k++) {
                const twi_signal *to = &d->set_own->signals[k];
                if (tw_str_equal(to->name, from->name) &&
                    d->scheme_number[to->scheme] == c->scheme) {
                    slot[to->slot] = c->slot[from->slot];
                    fire_n[to->slot] = c->fire_n[from->slot];
                    strong_day[to->slot] = c->strong_day[from->slot];
                }
            }
        }
        memcpy(c->slot, slot, sizeof slot);
        memcpy(c->fire_n, fire_n, sizeof fire_n);
        memcpy(c->strong_day, strong_day, sizeof strong_day);
    }
}

// Gives numbers to names that have none.
static void number_names(tw_detector *d, const tw_signal_set *set)
{
    for (size_t i = 0; i < set->signal_n; i++) {
        uint32_t number = find_name(d->signal_names[0], d->signal_number_n, set->signals[i].name);
        if (number == d->signal_number_n) {
            d->signal_number_n++;
            tw_str_copy(set->signals[i].name, d->signal_names[number], TWI_NAME_BYTES);
        }
        memset(d->signal_titles[number], 0, TWI_NAME_BYTES);
        tw_str_copy(set->signals[i].title, d->signal_titles[number], TWI_NAME_BYTES);
    }
    for (size_t i = 0; i < set->scheme_n; i++) {
        uint32_t number = find_name(d->scheme_names[0], d->scheme_number_n, set->schemes[i].name);
        if (number == d->scheme_number_n)
            tw_str_copy(set->schemes[i].name, d->scheme_names[d->scheme_number_n++],
                        TWI_NAME_BYTES);
    }
}

bool twi_numbers_bind(tw_detector *d)
{
    const tw_signal_set *set = d->set_own;
    memset(d->signal_index, NOT_IN_SET, sizeof d->signal_index);
    for (size_t i = 0; i < set->signal_n; i++) {
        uint32_t number = find_name(d->signal_names[0], d->signal_number_n, set->signals[i].name);
        if (number == d->signal_number_n)
            return false;
        d->signal_number[i] = (uint8_t)number;
        d->signal_index[number] = (uint8_t)i;
    }
    for (size_t i = 0; i < set->scheme_n; i++) {
        uint32_t number = find_name(d->scheme_names[0], d->scheme_number_n, set->schemes[i].name);
        if (number == d->scheme_number_n)
            return false;
        d->scheme_number[i] = (uint8_t)number;
    }
    return true;
}

static void install_set(tw_detector *d, tw_signal_set *set)
{
    tw_signal_set *old = d->set_own;
    number_names(d, set);
    d->set_own = set;
    TW_CHECK(twi_numbers_bind(d));
    if (old)
        move_slots(d, old);
    tw_signal_set_free(old);
    twi_trust_derive(d);
}

// --- configs
// ---------------------------------------------------------------------------------------

// What a config builds; one of them is set.
typedef struct built {
    twi_scorer scorer;
    tw_signal_set *set;
    tw_policy policy;
    tw_quiet quiet;
} built;

static void built_release(built *b)
{
    twi_scorer_release(&b->scorer);
    tw_signal_set_free(b->set);
}

static tw_status build(const tw_detector *d, tw_config_kind kind, tw_str content, built *out,
                       tw_err *err)
{
    *out = (built){0};
    switch (kind) {
    case TW_CONFIG_MODEL:
    case TW_CONFIG_CHALLENGER:
        return content.bytes > 0 ? twi_scorer_load(d->alloc, content, &out->scorer, err) : TW_OK;
    case TW_CONFIG_DECISION:
        return TW_OK;
    case TW_CONFIG_QUIET:
        return content.bytes > 0 ? twi_quiet_parse(content, &out->quiet, err) : TW_OK;
    case TW_CONFIG_SIGNALS: {
        // An empty text stands for the set that ships with the program.
        tw_str text = content.bytes > 0 ? content : tw_signal_set_default();
        TW_TRY(tw_signal_set_parse(d->alloc, text, &out->set, err));
        tw_status status = check_numbers(d, out->set, err);
        if (status != TW_OK) {
            tw_signal_set_free(out->set);
            out->set = NULL;
        }
        return status;
    }
    case TW_CONFIG_POLICY:
        return tw_policy_parse(content, &out->policy, err);
    case TW_CONFIG_N:
        break;
    }
    return tw_fail(err, TW_INVALID, "unknown kind of configuration");
}

tw_status tw_detector_check(const tw_detector *d, tw_config_kind kind, tw_str content, tw_err *err)
{
    built b;
    if (kind == TW_CONFIG_MODEL && content.bytes == 0)
        return tw_fail(err, TW_INVALID, "the model is empty");
    TW_TRY(build(d, kind, content, &b, err));
    tw_status status = TW_OK;
    if (kind == TW_CONFIG_QUIET && content.bytes > 0)
        status = twi_quiet_admit(d, &b.quiet, err);
    built_release(&b);
    return status;
}

// The content as it came, for snapshots; a decision scores nothing, quiet rules are kept apart.
static tw_status keep_content(tw_detector *d, tw_config_kind kind, tw_str name, tw_str content,
                              tw_err *err)
{
    uint8_t *copy = NULL;
    if (kind == TW_CONFIG_DECISION)
        return TW_OK;
    if (kind == TW_CONFIG_QUIET)
        return twi_quiet_reserve(d) == TW_OK
                   ? TW_OK
                   : tw_fail(err, TW_NO_MEMORY, "no memory for the quiet rule");
    if (content.bytes > 0) {
        copy = tw_new_array(d->alloc, content.bytes, 1);
        if (!copy)
            return tw_fail(err, TW_NO_MEMORY, "no memory for the configuration");
        memcpy(copy, content.at, content.bytes);
    }
    twi_config *config = &d->configs[kind];
    tw_free_array(d->alloc, config->content_own, config->bytes, 1);
    *config = (twi_config){.content_own = copy, .bytes = content.bytes};
    // An empty model is none, so it has no name either.
    bool is_model = kind == TW_CONFIG_MODEL || kind == TW_CONFIG_CHALLENGER;
    bool is_named = !is_model || content.bytes > 0;
    tw_str_copy(is_named ? name : TW_STR_NONE, config->name, sizeof config->name);
    return TW_OK;
}

// A promoted challenger no longer runs beside itself.
static void drop_challenger(tw_detector *d)
{
    twi_config *config = &d->configs[TW_CONFIG_CHALLENGER];
    tw_free_array(d->alloc, config->content_own, config->bytes, 1);
    *config = (twi_config){.bytes = 0};
    twi_scorer_release(&d->challenger);
}

const tw_model *tw_detector_model(const tw_detector *d)
{
    return d->champion.model;
}

tw_status tw_detector_config(tw_detector *d, tw_config_kind kind, tw_str name, tw_str content,
                             tw_err *err)
{
    built b;
    if (name.bytes > TW_ID_MAX_BYTES)
        return tw_fail(err, TW_LIMIT, "the name of a configuration has at most %d bytes",
                       TW_ID_MAX_BYTES);
    TW_TRY(build(d, kind, content, &b, err));
    tw_status status = keep_content(d, kind, name, content, err);
    if (status != TW_OK) {
        built_release(&b);
        return status;
    }
    switch (kind) {
    case TW_CONFIG_MODEL:
        twi_scorer_release(&d->champion);
        d->champion = b.scorer;
        if (tw_str_equal(name, tw_str_from(d->configs[TW_CONFIG_CHALLENGER].name)))
            drop_challenger(d);
        twi_policy_derive(d);
        break;
    case TW_CONFIG_CHALLENGER:
        twi_scorer_release(&d->challenger);
        d->challenger = b.scorer;
        break;
    case TW_CONFIG_SIGNALS:
        install_set(d, b.set);
        break;
    case TW_CONFIG_POLICY:
        d->policy = b.policy;
        twi_policy_derive(d);
        twi_trust_derive(d);
        break;
    case TW_CONFIG_QUIET:
        twi_quiet_put(d, name, content.bytes > 0 ? &b.quiet : NULL);
        break;
    case TW_CONFIG_DECISION:
    case TW_CONFIG_N:
        break;
    }
    return TW_OK;
}

tw_str tw_detector_config_name(const tw_detector *d, tw_config_kind kind)
{
    TW_CHECK((unsigned)kind < TW_CONFIG_N);
    return tw_str_from(d->configs[kind].name);
}

bool tw_detector_signal(const tw_detector *d, uint8_t signal, tw_signal_info *out)
{
    *out = (tw_signal_info){.feature = TW_FEATURE_N};
    if (signal >= d->signal_number_n)
        return false;
    if (d->signal_index[signal] != NOT_IN_SET) {
        tw_signal_set_get(d->set_own, d->signal_index[signal], out);
        return true;
    }
    out->name = tw_str_from(d->signal_names[signal]);
    out->title = tw_str_from(d->signal_titles[signal]);
    return true;
}

size_t tw_detector_signal_n(const tw_detector *d)
{
    return d->signal_number_n;
}

const tw_signal_set *tw_detector_signals(const tw_detector *d)
{
    return d->set_own;
}

const tw_policy *tw_detector_policy(const tw_detector *d)
{
    return &d->policy;
}
