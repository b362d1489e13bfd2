#include "mapping/deal.h"

#include "base/text.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

#define SHORT 255

/* clang-format off */
static const char *const statuses[] = {
    DS_STATUS_RECEIVED, DS_STATUS_ACCEPTED, DS_STATUS_WON, DS_STATUS_LOST,
    DS_STATUS_DECLINED, DS_STATUS_EXPIRED, "error", NULL
};
static const char *const reasons[] = { /* */
    "budget", "no_response", "other_vendor", "requirement_not_met", "not_a_customer",
    "timeline_too_short", "abuse_or_spam", "others", NULL
};
static const char *const helps[] = { /* */
    DS_NONE, "workload_specific", "technical_win", "proof_of_concept", "quotes",
    "customer_success", "general", NULL
};
static const char *const origins[] = { DS_OUTBOUND, DS_INBOUND, NULL }; /* */
static const char *const partners[] = { DS_NONE, DS_INVITER, DS_INVITED, NULL }; /* */
static const char *const microsofts[] = { /* */
    DS_NONE, "asked", "accepted", "declined", "expired", NULL
};

/* In each `may`: creation, received, accepted, shared, closed. */
const struct ds_field_row ds_fields[DS_FIELDS] = {
    [DS_NAME] = {
        .name = "name", .title = "name", .type = DS_T_TEXT, .max_chars = SHORT,
        .needed = DS_MANDATORY, .needed_rule = 31,
        .may = "waww-" },
    [DS_STATUS] = {
        .name = "status", .title = "status", .type = DS_T_WORD, .words = statuses,
        .needed_rule = 63, .fallback = DS_STATUS_ACCEPTED,
        .may = "waww-" },
    [DS_STAGE] = {
        .name = "stage", .title = "stage", .type = DS_T_PERCENT,
        .needed_rule = 66, .fallback = "10",
        .may = "w-ww-" },
    [DS_REASON] = {
        .name = "reason", .title = "reason", .type = DS_T_WORD, .words = reasons,
        .needed_rule = 58,
        .may = "waww-" },
    [DS_ON_HOLD] = {
        .name = "on_hold", .title = "on hold", .type = DS_T_FLAG, .fallback = DS_NO,
        .may = "w-ww-" },
    [DS_VALUE] = {
        .name = "value", .title = "value", .type = DS_T_DECIMAL,
        .needed = DS_MANDATORY, .needed_rule = 33,
        .may = "waww-" },
    [DS_CURRENCY] = {
        .name = "currency", .title = "currency", .type = DS_T_CURRENCY,
        .needed = DS_MANDATORY, .needed_rule = 33,
        .may = "waww-" },
    [DS_CLOSE_DATE] = {
        .name = "close_date", .title = "close date", .type = DS_T_DATE,
        .needed = DS_MANDATORY, .needed_rule = 34,
        .may = "waww-" },
    [DS_LOCATION] = {
        .name = "location", .title = "location", .type = DS_T_TEXT, .max_chars = SHORT,
        .needed = DS_MANDATORY, .needed_rule = 32,
        .may = "1----", .frozen_rule = 32 },
    [DS_CUSTOMER_NAME] = {
        .name = "customer_name", .title = "customer name", .type = DS_T_TEXT, .max_chars = SHORT,
        .needed = DS_MANDATORY, .needed_rule = 40,
        .may = "1----", .frozen_rule = 40 },
    [DS_CUSTOMER_DUNS] = {
        .name = "customer_duns", .title = "customer D-U-N-S", .type = DS_T_TEXT,
        .needed_rule = 40,
        .may = "1----", .frozen_rule = 40 },
    [DS_CUSTOMER_STREET] = {
        .name = "customer_street", .title = "customer street", .type = DS_T_TEXT,
        .max_chars = SHORT,
        .needed = DS_FOR_SHARING, .needed_rule = 39,
        .may = "1----", .frozen_rule = 40 },
    [DS_CUSTOMER_CITY] = {
        .name = "customer_city", .title = "customer city", .type = DS_T_TEXT, .max_chars = SHORT,
        .needed = DS_FOR_SHARING, .needed_rule = 39,
        .may = "1----", .frozen_rule = 40 },
    [DS_CUSTOMER_STATE] = {
        .name = "customer_state", .title = "customer state", .type = DS_T_TEXT, .max_chars = SHORT,
        .may = "1----", .frozen_rule = 40 },
    [DS_CUSTOMER_POSTAL_CODE] = {
        .name = "customer_postal_code", .title = "customer postal code", .type = DS_T_TEXT,
        .max_chars = SHORT,
        .may = "1----", .frozen_rule = 40 },
    [DS_CUSTOMER_COUNTRY] = {
        .name = "customer_country", .title = "customer country", .type = DS_T_COUNTRY,
        .needed = DS_MANDATORY, .needed_rule = 39,
        .may = "1----", .frozen_rule = 40 },
    [DS_CONTACT_FIRST_NAME] = {
        .name = "contact_first_name", .title = "contact first name", .type = DS_T_TEXT,
        .max_chars = SHORT, .needed = DS_FOR_HELP, .needed_rule = 41,
        .may = "w?w+-", .frozen_rule = 43 },
    [DS_CONTACT_LAST_NAME] = {
        .name = "contact_last_name", .title = "contact last name", .type = DS_T_TEXT,
        .max_chars = SHORT, .needed = DS_FOR_HELP, .needed_rule = 41,
        .may = "w?w+-", .frozen_rule = 43 },
    [DS_CONTACT_EMAIL] = {
        .name = "contact_email", .title = "contact email", .type = DS_T_TEXT,
        .max_chars = SHORT, .needed = DS_FOR_HELP, .needed_rule = 41,
        .may = "w?w+-", .frozen_rule = 43 },
    [DS_CONTACT_PHONE] = {
        .name = "contact_phone", .title = "contact phone", .type = DS_T_TEXT,
        .max_chars = SHORT, .needed = DS_FOR_HELP, .needed_rule = 41,
        .may = "w?w+-", .frozen_rule = 43 },
    [DS_CONSENT] = {
        .name = "consent", .title = "consent", .type = DS_T_FLAG, .fallback = DS_NO,
        .needed = DS_FOR_HELP, .needed_rule = 42,
        .may = "1----", .frozen_rule = 42 },
    [DS_VISIBILITY] = {
        .name = "visibility", .title = "visibility", .type = DS_T_FLAG, .fallback = DS_NO,
        .needed_rule = 10,
        .may = "w-^^-", .frozen_rule = 24 },
    [DS_HELP] = {
        .name = "help", .title = "help", .type = DS_T_WORD, .words = helps, .fallback = DS_NONE,
        .needed_rule = 10,
        .may = "w-^^-", .frozen_rule = 24 },
    [DS_ASSESSMENT] = {
        .name = "assessment", .title = "solution assessment", .type = DS_T_FLAG,
        .fallback = DS_NO, .needed_rule = 51,
        .may = "1----", .frozen_rule = 51 },
    [DS_TEAM] = {
        .name = "team", .title = "team", .type = DS_T_TEAM,
        .needed = DS_MANDATORY, .needed_rule = 45, .merge = DS_MERGE_LIST,
        .may = "waww-" },
    [DS_SOLUTIONS] = {
        .name = "solutions", .title = "solutions", .type = DS_T_SOLUTIONS,
        .needed = DS_MANDATORY, .needed_rule = 48, .merge = DS_MERGE_LIST,
        .may = "w?ww-" },
    [DS_CRM_ID] = {
        .name = "crm_id", .title = "CRM id", .type = DS_T_TEXT, .max_chars = SHORT,
        .needed_rule = 35,
        .may = "waww-" },
    [DS_CAMPAIGN_ID] = {
        .name = "campaign_id", .title = "campaign id", .type = DS_T_TEXT, .max_chars = SHORT,
        .needed_rule = 36,
        .may = "waww-" },
    [DS_NOTES] = {
        .name = "notes", .title = "notes", .type = DS_T_TEXT, .max_chars = 32000,
        .needed_rule = 37, .merge = DS_MERGE_TEXT,
        .may = "waww-" },
    [DS_ORIGIN] = {
        .name = "origin", .title = "origin", .type = DS_T_WORD, .words = origins,
        .fallback = DS_OUTBOUND,
        .may = "1----", .frozen_rule = 27 },
    [DS_PARTNER] = {
        .name = "partner", .title = "partner", .type = DS_T_WORD, .words = partners,
        .fallback = DS_NONE,
        .may = "w-^^-", .frozen_rule = 24 },
    [DS_MICROSOFT] = {
        .name = "microsoft", .title = "Microsoft's answer", .type = DS_T_WORD,
        .words = microsofts, .fallback = DS_NONE,
        .may = "wwww-" },
    [DS_EXPIRES] = {
        .name = "expires", .title = "answer due", .type = DS_T_INSTANT,
        .may = "wwww-" },
};
/* clang-format on */

static_assert(DS_FIELDS == 33 && DS_EXPIRES == DS_FIELDS - 1, "a field without a row above");
static_assert(DS_FIELDS <= 64, "struct ds_deal.given has one bit per field");

enum ds_field ds_field_find(const char *name)
{
    enum ds_field f = 0;

    while (f < DS_FIELDS && (!name || strcmp(ds_fields[f].name, name) != 0))
        f++;
    return f;
}

bool ds_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool ds_status_terminal(const char *status)
{
    return status && strcmp(status, DS_STATUS_RECEIVED) != 0 &&
           strcmp(status, DS_STATUS_ACCEPTED) != 0;
}

static bool wants_help(const struct ds_deal *d)
{
    return d->value[DS_HELP] && !ds_same(d->value[DS_HELP], DS_NONE);
}

bool ds_deal_shared(const struct ds_deal *d)
{
    return ds_same(d->value[DS_VISIBILITY], DS_YES) || wants_help(d);
}

const char *ds_deal_type(const struct ds_deal *d)
{
    if (ds_same(d->value[DS_ASSESSMENT], DS_YES))
        return "assessment";
    if (wants_help(d))
        return "co-sell";
    return ds_same(d->value[DS_VISIBILITY], DS_YES) ? "partner-led" : "private";
}

void ds_deal_to_json(struct ds_buf *out, const struct ds_deal *d)
{
    const char *before = "{\"";

    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        if (!ds_given(d, f))
            continue;
        ds_buf_add(out, before);
        ds_buf_add(out, ds_fields[f].name);
        ds_buf_add(out, "\":");
        if (d->value[f])
            ds_text_to_json(out, d->value[f]);
        else
            ds_buf_add(out, "null");
        before = ",\"";
    }
    ds_buf_add(out, d->given ? "}" : "{}");
}

static int take_member(struct ds_arena *a, const char *name, const json_t *value,
                       struct ds_deal *out, struct ds_err *err)
{
    enum ds_field f = ds_field_find(name);
    char *text;

    if (f == DS_FIELDS)
        return ds_fail(err, DS_E_INPUT, "'%s' is no field of a deal", name);
    if (json_is_null(value)) {
        ds_deal_set(out, f, NULL);
        return 0;
    }
    if (!json_is_string(value))
        return ds_fail(err, DS_E_INPUT, "'%s' of a deal is neither text nor null", name);
    text = ds_arena_dup_bytes(a, json_string_value(value), json_string_length(value));
    ds_deal_set(out, f, text);
    return text ? 0 : ds_fail_nomem(err);
}

int ds_deal_from_json(struct ds_arena *a, const char *json, struct ds_deal *out, struct ds_err *err)
{
    struct ds_deal deal = {0};
    json_error_t problem;
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &problem), *value;
    const char *name;
    int rc = 0;

    if (!json_is_object(root))
        rc = ds_fail(err, DS_E_INPUT, "a deal's values are no JSON object: %s",
                     root ? "another type" : problem.text);
    json_object_foreach(root, name, value)
    {
        rc = take_member(a, name, value, &deal, err);
        if (rc)
            break;
    }
    json_decref(root);
    if (!rc)
        *out = deal;
    return rc;
}
