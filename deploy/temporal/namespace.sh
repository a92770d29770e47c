#!/bin/sh
# Makes the namespace and enlist's search attributes, as far as they are missing. Fails when Temporal is not ready yet,
# or does not know a namespace that it has just made: compose starts it again.
set -eu
temporal operator cluster health
if ! temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
fi
known=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE")
for name in EnlistFlow EnlistDomain EnlistRequest EnlistOutcome EnlistFailure; do
  if ! printf '%s\n' "$known" | grep -qw "$name"; then
    temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword
  fi
done
