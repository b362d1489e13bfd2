/*
 * credential.h - how the application proves who it is
 *
 * By a client secret, or by an assertion signed with the key of a certificate (DV-4 to DV-6). Both
 * kinds are read and tried when a connection is opened: now, not at three in the morning.
 */
#ifndef DS_CONNECTORS_DYNAMICS_CREDENTIAL_H
#define DS_CONNECTORS_DYNAMICS_CREDENTIAL_H

#include "connectors/dynamics/remote.h"

/* Reads 'client_secret', or 'certificate' and 'key'; one of both ways, DS_E_CONFIG else. */
int ds_dynamics_credential(struct ds_remote *remote, struct ds_err *err);

/* Appends the form fields that prove it at this token address. */
int ds_dynamics_prove(const struct ds_remote *remote, const char *url, struct ds_buf *out,
                      struct ds_err *err);

/* The claims and the header of an assertion, appended as JSON; they need no remote. now_s: seconds
 * since 1970; id: a fresh GUID. */
void ds_dynamics_claims(struct ds_buf *out, const char *client_id, const char *url, int64_t now_s,
                        const char *id);
void ds_dynamics_assertion_header(struct ds_buf *out, bool pss, const char *thumbprint);

/* When the certificate ends; 0: there is none. */
int64_t ds_dynamics_certificate_end(const struct ds_remote *remote);

#endif
