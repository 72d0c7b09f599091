// SPDX-License-Identifier: Apache-2.0
//
// Derived tables: sums and indexes that are made from the rows of a table by one SELECT over the
// name `source`, which is the staging when rows are committed or queried, and the files of a month
// when a lake gets its derived parts anew.
#include <stdio.h>

#include "base/time.h"
#include "internal.h"

// In front of every day that a record may have (1960 and some).
#define FIRST_DAY (-3653)

const tw_lake_derived *twi_lake_derived_of(const twi_lake *lake, const char *name)
{
    for (size_t i = 0; i < lake->schema.derived_n; i++)
        if (strcmp(lake->schema.derived[i].name, name) == 0)
            return &lake->schema.derived[i];
    return NULL;
}

static const char *source_name(const twi_lake *lake, const tw_lake_derived *derived)
{
    return lake->schema.tables[derived->source].name;
}

// --- months
// ---------------------------------------------------------------------------------------

// The first days of the month of `day` and of the next one.
static void month_of(int32_t day, int32_t *first, int32_t *next)
{
    char date[TW_TIME_TEXT_BYTES];
    int32_t at = day;
    // Some 30 steps at most; a civil calendar lives in base/time.
    while (strcmp(tw_date_format(at, date) + 8, "01") != 0)
        at--;
    *first = at;
    at = day + 1;
    while (strcmp(tw_date_format(at, date) + 8, "01") != 0)
        at++;
    *next = at;
}

static void put_range(tw_buf *sql, int32_t first, int32_t next)
{
    char a[TW_TIME_TEXT_BYTES], b[TW_TIME_TEXT_BYTES];
    tw_buf_printf(sql, " WHERE date >= DATE '%s' AND date < DATE '%s'", tw_date_format(first, a),
                  tw_date_format(next, b));
}

// --- from the staging
// ----------------------------------------------------------------------------------

static tw_status derive_month(twi_lake *lake, const tw_lake_derived *derived,
                              const tw_lake_part *part, int32_t next, twi_draft *d, tw_err *err)
{
    tw_buf select;
    twi_lake_sql(lake, &select);
    tw_buf_printf(&select, "WITH source AS NOT MATERIALIZED (SELECT * FROM stage_%s",
                  source_name(lake, derived));
    put_range(&select, part->day, next);
    tw_buf_printf(&select, ") %s", derived->sql);
    tw_status status = twi_lake_write_part(lake, &select, derived->order_by, part, d, err);
    tw_buf_release(&select);
    return status;
}

// The next month of the staging from *day on; TW_END without one.
static tw_status next_month(twi_lake *lake, const char *source, int32_t from, tw_lake_part *part,
                            int32_t *next, tw_err *err)
{
    char date[TW_TIME_TEXT_BYTES];
    int64_t found[3];
    tw_buf sql;
    twi_lake_sql(lake, &sql);
    tw_buf_printf(&sql,
                  "SELECT count(*), date_diff('day', DATE '1970-01-01', min(date)) FROM stage_%s "
                  "WHERE date >= DATE '%s'",
                  source, tw_date_format(from, date));
    TW_TRY(twi_lake_integers(lake, &sql, found, 2, err));
    if (found[0] == 0)
        return TW_END;
    month_of((int32_t)found[1], &part->day, next);
    twi_lake_sql(lake, &sql);
    tw_buf_printf(&sql, "SELECT min(seq), max(seq) FROM stage_%s", source);
    put_range(&sql, part->day, *next);
    TW_TRY(twi_lake_integers(lake, &sql, found, 2, err));
    part->first_seq = (uint64_t)found[0];
    part->last_seq = (uint64_t)found[1];
    return TW_OK;
}

tw_status twi_lake_derive_staged(twi_lake *lake, twi_draft *d, tw_err *err)
{
    for (size_t i = 0; i < lake->schema.derived_n; i++) {
        const tw_lake_derived *derived = &lake->schema.derived[i];
        tw_lake_part part = {.table = derived->name, .is_derived = true};
        int32_t next = FIRST_DAY;
        tw_status status = lake->stages[derived->source].staged_n > 0 ? TW_OK : TW_END;
        while (status == TW_OK) {
            status = next_month(lake, source_name(lake, derived), next, &part, &next, err);
            if (status == TW_OK)
                status = derive_month(lake, derived, &part, next, d, err);
        }
        if (status != TW_END)
            return status;
    }
    return TW_OK;
}

// --- from parts
// ----------------------------------------------------------------------------------------

// The parts of the source from *i on that lie in one month: their range, and what comes behind.
static tw_status derive_files(twi_lake *lake, const tw_lake_derived *derived, size_t *i,
                              twi_draft *d, tw_err *err)
{
    const tw_lake_part *parts = lake->parts_own;
    tw_lake_part part = {.table = derived->name, .is_derived = true, .first_seq = UINT64_MAX};
    size_t first = *i;
    int32_t next;
    tw_buf select;
    month_of(parts[first].day, &part.day, &next);
    for (; *i < lake->part_n && parts[*i].table == parts[first].table && parts[*i].day < next;
         ++*i) {
        part.first_seq = TW_MIN(part.first_seq, parts[*i].first_seq);
        part.last_seq = TW_MAX(part.last_seq, parts[*i].last_seq);
    }
    twi_lake_sql(lake, &select);
    tw_buf_cstr(&select, "WITH source AS NOT MATERIALIZED (SELECT * FROM ");
    tw_status status = twi_lake_put_files(lake, parts + first, *i - first, true, &select, err);
    tw_buf_printf(&select, ") %s", derived->sql);
    if (status == TW_OK)
        status = twi_lake_write_part(lake, &select, derived->order_by, &part, d, err);
    tw_buf_release(&select);
    return status;
}

tw_status twi_lake_derive_parts(twi_lake *lake, twi_draft *d, tw_err *err)
{
    for (size_t k = 0; k < lake->schema.derived_n; k++) {
        const tw_lake_derived *derived = &lake->schema.derived[k];
        for (size_t i = 0; i < lake->part_n;) {
            if (strcmp(lake->parts_own[i].table, source_name(lake, derived)) != 0)
                i++;
            else
                TW_TRY(derive_files(lake, derived, &i, d, err));
        }
    }
    return TW_OK;
}

// --- in queries
// ----------------------------------------------------------------------------------------

tw_status twi_lake_create_derived_stages(twi_lake *lake, tw_err *err)
{
    for (size_t i = 0; i < lake->schema.derived_n; i++) {
        const tw_lake_derived *derived = &lake->schema.derived[i];
        tw_buf sql;
        twi_lake_sql(lake, &sql);
        tw_buf_printf(&sql,
                      "CREATE %s stage_%s AS SELECT * FROM (WITH source AS NOT MATERIALIZED "
                      "(SELECT * FROM stage_%s) %s)%s",
                      lake->is_live ? "TABLE" : "VIEW", derived->name, source_name(lake, derived),
                      derived->sql, lake->is_live ? " LIMIT 0" : "");
        TW_TRY(twi_lake_execute(lake, &sql, "the lake", err));
    }
    return TW_OK;
}

tw_status twi_lake_roll(twi_lake *lake, tw_err *err)
{
    for (size_t i = 0; i < lake->schema.derived_n; i++) {
        const tw_lake_derived *derived = &lake->schema.derived[i];
        const twi_stage *stage = &lake->stages[derived->source];
        tw_buf sql;
        if (stage->rolled_seq == stage->staged_seq)
            continue;
        twi_lake_sql(lake, &sql);
        tw_buf_printf(&sql,
                      "INSERT INTO stage_%s WITH source AS NOT MATERIALIZED (SELECT * FROM "
                      "stage_%s WHERE seq > %lld) %s",
                      derived->name, source_name(lake, derived), (long long)stage->rolled_seq,
                      derived->sql);
        TW_TRY(twi_lake_execute(lake, &sql, "the staging of the lake", err));
    }
    for (size_t i = 0; i < lake->schema.table_n; i++)
        lake->stages[i].rolled_seq = lake->stages[i].staged_seq;
    return TW_OK;
}

static tw_status put_view(const twi_lake *lake, const tw_lake_derived *derived, tw_buf *sql,
                          tw_err *err)
{
    size_t first = 0, n = 0;
    for (size_t i = 0; i < lake->part_n; i++)
        if (strcmp(lake->parts_own[i].table, derived->name) == 0 && n++ == 0)
            first = i;
    tw_buf_printf(sql, "CREATE VIEW %s AS ", derived->name);
    if (!lake->has_derived) {
        tw_buf_printf(sql, "WITH source AS NOT MATERIALIZED (SELECT * FROM %s) %s",
                      source_name(lake, derived), derived->sql);
        return TW_OK;
    }
    if (n > 0) {
        tw_buf_cstr(sql, "SELECT * FROM ");
        TW_TRY(twi_lake_put_files(lake, &lake->parts_own[first], n, false, sql, err));
        tw_buf_cstr(sql, " UNION ALL ");
    }
    tw_buf_printf(sql, "SELECT * FROM stage_%s", derived->name);
    return TW_OK;
}

tw_status twi_lake_create_derived_views(twi_lake *lake, tw_err *err)
{
    for (size_t i = 0; i < lake->schema.derived_n; i++) {
        tw_buf sql;
        twi_lake_sql(lake, &sql);
        tw_status status = put_view(lake, &lake->schema.derived[i], &sql, err);
        if (status != TW_OK) {
            tw_buf_release(&sql);
            return status;
        }
        TW_TRY(twi_lake_execute(lake, &sql, "the lake", err));
    }
    return TW_OK;
}

// --- check
// ---------------------------------------------------------------------------------------

tw_status twi_lake_verify_derived(twi_lake *lake, tw_lake_complain *complain, void *ctx,
                                  tw_err *err)
{
    char sentence[300];
    for (size_t k = 0; lake->has_derived && k < lake->schema.derived_n; k++) {
        const tw_lake_derived *derived = &lake->schema.derived[k];
        size_t first = 0, n = 0;
        int64_t expected = 0, found = 0;
        tw_buf sql;
        for (size_t i = 0; i < lake->part_n; i++) {
            const tw_lake_part *part = &lake->parts_own[i];
            if (strcmp(part->table, source_name(lake, derived)) == 0)
                expected += (int64_t)part->row_n;
            if (strcmp(part->table, derived->name) == 0 && n++ == 0)
                first = i;
        }
        if (!derived->counts || n == 0)
            continue;
        twi_lake_sql(lake, &sql);
        tw_buf_printf(&sql, "SELECT CAST(sum(%s) AS BIGINT) FROM ", derived->counts);
        TW_TRY(twi_lake_put_files(lake, &lake->parts_own[first], n, false, &sql, err));
        if (twi_lake_integers(lake, &sql, &found, 1, NULL) != TW_OK || found == expected)
            continue; // what cannot be read was told of
        snprintf(sentence, sizeof(sentence), "%s counts %lld rows of %s and not %lld",
                 derived->name, (long long)found, source_name(lake, derived), (long long)expected);
        complain(ctx, sentence);
    }
    return TW_OK;
}
