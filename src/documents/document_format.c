/*
 * document_format.c
 *		The formats that a plan's document is written in.
 */
#include "postgres.h"

#include "documents/document_format.h"

static const DocumentFormat *const formats[] = {&json_format, &yaml_format, &markdown_format, &html_format};

/* A format by its name in SQL; another name is an error (invalid_parameter_value). */
const DocumentFormat *
document_format_by_name(const char *name)
{
	for (int i = 0; i < lengthof(formats); i++)
	{
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown document format \"%s\"", name),
			 errhint("Valid formats are json, yaml, markdown, html.")));
}
