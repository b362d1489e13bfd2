#include "tests/sim/world.h"
#include "tests/sim/clock.h"
#include "tests/sim/dataset.h"
#include "tests/sim/generate.h"
#include "tests/sim/sf_key.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BIN_LIFE = 15 * 86400 };

struct overlay {
    struct edit **edits;
    size_t n;
    uint32_t *slots; /* hash of index to edit number + 1; a power of two, at most half full */
    size_t nslots;
    uint32_t created;
};

/* An edit as it was when the transaction first touched it. */
struct saved {
    struct edit *edit, before;
    bool created;
};

static struct overlay overlays[OVERLAYS];
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static _Thread_local unsigned writing;
static uint64_t last_version = 1000000000;
static bool side_edits;

static struct {
    bool active;
    struct saved *saved;
    size_t n;
} journal;

/* Where unique texts were set: hash of field and text to row. */
static struct {
    struct key {
        uint64_t hash;
        const struct field *field;
        uint32_t at; /* row + 1 */
    } * slots;
    size_t n, room;
} keys;

struct settings settings;

void world_read(void)
{
    if (writing)
        writing++;
    else
        pthread_rwlock_rdlock(&lock);
}

void world_write(void)
{
    if (!writing++)
        pthread_rwlock_wrlock(&lock);
}

void world_unlock(void)
{
    if (!writing || !--writing)
        pthread_rwlock_unlock(&lock);
}

static void forget(struct edit *edit)
{
    for (size_t i = 0; i < edit->n; i++)
        free(edit->set[i].text);
    free(edit->set);
    edit->set = NULL;
    edit->n = 0;
}

static struct overlay *overlay_of(const struct entity *e)
{
    return &overlays[e->overlay ? e->overlay : (unsigned)e->crm];
}

void world_clear(void)
{
    for (size_t table = 0; table < OVERLAYS; table++) {
        struct overlay *o = &overlays[table];

        for (size_t i = 0; i < o->n; i++) {
            forget(o->edits[i]);
            free(o->edits[i]);
        }
        free(o->edits);
        free(o->slots);
        *o = (struct overlay){0};
    }
    free(keys.slots);
    keys.slots = NULL;
    keys.n = keys.room = 0;
}

uint32_t world_count(void)
{
    return settings.dataset ? dataset_count() : settings.count;
}

void world_load(uint32_t at, struct row *row)
{
    if (at >= world_count())
        *row = (struct row){.at = at, .account = -1, .product = -1};
    else if (settings.dataset)
        dataset_row(at, row);
    else
        generate_row(at, row);
}

uint32_t world_rows(const struct entity *e)
{
    return e->count() + overlay_of(e)->created;
}

static uint32_t *slot_of(const struct overlay *o, uint32_t at)
{
    size_t i = text_mix(at) & (o->nslots - 1);

    while (o->slots[i] && o->edits[o->slots[i] - 1]->at != at)
        i = (i + 1) & (o->nslots - 1);
    return &o->slots[i];
}

static struct edit *find(const struct overlay *o, uint32_t at)
{
    uint32_t slot = o->n ? *slot_of(o, at) : 0;

    return slot ? o->edits[slot - 1] : NULL;
}

const struct edit *world_find_edit(const struct entity *e, uint32_t at)
{
    return find(overlay_of(e), at);
}

bool world_is_edited(const struct entity *e, uint32_t at)
{
    return world_find_edit(e, at) != NULL;
}

void world_row(const struct entity *e, uint32_t at, struct row *row)
{
    const struct edit *edit = world_find_edit(e, at);

    if (edit && edit->blank)
        *row = (struct row){
            .at = at, .account = -1, .product = -1, .contact = -1, .dynamics = e->crm == DYNAMICS};
    else
        e->load(at, row);
    if (edit) {
        row->edit = edit;
        row->deleted = edit->deleted;
        if (edit->modified)
            row->modified = edit->modified;
        if (edit->version)
            row->version = edit->version;
        if (edit->created)
            row->created = edit->created;
    }
    if (e->resolve)
        e->resolve(row);
}

bool world_is_gone(const struct row *row)
{
    return row->deleted && row->edit &&
           (row->edit->purged ||
            (row->edit->deleted_at && clock_now() - row->edit->deleted_at > BIN_LIFE));
}

bool world_edited(const struct edit *edit, const struct field *field, struct val *v)
{
    for (size_t i = 0; i < edit->n; i++) {
        if (edit->set[i].field != field)
            continue;
        if (!edit->set[i].text || !val_parse(form_kind(field->form), edit->set[i].text, v))
            val_null(v);
        return true;
    }
    return false;
}

bool world_has_edits(void)
{
    return side_edits;
}

bool world_is_set(const struct edit *edit, const struct field *field)
{
    for (size_t i = 0; i < edit->n; i++)
        if (edit->set[i].field == field)
            return true;
    return false;
}

void world_drop(struct edit *edit, const struct field *field)
{
    for (size_t i = 0; i < edit->n; i++) {
        if (edit->set[i].field != field)
            continue;
        free(edit->set[i].text);
        edit->set[i] = edit->set[--edit->n];
        return;
    }
}

size_t world_edits(const struct entity *e)
{
    return overlay_of(e)->n;
}

bool world_edit_at(const struct entity *e, size_t i, uint32_t *at)
{
    if (i >= overlay_of(e)->n)
        return false;
    *at = overlay_of(e)->edits[i]->at;
    return true;
}

static bool find_external(const struct entity *e, const char *id, uint32_t *at)
{
    const struct overlay *o = overlay_of(e);
    char *end;
    unsigned long n;

    for (size_t i = 0; i < o->n; i++)
        for (size_t j = 0; j < o->edits[i]->n; j++)
            if (o->edits[i]->set[j].field->aspect == A_EXTERNAL && o->edits[i]->set[j].text &&
                strcmp(o->edits[i]->set[j].text, id) == 0) {
                *at = o->edits[i]->at;
                return true;
            }
    if (settings.dataset)
        return dataset_find(id, at);
    if (id[0] != 'G' || strlen(id) < 8)
        return false;
    n = strtoul(id + 1, &end, 10);
    *at = (uint32_t)n;
    return !*end && n < world_count();
}

bool world_find(const struct entity *e, const char *id, uint32_t *at)
{
    uint64_t n;

    if (e->crm == SALESFORCE && sf_id_parse(id, e->prefix, &n) && n > 0 && n <= world_rows(e)) {
        *at = (uint32_t)n - 1;
        return true;
    }
    if (e->crm == DYNAMICS && guid_parse(id, at) && *at < world_rows(e))
        return true;
    return e->overlay == 0 && find_external(e, id, at);
}

static void rehash(struct overlay *o)
{
    o->nslots = o->nslots ? o->nslots * 2 : 64;
    free(o->slots);
    o->slots = grab(o->nslots * sizeof *o->slots);
    for (size_t i = 0; i < o->n; i++)
        *slot_of(o, o->edits[i]->at) = (uint32_t)i + 1;
}

static void save(struct edit *edit, bool created)
{
    struct saved *s;

    for (size_t i = 0; i < journal.n; i++)
        if (journal.saved[i].edit == edit)
            return;
    journal.saved = regrab(journal.saved, (journal.n + 1) * sizeof *journal.saved);
    s = &journal.saved[journal.n++];
    *s = (struct saved){edit, *edit, created};
    s->before.set = edit->n ? grab(edit->n * sizeof *edit->set) : NULL;
    for (size_t i = 0; i < edit->n; i++) {
        const char *text = edit->set[i].text;

        s->before.set[i] = edit->set[i];
        s->before.set[i].text = text ? grab_text(text, strlen(text)) : NULL;
    }
}

static struct edit *edit_of(const struct entity *e, uint32_t at)
{
    struct overlay *o = overlay_of(e);
    struct edit *edit = find(o, at);

    if (edit)
        return edit;
    side_edits |= e->crm == DYNAMICS && e->overlay;
    edit = grab(sizeof *edit);
    edit->at = at;
    o->edits = regrab(o->edits, (o->n + 1) * sizeof *o->edits);
    o->edits[o->n++] = edit;
    if (o->n * 2 > o->nslots)
        rehash(o);
    else
        *slot_of(o, at) = (uint32_t)o->n;
    return edit;
}

struct edit *world_edit(const struct entity *e, uint32_t at)
{
    struct edit *edit = edit_of(e, at);

    if (journal.active)
        save(edit, false);
    return edit;
}

struct edit *world_create(const struct entity *e)
{
    struct edit *edit = edit_of(e, world_rows(e));

    if (journal.active)
        save(edit, true);
    overlay_of(e)->created++;
    edit->created = clock_now();
    return edit;
}

void world_blank(struct edit *edit)
{
    forget(edit);
    edit->blank = true;
    edit->deleted = false;
    edit->created = clock_now();
}

void world_begin(void)
{
    journal.active = true;
}

static void end(bool undo)
{
    for (size_t i = 0; i < journal.n; i++) {
        struct saved *s = &journal.saved[i];

        if (!undo) {
            forget(&s->before);
            continue;
        }
        forget(s->edit);
        *s->edit = s->before;
        s->edit->deleted = s->created || s->before.deleted;
        s->edit->ghost = s->created || s->before.ghost;
    }
    free(journal.saved);
    journal.saved = NULL;
    journal.n = 0;
    journal.active = false;
}

void world_commit(void)
{
    end(false);
}

void world_rollback(void)
{
    end(true);
}

uint64_t world_version(void)
{
    return last_version;
}

uint64_t world_next_version(void)
{
    return ++last_version;
}

void world_touch(struct edit *edit)
{
    size_t kept = 0;

    edit->version = ++last_version;
    edit->modified = clock_now();
    for (size_t i = 0; i < edit->n; i++) {
        if (edit->set[i].field->aspect == A_MODIFIED)
            free(edit->set[i].text);
        else
            edit->set[kept++] = edit->set[i];
    }
    edit->n = kept;
}

/* ---- unique texts ---- */

static uint64_t hash_key(const struct field *field, const char *text)
{
    uint64_t h = text_mix((uint64_t)(uintptr_t)field);

    for (; *text; text++) {
        char c = *text >= 'A' && *text <= 'Z' ? (char)(*text | 0x20) : *text;

        h = text_mix(h ^ (unsigned char)c);
    }
    return h;
}

static void put_key(struct key key)
{
    size_t i = key.hash & (keys.room - 1);

    while (keys.slots[i].at)
        i = (i + 1) & (keys.room - 1);
    keys.slots[i] = key;
}

static void add_key(const struct field *field, const char *text, uint32_t at)
{
    struct key *old = keys.slots;
    size_t room = keys.room;

    if (keys.n * 2 >= room) {
        keys.room = room ? room * 2 : 64;
        keys.slots = grab(keys.room * sizeof *keys.slots);
        for (size_t i = 0; i < room; i++)
            if (old[i].at)
                put_key(old[i]);
        free(old);
    }
    put_key((struct key){hash_key(field, text), field, at + 1});
    keys.n++;
}

bool world_keyed(const struct field *field, const char *text, size_t *next, uint32_t *at)
{
    uint64_t h = hash_key(field, text);

    for (; keys.room && keys.slots[(h + *next) & (keys.room - 1)].at; ++*next) {
        const struct key *k = &keys.slots[(h + *next) & (keys.room - 1)];

        if (k->hash != h || k->field != field)
            continue;
        *at = k->at - 1;
        ++*next;
        return true;
    }
    return false;
}

void world_assign(struct edit *edit, const struct field *field, const char *text)
{
    char *copy = text ? grab_text(text, strlen(text)) : NULL;

    if (text && field->flags & (KEY | UNIQUE))
        add_key(field, text, edit->at);
    if (text && field->flags & EXTERNAL_KEY)
        sf_key_note(edit->at, text);
    for (size_t i = 0; i < edit->n; i++) {
        if (edit->set[i].field == field) {
            free(edit->set[i].text);
            edit->set[i].text = copy;
            return;
        }
    }
    edit->set = regrab(edit->set, (edit->n + 1) * sizeof *edit->set);
    edit->set[edit->n++] = (struct assignment){field, copy};
}
