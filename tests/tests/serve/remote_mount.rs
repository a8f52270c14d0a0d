//! A mount on a host that does not have the store: two network namespaces are two hosts.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use harness::hosts::{Host, hosts};
use harness::service::Service;
use harness::{Home, Rng, need, skip, wait};
use rustix::fs::{Advice, fadvise};
use rustix::process::Signal;

const URL: &str = "http://10.90.0.1:5015";
/// How long the mount waits for a service that is away.
const PATIENCE: Duration = Duration::from_secs(4);
/// More than any of what is waited for here takes.
const SOON: Duration = Duration::from_secs(20);

/// A host with the store and the service, and one that mounts.
struct World {
    server: Home,
    node: Home,
    hosts: [Host; 2],
    /// Where the source really is: the dataset's own path leads there on the first host alone.
    real: PathBuf,
    token: String,
}

impl World {
    /// `shared`: whether both hosts see the source under its path.
    fn new(shared: bool) -> World {
        let (server, node) = (Home::new(), Home::new());
        let real = server.join("real");
        let mut rng = Rng::seeded();
        let big: Vec<u8> = (0..5_500_000).map(|_| rng.below(256) as u8).collect();
        fs::create_dir_all(real.join("cold")).expect("made");
        fs::write(real.join("big.bin"), &big).expect("written");
        fs::write(real.join("labels.csv"), "label,weight\ncat,1\ndog,2\n").expect("written");
        fs::write(real.join("empty"), "").expect("written");
        for number in 0..40 {
            fs::write(real.join(format!("cold/{number}.bin")), &big[number * 1000..][..70_000]).expect("written");
        }
        let seen = server.join("src");
        fs::create_dir(&seen).expect("made");
        // On the node, another file is under the name of one.
        fs::write(seen.join("labels.csv"), "of the node").expect("written");
        let [a, b] = Host::two();
        let (a, b) = match shared {
            false => (a.only_here(&seen, &real), b),
            true => {
                fs::remove_dir_all(&seen).expect("ours");
                fs::rename(&real, &seen).expect("ours");
                (a, b)
            }
        };
        let mut world =
            World { real: if shared { seen } else { real }, server, node, hosts: [a, b], token: String::new() };
        world.on_server("import d src");
        world.token = world.server.ok("token new node --role viewer").trim().to_owned();
        world
    }

    fn ok(&self, mut command: Command) -> String {
        let output = command.output().expect("it starts");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{command:?}: {out}{err}");
        out.into_owned()
    }

    fn on_server(&self, line: &str) -> String {
        self.ok(self.hosts[0].run(&self.server.command(line.split(' '))))
    }

    fn node_command(&self, line: &str) -> Command {
        let mut command = self.node.command(["--store", URL].into_iter().chain(line.split(' ')));
        command.env("VENEER_TOKEN", &self.token);
        self.hosts[1].run(&command)
    }

    fn serve(&self) -> Service {
        let line = ["serve", "--host", "10.90.0.1", "--port", "5015", "--dashboard-port", "0"];
        Service::of(self.hosts[0].run(&self.server.command(line)).stdin(Stdio::null()).stderr(Stdio::null()))
    }

    fn mount(&self) -> PathBuf {
        let folder = self.node.join("mnt");
        fs::create_dir_all(&folder).expect("made");
        self.ok(self.node_command(&format!("mount d mnt --wait {} --cache-size 1G", PATIENCE.as_secs())));
        folder
    }

    /// How many times a part of the source went over the wire, as the service counts.
    fn source_requests(&self) -> u64 {
        let mut stream = UnixStream::connect(self.server.store().join("service.sock")).expect("it listens");
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("text");
        assert!(text.contains("veneer_http_requests_total"), "{text}");
        let counted =
            text.lines().filter(|line| line.starts_with("veneer_http_requests_total") && line.contains("/sources/"));
        counted.map(|line| line.rsplit(' ').next().expect("a number").parse::<u64>().expect("a number")).sum()
    }

    /// Checks that a file of the mount has the source's bytes.
    fn same(&self, mount: &Path, path: &str) {
        let expected = fs::read(self.real.join(path)).expect("the source");
        assert!(read_anew(&mount.join(path)).expect(path) == expected, "{path} has other bytes");
    }
}

/// Reads a file, and not what the kernel still has of it.
fn read_anew(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    fadvise(&file, 0, None, Advice::DontNeed)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[test]
fn a_mount_over_a_url_reads_follows_and_outlives_its_service() {
    need!(skip::mounting(), hosts());
    let world = World::new(false);
    let service = world.serve();
    let mount = world.mount();
    for path in ["big.bin", "labels.csv", "empty", "cold/0.bin"] {
        world.same(&mount, path);
    }
    let requests = world.source_requests();
    assert_eq!(requests, 8, "6 blocks and 2 small files");
    for path in ["big.bin", "labels.csv"] {
        world.same(&mount, path);
    }
    assert_eq!(world.source_requests(), requests, "kept on the disk");
    tells_the_url(&world, &mount);

    // What is committed on one host is followed on the other: the source's bytes with an edit laid over.
    world.on_server("set d labels --key 0 label=lion");
    world.on_server("commit d -m lion");
    let lion = "label,weight\nlion,1\ndog,2\n";
    let follows = |expected: &str| {
        let shows = || fs::read_to_string(mount.join("labels.csv")).is_ok_and(|text| text == expected);
        assert!(wait::until(SOON, shows).is_some(), "the mount does not follow to {expected:?}");
    };
    follows(lion);

    // The service is gone: names and what was read are there, the rest fails after a while.
    assert!(!service.stop(Signal::KILL).success());
    let mut names: Vec<_> =
        fs::read_dir(mount.join("cold")).expect("listed").map(|entry| entry.expect("one").file_name()).collect();
    names.sort();
    assert_eq!(names.len(), 40);
    assert_eq!(fs::metadata(mount.join("cold/39.bin")).expect("known").len(), 70_000);
    thread::scope(|scope| {
        // More of them than the daemon has threads.
        let readers: Vec<_> = (1..31)
            .map(|number| {
                let path = mount.join(format!("cold/{number}.bin"));
                scope.spawn(move || wait::timed(|| read_anew(&path)))
            })
            .collect();
        thread::sleep(Duration::from_millis(500));
        let begun = Instant::now();
        for path in ["big.bin", "cold/0.bin"] {
            world.same(&mount, path);
        }
        assert_eq!(read_anew(&mount.join("labels.csv")).expect("kept"), lion.as_bytes());
        let taken = begun.elapsed();
        assert!(taken < PATIENCE / 2, "what is kept was held up for {taken:?}");
        for reader in readers {
            let (read, waited) = reader.join().expect("no panic");
            assert_eq!(read.expect_err("it is away").raw_os_error(), Some(libc::EIO));
            assert!(waited >= PATIENCE - Duration::from_secs(1), "it waited for {waited:?} only");
        }
    });

    // A reader that waits gets what it waits for, and the mount follows again.
    let waiting = mount.join("cold/32.bin");
    let reader = thread::spawn(move || read_anew(&waiting));
    thread::sleep(Duration::from_secs(1));
    let service = world.serve();
    assert!(reader.join().expect("no panic").is_ok(), "the reader did not wait for the service");
    for number in 1..39 {
        world.same(&mount, &format!("cold/{number}.bin"));
    }
    world.on_server("set d labels --key 1 label=wolf");
    world.on_server("commit d -m wolf");
    follows("label,weight\nlion,1\nwolf,2\n");

    // A source that has changed is an error, and never other bytes.
    fs::write(world.real.join("cold/39.bin"), vec![7; 70_000]).expect("written");
    let changed = read_anew(&mount.join("cold/39.bin")).map(|bytes| bytes.len());
    assert_eq!(changed.expect_err("another file").raw_os_error(), Some(libc::ESTALE));
    drop(service);
}

fn tells_the_url(world: &World, mount: &Path) {
    let info = fs::read_to_string(mount.join(".veneer/info.json")).expect("there");
    assert!(info.contains(URL) && info.contains("\"follow\""), "{info}");
    let mounts = world.ok(world.node_command("--json mounts"));
    assert!(mounts.contains(URL) && mounts.contains("\"live\""), "{mounts}");
    let stat = world.ok(world.node_command(&format!("stat {}", mount.join("labels.csv").display())));
    assert!(stat.contains("labels.csv"), "{stat}");
    // The token is nowhere where others could read it.
    for process in fs::read_dir("/proc").expect("Linux has it").flatten() {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&line).contains(&world.token), "{}", process.path().display());
    }
    let status = world.node_command("status d").output().expect("it starts");
    assert!(String::from_utf8_lossy(&status.stderr).contains(URL), "{status:?}");
    let refused = world.node_command("mount d mnt2 --writable").output().expect("it starts");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("hint:") && said.contains("--writable"), "{said}");
}

#[test]
fn a_mount_over_a_url_takes_over_and_shows_all_revisions() {
    need!(skip::mounting(), hosts());
    let world = World::new(false);
    let service = world.serve();
    world.on_server("tag d v1");
    fs::create_dir_all(world.node.join("all")).expect("made");
    world.ok(world.node_command("mount d all --all"));
    world.same(&world.node.join("all/@v1"), "labels.csv");
    world.same(&world.node.join("all/main"), "cold/1.bin");
    let mount = world.mount();
    let file = File::open(mount.join("cold/2.bin")).expect("open");
    let info = || -> serde_json::Value {
        serde_json::from_slice(&fs::read(mount.join(".veneer/info.json")).unwrap_or_default()).unwrap_or_default()
    };
    let before = info()["pid"].as_i64().expect("a process");
    let process = rustix::process::Pid::from_raw(i32::try_from(before).expect("a number")).expect("not 0");
    rustix::process::kill_process(process, Signal::KILL).expect("our own daemon");
    world.same(&mount, "cold/2.bin");
    drop(file);
    assert!(wait::until(SOON, || info()["pid"].as_i64().is_some_and(|now| now != before)).is_some());
    world.on_server("set d labels --key 0 label=lion");
    world.on_server("commit d -m lion");
    let shows = |mount: &Path| fs::read_to_string(mount.join("labels.csv")).is_ok_and(|text| text.contains("lion"));
    assert!(wait::until(SOON, || shows(&mount) && shows(&world.node.join("all/main"))).is_some());
    world.same(&world.node.join("all/@v1"), "labels.csv");

    // Once more, while nobody can be asked for anything.
    assert!(!service.stop(Signal::KILL).success());
    let before = info()["pid"].as_i64().expect("a process");
    let process = rustix::process::Pid::from_raw(i32::try_from(before).expect("a number")).expect("not 0");
    rustix::process::kill_process(process, Signal::KILL).expect("our own daemon");
    assert!(wait::until(SOON, || info()["pid"].as_i64().is_some_and(|now| now != before)).is_some());
    world.same(&mount, "cold/2.bin");
    assert_eq!(fs::read_dir(mount.join("cold")).expect("listed").count(), 40);
}

#[test]
fn a_node_that_has_the_same_files_gets_no_byte_of_the_source_over_the_wire() {
    need!(skip::mounting(), hosts());
    let world = World::new(true);
    let _service = world.serve();
    let mount = world.mount();
    for path in ["big.bin", "labels.csv", "cold/0.bin"] {
        world.same(&mount, path);
    }
    world.on_server("set d labels --key 0 label=lion");
    world.on_server("commit d -m lion");
    let shows = || fs::read_to_string(mount.join("labels.csv")).is_ok_and(|text| text.contains("lion"));
    assert!(wait::until(SOON, shows).is_some(), "the mount does not follow");
    assert_eq!(world.source_requests(), 0);
}

#[test]
fn the_whole_loop_works_where_there_is_only_loopback() {
    need!(skip::mounting(), hosts());
    let (home, host) = (Home::new(), Host::alone());
    let ok = |line: &str| {
        let output = host.run(&home.command(line.split(' '))).output().expect("it starts");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "veneer {line}: {out}{err}");
        out.into_owned()
    };
    home.source("src", &harness::source! { "labels.csv": "label,weight\ncat,1\n", "a.txt": "a" });
    ok("import d src");
    let serve = home.command(["serve", "--port", "5015", "--dashboard-port", "0"]);
    let _service = Service::of(host.run(&serve).stdin(Stdio::null()).stderr(Stdio::null()));
    for (folder, line) in [("here", "mount d here"), ("there", "--store http://127.0.0.1:5015 mount d there")] {
        fs::create_dir(home.join(folder)).expect("made");
        ok(line);
    }
    ok("set d labels --key 0 label=lion");
    ok("commit d -m lion");
    ok("--store http://127.0.0.1:5015 set d labels --key 0 weight=9");
    ok("--store http://127.0.0.1:5015 commit d -m nine");
    for folder in ["here", "there"] {
        let text = || fs::read_to_string(home.join(folder).join("labels.csv")).unwrap_or_default();
        assert!(wait::until(SOON, || text() == "label,weight\nlion,9\n").is_some(), "{folder}: {}", text());
        assert_eq!(fs::read_to_string(home.join(folder).join("a.txt")).expect("there"), "a");
    }
}
