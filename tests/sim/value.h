/* One value of one field: what it is, how it compares, how it is written as JSON. */
#ifndef SIM_VALUE_H
#define SIM_VALUE_H

#include "tests/sim/text.h"

enum kind { V_NULL, V_TEXT, V_ID, V_NUMBER, V_BOOL, V_DATE, V_TIME };

struct val {
    enum kind kind;
    int scale;        /* V_NUMBER: the value is num / 10^scale */
    int64_t num;      /* number, boolean, days or seconds since 1970 */
    const char *text; /* V_TEXT, V_ID; not NUL-terminated; may point at room */
    size_t len;
    char room[160];
};

/* How a field is written; it implies the kind of its values. */
enum form {
    F_TEXT,
    F_ID,
    F_INTEGER,
    F_TRIMMED, /* decimal with at least one digit after the point: 1000.0 */
    F_MONEY,   /* decimal with four: 25000.0000 */
    F_RATE,    /* decimal with ten */
    F_BOOL,
    F_DATE,
    F_MILLIS, /* 2026-08-01T10:11:12.000+0000 */
    F_ZULU,   /* 2026-08-01T10:11:12Z */
};

enum kind form_kind(enum form form);

void val_null(struct val *v);
void val_text(struct val *v, const char *s);
void val_number(struct val *v, int64_t num, int scale);
void val_bool(struct val *v, bool b);

/* Reads the text of a control request or of a literal; v->text borrows s. */
bool val_parse(enum kind kind, const char *s, struct val *v);
/* Null sorts first, text ignores case, ids do not. */
int val_cmp(const struct val *a, const struct val *b);
void val_write(struct buf *b, const struct val *v, enum form form);

#endif
