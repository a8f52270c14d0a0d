//! Running the built `veneer` command as a person would, on a machine of one's own.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use tempfile::TempDir;

use crate::{Tree, binaries, mounted};

/// A folder that stands for a person's machine: the store, the home and the working folder are in it.
///
/// Dropped, it unmounts whatever is still mounted in it, and removes all of it.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
}

/// How a command ended, and what it wrote.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// The data.
    pub stdout: String,
    /// The messages.
    pub stderr: String,
}

impl Default for Home {
    fn default() -> Home {
        Home::new()
    }
}

impl Home {
    /// Makes an empty one.
    pub fn new() -> Home {
        Home::within(&std::env::temp_dir())
    }

    /// Makes an empty one in this folder, as on another disk.
    pub fn within(parent: &Path) -> Home {
        let folder = tempfile::Builder::new().prefix("veneer-").tempdir_in(parent).expect("a folder of our own");
        for (name, mode) in [("home", 0o755), ("run", 0o700)] {
            fs::create_dir(folder.path().join(name)).expect("a new folder");
            fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(mode)).expect("our own folder");
        }
        Home { folder }
    }

    /// Makes an empty one in memory where there is such a place: for trees of very many files.
    pub fn in_memory() -> Home {
        let memory = Path::new("/dev/shm");
        let fits = memory.is_dir() && tempfile::tempdir_in(memory).is_ok();
        if fits { Home::within(memory) } else { Home::new() }
    }

    /// Makes one whose folder `src` holds this tree, imported as the dataset `d`.
    pub fn with(tree: &Tree) -> Home {
        let home = Home::new();
        home.source("src", tree);
        home.ok("import d src");
        home
    }

    /// The folder that commands run in.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A path in it.
    pub fn join(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    /// The store's folder.
    pub fn store(&self) -> PathBuf {
        self.join("store")
    }

    /// Keeps the store, which is not made yet, in another folder: on another disk, say.
    pub fn keep_store_in(&self, folder: &Path) {
        fs::create_dir(folder.join("store")).expect("a new folder");
        std::os::unix::fs::symlink(folder.join("store"), self.store()).expect("a new link");
    }

    /// Writes a tree as a new folder in it, and returns where that is.
    pub fn source(&self, name: &str, tree: &Tree) -> PathBuf {
        let folder = self.join(name);
        fs::create_dir_all(&folder).expect("a new folder");
        tree.write(&folder).expect("a tree that fits on the disk");
        folder
    }

    /// Writes a file in it.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let file = self.join(name);
        fs::write(&file, content).expect("a file of our own");
        file
    }

    /// The command with these arguments, ready to start: nothing of the tester's own environment is in it.
    pub fn command<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(binaries::path("veneer"));
        command.args(args.into_iter().map(Into::into)).current_dir(self.path()).stdin(Stdio::null());
        self.environment(&mut command);
        command
    }

    /// Gives a command this machine's environment and no other.
    pub fn environment(&self, command: &mut Command) {
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.join("home")).env("XDG_RUNTIME_DIR", self.join("run"));
        command.env("VENEER_STORE", self.store()).env("USER", "ada").env("TZ", "UTC").env("LANG", "C.UTF-8");
    }

    /// Runs `veneer` with the words of `line`; words are split at spaces, `'…'` keeps them.
    pub fn run(&self, line: &str) -> Ran {
        self.run_args(words(line))
    }

    /// Runs `veneer` with these arguments.
    pub fn run_args<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Ran {
        Ran::of(self.command(args).output().expect("the command starts"))
    }

    /// As [`Home::run`], with this as its standard input.
    pub fn run_with_input(&self, line: &str, input: &[u8]) -> Ran {
        let mut command = self.command(words(line));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
        // A command that ends before it has read everything closes the pipe: its exit code tells.
        let _ = child.stdin.take().expect("piped above").write_all(input);
        Ran::of(child.wait_with_output().expect("our own child"))
    }

    /// Runs `veneer`, which must succeed, and returns its standard output.
    pub fn ok(&self, line: &str) -> String {
        let ran = self.run(line);
        assert_eq!(ran.code, Some(0), "`veneer {line}` failed: {}{}", ran.stdout, ran.stderr);
        ran.stdout
    }

    /// As [`Home::ok`]; also returns the most memory that the command had at any moment, in KiB.
    pub fn ok_within(&self, line: &str) -> (String, u64) {
        let (out, err) = (self.join("stdout"), self.join("stderr"));
        let file = |path: &Path| fs::File::create(path).expect("a file of our own");
        let mut command = self.command(words(line));
        let child = command.stdout(file(&out)).stderr(file(&err)).spawn().expect("the command starts");
        let (status, memory_kib) = wait_for(child);
        let code = status.code();
        let text = |path: &Path| String::from_utf8_lossy(&fs::read(path).expect("our own file")).into_owned();
        assert_eq!(code, Some(0), "`veneer {line}` failed: {}{}", text(&out), text(&err));
        (text(&out), memory_kib)
    }

    /// Runs `veneer --json`, which must succeed, and returns the document that it wrote.
    pub fn json(&self, line: &str) -> serde_json::Value {
        let text = self.ok(&format!("--json {line}"));
        serde_json::from_str(&text).unwrap_or_else(|cause| panic!("`veneer --json {line}` wrote {text:?}: {cause}"))
    }

    /// Runs `veneer`, which must fail with this exit code, and returns what it said.
    pub fn fails(&self, line: &str, code: i32) -> String {
        let ran = self.run(line);
        assert_eq!(ran.code, Some(code), "`veneer {line}`: {}{}", ran.stdout, ran.stderr);
        ran.stderr
    }

    /// Checks the store right after a crash: nothing but the index, which the next owner makes anew, may be amiss.
    pub fn has_lost_nothing(&self) {
        let ran = self.run("--json fsck");
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let problems = report["problems"].as_array().expect("a list");
        assert!(problems.iter().all(|problem| problem["what"] == "meta"), "{report:#}");
    }

    /// Runs the lines one after the other and returns what a person would see, made steady for snapshots.
    ///
    /// A line on stderr begins with `! `; a failure ends with its exit code.
    pub fn transcript(&self, lines: &[&str]) -> String {
        let mut text = String::new();
        for line in lines {
            let ran = self.run(line);
            text.push_str(&format!("$ veneer {line}\n{}", ran.stdout));
            for line in ran.stderr.lines() {
                text.push_str(format!("! {line}").trim_end());
                text.push('\n');
            }
            if ran.code != Some(0) {
                text.push_str(&format!(
                    "[exit code {}]\n",
                    ran.code.map_or("none".to_owned(), |code| code.to_string())
                ));
            }
        }
        self.steady(&text)
    }

    /// Rewrites what differs from run to run, for snapshots: ids, times, seconds, process ids, this folder.
    pub fn steady(&self, text: &str) -> String {
        crate::steady::steady(&text.replace(&*self.path().to_string_lossy(), "[home]"))
    }
}

/// Waits for a child; how it ended, and the most memory that it had, in KiB, looked at every few milliseconds.
///
/// What the system tells at its end is no use: it counts what this process had when the child began.
fn wait_for(mut child: Child) -> (ExitStatus, u64) {
    let mut memory_kib = 0;
    loop {
        let highest = fs::read_to_string(format!("/proc/{}/status", child.id())).ok();
        let highest = highest.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("VmHWM:")));
        let highest = highest.and_then(|text| text.trim().strip_suffix("kB")?.trim().parse().ok());
        memory_kib = highest.unwrap_or(memory_kib).max(memory_kib);
        if let Some(status) = child.try_wait().expect("our own child") {
            assert!(memory_kib > 0, "it ended before anybody looked");
            return (status, memory_kib);
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        mounted::unmount_all_below(self.path());
    }
}

impl Ran {
    fn of(output: Output) -> Ran {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Splits a line at spaces; what is between `'` stays together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in line.split('\'').enumerate() {
        if number % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}
