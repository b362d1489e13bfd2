/* The public practice dataset: four CSV files without quotes, held in memory. */
#ifndef SIM_DATASET_H
#define SIM_DATASET_H

#include "tests/sim/row.h"

/* Fills the catalog and the rows; prints what is wrong and returns false. */
bool dataset_load(const char *folder);
void dataset_clear(void);
uint32_t dataset_count(void);
void dataset_row(uint32_t at, struct row *row);
/* By the opportunity_id of the pipeline table. */
bool dataset_find(const char *external, uint32_t *at);

#endif
