//! How deep a tree the grammar may make of a text, judged by its tokens alone.
//!
//! The grammar itself goes down a level of stack for most operators, and so does whatever walks its tree. So a
//! text is judged before it is read. The judgement errs to the safe side: whichever keyword is not known to make
//! no level is taken to make one.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// How many levels a text may have: enough for any condition that a person writes, and few enough for a stack of 2 MiB.
pub(super) const LEVELS_MAX: usize = 1000;

/// What a keyword weighs that is no common operator: the grammar takes more of the stack for it.
const WEIGHT: usize = 4;

/// How many levels the tree of these tokens may have at most. A comma makes none: lists are flat.
pub(super) fn levels(tokens: &[TokenWithSpan]) -> usize {
    let spoken: Vec<&Token> =
        tokens.iter().map(|token| &token.token).filter(|token| !matches!(token, Token::Whitespace(_))).collect();
    let mut levels = 0;
    let mut is_after_operand = false;
    for (at, token) in spoken.iter().enumerate() {
        let next = spoken.get(at + 1).copied();
        levels += match token {
            // The sign of a number makes no level, and a list may have many.
            Token::Minus | Token::Plus => usize::from(is_after_operand),
            Token::Word(word) if word.quote_style.is_none() => of_word(word.keyword, is_after_operand, next),
            Token::Word(_)
            | Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::Placeholder(_)
            | Token::Comma
            | Token::SemiColon
            | Token::RParen
            | Token::RBracket
            | Token::EOF => 0,
            _ => 1,
        };
        is_after_operand = match token {
            Token::Word(word) => word.quote_style.is_some() || !is_operator(word.keyword),
            Token::Number(..) | Token::SingleQuotedString(_) | Token::RParen | Token::RBracket => true,
            _ => false,
        };
    }
    levels
}

fn of_word(word: Keyword, is_after_operand: bool, next: Option<&Token>) -> usize {
    match next {
        _ if word == Keyword::NoKeyword || is_flat(word) => 0,
        _ if is_operator(word) => 1,
        // The parenthesis counts.
        Some(Token::LParen) => 0,
        // `DATE '2026-01-31'` and the like.
        Some(Token::SingleQuotedString(_)) if is_type(word) => 0,
        // A column of this name.
        next if !is_after_operand && next.is_none_or(ends_operand) => 0,
        _ => WEIGHT,
    }
}

fn ends_operand(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.quote_style.is_none() && (is_operator(word.keyword) || is_flat(word.keyword)),
        Token::Number(..) | Token::SingleQuotedString(_) | Token::LParen => false,
        _ => true,
    }
}

fn is_operator(word: Keyword) -> bool {
    use Keyword::{AND, BETWEEN, ILIKE, IN, IS, LIKE, NOT, OR};
    matches!(word, AND | BETWEEN | ILIKE | IN | IS | LIKE | NOT | OR)
}

fn is_type(word: Keyword) -> bool {
    use Keyword::{DATE, INTERVAL, TIME, TIMESTAMP};
    matches!(word, DATE | INTERVAL | TIME | TIMESTAMP)
}

/// What stands between parts of one level.
fn is_flat(word: Keyword) -> bool {
    use Keyword::{AS, ASC, BY, DESC, ELSE, END, FALSE, FOR, FROM, NULL, THEN, TRUE, WHEN};
    matches!(word, AS | ASC | BY | DESC | ELSE | END | FALSE | FOR | FROM | NULL | THEN | TRUE | WHEN)
}
