// SPDX-License-Identifier: Apache-2.0
//
// Checks, cursors and canonical content of ledger rows.
#include "port/ledger_rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static tw_status check_id(tw_str id, const char *what, tw_err *err)
{
    if (id.bytes == 0)
        return tw_fail(err, TW_INVALID, "%s is empty", what);
    if (id.bytes > TW_ID_MAX_BYTES)
        return tw_fail(err, TW_LIMIT, "%s has more than %d bytes", what, TW_ID_MAX_BYTES);
    return TW_OK;
}

static tw_status check_keys(const tw_alert_key *keys, size_t n, const char *what, tw_str id,
                            tw_err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (keys[i].key.bytes == 0)
            return tw_fail(err, TW_INVALID, "%s %.*s has an empty key", what, TW_STR_ARG(id));
        if (keys[i].kind < 'a' || keys[i].kind > 'z')
            return tw_fail(err, TW_INVALID, "%s %.*s has a key of an unknown kind", what,
                           TW_STR_ARG(id));
    }
    return TW_OK;
}

static tw_status check_alert(const tw_alert_row *row, tw_err *err)
{
    TW_TRY(check_id(row->alert_id, "alert_id", err));
    if (!isfinite(row->risk_score) || !isfinite(row->rank))
        return tw_fail(err, TW_INVALID, "alert %.*s has a risk or rank that is not finite",
                       TW_STR_ARG(row->alert_id));
    if (row->work_seq > INT64_MAX)
        return tw_fail(err, TW_INVALID, "alert %.*s has a version out of range",
                       TW_STR_ARG(row->alert_id));
    return check_keys(row->keys, row->key_n, "alert", row->alert_id, err);
}

static tw_status check_doc(const tw_doc_row *row, tw_err *err)
{
    TW_TRY(check_id(row->kind, "kind of a document", err));
    TW_TRY(check_id(row->id, "id of a document", err));
    if (row->seq > INT64_MAX)
        return tw_fail(err, TW_INVALID, "document %.*s has a version out of range",
                       TW_STR_ARG(row->id));
    return check_keys(row->keys, row->key_n, "document", row->id, err);
}

static tw_status check_action(const tw_action_row *row, tw_err *err)
{
    TW_TRY(check_id(row->kind, "kind of an action", err));
    if (row->seq == 0 || row->seq > INT64_MAX)
        return tw_fail(err, TW_INVALID, "an action has no place in the journal");
    return TW_OK;
}

static tw_status check_verdict(const tw_verdict_row *row, tw_err *err)
{
    TW_TRY(check_id(row->verdict_id, "verdict_id", err));
    if (row->alert_id.bytes == 0 && row->transaction_id.bytes == 0)
        return tw_fail(err, TW_INVALID, "verdict %.*s is about nothing",
                       TW_STR_ARG(row->verdict_id));
    if (row->alert_id.bytes > TW_ID_MAX_BYTES || row->transaction_id.bytes > TW_ID_MAX_BYTES)
        return tw_fail(err, TW_LIMIT, "verdict %.*s is about an id of more than %d bytes",
                       TW_STR_ARG(row->verdict_id), TW_ID_MAX_BYTES);
    if (row->seq == 0 || row->seq > INT64_MAX)
        return tw_fail(err, TW_INVALID, "verdict %.*s has no place in the journal",
                       TW_STR_ARG(row->verdict_id));
    return TW_OK;
}

tw_status tw_ledger_batch_check(const tw_ledger_batch *batch, uint64_t position_seq, tw_err *err)
{
    if (batch->applied.seq < position_seq)
        return tw_fail(err, TW_CONFLICT, "the ledger is already past journal position %llu",
                       (unsigned long long)batch->applied.seq);
    if (batch->applied.seq > INT64_MAX)
        return tw_fail(err, TW_INVALID, "the position is out of range");
    for (size_t i = 0; i < batch->alert_n; i++)
        TW_TRY(check_alert(&batch->alerts[i], err));
    for (size_t i = 0; i < batch->verdict_n; i++)
        TW_TRY(check_verdict(&batch->verdicts[i], err));
    for (size_t i = 0; i < batch->score_n; i++) {
        const tw_score_range *range = &batch->scores[i];
        if (range->n == 0 || range->first_seq == 0 ||
            range->first_seq > INT64_MAX - (uint64_t)range->n)
            return tw_fail(err, TW_INVALID, "a range of scores is empty or out of range");
        if (range->bytes.bytes > TW_BLOCK_MAX_BYTES)
            return tw_fail(err, TW_LIMIT, "a range of scores is too large");
    }
    for (size_t i = 0; i < batch->model_n; i++)
        TW_TRY(check_id(batch->models[i].model_id, "model_id", err));
    for (size_t i = 0; i < batch->doc_n; i++)
        TW_TRY(check_doc(&batch->docs[i], err));
    for (size_t i = 0; i < batch->action_n; i++)
        TW_TRY(check_action(&batch->actions[i], err));
    return TW_OK;
}

static tw_status check_list(const tw_str_list *list, tw_err *err)
{
    if (list->n > TW_LEDGER_FILTER_MAX)
        return tw_fail(err, TW_LIMIT, "a filter lists more than %d values", TW_LEDGER_FILTER_MAX);
    return TW_OK;
}

static tw_status check_search(tw_str search, tw_err *err)
{
    if (search.bytes > TW_TEXT_MAX_BYTES)
        return tw_fail(err, TW_LIMIT, "the search text has more than %d bytes", TW_TEXT_MAX_BYTES);
    return TW_OK;
}

tw_status tw_doc_filter_check(const tw_doc_filter *filter, tw_err *err)
{
    if (filter->kind.bytes == 0)
        return tw_fail(err, TW_INVALID, "a list of documents needs their kind");
    TW_TRY(check_list(&filter->states, err));
    TW_TRY(check_list(&filter->stores, err));
    return check_search(filter->key, err);
}

tw_status tw_action_filter_check(const tw_action_filter *filter, tw_err *err)
{
    TW_TRY(check_list(&filter->stores, err));
    return check_search(filter->kind, err);
}

tw_status tw_alert_filter_check(const tw_alert_filter *filter, tw_err *err)
{
    const tw_str_list *lists[] = {&filter->statuses, &filter->types,    &filter->schemes,
                                  &filter->stores,   &filter->verdicts, &filter->assignees};
    for (size_t i = 0; i < TW_COUNT(lists); i++)
        TW_TRY(check_list(lists[i], err));
    TW_TRY(check_search(filter->search, err));
    TW_TRY(check_search(filter->has_key.key, err));
    if (!isfinite(filter->min_risk))
        return tw_fail(err, TW_INVALID, "min_risk is not a number");
    return TW_OK;
}

tw_status tw_ledger_limit_check(size_t limit, tw_err *err)
{
    if (limit == 0 || limit > TW_LEDGER_PAGE_MAX)
        return tw_fail(err, TW_INVALID, "the limit must be 1 to %d", TW_LEDGER_PAGE_MAX);
    return TW_OK;
}

tw_status tw_alert_page_check(const tw_alert_page_options *options, tw_err *err)
{
    if (options->sort >= TW_ALERT_SORT_N)
        return tw_fail(err, TW_INVALID, "unknown order of alerts");
    return tw_ledger_limit_check(options->limit, err);
}

bool tw_alert_sort_is_real(tw_alert_sort sort)
{
    return sort == TW_ALERT_SORT_RANK || sort == TW_ALERT_SORT_RISK;
}

void tw_alert_cursor_of(const tw_alert_row *row, tw_alert_sort sort, tw_alert_cursor *out)
{
    *out = (tw_alert_cursor){0};
    switch (sort) {
    case TW_ALERT_SORT_RANK:
        out->real = row->rank + 0.0; // no -0.0: a database does not keep it
        break;
    case TW_ALERT_SORT_RISK:
        out->real = row->risk_score + 0.0;
        break;
    case TW_ALERT_SORT_CREATED:
        out->integer = row->created_ms;
        break;
    case TW_ALERT_SORT_UPDATED:
        out->integer = row->updated_ms;
        break;
    case TW_ALERT_SORT_EXPOSURE:
        out->integer = row->exposure_minor;
        break;
    case TW_ALERT_SORT_N:
        break;
    }
    tw_str_copy(row->alert_id, out->alert_id, sizeof(out->alert_id));
}

// A cursor is one letter for the list and its order, 16 hex digits of the value's bits, the id in
// hex.
static const char sort_letters[TW_ALERT_SORT_N + 1] = "kcure";
static const char doc_letter = 'd';

static void encode_cursor(char letter, uint64_t bits, const char *id,
                          char out[TW_LEDGER_CURSOR_BYTES])
{
    snprintf(out, TW_LEDGER_CURSOR_BYTES, "%c%016llx", letter, (unsigned long long)bits);
    tw_hex((const uint8_t *)id, strlen(id), out + 17);
}

void tw_alert_cursor_encode(const tw_alert_cursor *cursor, tw_alert_sort sort,
                            char out[TW_LEDGER_CURSOR_BYTES])
{
    uint64_t bits = (uint64_t)cursor->integer;
    if (tw_alert_sort_is_real(sort))
        memcpy(&bits, &cursor->real, sizeof(bits));
    encode_cursor(sort_letters[sort], bits, cursor->alert_id, out);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static tw_status decode_cursor(const char *text, char letter, uint64_t *bits,
                               char id[TW_ID_MAX_BYTES + 1], tw_err *err)
{
    size_t bytes = strlen(text);
    bool is_ours =
        bytes >= 19 && bytes % 2 == 1 && bytes <= 17 + 2 * TW_ID_MAX_BYTES && text[0] == letter;
    *bits = 0;
    memset(id, 0, TW_ID_MAX_BYTES + 1);
    for (size_t i = 1; i < bytes && is_ours; i++) {
        int digit = hex_value(text[i]);
        is_ours = digit >= 0;
        if (i < 17) {
            *bits = *bits << 4 | ((uint64_t)digit & 0xf);
        } else {
            char *byte = &id[(i - 17) / 2];
            *byte = (char)((uint8_t)*byte << 4 | (digit & 0xf));
        }
    }
    if (is_ours && strlen(id) == (bytes - 17) / 2)
        return TW_OK;
    return tw_fail(err, TW_INVALID, "the cursor does not belong to this list");
}

tw_status tw_alert_cursor_decode(const char *text, tw_alert_sort sort, tw_alert_cursor *out,
                                 tw_err *err)
{
    uint64_t bits;
    *out = (tw_alert_cursor){0};
    tw_status status = decode_cursor(text, sort_letters[sort], &bits, out->alert_id, err);
    if (status == TW_OK && tw_alert_sort_is_real(sort))
        memcpy(&out->real, &bits, sizeof(bits));
    else if (status == TW_OK)
        out->integer = (int64_t)bits;
    if (status == TW_OK && !isfinite(out->real))
        status = tw_fail(err, TW_INVALID, "the cursor does not belong to this list");
    if (status != TW_OK)
        *out = (tw_alert_cursor){0};
    return status;
}

void tw_doc_cursor_encode(const tw_doc_cursor *cursor, char out[TW_LEDGER_CURSOR_BYTES])
{
    encode_cursor(doc_letter, (uint64_t)cursor->order_ms, cursor->id, out);
}

tw_status tw_doc_cursor_decode(const char *text, tw_doc_cursor *out, tw_err *err)
{
    uint64_t bits;
    *out = (tw_doc_cursor){0};
    tw_status status = decode_cursor(text, doc_letter, &bits, out->id, err);
    if (status == TW_OK)
        out->order_ms = (int64_t)bits;
    else
        *out = (tw_doc_cursor){0};
    return status;
}

void tw_content_init(tw_content *content)
{
    memset(content->digest, 0, sizeof(content->digest));
    content->fill = 0;
}

static void content_flush(tw_content *content)
{
    tw_sha256_two(content->digest, sizeof(content->digest), content->piece, content->fill,
                  content->digest);
    content->fill = 0;
}

void tw_content_put(tw_content *content, const void *data, size_t bytes)
{
    const uint8_t *at = data;
    while (bytes > 0) {
        size_t part = TW_MIN(bytes, sizeof(content->piece) - content->fill);
        memcpy(content->piece + content->fill, at, part);
        content->fill += part;
        at += part;
        bytes -= part;
        if (content->fill == sizeof(content->piece))
            content_flush(content);
    }
}

void tw_content_end(tw_content *content, uint8_t out[TW_SHA256_BYTES])
{
    content_flush(content);
    memcpy(out, content->digest, TW_SHA256_BYTES);
}

static void put_u64(tw_content *content, uint64_t v)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(v >> (8 * i));
    tw_content_put(content, bytes, sizeof(bytes));
}

static void put_real(tw_content *content, double v)
{
    double positive_zero = v + 0.0; // -0.0 and 0.0 are one value to a database
    uint64_t bits;
    memcpy(&bits, &positive_zero, sizeof(bits));
    put_u64(content, bits);
}

static void put_str(tw_content *content, tw_str s)
{
    put_u64(content, s.bytes);
    tw_content_put(content, s.at, s.bytes);
}

static void put_strs(tw_content *content, const tw_str *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_str(content, texts[i]);
}

static void put_keys(tw_content *content, const tw_alert_key *keys, size_t n)
{
    put_u64(content, n);
    for (size_t i = 0; i < n; i++) {
        put_u64(content, (uint8_t)keys[i].kind);
        put_str(content, keys[i].key);
    }
}

void tw_content_alert(tw_content *content, const tw_alert_row *row)
{
    const tw_str texts[] = {row->alert_id,    row->status,    row->type,     row->scheme,
                            row->entity_kind, row->entity_id, row->store_id, row->employee_id,
                            row->register_id, row->currency,  row->body,     row->assignee,
                            row->case_id,     row->verdict};
    put_strs(content, texts, TW_COUNT(texts));
    put_u64(content, (uint64_t)row->created_ms);
    put_u64(content, (uint64_t)row->updated_ms);
    put_real(content, row->risk_score);
    put_real(content, row->rank);
    put_u64(content, (uint64_t)row->exposure_minor);
    put_u64(content, row->transaction_n);
    put_u64(content, row->first_seq);
    put_u64(content, row->last_seq);
    put_u64(content, (uint64_t)row->snoozed_until_ms);
    put_u64(content, (uint64_t)row->first_viewed_ms);
    put_u64(content, (uint64_t)row->decided_ms);
    put_u64(content, (uint64_t)row->recovered_minor);
    put_u64(content, row->work_seq);
    put_keys(content, row->keys, row->key_n);
}

void tw_content_doc(tw_content *content, const tw_doc_row *row)
{
    const tw_str texts[] = {row->kind, row->id, row->state, row->owner, row->store_id, row->body};
    put_strs(content, texts, TW_COUNT(texts));
    put_u64(content, row->seq);
    put_u64(content, (uint64_t)row->order_ms);
    put_keys(content, row->keys, row->key_n);
}

void tw_content_action(tw_content *content, const tw_action_row *row)
{
    const tw_str texts[] = {row->kind,  row->subject,  row->actor,
                            row->about, row->store_id, row->body};
    put_u64(content, row->seq);
    put_u64(content, (uint64_t)row->at_ms);
    put_strs(content, texts, TW_COUNT(texts));
}

void tw_content_verdict(tw_content *content, const tw_verdict_row *row)
{
    const tw_str texts[] = {row->verdict_id, row->alert_id, row->transaction_id,
                            row->verdict,    row->reason,   row->note,
                            row->decided_by, row->currency, row->scheme};
    put_strs(content, texts, TW_COUNT(texts));
    put_u64(content, row->seq);
    put_u64(content, (uint64_t)row->decided_ms);
    put_u64(content, (uint64_t)row->recovered_minor);
    put_u64(content, row->is_current);
    put_u64(content, row->signal_n);
    for (size_t i = 0; i < row->signal_n; i++)
        put_str(content, row->signals[i]);
}

void tw_content_model(tw_content *content, const tw_model_row *row)
{
    const tw_str texts[] = {row->model_id, row->kind, row->state, row->metrics, row->file_hash};
    put_strs(content, texts, TW_COUNT(texts));
    put_u64(content, row->seq);
    put_u64(content, (uint64_t)row->created_ms);
}
