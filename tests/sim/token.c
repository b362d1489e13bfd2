#include "tests/sim/token.h"
#include "tests/sim/clock.h"
#include "tests/sim/dv_assertion.h"
#include "tests/sim/jwt.h"
#include "tests/sim/log.h"
#include "tests/sim/sf_settings.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TOKENS = 64, SF_LIFE = 7200, DV_LIFE = 3599, SF_RANDOM = 80, DV_RANDOM = 1100 };

struct token {
    enum crm crm;
    int64_t expires;
    char *text;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct token tokens[TOKENS];
static size_t issued;

/* Each refresh token that was ever good, the good one last. */
static char (*refreshes)[64];
static size_t nrefreshes;
static bool revoked;

static void issue(enum crm crm, int64_t life, const char *prefix, size_t noise, char *out)
{
    size_t n = strlen(prefix);
    struct token *t;

    memcpy(out, prefix, n);
    text_random(out + n, noise);
    pthread_mutex_lock(&lock);
    t = &tokens[issued++ % TOKENS];
    free(t->text);
    *t = (struct token){crm, clock_now() + life, grab_text(out, n + noise)};
    pthread_mutex_unlock(&lock);
    log_token(crm);
}

bool token_valid(enum crm crm, const char *token)
{
    bool valid = false;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < TOKENS && token && !valid; i++)
        valid = tokens[i].text && tokens[i].crm == crm && tokens[i].expires > clock_now() &&
                strcmp(tokens[i].text, token) == 0;
    pthread_mutex_unlock(&lock);
    return valid;
}

void token_expire_all(enum crm crm)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < TOKENS; i++)
        if (tokens[i].crm == crm)
            tokens[i].expires = 0;
    pthread_mutex_unlock(&lock);
}

void token_clear(void)
{
    for (size_t i = 0; i < TOKENS; i++) {
        free(tokens[i].text);
        tokens[i].text = NULL;
    }
    free(refreshes);
    refreshes = NULL;
    jwt_clear();
    assertion_clear();
}

bool token_load_key(const char *path)
{
    return jwt_load_key(path);
}

/* ---- Salesforce ---- */

static void sf_refuse(struct reply *reply, const char *error, const char *description)
{
    reply->status = 400;
    reply_header(reply, "Cache-Control", "no-store");
    buf_puts(&reply->body, "{\"error\":");
    buf_json_text(&reply->body, error);
    if (description) {
        buf_puts(&reply->body, ",\"error_description\":");
        buf_json_text(&reply->body, description);
    }
    buf_puts(&reply->body, "}");
}

static void sf_grant(struct reply *reply, bool with_issued_at, const char *refresh)
{
    const char *org = org_id(SALESFORCE);
    char token[SF_RANDOM + 40], prefix[24];

    snprintf(prefix, sizeof prefix, "%.15s!AQ", org);
    issue(SALESFORCE, settings.token_life ? settings.token_life : SF_LIFE, prefix, SF_RANDOM,
          token);
    reply_header(reply, "Cache-Control", "no-store");
    buf_addf(&reply->body,
             "{\"access_token\":\"%s\",\"scope\":\"api id\",\"instance_url\":\"%s\","
             "\"id\":\"https://login.salesforce.com/id/%s/0055e000000zzzzAAA\","
             "\"token_type\":\"Bearer\"",
             token, settings.origin[SALESFORCE], org);
    if (with_issued_at)
        buf_addf(&reply->body, ",\"issued_at\":\"%lld000\",\"signature\":\"c2lnbmF0dXJl\"",
                 (long long)clock_now());
    if (refresh)
        buf_addf(&reply->body, ",\"refresh_token\":\"%s\"", refresh);
    buf_puts(&reply->body, "}");
}

static void sf_jwt(const char *form, struct reply *reply)
{
    char *assertion = form_get(form, "assertion");
    const char *error = "invalid_grant", *description = NULL;

    if (!assertion)
        sf_refuse(reply, "invalid_request", "must provide parameter assertion");
    else if (!jwt_accept(assertion, &error, &description))
        sf_refuse(reply, error, description);
    else
        sf_grant(reply, false, NULL);
    free(assertion);
}

/* "Basic base64(id:secret)" into two texts that the caller frees. */
static void basic_parts(const char *header, char **id, char **secret)
{
    size_t len;
    unsigned char *plain;
    char *colon;

    if (!header || strncasecmp(header, "Basic ", 6) != 0)
        return;
    plain = jwt_base64(header + 6, strlen(header + 6), &len);
    colon = plain ? memchr(plain, ':', len) : NULL;
    if (colon) {
        *id = grab_text((char *)plain, (size_t)(colon - (char *)plain));
        *secret = grab_text(colon + 1, len - (size_t)(colon + 1 - (char *)plain));
    }
    free(plain);
}

static void sf_client_credentials(const struct request *request, struct reply *reply)
{
    char *id = form_get(request->body, "client_id");
    char *secret = form_get(request->body, "client_secret");

    if (!id && !secret)
        basic_parts(request_header(request, "Authorization"), &id, &secret);
    if (!id || strcmp(id, SIM_CONSUMER_KEY) != 0)
        sf_refuse(reply, "invalid_client_id", "client identifier invalid");
    else if (!secret || strcmp(secret, SIM_SF_SECRET) != 0)
        sf_refuse(reply, "invalid_client", "invalid client credentials");
    else if (sf_settings.login_host)
        sf_refuse(reply, "invalid_grant", "request not supported on this domain");
    else
        sf_grant(reply, true, NULL);
    free(id);
    free(secret);
}

static void add_refresh(const char *text)
{
    refreshes = regrab(refreshes, (nrefreshes + 1) * sizeof *refreshes);
    snprintf(refreshes[nrefreshes++], sizeof *refreshes, "%s", text);
}

static void renew_refresh(void)
{
    char text[64] = "5Aep861";

    text_random(text + 7, 40);
    add_refresh(text);
}

void token_refresh(char out[64], bool renew)
{
    pthread_mutex_lock(&lock);
    if (!nrefreshes)
        add_refresh(SIM_REFRESH);
    if (renew) {
        revoked = false;
        renew_refresh();
    }
    snprintf(out, 64, "%s", revoked ? "" : refreshes[nrefreshes - 1]);
    pthread_mutex_unlock(&lock);
}

/* Takes the token, and gives the one to use from now on. An old one revokes everything. */
static bool use_refresh(const char *text, char now[64])
{
    bool good, old = false;

    token_refresh(now, false);
    pthread_mutex_lock(&lock);
    good = !revoked && strcmp(refreshes[nrefreshes - 1], text) == 0;
    for (size_t i = 0; i + 1 < nrefreshes; i++)
        old |= strcmp(refreshes[i], text) == 0;
    if (good && sf_settings.refresh_rotation)
        renew_refresh();
    revoked |= !good && old;
    snprintf(now, 64, "%s", refreshes[nrefreshes - 1]);
    pthread_mutex_unlock(&lock);
    if (!good && old)
        token_expire_all(SALESFORCE);
    return good;
}

static void sf_refresh(const struct request *request, struct reply *reply)
{
    char *id = form_get(request->body, "client_id");
    char *secret = form_get(request->body, "client_secret");
    char *refresh = form_get(request->body, "refresh_token");
    char now[64];

    if (!id || strcmp(id, SIM_CONSUMER_KEY) != 0)
        sf_refuse(reply, "invalid_client_id", "client identifier invalid");
    else if (secret && strcmp(secret, SIM_SF_SECRET) != 0)
        sf_refuse(reply, "invalid_client", "invalid client credentials");
    else if (!refresh)
        sf_refuse(reply, "invalid_request", "must provide parameter refresh_token");
    else if (!use_refresh(refresh, now))
        sf_refuse(reply, "invalid_grant", "expired access/refresh token");
    else
        sf_grant(reply, true, sf_settings.refresh_rotation ? now : NULL);
    free(id);
    free(secret);
    free(refresh);
}

static bool is_form(const struct request *request)
{
    const char *type = request_header(request, "Content-Type");

    return type && strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0;
}

void token_salesforce(const struct request *request, struct reply *reply)
{
    char *grant = NULL;

    if (!request_is(request, "POST")) {
        sf_refuse(reply, "invalid_request", "must use HTTP POST");
    } else if (!is_form(request)) {
        sf_refuse(reply, "invalid_request",
                  "content type must be application/x-www-form-urlencoded");
    } else if ((grant = form_get(request->body, "grant_type")) &&
               strcmp(grant, "urn:ietf:params:oauth:grant-type:jwt-bearer") == 0) {
        sf_jwt(request->body, reply);
    } else if (grant && strcmp(grant, "client_credentials") == 0) {
        sf_client_credentials(request, reply);
    } else if (grant && strcmp(grant, "refresh_token") == 0) {
        sf_refresh(request, reply);
    } else {
        sf_refuse(reply, "unsupported_grant_type", "grant type not supported");
    }
    free(grant);
}

/* ---- Dynamics ---- */

static void dv_refuse(struct reply *reply, unsigned status, const char *error, unsigned code,
                      const char *text)
{
    struct civil c = civil_from(clock_now());

    reply->status = status;
    reply_header(reply, "Cache-Control", "no-store");
    buf_addf(&reply->body,
             "{\"error\":\"%s\",\"error_description\":\"AADSTS%u: %s\\r\\n"
             "Trace ID: 0000aaaa-11bb-cccc-dd33-eeeeee333333\",\"error_codes\":[%u],"
             "\"timestamp\":\"%04d-%02d-%02d %02d:%02d:%02dZ\","
             "\"trace_id\":\"0000aaaa-11bb-cccc-dd33-eeeeee333333\","
             "\"correlation_id\":\"aaaa0000-bb11-2222-33cc-444444dddddd\"}",
             error, code, text, code, c.year, c.month, c.day, c.hour, c.minute, c.second);
}

static void dv_grant(struct reply *reply)
{
    int64_t life = settings.token_life ? settings.token_life : DV_LIFE;
    char token[DV_RANDOM + 64];

    issue(DYNAMICS, life, "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJ", DV_RANDOM, token);
    reply_header(reply, "Cache-Control", "no-store");
    buf_addf(&reply->body,
             "{\"token_type\":\"Bearer\",\"expires_in\":%lld,\"ext_expires_in\":%lld,"
             "\"access_token\":\"%s\"}",
             (long long)life, (long long)life, token);
}

struct dv_form {
    char *grant, *client, *secret, *scope, *type, *assertion;
};

static bool dv_assertion(const struct dv_form *f, struct reply *reply)
{
    const char *text;
    unsigned code;

    if (!f->type ||
        strcmp(f->type, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer") != 0) {
        dv_refuse(reply, 400, "invalid_request", 900144,
                  "The request body must contain the parameter 'client_assertion_type'.");
        return false;
    }
    code = assertion_check(f->assertion, f->client, &text);
    if (code)
        dv_refuse(reply, 401, "invalid_client", code, text);
    return !code;
}

static void dv_decide(const struct dv_form *f, struct reply *reply)
{
    char scope[128];

    snprintf(scope, sizeof scope, "%s/.default", settings.origin[DYNAMICS]);
    if (!f->grant || !f->client || !f->scope)
        dv_refuse(reply, 400, "invalid_request", 900144,
                  "The request body must contain the parameters 'grant_type', 'client_id' and "
                  "'scope'.");
    else if (strcmp(f->grant, "client_credentials") != 0)
        dv_refuse(reply, 400, "unsupported_grant_type", 70003,
                  "The app requested an unsupported grant type.");
    else if (strcmp(f->client, SIM_CLIENT_ID) != 0)
        dv_refuse(reply, 400, "unauthorized_client", 700016,
                  "Application was not found in the directory 'Simulated Company'.");
    else if (!f->secret && !f->assertion)
        dv_refuse(reply, 401, "invalid_client", 7000218,
                  "The request body must contain the following parameter: 'client_assertion' or "
                  "'client_secret'.");
    else if (f->assertion && !dv_assertion(f, reply))
        return;
    else if (!f->assertion && strcmp(f->secret, SIM_DV_SECRET) != 0)
        dv_refuse(reply, 401, "invalid_client", 7000215,
                  "Invalid client secret provided. Ensure the secret being sent in the request is "
                  "the client secret value, not the client secret ID.");
    else if (strcmp(f->scope, scope) != 0)
        dv_refuse(reply, 400, "invalid_scope", 70011,
                  "The provided value for the input parameter 'scope' isn't valid.");
    else
        dv_grant(reply);
}

void token_dynamics(const struct request *request, struct reply *reply)
{
    struct dv_form f = {0};

    if (!request_is(request, "POST") || !is_form(request)) {
        dv_refuse(reply, 400, "invalid_request", 900561,
                  "The endpoint only accepts POST requests with a form body.");
        return;
    }
    if (!text_starts(request->path, "/" SIM_TENANT "/")) {
        dv_refuse(reply, 400, "invalid_request", 90002, "Tenant not found.");
        return;
    }
    f.grant = form_get(request->body, "grant_type");
    f.client = form_get(request->body, "client_id");
    f.secret = form_get(request->body, "client_secret");
    f.scope = form_get(request->body, "scope");
    f.type = form_get(request->body, "client_assertion_type");
    f.assertion = form_get(request->body, "client_assertion");
    dv_decide(&f, reply);
    free(f.grant), free(f.client), free(f.secret), free(f.scope);
    free(f.type), free(f.assertion);
}
