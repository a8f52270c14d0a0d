//! The door: a name becomes a view (to look) or a draft (to change).
