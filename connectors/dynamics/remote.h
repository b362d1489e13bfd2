/*
 * remote.h - one Dataverse environment, as the files of this folder see it
 *
 * dynamics.c opens and closes it; login.c and failure.c serve its api; schema.c learns its columns;
 * query.c turns paths into a request and rows into values; link.c handles the links between pages;
 * ahead.c asks what will be needed before it is.
 */
#ifndef DS_CONNECTORS_DYNAMICS_REMOTE_H
#define DS_CONNECTORS_DYNAMICS_REMOTE_H

#include "base/arena.h"
#include "connectors/api.h"
#include "connectors/connector.h"

struct ds_dynamics_flow;
struct ds_dynamics_schema;
struct ds_dynamics_table;
struct ds_dynamics_waiting;

struct ds_remote {
    const struct ds_options *options;
    struct ds_http *http;
    struct ds_api *api;
    struct ds_arena arena; /* what was learnt from metadata, until the remote is closed */
    struct ds_buf origin;
    struct ds_buf authority;
    struct ds_buf secret;      /* the client secret, or empty */
    struct ds_buf key;         /* of the certificate, or empty: PEM */
    struct ds_buf certificate; /* PEM */
    struct ds_buf base;        /* "https://org.crm.dynamics.com/api/data/v9.2/" */
    struct ds_buf prefer;      /* the header that must be the same for every page (DV-15) */
    const char *filter;        /* the setting, NULL: none */
    int64_t overlap_ms;
    bool edmx; /* metadata comes from $metadata instead of the definitions */
    long page_size;
    bool tracking;                        /* change tracking is used where the environment has it */
    bool must_track;                      /* and is an error where it has not */
    long most_lanes;                      /* requests at once, by the settings */
    long batch;                           /* changes in one request */
    struct ds_dynamics_table *table;      /* as it was told last; NULL until asked for */
    struct ds_dynamics_schema *schema;    /* NULL until asked for */
    json_t *stages;                       /* names of stages, see process.h; the same */
    const struct ds_dynamics_flow *flows; /* the same */
    struct ds_dynamics_waiting *waiting;  /* answers to questions that were asked ahead */
    long refused;                         /* status of the last answer that was an error */
    uint32_t refused_code;                /* what Dataverse called it, 0: nothing */
    long requests_left;                   /* of the present window, -1: not told (DV-97) */
    long seconds_left;                    /* of server time in that window */
    long parallelism;
};

/* --- login.c: kind->login --- */
int ds_dynamics_login(void *arg, struct ds_http *http, struct ds_token *out, struct ds_err *err);

/* --- failure.c: kind->failure --- */
int ds_dynamics_failure(void *arg, const struct ds_http_request *request,
                        struct ds_http_answer *answer, json_t *body, struct ds_err *err);

/* --- dynamics.c --- */

#define DS_DYNAMICS_WHO "WhoAmI"

/* GETs base followed by tail, or takes the answer that was asked for ahead; what the answer is comes as JSON, an object for sure. The caller
 * decrefs *out. date_ms may be NULL. */
int ds_dynamics_get(struct ds_remote *remote, const char *tail, json_t **out, int64_t *date_ms,
                    struct ds_err *err);

/* The list of rows in an answer, or NULL with DS_E_REMOTE reported: a page without one is no end
 * of the data (P-7). */
json_t *ds_dynamics_rows(const json_t *page, struct ds_err *err);

/* The headers of every data request; the last one defeats stale answers for expanded rows. */
#define DS_DYNAMICS_HEADERS "OData-MaxVersion: 4.0", "OData-Version: 4.0", "If-None-Match: null"

/* Writes a GUID in lower case without braces (DV-62); false if text is none. */
bool ds_dynamics_guid(const char *text, char out[37]);

/* --- fetch.c, read.c, write.c, check.c, stages.c: the connector's functions of the same names --- */
int ds_dynamics_fetch(struct ds_remote *remote, const struct ds_query *query,
                      const struct ds_sink *sink, struct ds_buf *next, struct ds_err *err);
int ds_dynamics_read(struct ds_remote *remote, const struct ds_query *query, const char *const *ids,
                     size_t count, bool by_key, const struct ds_sink *sink, struct ds_err *err);
int ds_dynamics_write(struct ds_remote *remote, const struct ds_query *query,
                      const struct ds_write *writes, size_t count,
                      int (*written)(void *arg, const struct ds_written *what, struct ds_err *err),
                      void *arg, struct ds_err *err);
int ds_dynamics_check(struct ds_remote *remote, const struct ds_query *query, ds_note *note,
                      void *arg, struct ds_err *err);
int ds_dynamics_stages(struct ds_remote *remote, const char *field, const char *process_field,
                       int (*each)(void *arg, const struct ds_stage *stage, struct ds_err *err),
                       void *arg, struct ds_err *err);

#endif
