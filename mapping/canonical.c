#include "mapping/forms.h"

#include "base/date.h"
#include "base/decimal.h"
#include "base/text.h"

#include <string.h>

#define DUNS_DIGITS 9

const char ds_why_nomem[] = "does not fit into memory";

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

/* Whether text is exactly n ASCII letters; out gets them in upper case, with a NUL. */
static bool letters(const char *text, size_t n, char *out)
{
    if (strlen(text) != n)
        return false;
    for (size_t i = 0; i <= n; i++)
        out[i] = upper(text[i]);
    for (size_t i = 0; i < n; i++)
        if (out[i] < 'A' || out[i] > 'Z')
            return false;
    return true;
}

static const char *text_form(struct ds_arena *a, const struct ds_field_row *row, const char *text,
                             const char **why)
{
    size_t chars;

    if (strlen(text) <= row->max_chars)
        return text;
    chars = ds_text_chars(text);
    if (chars <= row->max_chars)
        return text;
    *why = ds_arena_printf(a, "has %zu characters, %zu are allowed", chars, row->max_chars);
    return NULL;
}

static const char *duns_form(struct ds_arena *a, const char *text, const char **why)
{
    char *copy = ds_arena_dup(a, text), *to = copy;

    if (!copy)
        return NULL;
    for (const char *p = text; *p; p++)
        if (*p != '-')
            *to++ = *p;
    *to = '\0';
    if (to - copy == DUNS_DIGITS && strspn(copy, "0123456789") == DUNS_DIGITS)
        return copy;
    *why = "is not a D-U-N-S number (nine digits)";
    return NULL;
}

static const char *decimal_form(struct ds_arena *a, const struct ds_field_row *row,
                                const char *text, const char **why)
{
    (void)row;
    return ds_decimal(a, text, why);
}

static const char *date_form(struct ds_arena *a, const struct ds_field_row *row, const char *text,
                             const char **why)
{
    (void)row;
    return ds_date(a, text, why);
}

static const char *instant_form(struct ds_arena *a, const struct ds_field_row *row,
                                const char *text, const char **why)
{
    char instant[DS_INSTANT_TEXT];
    int64_t ms;

    (void)row;
    if (ds_instant(text, &ms))
        return ds_arena_dup(a, ds_instant_text(ms - ((ms % 1000) + 1000) % 1000, instant));
    *why = "is not an instant (YYYY-MM-DDTHH:MM:SSZ)";
    return NULL;
}

static const char *flag_form(struct ds_arena *a, const struct ds_field_row *row, const char *text,
                             const char **why)
{
    static const struct {
        const char *text;
        const char *flag;
    } flags[] = {{"yes", DS_YES},  {"no", DS_NO}, {"true", DS_YES},
                 {"false", DS_NO}, {"1", DS_YES}, {"0", DS_NO}};

    (void)a;
    (void)row;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (ds_text_same_nocase(text, flags[i].text))
            return flags[i].flag;
    *why = "is not yes or no";
    return NULL;
}

static const char *percent_form(struct ds_arena *a, const struct ds_field_row *row,
                                const char *text, const char **why)
{
    static const char *const ladder[] = {"10", "20", "40", "60", "80", "100"};

    (void)a;
    (void)row;
    for (size_t i = 0; i < sizeof(ladder) / sizeof(ladder[0]); i++)
        if (strcmp(text, ladder[i]) == 0)
            return ladder[i];
    *why = "is not a stage (10, 20, 40, 60, 80 or 100)";
    return NULL;
}

static const char *word_form(struct ds_arena *a, const struct ds_field_row *row, const char *text,
                             const char **why)
{
    const char *nearest;

    for (const char *const *word = row->words; *word; word++)
        if (ds_text_same_nocase(text, *word))
            return *word;
    nearest = ds_text_nearest(text, row->words);
    if (!nearest)
        nearest = row->words[0];
    *why = ds_arena_printf(a, "is not a standard word for %s (as '%s')", row->title, nearest);
    return NULL;
}

static const char *currency_form(struct ds_arena *a, const struct ds_field_row *row,
                                 const char *text, const char **why)
{
    char code[4];

    (void)row;
    if (letters(text, 3, code))
        return ds_arena_dup(a, code);
    *why = "is not a currency code (three letters, as EUR)";
    return NULL;
}

static const char *country_form(struct ds_arena *a, const struct ds_field_row *row,
                                const char *text, const char **why)
{
    /* ISO 3166-1: the second letters there are for each first one, from A to Z */
    static const char *const seconds[] = {"DEFGILMOQRSTUWXZ",
                                          "ABDEFGHIJLMNOQRSTVWYZ",
                                          "ACDFGHIKLMNORUVWXYZ",
                                          "EJKMOZ",
                                          "CEGHRST",
                                          "IJKMOR",
                                          "ABDEFGHILMNPQRSTUWY",
                                          "KMNRTU",
                                          "DELMNOQRST",
                                          "EMOP",
                                          "EGHIMNPRWYZ",
                                          "ABCIKRSTUVY",
                                          "ACDEFGHKLMNOPQRSTUVWXYZ",
                                          "ACEFGILOPRUZ",
                                          "M",
                                          "AEFGHKLMNRSTWY",
                                          "A",
                                          "EOSUW",
                                          "ABCDEGHIJKLMNORSTVXYZ",
                                          "CDFGHJKLMNORTVWZ",
                                          "AGMSYZ",
                                          "ACEGINU",
                                          "FS",
                                          "",
                                          "ET",
                                          "AMW"};
    char code[3];

    (void)row;
    if (letters(text, 2, code) && strchr(seconds[code[0] - 'A'], code[1]))
        return ds_arena_dup(a, code);
    *why = "is not a country code (ISO 3166-1, two letters, as DE)";
    return NULL;
}

/* Looking at the outer bytes only, so that it may say yes to text that has no blanks there. */
static bool may_have_blanks(const char *text)
{
    return strchr(" \t\r\n\xc2", text[0]) || strchr(" \t\r\n\xa0", text[strlen(text) - 1]);
}

const char *ds_field_canonical(struct ds_arena *a, enum ds_field f, const char *text,
                               const char **why)
{
    static ds_form *const forms[] = {
        [DS_T_TEXT] = text_form,
        [DS_T_DECIMAL] = decimal_form,
        [DS_T_DATE] = date_form,
        [DS_T_INSTANT] = instant_form,
        [DS_T_FLAG] = flag_form,
        [DS_T_PERCENT] = percent_form,
        [DS_T_WORD] = word_form,
        [DS_T_CURRENCY] = currency_form,
        [DS_T_COUNTRY] = country_form,
        [DS_T_TEAM] = ds_form_team,
        [DS_T_SOLUTIONS] = ds_form_solutions,
    };
    const struct ds_field_row *row = &ds_fields[f];
    const char *value = NULL;

    *why = NULL;
    if (may_have_blanks(text))
        text = ds_text_trim(a, text, strlen(text));
    if (text && !*text)
        return NULL;
    if (text)
        value =
            f == DS_CUSTOMER_DUNS ? duns_form(a, text, why) : forms[row->type](a, row, text, why);
    if (!value && !*why)
        *why = ds_why_nomem;
    return value;
}
