#include "tests/sim/entity.h"
#include "tests/sim/dv_value.h"
#include "tests/sim/sf_rows.h"
#include "tests/sim/world.h"

#include <string.h>
#include <strings.h>

static bool same(enum crm crm, const char *a, const char *b, size_t len)
{
    return (crm == SALESFORCE ? strncasecmp(a, b, len) : strncmp(a, b, len)) == 0 && a[len] == '\0';
}

const struct field *entity_any_field(const struct entity *e, const char *name, size_t len)
{
    for (size_t i = 0; i < e->nfields; i++) {
        const struct field *f = &e->fields[i];

        if (same(e->crm, f->name, name, len))
            return f;
    }
    return NULL;
}

const struct field *entity_field(const struct entity *e, const char *name, size_t len)
{
    const struct field *f = entity_any_field(e, name, len);

    return f && e->hides && e->hides(f) ? NULL : f;
}

const struct field *entity_key(const struct entity *e)
{
    for (size_t i = 0; i < e->nfields; i++)
        if (e->fields[i].flags & KEY)
            return &e->fields[i];
    return &e->fields[0];
}

const struct group *entity_group(const struct entity *e, const char *name, size_t len)
{
    for (size_t i = 0; i < e->ngroups; i++)
        if (same(e->crm, e->groups[i].name, name, len))
            return &e->groups[i];
    return NULL;
}

const struct field *entity_group_key(const struct entity *e, const struct group *group)
{
    return entity_any_field(e, group->key, strlen(group->key));
}

void entity_base(const struct entity *e, uint32_t at, struct row *row)
{
    e->load(at, row);
    if (e->resolve)
        e->resolve(row);
}

void entity_row(const struct entity *e, uint32_t at, struct row *row)
{
    if (e->changes)
        world_row(e, at, row);
    else
        entity_base(e, at, row);
}

void field_get(const struct row *row, const struct field *field, struct val *v)
{
    if (row->edit && world_edited(row->edit, field, v))
        return;
    if (row->dynamics && dv_value(row, field, v))
        return;
    if (row->refers && sf_parent_edited(row, field, v))
        return;
    row_get(row, field->aspect, v);
}
