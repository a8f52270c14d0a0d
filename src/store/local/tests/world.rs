//! A store on a simulated disk, and what must be in it whatever happens.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::super::core::Options;
use super::super::fake::{FakeDisk, Random};
use super::super::format::Format;
use super::super::{LocalStore, SweepOptions, fsck, open};
use crate::Result;
use crate::model::{Id, ObjectKind, RefName, RefValue};
use crate::store::{Batch, RefSwap, Store};

/// Small numbers, so that a short run meets every rotation and rewriting.
pub(super) const SMALL: Options =
    Options { wait: Duration::ZERO, rotate_at: 3000, reserve_len: 4096, compact_at: 2000 };

type Refs = BTreeMap<String, RefValue>;

/// A store, and what it has acknowledged.
#[derive(Debug)]
pub(super) struct World {
    pub(super) disk: FakeDisk,
    pub(super) store: Option<LocalStore>,
    random: Random,
    acknowledged: Refs,
    /// What the refs are if the batch went through that was not acknowledged.
    perhaps: Option<Refs>,
    bodies: HashMap<Id, Vec<u8>>,
    /// Objects that were made durable, and not given up since.
    durable: HashSet<Id>,
    put: HashSet<Id>,
    op: u64,
}

impl World {
    pub(super) fn new(seed: u64) -> World {
        let disk = FakeDisk::default();
        open::make(&disk, SMALL).expect("made");
        let mut world = World {
            disk,
            store: None,
            random: Random::new(seed),
            acknowledged: Refs::new(),
            perhaps: None,
            bodies: HashMap::new(),
            durable: HashSet::new(),
            put: HashSet::new(),
            op: 1,
        };
        world.reopen().expect("opened");
        world
    }

    pub(super) fn reopen(&mut self) -> Result<()> {
        self.store = None;
        self.put.clear();
        self.store = Some(open::own(Arc::new(self.disk.clone()), None, SMALL)?);
        Ok(())
    }

    /// The power goes and comes back, at a moment of the seed's choosing.
    pub(super) fn restart(&mut self) {
        self.store = None;
        self.disk.restart(&mut self.random);
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.random.below(bound)
    }

    fn store(&self) -> &LocalStore {
        self.store.as_ref().expect("open")
    }

    fn body(&mut self, large: bool) -> Vec<u8> {
        let len = if large { 65_537 + self.below(9000) } else { self.below(400) } as usize;
        let seed = self.below(u64::from(u32::MAX));
        let mut body = seed.to_be_bytes().repeat(len / 8 + 1);
        body.truncate(len);
        body
    }

    /// Does one thing of many.
    pub(super) fn step(&mut self) -> Result<()> {
        match self.below(20) {
            0..4 => self.put_one(),
            4..17 => self.apply(false),
            17 => self.sweep(),
            18 => self.reopen(),
            _ => self.apply(true),
        }
    }

    fn kind(&mut self) -> ObjectKind {
        ObjectKind::ALL[self.below(6) as usize]
    }

    fn put_one(&mut self) -> Result<()> {
        let large = self.below(4) == 0;
        let body = self.body(large);
        let kind = self.kind();
        let id = match self.below(2) {
            0 => self.store().put(kind, &body)?,
            _ => self.store().put_stream(kind, &mut &body[..])?.0,
        };
        self.bodies.insert(id, body);
        self.put.insert(id);
        Ok(())
    }

    /// Swaps one to three refs to new objects.
    pub(super) fn apply(&mut self, frees_space: bool) -> Result<()> {
        let mut batch = Batch { frees_space, ..Batch::default() };
        let mut refs = self.acknowledged.clone();
        for _ in 0..=self.below(3) {
            let large = self.below(6) == 0;
            let body = self.body(large);
            let id = Id::of(&body);
            let name = format!("heads/d/b{}", self.below(6));
            if batch.swaps.iter().any(|swap| swap.name.as_str() == name) {
                continue;
            }
            let new = (self.below(8) > 0).then_some(id);
            let expected = refs.get(&name).copied();
            let swap = RefSwap { name: RefName::parse(&name).expect("valid"), expected, new };
            match new {
                Some(id) => refs.insert(name, RefValue { id, op: self.op + 1 }),
                None => refs.remove(&name),
            };
            batch.swaps.push(swap);
            batch.objects.push((self.kind(), Bytes::from(body.clone())));
            self.bodies.insert(id, body);
        }
        self.perhaps = Some(refs.clone());
        let op = self.store().apply(&batch)?;
        assert_eq!(op, self.op + 1, "operations are counted");
        self.op = op;
        self.acknowledged = refs;
        self.perhaps = None;
        self.durable.extend(self.put.drain());
        self.durable.extend(batch.objects.iter().map(|(_, body)| Id::of(body)));
        Ok(())
    }

    fn live(&self) -> HashSet<Id> {
        self.acknowledged.values().map(|value| value.id).collect()
    }

    pub(super) fn sweep(&mut self) -> Result<()> {
        let live = self.live();
        self.durable.retain(|id| live.contains(id));
        let put = std::mem::take(&mut self.put);
        self.store().sweep(&mut |id| live.contains(&id), SweepOptions::default())?;
        drop(put);
        Ok(())
    }

    /// Opens the store after a failure, and holds it to all that was acknowledged.
    pub(super) fn recover(&mut self) {
        self.check_whole();
        self.reopen().expect("a crash is no damage");
        self.check();
        self.check_whole();
        let format = Format::read(&self.disk).expect("there");
        let reader = open::read(Arc::new(self.disk.clone()), format, SMALL).expect("readable");
        assert_eq!(refs_of(&reader), self.acknowledged, "a reader sees the same");
    }

    fn check_whole(&self) {
        let report = fsck::check(&self.disk).expect("checked");
        assert!(report.is_clean(), "{report:#?}");
    }

    /// Holds the open store to all that was acknowledged.
    pub(super) fn check(&mut self) {
        let refs = refs_of(self.store());
        if self.perhaps.as_ref() == Some(&refs) && refs != self.acknowledged {
            self.acknowledged = refs;
            self.op += 1;
        } else {
            assert_eq!(refs, self.acknowledged, "all that was acknowledged, or the whole batch beside");
        }
        self.op = self.store().watch_refs(0, Duration::ZERO).expect("an operation").max(self.op);
        self.perhaps = None;
        for id in self.durable.iter().chain(&self.live()) {
            let bytes = self.store().get(*id).expect("an acknowledged object");
            assert_eq!(Some(&bytes[..]), self.bodies.get(id).map(Vec::as_slice), "its bytes");
        }
    }
}

fn refs_of(store: &LocalStore) -> Refs {
    store.list_refs("").expect("listed").into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}
