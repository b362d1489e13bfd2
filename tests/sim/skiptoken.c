#include "tests/sim/skiptoken.h"
#include "tests/sim/row.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char start[] = "$skiptoken=";

static uint64_t checksum(const char *prefix, const struct skiptoken *t)
{
    uint64_t h = text_mix(t->page) ^ text_mix(t->last + 1u) ^ text_mix((uint64_t)t->modified + 2u);

    h = text_mix(h ^ t->first);
    for (; *prefix; prefix++)
        h = text_mix(h ^ (unsigned char)*prefix);
    return h;
}

static void upper_guid(char out[37], uint32_t at)
{
    guid_opportunity(out, at);
    for (; *out; out++)
        *out = (char)toupper((unsigned char)*out);
}

void skiptoken_write(struct buf *out, const char *prefix, const struct skiptoken *t)
{
    char last[37], first[37];

    upper_guid(last, t->last);
    upper_guid(first, t->first);
    buf_addf(
        out,
        "%s%%3Ccookie%%20pagenumber=%%22%llu%%22%%20pagingcookie=%%22%%253ccookie%%2520page"
        "%%253d%%2522%llu%%2522%%253e%%253cmodifiedon%%2520last%%253d%%2522%lld%%2522%%2520"
        "%%252f%%253e%%253copportunityid%%2520last%%253d%%2522%%257b%s%%257d%%2522%%2520first"
        "%%253d%%2522%%257b%s%%257d%%2522%%2520%%252f%%253e%%253ctag%%2520sum%%253d%%2522%016llx"
        "%%2522%%2520%%252f%%253e%%253c%%252fcookie%%253e%%22%%20istracking=%%22False%%22%%20"
        "/%%3E",
        start, (unsigned long long)t->page, (unsigned long long)t->page - 1, (long long)t->modified,
        last, first, (unsigned long long)checksum(prefix, t));
}

static const char *behind(const char *text, const char *marker)
{
    const char *at = text ? strstr(text, marker) : NULL;

    return at ? at + strlen(marker) : NULL;
}

static bool read_guid(const char *text, uint32_t *at)
{
    char id[37] = "";

    if (!text || strnlen(text, 36) < 36)
        return false;
    memcpy(id, text, 36);
    return guid_parse(id, at);
}

char *skiptoken_read(const char *query, struct skiptoken *t)
{
    const char *token = strstr(query, start);
    const char *page = behind(token, "pagenumber=%22");
    const char *modified = behind(token, "modifiedon%2520last%253d%2522");
    const char *last = behind(token, "opportunityid%2520last%253d%2522%257b");
    const char *first = behind(token, "first%253d%2522%257b");
    struct buf same = {0};
    char *prefix;
    size_t n;

    *t = (struct skiptoken){.page = 1};
    if (!token && !strstr(query, "skiptoken"))
        return grab_text(query, strlen(query));
    if (!page || !modified || !read_guid(last, &t->last) || !read_guid(first, &t->first) ||
        (token > query && token[-1] != '&'))
        return NULL;
    t->page = strtoull(page, NULL, 10);
    t->modified = strtoll(modified, NULL, 10);
    n = (size_t)(token - query);
    prefix = grab_text(query, n ? n - 1 : 0);
    skiptoken_write(&same, prefix, t);
    if (strcmp(same.at, token) != 0 || t->page < 2) {
        free(prefix);
        prefix = NULL;
    }
    buf_free(&same);
    return prefix;
}
