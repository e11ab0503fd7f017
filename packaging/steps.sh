# Sourced by our scripts: steps with a header, the elapsed time, and, when one fails, which and how to run it again.
#
#   step <title> <command that repeats it>    starts a step; the one before it has succeeded
#   finish <title>                            says that everything succeeded
#
# The script runs under `set -e`: any failing command ends it, and the failure is reported on the way out.

if [[ -t 1 && -z "${NO_COLOR:-}" ]]; then
  bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
  bold='' green='' red='' plain=''
fi

step_title='start-up'
step_command=$0
step_began=0

step() {
  step_title=$1
  step_command=$2
  step_began=$SECONDS
  printf '\n%s==> [%4ds] %s%s\n' "$bold" "$SECONDS" "$step_title" "$plain"
}

finish() {
  printf '\n%s==> [%4ds] %s%s\n' "$bold$green" "$SECONDS" "$1" "$plain"
}

report_failure() {
  local status=$?
  ((status == 0)) && return
  printf '\n%s==> [%4ds] failed: %s (exit code %d after %ds)%s\n    run this step again: %s\n' "$bold$red" "$SECONDS" \
    "$step_title" "$status" $((SECONDS - step_began)) "$plain" "$step_command" >&2
}
trap report_failure EXIT
