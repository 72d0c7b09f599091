// SPDX-License-Identifier: Apache-2.0
//
// The PDF of a case: what it is about, the money, people, alerts, receipts with the guilty lines
// marked, evidence with its hashes, and the whole history. Times are UTC.
#include <stdio.h>

#include "case_content.h"
#include "json_text.h"
#include "paper_sheet.h"
#include "retail/money.h"

#define RECEIPTS_MAX 300 // in full; the ZIP holds all
#define LINES_MAX 60     // of one receipt
#define CELL_LINES 6
#define TEXT_BYTES 512

static const tw_paper_text plain = {TW_PAPER_REGULAR, 9, TWI_INK};
static const tw_paper_text strong = {TW_PAPER_BOLD, 9, TWI_INK};
static const tw_paper_text small = {TW_PAPER_REGULAR, 8, TWI_GREY};
static const tw_paper_text guilty = {TW_PAPER_REGULAR, 8, TWI_GUILT};

// --- texts
// ------------------------------------------------------------------------------------------

static tw_str money_text(int64_t minor, const char currency[4], char out[64])
{
    char amount[TW_MONEY_TEXT_BYTES];
    snprintf(out, 64, "%s %s", tw_money_format(minor, tw_currency_exponent(currency), amount),
             currency);
    return tw_str_from(out);
}

// "2026-02-14 18:22:41"
static tw_str time_text(int64_t ms, int16_t offset_min, char out[TW_TIME_TEXT_BYTES])
{
    if (ms == 0)
        return TW_STR_NONE;
    tw_time_format(ms - ms % 1000, offset_min, out);
    out[10] = ' ';
    return (tw_str){out, 19};
}

// The same from the case file's own texts.
static tw_str stamp_text(tw_str text, char out[TW_TIME_TEXT_BYTES])
{
    int64_t ms;
    int16_t offset_min;
    return tw_time_parse(text, &ms, &offset_min) ? time_text(ms, 0, out) : text;
}

// Texts one behind the other, with a separator between those that are not empty.
static tw_str join(char *out, size_t cap, const char *separator, const tw_str *parts, size_t n)
{
    size_t bytes = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        if (parts[i].bytes == 0)
            continue;
        int added = snprintf(out + bytes, cap - bytes, "%s%.*s", bytes ? separator : "",
                             TW_STR_ARG(parts[i]));
        if (added < 0 || (size_t)added >= cap - bytes)
            return (tw_str){out, cap - 1};
        bytes += (size_t)added;
    }
    return (tw_str){out, bytes};
}

// --- the case
// ---------------------------------------------------------------------------------------

static void put_closing(twi_sheet *sheet, const twi_case_content *c)
{
    yyjson_val *closing = yyjson_obj_get(c->root, "closing");
    char text[TEXT_BYTES], time[TW_TIME_TEXT_BYTES];
    if (!yyjson_is_obj(closing))
        return;
    const tw_str verdict[] = {twi_doc_text(closing, "verdict"), twi_doc_text(closing, "reason")};
    twi_sheet_pair(sheet, "Conclusion", join(text, sizeof(text), ", ", verdict, 2));
    if (twi_doc_text(closing, "note").bytes > 0)
        twi_sheet_pair(sheet, "Conclusion's note", twi_doc_text(closing, "note"));
    const tw_str submitted[] = {twi_doc_text(closing, "submitted_by"),
                                stamp_text(twi_doc_text(closing, "submitted_at"), time)};
    twi_sheet_pair(sheet, "Submitted by", join(text, sizeof(text), ", ", submitted, 2));
    const tw_str approved[] = {twi_doc_text(closing, "approved_by"),
                               stamp_text(twi_doc_text(closing, "approved_at"), time)};
    twi_sheet_pair(sheet, "Approved by", join(text, sizeof(text), ", ", approved, 2));
}

static void put_head(twi_sheet *sheet, const twi_case_content *c)
{
    char text[TEXT_BYTES], time[TW_TIME_TEXT_BYTES], money[64];
    twi_sheet_title(sheet, twi_doc_text(c->root, "title"));
    twi_sheet_pair(sheet, "Case", c->doc.id);
    twi_sheet_pair(sheet, "State", twi_doc_text(c->root, "state"));
    twi_sheet_pair(sheet, "Owner", twi_doc_text(c->root, "owner"));
    const tw_str opened[] = {twi_doc_text(c->root, "opened_by"),
                             stamp_text(twi_doc_text(c->root, "opened_at"), time)};
    twi_sheet_pair(sheet, "Opened by", join(text, sizeof(text), ", ", opened, 2));
    twi_sheet_pair(sheet, "Store", twi_doc_text(c->root, "store_id"));
    put_closing(sheet, c);
    twi_sheet_heading(sheet, TW_STR("Money"));
    twi_sheet_pair(sheet, "Exposure",
                   money_text(twi_doc_int(c->root, "exposure_minor"), c->currency, money));
    twi_sheet_pair(sheet, "Recovered",
                   money_text(twi_doc_int(c->root, "recovered_minor"), c->currency, money));
    twi_sheet_pair(sheet, "Restitution",
                   money_text(twi_doc_int(c->root, "restitution_minor"), c->currency, money));
}

static void put_subjects(twi_sheet *sheet, const twi_case_content *c)
{
    static const twi_column columns[] = {
        {100, false, false}, {211, false, false}, {100, false, false}, {100, false, false}};
    static const tw_str head[] = {{"Kind", 4}, {"Id", 2}, {"Added by", 8}, {"Added", 5}};
    yyjson_val *list = yyjson_obj_get(c->root, "subjects"), *item;
    size_t i, max;
    if (yyjson_arr_size(list) == 0)
        return;
    twi_sheet_heading(sheet, TW_STR("Subjects"));
    twi_sheet_row(sheet, columns, TW_COUNT(columns), head, TWI_ROW_HEAD, 1);
    yyjson_arr_foreach(list, i, max, item)
    {
        char time[TW_TIME_TEXT_BYTES];
        const tw_str cells[] = {twi_doc_text(item, "kind"), twi_doc_text(item, "id"),
                                twi_doc_text(item, "added_by"),
                                stamp_text(twi_doc_text(item, "added_at"), time)};
        twi_sheet_row(sheet, columns, TW_COUNT(columns), cells, TWI_ROW_PLAIN, 2);
    }
}

static void put_alerts(twi_sheet *sheet, const twi_case_content *c)
{
    static const twi_column columns[] = {{92, false, false},  {70, false, false},
                                         {187, false, false}, {32, true, false},
                                         {66, true, false},   {64, false, false}};
    static const tw_str head[] = {{"Alert", 5}, {"Created", 7},  {"What happened", 13},
                                  {"Risk", 4},  {"Exposure", 8}, {"Verdict", 7}};
    if (c->alert_n == 0)
        return;
    twi_sheet_heading(sheet, TW_STR("Alerts"));
    twi_sheet_row(sheet, columns, TW_COUNT(columns), head, TWI_ROW_HEAD, 1);
    for (size_t i = 0; i < c->alert_n; i++) {
        const tw_alert_view *a = &c->alerts[i];
        char time[TW_TIME_TEXT_BYTES], money[64], risk[16], what[TEXT_BYTES];
        snprintf(risk, sizeof(risk), "%.2f", a->risk_score);
        snprintf(what, sizeof(what), "%.*s. %.*s", TW_STR_ARG(a->title), TW_STR_ARG(a->sentence));
        const tw_str cells[] = {a->alert_id,
                                time_text(a->created_ms, 0, time),
                                tw_str_from(what),
                                tw_str_from(risk),
                                money_text(a->exposure.minor, a->exposure.currency, money),
                                a->has_verdict ? tw_str_from(tw_verdict_name(a->verdict.verdict))
                                               : a->status};
        twi_sheet_row(sheet, columns, TW_COUNT(columns), cells, TWI_ROW_PLAIN, CELL_LINES);
    }
}

// --- receipts
// ---------------------------------------------------------------------------------------

static void put_line(twi_sheet *sheet, const tw_transaction *t, const tw_line *line,
                     const tw_guilt *mark)
{
    static const twi_column columns[] = {{110, false, false}, {90, false, false},
                                         {45, true, false},   {66, true, false},
                                         {66, true, false},   {134, false, false}};
    char quantity[32], price[64], discount[64], why[TEXT_BYTES];
    snprintf(quantity, sizeof(quantity), "%.3g", (double)line->quantity_milli / 1000.0);
    const tw_str notes[] = {line->void_flag ? TW_STR("void") : TW_STR_NONE,
                            line->return_flag ? TW_STR("return") : TW_STR_NONE, mark->why};
    const tw_str cells[] = {line->sku,
                            line->department,
                            tw_str_from(quantity),
                            money_text(line->unit_price_minor, t->currency, price),
                            line->discount_minor
                                ? money_text(-line->discount_minor, t->currency, discount)
                                : TW_STR_NONE,
                            join(why, sizeof(why), ", ", notes, TW_COUNT(notes))};
    twi_sheet_row(sheet, columns, TW_COUNT(columns), cells,
                  mark->is_guilty ? TWI_ROW_GUILTY : TWI_ROW_PLAIN, 2);
}

static void put_tender(twi_sheet *sheet, const tw_transaction *t, const tw_tender *tender,
                       const tw_guilt *mark)
{
    char text[TEXT_BYTES], money[64];
    const tw_str parts[] = {tw_str_from(tw_payment_type_name(tender->type)),
                            money_text(tender->amount_minor, t->currency, money),
                            tender->account_token, mark->why};
    twi_sheet_text(sheet, 0, TWI_SHEET_WIDTH, mark->is_guilty ? &guilty : &small,
                   join(text, sizeof(text), " · ", parts, TW_COUNT(parts)));
}

static void put_receipt(twi_sheet *sheet, const tw_transaction_view *view)
{
    const tw_transaction *t = view->transaction;
    char text[TEXT_BYTES], more[TEXT_BYTES], time[TW_TIME_TEXT_BYTES], money[64], seq[32];
    twi_sheet_need(sheet, 70);
    twi_sheet_gap(sheet, 6);
    const tw_str parts[] = {t->transaction_id, tw_str_from(tw_transaction_type_name(t->type)),
                            money_text(t->total_minor, t->currency, money)};
    twi_sheet_text(sheet, 0, TWI_SHEET_WIDTH, &strong,
                   join(text, sizeof(text), " · ", parts, TW_COUNT(parts)));
    snprintf(seq, sizeof(seq), "journal %llu", (unsigned long long)view->seq);
    const tw_str where[] = {time_text(t->time_ms, t->offset_min, time),
                            TW_STR("store"),
                            t->store_id,
                            TW_STR("register"),
                            t->register_id,
                            TW_STR("employee"),
                            t->employee_id,
                            tw_str_from(seq)};
    twi_sheet_text(sheet, 0, TWI_SHEET_WIDTH, &small,
                   join(more, sizeof(more), " ", where, TW_COUNT(where)));
    for (size_t i = 0; i < view->signal_n; i++)
        twi_sheet_text(sheet, 0, TWI_SHEET_WIDTH, &guilty, view->signals[i].sentence);
    for (size_t i = 0; i < t->line_n && i < LINES_MAX; i++)
        put_line(sheet, t, &t->lines[i], &view->lines[i]);
    if (t->line_n > LINES_MAX)
        twi_sheet_text(sheet, 0, TWI_SHEET_WIDTH, &small, TW_STR("More lines are in the ZIP."));
    for (size_t i = 0; i < t->tender_n; i++)
        put_tender(sheet, t, &t->tenders[i], &view->tenders[i]);
}

static void put_receipts(twi_sheet *sheet, const twi_case_content *c)
{
    if (c->receipt_n == 0)
        return;
    twi_sheet_heading(sheet, TW_STR("Receipts"));
    twi_sheet_text(sheet, 0, TWI_SHEET_WIDTH, &small,
                   TW_STR("Times are the stores' own. Marked lines are those that the signals "
                          "point at."));
    for (size_t i = 0; i < c->receipt_n && i < RECEIPTS_MAX; i++)
        put_receipt(sheet, &c->receipts[i].view);
    if (c->receipt_n > RECEIPTS_MAX)
        twi_sheet_text(sheet, 0, TWI_SHEET_WIDTH, &small,
                       TW_STR("The other receipts are in the ZIP of this case."));
}

// --- evidence, tasks, referrals
// ------------------------------------------------------------------------

static void put_attachments(twi_sheet *sheet, const twi_case_content *c)
{
    static const twi_column columns[] = {
        {150, false, false}, {56, true, false}, {195, false, true}, {110, false, false}};
    static const tw_str head[] = {{"File", 4}, {"Bytes", 5}, {"SHA-256", 7}, {"Added", 5}};
    yyjson_val *list = yyjson_obj_get(c->root, "attachments"), *item;
    size_t i, max;
    if (yyjson_arr_size(list) == 0)
        return;
    twi_sheet_heading(sheet, TW_STR("Evidence"));
    twi_sheet_row(sheet, columns, TW_COUNT(columns), head, TWI_ROW_HEAD, 1);
    yyjson_arr_foreach(list, i, max, item)
    {
        char bytes[32], added[TEXT_BYTES], name[TEXT_BYTES], time[TW_TIME_TEXT_BYTES];
        snprintf(bytes, sizeof(bytes), "%lld", (long long)twi_doc_int(item, "bytes"));
        const tw_str who[] = {twi_doc_text(item, "added_by"),
                              stamp_text(twi_doc_text(item, "added_at"), time)};
        const tw_str what[] = {twi_doc_text(item, "name"), twi_doc_text(item, "note")};
        const tw_str cells[] = {join(name, sizeof(name), ": ", what, 2), tw_str_from(bytes),
                                twi_doc_text(item, "sha256"),
                                join(added, sizeof(added), ", ", who, 2)};
        twi_sheet_row(sheet, columns, TW_COUNT(columns), cells, TWI_ROW_PLAIN, CELL_LINES);
    }
}

static void put_tasks(twi_sheet *sheet, const twi_case_content *c)
{
    yyjson_val *list = yyjson_obj_get(c->root, "tasks"), *item;
    size_t i, max;
    if (yyjson_arr_size(list) == 0)
        return;
    twi_sheet_heading(sheet, TW_STR("Tasks"));
    yyjson_arr_foreach(list, i, max, item)
    {
        char text[TEXT_BYTES];
        bool is_done = yyjson_get_bool(yyjson_obj_get(item, "done"));
        const tw_str parts[] = {is_done ? TW_STR("done") : TW_STR("open"),
                                twi_doc_text(item, "title"), twi_doc_text(item, "assignee"),
                                twi_doc_text(item, "due")};
        twi_sheet_text(sheet, 0, TWI_SHEET_WIDTH, &plain,
                       join(text, sizeof(text), " · ", parts, TW_COUNT(parts)));
    }
}

static void put_referrals(twi_sheet *sheet, const twi_case_content *c)
{
    yyjson_val *list = yyjson_obj_get(c->root, "referrals"), *item;
    size_t i, max;
    if (yyjson_arr_size(list) == 0)
        return;
    twi_sheet_heading(sheet, TW_STR("Referrals"));
    yyjson_arr_foreach(list, i, max, item)
    {
        char text[TEXT_BYTES], time[TW_TIME_TEXT_BYTES];
        const tw_str parts[] = {
            twi_doc_text(item, "to"), twi_doc_text(item, "reference"), twi_doc_text(item, "by"),
            stamp_text(twi_doc_text(item, "at"), time), twi_doc_text(item, "note")};
        twi_sheet_text(sheet, 0, TWI_SHEET_WIDTH, &plain,
                       join(text, sizeof(text), " · ", parts, TW_COUNT(parts)));
    }
}

// --- history
// ---------------------------------------------------------------------------------------

// The members of an action's body, "name: value", without what the service added.
static tw_str body_text(tw_str body, tw_arena *arena, char *out, size_t cap)
{
    yyjson_alc alc = twi_arena_alc(arena);
    char *copy = tw_arena_copy(arena, body.at, body.bytes);
    yyjson_doc *doc =
        copy ? yyjson_read_opts(copy, body.bytes, YYJSON_READ_NOFLAG, &alc, NULL) : NULL;
    yyjson_val *root = yyjson_doc_get_root(doc), *key, *value;
    size_t i, max, bytes = 0;
    out[0] = '\0';
    yyjson_obj_foreach(root, i, max, key, value)
    {
        if (yyjson_is_ctn(value) && yyjson_get_len(value) == 0)
            continue;
        char *text =
            yyjson_is_str(value) ? NULL : yyjson_val_write_opts(value, 0, &alc, NULL, NULL);
        int n = snprintf(out + bytes, cap - bytes, "%s%s: %s", bytes ? " · " : "",
                         yyjson_get_str(key), text ? text : yyjson_get_str(value));
        if (n < 0 || (size_t)n >= cap - bytes)
            return (tw_str){out, cap - 1};
        bytes += (size_t)n;
    }
    return (tw_str){out, bytes};
}

static void put_history(twi_sheet *sheet, const twi_case_content *c)
{
    enum { BODY_BYTES = 8192 };
    char *body = tw_arena_take(c->arena, BODY_BYTES);
    twi_sheet_heading(sheet, TW_STR("History"));
    twi_sheet_text(sheet, 0, TWI_SHEET_WIDTH, &small,
                   TW_STR("Every entry is a fact of the journal; the number is its place there. "
                          "Times are UTC."));
    for (size_t i = 0; body && i < c->entry_n; i++) {
        const tw_action_row *row = &c->entries[i].row;
        char text[TEXT_BYTES], time[TW_TIME_TEXT_BYTES], seq[32];
        snprintf(seq, sizeof(seq), "#%llu", (unsigned long long)row->seq);
        const tw_str parts[] = {tw_str_from(seq), time_text(row->at_ms, 0, time), row->actor,
                                row->kind,
                                tw_str_equal(row->subject, c->doc.id) ? TW_STR_NONE : row->subject};
        twi_sheet_need(sheet, 28);
        twi_sheet_gap(sheet, 2);
        twi_sheet_text(sheet, 0, TWI_SHEET_WIDTH, &plain,
                       join(text, sizeof(text), "   ", parts, TW_COUNT(parts)));
        twi_sheet_text(sheet, 14, TWI_SHEET_WIDTH - 14, &small,
                       body_text(row->body, c->arena, body, BODY_BYTES));
    }
}

static void put_custody(twi_sheet *sheet, const twi_case_content *c)
{
    char seq[32], hash[2 * TW_SHA256_BYTES + 1];
    snprintf(seq, sizeof(seq), "%llu", (unsigned long long)c->head.seq);
    twi_sheet_heading(sheet, TW_STR("Custody"));
    twi_sheet_pair(sheet, "Journal at", tw_str_from(seq));
    twi_sheet_pair(sheet, "Its hash",
                   tw_str_from(tw_hex(c->head.hash, sizeof(c->head.hash), hash)));
    twi_sheet_text(sheet, 0, TWI_SHEET_WIDTH, &small,
                   TW_STR("The ZIP of this case carries the bytes of every entry, the hashes of "
                          "the journal's blocks and a signature; \"tillwatch cases verify FILE\" "
                          "checks them without the system that made it."));
}

tw_status twi_case_paper(const twi_case_content *content, const tw_paper *paper, tw_buf *out,
                         tw_err *err)
{
    twi_sheet sheet;
    char head[TEXT_BYTES], foot[TEXT_BYTES], time[TW_TIME_TEXT_BYTES];
    const tw_str parts[] = {content->doc.id, twi_doc_text(content->root, "title")};
    tw_paper_info info = {.title = join(head, sizeof(head), ": ", parts, TW_COUNT(parts)),
                          .author = content->exporter,
                          .created_ms = content->exported_ms};
    snprintf(foot, sizeof(foot), "Tillwatch %s · exported by %.*s on %.*s UTC",
             content->service->code_version, TW_STR_ARG(content->exporter),
             TW_STR_ARG(time_text(content->exported_ms, 0, time)));
    TW_TRY(twi_sheet_open(&sheet, paper, &info, info.title, TW_STR("Confidential"),
                          tw_str_from(foot), err));
    put_head(&sheet, content);
    put_subjects(&sheet, content);
    put_alerts(&sheet, content);
    put_receipts(&sheet, content);
    put_attachments(&sheet, content);
    put_tasks(&sheet, content);
    put_referrals(&sheet, content);
    put_history(&sheet, content);
    put_custody(&sheet, content);
    return twi_sheet_finish(&sheet, out, err);
}
