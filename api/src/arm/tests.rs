//! In-process tests of the control plane.
