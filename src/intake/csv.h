// SPDX-License-Identifier: Apache-2.0
//
// Private to src/intake: rows of CSV in memory.
#ifndef TW_INTAKE_CSV_PRIVATE_H
#define TW_INTAKE_CSV_PRIVATE_H

#include "intake/csv.h"

// Length of the first row with its line end, or 0 when it is not complete in the data and more may
// come. *lines = line ends in it. A quote matters only at a field's start, as in RFC 4180.
size_t twi_csv_row_bytes(tw_str data, char delimiter, bool is_last, uint64_t *lines);
// Splits a row (without its line end) in place; quoted fields lose their quotes and are not
// trimmed, others are. TW_SYNTAX (text behind a closing quote, or no closing quote), TW_LIMIT
// (columns).
tw_status twi_csv_split(char *row, size_t bytes, char delimiter, tw_str fields[TW_CSV_COLUMNS_MAX],
                        size_t *n);
// Of , ; tab and | the one that stands most often outside quotes in the header's line.
char twi_csv_delimiter(tw_str data);
// Row without its line end.
tw_str twi_csv_chomp(tw_str row);

#endif
