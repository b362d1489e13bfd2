/*
 * link.h - the links from one page to the next
 *
 * Pure text work. A link is opaque (DV-14): it is never taken apart, only completed when it is
 * relative and made harmless for a request line.
 */
#ifndef DS_CONNECTORS_DYNAMICS_LINK_H
#define DS_CONNECTORS_DYNAMICS_LINK_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* Appends the link as an absolute address. Bytes that may not stand in a request are escaped, a '%'
 * never is (DV-28); a relative link starts from the request it was the answer to (DV-98). */
void ds_dynamics_link(struct ds_buf *out, const char *request, const char *link);

/* Whether both addresses begin with the same scheme, host and port (DV-20). */
bool ds_dynamics_same_origin(const char *url, const char *origin);

/* Notices a walk that stands still or goes in circles, in constant memory (Brent): each mark is
 * compared with the last one and with one remembered earlier, which is replaced at growing
 * distances. Starts as {0}. */
struct ds_dynamics_walk {
    uint64_t last;
    uint64_t remembered;
    uint64_t steps;
};

bool ds_dynamics_walk_repeats(struct ds_dynamics_walk *walk, const char *mark);

/* A quick fingerprint, bytes added to the one so far; starts as DS_DYNAMICS_HASH. */
#define DS_DYNAMICS_HASH UINT64_C(0xcbf29ce484222325)
uint64_t ds_dynamics_hash(uint64_t hash, const char *bytes, size_t len);

#endif
