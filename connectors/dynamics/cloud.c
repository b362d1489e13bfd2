#include "connectors/dynamics/cloud.h"

#include "base/text.h"

#include <stdbool.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct cloud {
    const char *name;
    const char *authority; /* NULL: closed */
    const char *ending;    /* of its environments' hosts; NULL: no ending of its own */
} clouds[] = {
    {"public", "https://login.microsoftonline.com", ".dynamics.com"},
    {"gcc", "https://login.microsoftonline.com", NULL}, /* below .dynamics.com as well */
    {"gcchigh", "https://login.microsoftonline.us", ".microsoftdynamics.us"},
    {"dod", "https://login.microsoftonline.us", ".appsplatform.us"},
    {"china", "https://login.partner.microsoftonline.cn", ".dynamics.cn"},
    {"germany", NULL, ".microsoftdynamics.de"},
};

int ds_dynamics_cloud(const char *name, const char **authority, struct ds_err *err)
{
    const char *names[COUNT(clouds) + 1] = {NULL};
    const char *near;

    for (size_t i = 0; i < COUNT(clouds); i++) {
        names[i] = clouds[i].name;
        if (strcmp(clouds[i].name, name) != 0)
            continue;
        *authority = clouds[i].authority;
        if (*authority)
            return DS_OK;
        ds_fail(err, DS_E_CONFIG, "the cloud '%s' was closed in 2021", name);
        return ds_hint(err, "its environments moved to the public cloud and have new addresses");
    }
    near = ds_text_nearest(name, names);
    ds_fail(err, DS_E_CONFIG, "there is no cloud '%s'", name);
    if (near)
        return ds_hint(err, "did you mean '%s'?", near);
    return ds_hint(err,
                   "there are public, gcc, gcchigh, dod and china; any other sign-in host goes "
                   "into 'authority'");
}

static bool ends(const char *text, const char *ending)
{
    size_t len = strlen(text), end = strlen(ending);

    return len > end && strcmp(text + len - end, ending) == 0;
}

const char *ds_dynamics_cloud_of(const char *origin)
{
    for (size_t i = 0; i < COUNT(clouds); i++)
        if (clouds[i].ending && ends(origin, clouds[i].ending))
            return clouds[i].name;
    return NULL;
}
