// SPDX-License-Identifier: Apache-2.0
//
// The settings: one table of the plain members, and three lists.
#include "workflow/settings.h"

#include <stdio.h>

#include "base/time.h"
#include "body.h"
#include "port/ledger.h"

#define TEXT_MAX_BYTES 2000
#define CODE_MAX_BYTES 32
#define REGION_STORES_MAX 4096
// A stored document: one change is 64 KiB, and each list may come by a change of its own.
#define DOCUMENT_MAX_BYTES ((size_t)1 << 20)
#define SCRATCH_BYTES ((size_t)32 << 20)

// --- defaults
// -------------------------------------------------------------------------------------

static const tw_reason reasons[] = {
#define X(verdict, code, title)                                                                    \
    {TW_VERDICT_##verdict, {code, sizeof(code) - 1}, {title, sizeof(title) - 1}},
    TW_REASONS_BUILT_IN(X)
#undef X
};

static const tw_settings defaults = {
    .sla_hours_critical = 4,
    .sla_hours_high = 24,
    .sla_hours_normal = 72,
    .approval_minor = 500000,
    .cost_hour_minor = 4500,
    .minutes_per_alert = 45,
    .months_prevented = 6,
    .share_prevented = 0.5,
    .platform_month_minor = 150000,
    .retention_days = 400,
    .report_weekday = 1,
    .report_hour = 7,
    .reasons = reasons,
    .reason_n = TW_COUNT(reasons),
};

const tw_settings *tw_settings_default(void)
{
    return &defaults;
}

// --- members
// --------------------------------------------------------------------------------------

typedef enum member_kind { REAL, MINOR, WHOLE, TEXT } member_kind;
typedef struct member {
    const char *name;
    member_kind kind;
    size_t offset;
    double min, max; // of texts: bytes
} member;

static const member members[] = {
#define M(name, kind, min, max)                                                                    \
    {                                                                                              \
#name, kind, offsetof(tw_settings, name), min, max                                         \
    }
    M(sla_hours_critical, REAL, 0.25, 8760),
    M(sla_hours_high, REAL, 0.25, 8760),
    M(sla_hours_normal, REAL, 0.25, 8760),
    M(approval_minor, MINOR, 0, 1e14),
    M(cost_hour_minor, MINOR, 0, 1e9),
    M(minutes_per_alert, REAL, 0, 10080),
    M(months_prevented, REAL, 0, 120),
    M(share_prevented, REAL, 0, 1),
    M(platform_month_minor, MINOR, 0, 1e12),
    M(retention_days, WHOLE, 1, 36500),
    M(camera_link, TEXT, 0, TEXT_MAX_BYTES),
    M(brand_name, TEXT, 0, 60),
    M(brand_colour, TEXT, 0, 7),
    M(zone, TEXT, 0, TW_ID_MAX_BYTES),
    M(report_to, TEXT, 0, TEXT_MAX_BYTES),
    M(report_weekday, WHOLE, -1, 7),
    M(report_hour, WHOLE, 0, 23),
#undef M
};
static const char *const lists[] = {"reasons", "regions", "rules"};

static tw_status read_number(const member *m, yyjson_val *value, void *at, tw_err *err)
{
    bool fits = m->kind == REAL ? yyjson_is_num(value) : yyjson_is_int(value);
    double number = yyjson_get_num(value);
    if (!fits || !(number >= m->min && number <= m->max))
        return tw_fail(err, TW_INVALID, "%s must be a %s from %g to %g", m->name,
                       m->kind == REAL ? "number" : "whole number", m->min, m->max);
    if (m->kind == REAL)
        memcpy(at, &number, sizeof(number));
    else if (m->kind == MINOR)
        memcpy(at, &(int64_t){yyjson_get_sint(value)}, sizeof(int64_t));
    else
        memcpy(at, &(int32_t){(int32_t)yyjson_get_sint(value)}, sizeof(int32_t));
    return TW_OK;
}

static tw_status read_member(const member *m, yyjson_val *root, tw_settings *out, tw_err *err)
{
    yyjson_val *value = yyjson_obj_get(root, m->name);
    void *at = (char *)out + m->offset;
    if (!value || yyjson_is_null(value))
        return TW_OK;
    if (m->kind != TEXT)
        return read_number(m, value, at, err);
    TW_TRY(twi_check_text(root, m->name, 0, (size_t)m->max, err));
    memcpy(at, &(tw_str){yyjson_get_str(value), yyjson_get_len(value)}, sizeof(tw_str));
    return TW_OK;
}

static bool is_colour(tw_str s)
{
    if (s.bytes != 7 || s.at[0] != '#')
        return false;
    for (size_t i = 1; i < 7; i++)
        if (!strchr("0123456789abcdefABCDEF", s.at[i]))
            return false;
    return true;
}

static bool is_zone(tw_str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        char c = s.at[i];
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!is_letter && !(c >= '0' && c <= '9') && !strchr("/_+-:", c))
            return false;
    }
    return s.bytes == 0 || s.at[0] != '/';
}

// One address: something@something without spaces. Whether it exists only a mail can tell.
static bool is_address(tw_str s)
{
    size_t at_n = 0;
    for (size_t i = 0; i < s.bytes; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c <= ' ' || c == 0x7f || strchr("<>()\"\\;", c))
            return false;
        at_n += c == '@';
    }
    return at_n == 1 && s.at[0] != '@' && s.at[s.bytes - 1] != '@';
}

static bool are_addresses(tw_str list)
{
    while (list.bytes > 0) {
        const char *comma = memchr(list.at, ',', list.bytes);
        size_t n = comma ? (size_t)(comma - list.at) : list.bytes;
        if (!is_address(tw_str_trim((tw_str){list.at, n})))
            return false;
        n += comma != NULL;
        list = (tw_str){list.at + n, list.bytes - n};
    }
    return true;
}

static tw_status check_texts(const tw_settings *s, tw_err *err)
{
    if (s->camera_link.bytes > 0 && !tw_str_starts(s->camera_link, TW_STR("https://")) &&
        !tw_str_starts(s->camera_link, TW_STR("http://")))
        return tw_fail(err, TW_INVALID, "camera_link must begin with https:// or http://");
    if (s->brand_colour.bytes > 0 && !is_colour(s->brand_colour))
        return tw_fail(err, TW_INVALID, "brand_colour must be like #1f6feb");
    if (!is_zone(s->zone))
        return tw_fail(err, TW_INVALID, "zone must be like Europe/Berlin or +02:00");
    if (!are_addresses(s->report_to))
        return tw_fail(err, TW_INVALID, "report_to must be addresses separated by commas");
    if (s->sla_hours_critical > s->sla_hours_high || s->sla_hours_high > s->sla_hours_normal)
        return tw_fail(
            err, TW_INVALID,
            "a higher risk must not have more time: sla_hours_critical <= sla_hours_high "
            "<= sla_hours_normal");
    return TW_OK;
}

// --- lists
// ----------------------------------------------------------------------------------------

// The items of a list, none when it is missing; each must be an object.
static tw_status open_list(yyjson_val *root, const char *name, size_t max_n, yyjson_val **out,
                           tw_err *err)
{
    yyjson_val *list = yyjson_obj_get(root, name), *item;
    size_t i, n;
    *out = NULL;
    if (!list || yyjson_is_null(list))
        return TW_OK;
    if (!yyjson_is_arr(list))
        return tw_fail(err, TW_INVALID, "%s must be a list", name);
    if (yyjson_arr_size(list) > max_n)
        return tw_fail(err, TW_LIMIT, "%s holds more than %zu entries", name, max_n);
    yyjson_arr_foreach(list, i, n, item)
    {
        if (!yyjson_is_obj(item))
            return tw_fail(err, TW_INVALID, "%s must hold objects", name);
    }
    *out = list;
    return TW_OK;
}

static bool is_code(tw_str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        char c = s.at[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
            return false;
    }
    return s.bytes > 0;
}

static tw_status read_reason(yyjson_val *item, const tw_reason *before, size_t n, tw_reason *out,
                             tw_err *err)
{
    TW_TRY(twi_check_text(item, "code", 1, CODE_MAX_BYTES, err));
    TW_TRY(twi_check_text(item, "title", 1, TW_TEXT_MAX_BYTES, err));
    out->code = twi_body_text(item, "code");
    out->title = twi_body_text(item, "title");
    if (!tw_verdict_from(twi_body_text(item, "verdict"), &out->verdict))
        return tw_fail(err, TW_INVALID,
                       "reasons: verdict must be CONFIRMED, REFUTED, INCONCLUSIVE "
                       "or OPERATIONAL");
    if (!is_code(out->code) || tw_str_equal(out->code, TW_STR("reopened")))
        return tw_fail(err, TW_INVALID,
                       "reasons: a code has the letters a-z, digits and _, and is not reopened");
    for (size_t i = 0; i < n; i++)
        if (before[i].verdict == out->verdict && tw_str_equal(before[i].code, out->code))
            return tw_fail(err, TW_INVALID, "reasons: %.*s is there twice", TW_STR_ARG(out->code));
    return TW_OK;
}

static tw_status read_reasons(yyjson_val *root, tw_arena *arena, tw_settings *out, tw_err *err)
{
    yyjson_val *list, *item;
    size_t i, n, counts[TW_VERDICT_N] = {0};
    TW_TRY(open_list(root, "reasons", TW_REASONS_MAX, &list, err));
    if (!list)
        return TW_OK;
    tw_reason *items = tw_arena_array(arena, yyjson_arr_size(list) + 1, sizeof(*items));
    if (!items)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the settings");
    yyjson_arr_foreach(list, i, n, item)
    {
        TW_TRY(read_reason(item, items, i, &items[i], err));
        counts[items[i].verdict]++;
    }
    for (size_t v = 0; v < TW_VERDICT_N; v++)
        if (counts[v] == 0)
            return tw_fail(err, TW_INVALID, "reasons: %s needs at least one",
                           tw_verdict_name((tw_verdict_kind)v));
    out->reasons = items;
    out->reason_n = yyjson_arr_size(list);
    return TW_OK;
}

static tw_status read_stores(yyjson_val *item, tw_arena *arena, tw_region *out, tw_err *err)
{
    TW_TRY(twi_check_texts(item, "stores", REGION_STORES_MAX, TW_ID_MAX_BYTES + 1, err));
    yyjson_val *list = yyjson_obj_get(item, "stores"), *store;
    size_t i, n;
    tw_str *stores = tw_arena_array(arena, yyjson_arr_size(list) + 1, sizeof(*stores));
    if (!stores)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the settings");
    yyjson_arr_foreach(list, i, n, store)
    {
        stores[i] = twi_val_text(store);
    }
    out->stores = stores;
    out->store_n = yyjson_arr_size(list);
    return TW_OK;
}

static bool has_region(const tw_settings *settings, tw_str name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (tw_str_equal(settings->regions[i].name, name))
            return true;
    return false;
}

static tw_status read_regions(yyjson_val *root, tw_arena *arena, tw_settings *out, tw_err *err)
{
    yyjson_val *list, *item;
    size_t i, n;
    TW_TRY(open_list(root, "regions", TW_REGIONS_MAX, &list, err));
    tw_region *items = tw_arena_array(arena, yyjson_arr_size(list) + 1, sizeof(*items));
    if (!items)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the settings");
    out->regions = items;
    yyjson_arr_foreach(list, i, n, item)
    {
        TW_TRY(twi_check_text(item, "name", 1, TW_ID_MAX_BYTES, err));
        items[i].name = twi_body_text(item, "name");
        if (has_region(out, items[i].name, i))
            return tw_fail(err, TW_INVALID, "regions: %.*s is there twice",
                           TW_STR_ARG(items[i].name));
        TW_TRY(read_stores(item, arena, &items[i], err));
    }
    out->region_n = yyjson_arr_size(list);
    return TW_OK;
}

static tw_status read_rule(yyjson_val *item, const tw_settings *settings, tw_assign_rule *out,
                           tw_err *err)
{
    static const char *const texts[] = {"region", "type", "scheme", "assignee", "team"};
    tw_str *const slots[] = {&out->region, &out->type, &out->scheme, &out->assignee, &out->team};
    for (size_t i = 0; i < TW_COUNT(texts); i++) {
        TW_TRY(twi_check_text(item, texts[i], 0, TW_ID_MAX_BYTES, err));
        *slots[i] = twi_body_text(item, texts[i]);
    }
    yyjson_val *risk = yyjson_obj_get(item, "min_risk");
    bool has_risk = risk && !yyjson_is_null(risk);
    out->min_risk = has_risk ? yyjson_get_num(risk) : 0;
    if (has_risk && (!yyjson_is_num(risk) || !(out->min_risk >= 0 && out->min_risk <= 1)))
        return tw_fail(err, TW_INVALID, "rules: min_risk must be a number from 0 to 1");
    if ((out->assignee.bytes > 0) == (out->team.bytes > 0))
        return tw_fail(err, TW_INVALID, "rules: name either an assignee or a team");
    if (out->region.bytes > 0 && !has_region(settings, out->region, settings->region_n))
        return tw_fail(err, TW_INVALID, "rules: there is no region %.*s", TW_STR_ARG(out->region));
    return TW_OK;
}

static tw_status read_rules(yyjson_val *root, tw_arena *arena, tw_settings *out, tw_err *err)
{
    yyjson_val *list, *item;
    size_t i, n;
    TW_TRY(open_list(root, "rules", TW_RULES_MAX, &list, err));
    tw_assign_rule *items = tw_arena_array(arena, yyjson_arr_size(list) + 1, sizeof(*items));
    if (!items)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the settings");
    yyjson_arr_foreach(list, i, n, item)
    {
        TW_TRY(read_rule(item, out, &items[i], err));
    }
    out->rules = items;
    out->rule_n = yyjson_arr_size(list);
    return TW_OK;
}

// --- the document
// ---------------------------------------------------------------------------------

tw_status tw_settings_read(tw_str json, tw_arena *arena, tw_settings *out, tw_err *err)
{
    yyjson_val *root;
    tw_settings settings = defaults;
    *out = defaults;
    TW_TRY(twi_body_read(json, arena, &root, err));
    for (size_t i = 0; i < TW_COUNT(members); i++)
        TW_TRY(read_member(&members[i], root, &settings, err));
    TW_TRY(check_texts(&settings, err));
    TW_TRY(read_reasons(root, arena, &settings, err));
    TW_TRY(read_regions(root, arena, &settings, err));
    TW_TRY(read_rules(root, arena, &settings, err));
    *out = settings;
    return TW_OK;
}

static bool is_member(tw_str name)
{
    for (size_t i = 0; i < TW_COUNT(members); i++)
        if (tw_str_equal(name, tw_str_from(members[i].name)))
            return true;
    for (size_t i = 0; i < TW_COUNT(lists); i++)
        if (tw_str_equal(name, tw_str_from(lists[i])))
            return true;
    return false;
}

static tw_status check_names(yyjson_val *change, tw_err *err)
{
    size_t i, n;
    yyjson_val *key, *value;
    if (yyjson_obj_size(change) == 0)
        return tw_fail(err, TW_INVALID, "name a setting that changes");
    yyjson_obj_foreach(change, i, n, key, value)
    {
        tw_str name = {yyjson_get_str(key), yyjson_get_len(key)};
        if (!is_member(name))
            return tw_fail(err, TW_INVALID, "there is no setting %.*s", TW_STR_ARG(name));
    }
    return TW_OK;
}

static bool carry(yyjson_mut_doc *doc, yyjson_val *old, yyjson_val *change, const char *name)
{
    yyjson_val *value = yyjson_obj_get(change, name);
    if (!value)
        value = yyjson_obj_get(old, name);
    if (!value || yyjson_is_null(value))
        return true;
    return yyjson_mut_obj_add_val(doc, yyjson_mut_doc_get_root(doc), name,
                                  yyjson_val_mut_copy(doc, value));
}

static tw_status merge(tw_str json, tw_str change, tw_arena *arena, tw_str *out, tw_err *err)
{
    yyjson_val *old_root, *change_root;
    yyjson_alc alc = twi_body_alc(arena);
    tw_settings ignored;
    TW_TRY(twi_body_read(json, arena, &old_root, err));
    TW_TRY(twi_body_read(change, arena, &change_root, err));
    TW_TRY(check_names(change_root, err));
    yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
    yyjson_mut_val *root = doc ? yyjson_mut_obj(doc) : NULL;
    bool is_whole = root != NULL;
    if (is_whole)
        yyjson_mut_doc_set_root(doc, root);
    for (size_t i = 0; is_whole && i < TW_COUNT(members); i++)
        is_whole = carry(doc, old_root, change_root, members[i].name);
    for (size_t i = 0; is_whole && i < TW_COUNT(lists); i++)
        is_whole = carry(doc, old_root, change_root, lists[i]);
    size_t bytes = 0;
    const char *text =
        is_whole ? yyjson_mut_write_opts(doc, YYJSON_WRITE_NOFLAG, &alc, &bytes, NULL) : NULL;
    if (!text)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the settings");
    if (bytes > DOCUMENT_MAX_BYTES)
        return tw_fail(err, TW_LIMIT, "the settings are larger than %zu bytes", DOCUMENT_MAX_BYTES);
    *out = (tw_str){text, bytes};
    return tw_settings_read(*out, arena, &ignored, err);
}

tw_status tw_settings_merge(tw_str json, tw_str change, tw_buf *out, tw_err *err)
{
    tw_arena arena;
    tw_str merged = TW_STR_NONE;
    tw_arena_init(&arena, out->alloc, 0, SCRATCH_BYTES);
    tw_status status = merge(json, change, &arena, &merged, err);
    if (status == TW_OK) {
        tw_buf_str(out, merged);
        status =
            out->status == TW_OK ? TW_OK : tw_fail(err, out->status, "no memory for the settings");
    }
    tw_arena_release(&arena);
    return status;
}

// --- writing
// --------------------------------------------------------------------------------------

static yyjson_mut_val *text_val(yyjson_mut_doc *doc, tw_str s)
{
    return yyjson_mut_strn(doc, s.at ? s.at : "", s.bytes);
}

static bool put_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, tw_str s)
{
    return yyjson_mut_obj_add_val(doc, object, name, text_val(doc, s));
}

static bool put_member(yyjson_mut_doc *doc, yyjson_mut_val *root, const member *m,
                       const tw_settings *s)
{
    const char *at = (const char *)s + m->offset;
    double real;
    int64_t minor;
    int32_t whole;
    tw_str text;
    switch (m->kind) {
    case REAL:
        memcpy(&real, at, sizeof(real));
        return yyjson_mut_obj_add_real(doc, root, m->name, real);
    case MINOR:
        memcpy(&minor, at, sizeof(minor));
        return yyjson_mut_obj_add_sint(doc, root, m->name, minor);
    case WHOLE:
        memcpy(&whole, at, sizeof(whole));
        return yyjson_mut_obj_add_sint(doc, root, m->name, whole);
    case TEXT:
        memcpy(&text, at, sizeof(text));
        return put_text(doc, root, m->name, text);
    }
    return false;
}

static bool put_reasons(yyjson_mut_doc *doc, yyjson_mut_val *list, const tw_settings *s)
{
    for (size_t i = 0; i < s->reason_n; i++) {
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        if (!put_text(doc, item, "verdict", tw_str_from(tw_verdict_name(s->reasons[i].verdict))) ||
            !put_text(doc, item, "code", s->reasons[i].code) ||
            !put_text(doc, item, "title", s->reasons[i].title))
            return false;
    }
    return true;
}

static bool put_regions(yyjson_mut_doc *doc, yyjson_mut_val *list, const tw_settings *s)
{
    for (size_t i = 0; i < s->region_n; i++) {
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        if (!put_text(doc, item, "name", s->regions[i].name))
            return false;
        yyjson_mut_val *stores = yyjson_mut_obj_add_arr(doc, item, "stores");
        for (size_t k = 0; k < s->regions[i].store_n; k++)
            if (!yyjson_mut_arr_append(stores, text_val(doc, s->regions[i].stores[k])))
                return false;
    }
    return true;
}

static bool put_rules(yyjson_mut_doc *doc, yyjson_mut_val *list, const tw_settings *s)
{
    for (size_t i = 0; i < s->rule_n; i++) {
        const tw_assign_rule *rule = &s->rules[i];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        if (!put_text(doc, item, "region", rule->region) ||
            !put_text(doc, item, "type", rule->type) ||
            !put_text(doc, item, "scheme", rule->scheme) ||
            !yyjson_mut_obj_add_real(doc, item, "min_risk", rule->min_risk) ||
            !put_text(doc, item, "assignee", rule->assignee) ||
            !put_text(doc, item, "team", rule->team))
            return false;
    }
    return true;
}

tw_status tw_settings_write(const tw_settings *settings, tw_arena *arena, tw_str *out)
{
    yyjson_alc alc = twi_body_alc(arena);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
    yyjson_mut_val *root = doc ? yyjson_mut_obj(doc) : NULL;
    bool is_whole = root != NULL;
    size_t bytes = 0;
    *out = TW_STR_NONE;
    for (size_t i = 0; is_whole && i < TW_COUNT(members); i++)
        is_whole = put_member(doc, root, &members[i], settings);
    is_whole = is_whole &&
               put_reasons(doc, yyjson_mut_obj_add_arr(doc, root, lists[0]), settings) &&
               put_regions(doc, yyjson_mut_obj_add_arr(doc, root, lists[1]), settings) &&
               put_rules(doc, yyjson_mut_obj_add_arr(doc, root, lists[2]), settings);
    if (is_whole)
        yyjson_mut_doc_set_root(doc, root);
    out->at = is_whole ? yyjson_mut_write_opts(doc, YYJSON_WRITE_NOFLAG, &alc, &bytes, NULL) : NULL;
    out->bytes = bytes;
    return out->at ? TW_OK : TW_NO_MEMORY;
}

// --- what follows
// ---------------------------------------------------------------------------------

bool tw_region_holds(const tw_region *region, tw_str store_id)
{
    for (size_t i = 0; i < region->store_n; i++) {
        tw_str pattern = region->stores[i];
        if (tw_str_ends(pattern, TW_STR("*"))
                ? tw_str_starts(store_id, (tw_str){pattern.at, pattern.bytes - 1})
                : tw_str_equal(store_id, pattern))
            return true;
    }
    return false;
}

tw_str tw_settings_region(const tw_settings *settings, tw_str store_id)
{
    for (size_t i = 0; i < settings->region_n; i++)
        if (tw_region_holds(&settings->regions[i], store_id))
            return settings->regions[i].name;
    return TW_STR_NONE;
}

int64_t tw_settings_sla_ms(const tw_settings *settings, double risk)
{
    double hours = risk >= TW_RISK_CRITICAL ? settings->sla_hours_critical
                   : risk >= TW_RISK_HIGH   ? settings->sla_hours_high
                                            : settings->sla_hours_normal;
    return (int64_t)(hours * (double)TW_HOUR_MS);
}

int64_t tw_settings_due_ms(const tw_settings *settings, int64_t created_ms, double risk)
{
    return created_ms + tw_settings_sla_ms(settings, risk);
}
