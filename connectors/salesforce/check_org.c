#include "connectors/salesforce/check.h"

#include "base/date.h"
#include "base/text.h"
#include "connectors/salesforce/columns.h"
#include "connectors/salesforce/id.h"
#include "connectors/salesforce/version.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SKEW_MS = 30000 };

/* --- who it is ------------------------------------------------------------------------------- */

static int note_organization(struct ds_sf_check *c)
{
    json_t *rows = NULL;
    const json_t *org;
    const char *instance, *edition;
    int rc = ds_sf_check_rows(
        c, "SELECT Name, OrganizationType, IsSandbox, InstanceName FROM Organization", &rows);

    org = json_array_get(rows, 0);
    instance = ds_json_text(org, "InstanceName");
    edition = ds_json_text(org, "OrganizationType");
    if (org)
        rc = ds_sf_note(c, DS_FINDING_OK, "the org is '%s', %s%s%s%s%s", ds_json_text(org, "Name"),
                        json_is_true(json_object_get(org, "IsSandbox")) ? "a sandbox"
                                                                        : "in production",
                        edition ? ", " : "", edition ? edition : "",
                        instance ? ", on instance " : "", instance ? instance : "");
    json_decref(rows);
    return rc;
}

/* A login is judged by the clock, and so is where a fetch ends (SF-34). */
static int note_clock(struct ds_sf_check *c, int64_t date_ms)
{
    int64_t ahead_ms = ds_now() - date_ms;

    if (date_ms == 0 || (ahead_ms > -SKEW_MS && ahead_ms < SKEW_MS))
        return DS_OK;
    return ds_sf_note(c, DS_FINDING_WARNING,
                      "the clock of this machine is %" PRId64 " s %s that of Salesforce: set it "
                      "(timedatectl set-ntp true)",
                      (ahead_ms < 0 ? -ahead_ms : ahead_ms) / 1000,
                      ahead_ms < 0 ? "behind" : "ahead of");
}

/* --- the API --------------------------------------------------------------------------------- */

/* The newest version of the org's list; false when it tells none. */
static bool find_newest(const json_t *offered, struct ds_sf_version *newest)
{
    struct ds_sf_version version;
    const json_t *entry;
    bool found = false;
    size_t i;

    json_array_foreach(offered, i, entry)
    {
        const char *text = ds_json_text(entry, "version");

        if (text && ds_sf_version_read(text, &version) &&
            (!found || version.number > newest->number)) {
            *newest = version;
            found = true;
        }
    }
    return found;
}

static int note_version(struct ds_sf_check *c)
{
    const char *text = ds_option(c->remote->options, "api_version");
    struct ds_sf_version ours, newest = {0};
    json_t *offered = NULL;
    char most[64] = "";
    int rc;

    if (!ds_sf_version_read(text, &ours))
        return DS_OK;
    rc = ds_sf_get(c->remote, "/services/data/", &offered, NULL, c->err); /* costs nothing */
    if (!rc && find_newest(offered, &newest))
        snprintf(most, sizeof(most), "; the newest here is v%ld.0 (%s)", newest.number,
                 newest.release);
    json_decref(offered);
    if (rc)
        return rc;
    if (*c->remote->warning)
        return ds_sf_note(c, DS_FINDING_WARNING, "API %s (%s): Salesforce warns: %s%s", text,
                          ours.release, c->remote->warning, most);
    if (ds_now() >= ours.until_ms)
        return ds_sf_note(c, DS_FINDING_WARNING,
                          "API %s (%s) was promised until %s and may be retired any day: set "
                          "'api_version' higher%s",
                          text, ours.release, ours.until, most);
    return ds_sf_note(c, DS_FINDING_OK, "API %s (%s), not retired before %s%s", text, ours.release,
                      ours.until, most);
}

static int note_share(struct ds_sf_check *c, const char *what, const struct ds_sf_share *share,
                      const char *setting, long percent, const char *then)
{
    bool over = ds_sf_share_over(share, percent);

    if (share->most == 0)
        return DS_OK;
    return ds_sf_note(
        c, over ? DS_FINDING_WARNING : DS_FINDING_OK,
        "%ld of %ld daily %s used (%.1f %%); this connection stops at %ld %% ('%s')%s%s",
        share->used, share->most, what, (double)share->used * 100 / (double)share->most, percent,
        setting, over ? ", so " : "", over ? then : "");
}

static int note_budget(struct ds_sf_check *c)
{
    const struct ds_remote *remote = c->remote;
    const struct ds_sf_limits *limits = &remote->limits;
    static const char stops[] = "a run would stop at once";
    bool must = strcmp(ds_option(remote->options, "bulk"), "always") == 0;
    int rc = ds_sf_limits_ask(c->remote, c->err);

    if (!rc)
        rc = note_share(c, "requests of the org", &remote->usage.org, "daily_share",
                        remote->daily_share, stops);
    if (!rc)
        rc = note_share(c, "requests of this app", &remote->usage.app, "daily_share",
                        remote->daily_share, stops);
    if (!rc && limits->bulk_jobs.most == 0)
        return ds_sf_note(c, DS_FINDING_OK,
                          "the org does not tell this user its other limits ('View Setup and "
                          "Configuration'): Bulk jobs are counted by each run alone");
    return rc ? rc
              : note_share(c, "Bulk query jobs", &limits->bulk_jobs, "bulk_share",
                           remote->bulk_share,
                           must ? stops : "large windows are read page by page");
}

/* --- what the user may see ------------------------------------------------------------------- */

/* Whether a query that looks for a permission finds it; *told is false when the org does not say. */
static int has_permission(struct ds_sf_check *c, const char *soql, const char *name, bool *told,
                          bool *has)
{
    json_t *rows = NULL;
    int rc = ds_sf_check_rows(c, soql, &rows);

    *told = *told || rows;
    *has = json_is_true(json_object_get(json_array_get(rows, 0), name));
    json_decref(rows);
    return rc;
}

static int sees_object(struct ds_sf_check *c, const char *object, bool *told, bool *has)
{
    struct ds_buf soql = DS_BUF_INIT(DS_MAX_TEXT);
    int rc = DS_OK;

    ds_buf_addf(&soql,
                "SELECT PermissionsViewAllRecords FROM ObjectPermissions WHERE SobjectType = "
                "'%s' AND PermissionsViewAllRecords = TRUE AND ParentId IN (SELECT "
                "PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '%s')",
                object, c->remote->user_id);
    if (*c->remote->user_id)
        rc = has_permission(c, soql.text, "PermissionsViewAllRecords", told, has);
    ds_buf_clear(&soql);
    return rc;
}

static bool reads(const struct ds_sf_check *c, const char *begin)
{
    size_t i = 0;

    while (i < c->query->count && strncasecmp(c->query->paths[i], begin, strlen(begin)) != 0)
        i++;
    return i < c->query->count;
}

/* To see an opportunity is not to see its account: what is hidden of that reads as empty, and nothing
 * tells it from what is (SF-22). */
static int note_parents(struct ds_sf_check *c)
{
    static const struct {
        const char *object, *begin; /* of the paths that read it */
    } shared[] = {{"Account", "Account."}, {"Contact", "OpportunityContactRoles"}};
    int rc = DS_OK;

    for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]) && !rc; i++) {
        bool told = false, has = true;

        if (reads(c, shared[i].begin))
            rc = sees_object(c, shared[i].object, &told, &has);
        if (!rc && !has)
            rc = ds_sf_note(c, DS_FINDING_WARNING,
                            "the user has no 'View All' on %s: fields of those that nobody shares "
                            "with it read as empty, so grant it (permission set > Object Settings)",
                            shared[i].object);
    }
    return rc;
}

/* A record that sharing hides looks like one that was never there (SF-22). */
static int note_view_all(struct ds_sf_check *c)
{
    bool told = false, has = false;
    int rc = has_permission(c, "SELECT PermissionsViewAllData FROM UserPermissionAccess",
                            "PermissionsViewAllData", &told, &has);

    if (rc || has)
        return rc ? rc : ds_sf_note(c, DS_FINDING_OK, "the user has 'View All Data'");
    rc = sees_object(c, "Opportunity", &told, &has);
    if (rc)
        return rc;
    if (has) {
        rc = ds_sf_note(c, DS_FINDING_OK,
                        "the user has 'View All' on Opportunity; private ones stay hidden unless "
                        "it has 'View All Data'");
        return rc ? rc : note_parents(c);
    }
    return ds_sf_note(c, DS_FINDING_WARNING,
                      told ? "the user has neither 'View All Data' nor 'View All' on Opportunity: "
                             "records that nobody shares with it look as if they were not there"
                           : "the org does not tell whether the user sees all opportunities: look "
                             "at its permission set for 'View All' on Opportunity");
}

/* --- what is switched on --------------------------------------------------------------------- */

/* Orgs with several currencies give amounts in the record's own one (SF-58). */
static int note_currency(struct ds_sf_check *c)
{
    bool amount = false, currency = false;

    for (size_t i = 0; i < c->query->count; i++) {
        amount = amount || ds_text_same_nocase(c->query->paths[i], "Amount");
        currency = currency || ds_text_same_nocase(c->query->paths[i], "CurrencyIsoCode");
    }
    if (!ds_sf_field(c->remote->describe, "CurrencyIsoCode"))
        return ds_sf_note(c, DS_FINDING_OK, "the org has one currency");
    if (!amount || currency)
        return ds_sf_note(c, DS_FINDING_OK, "the org has several currencies");
    return ds_sf_note(c, DS_FINDING_WARNING,
                      "the org has several currencies and the mapping does not read "
                      "CurrencyIsoCode: amounts are in the record's own currency");
}

static bool has_children(const json_t *describe, const char *name)
{
    const json_t *child;
    size_t i;

    json_array_foreach(json_object_get(describe, "childRelationships"), i, child)
    {
        const char *relationship = ds_json_text(child, "relationshipName");

        if (relationship && ds_text_same_nocase(relationship, name))
            return true;
    }
    return false;
}

/* Both change what a mapping can read, and nobody remembers who switched them on. */
static int note_features(struct ds_sf_check *c)
{
    const json_t *account;
    int rc = DS_OK;

    if (json_object_get(c->remote->describe, "childRelationships"))
        rc = ds_sf_note(c, DS_FINDING_OK, "team selling is %s",
                        has_children(c->remote->describe, "OpportunityTeamMembers") ? "on" : "off");
    if (!rc)
        rc = ds_sf_check_describe(c, "Account", &account);
    if (!rc && account && ds_sf_field(account, "IsPersonAccount"))
        rc = ds_sf_note(c, DS_FINDING_OK,
                        "person accounts are on: some accounts are people, told apart by "
                        "Account.IsPersonAccount");
    return rc;
}

int ds_sf_check_org(struct ds_sf_check *c, int64_t date_ms)
{
    static int (*const parts[])(struct ds_sf_check *) = {
        note_organization, note_version, note_budget, note_view_all, note_currency, note_features};
    int rc = note_clock(c, date_ms);

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && !rc; i++)
        rc = parts[i](c);
    return rc;
}
