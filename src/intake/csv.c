// SPDX-License-Identifier: Apache-2.0
//
// Rows of CSV. Most rows hold no quote: then the row ends at the first line end and fields at
// delimiters, both found by memchr.
#include "csv.h"

size_t twi_csv_row_bytes(tw_str data, char delimiter, bool is_last, uint64_t *lines)
{
    const char *end = data.bytes ? memchr(data.at, '\n', data.bytes) : NULL;
    size_t bytes = end ? (size_t)(end - data.at) + 1 : data.bytes;
    *lines = 1;
    if (bytes == 0)
        return 0;
    const char *quote = memchr(data.at, '"', bytes);
    if (!quote)
        return end || is_last ? bytes : 0;
    // Inside quotes line ends are text. Two quotes in a row close and open again, which is the
    // same.
    bool is_start = quote == data.at || quote[-1] == delimiter || quote[-1] == ' ';
    bool in_quotes = false, quoted_field = false;
    for (size_t i = (size_t)(quote - data.at); i < data.bytes; i++) {
        char c = data.at[i];
        if (c == '"' && (is_start || quoted_field)) {
            in_quotes = !in_quotes;
            quoted_field = true;
        } else if (!in_quotes && c == '\n') {
            return i + 1;
        } else if (!in_quotes && c == delimiter) {
            quoted_field = false;
        } else if (c == '\n') {
            ++*lines;
        }
        is_start = !in_quotes && (c == delimiter || (is_start && c == ' '));
    }
    if (!is_last)
        return 0;
    // A quote that never closes costs its own line, not the rest of the file.
    *lines = in_quotes ? 1 : *lines;
    return in_quotes ? bytes : data.bytes;
}

tw_str twi_csv_chomp(tw_str row)
{
    if (row.bytes && row.at[row.bytes - 1] == '\n')
        row.bytes--;
    if (row.bytes && row.at[row.bytes - 1] == '\r')
        row.bytes--;
    return row;
}

// A quoted field that starts at row[at] (the quote). Returns the place behind it or SIZE_MAX.
static size_t split_quoted(char *row, size_t bytes, size_t at, char delimiter, tw_str *field)
{
    size_t to = at + 1, from = at + 1;
    for (; from < bytes; from++) {
        if (row[from] != '"') {
            row[to++] = row[from];
        } else if (from + 1 < bytes && row[from + 1] == '"') {
            row[to++] = '"';
            from++;
        } else {
            break;
        }
    }
    if (from >= bytes)
        return SIZE_MAX;
    *field = (tw_str){row + at + 1, to - (at + 1)};
    for (from++; from < bytes && (row[from] == ' ' || row[from] == '\t') && row[from] != delimiter;)
        from++;
    return from == bytes || row[from] == delimiter ? from : SIZE_MAX;
}

tw_status twi_csv_split(char *row, size_t bytes, char delimiter, tw_str fields[TW_CSV_COLUMNS_MAX],
                        size_t *n)
{
    size_t at = 0, count = 0;
    *n = 0;
    for (;;) {
        if (count == TW_CSV_COLUMNS_MAX)
            return TW_LIMIT;
        while (at < bytes && row[at] == ' ' && delimiter != ' ')
            at++;
        size_t end;
        if (at < bytes && row[at] == '"') {
            end = split_quoted(row, bytes, at, delimiter, &fields[count]);
            if (end == SIZE_MAX)
                return TW_SYNTAX;
        } else {
            char *found = at < bytes ? memchr(row + at, delimiter, bytes - at) : NULL;
            end = found ? (size_t)(found - row) : bytes;
            size_t stop = end;
            while (stop > at && row[stop - 1] == ' ')
                stop--;
            fields[count] = (tw_str){row + at, stop - at};
        }
        count++;
        if (end == bytes)
            break;
        at = end + 1;
    }
    *n = count;
    return TW_OK;
}

char twi_csv_delimiter(tw_str data)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    size_t counts[TW_COUNT(candidates)] = {0}, best = 0;
    bool in_quotes = false;
    for (size_t i = 0; i < data.bytes && (in_quotes || data.at[i] != '\n'); i++) {
        in_quotes ^= data.at[i] == '"';
        for (size_t k = 0; !in_quotes && k < TW_COUNT(candidates); k++)
            counts[k] += data.at[i] == candidates[k];
    }
    for (size_t k = 1; k < TW_COUNT(candidates); k++)
        best = counts[k] > counts[best] ? k : best;
    return candidates[best];
}
