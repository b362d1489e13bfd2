/*
 * hash.h - SHA-256 fingerprints (libcrypto)
 */
#ifndef DS_BASE_HASH_H
#define DS_BASE_HASH_H

#include <stddef.h>

#define DS_HASH_TEXT 65

/* 64 lower-case hex digits; returns out. */
const char *ds_hash(const void *bytes, size_t len, char out[DS_HASH_TEXT]);

#endif
