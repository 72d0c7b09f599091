// SPDX-License-Identifier: Apache-2.0
//
// Replies for those who may not see names: ids of employees, cards and customers are replaced by
// pseudonyms, wherever they stand. What an id is, is told by the members that hold ids, and by
// whoever knows the ids; a member that says "employee 17" makes 17 one in its whole reply.
//
// In sentences ids are whole words: E1 is not found in E12 or in SE1. A number of up to three
// digits counts as an id only behind a word such as "employee" or "card", so that counts stay
// counts.
//
// Thread-safety: pure functions; the source decides for its own.
#ifndef TW_HTTP_PSEUDONYM_H
#define TW_HTTP_PSEUDONYM_H

#include <yyjson.h>

#include "base/arena.h"
#include "base/str.h"

#define TW_ALIAS_EMPLOYEE 'E'
#define TW_ALIAS_CARD 'K'
#define TW_ALIAS_CUSTOMER 'P'

typedef struct tw_alias_source {
    // kinds[i] of words[i]: one of the above, or 0 when it is no known id.
    tw_status (*known)(void *ctx, const tw_str *words, size_t n, char *kinds);
    // Pseudonyms of n ids; they live as long as the document.
    tw_status (*aliases)(void *ctx, const char *kinds, const tw_str *ids, size_t n, tw_str *out);
    void *ctx;
    // Ids that the caller asked by: such wherever they stand in the reply.
    const tw_str *told;
    const char *told_kinds;
    size_t told_n;
} tw_alias_source;

// Replaces ids in all strings of the document but the keys. Strings of the result live in the arena
// or are the source's. TW_NO_MEMORY, or what the source gave: the document must not be sent then.
tw_status tw_pseudonymise(yyjson_mut_doc *doc, const tw_alias_source *source,
                          tw_arena *arena) TW_MUST_CHECK;

// Is this the form of a pseudonym: a letter of the above, "-", and 8 to 16 digits of lower-case
// hex?
bool tw_alias_is_one(tw_str word);
// What a pseudonym stands for; false when it is none of ours.
typedef bool tw_alias_resolve(void *ctx, tw_str alias, tw_str *id);
// The text with its pseudonyms resolved; the same text when it has none. TW_NO_MEMORY.
tw_status tw_alias_text(tw_str text, tw_alias_resolve *resolve, void *ctx, tw_arena *arena,
                        tw_str *out) TW_MUST_CHECK;

#endif
