//! What is refused before it is planned: a text so long or so deep that planning alone would cost too much.
//!
//! A chain of operators, unions or joins becomes a tree as deep as the chain is
//! long, and is walked by functions that call themselves.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use veneer::Result;
use veneer::table::expr::is_too_deep;

use super::fault::invalid;

/// The longest text, in bytes.
const LEN_MAX: usize = 64 * 1024;
/// The most tables that one list joins.
const JOINS_MAX: usize = 1_000;

/// Functions of which one value may be as large as a number says, in one call and before any memory is counted.
pub(super) const GROWING: [&str; 7] =
    ["repeat", "lpad", "rpad", "array_repeat", "list_repeat", "array_resize", "list_resize"];

/// Checks a text before it is planned.
///
/// # Errors
/// `Invalid` for a text that is too long, has too many operators or letters that no query has, or calls a function of
/// [`GROWING`].
pub(super) fn check(query: &str) -> Result<()> {
    if query.len() > LEN_MAX {
        return Err(invalid(query, &format!("it is longer than {LEN_MAX} bytes")));
    }
    let tokens = Tokenizer::new(&GenericDialect {}, query).tokenize();
    let tokens = tokens.map_err(|cause| invalid(query, &cause.to_string()))?;
    if let Some(name) = growing(&tokens) {
        return Err(invalid(
            query,
            &format!("`{name}` is not there: a value of it may be larger than a query may hold"),
        ));
    }
    if is_too_deep(query) {
        return Err(invalid(query, "it has too many operators, joins and parts"));
    }
    match commas_of_joins(&tokens) {
        0..=JOINS_MAX => Ok(()),
        joins => Err(invalid(query, &format!("it joins {joins} tables, more than {JOINS_MAX}"))),
    }
}

/// The commas of `FROM a, b, c`: each is a join, and so a level of the plan.
fn commas_of_joins(tokens: &[Token]) -> usize {
    let (mut joins, mut lists_tables) = (0, false);
    for token in tokens {
        match token {
            Token::Comma => joins += usize::from(lists_tables),
            Token::Word(word) => match word.keyword {
                Keyword::FROM => lists_tables = true,
                Keyword::WHERE | Keyword::GROUP | Keyword::ORDER | Keyword::LIMIT | Keyword::SELECT => {
                    lists_tables = false;
                }
                _ => {}
            },
            _ => {}
        }
    }
    joins
}

/// The first call of a function of [`GROWING`].
fn growing(tokens: &[Token]) -> Option<String> {
    let mut spoken = tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_))).peekable();
    while let Some(token) = spoken.next() {
        if let (Token::Word(word), Some(Token::LParen)) = (token, spoken.peek()) {
            let name = word.value.to_ascii_lowercase();
            if GROWING.contains(&name.as_str()) {
                return Some(name);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_chains_are_refused_and_long_lists_are_not() {
        let chain = |of: &str| format!("SELECT 1{}", of.repeat(2_000));
        for of in [" + 1", " OR 1", " UNION SELECT 1", "::int", ".a", " AT TIME ZONE 'x'", " SIMILAR TO 'x'"] {
            assert!(check(&chain(of)).is_err(), "{of}");
        }
        assert!(check(&format!("SELECT {}'1'", "INTERVAL ".repeat(2_000))).is_err());
        assert!(check(&format!("SELECT * FROM t{}", ", t".repeat(2_000))).is_err());
        assert!(check(&format!("SELECT * FROM t WHERE a IN (1{})", ", 1".repeat(5_000))).is_ok());
        assert!(check(&format!("SELECT '{}'", "x".repeat(LEN_MAX))).is_err());
        assert!(check("SELECT 'an open text").is_err());
    }
}
