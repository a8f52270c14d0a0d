//! While somebody holds a mount it stays at its revision, and it moves on as soon as nobody does.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::Duration;

use harness::{Child, Home, Mount, need, skip, source, wait};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(10);
/// How soon a mount moves on, as promised, with slack for a machine that does five other things.
const SOON: Duration = Duration::from_millis(500);
/// Long enough for a mount that is not held to have moved.
const WHILE: Duration = Duration::from_millis(300);

fn home() -> Home {
    Home::with(&source! { "a": "one", "b": "same" })
}

fn commit(home: &Home, text: &str) {
    home.file("new", text);
    home.ok("put d a new");
    home.ok("commit d -m 'a change'");
}

/// A connection that holds, and what was said to it.
fn hold(mount: &Mount<'_>) -> (UnixStream, Value) {
    let socket = mount.info()["control"].as_str().expect("there is a socket").to_owned();
    let mut connection = UnixStream::connect(socket).expect("somebody listens");
    connection.write_all(b"hold\n").expect("it is heard");
    let mut line = String::new();
    BufReader::new(&connection).read_line(&mut line).expect("answered");
    (connection, serde_json::from_str(&line).expect("one line of JSON"))
}

#[test]
fn a_held_mount_stays_until_the_last_holder_lets_go() {
    need!(skip::mounting());
    let home = home();
    let mount = Mount::new(&home, "d");
    let head = home.json("log d -n 1")[0]["id"].clone();
    let (one, told) = hold(&mount);
    assert_eq!((&told["dataset"], &told["ref"], &told["revision"]), (&"d".into(), &"main".into(), &head));
    commit(&home, "two");
    let (other, told) = hold(&mount);
    assert_eq!(told["revision"], head);
    std::thread::sleep(WHILE);
    assert_eq!(mount.text("a"), "one");
    drop(one);
    std::thread::sleep(WHILE);
    assert_eq!((mount.text("a"), mount.text(".veneer/revision").trim()), ("one".into(), head.as_str().expect("an id")));
    drop(other);
    assert!(wait::until(SOON, || mount.text("a") == "two").is_some(), "it moves on at once");
}

#[test]
fn a_held_mount_stays_through_takeovers() {
    need!(skip::mounting());
    let home = home();
    let mount = Mount::new(&home, "d");
    let (mut connection, told) = hold(&mount);
    for round in 0..3 {
        commit(&home, &format!("round {round}"));
        let before = mount.serving();
        kill_process(Pid::from_raw(before as i32).expect("not 0"), Signal::KILL).expect("our own daemon");
        assert!(wait::until(PATIENCE, || mount.serving() != before).is_some());
        std::thread::sleep(WHILE);
        assert_eq!(mount.text("a"), "one", "round {round}");
    }
    home.ok("mounts --restart mnt");
    assert_eq!(mount.text("a"), "one");
    assert_eq!(mount.info()["revision"], told["revision"]);
    connection.write_all(b"hold\n").expect("it is still heard");
    let mut answers = BufReader::new(connection).lines();
    assert!(answers.next().expect("answered").expect("readable").contains("revision"));
    drop(answers);
    assert!(wait::until(SOON, || mount.text("a") == "round 2").is_some());
}

#[test]
fn run_holds_the_mount_while_its_command_runs() {
    need!(skip::mounting(), skip::command("sh"));
    let home = home();
    let mount = Mount::new(&home, "d");
    let head = home.json("log d -n 1")[0]["id"].as_str().expect("an id").to_owned();
    let script = "echo $VENEER_DATASET $VENEER_REVISION; read line; cat mnt/a; exit 7";
    let mut command = home.command(["run", "mnt", "--", "sh", "-c", script]);
    let mut run = Child::start(command.stdin(Stdio::piped()).stdout(Stdio::piped())).expect("it starts");
    let mut lines = BufReader::new(run.stdout().expect("piped"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("readable");
    assert_eq!(line.trim(), format!("d {head}"));
    commit(&home, "two");
    std::thread::sleep(WHILE);
    run.say("go\n");
    let mut rest = String::new();
    lines.read_to_string(&mut rest).expect("readable");
    assert_eq!(rest, "one");
    assert_eq!(run.wait(PATIENCE).expect("our own child").expect("it ends").code(), Some(7));
    assert!(wait::until(SOON, || mount.text("a") == "two").is_some());
}

#[test]
fn a_killed_run_lets_go() {
    need!(skip::mounting(), skip::command("sleep"));
    let home = home();
    let mount = Mount::new(&home, "d");
    let mut command = home.command(["run", "mnt/", "sh", "-c", "echo up; exec sleep 30"]);
    let mut run = Child::start(command.stdout(Stdio::piped())).expect("it starts");
    let mut line = String::new();
    BufReader::new(run.stdout().expect("piped")).read_line(&mut line).expect("readable");
    commit(&home, "two");
    std::thread::sleep(WHILE);
    assert_eq!(mount.text("a"), "one");
    assert_eq!(run.kill(), Some(9));
    assert!(wait::until(SOON, || mount.text("a") == "two").is_some());
}

#[test]
fn run_gives_back_the_exit_code_and_passes_signals_on() {
    need!(skip::mounting(), skip::command("sh"));
    let home = home();
    let mount = Mount::new(&home, "d");
    for (script, code) in [("true", 0), ("exit 3", 3), ("kill -TERM $$", 143), ("kill -KILL $$", 137)] {
        assert_eq!(home.run_args(["run", "mnt", "sh", "-c", script]).code, Some(code), "{script}");
    }
    let script = "trap 'echo told; exit 5' TERM; echo up; while :; do sleep 0.05; done";
    let mut command = home.command(["run", "mnt", "--", "sh", "-c", script]);
    let mut run = Child::start(command.stdout(Stdio::piped())).expect("it starts");
    let mut lines = BufReader::new(run.stdout().expect("piped")).lines();
    assert_eq!(lines.next().expect("a line").expect("readable"), "up");
    run.signal(Signal::TERM);
    assert_eq!(lines.next().expect("a line").expect("readable"), "told");
    assert_eq!(run.wait(PATIENCE).expect("our own child").expect("it ends").code(), Some(5));
    assert!(home.fails("run mnt no-such-command", 127).contains("no-such-command"));
    assert!(home.fails("run src true", 3).contains("not in a mount"));
    mount.unmount();
}

#[test]
fn the_control_socket_is_its_user_s_alone_and_a_pinned_mount_can_be_held_too() {
    need!(skip::mounting());
    let home = home();
    let mount = Mount::new(&home, "d --pin");
    let socket = mount.info()["control"].as_str().expect("there is a socket").to_owned();
    assert_eq!(fs::metadata(&socket).expect("there").permissions().mode() & 0o777, 0o600);
    let (_connection, told) = hold(&mount);
    assert_eq!(told["revision"], mount.info()["revision"]);
    let mut stranger = UnixStream::connect(&socket).expect("somebody listens");
    stranger.write_all(b"something else\n").expect("it is heard");
    let mut line = String::new();
    BufReader::new(&stranger).read_line(&mut line).expect("answered");
    assert!(line.contains("error"), "{line}");
}
