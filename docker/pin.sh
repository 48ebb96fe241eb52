#!/bin/sh
# Write into the Dockerfile the digest that each of its base images has in the registry now.
set -eu
cd "$(dirname "$0")/.."
for image in $(sed -n 's/^FROM \([^ @]*\).*/\1/p' Dockerfile); do
    digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$image")
    case $digest in
        sha256:*) sed "s|^FROM $image\(@[^ ]*\)\{0,1\}|FROM $image@$digest|" Dockerfile > Dockerfile.new ;;
        *) echo "error: $image has no digest: $digest" >&2; exit 1 ;;
    esac
    cat Dockerfile.new > Dockerfile
    rm Dockerfile.new
    echo "$image@$digest"
done
