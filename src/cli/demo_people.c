// SPDX-License-Identifier: Apache-2.0
//
// The demonstration's people and their week.
#include "demo_people.h"

#include "base/time.h"

#define MINUTE_MS INT64_C(60000)
#define OPEN_MINUTE (13 * 60)
#define CLOSE_MINUTE (23 * 60)

static const twi_person people[TWI_PEOPLE_N] = {
    [TWI_ANA] = {"ana", "Ana Ruiz", "ana@example.com", "North", TW_ROLE_ANALYST, "North"},
    [TWI_BEN] = {"ben", "Ben Okafor", "ben@example.com", "North", TW_ROLE_ANALYST, "North"},
    [TWI_CHEN] = {"chen", "Chen Li", "chen@example.com", "South", TW_ROLE_ANALYST, ""},
    [TWI_DORA] = {"dora", "Dora Klein", "dora@example.com", "South", TW_ROLE_ANALYST, ""},
    [TWI_MARIA] = {"maria", "Maria Santos", "maria@example.com", "", TW_ROLE_MANAGER, ""},
    [TWI_SAM] = {"sam", "Sam Patel", "sam@example.com", "", TW_ROLE_ADMIN, ""},
    [TWI_RITA] = {"rita", "Rita Novak", "rita@example.com", "", TW_ROLE_READ_ONLY, ""},
};

const char twi_demo_regions[] =
    "{\"regions\":[{\"name\":\"North\",\"stores\":[\"S000*\",\"S001*\"]},"
    "{\"name\":\"Centre\",\"stores\":[\"S002*\",\"S003*\"]},"
    "{\"name\":\"South\",\"stores\":[\"S*\"]}],"
    "\"rules\":[{\"region\":\"North\",\"min_risk\":0.95,\"team\":\"North\"},"
    "{\"min_risk\":0.95,\"team\":\"South\"}],"
    "\"camera_link\":\"https://video.example.com/{store}/{register}?at={unix}\"}";

const twi_person *twi_person_of(twi_who who)
{
    return &people[who];
}

tw_status twi_people_make(const tw_access *access, const tw_password *password, int64_t created_ms,
                          tw_err *err)
{
    char hash[TW_PASSWORD_HASH_BYTES];
    TW_TRY(tw_password_hash(password, TW_STR(TWI_DEMO_PASSWORD), hash, err));
    for (size_t i = 0; i < TWI_PEOPLE_N; i++) {
        const twi_person *person = &people[i];
        tw_err why = {0};
        tw_user_row user = {.user_id = tw_str_from(person->user_id),
                            .name = tw_str_from(person->name),
                            .email = tw_str_from(person->email),
                            .team = tw_str_from(person->team),
                            .role = tw_str_from(tw_role_name(person->role)),
                            .stores = tw_str_from(person->stores),
                            .state = TW_USER_ACTIVE,
                            .password = tw_str_from(hash),
                            .created_ms = created_ms};
        tw_status status = tw_access_user_put(access, &user, &why);
        if (status != TW_OK && status != TW_CONFLICT)
            return tw_fail(err, status, "%s", why.text);
    }
    return TW_OK;
}

twi_who twi_analyst_of(tw_str store_id, uint64_t dice)
{
    bool is_north =
        tw_str_starts(store_id, TW_STR("S000")) || tw_str_starts(store_id, TW_STR("S001"));
    return (twi_who)((is_north ? TWI_ANA : TWI_CHEN) + dice % 2);
}

static bool is_sunday(int64_t day)
{
    return (day + 4) % 7 == 0; // 1970-01-01 was a Thursday
}

int64_t twi_working(int64_t ms)
{
    int64_t day = ms / TW_DAY_MS, minute = ms % TW_DAY_MS / MINUTE_MS;
    if (!is_sunday(day) && minute >= OPEN_MINUTE && minute < CLOSE_MINUTE)
        return ms;
    if (is_sunday(day) || minute >= CLOSE_MINUTE)
        day++;
    if (is_sunday(day))
        day++;
    return day * TW_DAY_MS + OPEN_MINUTE * MINUTE_MS + ms % MINUTE_MS;
}

int64_t twi_working_after(int64_t ms, int64_t minutes)
{
    ms = twi_working(ms);
    for (;;) {
        int64_t close_ms = ms / TW_DAY_MS * TW_DAY_MS + CLOSE_MINUTE * MINUTE_MS;
        int64_t left = (close_ms - ms) / MINUTE_MS;
        if (minutes < left)
            return ms + minutes * MINUTE_MS;
        minutes -= left;
        ms = twi_working(close_ms + ms % MINUTE_MS);
    }
}
