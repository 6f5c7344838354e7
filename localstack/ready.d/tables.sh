#!/bin/bash
# Makes both tables when LocalStack is ready, unless they are there. This edition forgets them with its container, so it
# runs at every start; the compose file's health check waits for it.
set -euo pipefail

there() { awslocal dynamodb describe-table --table-name "$1" >/dev/null 2>&1; }

create() { # name, definition
    there "$1" && return
    awslocal dynamodb create-table --table-name "$1" --cli-input-json "file:///etc/pattern-e/tables/$2.json" >/dev/null
    awslocal dynamodb wait table-exists --table-name "$1"
}

create "$DDB_MESSAGE_TABLE" messages
create "$WORKER_STATE_TABLE" worker_state
awslocal dynamodb update-time-to-live --table-name "$WORKER_STATE_TABLE" \
    --time-to-live-specification Enabled=true,AttributeName=expires_at >/dev/null 2>&1 || true # it is on already
echo "tables.sh: $DDB_MESSAGE_TABLE and $WORKER_STATE_TABLE are there"
