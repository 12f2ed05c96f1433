#!/usr/bin/env bash
# Look up all pinned dependencies in a database of advisories. Exits with 0 where none has an advisory, 1 where one has,
# and 2 where nothing can be said, because the database does not answer. AUDIT_DATABASE is the address of another one
# that answers as api.osv.dev does, such as a mirror.
set -euo pipefail
cd "$(dirname "$0")/.."

audit=${AUDIT:-pip-audit}
database=${AUDIT_DATABASE:-https://api.osv.dev/v1/query}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
found=0

for set in requirements/*.txt; do
  name=$(basename "$set" .txt)
  # pip-audit fails alike for an advisory and for a database that is out of reach; only the former leaves a report.
  if "$audit" --requirement "$set" --require-hashes --disable-pip --progress-spinner off --vulnerability-service osv \
    --osv-url "$database" --timeout 15 --format json --output "$work/$name.json" 2>"$work/said"; then
    echo "$name: no advisory"
  elif [ -s "$work/$name.json" ]; then
    found=1
    echo "$name: advisories"
    sed 's/^/  /' "$work/said"
    "$audit" --requirement "$set" --require-hashes --disable-pip --progress-spinner off --vulnerability-service osv \
      --osv-url "$database" --timeout 15 || true
  else
    echo "$name: not audited, because the database of advisories at $database does not answer:"
    tail -n 1 "$work/said"
    exit 2
  fi
done
exit "$found"
