#include "tests/sim/sf_settings.h"
#include "tests/sim/clock.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct sf_settings sf_settings = {
    .team_selling = true,
    .queryable = true,
    .updateable = true,
    .createable = true,
    .view_all = true,
    .view_setup = true,
    .key_unique = true,
    .key_length = 255,
    .view_parents = true,
    .restricted_picklists = true,
    .bulk_enabled = true,
    .bulk_pk_chunking = true,
    .bulk_polls = 1,
    .bulk_page = 50000,
    .bulk_jobs_max = 10000,
    .bulk_storage_max = 976562,
    .daily_calls = 100000,
    .calls_of_others = 18,
    .locator_life = 2 * 86400,
    .replication_limit = 600000,
    .refresh_rotation = true,
};

enum member_kind { BOOLEAN, NUMBER, TEXT, NAMES };

#define MEMBER(kind, name)                                                                         \
    {                                                                                              \
#name, kind, offsetof(struct sf_settings, name), sizeof sf_settings.name                   \
    }

static const struct {
    const char *name;
    enum member_kind kind;
    size_t at, size;
} members[] = {
    MEMBER(BOOLEAN, team_selling),
    MEMBER(BOOLEAN, person_accounts),
    MEMBER(BOOLEAN, line_items),
    MEMBER(BOOLEAN, queryable),
    MEMBER(BOOLEAN, updateable),
    MEMBER(BOOLEAN, createable),
    MEMBER(BOOLEAN, view_all),
    MEMBER(BOOLEAN, view_records),
    MEMBER(BOOLEAN, view_parents),
    MEMBER(BOOLEAN, view_setup),
    MEMBER(NAMES, hidden_fields),
    MEMBER(NAMES, locked_fields),
    MEMBER(BOOLEAN, key_unique),
    MEMBER(NUMBER, key_length),
    MEMBER(TEXT, key_type),
    MEMBER(BOOLEAN, key_case_sensitive),
    MEMBER(TEXT, validation_rule),
    MEMBER(TEXT, validation_field),
    MEMBER(TEXT, flow_field),
    MEMBER(TEXT, flow_value),
    MEMBER(TEXT, unreadable),
    MEMBER(NUMBER, trigger_limit),
    MEMBER(BOOLEAN, lower_headers),
    MEMBER(TEXT, duplicate_rule),
    MEMBER(BOOLEAN, compare_modstamp),
    MEMBER(BOOLEAN, upsert_204),
    MEMBER(BOOLEAN, upsert_bare_error),
    MEMBER(BOOLEAN, bulk_enabled),
    MEMBER(BOOLEAN, bulk_no_locator),
    MEMBER(BOOLEAN, bulk_no_count),
    MEMBER(BOOLEAN, bulk_empty_body),
    MEMBER(BOOLEAN, bulk_shuffle),
    MEMBER(BOOLEAN, bulk_pk_chunking),
    MEMBER(BOOLEAN, bulk_other_user),
    MEMBER(BOOLEAN, bulk_scientific),
    MEMBER(BOOLEAN, bulk_next_record_url),
    MEMBER(NUMBER, bulk_polls),
    MEMBER(NUMBER, bulk_ms),
    MEMBER(NUMBER, bulk_page),
    MEMBER(NUMBER, bulk_jobs_max),
    MEMBER(NUMBER, bulk_storage_max),
    MEMBER(NUMBER, daily_calls),
    MEMBER(NUMBER, calls_of_others),
    MEMBER(NUMBER, locator_life),
    MEMBER(NUMBER, replication_limit),
    MEMBER(NUMBER, concurrent_limit),
    MEMBER(BOOLEAN, hard_limit),
    MEMBER(BOOLEAN, limit_info_off),
    MEMBER(TEXT, limit_info_app),
    MEMBER(NUMBER, retired_version),
    MEMBER(NUMBER, warned_version),
    MEMBER(BOOLEAN, refresh_rotation),
    MEMBER(BOOLEAN, login_host),
    MEMBER(BOOLEAN, sandbox),
    MEMBER(BOOLEAN, restricted_picklists),
};

static bool take_names(char *to, size_t room, const json_t *names)
{
    size_t len = (size_t)snprintf(to, room, ",");

    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));

        if (!name || len + strlen(name) + 2 > room)
            return false;
        len += (size_t)snprintf(to + len, room - len, "%s,", name);
    }
    return json_is_array(names);
}

static bool take(enum member_kind kind, char *to, size_t room, const json_t *value)
{
    const char *text = json_string_value(value);
    uint32_t n = (uint32_t)json_integer_value(value);
    bool yes = json_is_true(value);

    switch (kind) {
    case BOOLEAN: memcpy(to, &yes, sizeof yes); return json_is_boolean(value);
    case NUMBER: memcpy(to, &n, sizeof n); return json_is_integer(value);
    case TEXT: return text && (size_t)snprintf(to, room, "%s", text) < room;
    case NAMES: return take_names(to, room, value);
    }
    return false;
}

static int64_t schema_stamp = 1704088800; /* 2024-01-01T06:00:00Z */

int64_t sf_schema_stamp(void)
{
    return schema_stamp;
}

const char *sf_set(const json_t *given)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const json_t *value = json_object_get(given, members[i].name);

        if (value &&
            !take(members[i].kind, (char *)&sf_settings + members[i].at, members[i].size, value))
            return members[i].name;
    }
    return NULL;
}

bool sf_listed(const char *list, const char *name)
{
    size_t n = strlen(name);

    for (const char *at = list; (at = strchr(at, ',')) && at[1]; at++)
        if (strncasecmp(at + 1, name, n) == 0 && at[1 + n] == ',')
            return true;
    return false;
}
