/*
 * settings.h
 *		The extension's settings.
 */
#ifndef TRAINPLAN_SETTINGS_H
#define TRAINPLAN_SETTINGS_H

/* trainplan.parquet_command: reads CSV from its standard input, writes Parquet to %p; or empty */
extern char *parquet_command;

#endif							/* TRAINPLAN_SETTINGS_H */
