#include "cli/keys.h"

#include "base/text.h"

#include <stddef.h>
#include <string.h>

enum kind { CONNECTOR, PATH, TEXT, NUMBER, FLAG, REASON, WORD, WORD_OF_ALL, WORD_OF_ONE };

/* In the order of their enums. */
static const char *const directions[] = {"pull", "push", "both", NULL};
static const char *const owners[] = {"both", "crm", "store", NULL};
static const char *const settles[] = {"manual", "crm", "store", "newest", NULL};
static const char *const gones[] = {"ignore", "report", "close", NULL};

_Static_assert(sizeof(enum ds_direction) == sizeof(unsigned) &&
                   sizeof(enum ds_owner) == sizeof(unsigned) &&
                   sizeof(enum ds_settle) == sizeof(unsigned) &&
                   sizeof(enum ds_gone) == sizeof(unsigned),
               "words are kept as numbers");

#define AT(member) offsetof(struct ds_config_connection, member)

/* The settings of every connection, and where each goes. */
static const struct {
    struct ds_setting setting;
    enum kind kind;
    size_t offset;
    long max;                 /* of a number */
    const char *const *words; /* of a word */
} keys[] = {
    {{"connector", NULL, DS_SETTING_REQUIRED, "the kind of remote: salesforce, dynamics or file",
      "salesforce"},
     CONNECTOR,
     AT(connector),
     0,
     NULL},
    {{"mapping", NULL, DS_SETTING_REQUIRED, "the file that maps this company's fields and stages",
      "acme.mapping.conf"},
     PATH,
     AT(mapping),
     0,
     NULL},
    {{"direction", "pull", 0, "pull: only read the CRM; push: only write it; both", "both"},
     WORD,
     AT(policy.direction),
     0,
     directions},
    {{"conflict", "manual", 0,
      "what counts when both sides changed a field: manual (a person decides), crm, store, newest",
      "manual"},
     WORD_OF_ALL,
     AT(policy.settle),
     0,
     settles},
    {{"conflict.*", NULL, 0, "the same for one field, by its name", "newest"},
     WORD_OF_ONE,
     AT(policy.settle),
     0,
     settles},
    {{"owner.*", NULL, 0, "whose changes of a field count: both, crm or store", "crm"},
     WORD_OF_ONE,
     AT(policy.owner),
     0,
     owners},
    {{"create", "no", 0, "yes to create deals that have no record in the CRM, too", "no"},
     FLAG,
     AT(policy.creates),
     0,
     NULL},
    {{"deleted", "report", 0,
      "what happens to the deal of a record deleted in the CRM: ignore, report, close (as lost)",
      "report"},
     WORD,
     AT(policy.gone),
     0,
     gones},
    {{"deleted_reason", NULL, 0, "why such a deal is lost (R-58)", "others"},
     REASON,
     AT(policy.gone_reason),
     0,
     NULL},
    {{"guard_count", "100", 0, "a run stops before writing if it would change more deals than this",
      "100"},
     NUMBER,
     AT(guard.limit[DS_GUARD_CHANGES].count),
     1000000000,
     NULL},
    {{"guard_percent", "10", 0, "... and more than this share of all deals, in percent", "10"},
     NUMBER,
     AT(guard.limit[DS_GUARD_CHANGES].percent),
     100,
     NULL},
    {{"guard_creations_count", "1000", 0,
      "the same for a run that would create more deals (a first load may)", "1000"},
     NUMBER,
     AT(guard.limit[DS_GUARD_CREATIONS].count),
     1000000000,
     NULL},
    {{"guard_creations_percent", "20", 0, "... and than this share of all deals, in percent", "20"},
     NUMBER,
     AT(guard.limit[DS_GUARD_CREATIONS].percent),
     100,
     NULL},
    {{"guard_closings_count", "50", 0, "the same for a run that would close more deals", "50"},
     NUMBER,
     AT(guard.limit[DS_GUARD_CLOSINGS].count),
     1000000000,
     NULL},
    {{"guard_closings_percent", "5", 0, "... and than this share of all deals, in percent", "5"},
     NUMBER,
     AT(guard.limit[DS_GUARD_CLOSINGS].percent),
     100,
     NULL},
    {{"guard_values_count", "50", 0,
      "the same for a run that would change more values by a large factor", "50"},
     NUMBER,
     AT(guard.limit[DS_GUARD_VALUES].count),
     1000000000,
     NULL},
    {{"guard_values_percent", "5", 0, "... and than this share of all deals, in percent", "5"},
     NUMBER,
     AT(guard.limit[DS_GUARD_VALUES].percent),
     100,
     NULL},
    {{"guard_steps_back_count", "100", 0, "the same for a run that would take more stages back",
      "100"},
     NUMBER,
     AT(guard.limit[DS_GUARD_BACK].count),
     1000000000,
     NULL},
    {{"guard_steps_back_percent", "10", 0, "... and than this share of all deals, in percent",
      "10"},
     NUMBER,
     AT(guard.limit[DS_GUARD_BACK].percent),
     100,
     NULL},
    {{"guard_value_factor", "10", 0, "from which factor a change of a value is a large one", "10"},
     NUMBER,
     AT(guard.factor),
     1000000,
     NULL},
    {{"vetted", "no", 0, "yes if this company may create solution assessments (R-9)", "no"},
     FLAG,
     AT(policy.vetted),
     0,
     NULL},
    {{"close_early", "no", 0, "yes to mark deals won without waiting 72 hours (R-79)", "no"},
     FLAG,
     AT(policy.close_early),
     0,
     NULL},
    {{"shareable_solutions", NULL, 0, "ids of the solutions that may be shared (R-3)",
      "SOL-1001, SOL-1002"},
     TEXT,
     AT(policy.shareable),
     0,
     NULL},
    {{"our_domains", NULL, 0, "email domains of our own people, in teams with partners (R-47)",
      "acme.example, acme.de"},
     TEXT,
     AT(policy.our_domains),
     0,
     NULL},
    {{"incentive_solutions", NULL, 0, "ids of the solutions with an incentive (R-81, R-86)",
      "SOL-1001"},
     TEXT,
     AT(policy.incentive_solutions),
     0,
     NULL},
    {{"incentive_minimum", "25000", 0, "US dollars that a deal needs to be registered (R-83)",
      "25000"},
     NUMBER,
     AT(policy.incentive_minimum),
     1000000000,
     NULL},
    {{"expiry_days", "14", 0, "days to answer a received deal that does not say until when (R-59)",
      "14"},
     NUMBER,
     AT(policy.expiry_days),
     365,
     NULL},
    {{"expiry_warning_days", "3", 0, "days before that time from which the report warns", "3"},
     NUMBER,
     AT(policy.expiry_warning_days),
     365,
     NULL},
    {{"alarm_after", "24", 0, "hours without success after which status complains; 0: never", "24"},
     NUMBER,
     AT(alarm_after_hours),
     8760,
     NULL},
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

const struct ds_setting *ds_config_setting(size_t i)
{
    return i < KEYS ? &keys[i].setting : NULL;
}

bool ds_setting_covers(const struct ds_setting *setting, const char *name)
{
    size_t len = strlen(setting->name);

    if (setting->name[len - 1] == '*')
        return strncmp(setting->name, name, len - 1) == 0 && name[len - 1];
    return strcmp(setting->name, name) == 0;
}

size_t ds_key_find(const char *name)
{
    size_t i = 0;

    while (i < KEYS && !ds_setting_covers(&keys[i].setting, name))
        i++;
    return i;
}

bool ds_key_of_field(size_t i)
{
    return i < KEYS && keys[i].kind == WORD_OF_ONE;
}

static int take_connector(struct ds_config_connection *c, const struct ds_entry *e,
                          struct ds_err *err)
{
    if (ds_config_connector(e->value, DS_E_CONFIG, &c->connector, err))
        return ds_err_where(err, "%s", e->where);
    return DS_OK;
}

static int take_flag(bool *out, const struct ds_entry *e, struct ds_err *err)
{
    *out = strcmp(e->value, "yes") == 0;
    if (*out || strcmp(e->value, "no") == 0)
        return DS_OK;
    return ds_fail(err, DS_E_CONFIG, "%s: '%s' is '%s', and must be yes or no", e->where, e->name,
                   e->value);
}

static int take_number(uint64_t *out, long max, const struct ds_entry *e, struct ds_err *err)
{
    long n;

    if (!ds_text_int(e->value, 0, max, &n))
        return ds_fail(err, DS_E_CONFIG, "%s: '%s' is '%s', and must be a whole number up to %ld",
                       e->where, e->name, e->value, max);
    *out = (uint64_t)n;
    return DS_OK;
}

static int take_word(unsigned *out, const char *const *words, const struct ds_entry *e,
                     struct ds_err *err)
{
    struct ds_buf all = DS_BUF_INIT(DS_MAX_TEXT);

    for (*out = 0; words[*out]; (*out)++) {
        if (strcmp(words[*out], e->value) == 0)
            goto out;
        ds_buf_addf(&all, "%s%s", *out == 0 ? "" : words[*out + 1] ? ", " : " or ", words[*out]);
    }
    ds_fail(err, DS_E_CONFIG, "%s: '%s' is '%s', and must be %s", e->where, e->name, e->value,
            all.text);
    ds_hint_nearest(err, e->value, words);
out:
    ds_buf_clear(&all);
    return err->status;
}

static int take_word_of_all(unsigned *out, const char *const *words, const struct ds_entry *e,
                            struct ds_err *err)
{
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (take_word(&out[f], words, e, err))
            return err->status;
    return DS_OK;
}

/* "conflict.close_date" */
static int take_word_of_one(unsigned *out, const char *const *words, const struct ds_entry *e,
                            struct ds_err *err)
{
    const char *names[DS_FIELDS + 1] = {NULL};
    const char *name = strchr(e->name, '.') + 1;
    enum ds_field f = ds_field_find(name);

    if (f != DS_FIELDS)
        return take_word(&out[f], words, e, err);
    for (f = 0; f < DS_FIELDS; f++)
        names[f] = ds_fields[f].name;
    ds_fail(err, DS_E_CONFIG, "%s: '%s' names no field of a deal", e->where, e->name);
    ds_hint_nearest(err, name, names);
    return ds_hint(err, "dealsync.conf(5) lists the fields");
}

static int take_reason(const char **out, const struct ds_entry *e, struct ds_err *err)
{
    unsigned word = 0;

    if (take_word(&word, ds_fields[DS_REASON].words, e, err))
        return err->status;
    *out = ds_fields[DS_REASON].words[word];
    return DS_OK;
}

int ds_key_take(struct ds_arena *a, struct ds_config_connection *c, size_t i,
                const struct ds_entry *e, struct ds_err *err)
{
    void *to = (char *)c + keys[i].offset;

    switch (keys[i].kind) {
    case CONNECTOR: return take_connector(c, e, err);
    case NUMBER: return take_number(to, keys[i].max, e, err);
    case FLAG: return take_flag(to, e, err);
    case REASON: return take_reason(to, e, err);
    case WORD: return take_word(to, keys[i].words, e, err);
    case WORD_OF_ALL: return take_word_of_all(to, keys[i].words, e, err);
    case WORD_OF_ONE: return take_word_of_one(to, keys[i].words, e, err);
    case TEXT: *(const char **)to = e->value; return DS_OK;
    case PATH: *(const char **)to = ds_entry_path(a, e, e->value); break;
    }
    return *(const char **)to ? DS_OK : ds_fail_nomem(err);
}

int ds_keys_agree(const struct ds_section *s, const struct ds_config_connection *c,
                  struct ds_err *err)
{
    const struct ds_policy *p = &c->policy;

    if (p->gone == DS_GONE_CLOSE && !p->gone_reason) {
        ds_fail(err, DS_E_CONFIG, "%s: 'deleted' is 'close', and there is no 'deleted_reason'",
                ds_entry_find(s, "deleted")->where);
        return ds_hint(err, "add: deleted_reason = others   ; a lost deal has a reason (R-58)");
    }
    if (p->creates && p->direction == DS_PULL) {
        ds_fail(err, DS_E_CONFIG, "%s: 'create' is 'yes', and 'direction' is 'pull'",
                ds_entry_find(s, "create")->where);
        return ds_hint(err, "add: direction = both   ; or take 'create' away");
    }
    return DS_OK;
}
