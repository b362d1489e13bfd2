/* The assertion of Salesforce's JWT bearer flow: RS256 only. */
#ifndef SIM_JWT_H
#define SIM_JWT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

bool jwt_load_key(const char *path);
void jwt_clear(void);

/* Signature, issuer, subject, audience and expiry; fills the error words when it returns false. */
bool jwt_accept(const char *assertion, const char **error, const char **description);

/* Base64 of either alphabet, padded or not; NULL when malformed. The caller frees it. */
unsigned char *jwt_base64(const char *s, size_t n, size_t *len);

/* A part between dots as JSON, or NULL. The caller releases it. */
json_t *jwt_part(const char *s, size_t n);

#endif
