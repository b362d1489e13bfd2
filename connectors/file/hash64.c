#include "connectors/file/hash64.h"

#include <string.h>

/* Odd, and with bits all over. */
#define K1 UINT64_C(0x9e3779b97f4a7c15)
#define K2 UINT64_C(0xd6e8feb86659fd93)

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t ds_hash64(const void *bytes, size_t len, uint64_t seed)
{
    const char *at = bytes;
    uint64_t h = fold(seed ^ K2, len ^ K1);
    uint64_t word;

    for (; len >= sizeof(word); len -= sizeof(word), at += sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        h = fold(h ^ word, K1);
    }
    word = 0;
    memcpy(&word, at, len);
    return fold(h ^ word, K2);
}
