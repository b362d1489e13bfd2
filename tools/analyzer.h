/*
 * analyzer.h - what clang-tidy cannot see from one file: a reported failure is never 0
 *
 * Put before every file but the one that defines these.
 */
#include "base/err.h"

#define ds_fail(err, status, ...) ((void)(ds_fail)(err, status, __VA_ARGS__), (status))
#define ds_fail_nomem(err)        ((void)(ds_fail_nomem)(err), DS_E_NOMEM)
