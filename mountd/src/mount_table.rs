//! What is mounted where: `/proc/self/mountinfo`, and nothing of ours.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// The file system type under which a mount of ours is listed.
pub const FS_TYPE: &str = "fuse.veneer";

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Major and minor number of the device: unique to a live FUSE mount.
    pub device: (u32, u32),
    /// The folder that it covers.
    pub point: PathBuf,
    /// As in `ext4`, `fuse.veneer`.
    pub fs_type: String,
}

/// Returns what is mounted, in the order in which it was mounted.
pub fn read() -> io::Result<Vec<Mount>> {
    Ok(parse(&fs::read("/proc/self/mountinfo")?))
}

/// Returns what is seen at `point`: the topmost of the mounts on it.
pub fn topmost(point: &Path) -> io::Result<Option<Mount>> {
    Ok(read()?.into_iter().rfind(|mount| mount.point == point))
}

fn parse(table: &[u8]) -> Vec<Mount> {
    table.split(|&b| b == b'\n').filter_map(parse_line).collect()
}

/// `36 35 98:0 /root /point rw,noatime optional… - type source options`
fn parse_line(line: &[u8]) -> Option<Mount> {
    let mut words = line.split(|&b| b == b' ');
    let device = std::str::from_utf8(words.nth(2)?).ok()?;
    let (major, minor) = device.split_once(':')?;
    let point = unescape(words.nth(1)?);
    let fs_type = words.skip_while(|word| *word != b"-").nth(1)?;
    Some(Mount {
        device: (major.parse().ok()?, minor.parse().ok()?),
        point: PathBuf::from(OsString::from_vec(point)),
        fs_type: String::from_utf8_lossy(fs_type).into_owned(),
    })
}

/// Turns `\040` and its like back into the byte that it stands for.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        match (first, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                bytes.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn a_line_is_read_with_its_odd_bytes() {
        let line = b"61 26 0:53 / /mnt/a\\040b\\134c\xe9 ro,nosuid shared:7 master:1 - fuse.veneer traffic@main ro";
        let mount = parse_line(line).expect("a whole line");
        assert_eq!(mount.device, (0, 53));
        assert_eq!(mount.point.as_os_str().as_bytes(), b"/mnt/a b\\c\xe9");
        assert_eq!(mount.fs_type, FS_TYPE);
    }

    #[test]
    fn the_table_of_this_machine_has_a_root() {
        assert!(topmost(Path::new("/")).expect("a table").is_some());
    }
}
