/* Business process flows: which move of a stage is allowed. */
#ifndef SIM_DV_BPF_H
#define SIM_DV_BPF_H

#include "tests/sim/dv_payload.h"

/* The active stage and the path move together, to the next or to the previous stage. */
bool dv_bpf_update(const struct dv_payload *payload, const struct row *row, struct reply *reply);

#endif
