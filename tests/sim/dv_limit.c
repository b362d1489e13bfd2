#include "tests/sim/dv_limit.h"

int64_t limit_enter(const struct request *request, struct reply *reply)
{
    (void)request;
    reply_header(reply, "x-ms-ratelimit-burst-remaining-xrm-requests", "7999");
    reply_header(reply, "x-ms-ratelimit-time-remaining-xrm-requests", "1,200.00");
    return 0;
}

void limit_leave(const struct request *request, struct reply *reply, int64_t started)
{
    (void)request;
    (void)reply;
    (void)started;
}
