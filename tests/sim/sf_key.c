#include "tests/sim/sf_key.h"
#include "tests/sim/sf_settings.h"
#include "tests/sim/sf_tables.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BUCKETS = 1 << 16 };

/* Records that hold a value, or once did: what they hold now is looked up. */
struct note {
    uint32_t at, next; /* next: number of the next in the bucket + 1 */
};

static struct note *notes;
static size_t nnotes, room;
static uint32_t buckets[BUCKETS];

static uint32_t *bucket_of(const char *value)
{
    uint64_t h = 0;

    for (; *value; value++)
        h = text_mix(h ^ (uint64_t)tolower((unsigned char)*value));
    return &buckets[h % BUCKETS];
}

void sf_key_note(uint32_t at, const char *value)
{
    uint32_t *bucket = bucket_of(value);

    for (uint32_t i = *bucket; i; i = notes[i - 1].next)
        if (notes[i - 1].at == at)
            return;
    if (nnotes == room) {
        room = room * 2 + 64;
        notes = regrab(notes, room * sizeof *notes);
    }
    notes[nnotes++] = (struct note){at, *bucket};
    *bucket = (uint32_t)nnotes;
}

void sf_key_clear(void)
{
    free(notes);
    notes = NULL;
    nnotes = room = 0;
    memset(buckets, 0, sizeof buckets);
}

const struct field *sf_key_field(const char *name)
{
    const struct field *f = entity_field(&sf_opportunity, name, strlen(name));

    return f && (f->flags & EXTERNAL_KEY || f->aspect == A_EXTERNAL) ? f : NULL;
}

static bool holds(const struct field *key, uint32_t at, const char *value)
{
    const struct edit *e = world_find_edit(&sf_opportunity, at);

    for (size_t i = 0; e && !e->deleted && i < e->n; i++)
        if (e->set[i].field == key && e->set[i].text)
            return (sf_settings.key_case_sensitive ? strcmp(e->set[i].text, value)
                                                   : strcasecmp(e->set[i].text, value)) == 0;
    return false;
}

/* The generated ones have External_Id__c, and nothing else. */
static size_t find_external(const char *value, uint32_t *at)
{
    struct row row;

    if (strncmp(value, sf_opportunity.prefix, 3) == 0 || !world_find(&sf_opportunity, value, at))
        return 0;
    world_row(&sf_opportunity, *at, &row);
    return !row.deleted;
}

size_t sf_key_find(const struct field *key, const char *value, uint32_t *found, size_t max)
{
    size_t n = 0;

    if (key->aspect == A_EXTERNAL)
        return find_external(value, found);
    for (uint32_t i = *bucket_of(value); i; i = notes[i - 1].next) {
        if (!holds(key, notes[i - 1].at, value))
            continue;
        if (n < max)
            found[n] = notes[i - 1].at;
        n++;
    }
    return n;
}
