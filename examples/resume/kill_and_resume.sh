#!/usr/bin/env bash
# kill_and_resume.sh PROGRAM: kills a training again and again, resumes it each time, and compares its weights with those
# of one that was left alone.
set -euo pipefail
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

whole=$("$program" "$work/whole.pt" | tail -n 1)
echo "undisturbed: $whole"

killed=0
for ((run = 0; run < 100; ++run)); do
    before=$(stat -c %Y%Z%i "$work/killed.pt" 2> /dev/null || true)
    "$program" "$work/killed.pt" > "$work/output" &
    # Until it has saved something, and then into the middle of whatever it does.
    while kill -0 $! 2> /dev/null && [[ $(stat -c %Y%Z%i "$work/killed.pt" 2> /dev/null || true) == "$before" ]]; do sleep 0.01; done
    sleep "0.0$((run * 7 % 10))"
    kill -9 $! 2> /dev/null || true
    wait $! 2> /dev/null && break
    killed=$((killed + 1))
done
resumed=$(tail -n 1 "$work/output")
echo "killed $killed times: $resumed"
((killed > 0)) || { echo "the training was over before it could be killed"; exit 1; }
[[ $whole == weights* && $resumed == "$whole" ]] || { echo "the weights differ"; exit 1; }
