#!/usr/bin/env bash
# Builds the cpu image and tries it; docs/image.log keeps the report. It uses only packages of Debian, no container engine and
# no registry: debootstrap makes a stand-in for the base image, under the name of the real one.
# Needs root, and: apt-get install buildah debootstrap
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  echo "make image: $1" >&2
  exit 2
}

[[ $(id -u) == 0 ]] || fail "needs root, for chroot and mounts; run it in a throw-away machine, or build with docker (docs/deploy.md)"
for tool in buildah debootstrap unshare nsenter; do
  command -v "$tool" >/dev/null || fail "$tool is missing; apt-get install buildah debootstrap util-linux"
done

base=docker.io/library/python:3.12-slim
suite=trixie
work=$PWD/build/image
mkdir -p "$work"
export BUILDAH_ISOLATION=chroot BUILDAH_FORMAT=docker
stored() { buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }
took() { echo "$1: $((SECONDS - start)) s"; }
megabytes() { du --summarize --block-size=1M "$@" | cut -f1; }

report() {
  local start=$SECONDS kept=", kept from the run before"
  if ! stored inspect --type image "$base" >/dev/null 2>&1; then
    kept=
    rm -rf "$work/base"
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv "$suite" "$work/base" >"$work/base.log" 2>&1 ||
      fail "debootstrap fails; its last words are in build/image/base.log"
    # Trust the certificates that this machine trusts, so that the build works behind a proxy.
    cp --dereference /etc/ssl/certs/ca-certificates.crt "$work/base/etc/ssl/certs/"
    container=$(stored from scratch)
    stored add --quiet "$container" "$work/base" / >/dev/null
    stored commit --quiet --rm "$container" "$base" >/dev/null
    rm -rf "$work/base"
  fi
  took "stand-in base (Debian $suite)$kept"

  start=$SECONDS
  stored build --pull-never --file Dockerfile.cuda --build-arg VARIANT=cpu \
    --build-arg REVISION="$(git rev-parse HEAD 2>/dev/null || echo unknown)" --tag meanrev:cpu . >"$work/build.log" 2>&1 ||
    { tail -20 "$work/build.log" >&2; fail "the build fails; all of it is in build/image/build.log"; }
  took "build"

  container=$(stored from --pull-never meanrev:cpu)
  trap 'stored rm "$container" >/dev/null' EXIT
  root=$(stored mount "$container")
  stored inspect --type image meanrev:cpu >"$work/image.json"
  echo "image: $(megabytes "$root") MB, of which /opt/meanrev $(megabytes "$root/opt/meanrev") MB" \
    "and its kernels $(megabytes "$root"/opt/meanrev/lib/python3*/site-packages/gpu_kernels/lib) MB"
  unshare --net .venv/bin/python deploy/try_image.py "$root" "$work/image.json"
}

report | tee "$work/report"
cp "$work/report" docs/image.log
