#include "base/hash.h"

#include <openssl/sha.h>

const char *ds_hash(const void *bytes, size_t len, char out[DS_HASH_TEXT])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[SHA256_DIGEST_LENGTH];

    SHA256(bytes, len, digest);
    for (size_t i = 0; i < sizeof(digest); i++) {
        out[2 * i] = hex[digest[i] >> 4];
        out[2 * i + 1] = hex[digest[i] & 15];
    }
    out[DS_HASH_TEXT - 1] = '\0';
    return out;
}
