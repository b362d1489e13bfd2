/*
 * range.h - what is still to be read of a window, split into ranges
 *
 * Arithmetic and text only. A window is one range of modification stamps to begin with. Whoever has
 * nothing to do takes a share of the range with the most left, so nothing has to be known of how
 * the records are spread over time. Ranges, not ids: how the server orders ids is its own business,
 * while a stamp is a number, and a record that is changed meanwhile moves behind the moment the fetch
 * began, where the next one looks (DV-21). Ends are whole seconds, as the stamps are.
 */
#ifndef DS_CONNECTORS_DYNAMICS_RANGE_H
#define DS_CONNECTORS_DYNAMICS_RANGE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define DS_DYNAMICS_RANGES 64

#define DS_DYNAMICS_OPEN INT64_MAX /* a range without an end */

struct ds_dynamics_range {
    int64_t from_ms;  /* everything before it has been handed over; 0: from the first record on */
    int64_t end_ms;   /* not belonging to it, or DS_DYNAMICS_OPEN */
    int64_t since_ms; /* where its present page began, 0: there has been none with a stamp */
    uint64_t rows;    /* of this page */
    int lane;         /* which reads it, -1: none yet */
};

struct ds_dynamics_ranges {
    int64_t now_ms; /* when the fetch began: an open range is as long as it takes to there */
    size_t count;
    struct ds_dynamics_range range[DS_DYNAMICS_RANGES];
};

/* One range, from a stamp (0: the beginning) without an end. */
void ds_dynamics_ranges_start(struct ds_dynamics_ranges *r, int64_t from_ms, int64_t now_ms);

/* Cuts that one range into shares of the time between the first stamp and the last. Nothing happens
 * when there is no such time; the first share and the last stay open all the same. */
void ds_dynamics_ranges_share(struct ds_dynamics_ranges *r, int64_t oldest_ms, int64_t newest_ms,
                              size_t shares);

/* A range for an idle lane: one that nobody reads yet, or a share of the one with the most left. A
 * lane has its next page under way, which it is left; of what lies behind that nobody gets less than
 * half a page. NULL when there is none. idle: how many lanes want some, so that all get the same. */
struct ds_dynamics_range *ds_dynamics_ranges_take(struct ds_dynamics_ranges *r, size_t idle,
                                                  uint64_t page);

/* The range that a lane reads, or NULL. */
struct ds_dynamics_range *ds_dynamics_ranges_of(struct ds_dynamics_ranges *r, int lane);

/* A page of the range begins: how dense its records are shows how many are left. */
void ds_dynamics_range_page(struct ds_dynamics_range *range);

/* A record of that page was handed over; stamp_ms 0: it has none. */
void ds_dynamics_range_pass(struct ds_dynamics_range *range, int64_t stamp_ms);

/* All of it has been handed over: it is gone. */
void ds_dynamics_ranges_drop(struct ds_dynamics_ranges *r, struct ds_dynamics_range *range);

/* "2024-01-01T06:00:00Z/2024-02-01T06:00:00Z,2026-01-01T00:00:00Z/-", and back: false when it is no
 * such text. now_ms is set by the caller. */
void ds_dynamics_ranges_text(struct ds_buf *out, const struct ds_dynamics_ranges *r);
bool ds_dynamics_ranges_read(struct ds_dynamics_ranges *r, const char *text, size_t len);

#endif
