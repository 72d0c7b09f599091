// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a mapping; one that loads is applied to a few rows of all sorts.
#include <string.h>

#include "intake/mapping.h"
#include "intake/source.h"
#include "retail/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

static const char rows[] =
    "a,b,c,t,amount\n1,x,R,05.01.2026 09:00:00,\"1.234,50\"\n2,y,V,1767600000,-12.5\n"
    ",,,,\n4,\"q\"\"\n\",4111111111111111,2026-01-05T09:00:00Z,5-\n5,1,2,3\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
    tw_mapping *mapping;
    tw_source *source;
    tw_arena arena;
    tw_source_batch batch;
    tw_err err = {0};
    const tw_intake_options options = {.default_currency = "EUR"};
    tw_str yaml = {(const char *)data, data_bytes};
    if (tw_mapping_parse(tw_alloc_system(), yaml, &mapping, &err) != TW_OK) {
        TW_CHECK(err.status != TW_OK && err.text[0]);
        return 0;
    }
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)16 << 20);
    const tw_source_settings settings = {.mapping = mapping, .options = &options};
    tw_str text = {rows, sizeof(rows) - 1};
    if (tw_source_open_memory(tw_alloc_system(), text, &settings, &source, &err) == TW_OK) {
        while (tw_source_next(source, &arena, 2, &batch, &err) == TW_OK) {
            for (size_t i = 0; i < batch.fact_n; i++)
                TW_CHECK(batch.facts[i].kind == TW_FACT_VERDICT ||
                         tw_fact_check(&batch.facts[i], NULL) == TW_OK);
        }
        tw_source_close(source);
    }
    tw_mapping_free(mapping);
    tw_arena_release(&arena);
    return 0;
}
