#!/usr/bin/awk -f
# man.awk HEADER: the manual page of a public header, on standard output.
#
# A header is written to be read: an essay, then sections begun by a comment
# "--- title ---", each with comments and the declarations they belong to. So
# the page is the header, laid out: comments as text, code as code. Sections
# become headings; include guards and the like are left out.

function escape(s) {
    gsub(/\\/, "\\e", s)
    sub(/^\./, "\\\\\\&.", s)
    sub(/^'/, "\\\\\\&'", s)
    return s
}

function code(on) {
    if (on && !in_code) printf ".PP\n.nf\n.ft CR\n"
    if (!on && in_code) printf ".ft R\n.fi\n"
    in_code = on
}

# A line of a comment. Indented ones are drawings, kept as they are, unless they
# go on with an item of a list.
function text(s) {
    if (s ~ /^ *$/) { drawing(0); in_list = 0; print ".PP"; return }
    if (s ~ /^- /) { drawing(0); in_list = 1; print ".IP \\(bu 2"; sub(/^- /, "", s) }
    else if (in_list && s ~ /^  [^ ]/) sub(/^  /, "", s)
    else drawing(s ~ /^  /)
    print escape(s)
}

function drawing(on) {
    if (on && !in_drawing) printf ".nf\n.ft CR\n"
    if (!on && in_drawing) printf ".ft R\n.fi\n"
    in_drawing = on
}

FNR == 1 {
    name = FILENAME; sub(/.*\//, "", name)
    stem = name; sub(/\.h$/, "", stem)
    next
}

FNR == 2 {
    what = $0
    sub(/^ \* [^ ]+ - /, "", what); sub(/\.$/, "", what)
    printf ".TH LOOP_%s 3 \"\" \"course kit\" \"Library of the course kit\"\n", toupper(stem)
    printf ".SH NAME\nloop_%s \\- %s\n.SH SYNOPSIS\n.nf\n", stem, what
    printf "#include <loop/%s>\n.PP\ncc program.c $(pkg-config \\-\\-cflags \\-\\-libs loop)\n.fi\n", name
    print ".SH DESCRIPTION"
    comment = 1
    next
}

/^#ifndef|^#define LOOP_.*_H$|^#ifdef|^#endif|^#include|^extern "C"/ { skip = 1; next }
skip && /^}$/ { skip = 0; next }

/^\/\* --- .* -+ ?(\*\/)?$/ {
    code(0); drawing(0)
    title = $0
    sub(/^\/\* --- /, "", title); sub(/ -+ ?(\*\/)?$/, "", title)
    printf ".SH %s\n", toupper(escape(title))
    comment = $0 !~ /\*\/$/
    next
}

/^\/\*$/ { code(0); comment = 1; print ".PP"; next }
/^\/\*.*\*\/$/ {
    code(0); line = $0
    sub(/^\/\* ?/, "", line); sub(/ ?\*\/$/, "", line)
    print ".PP"; text(line); drawing(0)
    next
}
/^\/\*/ { code(0); comment = 1; line = $0; sub(/^\/\* ?/, "", line); print ".PP"; text(line); next }
comment && /\*\/$/ {
    line = $0
    sub(/^ \* ?/, "", line); sub(/ ?\*\/$/, "", line)
    if (line !~ /^ *\*?\/?$/) text(line)
    drawing(0); comment = 0
    next
}
comment { line = $0; sub(/^ \* ?/, "", line); text(line); next }

/^$/ { code(0); next }
{ skip = 0; code(1); print escape($0) }

END { code(0); print ".SH SEE ALSO\n.BR epoll (7),\n.BR io_uring (7)" }
