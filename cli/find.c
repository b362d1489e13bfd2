#include "cli/find.h"

#include "base/text.h"
#include "cli/sections.h"

#include <inttypes.h>
#include <limits.h>

struct finding {
    struct ds_shelf *shelf;
    const char *word;
    int64_t deal; /* 0: not found */
};

/* Whether the word is a record's id on this connection. */
static int look_up_link(void *arg, const char *name, const struct ds_connection_state *state,
                        struct ds_err *err)
{
    struct finding *f = arg;
    struct ds_link link = {0};

    (void)name;
    if (f->deal)
        return DS_OK;
    if (ds_store_link(f->shelf->store, &f->shelf->arena, state->id, f->word, &link, err))
        return err->status;
    f->deal = link.deal;
    return DS_OK;
}

static int look_up_crm_id(struct finding *f, struct ds_err *err)
{
    uint64_t count = 0;
    int64_t id = 0;

    if (ds_store_deal_by_crm_id(f->shelf->store, f->word, &count, &id, err))
        return err->status;
    if (count > 1)
        return ds_fail(err, DS_E_USAGE,
                       "%" PRIu64 " deals carry the CRM id '%s'; name one by its "
                       "own id, deal %" PRId64 " for instance",
                       count, f->word, id);
    f->deal = id;
    return DS_OK;
}

int ds_find_deal(struct ds_shelf *shelf, const char *word, struct ds_stored_deal *out,
                 struct ds_err *err)
{
    struct finding f = {.shelf = shelf, .word = word};
    long number;

    if (ds_text_int(word, 1, LONG_MAX, &number)) {
        if (ds_store_deal(shelf->store, &shelf->arena, number, out, err) || out->id)
            return err->status;
    }
    if (ds_store_connections(shelf->store, &shelf->arena, look_up_link, &f, err) ||
        (!f.deal && look_up_crm_id(&f, err)))
        return err->status;
    if (f.deal)
        return ds_store_deal(shelf->store, &shelf->arena, f.deal, out, err);
    ds_fail(err, DS_E_USAGE, "no deal has the id or CRM id '%s'", word);
    return ds_hint(err, "a record that could not become a deal stands in 'dealsync rejects'");
}

int ds_find_field(const char *name, enum ds_field *out, struct ds_err *err)
{
    const char *words[DS_FIELDS + 1] = {NULL};

    *out = name ? ds_field_find(name) : DS_FIELDS;
    if (!name || *out != DS_FIELDS)
        return DS_OK;
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        words[f] = ds_fields[f].name;
    ds_fail(err, DS_E_USAGE, "a deal has no field '%s'", name);
    ds_hint_nearest(err, name, words);
    return ds_hint(err, "dealsync.conf(5) lists the fields");
}

int ds_find_number(const char *what, const char *word, int64_t *out, struct ds_err *err)
{
    long number;

    if (!ds_text_int(word, 1, LONG_MAX, &number))
        return ds_fail(err, DS_E_USAGE, "'%s' is no %s: it must be a number", word, what);
    *out = number;
    return DS_OK;
}
