#include "connectors/salesforce/remote.h"

#include "base/file.h"
#include "base/text.h"
#include "connectors/jwt.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ASSERTION_S = 120, /* the remote allows 180; the rest is for clocks that differ (SF-34) */
    SKEW_S = 30        /* a difference worth telling */
};

/* The clock that the remote judges an assertion by, whatever time a test pretends. */
static int64_t now_s(void)
{
    return (int64_t)time(NULL);
}

/* --- the request ----------------------------------------------------------------------------- */

static void add_pair(struct ds_buf *out, const char *name, const char *value)
{
    ds_buf_addf(out, "%s%s=", out->len ? "&" : "", name);
    ds_http_escape(out, value);
}

static void add_claim(struct ds_buf *out, const char *name, const char *value)
{
    ds_buf_addf(out, "\"%s\":", name);
    ds_text_to_json(out, value);
    ds_buf_add_char(out, ',');
}

/* `sub` is the raw user name (SF-36); `aud` is a setting, for sandboxes differ (SF-35). */
static int add_assertion(const struct ds_remote *remote, struct ds_buf *out, struct ds_err *err)
{
    struct ds_buf claims = DS_BUF_INIT(DS_MAX_TEXT), assertion = DS_BUF_INIT(DS_MAX_TEXT);
    int rc;

    ds_buf_add_char(&claims, '{');
    add_claim(&claims, "iss", ds_option(remote->options, "client_id"));
    add_claim(&claims, "sub", ds_option(remote->options, "user"));
    add_claim(&claims, "aud", ds_option(remote->options, "audience"));
    ds_buf_addf(&claims, "\"exp\":%" PRId64 "}", now_s() + ASSERTION_S);
    rc = ds_buf_failed(&claims)
             ? ds_fail_nomem(err)
             : ds_jwt_rs256(claims.text, &remote->secret, ds_option_where(remote->options, "key"),
                            &assertion, err);
    add_pair(out, "assertion", assertion.text);
    ds_secret_clear(&assertion);
    ds_buf_clear(&claims);
    return rc;
}

static int compose(const struct ds_remote *remote, struct ds_buf *out, struct ds_err *err)
{
    int rc = DS_OK;

    if (remote->jwt) {
        add_pair(out, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
        rc = add_assertion(remote, out, err);
    } else {
        add_pair(out, "grant_type", "client_credentials");
        add_pair(out, "client_id", ds_option(remote->options, "client_id"));
        add_pair(out, "client_secret", remote->secret.text);
    }
    return rc ? rc : ds_buf_failed(out) ? ds_fail_nomem(err) : DS_OK;
}

/* --- the answer ------------------------------------------------------------------------------ */

/* What the documented refusals mean for the person who has to mend them. The first row whose error
 * and piece of the description fit counts. */
static const struct refusal {
    const char *error;
    const char *piece; /* of the description, any case; "": any or none (SF-28) */
    int status;
    const char *setting; /* named in the hint with its place, or NULL */
    const char *hint;
} refusals[] = {
    {"invalid_grant", "approved this consumer", DS_E_AUTH, "user",
     "in the app's policies set 'Admin approved users are pre-authorized', give this user its "
     "permission set, and give the app the scopes api and refresh_token"},
    {"invalid_grant", "audience", DS_E_AUTH, "audience",
     "'audience' is https://login.salesforce.com for production and "
     "https://test.salesforce.com for a sandbox"},
    {"invalid_grant", "user", DS_E_AUTH, "user",
     "'user' is the Salesforce username, in a sandbox with its suffix; it must exist and be "
     "active"},
    {"invalid_grant", "assertion", DS_E_AUTH, "key",
     "the certificate in the app must belong to 'key', and 'client_id' to the same app"},
    {"invalid_grant", "expired", DS_E_AUTH, "key", "look at the clock of this machine"},
    {"invalid_grant", "ip restricted", DS_E_AUTH, NULL,
     "allow this machine's address in the user's profile or relax the app's IP policy"},
    {"invalid_client_id", "", DS_E_AUTH, "client_id",
     "'client_id' is the consumer key of the app; a new app needs some minutes to be known"},
    {"invalid_client", "installed", DS_E_AUTH, NULL,
     "an admin of the org has to install the app first (Connected Apps OAuth Usage)"},
    {"invalid_client", "", DS_E_AUTH, "client_secret",
     "'client_id' and 'client_secret' are the consumer key and secret of one app"},
    {"inactive_user", "", DS_E_AUTH, "user", "the user is not active: activate it or name another"},
    {"inactive_org", "", DS_E_AUTH, "url", "the org is locked, suspended or deleted"},
    {"rate_limit_exceeded", "", DS_E_LATER, NULL, "too many logins; the next run tries again"},
    {"unsupported_grant_type", "", DS_E_AUTH, "auth",
     "switch on the flow of 'auth' in the app: JWT Bearer Flow or Client Credentials Flow"},
    {"invalid_request", "", DS_E_AUTH, "auth", "look at the app's OAuth settings for this flow"},
    {"", "", DS_E_AUTH, "url", "look at the login history of the user in Salesforce Setup"},
};

static const struct refusal *refusal_of(const char *error, const char *description)
{
    const struct refusal *r = refusals;

    while (*r->error && (strcmp(r->error, error) != 0 || !strcasestr(description, r->piece)))
        r++;
    return r;
}

/* An assertion carries our own time, so a wrong clock looks like a wrong key (SF-34). */
static bool hint_skew(const struct ds_remote *remote, const struct ds_http_answer *answer,
                      struct ds_err *err)
{
    int64_t ahead_s = now_s() - answer->date_ms / 1000;

    if (!remote->jwt || answer->date_ms == 0 || (ahead_s > -SKEW_S && ahead_s < SKEW_S))
        return false;
    ds_hint(err,
            "the clock of this machine is %" PRId64 " s %s that of Salesforce, and a login holds "
            "for %d s: set the clock (timedatectl set-ntp true)",
            ahead_s < 0 ? -ahead_s : ahead_s, ahead_s < 0 ? "behind" : "ahead of", ASSERTION_S);
    return true;
}

static int refused(const struct ds_remote *remote, struct ds_http_answer *answer,
                   const json_t *body, struct ds_err *err)
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
    if (strcmp(r->error, "invalid_grant") == 0 && hint_skew(remote, answer, err))
        return err->status;
    if (r->setting)
        return ds_hint(err, "%s (%s)", r->hint, ds_option_where(remote->options, r->setting));
    return ds_hint(err, "%s", r->hint);
}

/* The token is for the org of `url` or for nobody (P-9, SF-30). */
static int same_org(const struct ds_remote *remote, const char *instance_url, struct ds_err *err)
{
    struct ds_buf origin = DS_BUF_INIT(DS_MAX_URL);
    struct ds_err ignored = {0};
    int rc = DS_OK;

    if (ds_http_origin(instance_url, &origin, &ignored) ||
        strcmp(origin.text, remote->origin.text) != 0) {
        ds_fail(err, DS_E_CONFIG, "the login is for '%.150s', but 'url' is '%.150s'", instance_url,
                remote->origin.text);
        rc = ds_hint(err,
                     "if the org was renamed or moved, correct 'url' (%s); else the app, the user "
                     "and 'url' belong to different orgs",
                     ds_option_where(remote->options, "url"));
    }
    ds_buf_clear(&origin);
    return rc;
}

static int accept(const struct ds_remote *remote, const json_t *body, struct ds_token *out,
                  struct ds_err *err)
{
    const char *token = ds_json_text(body, "access_token");
    const char *instance_url = ds_json_text(body, "instance_url");
    int rc;

    if (!token || !instance_url)
        return ds_fail(err, DS_E_REMOTE, "login at '%s': the answer holds no %s",
                       remote->login_url.text, token ? "instance_url" : "access_token");
    rc = same_org(remote, instance_url, err);
    if (rc)
        return rc;
    ds_buf_add(&out->text, token);
    return ds_buf_failed(&out->text)
               ? ds_fail(err, DS_E_REMOTE, "the access token is longer than %u bytes", DS_MAX_TOKEN)
               : DS_OK;
}

int ds_sf_login(void *arg, struct ds_http *http, struct ds_token *out, struct ds_err *err)
{
    struct ds_remote *remote = arg;
    struct ds_buf url = DS_BUF_INIT(DS_MAX_URL), form = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_buf scratch = DS_BUF_INIT(DS_MAX_TEXT * 3);
    struct ds_http_answer answer;
    struct ds_err unreadable = {0};
    json_t *body = NULL;
    int rc = compose(remote, &form, err);

    ds_http_answer_init(&answer);
    ds_buf_addf(&url, "%s/services/oauth2/token", remote->login_url.text);
    if (!rc)
        rc = ds_http_send(
            http,
            &(struct ds_http_request){.method = "POST",
                                      .url = url.text,
                                      .headers = {"Content-Type: application/x-www-form-urlencoded",
                                                  "Accept: application/json"},
                                      .body = form.text,
                                      .body_len = form.len,
                                      .max_answer = DS_MAX_TEXT,
                                      .repeatable = true},
            &answer, err);
    if (rc)
        goto out;
    if (ds_json_read(answer.body.text, answer.body.len, &scratch, &body, &unreadable))
        body = NULL;
    rc = answer.status == 200 && body ? accept(remote, body, out, err)
                                      : refused(remote, &answer, body, err);
out:
    json_decref(body);
    ds_http_answer_clear(&answer);
    ds_secret_clear(&scratch);
    ds_secret_clear(&form);
    ds_buf_clear(&url);
    return rc;
}
