// SPDX-License-Identifier: Apache-2.0
//
// Archives through libzip's buffers. Entries are deflated and carry one time, written as UTC by
// ourselves: libzip's own conversion depends on the process's zone.
#include <string.h>
#include <zip.h>

#include "adapter/zip.h"
#include "base/time.h"

enum { PIECE_BYTES = 64 << 10 };

struct tw_archive_reader {
    const tw_alloc *alloc;
    zip_t *zip;
    size_t n;
};

static tw_status fail(tw_err *err, int zip_error, const char *what)
{
    bool is_memory = zip_error == ZIP_ER_MEMORY;
    return tw_fail(err, is_memory ? TW_NO_MEMORY : TW_CORRUPT, "the ZIP %s (libzip error %d)", what,
                   zip_error);
}

// --- writing
// ---------------------------------------------------------------------------------------

// Of MS-DOS: two seconds, from 1980.
static void dos_time(int64_t ms, zip_uint16_t *time, zip_uint16_t *date)
{
    tw_civil civil;
    tw_civil_from_ms(ms, &civil);
    int32_t year = TW_MIN(TW_MAX(civil.year, 1980), 2107) - 1980;
    *time = (zip_uint16_t)(civil.hour << 11 | civil.minute << 5 | civil.second / 2);
    *date = (zip_uint16_t)(year << 9 | civil.month << 5 | civil.day);
}

static tw_status add_entry(zip_t *zip, const tw_archive_entry *entry, int64_t modified_ms,
                           tw_err *err)
{
    char name[TW_ARCHIVE_NAME_BYTES];
    zip_uint16_t time, date;
    if (!tw_archive_name_is_valid(entry->name))
        return tw_fail(err, TW_INVALID, "\"%.*s\" is no name for a file of an archive",
                       TW_STR_ARG(entry->name));
    tw_str_copy(entry->name, name, sizeof(name));
    dos_time(modified_ms, &time, &date);
    zip_source_t *source = zip_source_buffer(zip, entry->bytes.at, entry->bytes.bytes, 0);
    zip_int64_t i = source ? zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8) : -1;
    if (i < 0) {
        zip_source_free(source);
        return fail(err, zip_error_code_zip(zip_get_error(zip)), "cannot take a file");
    }
    if (zip_file_set_dostime(zip, (zip_uint64_t)i, time, date, 0) != 0)
        return fail(err, zip_error_code_zip(zip_get_error(zip)), "cannot take a file's time");
    return TW_OK;
}

static tw_status read_source(zip_source_t *source, tw_buf *out, tw_err *err)
{
    tw_status status = TW_OK;
    zip_int64_t n = 0;
    if (zip_source_open(source) != 0)
        return tw_fail(err, TW_NO_MEMORY, "the ZIP cannot be read back");
    do {
        status = tw_buf_reserve(out, PIECE_BYTES);
        if (status != TW_OK)
            break;
        n = zip_source_read(source, out->data_own + out->bytes, PIECE_BYTES);
        if (n > 0)
            out->bytes += (size_t)n;
    } while (n > 0);
    zip_source_close(source);
    if (status != TW_OK)
        return tw_fail(err, status, "the ZIP is too large");
    return n == 0 ? TW_OK : tw_fail(err, TW_NO_MEMORY, "the ZIP cannot be read back");
}

static tw_status zip_write(void *ctx, const tw_archive_entry *entries, size_t n,
                           int64_t modified_ms, tw_buf *out, tw_err *err)
{
    (void)ctx;
    zip_error_t error;
    zip_error_init(&error);
    if (n > TW_ARCHIVE_ENTRIES_MAX)
        return tw_fail(err, TW_LIMIT, "the archive would have more than %d files",
                       TW_ARCHIVE_ENTRIES_MAX);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_TRUNCATE, &error) : NULL;
    if (!zip) {
        zip_source_free(source);
        tw_status status = fail(err, zip_error_code_zip(&error), "cannot be begun");
        zip_error_fini(&error);
        return status;
    }
    zip_source_keep(source); // close takes one reference
    tw_status status = TW_OK;
    for (size_t i = 0; status == TW_OK && i < n; i++)
        status = add_entry(zip, &entries[i], modified_ms, err);
    if (status == TW_OK && zip_close(zip) == 0) {
        status = read_source(source, out, err);
    } else {
        if (status == TW_OK)
            status = fail(err, zip_error_code_zip(zip_get_error(zip)), "cannot be written");
        zip_discard(zip);
    }
    zip_source_free(source);
    zip_error_fini(&error);
    return status;
}

// --- reading
// ---------------------------------------------------------------------------------------

static tw_status check_names(zip_t *zip, size_t n, tw_err *err)
{
    for (size_t i = 0; i < n; i++) {
        const char *name = zip_get_name(zip, i, ZIP_FL_ENC_GUESS);
        if (!name || !tw_archive_name_is_valid(tw_str_from(name)))
            return tw_fail(err, TW_CORRUPT, "the ZIP names a file in a way that is not allowed");
        // The first of that name is another one.
        if (zip_name_locate(zip, name, ZIP_FL_ENC_GUESS) != (zip_int64_t)i)
            return tw_fail(err, TW_CORRUPT, "the ZIP holds two files named %.100s", name);
    }
    return TW_OK;
}

static void zip_reader_close(tw_archive_reader *reader)
{
    zip_discard(reader->zip);
    tw_delete(reader->alloc, reader);
}

static tw_status zip_reader_open(void *ctx, tw_str bytes, tw_archive_reader **out, tw_err *err)
{
    const tw_alloc *alloc = ctx;
    zip_error_t error;
    *out = NULL;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(bytes.at, bytes.bytes, 0, &error);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    if (!zip) {
        zip_source_free(source);
        tw_status status =
            fail(err, zip_error_code_zip(&error), "cannot be read: it is none, or cut");
        zip_error_fini(&error);
        return status;
    }
    zip_error_fini(&error);
    zip_int64_t n = zip_get_num_entries(zip, 0);
    tw_status status =
        n > TW_ARCHIVE_ENTRIES_MAX
            ? tw_fail(err, TW_LIMIT, "the ZIP holds more than %d files", TW_ARCHIVE_ENTRIES_MAX)
            : check_names(zip, (size_t)n, err);
    tw_archive_reader *reader = status == TW_OK ? tw_new(alloc, tw_archive_reader) : NULL;
    if (!reader) {
        zip_discard(zip);
        return status == TW_OK ? tw_fail(err, TW_NO_MEMORY, "no memory for the ZIP") : status;
    }
    *reader = (tw_archive_reader){alloc, zip, (size_t)n};
    *out = reader;
    return TW_OK;
}

static size_t zip_entry_n(const tw_archive_reader *reader)
{
    return reader->n;
}

static tw_str zip_entry_name(const tw_archive_reader *reader, size_t i)
{
    return tw_str_from(zip_get_name(reader->zip, i, ZIP_FL_ENC_GUESS));
}

static tw_status zip_entry_read(tw_archive_reader *reader, size_t i, tw_buf *out, tw_err *err)
{
    size_t start = out->bytes;
    zip_int64_t n = 0;
    tw_status status = TW_OK;
    zip_file_t *file = zip_fopen_index(reader->zip, i, 0);
    if (!file)
        return fail(err, zip_error_code_zip(zip_get_error(reader->zip)), "has a damaged file");
    do {
        status = tw_buf_reserve(out, PIECE_BYTES);
        if (status != TW_OK)
            break;
        n = zip_fread(file, out->data_own + out->bytes, PIECE_BYTES);
        if (n > 0)
            out->bytes += (size_t)n;
    } while (n > 0);
    bool is_whole = n == 0;
    zip_fclose(file);
    if (status == TW_OK && is_whole)
        return TW_OK;
    out->bytes = start;
    return status != TW_OK ? tw_fail(err, status, "a file of the ZIP is larger than allowed")
                           : tw_fail(err, TW_CORRUPT, "the ZIP's file %.100s is damaged",
                                     zip_get_name(reader->zip, i, ZIP_FL_ENC_GUESS));
}

tw_archive tw_zip_archive(const tw_alloc *alloc)
{
    static const tw_archive_ops ops = {
        .version = TW_ARCHIVE_VERSION,
        .write = zip_write,
        .open = zip_reader_open,
        .entry_n = zip_entry_n,
        .entry_name = zip_entry_name,
        .read = zip_entry_read,
        .close = zip_reader_close,
    };
    union {
        const tw_alloc *in;
        void *out;
    } ctx = {.in = alloc}; // only read
    return (tw_archive){&ops, ctx.out};
}
