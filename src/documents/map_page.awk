# Makes C of map_page.html: what stands outside of its places, part by part.  A place is
# what stands between two lines, <!-- begin NAME --> and <!-- end NAME -->.

function part(place)
{
	print "\t, PLACE_" toupper(place) "},"
}

BEGIN {
	print "/* Made by map_page.awk from map_page.html. */"
	print "#include \"documents/map_page_template.h\"\n"
	print "const MapPagePart map_page_parts[] = {"
	print "\t{\"\""
}

$1 == "<!--" && ($2 == "begin" || $2 == "end") && $4 == "-->" && NF == 4 {
	if ($2 == "begin")
		part($3)
	else
		print "\t{\"\""
	inside = $2 == "begin"
	next
}

!inside {
	gsub(/\\/, "&&")
	gsub(/"/, "\\\\&")
	print "\t\"" $0 "\\n\""
}

END {
	part("none")
	print "};"
}
