#!/usr/bin/env bash
# as_ordinary_user.sh <build tree>: runs the unit tests once more, as the user nobody; but for those of
# the runners, which do so themselves. Exit code 77: they have run as an ordinary user already.
set -euo pipefail

build=$1
if [ "$(id -u)" != 0 ]; then
  echo "the unit tests ran as an ordinary user already"
  exit 77
fi

# Copies, because the build tree may be closed to others.
copies=$(mktemp -d /tmp/cntr-ordinary-user.XXXXXX)
trap 'rm -rf "$copies"' EXIT
mkdir -m 777 "$copies/tmp"
chmod 755 "$copies"
find "$build/tests/unit" -type f -name 'test_*' -perm -u+x -not -name test_runner -exec cp -t "$copies" {} +

failed=0
for test in "$copies"/test_*; do
  echo "--- $(basename "$test")"
  (cd "$copies/tmp" && setpriv --reuid=65534 --regid=65534 --clear-groups \
    env HOME="$copies/tmp" TMPDIR="$copies/tmp" "$test" --gtest_brief=1) || failed=1
done
exit "$failed"
