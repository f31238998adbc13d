# Shorthands for what ./dev and ./test do; neither needs just.

default:
    @just --list

# Run everything
dev *ARGS:
    ./dev {{ARGS}}

# Check everything that CI checks
test *ARGS:
    ./test {{ARGS}}

# Write openapi/openapi.json
openapi:
    ./test openapi

# Write the record of checked queries
prepare:
    ./test prepare

# How late an offer rolls
lateness *ARGS:
    SQLX_OFFLINE=true cargo run --release -p bench -- lateness {{ARGS}}
