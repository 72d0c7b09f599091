// SPDX-License-Identifier: Apache-2.0
//
// Encoding, checking and hashing of journal blocks, and the rule of file names: the parts of the
// contracts that every adapter shares.
#include <stdio.h>
#include <string.h>

#include "port/files.h"
#include "port/journal.h"

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put_le(uint8_t *p, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

// Version and kind of a fact that stands alone (docs/formats/fact.md).
static bool stands_alone(tw_str fact)
{
    enum { VERSION = 1, VERDICT = 4, ACTION = 6 };
    return fact.bytes > 1 && fact.at[0] == VERSION &&
           (fact.at[1] == VERDICT || fact.at[1] == ACTION);
}

size_t tw_block_cut(const tw_str *facts, size_t n)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        size_t next = bytes + 4 + facts[i].bytes;
        if (i > 0 && (next > TW_BLOCK_TARGET_BYTES || stands_alone(facts[i])))
            return i;
        if (stands_alone(facts[i]))
            return 1;
        bytes = next;
    }
    return n;
}

tw_status tw_block_encode(const tw_str *facts, size_t n, tw_buf *out)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += facts[i].bytes;
    TW_CHECK(total <= UINT32_MAX);
    TW_TRY(tw_buf_reserve(out, n * 4 + total));
    uint32_t end = 0;
    for (size_t i = 0; i < n; i++) {
        end += (uint32_t)facts[i].bytes;
        tw_buf_u32(out, end);
    }
    for (size_t i = 0; i < n; i++)
        tw_buf_put(out, facts[i].at, facts[i].bytes);
    return out->status;
}

tw_status tw_block_open(uint64_t first_seq, uint64_t n, const void *payload, size_t payload_bytes,
                        tw_block *out)
{
    *out = (tw_block){0};
    if (first_seq == 0 || n == 0 || n > TW_COMMIT_MAX_FACTS || payload_bytes / 4 < n)
        return TW_CORRUPT;
    const uint8_t *ends = payload;
    size_t fact_bytes = payload_bytes - 4 * (size_t)n;
    uint32_t last = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t end = get_u32(ends + 4 * i);
        if (end <= last)
            return TW_CORRUPT;
        last = end;
    }
    if (last != fact_bytes)
        return TW_CORRUPT;
    out->first_seq = first_seq;
    out->n = (uint32_t)n;
    out->ends = ends;
    out->bytes = ends + 4 * (size_t)n;
    out->payload_bytes = payload_bytes;
    return TW_OK;
}

tw_str tw_block_fact(const tw_block *block, uint32_t i)
{
    TW_DCHECK(i < block->n);
    uint32_t from = i ? get_u32(block->ends + 4 * (size_t)(i - 1)) : 0;
    uint32_t to = get_u32(block->ends + 4 * (size_t)i);
    return (tw_str){(const char *)block->bytes + from, to - from};
}

void tw_block_hash(const uint8_t prev_hash[TW_SHA256_BYTES], uint64_t first_seq, uint32_t n,
                   const void *payload, size_t payload_bytes, uint8_t out[TW_SHA256_BYTES])
{
    uint8_t header[TW_SHA256_BYTES + 12];
    memcpy(header, prev_hash, TW_SHA256_BYTES);
    put_le(header + TW_SHA256_BYTES, first_seq, 8);
    put_le(header + TW_SHA256_BYTES + 8, n, 4);
    tw_sha256_two(header, sizeof(header), payload, payload_bytes, out);
}

tw_status tw_journal_append_check(const tw_str *facts, size_t n, tw_err *err)
{
    if (n == 0)
        return tw_fail(err, TW_INVALID, "an append without facts");
    if (n > TW_COMMIT_MAX_FACTS)
        return tw_fail(err, TW_LIMIT, "more than %d facts in one append", TW_COMMIT_MAX_FACTS);
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        if (facts[i].bytes == 0)
            return tw_fail(err, TW_INVALID, "fact %zu of the append is empty", i + 1);
        bytes += TW_MIN(facts[i].bytes, (size_t)TW_BLOCK_MAX_BYTES + 1);
    }
    if (bytes > TW_BLOCK_MAX_BYTES)
        return tw_fail(err, TW_LIMIT, "an append of more than %d bytes", TW_BLOCK_MAX_BYTES);
    return TW_OK;
}

bool tw_journal_check_block(tw_journal_check *check, const tw_block *block)
{
    uint64_t due = check->head.seq + 1;
    const char *fault = NULL;
    uint8_t hash[TW_SHA256_BYTES];
    tw_block_hash(check->head.hash, block->first_seq, block->n, block->ends, block->payload_bytes,
                  hash);
    if (block->first_seq != due)
        fault = "the block that starts there is missing";
    else if (memcmp(block->prev_hash, check->head.hash, TW_SHA256_BYTES) != 0)
        fault = "the block does not continue the one before";
    else if (memcmp(block->hash, hash, TW_SHA256_BYTES) != 0)
        fault = "the content of the block does not match its hash";
    if (fault) {
        check->broken_seq = due;
        snprintf(check->sentence, sizeof(check->sentence), "The chain breaks at fact %llu: %s.",
                 (unsigned long long)due, fault);
        return false;
    }
    check->block_n++;
    check->fact_n += block->n;
    check->head.seq = block->first_seq + block->n - 1;
    memcpy(check->head.hash, hash, TW_SHA256_BYTES);
    return true;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

bool tw_files_name_is_valid(const char *name)
{
    size_t bytes = strlen(name);
    if (bytes == 0 || bytes >= TW_FILES_NAME_BYTES)
        return false;
    if (tw_str_ends((tw_str){name, bytes}, TW_STR(".tmp")))
        return false;
    char before = '/';
    for (size_t i = 0; i < bytes; i++) {
        char c = name[i];
        if (c == '/' ? before == '/' : !is_name_char(c) || (before == '/' && c == '.'))
            return false;
        before = c;
    }
    return before != '/';
}
