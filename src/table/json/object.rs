//! Cells set in an object, and new objects, as their neighbours are written.

use super::cell;
use super::shape::{Kind, Shape};
use super::style::{Hand, Numbers, Piece, Pieces};
use crate::model::Value;
use crate::table::Patch;

/// A cell to be written.
#[derive(Debug)]
pub(super) struct Cell<'a> {
    pub(super) name: &'a str,
    pub(super) shape: Shape,
    /// Whether the column's shape does not depend on how numbers are written.
    pub(super) loose: bool,
    /// Checked.
    pub(super) value: Value,
}

impl Cell<'_> {
    fn text(&self, hand: &Hand, old: Option<&[u8]>) -> Vec<u8> {
        let mut new = Vec::new();
        cell::write(&self.value, self.shape, &mut new);
        let numbers = match self.shape.kind {
            Kind::Float if self.loose => Numbers::Loose,
            Kind::Float => Numbers::Floating,
            _ => Numbers::Exact,
        };
        hand.rewrite(&new, old, numbers)
    }

    fn is_of(&self, piece: &Piece<'_>) -> bool {
        piece.key.is_some_and(|key| cell::unescape(&key[1..key.len() - 1]) == self.name)
    }
}

/// The patches that set `cells` in an object that begins at `start`; none where the text stays.
pub(super) fn set(object: &Pieces<'_>, start: u64, cells: &[Cell<'_>], hand: &Hand) -> Vec<Option<Patch>> {
    let mut members = object.items.len();
    let mut set_one = |cell: &Cell<'_>| {
        // As in every other reader, the last of two members with one key is the one that counts.
        if let Some(piece) = object.items.iter().rfind(|piece| cell.is_of(piece)) {
            let bytes = cell.text(hand, Some(piece.value));
            let offset = start + (piece.end - piece.value.len()) as u64;
            return (bytes != piece.value).then_some(Patch { offset, replaced: piece.value.len() as u64, bytes });
        }
        if cell.value == Value::Null {
            return None;
        }
        let mut bytes = if members == 0 { Vec::new() } else { comma(Some(object), members, hand).to_vec() };
        cell::string(cell.name, hand.ascii, &mut bytes);
        bytes.extend_from_slice(colon(Some(object), members, hand));
        bytes.extend_from_slice(&cell.text(hand, None));
        members += 1;
        let offset = start + object.items.last().map_or(1, |last| last.end) as u64;
        Some(Patch { offset, replaced: 0, bytes })
    };
    cells.iter().map(&mut set_one).collect()
}

/// A new object in the style of `neighbour`: its keys' order, its separators. A null is left out.
pub(super) fn write(neighbour: Option<&Pieces<'_>>, cells: &[Cell<'_>], hand: &Hand) -> Vec<u8> {
    let mut ordered: Vec<(&Cell<'_>, Option<&Piece<'_>>)> = Vec::new();
    let is_new = |ordered: &[(&Cell<'_>, Option<&Piece<'_>>)], cell: &Cell<'_>| {
        cell.value != Value::Null && !ordered.iter().any(|(other, _)| std::ptr::eq(*other, cell))
    };
    for piece in neighbour.iter().flat_map(|neighbour| &neighbour.items) {
        if let Some(cell) = cells.iter().find(|cell| cell.is_of(piece))
            && is_new(&ordered, cell)
        {
            ordered.push((cell, Some(piece)));
        }
    }
    for cell in cells {
        if is_new(&ordered, cell) {
            ordered.push((cell, None));
        }
    }
    let mut out = vec![b'{'];
    if !ordered.is_empty() {
        out.extend_from_slice(neighbour.map_or(&b""[..], |neighbour| neighbour.before));
    }
    for (place, (cell, piece)) in ordered.iter().enumerate() {
        if place > 0 {
            out.extend_from_slice(&comma(neighbour, place, hand));
        }
        match piece.and_then(|piece| piece.key) {
            Some(key) => out.extend_from_slice(key),
            None => cell::string(cell.name, hand.ascii, &mut out),
        }
        out.extend_from_slice(colon(neighbour, place, hand));
        out.extend_from_slice(&cell.text(hand, piece.map(|piece| piece.value)));
    }
    if !ordered.is_empty() {
        out.extend_from_slice(neighbour.map_or(&b""[..], |neighbour| neighbour.after));
    }
    out.push(b'}');
    out
}

/// What stands before the member at `place` which is not the first: as before that one, or the last one.
fn comma<'a>(object: Option<&'a Pieces<'_>>, place: usize, hand: &'a Hand) -> std::borrow::Cow<'a, [u8]> {
    let items = object.map_or(&[][..], |object| &object.items);
    if let Some(piece) = items.get(place).or(items.last()).filter(|piece| !piece.comma.is_empty()) {
        return piece.comma.into();
    }
    match object.map(|object| object.before).filter(|before| before.contains(&b'\n')) {
        Some(before) => [b",", before].concat().into(),
        None => hand.comma.as_slice().into(),
    }
}

fn colon<'a>(object: Option<&'a Pieces<'_>>, place: usize, hand: &'a Hand) -> &'a [u8] {
    let items = object.map_or(&[][..], |object| &object.items);
    items.get(place).or(items.last()).map_or(&hand.colon, |piece| piece.colon)
}
