/*
 * columns.h - from the paths of a mapping to the columns of a query, and back to values
 *
 * A path is a field ("StageName"), a field of a parent ("Account.Name"), the stage's label
 * ("StageName.label"), the rate of its currency ("CurrencyIsoCode.ConversionRate"), or a list of
 * children (children.h). Names are settled once a fetch, against what
 * the org says Opportunity has (SF-22), so that a record costs only its look-ups.
 */
#ifndef DS_CONNECTORS_SALESFORCE_COLUMNS_H
#define DS_CONNECTORS_SALESFORCE_COLUMNS_H

#include "base/arena.h"
#include "base/json.h"
#include "connectors/connector.h"

#define DS_SF_DEPTH       6 /* a field and its five parents, SOQL's limit */
#define DS_SF_STAGE_LABEL "StageName.label"
#define DS_SF_RATE        "CurrencyIsoCode.ConversionRate"
#define DS_SF_NO_COLUMN   SIZE_MAX /* of a path whose value comes from other rows */

struct ds_sf_column {
    const char *name;    /* as SELECT wants it */
    const json_t *field; /* what the org says about it; NULL: a parent's */
    bool instant;        /* holds instants, which JSON and CSV spell differently (SF-39) */
    size_t depth;
    const char *keys[DS_SF_DEPTH]; /* from the record inwards */
};

struct ds_sf_path {
    size_t column; /* or DS_SF_NO_COLUMN */
    bool labelled; /* look the value up among the labels */
    bool rated;    /* among the rates */
};

struct ds_sf_columns {
    struct ds_arena arena;
    const json_t *describe; /* borrowed */
    size_t count;
    struct ds_sf_column *column;
    size_t paths;
    struct ds_sf_path *path; /* one for each path, in their order */
    struct ds_value *raw;    /* one for each column, of the record last read */
    bool labelled;           /* a path wants labels */
    json_t *labels;          /* of stages, by ApiName; owned; NULL: none */
    bool rated;              /* a path wants rates */
    json_t *rates;           /* of currencies, by code; owned; NULL: none */
};

/* room: how many columns and paths will be added at most. describe outlives the columns. */
int ds_sf_columns_init(struct ds_sf_columns *columns, const json_t *describe, size_t room,
                       struct ds_err *err);
void ds_sf_columns_clear(struct ds_sf_columns *columns);

/* Adds a column, once whatever its case, and tells its index. DS_E_CONFIG when the org has no such
 * field or hides it; others can still be added. */
int ds_sf_columns_add(struct ds_sf_columns *columns, const char *name, size_t *index,
                      struct ds_err *err);

/* Adds the next path; else the same. */
int ds_sf_columns_path(struct ds_sf_columns *columns, const char *path, struct ds_err *err);

/* What the org says about a field, in any case; NULL when it has none of that name. */
const json_t *ds_sf_field(const json_t *describe, const char *name);

/* The SELECT list, appended. */
void ds_sf_columns_list(const struct ds_sf_columns *columns, struct ds_buf *out);

/* Reads a record's columns into raw and its paths into values; both are borrowed from the record. A
 * parent that is null makes its fields null (SF-41); a column that is not there at all never does
 * (SF-22): that is DS_E_CONFIG. */
int ds_sf_columns_read(const struct ds_sf_columns *columns, const json_t *record,
                       struct ds_value *values, struct ds_err *err);

/* The second half of it: from raw to the values of the paths. Those without a column are null. */
void ds_sf_columns_values(const struct ds_sf_columns *columns, struct ds_value *values);

#endif
