// SPDX-License-Identifier: Apache-2.0
//
// The manifest of a lake, the files beside it, and what makes both durable. Published as the files
// port does it: temporary name, fsync, rename, fsync of the directory.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yyjson.h>

#include "base/time.h"
#include "internal.h"

#define MANIFEST "manifest.json"
#define MANIFEST_VERSION 2
#define MANIFEST_MAX_BYTES ((size_t)512 << 20)
#define READ_BYTES (1 << 20)

// --- files
// ----------------------------------------------------------------------------------------

tw_status twi_lake_make_dir(const char *path, tw_err *err)
{
    char part[TWI_LAKE_PATH_BYTES];
    size_t bytes = strlen(path);
    if (bytes + 1 > sizeof(part))
        return tw_fail(err, TW_LIMIT, "the path of the lake is too long");
    memcpy(part, path, bytes + 1);
    for (size_t i = 1; i <= bytes; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return tw_fail_errno(err, "%.150s cannot be made", part);
        part[i] = path[i];
    }
    return TW_OK;
}

tw_status twi_lake_sync(const char *path, tw_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
        tw_status status = tw_fail_errno(err, "%.150s cannot be made durable", path);
        if (fd >= 0)
            close(fd);
        return status;
    }
    close(fd);
    return TW_OK;
}

static tw_status hash_open_file(FILE *file, EVP_MD_CTX *md, uint8_t *buffer,
                                uint8_t out[TW_SHA256_BYTES], uint64_t *bytes, tw_err *err)
{
    size_t n;
    bool is_good = EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
    while (is_good && (n = fread(buffer, 1, READ_BYTES, file)) > 0) {
        *bytes += n;
        is_good = EVP_DigestUpdate(md, buffer, n) == 1;
    }
    if (ferror(file))
        return tw_fail_errno(err, "a part of the lake cannot be read");
    if (!is_good || EVP_DigestFinal_ex(md, out, NULL) != 1)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a hash");
    return TW_OK;
}

tw_status twi_lake_hash_file(const char *path, uint8_t out[TW_SHA256_BYTES], uint64_t *bytes,
                             tw_err *err)
{
    *bytes = 0;
    FILE *file = fopen(path, "rb");
    if (!file) {
        tw_status status = tw_fail_errno(err, "%.150s cannot be read", path);
        return errno == ENOENT ? TW_NOT_FOUND : status;
    }
    const tw_alloc *alloc = tw_alloc_system();
    uint8_t *buffer = tw_new_array(alloc, READ_BYTES, 1);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    tw_status status = buffer && md ? hash_open_file(file, md, buffer, out, bytes, err)
                                    : tw_fail(err, TW_NO_MEMORY, "no memory for a hash");
    EVP_MD_CTX_free(md);
    tw_free_array(alloc, buffer, READ_BYTES, 1);
    fclose(file);
    return status;
}

// --- reading
// --------------------------------------------------------------------------------------

static bool read_hex(const char *hex, uint8_t out[TW_SHA256_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    if (!hex || strlen(hex) != 2 * (size_t)TW_SHA256_BYTES)
        return false;
    for (size_t i = 0; i < TW_SHA256_BYTES; i++) {
        const char *high = strchr(digits, hex[2 * i]), *low = strchr(digits, hex[2 * i + 1]);
        if (!high || !low)
            return false;
        out[i] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
    return true;
}

// Names of files become part of SQL and of paths: only what commit makes is taken.
static bool is_part_name(const char *file)
{
    return file && file[0] != '\0' && strlen(file) < TW_LAKE_NAME_BYTES &&
           strspn(file, "abcdefghijklmnopqrstuvwxyz_0123456789=-/.") == strlen(file) &&
           file[0] != '/' && !strstr(file, "..");
}

// "2026-01": its first day.
static bool read_month(const char *text, int32_t *day)
{
    char date[TW_TIME_TEXT_BYTES];
    if (!text || strlen(text) != strlen("2026-01"))
        return false;
    snprintf(date, sizeof(date), "%.7s-01", text);
    return tw_date_parse(tw_str_from(date), day);
}

static bool read_partition(yyjson_val *value, tw_lake_part *out)
{
    const char *month = yyjson_get_str(yyjson_obj_get(value, "month"));
    out->is_derived = month != NULL;
    return month ? read_month(month, &out->day)
                 : tw_date_parse(tw_str_from(yyjson_get_str(yyjson_obj_get(value, "date"))),
                                 &out->day);
}

static const char *table_name(const twi_lake *lake, const char *name, bool is_derived)
{
    for (size_t i = 0; !is_derived && i < lake->schema.table_n; i++)
        if (strcmp(lake->schema.tables[i].name, name) == 0)
            return lake->schema.tables[i].name;
    const tw_lake_derived *derived = is_derived ? twi_lake_derived_of(lake, name) : NULL;
    return derived ? derived->name : NULL;
}

static bool read_part(const twi_lake *lake, yyjson_val *value, tw_lake_part *out)
{
    const char *table = yyjson_get_str(yyjson_obj_get(value, "table"));
    const char *file = yyjson_get_str(yyjson_obj_get(value, "file"));
    if (!table || !is_part_name(file) || !read_partition(value, out) ||
        !read_hex(yyjson_get_str(yyjson_obj_get(value, "sha256")), out->hash))
        return false;
    out->table = table_name(lake, table, out->is_derived);
    tw_str_copy(tw_str_from(file), out->file, sizeof(out->file));
    out->first_seq = yyjson_get_uint(yyjson_obj_get(value, "first_seq"));
    out->last_seq = yyjson_get_uint(yyjson_obj_get(value, "last_seq"));
    out->row_n = yyjson_get_uint(yyjson_obj_get(value, "rows"));
    out->bytes = yyjson_get_uint(yyjson_obj_get(value, "bytes"));
    return out->table != NULL;
}

static tw_status read_document(twi_lake *lake, yyjson_val *root, tw_err *err)
{
    static const char damaged[] = "the lake's manifest is damaged: remove the folder lake and "
                                  "write it again with tillwatch lake compact";
    yyjson_val *parts = yyjson_obj_get(root, "parts"), *value;
    size_t i, n;
    if (yyjson_get_uint(yyjson_obj_get(root, "version")) > MANIFEST_VERSION)
        return tw_fail(err, TW_UNSUPPORTED, "the lake was written by a newer version");
    if (!yyjson_is_arr(parts) ||
        !read_hex(yyjson_get_str(yyjson_obj_get(root, "hash")), lake->position.hash))
        return tw_fail(err, TW_CORRUPT, "%s", damaged);
    lake->position.seq = yyjson_get_uint(yyjson_obj_get(root, "seq"));
    lake->has_derived =
        yyjson_get_uint(yyjson_obj_get(root, "derived")) == lake->schema.derived_version;
    void *items = lake->parts_own;
    if (tw_grow(lake->alloc, &items, &lake->part_cap, yyjson_arr_size(parts), sizeof(tw_lake_part),
                TWI_LAKE_PARTS_MAX) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the lake's manifest");
    lake->parts_own = items;
    yyjson_arr_foreach(parts, i, n, value)
    {
        tw_lake_part *part = &lake->parts_own[lake->part_n];
        *part = (tw_lake_part){.table = NULL};
        if (!lake->has_derived && yyjson_obj_get(value, "month"))
            continue;
        if (!read_part(lake, value, part))
            return tw_fail(err, TW_CORRUPT, "%s", damaged);
        lake->part_n++;
    }
    twi_lake_sort_parts(lake->parts_own, lake->part_n);
    return TW_OK;
}

static tw_status read_file(const char *path, tw_buf *out, tw_err *err)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return errno == ENOENT ? TW_OK : tw_fail_errno(err, "%.150s cannot be read", path);
    uint8_t piece[16384];
    size_t n;
    while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
        tw_buf_put(out, piece, n);
    tw_status status = ferror(file) ? tw_fail_errno(err, "%.150s cannot be read", path) : TW_OK;
    fclose(file);
    if (status == TW_OK && out->status != TW_OK)
        status = tw_fail(err, out->status, "no memory for the lake's manifest");
    return status;
}

tw_status twi_lake_read_manifest(twi_lake *lake, tw_err *err)
{
    char path[TWI_LAKE_PATH_BYTES];
    tw_buf text;
    TW_TRY(twi_lake_path(lake, MANIFEST, path, err));
    lake->has_derived = true; // an empty lake lacks none
    tw_buf_init(&text, lake->alloc, MANIFEST_MAX_BYTES);
    tw_status status = read_file(path, &text, err);
    if (status == TW_OK && text.bytes > 0) {
        yyjson_doc *doc = yyjson_read((const char *)text.data_own, text.bytes, 0);
        status = read_document(lake, yyjson_doc_get_root(doc), err);
        yyjson_doc_free(doc);
    }
    tw_buf_release(&text);
    return status;
}

// --- publishing
// -----------------------------------------------------------------------------------

static void put_manifest(tw_buf *out, const tw_lake_schema *schema,
                         const tw_lake_position *position, const tw_lake_part *parts, size_t part_n)
{
    char hex[2 * TW_SHA256_BYTES + 1], date[TW_TIME_TEXT_BYTES];
    tw_buf_printf(
        out, "{\"version\": %d, \"derived\": %u, \"seq\": %llu, \"hash\": \"%s\", \"parts\": [",
        MANIFEST_VERSION, schema->derived_version, (unsigned long long)position->seq,
        tw_hex(position->hash, TW_SHA256_BYTES, hex));
    for (size_t i = 0; i < part_n; i++)
        tw_buf_printf(out,
                      "%s\n{\"table\": \"%s\", \"%s\": \"%.*s\", \"file\": \"%s\", \"first_seq\": "
                      "%llu, \"last_seq\": %llu, \"rows\": %llu, \"bytes\": %llu, \"sha256\": "
                      "\"%s\"}",
                      i ? "," : "", parts[i].table, parts[i].is_derived ? "month" : "date",
                      parts[i].is_derived ? 7 : 10, tw_date_format(parts[i].day, date),
                      parts[i].file, (unsigned long long)parts[i].first_seq,
                      (unsigned long long)parts[i].last_seq, (unsigned long long)parts[i].row_n,
                      (unsigned long long)parts[i].bytes,
                      tw_hex(parts[i].hash, TW_SHA256_BYTES, hex));
    tw_buf_cstr(out, "\n]}\n");
}

static tw_status write_file(const char *path, const tw_buf *text, tw_err *err)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return tw_fail_errno(err, "%.150s cannot be written", path);
    bool is_good = fwrite(text->data_own, 1, text->bytes, file) == text->bytes &&
                   fflush(file) == 0 && fsync(fileno(file)) == 0;
    tw_status status = is_good ? TW_OK : tw_fail_errno(err, "%.150s cannot be written", path);
    if (fclose(file) != 0 && is_good)
        status = tw_fail_errno(err, "%.150s cannot be written", path);
    return status;
}

tw_status twi_lake_publish_manifest(const twi_lake *lake, const tw_lake_position *position,
                                    const tw_lake_part *parts, size_t part_n, tw_err *err)
{
    char path[TWI_LAKE_PATH_BYTES], fresh[TWI_LAKE_PATH_BYTES];
    tw_buf text;
    TW_TRY(twi_lake_path(lake, MANIFEST, path, err));
    TW_TRY(twi_lake_path(lake, MANIFEST ".tmp", fresh, err));
    tw_buf_init(&text, lake->alloc, MANIFEST_MAX_BYTES);
    put_manifest(&text, &lake->schema, position, parts, part_n);
    tw_status status = text.status == TW_OK
                           ? write_file(fresh, &text, err)
                           : tw_fail(err, text.status, "no memory for the lake's manifest");
    tw_buf_release(&text);
    if (status == TW_OK && rename(fresh, path) != 0)
        status = tw_fail_errno(err, "%.150s cannot be written", path);
    return status == TW_OK ? twi_lake_sync(lake->dir_own, err) : status;
}

// --- sweeping
// -------------------------------------------------------------------------------------

static bool is_named(const twi_lake *lake, const char *file)
{
    for (size_t i = 0; i < lake->part_n; i++)
        if (strcmp(lake->parts_own[i].file, file) == 0)
            return true;
    return false;
}

// Removes the files of one directory below the lake that are no parts.
static tw_status sweep_dir(const twi_lake *lake, const char *name, tw_err *err)
{
    char path[TWI_LAKE_PATH_BYTES], file[TWI_LAKE_PATH_BYTES];
    TW_TRY(twi_lake_path(lake, name, path, err));
    DIR *dir = opendir(path);
    if (!dir)
        return errno == ENOENT || errno == ENOTDIR
                   ? TW_OK
                   : tw_fail_errno(err, "%.150s cannot be read", path);
    tw_status status = TW_OK;
    for (struct dirent *entry; status == TW_OK && (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int n = snprintf(file, sizeof(file), "%s/%s", name, entry->d_name);
        if (n < 0 || (size_t)n >= sizeof(file) || is_named(lake, file))
            continue;
        status = twi_lake_path(lake, file, path, err);
        if (status == TW_OK && unlink(path) != 0 && errno != EISDIR && errno != EPERM)
            status = tw_fail_errno(err, "%.150s cannot be removed", path);
    }
    closedir(dir);
    return status;
}

static tw_status sweep_table(const twi_lake *lake, const char *table, tw_err *err)
{
    char path[TWI_LAKE_PATH_BYTES], name[TW_LAKE_NAME_BYTES];
    TW_TRY(twi_lake_path(lake, table, path, err));
    DIR *dir = opendir(path);
    if (!dir)
        return errno == ENOENT ? TW_OK : tw_fail_errno(err, "%.150s cannot be read", path);
    tw_status status = TW_OK;
    for (struct dirent *entry; status == TW_OK && (entry = readdir(dir)) != NULL;) {
        int n = snprintf(name, sizeof(name), "%s/%s", table, entry->d_name);
        bool is_partition =
            strncmp(entry->d_name, "date=", 5) == 0 || strncmp(entry->d_name, "month=", 6) == 0;
        if (is_partition && n > 0 && (size_t)n < sizeof(name))
            status = sweep_dir(lake, name, err);
    }
    closedir(dir);
    return status;
}

tw_status twi_lake_sweep(const twi_lake *lake, tw_err *err)
{
    TW_TRY(sweep_dir(lake, "tmp", err));
    for (size_t i = 0; i < lake->schema.table_n; i++)
        TW_TRY(sweep_table(lake, lake->schema.tables[i].name, err));
    for (size_t i = 0; i < lake->schema.derived_n; i++)
        TW_TRY(sweep_table(lake, lake->schema.derived[i].name, err));
    return TW_OK;
}
