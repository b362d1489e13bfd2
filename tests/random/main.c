/*
 * dealsync-random - thousands of random moves, and the promises checked in between
 *
 *   dealsync-random [--seed N|random] [--steps N] [--seeds N] [--minutes N] [--seconds N] [--aloud]
 *
 * One seed, or several from it on, each with --steps moves; with --minutes or --seconds new seeds
 * until they are over. Prints each seed first; a broken promise prints it again with the last moves, and the same
 * --seed and --steps replay it exactly. Exits 1 when a promise was broken.
 */
#include "tests/random/random.h"

#include "base/date.h"

#include <dirent.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

const char END[] = "";

static const int64_t began_ms = INT64_C(1790000000000);

/* --- chance ------------------------------------------------------------------------------------ */

static uint64_t dice(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t roll(struct play *p, uint64_t n)
{
    return dice(&p->dice) % n;
}

bool chance(struct play *p, unsigned percent)
{
    return roll(p, 100) < percent;
}

/* --- the log ----------------------------------------------------------------------------------- */

void say(struct play *p, const char *fmt, ...)
{
    char *line = p->log[p->logged++ % LOG_LINES];
    int n = snprintf(line, LOG_TEXT, "%5lu  ", p->step);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line + n, LOG_TEXT - (size_t)n, fmt, ap);
    va_end(ap);
    if (p->aloud)
        puts(line);
}

void broken(struct play *p, const char *fmt, ...)
{
    unsigned long from = p->logged > LOG_LINES ? p->logged - LOG_LINES : 0;
    va_list ap;

    if (p->failed)
        return;
    p->failed = true;
    printf("a promise is broken: --seed %" PRIu64 " at step %lu\n", p->seed, p->step);
    for (unsigned long i = from; i < p->logged && !p->aloud; i++)
        puts(p->log[i % LOG_LINES]);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\nthe store is left in %s\n", p->dir);
    fflush(stdout);
}

void set_clock(struct play *p, int64_t now_ms)
{
    char text[DS_INSTANT_TEXT];

    p->now_ms = now_ms;
    setenv("DEALSYNC_NOW", ds_instant_text(now_ms, text), 1);
    for (int i = 0; i < SIDES; i++)
        p->side[i].world->now_ms = now_ms;
}

/* --- SQL, as another client --------------------------------------------------------------------- */

sqlite3 *db_open(struct play *p)
{
    if (!p->db && sqlite3_open(p->store, &p->db) != SQLITE_OK)
        broken(p, "the store cannot be opened: %s", sqlite3_errmsg(p->db));
    return p->db;
}

/* A child must not inherit it. */
void db_close(struct play *p)
{
    sqlite3_close(p->db);
    p->db = NULL;
}

const char *sql_text(struct play *p, const char *sql)
{
    static char text[4][4096];
    static unsigned next;
    char *out = text[next++ % 4];
    sqlite3_stmt *q = NULL;

    *out = '\0';
    if (sqlite3_prepare_v2(db_open(p), sql, -1, &q, NULL) != SQLITE_OK)
        broken(p, "%s: %s", sql, sqlite3_errmsg(p->db));
    else if (sqlite3_step(q) == SQLITE_ROW && sqlite3_column_text(q, 0))
        snprintf(out, sizeof(text[0]), "%s", (const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
    return out;
}

int64_t sql_int(struct play *p, const char *sql)
{
    return strtoll(sql_text(p, sql), NULL, 10);
}

bool sql_do(struct play *p, const char *sql, ...)
{
    sqlite3_stmt *q = NULL;
    const char *arg;
    bool done;
    va_list ap;

    if (sqlite3_prepare_v2(db_open(p), sql, -1, &q, NULL) != SQLITE_OK) {
        broken(p, "%s: %s", sql, sqlite3_errmsg(p->db));
        return false;
    }
    va_start(ap, sql);
    for (int i = 1; (arg = va_arg(ap, const char *)) != END; i++)
        sqlite3_bind_text(q, i, arg, -1, SQLITE_TRANSIENT);
    va_end(ap);
    done = sqlite3_step(q) == SQLITE_DONE;
    sqlite3_finalize(q);
    return done;
}

/* --- a play ------------------------------------------------------------------------------------- */

/* The mapping of each connection, and what its variants have instead. */
static const char common[] =
    "[fields]\nname = Name\nvalue = Amount\ncurrency = Currency\nclose_date = CloseDate\n"
    "location = Location\ncustomer_name = Account.Name\ncustomer_street = Account.Street\n"
    "customer_city = Account.City\ncustomer_country = Account.Country\n"
    "contact_first_name = Contact.First\ncontact_last_name = Contact.Last\n"
    "contact_email = Contact.Email\ncontact_phone = Contact.Phone\nconsent = Consent\n"
    "visibility = Shared\nhelp = Help\nreason = Reason\nteam = Team\nsolutions = Products\n"
    "notes = Notes\n";

static const struct {
    const char *fields, *rest;
} variants[SIDES][3] = {
    {{"campaign_id = Campaign\n",
      "[defaults]\ncurrency = EUR\n[status]\nfrom = State\nopen = Open\nopen = Active\nwon = Won\n"
      "lost = Lost\nhold = Held\n[stage]\nfrom = Stage\n[stages]\n10 = New\n20 = Pilot\n"
      "40 = Demo\n60 = Quote\n60 = Offer\n80 = Deal\n"},
     {"",
      "[defaults]\ncurrency = EUR\n[status]\nfrom = State\nopen = Open\nopen = Active\nwon = Won\n"
      "lost = Lost\nhold = Held\n[stage]\nfrom = Stage\n[stages]\n10 = New\n20 = Pilot\n"
      "40 = Demo\n60 = Quote\n80 = Offer\n80 = Deal\n"},
     {"campaign_id = Campaign\n",
      "[values reason]\nbudget = Money\nothers = Other\nothers = Decision\n"
      "[values visibility]\nyes = yes\nyes = Public\nno = no\n"
      "[status]\nfrom = State\nopen = Open\nopen = Active\nwon = Won\nlost = Lost\nhold = Held\n"
      "[stage]\nfrom = Stage\n[stages]\n10 = New\n20 = Pilot\n60 = Quote\n60 = Offer\n"}},
    {{"crm_id = Ref\ncampaign_id = Campaign\n",
      "[stage]\nfrom = Stage\n[stages]\n10 = New\n20 = Pilot\n40 = Demo\n60 = Quote\n60 = Offer\n"
      "80 = Deal\nwon = Won\nlost = Lost\nhold = Held\n"},
     {"crm_id = Ref\n",
      "[stage]\nfrom = Stage\n[stages]\n10 = New\n20 = Pilot\n40 = Demo\n60 = Offer\n80 = Deal\n"
      "won = Won\nlost = Lost\nhold = Held\n"},
     {"crm_id = Ref\ncampaign_id = Location\n",
      "[stage]\nfrom = Stage\n[stages]\n10 = New\n40 = Demo\n60 = Quote\n60 = Offer\n"
      "80 = Deal\nwon = Won\nlost = Lost\n"}},
};

bool load_mapping(struct play *p, struct side *s, int variant)
{
    int n = (int)(s - p->side);
    char path[112];
    struct ds_mapping *m = NULL;
    struct ds_err err = {0};
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s.mapping.conf", p->dir, s->name);
    f = fopen(path, "we");
    if (!f ||
        fprintf(f, "%s%s%s", common, variants[n][variant].fields, variants[n][variant].rest) < 0 ||
        fclose(f) != 0 || ds_mapping_load(path, &m, &err)) {
        broken(p, "%s: %s (%s)", path, err.text, err.hint);
        return false;
    }
    ds_mapping_free(s->mapping);
    s->mapping = m;
    s->variant = variant;
    return true;
}

static bool begin(struct play *p)
{
    static const char *const names[SIDES] = {"east", "west"};
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    char name[48];

    snprintf(p->dir, sizeof(p->dir), "%s/dealsync-random-XXXXXX", base);
    if (!mkdtemp(p->dir))
        return false;
    snprintf(p->store, sizeof(p->store), "%s/deals.db", p->dir);
    snprintf(p->plan, sizeof(p->plan), "%s/plan.json", p->dir);
    snprintf(p->undo, sizeof(p->undo), "%s/undo.json", p->dir);
    p->plan_side = -1;
    p->told =
        mmap(NULL, sizeof(*p->told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < SIDES; i++) {
        struct side *s = &p->side[i];

        s->name = names[i];
        s->world = mem_world_new(names[i]);
        if (!s->world || p->told == MAP_FAILED)
            return false;
        s->world->overlap = (unsigned)roll(p, 4);
        s->policy.direction = DS_BOTH;
        s->policy.shareable = "S1 S2";
        s->guard.factor = 1000000;
        for (int k = 0; k < DS_GUARDS; k++)
            s->guard.limit[k].count = s->guard.limit[k].percent = 1000000;
    }
    set_clock(p, began_ms);
    for (int i = 0; i < SIDES; i++) {
        if (!load_mapping(p, &p->side[i], 0))
            return false;
        for (int n = 0; n < 4; n++)
            move_create(p, &p->side[i]);
        play_run(p, &p->side[i], &(struct order){.command = DS_SYNC});
    }
    snprintf(name, sizeof(name), "%032" PRIx64, p->seed); /* keys of creations follow from it */
    return sql_do(p, "UPDATE store SET name = ?1", name, END);
}

static void end(struct play *p)
{
    struct dirent *e;
    DIR *d;
    char path[400];

    db_close(p);
    for (int i = 0; i < SIDES; i++) {
        ds_mapping_free(p->side[i].mapping);
        munmap(p->side[i].world, sizeof(*p->side[i].world));
    }
    munmap(p->told, sizeof(*p->told));
    for (int i = 0; i < MOST_DEALS; i++)
        for (int f = 0; f < DS_FIELDS; f++)
            free(p->deal[i][f]);
    ds_arena_clear(&p->arena);
    d = p->failed ? NULL : opendir(p->dir);
    while (d && (e = readdir(d))) {
        snprintf(path, sizeof(path), "%s/%s", p->dir, e->d_name);
        unlink(path);
    }
    if (d) {
        closedir(d);
        rmdir(p->dir);
    }
}

/* Whether every promise was kept. */
static bool play(uint64_t seed, unsigned long steps, bool aloud, unsigned long *runs)
{
    struct play *p = calloc(1, sizeof(*p));
    bool well;

    if (!p)
        return false;
    printf("seed %" PRIu64 "\n", seed);
    fflush(stdout);
    p->seed = p->dice = seed;
    p->aloud = aloud;
    if (!begin(p))
        broken(p, "the play cannot begin");
    for (p->step = 1; p->step <= steps && !p->failed; p->step++)
        if (p->step % 40 == 0 || p->step == steps)
            quiet_point(p);
        else
            move(p);
    well = !p->failed;
    *runs += p->runs;
    end(p);
    free(p);
    return well;
}

static uint64_t number(const char *text)
{
    struct timespec now;
    uint64_t state;

    if (strcmp(text, "random") != 0)
        return strtoull(text, NULL, 10);
    clock_gettime(CLOCK_REALTIME, &now);
    state = (uint64_t)now.tv_sec * 1000000007u + (uint64_t)now.tv_nsec + (uint64_t)getpid();
    return dice(&state) % 1000000000u;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"seed", required_argument, NULL, 's'},
                                            {"steps", required_argument, NULL, 'n'},
                                            {"minutes", required_argument, NULL, 'm'},
                                            {"seeds", required_argument, NULL, 'k'},
                                            {"seconds", required_argument, NULL, 't'},
                                            {"aloud", no_argument, NULL, 'a'},
                                            {0}};
    uint64_t seed = 1, seeds = 1, played = 0, bad = 0;
    unsigned long steps = 400, runs = 0;
    int64_t until = 0;
    bool aloud = false;

    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (c) {
        case 's': seed = number(optarg); break;
        case 'n': steps = strtoul(optarg, NULL, 10); break;
        case 'k': seeds = strtoull(optarg, NULL, 10); break;
        case 'm': until = ds_ticks() + strtoll(optarg, NULL, 10) * 60000; break;
        case 't': until = ds_ticks() + strtoll(optarg, NULL, 10) * 1000; break;
        case 'a': aloud = true; break;
        default: return 64;
        }
    while (until ? ds_ticks() < until : played < seeds) {
        bad += !play(seed + played, steps, aloud, &runs);
        played++;
    }
    printf("%" PRIu64 " seeds, %lu runs, %" PRIu64 " broken\n", played, runs, bad);
    return bad ? 1 : 0;
}
