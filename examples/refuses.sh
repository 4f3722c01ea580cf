#!/bin/sh
# refuses.sh TEXT PROGRAM ARGUMENT…: the program ends with status 1 and says TEXT. If it does what it is asked for, the test is
# skipped (77).
text="$1"
shift
output=$("$@" 2>&1)
status=$?
printf '%s\n' "$output"
[ "$status" -eq 0 ] && exit 77
[ "$status" -eq 1 ] || exit 1
case "$output" in
    *"$text"*) ;;
    *) exit 1 ;;
esac
