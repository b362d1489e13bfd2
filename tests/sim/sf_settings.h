/* What tests can turn in the Salesforce org: features, permissions, rules, and where the
 * documentation leaves two ways open, which one is taken. */
#ifndef SIM_SF_SETTINGS_H
#define SIM_SF_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct sf_settings {
    /* features */
    bool team_selling, person_accounts, line_items;
    /* permissions of the asking user */
    bool queryable, updateable, createable, view_all, view_records, view_parents, view_setup;
    char hidden_fields[2048]; /* ",Amount,Account.Name," */
    char locked_fields[2048]; /* seen, not writable */
    /* rules */
    bool key_unique, key_case_sensitive, restricted_picklists;
    uint32_t key_length;       /* characters of Deal_Key__c */
    char key_type[16];         /* of it, as described; "": a text */
    char validation_rule[256]; /* message; "": none */
    char validation_field[64]; /* fails writes of that field; "": every write */
    char duplicate_rule[8];    /* "", "alert" (allowSave passes) or "block" */
    char flow_field[64];       /* set to flow_value by every save; "": no flow */
    char flow_value[256];
    char unreadable[64];    /* a body with this text is refused as a whole; "": none is */
    uint32_t trigger_limit; /* records of one request that triggers can bear; 0: any number */
    /* open questions */
    bool compare_modstamp;  /* If-Unmodified-Since looks at SystemModstamp */
    bool upsert_204;        /* an upsert that updated answers 204 without a body */
    bool upsert_bare_error; /* an unknown external id field: an object, not an array */
    /* Bulk */
    bool bulk_enabled, bulk_no_locator, bulk_no_count, bulk_empty_body, bulk_shuffle,
        bulk_pk_chunking, bulk_next_record_url, bulk_other_user, bulk_scientific;
    uint32_t bulk_polls, bulk_ms, bulk_page, bulk_jobs_max, bulk_storage_max;
    /* limits */
    uint32_t daily_calls, calls_of_others, locator_life, replication_limit, concurrent_limit;
    bool hard_limit, limit_info_off, lower_headers;
    char limit_info_app[64]; /* adds per-app-api-usage with that name */
    /* versions */
    uint32_t retired_version, warned_version;
    /* tokens */
    bool refresh_rotation;
    bool login_host; /* plays login.salesforce.com: no client credentials */
    bool sandbox;
};

extern struct sf_settings sf_settings;

/* When something was set last, for describes that are asked for only if they changed. */
int64_t sf_schema_stamp(void);

/* Takes what the object names; the name of a member that it refuses, or NULL. */
const char *sf_set(const json_t *given);

/* Whether one of the comma-embraced names is that one, in any case. */
bool sf_listed(const char *list, const char *name);

#endif
