// SPDX-License-Identifier: Apache-2.0
//
// The simulator tells the hours that are done: what comes after the history's last hour is the
// feed.
#include "demo_feed.h"

#include <stdio.h>

#include "place_config.h"
#include "simulate/simulate.h"

#define FEED_MAX_BYTES ((size_t)4 << 30)
// Parts are posts: about this many bytes.
#define PART_BYTES (192 << 10)
#define PATH_BYTES 4096

typedef struct splitter {
    twi_feed *feed;
    const char *dir;
    FILE *files[TW_SIMULATE_OUTPUTS];
    uint64_t days[TW_SIMULATE_OUTPUTS]; // of the open file
    uint64_t hours, history_hours;
    bool is_hour_new; // the next part starts anew, to keep the order between the paths
} splitter;

void twi_feed_init(twi_feed *feed)
{
    *feed = (twi_feed){.part_n = 0};
    tw_buf_init(&feed->bytes, tw_alloc_system(), FEED_MAX_BYTES);
}

void twi_feed_release(twi_feed *feed)
{
    tw_buf_release(&feed->bytes);
    tw_free_array(tw_alloc_system(), feed->parts_own, feed->part_cap, sizeof(*feed->parts_own));
    *feed = (twi_feed){.part_n = 0};
}

static const char *path_of(tw_simulate_output output)
{
    switch (output) {
    case TW_SIMULATE_TRANSACTIONS:
        return "/v1/transactions";
    case TW_SIMULATE_MOVEMENTS:
        return "/v1/movements";
    case TW_SIMULATE_SHIFTS:
        return "/v1/shifts";
    case TW_SIMULATE_LABELS:
    case TW_SIMULATE_STORES:
    case TW_SIMULATE_COLUMNS:
    case TW_SIMULATE_OUTPUTS:
        break;
    }
    return NULL;
}

static tw_status add_part(twi_feed *feed, const char *path, const char *data, size_t bytes,
                          bool is_new, tw_err *err)
{
    twi_feed_part *last = feed->part_n > 0 ? &feed->parts_own[feed->part_n - 1] : NULL;
    if (!last || is_new || last->path != path || last->bytes >= PART_BYTES) {
        void *items = feed->parts_own;
        if (tw_grow(tw_alloc_system(), &items, &feed->part_cap, feed->part_n + 1, sizeof(*last),
                    SIZE_MAX / 128) != TW_OK)
            return tw_fail(err, TW_NO_MEMORY, "no memory for the live day");
        feed->parts_own = items;
        last = &feed->parts_own[feed->part_n++];
        *last = (twi_feed_part){.path = path, .at = feed->bytes.bytes};
    }
    tw_buf_put(&feed->bytes, data, bytes);
    last->bytes += bytes;
    for (size_t i = 0; i < bytes; i++)
        last->line_n += data[i] == '\n';
    return feed->bytes.status == TW_OK ? TW_OK
                                       : tw_fail(err, TW_NO_MEMORY, "no memory for the live day");
}

// Whole lines, cut into pieces of about PART_BYTES.
static tw_status add_lines(splitter *s, const char *path, const char *data, size_t bytes,
                           tw_err *err)
{
    while (bytes > 0) {
        size_t n = TW_MIN(bytes, (size_t)PART_BYTES);
        while (n < bytes && data[n - 1] != '\n')
            n++;
        TW_TRY(add_part(s->feed, path, data, n, s->is_hour_new, err));
        s->is_hour_new = false;
        data += n;
        bytes -= n;
    }
    return TW_OK;
}

// What is no feed (labels, stores) is one file for all days.
static tw_status open_file(splitter *s, tw_simulate_output output, tw_err *err)
{
    char name[PATH_BYTES];
    uint64_t day = path_of(output) ? s->hours / 24 + 1 : 0;
    if (s->files[output] && s->days[output] == day)
        return TW_OK;
    if (s->files[output] && fclose(s->files[output]) != 0)
        return tw_fail_errno(err, "the simulated history cannot be written");
    int n =
        day > 0 ? snprintf(name, sizeof(name), "%.3000s/%llu", s->dir, (unsigned long long)day) : 0;
    s->files[output] = NULL;
    if (day > 0)
        TW_TRY(twi_make_directories(name, err));
    else
        n = snprintf(name, sizeof(name), "%.3000s", s->dir);
    snprintf(name + n, sizeof(name) - (size_t)n, "/%s", tw_simulate_output_name(output));
    s->files[output] = fopen(name, "w");
    s->days[output] = day;
    return s->files[output] ? TW_OK : tw_fail_errno(err, "%.150s cannot be written", name);
}

static tw_status take(void *ctx, tw_simulate_output output, const void *data, size_t bytes,
                      tw_err *err)
{
    splitter *s = ctx;
    const char *path = path_of(output);
    if (s->hours >= s->history_hours)
        return path ? add_lines(s, path, data, bytes, err) : TW_OK;
    TW_TRY(open_file(s, output, err));
    if (fwrite(data, 1, bytes, s->files[output]) != bytes)
        return tw_fail_errno(err, "%s in %.120s cannot be written", tw_simulate_output_name(output),
                             s->dir);
    return TW_OK;
}

static void on_hour(void *ctx, uint64_t done, uint64_t all, uint64_t transactions)
{
    splitter *s = ctx;
    (void)all;
    (void)transactions;
    s->hours = done;
    s->is_hour_new = true;
}

tw_status twi_feed_simulate(twi_feed *feed, const char *dir, uint64_t stores,
                            const twi_feed_plan *plan, uint64_t seed, tw_err *err)
{
    splitter s = {.feed = feed, .dir = dir, .history_hours = dir ? plan->days * 24 : 0};
    tw_simulate_options options;
    tw_simulate_summary summary;
    tw_simulate_sink sink = {take, on_hour, &s};
    tw_simulate_options_init(&options);
    options.stores = (uint32_t)stores;
    options.days = (uint32_t)(dir ? plan->days + 1 : plan->days);
    options.seed = seed;
    if (plan->start_day != 0)
        options.start_day = plan->start_day;
    if (plan->fraud_rate > 0)
        options.fraud_rate = plan->fraud_rate;
    tw_status status = tw_simulate(tw_alloc_system(), &options, &sink, &summary, err);
    feed->transactions = summary.transactions;
    for (int i = 0; i < TW_SIMULATE_OUTPUTS; i++)
        if (s.files[i] && fclose(s.files[i]) != 0 && status == TW_OK)
            status = tw_fail_errno(err, "the simulated history cannot be written");
    return status;
}
