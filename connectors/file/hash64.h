/*
 * hash64.h - a fast 64-bit hash, for "is it the same as before?" and for hash tables
 *
 * Not meant against somebody who makes collisions on purpose: an export's author could as well
 * change the rows themselves.
 */
#ifndef DS_CONNECTORS_FILE_HASH64_H
#define DS_CONNECTORS_FILE_HASH64_H

#include <stddef.h>
#include <stdint.h>

/* Chains: the hash of one text is the seed of the next. */
uint64_t ds_hash64(const void *bytes, size_t len, uint64_t seed);

#endif
