// SPDX-License-Identifier: Apache-2.0
//
// The contract of the store of accounts, run against every adapter.
#include "base/time.h"
#include "store_support.h"

typedef struct fixture {
    const store_adapter *adapter;
    store_dir dir;
    tw_access access;
    tw_arena arena;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof(*f));
    tw_err err = {0};
    f->adapter = *state;
    store_dir_make(&f->dir);
    tw_arena_init(&f->arena, tw_alloc_system(), 0, 16 << 20);
    assert_ok(f->adapter->open_access(&f->dir, &f->access, &err));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    tw_access_close(&f->access);
    tw_arena_release(&f->arena);
    store_dir_remove(&f->dir);
    free(f);
    return 0;
}

// What is durable must be there afterwards.
static void reopen(fixture *f)
{
    tw_err err = {0};
    if (!f->adapter->is_durable)
        return;
    tw_access_close(&f->access);
    assert_ok(f->adapter->open_access(&f->dir, &f->access, &err));
}

static tw_user_row user_row(const char *id)
{
    return (tw_user_row){.user_id = tw_str_from(id),
                         .name = TW_STR("Ana \xc3\x9c"),
                         .email = TW_STR("ana@example.com"),
                         .role = TW_STR("analyst"),
                         .stores = TW_STR("North\nS1\nS2*"),
                         .sees_names = TW_NAMES_NO,
                         .state = TW_USER_INVITED,
                         .created_ms = 7};
}

#define assert_text(got, wanted) assert_true(tw_str_equal((got), tw_str_from(wanted)))

static void an_account_is_kept_and_changed_by_version(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_user_row user = user_row("ana"), got;
    assert_int_equal(f->access.ops->version, TW_ACCESS_VERSION);
    assert_status(tw_access_user_get(&f->access, TW_STR("ana"), &f->arena, &got, &err),
                  TW_NOT_FOUND);
    assert_int_equal(got.user_id.bytes, 0);
    assert_ok(tw_access_user_put(&f->access, &user, &err));
    assert_status(tw_access_user_put(&f->access, &user, &err), TW_CONFLICT);
    reopen(f);
    assert_ok(tw_access_user_get(&f->access, TW_STR("ana"), &f->arena, &got, &err));
    assert_int_equal(got.version, 1);
    assert_text(got.name, "Ana \xc3\x9c");
    assert_text(got.stores, "North\nS1\nS2*");
    assert_text(got.email, "ana@example.com");
    assert_int_equal(got.sees_names, TW_NAMES_NO);
    assert_int_equal(got.state, TW_USER_INVITED);
    assert_int_equal(got.created_ms, 7);
    got.password = TW_STR("$argon2id$...");
    got.state = TW_USER_ACTIVE;
    assert_ok(tw_access_user_put(&f->access, &got, &err));
    assert_status(tw_access_user_put(&f->access, &got, &err), TW_CONFLICT);
    assert_ok(tw_access_user_seen(&f->access, TW_STR("ana"), 99, &err));
    assert_status(tw_access_user_seen(&f->access, TW_STR("bob"), 99, &err), TW_NOT_FOUND);
    assert_ok(tw_access_user_get(&f->access, TW_STR("ana"), &f->arena, &got, &err));
    assert_int_equal(got.version, 2);
    assert_int_equal(got.seen_ms, 99);
    assert_text(got.password, "$argon2id$...");
    tw_user_row none = user_row("bob");
    none.version = 3;
    assert_status(tw_access_user_put(&f->access, &none, &err), TW_NOT_FOUND);
}

static void accounts_that_do_not_hold_are_refused(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    static const char *const ids[] = {"", "Ana", ".ana", "a na", "\xc3\xa4na", "token:x"};
    for (size_t i = 0; i < TW_COUNT(ids); i++) {
        tw_user_row user = user_row(ids[i]);
        assert_status(tw_access_user_put(&f->access, &user, &err), TW_INVALID);
    }
    tw_user_row user = user_row("ana");
    user.name = TW_STR_NONE;
    assert_status(tw_access_user_put(&f->access, &user, &err), TW_INVALID);
    user = user_row("ana");
    user.stores = TW_STR("S1\n\nS2");
    assert_status(tw_access_user_put(&f->access, &user, &err), TW_INVALID);
    char many[2 * (TW_STORE_SCOPE_MAX + 1)];
    for (size_t i = 0; i < sizeof(many); i++)
        many[i] = i % 2 ? '\n' : 'S';
    user.stores = (tw_str){many, sizeof(many)};
    assert_status(tw_access_user_put(&f->access, &user, &err), TW_LIMIT);
    user.stores.bytes -= 2;
    assert_ok(tw_access_user_put(&f->access, &user, &err));
}

static void a_subject_belongs_to_one_account(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_user_row ana = user_row("ana"), bob = user_row("bob"), got;
    ana.subject = bob.subject = TW_STR("https://id.example 1");
    assert_ok(tw_access_user_put(&f->access, &ana, &err));
    assert_status(tw_access_user_put(&f->access, &bob, &err), TW_CONFLICT);
    bob.subject = TW_STR_NONE;
    assert_ok(tw_access_user_put(&f->access, &bob, &err));
    tw_user_row eve = user_row("eve"); // two without a subject
    assert_ok(tw_access_user_put(&f->access, &eve, &err));
    assert_ok(tw_access_user_find(&f->access, ana.subject, &f->arena, &got, &err));
    assert_text(got.user_id, "ana");
    assert_status(tw_access_user_find(&f->access, TW_STR_NONE, &f->arena, &got, &err),
                  TW_NOT_FOUND);
    tw_user_row *rows;
    size_t n;
    assert_ok(tw_access_user_list(&f->access, &f->arena, &rows, &n, &err));
    assert_int_equal(n, 3);
    assert_text(rows[0].user_id, "ana");
    assert_text(rows[1].user_id, "bob");
    assert_text(rows[2].user_id, "eve");
}

static void a_token_is_found_and_revoked_once(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_access_token got, token = {.token_id = TW_STR("T-1"),
                                  .name = TW_STR("tills"),
                                  .rights = TW_STR("ingest score"),
                                  .stores = TW_STR("S1"),
                                  .created_by = TW_STR("ana"),
                                  .created_ms = 5,
                                  .expires_ms = 100};
    memset(token.hash, 7, sizeof(token.hash));
    assert_ok(tw_access_token_put(&f->access, &token, &err));
    assert_status(tw_access_token_put(&f->access, &token, &err), TW_CONFLICT);
    token.token_id = TW_STR("T-0");
    assert_status(tw_access_token_put(&f->access, &token, &err), TW_CONFLICT);
    token.hash[0] = 8;
    token.created_ms = 4;
    assert_ok(tw_access_token_put(&f->access, &token, &err));
    reopen(f);
    token.hash[0] = 7;
    assert_ok(tw_access_token_find(&f->access, token.hash, &f->arena, &got, &err));
    assert_text(got.token_id, "T-1");
    assert_text(got.rights, "ingest score");
    assert_text(got.stores, "S1");
    assert_text(got.created_by, "ana");
    assert_memory_equal(got.hash, token.hash, TW_SHA256_BYTES);
    assert_int_equal(got.expires_ms, 100);
    assert_ok(tw_access_token_revoke(&f->access, TW_STR("T-1"), 9, &err));
    assert_status(tw_access_token_revoke(&f->access, TW_STR("T-1"), 10, &err), TW_CONFLICT);
    assert_status(tw_access_token_revoke(&f->access, TW_STR("none"), 10, &err), TW_NOT_FOUND);
    tw_access_token *rows;
    size_t n;
    assert_ok(tw_access_token_list(&f->access, &f->arena, &rows, &n, &err));
    assert_int_equal(n, 2);
    assert_text(rows[0].token_id, "T-0");
    assert_int_equal(rows[1].revoked_ms, 9);
    token.hash[0] = 1;
    assert_status(tw_access_token_find(&f->access, token.hash, &f->arena, &got, &err),
                  TW_NOT_FOUND);
}

static void put_session(fixture *f, uint8_t number, const char *user_id, int64_t expires_ms)
{
    tw_err err = {0};
    tw_access_session session = {.user_id = tw_str_from(user_id),
                                 .by = TW_STR("password"),
                                 .created_ms = 1,
                                 .seen_ms = 1,
                                 .expires_ms = expires_ms};
    session.hash[0] = number;
    assert_ok(tw_access_session_put(&f->access, &session, &err));
    assert_status(tw_access_session_put(&f->access, &session, &err), TW_CONFLICT);
}

static bool has_session(fixture *f, uint8_t number)
{
    tw_access_session got;
    uint8_t hash[TW_SHA256_BYTES] = {number};
    return tw_access_session_find(&f->access, hash, &f->arena, &got, NULL) == TW_OK;
}

static void sessions_come_and_go(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_access_session got;
    uint8_t first[TW_SHA256_BYTES] = {1}, none[TW_SHA256_BYTES] = {9};
    put_session(f, 1, "ana", 100);
    put_session(f, 2, "ana", 200);
    put_session(f, 3, "ana", 300);
    put_session(f, 4, "bob", 300);
    reopen(f);
    assert_ok(tw_access_session_touch(&f->access, first, 50, &err));
    assert_status(tw_access_session_touch(&f->access, none, 50, &err), TW_NOT_FOUND);
    assert_ok(tw_access_session_find(&f->access, first, &f->arena, &got, &err));
    assert_int_equal(got.seen_ms, 50);
    assert_text(got.user_id, "ana");
    assert_text(got.by, "password");
    assert_ok(tw_access_expire(&f->access, 100, &err));
    assert_false(has_session(f, 1));
    assert_true(has_session(f, 2));
    uint8_t keep[TW_SHA256_BYTES] = {3};
    assert_ok(tw_access_session_remove_user(&f->access, TW_STR("ana"), keep, &err));
    assert_false(has_session(f, 2));
    assert_true(has_session(f, 3) && has_session(f, 4));
    assert_ok(tw_access_session_remove_user(&f->access, TW_STR("ana"), NULL, &err));
    assert_false(has_session(f, 3));
    uint8_t fourth[TW_SHA256_BYTES] = {4};
    assert_ok(tw_access_session_remove(&f->access, fourth, &err));
    assert_status(tw_access_session_remove(&f->access, fourth, &err), TW_NOT_FOUND);
}

static void a_secret_works_once(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_access_secret got, secret = {.kind = TW_STR("password"),
                                    .user_id = TW_STR("ana"),
                                    .body = TW_STR("{}"),
                                    .created_ms = 1,
                                    .expires_ms = 100};
    for (uint8_t i = 1; i <= 4; i++) {
        secret.hash[0] = i;
        secret.expires_ms = 100 * i;
        secret.user_id = i == 3 ? TW_STR("bob") : TW_STR("ana");
        assert_ok(tw_access_secret_put(&f->access, &secret, &err));
    }
    assert_status(tw_access_secret_put(&f->access, &secret, &err), TW_CONFLICT);
    reopen(f);
    assert_ok(tw_access_secret_find(&f->access, secret.hash, &f->arena, &got, &err));
    assert_text(got.kind, "password");
    assert_text(got.body, "{}");
    assert_int_equal(got.expires_ms, 400);
    tw_access_secret *rows;
    size_t n;
    assert_ok(tw_access_secret_list(&f->access, TW_STR("password"), &f->arena, &rows, &n, &err));
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(rows[i].hash[0], i + 1);
    assert_ok(tw_access_secret_list(&f->access, TW_STR("other"), &f->arena, &rows, &n, &err));
    assert_int_equal(n, 0);
    assert_ok(tw_access_secret_take(&f->access, secret.hash, &err));
    assert_status(tw_access_secret_take(&f->access, secret.hash, &err), TW_NOT_FOUND);
    assert_ok(tw_access_expire(&f->access, 150, &err));
    secret.hash[0] = 1;
    assert_status(tw_access_secret_find(&f->access, secret.hash, &f->arena, &got, &err),
                  TW_NOT_FOUND);
    assert_ok(tw_access_secret_remove_user(&f->access, TW_STR("other"), TW_STR("ana"), &err));
    secret.hash[0] = 2;
    assert_ok(tw_access_secret_find(&f->access, secret.hash, &f->arena, &got, &err));
    assert_ok(tw_access_secret_remove_user(&f->access, TW_STR("password"), TW_STR("ana"), &err));
    assert_status(tw_access_secret_find(&f->access, secret.hash, &f->arena, &got, &err),
                  TW_NOT_FOUND);
    secret.hash[0] = 3;
    assert_ok(tw_access_secret_find(&f->access, secret.hash, &f->arena, &got, &err));
}

static void failed_tries_are_counted_and_forgotten(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_access_attempt got, attempt = {.key = {1}, .failed_n = 3, .last_ms = 10, .until_ms = 20};
    assert_ok(tw_access_attempt_get(&f->access, attempt.key, &got, &err));
    assert_int_equal(got.failed_n, 0);
    assert_memory_equal(got.key, attempt.key, TW_SHA256_BYTES);
    assert_ok(tw_access_attempt_put(&f->access, &attempt, &err));
    attempt.failed_n = 4;
    assert_ok(tw_access_attempt_put(&f->access, &attempt, &err));
    assert_ok(tw_access_attempt_get(&f->access, attempt.key, &got, &err));
    assert_int_equal(got.failed_n, 4);
    assert_int_equal(got.until_ms, 20);
    tw_access_attempt waiting = {
        .key = {2}, .failed_n = 9, .last_ms = 10, .until_ms = 2 * TW_DAY_MS};
    assert_ok(tw_access_attempt_put(&f->access, &waiting, &err));
    assert_ok(tw_access_expire(&f->access, 9 + TW_DAY_MS, &err));
    assert_ok(tw_access_attempt_get(&f->access, attempt.key, &got, &err));
    assert_int_equal(got.failed_n, 4);
    assert_ok(tw_access_expire(&f->access, 10 + TW_DAY_MS, &err));
    assert_ok(tw_access_attempt_get(&f->access, attempt.key, &got, &err));
    assert_int_equal(got.failed_n, 0);
    assert_ok(tw_access_attempt_get(&f->access, waiting.key, &got, &err));
    assert_int_equal(got.failed_n, 9);
    waiting.failed_n = 0;
    assert_ok(tw_access_attempt_put(&f->access, &waiting, &err));
    assert_ok(tw_access_attempt_get(&f->access, waiting.key, &got, &err));
    assert_int_equal(got.until_ms, 0);
}

static void a_pseudonym_stands_for_one_thing(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_access_alias got, rows[] = {{TW_STR("E-1"), TW_STR("E0001"), 'e', true},
                                   {TW_STR("K-1"), TW_STR("tok"), 'k', true},
                                   {TW_STR("E-1"), TW_STR("E0002"), 'e', false}};
    assert_ok(tw_access_alias_put(&f->access, rows, 3, &err));
    assert_false(rows[0].is_taken);
    assert_false(rows[1].is_taken);
    assert_true(rows[2].is_taken);
    tw_access_alias again[] = {{TW_STR("E-1"), TW_STR("E0001"), 'e', true},
                               {TW_STR("E-1"), TW_STR("E0001"), 'k', false}};
    assert_ok(tw_access_alias_put(&f->access, again, 2, &err));
    assert_false(again[0].is_taken);
    assert_true(again[1].is_taken);
    assert_ok(tw_access_alias_find(&f->access, TW_STR("E-1"), &f->arena, &got, &err));
    assert_text(got.id, "E0001");
    assert_int_equal(got.kind, 'e');
    assert_status(tw_access_alias_find(&f->access, TW_STR("E-2"), &f->arena, &got, &err),
                  TW_NOT_FOUND);
}

// The command line beside a server.
static void two_handles_see_each_other(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_access other;
    tw_user_row user = user_row("ana"), got;
    assert_ok(f->adapter->open_access(&f->dir, &other, &err));
    assert_ok(tw_access_user_put(&f->access, &user, &err));
    assert_ok(tw_access_user_get(&other, TW_STR("ana"), &f->arena, &got, &err));
    assert_ok(tw_access_user_put(&other, &got, &err));
    assert_status(tw_access_user_put(&f->access, &got, &err), TW_CONFLICT);
    put_session(f, 1, "ana", 100);
    assert_ok(tw_access_session_remove_user(&other, TW_STR("ana"), NULL, &err));
    assert_false(has_session(f, 1));
    tw_access_close(&other);
}

#define DISK(test)                                                                                 \
    {                                                                                              \
#test " (disk)", test, set_up, tear_down, (void *)(uintptr_t)&store_disk                   \
    }
#define EACH(test)                                                                                 \
    {#test " (memory)", test, set_up, tear_down, (void *)(uintptr_t)&store_memory}, DISK(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(an_account_is_kept_and_changed_by_version),
        EACH(accounts_that_do_not_hold_are_refused),
        EACH(a_subject_belongs_to_one_account),
        EACH(a_token_is_found_and_revoked_once),
        EACH(sessions_come_and_go),
        EACH(a_secret_works_once),
        EACH(failed_tries_are_counted_and_forgotten),
        EACH(a_pseudonym_stands_for_one_thing),
        DISK(two_handles_see_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
