/* Opportunities that nobody stored: each is a pure function of its index and the seed. */
#ifndef SIM_GENERATE_H
#define SIM_GENERATE_H

#include "tests/sim/row.h"

/* Creation and modification stamps and the version ascend with the index, four rows sharing a
 * second; dataset rows and generated ones have the same. */
void generate_stamps(uint32_t at, struct row *row);
void generate_row(uint32_t at, struct row *row);

#endif
