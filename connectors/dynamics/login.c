#include "connectors/dynamics/remote.h"

#include "base/date.h"
#include "base/file.h"
#include "base/text.h"
#include "connectors/dynamics/credential.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum {
    EARLY_S = 300, /* a token is renewed this long before its end (DV-7) */
    SKEW_S = 60    /* a difference of clocks worth telling */
};

#define PROOF "client_secret" /* or 'certificate', whichever the connection has */

/* What Entra says when it refuses, by the number it gives or, where there is none, by its word for
 * the kind of error; never by the description (DV-8). The first row that fits counts. */
static const struct refusal {
    long number;
    const char *kind;
    int status;
    const char *text;
    const char *setting; /* to look at; NULL: none, "": the clock */
    const char *hint;
} refusals[] = {
    {7000215, NULL, DS_E_AUTH, "the client secret is wrong", PROOF,
     "it must be the secret's value, which is shown once when it is made, not the secret's id"},
    {7000222, NULL, DS_E_AUTH, "the client secret has expired", PROOF,
     "make a new one under 'Certificates & secrets' of the app registration"},
    {700027, NULL, DS_E_AUTH, "the tenant does not accept the signature of the certificate",
     "certificate",
     "upload this certificate under 'Certificates & secrets' of the app registration; if it is "
     "there, try the other value of 'assertion'"},
    {50012, NULL, DS_E_AUTH, "the certificate is not one of the application's", "certificate",
     "upload it under 'Certificates & secrets' of the app registration, and look whether it has "
     "expired there"},
    {900384, NULL, DS_E_AUTH, "the signature of the certificate is wrong", "certificate",
     "upload this certificate under 'Certificates & secrets' of the app registration; if it is "
     "there, try the other value of 'assertion'"},
    {50013, NULL, DS_E_AUTH, "the tenant does not accept the signed assertion", "",
     "look at the clock of this machine (timedatectl), then at 'certificate' and 'assertion'"},
    {500133, NULL, DS_E_AUTH, "the signed assertion is outside its time", "",
     "look at the clock of this machine (timedatectl)"},
    {700024, NULL, DS_E_AUTH, "the signed assertion is outside its time", "",
     "look at the clock of this machine (timedatectl)"},
    {7000218, NULL, DS_E_AUTH, "the sign-in carried no proof that is accepted", PROOF,
     "a proxy or gateway in between may drop it"},
    {700016, NULL, DS_E_AUTH, "the tenant knows no application with this client id", "client_id",
     "compare it and 'tenant' with the overview page of the app registration"},
    {7000112, NULL, DS_E_AUTH, "the application is disabled", "client_id",
     "enable sign-in under 'Enterprise applications' in Entra"},
    {7000229, NULL, DS_E_AUTH, "the application has no service principal in the tenant",
     "client_id",
     "add it under 'Enterprise applications' of this tenant, or compare 'tenant' with the app "
     "registration"},
    {53003, NULL, DS_E_AUTH, "a conditional access policy keeps the application out", "client_id",
     "the sign-in logs in Entra (service principal sign-ins) name the policy: exclude this "
     "application from it, or admit the address of this machine"},
    {900023, NULL, DS_E_CONFIG, "the tenant is neither an id nor a domain name", "tenant",
     "copy the directory (tenant) id from the overview page of the app registration"},
    {90002, NULL, DS_E_CONFIG, "there is no such tenant", "tenant",
     "a national cloud has its own sign-in host, too: see 'cloud'"},
    {900382, NULL, DS_E_CONFIG, "the tenant is in another cloud", "cloud",
     "name the cloud that the tenant is in, or its sign-in host in 'authority'"},
    {900432, NULL, DS_E_CONFIG, "the tenant is in another cloud", "cloud",
     "name the cloud that the tenant is in, or its sign-in host in 'authority'"},
    {500011, NULL, DS_E_CONFIG, "the tenant knows no environment of this address", "url",
     "look at the environment's address, at 'scope' if it is set, and at 'tenant'"},
    {70011, NULL, DS_E_CONFIG, "the scope, made from 'url', is wrong", "url",
     "it must be the environment's own address; 'scope', if set, overrides it"},
    {28002, NULL, DS_E_CONFIG, "the scope, made from 'url', is wrong", "url",
     "it must be the environment's own address; 'scope', if set, overrides it"},
    {1002012, NULL, DS_E_CONFIG, "the scope is none for an application", "scope",
     "it ends with '/.default'; left out, it is made from 'url'"},
    {700022, NULL, DS_E_CONFIG, "the scope is for more than one service", "scope",
     "leave 'scope' out: it is made from 'url'"},
    {700023, NULL, DS_E_CONFIG, "the scope is for more than one service", "scope",
     "leave 'scope' out: it is made from 'url'"},
    {90055, NULL, DS_E_LATER, "too many sign-ins in the tenant", NULL,
     "nothing to do here; a later run tries again"},
    {0, "invalid_client", DS_E_AUTH, "the application could not prove who it is", PROOF,
     "compare it and 'client_id' with the app registration"},
    {0, "unauthorized_client", DS_E_AUTH, "the application may not sign in", "client_id",
     "compare it and 'tenant' with the overview page of the app registration"},
    {0, "invalid_scope", DS_E_CONFIG, "the scope, made from 'url', is wrong", "url",
     "it must be the environment's own address; 'scope', if set, overrides it"},
    {0, "temporarily_unavailable", DS_E_LATER, "the sign-in service is busy", NULL,
     "nothing to do here; a later run tries again"},
    {0, "server_error", DS_E_LATER, "the sign-in service has a fault", NULL,
     "nothing to do here; a later run tries again"},
};

/* Numbers that mean a passing trouble, whatever the word beside them. */
static const long passing[] = {90006, 90012, 90024, 90033, 90090};

static long number_of(const json_t *body)
{
    const json_t *first = json_array_get(json_object_get(body, "error_codes"), 0);
    const char *text = json_string_value(first);
    long number = 0;

    return text && ds_text_int(text, 1, 99999999, &number) ? number : 0;
}

static const struct refusal *refusal_of(long number, const char *kind)
{
    size_t count = sizeof(refusals) / sizeof(refusals[0]);

    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
        if (passing[i] == number)
            kind = "temporarily_unavailable";
    for (size_t i = 0; i < count; i++)
        if (refusals[i].number ? refusals[i].number == number : strcmp(refusals[i].kind, kind) == 0)
            return &refusals[i];
    return NULL;
}

/* A signed assertion carries our own time, so a wrong clock looks like a wrong key. */
static bool hint_skew(const struct ds_remote *remote, const struct ds_http_answer *answer,
                      struct ds_err *err)
{
    int64_t ahead_s = (int64_t)time(NULL) - answer->date_ms / 1000;

    if (!remote->key.len || answer->date_ms == 0 || (ahead_s > -SKEW_S && ahead_s < SKEW_S))
        return false;
    ds_hint(err,
            "the clock of this machine is %" PRId64 " s %s that of the sign-in host: set it "
            "(timedatectl set-ntp true)",
            ahead_s < 0 ? -ahead_s : ahead_s, ahead_s < 0 ? "behind" : "ahead of");
    return true;
}

/* The setting to look at, where the connection has it. */
static const char *setting_of(const struct ds_remote *remote, const struct refusal *r)
{
    return strcmp(r->setting, PROOF) == 0 && remote->key.len ? "certificate" : r->setting;
}

static int refused(const struct ds_remote *remote, const struct ds_http_answer *answer,
                   const json_t *body, struct ds_err *err)
{
    const char *kind = ds_json_text(body, "error");
    const char *said = ds_json_text(body, "error_description");
    const char *id = ds_json_text(body, "correlation_id");
    long number = number_of(body);
    const struct refusal *r = refusal_of(number, kind ? kind : "");

    if (!r) {
        ds_fail(err, DS_E_AUTH, "sign-in at %s refused with %ld: %s: %.*s", remote->authority.text,
                answer->status, kind ? kind : "no reason given",
                said ? (int)strcspn(said, "\r\n") : 0, said ? said : "");
        return ds_hint(
            err, "look at 'tenant', 'client_id' (%s) and what proves it; correlation id %.64s",
            ds_option_where(remote->options, "client_id"), id ? id : "not given");
    }
    if (number)
        ds_fail(err, r->status, "sign-in at %s: %s (AADSTS%ld)", remote->authority.text, r->text,
                number);
    else
        ds_fail(err, r->status, "sign-in at %s: %s (%s)", remote->authority.text, r->text, kind);
    if (!r->setting)
        return ds_hint(err, "%s", r->hint);
    if (*r->setting == '\0') {
        hint_skew(remote, answer, err);
        return ds_hint(err, "%s", r->hint);
    }
    return ds_hint(err, "look at '%s' (%s): %s", setting_of(remote, r),
                   ds_option_where(remote->options, setting_of(remote, r)), r->hint);
}

static int take_token(const struct ds_remote *remote, const json_t *body, struct ds_token *out,
                      struct ds_err *err)
{
    const char *token = ds_json_text(body, "access_token");
    const char *life = ds_json_text(body, "expires_in");
    long seconds = 0;

    if (!token)
        return ds_fail(err, DS_E_REMOTE, "sign-in at %s: the answer has no 'access_token'",
                       remote->authority.text);
    ds_buf_add(&out->text, token);
    if (ds_buf_failed(&out->text))
        return ds_fail(err, DS_E_REMOTE, "sign-in at %s: a token of %zu bytes is too long",
                       remote->authority.text, strlen(token));
    out->until_ms = 0;
    if (life && ds_text_int(life, 1, 10000000, &seconds)) {
        long early = seconds > 2 * EARLY_S ? EARLY_S : seconds / 2;

        out->until_ms = ds_ticks() + (int64_t)(seconds - early) * 1000;
    }
    return DS_OK;
}

static int form(const struct ds_remote *remote, const char *url, struct ds_buf *out,
                struct ds_err *err)
{
    const char *scope = ds_option(remote->options, "scope");

    ds_buf_add(out, "grant_type=client_credentials&client_id=");
    ds_http_escape(out, ds_option(remote->options, "client_id"));
    ds_buf_add(out, "&scope=");
    ds_http_escape(out, scope ? scope : remote->origin.text);
    ds_buf_add(out, scope ? "" : "%2F.default");
    return ds_dynamics_prove(remote, url, out, err);
}

/* Neither a token nor a refusal. */
static int no_reply(const struct ds_remote *remote, struct ds_err *err)
{
    ds_err_where(err, "sign-in at %s", remote->authority.text);
    return ds_hint(err,
                   "look at 'authority' (%s), and whether a proxy or a page for people to log in "
                   "stands in between",
                   ds_option_where(remote->options, "authority"));
}

/* What cannot be read is not quoted: it may be a token (P-9). */
static int unreadable(const struct ds_remote *remote, struct ds_http_answer *answer,
                      struct ds_err *err)
{
    struct ds_buf said = DS_BUF_INIT(DS_MAX_TEXT);

    ds_http_describe(answer, &said);
    ds_fail(err, DS_E_REMOTE, "answered %ld with %s instead of JSON", answer->status, said.text);
    ds_buf_clear(&said);
    return no_reply(remote, err);
}

int ds_dynamics_login(void *arg, struct ds_http *http, struct ds_token *out, struct ds_err *err)
{
    struct ds_remote *remote = arg;
    struct ds_buf url = DS_BUF_INIT(DS_MAX_URL), body = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_buf scratch = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_http_request request = {
        .method = "POST",
        .headers = {"Content-Type: application/x-www-form-urlencoded", "Accept: application/json"},
        .max_answer = DS_MAX_TEXT / 2,
        .repeatable = true,
    };
    struct ds_http_answer answer;
    struct ds_err ignored = {0};
    json_t *json = NULL;
    int rc;

    ds_http_answer_init(&answer);
    ds_buf_addf(&url, "%s/%s/oauth2/v2.0/token", remote->authority.text,
                ds_option(remote->options, "tenant"));
    rc = form(remote, url.text, &body, err);
    if (rc)
        goto out;
    request.url = url.text;
    request.body = body.text;
    request.body_len = body.len;
    rc = ds_buf_failed(&url) || ds_buf_failed(&body) ? ds_fail_nomem(err)
                                                     : ds_http_send(http, &request, &answer, err);
    if (rc)
        rc = no_reply(remote, err);
    else if (ds_json_read(answer.body.text, answer.body.len, &scratch, &json, &ignored))
        rc = unreadable(remote, &answer, err);
    else
        rc = answer.status == 200 ? take_token(remote, json, out, err)
                                  : refused(remote, &answer, json, err);
out:
    json_decref(json);
    ds_secret_clear(&body);
    ds_secret_clear(&scratch);
    ds_http_answer_clear(&answer);
    ds_buf_clear(&url);
    return rc;
}
