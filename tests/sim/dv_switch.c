#include "tests/sim/dv_switch.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct dv_switches dv_switches = {
    .retention = 7,
    .tracking = 1,
    .expired_status = 400,
    .concurrency = 1,
    .gone_status = 404,
    .batch_limit = 1000,
    .limit_window = 300,
    .dop_hint = 4,
    .metadata_kb = 3000,
    .signature_code = 50012,
    .denied_code = "0x80040220",
};

#define NUMBER(name)                                                                               \
    {                                                                                              \
#name, offsetof(struct dv_switches, name), 0                                               \
    }
#define TEXT(name)                                                                                 \
    {                                                                                              \
#name, offsetof(struct dv_switches, name), sizeof dv_switches.name                         \
    }

static const struct {
    const char *name;
    size_t at, room; /* room: of a text */
} switches[] = {
    NUMBER(retention),
    NUMBER(tracking),
    NUMBER(expired_status),
    NUMBER(expired_dumps),
    NUMBER(delta_both),
    NUMBER(concurrency),
    NUMBER(gone_status),
    NUMBER(need_if_match),
    NUMBER(close_by_patch),
    NUMBER(quotes),
    NUMBER(invoices),
    NUMBER(calculated),
    NUMBER(read_only),
    NUMBER(not_member),
    NUMBER(code_style),
    NUMBER(error_shape),
    NUMBER(custom_status),
    NUMBER(contact_share),
    NUMBER(ignore_page),
    NUMBER(relative_next),
    NUMBER(etag_last),
    NUMBER(decimal_strings),
    NUMBER(more_text),
    NUMBER(no_cookie),
    NUMBER(date_times),
    NUMBER(batch_limit),
    NUMBER(limit_requests),
    NUMBER(limit_time_ms),
    NUMBER(limit_concurrent),
    NUMBER(limit_window),
    NUMBER(retry_after),
    NUMBER(retry_date),
    NUMBER(affinity),
    NUMBER(dop_hint),
    NUMBER(metadata_kb),
    NUMBER(signature_code),
    TEXT(denied),
    TEXT(denied_code),
    TEXT(hidden),
    TEXT(required),
    TEXT(time_remaining),
    TEXT(thumbprint),
};

bool dv_switch_set(const char *name, const char *text, int64_t number)
{
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        char *to = (char *)&dv_switches + switches[i].at;

        if (strcmp(switches[i].name, name) != 0 || (switches[i].room != 0) != (text != NULL))
            continue;
        if (text)
            snprintf(to, switches[i].room, "%s", text);
        else
            memcpy(to, &number, sizeof number);
        return true;
    }
    return false;
}

bool dv_listed(const char *list, const char *word)
{
    size_t n = strlen(word);

    for (const char *at = list; *at; at += *at == ',') {
        size_t len = strcspn(at, ",");

        if (len == n && memcmp(at, word, n) == 0)
            return true;
        at += len;
    }
    return false;
}
