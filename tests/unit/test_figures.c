// SPDX-License-Identifier: Apache-2.0
//
// Figures over a ledger: every cut against the fold of the same alerts picked by hand; and a live
// service whose figures follow what people do.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "service/figures.h"
#include "service_fixture.h"

#define DAY TW_DAY_MS
#define FIRST (INT64_C(20454) * DAY) // 2026-01-01
#define NOW (FIRST + 60 * DAY)
#define ALERTS 2000
#define BODY_BYTES 256

static const char *const stores[] = {"S1", "S2", "S3", "N1", "N2"};
static const char *const schemes[] = {"void", "refund", "discount"};
static const char *const signals[] = {"a", "b", "c"};
static const char *const people[] = {"", "anna", "ben"};

static int64_t fixed_now(void *ctx)
{
    (void)ctx;
    return NOW;
}
static const tw_clock stopped = {fixed_now, NULL};

// --- a ledger of random alerts, read by a service in reader mode
// ------------------------------------------

typedef struct random_ledger {
    tw_journal journal;
    tw_ledger ledger;
    tw_files files;
    tw_service *service;
    tw_alert_row rows[ALERTS];
    char ids[ALERTS][TW_ALERT_ID_BYTES], bodies[ALERTS][BODY_BYTES];
    unsigned signal_bits[ALERTS];
    tw_arena arena;
    uint64_t seq;
} random_ledger;

static const char settings_text[] = "{\"regions\":[{\"name\":\"South\",\"stores\":[\"S*\"]},{"
                                    "\"name\":\"North\",\"stores\":[\"N1\"]}]}";

static void fill_row(random_ledger *r, size_t i, tw_rng *rng)
{
    static const char *const statuses[] = {"NEW", "ASSIGNED", "IN_REVIEW", "ESCALATED", "CLOSED"};
    size_t status = tw_rng_below(rng, 5);
    bool is_decided = status == 4;
    unsigned bits = r->signal_bits[i] = 1 + tw_rng_below(rng, 7);
    size_t scheme = tw_rng_below(rng, 3);
    int n = snprintf(r->bodies[i], BODY_BYTES, "{\"title\":\"Title of %s\",\"reasons\":[",
                     schemes[scheme]);
    bool is_first = true;
    for (size_t s = 0; s < 3; s++) {
        if (!(bits >> s & 1))
            continue;
        n += snprintf(r->bodies[i] + n, BODY_BYTES - (size_t)n,
                      "%s{\"signal\":\"%s\",\"title\":\"Signal %s\"}", is_first ? "" : ",",
                      signals[s], signals[s]);
        is_first = false;
    }
    snprintf(r->bodies[i] + n, BODY_BYTES - (size_t)n, "]}");
    int64_t created = FIRST + (int64_t)tw_rng_below(rng, 60 * 24) * TW_HOUR_MS;
    r->rows[i] = (tw_alert_row){
        .alert_id = tw_str_from(tw_alert_id(i + 1, r->ids[i])),
        .created_ms = created,
        .updated_ms = created,
        .status = tw_str_from(statuses[status]),
        .type = TW_STR("VOID_REFUND"),
        .scheme = tw_str_from(schemes[scheme]),
        .entity_kind = TW_STR("employee"),
        .entity_id = TW_STR("E1"),
        .store_id = tw_str_from(stores[tw_rng_below(rng, 5)]),
        .currency = tw_rng_below(rng, 50) ? TW_STR("USD") : TW_STR("EUR"),
        .risk_score = 0.8 + 0.2 * tw_rng_unit(rng),
        .exposure_minor = (int64_t)tw_rng_below(rng, 100000),
        .transaction_n = 1,
        .first_seq = i + 1,
        .last_seq = i + 1,
        .body = tw_str_from(r->bodies[i]),
        .assignee = tw_str_from(people[tw_rng_below(rng, 3)]),
        .verdict = is_decided ? tw_str_from(tw_verdict_name(tw_rng_below(rng, TW_VERDICT_N)))
                              : TW_STR_NONE,
        .first_viewed_ms = is_decided ? created + TW_HOUR_MS : 0,
        .decided_ms = is_decided ? created + (int64_t)tw_rng_below(rng, 200) * TW_HOUR_MS : 0,
        .recovered_minor = is_decided ? (int64_t)tw_rng_below(rng, 5000) : 0,
        .snoozed_until_ms = tw_rng_below(rng, 10) ? 0 : NOW + DAY,
    };
}

static void apply(random_ledger *r, const tw_alert_row *rows, size_t n, const tw_doc_row *doc)
{
    tw_ledger_batch batch = {.alerts = rows, .alert_n = n, .docs = doc, .doc_n = doc ? 1 : 0};
    batch.applied.seq = ++r->seq;
    assert_int_equal(tw_ledger_apply(&r->ledger, &batch, NULL), TW_OK);
}

static random_ledger *make(void)
{
    const tw_alloc *alloc = tw_alloc_system();
    random_ledger *r = tw_new(alloc, random_ledger);
    tw_rng rng;
    tw_rng_init(&rng, 7, 0);
    tw_arena_init(&r->arena, alloc, 0, (size_t)256 << 20);
    assert_int_equal(tw_memory_journal_open(alloc, &r->journal, NULL), TW_OK);
    assert_int_equal(tw_memory_ledger_open(alloc, &r->ledger, NULL), TW_OK);
    assert_int_equal(tw_memory_files_open(alloc, &r->files, NULL), TW_OK);
    for (size_t i = 0; i < ALERTS; i++)
        fill_row(r, i, &rng);
    tw_doc_row settings = {.kind = TW_STR("settings"),
                           .id = TW_STR("settings"),
                           .seq = 1,
                           .body = tw_str_from(settings_text)};
    apply(r, r->rows, ALERTS, &settings);
    tw_service_options options = {.journal = &r->journal,
                                  .ledger = &r->ledger,
                                  .files = &r->files,
                                  .clock = &stopped,
                                  .mode = TW_SERVICE_READER,
                                  .currency = "USD"};
    assert_int_equal(tw_service_open(&options, &r->service, NULL), TW_OK);
    return r;
}

static void drop(random_ledger *r)
{
    tw_service_close(r->service);
    tw_ledger_close(&r->ledger);
    tw_journal_close(&r->journal);
    tw_files_close(&r->files);
    tw_arena_release(&r->arena);
    tw_delete(tw_alloc_system(), r);
}

// --- the plainest way
// --------------------------------------------------------------------------------

static tw_str region_of(tw_str store)
{
    return store.at[0] == 'S'                  ? TW_STR("South")
           : tw_str_equal(store, TW_STR("N1")) ? TW_STR("North")
                                               : TW_STR_NONE;
}

static tw_str team_of(void *ctx, tw_str user)
{
    (void)ctx;
    return tw_str_equal(user, TW_STR("anna")) ? TW_STR("east") : TW_STR_NONE;
}

static bool is_in(const random_ledger *r, size_t i, const tw_metric_query *q, tw_str key)
{
    const tw_alert_row *row = &r->rows[i];
    char date[TW_TIME_TEXT_BYTES];
    if (row->created_ms < q->from_ms || row->created_ms >= q->to_ms)
        return false;
    if (q->scheme.bytes && !tw_str_equal(q->scheme, row->scheme))
        return false;
    if (q->assignee.bytes && !tw_str_equal(q->assignee, row->assignee))
        return false;
    if (q->region.bytes && !tw_str_equal(q->region, region_of(row->store_id)))
        return false;
    bool is_among = q->stores.n == 0;
    for (size_t s = 0; s < q->stores.n; s++)
        is_among = is_among || tw_str_equal(q->stores.items[s], row->store_id);
    if (!is_among)
        return false;
    int32_t day = tw_floor_day(row->created_ms);
    switch (q->cut) {
    case TW_METRIC_CUT_REGION:
        return tw_str_equal(key, region_of(row->store_id));
    case TW_METRIC_CUT_STORE:
        return tw_str_equal(key, row->store_id);
    case TW_METRIC_CUT_SCHEME:
        return tw_str_equal(key, row->scheme);
    case TW_METRIC_CUT_TYPE:
        return tw_str_equal(key, row->type);
    case TW_METRIC_CUT_SIGNAL:
        return r->signal_bits[i] >> (key.at[0] - 'a') & 1;
    case TW_METRIC_CUT_ASSIGNEE:
        return tw_str_equal(key, row->assignee);
    case TW_METRIC_CUT_TEAM:
        return tw_str_equal(key, team_of(NULL, row->assignee));
    case TW_METRIC_CUT_DAY:
        return tw_str_equal(key, tw_str_from(tw_date_format(day, date)));
    case TW_METRIC_CUT_WEEK: // 1970-01-01 was a Thursday
        return tw_str_equal(key, tw_str_from(tw_date_format(day - (day + 3) % 7, date)));
    case TW_METRIC_CUT_MONTH:
        return memcmp(key.at, tw_date_format(day, date), 7) == 0;
    case TW_METRIC_CUT_MODEL:
    case TW_METRIC_CUT_NONE:
    case TW_METRIC_CUT_N:
        break;
    }
    return true;
}

static tw_metric_alert alert_of(const tw_alert_row *row)
{
    tw_metric_alert a = {.created_ms = row->created_ms,
                         .first_viewed_ms = row->first_viewed_ms,
                         .decided_ms = row->decided_ms,
                         .risk = row->risk_score,
                         .first_loss_ms = row->created_ms};
    assert_true(tw_alert_status_from(row->status, &a.status));
    a.has_verdict = tw_verdict_from(row->verdict, &a.verdict);
    if (tw_str_equal(row->currency, TW_STR("USD"))) {
        a.exposure_minor = row->exposure_minor;
        a.recovered_minor = row->recovered_minor;
    }
    return a;
}

static void compare(random_ledger *r, const tw_metric_query *q, const tw_metric_row *row)
{
    tw_metrics_acc *acc;
    tw_metrics wanted, found = row->metrics;
    uint64_t others = 0;
    assert_int_equal(tw_metrics_new(tw_alloc_system(), tw_settings_default(), NOW, &acc), TW_OK);
    for (size_t i = 0; i < ALERTS; i++) {
        if (!is_in(r, i, q, row->key))
            continue;
        tw_metric_alert a = alert_of(&r->rows[i]);
        others += !tw_str_equal(r->rows[i].currency, TW_STR("USD"));
        assert_int_equal(tw_metrics_add(acc, &a), TW_OK);
    }
    tw_metrics_get(acc, 0, &wanted);
    tw_metrics_free(acc);
    assert_int_equal(row->other_currency_n, others);
    // The platform's share depends on the days, which this fold does not know.
    wanted.cost_minor = found.cost_minor;
    wanted.cost_per_alert_minor = found.cost_per_alert_minor;
    wanted.roi = found.roi;
    assert_memory_equal(&wanted, &found, sizeof(wanted));
}

static size_t check(random_ledger *r, const tw_metric_query *q)
{
    tw_metric_row *rows;
    size_t n;
    tw_err err = {.text = ""};
    tw_arena_reset(&r->arena);
    if (tw_query_metrics(r->service, q, &r->arena, &rows, &n, &err) != TW_OK)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < n; i++) {
        compare(r, q, &rows[i]);
        if (i > 0)
            assert_true(tw_str_compare(rows[i - 1].key, rows[i].key) < 0);
    }
    return n;
}

// --- tests
// ------------------------------------------------------------------------------------------

static void every_cut_is_the_fold_of_its_alerts(void **state)
{
    (void)state;
    static const size_t wanted[TW_METRIC_CUT_N] = {
        [TW_METRIC_CUT_NONE] = 1,   [TW_METRIC_CUT_DAY] = 42,     [TW_METRIC_CUT_WEEK] = 6,
        [TW_METRIC_CUT_MONTH] = 2,  [TW_METRIC_CUT_REGION] = 3,   [TW_METRIC_CUT_STORE] = 5,
        [TW_METRIC_CUT_SCHEME] = 3, [TW_METRIC_CUT_TYPE] = 1,     [TW_METRIC_CUT_SIGNAL] = 3,
        [TW_METRIC_CUT_MODEL] = 1,  [TW_METRIC_CUT_ASSIGNEE] = 3, [TW_METRIC_CUT_TEAM] = 2};
    random_ledger *r = make();
    for (int cut = 0; cut < TW_METRIC_CUT_N; cut++) {
        // 2026-01-05, a Monday, and 42 days.
        tw_metric_query q = {.from_ms = FIRST + 4 * DAY,
                             .to_ms = FIRST + 46 * DAY,
                             .cut = (tw_metric_cut)cut,
                             .team_of = team_of};
        size_t n = check(r, &q);
        if (n != wanted[cut])
            fail_msg("cut %d: %zu rows", cut, n);
    }
    drop(r);
}

static void conditions_combine(void **state)
{
    (void)state;
    random_ledger *r = make();
    const tw_str some[] = {TW_STR("S2"), TW_STR("N1"), TW_STR("nowhere")};
    const tw_metric_query base = {.from_ms = FIRST, .to_ms = NOW, .cut = TW_METRIC_CUT_STORE};
    tw_metric_query q = base;
    q.region = TW_STR("South");
    assert_int_equal(check(r, &q), 3);
    q.stores = (tw_str_list){some, 3};
    assert_int_equal(check(r, &q), 1);
    q = base;
    q.scheme = TW_STR("refund");
    q.assignee = TW_STR("ben");
    assert_int_equal(check(r, &q), 5);
    q.scheme = TW_STR("unknown");
    assert_int_equal(check(r, &q), 0);
    q = base;
    q.to_ms = q.from_ms;
    tw_metric_row *rows;
    size_t n;
    assert_int_equal(tw_query_metrics(r->service, &q, &r->arena, &rows, &n, NULL), TW_INVALID);
    q.cut = TW_METRIC_CUT_DAY;
    q.to_ms = q.from_ms + 401 * DAY;
    assert_int_equal(tw_query_metrics(r->service, &q, &r->arena, &rows, &n, NULL), TW_LIMIT);
    drop(r);
}

static void titles_are_for_people(void **state)
{
    (void)state;
    random_ledger *r = make();
    tw_metric_row *rows;
    size_t n;
    tw_metric_query q = {.from_ms = FIRST, .to_ms = NOW, .cut = TW_METRIC_CUT_SIGNAL};
    assert_int_equal(tw_query_metrics(r->service, &q, &r->arena, &rows, &n, NULL), TW_OK);
    assert_true(tw_str_equal(rows[1].title, TW_STR("Signal b")));
    q.cut = TW_METRIC_CUT_SCHEME;
    assert_int_equal(tw_query_metrics(r->service, &q, &r->arena, &rows, &n, NULL), TW_OK);
    assert_true(tw_str_equal(rows[0].title, TW_STR("Title of discount")));
    drop(r);
}

static void the_backlog_counts_what_is_open(void **state)
{
    (void)state;
    random_ledger *r = make();
    tw_backlog found, wanted = {0};
    tw_metric_query q = {.region = TW_STR("South")};
    for (size_t i = 0; i < ALERTS; i++) {
        const tw_alert_row *row = &r->rows[i];
        if (row->store_id.at[0] != 'S' || tw_str_equal(row->status, TW_STR("CLOSED")))
            continue;
        int64_t due = tw_settings_due_ms(tw_settings_default(), row->created_ms, row->risk_score);
        wanted.open++;
        wanted.unassigned += row->assignee.bytes == 0;
        wanted.overdue += due < NOW;
        wanted.due_24h += due >= NOW && due <= NOW + DAY;
        wanted.snoozed += row->snoozed_until_ms > 0;
        wanted.exposure_minor +=
            tw_str_equal(row->currency, TW_STR("USD")) ? row->exposure_minor : 0;
        if (wanted.oldest_ms == 0 || row->created_ms < wanted.oldest_ms)
            wanted.oldest_ms = row->created_ms;
    }
    assert_int_equal(tw_query_backlog(r->service, &q, &found, NULL), TW_OK);
    assert_memory_equal(&found, &wanted, sizeof(found));
    assert_true(found.due_24h > 0 && found.overdue > 0 && found.snoozed > 0);
    drop(r);
}

static void a_reader_sees_what_others_wrote(void **state)
{
    (void)state;
    random_ledger *r = make();
    tw_metric_query q = {.from_ms = FIRST, .to_ms = NOW, .cut = TW_METRIC_CUT_STORE};
    check(r, &q);
    r->rows[3].status = TW_STR("CLOSED");
    r->rows[3].verdict = TW_STR("CONFIRMED");
    r->rows[3].decided_ms = NOW;
    r->rows[3].store_id = TW_STR("S9");
    apply(r, &r->rows[3], 1, NULL);
    assert_int_equal(check(r, &q), 6);
    drop(r);
}

// --- a live service
// ----------------------------------------------------------------------------------

static tw_metrics all_of(fixture *f, tw_arena *arena)
{
    tw_metric_row *rows;
    size_t n;
    tw_metric_query q = {.to_ms = INT64_MAX / 2};
    assert_int_equal(tw_query_metrics(f->service, &q, arena, &rows, &n, NULL), TW_OK);
    assert_int_equal(n, 1);
    return rows[0].metrics;
}

static void figures_follow_what_people_do(void **state)
{
    (void)state;
    chain c;
    fixture f;
    tw_arena arena;
    tw_alert_list list;
    tw_alert_query query = {.only_open = true, .limit = 500};
    tw_verdict_result result;
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)256 << 20);
    chain_make(&c, 4, 14, 3);
    fixture_make(&f);
    f.train_off = true;
    fixture_open(&f);
    assert_int_equal(all_of(&f, &arena).alerts, 0);
    fixture_feed(&f, &c, 0, c.n / 2, 512);
    uint64_t early = all_of(&f, &arena).alerts;
    fixture_feed(&f, &c, c.n / 2, c.n, 512);
    tw_metrics before = all_of(&f, &arena);
    assert_int_equal(tw_query_alerts(f.service, &query, &arena, &list, NULL), TW_OK);
    assert_true(early > 0 && early < before.alerts);
    assert_int_equal(before.alerts, list.total);
    int64_t exposure = 0;
    for (size_t i = 0; i < list.n; i++)
        exposure += list.items[i].exposure.minor;
    assert_int_equal(before.exposure_open_minor, exposure);
    tw_verdict verdict = {.alert_id = list.items[0].alert_id,
                          .verdict = TW_VERDICT_CONFIRMED,
                          .decided_by = TW_STR("anna"),
                          .recovered_minor = 700,
                          .decided_ms = list.items[0].created_ms + TW_HOUR_MS};
    assert_int_equal(tw_service_verdict(f.service, &verdict, &result, NULL), TW_OK);
    tw_metrics after = all_of(&f, &arena);
    assert_int_equal(after.decided, 1);
    assert_int_equal(after.open, before.open - 1);
    assert_int_equal(after.recovered_minor, 700);
    fixture_release(&f);
    chain_release(&c);
    tw_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_is_the_fold_of_its_alerts),
        cmocka_unit_test(conditions_combine),
        cmocka_unit_test(titles_are_for_people),
        cmocka_unit_test(the_backlog_counts_what_is_open),
        cmocka_unit_test(a_reader_sees_what_others_wrote),
        cmocka_unit_test(figures_follow_what_people_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
