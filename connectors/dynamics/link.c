#include "connectors/dynamics/link.h"

#include "connectors/http.h"

#include <string.h>

static void add_escaped(struct ds_buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c <= ' ' || c >= 0x7f || strchr("\"<>{}\\^`|", c))
            ds_buf_addf(out, "%%%02X", c);
        else
            ds_buf_add_char(out, *text);
    }
}

/* How much of the request a relative link keeps. */
static size_t kept(const char *request, const char *link)
{
    size_t path = strcspn(request, "?#");
    size_t root = 8 + strcspn(request + 8, "/?#");

    if (link[0] == '?')
        return path;
    if (link[0] == '/')
        return link[1] == '/' ? strlen("https:") : root;
    while (path > root && request[path - 1] != '/')
        path--;
    return path;
}

void ds_dynamics_link(struct ds_buf *out, const char *request, const char *link)
{
    size_t scheme = strcspn(link, ":/?#");

    if (link[scheme] != ':')
        ds_buf_add_bytes(out, request, kept(request, link));
    add_escaped(out, link);
}

bool ds_dynamics_same_origin(const char *url, const char *origin)
{
    struct ds_buf found = DS_BUF_INIT(DS_MAX_URL);
    struct ds_err ignored = {0};
    bool same = !ds_http_origin(url, &found, &ignored) && strcmp(found.text, origin) == 0;

    ds_buf_clear(&found);
    return same;
}

/* FNV-1a */
uint64_t ds_dynamics_hash(uint64_t hash, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

bool ds_dynamics_walk_repeats(struct ds_dynamics_walk *walk, const char *mark)
{
    uint64_t now = ds_dynamics_hash(DS_DYNAMICS_HASH, mark, strlen(mark));

    if (walk->steps > 0 && (now == walk->last || now == walk->remembered))
        return true;
    walk->last = now;
    if ((walk->steps & (walk->steps + 1)) == 0) /* after 0, 1, 3, 7, ... steps */
        walk->remembered = now;
    walk->steps++;
    return false;
}
