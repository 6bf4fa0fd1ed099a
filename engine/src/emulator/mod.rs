//! Use cases of the emulator surface.
