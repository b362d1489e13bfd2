/*
 * table.h - lists, for people and for programs
 *
 * A table is opened with its columns, given rows, and closed. As text the columns are aligned by the
 * first rows and the rest streams (P-12); as JSON each row is an object whose members are named like
 * the columns; as CSV there is a header.
 */
#ifndef DS_ENGINE_REPORT_TABLE_H
#define DS_ENGINE_REPORT_TABLE_H

#include "engine/report/report.h"

enum ds_column_type {
    DS_COL_TEXT,    /* cell.text */
    DS_COL_VALUE,   /* cell.text is a value of the field cell.number; DS_FIELDS: none at all */
    DS_COL_COUNT,   /* cell.number; -1: unknown */
    DS_COL_ID,      /* cell.number; 0: none */
    DS_COL_INSTANT, /* cell.number in milliseconds; 0: none */
    DS_COL_AGE      /* cell.number in milliseconds; -1: none. Seconds for programs */
};

struct ds_column {
    const char *name;  /* for programs: "remote_id" */
    const char *title; /* for people; NULL: only programs get the column */
    enum ds_column_type type;
};

struct ds_cell {
    const char *text; /* NULL: empty */
    int64_t number;
};

#define DS_TABLE_COLUMNS 24

struct ds_table;

/* name is the member of the JSON document that holds the rows; it and the columns are borrowed until
 * the table is closed. */
int ds_table_open(FILE *out, enum ds_format format, const char *name,
                  const struct ds_column *columns, size_t count, struct ds_table **table,
                  struct ds_err *err);

/* One cell for each column. Fails with DS_E_NOMEM only. */
int ds_table_row(struct ds_table *table, const struct ds_cell *cells, struct ds_err *err);

/* How many there have been. */
size_t ds_table_rows(const struct ds_table *table);

/* Prints what is left and frees the table; NULL is fine. As text an empty table prints `none`, if
 * that is not NULL. */
int ds_table_close(struct ds_table *table, const char *none, struct ds_err *err);

#endif
