/*
 * decimal.h - exact money
 *
 * Decimals stay text from the wire to the store; no double on the way (SF-69, DV-58). The
 * canonical form: optional '-', no leading zeros, no trailing zeros after the point, no exponent,
 * no "-0". Two decimals are equal when their canonical forms are.
 */
#ifndef DS_BASE_DECIMAL_H
#define DS_BASE_DECIMAL_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

#define DS_DECIMAL_WHOLE    18 /* digits before the point that either remote can carry, with room */
#define DS_DECIMAL_FRACTION 4  /* digits after it */

/* Reads digits with an optional sign, point and exponent ("1e3", "0.0", SF-20) and returns the
 * canonical form from the arena; leading and trailing blanks are allowed, thousands separators are
 * not. NULL when it is no decimal or would lose digits; *why then says which ("is not a number",
 * "has more than 18 digits before the point", "has more than 4 digits after the point"). */
const char *ds_decimal(struct ds_arena *a, const char *text, const char **why);

/* Whether one is more than `factor` times the other, or they have different signs; both in canonical
 * form. Zero is beyond everything but zero. */
bool ds_decimal_beyond(const char *a, const char *b, uint64_t factor);

/* -1, 0 or 1; both in canonical form. */
int ds_decimal_compare(const char *a, const char *b);

#endif
