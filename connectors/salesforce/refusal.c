#include "connectors/salesforce/remote.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum { SKEW_S = 30 }; /* a difference worth telling */

/* What the documented refusals mean for the person who has to mend them, and where in Salesforce that
 * is. The first row whose error and piece of the description fit counts. */
static const struct refusal {
    const char *error; /* a trailing '*' takes any ending; "*": whatever it is */
    const char *piece; /* of the description, any case; "": any or none (SF-28) */
    int status;
    const char *setting; /* named in the hint with its place, or NULL */
    const char *hint;
} refusals[] = {
    {"invalid_grant", "approved this consumer", DS_E_AUTH, "user",
     "in the app's Policies set 'Permitted Users' to 'Admin approved users are pre-authorized', "
     "select a permission set that this user has, and give the app the scopes api and "
     "refresh_token"},
    {"invalid_grant", "audience", DS_E_AUTH, "audience",
     "'audience' is https://login.salesforce.com for production, https://test.salesforce.com for "
     "a sandbox, or the My Domain address"},
    {"invalid_grant", "no client credentials user", DS_E_AUTH, NULL,
     "choose a user in the app's Policies > OAuth Flows > Client Credentials Flow, 'Run As'"},
    {"invalid_grant", "not supported on this domain", DS_E_AUTH, "url",
     "client_credentials works at the My Domain address only, as Setup > My Domain shows it"},
    {"invalid_grant", "access/refresh token", DS_E_AUTH, "refresh_token_file",
     "the token was revoked, used by another program, or is older than the app's Policies > "
     "Refresh Token Policy allow: authorise the app again and put the new token into the file"},
    {"invalid_grant", "user", DS_E_AUTH, "user",
     "'user' is the username in Setup > Users, in a sandbox with its suffix; it must exist and "
     "be active"},
    {"invalid_grant", "assertion", DS_E_AUTH, "key",
     "the certificate in the app's OAuth settings ('Use digital signatures') must belong to "
     "'key', and 'client_id' to the same app"},
    {"invalid_grant", "authentication failure", DS_E_AUTH, "user",
     "look at Setup > Users > Login History for the reason, and at the login hours and IP ranges "
     "of the user's profile"},
    {"invalid_grant", "expired", DS_E_AUTH, "key", "look at the clock of this machine"},
    {"invalid_grant", "ip restricted", DS_E_AUTH, NULL,
     "allow this machine's address in the profile's Login IP Ranges, or set the app's Policies > "
     "'IP Relaxation' to 'Relax IP restrictions'"},
    {"invalid_client_id", "", DS_E_AUTH, "client_id",
     "'client_id' is the consumer key in the app's OAuth settings; a new app needs some minutes "
     "to be known"},
    {"invalid_client*", "installed", DS_E_AUTH, NULL,
     "an admin of the org has to install the app first (Setup > Connected Apps OAuth Usage)"},
    {"invalid_client*", "", DS_E_AUTH, "client_secret",
     "'client_id' and 'client_secret' are the consumer key and secret of one app; the secret may "
     "have been rotated"},
    {"inactive_user", "", DS_E_AUTH, "user",
     "the user is not active: activate it in Setup > Users, or name another"},
    {"inactive_org", "", DS_E_AUTH, "url",
     "the org is locked, suspended or deleted: look at Setup > Company Information"},
    {"rate_limit_exceeded", "", DS_E_LATER, NULL,
     "too many logins of this user or app within the hour; the next run tries again"},
    {"unsupported_grant_type", "", DS_E_AUTH, "auth",
     "switch on the flow of 'auth' in the app's OAuth settings, 'Flow Enablement'"},
    {"unauthorized_client", "", DS_E_AUTH, "auth",
     "switch on the flow of 'auth' in the app's OAuth settings, 'Flow Enablement'"},
    {"invalid_scope", "", DS_E_AUTH, NULL,
     "give the app the scopes api and refresh_token in its OAuth settings"},
    {"invalid_app_access", "", DS_E_AUTH, "user",
     "assign the app to the user's profile or permission set (app's Policies)"},
    {"invalid_request", "", DS_E_AUTH, "auth",
     "look at the app's OAuth settings for this flow, and at 'login_url'"},
    {"server_error", "", DS_E_REMOTE, NULL, "Salesforce is ill; the next run tries again"},
    {"temporarily_unavailable", "", DS_E_LATER, NULL, "the next run tries again"},
    {"*", "", DS_E_AUTH, "url", "look at Setup > Login History for this user"},
};

static bool is_error(const char *pattern, const char *error)
{
    size_t len = strcspn(pattern, "*");

    return strncmp(pattern, error, len) == 0 && (pattern[len] == '*' || error[len] == '\0');
}

static const struct refusal *refusal_of(const char *error, const char *description)
{
    const struct refusal *r = refusals;

    while (!is_error(r->error, error) || !strcasestr(description, r->piece))
        r++;
    return r;
}

/* An assertion carries our own time, so a wrong clock looks like a wrong key, or like nothing in
 * particular (SF-34). */
static bool hint_skew(const struct ds_remote *remote, const struct ds_http_answer *answer,
                      const struct refusal *r, struct ds_err *err)
{
    int64_t ahead_s = (int64_t)time(NULL) - answer->date_ms / 1000;
    bool likely = *r->error == '*' || (r->setting && strcmp(r->setting, "key") == 0);

    if (!likely || !remote->flow->signs || answer->date_ms == 0 ||
        (ahead_s > -SKEW_S && ahead_s < SKEW_S))
        return false;
    ds_hint(err,
            "the clock of this machine is %" PRId64 " s %s that of Salesforce, and a login holds "
            "for %d s: set the clock (timedatectl set-ntp true)",
            ahead_s < 0 ? -ahead_s : ahead_s, ahead_s < 0 ? "behind" : "ahead of",
            DS_SF_ASSERTION_S);
    return true;
}

int ds_sf_refused(const struct ds_remote *remote, struct ds_http_answer *answer, const json_t *body,
                  bool cut, struct ds_err *err)
{
    const char *error = ds_json_text(body, "error");
    const char *description = ds_json_text(body, "error_description");
    const struct refusal *r = refusal_of(error ? error : "", description ? description : "");
    struct ds_buf said = DS_BUF_INIT(DS_MAX_TEXT);

    if (error) {
        ds_fail(err, r->status, "login at '%s' refused: %s%s%.200s", remote->login_url.text, error,
                description ? ": " : "", description ? description : "");
    } else {
        ds_http_describe(answer, &said);
        ds_fail(err, answer->status / 100 == 4 ? DS_E_AUTH : DS_E_REMOTE,
                "login at '%s' answered %ld with %s", remote->login_url.text, answer->status,
                said.text);
        ds_hint(err,
                "'url' and 'login_url' (%s) are My Domain addresses like "
                "https://example.my.salesforce.com",
                ds_option_where(remote->options, "url"));
        ds_buf_clear(&said);
    }
    if (error && hint_skew(remote, answer, r, err))
        return err->status;
    if (cut && r->setting && strcmp(r->setting, "refresh_token_file") == 0)
        return ds_hint(
            err,
            "an earlier run was killed while it exchanged the token, so the new one never "
            "arrived: authorise the app again and put the new token into the file (%s)",
            ds_option_where(remote->options, r->setting));
    if (r->setting)
        return ds_hint(err, "%s (%s)", r->hint, ds_option_where(remote->options, r->setting));
    return ds_hint(err, "%s", r->hint);
}
