#!/bin/sh
# Stands in for a container engine in tests of how it is called: notes its arguments in $TMPDIR/calls. `run` becomes echo-job.mjs or,
# where a file `stubborn` is there, something that heeds no SIGTERM; `kill` ends it. Shows nothing of what a real engine does: that is for test/container.
echo "$*" >>"$TMPDIR/calls"
case "$1" in
  --version) echo "podman version 0" ;;
  info) echo false ;;
  image) [ "$5" = present ] ;;
  ps) [ ! -e "$TMPDIR/containers" ] || cat "$TMPDIR/containers" ;;
  run)
    echo $$ >"$TMPDIR/client"
    [ -e "$TMPDIR/stubborn" ] || exec node "$(dirname "$0")/echo-job.mjs"
    trap '' TERM
    echo '{"type":"ready","protocol":1,"versions":{},"device":{"name":"none","kind":"cpu","threads":1}}'
    exec sleep 600
    ;;
  kill) kill -KILL "$(cat "$TMPDIR/client")" ;;
esac
