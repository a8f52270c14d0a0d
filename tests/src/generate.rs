//! Trees of any number of small files, for tests of scale and for the benches.

use std::fs;
use std::io;
use std::path::Path;

/// How many files are in a folder of a generated tree.
pub const PER_FOLDER: usize = 1_000;

/// Makes `files` small files below `root`, 1,000 a folder, on all processors.
///
/// The file number `n` is `dNNNN/fNNNNNNN.txt` and holds its number and some
/// padding, so trees of one size are alike byte for byte.
pub fn tree(root: &Path, files: usize) -> io::Result<()> {
    fs::create_dir_all(root)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let folders = files.div_ceil(PER_FOLDER);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || (thread..folders).step_by(threads).try_for_each(|n| folder(root, n, files)))
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("it only writes files"))
    })
}

/// The path of a generated file below the root.
pub fn name(number: usize) -> String {
    format!("d{:04}/f{number:07}.txt", number / PER_FOLDER)
}

fn folder(root: &Path, number: usize, files: usize) -> io::Result<()> {
    fs::create_dir(root.join(format!("d{number:04}")))?;
    let last = files.min((number + 1) * PER_FOLDER);
    (number * PER_FOLDER..last).try_for_each(|file| fs::write(root.join(name(file)), content(file)))
}

fn content(number: usize) -> String {
    format!("{number}\n{:1$}\n", "", number % 100)
}
