#include "connectors/salesforce/value.h"

#include "base/date.h"
#include "base/decimal.h"
#include "base/text.h"

#include <string.h>

static const struct {
    const char *name; /* Salesforce's */
    enum ds_sf_type type;
} types[] = {
    {"double", DS_SF_NUMBER},    {"currency", DS_SF_NUMBER}, {"percent", DS_SF_NUMBER},
    {"int", DS_SF_NUMBER},       {"long", DS_SF_NUMBER},     {"boolean", DS_SF_BOOLEAN},
    {"datetime", DS_SF_INSTANT}, {"date", DS_SF_DATE},
};

enum ds_sf_type ds_sf_type(const json_t *field)
{
    const char *name = field ? ds_json_text(field, "type") : NULL;

    for (size_t i = 0; name && i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].type;
    return DS_SF_TEXT;
}

/* The value in the one spelling of its type; NULL when it has none. */
static const char *canonical(struct ds_arena *a, enum ds_sf_type type, const struct ds_value *value,
                             const char **why)
{
    char *text = ds_arena_dup_bytes(a, value->text, value->len);
    int64_t ms;

    *why = "is longer than memory allows";
    if (!text)
        return NULL;
    switch (type) {
    case DS_SF_NUMBER: return ds_decimal(a, text, why);
    case DS_SF_DATE: return ds_date(a, text, why);
    case DS_SF_BOOLEAN:
        *why = "is neither true nor false";
        return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ? text : NULL;
    case DS_SF_INSTANT:
        *why = "is not an instant (YYYY-MM-DDThh:mm:ssZ)";
        if (!ds_instant(text, &ms))
            return NULL;
        text = ds_arena_alloc(a, DS_INSTANT_TEXT);
        return text ? ds_instant_text(ms, text) : NULL;
    case DS_SF_TEXT: break;
    }
    return text;
}

static bool same_bytes(const struct ds_value *left, const struct ds_value *right)
{
    return left->len == right->len && memcmp(left->text, right->text, left->len) == 0;
}

bool ds_sf_same(struct ds_arena *a, enum ds_sf_type type, const struct ds_value *left,
                const struct ds_value *right)
{
    const char *l, *r, *why;

    if (!left->text || !right->text)
        return !left->text && !right->text;
    if (type == DS_SF_TEXT || same_bytes(left, right))
        return same_bytes(left, right);
    l = canonical(a, type, left, &why);
    r = canonical(a, type, right, &why);
    return l && r && strcmp(l, r) == 0;
}

bool ds_sf_value_json(struct ds_arena *a, enum ds_sf_type type, const struct ds_value *value,
                      struct ds_buf *out, const char **why)
{
    const char *text;

    if (!value->text) {
        ds_buf_add(out, "null");
        return true;
    }
    text = ds_text_fault(value->text, value->len);
    if (text) {
        *why = ds_arena_printf(a, "holds %s", text);
        return false;
    }
    text = canonical(a, type, value, why);
    if (!text)
        return false;
    if (type == DS_SF_NUMBER || type == DS_SF_BOOLEAN)
        ds_buf_add(out, text);
    else
        ds_text_to_json(out, text);
    return true;
}
