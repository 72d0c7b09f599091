// SPDX-License-Identifier: Apache-2.0
//
// tillwatch alerts list: the alerts of the ledger, also while a server runs.
#include "cli.h"
#include "output.h"
#include "place.h"
#include "service/query.h"

static const char help[] =
    "Usage: tillwatch alerts list [--data DIR] [--from T] [--to T] [--status S] [--type T] "
    "[--scheme S]\n"
    "                             [--store ID] [--min-risk R] [--sort rank|created|risk|exposure]\n"
    "                             [--limit N] [--json]\n"
    "\n"
    "Lists alerts, first those to work first. Works while a server runs.\n"
    "\n"
    "  --from T, --to T  created in [from, to): a date, or RFC 3339\n"
    "  --status S        NEW, ASSIGNED, IN_REVIEW, ESCALATED or CLOSED\n"
    "  --limit N         at most N alerts (default all)\n"
    "  --json            an array of objects: alert_id, created_at, status, type, scheme, entity,\n"
    "                    store_id, risk_score, exposure, transaction_ids, reasons, ...\n"
    "\n"
    "Example:\n"
    "  tillwatch alerts list --status NEW --json\n";

static bool sort_from(const char *name, tw_alert_sort *out)
{
    static const char *const names[] = {"rank", "created", "risk", "exposure"};
    static const tw_alert_sort sorts[] = {TW_ALERT_SORT_RANK, TW_ALERT_SORT_CREATED,
                                          TW_ALERT_SORT_RISK, TW_ALERT_SORT_EXPOSURE};
    for (size_t i = 0; i < TW_COUNT(names); i++)
        if (strcmp(name, names[i]) == 0) {
            *out = sorts[i];
            return true;
        }
    return false;
}

static void print_line(const tw_alert_view *a)
{
    char when[TW_TIME_TEXT_BYTES], money[TWI_MONEY_BYTES];
    printf("%-16.*s %-20.16s %-9.*s %.2f %12s %4u  %-8.*s %.*s: %.*s\n", TW_STR_ARG(a->alert_id),
           tw_time_format(a->created_ms, a->offset_min, when), TW_STR_ARG(a->status), a->risk_score,
           twi_money(a->exposure, money), a->transaction_n, TW_STR_ARG(a->store_id),
           TW_STR_ARG(a->entity_id), TW_STR_ARG(a->sentence));
}

static tw_status list(tw_service *service, tw_alert_query *query, uint64_t limit, bool is_json,
                      tw_err *err)
{
    tw_arena arena;
    char cursor[TW_LEDGER_CURSOR_BYTES] = "";
    uint64_t n = 0;
    tw_status status = TW_OK;
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)256 << 20);
    if (is_json)
        putchar('[');
    do {
        tw_alert_list page;
        tw_arena_reset(&arena);
        query->cursor = tw_str_from(cursor);
        query->limit = (uint32_t)TW_MIN(limit - n, (uint64_t)TW_LEDGER_PAGE_MAX);
        status = tw_query_alerts(service, query, &arena, &page, err);
        if (status != TW_OK)
            break;
        for (size_t i = 0; i < page.n; i++, n++) {
            if (!is_json) {
                print_line(&page.items[i]);
                continue;
            }
            fputs(n ? ",\n" : "\n", stdout);
            twi_put_alert(stdout, &page.items[i]);
        }
        tw_str_copy(page.next_cursor, cursor, sizeof(cursor));
    } while (cursor[0] != '\0' && n < limit);
    if (is_json)
        fputs("\n]\n", stdout);
    query->cursor = TW_STR_NONE;
    tw_arena_release(&arena);
    return status;
}

int twi_cmd_alerts(int argc, char **argv)
{
    const char *data = NULL, *status_text = "", *type = "", *scheme = "", *store = "",
               *sort = "rank";
    uint64_t limit = UINT64_MAX;
    bool is_json = false;
    tw_alert_query query = {0};
    const twi_option table[] = {
        {"--data", TWI_TEXT, &data},      {"--from", TWI_TIME, &query.from_ms},
        {"--to", TWI_TIME, &query.to_ms}, {"--status", TWI_TEXT, &status_text},
        {"--type", TWI_TEXT, &type},      {"--scheme", TWI_TEXT, &scheme},
        {"--store", TWI_TEXT, &store},    {"--min-risk", TWI_NUMBER, &query.min_risk},
        {"--sort", TWI_TEXT, &sort},      {"--limit", TWI_COUNT, &limit},
        {"--json", TWI_FLAG, &is_json},
    };
    twi_command_line line = {.command = "alerts",
                             .help = help,
                             .options = table,
                             .option_n = TW_COUNT(table),
                             .argument_min = 1,
                             .argument_max = 1,
                             .arguments = "list is"};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    if (strcmp(line.argv[0], "list") != 0)
        return twi_usage("alerts", "\"%s\" is not list", line.argv[0]);
    if (!sort_from(sort, &query.sort))
        return twi_usage("alerts", "alerts are not sorted by \"%s\"", sort);
    if (limit == 0)
        return twi_usage("alerts", "--limit is at least 1");
    query.status = tw_str_from(status_text);
    query.type = tw_str_from(type);
    query.scheme = tw_str_from(scheme);
    query.store_id = tw_str_from(store);
    twi_place place;
    tw_err err = {0};
    tw_status status = twi_place_open(&place, twi_place_dir(data), true, &err);
    if (status == TW_OK) {
        status = twi_place_serve(&place, TW_SERVICE_READER, &err);
        if (status == TW_OK)
            status = list(place.service, &query, limit, is_json, &err);
        twi_place_close(&place);
    }
    return status == TW_OK ? twi_flush("alerts") : twi_failed("alerts", &err);
}
