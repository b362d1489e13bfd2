#include "connectors/dynamics/refusal.h"

#include <string.h>

static const char *const role_hint =
    "give the application user a security role that may read opportunities and the tables they "
    "point to, for the whole organisation (Power Platform admin center, environment, Settings, "
    "Application users)";

static const char *const user_hint =
    "activate it: Power Platform admin center, the environment, Settings, Users + permissions, "
    "Application users";

static const struct {
    uint32_t code;
    int status;
    const char *text;
    const char *hint;
} known[] = {
    {0x80072560, DS_E_AUTH, "the environment has no application user for this client id",
     "add one: Power Platform admin center, the environment, Settings, Users + permissions, "
     "Application users, New app user; and give it a security role"}, /* DV-1 */
    {0x80042f09, DS_E_AUTH, "the application user has no security role", role_hint},
    {0x80041d1f, DS_E_AUTH, "the application user is disabled", user_hint},
    {0x80040225, DS_E_AUTH, "the application user is disabled", user_hint},
    {0x80040220, DS_E_AUTH, "the application user lacks a privilege", role_hint},
    {0x80048306, DS_E_AUTH, "the application user lacks a privilege", role_hint},
    {0x80048405, DS_E_AUTH, "the application user has no access", role_hint},
    {0x8005f101, DS_E_AUTH, "the token has ended before its time",
     "look at the clock of this machine; a later run signs in again"},
    {0x8004a104, DS_E_REMOTE, "the environment is disabled",
     "look at its state in the Power Platform admin center"},
    {0x80044150, DS_E_LATER, "the environment's database is busy", "a later run tries again"},
    {0x80044151, DS_E_LATER, "the environment's database took too long",
     "a later run tries again; a smaller 'page_size' may help"},
    {0x8004430a, DS_E_CONFIG, "the query needs a paging cookie that the server does not give",
     "remove joins from the FetchXML, or use 'filter'"}, /* DV-32 */
    {0x8006088a, DS_E_CONFIG, "the server does not know a name in the address",
     "names of tables and columns are case-sensitive; look at 'api_version', and at 'processes' if "
     "the address holds a flow's table"},
    {0x8006088d, DS_E_CONFIG, "optimistic concurrency of the table is off",
     "set IsOptimisticConcurrencyEnabled of the table: nothing is written without it"}, /* DV-76 */
    {DS_DYNAMICS_PLUGIN, DS_E_REMOTE, "a plug-in or workflow of the environment refused it",
     "its text says why; who customises the environment knows the plug-in"},
};

/* "Could not find a property named 'X' on type 'Microsoft.Dynamics.CRM.account'." */
static int unknown_property(const char *text, struct ds_err *err)
{
    static const char before[] = "property named '", between[] = "' on type '";
    const char *name = text ? strstr(text, before) : NULL;
    const char *type = name ? strstr(name, between) : NULL;
    const char *dot;
    size_t name_len, type_len;

    if (!type)
        return DS_OK;
    name += strlen(before);
    name_len = (size_t)(type - name);
    type += strlen(between);
    type_len = strcspn(type, "'");
    dot = memrchr(type, '.', type_len);
    if (dot) {
        type_len -= (size_t)(dot + 1 - type);
        type = dot + 1;
    }
    ds_fail(err, DS_E_CONFIG, "%.*s has no column or navigation property '%.*s'", (int)type_len,
            type, (int)name_len, name);
    return ds_hint(err, "look for it in the mapping and in 'filter'; names are case-sensitive; a "
                        "customer is read through customerid_account or customerid_contact, other "
                        "lookups through the navigation property of their name");
}

static int by_status(long status)
{
    if (status == 401 || status == 403)
        return DS_E_AUTH;
    return status == 404 || status == 414 ? DS_E_CONFIG : DS_E_REMOTE;
}

static const char *hint_of(const struct ds_remote *remote, long status)
{
    if (status == 401)
        return "the token was not accepted: look at 'url', 'scope' and 'authority'";
    if (status == 403)
        return role_hint;
    if (status == 413)
        return "the request is too long: make 'batch' smaller";
    if (status == 404 || status / 100 == 3)
        return "look at 'url' and 'api_version'";
    if (status == 414)
        return "the query is too long: map fewer columns or shorten 'filter'"; /* DV-23 */
    if (status == 400 && remote->filter)
        return "look for a mistake in 'filter'";
    return "look at the environment's health in the Power Platform admin center";
}

/* "(0x80040265, request 7f3c...)", as far as they are known: Microsoft's support asks for them. */
static void add_references(struct ds_http_answer *answer, uint32_t code, struct ds_buf *out)
{
    const char *id = ds_http_header(answer, "x-ms-service-request-id");

    if (code)
        ds_buf_addf(out, " (0x%08x%s", code, id ? ", " : ")");
    if (id)
        ds_buf_addf(out, "%srequest %.64s)", code ? "" : " (", id);
}

int ds_dynamics_failure(void *arg, const struct ds_http_request *request,
                        struct ds_http_answer *answer, json_t *body, struct ds_err *err)
{
    struct ds_remote *remote = arg;
    struct ds_dynamics_refusal said = ds_dynamics_refusal(body);
    const char *path = request->url + 8 + strcspn(request->url + 8, "/");
    struct ds_buf text = DS_BUF_INIT(DS_MAX_TEXT);
    const char *hint = hint_of(remote, answer->status);
    int rc = by_status(answer->status);

    remote->refused = answer->status;
    remote->refused_code = said.code;
    if (answer->status == 400 && unknown_property(said.text, err))
        return err->status;
    ds_buf_addf(&text, "%s %.*s answered %ld", request->method, (int)strcspn(path, "?"), path,
                answer->status);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].code == said.code) {
            ds_buf_addf(&text, ": %s", known[i].text);
            hint = known[i].hint;
            rc = known[i].status;
        }
    ds_buf_add(&text, ": ");
    if (said.text)
        ds_buf_addf(&text, "%.200s", said.text);
    else
        ds_http_describe(answer, &text);
    add_references(answer, said.code, &text);
    ds_fail(err, rc, "%s", text.text);
    ds_buf_clear(&text);
    return ds_hint(err, "%s", hint);
}
