//! Use cases of sign-in and authorization.
