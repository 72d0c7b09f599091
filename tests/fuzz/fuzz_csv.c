// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as CSV: as records and as a table; the batch size is 1, 2 or 64 by the length, so that
// batches end everywhere. Facts hold the invariants.
#include "intake/csv.h"
#include "intake/source.h"
#include "retail/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

static void read_records(tw_str text, size_t max)
{
    tw_arena arena;
    tw_source *source;
    tw_source_batch batch;
    const tw_intake_options options = {.default_currency = "EUR"};
    const tw_source_settings settings = {.format = TW_FORMAT_CSV, .options = &options};
    if (tw_source_open_memory(tw_alloc_system(), text, &settings, &source, NULL) != TW_OK)
        return;
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    while (tw_source_next(source, &arena, max, &batch, NULL) == TW_OK) {
        for (size_t i = 0; i < batch.fact_n; i++)
            TW_CHECK(batch.facts[i].kind == TW_FACT_VERDICT ||
                     tw_fact_check(&batch.facts[i], NULL) == TW_OK);
        tw_arena_reset(&arena);
    }
    tw_source_close(source);
    tw_arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
    static const size_t sizes[] = {1, 2, 64};
    tw_str text = {(const char *)data, data_bytes};
    tw_csv *csv;
    const tw_str *fields;
    uint64_t line;
    read_records(text, sizes[data_bytes % TW_COUNT(sizes)]);
    if (tw_csv_open_memory(tw_alloc_system(), text, &csv, NULL) != TW_OK)
        return 0;
    for (;;) {
        tw_status status = tw_csv_next(csv, &fields, &line, NULL);
        if (status != TW_OK && status != TW_SYNTAX && status != TW_LIMIT)
            break;
    }
    tw_csv_close(csv);
    return 0;
}
