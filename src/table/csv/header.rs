//! Whether the first row of a file has the names of its columns.

use super::field;
use super::kind::{self, Kind, Kinds};
use super::sniff::{NULLS, Trial};

/// Whole numbers that are years, as names of columns.
const YEARS: std::ops::RangeInclusive<i64> = 1800..=2200;

/// So many rows have a value by chance that is the name of their column.
const MANY_ROWS: usize = 20;

/// Names are text that differs from each other, over columns of another type or without that text. Beside such names
/// there may be numbers, as of years.
pub(super) fn has_header(text: &[u8], trial: &Trial) -> bool {
    let content = |span: &super::tokens::Span| field::content(&trial.syntax, text, *span).into_owned();
    let Some((first, rows)) = trial.rows.split_first() else { return false };
    let names: Vec<Vec<u8>> = first.iter().map(content).collect();
    let rows: Vec<Vec<Vec<u8>>> = rows.iter().map(|row| row.iter().map(content).collect()).collect();
    if is_before_index(&Columns { names: &names, rows: &rows }, trial.width) || is_quoted_alone(trial, &names) {
        return true;
    }
    let named = names.iter().filter(|name| !name.is_empty()).collect::<Vec<_>>();
    if named.is_empty() || !named.iter().all(|name| is_name(name)) {
        return Numbered::of(&names, &rows, trial.width).is_some_and(|numbered| numbered.is_header());
    }
    if rows.is_empty() || first.len() < trial.width {
        return true;
    }
    let columns = Columns { names: &names, rows: &rows };
    let again: Vec<usize> = (0..first.len()).map(|column| columns.recurrences(column)).filter(|at| *at > 0).collect();
    // One of many values may be a name by chance: `ID` is a country, too.
    let is_by_chance = again == [1] && named.len() > 2 && rows.len() >= MANY_ROWS;
    let differ = are_unlike(&named) && (again.is_empty() || is_by_chance);
    differ || (0..first.len()).any(|column| columns.is_typed(column))
}

/// Whether it has names in quotes that need none, over columns without quotes: so programs write text and numbers.
fn is_quoted_alone(trial: &Trial, names: &[Vec<u8>]) -> bool {
    let Some((first, rows)) = trial.rows.split_first() else { return false };
    let needs_none = |name: &[u8]| {
        let has = |byte: u8| name.contains(&byte);
        !name.is_empty()
            && !has(trial.syntax.delimiter)
            && !has(b'\n')
            && !has(b'\r')
            && !trial.syntax.quote.is_some_and(has)
    };
    let full = || rows.iter().filter(|row| row.len() == first.len());
    let is_alone = |column: usize| {
        let mut below = full().map(|row| row[column]);
        first[column].quoted && needs_none(&names[column]) && below.all(|span| !span.quoted && span.end > span.start)
    };
    let are_all_quoted = first.iter().all(|span| span.quoted);
    are_all_quoted
        && full().count() > 1
        && are_unlike(&names.iter().collect::<Vec<_>>())
        && (0..first.len()).any(is_alone)
}

/// Whether the rows below are counted from 0 in the first column, which has no name: so pandas writes its index.
fn is_before_index(columns: &Columns<'_>, width: usize) -> bool {
    let Columns { names, rows } = *columns;
    let is_counted = || rows.iter().enumerate().all(|(row, cells)| cells[0] == row.to_string().as_bytes());
    let is_index = names[0].is_empty() && width > 1 && names.len() == width && rows.len() > 1 && is_counted();
    is_index && are_unlike(&names.iter().collect::<Vec<_>>())
}

/// Whether it is a day, a time, a month as `2024-01` or `2024/01`, true or false.
fn is_no_number(name: &[u8]) -> bool {
    let is_digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let is_month = || match name {
        [year @ .., b'-' | b'/', tens, ones] => {
            let month = (tens.wrapping_sub(b'0') as usize) * 10 + ones.wrapping_sub(b'0') as usize;
            year.len() == 4 && is_digits(year) && is_digits(&[*tens, *ones]) && (1..=12).contains(&month)
        }
        _ => false,
    };
    matches!(Kinds::of(name).decide(None), Kind::Bool(_) | Kind::Date | Kind::Time(_)) || is_month()
}

fn is_name(name: &[u8]) -> bool {
    let has_letter = || name.iter().any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    (name.trim_ascii() == b"#" || has_letter()) && Kinds::of(name) == Kinds::TEXT
}

fn is_number(value: &[u8]) -> bool {
    Kinds::of(value).and(Kinds::FLOAT) == Kinds::FLOAT
}

fn are_unlike(names: &[&Vec<u8>]) -> bool {
    let mut unlike = names.to_vec();
    unlike.sort();
    unlike.dedup();
    unlike.len() == names.len()
}

/// The first row and what stands below it.
struct Columns<'a> {
    names: &'a [Vec<u8>],
    rows: &'a [Vec<Vec<u8>>],
}

impl<'a> Columns<'a> {
    /// The values below a name that are not empty.
    fn below(&self, column: usize) -> impl Iterator<Item = &'a [u8]> {
        let full = self.rows.iter().filter(|row| row.len() == self.names.len());
        full.map(move |row| row[column].as_slice()).filter(|value| !value.is_empty())
    }

    fn is_typed(&self, column: usize) -> bool {
        self.all(column, |value| Kinds::of(value) != Kinds::TEXT)
    }

    /// Whether what stands below a name is of another type.
    fn is_over_type(&self, column: usize) -> bool {
        let name = &self.names[column];
        match name {
            name if name.is_empty() => false,
            name if is_no_number(name) => self.is_over_numbers(column),
            name => is_name(name) && self.is_typed(column),
        }
    }

    fn is_over_numbers(&self, column: usize) -> bool {
        self.below(column).count() > 1 && self.all(column, is_number)
    }

    fn recurs(&self, column: usize) -> bool {
        self.recurrences(column) > 0
    }

    /// How often a name stands below itself.
    fn recurrences(&self, column: usize) -> usize {
        let name = &self.names[column];
        if name.is_empty() { 0 } else { self.below(column).filter(|value| value == name).count() }
    }

    fn all(&self, column: usize, is: impl Fn(&[u8]) -> bool) -> bool {
        let mut values = self.below(column).peekable();
        values.peek().is_some() && values.all(is)
    }
}

/// A first row of names, one of which may be empty, of days and the like, and of whole numbers.
struct Numbered<'a> {
    columns: Columns<'a>,
    /// The places of names.
    named: Vec<usize>,
    /// The places and the numbers of all others.
    numbers: Vec<(usize, i64)>,
}

impl<'a> Numbered<'a> {
    fn of(names: &'a [Vec<u8>], rows: &'a [Vec<Vec<u8>>], width: usize) -> Option<Numbered<'a>> {
        let number = |name: &[u8]| kind::int(name).filter(|number| *number >= 0 && Kinds::of(name) != Kinds::TEXT);
        let (mut named, mut numbers) = (Vec::new(), Vec::new());
        for (column, name) in names.iter().enumerate() {
            match number(name) {
                Some(number) => numbers.push((column, number)),
                None => named.push(column),
            }
        }
        let is_null = |name: &[u8]| NULLS.iter().any(|null| name.eq_ignore_ascii_case(null.as_bytes()));
        let has_sense = |name: &[u8]| name.iter().any(u8::is_ascii_alphanumeric) && Kinds::of(name) == Kinds::TEXT;
        let is_text = |name: &[u8]| is_name(name) || !name.is_empty() && (is_no_number(name) || has_sense(name));
        let is_fit = |column: &usize| is_text(&names[*column]) && !is_null(&names[*column]);
        // Before the names that pandas writes, that of its index is empty.
        let are_fit = named.iter().all(|column| is_fit(column) || *column == 0 && names[0].is_empty());
        let are_unlike = are_unlike(&names.iter().collect::<Vec<_>>());
        let is_whole = !named.is_empty() && are_fit && are_unlike && names.len() == width;
        (is_whole && !rows.is_empty()).then_some(Numbered { columns: Columns { names, rows }, named, numbers })
    }

    fn is_header(&self) -> bool {
        let Columns { names, rows } = self.columns;
        if self.named.iter().any(|column| self.columns.recurs(*column)) {
            return false;
        }
        if self.named.iter().any(|column| self.columns.is_over_type(*column)) {
            return true;
        }
        // As `<5`, `5-10`, `10%` and `1/22/20`, of which one may be a value that could not be measured.
        let is_odd = |column: &&usize| !names[**column].is_empty() && !is_name(&names[**column]);
        let odd = self.named.iter().filter(is_odd).filter(|column| self.columns.is_over_numbers(**column));
        if odd.count() > 1 {
            return true;
        }
        // Days beside numbers are values as these are.
        let has_name = self.named.iter().any(|column| names[*column].is_empty() || is_name(&names[*column]));
        if self.numbers.is_empty() || !has_name {
            return false;
        }
        let (count, are_over_fractions) = (self.numbers.len(), self.are_over_fractions());
        // One row of a column may have a whole number by chance, and of two columns, too: `1,0` of `0.93,0.07`.
        let is_row_of_whole = || count > 2 && are_over_fractions;
        let is_of_years = || self.are_years() && self.is_near() && (count > 1 || are_over_fractions && rows.len() > 1);
        let has_index = names[0].is_empty() && self.columns.below(0).count() == rows.len();
        let are_counted = || self.numbers.iter().zip(0..).all(|((_, number), at)| *number == at);
        // Three classes of a row may be these by chance.
        let counts = || are_counted() && (has_index && count > 1 || count > 3 && rows.len() > 1);
        self.are_steps() && (is_of_years() || counts() || is_row_of_whole())
    }

    /// Whether each number is by as much more than the one before, or less, as the second is.
    fn are_steps(&self) -> bool {
        let mut steps = self.numbers.windows(2).map(|two| two[1].1.checked_sub(two[0].1));
        let first = steps.next();
        first != Some(None) && steps.all(|step| Some(step) == first)
    }

    /// Whether they are at most ten apart, where there are but two: then any two are steps.
    fn is_near(&self) -> bool {
        self.numbers.len() != 2 || self.numbers[0].1.abs_diff(self.numbers[1].1) <= 10
    }

    /// Whether they are years, and those below are not.
    fn are_years(&self) -> bool {
        let is_year = |value: &[u8]| kind::int(value).is_some_and(|number| YEARS.contains(&number));
        self.numbers.iter().all(|(column, number)| YEARS.contains(number) && !self.columns.all(*column, is_year))
    }

    /// Whether all numbers below are written as fractions: whole ones among them were written so, too.
    fn are_over_fractions(&self) -> bool {
        let is_fraction = |value: &[u8]| Kinds::of(value) == Kinds::FLOAT;
        self.numbers.iter().all(|(column, _)| self.columns.all(*column, is_fraction))
    }
}

#[cfg(test)]
mod tests {
    use crate::table::csv::CsvFormat;

    #[track_caller]
    fn check(text: &str, is_header: bool) {
        let (format, why) = CsvFormat::sniff(text.as_bytes()).expect("a table");
        assert_eq!(format.header, is_header, "{text}: {why}");
    }

    #[test]
    fn numbers_beside_a_name_are_names_where_they_are_years_or_count_or_the_name_is_over_numbers() {
        check("country,2019,2020\nFrance,1.5,2.5\nSpain,3.5,4.5\n", true);
        check("country,2019,2020\nFrance,100,200\nSpain,1950,7\n", true);
        check("country,code,2022,2021,2020\nFrance,FR,1,2,\nSpain,ES,,4,5\n", true);
        check("country;2019\nFrance;1.5\nSpain;2.5\n", true);
        check("label,0,1,2\n7,0,255,0\n3,12,0,9\n", true);
        check(",0,1,2\n0,5,2,9\n1,7,4,8\n", true);
        check(",2019,2020\nFrance,100,200\n", true);
        check("name,1,2,3\na,0.5,0.25,1.0\nb,0.5,0.0,0.5\n", true);
        check("cls,0,1,2,3\ncar,5,0,1,0\ncat,0,7,2,1\n", true);
        check("\"1\",\"2\",\"3\",id\n0.5,0.5,0.5,9\n", true);
    }

    #[test]
    fn names_in_quotes_stand_over_numbers_without_and_one_may_be_a_value_by_chance() {
        check("\"\",\"1\",\"5\"\n\"1\",50,19\n\"2\",16,40\n", true);
        check("\"a\",\"1\"\n\"b\",\"2\"\n\"c\",\"3\"\n", false);
        let countries: String = (0..30).map(|n| format!("Land {n},Group {},C{n}\n", n % 3)).collect();
        check(&format!("Country,Group,ID\n{countries}Indonesia,Group 1,ID\n"), true);
        check(&format!("Country,Group 1,ID\n{countries}Indonesia,Group 1,ID\n"), false);
    }

    #[test]
    fn days_months_and_words_for_true_are_names_over_numbers() {
        check("path,2021-01,2021-02\na.jpg,1,2\nb.jpg,3,4\n", true);
        check("label,False,True\ncat,0.25,0.75\ndog,1.0,0.0\n", true);
        check("id,2021-01-01,2021-01-02\n1,5,6\n2,7,8\n", true);
        check("a.jpg,2021-01\nb.jpg,2021-02\n", false);
        check("a.jpg,2021-01-01,true\nb.jpg,2021-01-02,false\n", false);
        check("a.jpg,True\nb.jpg,1\n", false);
    }

    #[test]
    fn ranges_and_shares_are_names_over_numbers() {
        check("Province/State,Country,Lat,1/22/20,1/23/20\n,Albania,41.15,0,0\n,Algeria,28.03,0,1\n", true);
        check("name,<5,5-10,>10\nA,10,20,30\nB,40,50,60\n", true);
        check("gene,10%,50%,90%\nA,1.5,2.5,3.5\nB,4.5,5.5,6.5\n", true);
        check("day,00:00,01:00\nMon,10,20\nTue,40,50\n", true);
        check("class,precision,<5\nA,1.5,2\nB,2.5,3\n", true);
        check("A,<0.1,2.5\nB,0.3,<0.2\nC,0.5,0.7\n", false);
        check("A,-,2.5,-\nB,0.3,2.5,1\nC,0.5,0.7,1\n", false);
    }

    #[test]
    fn names_stand_before_an_index_that_counts_from_0() {
        check(",2019,Text\n0,5,a\n1,7,b\n", true);
        check(",7,\n0,5,a\n1,7,b\n", false);
        check(",7,x\n0,5,a\n3,7,b\n", false);
    }

    #[test]
    fn rows_of_numbers_beside_a_word_are_rows() {
        check("2019,2020,2021\n1.5,2.5,3.5\n", false);
        check("1.5,2,a\n2.5,3,b\n3.5,4,c\n", false);
        check("cat,1,2\ndog,3,4\n", false);
        check("cat,0,1,2\ndog,3,4,5\n", false);
        check("a.jpg,0,224,448,672\nb.jpg,0,30,60,90\n", false);
        check("2021-01-01,0,1,2,3\n2021-01-02,5,3,8,1\n", false);
        check("2021-01-01,2000\n2021-01-02,1999.5\n2021-01-03,2001.25\n", false);
        check("True,0,1,2,3\nFalse,3,4,5,6\n", false);
        check("1234-56,7\n9,8\n5,4\n", false);
        check("cat,1,2,3\ndog,4,5,6\ncow,7,8,9\n", false);
        check("img1,1,0\nimg2,0.93,0.07\nimg3,0.5,0.5\n", false);
        check("img1,1\nimg2,0.93\nimg3,0.5\n", false);
        check("Alien,1979,1986\nJaws,1975,1978\n", false);
        check("Alien,1979\nJaws,1975\n", false);
        check("NA,3,4\n5,6,7\n8,9,10\n", false);
        check("n/a,3,4\n5,6,7\n8,9,10\n", false);
        check("a.jpg,2000,1800\nb.jpg,640,480\n", false);
        check(",3,4\n5,6,7\n8,9,10\n", false);
        check("cat,2019,2020\ncat,100,200\ndog,1,2\n", false);
        check("5.1,3.5,1.4,0.2,setosa\n4.9,3.0,1.4,0.2,setosa\n", false);
        check("7,0,0\n1,0,255\n", false);
    }
}
