#include "connectors/salesforce/remote.h"

#include "base/file.h"
#include "base/text.h"
#include "connectors/jwt.h"
#include "connectors/salesforce/refresh.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const struct ds_sf_flow ds_sf_flows[] = {
    {.name = "jwt",
     .grant = "urn:ietf:params:oauth:grant-type:jwt-bearer",
     .needs = {"key", "user"},
     .secret = "key",
     .signs = true,
     .shared_host = true},
    {.name = "client_credentials",
     .grant = "client_credentials",
     .needs = {"client_secret"},
     .secret = "client_secret"},
    {.name = "refresh_token",
     .grant = "refresh_token",
     .needs = {"refresh_token_file"},
     .secret = "client_secret",
     .refreshes = true,
     .shared_host = true},
    {0},
};

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

void ds_sf_claims(const struct ds_remote *remote, int64_t now_s, struct ds_buf *out)
{
    ds_buf_add_char(out, '{');
    add_claim(out, "iss", ds_option(remote->options, "client_id"));
    add_claim(out, "sub", ds_option(remote->options, "user"));
    add_claim(out, "aud", remote->audience);
    ds_buf_addf(out, "\"exp\":%" PRId64 "}", now_s + DS_SF_ASSERTION_S);
}

/* The time is the one that Salesforce judges it by, whatever time a test pretends. */
static int add_assertion(const struct ds_remote *remote, struct ds_buf *out, struct ds_err *err)
{
    struct ds_buf claims = DS_BUF_INIT(DS_MAX_TEXT), assertion = DS_BUF_INIT(DS_MAX_TEXT);
    int rc;

    ds_sf_claims(remote, (int64_t)time(NULL), &claims);
    rc = ds_buf_failed(&claims)
             ? ds_fail_nomem(err)
             : ds_jwt_rs256(claims.text, &remote->secret, ds_option_where(remote->options, "key"),
                            &assertion, err);
    add_pair(out, "assertion", assertion.text);
    ds_secret_clear(&assertion);
    ds_buf_clear(&claims);
    return rc;
}

static int compose(const struct ds_remote *remote, const struct ds_sf_refresh *refresh,
                   struct ds_buf *out, struct ds_err *err)
{
    add_pair(out, "grant_type", remote->flow->grant);
    if (remote->flow->signs)
        return add_assertion(remote, out, err);
    add_pair(out, "client_id", ds_option(remote->options, "client_id"));
    if (remote->secret.len)
        add_pair(out, "client_secret", remote->secret.text);
    if (remote->flow->refreshes)
        add_pair(out, "refresh_token", refresh->token.text);
    return ds_buf_failed(out) ? ds_fail_nomem(err) : DS_OK;
}

/* --- the answer ------------------------------------------------------------------------------ */

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

/* The last two parts of ".../id/00D.../005..."; what cannot be read is left as it is. */
static void read_ids(struct ds_remote *remote, const char *identity)
{
    const char *user = identity ? strrchr(identity, '/') : NULL;
    const char *org = user ? memrchr(identity, '/', (size_t)(user - identity)) : NULL;
    char text[DS_SF_ID];

    if (!org || user - org > DS_SF_ID)
        return;
    snprintf(text, sizeof(text), "%.*s", (int)(user - org - 1), org + 1);
    if (ds_sf_id(text, remote->org_id))
        ds_sf_id(user + 1, remote->user_id);
}

static int accept(struct ds_remote *remote, const json_t *body, struct ds_token *out,
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
    read_ids(remote, ds_json_text(body, "id"));
    ds_buf_add(&out->text, token);
    return ds_buf_failed(&out->text)
               ? ds_fail(err, DS_E_REMOTE, "the access token is longer than %u bytes", DS_MAX_TOKEN)
               : DS_OK;
}

/* A refresh token that came along is kept before anything else is done with the answer, and even when
 * the rest of it is no good. */
static int take_answer(struct ds_remote *remote, struct ds_sf_refresh *refresh,
                       struct ds_http_answer *answer, struct ds_token *out, struct ds_err *err)
{
    struct ds_buf scratch = DS_BUF_INIT(DS_MAX_TEXT * 3);
    struct ds_err unreadable = {0};
    json_t *body = NULL;
    int rc = DS_OK;

    if (ds_json_read(answer->body.text, answer->body.len, &scratch, &body, &unreadable))
        body = NULL;
    ds_secret_clear(&scratch);
    if (answer->status != 200 || !body)
        rc = ds_sf_refused(remote, answer, body, refresh->cut, err);
    else if (remote->flow->refreshes)
        rc = ds_sf_refresh_keep(refresh, ds_json_text(body, "refresh_token"), err);
    if (!rc)
        rc = accept(remote, body, out, err);
    json_decref(body);
    return rc;
}

static int send(const struct ds_remote *remote, struct ds_http *http, const struct ds_buf *form,
                struct ds_http_answer *answer, struct ds_err *err)
{
    struct ds_buf url = DS_BUF_INIT(DS_MAX_URL);
    struct ds_http_request request = {
        .method = "POST",
        .headers = {"Content-Type: application/x-www-form-urlencoded", "Accept: application/json"},
        .body = form->text,
        .body_len = form->len,
        .max_answer = DS_MAX_TEXT,
        .repeatable = true, /* of a refresh token, too: if the lost answer held a new one, the old
                               one is all that is left to ask with */
    };
    int rc;

    ds_buf_addf(&url, "%s/services/oauth2/token", remote->login_url.text);
    request.url = url.text;
    rc = ds_http_send(http, &request, answer, err);
    ds_buf_clear(&url);
    return rc;
}

int ds_sf_login(void *arg, struct ds_http *http, struct ds_token *out, struct ds_err *err)
{
    struct ds_remote *remote = arg;
    struct ds_buf form = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_http_answer answer;
    struct ds_sf_refresh refresh;
    int rc = DS_OK;

    ds_http_answer_init(&answer);
    ds_sf_refresh_init(&refresh, ds_option(remote->options, "refresh_token_file"));
    if (remote->flow->refreshes)
        rc = ds_sf_refresh_begin(&refresh, http, err);
    if (!rc)
        rc = compose(remote, &refresh, &form, err);
    if (!rc)
        rc = send(remote, http, &form, &answer, err);
    if (!rc)
        rc = take_answer(remote, &refresh, &answer, out, err);
    ds_sf_refresh_end(&refresh, answer.status / 100 == 4);
    ds_http_answer_clear(&answer);
    ds_secret_clear(&form);
    return rc;
}
