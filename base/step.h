/*
 * step.h - where a test may kill the process
 *
 * Called right before and right after every effect that outlives the process: a commit, a file
 * that is replaced, a request that changes a remote. With DEALSYNC_DIE_AT=n in the environment the
 * n-th call ends the process at once, as SIGKILL would; with DEALSYNC_STEPS=FILE the number of calls
 * is written there at exit, so that a test can try them all (P-4).
 */
#ifndef DS_BASE_STEP_H
#define DS_BASE_STEP_H

void ds_step(void);

#endif
