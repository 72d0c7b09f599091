// SPDX-License-Identifier: Apache-2.0
//
// Opening a data directory: configuration, keys, adapters, service.
#include "place.h"

#include <stdio.h>
#include <stdlib.h>

#include "adapter/argon2.h"
#include "adapter/mail.h"
#include "adapter/paper.h"
#include "adapter/posix.h"
#include "adapter/sqlite.h"
#include "adapter/xgboost.h"
#include "adapter/zip.h"
#include "base/hash.h"
#include "detect/policy.h"
#include "place_config.h"
#include "retail/money.h"
#include "service/case_export.h"

#define PATH_BYTES 4096

const char *twi_place_dir(const char *option)
{
    const char *environment = getenv("TILLWATCH_DATA");
    return option && option[0] != '\0'             ? option
           : environment && environment[0] != '\0' ? environment
                                                   : "tillwatch-data";
}

static tw_status path_of(const char *dir, const char *name, char out[PATH_BYTES], tw_err *err)
{
    int n = snprintf(out, PATH_BYTES, "%s/%s", dir, name);
    return n > 0 && n < PATH_BYTES
               ? TW_OK
               : tw_fail(err, TW_LIMIT, "the path of the data directory is too long");
}

// --- opening
// --------------------------------------------------------------------------------------

static tw_status write_key(const tw_files *files, const char *name, size_t bytes, tw_err *err)
{
    uint8_t key[64];
    TW_CHECK(bytes <= sizeof(key));
    if (tw_random_bytes(key, bytes) != TW_OK)
        return tw_fail(err, TW_IO, "the system gives no random numbers");
    tw_str part = {(const char *)key, bytes};
    tw_status status = tw_files_publish(files, name, &part, 1, err);
    memset(key, 0, sizeof(key));
    return status;
}

static tw_status read_key(const twi_place *place, const char *name, uint8_t *out, size_t bytes,
                          tw_err *err)
{
    tw_buf key;
    tw_buf_init(&key, tw_alloc_system(), 4096);
    tw_status status = tw_files_read(&place->files, name, &key, err);
    if (status == TW_OK && key.bytes != bytes)
        status = tw_fail(err, TW_CORRUPT, "%s/%s does not hold %zu bytes", place->dir, name, bytes);
    if (status == TW_OK)
        memcpy(out, key.data_own, bytes);
    if (key.data_own)
        memset(key.data_own, 0, key.cap_bytes);
    tw_buf_release(&key);
    return status;
}

static tw_status read_keys(twi_place *place, tw_err *err)
{
    TW_TRY(read_key(place, "keys/token.key", place->intake.token_key, TW_TOKEN_KEY_BYTES, err));
    tw_status status =
        read_key(place, "keys/alias.key", place->alias_key, sizeof(place->alias_key), err);
    // A directory of an earlier version has none yet; who only reads needs none.
    if (place->is_locked)
        TW_TRY(tw_case_key_make(&place->files, err));
    if (status != TW_NOT_FOUND || !place->is_locked)
        return status == TW_NOT_FOUND ? TW_OK : status;
    TW_TRY(write_key(&place->files, "keys/alias.key", sizeof(place->alias_key), err));
    return read_key(place, "keys/alias.key", place->alias_key, sizeof(place->alias_key), err);
}

static tw_status read_optional(twi_place *place, const char *name, tw_buf *out, tw_err *err)
{
    tw_status status = tw_files_read(&place->files, name, out, err);
    return status == TW_NOT_FOUND ? TW_OK : status;
}

// The first line of a file, which holds a secret.
static tw_status read_password(const twi_place *place, const char *name, char out[256], tw_err *err)
{
    char path[PATH_BYTES];
    if (name[0] == '/')
        snprintf(path, sizeof(path), "%s", name);
    else
        TW_TRY(path_of(place->dir, name, path, err));
    FILE *file = fopen(path, "r");
    if (!file)
        return tw_fail_errno(err, "tillwatch.yaml: cannot read %.150s", path);
    bool is_read = fgets(out, 256, file) != NULL;
    fclose(file);
    out[strcspn(out, "\r\n")] = '\0';
    return is_read ? TW_OK : tw_fail(err, TW_INVALID, "tillwatch.yaml: %s is empty", path);
}

static tw_status open_mail(twi_place *place, const twi_mail_config *config, tw_err *err)
{
    char password[256] = "", ca_file[PATH_BYTES] = "";
    if (!config->url)
        return TW_OK;
    if (config->password_file)
        TW_TRY(read_password(place, config->password_file, password, err));
    if (config->ca_file && config->ca_file[0] == '/')
        snprintf(ca_file, sizeof(ca_file), "%s", config->ca_file);
    else if (config->ca_file)
        TW_TRY(path_of(place->dir, config->ca_file, ca_file, err));
    tw_mail_options options = {.url = config->url,
                               .from = config->from,
                               .user = config->user,
                               .password = password,
                               .ca_file = config->ca_file ? ca_file : NULL,
                               .tls = config->is_plain ? TW_MAIL_TLS_NONE : TW_MAIL_TLS_REQUIRED};
    tw_status status = tw_smtp_open(tw_alloc_system(), &options, &place->mail, err);
    memset(password, 0, sizeof(password));
    return status;
}

static tw_status open_identity(twi_place *place, const twi_config *config, tw_err *err)
{
    char secret[256] = "";
    if (config->public_url)
        tw_str_copy(tw_str_from(config->public_url), place->public_url, sizeof(place->public_url));
    place->trusts_proxy = config->trusts_proxy;
    if (!config->oidc)
        return TW_OK;
    if (config->oidc->client_secret_file)
        TW_TRY(read_password(place, config->oidc->client_secret_file, secret, err));
    tw_status status = twi_oidc_config_open(config->oidc, secret, &place->identity, err);
    memset(secret, 0, sizeof(secret));
    return status;
}

static tw_status apply_config(twi_place *place, const twi_config *config, tw_err *err)
{
    const tw_alloc *alloc = tw_alloc_system();
    memcpy(place->currency, config->currency, sizeof(place->currency));
    memcpy(place->intake.default_currency, config->currency, sizeof(place->currency));
    TW_TRY(tw_zone_new(alloc, config->zone, &place->zone_own, err));
    place->intake.default_zone = place->zone_own;
    tw_str_copy(tw_str_from(config->zone), place->zone_name, sizeof(place->zone_name));
    TW_TRY(open_mail(place, &config->mail, err));
    TW_TRY(open_identity(place, config, err));
    if (config->train.zone)
        TW_TRY(tw_zone_new(alloc, config->train.zone, &place->train_zone_own, err));
    place->schedule = (tw_train_schedule){.is_enabled = config->train.is_enabled,
                                          .minute = config->train.minute,
                                          .days = config->train.days,
                                          .zone = place->train_zone_own ? place->train_zone_own
                                                                        : place->zone_own};
    place->drift_limits = config->limits;
    if (config->store_n == 0)
        return TW_OK;
    place->stores_own = tw_new_array(alloc, config->store_n, sizeof(*place->stores_own));
    place->names_own = tw_new_array(alloc, config->store_n, sizeof(void *));
    if (!place->stores_own || !place->names_own)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the stores' zones");
    place->store_n = config->store_n;
    for (size_t i = 0; i < config->store_n; i++) {
        tw_zone *zone;
        TW_TRY(tw_zone_new(alloc, config->stores[i].zone, &zone, err));
        place->stores_own[i].zone = zone;
        place->names_own[i] = tw_new_array(alloc, TW_ID_MAX_BYTES + 1, 1);
        if (!place->names_own[i])
            return tw_fail(err, TW_NO_MEMORY, "no memory for the stores' zones");
        tw_str_copy(tw_str_from(config->stores[i].store_id), place->names_own[i],
                    TW_ID_MAX_BYTES + 1);
        place->stores_own[i].store_id = tw_str_from(place->names_own[i]);
    }
    place->intake.store_zones = place->stores_own;
    place->intake.store_zone_n = place->store_n;
    return TW_OK;
}

static tw_status read_config(twi_place *place, tw_err *err)
{
    tw_buf text;
    twi_config config;
    tw_buf_init(&text, tw_alloc_system(), TW_CONFIG_MAX_BYTES);
    tw_status status = tw_files_read(&place->files, "tillwatch.yaml", &text, err);
    if (status == TW_NOT_FOUND)
        tw_fail(err, status, "%s is no data directory: run tillwatch init --data %s first",
                place->dir, place->dir);
    if (status == TW_OK)
        status = twi_config_parse((tw_str){(const char *)text.data_own, text.bytes}, &config, err);
    if (status == TW_OK) {
        status = apply_config(place, &config, err);
        twi_config_release(&config);
    }
    tw_buf_release(&text);
    return status;
}

static tw_status open_databases(twi_place *place, tw_sqlite_mode mode, tw_err *err)
{
    char path[PATH_BYTES];
    tw_sqlite_options options = {.path = path, .mode = mode};
    TW_TRY(path_of(place->dir, "journal.db", path, err));
    TW_TRY(tw_sqlite_journal_open(tw_alloc_system(), &options, &place->journal, err));
    TW_TRY(path_of(place->dir, "ledger.db", path, err));
    TW_TRY(tw_sqlite_ledger_open(tw_alloc_system(), &options, &place->ledger, err));
    // Not there in a directory of an earlier version.
    options.mode = TW_SQLITE_CREATE;
    TW_TRY(path_of(place->dir, "access.db", path, err));
    return tw_sqlite_access_open(tw_alloc_system(), &options, &place->access, err);
}

tw_status twi_place_open(twi_place *place, const char *dir, bool shared, tw_err *err)
{
    *place = (twi_place){.dir = dir,
                         .trainer = tw_xgboost_trainer(tw_alloc_system()),
                         .paper = tw_haru_paper(NULL),
                         .archive = tw_zip_archive(tw_alloc_system()),
                         .password = tw_argon2_password()};
    tw_buf_init(&place->policy, tw_alloc_system(), TW_CONFIG_MAX_BYTES);
    tw_buf_init(&place->signals, tw_alloc_system(), TW_CONFIG_MAX_BYTES);
    tw_status status = tw_posix_files_open(tw_alloc_system(), dir, &place->files, err);
    if (status == TW_NOT_FOUND)
        tw_fail(err, status, "there is no data directory %s: run tillwatch init --data %s first",
                dir, dir);
    if (status == TW_OK)
        status = read_config(place, err);
    if (status == TW_OK && !shared) {
        status = tw_files_lock(&place->files, err);
        place->is_locked = status == TW_OK;
    }
    if (status == TW_OK)
        status = read_keys(place, err);
    if (status == TW_OK)
        status = read_optional(place, "policy.yaml", &place->policy, err);
    if (status == TW_OK)
        status = read_optional(place, "signals.yaml", &place->signals, err);
    if (status == TW_OK)
        status = open_databases(place, shared ? TW_SQLITE_OPEN : TW_SQLITE_CREATE, err);
    if (status != TW_OK)
        twi_place_close(place);
    return status;
}

void twi_place_close(twi_place *place)
{
    const tw_alloc *alloc = tw_alloc_system();
    tw_reporter_stop(place->reporter);
    place->reporter = NULL;
    tw_service_close(place->service);
    place->service = NULL;
    tw_mail_close(&place->mail);
    tw_identity_close(&place->identity);
    tw_access_close(&place->access);
    tw_ledger_close(&place->ledger);
    tw_journal_close(&place->journal);
    if (place->is_locked)
        tw_files_unlock(&place->files);
    place->is_locked = false;
    tw_files_close(&place->files);
    for (size_t i = 0; i < place->store_n; i++) {
        tw_zone *zone = NULL;
        // It is ours, const for the users only.
        memcpy(&zone, &place->stores_own[i].zone, sizeof(void *));
        tw_zone_free(zone);
        tw_free_array(alloc, place->names_own[i], TW_ID_MAX_BYTES + 1, 1);
    }
    tw_free_array(alloc, place->stores_own, place->store_n, sizeof(*place->stores_own));
    tw_free_array(alloc, place->names_own, place->store_n, sizeof(void *));
    place->stores_own = NULL;
    place->names_own = NULL;
    place->store_n = 0;
    tw_zone_free(place->zone_own);
    tw_zone_free(place->train_zone_own);
    place->zone_own = place->train_zone_own = NULL;
    tw_buf_release(&place->policy);
    tw_buf_release(&place->signals);
    memset(place->intake.token_key, 0, sizeof(place->intake.token_key));
    memset(place->alias_key, 0, sizeof(place->alias_key));
}

tw_service_options twi_place_options(twi_place *place, tw_service_mode mode)
{
    tw_service_options options = {
        .journal = &place->journal,
        .ledger = &place->ledger,
        .files = &place->files,
        .mode = mode,
        .signals = {(const char *)place->signals.data_own, place->signals.bytes},
        .policy = {(const char *)place->policy.data_own, place->policy.bytes},
        .trainer = &place->trainer,
        .paper = &place->paper,
        .archive = &place->archive,
        .figure_zone = {place->zone_own, place->zone_name},
        .code_version = TILLWATCH_VERSION,
        .schedule = place->schedule,
        .drift_limits = &place->drift_limits,
    };
    memcpy(options.currency, place->currency, sizeof(options.currency));
    return options;
}

tw_status twi_place_serve(twi_place *place, tw_service_mode mode, tw_err *err)
{
    tw_service_options options = twi_place_options(place, mode);
    return tw_service_open(&options, &place->service, err);
}

// --- creating
// -------------------------------------------------------------------------------------

static tw_status publish_text(const tw_files *files, const char *name, tw_buf *text, tw_err *err)
{
    tw_str part = {(const char *)text->data_own, text->bytes};
    tw_status status = text->status == TW_OK ? tw_files_publish(files, name, &part, 1, err)
                                             : tw_fail(err, text->status, "no memory");
    tw_buf_release(text);
    return status;
}

static tw_status write_config(const tw_files *files, const twi_place_settings *settings,
                              tw_err *err)
{
    tw_buf text;
    tw_buf_init(&text, tw_alloc_system(), 1 << 20);
    tw_buf_printf(
        &text,
        "# Tillwatch: this installation. Changes count from the next start.\n"
        "\n"
        "# Time zone of stores whose records carry no offset: an IANA name, UTC, or +02:00.\n"
        "zone: \"%s\"\n"
        "\n"
        "# Currency of records without one (ISO 4217).\n"
        "currency: %s\n"
        "\n"
        "# Each night a server learns from the verdicts of the last days. The time is local to "
        "zone,\n"
        "# unless train names its own.\n"
        "# train: {enabled: true, time: \"03:30\", days: 90}\n"
        "\n"
        "# Limits whose crossing raises an alarm on the page Model health:\n"
        "# watch: {input_psi: 0.25, score_psi: 0.25, precision_min: 0.85}\n"
        "\n"
        "# What browsers see when a proxy stands before this server; with https, cookies are "
        "Secure.\n"
        "# public_url: \"https://loss.example.com\"\n"
        "# The proxy tells the clients' addresses (X-Forwarded-For):\n"
        "# trust_proxy: true\n"
        "\n"
        "# Signing in through the organisation's provider (OpenID Connect); see docs/access.md.\n"
        "# oidc: {name: Example SSO, issuer: \"https://id.example.com\", client_id: tillwatch,\n"
        "#        client_secret_file: keys/oidc.secret, default_role: read-only}\n"
        "\n"
        "# The server that reports are mailed through; to whom and when is set in the portal.\n"
        "# mail: {url: \"smtp://mail.example.com:587\", from: tillwatch@example.com,\n"
        "#        user: tillwatch, password_file: keys/mail.password}\n"
        "\n"
        "# Stores in other zones:\n"
        "# stores:\n"
        "#   - {store_id: S014, zone: America/Denver}\n",
        settings->zone, settings->currency);
    return publish_text(files, "tillwatch.yaml", &text, err);
}

static tw_status write_policy(const tw_files *files, tw_err *err)
{
    tw_buf text;
    tw_buf_init(&text, tw_alloc_system(), 1 << 20);
    tw_buf_cstr(&text,
                "# The alert policy: how many alerts people can work, and how evidence counts.\n"
                "# Every key is optional; the values below are the defaults.\n");
    for (size_t i = 0; i < tw_policy_field_n(); i++) {
        const tw_policy_field *field = tw_policy_field_get(i);
        tw_buf_printf(&text, "\n# %s (%s)\n# %s: %g\n", field->help, field->unit, field->name,
                      field->value);
    }
    return publish_text(files, "policy.yaml", &text, err);
}

static tw_status fill_directory(const char *dir, const tw_files *files,
                                const twi_place_settings *settings, tw_err *err)
{
    TW_TRY(write_key(files, "keys/token.key", TW_TOKEN_KEY_BYTES, err));
    TW_TRY(write_key(files, "keys/alias.key", TW_SHA256_BYTES, err));
    TW_TRY(write_policy(files, err));
    twi_place created = {.dir = dir};
    tw_status status = open_databases(&created, TW_SQLITE_CREATE, err);
    tw_access_close(&created.access);
    tw_ledger_close(&created.ledger);
    tw_journal_close(&created.journal);
    // The configuration comes last: it is what makes a directory a data directory.
    return status == TW_OK ? write_config(files, settings, err) : status;
}

tw_status twi_place_create(const char *dir, const twi_place_settings *settings, tw_err *err)
{
    tw_zone *zone;
    char currency[4] = "";
    tw_str_copy(tw_str_from(settings->currency), currency, sizeof(currency));
    if (strlen(settings->currency) != 3 || !tw_currency_is_valid(currency))
        return tw_fail(err, TW_INVALID, "\"%s\" is no currency: give three letters such as USD",
                       settings->currency);
    TW_TRY(tw_zone_new(tw_alloc_system(), settings->zone, &zone, err));
    tw_zone_free(zone);
    TW_TRY(twi_make_directories(dir, err));
    tw_files files;
    TW_TRY(tw_posix_files_open(tw_alloc_system(), dir, &files, err));
    tw_arena arena;
    tw_file_info *infos;
    size_t n;
    tw_arena_init(&arena, tw_alloc_system(), 0, 1 << 20);
    tw_status status = tw_files_list(&files, "", &arena, &infos, &n, err);
    if (status == TW_OK && n > 0)
        status =
            tw_fail(err, TW_CONFLICT, "%s is not empty: choose another directory with --data", dir);
    tw_arena_release(&arena);
    if (status == TW_OK)
        status = fill_directory(dir, &files, settings, err);
    tw_files_close(&files);
    return status;
}
