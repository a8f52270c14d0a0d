//! An edit that reaches all samples: those that are excluded come back for it, and are excluded again.

use super::join::{Joined, Wanted};
use crate::Result;
use crate::dataset::draft::Draft;

impl Draft {
    /// Does `edit` while no sample is excluded; afterwards the same ones are.
    ///
    /// # Errors
    /// Those of `edit`: then samples may be included, and it is the caller who takes the draft back.
    pub(in crate::dataset) fn with_excluded<T>(&mut self, edit: impl FnOnce(&mut Draft) -> Result<T>) -> Result<T> {
        let excluded = self.excluded_samples()?;
        self.include(&excluded)?;
        let done = edit(self)?;
        self.exclude(&excluded)?;
        Ok(done)
    }

    /// The samples that are excluded, without those of which nothing is there any more.
    fn excluded_samples(&self) -> Result<Vec<String>> {
        if self.view.overlay.samples()?.root().is_none() {
            return Ok(Vec::new());
        }
        let joined = Joined::of(&self.view, &Wanted::nothing())?;
        let excluded = &joined.beside.excluded;
        if let Some(main) = &joined.main {
            let there = joined.view.rows_among(main, excluded.iter().map(String::as_str))?;
            let mut keys: Vec<String> = there.into_iter().map(str::to_owned).collect();
            keys.sort();
            return Ok(keys);
        }
        let keys = joined.samples.iter().map(|sample| &sample.key);
        Ok(keys.filter(|key| excluded.contains(*key)).cloned().collect())
    }
}
