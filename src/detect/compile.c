// SPDX-License-Identifier: Apache-2.0
//
// Compiles the YAML of a signal set (format: docs/detection.md) into a tw_signal_set. Everything is
// checked here, once, so that evaluation needs no checks: features and filters exist, peers are
// asked only for measures that are compared with peers, ramps have a direction, slots fit.
#include <math.h>

#include "base/limits.h"
#include "feature/engine.h"
#include "set.h"
#include "yaml_tree.h"

#define X(name, text) #name,
static const char *const filter_words[] = {TW_FILTERS(X)};
#undef X

typedef struct word {
    const char *word;
    uint32_t value;
} word;

static const word feed_words[] = {{"types", TW_FEED_TYPES},       {"originals", TW_FEED_ORIGINALS},
                                  {"lines", TW_FEED_LINES},       {"shifts", TW_FEED_SHIFTS},
                                  {"accounts", TW_FEED_ACCOUNTS}, {"sequences", TW_FEED_SEQUENCES},
                                  {"tenders", TW_FEED_TENDERS},   {NULL, 0}};
static const word op_words[] = {{">=", TWI_GE},       {"<=", TWI_LE}, {">", TWI_GT},
                                {"<", TWI_LT},        {"==", TWI_EQ}, {"set", TWI_SET},
                                {"unset", TWI_UNSET}, {NULL, 0}};
static const word ref_words[] = {{"own", TWI_REF_OWN},
                                 {"store_low", TWI_REF_STORE_LOW},
                                 {"store_median", TWI_REF_STORE_MEDIAN},
                                 {"store_high", TWI_REF_STORE_HIGH},
                                 {"median", TWI_REF_PEER_MEDIAN},
                                 {"p95", TWI_REF_PEER_P95},
                                 {NULL, 0}};
static const word entity_words[] = {{"employee", TW_ENTITY_EMPLOYEE},
                                    {"account", TW_ENTITY_ACCOUNT},
                                    {"register", TW_ENTITY_REGISTER},
                                    {"store", TW_ENTITY_STORE},
                                    {NULL, 0}};
static const word exposure_words[] = {{"amount", TWI_EXPOSURE_AMOUNT},
                                      {"discount", TWI_EXPOSURE_DISCOUNT},
                                      {"voided_lines", TWI_EXPOSURE_VOIDED_LINES},
                                      {"price_cut", TWI_EXPOSURE_PRICE_CUT},
                                      {"none", TWI_EXPOSURE_NONE},
                                      {NULL, 0}};
static const word line_words[] = {{"none", TWI_LINES_NONE},
                                  {"all", TWI_LINES_ALL},
                                  {"voided", TWI_LINES_VOIDED},
                                  {"returned", TWI_LINES_RETURNED},
                                  {"discounted", TWI_LINES_DISCOUNTED},
                                  {"price_cut", TWI_LINES_PRICE_CUT},
                                  {"keyed", TWI_LINES_KEYED},
                                  {NULL, 0}};
static const word tender_words[] = {{"none", TWI_TENDERS_NONE},
                                    {"all", TWI_TENDERS_ALL},
                                    {"cash", TWI_TENDERS_CASH},
                                    {"card", TWI_TENDERS_CARD},
                                    {"gift", TWI_TENDERS_GIFT},
                                    {"keyed", TWI_TENDERS_KEYED},
                                    {NULL, 0}};
static const word bool_words[] = {{"true", 1}, {"false", 0}, {NULL, 0}};

typedef struct compiler {
    tw_signal_set *set;
    twi_yaml *yaml;
    twi_signal *signal; // the one being compiled
} compiler;

static bool word_find(const word *words, tw_str text, uint32_t *out)
{
    for (; words->word; words++) {
        if (tw_str_equal(text, tw_str_from(words->word))) {
            *out = words->value;
            return true;
        }
    }
    return false;
}

// Looks a node's text up in a list of words; a missing node gives `otherwise`.
static tw_status read_word(const compiler *c, const yaml_node_t *map, const char *key,
                           const word *words, uint32_t otherwise, uint32_t *out)
{
    const yaml_node_t *node = twi_yaml_get(c->yaml, map, key);
    tw_str text;
    *out = otherwise;
    if (!node)
        return TW_OK;
    if (!twi_yaml_scalar(node, &text) || !word_find(words, text, out))
        return twi_yaml_fail(c->yaml, node, key, "unknown word '%.*s'", (int)TW_MIN(text.bytes, 40),
                             text.at ? text.at : "");
    return TW_OK;
}

static tw_status copy_text(compiler *c, const yaml_node_t *map, const char *key, size_t max_bytes,
                           tw_str *out)
{
    tw_str text;
    TW_TRY(twi_yaml_text(c->yaml, map, key, max_bytes, &text));
    const char *copy = tw_arena_copy(&c->set->arena, text.at, text.bytes);
    if (!copy)
        return tw_fail(c->yaml->err, TW_NO_MEMORY, "no memory for the signals");
    *out = (tw_str){copy, text.bytes};
    return TW_OK;
}

// Names are used in URLs, columns and alerts: lower-case letters, digits and underscores.
static tw_status copy_name(compiler *c, const yaml_node_t *map, tw_str *out)
{
    TW_TRY(copy_text(c, map, "name", TW_ID_MAX_BYTES, out));
    for (size_t i = 0; i < out->bytes; i++) {
        char ch = out->at[i];
        if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '_'))
            return twi_yaml_fail(c->yaml, map, "name",
                                 "'%s' must be lower-case letters, digits and '_'", out->at);
    }
    return TW_OK;
}

// A number, or $parameter of the signal being compiled.
static tw_status read_number(const compiler *c, const yaml_node_t *node, const char *key,
                             float *out)
{
    tw_str text;
    double value = 0;
    bool found = false;
    if (!twi_yaml_scalar(node, &text))
        return twi_yaml_fail(c->yaml, node, key, "must be a number or $parameter");
    if (text.bytes > 0 && text.at[0] == '$') {
        tw_str name = {text.at + 1, text.bytes - 1};
        for (size_t i = 0; c->signal && i < c->signal->parameter_n; i++) {
            if (tw_str_equal(c->signal->parameters[i].name, name)) {
                value = c->signal->parameters[i].value;
                found = true;
            }
        }
    } else {
        found = tw_str_to_f64(text, &value);
    }
    if (!found || !(fabs(value) <= 1e12))
        return twi_yaml_fail(c->yaml, node, key, "'%.*s' is no number and no parameter",
                             (int)TW_MIN(text.bytes, 40), text.at);
    *out = (float)value;
    return TW_OK;
}

static tw_status read_number_or(const compiler *c, const yaml_node_t *map, const char *key,
                                float otherwise, float *out)
{
    const yaml_node_t *node = twi_yaml_get(c->yaml, map, key);
    *out = otherwise;
    return node ? read_number(c, node, key, out) : TW_OK;
}

static tw_status read_feature(const compiler *c, const yaml_node_t *map, const char *key,
                              tw_feature *out)
{
    tw_str text;
    TW_TRY(twi_yaml_text(c->yaml, map, key, TW_ID_MAX_BYTES, &text));
    if (!tw_feature_find(text, out))
        return twi_yaml_fail(c->yaml, map, key, "unknown feature '%.*s'", TW_STR_ARG(text));
    return TW_OK;
}

// The reference word of `key` for a feature: it must be one that is compared with peers.
static tw_status read_reference(const compiler *c, const yaml_node_t *map, const char *key,
                                tw_feature feature, twi_term *term)
{
    uint32_t ref;
    TW_TRY(read_word(c, map, key, ref_words, TWI_REF_NONE, &ref));
    term->ref = (uint8_t)ref;
    term->measure = twi_measure_of(feature);
    if (term->measure == TWI_NO_MEASURE)
        return twi_yaml_fail(c->yaml, map, key, "feature '%s' has no peers to compare with",
                             tw_feature_get(feature)->name);
    if (c->signal->measure == TWI_NO_MEASURE)
        c->signal->measure = term->measure;
    return TW_OK;
}

// value: number | $parameter | {of: feature, by: feature, times, plus} | {peer: word, times, plus}
static tw_status read_term(const compiler *c, const yaml_node_t *node, tw_feature feature,
                           twi_term *out)
{
    static const char *const keys[] = {"of", "by", "peer", "times", "plus", NULL};
    *out = (twi_term){.times = 1, .by = TW_FEATURE_N, .measure = TWI_NO_MEASURE};
    if (node && node->type == YAML_SCALAR_NODE)
        return read_number(c, node, "value", &out->plus);
    TW_TRY(twi_yaml_keys(c->yaml, node, "value", keys));
    TW_TRY(read_number_or(c, node, "times", 1, &out->times));
    TW_TRY(read_number_or(c, node, "plus", 0, &out->plus));
    bool has_of = twi_yaml_get(c->yaml, node, "of"), has_peer = twi_yaml_get(c->yaml, node, "peer");
    if (has_of == has_peer)
        return twi_yaml_fail(c->yaml, node, "value", "needs either 'of' or 'peer'");
    tw_feature of, by;
    if (twi_yaml_get(c->yaml, node, "by")) {
        TW_TRY(read_feature(c, node, "by", &by));
        out->by = (uint16_t)by;
    }
    if (has_peer)
        return read_reference(c, node, "peer", feature, out);
    TW_TRY(read_feature(c, node, "of", &of));
    out->ref = TWI_REF_FEATURE;
    out->of = (uint16_t)of;
    return TW_OK;
}

// The gate of "at least the 95th percentile, or more"; see set.h.
static uint16_t gate_of(const twi_condition *condition)
{
    const twi_term *right = &condition->right;
    bool is_high = (condition->op == TWI_GE || condition->op == TWI_GT) &&
                   right->ref == TWI_REF_PEER_P95 && right->times >= 1 && right->plus >= 0;
    if (!is_high || right->by != TW_FEATURE_N || condition->by != TW_FEATURE_N ||
        condition->passes_missing)
        return TW_FEATURE_N;
    return (uint16_t)tw_peer_percentile_feature((tw_peer_measure)right->measure);
}

static tw_status read_condition(compiler *c, const yaml_node_t *node)
{
    static const char *const keys[] = {"feature", "by", "op", "value", "missing", NULL};
    TW_TRY(twi_yaml_keys(c->yaml, node, "when", keys));
    if (c->set->condition_n == TWI_CONDITIONS_MAX)
        return twi_yaml_fail(c->yaml, node, "when", "the set has more than %d conditions",
                             TWI_CONDITIONS_MAX);
    twi_condition *out = &c->set->conditions[c->set->condition_n];
    static const word missing[] = {{"pass", 1}, {"fail", 0}, {NULL, 0}};
    tw_feature feature;
    uint32_t op, pass;
    TW_TRY(read_feature(c, node, "feature", &feature));
    if (!twi_yaml_get(c->yaml, node, "op"))
        return twi_yaml_fail(c->yaml, node, "op", "is missing");
    TW_TRY(read_word(c, node, "op", op_words, 0, &op));
    TW_TRY(read_word(c, node, "missing", missing, 0, &pass));
    *out = (twi_condition){.feature = (uint16_t)feature,
                           .by = TW_FEATURE_N,
                           .gate = TW_FEATURE_N,
                           .op = (uint8_t)op,
                           .passes_missing = pass != 0};
    if (twi_yaml_get(c->yaml, node, "by")) {
        TW_TRY(read_feature(c, node, "by", &feature));
        out->by = (uint16_t)feature;
        feature = (tw_feature)out->feature;
    }
    const yaml_node_t *value = twi_yaml_get(c->yaml, node, "value");
    if (op == TWI_SET || op == TWI_UNSET) {
        if (value)
            return twi_yaml_fail(c->yaml, value, "value", "is not used with 'set' and 'unset'");
    } else if (!value) {
        return twi_yaml_fail(c->yaml, node, "value", "is missing");
    } else {
        TW_TRY(read_term(c, value, feature, &out->right));
        out->gate = gate_of(out);
    }
    c->set->condition_n++;
    c->signal->condition_n++;
    return TW_OK;
}

static tw_status read_ramp(compiler *c, const yaml_node_t *node)
{
    static const char *const keys[] = {"feature", "over", "plus", "from", "to", NULL};
    TW_TRY(twi_yaml_keys(c->yaml, node, "strength", keys));
    if (c->set->ramp_n == TWI_RAMPS_MAX)
        return twi_yaml_fail(c->yaml, node, "strength", "the set has more than %d ramps",
                             TWI_RAMPS_MAX);
    twi_ramp *out = &c->set->ramps[c->set->ramp_n];
    tw_feature feature;
    *out = (twi_ramp){.over = {.times = 1, .by = TW_FEATURE_N, .measure = TWI_NO_MEASURE}};
    TW_TRY(read_feature(c, node, "feature", &feature));
    out->feature = (uint16_t)feature;
    const yaml_node_t *over = twi_yaml_get(c->yaml, node, "over");
    tw_str text;
    tw_feature of;
    if (over && twi_yaml_scalar(over, &text) && tw_feature_find(text, &of)) {
        out->over.ref = TWI_REF_FEATURE;
        out->over.of = (uint16_t)of;
    } else if (over) {
        TW_TRY(read_reference(c, node, "over", feature, &out->over));
    }
    TW_TRY(read_number_or(c, node, "plus", 0, &out->over.plus));
    if (!over && out->over.plus != 0)
        return twi_yaml_fail(c->yaml, node, "plus", "is used only together with 'over'");
    TW_TRY(read_number_or(c, node, "from", 0, &out->from));
    TW_TRY(read_number_or(c, node, "to", 1, &out->to));
    if (!(out->from != out->to))
        return twi_yaml_fail(c->yaml, node, "to", "must differ from 'from'");
    c->set->ramp_n++;
    c->signal->ramp_n++;
    return TW_OK;
}

static tw_status read_filters(const compiler *c, const yaml_node_t *map, const char *key,
                              uint32_t *out)
{
    const yaml_node_t *list = twi_yaml_get(c->yaml, map, key);
    size_t n;
    *out = 0;
    TW_TRY(twi_yaml_items(c->yaml, list, key, TW_FILTER_N, &n));
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *item = twi_yaml_item(c->yaml, list, i);
        tw_str text;
        int bit = 0;
        if (!twi_yaml_scalar(item, &text))
            return twi_yaml_fail(c->yaml, item, key, "must be a list of filters");
        while (bit < TW_FILTER_N && !tw_str_equal(text, tw_str_from(filter_words[bit])))
            bit++;
        if (bit == TW_FILTER_N)
            return twi_yaml_fail(c->yaml, item, key, "unknown filter '%.*s'",
                                 (int)TW_MIN(text.bytes, 40), text.at);
        *out |= UINT32_C(1) << bit;
    }
    return TW_OK;
}

static tw_status read_feeds(const compiler *c, const yaml_node_t *map, const char *key,
                            uint32_t *out)
{
    const yaml_node_t *list = twi_yaml_get(c->yaml, map, key);
    size_t n;
    *out = 0;
    TW_TRY(twi_yaml_items(c->yaml, list, key, 16, &n));
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *item = twi_yaml_item(c->yaml, list, i);
        tw_str text;
        uint32_t bit;
        if (!twi_yaml_scalar(item, &text) || !word_find(feed_words, text, &bit))
            return twi_yaml_fail(c->yaml, item, key, "unknown part of the feed '%.*s'",
                                 (int)TW_MIN(text.bytes, 40), text.at ? text.at : "");
        *out |= bit;
    }
    return TW_OK;
}

// Value and limits of a parameter; without limits, those that its unit has.
static tw_status read_range(const compiler *c, const yaml_node_t *item, tw_parameter *out)
{
    static const char *const names[] = {"value", "min", "max"};
    double *const numbers[] = {&out->value, &out->low, &out->high};
    out->low = 0;
    out->high = tw_str_equal(out->unit, TW_STR("share")) ? 1 : 1e6;
    for (size_t i = 0; i < TW_COUNT(names); i++) {
        const yaml_node_t *node = twi_yaml_get(c->yaml, item, names[i]);
        tw_str text;
        if (!node && i > 0)
            continue;
        if (!twi_yaml_scalar(node, &text) || !tw_str_to_f64(text, numbers[i]) ||
            !(fabs(*numbers[i]) <= 1e12))
            return twi_yaml_fail(c->yaml, node ? node : item, names[i], "must be a number");
    }
    if (!(out->low < out->high))
        return twi_yaml_fail(c->yaml, item, "max", "must lie above min");
    if (out->value < out->low || out->value > out->high)
        return twi_yaml_fail(c->yaml, item, out->name.at, "must lie between %g and %g %s", out->low,
                             out->high, out->unit.at);
    return TW_OK;
}

static tw_status read_parameters(compiler *c, const yaml_node_t *map)
{
    static const char *const keys[] = {"name", "value", "min", "max", "unit", "help", NULL};
    const yaml_node_t *list = twi_yaml_get(c->yaml, map, "parameters");
    size_t n;
    TW_TRY(twi_yaml_items(c->yaml, list, "parameters", TW_PARAMETERS_MAX, &n));
    if (n == 0)
        return TW_OK;
    tw_parameter *out = tw_arena_array(&c->set->arena, n, sizeof *out);
    if (!out)
        return tw_fail(c->yaml->err, TW_NO_MEMORY, "no memory for the signals");
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *item = twi_yaml_item(c->yaml, list, i);
        TW_TRY(twi_yaml_keys(c->yaml, item, "parameters", keys));
        TW_TRY(copy_name(c, item, &out[i].name));
        TW_TRY(copy_text(c, item, "unit", TW_ID_MAX_BYTES, &out[i].unit));
        TW_TRY(copy_text(c, item, "help", 400, &out[i].help));
        TW_TRY(read_range(c, item, &out[i]));
        for (size_t j = 0; j < i; j++)
            if (tw_str_equal(out[j].name, out[i].name))
                return twi_yaml_fail(c->yaml, item, "parameters", "'%s' is given twice",
                                     out[i].name.at);
    }
    c->signal->parameters = out;
    c->signal->parameter_n = n;
    return TW_OK;
}

static tw_status read_rules(compiler *c, const yaml_node_t *node)
{
    const yaml_node_t *when = twi_yaml_get(c->yaml, node, "when");
    const yaml_node_t *strength = twi_yaml_get(c->yaml, node, "strength");
    size_t n;
    c->signal->condition = (uint16_t)c->set->condition_n;
    TW_TRY(twi_yaml_items(c->yaml, when, "when", 16, &n));
    for (size_t i = 0; i < n; i++)
        TW_TRY(read_condition(c, twi_yaml_item(c->yaml, when, i)));
    c->signal->ramp = (uint16_t)c->set->ramp_n;
    TW_TRY(twi_yaml_items(c->yaml, strength, "strength", 8, &n));
    for (size_t i = 0; i < n; i++)
        TW_TRY(read_ramp(c, twi_yaml_item(c->yaml, strength, i)));
    return TW_OK;
}

static tw_status read_weight(compiler *c, const yaml_node_t *node)
{
    float weight, repeat, after_days;
    TW_TRY(read_number_or(c, node, "weight", 1, &weight));
    TW_TRY(read_number_or(c, node, "repeat", 0, &repeat));
    TW_TRY(read_number_or(c, node, "after_days", 0, &after_days));
    if (!(after_days >= 0 && after_days <= 28))
        return twi_yaml_fail(c->yaml, node, "after_days", "must lie between 0 and 28");
    c->signal->after_days = (int32_t)after_days;
    if (!(weight > 0 && weight <= 50))
        return twi_yaml_fail(c->yaml, node, "weight", "must lie above 0 and at most at 50 points");
    if (!(repeat >= 0 && repeat <= 1))
        return twi_yaml_fail(c->yaml, node, "repeat", "must lie between 0 and 1");
    c->signal->weight_fp = (int32_t)(weight * 1024.0f + 0.5f);
    c->signal->repeat_256 = (int32_t)(repeat * 256.0f + 0.5f);
    return TW_OK;
}

static tw_status read_words(compiler *c, const yaml_node_t *node)
{
    twi_signal *s = c->signal;
    static const word effects[] = {{"evidence", 0}, {"clears", 1}, {NULL, 0}};
    uint32_t exposure, lines, tenders, effect, enabled;
    TW_TRY(read_word(c, node, "exposure", exposure_words, TWI_EXPOSURE_AMOUNT, &exposure));
    TW_TRY(read_word(c, node, "lines", line_words, TWI_LINES_NONE, &lines));
    TW_TRY(read_word(c, node, "tenders", tender_words, TWI_TENDERS_NONE, &tenders));
    TW_TRY(read_word(c, node, "effect", effects, 0, &effect));
    TW_TRY(read_word(c, node, "enabled", bool_words, 1, &enabled));
    s->exposure = (uint8_t)exposure;
    s->line_mark = (uint8_t)lines;
    s->tender_mark = (uint8_t)tenders;
    s->is_clearing = effect != 0;
    s->enabled = enabled != 0;
    TW_TRY(copy_text(c, node, "title", TW_ID_MAX_BYTES, &s->title));
    TW_TRY(copy_text(c, node, "help", 1000, &s->help));
    TW_TRY(copy_text(c, node, "sentence", 400, &s->sentence));
    if (lines != TWI_LINES_NONE || tenders != TWI_TENDERS_NONE)
        TW_TRY(copy_text(c, node, "why", TW_TEXT_MAX_BYTES, &s->why));
    tw_str bad;
    if (!twi_sentence_check(s->sentence, c->set->schemes[s->scheme].entity,
                            s->measure != TWI_NO_MEASURE, &bad, &s->is_window_sentence))
        return twi_yaml_fail(c->yaml, twi_yaml_get(c->yaml, node, "sentence"), "sentence",
                             "placeholder '{%.*s}' is unknown or has no peers to compare with",
                             (int)TW_MIN(bad.bytes, 40), bad.at);
    return TW_OK;
}

// compare: the feature whose peers the sentence and the charts show, when it is not the first that
// the rules compare.
static tw_status read_compare(compiler *c, const yaml_node_t *node)
{
    tw_feature feature;
    if (!twi_yaml_get(c->yaml, node, "compare"))
        return TW_OK;
    TW_TRY(read_feature(c, node, "compare", &feature));
    c->signal->measure = twi_measure_of(feature);
    if (c->signal->measure == TWI_NO_MEASURE)
        return twi_yaml_fail(c->yaml, node, "compare", "feature '%s' has no peers to compare with",
                             tw_feature_get(feature)->name);
    return TW_OK;
}

// Gives the signal its place among those of its scheme.
static tw_status join_scheme(compiler *c, const yaml_node_t *node)
{
    tw_str name;
    size_t i = 0;
    TW_TRY(twi_yaml_text(c->yaml, node, "scheme", TW_ID_MAX_BYTES, &name));
    while (i < c->set->scheme_n && !tw_str_equal(c->set->schemes[i].name, name))
        i++;
    if (i == c->set->scheme_n)
        return twi_yaml_fail(c->yaml, node, "scheme", "unknown scheme '%.*s'", TW_STR_ARG(name));
    twi_scheme *scheme = &c->set->schemes[i];
    if (scheme->slot_n == TW_SCHEME_SIGNALS_MAX)
        return twi_yaml_fail(c->yaml, node, "scheme", "scheme '%s' has more than %d signals",
                             scheme->name.at, TW_SCHEME_SIGNALS_MAX);
    c->signal->scheme = (uint8_t)i;
    c->signal->slot = scheme->slot_n;
    scheme->signals[scheme->slot_n++] = (uint8_t)c->set->signal_n;
    return TW_OK;
}

// Where the rules look for the signal.
static void enter_candidate(tw_signal_set *set, const twi_signal *signal)
{
    uint64_t bit = UINT64_C(1) << set->signal_n;
    if (!signal->enabled)
        return;
    if (signal->is_classifier)
        set->of_classifier |= bit;
    for (int filter = 0; !signal->is_classifier && filter < TW_FILTER_N; filter++)
        if (signal->on >> filter & 1)
            set->by_filter[filter] |= bit;
}

static tw_status read_signal(compiler *c, const yaml_node_t *node)
{
    static const char *const keys[] = {
        "name",      "scheme",     "title",   "help",     "on",       "not_on",  "needs",
        "needs_not", "parameters", "when",    "strength", "weight",   "repeat",  "effect",
        "exposure",  "lines",      "tenders", "why",      "sentence", "enabled", "compare",
        "all_of",    "after_days", "source",  NULL};
    static const word source_words[] = {{"rules", 0}, {"classifier", 1}, {NULL, 0}};
    tw_signal_set *set = c->set;
    twi_signal *s = c->signal = &set->signals[set->signal_n];
    uint32_t source;
    s->measure = TWI_NO_MEASURE;
    snprintf(c->yaml->subject, sizeof c->yaml->subject, "signal %zu", set->signal_n + 1);
    if (node && node->type == YAML_MAPPING_NODE) {
        TW_TRY(copy_name(c, node, &s->name));
        snprintf(c->yaml->subject, sizeof c->yaml->subject, "signal %s", s->name.at);
    }
    TW_TRY(twi_yaml_keys(c->yaml, node, "", keys));
    for (size_t i = 0; i < set->signal_n; i++)
        if (tw_str_equal(set->signals[i].name, s->name))
            return twi_yaml_fail(c->yaml, node, "name", "is given twice");
    TW_TRY(join_scheme(c, node));
    TW_TRY(read_filters(c, node, "on", &s->on));
    TW_TRY(read_filters(c, node, "all_of", &s->all));
    TW_TRY(read_filters(c, node, "not_on", &s->none));
    TW_TRY(read_word(c, node, "source", source_words, 0, &source));
    s->is_classifier = source != 0;
    if (s->on == 0 && !s->is_classifier)
        return twi_yaml_fail(c->yaml, node, "on", "needs at least one filter");
    TW_TRY(read_feeds(c, node, "needs", &s->needs));
    TW_TRY(read_feeds(c, node, "needs_not", &s->needs_not));
    TW_TRY(read_parameters(c, node));
    TW_TRY(read_rules(c, node));
    TW_TRY(read_compare(c, node));
    TW_TRY(read_weight(c, node));
    TW_TRY(read_words(c, node));
    enter_candidate(set, s);
    if (set->schemes[s->scheme].entity == TW_ENTITY_EMPLOYEE)
        set->of_employee |= UINT64_C(1) << set->signal_n;
    set->signal_n++;
    return TW_OK;
}

static tw_status read_scheme(compiler *c, const yaml_node_t *node)
{
    static const char *const keys[] = {"name", "title", "type", "entity", "help", NULL};
    twi_scheme *scheme = &c->set->schemes[c->set->scheme_n];
    tw_str type;
    uint32_t entity;
    snprintf(c->yaml->subject, sizeof c->yaml->subject, "scheme %zu", c->set->scheme_n + 1);
    if (node && node->type == YAML_MAPPING_NODE) {
        TW_TRY(copy_name(c, node, &scheme->name));
        snprintf(c->yaml->subject, sizeof c->yaml->subject, "scheme %s", scheme->name.at);
    }
    TW_TRY(twi_yaml_keys(c->yaml, node, "", keys));
    for (size_t i = 0; i < c->set->scheme_n; i++)
        if (tw_str_equal(c->set->schemes[i].name, scheme->name))
            return twi_yaml_fail(c->yaml, node, "name", "is given twice");
    TW_TRY(copy_text(c, node, "title", TW_ID_MAX_BYTES, &scheme->title));
    TW_TRY(copy_text(c, node, "help", 1000, &scheme->help));
    TW_TRY(twi_yaml_text(c->yaml, node, "type", TW_ID_MAX_BYTES, &type));
    if (!tw_alert_type_from(type, &scheme->type))
        return twi_yaml_fail(c->yaml, node, "type", "unknown alert type '%.*s'", TW_STR_ARG(type));
    TW_TRY(read_word(c, node, "entity", entity_words, TW_ENTITY_EMPLOYEE, &entity));
    scheme->entity = (tw_entity_kind)entity;
    c->set->scheme_n++;
    return TW_OK;
}

tw_status twi_set_compile(tw_signal_set *set, twi_yaml *yaml)
{
    static const char *const keys[] = {"version", "schemes", "signals", NULL};
    compiler c = {set, yaml, NULL};
    size_t n;
    TW_TRY(twi_yaml_keys(yaml, yaml->root, "", keys));
    tw_str version;
    TW_TRY(twi_yaml_text(yaml, yaml->root, "version", 16, &version));
    if (!tw_str_equal(version, TW_STR("1")))
        return twi_yaml_fail(yaml, yaml->root, "version", "this program reads version 1");
    const yaml_node_t *schemes = twi_yaml_get(yaml, yaml->root, "schemes");
    TW_TRY(twi_yaml_items(yaml, schemes, "schemes", TW_SCHEMES_MAX, &n));
    for (size_t i = 0; i < n; i++)
        TW_TRY(read_scheme(&c, twi_yaml_item(yaml, schemes, i)));
    yaml->subject[0] = '\0';
    const yaml_node_t *signals = twi_yaml_get(yaml, yaml->root, "signals");
    TW_TRY(twi_yaml_items(yaml, signals, "signals", TW_SIGNALS_MAX, &n));
    for (size_t i = 0; i < n; i++)
        TW_TRY(read_signal(&c, twi_yaml_item(yaml, signals, i)));
    return TW_OK;
}
