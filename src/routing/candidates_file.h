/*
 * candidates_file.h
 *		A candidates relation into a file on the server.
 */
#ifndef TRAINPLAN_CANDIDATES_FILE_H
#define TRAINPLAN_CANDIDATES_FILE_H

/* trainplan.parquet_command: reads CSV from its standard input, writes Parquet to %p; or empty */
extern char *parquet_command;

extern const char *write_candidates_file(Oid relation, const char *path);

#endif							/* TRAINPLAN_CANDIDATES_FILE_H */
