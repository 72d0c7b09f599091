// SPDX-License-Identifier: Apache-2.0
//
// tillwatch users: accounts, also beside a running server, which takes them over within ten
// seconds.
#include <unistd.h>

#include "cli.h"
#include "http/access.h"
#include "models.h"
#include "output.h"
#include "place.h"

static const char help[] =
    "Usage: tillwatch users list\n"
    "       tillwatch users add NAME --role ROLE [--name TEXT] [--team TEAM] [--stores "
    "A,B*,REGION]\n"
    "       tillwatch users role NAME --role ROLE\n"
    "       tillwatch users disable NAME\n"
    "       tillwatch users enable NAME\n"
    "       tillwatch users link NAME\n"
    "       tillwatch users passwd NAME\n"
    "       ... [--data DIR] [--json]\n"
    "\n"
    "list     accounts with role, stores and state\n"
    "add      a new account; prints the link with which the person chooses a password\n"
    "role     another role: read-only, analyst, manager, admin or ingest\n"
    "disable  nobody signs in with it any more; enable: they do again\n"
    "link     a one-time link for a new password, good for 24 hours\n"
    "passwd   sets the password that standard input holds (one line)\n"
    "\n"
    "Example:\n"
    "  tillwatch users add ana --role analyst --name \"Ana Analyst\" --stores North\n";

typedef struct users {
    twi_place place;
    tw_arena arena;
    const char *id, *name, *role, *team, *stores;
    bool is_json;
} users;

static int64_t now_ms(void)
{
    const tw_clock *clock = tw_clock_system();
    return clock->now_ms(clock->ctx);
}

// --- printing
// -------------------------------------------------------------------------------------

static void print_user(const tw_user_row *user, bool is_json)
{
    char rights[TW_RIGHTS_TEXT_BYTES];
    if (!is_json) {
        printf("%-20.*s %-10.*s %-9s %-24.*s ", TW_STR_ARG(user->user_id), TW_STR_ARG(user->role),
               tw_user_state_name(user->state), TW_STR_ARG(user->name));
        for (size_t i = 0; i < user->stores.bytes; i++)
            putchar(user->stores.at[i] == '\n' ? ',' : user->stores.at[i]);
        puts(user->stores.bytes ? "" : "all stores");
        return;
    }
    fputs("{\"user_id\":", stdout);
    twi_put_json(stdout, user->user_id);
    fputs(",\"name\":", stdout);
    twi_put_json(stdout, user->name);
    fputs(",\"role\":", stdout);
    twi_put_json(stdout, user->role);
    fputs(",\"team\":", stdout);
    twi_put_json(stdout, user->team);
    fputs(",\"stores\":", stdout);
    twi_put_json(stdout, user->stores);
    printf(",\"state\":\"%s\",\"rights\":\"%s\"}", tw_user_state_name(user->state),
           tw_access_rights_text(tw_access_user_rights(user), rights));
}

static tw_status list(users *u, tw_err *err)
{
    tw_user_row *rows;
    size_t n;
    TW_TRY(tw_access_user_list(&u->place.access, &u->arena, &rows, &n, err));
    if (u->is_json)
        fputs("[", stdout);
    for (size_t i = 0; i < n; i++) {
        if (u->is_json && i)
            fputs(",", stdout);
        print_user(&rows[i], u->is_json);
    }
    if (u->is_json)
        puts("]");
    else if (n == 0)
        puts("There is no account yet; tillwatch serve prints a link that makes the first one.");
    return TW_OK;
}

// For the log of actions, which a server writes.
static tw_status note(users *u, const char *kind, tw_err *err)
{
    return tw_access_note_new(&u->place.access, tw_str_from(kind), tw_str_from(u->id),
                              tw_str_from(twi_user_name()), now_ms(), err);
}

static tw_status print_link(users *u, tw_err *err)
{
    char secret[TW_SECRET_BYTES];
    const char *url = u->place.public_url[0] ? u->place.public_url : "http://127.0.0.1:8080";
    TW_TRY(tw_access_link_new(&u->place.access, tw_str_from(u->id), now_ms(), secret, err));
    if (u->is_json)
        printf("{\"user_id\":\"%s\",\"link_token\":\"%s\",\"link\":\"%s/#/setup/%s\"}\n", u->id,
               secret, url, secret);
    else
        printf("Link for %s, good for 24 hours and once: %s/#/setup/%s\n", u->id, url, secret);
    memset(secret, 0, sizeof(secret));
    return TW_OK;
}

// --- changing
// -------------------------------------------------------------------------------------

static tw_status read_role(const users *u, tw_user_row *user, tw_err *err)
{
    tw_role role;
    user->role = tw_str_from(u->role);
    if (u->role && tw_role_from(user->role, &role))
        return TW_OK;
    return tw_fail(err, TW_INVALID, "--role must be read-only, analyst, manager, admin or ingest");
}

static tw_status add(users *u, tw_err *err)
{
    tw_user_row user = {.user_id = tw_str_from(u->id),
                        .name = tw_str_from(u->name ? u->name : u->id),
                        .team = tw_str_from(u->team),
                        .state = TW_USER_INVITED,
                        .created_ms = now_ms()};
    TW_TRY(read_role(u, &user, err));
    if (u->stores) {
        char *lines = tw_arena_copy(&u->arena, u->stores, strlen(u->stores));
        if (!lines)
            return tw_fail(err, TW_NO_MEMORY, "no memory");
        for (char *c = lines; *c; c++)
            *c = *c == ',' ? '\n' : *c;
        user.stores = tw_str_from(lines);
    }
    TW_TRY(tw_access_user_put(&u->place.access, &user, err));
    TW_TRY(note(u, "user.create", err));
    return print_link(u, err);
}

static tw_status find(users *u, tw_user_row *out, tw_err *err)
{
    tw_status status =
        tw_access_user_get(&u->place.access, tw_str_from(u->id), &u->arena, out, err);
    return status == TW_NOT_FOUND
               ? tw_fail(err, status, "there is no account %s; tillwatch users list shows them",
                         u->id)
               : status;
}

// Stores a change and ends the sessions that it concerns.
static tw_status store(users *u, const tw_user_row *user, tw_err *err)
{
    const tw_access *access = &u->place.access;
    bool is_out = user->state == TW_USER_DISABLED;
    TW_TRY(tw_access_user_put(access, user, err));
    TW_TRY(note(u, is_out ? "user.disable" : "user.change", err));
    TW_TRY(tw_access_session_remove_user(access, user->user_id, NULL, err));
    if (is_out)
        TW_TRY(tw_access_secret_remove_user(access, TW_STR("password"), user->user_id, err));
    tw_user_row now;
    TW_TRY(find(u, &now, err));
    print_user(&now, u->is_json);
    if (u->is_json)
        putchar('\n');
    return TW_OK;
}

static tw_status change_role(users *u, tw_err *err)
{
    tw_user_row user;
    TW_TRY(find(u, &user, err));
    TW_TRY(read_role(u, &user, err));
    return store(u, &user, err);
}

static tw_status disable(users *u, tw_err *err)
{
    tw_user_row user;
    TW_TRY(find(u, &user, err));
    user.state = TW_USER_DISABLED;
    return store(u, &user, err);
}

static tw_status enable(users *u, tw_err *err)
{
    tw_user_row user;
    TW_TRY(find(u, &user, err));
    user.state = user.password.bytes || user.subject.bytes ? TW_USER_ACTIVE : TW_USER_INVITED;
    return store(u, &user, err);
}

static tw_status link_user(users *u, tw_err *err)
{
    tw_user_row user;
    TW_TRY(find(u, &user, err));
    if (user.state == TW_USER_DISABLED)
        return tw_fail(err, TW_CONFLICT, "%s is disabled: tillwatch users enable %s first", u->id,
                       u->id);
    TW_TRY(note(u, "user.link", err));
    return print_link(u, err);
}

static tw_status passwd(users *u, tw_err *err)
{
    char text[TW_PASSWORD_MAX_BYTES + 3];
    tw_user_row user;
    TW_TRY(find(u, &user, err));
    if (isatty(STDIN_FILENO))
        return tw_fail(err, TW_INVALID,
                       "passwd reads the password from a pipe; for a person use tillwatch users "
                       "link %s",
                       u->id);
    if (!fgets(text, sizeof(text), stdin))
        return tw_fail(err, TW_INVALID, "standard input holds no password");
    text[strcspn(text, "\r\n")] = '\0';
    tw_status status = tw_access_password_set(&u->place.access, &u->place.password, user.user_id,
                                              tw_str_from(text), err);
    memset(text, 0, sizeof(text));
    TW_TRY(status);
    TW_TRY(note(u, "user.password", err));
    TW_TRY(find(u, &user, err));
    print_user(&user, u->is_json);
    if (u->is_json)
        putchar('\n');
    return TW_OK;
}

// --- the command
// ----------------------------------------------------------------------------------

static const struct {
    const char *name;
    bool has_user;
    tw_status (*run)(users *u, tw_err *err);
} actions[] = {
    {"list", false, list},      {"add", true, add},       {"role", true, change_role},
    {"disable", true, disable}, {"enable", true, enable}, {"link", true, link_user},
    {"passwd", true, passwd},
};

static int run(users *u, const char *data, size_t action)
{
    tw_err err = {0};
    // Without the lock: the store of accounts may be written beside a running server.
    if (twi_place_open(&u->place, twi_place_dir(data), true, &err) != TW_OK)
        return twi_failed("users", &err);
    tw_arena_init(&u->arena, tw_alloc_system(), 0, (size_t)64 << 20);
    tw_status status = actions[action].run(u, &err);
    tw_arena_release(&u->arena);
    twi_place_close(&u->place);
    return status == TW_OK ? twi_flush("users") : twi_failed("users", &err);
}

int twi_cmd_users(int argc, char **argv)
{
    static users u;
    const char *data = NULL;
    const twi_option table[] = {
        {"--data", TWI_TEXT, &data},       {"--role", TWI_TEXT, &u.role},
        {"--name", TWI_TEXT, &u.name},     {"--team", TWI_TEXT, &u.team},
        {"--stores", TWI_TEXT, &u.stores}, {"--json", TWI_FLAG, &u.is_json},
    };
    twi_command_line line = {.command = "users",
                             .help = help,
                             .options = table,
                             .option_n = TW_COUNT(table),
                             .argument_min = 1,
                             .argument_max = 2,
                             .arguments = "list, add, role, disable, enable, link or passwd"};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    for (size_t i = 0; i < TW_COUNT(actions); i++) {
        if (strcmp(line.argv[0], actions[i].name) != 0)
            continue;
        if (line.argc != (actions[i].has_user ? 2U : 1U))
            return twi_usage("users", "%s takes %s", actions[i].name,
                             actions[i].has_user ? "the name of an account" : "no name");
        u.id = actions[i].has_user ? line.argv[1] : NULL;
        return run(&u, data, i);
    }
    return twi_usage("users", "\"%s\" is none of list, add, role, disable, enable, link and passwd",
                     line.argv[0]);
}
