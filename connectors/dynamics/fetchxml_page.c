#include "connectors/dynamics/fetchxml_doc.h"

#include "base/text.h"
#include "connectors/xml.h"

#include <stdio.h>
#include <string.h>

#define MOST_SIMPLE 50000 /* rows that paging without a cookie leads to (DV-32) */

/* --- asking for a page ----------------------------------------------------------------------- */

static bool set(xmlNode *node, const char *name, const char *value)
{
    return xmlSetProp(node, (const xmlChar *)name, (const xmlChar *)value) != NULL;
}

int ds_dynamics_fetchxml_query(struct ds_dynamics_fetchxml *x, struct ds_buf *out,
                               struct ds_err *err)
{
    xmlBuffer *text = xmlBufferCreate();
    char page[24];
    bool done;

    snprintf(page, sizeof(page), "%ld", x->page);
    xmlUnsetProp(x->fetch, (const xmlChar *)"paging-cookie");
    done = text && set(x->fetch, "page", page) &&
           (!x->cookie.len || set(x->fetch, "paging-cookie", x->cookie.text)) &&
           xmlNodeDump(text, x->doc, x->fetch, 0, 0) > 0;
    if (done) {
        ds_buf_add(out, "fetchXml=");
        ds_http_escape(out, (const char *)xmlBufferContent(text));
    }
    xmlBufferFree(text);
    if (!done)
        return ds_fail_nomem(err);
    if (!ds_buf_failed(out))
        return DS_OK;
    ds_fail(err, DS_E_CONFIG, "the query for opportunities is longer than %zu bytes", out->max);
    return ds_hint(err, "map fewer columns, or shorten the FetchXML"); /* DV-23 */
}

/* --- the next one ----------------------------------------------------------------------------- */

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | 0x20) : NULL;

    return at ? (int)(at - digits) : -1;
}

static void decode(const char *text, struct ds_buf *out)
{
    for (; *text; text++) {
        int high = *text == '%' ? digit(text[1]) : -1;
        int low = high >= 0 ? digit(text[2]) : -1;

        if (low >= 0) {
            ds_buf_add_char(out, (char)(high << 4 | low));
            text += 2;
        } else {
            ds_buf_add_char(out, *text);
        }
    }
}

/* The attribute of the element in the annotation, twice decoded (DV-29). */
static int read_cookie(const char *annotation, struct ds_buf *out, struct ds_err *err)
{
    struct ds_arena arena = {0};
    struct ds_buf once = DS_BUF_INIT(DS_MAX_TEXT);
    const xmlNode *root;
    const char *text = NULL;
    xmlDoc *doc = NULL;
    int rc = ds_xml_read(annotation, strlen(annotation), "the paging cookie", &doc, err);

    if (!rc)
        rc = ds_xml_root(doc, "cookie", "the paging cookie", &root, err);
    if (!rc)
        text = ds_xml_attr(&arena, root, "pagingcookie");
    if (text) {
        decode(text, &once);
        decode(once.text, out);
    }
    xmlFreeDoc(doc);
    if (rc) {
        err->status = DS_E_REMOTE;
        rc = DS_E_REMOTE;
    } else if (!text || ds_buf_failed(out) || ds_text_fault(out->text, out->len)) {
        rc = ds_fail(err, DS_E_REMOTE, "the paging cookie cannot be decoded");
    }
    ds_buf_clear(&once);
    ds_arena_clear(&arena);
    return rc;
}

static bool says_more(const json_t *page)
{
    const char *more = ds_json_text(page, "@Microsoft.Dynamics.CRM.morerecords");

    return more && ds_text_same_nocase(more, "true"); /* DV-30 */
}

static int without_cookie(const struct ds_dynamics_fetchxml *x, struct ds_err *err)
{
    if (x->page * x->page_size < MOST_SIMPLE)
        return DS_OK;
    ds_fail(err, DS_E_REMOTE, "the view has more than %d opportunities and no paging cookie",
            MOST_SIMPLE);
    return ds_hint(err, "the server gives none for some joins: remove joins from the FetchXML, or "
                        "use 'filter'");
}

int ds_dynamics_fetchxml_next(struct ds_dynamics_fetchxml *x, const json_t *page, bool *more,
                              struct ds_err *err)
{
    const char *annotation = ds_json_text(page, "@Microsoft.Dynamics.CRM.fetchxmlpagingcookie");
    struct ds_buf cookie = DS_BUF_INIT(DS_MAX_TEXT);
    int rc;

    *more = says_more(page);
    if (!*more)
        return DS_OK;
    rc = annotation ? read_cookie(annotation, &cookie, err) : without_cookie(x, err);
    if (!rc && cookie.len && strcmp(cookie.text, x->cookie.text) == 0) {
        ds_fail(err, DS_E_REMOTE, "the paging cookie of the view came again"); /* DV-19 */
        rc = ds_hint(err, "nothing was concluded from this answer, and the next run asks again");
    }
    if (!rc) {
        ds_buf_reset(&x->cookie);
        ds_buf_add(&x->cookie, cookie.text);
        x->page++;
        rc = ds_buf_failed(&x->cookie) ? ds_fail_nomem(err) : DS_OK;
    }
    ds_buf_clear(&cookie);
    return rc;
}

/* --- resuming -------------------------------------------------------------------------------- */

void ds_dynamics_fetchxml_mark(const struct ds_dynamics_fetchxml *x, struct ds_buf *out)
{
    ds_buf_addf(out, "%ld:", x->page);
    ds_http_escape(out, x->cookie.text);
}

bool ds_dynamics_fetchxml_resume(struct ds_dynamics_fetchxml *x, const char *mark)
{
    size_t len = strcspn(mark, ":");
    char number[24];
    long page;

    if (mark[len] != ':' || len >= sizeof(number))
        return false;
    memcpy(number, mark, len);
    number[len] = '\0';
    if (!ds_text_int(number, 1, INT32_MAX, &page))
        return false;
    ds_buf_reset(&x->cookie);
    decode(mark + len + 1, &x->cookie);
    if (ds_buf_failed(&x->cookie) || ds_text_fault(x->cookie.text, x->cookie.len))
        return false;
    x->page = page;
    return true;
}

/* --- rows ------------------------------------------------------------------------------------ */

/* Where the alias ends and the column begins; older servers write the point as an XML name would. */
static const char *point(const char *key, size_t *len)
{
    static const char escaped[] = "_x002e_";
    const char *at = strchr(key, '.');

    *len = at ? 1 : strlen(escaped);
    return at ? at : strstr(key, escaped);
}

int ds_dynamics_fetchxml_row(json_t *row, struct ds_err *err)
{
    const char *key;
    json_t *value;
    void *next;

    json_object_foreach_safe(row, next, key, value)
    {
        size_t len;
        const char *at = key[0] == '@' ? NULL : point(key, &len);
        char alias[128];
        json_t *far;

        if (!at || at == key || strchr(key, '@') || (size_t)(at - key) >= sizeof(alias))
            continue;
        snprintf(alias, sizeof(alias), "%.*s", (int)(at - key), key);
        far = json_object_get(row, alias);
        if (!far && json_object_set_new(row, alias, far = json_object()))
            return ds_fail_nomem(err);
        if (json_is_object(far) && json_object_set(far, at + len, value))
            return ds_fail_nomem(err);
    }
    return DS_OK;
}
