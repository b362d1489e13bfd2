/*
 * random.h - a state machine of random moves, and the promises that hold whatever it does
 *
 * A play is a store and two CRMs in memory, each with a connection of its own. moves.c changes things
 * as people and accidents do; runs.c lets the engine work on it, in a child that may die at any of its
 * steps; promises.c says what must be true at a quiet point. Everything follows from the seed.
 */
#ifndef DS_TESTS_RANDOM_RANDOM_H
#define DS_TESTS_RANDOM_RANDOM_H

#include "engine/act.h"
#include "engine/run.h"
#include "tests/memory/remote.h"

#include <sqlite3.h>

enum { SIDES = 2, MOST_DEALS = 120, LOG_LINES = 60, LOG_TEXT = 240 };

/* A connection and its CRM. */
struct side {
    const char *name;
    struct mem_world *world;
    int variant; /* of its mapping */
    struct ds_mapping *mapping;
    struct ds_policy policy;
    struct ds_guard guard;
};

/* What a child has told before it ended. */
struct told {
    bool whole; /* it has come to its end */
    int status;
    char text[512];
    uint64_t planned;
    char guard[256];
};

struct play {
    uint64_t seed;
    uint64_t dice;
    unsigned long step;
    int64_t now_ms;
    char dir[64];
    char store[96];
    char plan[96];
    char undo[96];
    int plan_side; /* whose saved plan waits; -1: none */
    sqlite3 *db;   /* open between runs only */
    struct side side[SIDES];
    struct told *told; /* shared with children */
    int64_t history;   /* the last row before the run */
    struct ds_arena arena;
    char *deal[MOST_DEALS][DS_FIELDS]; /* as they were before the run, by id - 1 */
    int deals;
    bool aloud;
    bool failed;
    unsigned long runs;
    char log[LOG_LINES][LOG_TEXT];
    unsigned long logged;
};

/* --- main.c: chance, the log, SQL --- */
uint64_t roll(struct play *p, uint64_t n); /* 0 to n - 1 */
bool chance(struct play *p, unsigned percent);
void say(struct play *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A promise is broken: tells the seed, the last moves and what is wrong. */
void broken(struct play *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void set_clock(struct play *p, int64_t now_ms);
bool load_mapping(struct play *p, struct side *s, int variant);

sqlite3 *db_open(struct play *p);
void db_close(struct play *p);
/* The first column of the first row, in a buffer that the fourth call after it uses again. */
const char *sql_text(struct play *p, const char *sql);
int64_t sql_int(struct play *p, const char *sql);
/* A statement with texts as its arguments (NULL for null, ended by END); false when it is refused. */
extern const char END[];
bool sql_do(struct play *p, const char *sql, ...);

/* --- runs.c --- */
struct order {
    enum ds_command command;
    bool backfill;
    const char *out;  /* plan to save */
    const char *plan; /* plan to apply */
    int64_t undo;
    struct ds_only only;
    long die_at; /* step; 0: never */
};

/* Lets the engine work; false when it died. What is promised of every run is checked. */
bool play_run(struct play *p, struct side *s, const struct order *order);
bool play_resolve(struct play *p, struct side *s, const struct ds_settlement *settlement);
bool play_link(struct play *p, struct side *s, const char *remote_id, int64_t deal, bool away);

/* --- moves.c --- */
void move(struct play *p);
void move_create(struct play *p, struct side *s);
/* The value of a deal's field as it was written for a record; for a start. */

/* --- promises.c --- */
void quiet_point(struct play *p);

#endif
