/*
 * refresh.h - the file that holds a refresh token
 *
 * An exchange may hand out a new refresh token and end the old one; whoever uses the old one again
 * ends all that came of it (SF-8). So exchanges happen one at a time, under a lock that goes with its
 * process, and the new token is durable before the access token beside it is used. An exchange is
 * written down before it is sent, in a file "PATH.new" that has room for the answer already: a full
 * disk is found while nothing is lost yet. After a crash that file tells how far things went: a
 * complete token in it is the one to use, an empty one means that the answer was never kept.
 */
#ifndef DS_CONNECTORS_SALESFORCE_REFRESH_H
#define DS_CONNECTORS_SALESFORCE_REFRESH_H

#include "connectors/http.h"

#include <stdbool.h>

struct ds_sf_refresh {
    const char *path;    /* borrowed */
    struct ds_buf token; /* to be sent */
    struct ds_buf next;  /* "PATH.new" */
    int lock;
    int fd;   /* of `next`; -1: no exchange is under way */
    bool cut; /* an earlier exchange was sent, and its answer never kept */
};

void ds_sf_refresh_init(struct ds_sf_refresh *r, const char *path);

/* Looks whether the file can be read and replaced, and by nobody else. DS_E_CONFIG. */
int ds_sf_refresh_check(const char *path, struct ds_err *err);

/* Waits for its turn, finishes what an earlier run began, reads the token and writes the exchange
 * down. http: for waiting only. DS_E_LATER when the turn does not come. */
int ds_sf_refresh_begin(struct ds_sf_refresh *r, struct ds_http *http, struct ds_err *err);

/* Keeps the token that came back; NULL: none did, and the old one stays good. DS_E_STORE says that it
 * is lost. */
int ds_sf_refresh_keep(struct ds_sf_refresh *r, const char *token, struct ds_err *err);

/* Ends the exchange; may be called in any state. answered: the remote has refused, so that no other
 * token can be on its way. */
void ds_sf_refresh_end(struct ds_sf_refresh *r, bool answered);

#endif
