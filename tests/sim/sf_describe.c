#include "tests/sim/sf_describe.h"
#include "tests/sim/clock.h"
#include "tests/sim/sf_settings.h"
#include "tests/sim/sf_tables.h"
#include "tests/sim/world.h"

#include <string.h>

static void describe_options(struct buf *out, const struct field *f)
{
    for (unsigned i = 0; i < f->noptions; i++) {
        buf_puts(out, i ? ",{\"value\":" : "{\"value\":");
        buf_json_text(out, f->options[i].label);
        buf_puts(out, ",\"label\":");
        buf_json_text(out, f->options[i].label);
        buf_puts(out, ",\"active\":true,\"defaultValue\":false}");
    }
}

static const char *yes(bool b)
{
    return b ? "true" : "false";
}

static const struct group *parent_of(const struct entity *e, const struct field *f)
{
    for (size_t i = 0; i < e->ngroups; i++)
        if (strcmp(e->groups[i].key, f->name) == 0)
            return &e->groups[i];
    return NULL;
}

static int length_of(const struct field *f)
{
    if (strcmp(f->type, "textarea") == 0)
        return 32000;
    if (form_kind(f->form) == V_ID)
        return 18;
    if (form_kind(f->form) != V_TEXT)
        return 0;
    if (f->flags & EXTERNAL_KEY)
        return (int)sf_settings.key_length;
    return strcmp(f->name, "Name") == 0 ? 120 : 255;
}

static void describe_field(struct buf *out, const struct entity *e, const struct field *f)
{
    const struct group *parent = parent_of(e, f);
    bool open = e == &sf_opportunity && !sf_listed(sf_settings.locked_fields, f->name);
    const char *createable = yes(open && f->flags & (WRITABLE | CREATE_ONLY));
    const char *updateable = yes(open && f->flags & WRITABLE);
    const char *type =
        f->flags & EXTERNAL_KEY && sf_settings.key_type[0] ? sf_settings.key_type : f->type;
    bool money = strcmp(f->type, "currency") == 0;

    buf_addf(
        out,
        "{\"name\":\"%s\",\"label\":\"%s\",\"type\":\"%s\",\"length\":%d,\"precision\":%d,"
        "\"scale\":%d,\"nillable\":%s,\"createable\":%s,\"updateable\":%s,\"calculated\":false,"
        "\"custom\":%s,\"filterable\":%s,\"sortable\":%s,\"groupable\":%s,"
        "\"compoundFieldName\":null,\"externalId\":%s,\"idLookup\":%s,\"relationshipName\":",
        f->name, f->label ? f->label : f->name, type, length_of(f),
        money                  ? 18
        : f->form == F_TRIMMED ? 3
                               : 0,
        money ? 2 : 0, yes(!(f->flags & REQUIRED)), createable, updateable, yes(f->flags & CUSTOM),
        yes(!(f->flags & NO_FILTER)), yes(!(f->flags & NO_FILTER)), yes(!(f->flags & NO_FILTER)),
        yes(f->aspect == A_EXTERNAL || f->flags & EXTERNAL_KEY),
        yes(f->aspect == A_EXTERNAL || f->flags & (KEY | EXTERNAL_KEY)));
    if (parent)
        buf_addf(out, "\"%s\",\"referenceTo\":[\"%s\"]", parent->name, parent->type);
    else
        buf_puts(out, "null,\"referenceTo\":[]");
    buf_puts(out, ",\"picklistValues\":[");
    describe_options(out, f);
    buf_puts(out, "]}");
}

static void write_describe(struct buf *out, const struct entity *e, const char *version)
{
    bool own = e == &sf_opportunity;
    bool comma = false;

    buf_addf(out,
             "{\"name\":\"%s\",\"label\":\"%s\",\"labelPlural\":\"%s\",\"keyPrefix\":\"%s\","
             "\"queryable\":true,\"createable\":%s,\"updateable\":%s,\"deletable\":%s,"
             "\"replicateable\":%s,\"urls\":{\"sobject\":\"/services/data/v%s/sobjects/%s\"},"
             "\"fields\":[",
             e->name, e->name, own ? "Opportunities" : e->name, e->prefix,
             yes(own && sf_settings.createable), yes(own && sf_settings.updateable), yes(own),
             yes(e->changes), version, e->name);
    for (size_t i = 0; i < e->nfields; i++) {
        const struct field *f = &e->fields[i];

        if (strchr(f->name, '.') || !entity_field(e, f->name, strlen(f->name)))
            continue;
        buf_puts(out, comma ? "," : "");
        describe_field(out, e, f);
        comma = true;
    }
    buf_puts(out, "],\"childRelationships\":[");
}

static void write_children(struct buf *out)
{
    static const char *const names[] = {"OpportunityTeamMember", "OpportunityContactRole",
                                        "OpportunityLineItem"};
    bool comma = false;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!sf_entity(names[i]))
            continue;
        buf_addf(out,
                 "%s{\"childSObject\":\"%s\",\"field\":\"OpportunityId\",\"relationshipName\":"
                 "\"%ss\",\"cascadeDelete\":true}",
                 comma ? "," : "", names[i], names[i]);
        comma = true;
    }
}

/* A schema that nobody touched: a client may keep what it read after the last switch was turned. */
static bool unchanged(const struct request *request, struct reply *reply)
{
    const char *since = request_header(request, "If-Modified-Since");
    int64_t seconds;

    if (!since || !time_parse_http(since, &seconds) || sf_schema_stamp() > seconds)
        return false;
    reply->status = 304;
    reply->type = NULL;
    return true;
}

void sf_describe(const struct request *request, struct reply *reply, const struct entity *e,
                 const char *version)
{
    char record_type[19];

    if (unchanged(request, reply))
        return;
    world_read();
    write_describe(&reply->body, e, version);
    if (e == &sf_opportunity)
        write_children(&reply->body);
    sf_id(record_type, "012", 1);
    buf_puts(&reply->body, "],\"recordTypeInfos\":[");
    if (e == &sf_opportunity)
        buf_addf(&reply->body,
                 "{\"active\":true,\"available\":true,\"defaultRecordTypeMapping\":true,"
                 "\"developerName\":\"Hardware_Sale\",\"master\":false,\"name\":\"Hardware "
                 "Sale\",\"recordTypeId\":\"%s\"}",
                 record_type);
    buf_puts(&reply->body, "]}");
    world_unlock();
}

void sf_describe_all(struct reply *reply, const char *version)
{
    const struct entity *e;
    bool comma = false;

    world_read();
    buf_puts(&reply->body, "{\"encoding\":\"UTF-8\",\"maxBatchSize\":200,\"sobjects\":[");
    for (size_t i = 0; (e = sf_table(i)); i++) {
        bool own = e == &sf_opportunity;

        if (!sf_entity(e->name))
            continue;
        buf_addf(&reply->body,
                 "%s{\"name\":\"%s\",\"label\":\"%s\",\"keyPrefix\":\"%s\",\"queryable\":true,"
                 "\"createable\":%s,\"updateable\":%s,\"urls\":{\"sobject\":"
                 "\"/services/data/v%s/sobjects/%s\"}}",
                 comma ? "," : "", e->name, e->name, e->prefix, yes(own && sf_settings.createable),
                 yes(own && sf_settings.updateable), version, e->name);
        comma = true;
    }
    buf_puts(&reply->body, "]}");
    world_unlock();
}
