// SPDX-License-Identifier: Apache-2.0
//
// Sending the report. The thread looks once a minute; what was sent and what failed is in the log
// of actions, so that a restart neither repeats nor forgets one.
#define _XOPEN_SOURCE 700 // nice
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "internal.h"
#include "json_text.h"
#include "service/report.h"

#define LOOK_MS 60000
#define RETRY_MS (10 * 60 * TW_SECOND_MS)
#define RETRY_MAX 5
#define LOW_PRIORITY 19
#define REPORT_BYTES ((size_t)64 << 20)
#define ADDRESS_BYTES 256

struct tw_reporter {
    tw_service *service;
    const tw_mail *mail;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool is_stopping; // under lock, as all to the end
    bool is_asked;
    char asked_by[64];
    char asked_to[TW_MAIL_RECIPIENTS_MAX][ADDRESS_BYTES];
    size_t asked_n;
    tw_report_state state;
    int retry_n;         // failed attempts of what is due
    int64_t retry_ms;    // when to try again; 0 = nothing to try again
    int64_t planned_for; // next_ms was computed after this instant
};

// --- when
// -------------------------------------------------------------------------------------------

static bool is_report_day(int32_t weekday, int32_t day)
{
    tw_civil civil;
    tw_civil_from_ms((int64_t)day * TW_DAY_MS, &civil);
    if (weekday < 0)
        return civil.day == 1;
    return weekday == 0 || civil.weekday + 1 == weekday;
}

int64_t tw_report_next_ms(const tw_figure_zone *zone, int32_t weekday, int32_t hour,
                          int64_t after_ms)
{
    enum { DAYS = 64 }; // every rule has a day within two months
    int32_t day = tw_figure_day_of(zone, after_ms);
    for (int i = 0; i < DAYS; i++, day++) {
        int16_t offset_min;
        int64_t wall_ms = (int64_t)day * TW_DAY_MS + hour * TW_HOUR_MS;
        int64_t at_ms = zone->zone ? tw_zone_to_utc(zone->zone, wall_ms, &offset_min) : wall_ms;
        if (at_ms > after_ms && is_report_day(weekday, day))
            return at_ms;
    }
    return 0;
}

void tw_report_period(const tw_figure_zone *zone, int32_t weekday, int64_t due_ms, int64_t *from_ms,
                      int64_t *to_ms)
{
    int32_t last = tw_figure_day_of(zone, due_ms), first = last - (weekday == 0 ? 1 : 7);
    if (weekday < 0) {
        tw_civil civil;
        tw_civil_from_ms((int64_t)last * TW_DAY_MS, &civil);
        last -= civil.day - 1;
        tw_civil_from_ms((int64_t)(last - 1) * TW_DAY_MS, &civil);
        first = last - civil.day;
    }
    *from_ms = tw_figure_day_ms(zone, first);
    *to_ms = tw_figure_day_ms(zone, last);
}

// --- sending
// ----------------------------------------------------------------------------------------

typedef struct job {
    tw_str actor;
    tw_str to[TW_MAIL_RECIPIENTS_MAX];
    size_t to_n;
    int64_t from_ms, to_ms; // of the period
    tw_figure_zone zone;
} job;

// Addresses separated by commas.
static tw_status split_addresses(tw_str text, job *out, tw_err *err)
{
    size_t from = 0;
    for (size_t i = 0; i <= text.bytes; i++) {
        if (i < text.bytes && text.at[i] != ',')
            continue;
        tw_str address = tw_str_trim((tw_str){text.at + from, i - from});
        from = i + 1;
        if (address.bytes == 0)
            continue;
        if (out->to_n == TW_MAIL_RECIPIENTS_MAX)
            return tw_fail(err, TW_INVALID, "a report goes to at most %d addresses",
                           TW_MAIL_RECIPIENTS_MAX);
        if (!tw_mail_address_is_valid(address))
            return tw_fail(err, TW_INVALID, "\"%.*s\" is no mail address", TW_STR_ARG(address));
        out->to[out->to_n++] = address;
    }
    return TW_OK;
}

static void note(tw_reporter *r, const job *j, const char *kind, const char *reason)
{
    tw_buf body;
    char from[TW_TIME_TEXT_BYTES], until[TW_TIME_TEXT_BYTES];
    tw_work_result result;
    tw_buf_init(&body, r->service->alloc, TW_ACTION_MAX_BYTES);
    tw_buf_printf(&body, "{\"from\":\"%s\",\"until\":\"%s\",\"to\":[",
                  tw_time_format(j->from_ms, 0, from), tw_time_format(j->to_ms, 0, until));
    for (size_t i = 0; i < j->to_n; i++) {
        tw_buf_cstr(&body, i ? "," : "");
        twi_text_json(&body, j->to[i]);
    }
    tw_buf_cstr(&body, "]");
    if (reason[0]) {
        tw_buf_cstr(&body, ",\"reason\":");
        twi_text_json(&body, tw_str_from(reason));
    }
    tw_buf_u8(&body, '}');
    tw_work_request work = {.kind = TW_ACTION_NOTE,
                            .kind_word = tw_str_from(kind),
                            .actor = j->actor,
                            .rights = tw_role_rights(TW_ROLE_ADMIN),
                            .body = {(const char *)body.data_own, body.bytes}};
    tw_err err = {.text = ""};
    if (body.status != TW_OK || tw_service_act(r->service, &work, 1, &result, &err) != TW_OK)
        tw_log(TW_LOG_WARN, "report", "not in the log: %s", err.text);
    tw_buf_release(&body);
}

static tw_status send_mail(tw_reporter *r, const job *j, const tw_buf *pdf, tw_err *err)
{
    char subject[96], name[64], first[TW_TIME_TEXT_BYTES], last[TW_TIME_TEXT_BYTES];
    tw_date_format(tw_figure_day_of(&j->zone, j->from_ms), first);
    tw_date_format(tw_figure_day_of(&j->zone, j->to_ms - 1), last);
    snprintf(subject, sizeof(subject), "Loss prevention report, %s to %s", first, last);
    snprintf(name, sizeof(name), "report-%s.pdf", last);
    tw_mail_message message = {
        .to = j->to,
        .to_n = j->to_n,
        .subject = tw_str_from(subject),
        .text = TW_STR("The report is attached. It is made from the alerts and verdicts in "
                       "Tillwatch; who gets it is set in the portal.\n"),
        .file_name = tw_str_from(name),
        .file_type = TW_STR("application/pdf"),
        .file = {(const char *)pdf->data_own, pdf->bytes},
    };
    return tw_mail_send(r->mail, &message, err);
}

static void take_result(tw_reporter *r, tw_status status, const tw_err *err)
{
    int64_t now_ms = r->service->clock->now_ms(r->service->clock->ctx);
    if (status != TW_OK)
        tw_log(TW_LOG_ERROR, "report", "not sent: %s", err->text);
    pthread_mutex_lock(&r->lock);
    tw_str_copy(tw_str_from(status != TW_OK ? err->text : ""), r->state.last_error,
                sizeof(r->state.last_error));
    r->state.is_alarm = status != TW_OK;
    if (status == TW_OK)
        r->state.last_sent_ms = now_ms;
    else
        r->state.last_failed_ms = now_ms;
    pthread_mutex_unlock(&r->lock);
}

// Makes and sends the report, and says in log and state how it went.
static tw_status deliver(tw_reporter *r, const job *j)
{
    tw_buf pdf;
    tw_err err = {.text = ""};
    tw_metric_query query = {.from_ms = j->from_ms, .to_ms = j->to_ms};
    tw_buf_init(&pdf, r->service->alloc, REPORT_BYTES);
    tw_status status = tw_report_make(r->service, &query, &pdf, &err);
    if (status == TW_OK)
        status = send_mail(r, j, &pdf, &err);
    tw_buf_release(&pdf);
    note(r, j, status == TW_OK ? "report.send" : "report.fail", status == TW_OK ? "" : err.text);
    take_result(r, status, &err);
    return status;
}

// --- the thread
// -------------------------------------------------------------------------------------

// What the settings say, for the period of a report due at due_ms.
static tw_status plan_job(tw_reporter *r, const tw_settings *settings, int64_t due_ms, job *out,
                          tw_err *err)
{
    out->actor = TW_STR("tillwatch");
    TW_TRY(tw_query_figure_zone(r->service, &out->zone, err));
    tw_report_period(&out->zone, settings->report_weekday, due_ms, &out->from_ms, &out->to_ms);
    return split_addresses(settings->report_to, out, err);
}

// The sending that was asked for; `to` of the settings when it names nobody.
static void send_asked(tw_reporter *r, const tw_settings *settings, int64_t now_ms)
{
    job j = {.to_n = 0};
    char actor[64], to[TW_MAIL_RECIPIENTS_MAX][ADDRESS_BYTES];
    tw_err err = {.text = ""};
    tw_status status = plan_job(r, settings, now_ms, &j, &err);
    pthread_mutex_lock(&r->lock);
    memcpy(actor, r->asked_by, sizeof(actor));
    memcpy(to, r->asked_to, sizeof(to));
    size_t n = r->asked_n;
    pthread_mutex_unlock(&r->lock);
    j.actor = tw_str_from(actor);
    if (n > 0)
        j.to_n = n;
    for (size_t i = 0; i < n; i++)
        j.to[i] = tw_str_from(to[i]);
    if (status != TW_OK)
        take_result(r, status, &err);
    else if (j.to_n > 0)
        (void)deliver(r, &j); // the state says how it went
    pthread_mutex_lock(&r->lock);
    r->is_asked = false;
    r->state.is_sending = false;
    pthread_mutex_unlock(&r->lock);
}

static void send_due(tw_reporter *r, const tw_settings *settings, int64_t due_ms, int64_t now_ms)
{
    job j = {.to_n = 0};
    tw_err err = {.text = ""};
    tw_status status = plan_job(r, settings, due_ms, &j, &err);
    if (status != TW_OK)
        take_result(r, status, &err);
    else if (j.to_n > 0)
        status = deliver(r, &j);
    pthread_mutex_lock(&r->lock);
    bool is_over = status == TW_OK || ++r->retry_n > RETRY_MAX;
    r->retry_ms = is_over ? 0 : now_ms + RETRY_MS;
    if (is_over) {
        r->retry_n = 0;
        r->planned_for = now_ms;
    }
    pthread_mutex_unlock(&r->lock);
}

static void look(tw_reporter *r)
{
    tw_arena arena;
    tw_settings settings;
    tw_figure_zone zone;
    tw_str json;
    uint64_t version;
    tw_err err = {.text = ""};
    int64_t now_ms = r->service->clock->now_ms(r->service->clock->ctx);
    tw_arena_init(&arena, r->service->alloc, 0, (size_t)16 << 20);
    tw_status status = tw_query_settings(r->service, &arena, &settings, &version, &json, &err);
    if (status == TW_OK)
        status = tw_query_figure_zone(r->service, &zone, &err);
    if (status == TW_OK) {
        pthread_mutex_lock(&r->lock);
        bool is_planned = r->mail->ops && settings.report_to.bytes > 0;
        int64_t due_ms = is_planned ? tw_report_next_ms(&zone, settings.report_weekday,
                                                        settings.report_hour, r->planned_for)
                                    : 0;
        int64_t start_ms = r->retry_ms ? r->retry_ms : due_ms;
        bool is_asked = r->is_asked, is_due = due_ms && now_ms >= start_ms;
        r->state.next_ms = due_ms;
        pthread_mutex_unlock(&r->lock);
        if (is_asked)
            send_asked(r, &settings, now_ms);
        if (is_due)
            send_due(r, &settings, due_ms, now_ms);
    } else {
        tw_log(TW_LOG_WARN, "report", "not planned: %s", err.text);
    }
    tw_arena_release(&arena);
}

static void *run(void *ctx)
{
    tw_reporter *r = ctx;
    // On Linux the priority is the thread's own; failing leaves it as it is.
    if (nice(LOW_PRIORITY) == -1)
        tw_log(TW_LOG_DEBUG, "report", "priority not lowered");
    pthread_mutex_lock(&r->lock);
    while (!r->is_stopping) {
        pthread_mutex_unlock(&r->lock);
        look(r);
        struct timespec deadline = twi_deadline(LOOK_MS);
        pthread_mutex_lock(&r->lock);
        while (!r->is_stopping && !r->is_asked && twi_cond_wait(&r->cond, &r->lock, &deadline))
            continue;
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

// What the log knows of earlier sendings: the schedule goes on where it was.
static void recall(tw_reporter *r)
{
    static const char *const kinds[] = {"report.send", "report.fail"};
    int64_t *const times[] = {&r->state.last_sent_ms, &r->state.last_failed_ms};
    tw_arena arena;
    tw_arena_init(&arena, r->service->alloc, 0, (size_t)1 << 20);
    for (size_t i = 0; i < TW_COUNT(kinds); i++) {
        tw_action_filter filter = {.kind = tw_str_from(kinds[i])};
        tw_action_row *rows;
        size_t n = 0;
        if (tw_query_actions(r->service, &filter, 1, &arena, &rows, &n, NULL) == TW_OK && n > 0)
            *times[i] = rows[0].at_ms;
    }
    r->state.is_alarm = r->state.last_failed_ms > r->state.last_sent_ms;
    // What fell due while the server stood still is sent once, when one was ever sent.
    int64_t now_ms = r->service->clock->now_ms(r->service->clock->ctx);
    r->planned_for = r->state.last_sent_ms ? r->state.last_sent_ms : now_ms;
    tw_arena_release(&arena);
}

tw_status tw_reporter_start(tw_service *service, const tw_mail *mail, tw_reporter **out,
                            tw_err *err)
{
    *out = NULL;
    tw_reporter *r = tw_new(service->alloc, tw_reporter);
    if (!r)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the reports");
    r->service = service;
    r->mail = mail;
    r->state.is_configured = mail->ops != NULL;
    TW_CHECK(pthread_mutex_init(&r->lock, NULL) == 0);
    twi_cond_init(&r->cond);
    recall(r);
    if (pthread_create(&r->thread, NULL, run, r) != 0) {
        pthread_cond_destroy(&r->cond);
        pthread_mutex_destroy(&r->lock);
        tw_delete(service->alloc, r);
        return tw_fail(err, TW_NO_MEMORY, "no thread for the reports");
    }
    *out = r;
    return TW_OK;
}

void tw_reporter_stop(tw_reporter *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->is_stopping = true;
    pthread_cond_broadcast(&r->cond);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    pthread_cond_destroy(&r->cond);
    pthread_mutex_destroy(&r->lock);
    tw_delete(r->service->alloc, r);
}

void tw_reporter_get(tw_reporter *r, tw_report_state *out)
{
    pthread_mutex_lock(&r->lock);
    *out = r->state;
    pthread_mutex_unlock(&r->lock);
}

static tw_status check_recipients(tw_reporter *r, const tw_str *to, size_t n, tw_err *err)
{
    if (n > TW_MAIL_RECIPIENTS_MAX)
        return tw_fail(err, TW_INVALID, "a report goes to at most %d addresses",
                       TW_MAIL_RECIPIENTS_MAX);
    for (size_t i = 0; i < n; i++)
        if (!tw_mail_address_is_valid(to[i]))
            return tw_fail(err, TW_INVALID, "\"%.*s\" is no mail address", TW_STR_ARG(to[i]));
    if (n > 0)
        return TW_OK;
    tw_arena arena;
    tw_settings settings;
    tw_str json;
    uint64_t version;
    tw_arena_init(&arena, r->service->alloc, 0, (size_t)16 << 20);
    tw_status status = tw_query_settings(r->service, &arena, &settings, &version, &json, err);
    if (status == TW_OK && settings.report_to.bytes == 0)
        status = tw_fail(err, TW_CONFLICT, "nobody is named: set report_to, or name addresses");
    tw_arena_release(&arena);
    return status;
}

tw_status tw_reporter_send(tw_reporter *r, tw_str actor, const tw_str *to, size_t n, tw_err *err)
{
    if (!r->mail->ops)
        return tw_fail(err, TW_CONFLICT,
                       "no mail server is configured: see mail in tillwatch.yaml");
    TW_TRY(check_recipients(r, to, n, err));
    pthread_mutex_lock(&r->lock);
    bool is_free = !r->is_asked;
    if (is_free) {
        r->is_asked = true;
        r->state.is_sending = true;
        tw_str_copy(actor, r->asked_by, sizeof(r->asked_by));
        for (size_t i = 0; i < n; i++)
            tw_str_copy(to[i], r->asked_to[i], ADDRESS_BYTES);
        r->asked_n = n;
        pthread_cond_broadcast(&r->cond);
    }
    pthread_mutex_unlock(&r->lock);
    return is_free ? TW_OK : tw_fail(err, TW_CONFLICT, "a report is being sent already");
}
