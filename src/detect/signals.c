// SPDX-License-Identifier: Apache-2.0
//
// Life and queries of a compiled signal set; compile.c fills it.
#include "base/limits.h"
#include "set.h"
#include "signals_default.h"
#include "yaml_tree.h"

// Strings of a set: at most what its text holds, with alignment.
#define ARENA_MAX_BYTES (4 * TW_CONFIG_MAX_BYTES)

tw_status tw_signal_set_parse(const tw_alloc *alloc, tw_str text, tw_signal_set **out, tw_err *err)
{
    *out = NULL;
    tw_signal_set *set = tw_new(alloc, tw_signal_set);
    if (!set)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the signals");
    set->alloc = alloc;
    tw_arena_init(&set->arena, alloc, 0, ARENA_MAX_BYTES);
    twi_yaml yaml;
    tw_status status = twi_yaml_init(&yaml, text, err);
    if (status == TW_OK)
        status = twi_set_compile(set, &yaml);
    twi_yaml_release(&yaml);
    if (status != TW_OK) {
        tw_signal_set_free(set);
        return status;
    }
    *out = set;
    return TW_OK;
}

void tw_signal_set_free(tw_signal_set *set)
{
    if (!set)
        return;
    tw_arena_release(&set->arena);
    tw_delete(set->alloc, set);
}

tw_str tw_signal_set_default(void)
{
    return (tw_str){(const char *)twi_signals_default, twi_signals_default_bytes};
}

size_t tw_signal_set_n(const tw_signal_set *set)
{
    return set->signal_n;
}

size_t tw_signal_set_scheme_n(const tw_signal_set *set)
{
    return set->scheme_n;
}

void tw_signal_set_get(const tw_signal_set *set, size_t signal, tw_signal_info *out)
{
    TW_CHECK(signal < set->signal_n);
    const twi_signal *s = &set->signals[signal];
    *out = (tw_signal_info){.name = s->name,
                            .title = s->title,
                            .help = s->help,
                            .sentence = s->sentence,
                            .scheme = s->scheme,
                            .enabled = s->enabled,
                            .is_clearing = s->is_clearing,
                            .weight = (float)s->weight_fp / 1024.0f,
                            .needs = s->needs,
                            .needs_not = s->needs_not,
                            .parameters = s->parameters,
                            .parameter_n = s->parameter_n,
                            .feature = TW_FEATURE_N};
    if (s->measure != TWI_NO_MEASURE)
        out->feature = tw_peer_base_feature((tw_peer_measure)s->measure);
    else if (s->condition_n > 0)
        out->feature = (tw_feature)set->conditions[s->condition].feature;
}

void tw_signal_set_scheme(const tw_signal_set *set, size_t scheme, tw_scheme_info *out)
{
    TW_CHECK(scheme < set->scheme_n);
    const twi_scheme *s = &set->schemes[scheme];
    *out = (tw_scheme_info){s->name, s->title, s->help, s->type, s->entity};
}

uint8_t twi_measure_of(tw_feature feature)
{
    for (int i = 0; i < TW_PEER_MEASURE_N; i++)
        if (tw_peer_base_feature((tw_peer_measure)i) == feature)
            return (uint8_t)i;
    return TWI_NO_MEASURE;
}
