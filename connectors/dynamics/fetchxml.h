/*
 * fetchxml.h - a view's FetchXML as the condition for opportunities
 *
 * The document says which opportunities; which columns, in which order and how many at once is ours.
 * So it is checked element by element, stripped of its own columns and order, and given the mapped
 * ones: a column of opportunity as an attribute, one behind a navigation property as an outer join
 * with the property's name as alias. Pages are counted here, for the server's own count may stand
 * still (DV-31), and its cookie is decoded twice and put back (DV-29). Pure: text in, text out.
 */
#ifndef DS_CONNECTORS_DYNAMICS_FETCHXML_H
#define DS_CONNECTORS_DYNAMICS_FETCHXML_H

#include "connectors/dynamics/query.h"

struct ds_dynamics_fetchxml;

/* What must be asked for with every page, in place of a page size, which is in the document. */
#define DS_DYNAMICS_FETCHXML_PREFER                                                                \
    "Prefer: odata.include-annotations=\"Microsoft.Dynamics.CRM.fetchxmlpagingcookie,"             \
    "Microsoft.Dynamics.CRM.morerecords\""

/* Checks a document and takes it apart; what names it for messages, which tell the line. DS_E_INPUT
 * for XML that is hostile or none, DS_E_CONFIG for FetchXML that cannot serve as a condition. */
int ds_dynamics_fetchxml_read(const char *text, size_t len, const char *what,
                              struct ds_dynamics_fetchxml **out, struct ds_err *err);
void ds_dynamics_fetchxml_free(struct ds_dynamics_fetchxml *x); /* NULL is fine */

/* Calls each() for every column of opportunity that a condition names. */
int ds_dynamics_fetchxml_columns(const struct ds_dynamics_fetchxml *x,
                                 int (*each)(void *arg, const char *logical, struct ds_err *err),
                                 void *arg, struct ds_err *err);

/* Puts the columns of the slots in, ordered by id, page_size (at most 5000) at once. lookups: where
 * navigation properties lead to; one that is not among them is DS_E_CONFIG. */
int ds_dynamics_fetchxml_select(struct ds_dynamics_fetchxml *x,
                                const struct ds_dynamics_slot *slots, size_t count,
                                const struct ds_dynamics_lookup *lookups, long page_size,
                                struct ds_err *err);

/* Adds a condition that must hold beside all others: ("modifiedon", "ge", "2026-08-01T10:00:00Z"). */
int ds_dynamics_fetchxml_where(struct ds_dynamics_fetchxml *x, const char *column,
                               const char *operator_name, const char *value, struct ds_err *err);

/* Appends "fetchXml=..." for the page that comes next: the first one to begin with. */
int ds_dynamics_fetchxml_query(struct ds_dynamics_fetchxml *x, struct ds_buf *out,
                               struct ds_err *err);

/* Takes from a page's answer how to ask for the one after it; *more is false at the end. DS_E_REMOTE
 * for a cookie that cannot be read or does not advance, and at the 50,000 rows that there are without
 * one (DV-32). */
int ds_dynamics_fetchxml_next(struct ds_dynamics_fetchxml *x, const json_t *page, bool *more,
                              struct ds_err *err);

/* Where the next page begins, as one word without blanks, appended; and back there: false if the
 * word is none. */
void ds_dynamics_fetchxml_mark(const struct ds_dynamics_fetchxml *x, struct ds_buf *out);
bool ds_dynamics_fetchxml_resume(struct ds_dynamics_fetchxml *x, const char *mark);

/* Gives a row the shape that an expanded one has: "alias.column" becomes a member "alias" with a
 * member "column". */
int ds_dynamics_fetchxml_row(json_t *row, struct ds_err *err);

#endif
