// SPDX-License-Identifier: Apache-2.0
//
// Alerts between the detector's struct, the ledger's row and the view that pages read. What the
// ledger does not filter by is in the row's body, a JSON object:
//   {title, sentence, offset_min, challenger_risk: null | number, reasons: [{signal, title,
//   sentence, strength}], seqs: [n],
//    transaction_ids: [text], verdict: null | {verdict_id, verdict, reason, note, decided_by,
//    decided_ms, recovered_minor}}
// The same alert gives the same bytes, as the ledger's hash goes over them.
#include <math.h>
#include <yyjson.h>

#include "internal.h"
#include "json_text.h"

// Order of the queue: risk in thousandths, then exposure. Exact in a double.
#define RANK_STEP 1e12

static void put_reasons(const tw_alert_view *view, tw_buf *out)
{
    tw_buf_cstr(out, ",\"reasons\":[");
    for (size_t i = 0; i < view->reason_n; i++) {
        const tw_reason_view *reason = &view->reasons[i];
        tw_buf_cstr(out, i ? ",{\"signal\":" : "{\"signal\":");
        twi_text_json(out, reason->signal);
        tw_buf_cstr(out, ",\"title\":");
        twi_text_json(out, reason->title);
        tw_buf_cstr(out, ",\"sentence\":");
        twi_text_json(out, reason->sentence);
        // Strengths are 255ths: three decimals name each of them exactly.
        tw_buf_printf(out, ",\"strength\":%.3f}", reason->strength);
    }
    tw_buf_cstr(out, "],\"seqs\":[");
    for (size_t i = 0; i < view->transaction_id_n; i++)
        tw_buf_printf(out, i ? ",%llu" : "%llu", (unsigned long long)view->seqs[i]);
    tw_buf_cstr(out, "],\"transaction_ids\":[");
    for (size_t i = 0; i < view->transaction_id_n; i++) {
        if (i)
            tw_buf_u8(out, ',');
        twi_text_json(out, view->transaction_ids[i]);
    }
    tw_buf_u8(out, ']');
}

static void put_verdict(const tw_verdict_view *verdict, tw_buf *out)
{
    tw_buf_cstr(out, "{\"verdict_id\":");
    twi_text_json(out, verdict->verdict_id);
    tw_buf_printf(out, ",\"verdict\":\"%s\",\"reason\":", tw_verdict_name(verdict->verdict));
    twi_text_json(out, verdict->reason);
    tw_buf_cstr(out, ",\"note\":");
    twi_text_json(out, verdict->note);
    tw_buf_cstr(out, ",\"decided_by\":");
    twi_text_json(out, verdict->decided_by);
    tw_buf_printf(out, ",\"decided_ms\":%lld,\"recovered_minor\":%lld}",
                  (long long)verdict->decided_ms, (long long)verdict->recovered.minor);
}

static double rank_of(const tw_alert_view *view)
{
    double exposure = (double)TW_MAX(view->exposure.minor, INT64_C(0));
    return (double)(int64_t)(view->risk_score * 1000.0) * RANK_STEP +
           TW_MIN(exposure, RANK_STEP - 1);
}

tw_status twi_alert_row(const tw_alert_view *view, tw_buf *body, tw_alert_row *out)
{
    size_t start = body->bytes;
    tw_buf_cstr(body, "{\"title\":");
    twi_text_json(body, view->title);
    tw_buf_cstr(body, ",\"sentence\":");
    twi_text_json(body, view->sentence);
    tw_buf_printf(body, ",\"offset_min\":%d,\"challenger_risk\":", view->offset_min);
    if (isnan(view->challenger_risk))
        tw_buf_cstr(body, "null");
    else
        tw_buf_printf(body, "%.6f", view->challenger_risk);
    put_reasons(view, body);
    tw_buf_cstr(body, ",\"verdict\":");
    if (view->has_verdict)
        put_verdict(&view->verdict, body);
    else
        tw_buf_cstr(body, "null");
    tw_buf_u8(body, '}');
    TW_TRY(body->status);
    *out = (tw_alert_row){
        .alert_id = view->alert_id,
        .created_ms = view->created_ms,
        .updated_ms = view->updated_ms,
        .status = view->status,
        .type = view->type,
        .scheme = view->scheme,
        .entity_kind = view->entity_kind,
        .entity_id = view->entity_id,
        .store_id = view->store_id,
        .employee_id = view->employee_id,
        .register_id = view->register_id,
        .currency = tw_str_from(view->exposure.currency),
        .risk_score = view->risk_score,
        .rank = rank_of(view),
        .exposure_minor = view->exposure.minor,
        .transaction_n = view->transaction_n,
        .first_seq = view->first_seq,
        .last_seq = view->last_seq,
        .body = {(const char *)body->data_own + start, body->bytes - start},
        .assignee = view->assignee,
        .case_id = view->case_id,
        .snoozed_until_ms = view->snoozed_until_ms,
        .first_viewed_ms = view->first_viewed_ms,
        .work_seq = view->work_seq,
    };
    if (view->has_verdict) {
        out->verdict = tw_str_from(tw_verdict_name(view->verdict.verdict));
        out->decided_ms = view->verdict.decided_ms;
        out->recovered_minor = view->verdict.recovered.minor;
    }
    return TW_OK;
}

tw_alert_work twi_alert_work_of(const tw_alert_view *view)
{
    tw_alert_work work = {.assignee = view->assignee,
                          .case_id = view->case_id,
                          .has_verdict = view->has_verdict,
                          .snoozed_until_ms = view->snoozed_until_ms,
                          .first_viewed_ms = view->first_viewed_ms,
                          .work_seq = view->work_seq};
    (void)tw_alert_status_from(view->status, &work.status);
    if (view->has_verdict) {
        work.verdict = view->verdict.verdict;
        work.decided_ms = view->verdict.decided_ms;
        work.recovered_minor = view->verdict.recovered.minor;
    }
    return work;
}

// --- reading
// --------------------------------------------------------------------------------------

static tw_str text_of(yyjson_val *object, const char *key, tw_arena *arena, tw_status *status)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    if (!yyjson_is_str(value)) {
        *status = TW_CORRUPT;
        return TW_STR_NONE;
    }
    return twi_arena_str(arena, (tw_str){yyjson_get_str(value), yyjson_get_len(value)}, status);
}

static tw_status read_reasons(yyjson_val *list, tw_arena *arena, tw_alert_view *out)
{
    tw_status status = TW_OK;
    size_t n = yyjson_arr_size(list);
    tw_reason_view *reasons = tw_arena_array(arena, n + 1, sizeof(*reasons));
    if (!reasons)
        return TW_NO_MEMORY;
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(list, i, max, item)
    {
        reasons[i].signal = text_of(item, "signal", arena, &status);
        reasons[i].title = text_of(item, "title", arena, &status);
        reasons[i].sentence = text_of(item, "sentence", arena, &status);
        reasons[i].strength = yyjson_get_num(yyjson_obj_get(item, "strength"));
    }
    out->reasons = reasons;
    out->reason_n = n;
    return status;
}

static tw_status read_transactions(yyjson_val *root, tw_arena *arena, tw_alert_view *out)
{
    yyjson_val *ids = yyjson_obj_get(root, "transaction_ids"), *seqs = yyjson_obj_get(root, "seqs");
    size_t n = yyjson_arr_size(ids);
    if (n != yyjson_arr_size(seqs))
        return TW_CORRUPT;
    tw_str *id_list = tw_arena_array(arena, n + 1, sizeof(*id_list));
    uint64_t *seq_list = tw_arena_array(arena, n + 1, sizeof(*seq_list));
    if (!id_list || !seq_list)
        return TW_NO_MEMORY;
    tw_status status = TW_OK;
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(ids, i, max, item)
    {
        id_list[i] =
            twi_arena_str(arena, (tw_str){yyjson_get_str(item), yyjson_get_len(item)}, &status);
    }
    yyjson_arr_foreach(seqs, i, max, item)
    {
        seq_list[i] = yyjson_get_uint(item);
    }
    out->transaction_ids = id_list;
    out->seqs = seq_list;
    out->transaction_id_n = n;
    return status;
}

static tw_status read_verdict(yyjson_val *value, tw_arena *arena, tw_alert_view *out)
{
    tw_status status = TW_OK;
    if (!yyjson_is_obj(value))
        return TW_OK;
    tw_verdict_view *verdict = &out->verdict;
    tw_str kind = text_of(value, "verdict", arena, &status);
    verdict->verdict_id = text_of(value, "verdict_id", arena, &status);
    verdict->alert_id = out->alert_id;
    verdict->reason = text_of(value, "reason", arena, &status);
    verdict->note = text_of(value, "note", arena, &status);
    verdict->decided_by = text_of(value, "decided_by", arena, &status);
    verdict->decided_ms = yyjson_get_sint(yyjson_obj_get(value, "decided_ms"));
    verdict->recovered = out->exposure;
    verdict->recovered.minor = yyjson_get_sint(yyjson_obj_get(value, "recovered_minor"));
    out->has_verdict = true;
    return status == TW_OK && !tw_verdict_from(kind, &verdict->verdict) ? TW_CORRUPT : status;
}

static tw_status read_body(yyjson_val *root, tw_arena *arena, tw_alert_view *out)
{
    tw_status status = TW_OK;
    out->title = text_of(root, "title", arena, &status);
    out->sentence = text_of(root, "sentence", arena, &status);
    out->offset_min = (int16_t)yyjson_get_sint(yyjson_obj_get(root, "offset_min"));
    yyjson_val *challenger = yyjson_obj_get(root, "challenger_risk");
    out->challenger_risk = yyjson_is_num(challenger) ? yyjson_get_num(challenger) : (double)NAN;
    TW_TRY(status);
    TW_TRY(read_reasons(yyjson_obj_get(root, "reasons"), arena, out));
    TW_TRY(read_transactions(root, arena, out));
    return read_verdict(yyjson_obj_get(root, "verdict"), arena, out);
}

tw_status twi_alert_parse(const tw_alert_row *row, tw_arena *arena, tw_alert_view *out)
{
    *out = (tw_alert_view){
        .created_ms = row->created_ms,
        .updated_ms = row->updated_ms,
        .risk_score = row->risk_score,
        .exposure = {.minor = row->exposure_minor},
        .transaction_n = (uint32_t)row->transaction_n,
        .first_seq = row->first_seq,
        .last_seq = row->last_seq,
        .version = row->last_seq,
        .snoozed_until_ms = row->snoozed_until_ms,
        .first_viewed_ms = row->first_viewed_ms,
        .work_seq = row->work_seq,
    };
    tw_status status = TW_OK;
    out->alert_id = twi_arena_str(arena, row->alert_id, &status);
    out->status = twi_arena_str(arena, row->status, &status);
    out->type = twi_arena_str(arena, row->type, &status);
    out->scheme = twi_arena_str(arena, row->scheme, &status);
    out->entity_kind = twi_arena_str(arena, row->entity_kind, &status);
    out->entity_id = twi_arena_str(arena, row->entity_id, &status);
    out->store_id = twi_arena_str(arena, row->store_id, &status);
    out->employee_id = twi_arena_str(arena, row->employee_id, &status);
    out->register_id = twi_arena_str(arena, row->register_id, &status);
    out->assignee = twi_arena_str(arena, row->assignee, &status);
    out->case_id = twi_arena_str(arena, row->case_id, &status);
    tw_str_copy(row->currency, out->exposure.currency, sizeof(out->exposure.currency));
    TW_TRY(status);
    // yyjson works in the arena's memory: a body of n bytes needs some 12 n for its values.
    size_t pool_bytes = yyjson_read_max_memory_usage(row->body.bytes, YYJSON_READ_NOFLAG);
    void *pool = tw_arena_take(arena, pool_bytes);
    yyjson_alc alc;
    if (!pool || !yyjson_alc_pool_init(&alc, pool, pool_bytes))
        return TW_NO_MEMORY;
    // The reader does not write to its input without YYJSON_READ_INSITU.
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)row->body.at, row->body.bytes,
                                       YYJSON_READ_NOFLAG, &alc, NULL);
    if (!doc)
        return TW_CORRUPT;
    status = read_body(yyjson_doc_get_root(doc), arena, out);
    yyjson_doc_free(doc);
    return status;
}
