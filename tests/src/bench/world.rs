//! A generated source and a store beside it, and timing whole processes over them.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use harness::{Home, binaries, generate, wait};

/// A source of some size, and a home with a store of its own.
#[derive(Debug)]
pub(crate) struct World {
    /// Where the commands run; dropped with everything in it.
    pub(crate) home: Home,
    /// The generated tree, kept from run to run.
    pub(crate) source: PathBuf,
    /// How many files it has.
    pub(crate) files: usize,
}

impl World {
    /// Finds or makes the tree of that many files.
    pub(crate) fn new(files: usize) -> World {
        World::of(&format!("files-{files}"), files, |folder| generate::tree(folder, files))
    }

    /// Finds a source of this name, or has it made.
    pub(crate) fn of(name: &str, files: usize, make: impl FnOnce(&Path) -> std::io::Result<()>) -> World {
        let data = binaries::workspace().join("target/bench-data");
        fs::create_dir_all(&data).expect("the target folder can be written");
        let source = data.join(name);
        if !source.exists() {
            tell(&format!("making {}", source.display()));
            let half_done = source.with_extension("new");
            let _ = fs::remove_dir_all(&half_done);
            make(&half_done).expect("the disk has room for the generated files");
            fs::rename(&half_done, &source).expect("one folder on one disk");
        }
        World { home: Home::within(&data), source, files }
    }

    /// Runs `veneer` and returns how long the whole process took; it must succeed.
    pub(crate) fn veneer(&self, line: &str) -> Duration {
        let mut command = self.home.command(line.split_whitespace());
        time(&mut command, line)
    }

    /// How long a walk with `stat` of everything below a folder takes.
    pub(crate) fn find(&self, folder: &Path) -> Duration {
        let mut command = Command::new("find");
        time(command.arg(folder).args(["-printf", "%p %s %T@\\n"]), "find")
    }

    /// How long the shortest command takes: what starting a process costs.
    pub(crate) fn process_start_ms(&self) -> f64 {
        let times: Vec<Duration> = (0..9).map(|_| self.veneer("--version")).collect();
        crate::table::median_ms(&times)
    }

    /// The bytes of the files in one of the store's folders.
    pub(crate) fn stored_bytes(&self, folder: &str) -> u64 {
        bytes_below(&self.home.store().join(folder))
    }
}

/// Times a whole process; what it says is shown only if it fails.
fn time(command: &mut Command, what: &str) -> Duration {
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let (output, took) = wait::timed(|| command.output());
    let output = output.expect("the command starts");
    assert!(output.status.success(), "`{what}` failed: {}", String::from_utf8_lossy(&output.stderr));
    took
}

fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries.flatten().fold(0, |sum, entry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => sum + bytes_below(&entry.path()),
        Ok(meta) => sum + meta.len(),
        Err(_) => sum,
    })
}

/// How long writing and syncing one new file of that many bytes takes: the floor of whatever must be durable.
pub(crate) fn durable_write(folder: &Path, bytes: u64) -> Duration {
    let path = folder.join("floor");
    let block = vec![0xa5; usize::try_from(bytes).expect("a few megabytes")];
    let mut file = File::create(&path).expect("a file of our own");
    let (written, took) = wait::timed(|| file.write_all(&block).and_then(|()| file.sync_data()));
    written.expect("the disk has room");
    fs::remove_file(path).expect("our own file");
    took
}

/// Tells the person who waits what is going on.
pub(crate) fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
