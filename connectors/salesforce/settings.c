#include "connectors/salesforce/remote.h"

#include "base/file.h"
#include "connectors/jwt.h"
#include "connectors/salesforce/refresh.h"

#include <string.h>

const struct ds_setting ds_sf_settings[] = {
    {"url", NULL, DS_SETTING_REQUIRED, "My Domain address of the org",
     "https://example.my.salesforce.com"},
    {"auth", "jwt", 0, "how to log in: jwt, client_credentials or refresh_token", "jwt"},
    {"client_id", NULL, DS_SETTING_REQUIRED, "consumer key of the app in Salesforce",
     "3MVG9...from the app's settings"},
    {"user", NULL, 0, "Salesforce username to act as (jwt)", "sync@example.com"},
    {"key", NULL, DS_SETTING_SECRET, "private key that signs the login (jwt)",
     "file:/etc/dealsync/credentials/salesforce.key"},
    {"client_secret", NULL, DS_SETTING_SECRET,
     "consumer secret (client_credentials; refresh_token, where the app wants it)",
     "file:/etc/dealsync/credentials/salesforce.secret"},
    {"refresh_token_file", NULL, 0,
     "file of the refresh token, which is replaced whenever Salesforce gives a new one "
     "(refresh_token)",
     "/var/lib/dealsync/salesforce.token"},
    {"audience", NULL, 0,
     "whom the login is addressed to (jwt), when that does not follow from 'url'",
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
    {"bulk", "auto", 0, "whether large windows are read by Bulk jobs: auto, always or never",
     "auto"},
    {"bulk_from", "50000", 0, "opportunities from which a window is large", "50000"},
    {"bulk_wait", "14400", 0, "seconds that a run waits for a Bulk job", "14400"},
    {"bulk_share", "50", 0,
     "percent of the org's daily Bulk query jobs at which a run reads page by page instead", "50"},
    /* The org is silent while it works on a query, for 120 s at most. */
    DS_HTTP_SETTINGS_WITHIN("300"),
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

/* Addresses that people paste from a browser and that are not those of the API (SF-32). */
static const struct {
    const char *piece;
    const char *what;
} wrong_hosts[] = {
    {".lightning.force.com", "the address of the pages"},
    {".salesforce-setup.com", "the address of the Setup pages"},
    {".visual.force.com", "the address of Visualforce pages"},
    {".vf.force.com", "the address of Visualforce pages"},
    {".content.force.com", "the address of files"},
};

static bool is_shared(const char *host)
{
    return strcmp(host, "login.salesforce.com") == 0 || strcmp(host, "test.salesforce.com") == 0;
}

/* shared: whether the login hosts of all orgs will do; not every flow works there (SF-33). */
static int refuse_host(const struct ds_options *options, const char *name, const char *origin,
                       bool shared, struct ds_err *err)
{
    const char *host = origin + strlen("https://");

    for (size_t i = 0; i < sizeof(wrong_hosts) / sizeof(wrong_hosts[0]); i++)
        if (strstr(host, wrong_hosts[i].piece))
            ds_fail(err, DS_E_CONFIG, "%s: '%s' is %s, not of the API",
                    ds_option_where(options, name), name, wrong_hosts[i].what);
    if (is_shared(host) && !shared)
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
    return rc ? rc
              : refuse_host(options, login, remote->login_url.text, remote->flow->shared_host, err);
}

/* A sandbox's My Domain is "name--sandbox", and no other name may hold two hyphens; its logins and those
 * of scratch orgs are addressed to another host (SF-35). */
static void choose_audience(struct ds_remote *remote)
{
    const char *host = remote->origin.text + strlen("https://");
    const char *mark = strstr(host, "--");
    bool test = (mark && mark < strchrnul(host, '.')) || strstr(host, ".scratch.my.salesforce.com");

    remote->audience = ds_option(remote->options, "audience");
    if (!remote->audience)
        remote->audience = test ? "https://test.salesforce.com" : "https://login.salesforce.com";
}

/* Sees that the key can sign: now, not at three in the morning. */
static int try_key(const struct ds_remote *remote, struct ds_err *err)
{
    struct ds_buf trial = DS_BUF_INIT(DS_MAX_TEXT);
    int rc =
        ds_jwt_rs256("{}", &remote->secret, ds_option_where(remote->options, "key"), &trial, err);

    ds_buf_clear(&trial);
    return rc;
}

static int read_secret(struct ds_remote *remote, struct ds_err *err)
{
    const char *name = remote->flow->secret;
    const char *reference = ds_option(remote->options, name);

    if (reference && ds_secret_read(reference, name, &remote->secret, err))
        return ds_err_where(err, "%s", ds_option_where(remote->options, name));
    return DS_OK;
}

static int find_flow(struct ds_remote *remote, struct ds_err *err)
{
    const char *auth = ds_option(remote->options, "auth");

    for (remote->flow = ds_sf_flows; remote->flow->name; remote->flow++)
        if (strcmp(remote->flow->name, auth) == 0)
            return DS_OK;
    return bad(remote->options, "auth", "must be jwt, client_credentials or refresh_token", err);
}

/* Reads what the login needs. */
static int read_login(struct ds_remote *remote, struct ds_err *err)
{
    const struct ds_options *options = remote->options;
    const char *file = ds_option(options, "refresh_token_file");

    if (!ds_option(options, "client_id"))
        return bad(options, "client_id", "is missing", err);
    for (const char *const *need = remote->flow->needs; *need; need++)
        if (!ds_option(options, *need))
            return bad(options, *need, "is missing, 'auth' needs it", err);
    if (read_secret(remote, err))
        return err->status;
    if (remote->flow->signs)
        return try_key(remote, err);
    if (remote->flow->refreshes && ds_sf_refresh_check(file, err))
        return ds_err_where(err, "%s", ds_option_where(options, "refresh_token_file"));
    return DS_OK;
}

static bool is_bulk(const char *text)
{
    return strcmp(text, "auto") == 0 || strcmp(text, "always") == 0 || strcmp(text, "never") == 0;
}

int ds_sf_settings_read(struct ds_remote *remote, struct ds_err *err)
{
    const struct ds_options *options = remote->options;
    const char *version = ds_option(options, "api_version");
    size_t digits = strspn(version + 1, "0123456789");
    int rc = find_flow(remote, err);

    if (!rc)
        rc = read_addresses(remote, err);
    if (rc)
        return rc;
    choose_audience(remote);
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
    if (!rc)
        rc = ds_http_number(options, "bulk_share", 0, 100, &remote->bulk_share, err);
    if (!rc)
        rc = ds_http_number(options, "bulk_from", 1, 1000000000, &remote->bulk_from, err);
    if (!rc)
        rc = ds_http_number(options, "bulk_wait", 1, 604800, &remote->bulk_wait_s, err);
    if (!rc && !is_bulk(ds_option(options, "bulk")))
        rc = bad(options, "bulk", "must be auto, always or never", err);
    return rc ? rc : read_login(remote, err);
}
