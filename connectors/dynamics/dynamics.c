#include "connectors/dynamics/dynamics.h"

#include "base/file.h"
#include "base/text.h"
#include "connectors/dynamics/ahead.h"
#include "connectors/dynamics/batch.h"
#include "connectors/dynamics/cloud.h"
#include "connectors/dynamics/credential.h"
#include "connectors/dynamics/metadata.h"
#include "connectors/dynamics/refusal.h"
#include "connectors/dynamics/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct ds_setting settings[] = {
    {"url", NULL, DS_SETTING_REQUIRED, "address of the environment",
     "https://example.crm4.dynamics.com"},
    {"tenant", NULL, DS_SETTING_REQUIRED, "the Entra tenant, by id or domain name",
     "example.onmicrosoft.com"},
    {"client_id", NULL, DS_SETTING_REQUIRED, "application (client) id of the app registration",
     "00000000-0000-0000-0000-000000000000"},
    {"client_secret", NULL, DS_SETTING_SECRET, "where the value of the app's client secret is kept",
     "file:/etc/dealsync/credentials/dynamics.secret"},
    {"certificate", NULL, DS_SETTING_SECRET,
     "where the app's certificate is kept (PEM), to sign in with instead of a secret",
     "file:/etc/dealsync/credentials/dynamics.pem"},
    {"key", NULL, DS_SETTING_SECRET, "where the private key of the certificate is kept (PEM)",
     "file:/etc/dealsync/credentials/dynamics.key"},
    {"assertion", "ps256", 0, "how the certificate signs: ps256, or rs256 as older hosts want it",
     "rs256"},
    {"cloud", NULL, 0, "public, gcc, gcchigh, dod or china; told by url when absent", "gcchigh"},
    {"authority", NULL, 0, "where to sign in, when no cloud's own host will do",
     "https://login.microsoftonline.us"},
    {"scope", NULL, 0, "what the token is for; made from url when absent",
     "https://example.crm4.dynamics.com/.default"},
    {"api_version", "v9.2", 0, "version of the Dataverse Web API", "v9.2"},
    {"metadata", "definitions", 0,
     "where columns are looked up: definitions, or edmx for the $metadata document", "edmx"},
    {"page_size", "2000", 0, "records a request, 1000 to 5000", "2000"},
    {"overlap", "600", 0, "seconds each fetch reaches back before the end of the last one", "600"},
    {"tracking", "auto", 0,
     "change tracking: auto (where the table has it), on (or nothing is read), off", "auto"},
    {"parallel", "8", 0, "requests at once, 1 to 8; fewer where the environment hints so", "4"},
    {"batch", "100", 0, "changes in one request, 1 to 1000", "100"},
    {"filter", NULL, 0, "only opportunities that match this OData condition",
     "statecode eq 0 or actualclosedate ge 2025-01-01"},
    {"fetchxml", NULL, 0, "only opportunities of the view whose FetchXML is in this file",
     "open-deals.xml"},
    {"view", NULL, 0, "only opportunities of the public view of this name", "Open Opportunities"},
    {"processes", "auto", 0, "tables of the business process flows that count, or auto for all",
     "opportunitysalesprocess leadtoopportunitysalesprocess"},
    DS_HTTP_SETTINGS,
    {NULL, NULL, 0, NULL, NULL},
};

/* --- opening --------------------------------------------------------------------------------- */

static int bad(const struct ds_options *options, const char *name, const char *must,
               struct ds_err *err)
{
    return ds_fail(err, DS_E_CONFIG, "%s: '%s' must be %s, not '%s'",
                   ds_option_where(options, name), name, must, ds_option(options, name));
}

static int read_number(const struct ds_options *options, const char *name, long min, long max,
                       long *out, struct ds_err *err)
{
    char must[64];

    if (ds_text_int(ds_option(options, name), min, max, out))
        return DS_OK;
    snprintf(must, sizeof(must), "a whole number from %ld to %ld", min, max);
    return bad(options, name, must, err);
}

/* An address as people paste it, with a path or a slash at its end (DV-3). */
static int read_origin(const struct ds_options *options, const char *name, struct ds_buf *out,
                       struct ds_err *err)
{
    int rc = ds_http_origin(ds_option(options, name), out, err);

    return rc ? ds_err_where(err, "%s: '%s'", ds_option_where(options, name), name) : DS_OK;
}

/* What becomes part of a path. */
static int check_word(const struct ds_options *options, const char *name, const char *letters,
                      const char *must, struct ds_err *err)
{
    const char *text = ds_option(options, name);

    return *text && text[strspn(text, letters)] == '\0' ? DS_OK : bad(options, name, must, err);
}

/* 'authority', or the sign-in host of 'cloud', or of the cloud that the address tells. */
static int read_authority(struct ds_remote *remote, struct ds_err *err)
{
    const struct ds_options *options = remote->options;
    const char *cloud = ds_option(options, "cloud"), *authority;
    int rc;

    if (ds_option(options, "authority"))
        return read_origin(options, "authority", &remote->authority, err);
    if (!cloud)
        cloud = ds_dynamics_cloud_of(remote->origin.text);
    rc = ds_dynamics_cloud(cloud ? cloud : "public", &authority, err);
    if (rc)
        return ds_err_where(err, "%s", ds_option_where(options, "cloud"));
    ds_buf_add(&remote->authority, authority);
    return ds_buf_failed(&remote->authority) ? ds_fail_nomem(err) : DS_OK;
}

static int read_tracking(struct ds_remote *remote, struct ds_err *err)
{
    const char *word = ds_option(remote->options, "tracking");

    remote->must_track = strcmp(word, "on") == 0;
    remote->tracking = remote->must_track || strcmp(word, "auto") == 0;
    return remote->tracking || strcmp(word, "off") == 0
               ? DS_OK
               : bad(remote->options, "tracking", "auto, on or off", err);
}

static int read_settings(struct ds_remote *remote, struct ds_err *err)
{
    const struct ds_options *options = remote->options;
    const char *filter = ds_option(options, "filter");
    long overlap = 0;
    int rc = read_origin(options, "url", &remote->origin, err);

    if (!rc)
        rc = read_authority(remote, err);
    if (!rc)
        rc = check_word(options, "tenant",
                        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-.",
                        "a tenant id or domain name", err);
    if (!rc)
        rc = check_word(options, "api_version", "v.0123456789", "like 'v9.2'", err);
    if (!rc && strcmp(ds_option(options, "metadata"), "definitions") != 0 &&
        strcmp(ds_option(options, "metadata"), "edmx") != 0)
        rc = bad(options, "metadata", "definitions or edmx", err);
    if (!rc)
        rc = read_number(options, "page_size", 1000, 5000, &remote->page_size, err);
    if (!rc)
        rc = read_number(options, "overlap", 0, 86400, &overlap, err);
    if (!rc)
        rc = ds_dynamics_view_settings(options, err);
    if (!rc)
        rc = read_tracking(remote, err);
    if (!rc)
        rc = read_number(options, "parallel", 1, DS_HTTP_LANES, &remote->most_lanes, err);
    if (!rc)
        rc = read_number(options, "batch", 1, DS_DYNAMICS_BATCH_MOST, &remote->batch, err);
    if (!rc)
        rc = ds_dynamics_credential(remote, err);
    if (rc)
        return rc;
    remote->filter = filter && *filter ? filter : NULL;
    remote->edmx = strcmp(ds_option(options, "metadata"), "edmx") == 0;
    remote->overlap_ms = (int64_t)overlap * 1000;
    ds_buf_addf(&remote->base, "%s/api/data/%s/", remote->origin.text,
                ds_option(options, "api_version"));
    ds_buf_addf(&remote->prefer, "Prefer: odata.maxpagesize=%ld", remote->page_size);
    return ds_buf_failed(&remote->base) || ds_buf_failed(&remote->prefer) ? ds_fail_nomem(err)
                                                                          : DS_OK;
}

static void close_remote(struct ds_remote *remote)
{
    if (!remote)
        return;
    ds_api_close(remote->api);
    ds_http_close(remote->http);
    ds_secret_clear(&remote->secret);
    ds_secret_clear(&remote->key);
    ds_secret_clear(&remote->certificate);
    ds_buf_clear(&remote->origin);
    ds_buf_clear(&remote->authority);
    ds_buf_clear(&remote->base);
    ds_buf_clear(&remote->prefer);
    json_decref(remote->stages);
    ds_dynamics_ahead_clear(remote);
    ds_arena_clear(&remote->arena);
    free(remote);
}

/* Such numbers come with thousands commas and fractions at times, and one that cannot be read is no
 * hint (DV-97). */
static void take_hint(struct ds_http_answer *answer, const char *name, long *out)
{
    const char *text = ds_http_header(answer, name);
    char digits[16];
    size_t len = 0;

    for (; text && *text && *text != '.' && len < sizeof(digits) - 1; text++)
        if (*text != ',')
            digits[len++] = *text;
    digits[len] = '\0';
    ds_text_int(digits, 0, 1000000000, out);
}

static void take_hints(void *arg, struct ds_http_answer *answer)
{
    struct ds_remote *remote = arg;

    take_hint(answer, "x-ms-ratelimit-burst-remaining-xrm-requests", &remote->requests_left);
    take_hint(answer, "x-ms-ratelimit-time-remaining-xrm-requests", &remote->seconds_left);
    take_hint(answer, "x-ms-dop-hint", &remote->parallelism);
}

static int open_remote(const struct ds_options *options, struct ds_remote **out, struct ds_err *err)
{
    static const struct ds_api_kind kind = {
        .login = ds_dynamics_login,
        .failure = ds_dynamics_failure,
        .head = take_hints,
        .again = ds_dynamics_again,
    };
    struct ds_remote *remote = calloc(1, sizeof(*remote));
    int rc;

    if (!remote)
        return ds_fail_nomem(err);
    remote->options = options;
    remote->requests_left = remote->seconds_left = remote->parallelism = -1;
    ds_buf_init(&remote->origin, DS_MAX_TEXT);
    ds_buf_init(&remote->authority, DS_MAX_TEXT);
    ds_buf_init(&remote->secret, DS_MAX_TEXT);
    ds_buf_init(&remote->key, DS_MAX_TEXT);
    ds_buf_init(&remote->certificate, DS_MAX_TEXT);
    ds_buf_init(&remote->base, DS_MAX_TEXT);
    ds_buf_init(&remote->prefer, DS_MAX_TEXT);
    rc = read_settings(remote, err);
    if (!rc)
        rc = ds_http_open(options, remote->origin.text, &remote->http, err);
    if (!rc)
        rc = ds_http_allow(remote->http, remote->authority.text, err);
    if (!rc)
        rc = ds_api_open(remote->http, &kind, remote, &remote->api, err);
    if (rc) {
        close_remote(remote);
        return rc;
    }
    *out = remote;
    return DS_OK;
}

/* --- what the other files share -------------------------------------------------------------- */

int ds_dynamics_get(struct ds_remote *remote, const char *tail, json_t **out, int64_t *date_ms,
                    struct ds_err *err)
{
    static const char *const headers[] = {DS_DYNAMICS_HEADERS, NULL};
    struct ds_buf url = DS_BUF_INIT(DS_MAX_URL);
    int rc;

    remote->refused = 0;
    *out = ds_dynamics_ahead_take(remote, tail, date_ms);
    if (*out)
        return DS_OK;
    ds_buf_addf(&url, "%s%s", remote->base.text, tail);
    if (ds_buf_failed(&url))
        rc = ds_fail(err, DS_E_CONFIG, "a request is longer than %u bytes", DS_MAX_URL);
    else
        rc = ds_api_get(remote->api, url.text, headers, out, date_ms, err);
    ds_buf_clear(&url);
    return rc;
}

json_t *ds_dynamics_rows(const json_t *page, struct ds_err *err)
{
    json_t *rows = json_object_get(page, "value");

    if (json_is_array(rows))
        return rows;
    ds_fail(err, DS_E_REMOTE, "an answer has no list of rows in it ('value')");
    ds_hint(err, "nothing was concluded from it, and the next run asks again");
    return NULL;
}

bool ds_dynamics_guid(const char *text, char out[37])
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t i;

    text += *text == '{';
    for (i = 0; form[i]; i++) {
        bool digit = strchr("0123456789abcdefABCDEF", text[i]) != NULL;

        if (text[i] == '\0' || (form[i] == 'x' ? !digit : text[i] != '-'))
            return false;
        out[i] = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] | 0x20) : text[i];
    }
    out[i] = '\0';
    return strcmp(text + i, "") == 0 || strcmp(text + i, "}") == 0;
}

/* --- the connector --------------------------------------------------------------------------- */

/* Whoever asks who we are goes on to the table. */
static int ask_ahead(struct ds_remote *remote, struct ds_err *err)
{
    struct ds_dynamics_questions q = {0};

    ds_dynamics_question(&q, DS_DYNAMICS_WHO, false);
    ds_dynamics_definitions_ask(remote, &q);
    return ds_dynamics_ahead(remote, &q, err);
}

static int identify(struct ds_remote *remote, struct ds_identity *out, struct ds_err *err)
{
    json_t *json = NULL;
    const char *organisation, *user;
    char id[37], hint[64] = "";
    int rc = ask_ahead(remote, err);

    if (!rc)
        rc = ds_dynamics_get(remote, DS_DYNAMICS_WHO, &json, NULL, err);
    if (rc)
        return rc;
    organisation = ds_json_text(json, "OrganizationId");
    user = ds_json_text(json, "UserId");
    if (remote->parallelism >= 0)
        snprintf(hint, sizeof(hint), ", takes %ld requests at once", remote->parallelism);
    if (organisation && ds_dynamics_guid(organisation, id)) {
        snprintf(out->organisation, sizeof(out->organisation), "%s", id);
        snprintf(out->user, sizeof(out->user), "%s", user ? user : "");
        snprintf(out->detail, sizeof(out->detail), "Dataverse Web API %s at %.128s%s",
                 ds_option(remote->options, "api_version"), remote->origin.text, hint);
    } else {
        rc = ds_fail(err, DS_E_REMOTE, "%s does not tell which organisation it is",
                     remote->origin.text);
    }
    json_decref(json);
    return rc;
}

static void cost(struct ds_remote *remote, struct ds_buf *out)
{
    ds_buf_addf(out, "%" PRIu64 " requests", ds_http_requests(remote->http));
    if (remote->requests_left >= 0)
        ds_buf_addf(out, ", %ld left of this five minutes' limit", remote->requests_left);
    if (remote->seconds_left >= 0)
        ds_buf_addf(out, ", %ld s of server time left", remote->seconds_left);
}

const struct ds_connector ds_dynamics = {
    .version = DS_CONNECTOR_VERSION,
    .name = "dynamics",
    .title = "Dynamics 365",
    .abilities = DS_CAN_SEE_DELETED | DS_CAN_WRITE | DS_CAN_CREATE,
    .settings = settings,
    .open = open_remote,
    .close = close_remote,
    .identify = identify,
    .check = ds_dynamics_check,
    .fetch = ds_dynamics_fetch,
    .stages = ds_dynamics_stages,
    .read = ds_dynamics_read,
    .write = ds_dynamics_write,
    .cost = cost,
};
