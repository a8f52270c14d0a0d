//! Which image is meant by a name in a table: `a.png`, `images/a.png`, `/home/me/images/a.png`.

use std::collections::HashMap;

use crate::model::DataPath;

/// Images by path and by name.
#[derive(Debug, Default)]
pub(super) struct Places {
    by_path: HashMap<Vec<u8>, usize>,
    /// By the last name; several images may have it.
    by_name: HashMap<Vec<u8>, Vec<(usize, DataPath)>>,
    by_stem: HashMap<Vec<u8>, Vec<(usize, DataPath)>>,
}

impl Places {
    /// Adds an image, by a path that it has or had.
    pub(super) fn add(&mut self, path: &DataPath, sample: usize) {
        self.by_path.entry(path.as_bytes().to_vec()).or_insert(sample);
        let named = self.by_name.entry(path.name().to_vec()).or_default();
        if named.iter().all(|(known, _)| *known != sample) {
            named.push((sample, path.clone()));
            self.by_stem.entry(stem(path.name()).to_vec()).or_default().push((sample, path.clone()));
        }
    }

    /// The image at exactly this path.
    pub(super) fn at(&self, path: &DataPath) -> Option<usize> {
        self.by_path.get(path.as_bytes()).copied()
    }

    /// The image that `name` means in a file in `folder`; `is_meant` decides between several of one name.
    pub(super) fn find(&self, folder: &DataPath, name: &str, is_meant: &dyn Fn(usize) -> bool) -> Option<usize> {
        let name = name.trim().replace('\\', "/");
        let exact = [folder.clone(), DataPath::ROOT].into_iter().chain(folder.parent());
        if let Some(found) = exact.filter_map(|folder| joined(&folder, &name)).find_map(|path| self.at(&path)) {
            return Some(found);
        }
        let last = name.rsplit('/').next().filter(|last| !last.is_empty())?;
        let named = self.by_name.get(last.as_bytes())?;
        // The more names agree from the end, the better.
        let agree = |path: &DataPath| {
            let of_path = path.as_bytes().rsplit(|byte| *byte == b'/');
            of_path.zip(name.rsplit('/')).take_while(|(a, b)| *a == b.as_bytes()).count()
        };
        let best = named.iter().map(|(_, path)| agree(path)).max()?;
        let mut candidates: Vec<&(usize, DataPath)> = named.iter().filter(|(_, path)| agree(path) == best).collect();
        if candidates.len() > 1 && candidates.iter().any(|(sample, _)| is_meant(*sample)) {
            candidates.retain(|(sample, _)| is_meant(*sample));
        }
        nearest(folder, &candidates)
    }

    /// The image whose name is that of `path` but for its ending; of several the one that is nearest.
    pub(super) fn of_stem(&self, path: &DataPath) -> Option<usize> {
        let candidates: Vec<_> = self.by_stem.get(stem(path.name()))?.iter().collect();
        nearest(&path.parent().unwrap_or(DataPath::ROOT), &candidates)
    }
}

/// The image that has most folders' names in common with `folder`; none where several have as many.
fn nearest(folder: &DataPath, candidates: &[&(usize, DataPath)]) -> Option<usize> {
    if let [(one, _)] = candidates {
        return Some(*one);
    }
    let near = |path: &DataPath| path.components().filter(|name| folder.components().any(|of| of == *name)).count();
    let best = candidates.iter().map(|(_, path)| near(path)).max()?;
    let mut of_best = candidates.iter().filter(|(_, path)| near(path) == best);
    match (of_best.next(), of_best.next()) {
        (Some((one, _)), None) => Some(*one),
        _ => None,
    }
}

/// The path that `name` has in a folder; `..` goes up, but not beyond the top.
pub(super) fn joined(folder: &DataPath, name: &str) -> Option<DataPath> {
    let mut path = folder.clone();
    for part in name.trim_start_matches('/').split('/') {
        match part {
            "" | "." => {}
            ".." => path = path.parent().unwrap_or(DataPath::ROOT),
            part => path = path.join(part.as_bytes()).ok()?,
        }
    }
    Some(path)
}

/// A name without its ending.
pub(super) fn stem(name: &[u8]) -> &[u8] {
    match name.iter().rposition(|byte| *byte == b'.') {
        Some(dot) if dot > 0 => &name[..dot],
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> DataPath {
        text.parse().expect("a path")
    }

    #[test]
    fn a_name_means_the_image_that_agrees_with_most_of_it() {
        let mut places = Places::default();
        for (sample, at) in ["images/train/a.png", "images/val/a.png", "images/train/b.png"].into_iter().enumerate() {
            places.add(&path(at), sample);
        }
        let find = |folder: &str, name: &str| places.find(&path(folder), name, &|sample| sample == 1);
        assert_eq!(find(".", "images/train/a.png"), Some(0));
        assert_eq!(find("images/val", "a.png"), Some(1));
        assert_eq!(find("annotations", "../images/train/b.png"), Some(2));
        assert_eq!(find(".", "C:\\data\\train\\a.png"), Some(0));
        assert_eq!(find(".", "a.png"), Some(1), "of two, the one that is meant");
        assert_eq!((find(".", "c.png"), find(".", "")), (None, None));
        let of_stem = |at: &str| places.of_stem(&path(at));
        assert_eq!((of_stem("b.xml"), of_stem("a.xml"), of_stem("xml/val/a.xml")), (Some(2), None, Some(1)));
    }
}
