#include "tests/sim/dv_edmx.h"

void dv_edmx(const struct request *request, struct reply *reply)
{
    (void)request;
    dynamics_error(reply, 501, "0x80060888", "The metadata are not served yet.");
}
