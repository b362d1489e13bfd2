/*
 * batch.h - changes that go to the org together
 *
 * write.c reads the records, decides what may be sent and tells what became of it; send.c sends it and
 * makes sense of the answers.
 */
#ifndef DS_CONNECTORS_SALESFORCE_BATCH_H
#define DS_CONNECTORS_SALESFORCE_BATCH_H

#include "connectors/salesforce/change.h"

enum ds_sf_item_stage {
    DS_SF_ITEM_PENDING, /* not sent yet, or locked when it was */
    DS_SF_ITEM_SENT,    /* carried out, and to be read back */
    DS_SF_ITEM_GONE,    /* there is nothing to change any more */
    DS_SF_ITEM_TOLD
};

/* One change of a batch. */
struct ds_sf_item {
    const struct ds_write *write;
    size_t change;
    enum ds_sf_item_stage stage;
    json_t *row;      /* of the record as it was read last; NULL: not seen */
    size_t body;      /* where its members begin in the bodies, and how long they are */
    size_t body_len;  /* 0: nothing to send */
    const char *text; /* what Salesforce said last */
};

struct ds_sf_batch {
    struct ds_remote *remote;
    struct ds_sf_reader reader;
    bool creates;
    size_t width[2];    /* records in one request: of changes, of creations */
    const char *column; /* that the records are found by: "Id", or the field of keys */
    size_t count;
    struct ds_sf_item item[DS_SF_MOST_IDS];
    struct ds_arena arena;
    struct ds_buf bodies, request, url;
    int (*written)(void *arg, const struct ds_written *what, struct ds_err *err);
    void *arg;
};

/* The id of a record to be changed, the key of one to be created. */
static inline const char *ds_sf_item_name(const struct ds_sf_batch *b,
                                          const struct ds_sf_item *item)
{
    return b->creates ? item->write->key : item->write->id;
}

/* Tells what became of a change, with the record as it was read last, if it was. */
int ds_sf_item_tell(struct ds_sf_batch *b, struct ds_sf_item *item, int status, const char *text,
                    struct ds_err *err);

/* Sends all pending items. Each is then sent, gone or told, or still pending when somebody else holds
 * it, or when so many in one request were too much for the org's triggers: the next ones are smaller. An error leaves it open what became of those that are pending. */
int ds_sf_batch_send(struct ds_sf_batch *b, struct ds_err *err);

#endif
