# Short names for the chores; everything here is a plain cargo command too.
default:
    @just --list

# The main job, shown: back a simulated database up and restore it.
demo *ARGS:
    cargo run -- demo {{ARGS}}

# A vault with simulated SQL servers and built-in sign-in.
serve *ARGS:
    cargo run -- serve --emulator {{ARGS}}

# Everything: formatting, lints, unit and in-process tests, black-box stories.
test *ARGS:
    cargo xtask test {{ARGS}}

# Writes the generated OpenAPI documents to openapi/.
openapi:
    cargo run -- openapi --out openapi
