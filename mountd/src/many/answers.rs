//! What a request is answered with: whose folder it is about is found out here, all else is the shared file system's.

use veneer::model::{Entry, Kind};
use veneer::{Error, ErrorKind, Result};

use super::filesystem::{Many, Slot, Top, between_number};
use super::names::{self, AT};
use super::numbers::{Inner, Outer};
use crate::answers::Answers;
use crate::attributes::{Attributes, Listed, Room, Statistics};
use crate::filesystem::{Detail, Opened, Wait};
use crate::inode::Number;
use crate::listing;
use crate::veneer_folder::{self, Item};

/// The longest name of an entry, in bytes.
const NAME_LEN_MAX: usize = 255;

impl Answers for Many {
    fn lookup(&self, folder: Number, name: &[u8]) -> Result<Option<Attributes>> {
        let top = self.top();
        if let Some(inner) = self.inner(folder)? {
            let slot = slot_of(&top, inner)?;
            return self
                .files
                .lookup_in(&slot.shown, inner.number, name)?
                .map(|found| self.tell(slot, found))
                .transpose();
        }
        if folder == Item::folder_number() {
            return top.veneer.file(name).map(|item| self.files.tell_item(item)).transpose();
        }
        match top.between(folder) {
            Some(above) => self.lookup_between(&top, above, name),
            None => self.files.lookup(folder, name),
        }
    }

    fn forget(&self, number: Number, times: u64) {
        match number.is_made().then(|| self.made.find(number)).flatten() {
            Some(inner) => {
                self.made.forget(number, times);
                self.files.forget(inner.number, times);
            }
            None => self.files.forget(number, times),
        }
    }

    fn attributes(&self, number: Number) -> Result<Attributes> {
        let top = self.top();
        if let Some(inner) = self.inner(number)? {
            let slot = slot_of(&top, inner)?;
            return Ok(Attributes { number, ..self.files.attributes_in(&slot.shown, inner.number)? });
        }
        if number == Item::folder_number() {
            return Ok(Attributes::new(number, &top.veneer.folder().entry(), self.owner));
        }
        match top.between(number) {
            Some(name) => Ok(self.between(&top, name)),
            None => self.files.attributes(number),
        }
    }

    fn link_target(&self, number: Number) -> Result<Vec<u8>> {
        self.files.link_target(number)
    }

    fn list(&self, folder: Number, after: u64, detail: Detail, add: &mut dyn FnMut(Listed<'_>) -> Room) -> Result<()> {
        let top = self.top();
        if let Some(inner) = self.inner(folder)? {
            return self.list_inner(&top, inner, after, detail, add);
        }
        if folder == Item::folder_number() {
            return self.list_veneer(&top, after, detail, add);
        }
        match top.between(folder) {
            Some(name) => {
                self.list_between(&top, name, after, add);
                Ok(())
            }
            None => self.files.list(folder, after, detail, add),
        }
    }

    fn read(&self, number: Number, offset: u64, buffer: &mut [u8], wait: Wait) -> Result<Option<usize>> {
        self.files.read(number, offset, buffer, wait)
    }

    fn open(&self, number: Number, wait: Wait) -> Result<Option<Opened>> {
        self.files.open(number, wait)
    }

    fn statistics(&self) -> Result<Statistics> {
        let top = self.top();
        let slot = top.slots.get("main").or_else(|| top.slots.values().find(|slot| slot.listed));
        let totals = slot.map(|slot| slot.shown.totals()).transpose()?.unwrap_or_default();
        Ok(Statistics { bytes: totals.bytes, entries: totals.files + totals.folders + totals.symlinks + 1 })
    }
}

fn slot_of(top: &Top, inner: Inner) -> Result<&Slot> {
    let slot = top.slot(inner.slot).ok_or_else(|| Error::not_found("folder of a revision", inner.slot))?;
    Ok(slot)
}

impl Many {
    /// The number by which the kernel knows a folder in a slot; files have theirs everywhere.
    fn outer(slot: &Slot, attributes: &Attributes) -> Outer {
        match attributes.kind {
            Kind::Folder => Inner { slot: slot.number, number: attributes.number }.outer(),
            Kind::File | Kind::Symlink => Outer::Computed(attributes.number),
        }
    }

    /// The attributes of what the kernel is about to know.
    fn tell(&self, slot: &Slot, attributes: Attributes) -> Result<Attributes> {
        let number = match Many::outer(slot, &attributes) {
            Outer::Computed(number) => number,
            Outer::Made(identity) => {
                self.made.remember(identity, || Inner { slot: slot.number, number: attributes.number })?
            }
        };
        Ok(Attributes { number, ..attributes })
    }

    fn between(&self, top: &Top, name: &str) -> Attributes {
        let entry = Entry { kind: Kind::Folder, size: 0, mtime_ns: top.time_ns(), mode: 0o755 };
        Attributes::new(between_number(name), &entry, self.owner)
    }

    fn lookup_between(&self, top: &Top, above: &str, name: &[u8]) -> Result<Option<Attributes>> {
        if above.is_empty() && name == veneer_folder::NAME {
            return self.files.tell_item(top.veneer.folder()).map(Some);
        }
        if name.len() > NAME_LEN_MAX {
            return Err(Error::invalid("name", &String::from_utf8_lossy(name), "a name has at most 255 bytes"));
        }
        let Ok(name) = std::str::from_utf8(name) else { return Ok(None) };
        let full = if above.is_empty() { name.to_owned() } else { format!("{above}/{name}") };
        if let Some(slot) = top.slots.get(&full) {
            return self.slot_top(slot).map(Some);
        }
        if top.is_between(&full) {
            return Ok(Some(self.between(top, &full)));
        }
        if !above.is_empty() || !name.starts_with(AT) {
            return Ok(None);
        }
        if self.find(name)?
            && let Some(slot) = self.top().slots.get(name)
        {
            return self.slot_top(slot).map(Some);
        }
        // As an error, which the kernel does not remember: there may be such a revision one day.
        Err(Error::new(ErrorKind::NotFound { what: "revision", name: name.to_owned() }))
    }

    fn slot_top(&self, slot: &Slot) -> Result<Attributes> {
        let top = self.files.attributes_in(&slot.shown, Number::ROOT)?;
        Ok(Attributes { number: Inner::top(slot.number).outer().number(), ..top })
    }

    fn list_inner(
        &self,
        top: &Top,
        inner: Inner,
        after: u64,
        detail: Detail,
        add: &mut dyn FnMut(Listed<'_>) -> Room,
    ) -> Result<()> {
        let slot = slot_of(top, inner)?;
        let mut refused = Ok(());
        self.files.list_in(&slot.shown, inner.number, after, detail, &mut |listed| {
            let is_dot = matches!(listed.name, b"." | b"..");
            let outer = Many::outer(slot, &listed.attributes);
            let mut number = outer.number();
            if inner.number == Number::ROOT && listed.name == b".." {
                number = between_number(names::split(&slot.name).0);
            }
            let attributes = Attributes { number, ..listed.attributes };
            if add(Listed { attributes, ..listed }) == Room::Full {
                return Room::Full;
            }
            // Only now is it sure that the kernel will be told of it.
            if detail == Detail::Attributes
                && !is_dot
                && let Err(error) = self.tell(slot, listed.attributes)
            {
                refused = Err(error);
                return Room::Full;
            }
            Room::Taken
        })?;
        refused
    }

    fn list_between(&self, top: &Top, name: &str, after: u64, add: &mut dyn FnMut(Listed<'_>) -> Room) {
        let prefix = if name.is_empty() { String::new() } else { format!("{name}/") };
        let mut entries = vec![
            (listing::SELF, ".", self.between(top, name)),
            (listing::PARENT, "..", self.between(top, names::split(name).0)),
        ];
        let mut children: Vec<(u64, &str, Attributes)> = Vec::new();
        for slot in top.slots.values().filter(|slot| slot.listed) {
            let Some(rest) = slot.name.strip_prefix(&prefix) else { continue };
            let (child, attributes) = match rest.split_once('/') {
                Some((child, _)) => (child, Ok(self.between(top, &format!("{prefix}{child}")))),
                None => (rest, self.slot_top(slot)),
            };
            if children.last().is_none_or(|(_, last, _)| *last != child)
                && let Ok(attributes) = attributes
            {
                children.push((listing::cookie(child.as_bytes()), child, attributes));
            }
        }
        // By cookie: a place that what comes and goes does not move.
        children.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        children.dedup_by(|a, b| a.1 == b.1);
        entries.extend(children);
        for (cookie, name, attributes) in entries {
            if cookie > after && add(Listed { cookie, name: name.as_bytes(), attributes }) == Room::Full {
                return;
            }
        }
    }

    fn list_veneer(
        &self,
        top: &Top,
        after: u64,
        detail: Detail,
        add: &mut dyn FnMut(Listed<'_>) -> Room,
    ) -> Result<()> {
        let folder = Attributes::new(Item::folder_number(), &top.veneer.folder().entry(), self.owner);
        let dots = [(b".".as_slice(), folder, None), (b"..", self.between(top, ""), None)];
        let files = top.veneer.files().map(|(name, item)| {
            let number = Number::of_made(&item.identity());
            (name, Attributes::new(number, &item.entry(), self.owner), Some(item))
        });
        for (cookie, (name, attributes, item)) in (listing::SELF..).zip(dots.into_iter().chain(files)) {
            if cookie <= after {
                continue;
            }
            if add(Listed { cookie, name, attributes }) == Room::Full {
                break;
            }
            if let Some(item) = item.filter(|_| detail == Detail::Attributes) {
                self.files.tell_item(item)?;
            }
        }
        Ok(())
    }
}
