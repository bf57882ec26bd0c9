# Makes an update script whole.  In its source,
#
#   -- @owners   stands for: whoever runs the script owns what the old version's
#                script (OLD) gave to the extension's owner
#   -- @again    stands for: all statements of the extension's script (TOPICS) that
#                can be said again, of objects that are there already
#
# so that an update leaves the same objects as an installation.

function quotes(line)
{
	sub(/--.*/, "", line)
	return gsub(/'/, "", line)
}

function say_again(file,    line, copying, open, body)
{
	while ((getline line < file) > 0) {
		if (!copying && line ~ /^(CREATE (FUNCTION|VIEW)|COMMENT ON|GRANT|REVOKE) /) {
			copying = 1
			open = 0
			body = 0
			sub(/^CREATE /, "CREATE OR REPLACE ", line)
			print ""
		}
		if (!copying)
			continue
		print line
		open = (open + quotes(line)) % 2
		if (line ~ /^BEGIN ATOMIC$/)
			body = 1
		if (line ~ /;$/ && !open && (!body || line == "END;"))
			copying = 0
	}
	close(file)
}

function change_owners(file,    line)
{
	while ((getline line < file) > 0) {
		if (sub(/ OWNER TO @extowner@;$/, " OWNER TO CURRENT_USER;", line))
			print line
	}
	close(file)
}

/^-- @owners$/ {
	change_owners(OLD)
	next
}

/^-- @again$/ {
	count = split(TOPICS, topics, " ")
	for (i = 1; i <= count; i++)
		say_again(topics[i])
	next
}

{ print }
