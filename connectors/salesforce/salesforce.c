#include "connectors/salesforce/salesforce.h"

#include "base/file.h"
#include "base/log.h"
#include "connectors/salesforce/id.h"
#include "connectors/salesforce/metadata.h"
#include "connectors/salesforce/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- opening --------------------------------------------------------------------------------- */

static const struct ds_api_kind api_kind = {
    .login = ds_sf_login,
    .failure = ds_sf_failure,
    .head = ds_sf_head,
    .again = ds_sf_again,
};

static void close_remote(struct ds_remote *remote)
{
    if (!remote)
        return;
    ds_api_close(remote->api);
    ds_http_close(remote->http);
    json_decref(remote->describe);
    ds_secret_clear(&remote->secret);
    ds_buf_clear(&remote->origin);
    ds_buf_clear(&remote->login_url);
    free(remote);
}

static int open_remote(const struct ds_options *options, struct ds_remote **out, struct ds_err *err)
{
    struct ds_remote *remote = calloc(1, sizeof(*remote));
    int rc;

    if (!remote)
        return ds_fail_nomem(err);
    remote->options = options;
    remote->most_ids = DS_SF_MOST_IDS;
    ds_buf_init(&remote->origin, DS_MAX_URL);
    ds_buf_init(&remote->login_url, DS_MAX_URL);
    ds_buf_init(&remote->secret, DS_MAX_TEXT);
    rc = ds_sf_settings_read(remote, err);
    if (!rc)
        rc = ds_http_open(options, remote->origin.text, &remote->http, err);
    if (!rc)
        rc = ds_http_allow(remote->http, remote->login_url.text, err);
    if (!rc)
        rc = ds_api_open(remote->http, &api_kind, remote, &remote->api, err);
    if (rc) {
        close_remote(remote);
        return rc;
    }
    *out = remote;
    return DS_OK;
}

/* --- identify ---------------------------------------------------------------------------------- */

/* An app without the scope for it is not told who it acts as. The login has told where we are. */
static int do_without_info(const struct ds_remote *remote, struct ds_err *err)
{
    if ((err->status != DS_E_AUTH && err->status != DS_E_CONFIG) || !*remote->org_id)
        return err->status;
    ds_log(DS_LOG_INFO, "the user's name is not told: %s", err->text);
    ds_err_clear(err);
    return DS_OK;
}

/* Who and where we are; whether the version is offered, and what is used; and what every use of a
 * connection goes on with. Side by side, for none needs the answer to another. */
static int ask_first(struct ds_remote *remote, json_t **info, struct ds_err *err)
{
    enum { INFO, RESOURCES, DESCRIBE };
    struct ds_buf path = DS_BUF_INIT(DS_MAX_URL);
    json_t *resources = NULL;
    int rc = ds_sf_ask(remote, INFO, "/services/oauth2/userinfo", err);

    ds_buf_addf(&path, "/services/data/%s/", ds_option(remote->options, "api_version"));
    if (!rc)
        rc = ds_sf_ask(remote, RESOURCES, path.text, err);
    if (!rc)
        rc = ds_sf_describe_ask(remote, DESCRIBE, err);
    if (!rc && ds_sf_answer(remote, INFO, info, NULL, err))
        rc = do_without_info(remote, err);
    if (!rc)
        rc = ds_sf_answer(remote, RESOURCES, &resources, NULL, err);
    if (!rc)
        ds_sf_describe_take(remote, DESCRIBE);
    ds_api_abandon(remote->api); /* after a failure */
    json_decref(resources);
    ds_buf_clear(&path);
    return rc;
}

static int identify(struct ds_remote *remote, struct ds_identity *out, struct ds_err *err)
{
    struct ds_buf usage = DS_BUF_INIT(DS_MAX_TEXT);
    const char *organisation, *user;
    json_t *info = NULL;
    char id[DS_SF_ID];
    int rc = ask_first(remote, &info, err);

    organisation = info ? ds_json_text(info, "organization_id") : remote->org_id;
    user = info ? ds_json_text(info, "preferred_username") : ds_option(remote->options, "user");
    if (!rc && (!organisation || !ds_sf_id(organisation, id)))
        rc = ds_fail(err, DS_E_REMOTE, "the org does not tell its id (userinfo)");
    if (!rc) {
        ds_sf_usage_text(remote, &usage);
        snprintf(out->organisation, sizeof(out->organisation), "%s", id);
        snprintf(out->user, sizeof(out->user), "%s", user ? user : "");
        snprintf(out->detail, sizeof(out->detail), "API %s%s%s",
                 ds_option(remote->options, "api_version"), usage.len ? ", " : "", usage.text);
    }
    json_decref(info);
    ds_buf_clear(&usage);
    return rc;
}

const struct ds_connector ds_salesforce = {
    .version = DS_CONNECTOR_VERSION,
    .name = "salesforce",
    .title = "Salesforce",
    .abilities = DS_CAN_SEE_DELETED | DS_CAN_WRITE | DS_CAN_CREATE,
    .settings = ds_sf_settings,
    .open = open_remote,
    .close = close_remote,
    .identify = identify,
    .check = ds_sf_check,
    .fetch = ds_sf_fetch,
    .stages = ds_sf_stages,
    .read = ds_sf_read,
    .write = ds_sf_write,
    .stages_in = ds_sf_stages_in,
    .cost = ds_sf_cost,
};
