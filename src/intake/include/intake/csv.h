// SPDX-License-Identifier: Apache-2.0
//
// Plain CSV tables by column name, for label and score files: RFC 4180 quotes, CRLF or LF, a byte
// order mark, line breaks inside quotes, and , ; tab or | as the delimiter, which the header tells.
// zstd and gzip files are read directly. Transactions in CSV go through intake/source.h instead.
#ifndef TW_INTAKE_CSV_H
#define TW_INTAKE_CSV_H

#include "base/alloc.h"
#include "base/str.h"

#define TW_CSV_COLUMNS_MAX 512
#define TW_CSV_NO_COLUMN SIZE_MAX

typedef struct tw_csv tw_csv; // one thread at a time

// Opens and reads the header. path "-" is standard input. TW_IO, TW_NOT_FOUND, TW_SYNTAX (no
// header, a column twice), TW_LIMIT, TW_NO_MEMORY.
tw_status tw_csv_open(const tw_alloc *alloc, const char *path, tw_csv **out,
                      tw_err *err) TW_MUST_CHECK;
// The same over bytes that stay valid and unchanged while the table is open.
tw_status tw_csv_open_memory(const tw_alloc *alloc, tw_str data, tw_csv **out,
                             tw_err *err) TW_MUST_CHECK;
void tw_csv_close(tw_csv *csv);

// Place of a column by name, ignoring case, spaces, '_' and '-'; TW_CSV_NO_COLUMN when absent.
size_t tw_csv_column(const tw_csv *csv, const char *name);
size_t tw_csv_column_n(const tw_csv *csv);
tw_str tw_csv_column_name(const tw_csv *csv, size_t column);

// The next row: fields[column_n], views that live until the next call. TW_END after the last row;
// TW_SYNTAX for a row with another number of columns or a broken quote (the next call goes on
// behind it), TW_LIMIT for one that is too long (also goes on); TW_IO, TW_CORRUPT, TW_NO_MEMORY.
// *line is the line on which the row starts, from 1.
tw_status tw_csv_next(tw_csv *csv, const tw_str **fields, uint64_t *line,
                      tw_err *err) TW_MUST_CHECK;

#endif
