//! Import against `find -printf`: both walk everything and `stat` it, only one makes a dataset.

use std::time::Duration;

use crate::machine;
use crate::table::{Goal, Table};
use crate::world::{World, tell};

/// How many pairs are measured; an odd number, so that there is a middle one.
const PAIRS: usize = 3;

/// Imports the source as the dataset `d`, without measuring.
pub(crate) fn import_once(world: &World) {
    world.veneer(&format!("import d {}", world.source.display()));
}

/// Imports in turns with `find`, with everything cached and, where allowed, with nothing cached.
///
/// The last import is kept as the dataset `d`.
pub(crate) fn against_find(world: &World, table: &mut Table) {
    if machine::drop_caches() {
        let pairs = pairs(world, || {
            machine::drop_caches();
        });
        table.add_pairs("import, nothing cached", "find -printf", &pairs, &Goal::TimesFloor(1.5));
    } else {
        tell("import with nothing cached is not measured: only root may drop the caches");
    }
    world.find(&world.source);
    let pairs = pairs(world, || {});
    table.add_pairs("import, all cached", "find -printf", &pairs, &Goal::TimesFloor(1.5));
    table.add(
        "store after the import, per file",
        "B",
        ["log", "objects", "meta"].iter().map(|folder| world.stored_bytes(folder)).sum::<u64>() as f64
            / world.files as f64,
        None,
        &Goal::None,
    );
}

fn pairs(world: &World, before_each: impl Fn()) -> Vec<(Duration, Duration)> {
    let find = || {
        before_each();
        world.find(&world.source)
    };
    let import = || {
        // A store of its own for each, or the second would find the first one's objects.
        let _ = std::fs::remove_dir_all(world.home.store());
        before_each();
        world.veneer(&format!("import d {}", world.source.display()))
    };
    let pair = |number: usize| {
        // The order changes, so that neither always comes second.
        if number.is_multiple_of(2) {
            let floor = find();
            (import(), floor)
        } else {
            let value = import();
            (value, find())
        }
    };
    (0..PAIRS).map(pair).collect()
}
