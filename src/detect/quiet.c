// SPDX-License-Identifier: Apache-2.0
//
// Quiet rules: an entity and scheme (or all schemes) that bring no alert until an instant, because
// somebody knows why. While one holds, transactions leave the case untouched: no evidence gathers,
// none is aged away early, nothing counts in the budget; an open alert stays as it is.
//
// Rules are few: they lie in one array in the order of their installation, and a table from (kind,
// entity, scheme) to the rule that holds longest is made anew with every change.
#include "base/time.h"
#include "state.h"
#include "yaml_tree.h"

#define OWNER_MAX_BYTES TW_TEXT_MAX_BYTES
#define REASON_MAX_BYTES TW_ACTION_MAX_BYTES
#define DAY_MS INT64_C(86400000)

// --- the rule's text
// -------------------------------------------------------------------------------

static tw_status copy_text(const twi_yaml *yaml, const char *key, char out[TWI_NAME_BYTES])
{
    tw_str text;
    TW_TRY(twi_yaml_text(yaml, yaml->root, key, TW_ID_MAX_BYTES, &text));
    tw_str_copy(text, out, TWI_NAME_BYTES);
    return TW_OK;
}

// The same for a key that may be missing or empty.
static tw_status copy_optional(const twi_yaml *yaml, const char *key, char out[TWI_NAME_BYTES])
{
    tw_str text;
    const yaml_node_t *node = twi_yaml_get(yaml, yaml->root, key);
    if (!node || (twi_yaml_scalar(node, &text) && text.bytes == 0))
        return TW_OK;
    return copy_text(yaml, key, out);
}

static tw_status read_entity(const twi_yaml *yaml, tw_quiet *out)
{
    tw_str kind;
    TW_TRY(twi_yaml_text(yaml, yaml->root, "entity_kind", TW_ID_MAX_BYTES, &kind));
    int entity = 0;
    while (entity < TW_ENTITY_N &&
           !tw_str_equal(kind, tw_str_from(tw_entity_name((tw_entity_kind)entity))))
        entity++;
    if (entity == TW_ENTITY_N)
        return twi_yaml_fail(yaml, twi_yaml_get(yaml, yaml->root, "entity_kind"), "entity_kind",
                             "must be employee, account, register or store");
    out->entity = (tw_entity_kind)entity;
    TW_TRY(copy_optional(yaml, "store_id", out->store_id));
    if (out->store_id[0] && out->entity != TW_ENTITY_REGISTER)
        return twi_yaml_fail(yaml, twi_yaml_get(yaml, yaml->root, "store_id"), "store_id",
                             "is for registers only");
    return copy_text(yaml, "entity_id", out->entity_id);
}

static tw_status read_quiet(const twi_yaml *yaml, tw_quiet *out)
{
    static const char *const known[] = {"entity_kind", "entity_id", "store_id", "scheme",
                                        "until",       "owner",     "reason",   NULL};
    tw_str until, text;
    int16_t offset_min;
    TW_TRY(twi_yaml_keys(yaml, yaml->root, "", known));
    TW_TRY(read_entity(yaml, out));
    TW_TRY(copy_optional(yaml, "scheme", out->scheme));
    // Who answers for it and why are for people; a rule without them must not be.
    TW_TRY(twi_yaml_text(yaml, yaml->root, "owner", OWNER_MAX_BYTES, &text));
    TW_TRY(twi_yaml_text(yaml, yaml->root, "reason", REASON_MAX_BYTES, &text));
    TW_TRY(twi_yaml_text(yaml, yaml->root, "until", TW_ID_MAX_BYTES, &until));
    if (!tw_time_parse(until, &out->until_ms, &offset_min) || out->until_ms < TW_TIME_MIN_MS ||
        out->until_ms >= TW_TIME_MAX_MS)
        return twi_yaml_fail(yaml, twi_yaml_get(yaml, yaml->root, "until"), "until",
                             "must be an instant like 2026-01-31T12:00:00Z");
    return TW_OK;
}

tw_status twi_quiet_parse(tw_str text, tw_quiet *out, tw_err *err)
{
    twi_yaml yaml;
    *out = (tw_quiet){.until_ms = 0};
    tw_status status = twi_yaml_init(&yaml, text, err);
    if (status == TW_OK) {
        memcpy(yaml.subject, "quiet rule", sizeof "quiet rule");
        status = read_quiet(&yaml, out);
    }
    twi_yaml_release(&yaml);
    if (status != TW_OK)
        *out = (tw_quiet){.until_ms = 0};
    return status;
}

// --- which rule holds
// ------------------------------------------------------------------------------

static uint64_t rule_key(tw_entity_kind kind, tw_str id, tw_str store_id, tw_str scheme)
{
    uint64_t key = tw_hash_pair(tw_hash_str(scheme, (uint64_t)kind), tw_hash_str(id, 0));
    return store_id.bytes > 0 ? tw_hash_pair(key, tw_hash_str(store_id, 0)) : key;
}

static bool holds(const tw_detector *d, uint64_t key, int64_t time_ms, uint32_t *rule)
{
    const tw_table_slot *slot = tw_table_find(&d->quiet_table, key);
    if (!slot || time_ms >= d->quiets_own[slot->value].until_ms)
        return false;
    *rule = slot->value;
    return true;
}

uint32_t twi_quiet_find(const tw_detector *d, const twi_scheme *scheme, tw_str id,
                        const tw_transaction *t)
{
    uint32_t rule = TWI_NONE;
    if (d->quiet_n == 0)
        return TWI_NONE;
    const tw_str schemes[] = {scheme->name, TW_STR_NONE};
    for (size_t i = 0; i < TW_COUNT(schemes); i++) {
        if (holds(d, rule_key(scheme->entity, id, TW_STR_NONE, schemes[i]), t->time_ms, &rule))
            return rule;
        if (scheme->entity == TW_ENTITY_REGISTER &&
            holds(d, rule_key(scheme->entity, id, t->store_id, schemes[i]), t->time_ms, &rule))
            return rule;
    }
    return TWI_NONE;
}

// --- changes
// ---------------------------------------------------------------------------------------

tw_status twi_quiet_reserve(tw_detector *d)
{
    void *quiets = d->quiets_own;
    tw_status status =
        tw_grow(d->alloc, &quiets, &d->quiet_cap, TW_MIN(d->quiet_n + 1, (uint32_t)TW_QUIETS_MAX),
                sizeof *d->quiets_own, TW_QUIETS_MAX);
    d->quiets_own = quiets;
    // As many as there may be after the change: the table is filled anew.
    return status == TW_OK ? tw_table_reserve(&d->quiet_table, 1) : status;
}

void twi_quiet_index(tw_detector *d)
{
    for (uint32_t i = 0; i < d->quiet_n; i++) {
        const tw_quiet *q = &d->quiets_own[i];
        tw_table_slot *slot;
        uint64_t key = rule_key(q->entity, tw_str_from(q->entity_id), tw_str_from(q->store_id),
                                tw_str_from(q->scheme));
        TW_CHECK(tw_table_at(&d->quiet_table, key, &slot) == TW_OK);
        if (slot->value == TW_TABLE_NONE || d->quiets_own[slot->value].until_ms < q->until_ms)
            slot->value = i;
    }
}

static void unindex(tw_detector *d)
{
    for (uint32_t i = 0; i < d->quiet_n; i++) {
        const tw_quiet *q = &d->quiets_own[i];
        tw_table_remove(&d->quiet_table,
                        rule_key(q->entity, tw_str_from(q->entity_id), tw_str_from(q->store_id),
                                 tw_str_from(q->scheme)));
    }
}

static void drop(tw_detector *d, uint32_t rule)
{
    d->quiet_n--;
    memmove(&d->quiets_own[rule], &d->quiets_own[rule + 1],
            (d->quiet_n - rule) * sizeof *d->quiets_own);
}

// Rules that ended before the engine's day keep nothing quiet any more, and one that takes the name
// of another replaces it.
static void drop_old(tw_detector *d, tw_str name)
{
    int32_t day = tw_engine_day(d->engine);
    int64_t today_ms = day == INT32_MIN ? TW_TIME_MIN_MS : day * DAY_MS;
    for (uint32_t i = d->quiet_n; i-- > 0;)
        if (d->quiets_own[i].until_ms <= today_ms ||
            tw_str_equal(tw_str_from(d->quiets_own[i].name), name))
            drop(d, i);
}

// Admission refuses a rule too many; one that was journaled all the same takes the place of the one
// that ends first, so that a journal can always be read.
static void make_room(tw_detector *d)
{
    uint32_t first = 0;
    if (d->quiet_n < TW_QUIETS_MAX)
        return;
    for (uint32_t i = 1; i < d->quiet_n; i++)
        if (d->quiets_own[i].until_ms < d->quiets_own[first].until_ms)
            first = i;
    drop(d, first);
}

void twi_quiet_put(tw_detector *d, tw_str name, const tw_quiet *quiet)
{
    unindex(d);
    drop_old(d, name);
    if (quiet) {
        make_room(d);
        TW_CHECK(d->quiet_n < d->quiet_cap);
        tw_quiet *q = &d->quiets_own[d->quiet_n++];
        *q = *quiet;
        tw_str_copy(name, q->name, sizeof q->name);
    }
    twi_quiet_index(d);
}

tw_status twi_quiet_admit(const tw_detector *d, const tw_quiet *quiet, tw_err *err)
{
    if (d->quiet_n >= TW_QUIETS_MAX)
        return tw_fail(err, TW_LIMIT, "there are %d quiet rules already; end one first",
                       TW_QUIETS_MAX);
    if (!quiet->scheme[0])
        return TW_OK;
    for (size_t i = 0; i < d->set_own->scheme_n; i++) {
        const twi_scheme *scheme = &d->set_own->schemes[i];
        if (!tw_str_equal(scheme->name, tw_str_from(quiet->scheme)))
            continue;
        if (scheme->entity == quiet->entity)
            return TW_OK;
        return tw_fail(err, TW_INVALID, "scheme %s is about an entity of kind %s", quiet->scheme,
                       tw_entity_name(scheme->entity));
    }
    return tw_fail(err, TW_INVALID, "there is no scheme %s", quiet->scheme);
}

size_t tw_detector_quiet_n(const tw_detector *d)
{
    return d->quiet_n;
}

const tw_quiet *tw_detector_quiet(const tw_detector *d, size_t i)
{
    TW_CHECK(i < d->quiet_n);
    return &d->quiets_own[i];
}
