// SPDX-License-Identifier: Apache-2.0
//
// The catalogue's table and look-ups by name.
#include "feature/catalogue.h"

#include "base/hash.h"

static const tw_feature_row rows[TW_FEATURE_N] = {
#define X(name, entity, window, measure, filter, unit, title, help)                                \
    {#name,                                                                                        \
     TW_ENTITY_##entity,                                                                           \
     TW_WINDOW_##window,                                                                           \
     TW_MEASURE_##measure,                                                                         \
     TW_FILTER_##filter,                                                                           \
     unit,                                                                                         \
     title,                                                                                        \
     help},
    TW_FEATURES(X)
#undef X
};

const tw_feature_row *tw_feature_get(tw_feature feature)
{
    TW_CHECK(feature < TW_FEATURE_N);
    return &rows[feature];
}

bool tw_feature_find(tw_str name, tw_feature *out)
{
    for (int i = 0; i < TW_FEATURE_N; i++) {
        if (tw_str_equal(name, tw_str_from(rows[i].name))) {
            *out = (tw_feature)i;
            return true;
        }
    }
    return false;
}

const char *tw_entity_name(tw_entity_kind kind)
{
    static const char *const names[] = {
#define X(name, text) text,
        TW_ENTITIES(X)
#undef X
    };
    return kind < TW_ENTITY_N ? names[kind] : "";
}

const char *tw_window_label(tw_window window)
{
    static const char *const labels[] = {
#define X(name, text, delay, width) text,
        TW_WINDOWS(X)
#undef X
    };
    return window < TW_WINDOW_N ? labels[window] : "";
}

const char *tw_filter_text(tw_filter filter)
{
    static const char *const texts[] = {
#define X(name, text) text,
        TW_FILTERS(X)
#undef X
    };
    return filter < TW_FILTER_N ? texts[filter] : "";
}

uint64_t tw_catalogue_hash(void)
{
    uint64_t hash = TW_FEATURE_N;
    for (int i = 0; i < TW_FEATURE_N; i++) {
        const tw_feature_row *row = &rows[i];
        uint32_t shape[] = {(uint32_t)row->entity, (uint32_t)row->window, (uint32_t)row->measure,
                            (uint32_t)row->filter};
        hash = tw_hash_str(tw_str_from(row->name), hash);
        hash = tw_hash64(shape, sizeof(shape), hash);
    }
    return hash;
}

static const struct {
    tw_feature percentile, base;
} peer_rows[] = {
#define X(name, percentile, base) {TW_##percentile, TW_F_##base},
    TW_PEER_MEASURES(X)
#undef X
};

tw_feature tw_peer_base_feature(tw_peer_measure measure)
{
    TW_CHECK(measure < TW_PEER_MEASURE_N);
    return peer_rows[measure].base;
}

tw_feature tw_peer_percentile_feature(tw_peer_measure measure)
{
    TW_CHECK(measure < TW_PEER_MEASURE_N);
    return peer_rows[measure].percentile;
}
