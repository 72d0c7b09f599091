// SPDX-License-Identifier: Apache-2.0
//
// yyjson in place over a copy in the caller's arena: strings of the fact are views into that copy,
// while the tree of values lives in the parser's own block and is forgotten after the record.
#include "intake/json.h"

#include "base/limits.h"
#include "json.h"

// yyjson asks for one block at a time when it parses in place. The block stays for the next record.
typedef struct block {
    const tw_alloc *alloc;
    char *at_own;
    size_t bytes;
    bool is_taken;
    bool failed;
} block;

struct tw_json_parser {
    const tw_alloc *alloc;
    twi_decoder decoder;
    tw_intake_counts counts;
    block block;
    yyjson_alc yyjson;
    twi_hints hints[TW_FACT_VERDICT + 1];
};

// Values of the largest record: 16 bytes for each byte of "[1,1,..." and some.
enum { BLOCK_MAX = 20 * TW_RECORD_MAX_BYTES };

static bool block_fit(block *b, size_t bytes)
{
    if (bytes <= b->bytes)
        return true;
    size_t grown = TW_MAX(bytes, b->bytes + b->bytes / 2);
    char *at =
        bytes <= BLOCK_MAX ? b->alloc->resize(b->alloc->ctx, b->at_own, b->bytes, grown) : NULL;
    if (!at) {
        b->failed = true;
        return false;
    }
    b->at_own = at;
    b->bytes = grown;
    return true;
}

static void *block_malloc(void *ctx, size_t bytes)
{
    block *b = ctx;
    if (b->is_taken || !block_fit(b, bytes))
        return NULL;
    b->is_taken = true;
    return b->at_own;
}

static void *block_realloc(void *ctx, void *at, size_t old_bytes, size_t bytes)
{
    block *b = ctx;
    (void)old_bytes;
    TW_CHECK(at == b->at_own);
    return block_fit(b, bytes) ? b->at_own : NULL;
}

static void block_free(void *ctx, void *at)
{
    block *b = ctx;
    (void)at;
    b->is_taken = false;
}

tw_status tw_json_parser_new(const tw_alloc *alloc, const tw_intake_options *options,
                             tw_json_parser **out)
{
    *out = NULL;
    tw_json_parser *parser = tw_new(alloc, tw_json_parser);
    if (!parser)
        return TW_NO_MEMORY;
    parser->alloc = alloc;
    parser->block.alloc = alloc;
    parser->yyjson = (yyjson_alc){block_malloc, block_realloc, block_free, &parser->block};
    parser->decoder.options = options;
    parser->decoder.counts = &parser->counts;
    parser->decoder.node = twi_json_node;
    *out = parser;
    return TW_OK;
}

void tw_json_parser_free(tw_json_parser *parser)
{
    if (!parser)
        return;
    tw_free_array(parser->alloc, parser->block.at_own, parser->block.bytes, 1);
    tw_delete(parser->alloc, parser);
}

const tw_intake_counts *tw_json_parser_counts(const tw_json_parser *parser)
{
    return &parser->counts;
}

// --- one object ----------------------------------------------------------------------------------

static void draft_value(twi_draft *draft, unsigned field, yyjson_val *value)
{
    draft->given |= UINT64_C(1) << field;
    switch (unsafe_yyjson_get_type(value)) {
    case YYJSON_TYPE_STR:
        draft->kind[field] = TWI_STRING;
        draft->text[field] = (tw_str){unsafe_yyjson_get_str(value), unsafe_yyjson_get_len(value)};
        break;
    case YYJSON_TYPE_RAW:
        draft->kind[field] = TWI_NUMBER;
        draft->text[field] = (tw_str){unsafe_yyjson_get_raw(value), unsafe_yyjson_get_len(value)};
        break;
    case YYJSON_TYPE_BOOL:
        draft->kind[field] = unsafe_yyjson_get_bool(value) ? TWI_TRUE : TWI_FALSE;
        draft->text[field] = unsafe_yyjson_get_bool(value) ? TW_STR("true") : TW_STR("false");
        break;
    case YYJSON_TYPE_ARR:
    case YYJSON_TYPE_OBJ:
        draft->kind[field] = TWI_NODE;
        draft->node[field] = value;
        draft->text[field] = TW_STR("[...]");
        break;
    default: // null
        draft->given &= ~(UINT64_C(1) << field);
        break;
    }
}

static unsigned find_hinted(const twi_schema *schema, twi_hints *hints, size_t place, tw_str name)
{
    if (place >= TWI_HINTS)
        return twi_field_find(schema, name);
    unsigned field = hints->field[place];
    if (TW_LIKELY(field < schema->n && twi_same_name(schema->fields[field].name, name)))
        return field;
    field = twi_field_find(schema, name);
    hints->field[place] = (uint8_t)field;
    return field;
}

tw_status twi_object_draft(twi_decoder *d, const twi_schema *schema, twi_hints *hints,
                           yyjson_val *object, twi_draft *draft)
{
    uint64_t seen = 0;
    size_t place = 0;
    yyjson_obj_iter iter;
    yyjson_val *key;
    draft->given = 0;
    memset(draft->kind, 0, sizeof(draft->kind));
    yyjson_obj_iter_init(object, &iter);
    while ((key = yyjson_obj_iter_next(&iter)) != NULL) {
        tw_str name = {unsafe_yyjson_get_str(key), unsafe_yyjson_get_len(key)};
        unsigned field = find_hinted(schema, hints, place++, name);
        if (TW_UNLIKELY(field == TWI_NO_FIELD)) {
            d->counts->unknown_members++;
            continue;
        }
        if (TW_UNLIKELY(seen >> field & 1))
            return twi_reject_repeated(d, schema->fields[field].name);
        seen |= UINT64_C(1) << field;
        draft_value(draft, field, yyjson_obj_iter_get_val(key));
    }
    return TW_OK;
}

// --- one record
// ------------------------------------------------------------------------------------

static tw_fact_kind kind_of(yyjson_val *root)
{
    static const struct {
        const char *member;
        tw_fact_kind kind;
    } marks[] = {{"transaction_total", TW_FACT_TRANSACTION},
                 {"movement_id", TW_FACT_MOVEMENT},
                 {"event_id", TW_FACT_SHIFT},
                 {"verdict", TW_FACT_VERDICT},
                 {"fraud", TW_FACT_VERDICT}};
    for (size_t i = 0; i < TW_COUNT(marks); i++) {
        if (yyjson_obj_get(root, marks[i].member))
            return marks[i].kind;
    }
    return TW_FACT_TRANSACTION;
}

static tw_status reject_syntax(tw_problem *problem, const yyjson_read_err *error, tw_str record)
{
    if (error->code == YYJSON_READ_ERROR_INVALID_STRING && !tw_str_is_utf8(record))
        return twi_reject(problem, TW_PROBLEM_UTF8, "",
                          "the text at byte %zu is not valid UTF-8; send UTF-8 without control "
                          "characters",
                          error->pos + 1);
    return twi_reject(problem, TW_PROBLEM_SYNTAX, "", "not valid JSON at byte %zu: %s",
                      error->pos + 1, error->msg);
}

static tw_status parse_tree(tw_json_parser *parser, tw_fact_kind kind, yyjson_doc *doc,
                            tw_fact *out)
{
    twi_draft draft;
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (!yyjson_is_obj(root))
        return twi_reject(parser->decoder.problem, TW_PROBLEM_SYNTAX, "",
                          "a record must be a JSON object");
    if (kind == 0)
        kind = kind_of(root);
    const twi_schema *schema = twi_schema_of(kind);
    TW_CHECK(schema);
    parser->decoder.part = NULL;
    TW_TRY(twi_object_draft(&parser->decoder, schema, &parser->hints[kind], root, &draft));
    return twi_decode(&parser->decoder, kind, &draft, out);
}

static tw_status parse(tw_json_parser *parser, tw_str record, tw_fact_kind kind, tw_fact *out)
{
    twi_decoder *d = &parser->decoder;
    yyjson_read_err error = {0};
    if (record.bytes > TW_RECORD_MAX_BYTES)
        return twi_reject(d->problem, TW_PROBLEM_LENGTH, "",
                          "the record has %zu bytes; at most %d are allowed", record.bytes,
                          TW_RECORD_MAX_BYTES);
    char *copy = tw_arena_take(d->arena, record.bytes + YYJSON_PADDING_SIZE);
    if (!copy)
        return TW_NO_MEMORY;
    if (record.bytes)
        memcpy(copy, record.at, record.bytes);
    memset(copy + record.bytes, 0, YYJSON_PADDING_SIZE);
    parser->block.failed = false;
    yyjson_doc *doc =
        yyjson_read_opts(copy, record.bytes, YYJSON_READ_INSITU | YYJSON_READ_NUMBER_AS_RAW,
                         &parser->yyjson, &error);
    if (!doc)
        return parser->block.failed ? TW_NO_MEMORY : reject_syntax(d->problem, &error, record);
    tw_status status = parse_tree(parser, kind, doc, out);
    yyjson_doc_free(doc);
    return status;
}

tw_status tw_json_parse(tw_json_parser *parser, tw_str record, tw_fact_kind kind, tw_arena *arena,
                        tw_fact *out, tw_problem *problem)
{
    parser->decoder.arena = arena;
    parser->decoder.problem = problem;
    tw_status status = parse(parser, record, kind, out);
    if (TW_LIKELY(status == TW_OK)) {
        parser->counts.records++;
        parser->counts.accepted++;
        return TW_OK;
    }
    memset(out, 0, sizeof(*out));
    return status == TW_INVALID ? twi_dead_letter(arena, record, &parser->counts, problem) : status;
}

bool tw_ndjson_next(tw_str *rest, uint64_t *line, tw_str *record)
{
    while (rest->bytes) {
        const char *end = memchr(rest->at, '\n', rest->bytes);
        size_t bytes = end ? (size_t)(end - rest->at) : rest->bytes;
        size_t used = end ? bytes + 1 : bytes;
        *record = tw_str_trim((tw_str){rest->at, bytes});
        rest->at += used;
        rest->bytes -= used;
        ++*line;
        if (record->bytes)
            return true;
    }
    return false;
}
