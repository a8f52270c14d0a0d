//! The entries of a folder, and the cookies by which a listing goes on.
//!
//! `.` is 1, `..` is 2, the i-th child in the base is 3 + i whoever has its
//! name now, and the other names follow in the order of their coming. So what
//! is made or removed meanwhile neither hides nor repeats anything else.

use super::record::Ino;
use super::refused::{Answer, Refused};
use super::{Working, record};
use crate::working::metadata::Told;

const SELF: u64 = 1;
const PARENT: u64 = 2;
const BASE: u64 = 3;
const ADDED: u64 = 1 << 40;

/// Takes an entry: its name, the cookie after it, what is told of it. Returns whether there was room.
pub type Add<'a> = dyn FnMut(&[u8], u64, &Told) -> bool + 'a;

impl Working {
    /// Gives `add` the entries of a folder that come after the cookie `after` (0: all), until there is no room.
    pub fn list(&self, folder: Ino, after: u64, add: &mut Add<'_>) -> Answer<()> {
        let state = self.state();
        let tree = &state.tree;
        let (parent, below) = tree.folder(folder)?;
        let told = |ino| self.told(tree, ino, &tree.inode(ino)?);
        for (cookie, name, ino) in [(SELF, b".".as_slice(), folder), (PARENT, b"..", parent)] {
            if after < cookie && !add(name, cookie, &told(ino)?) {
                return Ok(());
            }
        }
        let spoken = tree.spoken(folder);
        let is_shown = |name: &[u8]| folder != Ino::ROOT || name != crate::veneer_folder::NAME;
        let rows = tree.rows_below(folder)?;
        let skip = if after < BASE { 0 } else { (after + 1 - BASE).min(rows.len() as u64) };
        let first = rows.start + u32::try_from(skip).map_err(|_| Refused(libc::EINVAL))?;
        for row in first..rows.end {
            let name = tree.base().name(row)?;
            let implied = below.map(|(showing, _)| record::Ino::of_row(showing, row));
            let ino = spoken.and_then(|spoken| spoken.get(name)).unwrap_or(implied);
            let cookie = BASE + u64::from(row - rows.start);
            if let Some(ino) = ino
                && is_shown(name)
                && !tree.is_hidden(ino)
                && !add(name, cookie, &told(ino)?)
            {
                return Ok(());
            }
        }
        let Some(spoken) = spoken else { return Ok(()) };
        for (place, name, ino) in spoken.after(after.saturating_sub(ADDED)) {
            if let Some(ino) = ino
                && is_shown(name)
                && !tree.is_hidden(ino)
                && tree.row_under(folder, name)?.is_none()
                && !add(name, ADDED + place, &told(ino)?)
            {
                return Ok(());
            }
        }
        Ok(())
    }
}
