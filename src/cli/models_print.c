// SPDX-License-Identifier: Apache-2.0
//
// Models shown and compared. What a model's metadata say is printed as it is: this program's own,
// or that of whoever made the file.
#include <math.h>
#include <yyjson.h>

#include "base/time.h"
#include "models.h"

#define ARENA_MAX ((size_t)256 << 20)
#define INPUTS_SHOWN 8

static bool is_model(const tw_model_view *m)
{
    return tw_str_equal(m->kind, TW_STR("classifier")) || tw_str_equal(m->kind, TW_STR("outlier"));
}

static void put_time(const char *name, int64_t ms)
{
    char when[TW_TIME_TEXT_BYTES];
    if (ms != 0)
        printf(",\"%s\":\"%s\"", name, tw_time_format(ms, 0, when));
    else
        printf(",\"%s\":null", name);
}

static void put_text(const char *name, tw_str text)
{
    printf(",\"%s\":", name);
    if (text.bytes > 0)
        twi_put_json(stdout, text);
    else
        fputs("null", stdout);
}

static void put_raw(const char *name, tw_str json)
{
    printf(",\"%s\":%.*s", name, json.bytes ? (int)json.bytes : 4, json.bytes ? json.at : "null");
}

static void print_json(const tw_model_view *m)
{
    fputs("{\"model_id\":", stdout);
    twi_put_json(stdout, m->model_id);
    printf(",\"kind\":\"%.*s\",\"state\":\"%.*s\"", TW_STR_ARG(m->kind), TW_STR_ARG(m->state));
    put_time("created_at", m->trained_ms);
    put_time("changed_at", m->changed_ms);
    put_text("changed_by", m->changed_by);
    put_text("reason", m->reason);
    put_text("parent", m->parent);
    put_time("champion_from", m->champion_from_ms);
    put_time("champion_to", m->champion_to_ms);
    printf(",\"seq\":%llu,\"bytes\":%llu,\"sha256\":\"%.*s\"", (unsigned long long)m->seq,
           (unsigned long long)m->bytes_n, TW_STR_ARG(m->sha256));
    put_raw("metadata", m->metadata);
    put_raw("decision", m->decision);
    fputs(",\"changes\":[", stdout);
    for (size_t i = 0; i < m->change_n; i++) {
        printf("%s{\"seq\":%llu,\"what\":\"%.*s\"", i ? "," : "",
               (unsigned long long)m->changes[i].seq, TW_STR_ARG(m->changes[i].what));
        put_time("changed_at", m->changes[i].changed_ms);
        put_text("changed_by", m->changes[i].changed_by);
        put_text("reason", m->changes[i].reason);
        putchar('}');
    }
    fputs("]}", stdout);
}

static double number(yyjson_val *root, const char *object, const char *name)
{
    yyjson_val *value = yyjson_obj_get(yyjson_obj_get(root, object), name);
    return yyjson_is_num(value) ? yyjson_get_num(value) : (double)NAN;
}

static yyjson_doc *parse(tw_str json)
{
    return json.bytes > 0 ? yyjson_read(json.at, json.bytes, 0) : NULL;
}

static void print_line(const tw_model_view *m)
{
    char when[TW_TIME_TEXT_BYTES];
    yyjson_doc *doc = parse(m->metadata);
    double ap = number(yyjson_doc_get_root(doc), "metrics", "ap");
    printf("%-36.*s %-10.*s %-10.*s %s", TW_STR_ARG(m->model_id), TW_STR_ARG(m->kind),
           TW_STR_ARG(m->state), tw_time_format(m->trained_ms / 1000 * 1000, 0, when));
    if (isfinite(ap))
        printf("  AP %.3f", ap);
    putchar('\n');
    yyjson_doc_free(doc);
}

static tw_status read_models(const twi_models *m, tw_arena *arena, const tw_model_view **out,
                             size_t *n, tw_err *err)
{
    tw_arena_init(arena, tw_alloc_system(), 0, ARENA_MAX);
    tw_status status = tw_query_models(m->service, arena, out, n);
    return status == TW_OK ? TW_OK
                           : tw_fail(err, status,
                                     "the models cannot be read; run tillwatch "
                                     "rebuild");
}

tw_status twi_models_list(const twi_models *m, tw_err *err)
{
    tw_arena arena;
    const tw_model_view *models;
    size_t n, shown = 0;
    tw_status status = read_models(m, &arena, &models, &n, err);
    if (status == TW_OK && m->is_json)
        putchar('[');
    for (size_t i = 0; status == TW_OK && i < n; i++) {
        if (!m->is_all && !is_model(&models[i]))
            continue;
        if (m->is_json && shown > 0)
            putchar(',');
        if (m->is_json)
            print_json(&models[i]);
        else
            print_line(&models[i]);
        shown++;
    }
    if (status == TW_OK && m->is_json)
        fputs("]\n", stdout);
    if (status == TW_OK && !m->is_json && shown == 0)
        puts("No model yet: run tillwatch train.");
    tw_arena_release(&arena);
    return status;
}

// --- one
// -----------------------------------------------------------------------------------------

static void print_figures(yyjson_val *root)
{
    static const struct {
        const char *object, *name, *title;
    } rows[] = {
        {"rows", "transactions", "transactions"},
        {"rows", "positive", "confirmed transactions"},
        {"rows", "negative", "refuted transactions"},
        {"metrics", "ap", "average precision"},
        {"metrics", "auc", "AUC"},
        {"metrics", "log_loss", "log loss"},
        {"metrics", "calibration_error", "calibration error"},
        {"metrics", "precision", "precision at the threshold"},
        {"metrics", "recall", "recall at the threshold"},
        {"params", "depth", "depth of trees"},
        {"params", "rounds", "trees"},
        {"params", "eta", "learning rate"},
    };
    for (size_t i = 0; i < TW_COUNT(rows); i++) {
        double value = number(root, rows[i].object, rows[i].name);
        if (isfinite(value))
            printf("  %-28s %.6g\n", rows[i].title, value);
    }
}

static void print_importance(yyjson_val *root)
{
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(yyjson_obj_get(root, "importance"), i, max, item)
    {
        if (i == INPUTS_SHOWN)
            break;
        printf("  %-28s %.1f %% of the gain\n", yyjson_get_str(yyjson_obj_get(item, "input")),
               100 * yyjson_get_num(yyjson_obj_get(item, "share")));
    }
}

static void print_changes(const tw_model_view *m)
{
    char when[TW_TIME_TEXT_BYTES];
    for (size_t i = 0; i < m->change_n; i++) {
        const tw_model_change *c = &m->changes[i];
        printf("  %s  %-10.*s by %.*s%s%.*s (fact %llu)\n",
               tw_time_format(c->changed_ms / 1000 * 1000, 0, when), TW_STR_ARG(c->what),
               TW_STR_ARG(c->changed_by), c->reason.bytes ? ": " : "", TW_STR_ARG(c->reason),
               (unsigned long long)c->seq);
    }
}

static void print_whole(const tw_model_view *m)
{
    yyjson_doc *metadata = parse(m->metadata), *decision = parse(m->decision);
    print_line(m);
    printf("  sha256 %.*s, %llu bytes\n", TW_STR_ARG(m->sha256), (unsigned long long)m->bytes_n);
    if (m->parent.bytes > 0)
        printf("  made when %.*s was the champion\n", TW_STR_ARG(m->parent));
    print_figures(yyjson_doc_get_root(metadata));
    print_importance(yyjson_doc_get_root(metadata));
    yyjson_val *reason = yyjson_obj_get(yyjson_doc_get_root(decision), "reason");
    if (yyjson_is_str(reason))
        printf("The gate: %s\n", yyjson_get_str(reason));
    print_changes(m);
    yyjson_doc_free(metadata);
    yyjson_doc_free(decision);
}

tw_status twi_models_show(const twi_models *m, tw_err *err)
{
    tw_arena arena;
    tw_model_view view;
    tw_arena_init(&arena, tw_alloc_system(), 0, ARENA_MAX);
    tw_status status = tw_query_model(m->service, tw_str_from(m->first), &arena, &view, err);
    if (status == TW_OK && m->is_json) {
        print_json(&view);
        putchar('\n');
    } else if (status == TW_OK) {
        print_whole(&view);
    }
    tw_arena_release(&arena);
    return status;
}

// --- two
// -----------------------------------------------------------------------------------------

// A value as one short text.
static void text_of(yyjson_val *value, char *out, size_t cap)
{
    if (yyjson_is_str(value))
        snprintf(out, cap, "%s", yyjson_get_str(value));
    else if (yyjson_is_num(value))
        snprintf(out, cap, "%.6g", yyjson_get_num(value));
    else if (yyjson_is_bool(value))
        snprintf(out, cap, "%s", yyjson_get_bool(value) ? "yes" : "no");
    else
        snprintf(out, cap, "-");
}

typedef struct differ {
    bool is_json;
    size_t n;
} differ;

static void differ_row(differ *d, const char *group, const char *name, yyjson_val *a, yyjson_val *b)
{
    char left[96], right[96], title[96];
    text_of(a, left, sizeof(left));
    text_of(b, right, sizeof(right));
    if (strcmp(left, right) == 0)
        return;
    snprintf(title, sizeof(title), "%s%s%s", group, group[0] ? "." : "", name);
    if (d->is_json) {
        fputs(d->n ? ",{\"name\":" : "{\"name\":", stdout);
        twi_put_json(stdout, tw_str_from(title));
        fputs(",\"a\":", stdout);
        twi_put_json(stdout, tw_str_from(left));
        fputs(",\"b\":", stdout);
        twi_put_json(stdout, tw_str_from(right));
        putchar('}');
    } else {
        printf("%-34s %-26s %s\n", title, left, right);
    }
    d->n++;
}

// Members of both objects, one level deep; lists are left out.
static void differ_objects(differ *d, const char *group, yyjson_val *a, yyjson_val *b)
{
    size_t i, max;
    yyjson_val *key, *value;
    yyjson_obj_foreach(a, i, max, key, value)
    {
        const char *name = yyjson_get_str(key);
        yyjson_val *other = yyjson_obj_get(b, name);
        if (!yyjson_is_obj(value) && !yyjson_is_arr(value))
            differ_row(d, group, name, value, other);
        else if (yyjson_is_obj(value) && group[0] == '\0' && strcmp(name, "gate") != 0)
            differ_objects(d, name, value, other);
    }
    yyjson_obj_foreach(b, i, max, key, value)
    {
        bool is_new = !yyjson_obj_get(a, yyjson_get_str(key));
        if (is_new && !yyjson_is_obj(value) && !yyjson_is_arr(value))
            differ_row(d, group, yyjson_get_str(key), NULL, value);
        else if (is_new && yyjson_is_obj(value) && group[0] == '\0' &&
                 strcmp(yyjson_get_str(key), "gate") != 0)
            differ_objects(d, yyjson_get_str(key), NULL, value);
    }
}

static yyjson_val *share_of(yyjson_val *list, const char *input)
{
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(list, i, max, item)
    {
        if (yyjson_equals_str(yyjson_obj_get(item, "input"), input))
            return yyjson_obj_get(item, "share");
    }
    return NULL;
}

static void differ_inputs(differ *d, yyjson_val *a, yyjson_val *b)
{
    size_t i, max;
    yyjson_val *item;
    yyjson_val *left = yyjson_obj_get(a, "importance"), *right = yyjson_obj_get(b, "importance");
    yyjson_arr_foreach(left, i, max, item)
    {
        const char *input = yyjson_get_str(yyjson_obj_get(item, "input"));
        if (input)
            differ_row(d, "importance", input, yyjson_obj_get(item, "share"),
                       share_of(right, input));
    }
    yyjson_arr_foreach(right, i, max, item)
    {
        const char *input = yyjson_get_str(yyjson_obj_get(item, "input"));
        if (input && !share_of(left, input))
            differ_row(d, "importance", input, NULL, yyjson_obj_get(item, "share"));
    }
}

tw_status twi_models_diff(const twi_models *m, tw_err *err)
{
    tw_arena arena;
    tw_model_view a, b;
    differ d = {.is_json = m->is_json};
    tw_arena_init(&arena, tw_alloc_system(), 0, ARENA_MAX);
    tw_status status = tw_query_model(m->service, tw_str_from(m->first), &arena, &a, err);
    if (status == TW_OK)
        status = tw_query_model(m->service, tw_str_from(m->second), &arena, &b, err);
    if (status == TW_OK) {
        yyjson_doc *left = parse(a.metadata), *right = parse(b.metadata);
        yyjson_val *x = yyjson_doc_get_root(left), *y = yyjson_doc_get_root(right);
        if (m->is_json)
            putchar('[');
        differ_objects(&d, "", x, y);
        differ_inputs(&d, x, y);
        if (m->is_json)
            fputs("]\n", stdout);
        else if (d.n == 0)
            puts("No difference in what their metadata say.");
        yyjson_doc_free(left);
        yyjson_doc_free(right);
    }
    tw_arena_release(&arena);
    return status;
}
