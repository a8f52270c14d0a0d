//! Files that are damaged: an error, never a panic, never much memory.
