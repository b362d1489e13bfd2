#include "connectors/salesforce/usage.h"

#include <stdlib.h>
#include <string.h>

static void read_share(const char *text, struct ds_sf_share *out)
{
    struct ds_sf_share share;
    char *end;

    share.used = strtol(text, &end, 10);
    if (end == text || *end != '/')
        return;
    text = end + 1;
    share.most = strtol(text, &end, 10);
    if (end != text && share.used >= 0 && share.most > 0)
        *out = share;
}

void ds_sf_usage_read(const char *header, struct ds_sf_usage *out)
{
    const struct {
        const char *name;
        struct ds_sf_share *share;
    } parts[] = {{"api-usage=", &out->org}, {"per-app-api-usage=", &out->app}};

    while (*header) {
        header += strspn(header, " \t;");
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
            if (strncasecmp(header, parts[i].name, strlen(parts[i].name)) == 0)
                read_share(header + strlen(parts[i].name), parts[i].share);
        header += strcspn(header, ";");
    }
}

bool ds_sf_share_over(const struct ds_sf_share *share, long percent)
{
    return share->most > 0 && (double)share->used * 100 >= (double)share->most * (double)percent;
}

const struct ds_sf_share *ds_sf_usage_over(const struct ds_sf_usage *usage, long percent)
{
    const struct ds_sf_share *shares[] = {&usage->org, &usage->app};

    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
        if (ds_sf_share_over(shares[i], percent))
            return shares[i];
    return NULL;
}
