# The supervisor: starts the daemon, waits, starts it again. It knows nothing else, so that nothing else can break it.
# Environment: SUPERVISE_NODE, SUPERVISE_FLAGS, SUPERVISE_DAEMON, SUPERVISE_PIDFILE, SUPERVISE_READY, SUPERVISE_HYBRID.
node=$SUPERVISE_NODE flags=$SUPERVISE_FLAGS daemon=$SUPERVISE_DAEMON pidfile=$SUPERVISE_PIDFILE ready=$SUPERVISE_READY
hybrid=$SUPERVISE_HYBRID
unset SUPERVISE_NODE SUPERVISE_FLAGS SUPERVISE_DAEMON SUPERVISE_PIDFILE SUPERVISE_READY SUPERVISE_HYBRID
if [ -n "$hybrid" ]; then eval "$hybrid"; fi
# Crash-only: ending is killing. Containers go on by themselves.
trap 'kill -9 $! 2>/dev/null; rm -f "$pidfile" "$pidfile.supervisor"; exit 0' TERM INT
trap '' HUP
echo $$ >"$pidfile.supervisor"
failures=0
while :; do
  # $flags holds several words on purpose.
  "$node" $flags "$daemon" &
  echo $! >"$pidfile"
  wait $!
  code=$?
  case $code in
  130 | 143) # Somebody asked the daemon itself to end.
    rm -f "$pidfile" "$pidfile.supervisor"
    exit 0
    ;;
  78) # The daemon has said why another start cannot help.
    rm -f "$pidfile" "$pidfile.supervisor"
    exit 1
    ;;
  esac
  # A kill point names one crash, not one in every life.
  [ -n "$SOCKERLESSD_KILLPOINTS_REARM" ] || unset SOCKERLESSD_KILLPOINTS
  was_ready=
  [ -r "$ready" ] && read -r was_ready <"$ready"
  if [ "$was_ready" = "$!" ]; then failures=0; else failures=$((failures + 1)); fi
  case $failures in
  0 | 1) ;;
  2) sleep 0.1 ;;
  3) sleep 0.2 ;;
  4) sleep 0.5 ;;
  5) sleep 1 ;;
  6) sleep 2 ;;
  7) sleep 4 ;;
  8) sleep 8 ;;
  *)
    echo "sockerlessd: the daemon died $failures times before it was ready (last exit code $code); giving up. Containers go on. Look at the lines above, then start it again." >&2
    rm -f "$pidfile" "$pidfile.supervisor"
    exit 1
    ;;
  esac
  echo "sockerlessd: the daemon ended with code $code; starting it again" >&2
done
