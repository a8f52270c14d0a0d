//! From text to a tree, by way of SQL's own grammar.
//!
//! The grammar is sqlparser's, in the dialect that the server reads, so that a text means
//! one thing everywhere. What is no condition on rows (subqueries, aggregates, window
//! functions …) is refused here, with its place.

use sqlparser::ast::{self, BinaryOperator, Expr as Sql, Spanned, UnaryOperator, Value};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::depth::check_depth;
use super::fault::{Fault, Result, fail, lower_first};
use super::nesting::{LEVELS_MAX, levels};
use super::parse_call::{call, substring, trim};
use super::sql_types::data_type;
use super::tree::{Function, Literal, Name, Node, Op};

static DIALECT: GenericDialect = GenericDialect {};

/// Reads a whole text as one expression.
pub(super) fn parse(text: &str) -> Result<Node> {
    let mut parser = parser(text)?;
    let sql = parser.parse_expr().map_err(told)?;
    match parser.peek_token().token {
        Token::EOF => {
            check_depth(&sql)?;
            node(&sql)
        }
        _ => fail(after_the_end(&parser.peek_token())),
    }
}

/// A parser over a text that is not too deep.
pub(super) fn parser(text: &str) -> Result<Parser<'static>> {
    if text.trim().is_empty() {
        return fail("it is empty");
    }
    let tokens = tokens(text)?;
    if levels(&tokens) > LEVELS_MAX {
        return fail(format!("it has more than {LEVELS_MAX} operators; a long list of values fits into IN (…)"));
    }
    Ok(Parser::new(&DIALECT).with_tokens_with_locations(tokens))
}

pub(super) fn tokens(text: &str) -> Result<Vec<TokenWithSpan>> {
    Tokenizer::new(&DIALECT, text).tokenize_with_location().map_err(|error| {
        Fault::Why(format!("{} ({})", lower_first(&error.message), place(error.location.line, error.location.column)))
    })
}

fn after_the_end(token: &TokenWithSpan) -> String {
    let start = token.span.start;
    let hint = match &token.token {
        Token::Word(_) | Token::Number(..) | Token::SingleQuotedString(_) => {
            "; two conditions are joined by AND or OR, a text stands in single quotes"
        }
        _ => "",
    };
    format!("`{}` does not go on from what is before it ({}){hint}", token.token, place(start.line, start.column))
}

/// A place as people count: the line only where there are several.
fn place(line: u64, column: u64) -> String {
    match line {
        0 | 1 => format!("at character {column}"),
        _ => format!("at line {line}, character {column}"),
    }
}

/// What the grammar says, in our form.
pub(super) fn told(error: ParserError) -> Fault {
    Fault::Why(match error {
        ParserError::TokenizerError(why) | ParserError::ParserError(why) => {
            let (what, at) = why.split_once(" at Line: ").unwrap_or((&why, ""));
            let at: Vec<u64> = at.split(", Column: ").filter_map(|number| number.trim().parse().ok()).collect();
            let what = lower_first(what).replace("found: EOF", "found the end");
            match at.as_slice() {
                [line, column] => format!("{what} ({})", place(*line, *column)),
                _ => what,
            }
        }
        ParserError::RecursionLimitExceeded => "its parentheses are nested too deep".to_owned(),
    })
}

/// The refusal of a part that SQL has and a condition has not.
pub(super) fn unsupported<T>(sql: &Sql, what: &str) -> Result<T> {
    let start = sql.span().start;
    let text: String = sql.to_string().chars().take(60).collect();
    match start.column {
        0 => fail(format!("{what} cannot be used here: `{text}`")),
        _ => fail(format!("{what} cannot be used here: `{text}` ({})", place(start.line, start.column))),
    }
}

/// A name, without its quotes.
pub(super) fn name(ident: &ast::Ident) -> Name {
    Name { text: ident.value.clone(), quoted: ident.quote_style.is_some() }
}

/// The tree of a part.
pub(super) fn node(sql: &Sql) -> Result<Node> {
    Ok(match sql {
        Sql::Identifier(ident) => Node::Column(vec![name(ident)]),
        Sql::CompoundIdentifier(idents) => Node::Column(idents.iter().map(name).collect()),
        Sql::Nested(inner) => node(inner)?,
        Sql::Value(value) => Node::Literal(literal(sql, &value.value, false)?),
        Sql::TypedString(typed) => match &typed.value.value {
            Value::SingleQuotedString(text) => cast(Node::text(text), data_type(&typed.data_type)?),
            _ => return unsupported(sql, "such a literal"),
        },
        Sql::Interval(interval) => self::interval(sql, interval)?,
        Sql::UnaryOp { op, expr } => unary(sql, *op, expr)?,
        Sql::BinaryOp { left, op, right } => binary(sql, left, op, right)?,
        Sql::IsNull(of) => Node::IsNull(boxed(of)?),
        Sql::IsNotNull(of) => not(Node::IsNull(boxed(of)?)),
        Sql::IsTrue(of) => Node::IsBool(boxed(of)?, true),
        Sql::IsNotTrue(of) => not(Node::IsBool(boxed(of)?, true)),
        Sql::IsFalse(of) => Node::IsBool(boxed(of)?, false),
        Sql::IsNotFalse(of) => not(Node::IsBool(boxed(of)?, false)),
        Sql::InList { expr, list, negated } => {
            negate_if(*negated, Node::In(boxed(expr)?, list.iter().map(node).collect::<Result<_>>()?))
        }
        Sql::Between { expr, negated, low, high } => {
            negate_if(*negated, Node::Between(boxed(expr)?, boxed(low)?, boxed(high)?))
        }
        Sql::Like { negated, any: false, expr, pattern, escape_char } => {
            like(sql, *negated, (expr, pattern), escape_char, false)?
        }
        Sql::ILike { negated, any: false, expr, pattern, escape_char } => {
            like(sql, *negated, (expr, pattern), escape_char, true)?
        }
        Sql::Cast { kind, expr, data_type: to, array: false, format: None } => {
            let or_null = matches!(kind, ast::CastKind::TryCast | ast::CastKind::SafeCast);
            Node::Cast { of: boxed(expr)?, to: data_type(to)?, or_null }
        }
        Sql::Case { operand, conditions, else_result, .. } => Node::Case {
            operand: operand.as_deref().map(boxed).transpose()?,
            branches: conditions
                .iter()
                .map(|branch| Ok((node(&branch.condition)?, node(&branch.result)?)))
                .collect::<Result<_>>()?,
            otherwise: else_result.as_deref().map(boxed).transpose()?,
        },
        Sql::CompoundFieldAccess { root, access_chain } => {
            access_chain.iter().try_fold(node(root)?, |of, access| self::access(sql, of, access))?
        }
        Sql::Ceil { expr, field } => round_to(sql, Function::Ceil, expr, field)?,
        Sql::Floor { expr, field } => round_to(sql, Function::Floor, expr, field)?,
        Sql::IsDistinctFrom(left, right) => distinct(left, right)?,
        Sql::IsNotDistinctFrom(left, right) => not(distinct(left, right)?),
        Sql::Extract { field, expr, .. } => {
            Node::Call(Function::DatePart, vec![Node::text(field.to_string().to_lowercase()), node(expr)?])
        }
        Sql::Position { expr, r#in } => Node::Call(Function::Position, vec![node(r#in)?, node(expr)?]),
        Sql::Trim { .. } => trim(sql)?,
        Sql::Substring { .. } => substring(sql)?,
        Sql::Function(function) => call(sql, function)?,
        Sql::Exists { .. } | Sql::Subquery(_) | Sql::InSubquery { .. } => return unsupported(sql, "a subquery"),
        Sql::SimilarTo { .. } => return unsupported(sql, "SIMILAR TO (regexp_like does that)"),
        other => return unsupported(other, "this"),
    })
}

pub(super) fn boxed(sql: &Sql) -> Result<Box<Node>> {
    node(sql).map(Box::new)
}

fn not(of: Node) -> Node {
    Node::Not(Box::new(of))
}

fn negate_if(negated: bool, of: Node) -> Node {
    if negated { not(of) } else { of }
}

fn cast(of: Node, to: arrow::datatypes::DataType) -> Node {
    Node::Cast { of: Box::new(of), to, or_null: false }
}

fn literal(sql: &Sql, value: &Value, negative: bool) -> Result<Literal> {
    Ok(match value {
        Value::Null => Literal::Null,
        Value::Boolean(value) => Literal::Bool(*value),
        Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) => Literal::Text(text.clone()),
        Value::Number(text, false) => {
            let text = if negative { format!("-{text}") } else { text.clone() };
            match (text.parse(), text.parse(), text.parse()) {
                (Ok(int), ..) => Literal::Int(int),
                (_, Ok(big), _) => Literal::Big(big),
                (.., Ok(float)) => Literal::Float(float),
                _ => return unsupported(sql, "such a number"),
            }
        }
        _ => return unsupported(sql, "such a literal"),
    })
}

fn unary(sql: &Sql, op: UnaryOperator, of: &Sql) -> Result<Node> {
    Ok(match (op, of) {
        (UnaryOperator::Not, of) => not(node(of)?),
        (UnaryOperator::Minus, Sql::Value(value)) if matches!(value.value, Value::Number(..)) => {
            Node::Literal(literal(of, &value.value, true)?)
        }
        (UnaryOperator::Minus, of) => Node::Negate(boxed(of)?),
        (UnaryOperator::Plus, of) => node(of)?,
        _ => return unsupported(sql, "this operator"),
    })
}

/// Whether two values differ, where null is a value as any.
fn distinct(left: &Sql, right: &Sql) -> Result<Node> {
    Ok(Node::Call(Function::IsDistinct, vec![node(left)?, node(right)?]))
}

/// Whether a regular expression is found, in any case if so.
fn regexp(left: &Sql, right: &Sql, any_case: bool) -> Result<Node> {
    let mut arguments = vec![node(left)?, node(right)?];
    arguments.extend(any_case.then(|| Node::text("i")));
    Ok(Node::Call(Function::RegexpLike, arguments))
}

fn binary(sql: &Sql, left: &Sql, op: &BinaryOperator, right: &Sql) -> Result<Node> {
    let op = match op {
        BinaryOperator::PGRegexMatch => return regexp(left, right, false),
        BinaryOperator::PGRegexIMatch => return regexp(left, right, true),
        BinaryOperator::PGRegexNotMatch => return regexp(left, right, false).map(not),
        BinaryOperator::PGRegexNotIMatch => return regexp(left, right, true).map(not),
        BinaryOperator::And | BinaryOperator::Or => return chain(left, op, right),
        BinaryOperator::Eq => Op::Equal,
        BinaryOperator::NotEq => Op::NotEqual,
        BinaryOperator::Lt => Op::Less,
        BinaryOperator::LtEq => Op::LessEqual,
        BinaryOperator::Gt => Op::Greater,
        BinaryOperator::GtEq => Op::GreaterEqual,
        BinaryOperator::Plus => Op::Add,
        BinaryOperator::Minus => Op::Subtract,
        BinaryOperator::Multiply => Op::Multiply,
        BinaryOperator::Divide => Op::Divide,
        BinaryOperator::Modulo => Op::Remainder,
        BinaryOperator::StringConcat => Op::Concat,
        _ => return unsupported(sql, "this operator"),
    };
    Ok(Node::Binary(op, boxed(left)?, boxed(right)?))
}

/// `a AND b AND c` as one part of three: a long chain is no deep tree.
fn chain(left: &Sql, op: &BinaryOperator, right: &Sql) -> Result<Node> {
    let (mut parts, mut left) = (vec![node(right)?], left);
    while let Sql::BinaryOp { left: first, op: inner, right } = left
        && inner == op
    {
        parts.push(node(right)?);
        left = first;
    }
    parts.push(node(left)?);
    parts.reverse();
    Ok(if *op == BinaryOperator::And { Node::And(parts) } else { Node::Or(parts) })
}

fn like(
    sql: &Sql,
    negated: bool,
    (of, pattern): (&Sql, &Sql),
    escape: &Option<ast::ValueWithSpan>,
    any_case: bool,
) -> Result<Node> {
    let escape = escape.as_ref().map(|escape| &escape.value);
    if !matches!(escape, None | Some(Value::SingleQuotedString(_))) || escape.is_some_and(|e| !is_backslash(e)) {
        return unsupported(sql, "an escape character other than `\\`");
    }
    Ok(negate_if(negated, Node::Like { of: boxed(of)?, pattern: boxed(pattern)?, any_case }))
}

fn is_backslash(value: &Value) -> bool {
    matches!(value, Value::SingleQuotedString(text) if text == "\\")
}

fn interval(sql: &Sql, interval: &ast::Interval) -> Result<Node> {
    let text = match interval.value.as_ref() {
        Sql::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::Number(text, false) => text.clone(),
            _ => return unsupported(sql, "such an interval"),
        },
        _ => return unsupported(sql, "such an interval"),
    };
    let text = match &interval.leading_field {
        Some(field) => format!("{text} {field}"),
        None => text,
    };
    Ok(cast(Node::text(text), super::sql_types::INTERVAL))
}

fn access(sql: &Sql, of: Node, access: &ast::AccessExpr) -> Result<Node> {
    let place = match access {
        ast::AccessExpr::Subscript(ast::Subscript::Index { index }) => node(index)?,
        ast::AccessExpr::Dot(Sql::Identifier(field)) => Node::text(field.value.clone()),
        _ => return unsupported(sql, "a slice"),
    };
    Ok(Node::Element(Box::new(of), Box::new(place)))
}

fn round_to(sql: &Sql, function: Function, of: &Sql, to: &ast::CeilFloorKind) -> Result<Node> {
    match to {
        ast::CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime) => Ok(Node::Call(function, vec![node(of)?])),
        _ => unsupported(sql, "a second argument"),
    }
}
