// SPDX-License-Identifier: Apache-2.0
//
// What a body says beyond what was sent: whom and which store it is about, as it was then, and what
// the settings decided. The projection must not ask for these later, when they have changed.
#include "json_text.h"
#include "work_bench.h"

#include "feature/catalogue.h"

// Members that only the service writes.
static const char *const own_members[] = {"employee_id", "store_id", "may_decide", "exposure_minor",
                                          "needs_approval"};

typedef struct writer {
    twi_bench *bench;
    twi_job *job;
    yyjson_alc alc;
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    yyjson_val *file; // of a case, NULL without
    bool is_whole;
} writer;

static tw_str val_text(yyjson_val *value)
{
    return yyjson_is_str(value) ? (tw_str){yyjson_get_str(value), yyjson_get_len(value)}
                                : TW_STR_NONE;
}

static void put(writer *w, const char *name, tw_str text)
{
    if (text.bytes > 0)
        w->is_whole =
            w->is_whole && yyjson_mut_obj_add_strncpy(w->doc, w->root, name, text.at, text.bytes);
}

static void put_minor(writer *w, const char *name, int64_t minor)
{
    w->is_whole = w->is_whole && yyjson_mut_obj_add_sint(w->doc, w->root, name, minor);
}

static bool open_writer(writer *w)
{
    tw_str sent = w->job->action.body.bytes > 0 ? w->job->action.body : TW_STR("{}");
    w->alc = twi_arena_alc(&w->bench->scratch);
    yyjson_doc *doc =
        yyjson_read_opts((char *)(uintptr_t)sent.at, sent.bytes, YYJSON_READ_NOFLAG, &w->alc, NULL);
    w->doc = doc ? yyjson_mut_doc_new(&w->alc) : NULL;
    w->root = w->doc ? yyjson_val_mut_copy(w->doc, yyjson_doc_get_root(doc)) : NULL;
    if (!yyjson_mut_is_obj(w->root))
        return false;
    yyjson_mut_doc_set_root(w->doc, w->root);
    for (size_t i = 0; i < TW_COUNT(own_members); i++)
        // The store of a register is part of an entry of the allow-list.
        if (w->job->request->kind != TW_ACTION_ALLOW_ADD || strcmp(own_members[i], "store_id") != 0)
            (void)yyjson_mut_obj_remove_key(w->root, own_members[i]);
    return true;
}

// --- alerts
// ---------------------------------------------------------------------------------------

static tw_str employee_of(const tw_alert_view *view)
{
    bool is_employee =
        tw_str_equal(view->entity_kind, tw_str_from(tw_entity_name(TW_ENTITY_EMPLOYEE)));
    return is_employee ? view->entity_id : view->employee_id;
}

static void fill_alert(writer *w)
{
    const tw_alert_view *view = &w->job->alert->view;
    put(w, "employee_id", employee_of(view));
    put(w, "store_id", view->store_id);
    if (w->job->request->kind == TW_ACTION_ALERT_VIEW &&
        (w->job->request->rights & TW_RIGHT_WORK) != 0)
        w->is_whole = w->is_whole && yyjson_mut_obj_add_bool(w->doc, w->root, "may_decide", true);
}

// --- cases
// ----------------------------------------------------------------------------------------

static bool file_lists(const writer *w, tw_str alert_id)
{
    yyjson_val *list = yyjson_obj_get(w->file, "alerts"), *item;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, item)
    {
        if (tw_str_equal(val_text(item), alert_id))
            return true;
    }
    return false;
}

// Money of the alerts that move, in the currency of the case; the others' is no sum.
static tw_status sum_exposure(writer *w, int64_t *sum, twi_bench_alert **first, tw_err *err)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(w->root, "alerts"), *item;
    bool is_leaving = w->job->request->kind == TW_ACTION_CASE_REMOVE;
    size_t i, n;
    *sum = 0;
    *first = NULL;
    yyjson_mut_arr_foreach(list, i, n, item)
    {
        tw_str id = {yyjson_mut_get_str(item), yyjson_mut_get_len(item)};
        twi_bench_alert *alert;
        if (file_lists(w, id) != is_leaving)
            continue;
        TW_TRY(twi_bench_alert_get(w->bench, id, &alert, err));
        if (!*first)
            *first = alert;
        if (strcmp(alert->view.exposure.currency, w->bench->service->currency) == 0)
            *sum += alert->view.exposure.minor;
    }
    return TW_OK;
}

// Where the first subject belongs: a store, a register's store, where an employee works.
static tw_str store_of_subject(writer *w, tw_str kind, tw_str id, tw_employee_info *info)
{
    const char *slash = id.bytes > 0 ? memchr(id.at, '/', id.bytes) : NULL;
    if (tw_str_equal(kind, TW_STR("STORE")))
        return id;
    if (tw_str_equal(kind, TW_STR("REGISTER")) && slash)
        return (tw_str){id.at, (size_t)(slash - id.at)};
    if (tw_str_equal(kind, TW_STR("EMPLOYEE")) &&
        tw_query_employee(w->bench->service, id, info) == TW_OK)
        return tw_str_from(info->home_store);
    return TW_STR_NONE;
}

static tw_str mut_text(yyjson_mut_val *object, const char *name)
{
    yyjson_mut_val *value = yyjson_mut_obj_get(object, name);
    return yyjson_mut_is_str(value) ? (tw_str){yyjson_mut_get_str(value), yyjson_mut_get_len(value)}
                                    : TW_STR_NONE;
}

// A case that is opened from alerts without a word about whom is about their employees.
static void name_subjects(writer *w)
{
    yyjson_mut_val *alerts = yyjson_mut_obj_get(w->root, "alerts"), *item;
    size_t i, n;
    if (yyjson_mut_obj_get(w->root, "subjects") || yyjson_mut_arr_size(alerts) == 0)
        return;
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(w->doc, w->root, "subjects");
    yyjson_mut_arr_foreach(alerts, i, n, item)
    {
        tw_str id = {yyjson_mut_get_str(item), yyjson_mut_get_len(item)};
        twi_bench_alert *alert;
        if (twi_bench_alert_get(w->bench, id, &alert, NULL) != TW_OK)
            continue;
        tw_str employee = employee_of(&alert->view);
        if (employee.bytes == 0 || yyjson_mut_arr_size(list) >= TW_CASE_SUBJECTS_MAX)
            continue;
        // Doubles are left out when the file is written.
        yyjson_mut_val *subject = yyjson_mut_arr_add_obj(w->doc, list);
        w->is_whole =
            w->is_whole && subject && yyjson_mut_obj_add_str(w->doc, subject, "kind", "EMPLOYEE") &&
            yyjson_mut_obj_add_strncpy(w->doc, subject, "id", employee.at, employee.bytes);
    }
}

static tw_str first_employee_sent(const writer *w)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(w->root, "subjects"), *item;
    size_t i, n;
    yyjson_mut_arr_foreach(list, i, n, item)
    {
        if (tw_str_equal(mut_text(item, "kind"), TW_STR("EMPLOYEE")))
            return mut_text(item, "id");
    }
    return TW_STR_NONE;
}

static tw_str first_employee(const writer *w)
{
    yyjson_val *list = yyjson_obj_get(w->file, "subjects"), *item;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, item)
    {
        if (tw_str_equal(val_text(yyjson_obj_get(item, "kind")), TW_STR("EMPLOYEE")))
            return val_text(yyjson_obj_get(item, "id"));
    }
    return first_employee_sent(w);
}

static void put_store(writer *w, const twi_bench_alert *first)
{
    tw_employee_info info;
    tw_str store_id = val_text(yyjson_obj_get(w->file, "store_id"));
    if (store_id.bytes == 0 && first)
        store_id = first->view.store_id;
    yyjson_mut_val *subject = yyjson_mut_arr_get_first(yyjson_mut_obj_get(w->root, "subjects"));
    if (store_id.bytes == 0 && subject)
        store_id = store_of_subject(w, mut_text(subject, "kind"), mut_text(subject, "id"), &info);
    if (store_id.bytes <= TW_ID_MAX_BYTES)
        put(w, "store_id", store_id);
}

static tw_status fill_case(writer *w, tw_err *err)
{
    tw_action_kind kind = w->job->request->kind;
    tw_str file = w->job->doc->row.body;
    twi_bench_alert *first = NULL;
    int64_t exposure = 0;
    if (file.bytes > 0)
        w->file = yyjson_doc_get_root(yyjson_read_opts((char *)(uintptr_t)file.at, file.bytes,
                                                       YYJSON_READ_NOFLAG, &w->alc, NULL));
    if (kind == TW_ACTION_CASE_OPEN)
        name_subjects(w);
    if (kind == TW_ACTION_CASE_OPEN || kind == TW_ACTION_CASE_ADD ||
        kind == TW_ACTION_CASE_REMOVE) {
        TW_TRY(sum_exposure(w, &exposure, &first, err));
        put_minor(w, "exposure_minor", exposure);
    }
    tw_str employee_id = first_employee(w);
    if (employee_id.bytes <= TW_ID_MAX_BYTES)
        put(w, "employee_id", employee_id);
    put_store(w, first);
    if (kind == TW_ACTION_CASE_SUBMIT) {
        tw_case_limits limits = {.approval_minor = w->bench->settings.approval_minor};
        bool needs = tw_case_needs_approval(file, &limits, &w->bench->scratch);
        w->is_whole =
            w->is_whole && yyjson_mut_obj_add_bool(w->doc, w->root, "needs_approval", needs);
    }
    return TW_OK;
}

// --- all
// ------------------------------------------------------------------------------------------

static tw_status write_body(writer *w, tw_err *err)
{
    size_t bytes = 0;
    const char *text =
        w->is_whole ? yyjson_mut_write_opts(w->doc, YYJSON_WRITE_NOFLAG, &w->alc, &bytes, NULL)
                    : NULL;
    if (!text)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a command");
    if (bytes > TW_ACTION_MAX_BYTES)
        return tw_fail(err, TW_LIMIT, "that is more than one action holds (%d bytes)",
                       TW_ACTION_MAX_BYTES);
    return twi_bench_keep(w->bench, (tw_str){text, bytes}, &w->job->action.body, err);
}

tw_status twi_job_body(twi_bench *bench, twi_job *job, tw_err *err)
{
    writer w = {.bench = bench, .job = job, .is_whole = true};
    tw_action_kind kind = job->request->kind;
    bool is_case = tw_str_equal(twi_doc_kind_of(kind), TW_STR("case"));
    // Notes, settings and filters are journaled as they were sent.
    if (!job->alert && !is_case && kind != TW_ACTION_ALLOW_ADD)
        return TW_OK;
    if (!open_writer(&w))
        return tw_fail(err, TW_NO_MEMORY, "no memory for a command");
    if (job->alert)
        fill_alert(&w);
    else if (is_case)
        TW_TRY(fill_case(&w, err));
    else if (tw_str_equal_nocase(mut_text(w.root, "entity_kind"), TW_STR("employee")))
        put(&w, "employee_id", mut_text(w.root, "entity_id"));
    return write_body(&w, err);
}
