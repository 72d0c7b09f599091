// SPDX-License-Identifier: Apache-2.0
//
// Manifests of a lake of any content: opening gives a lake or a sentence, and whatever parts it
// names lie below the lake, in tables of the schema.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapter/duckdb.h"
#include "service/lake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

static char dir[] = "fuzz-lake-XXXXXX";
static bool has_dir;

static void clean_up(void)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/manifest.json", dir);
    unlink(path);
    rmdir(dir);
}

static bool write_manifest(const uint8_t *data, size_t data_bytes)
{
    char path[64];
    if (!has_dir) {
        has_dir = mkdtemp(dir) != NULL;
        TW_CHECK(has_dir && atexit(clean_up) == 0);
    }
    snprintf(path, sizeof(path), "%s/manifest.json", dir);
    FILE *file = fopen(path, "wb");
    if (!file)
        return false;
    bool is_good = fwrite(data, 1, data_bytes, file) == data_bytes;
    return fclose(file) == 0 && is_good;
}

static void check_part(const tw_lake_schema *schema, const tw_lake_part *part)
{
    bool is_known = false;
    for (size_t i = 0; i < schema->table_n; i++)
        is_known = is_known || part->table == schema->tables[i].name;
    for (size_t i = 0; i < schema->derived_n; i++)
        is_known = is_known || part->table == schema->derived[i].name;
    TW_CHECK(is_known);
    TW_CHECK(part->file[0] != '\0' && part->file[0] != '/' && !strstr(part->file, "..") &&
             !strchr(part->file, '\''));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
    tw_duckdb_options options = {.dir = dir, .thread_n = 1};
    tw_lake lake;
    const tw_lake_part *parts;
    size_t n;
    tw_err err = {.text = ""};
    tw_lake_schema_get(&options.schema);
    if (!tw_duckdb_version() || !write_manifest(data, data_bytes))
        return 0;
    tw_status status = tw_duckdb_lake_open(tw_alloc_system(), &options, &lake, &err);
    if (status != TW_OK) {
        TW_CHECK(err.status == status && err.text[0] != '\0');
        return 0;
    }
    TW_CHECK(tw_lake_parts(&lake, &parts, &n, NULL) == TW_OK);
    for (size_t i = 0; i < n; i++)
        check_part(&options.schema, &parts[i]);
    tw_lake_close(&lake);
    return 0;
}
