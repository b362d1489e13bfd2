/* The tables that change: generated or loaded rows, and over them what tests and clients have
 * edited, created and deleted. Everything here wants the lock held; what it lends lives as long. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "tests/sim/entity.h"

struct assignment {
    const struct field *field;
    char *text; /* NULL: null */
};

struct edit {
    uint32_t at;
    int64_t modified; /* 0: not moved */
    int64_t created;  /* 0: as generated */
    int64_t deleted_at;
    uint64_t version;
    bool deleted;
    bool blank;  /* over no base: what is not set is empty */
    bool ghost;  /* was never committed */
    bool purged; /* deleted, and not even in the bin */
    size_t n;
    struct assignment *set;
};

/* Overlays: the opportunities of either CRM, then other tables, each by its number. */
enum { OVERLAYS = 32 };

/* A thread that writes may lock again. */
void world_read(void);
void world_write(void);
void world_unlock(void);
void world_clear(void);

/* The base of both opportunity tables. */
uint32_t world_count(void);
void world_load(uint32_t at, struct row *row);

uint32_t world_rows(const struct entity *e); /* with the created ones */
void world_row(const struct entity *e, uint32_t at, struct row *row);
/* NULL when there is none. */
const struct edit *world_find_edit(const struct entity *e, uint32_t at);
bool world_is_edited(const struct entity *e, uint32_t at);
/* Deleted, and not in the bin any more: purged, or there for 15 days. */
bool world_is_gone(const struct row *row);
bool world_edited(const struct edit *edit, const struct field *field, struct val *v);
/* Whether a table of Dynamics beside the opportunities was edited. */
bool world_has_edits(void);
bool world_is_set(const struct edit *edit, const struct field *field);
/* Takes back what was set. */
void world_drop(struct edit *edit, const struct field *field);
size_t world_edits(const struct entity *e);
bool world_edit_at(const struct entity *e, size_t i, uint32_t *at);

/* By the CRM's id or by the external id. */
bool world_find(const struct entity *e, const char *id, uint32_t *at);

/* The record's edit, made when there is none; the caller moves stamp and version. */
struct edit *world_edit(const struct entity *e, uint32_t at);
struct edit *world_create(const struct entity *e);
/* A new version, and the stamp of the simulator's clock; stamps that were set apart follow again. */
void world_touch(struct edit *edit);
void world_assign(struct edit *edit, const struct field *field, const char *text);

/* The row is emptied, and lives again if it was deleted. */
void world_blank(struct edit *edit);

/* All or nothing: what is edited between begin and rollback is undone. One at a time. */
void world_begin(void);
void world_commit(void);
void world_rollback(void);
/* The highest version given so far. */
uint64_t world_version(void);
/* A version that nothing carries. */
uint64_t world_next_version(void);

/* Rows whose field was ever set to a text, whatever the case; ask again with the last answer until
 * false. Whether the row still holds it is the caller's to see. */
bool world_keyed(const struct field *field, const char *text, size_t *next, uint32_t *at);

#endif
