#include "connectors/salesforce/metadata.h"

#include "base/text.h"
#include "connectors/xml.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Each value is looked for among all, and told once for each record type; orgs have far fewer. */
enum { MOST_VALUES = 5000, MOST_TYPES = 500 };

/* What the files say, in their order. */
struct value {
    const char *process; /* that allows it; NULL: of the value set itself */
    struct ds_stage stage;
    struct value *next;
};

/* A record type, and the process it has. */
struct type {
    const char *name;
    const char *process;
    struct type *next;
};

struct metadata {
    struct ds_arena arena;
    const char *file; /* at hand, for messages */
    size_t room_values, room_types;
    struct value *values, **last_value;
    struct type *types, **last_type;
};

/* --- one file -------------------------------------------------------------------------------- */

/* The text of a child element; NULL: none. */
static const char *text_of(struct metadata *m, const xmlNode *parent, const char *name)
{
    const char *text = ds_xml_text(&m->arena, ds_xml_child(parent, name));

    return text && *text ? text : NULL;
}

static bool is(struct metadata *m, const xmlNode *parent, const char *name, const char *word)
{
    const char *text = text_of(m, parent, name);

    return text && strcmp(text, word) == 0;
}

static int nameless(const struct metadata *m, const xmlNode *node, struct ds_err *err)
{
    return ds_fail(err, DS_E_INPUT, "%s: line %ld: a %s without a fullName", m->file,
                   xmlGetLineNo(node), (const char *)node->name);
}

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | 0x20) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Names in processes and record types have their special characters as "%2F". */
static const char *decode(struct metadata *m, const char *name)
{
    char *out = ds_arena_dup(&m->arena, name), *to = out;

    for (const char *c = name; out && *c; c++, to++) {
        bool encoded = *c == '%' && digit(c[1]) >= 0 && digit(c[2]) >= 0;

        *to = encoded ? (char)(digit(c[1]) * 16 + digit(c[2])) : *c;
        c += encoded ? 2 : 0;
    }
    if (out)
        *to = '\0';
    return out && !ds_text_fault(out, (size_t)(to - out)) ? out : name;
}

static int add_value(struct metadata *m, const char *process, const struct ds_stage *stage,
                     struct ds_err *err)
{
    struct value *value = ds_arena_alloc(&m->arena, sizeof(*value));

    if (!value)
        return ds_fail_nomem(err);
    if (m->room_values-- == 0)
        return ds_fail(err, DS_E_INPUT, "%s: there are more than %d values", m->file, MOST_VALUES);
    *value = (struct value){.process = process, .stage = *stage};
    *m->last_value = value;
    m->last_value = &value->next;
    return DS_OK;
}

/* Everything but the name may be missing. */
static int read_stage(struct metadata *m, const xmlNode *node, struct ds_err *err)
{
    const char *probability = text_of(m, node, "probability");
    struct ds_stage stage = {.field = "StageName", .probability = -1, .records = -1};
    long percent;

    stage.name = text_of(m, node, "fullName");
    if (!stage.name)
        return nameless(m, node, err);
    stage.label = text_of(m, node, "label");
    if (probability && ds_text_int(probability, 0, 100, &percent))
        stage.probability = (int)percent;
    if (is(m, node, "won", "true"))
        stage.outcome = "won";
    else if (is(m, node, "closed", "true"))
        stage.outcome = "lost";
    else if (ds_xml_child(node, "closed"))
        stage.outcome = "open";
    stage.active = !is(m, node, "isActive", "false");
    return add_value(m, NULL, &stage, err);
}

static int read_set(struct metadata *m, const xmlNode *root, struct ds_err *err)
{
    const char *name = text_of(m, root, "fullName");
    int rc = DS_OK;

    if (name && strcmp(name, "OpportunityStage") != 0)
        return ds_fail(err, DS_E_INPUT, "%s: is the value set '%s', not OpportunityStage", m->file,
                       name);
    for (const xmlNode *v = ds_xml_child(root, "standardValue"); v && !rc;
         v = ds_xml_next(v, "standardValue"))
        rc = read_stage(m, v, err);
    return rc;
}

static int read_process(struct metadata *m, const xmlNode *node, struct ds_err *err)
{
    const char *process = text_of(m, node, "fullName");
    int rc = process ? DS_OK : nameless(m, node, err);

    for (const xmlNode *v = ds_xml_child(node, "values"); v && !rc; v = ds_xml_next(v, "values")) {
        struct ds_stage stage = {.field = "StageName", .probability = -1, .records = -1};

        stage.name = text_of(m, v, "fullName");
        if (!stage.name)
            return nameless(m, v, err);
        stage.name = decode(m, stage.name);
        stage.active = !is(m, node, "isActive", "false");
        rc = add_value(m, decode(m, process), &stage, err);
    }
    return rc;
}

static int read_type(struct metadata *m, const xmlNode *node, struct ds_err *err)
{
    const char *name = text_of(m, node, "fullName");
    const char *process = text_of(m, node, "businessProcess");
    struct type *type = ds_arena_alloc(&m->arena, sizeof(*type));

    if (!name)
        return nameless(m, node, err);
    if (!type)
        return ds_fail_nomem(err);
    if (!process)
        return DS_OK;
    if (m->room_types-- == 0)
        return ds_fail(err, DS_E_INPUT, "%s: there are more than %d record types", m->file,
                       MOST_TYPES);
    *type = (struct type){.name = decode(m, name), .process = decode(m, process)};
    *m->last_type = type;
    m->last_type = &type->next;
    return DS_OK;
}

static int read_object(struct metadata *m, const xmlNode *root, struct ds_err *err)
{
    int rc = DS_OK;

    for (const xmlNode *n = ds_xml_child(root, NULL); n && !rc; n = ds_xml_next(n, NULL)) {
        if (strcmp((const char *)n->name, "businessProcesses") == 0)
            rc = read_process(m, n, err);
        else if (strcmp((const char *)n->name, "recordTypes") == 0)
            rc = read_type(m, n, err);
    }
    return rc;
}

static int read_file(struct metadata *m, const char *path, struct ds_err *err)
{
    static const struct {
        const char *root;
        int (*read)(struct metadata *, const xmlNode *, struct ds_err *);
    } kinds[] = {
        {"StandardValueSet", read_set},
        {"BusinessProcess", read_process},
        {"RecordType", read_type},
        {"CustomObject", read_object},
    };
    size_t i = 0, count = sizeof(kinds) / sizeof(kinds[0]);
    const xmlNode *root;
    xmlDoc *doc = NULL;
    int rc = ds_xml_file(path, DS_MAX_FILE, &doc, err);

    if (rc)
        return rc;
    m->file = path;
    root = xmlDocGetRootElement(doc);
    while (i < count && strcmp((const char *)root->name, kinds[i].root) != 0)
        i++;
    if (i < count)
        rc = kinds[i].read(m, root, err);
    else
        rc = ds_fail(err, DS_E_INPUT,
                     "%s: is a <%.100s>, not a StandardValueSet, BusinessProcess, RecordType or "
                     "CustomObject",
                     path, (const char *)root->name);
    xmlFreeDoc(doc);
    return rc;
}

/* --- a directory ----------------------------------------------------------------------------- */

/* Where the things stand, in both layouts. */
static const char *const places[] = {
    "standardValueSets/OpportunityStage.standardValueSet*",
    "objects/Opportunity.object*",
    "objects/Opportunity/Opportunity.object*",
    "objects/Opportunity/businessProcesses/*.businessProcess*",
    "objects/Opportunity/recordTypes/*.recordType*",
};

/* The directory's own name is no pattern. */
static void add_escaped(struct ds_buf *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("*?[\\", *text))
            ds_buf_add_char(out, '\\');
        ds_buf_add_char(out, *text);
    }
}

static int read_places(struct metadata *m, const char *directory, struct ds_err *err)
{
    int rc = DS_OK;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !rc; i++) {
        struct ds_buf pattern = DS_BUF_INIT(DS_MAX_TEXT);
        glob_t found = {0};

        add_escaped(&pattern, directory);
        ds_buf_addf(&pattern, "/%s", places[i]);
        if (glob(pattern.text, 0, NULL, &found) == GLOB_NOSPACE)
            rc = ds_fail_nomem(err);
        for (size_t f = 0; f < found.gl_pathc && !rc; f++)
            rc = read_file(m, found.gl_pathv[f], err);
        globfree(&found);
        ds_buf_clear(&pattern);
    }
    return rc;
}

/* --- all together ---------------------------------------------------------------------------- */

/* What the value set says of a stage that a process allows. */
static void describe(const struct metadata *m, struct ds_stage *stage)
{
    for (const struct value *v = m->values; v; v = v->next)
        if (!v->process && strcmp(v->stage.name, stage->name) == 0) {
            bool active = stage->active && v->stage.active;

            *stage = v->stage;
            stage->active = active;
            return;
        }
}

static int tell(const struct metadata *m, const struct value *v,
                int (*each)(void *arg, const struct ds_stage *stage, struct ds_err *err), void *arg,
                struct ds_err *err)
{
    struct ds_stage stage = v->stage;
    bool used = false;
    int rc = DS_OK;

    if (!v->process)
        return each(arg, &stage, err);
    describe(m, &stage);
    for (const struct type *t = m->types; t && !rc; t = t->next)
        if (strcmp(t->process, v->process) == 0) {
            used = true;
            stage.process = t->name;
            rc = each(arg, &stage, err);
        }
    if (used)
        return rc;
    stage.process = v->process;
    return each(arg, &stage, err);
}

int ds_sf_stages_in(const char *file,
                    int (*each)(void *arg, const struct ds_stage *stage, struct ds_err *err),
                    void *arg, struct ds_err *err)
{
    struct metadata m = {.room_values = MOST_VALUES, .room_types = MOST_TYPES};
    struct stat st;
    bool directory = stat(file, &st) == 0 && S_ISDIR(st.st_mode);
    int rc;

    m.last_value = &m.values;
    m.last_type = &m.types;
    rc = directory ? read_places(&m, file, err) : read_file(&m, file, err);
    if (!rc && !m.values) {
        rc = ds_fail(err, DS_E_INPUT, "%s: lists no stages", file);
        ds_hint(err,
                "give the file OpportunityStage.standardValueSet-meta.xml, a business process, "
                "or the directory that holds standardValueSets/ and objects/");
    }
    for (const struct value *v = m.values; v && !rc; v = v->next)
        rc = tell(&m, v, each, arg, err);
    ds_arena_clear(&m.arena);
    return rc;
}
