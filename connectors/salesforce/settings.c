#include "connectors/salesforce/remote.h"

#include "base/file.h"
#include "connectors/jwt.h"

#include <string.h>

const struct ds_setting ds_sf_settings[] = {
    {"url", NULL, DS_SETTING_REQUIRED, "My Domain address of the org",
     "https://example.my.salesforce.com"},
    {"auth", "jwt", 0, "how to log in: jwt or client_credentials", "jwt"},
    {"client_id", NULL, DS_SETTING_REQUIRED, "consumer key of the app in Salesforce",
     "3MVG9...from the app's settings"},
    {"user", NULL, 0, "Salesforce username to act as (jwt)", "sync@example.com"},
    {"key", NULL, DS_SETTING_SECRET, "private key that signs the login (jwt)",
     "file:/etc/dealsync/salesforce.key"},
    {"client_secret", NULL, DS_SETTING_SECRET, "consumer secret (client_credentials)",
     "file:/etc/dealsync/salesforce.secret"},
    {"audience", "https://login.salesforce.com", 0,
     "whom the login is addressed to (jwt); a sandbox wants https://test.salesforce.com",
     "https://test.salesforce.com"},
    {"login_url", NULL, 0, "where to log in, when that is not 'url'",
     "https://login.salesforce.com"},
    {"api_version", "v67.0", 0, "version of the Salesforce API", "v67.0"},
    {"overlap", "600", 0, "seconds that a fetch reaches back behind the last one", "600"},
    {"commit_lag", "300", 0, "seconds before now at which a fetch ends, for late commits", "300"},
    {"where", NULL, 0, "a condition of your own, in SOQL, put into every query as it stands",
     "RecordType.DeveloperName = 'Partner'"},
    {"daily_share", "80", 0, "percent of the org's daily requests at which a run stops", "80"},
    {"key_field", NULL, 0,
     "external id field of Opportunity that keeps the key of what is created, so that nothing is "
     "created twice",
     "Deal_Key__c"},
    {"batch", "200", 0, "changes in one request; 1: each under a precondition of its own", "200"},
    DS_HTTP_SETTINGS,
    {0},
};

static int bad(const struct ds_options *options, const char *name, const char *why,
               struct ds_err *err)
{
    return ds_fail(err, DS_E_CONFIG, "%s: '%s' %s", ds_option_where(options, name), name, why);
}

/* Reads an address that is an origin and nothing more. */
static int read_origin(const struct ds_options *options, const char *name, struct ds_buf *out,
                       struct ds_err *err)
{
    const char *text = ds_option(options, name);
    const char *path;

    if (!text)
        return bad(options, name, "is missing", err);
    if (ds_http_origin(text, out, err))
        return ds_err_where(err, "%s: '%s'", ds_option_where(options, name), name);
    path = strchr(text + 8, '/');
    if (path && path[1]) {
        bad(options, name, "must be the address of a host, without a path", err);
        return ds_hint(err, "write %s", out->text);
    }
    return DS_OK;
}

/* Addresses that people paste and that do not work (SF-32, SF-33). */
static int refuse_host(const struct ds_options *options, const char *name, const char *origin,
                       bool shared, struct ds_err *err)
{
    const char *host = origin + strlen("https://");
    bool is_shared =
        strcmp(host, "login.salesforce.com") == 0 || strcmp(host, "test.salesforce.com") == 0;

    if (strstr(host, ".lightning.force.com"))
        bad(options, name, "is the address of the pages, not of the API", err);
    else if (is_shared && !shared)
        bad(options, name, "is the login page of all orgs, not the address of this one", err);
    return ds_hint(err, "the right one is in Setup > My Domain, like "
                        "https://example.my.salesforce.com");
}

static int read_addresses(struct ds_remote *remote, struct ds_err *err)
{
    const struct ds_options *options = remote->options;
    const char *login = ds_option(options, "login_url") ? "login_url" : "url";
    int rc = read_origin(options, "url", &remote->origin, err);

    if (!rc)
        rc = read_origin(options, login, &remote->login_url, err);
    if (!rc)
        rc = refuse_host(options, "url", remote->origin.text, false, err);
    return rc ? rc : refuse_host(options, login, remote->login_url.text, remote->jwt, err);
}

/* Reads what the login needs, and sees that the key can sign: now, not at three in the morning. */
static int read_login(struct ds_remote *remote, struct ds_err *err)
{
    const struct ds_options *options = remote->options;
    const char *name = remote->jwt ? "key" : "client_secret";
    const char *auth = ds_option(options, "auth");
    struct ds_buf trial = DS_BUF_INIT(DS_MAX_TEXT);
    int rc;

    if (strcmp(auth, "jwt") != 0 && strcmp(auth, "client_credentials") != 0)
        return bad(options, "auth", "must be jwt or client_credentials", err);
    if (!ds_option(options, "client_id"))
        return bad(options, "client_id", "is missing", err);
    if (!ds_option(options, name))
        return bad(options, name, "is missing, 'auth' needs it", err);
    if (remote->jwt && !ds_option(options, "user"))
        return bad(options, "user", "is missing, 'auth' needs it", err);
    rc = ds_secret_read(ds_option(options, name), name, &remote->secret, err);
    if (rc)
        return ds_err_where(err, "%s", ds_option_where(options, name));
    if (remote->jwt)
        rc = ds_jwt_rs256("{}", &remote->secret, ds_option_where(options, name), &trial, err);
    ds_buf_clear(&trial);
    return rc;
}

int ds_sf_settings_read(struct ds_remote *remote, struct ds_err *err)
{
    const struct ds_options *options = remote->options;
    const char *version = ds_option(options, "api_version");
    size_t digits = strspn(version + 1, "0123456789");
    int rc = read_addresses(remote, err);

    if (*version != 'v' || digits == 0 || strcmp(version + 1 + digits, ".0") != 0)
        rc = bad(options, "api_version", "must look like v67.0", err);
    if (!rc)
        rc = ds_http_number(options, "overlap", 0, 86400, &remote->overlap_s, err);
    if (!rc)
        rc = ds_http_number(options, "commit_lag", 0, 86400, &remote->commit_lag_s, err);
    if (!rc)
        rc = ds_http_number(options, "daily_share", 1, 100, &remote->daily_share, err);
    if (!rc)
        rc = ds_http_number(options, "batch", 1, DS_SF_MOST_IDS, &remote->batch, err);
    return rc ? rc : read_login(remote, err);
}
