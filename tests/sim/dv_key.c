#include "tests/sim/dv_key.h"
#include "tests/sim/dv_tables.h"
#include "tests/sim/world.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { GUID_LENGTH = 36 };

static bool refuse(struct reply *reply, const struct entity *e)
{
    dynamics_error(
        reply, 400, "0x80060888",
        "The key in the request URI is not valid for resource "
        "'Microsoft.Dynamics.CRM.%s'. Ensure that the names and number of key properties "
        "match the declared or alternate key properties for the resource "
        "'Microsoft.Dynamics.CRM.%s'.",
        dv_table(e)->type, dv_table(e)->type);
    return false;
}

/* 'O''Bryan' as O'Bryan; *end stands behind it. */
static char *quoted(const char *s, const char **end)
{
    struct buf out = {0};

    for (s++; *s; s++) {
        if (*s == '\'' && s[1] != '\'') {
            *end = s + 1;
            buf_reserve(&out, 1);
            out.at[out.len] = '\0';
            return out.at;
        }
        s += *s == '\'';
        buf_add(&out, s, 1);
    }
    buf_free(&out);
    return NULL;
}

bool dv_key_read(const struct entity *e, const char *rest, struct dv_key *key, const char **tail,
                 struct reply *reply)
{
    const char *at = rest + 1, *equals = at + strcspn(at, "=)");

    if (*rest != '(')
        return refuse(reply, e);
    if (*equals == '=') {
        key->field = entity_field(e, at, (size_t)(equals - at));
        if (!key->field || !(key->field->flags & UNIQUE) || equals[1] != '\'')
            return refuse(reply, e);
        key->text = quoted(equals + 1, &at);
        if (!key->text || *at != ')')
            return refuse(reply, e);
        *tail = at + 1;
        return true;
    }
    for (size_t i = 0; i < GUID_LENGTH; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? at[i] != '-'
                                                    : !isxdigit((unsigned char)at[i]))
            return refuse(reply, e);
    if (at[GUID_LENGTH] != ')')
        return refuse(reply, e);
    key->text = grab_text(at, GUID_LENGTH);
    for (char *c = key->text; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    *tail = at + GUID_LENGTH + 1;
    return true;
}

void dv_key_free(struct dv_key *key)
{
    free(key->text);
    key->text = NULL;
}

bool dv_key_find(const struct entity *e, const struct field *field, const char *text, uint32_t *at)
{
    size_t next = 0;
    struct row row;
    struct val v;

    while (world_keyed(field, text, &next, at)) {
        if (*at >= world_rows(e))
            continue;
        entity_row(e, *at, &row);
        field_get(&row, field, &v);
        if (!row.deleted && v.kind == V_TEXT && v.len == strlen(text) &&
            strncasecmp(v.text, text, v.len) == 0)
            return true;
    }
    return false;
}
