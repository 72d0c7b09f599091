// SPDX-License-Identifier: Apache-2.0
//
// Training: what runs, has run and will run, and the button that starts one.
#include <stdio.h>

#include "learning.h"

static const char *const stage_names[] = {[TW_TRAIN_REPLAY] = "replay",
                                          [TW_TRAIN_FIT] = "fit",
                                          [TW_TRAIN_GATE] = "gate",
                                          [TW_TRAIN_DONE] = "done"};

static void time_or_null(yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key, int64_t ms)
{
    if (ms)
        twi_json_time(doc, out, key, ms, 0);
    else
        twi_json_null(doc, out, key);
}

static void put_running(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_training_state *state)
{
    if (!state->is_running) {
        twi_json_null(doc, root, "running");
        return;
    }
    yyjson_mut_val *running = twi_json_object(doc, root, "running");
    twi_json_time(doc, running, "started_at", state->started_ms, 0);
    twi_json_cstr(doc, running, "started_by", state->started_by);
    twi_json_cstr(doc, running, "stage", stage_names[state->stage]);
    twi_json_uint(doc, running, "done", state->done);
    twi_json_uint(doc, running, "all", state->all);
}

static void put_run(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_training_run *run)
{
    twi_json_time(doc, object, "started_at", run->started_ms, 0);
    twi_json_time(doc, object, "finished_at", run->finished_ms, 0);
    twi_json_cstr(doc, object, "outcome", run->outcome);
    twi_json_str_or_null(doc, object, "model_id", tw_str_from(run->model_id));
    twi_json_cstr(doc, object, "started_by", run->started_by);
    twi_json_cstr(doc, object, "sentence", run->sentence);
}

static void answer_state(twi_request *request, unsigned http_status)
{
    tw_training_state *state = tw_arena_array(&request->arena, 1, sizeof(*state));
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, state ? TW_OK : TW_NO_MEMORY, NULL, &doc, &root))
        return;
    tw_query_training(request->http->service, state);
    char time[8];
    snprintf(time, sizeof(time), "%02d:%02d", (int)(state->minute / 60) % 24,
             (int)(state->minute % 60));
    twi_json_cstr(doc, root, "state", state->is_running ? "running" : "idle");
    twi_json_bool(doc, root, "can_train", state->can_train);
    put_running(doc, root, state);
    yyjson_mut_val *schedule = twi_json_object(doc, root, "schedule");
    twi_json_bool(doc, schedule, "enabled", state->has_schedule);
    twi_json_str_or_null(doc, schedule, "time",
                         state->has_schedule ? tw_str_from(time) : TW_STR_NONE);
    time_or_null(doc, root, "next_at", state->next_ms);
    time_or_null(doc, root, "last_at", state->last_ms);
    yyjson_mut_val *history = twi_json_array(doc, root, "history");
    for (size_t i = 0; i < state->run_n; i++)
        put_run(doc, yyjson_mut_arr_add_obj(doc, history), &state->runs[i]);
    twi_reply_json(request, http_status, doc);
}

void twi_handle_trainings(twi_request *request)
{
    answer_state(request, 200);
}

// A member that is true or false when it is there; false after answering.
static bool flag_member(twi_request *request, yyjson_val *body, const char *name, bool *out,
                        size_t *known_n)
{
    yyjson_val *value = yyjson_obj_get(body, name);
    *known_n += value != NULL;
    if (value && !yyjson_is_bool(value)) {
        twi_problem(request, 422, name, "%s must be true or false", name);
        return false;
    }
    *out = value ? yyjson_get_bool(value) : *out;
    return true;
}

void twi_handle_training_start(twi_request *request)
{
    yyjson_doc *body = twi_body_json(request);
    yyjson_val *root = body ? yyjson_doc_get_root(body) : NULL;
    bool is_quick = false, promotes = true;
    size_t known_n = 0;
    if (!body || !flag_member(request, root, "quick", &is_quick, &known_n) ||
        !flag_member(request, root, "promote", &promotes, &known_n))
        return;
    if (yyjson_obj_size(root) != known_n) {
        twi_problem(request, 422, NULL, "The body may hold quick and promote, nothing else");
        return;
    }
    tw_train_request train = tw_train_request_default();
    train.is_quick = is_quick;
    train.keeps_champion = !promotes;
    train.started_by = tw_str_from(request->who.user);
    tw_err err = {0};
    tw_status status = tw_service_train_start(request->http->service, &train, &err);
    if (status == TW_UNSUPPORTED)
        twi_problem(request, 409, NULL, "%s",
                    err.text[0] ? err.text : "This server does not train in the background");
    else if (status != TW_OK)
        twi_problem_err(request, status, &err);
    else
        answer_state(request, 202);
}
