#include "tests/sim/dv_fetchxml.h"

void dv_fetch(const struct request *request, struct reply *reply, const struct entity *entity,
              const char *xml)
{
    (void)request;
    (void)entity;
    (void)xml;
    dynamics_error(reply, 501, "0x80060888", "FetchXML is not served yet.");
}
