#include "connectors/dynamics/chain.h"

#include <string.h>

#define MOST_EMPTY 100 /* empty pages in a row that still promise more */

void ds_dynamics_chain_init(struct ds_dynamics_chain *chain)
{
    *chain = (struct ds_dynamics_chain){0};
    ds_buf_init(&chain->url, DS_MAX_URL);
    ds_buf_init(&chain->next, DS_MAX_URL);
}

void ds_dynamics_chain_clear(struct ds_dynamics_chain *chain)
{
    ds_buf_clear(&chain->url);
    ds_buf_clear(&chain->next);
}

static int circles(const struct ds_remote *remote, const char *how, struct ds_err *err)
{
    ds_fail(err, DS_E_REMOTE, "%s leads from page to page in a circle: %s", remote->origin.text,
            how);
    return ds_hint(err,
                   "nothing was concluded from this answer, and the next run asks again; if it "
                   "stays, try another 'page_size' and tell Microsoft support");
}

static int foreign(const struct ds_remote *remote, const char *url, struct ds_err *err)
{
    ds_fail(err, DS_E_REMOTE, "the link to the next page leads to '%.*s' instead of %s",
            (int)strcspn(url, "?#"), url, remote->origin.text);
    return ds_hint(err,
                   "nothing was sent there; if both are names of your environment, put the "
                   "other one into 'url' (%s)",
                   ds_option_where(remote->options, "url"));
}

/* Whether the address may be asked for. */
static int check_url(const struct ds_remote *remote, struct ds_dynamics_chain *chain,
                     struct ds_err *err)
{
    if (ds_buf_failed(&chain->url)) {
        ds_fail(err, DS_E_CONFIG, "the query for opportunities is longer than %u bytes",
                DS_MAX_URL);
        return ds_hint(err, "map fewer columns or shorten 'filter'"); /* DV-23 */
    }
    return ds_dynamics_walk_repeats(&chain->links, chain->url.text)
               ? circles(remote, "a link came again", err)
               : DS_OK;
}

static int ask(struct ds_remote *remote, size_t lane, struct ds_dynamics_chain *chain,
               struct ds_err *err)
{
    const char *headers[] = {DS_DYNAMICS_HEADERS, chain->prefer, NULL};
    struct ds_api_call call = {.url = chain->url.text, .headers = headers, .repeatable = true};

    remote->refused = 0;
    return ds_api_begin(remote->api, lane, &call, err);
}

int ds_dynamics_chain_start(struct ds_remote *remote, size_t lane, struct ds_dynamics_chain *chain,
                            const char *url, const char *prefer, struct ds_err *err)
{
    int rc;

    chain->prefer = prefer;
    chain->links = chain->starts = (struct ds_dynamics_walk){0};
    chain->empty = 0;
    ds_buf_reset(&chain->next);
    ds_buf_reset(&chain->url);
    ds_buf_add(&chain->url, url);
    rc = check_url(remote, chain, err);
    return rc ? rc : ask(remote, lane, chain, err);
}

/* --- a page ---------------------------------------------------------------------------------- */

/* The page must not begin with the record that an earlier one began with: a paging cookie that does
 * not advance shows in that, whatever it looks like. A row of another table, whose key has another
 * name, is known by all that it says. */
static int advances(const struct ds_remote *remote, struct ds_dynamics_chain *chain,
                    const json_t *rows, struct ds_err *err)
{
    const json_t *first = json_array_get(rows, 0);
    const char *id = ds_json_text(first, "opportunityid");
    struct ds_buf row = DS_BUF_INIT(DS_MAX_PAGE);
    bool again;

    if (!first)
        return ++chain->empty > MOST_EMPTY ? circles(remote, "the pages stay empty", err) : DS_OK;
    chain->empty = 0;
    if (!id)
        ds_json_add(&row, first);
    again = ds_dynamics_walk_repeats(&chain->starts, id ? id : row.text);
    ds_buf_clear(&row);
    return again ? circles(remote, "the same records came again", err) : DS_OK;
}

int ds_dynamics_chain_link(const struct ds_remote *remote, const struct ds_dynamics_chain *chain,
                           const json_t *link, struct ds_buf *out, struct ds_err *err)
{
    ds_buf_reset(out);
    if (!link)
        return DS_OK;
    if (!json_is_string(link) || strlen(json_string_value(link)) != json_string_length(link))
        return ds_fail(err, DS_E_REMOTE, "the link to the next page is no text");
    ds_dynamics_link(out, chain->url.text, json_string_value(link));
    if (ds_buf_failed(out))
        return ds_fail(err, DS_E_REMOTE, "the link to the next page is longer than %u bytes",
                       DS_MAX_URL);
    if (!ds_dynamics_same_origin(out->text, remote->origin.text))
        return foreign(remote, out->text, err);
    return DS_OK;
}

int ds_dynamics_chain_take(const struct ds_remote *remote, struct ds_dynamics_chain *chain,
                           const json_t *page, json_t **rows, struct ds_err *err)
{
    int rc;

    *rows = ds_dynamics_rows(page, err);
    if (!*rows)
        return err->status;
    rc = ds_dynamics_chain_link(remote, chain, json_object_get(page, "@odata.nextLink"),
                                &chain->next, err); /* wherever in the answer it stands (DV-18) */
    return rc ? rc : advances(remote, chain, *rows, err);
}

int ds_dynamics_chain_turn(const struct ds_remote *remote, struct ds_dynamics_chain *chain,
                           struct ds_err *err)
{
    struct ds_buf asked = chain->url;

    chain->url = chain->next;
    chain->next = asked;
    ds_buf_reset(&chain->next);
    return check_url(remote, chain, err);
}

int ds_dynamics_chain_go_on(struct ds_remote *remote, size_t lane, struct ds_dynamics_chain *chain,
                            struct ds_err *err)
{
    int rc = ds_dynamics_chain_turn(remote, chain, err);

    return rc ? rc : ask(remote, lane, chain, err);
}
