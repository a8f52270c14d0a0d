//! Folders of images, by their names alone: what is an image, which part of the data it belongs to, and its class.
//!
//! What loaders take for it is taken for it: a folder for each class, perhaps
//! below a folder for each split (`train/cat/1.png`, `cat/1.png`, `images/train/cat/1.png`).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::DataPath;

/// The endings of images' names, in small letters.
const ENDINGS: [&[u8]; 22] = [
    b"jpg", b"jpeg", b"jpe", b"jfif", b"png", b"apng", b"gif", b"bmp", b"dib", b"webp", b"tif", b"tiff", b"ppm",
    b"pgm", b"pbm", b"pnm", b"avif", b"heic", b"jp2", b"mpo", b"dng", b"svg",
];

/// Folders that say nothing but that images are in them.
const PLAIN: [&str; 9] = ["images", "image", "imgs", "img", "data", "dataset", "jpegimages", "photos", "pictures"];

/// Words in the names of folders of splits.
const BESIDE_SPLITS: [&str; 4] = ["set", "seg", "split", "folder"];

/// Whether a file with this name is an image.
pub fn is_image(name: &[u8]) -> bool {
    let Some(dot) = name.iter().rposition(|byte| *byte == b'.') else { return false };
    let ending = name[dot + 1..].to_ascii_lowercase();
    dot > 0 && ENDINGS.contains(&ending.as_slice())
}

/// The part of the data that a word speaks of: `train`, `val` or `test`.
pub fn split_of(word: &str) -> Option<&'static str> {
    let word = word.trim_end_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '_' | '-'));
    Some(match word.to_ascii_lowercase().as_str() {
        "train" | "training" | "trainset" => "train",
        "val" | "valid" | "validation" | "dev" | "valset" => "val",
        "test" | "testing" | "testset" => "test",
        _ => return None,
    })
}

/// As [`split_of`], of a folder, whose name may say besides what is in it: `training_set`, `seg_test`, `val_images`.
fn split_of_folder(name: &str) -> Option<&'static str> {
    let words = || name.split(['_', '-', ' ', '.']);
    let is_other = |word: &&str| split_of(word).is_none();
    let others = words().filter(is_other).map(str::to_ascii_lowercase);
    let is_beside = |word: String| {
        word.bytes().all(|byte| byte.is_ascii_digit()) || BESIDE_SPLITS.contains(&word.as_str()) || is_plain(&word)
    };
    if !others.into_iter().all(is_beside) {
        return None;
    }
    split_of(name).or_else(|| words().find_map(split_of))
}

/// The part of the data that a file's name speaks of: `instances_train2017.json` is of `train`.
pub fn split_in_name(name: &str) -> Option<&'static str> {
    name.split(|letter: char| !letter.is_ascii_alphanumeric()).find_map(split_of)
}

/// What a folder with images in it means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meaning {
    /// The part of the data.
    pub split: Option<&'static str>,
    /// The class, and how many names from the top its folder has.
    pub class: Option<(String, usize)>,
}

/// What all folders with images mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// By folder.
    pub folders: BTreeMap<DataPath, Meaning>,
    /// The classes, in order; none where folders are no classes.
    pub classes: Vec<String>,
    /// The folders that class folders are in.
    pub roots: BTreeSet<DataPath>,
    /// How many names come between a split, or the top, and the class.
    skip: usize,
}

impl Layout {
    /// Finds out what folders mean of which each has an image in it.
    pub fn of(folders: &BTreeSet<DataPath>) -> Layout {
        Layout::like(folders, None)
    }

    /// As [`Layout::of`], where the same files once were in folders of classes, as `first` says.
    ///
    /// So many names come before the class still where one class alone is left, which by itself would name the dataset.
    pub fn like(folders: &BTreeSet<DataPath>, first: Option<&Layout>) -> Layout {
        let names = |folder: &DataPath| -> Vec<String> {
            folder.components().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
        };
        let all: Vec<(&DataPath, Vec<String>)> = folders.iter().map(|folder| (folder, names(folder))).collect();
        let splits = split_folders(&all);
        let mut placed: Vec<(&DataPath, &[String], Option<&'static str>, usize)> = Vec::new();
        for (folder, names) in &all {
            let at = (0..names.len()).find(|at| splits.contains(&names[..=*at]));
            let mut from = at.map_or(0, |at| at + 1);
            // Some archives have a folder of its own name in each.
            let is_again = |name: &String| at.is_some_and(|at| names[at] == *name);
            while names.get(from).is_some_and(|name| is_plain(name) || is_again(name)) {
                from += 1;
            }
            placed.push((folder, names, at.and_then(|at| split_of_folder(&names[at])), from));
        }
        // What all have in common names the dataset and no class, unless it stands below a split.
        let has_splits = placed.iter().any(|(_, _, split, _)| split.is_some());
        let class_names = |skip: usize| -> BTreeSet<&str> {
            placed.iter().filter_map(|(_, names, _, from)| names.get(from + skip).map(String::as_str)).collect()
        };
        let mut skip = (0..).find(|skip| has_splits || class_names(*skip).len() != 1).unwrap_or(0);
        if let Some(first) = first.filter(|first| !first.classes.is_empty() && first.skip < skip) {
            let (now, then) = (class_names(skip), class_names(first.skip));
            let are_known = then.iter().all(|name| first.classes.iter().any(|class| class == name));
            if now.is_empty() || are_known {
                skip = first.skip;
            }
        }
        let classes: Vec<String> = class_names(skip).into_iter().map(str::to_owned).collect();
        let mut layout = Layout { classes, skip, ..Layout::default() };
        for (folder, names, split, from) in placed {
            let class = names.get(from + skip).map(|name| (name.clone(), from + skip + 1));
            if let Some((_, depth)) = &class {
                layout.roots.extend(above(folder, depth - 1));
            }
            layout.folders.insert(folder.clone(), Meaning { split, class });
        }
        layout
    }

    /// Whether other folders beside these might have given another meaning to the same names.
    pub fn is_in_doubt(&self) -> bool {
        self.skip > 0 || self.classes.is_empty()
    }

    /// The same, where folders are no classes.
    #[must_use]
    pub fn without_classes(mut self) -> Layout {
        self.folders.values_mut().for_each(|meaning| meaning.class = None);
        Layout { classes: Vec::new(), roots: BTreeSet::new(), ..self }
    }

    /// As [`Layout::of`], where there are empty folders, too: those may be classes that have lost their images.
    pub fn with_empty(folders: &BTreeSet<DataPath>, empty: &[DataPath], first: Option<&Layout>) -> Layout {
        let mut layout = Layout::like(folders, first);
        if layout.classes.is_empty() {
            let all = folders.iter().chain(empty).cloned().collect();
            layout = Layout::like(&all, first);
            layout.folders.retain(|folder, _| folders.contains(folder));
            if layout.folders.values().all(|meaning| meaning.class.is_none()) {
                return layout.without_classes();
            }
        }
        empty.iter().for_each(|folder| layout.add_empty(folder));
        layout
    }

    /// Takes a folder without images for a class, if it stands where classes do.
    fn add_empty(&mut self, folder: &DataPath) {
        let name = String::from_utf8_lossy(folder.name()).into_owned();
        let is_there = folder.parent().is_some_and(|parent| self.roots.contains(&parent));
        if is_there
            && split_of_folder(&name).is_none()
            && let Err(at) = self.classes.binary_search(&name)
        {
            self.classes.insert(at, name);
        }
    }
}

/// The folder that has the first `depth` names of another.
pub fn above(folder: &DataPath, depth: usize) -> Option<DataPath> {
    let count = folder.components().count();
    std::iter::successors(Some(folder.clone()), DataPath::parent).nth(count.checked_sub(depth)?)
}

fn is_plain(name: &str) -> bool {
    PLAIN.contains(&name.to_ascii_lowercase().as_str())
}

/// The folders named as splits are, beside which there is none with images that is not: `train` beside `car` is a class.
fn split_folders<'a>(all: &'a [(&DataPath, Vec<String>)]) -> BTreeSet<&'a [String]> {
    let mut beside: BTreeMap<&[String], BTreeSet<&str>> = BTreeMap::new();
    for (_, names) in all {
        for (at, name) in names.iter().enumerate() {
            beside.entry(&names[..at]).or_default().insert(name);
        }
    }
    let is_split = |name: &str| split_of_folder(name).is_some() || is_plain(name);
    let mut found = BTreeSet::new();
    for (_, names) in all {
        let at = (0..names.len()).find(|at| {
            split_of_folder(&names[*at]).is_some() && beside[&names[..*at]].iter().all(|name| is_split(name))
        });
        found.extend(at.map(|at| &names[..=at]));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `folder split class` of each folder, and the classes.
    fn check(folders: &[&str], expected: &[&str], classes: &[&str]) {
        let folders = folders.iter().map(|folder| folder.parse().expect("a path")).collect();
        let layout = Layout::of(&folders);
        let told = layout.folders.iter().map(|(folder, meaning)| {
            let class = meaning.class.as_ref().map_or("-", |(class, _)| class);
            format!("{folder} {} {class}", meaning.split.unwrap_or("-"))
        });
        assert_eq!(told.collect::<Vec<_>>(), expected);
        assert_eq!(layout.classes, classes);
    }

    #[test]
    fn folders_are_classes_perhaps_below_splits() {
        check(&["cat", "dog"], &["cat - cat", "dog - dog"], &["cat", "dog"]);
        check(
            &["images/train/cat", "images/train/dog/big", "images/val2/cat"],
            &["images/train/cat train cat", "images/train/dog/big train dog", "images/val2/cat val cat"],
            &["cat", "dog"],
        );
        check(&["train/cat"], &["train/cat train cat"], &["cat"]);
        check(
            &["seg_test/sea", "training_set/training_set/cats", "training_set/training_set/dogs"],
            &[
                "seg_test/sea test sea",
                "training_set/training_set/cats train cats",
                "training_set/training_set/dogs train dogs",
            ],
            &["cats", "dogs", "sea"],
        );
        check(&["train_1/cat", "val-2/cat"], &["train_1/cat train cat", "val-2/cat val cat"], &["cat"]);
        check(
            &["test_tubes", "train_sets"],
            &["test_tubes - test_tubes", "train_sets - train_sets"],
            &["test_tubes", "train_sets"],
        );
        check(&["pets/cat", "pets/dog"], &["pets/cat - cat", "pets/dog - dog"], &["cat", "dog"]);
    }

    #[test]
    fn a_class_that_has_lost_its_images_is_one_still() {
        let folders =
            |names: &[&str]| names.iter().map(|name| name.parse().expect("a path")).collect::<Vec<DataPath>>();
        let classes = |images: &[&str], empty: &[&str]| {
            Layout::with_empty(&folders(images).into_iter().collect(), &folders(empty), None).classes
        };
        assert_eq!(classes(&["cat"], &["dog"]), ["cat", "dog"]);
        assert_eq!(classes(&["cat", "dog"], &["fox", "x/y"]), ["cat", "dog", "fox"]);
        assert_eq!(classes(&["images"], &["out"]), Vec::<String>::new());
    }

    #[test]
    fn the_last_class_of_folders_of_classes_is_one_still() {
        let of =
            |names: &[&str]| names.iter().map(|name| name.parse().expect("a path")).collect::<BTreeSet<DataPath>>();
        let classes = |first: &[&str], now: &[&str]| Layout::like(&of(now), Some(&Layout::of(&of(first)))).classes;
        assert_eq!(classes(&["cat", "dog"], &["cat"]), ["cat"]);
        assert_eq!(classes(&["cat", "dog"], &["pet"]), ["pet"], "both were merged into a new one");
        assert_eq!(classes(&["pets/cat", "pets/dog"], &["pets/cat"]), ["cat"]);
        assert_eq!(classes(&["cat", "dog/big", "dog/small"], &["dog/big", "dog/small"]), ["dog"]);
        assert_eq!(classes(&["cat", "dog"], &["pets/cat", "pets/dog"]), ["cat", "dog"], "they were moved together");
        assert_eq!(classes(&["images"], &["images"]), Vec::<String>::new());
    }

    #[test]
    fn a_split_beside_classes_is_a_class() {
        check(&["bus", "car", "train"], &["bus - bus", "car - car", "train - train"], &["bus", "car", "train"]);
    }

    #[test]
    fn folders_that_all_images_are_in_are_no_classes() {
        check(&["images"], &["images - -"], &[]);
        check(&["images/train", "images/val"], &["images/train train -", "images/val val -"], &[]);
        check(&[""], &[". - -".trim_start_matches('.')], &[]);
    }

    #[test]
    fn names_are_images_and_speak_of_splits() {
        let images = ["a.PNG", "b.jpeg", ".png", "c.txt", "d"].map(|name| is_image(name.as_bytes()));
        assert_eq!(images, [true, true, false, false, false]);
        let splits = ["instances_train2017.json", "val.csv", "training_set", "trainer.json"].map(split_in_name);
        assert_eq!(splits, [Some("train"), Some("val"), Some("train"), None]);
    }
}
