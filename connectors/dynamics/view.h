/*
 * view.h - which FetchXML a connection reads by
 */
#ifndef DS_CONNECTORS_DYNAMICS_VIEW_H
#define DS_CONNECTORS_DYNAMICS_VIEW_H

#include "connectors/dynamics/fetchxml.h"

/* Whether the settings name one: 'fetchxml', a file, or 'view', a public view of opportunities. */
bool ds_dynamics_viewed(const struct ds_remote *remote);

/* DS_E_CONFIG when more than one of 'filter', 'fetchxml' and 'view' is set: each is the whole
 * condition. */
int ds_dynamics_view_settings(const struct ds_options *options, struct ds_err *err);

/* Reads it anew, checks its columns against the metadata, and gives it the columns of the slots. The
 * caller frees *out. */
int ds_dynamics_view(struct ds_remote *remote, const struct ds_dynamics_slot *slots, size_t count,
                     long page_size, struct ds_dynamics_fetchxml **out, struct ds_err *err);

#endif
