#include "connectors/salesforce/version.h"

#include "base/date.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROMISED_YEARS = 3 };

/* By the remainder of the version: Winter comes in the autumn before its year. */
static const struct {
    const char *name;
    int month;
    int years; /* from the year of its name to that of its release */
} seasons[] = {{"Spring", 2, 0}, {"Summer", 6, 0}, {"Winter", 10, -1}};

bool ds_sf_version_read(const char *text, struct ds_sf_version *out)
{
    char *end, day[DS_INSTANT_TEXT];
    int season, year;

    text += *text == 'v';
    if (*text < '0' || *text > '9')
        return false;
    out->number = strtol(text, &end, 10);
    if (strcmp(end, ".0") != 0 || out->number < 1 || out->number > 999)
        return false;
    season = (int)(out->number % 3);
    year = 2004 + (int)((out->number + 1) / 3); /* Winter, Spring, Summer: 65, 66, 67 of '26 */
    snprintf(out->release, sizeof(out->release), "%s '%02d", seasons[season].name, year % 100);
    year += seasons[season].years + PROMISED_YEARS;
    snprintf(out->until, sizeof(out->until), "%04d-%02d", year, seasons[season].month);
    snprintf(day, sizeof(day), "%s-01T00:00:00Z", out->until);
    return ds_instant(day, &out->until_ms);
}
