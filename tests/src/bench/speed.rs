//! The mount at work: the same reading through Veneer, its peers and the bare source, in turns.
//!
//! Every time through a mount is divided by one of the bare source a moment
//! before or after it; a row is the median of such pairs. A bind mount of the
//! source runs along: how far its ratios are from 1 is how noisy the run was.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::{Home, Rng, binaries, skip};

use crate::contenders::{self, Contender};
use crate::machine;
use crate::ratios::{Goals, Pair, Ratios, ratio_of};
use crate::readers::{self, Took, Work};
use crate::world::tell;

/// How big it is all made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Files of 4–12 KiB.
    pub(crate) files: usize,
    /// Mebibytes of the one big file.
    pub(crate) big_mib: usize,
    /// Pairs of each row.
    pub(crate) pairs: usize,
}

/// A line of the table.
struct Question {
    name: &'static str,
    tree: &'static str,
    work: Work,
    cold: bool,
    goals: Goals,
}

const fn question(
    name: &'static str,
    tree: &'static str,
    work: Work,
    cold: bool,
    (small, large): (f64, f64),
) -> Question {
    Question { name, tree, work, cold, goals: Goals { small, large } }
}

/// The contender that is the source itself.
pub(crate) const CONTROL: &str = "bind mount";
/// Beyond these, what was measured is noise.
pub(crate) const CONTROL_BOUNDS: std::ops::RangeInclusive<f64> = 0.9..=1.1;
/// How often a row is measured until the machine is quiet; a row that never was is marked.
const ATTEMPTS_MAX: usize = 3;

/// No goal.
const ANY: f64 = f64::INFINITY;
const WARM: bool = false;
const COLD: bool = true;
/// How long a turn of what is cached takes at least, so that one interruption does not decide it.
const LONG_ENOUGH: Duration = Duration::from_millis(40);

/// The workloads, with what is to be reached by each profile.
const QUESTIONS: [Question; 21] = [
    question("list, warm", "small", Work::List, WARM, (ANY, ANY)),
    question("find + stat, cold", "small", Work::Walk, COLD, (0.6, ANY)),
    question("find + stat, warm", "small", Work::Walk, WARM, (1.12, ANY)),
    question("stat, warm", "small", Work::Stat, WARM, (ANY, ANY)),
    question("8 KiB epoch, cold", "small", Work::Epoch(1), COLD, (1.5, ANY)),
    question("8 KiB epoch, warm", "small", Work::Epoch(1), WARM, (1.2, ANY)),
    question("8 KiB epoch by 4, cold", "small", Work::Epoch(4), COLD, (1.5, ANY)),
    question("8 KiB epoch by 4, warm", "small", Work::Epoch(4), WARM, (1.2, ANY)),
    question("8 KiB Python, warm", "small", Work::Python, WARM, (1.7, ANY)),
    question("110 KB epoch, cold", "img", Work::Epoch(1), COLD, (1.5, ANY)),
    question("110 KB epoch, warm", "img", Work::Epoch(1), WARM, (1.1, ANY)),
    question("110 KB epoch by 4, cold", "img", Work::Epoch(4), COLD, (1.5, ANY)),
    question("110 KB epoch by 4, warm", "img", Work::Epoch(4), WARM, (1.1, ANY)),
    question("110 KB Python, warm", "img", Work::Python, WARM, (1.35, ANY)),
    question("big sequential, cold", "big", Work::Sequence, COLD, (1.5, 1.03)),
    question("big sequential, warm", "big", Work::Sequence, WARM, (1.8, 1.03)),
    question("big random 4 KiB, cold", "big", Work::Random(1_000), COLD, (ANY, 1.03)),
    question("big random 4 KiB, warm", "big", Work::Random(20_000), WARM, (1.0, 1.03)),
    question("big mapped, warm", "big", Work::MappedSequence, WARM, (1.0, 1.03)),
    question("big mapped random, cold", "big", Work::MappedRandom(1_000), COLD, (ANY, 1.03)),
    question("big mapped random, warm", "big", Work::MappedRandom(20_000), WARM, (1.0, 1.03)),
];

/// Measures all of it.
pub(crate) fn measure(scale: Scale) -> Ratios {
    let mut ratios = Ratios::default();
    if let Err(why) = skip::mounting() {
        tell(&format!("the mount is not measured: {why}"));
        return ratios;
    }
    let data = binaries::workspace().join("target/bench-data");
    fs::create_dir_all(&data).expect("the target folder can be written");
    let trees = Trees::new(&data, scale);
    let home = Home::within(&data);
    home.ok(&format!("import d {}", trees.root.display()));
    let contenders = contenders::all(&home, &trees.root);
    let may_drop = machine::drop_caches();
    if !may_drop {
        tell("nothing is measured cold: only root may drop the caches");
    }
    for question in &QUESTIONS {
        let is_possible = question.work != Work::Python || skip::command("python3").is_ok();
        if is_possible && (may_drop || !question.cold) {
            ask(question, &trees, &contenders, scale.pairs, &mut ratios);
        }
    }
    ratios
}

/// Every contender in turns, each beside a turn of the bare source, before or behind it.
fn ask(question: &Question, trees: &Trees, contenders: &[Contender<'_>], pairs: usize, ratios: &mut Ratios) {
    let (source, others) = contenders.split_first().expect("the source is the first");
    let mut rounds = 1;
    if !question.cold {
        for contender in others {
            once(question, trees, contender, rounds);
        }
        once(question, trees, source, rounds);
        let warm = once(question, trees, source, rounds).time;
        rounds = (LONG_ENOUGH.as_nanos() / warm.as_nanos().max(1)).clamp(1, 50) as usize;
    }
    let turn = |contender: &Contender<'_>| once(question, trees, contender, rounds);
    let mut found = Vec::new();
    for _ in 0..ATTEMPTS_MAX {
        found = in_turns(source, others, pairs, &turn);
        if is_quiet(others, &found) {
            break;
        }
        tell(&format!("{}: the machine was too noisy; once more", question.name));
    }
    for (contender, pairs) in others.iter().zip(&found) {
        ratios.add(question.name, contender.name, pairs, question.goals);
    }
}

/// Pairs of turns, for each contender, with its turn first in every other one.
pub(crate) fn in_turns(
    source: &Contender<'_>,
    others: &[Contender<'_>],
    pairs: usize,
    turn: &dyn Fn(&Contender<'_>) -> Took,
) -> Vec<Vec<Pair>> {
    let mut found: Vec<Vec<Pair>> = others.iter().map(|_| Vec::new()).collect();
    for number in 0..pairs {
        for (index, contender) in others.iter().enumerate() {
            let (mount, bare) = if (number + index).is_multiple_of(2) {
                let bare = turn(source);
                (turn(contender), bare)
            } else {
                let mount = turn(contender);
                (mount, turn(source))
            };
            found[index].push(Pair { mount, bare });
        }
    }
    found
}

/// Whether the bind mount, which is the source itself, took as long as the source.
fn is_quiet(others: &[Contender<'_>], found: &[Vec<Pair>]) -> bool {
    let control = others.iter().position(|contender| contender.name == CONTROL);
    control.is_none_or(|at| CONTROL_BOUNDS.contains(&ratio_of(&found[at])))
}

fn once(question: &Question, trees: &Trees, contender: &Contender<'_>, rounds: usize) -> Took {
    if question.cold {
        machine::drop_caches();
    }
    let root = contender.root.join(question.tree);
    let before = contender.cpu();
    let (root, files) = match question.tree {
        "small" => (root, trees.small.as_slice()),
        "img" => (root, trees.img.as_slice()),
        _ => (root.join("file"), &[] as &[PathBuf]),
    };
    let mut took = Took::default();
    for _ in 0..rounds {
        let round = readers::run(question.work, &root, files);
        took = Took { time: took.time + round.time, cpu: took.cpu + round.cpu };
    }
    Took { cpu: took.cpu + contender.cpu().saturating_sub(before), ..took }
}

/// The source: many small files, fewer of an image's size, one big file.
struct Trees {
    root: PathBuf,
    /// Paths below `small`, shuffled.
    small: Vec<PathBuf>,
    /// Paths below `img`, shuffled.
    img: Vec<PathBuf>,
}

impl Trees {
    fn new(data: &Path, Scale { files, big_mib, .. }: Scale) -> Trees {
        let root = data.join(format!("speed-{files}-{big_mib}"));
        let (small, img) = (names(files, 100), names(files.div_ceil(5), 20));
        if !root.exists() {
            tell(&format!("making {} in {}", "small files, images and a big file", root.display()));
            let half_done = root.with_extension("new");
            let _ = fs::remove_dir_all(&half_done);
            write_all(&half_done, &small, &img, big_mib).expect("the disk has room for the generated trees");
            fs::rename(&half_done, &root).expect("one folder on one disk");
        }
        Trees { root, small: shuffled(small), img: shuffled(img) }
    }
}

fn names(files: usize, folders: usize) -> Vec<PathBuf> {
    (0..files).map(|number| format!("{:03}/{number:06}", number % folders).into()).collect()
}

fn shuffled(mut names: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut rng = Rng::from_seed(9);
    for at in (1..names.len()).rev() {
        names.swap(at, rng.below(at + 1));
    }
    names
}

fn write_all(root: &Path, small: &[PathBuf], img: &[PathBuf], big_mib: usize) -> std::io::Result<()> {
    let mut rng = Rng::from_seed(10);
    let noise: Vec<u8> = (0..1 << 17).flat_map(|_| rng.bits().to_le_bytes()).collect();
    for (tree, names, least, most) in [("small", small, 4 << 10, 12 << 10), ("img", img, 60_000, 160_000)] {
        for name in names {
            let path = root.join(tree).join(name);
            fs::create_dir_all(path.parent().expect("a folder"))?;
            let (from, len) = (rng.below(noise.len() - most), least + rng.below(most - least));
            fs::write(path, &noise[from..from + len])?;
        }
    }
    fs::create_dir_all(root.join("big"))?;
    let mut file = File::create(root.join("big/file"))?;
    (0..big_mib).try_for_each(|_| file.write_all(&noise))?;
    file.sync_all()
}

/// What a run may take by default.
pub(crate) const DEFAULT: Scale = Scale { files: 5_000, big_mib: 256, pairs: 7 };
