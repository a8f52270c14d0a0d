//! What the numbers were measured on.

use std::fs;
use std::process::Command;

/// Kernel, processors, memory, the disk's file system and the load, as far as Linux tells.
pub(crate) fn describe() -> serde_json::Value {
    let first = |path: &str, key: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).map(str::to_owned);
        line.and_then(|line| line.split_once(':').map(|(_, value)| value.trim().to_owned()))
    };
    serde_json::json!({
        "kernel": said("uname", &["-sr"]),
        "processor": first("/proc/cpuinfo", "model name"),
        "processors": std::thread::available_parallelism().map_or(1, usize::from),
        "memory": first("/proc/meminfo", "MemTotal"),
        "file_system": said("stat", &["-f", "-c", "%T", "."]),
        "load": fs::read_to_string("/proc/loadavg").unwrap_or_default().trim(),
    })
}

/// Now, in UTC.
pub(crate) fn date() -> String {
    said("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"])
}

fn said(command: &str, args: &[&str]) -> String {
    let output = Command::new(command).args(args).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// Drops the page cache and the caches of names and inodes; false where only root may.
pub(crate) fn drop_caches() -> bool {
    rustix::fs::sync();
    fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
}
