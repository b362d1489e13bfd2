#include "connectors/retry.h"

#include "base/date.h"
#include "base/text.h"

#include <limits.h>
#include <stddef.h>

enum { FIRST_MS = 500, LONGEST_MS = 30000, SPREAD_MS = 1000 };

int64_t ds_retry_after(const char *text, int64_t server_ms)
{
    int64_t at;
    long seconds;

    if (!text)
        return 0;
    if (ds_text_int(text, 0, INT_MAX, &seconds))
        return (int64_t)seconds * 1000;
    if (!ds_instant_http(text, &at))
        return 0;
    at -= server_ms ? server_ms : ds_now();
    return at > 0 ? at : 0;
}

int64_t ds_retry_wait(unsigned tried, int64_t after_ms, uint32_t random)
{
    int64_t wait = FIRST_MS;

    if (after_ms > 0)
        return after_ms + random % SPREAD_MS;
    while (tried-- > 1 && wait < LONGEST_MS)
        wait *= 2;
    if (wait > LONGEST_MS)
        wait = LONGEST_MS;
    return wait / 2 + random % (uint32_t)(wait / 2 + 1);
}

bool ds_retry_status(long status, unsigned tried, unsigned most)
{
    static const struct {
        long status;
        unsigned most;
    } passing[] = {
        {408, UINT_MAX}, {420, 2},        {429, UINT_MAX}, {500, UINT_MAX},
        {502, UINT_MAX}, {503, UINT_MAX}, {504, UINT_MAX},
    };

    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
        if (passing[i].status == status)
            return tried <= most && tried <= passing[i].most;
    return false;
}

bool ds_retry_throttled(long status)
{
    return status == 429 || status == 503;
}
