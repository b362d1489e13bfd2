/*
 * jwt.h - signed assertions for OAuth (libcrypto)
 */
#ifndef DS_CONNECTORS_JWT_H
#define DS_CONNECTORS_JWT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Appends "header.claims.signature" in base64url without padding, signed with RS256. claims is JSON;
 * key a PEM private key without a passphrase: an encrypted one is refused, nobody is asked (SF-77).
 * what names the setting for messages. */
int ds_jwt_rs256(const char *claims, const struct ds_buf *key, const char *what, struct ds_buf *out,
                 struct ds_err *err);

/* The same with a header of the caller's own, which names the algorithm: pss is PS256 (SHA-256, MGF1
 * with SHA-256, 32 bytes of salt), else RS256. */
int ds_jwt_sign(const char *header, const char *claims, bool pss, const struct ds_buf *key,
                const char *what, struct ds_buf *out, struct ds_err *err);

/* What the header says of a certificate. */
struct ds_jwt_certificate {
    char x5t[32];      /* SHA-1 of it, base64url without padding: 27 characters */
    char x5t_s256[48]; /* SHA-256: 43 characters (DV-4) */
    int64_t until_ms;  /* the end of its life */
};

/* Reads the first certificate of a PEM text and sees that it belongs to the key; DS_E_CONFIG. */
int ds_jwt_certificate(const struct ds_buf *pem, const char *what, const struct ds_buf *key,
                       const char *key_what, struct ds_jwt_certificate *out, struct ds_err *err);

#endif
