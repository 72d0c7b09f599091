// SPDX-License-Identifier: Apache-2.0
//
// tillwatch.yaml through libcyaml: what the schema does not know is an error that names it.
#include "place_config.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "retail/money.h"

#define TRAIN_MINUTE (3 * 60 + 30)
#define TRAIN_DAYS 90

typedef struct train_document {
    char *time, *zone;
    bool *enabled; // NULL = not said
    uint16_t days; // 0 = not said
} train_document;

typedef struct mail_document {
    char *url, *from, *user, *password_file, *ca_file, *tls;
} mail_document;

typedef struct document {
    char *zone, *currency;
    train_document *train;
    mail_document *mail;
    char *public_url;
    bool *trust_proxy; // NULL = not said
    twi_oidc_config *oidc;
    tw_drift_limits *watch; // 0 = not said
    twi_store_config *stores;
    unsigned stores_count;
} document;

static const cyaml_schema_field_t train_fields[] = {
    CYAML_FIELD_STRING_PTR("time", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, train_document, time,
                           4, 5),
    CYAML_FIELD_STRING_PTR("zone", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, train_document, zone,
                           1, TW_ID_MAX_BYTES),
    CYAML_FIELD_BOOL_PTR("enabled", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, train_document,
                         enabled),
    CYAML_FIELD_UINT("days", CYAML_FLAG_OPTIONAL, train_document, days),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t mail_fields[] = {
    CYAML_FIELD_STRING_PTR("url", CYAML_FLAG_POINTER, mail_document, url, 8, 256),
    CYAML_FIELD_STRING_PTR("from", CYAML_FLAG_POINTER, mail_document, from, 3, 254),
    CYAML_FIELD_STRING_PTR("user", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, mail_document, user, 1,
                           254),
    CYAML_FIELD_STRING_PTR("password_file", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, mail_document,
                           password_file, 1, 1000),
    CYAML_FIELD_STRING_PTR("ca_file", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, mail_document,
                           ca_file, 1, 1000),
    CYAML_FIELD_STRING_PTR("tls", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, mail_document, tls, 4,
                           8),
    CYAML_FIELD_END,
};
#define X(name, value, title) CYAML_FIELD_FLOAT(#name, CYAML_FLAG_OPTIONAL, tw_drift_limits, name),
static const cyaml_schema_field_t watch_fields[] = {TW_DRIFT_LIMITS(X) CYAML_FIELD_END};
#undef X

static const cyaml_schema_field_t store_fields[] = {
    CYAML_FIELD_STRING_PTR("store_id", CYAML_FLAG_POINTER, twi_store_config, store_id, 1,
                           TW_ID_MAX_BYTES),
    CYAML_FIELD_STRING_PTR("zone", CYAML_FLAG_POINTER, twi_store_config, zone, 1, TW_ID_MAX_BYTES),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t store_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, twi_store_config, store_fields),
};
static const cyaml_schema_field_t document_fields[] = {
    CYAML_FIELD_STRING_PTR("zone", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, document, zone, 1,
                           TW_ID_MAX_BYTES),
    CYAML_FIELD_STRING_PTR("currency", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, document, currency,
                           3, 3),
    CYAML_FIELD_MAPPING_PTR("train", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, document, train,
                            train_fields),
    CYAML_FIELD_MAPPING_PTR("watch", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, document, watch,
                            watch_fields),
    CYAML_FIELD_STRING_PTR("public_url", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, document,
                           public_url, 8, 255),
    CYAML_FIELD_BOOL_PTR("trust_proxy", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, document,
                         trust_proxy),
    CYAML_FIELD_MAPPING_PTR("oidc", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, document, oidc,
                            twi_oidc_fields),
    CYAML_FIELD_MAPPING_PTR("mail", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, document, mail,
                            mail_fields),
    CYAML_FIELD_SEQUENCE("stores", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, document, stores,
                         &store_schema, 0, 100000),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t document_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, document, document_fields),
};

// The library tells what is wrong through its log: keep the first line.
static void keep_message(cyaml_log_t level, void *ctx, const char *format, va_list args)
    TW_PRINTF(3, 0);
static void keep_message(cyaml_log_t level, void *ctx, const char *format, va_list args)
{
    char *message = ctx;
    if (level >= CYAML_LOG_ERROR && message[0] == '\0')
        vsnprintf(message, 160, format, args);
    message[strcspn(message, "\n")] = '\0';
}

static int compare_stores(const void *a, const void *b)
{
    const twi_store_config *x = a, *y = b;
    return tw_str_compare(tw_str_from(x->store_id), tw_str_from(y->store_id));
}

static const cyaml_config_t *reader_config(cyaml_config_t *config, char *message)
{
    *config = (cyaml_config_t){.log_fn = keep_message,
                               .log_ctx = message,
                               .log_level = CYAML_LOG_ERROR,
                               .mem_fn = cyaml_mem};
    return config;
}

static char *copy_text(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = cyaml_mem(NULL, NULL, bytes);
    if (copy)
        memcpy(copy, text, bytes);
    return copy;
}

// "3:30", "03:30"; false when it is no time of day.
static bool read_minute(const char *text, int32_t *out)
{
    const char *colon = strchr(text, ':');
    int64_t hour, minute;
    if (!colon || !tw_str_to_i64((tw_str){text, (size_t)(colon - text)}, &hour) ||
        !tw_str_to_i64(tw_str_from(colon + 1), &minute) || strlen(colon + 1) != 2)
        return false;
    *out = (int32_t)(hour * 60 + minute);
    return hour >= 0 && hour < 24 && minute >= 0 && minute < 60;
}

static tw_status take_train(const train_document *read, twi_train_config *out, tw_err *err)
{
    *out = (twi_train_config){.is_enabled = true, .minute = TRAIN_MINUTE, .days = TRAIN_DAYS};
    if (!read)
        return TW_OK;
    if (read->enabled)
        out->is_enabled = *read->enabled;
    if (read->days > 0)
        out->days = read->days;
    if (read->time && !read_minute(read->time, &out->minute))
        return tw_fail(err, TW_INVALID, "tillwatch.yaml: train: time \"%s\" is not like 03:30",
                       read->time);
    if (read->zone) {
        out->zone = copy_text(read->zone);
        if (!out->zone)
            return tw_fail(err, TW_NO_MEMORY, "no memory for the configuration");
    }
    return TW_OK;
}

static tw_status take_mail(mail_document *read, twi_mail_config *out, tw_err *err)
{
    *out = (twi_mail_config){.url = NULL};
    if (!read)
        return TW_OK;
    if (read->tls && strcmp(read->tls, "none") != 0 && strcmp(read->tls, "required") != 0)
        return tw_fail(err, TW_INVALID, "tillwatch.yaml: mail: tls is required or none");
    // Taken over: what is moved does not go with the document.
    *out = (twi_mail_config){.url = read->url,
                             .from = read->from,
                             .user = read->user,
                             .password_file = read->password_file,
                             .ca_file = read->ca_file,
                             .is_plain = read->tls && strcmp(read->tls, "none") == 0};
    read->url = read->from = read->user = read->password_file = read->ca_file = NULL;
    return TW_OK;
}

static void free_mail_texts(char *const texts[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        cyaml_mem(NULL, texts[i], 0);
}

static tw_status take_limits(const tw_drift_limits *read, tw_drift_limits *out, tw_err *err)
{
    *out = tw_drift_limits_default();
    if (!read)
        return TW_OK;
#define X(name, value, title)                                                                      \
    if (read->name < 0)                                                                            \
        return tw_fail(err, TW_INVALID, "tillwatch.yaml: watch: %s is negative", #name);           \
    out->name = read->name > 0 ? read->name : out->name;
    TW_DRIFT_LIMITS(X)
#undef X
    return TW_OK;
}

static tw_status check_url(const char *url, tw_err *err)
{
    bool is_http = !url || strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0;
    if (is_http && (!url || url[strlen(url) - 1] != '/'))
        return TW_OK;
    return tw_fail(err, TW_INVALID,
                   "tillwatch.yaml: public_url must be like https://loss.example.com, without a "
                   "slash at its end");
}

static void free_document(document *read)
{
    if (read->train) {
        cyaml_mem(NULL, read->train->time, 0);
        cyaml_mem(NULL, read->train->zone, 0);
        cyaml_mem(NULL, read->train->enabled, 0);
    }
    cyaml_mem(NULL, read->train, 0);
    if (read->mail) {
        char *const texts[] = {read->mail->url,           read->mail->from,    read->mail->user,
                               read->mail->password_file, read->mail->ca_file, read->mail->tls};
        free_mail_texts(texts, TW_COUNT(texts));
    }
    cyaml_mem(NULL, read->mail, 0);
    cyaml_mem(NULL, read->watch, 0);
    cyaml_mem(NULL, read->trust_proxy, 0);
    cyaml_mem(NULL, read, 0);
}

tw_status twi_config_parse(tw_str yaml, twi_config *out, tw_err *err)
{
    char message[160] = "";
    cyaml_config_t config;
    document *read = NULL;
    *out = (twi_config){0};
    cyaml_err_t status =
        cyaml_load_data((const uint8_t *)yaml.at, yaml.bytes, reader_config(&config, message),
                        &document_schema, (cyaml_data_t **)&read, NULL);
    if (status != CYAML_OK)
        return tw_fail(err, TW_INVALID, "tillwatch.yaml: %s",
                       message[0] ? message : cyaml_strerror(status));
    // The document's parts are taken over one by one; the rest of it goes.
    out->zone = read->zone ? read->zone : copy_text("UTC");
    out->currency = read->currency ? read->currency : copy_text("USD");
    out->stores = read->stores;
    out->store_n = read->stores_count;
    tw_status taken = take_train(read->train, &out->train, err);
    if (taken == TW_OK)
        taken = take_limits(read->watch, &out->limits, err);
    if (taken == TW_OK)
        taken = take_mail(read->mail, &out->mail, err);
    out->public_url = read->public_url;
    out->trusts_proxy = read->trust_proxy && *read->trust_proxy;
    out->oidc = read->oidc;
    if (taken == TW_OK)
        taken = check_url(out->public_url, err);
    free_document(read);
    if (taken != TW_OK) {
        twi_config_release(out);
        return taken;
    }
    if (!out->zone || !out->currency) {
        twi_config_release(out);
        return tw_fail(err, TW_NO_MEMORY, "no memory for the configuration");
    }
    if (!tw_currency_is_valid(out->currency)) {
        tw_fail(err, TW_INVALID, "tillwatch.yaml: currency \"%s\" is not three capital letters",
                out->currency);
        twi_config_release(out);
        return TW_INVALID;
    }
    if (out->store_n > 0)
        qsort(out->stores, out->store_n, sizeof(*out->stores), compare_stores);
    return TW_OK;
}

void twi_config_release(twi_config *config)
{
    for (unsigned i = 0; i < config->store_n; i++) {
        cyaml_mem(NULL, config->stores[i].store_id, 0);
        cyaml_mem(NULL, config->stores[i].zone, 0);
    }
    cyaml_mem(NULL, config->stores, 0);
    cyaml_mem(NULL, config->zone, 0);
    cyaml_mem(NULL, config->currency, 0);
    cyaml_mem(NULL, config->train.zone, 0);
    cyaml_mem(NULL, config->public_url, 0);
    twi_oidc_config_free(config->oidc);
    char *const texts[] = {config->mail.url, config->mail.from, config->mail.user,
                           config->mail.password_file, config->mail.ca_file};
    free_mail_texts(texts, TW_COUNT(texts));
    *config = (twi_config){0};
}

tw_status twi_make_directories(const char *dir, tw_err *err)
{
    char path[4096];
    size_t bytes = strlen(dir);
    if (bytes == 0 || bytes >= sizeof(path))
        return tw_fail(err, TW_INVALID, "the path of the data directory is empty or too long");
    memcpy(path, dir, bytes + 1);
    for (size_t i = 1; i <= bytes; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        char kept = path[i];
        path[i] = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return tw_fail_errno(err, "cannot make the directory %.150s", path);
        path[i] = kept;
    }
    return TW_OK;
}
