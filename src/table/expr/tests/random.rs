//! Random conditions over random rows, in every form that a text column has, against the interpreter.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use proptest::prelude::*;

use super::super::Expr;
use super::interpreter::{ByZero, Cond, Num, Row, Text};
use super::schema;

/// Bytes that decide what is made; where they end, everything becomes the simplest.
struct Choices<'a>(std::slice::Iter<'a, u8>);

const COMPARISONS: [&str; 6] = ["=", "<>", "<", "<=", ">", ">="];
const TEXTS: [&str; 8] = ["", "a", "car", "Car", "bus", "é", "ab", "zzz"];

impl Choices<'_> {
    fn below(&mut self, count: u8) -> u8 {
        self.0.next().map_or(0, |byte| byte % count)
    }

    fn number(&mut self) -> Option<i64> {
        match self.below(10) {
            0 => None,
            small => Some(i64::from(small) - 4),
        }
    }

    fn text(&mut self) -> &'static str {
        TEXTS[usize::from(self.below(TEXTS.len() as u8))]
    }

    fn cond(&mut self, depth: u8) -> Cond {
        let depth = depth.saturating_sub(1);
        let op = COMPARISONS[usize::from(self.below(6))];
        match if depth == 0 { self.below(2) } else { self.below(13) } {
            0 => Cond::Column,
            1 => Cond::Literal([None, Some(true), Some(false)][usize::from(self.below(3))]),
            2 => Cond::And((0..2 + self.below(3)).map(|_| self.cond(depth)).collect()),
            3 => Cond::Or((0..2 + self.below(3)).map(|_| self.cond(depth)).collect()),
            4 => Cond::Not(Box::new(self.cond(depth))),
            5 => Cond::IsNull(self.num(depth)),
            6 => Cond::IsTrue(Box::new(self.cond(depth))),
            7 => Cond::In(self.num(depth), (0..1 + self.below(8)).map(|_| self.number()).collect()),
            8 => Cond::NotIn(self.words(depth), (0..1 + self.below(8)).map(|_| self.text()).collect()),
            9 => Cond::Between(self.num(depth), self.num(depth), self.num(depth)),
            10 => Cond::StartsWith(self.words(depth), self.text()),
            11 => Cond::CompareText(op, self.words(depth), self.words(depth)),
            _ => Cond::Compare(op, self.num(depth), self.num(depth)),
        }
    }

    fn num(&mut self, depth: u8) -> Num {
        let depth = depth.saturating_sub(1);
        let inner = |choices: &mut Self| Box::new(choices.num(depth));
        match if depth == 0 { self.below(3) } else { self.below(8) } {
            0 => Num::Column("n"),
            1 => Num::Column("z"),
            2 => Num::Literal(self.number()),
            3 => Num::Negative(inner(self)),
            4 => Num::Length(self.words(depth)),
            5 => Num::Case(Box::new(self.cond(depth)), inner(self), inner(self)),
            6 => Num::Coalesce(inner(self), inner(self)),
            _ => Num::Math(['+', '-', '*', '/', '%'][usize::from(self.below(5))], inner(self), inner(self)),
        }
    }

    fn words(&mut self, depth: u8) -> Text {
        let depth = depth.saturating_sub(1);
        let inner = |choices: &mut Self| Box::new(choices.words(depth));
        match if depth == 0 { self.below(2) } else { self.below(4) } {
            0 => Text::Column,
            1 => Text::Literal(self.text()),
            2 => Text::Concat(inner(self), inner(self)),
            _ => Text::Upper(inner(self)),
        }
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let number = || prop::option::of(-3..4i64);
    let row = (number(), number(), prop::option::of(0..TEXTS.len()), prop::option::of(any::<bool>()));
    let row = row.prop_map(|(n, z, s, b)| Row { n, z, s: s.map(|at| TEXTS[at].to_owned()), b });
    prop::collection::vec(row, 1..20)
}

fn batch(rows: &[Row], text: &DataType) -> RecordBatch {
    let s = StringArray::from_iter(rows.iter().map(|row| row.s.as_deref()));
    let columns: [(&str, ArrayRef); 4] = [
        ("n", Arc::new(Int64Array::from_iter(rows.iter().map(|row| row.n)))),
        ("z", Arc::new(Int64Array::from_iter(rows.iter().map(|row| row.z)))),
        ("s", cast(&s, text).expect("another form of text")),
        ("b", Arc::new(BooleanArray::from_iter(rows.iter().map(|row| row.b)))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).expect("four columns")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_random_condition_is_what_working_it_out_row_by_row_gives(
        choices in prop::collection::vec(any::<u8>(), 1..200),
        rows in rows(),
    ) {
        let cond = Choices(choices.iter()).cond(5);
        let text = cond.to_string();
        let expected: Result<Vec<Option<bool>>, ByZero> = rows.iter().map(|row| cond.of(row)).collect();
        let types = [("n", DataType::Int64), ("z", DataType::Int64), ("s", DataType::Utf8), ("b", DataType::Boolean)];
        let filter = Expr::parse(&text).and_then(|expr| expr.bind(&schema(&types)));
        let filter = filter.unwrap_or_else(|error| panic!("{error}"));
        let dictionary = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
        for form in [DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View, dictionary] {
            match (filter.evaluate(&batch(&rows, &form)), &expected) {
                (Ok(found), Ok(expected)) => prop_assert_eq!(&found.iter().collect::<Vec<_>>(), expected, "{}", text),
                (Err(error), Err(ByZero)) => {
                    let told = error.to_string();
                    prop_assert!(told.ends_with("division by zero"), "{}", told);
                }
                (found, expected) => prop_assert!(false, "{}: {:?}, not {:?}", text, found, expected),
            }
        }
    }
}
