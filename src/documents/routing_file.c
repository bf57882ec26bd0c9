/*
 * routing_file.c
 *		A routing plan's file on the server.
 */
#include "postgres.h"

#include <sys/stat.h>

#include "base/server_file.h"
#include "documents/routing_file.h"
#include "formats/document_reader.h"

/* What stands for a folder, in this order. */
static const char *const file_names[] = {"routing_plan.json", "routing_plan.yaml"};

static bool
is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static const char *
file_in_folder(const char *folder)
{
	struct stat status;

	for (int i = 0; i < lengthof(file_names); i++)
	{
		char	   *file = psprintf("%s/%s", folder, file_names[i]);

		if (stat(file, &status) == 0)
			return file;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FILE),
			 errmsg("directory \"%s\" has neither %s nor %s", folder,
					file_names[0], file_names[1])));
}

/* Is a path a document?  It begins with a brace, or has more than a line. */
static bool
is_document(const char *path)
{
	return path[strspn(path, " \t\r\n")] == '{' || strchr(path, '\n') != NULL;
}

/*
 * Read a routing plan's file, or that of a folder, as a text in the server's
 * encoding and the current memory context; *file is its path, and *name what
 * messages call it.
 *
 * Errors: a caller without the rights of pg_read_server_files, a relative path,
 * a folder that has no such file, those of reading, and bytes that are no text.
 */
Slice
read_routing_file(const char *path, const char **file, const char **name)
{
	check_may_read_server_files();
	if (!is_absolute_path(path) && is_document(path))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("the path is a document, not the name of a file"),
				 errhint("routing_decisions() reads a routing plan from its text.")));
	*file = absolute_path(path);
	if (is_folder(*file))
		*file = file_in_folder(*file);
	*name = psprintf("file \"%s\"", *file);
	return document_text(read_server_file(*file), *name);
}
