//! Lines that can be read and are odd.

use super::part::numbers_of;
use crate::Result;
use crate::table::flag::odd_box;
use crate::table::{Flag, Role, TableFile};

/// Tells the lines that are odd.
pub(super) fn flags(classes: &[(String, String)], file: &dyn TableFile) -> Result<Vec<Flag>> {
    let info = &file.tables()[0];
    let mut found = Vec::new();
    for row in 0..info.rows {
        let cells = file.row(0, row)?;
        let mut tell = |why: &str| found.push(Flag { table: 0, row, why: why.to_owned() });
        let class = cells[0].to_string();
        if !classes.is_empty() && !classes.iter().any(|(number, _)| *number == class) {
            tell("a class that is not in the class map");
        }
        let numbers = numbers_of(&cells[1]);
        if info.schema.columns[1].role == Role::BoxCxcywhn {
            let [cx, cy, width, height] = [numbers[0], numbers[1], numbers[2], numbers[3]];
            let sides = [cx - width / 2.0, cy - height / 2.0, cx + width / 2.0, cy + height / 2.0];
            // In thousandths, so that half a one is what rounding may do.
            if let Some(why) = odd_box(sides.map(|side| side * 1000.0), Some((1000.0, 1000.0))) {
                tell(why);
            }
        } else if numbers.iter().any(|number| !(-0.0005..=1.0005).contains(number)) {
            tell("a point that lies beyond the image");
        }
    }
    Ok(found)
}
