/*
 * remote.h - one Salesforce org, as the files of this connector share it
 */
#ifndef DS_CONNECTORS_SALESFORCE_REMOTE_H
#define DS_CONNECTORS_SALESFORCE_REMOTE_H

#include "connectors/api.h"
#include "connectors/salesforce/id.h"
#include "connectors/salesforce/limits.h"
#include "connectors/salesforce/usage.h"

/* Who uses which lane of the transport. Reading by ids is never under way beside reading children. */
enum {
    DS_SF_PAGE_LANES = 4, /* 0 to 3: pages of opportunities */
    DS_SF_FIRST_CHILD_LANE = DS_SF_PAGE_LANES,
    DS_SF_CHILD_LANES = DS_HTTP_LANES - DS_SF_PAGE_LANES,
    DS_SF_READ_LANE = DS_SF_FIRST_CHILD_LANE
};

#define DS_SF_MOST_IDS 200 /* in one request: what a Collections call takes, and an address holds */

#define DS_SF_ASSERTION_S 120 /* 180 are allowed; the rest is for clocks that differ (SF-34) */

/* A way to log in. */
struct ds_sf_flow {
    const char *name;     /* the word of 'auth'; NULL ends the table */
    const char *grant;    /* OAuth's name for it */
    const char *needs[3]; /* settings it cannot do without; ends with NULL */
    const char *secret;   /* the setting of which remote->secret is the value */
    bool signs;           /* sends an assertion signed with the secret */
    bool refreshes;       /* sends the token of 'refresh_token_file' */
    bool shared_host;     /* login.salesforce.com and test.salesforce.com offer it (SF-33) */
};

struct ds_remote {
    const struct ds_options *options;
    struct ds_http *http;
    struct ds_api *api;
    struct ds_buf origin;    /* of the org; data requests and the token go there only (P-9) */
    struct ds_buf login_url; /* origin that issues tokens */
    struct ds_buf secret;    /* private key (jwt) or client secret; may be empty (refresh_token) */
    const struct ds_sf_flow *flow;
    const char *audience;
    long overlap_s;
    long commit_lag_s;
    long daily_share; /* percent */
    long batch;       /* changes in one request */
    long bulk_share;
    long bulk_from; /* opportunities */
    long bulk_wait_s;
    struct ds_sf_usage usage;
    struct ds_sf_limits limits;
    bool limits_asked;
    uint64_t bulk_jobs;    /* of this run, so far */
    bool lost_locator;     /* the last failure was a locator that is no longer good (SF-44) */
    bool lost_job;         /* ... a Bulk job that is not there */
    bool too_long;         /* ... an address that the org, or something on the way, does not take */
    size_t most_ids;       /* records that are asked for in one request, because of that */
    char org_id[DS_SF_ID]; /* as the login told it; "": it did not */
    char user_id[DS_SF_ID];
    char warning[256];    /* the last one that an answer carried; "": none */
    json_t *describe;     /* of Opportunity; NULL until asked for */
    int64_t described_ms; /* the org's clock then */
};

/* settings.c: the table of settings, and what remote->options say, the secret included. */
extern const struct ds_setting ds_sf_settings[];
int ds_sf_settings_read(struct ds_remote *remote, struct ds_err *err);

/* request.c. */

/* GETs "/services/..." of the org; the caller decrefs *out. */
int ds_sf_get(struct ds_remote *remote, const char *path, json_t **out, int64_t *date_ms,
              struct ds_err *err);

/* The same in two halves, so that several are on their way at once. */
int ds_sf_ask(struct ds_remote *remote, size_t lane, const char *path, struct ds_err *err);
int ds_sf_answer(struct ds_remote *remote, size_t lane, json_t **out, int64_t *date_ms,
                 struct ds_err *err);

/* Appends the address of a query; resource is "query" or "queryAll". */
int ds_sf_query_url(const struct ds_remote *remote, const char *resource, const char *soql,
                    struct ds_buf *out, struct ds_err *err);

/* Appends the address that a link of the org leads to: a path of its own, or it is refused with the
 * token unsent (SF-73). */
int ds_sf_link(const struct ds_remote *remote, const char *link, struct ds_buf *out,
               struct ds_err *err);

/* Runs a query that fits on one page, and returns its records; the caller decrefs *out. */
int ds_sf_rows(struct ds_remote *remote, const char *soql, json_t **out, struct ds_err *err);

/* The same through "query" or "queryAll", which shows deleted records too. */
int ds_sf_rows_of(struct ds_remote *remote, const char *resource, const char *soql, json_t **out,
                  struct ds_err *err);

/* What a query with COUNT() counts, deleted records too. */
int ds_sf_total(struct ds_remote *remote, const char *soql, uint64_t *out, struct ds_err *err);

/* Finds out what Opportunity looks like for this user, and what time it was there then, once for each
 * remote; date_ms may be NULL. */
int ds_sf_describe(struct ds_remote *remote, int64_t *date_ms, struct ds_err *err);

/* Asks that ahead of time, beside other questions. A failure is left to whoever needs the answer. */
int ds_sf_describe_ask(struct ds_remote *remote, size_t lane, struct ds_err *err);
void ds_sf_describe_take(struct ds_remote *remote, size_t lane);

/* The hook of the API that sees the head of every answer. */
void ds_sf_head(void *arg, struct ds_http_answer *answer);

/* limits.c. */

/* Asks /limits, once for each remote. What the user may not see stays 0. */
int ds_sf_limits_ask(struct ds_remote *remote, struct ds_err *err);

/* DS_E_LATER when the org has used its share of daily requests (P-12). */
int ds_sf_budget(const struct ds_remote *remote, struct ds_err *err);

/* The same for Bulk query jobs, to be asked before each: of the limits as they were told, if they were. */
int ds_sf_bulk_budget(const struct ds_remote *remote, struct ds_err *err);

/* What the org has used of its requests, appended; nothing when it never told. */
void ds_sf_usage_text(const struct ds_remote *remote, struct ds_buf *out);

/* The connector's function of that name. */
void ds_sf_cost(struct ds_remote *remote, struct ds_buf *out);

/* token.c: the ways to log in, and the hook of the API that does. arg of a hook is the remote. */
extern const struct ds_sf_flow ds_sf_flows[];

/* What a signed login says, in JSON, appended: the username as it is configured (SF-36), and whom it is
 * for (SF-35). */
void ds_sf_claims(const struct ds_remote *remote, int64_t now_s, struct ds_buf *out);

int ds_sf_login(void *arg, struct ds_http *http, struct ds_token *out, struct ds_err *err);

/* refusal.c: what an answer of the login that grants nothing means; reports and returns the status.
 * cut: an earlier exchange of the refresh token was cut off. */
int ds_sf_refused(const struct ds_remote *remote, struct ds_http_answer *answer, const json_t *body,
                  bool cut, struct ds_err *err);

/* failure.c: the hooks of the API that deal with failed answers. */
int ds_sf_failure(void *arg, const struct ds_http_request *request, struct ds_http_answer *answer,
                  json_t *body, struct ds_err *err);
int64_t ds_sf_again(void *arg, const struct ds_http_answer *answer, const json_t *body);

/* Reports in the same words an answer that was handed over whatever its status; `what` is said to have
 * been answered. */
int ds_sf_reply_failed(const char *what, const struct ds_api_reply *reply, struct ds_err *err);

/* stages.c: the labels of the stages, by ApiName; the caller decrefs *out. */
int ds_sf_stage_labels(struct ds_remote *remote, json_t **out, struct ds_err *err);

/* related.c: the rates of currencies, by code; the caller decrefs *out. */
int ds_sf_rates(struct ds_remote *remote, json_t **out, struct ds_err *err);

/* check.c, fetch.c, read.c, write.c and stages.c: the connector's functions of that name. */
int ds_sf_check(struct ds_remote *remote, const struct ds_query *query, ds_note *note, void *arg,
                struct ds_err *err);
int ds_sf_fetch(struct ds_remote *remote, const struct ds_query *query, const struct ds_sink *sink,
                struct ds_buf *next, struct ds_err *err);
int ds_sf_read(struct ds_remote *remote, const struct ds_query *query, const char *const *ids,
               size_t count, bool by_key, const struct ds_sink *sink, struct ds_err *err);
int ds_sf_write(struct ds_remote *remote, const struct ds_query *query,
                const struct ds_write *writes, size_t count,
                int (*written)(void *arg, const struct ds_written *what, struct ds_err *err),
                void *arg, struct ds_err *err);
int ds_sf_stages(struct ds_remote *remote, const char *field, const char *process_field,
                 int (*each)(void *arg, const struct ds_stage *stage, struct ds_err *err),
                 void *arg, struct ds_err *err);

#endif
