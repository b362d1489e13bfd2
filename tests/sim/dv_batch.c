#include "tests/sim/dv_batch.h"

void dv_batch(const struct request *request, struct reply *reply)
{
    (void)request;
    dynamics_error(reply, 501, "0x80060888", "Batches are not served yet.");
}
