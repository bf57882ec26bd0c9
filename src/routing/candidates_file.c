/*
 * candidates_file.c
 *		A candidates relation into a file on the server.
 *
 * All columns are written, as COPY writes them, or for JSON as row_to_json() does.
 * PostgreSQL has no Parquet: a command that the superuser has set makes it from
 * CSV.  It is run as COPY TO PROGRAM runs one, in a subtransaction, so that whatever
 * it does the snapshot is written, if need be as CSV.
 *
 * The file is written under a temporary name (server_file.c) and appears whole.
 */
#include "postgres.h"

#include <unistd.h>

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "commands/copy.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "base/encoding.h"
#include "base/executor_compat.h"
#include "base/row_query.h"
#include "base/server_file.h"
#include "routing/candidates_file.h"

#define CSV_SUFFIX		".csv"
#define JSON_SUFFIX		".json"
#define PARQUET_SUFFIX	".parquet"

char	   *parquet_command;

static bool
has_suffix(const char *path, const char *suffix)
{
	size_t		length = strlen(path);

	return length > strlen(suffix) && pg_strcasecmp(path + length - strlen(suffix), suffix) == 0;
}

/* Begin the file of a path, alone in a set. */
static FileSet *
begin_file(const char *path)
{
	char	   *directory = pstrdup(path);
	FileSet    *set;

	get_parent_directory(directory);
	set = file_set_begin(directory);
	file_set_open(set, last_dir_separator(path) + 1);
	return set;
}

static void
end_file(FileSet *set)
{
	file_set_close(set);
	file_set_publish(set, NULL, NULL);
}

static DefElem *
copy_option(char *name, char *value)
{
	return makeDefElem(name, (Node *) makeString(value), -1);
}

/*
 * COPY all rows into a file, or to a program, whose rights have been checked.
 * COPY itself makes sure that it reads the relation that it was given.
 */
static void
copy_rows(Oid relation, const char *destination, bool is_program)
{
	char	   *text = row_query_text("SELECT * FROM %s", &relation, 1);
	ErrorContextCallback callback = {error_context_stack, show_query_of_error, text};
	ParseState *state = make_parsestate(NULL);
	List	   *options = list_make3(copy_option("format", "csv"), copy_option("header", "true"),
									 copy_option("encoding", "UTF8"));
	RawStmt    *query;
	CopyToState copy;

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());

	error_context_stack = &callback;
	state->p_sourcetext = text;
	query = linitial_node(RawStmt, pg_parse_query(text));
	copy = BeginCopyTo(state, NULL, query, relation, destination, is_program, NULL, NIL, options);
	error_context_stack = callback.previous;

	(void) DoCopyTo(copy);
	EndCopyTo(copy);
	PopActiveSnapshot();
	free_parsestate(state);
}

static void
write_csv_file(Oid relation, const char *path)
{
	FileSet    *set = begin_file(path);

	copy_rows(relation, file_set_path(set), false);
	end_file(set);
}

/* What a JSON file is written with. */
typedef struct JsonRows
{
	FileSet    *set;
	bool		first;
} JsonRows;

static void
write_json_row(void *arg, const Datum *values, const bool *nulls)
{
	JsonRows   *rows = arg;

	file_set_write(rows->set, slice_from_string(rows->first ? "[\n" : ",\n"));
	file_set_write(rows->set, slice_in_utf8(slice_from_text(PG_DETOAST_DATUM_PACKED(values[0]))));
	rows->first = false;
}

static void
write_json_file(Oid relation, const char *path)
{
	static const Oid types[] = {TEXTOID};
	RowQuery	query = {
		.text = "SELECT pg_catalog.row_to_json(r.*)::pg_catalog.text FROM %s AS r",
		.relation_count = 1,
		.relations = &relation,
		.columns = lengthof(types),
		.types = types,
		.cursor_options = CURSOR_OPT_PARALLEL_OK
	};
	JsonRows	rows = {begin_file(path), true};

	row_query_run(&query, write_json_row, &rows);
	file_set_write(rows.set, slice_from_string(rows.first ? "[]\n" : "\n]\n"));
	end_file(rows.set);
}

/* Is a string a word of the shell as it stands, in quotes or not? */
static bool
is_plain_word(const char *string)
{
	for (const char *c = string; *c != '\0'; c++)
	{
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') && !(*c >= '0' && *c <= '9') &&
			strchr("/._-+,:@", *c) == NULL)
			return false;
	}
	return true;
}

/* Append a string as a word of the shell, in quotes if it needs them. */
static void
append_shell_word(StringInfo command, const char *string)
{
	if (is_plain_word(string))
	{
		appendStringInfoString(command, string);
		return;
	}
	appendStringInfoChar(command, '\'');
	for (; *string != '\0'; string++)
	{
		if (*string == '\'')
			appendStringInfoString(command, "'\\''");
		else
			appendStringInfoChar(command, *string);
	}
	appendStringInfoChar(command, '\'');
}

/* The command that is set, with the path for %p, and % for %%. */
static const char *
command_for(const char *path)
{
	StringInfoData command;

	initStringInfo(&command);
	for (const char *c = parquet_command; *c != '\0'; c++)
	{
		if (c[0] == '%' && c[1] == 'p')
		{
			append_shell_word(&command, path);
			c++;
		}
		else
		{
			appendStringInfoChar(&command, *c);
			if (c[0] == '%' && c[1] == '%')
				c++;
		}
	}
	return command.data;
}

/* Have the command write a file. */
static void
run_command(Oid relation, const char *path)
{
	struct stat status;

	/* some commands do not overwrite */
	unlink(path);
	copy_rows(relation, command_for(path), true);
	if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0)
		ereport(ERROR,
				(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
				 errmsg("it wrote no file")));
	if (chmod(path, SERVER_FILE_MODE) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not set permissions of file \"%s\": %m", path)));
}

/* What a command has made that is no file is not for the set to remove. */
static void
remove_folder(const char *path)
{
	struct stat status;

	if (lstat(path, &status) == 0 && S_ISDIR(status.st_mode))
		rmtree(path, true);
}

/*
 * Have the command write the file of a path, whatever the command does: NULL, or a
 * sentence that says why there is no file.  An error that ends the query, like a
 * cancel, stays one.
 */
static const char *
try_command(Oid relation, const char *path)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	MemoryContext context = AllocSetContextCreate(caller, "trainplan parquet",
												  ALLOCSET_DEFAULT_SIZES);
	ErrorData  *volatile error = NULL;
	const char *temporary;
	FileSet    *set;

	MemoryContextSwitchTo(context);
	set = begin_file(path);
	file_set_close(set);
	temporary = file_set_path(set);

	BeginInternalSubTransaction(NULL);
	PG_TRY();
	{
		MemoryContextSwitchTo(context);
		run_command(relation, temporary);
		file_set_publish(set, NULL, NULL);
		MemoryContextSwitchTo(caller);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		remove_folder(temporary);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;

	if (error != NULL && ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION)
		ReThrowError(error);
	/* the signal of a cancel ends the command, too */
	CHECK_FOR_INTERRUPTS();
	MemoryContextDelete(context);
	if (error == NULL)
		return NULL;
	return psprintf("The command in \"trainplan.parquet_command\" failed: %s%s%s.", error->message,
					error->detail != NULL ? ", " : "", error->detail != NULL ? error->detail : "");
}

/* Write Parquet if that can be done, else CSV; returns the path of what was written. */
static const char *
write_parquet_file(Oid relation, const char *path)
{
	const char *problem;
	char	   *csv_path;

	if (parquet_command[0] == '\0')
		problem = "\"trainplan.parquet_command\" is empty.";
	else if (!has_privs_of_role(GetUserId(), ROLE_PG_EXECUTE_SERVER_PROGRAM))
		problem = "Only roles with privileges of the \"pg_execute_server_program\" role may run "
			"the command in \"trainplan.parquet_command\".";
	else
		problem = try_command(relation, path);
	if (problem == NULL)
		return path;

	csv_path = psprintf("%.*s" CSV_SUFFIX, (int) (strlen(path) - strlen(PARQUET_SUFFIX)), path);
	write_csv_file(relation, csv_path);
	ereport(WARNING,
			(errmsg("could not write Parquet, wrote CSV into \"%s\"", csv_path),
			 errdetail_internal("%s", problem)));
	return csv_path;
}

/*
 * Write a relation, which is locked, into the file of an absolute path, in the
 * format of its suffix.  Returns the path of what was written.
 *
 * Errors: a path with another suffix (invalid_parameter_value); those of reading
 * and writing.
 */
const char *
write_candidates_file(Oid relation, const char *path)
{
	if (has_suffix(path, PARQUET_SUFFIX))
		return write_parquet_file(relation, path);
	if (has_suffix(path, CSV_SUFFIX))
		write_csv_file(relation, path);
	else if (has_suffix(path, JSON_SUFFIX))
		write_json_file(relation, path);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("path \"%s\" does not say what to write", path),
				 errhint("It has to end in %s, %s or %s.", CSV_SUFFIX, JSON_SUFFIX, PARQUET_SUFFIX)));
	return path;
}
