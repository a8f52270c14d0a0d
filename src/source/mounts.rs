//! Telling a Veneer mount from a folder.

use std::os::fd::AsFd;

use rustix::fs::{fstat, fstatfs, major, minor};

use crate::{Error, Result};

/// What `statfs` says of every FUSE file system.
const FUSE_SUPER_MAGIC: i64 = 0x6573_5546;
/// The type of our own mounts in the mount table.
const VENEER_TYPE: &str = "fuse.veneer";

/// Whether the open folder lies in a Veneer mount.
///
/// It goes by the device number, which the folder and its line in the mount
/// table share: so a bind mount, a link to the folder, or something mounted
/// over its path later does not deceive it.
pub fn is_veneer_mount(folder: impl AsFd) -> Result<bool> {
    let failed = |cause: rustix::io::Errno| Error::io("ask which file system the source is on", cause);
    // The type's width and sign differ between architectures; the number has 32 bits.
    #[allow(clippy::unnecessary_cast)]
    if fstatfs(&folder).map_err(failed)?.f_type as i64 & 0xffff_ffff != FUSE_SUPER_MAGIC {
        return Ok(false);
    }
    let device = fstat(&folder).map_err(failed)?.st_dev;
    let table = std::fs::read("/proc/self/mountinfo").map_err(|cause| Error::io("read the mount table", cause))?;
    Ok(type_of_device(&String::from_utf8_lossy(&table), major(device), minor(device)) == Some(VENEER_TYPE))
}

/// The type of the file system with this device number, by a mount table as `/proc/self/mountinfo` has it.
fn type_of_device(table: &str, major: u32, minor: u32) -> Option<&str> {
    let device = format!("{major}:{minor}");
    let line = table.lines().rev().find(|line| line.split(' ').nth(2) == Some(&device))?;
    // A varying number of optional fields ends with a lone dash; the type follows.
    line.split_once(" - ")?.1.split(' ').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
30 22 0:45 / /mnt/my\\040data ro,nosuid shared:7 master:1 - fuse.veneer veneer ro,user_id=0\n\
31 22 0:46 / /mnt/other rw - fuse.sshfs host: rw\n";

    #[test]
    fn the_type_is_found_by_the_device() {
        for (device, expected) in [((254, 0), Some("ext4")), ((0, 45), Some("fuse.veneer")), ((0, 4), None)] {
            assert_eq!(type_of_device(TABLE, device.0, device.1), expected);
        }
    }

    #[test]
    fn an_ordinary_folder_is_no_veneer_mount() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = std::fs::File::open(folder.path()).expect("the folder");
        assert!(!is_veneer_mount(&folder).expect("an answer"));
    }
}
