// SPDX-License-Identifier: Apache-2.0
//
// Rows of the fit: blocks of time, weights, and the matrix that the trees are trained on.
//
// Weights of the trees are not those that rows stand for. A million ordinary sales against twenty
// confirmed alerts would make every gradient of the alerts vanish, and what matters most, right
// against wrong alerts, would not be learned. So
//  1. all rows that nobody judged together weigh at most UNDECIDED_RATIO times the decided ones;
//  2. the n rows of an alert, which say nearly the same, weigh together as sqrt(n) rows.
// The curves, which turn margins into probabilities, use what rows stand for, and undo both.
#include <math.h>

#include "base/hash.h"
#include "base/time.h"
#include "fit_internal.h"

#define UNDECIDED_RATIO 10.0
// Of the rows that nobody judged: enough to know them by, in proportion to the decided ones.
#define UNDECIDED_ROWS_EACH 10.0
#define UNDECIDED_ROWS_MIN 15000.0
#define UNDECIDED_ROWS_MAX 60000.0
#define DECIDED_WRONG_ROWS_MAX 150000
#define DAYS_FOR_WHOLE_DAYS 10
// One id behind more than this share of the rows is no person: then each row counts alone.
#define ENTITY_SHARE_MAX 0.2

// --- units
// -------------------------------------------------------------------------------

static bool has_alert(const tw_example *e)
{
    return e->alert != TWI_FIT_NO_ALERT;
}

int64_t twi_fit_row_begin(const twi_fit_rows *rows, size_t row)
{
    const tw_example *e = &rows->d->examples_own[row];
    return has_alert(e) ? rows->alert_time_own[e->alert] : e->time_ms;
}

static void count_units(twi_fit_rows *rows)
{
    for (size_t i = 0; i < rows->alert_n; i++)
        rows->alert_time_own[i] = INT64_MAX;
    for (size_t i = 0; i < rows->n; i++) {
        const tw_example *e = &rows->d->examples_own[i];
        if (!has_alert(e)) {
            rows->unit_n += twi_is_decided(e);
            rows->unit_right_n += twi_is_decided(e) && e->label;
            continue;
        }
        rows->alert_rows_own[e->alert]++;
        rows->alert_time_own[e->alert] = TW_MIN(rows->alert_time_own[e->alert], e->time_ms);
        rows->alert_right_own[e->alert] |= e->label;
    }
    for (size_t i = 0; i < rows->alert_n; i++) {
        rows->unit_n += rows->alert_rows_own[i] > 0;
        rows->unit_right_n += rows->alert_right_own[i];
    }
}

// Dense numbers of the entities; items and work have room for n.
static void number_entities(twi_fit_rows *rows, twi_sort_item *items, twi_sort_item *work)
{
    size_t n = rows->n, most = 0, run = 0;
    for (size_t i = 0; i < n; i++)
        items[i] = (twi_sort_item){rows->d->examples_own[i].entity, (uint32_t)i};
    twi_sort_items(items, work, n);
    for (size_t i = 0; i < n; i++) {
        bool is_new = i == 0 || items[i].key != items[i - 1].key;
        rows->entity_n += is_new;
        run = is_new ? 1 : run + 1;
        most = TW_MAX(most, run);
        rows->entity_own[items[i].idx] = (uint32_t)(rows->entity_n - 1);
    }
    if ((double)most <= ENTITY_SHARE_MAX * (double)n)
        return;
    rows->entity_n = n;
    for (size_t i = 0; i < n; i++)
        rows->entity_own[i] = (uint32_t)i;
}

// --- blocks of time
// ----------------------------------------------------------------------

// Right and wrong units weigh the same in all, so that each block gets its part of both.
static void order_decided(twi_fit_rows *rows, twi_sort_item *items, twi_sort_item *work)
{
    double wrong_n = (double)(rows->unit_n - rows->unit_right_n);
    double wrong = wrong_n > 0 ? TW_MIN(1.0, (double)rows->unit_right_n / wrong_n) : 1.0;
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++)
        if (twi_is_decided(&rows->d->examples_own[i]))
            items[n++] = (twi_sort_item){(uint64_t)twi_fit_row_begin(rows, i) ^ UINT64_C(1) << 63,
                                         (uint32_t)i};
    twi_sort_items(items, work, n);
    rows->decided_n = n;
    for (size_t i = 0; i < n; i++) {
        const tw_example *e = &rows->d->examples_own[items[i].idx];
        double rows_n = has_alert(e) ? (double)rows->alert_rows_own[e->alert] : 1.0;
        bool is_right = has_alert(e) ? rows->alert_right_own[e->alert] : e->label;
        rows->decided_own[i] = items[i].idx;
        rows->mass_own[i] = (is_right ? 1.0 : wrong) / rows_n;
    }
}

int64_t twi_fit_cut(const twi_fit_rows *rows, int64_t until_ms, double share)
{
    double all = 0, sum = 0;
    size_t n = 0;
    for (; n < rows->decided_n && twi_fit_row_begin(rows, rows->decided_own[n]) < until_ms; n++)
        all += rows->mass_own[n];
    if (n == 0)
        return until_ms;
    int64_t first = twi_fit_row_begin(rows, rows->decided_own[0]);
    int64_t last = twi_fit_row_begin(rows, rows->decided_own[n - 1]), cut = last;
    for (size_t i = 0; i < n; i++) {
        cut = twi_fit_row_begin(rows, rows->decided_own[i]);
        if (sum + 0.5 * rows->mass_own[i] >= share * all)
            break;
        sum += rows->mass_own[i];
    }
    if (last - first < DAYS_FOR_WHOLE_DAYS * TW_DAY_MS)
        return cut;
    // The nearer midnight.
    return (cut + TW_DAY_MS / 2) / TW_DAY_MS * TW_DAY_MS;
}

void twi_fit_rows_cut(twi_fit_rows *rows, size_t folds_n)
{
    TW_CHECK(folds_n <= TWI_FOLDS_MAX);
    rows->block_n = 1;
    int64_t before = INT64_MIN;
    for (size_t k = 1; k <= folds_n; k++) {
        int64_t cut = twi_fit_cut(rows, INT64_MAX, (double)k / (double)(folds_n + 1));
        if (cut <= before || rows->decided_n == 0 ||
            cut <= twi_fit_row_begin(rows, rows->decided_own[0]))
            continue;
        rows->cuts[rows->block_n - 1] = before = cut;
        rows->block_n++;
    }
    for (size_t i = 0; i < rows->n; i++) {
        int64_t begin = twi_fit_row_begin(rows, i);
        uint8_t block = 0;
        while (block + 1U < rows->block_n && begin >= rows->cuts[block])
            block++;
        rows->block_own[i] = block;
    }
}

// --- the matrix
// --------------------------------------------------------------------------

typedef struct thinning {
    double undecided, wrong; // share that is kept
    double undecided_scale;  // of the weights for the trees
    bool *entity_right_own;  // [entity_n] a right unit is its own
} thinning;

static double tree_weight(const twi_fit_rows *rows, const tw_example *e)
{
    double n = has_alert(e) ? (double)rows->alert_rows_own[e->alert] : 1.0;
    return (double)e->weight / sqrt(n);
}

// What fired for somebody whose alert was confirmed is hardly honest, although nobody judged it.
static bool is_doubtful(const twi_fit_rows *rows, const thinning *t, size_t row)
{
    return rows->d->examples_own[row].source == TW_EXAMPLE_FIRED &&
           t->entity_right_own[rows->entity_own[row]];
}

static bool is_kept(const twi_fit_rows *rows, const thinning *t, uint64_t seed, size_t row)
{
    const tw_example *e = &rows->d->examples_own[row];
    if (e->label)
        return true;
    if (is_doubtful(rows, t, row))
        return false;
    double rate = twi_is_decided(e) ? t->wrong : t->undecided;
    double draw = (double)(tw_hash_pair(e->seq, seed) >> 11) * 0x1p-53;
    return draw < rate;
}

static void plan(twi_fit_rows *rows, thinning *t)
{
    double undecided_n = 0, wrong_n = 0, right_n = 0, undecided = 0, decided = 0;
    for (size_t i = 0; i < rows->n; i++) {
        const tw_example *e = &rows->d->examples_own[i];
        if (e->label)
            t->entity_right_own[rows->entity_own[i]] = true;
    }
    for (size_t i = 0; i < rows->n; i++) {
        const tw_example *e = &rows->d->examples_own[i];
        if (is_doubtful(rows, t, i))
            continue;
        if (twi_is_decided(e)) {
            right_n += e->label;
            wrong_n += !e->label;
            decided += tree_weight(rows, e);
        } else {
            undecided_n++;
            undecided += (double)e->weight;
        }
    }
    double most = UNDECIDED_ROWS_EACH * (right_n + wrong_n);
    most = TW_MAX(UNDECIDED_ROWS_MIN, TW_MIN(most, UNDECIDED_ROWS_MAX));
    t->undecided = undecided_n > 0 ? TW_MIN(1.0, most / undecided_n) : 1.0;
    t->wrong = wrong_n > 0 ? TW_MIN(1.0, DECIDED_WRONG_ROWS_MAX / wrong_n) : 1.0;
    t->undecided_scale = undecided > 0 ? TW_MIN(1.0, UNDECIDED_RATIO * decided / undecided) : 1.0;
}

static void gather(twi_fit_rows *rows, const thinning *t)
{
    for (size_t k = 0; k < rows->kept_n; k++) {
        size_t row = rows->kept_own[k];
        const tw_example *e = &rows->d->examples_own[row];
        bool is_decided = twi_is_decided(e);
        double thin = e->label ? 1.0 : 1.0 / (is_decided ? t->wrong : t->undecided);
        double weight = is_decided ? tree_weight(rows, e) : (double)e->weight * t->undecided_scale;
        memcpy(rows->x_own + k * TW_INPUT_N, rows->d->x_own + row * TW_INPUT_N,
               TW_INPUT_N * sizeof(float));
        rows->y_own[k] = (float)e->label;
        rows->w_own[k] = (float)(weight * thin);
        rows->stands_own[k] = (float)((double)e->weight * thin);
    }
}

static tw_status make_matrix(twi_fit_rows *rows, uint64_t seed, twi_sort_item *items,
                             twi_sort_item *work)
{
    thinning t = {.entity_right_own = tw_new_array(rows->alloc, rows->entity_n, sizeof(bool))};
    if (!t.entity_right_own)
        return TW_NO_MEMORY;
    plan(rows, &t);
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++)
        if (is_kept(rows, &t, seed, i))
            items[n++] = (twi_sort_item){
                (uint64_t)rows->d->examples_own[i].time_ms ^ UINT64_C(1) << 63, (uint32_t)i};
    twi_sort_items(items, work, n);
    rows->kept_n = rows->kept_cap = n;
    rows->kept_own = tw_new_array(rows->alloc, n, sizeof *rows->kept_own);
    rows->x_own = tw_new_array(rows->alloc, n * TW_INPUT_N, sizeof(float));
    rows->y_own = tw_new_array(rows->alloc, n, sizeof(float));
    rows->w_own = tw_new_array(rows->alloc, n, sizeof(float));
    rows->stands_own = tw_new_array(rows->alloc, n, sizeof(float));
    bool has_room = rows->kept_own && rows->x_own && rows->y_own && rows->w_own && rows->stands_own;
    for (size_t k = 0; has_room && k < n; k++)
        rows->kept_own[k] = items[k].idx;
    if (has_room)
        gather(rows, &t);
    tw_free_array(rows->alloc, t.entity_right_own, rows->entity_n, sizeof(bool));
    return has_room ? TW_OK : TW_NO_MEMORY;
}

size_t twi_fit_rows_before(const twi_fit_rows *rows, int64_t time_ms)
{
    size_t low = 0, high = rows->kept_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows->d->examples_own[rows->kept_own[middle]].time_ms < time_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// --- all
// ---------------------------------------------------------------------------------

static tw_status allocate(const tw_alloc *alloc, twi_fit_rows *rows)
{
    size_t n = rows->n, alerts = rows->alert_n;
    rows->alert_rows_own = tw_new_array(alloc, alerts, sizeof *rows->alert_rows_own);
    rows->alert_time_own = tw_new_array(alloc, alerts, sizeof *rows->alert_time_own);
    rows->alert_right_own = tw_new_array(alloc, alerts, sizeof *rows->alert_right_own);
    rows->entity_own = tw_new_array(alloc, n, sizeof *rows->entity_own);
    rows->block_own = tw_new_array(alloc, n, sizeof *rows->block_own);
    rows->decided_own = tw_new_array(alloc, n, sizeof *rows->decided_own);
    rows->mass_own = tw_new_array(alloc, n, sizeof *rows->mass_own);
    bool has_alerts = rows->alert_rows_own && rows->alert_time_own && rows->alert_right_own;
    bool has_rows = rows->entity_own && rows->block_own && rows->decided_own && rows->mass_own;
    return has_rows && (has_alerts || alerts == 0) ? TW_OK : TW_NO_MEMORY;
}

tw_status twi_fit_rows_init(const tw_alloc *alloc, const tw_dataset *d, size_t folds_n,
                            uint64_t seed, twi_fit_rows *rows, tw_err *err)
{
    *rows = (twi_fit_rows){.alloc = alloc, .d = d, .n = d->n, .alert_n = d->alert_n};
    if (d->n == 0 || d->n > UINT32_MAX)
        return tw_fail(err, TW_INVALID, "there are no transactions to learn from");
    twi_sort_item *items = tw_new_array(alloc, d->n, sizeof *items);
    twi_sort_item *work = tw_new_array(alloc, d->n, sizeof *work);
    tw_status status = items && work ? allocate(alloc, rows) : TW_NO_MEMORY;
    if (status == TW_OK) {
        count_units(rows);
        number_entities(rows, items, work);
        order_decided(rows, items, work);
        twi_fit_rows_cut(rows, TW_MIN(folds_n, TWI_FOLDS_MAX));
        status = make_matrix(rows, seed, items, work);
    }
    tw_free_array(alloc, items, d->n, sizeof *items);
    tw_free_array(alloc, work, d->n, sizeof *work);
    if (status != TW_OK) {
        twi_fit_rows_release(rows);
        return tw_fail(err, status, "out of memory for %zu rows of training", d->n);
    }
    return TW_OK;
}

void twi_fit_rows_release(twi_fit_rows *rows)
{
    const tw_alloc *alloc = rows->alloc;
    size_t n = rows->n, alerts = rows->alert_n, kept = rows->kept_cap;
    tw_free_array(alloc, rows->alert_rows_own, alerts, sizeof *rows->alert_rows_own);
    tw_free_array(alloc, rows->alert_time_own, alerts, sizeof *rows->alert_time_own);
    tw_free_array(alloc, rows->alert_right_own, alerts, sizeof *rows->alert_right_own);
    tw_free_array(alloc, rows->entity_own, n, sizeof *rows->entity_own);
    tw_free_array(alloc, rows->block_own, n, sizeof *rows->block_own);
    tw_free_array(alloc, rows->decided_own, n, sizeof *rows->decided_own);
    tw_free_array(alloc, rows->mass_own, n, sizeof *rows->mass_own);
    tw_free_array(alloc, rows->kept_own, kept, sizeof *rows->kept_own);
    tw_free_array(alloc, rows->x_own, kept * TW_INPUT_N, sizeof(float));
    tw_free_array(alloc, rows->y_own, kept, sizeof(float));
    tw_free_array(alloc, rows->w_own, kept, sizeof(float));
    tw_free_array(alloc, rows->stands_own, kept, sizeof(float));
    *rows = (twi_fit_rows){0};
}
