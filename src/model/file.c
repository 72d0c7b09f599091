// SPDX-License-Identifier: Apache-2.0
//
// Writing and loading of model files; offsets in docs/formats/model.md. Loading goes from the
// outside in: magic, version, length, table, hash of each section, hash of the whole, then what the
// sections say. Nothing is allocated for a claim that the bytes do not back.
#include "model/file.h"

#include <stdatomic.h>

#include "base/limits.h"

#define FORMAT_VERSION 1
#define MAGIC_TEXT "TWMODEL1"
#define MAGIC_BYTES 8
#define HEADER_BYTES 64
#define DIGEST_AT 24
#define DIGEST_END (DIGEST_AT + TW_SHA256_BYTES)
#define ENTRY_BYTES 48
#define NAME_BYTES 16
#define FLAG_CRITICAL 1u // a reader that does not know the section must refuse the file

// In the order of writing. The curves are the sections CURVES + tw_model_curve_kind.
typedef enum section_kind {
    FEATURES,
    METADATA,
    IFOREST,
    REQUIRED_N, // the sections above are in every file
    GBTREES = REQUIRED_N,
    CURVES,
    REFERENCE = CURVES + TW_MODEL_CURVE_N,
    SECTION_N
} section_kind;

static const struct {
    const char *name;
    uint32_t flags;
} section_rows[SECTION_N] = {
    [FEATURES] = {"FEATURES", FLAG_CRITICAL},
    [METADATA] = {"METADATA", 0},
    [IFOREST] = {"IFOREST", FLAG_CRITICAL},
    [GBTREES] = {"GBTREES", FLAG_CRITICAL},
#define X(name, section) [CURVES + TW_MODEL_##name] = {section, FLAG_CRITICAL},
    TW_MODEL_CURVES(X)
#undef X
        [REFERENCE] = {"REFERENCE", 0},
};

struct tw_model {
    const tw_alloc *alloc;
    atomic_size_t refs;
    uint8_t *bytes_own; // the file; names, metadata and digest are views into it
    size_t bytes_n;
    uint64_t catalogue_hash;
    tw_str *names_own; // [features_n]
    size_t features_n;
    tw_str metadata, reference;
    tw_iforest *iforest_own;
    tw_gbt *gbt_own;         // NULL = no classifier
    tw_str *input_names_own; // [inputs_n]
    size_t inputs_n;
    tw_curve *curves_own[TW_MODEL_CURVE_N]; // NULL = none
};

static const uint8_t magic[MAGIC_BYTES] = MAGIC_TEXT; // without the string's zero

static size_t align8(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

// --- writing ---

static bool is_name_good(tw_str name)
{
    return name.bytes >= 1 && name.bytes <= TW_MODEL_FEATURE_MAX_BYTES && tw_str_is_utf8(name);
}

// Index of the first name that is bad or equals an earlier one, or n.
static size_t find_bad_name(const tw_str *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_name_good(names[i]))
            return i;
        for (size_t k = 0; k < i; k++)
            if (tw_str_equal(names[i], names[k]))
                return i;
    }
    return n;
}

// What is wrong with the curves of a model with or without a classifier, or NULL. A calibration
// alone is what files without a classifier may carry: it belongs to the outlier score then.
static const char *curves_fault(const tw_curve *const *curves, bool has_classifier)
{
    const tw_curve *lift = curves[TW_MODEL_LIFT], *pattern = curves[TW_MODEL_PATTERN];
    if (!has_classifier)
        return lift || pattern ? "it has curves of a classifier, but no classifier" : NULL;
    if (!curves[TW_MODEL_PROBABILITY] || !lift || !pattern)
        return "it has a classifier without its curves";
    double x = 0.0, y = 0.0, before = 0.0;
    tw_curve_knot(lift, 0, &x, &y);
    if (!(y > 0.0))
        return "its lift is not above 0 everywhere";
    for (size_t i = 0; i < tw_curve_knots_n(pattern); i++, before = y) {
        tw_curve_knot(pattern, i, &x, &y);
        if (i > 0 && !(y > before))
            return "its curve of patterns does not ascend strictly";
    }
    return NULL;
}

static tw_status check_classifier(const tw_model_parts *parts, tw_err *err)
{
    const char *fault = curves_fault(parts->curves, parts->gbt != NULL);
    if (fault)
        return tw_fail(err, TW_INVALID, "the model cannot be saved: %s", fault);
    if (!parts->gbt)
        return TW_OK;
    size_t n = tw_gbt_inputs_n(parts->gbt), bad = find_bad_name(parts->input_names, n);
    if (bad < n)
        return tw_fail(err, TW_INVALID,
                       "input name %zu is empty, too long, not text, or a repetition", bad);
    return TW_OK;
}

static tw_status check_parts(const tw_model_parts *parts, tw_err *err)
{
    if (!parts->iforest)
        return tw_fail(err, TW_INVALID, "a model file needs an isolation forest");
    size_t forest_n = tw_iforest_features_n(parts->iforest);
    if (parts->features_n != forest_n)
        return tw_fail(err, TW_INVALID, "%zu feature names for a forest of %zu features",
                       parts->features_n, forest_n);
    size_t bad = find_bad_name(parts->feature_names, parts->features_n);
    if (bad < parts->features_n)
        return tw_fail(err, TW_INVALID,
                       "feature name %zu is empty, too long, not text, or a repetition", bad);
    if (parts->metadata.bytes > TW_MODEL_METADATA_MAX_BYTES || !tw_str_is_utf8(parts->metadata))
        return tw_fail(err, TW_INVALID, "the metadata is not UTF-8 text of at most 1 MiB");
    if (parts->reference.bytes > TW_MODEL_REFERENCE_MAX_BYTES)
        return tw_fail(err, TW_INVALID, "the reference is longer than 512 KiB");
    return check_classifier(parts, err);
}

static void put_names(const tw_str *names, size_t n, tw_buf *buf)
{
    tw_buf_u32(buf, (uint32_t)n);
    tw_buf_u32(buf, 0);
    for (size_t i = 0; i < n; i++) {
        tw_buf_u16(buf, (uint16_t)names[i].bytes);
        tw_buf_str(buf, names[i]);
    }
}

static void put_section(const tw_model_parts *parts, section_kind kind, tw_buf *buf)
{
    if (kind >= CURVES && kind < REFERENCE) {
        tw_curve_write(parts->curves[kind - CURVES], buf);
    } else if (kind == FEATURES) {
        tw_buf_u64(buf, parts->catalogue_hash);
        put_names(parts->feature_names, parts->features_n, buf);
    } else if (kind == METADATA) {
        tw_buf_str(buf, parts->metadata);
    } else if (kind == IFOREST) {
        tw_iforest_write(parts->iforest, buf);
    } else if (kind == GBTREES) {
        put_names(parts->input_names, tw_gbt_inputs_n(parts->gbt), buf);
        tw_gbt_write(parts->gbt, buf);
    } else if (kind == REFERENCE) {
        tw_buf_str(buf, parts->reference);
    }
}

static bool has_section(const tw_model_parts *parts, section_kind kind)
{
    if (kind >= CURVES && kind < REFERENCE)
        return parts->curves[kind - CURVES] != NULL;
    if (kind == GBTREES)
        return parts->gbt != NULL;
    return kind != REFERENCE || parts->reference.bytes > 0;
}

static void put_zeros(tw_buf *buf, size_t n)
{
    for (size_t i = 0; i < n; i++)
        tw_buf_u8(buf, 0);
}

static void patch_u64(uint8_t *at, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

static void patch_u32(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

static void patch_entry(tw_buf *buf, size_t entry, section_kind kind, size_t offset, size_t bytes)
{
    uint8_t *at = buf->data_own + HEADER_BYTES + entry * ENTRY_BYTES;
    memcpy(at, section_rows[kind].name, strlen(section_rows[kind].name));
    patch_u64(at + 16, offset);
    patch_u64(at + 24, bytes);
    patch_u64(at + 32, tw_hash64(buf->data_own + offset, bytes, 0));
    patch_u32(at + 40, section_rows[kind].flags);
}

tw_status tw_model_save(const tw_model_parts *parts, tw_buf *buf, tw_err *err)
{
    TW_CHECK(buf->bytes == 0);
    TW_TRY(check_parts(parts, err));
    uint32_t sections_n = 0, entry = 0;
    for (section_kind kind = FEATURES; kind < SECTION_N; kind++)
        sections_n += has_section(parts, kind);
    tw_buf_put(buf, magic, MAGIC_BYTES);
    put_zeros(buf, HEADER_BYTES - MAGIC_BYTES + sections_n * (size_t)ENTRY_BYTES);
    for (section_kind kind = FEATURES; kind < SECTION_N && buf->status == TW_OK; kind++) {
        if (!has_section(parts, kind))
            continue;
        size_t offset = buf->bytes;
        put_section(parts, kind, buf);
        size_t bytes = buf->bytes - offset;
        put_zeros(buf, align8(bytes) - bytes);
        if (buf->status == TW_OK)
            patch_entry(buf, entry++, kind, offset, bytes);
    }
    if (buf->status != TW_OK)
        return tw_fail(err, buf->status, "the model file does not fit in memory or its limit");
    uint8_t *head = buf->data_own;
    patch_u32(head + 8, FORMAT_VERSION);
    patch_u32(head + 12, sections_n);
    patch_u64(head + 16, buf->bytes);
    tw_sha256_two(head, DIGEST_AT, head + DIGEST_END, buf->bytes - DIGEST_END, head + DIGEST_AT);
    return TW_OK;
}

// --- loading ---

typedef struct section {
    const uint8_t *data; // NULL = absent
    size_t bytes;
} section;

static tw_status check_header(const uint8_t *data, size_t bytes, uint32_t *sections_n, tw_err *err)
{
    if (bytes == 0)
        return tw_fail(err, TW_SYNTAX, "the model file is empty");
    if (memcmp(data, magic, TW_MIN(bytes, (size_t)MAGIC_BYTES)) != 0)
        return tw_fail(err, TW_SYNTAX, "not a model file (it does not begin with " MAGIC_TEXT ")");
    if (bytes < HEADER_BYTES)
        return tw_fail(err, TW_CORRUPT, "the model file is truncated: it ends after %zu bytes",
                       bytes);
    tw_reader reader;
    tw_reader_init(&reader, data + MAGIC_BYTES, bytes - MAGIC_BYTES);
    uint32_t version = tw_read_u32(&reader);
    *sections_n = tw_read_u32(&reader);
    uint64_t file_bytes = tw_read_u64(&reader);
    if (version != FORMAT_VERSION)
        return tw_fail(err, TW_UNSUPPORTED, "the model file has version %u; this program reads %d",
                       version, FORMAT_VERSION);
    if (file_bytes > TW_MODEL_MAX_BYTES)
        return tw_fail(err, TW_LIMIT, "the model file claims %llu bytes; the limit is %d",
                       (unsigned long long)file_bytes, TW_MODEL_MAX_BYTES);
    if (bytes < file_bytes)
        return tw_fail(err, TW_CORRUPT, "the model file is truncated: %zu of %llu bytes", bytes,
                       (unsigned long long)file_bytes);
    if (bytes > file_bytes)
        return tw_fail(err, TW_CORRUPT, "the model file has %llu bytes after its end",
                       (unsigned long long)(bytes - file_bytes));
    if (*sections_n < 1 || *sections_n > TW_MODEL_SECTIONS_MAX ||
        bytes < HEADER_BYTES + *sections_n * (size_t)ENTRY_BYTES)
        return tw_fail(err, TW_CORRUPT, "the model file claims %u sections", *sections_n);
    return TW_OK;
}

static section_kind find_kind(const uint8_t *name)
{
    section_kind kind = FEATURES;
    while (kind < SECTION_N &&
           strncmp((const char *)name, section_rows[kind].name, NAME_BYTES) != 0)
        kind++;
    return kind;
}

// Checks one entry of the table; *next is where its section must begin, and is moved behind it.
static tw_status read_entry(const uint8_t *data, size_t bytes, size_t entry, size_t *next,
                            section sections[SECTION_N], tw_err *err)
{
    const uint8_t *name = data + HEADER_BYTES + entry * ENTRY_BYTES;
    tw_reader reader;
    tw_reader_init(&reader, name + NAME_BYTES, ENTRY_BYTES - NAME_BYTES);
    uint64_t offset = tw_read_u64(&reader), section_bytes = tw_read_u64(&reader);
    uint64_t hash = tw_read_u64(&reader);
    uint32_t flags = tw_read_u32(&reader);
    for (size_t i = 0; i < NAME_BYTES; i++)
        if (name[i] != 0 && (name[i] < 'A' || name[i] > 'Z') && (name[i] < '0' || name[i] > '9'))
            return tw_fail(err, TW_CORRUPT, "section %zu of the model file has no proper name",
                           entry);
    if (offset != *next || section_bytes > bytes - offset ||
        align8((size_t)section_bytes) > bytes - offset)
        return tw_fail(err, TW_CORRUPT, "section %.16s of the model file lies outside the file",
                       (const char *)name);
    *next += align8((size_t)section_bytes);
    if (tw_hash64(data + offset, (size_t)section_bytes, 0) != hash)
        return tw_fail(err, TW_CORRUPT, "section %.16s of the model file is damaged",
                       (const char *)name);
    section_kind kind = find_kind(name);
    if (kind == SECTION_N)
        return flags & FLAG_CRITICAL
                   ? tw_fail(err, TW_UNSUPPORTED,
                             "the model file needs a newer program: it has a section %.16s",
                             (const char *)name)
                   : TW_OK;
    if (sections[kind].data)
        return tw_fail(err, TW_CORRUPT, "section %s of the model file occurs twice",
                       section_rows[kind].name);
    sections[kind] = (section){data + offset, (size_t)section_bytes};
    return TW_OK;
}

static tw_status read_table(const uint8_t *data, size_t bytes, uint32_t sections_n,
                            section sections[SECTION_N], tw_err *err)
{
    size_t next = HEADER_BYTES + sections_n * (size_t)ENTRY_BYTES;
    for (uint32_t k = 0; k < sections_n; k++)
        TW_TRY(read_entry(data, bytes, k, &next, sections, err));
    uint8_t digest[TW_SHA256_BYTES];
    tw_sha256_two(data, DIGEST_AT, data + DIGEST_END, bytes - DIGEST_END, digest);
    if (next != bytes || memcmp(digest, data + DIGEST_AT, sizeof(digest)) != 0)
        return tw_fail(err, TW_CORRUPT, "the model file is damaged: its hash does not match");
    for (section_kind kind = FEATURES; kind < REQUIRED_N; kind++)
        if (!sections[kind].data)
            return tw_fail(err, TW_CORRUPT, "the model file has no section %s",
                           section_rows[kind].name);
    return TW_OK;
}

// Reads a list of 1 to max names; they are views into the file. On failure *out is NULL or an array
// of *n.
static tw_status read_names(const tw_model *model, tw_reader *reader, size_t max, const char *what,
                            tw_str **out, size_t *n, tw_err *err)
{
    size_t names_n = tw_read_u32(reader);
    tw_read_u32(reader);
    if (reader->status != TW_OK || names_n < 1 || names_n > max)
        return tw_fail(err, TW_CORRUPT, "the model file claims %zu %ss", names_n, what);
    *out = tw_new_array(model->alloc, names_n, sizeof(tw_str));
    if (!*out)
        return tw_fail(err, TW_NO_MEMORY, "out of memory for a model");
    *n = names_n;
    for (size_t i = 0; i < names_n; i++) {
        size_t name_bytes = tw_read_u16(reader);
        const uint8_t *name = tw_read_bytes(reader, name_bytes);
        (*out)[i] = (tw_str){(const char *)name, name ? name_bytes : 0};
    }
    if (reader->status != TW_OK || find_bad_name(*out, names_n) < names_n)
        return tw_fail(err, TW_CORRUPT, "the %s names of the model file are damaged", what);
    return TW_OK;
}

static tw_status load_features(tw_model *model, section s, tw_err *err)
{
    tw_reader reader;
    tw_reader_init(&reader, s.data, s.bytes);
    model->catalogue_hash = tw_read_u64(&reader);
    TW_TRY(read_names(model, &reader, TW_IFOREST_FEATURES_MAX, "feature", &model->names_own,
                      &model->features_n, err));
    if (tw_reader_left(&reader) != 0)
        return tw_fail(err, TW_CORRUPT, "the feature names of the model file are damaged");
    return TW_OK;
}

static tw_status load_classifier(tw_model *model, section s, tw_err *err)
{
    if (!s.data)
        return TW_OK;
    tw_reader reader;
    tw_reader_init(&reader, s.data, s.bytes);
    TW_TRY(read_names(model, &reader, TW_GBT_INPUTS_MAX, "input", &model->input_names_own,
                      &model->inputs_n, err));
    TW_TRY(tw_gbt_read(model->alloc, reader.at, tw_reader_left(&reader), &model->gbt_own, err));
    if (tw_gbt_inputs_n(model->gbt_own) != model->inputs_n)
        return tw_fail(err, TW_CORRUPT, "the model file names %zu inputs for boosted trees of %zu",
                       model->inputs_n, tw_gbt_inputs_n(model->gbt_own));
    return TW_OK;
}

static tw_status load_curves(tw_model *model, const section *sections, tw_err *err)
{
    for (int kind = 0; kind < TW_MODEL_CURVE_N; kind++) {
        if (!sections[kind].data)
            continue;
        tw_reader reader;
        tw_reader_init(&reader, sections[kind].data, sections[kind].bytes);
        TW_TRY(tw_curve_read(model->alloc, &reader, &model->curves_own[kind], err));
        if (tw_reader_left(&reader) != 0)
            return tw_fail(err, TW_CORRUPT, "section %s of the model file has bytes left over",
                           section_rows[CURVES + kind].name);
    }
    const char *fault = curves_fault((const tw_curve *const *)model->curves_own, model->gbt_own);
    return fault ? tw_fail(err, TW_CORRUPT, "the model file is damaged: %s", fault) : TW_OK;
}

static tw_status load_sections(tw_model *model, const section sections[SECTION_N], tw_err *err)
{
    TW_TRY(load_features(model, sections[FEATURES], err));
    model->metadata = (tw_str){(const char *)sections[METADATA].data, sections[METADATA].bytes};
    if (model->metadata.bytes > TW_MODEL_METADATA_MAX_BYTES || !tw_str_is_utf8(model->metadata))
        return tw_fail(err, TW_CORRUPT, "the metadata of the model file is not text");
    TW_TRY(tw_iforest_read(model->alloc, sections[IFOREST].data, sections[IFOREST].bytes,
                           &model->iforest_own, err));
    if (tw_iforest_features_n(model->iforest_own) != model->features_n)
        return tw_fail(err, TW_CORRUPT, "the model file names %zu features for a forest of %zu",
                       model->features_n, tw_iforest_features_n(model->iforest_own));
    model->reference = (tw_str){(const char *)sections[REFERENCE].data, sections[REFERENCE].bytes};
    if (model->reference.bytes > TW_MODEL_REFERENCE_MAX_BYTES)
        return tw_fail(err, TW_CORRUPT, "the reference of the model file is too long");
    TW_TRY(load_classifier(model, sections[GBTREES], err));
    return load_curves(model, sections + CURVES, err);
}

tw_status tw_model_load(const tw_alloc *alloc, const void *data, size_t bytes, tw_model **out,
                        tw_err *err)
{
    *out = NULL;
    uint32_t sections_n = 0;
    TW_TRY(check_header(data, bytes, &sections_n, err));
    tw_model *model = tw_new(alloc, tw_model);
    if (!model)
        return tw_fail(err, TW_NO_MEMORY, "out of memory for a model");
    model->alloc = alloc;
    atomic_init(&model->refs, 1);
    model->bytes_own = tw_new_array(alloc, bytes, 1);
    if (!model->bytes_own) {
        tw_delete(alloc, model);
        return tw_fail(err, TW_NO_MEMORY, "out of memory for a model of %zu bytes", bytes);
    }
    model->bytes_n = bytes;
    memcpy(model->bytes_own, data, bytes);
    section sections[SECTION_N] = {{NULL, 0}};
    tw_status status = read_table(model->bytes_own, bytes, sections_n, sections, err);
    if (status == TW_OK)
        status = load_sections(model, sections, err);
    if (status != TW_OK)
        tw_model_unref(model);
    else
        *out = model;
    return status;
}

tw_status tw_model_new(const tw_alloc *alloc, const tw_model_parts *parts, tw_model **out,
                       tw_err *err)
{
    *out = NULL;
    tw_buf buf;
    tw_buf_init(&buf, alloc, TW_MODEL_MAX_BYTES);
    tw_status status = tw_model_save(parts, &buf, err);
    if (status == TW_OK)
        status = tw_model_load(alloc, buf.data_own, buf.bytes, out, err);
    tw_buf_release(&buf);
    return status;
}

tw_model *tw_model_ref(tw_model *model)
{
    size_t before = atomic_fetch_add_explicit(&model->refs, 1, memory_order_relaxed);
    TW_CHECK(before >= 1);
    return model;
}

void tw_model_unref(tw_model *model)
{
    if (!model || atomic_fetch_sub_explicit(&model->refs, 1, memory_order_acq_rel) != 1)
        return;
    tw_iforest_free(model->iforest_own);
    tw_gbt_free(model->gbt_own);
    for (int kind = 0; kind < TW_MODEL_CURVE_N; kind++)
        tw_curve_free(model->curves_own[kind]);
    tw_free_array(model->alloc, model->input_names_own, model->inputs_n, sizeof(tw_str));
    tw_free_array(model->alloc, model->names_own, model->features_n, sizeof(tw_str));
    tw_free_array(model->alloc, model->bytes_own, model->bytes_n, 1);
    tw_delete(model->alloc, model);
}

size_t tw_model_features_n(const tw_model *model)
{
    return model->features_n;
}

tw_str tw_model_feature_name(const tw_model *model, size_t feature_idx)
{
    TW_CHECK(feature_idx < model->features_n);
    return model->names_own[feature_idx];
}

uint64_t tw_model_catalogue_hash(const tw_model *model)
{
    return model->catalogue_hash;
}
tw_str tw_model_metadata(const tw_model *model)
{
    return model->metadata;
}
const tw_iforest *tw_model_iforest(const tw_model *model)
{
    return model->iforest_own;
}
const tw_gbt *tw_model_gbt(const tw_model *model)
{
    return model->gbt_own;
}

tw_str tw_model_input_name(const tw_model *model, size_t input_idx)
{
    TW_CHECK(input_idx < model->inputs_n);
    return model->input_names_own[input_idx];
}

const tw_curve *tw_model_curve(const tw_model *model, tw_model_curve_kind kind)
{
    TW_CHECK((unsigned)kind < TW_MODEL_CURVE_N);
    return model->curves_own[kind];
}

tw_str tw_model_reference(const tw_model *model)
{
    return model->reference;
}

tw_str tw_model_bytes(const tw_model *model)
{
    return (tw_str){(const char *)model->bytes_own, model->bytes_n};
}

const uint8_t *tw_model_digest(const tw_model *model)
{
    return model->bytes_own + DIGEST_AT;
}
