/* One request in, one reply out; the two TLS ports. Faults, gzip and the log are applied here, so
 * that the answering side knows only its own protocol. */
#ifndef SIM_HTTP_H
#define SIM_HTTP_H

#include "tests/sim/fault.h"
#include "tests/sim/settings.h"
#include "tests/sim/text.h"

#include <microhttpd.h>

struct request {
    enum crm crm;
    const char *method;
    const char *line;    /* "METHOD target" */
    const char *target;  /* as received, with the query */
    const char *path;    /* decoded, without the query */
    const char *query;   /* as received, behind the '?'; "" when there is none */
    const char *body;    /* NUL-terminated, "" when there is none */
    size_t header_bytes; /* of all header lines */
    struct fault fault;
    const struct part *part; /* of a batch: the headers are its own; or NULL */
    struct MHD_Connection *connection;
};

/* The header lines of a request inside a batch: "Name: value", each NUL-terminated. */
struct part {
    size_t n;
    char *const *lines;
};

enum { MAX_HEADERS = 24 };

struct reply {
    unsigned status;
    const char *type;
    struct buf body;
    bool cut; /* the connection dies without an answer */
    size_t nheaders;
    struct {
        const char *name;
        char value[256];
    } headers[MAX_HEADERS];
    /* A body too large to hold comes in parts: each call appends one, false is the last. Released
     * when it was sent, or not. */
    bool (*part)(void *arg, struct buf *out);
    void (*release)(void *arg);
    void *arg;
};

bool request_is(const struct request *request, const char *method);
const char *request_header(const struct request *request, const char *name); /* or NULL */
/* The decoded query parameter, or NULL; the caller frees it. */
char *request_param(const struct request *request, const char *name);
/* The token behind "Bearer ", or NULL. */
const char *request_bearer(const struct request *request);
/* The faults that leave nothing of the answer; true when the request's is one. */
bool reply_fault(const struct request *request, struct reply *reply);
/* What was done stays done; the answer becomes an error when the request's fault says so. */
void reply_status_after(const struct request *request, struct reply *reply);
void reply_header(struct reply *reply, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct http_config {
    uint16_t ports[CRMS]; /* 0: any; filled in by http_start */
    char *cert, *key;     /* PEM texts */
};

/* Requests of that CRM being answered now, this one included. */
unsigned http_busy(enum crm crm);

bool http_start(struct http_config *config);
void http_stop(void);

#endif
