//! Black-box suites: they know only HTTP and command lines. The stories are Python (`tests/python`), run by `cargo xtask test`;
//! what can be asked of the workspace itself stands in `tests/tests`.
