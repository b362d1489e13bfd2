/*
 * jwt.h - signed assertions for OAuth (libcrypto)
 */
#ifndef DS_CONNECTORS_JWT_H
#define DS_CONNECTORS_JWT_H

#include "base/buf.h"
#include "base/err.h"

/* Appends "header.claims.signature" in base64url without padding, signed with RS256. claims is JSON;
 * key a PEM private key without a passphrase: an encrypted one is refused, nobody is asked (SF-77).
 * what names the setting for messages. */
int ds_jwt_rs256(const char *claims, const struct ds_buf *key, const char *what, struct ds_buf *out,
                 struct ds_err *err);

#endif
