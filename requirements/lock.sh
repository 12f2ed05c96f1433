#!/usr/bin/env bash
# Refresh the pinned dependency sets after a change of pyproject.toml. Needs uv.
set -euo pipefail
cd "$(dirname "$0")/.."

lock() {
  local out="requirements/$1.txt"
  shift
  uv pip compile pyproject.toml --universal --generate-hashes --no-annotate --no-header --no-emit-index-url \
    --python-version 3.11 --quiet --output-file "$out" "$@"
}

lock run --extra server --extra batch --extra plot --extra compat --extra dashboard --extra sklearn --group build
lock serve --extra server --group build --constraints requirements/run.txt
lock gpu --extra server --extra gpu --group build --constraints requirements/run.txt
lock test --extra server --extra batch --extra plot --extra compat --extra dashboard --extra sklearn --extra otel --extra channelz --group build --group test --constraints requirements/run.txt
lock proof --group proof --constraints requirements/test.txt
lock peers --extra server --extra batch --extra plot --extra compat --extra dashboard --extra sklearn --extra otel --extra channelz --group build --group test --group peers --constraints requirements/test.txt
lock check --extra server --extra batch --extra plot --extra compat --extra dashboard --extra sklearn --extra otel --extra channelz --group build --group test --group check --constraints requirements/test.txt

# The site is made of the pages and of the code's text, so it needs nothing that the code imports.
uv pip compile --group docs --universal --generate-hashes --no-annotate --no-header --no-emit-index-url \
  --python-version 3.11 --quiet --output-file requirements/docs.txt

# The generator needs an older protobuf than the product runs on, so it lives in an environment of its own.
printf 'grpcio-tools==1.74.0\nsetuptools>=77\n' | uv pip compile - --universal --generate-hashes --no-annotate --no-header \
  --python-version 3.11 --quiet --output-file requirements/wire.txt

uv pip compile requirements/audit.in --universal --generate-hashes --no-annotate --no-header --no-emit-index-url \
  --python-version 3.11 --quiet --output-file requirements/audit.txt
