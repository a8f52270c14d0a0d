//! Calls of functions, and those that SQL writes in a form of their own.

use sqlparser::ast::{self, Expr as Sql, FunctionArg, FunctionArgExpr, FunctionArguments};

use super::fault::{Result, fail};
use super::names::{nearest, told};
use super::parse::{node, unsupported};
use super::tree::{Function, Literal, Node};

/// `name(argument, …)`.
pub(super) fn call(sql: &Sql, function: &ast::Function) -> Result<Node> {
    let plain = function.over.is_none()
        && function.filter.is_none()
        && function.null_treatment.is_none()
        && function.within_group.is_empty()
        && matches!(function.parameters, FunctionArguments::None);
    let FunctionArguments::List(list) = &function.args else {
        return unsupported(sql, "this");
    };
    if !plain || list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return unsupported(sql, "an aggregate or window function");
    }
    let name = function.name.to_string();
    let Some(known) = Function::find(&name) else {
        let near = nearest(&name, Function::names());
        let all = || format!("; there are {}", Function::names().collect::<Vec<_>>().join(", "));
        return fail(format!("there is no function `{name}`{}", if near.is_empty() { all() } else { told(&near) }));
    };
    let arguments = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => node(argument),
        _ => unsupported(sql, "such an argument"),
    });
    of(known, arguments.collect::<Result<_>>()?)
}

/// `trim(x)`, `trim(BOTH 'c' FROM x)`.
pub(super) fn trim(sql: &Sql) -> Result<Node> {
    let Sql::Trim { expr, trim_where, trim_what, trim_characters } = sql else {
        return unsupported(sql, "this");
    };
    let function = match trim_where {
        Some(ast::TrimWhereField::Leading) => Function::TrimStart,
        Some(ast::TrimWhereField::Trailing) => Function::TrimEnd,
        Some(ast::TrimWhereField::Both) | None => Function::Trim,
    };
    let mut arguments = vec![node(expr)?];
    for what in trim_what.iter().map(AsRef::as_ref).chain(trim_characters.iter().flatten()) {
        arguments.push(node(what)?);
    }
    of(function, arguments)
}

/// `substring(x FROM 1 FOR 2)`, `substr(x, 1, 2)`.
pub(super) fn substring(sql: &Sql) -> Result<Node> {
    let Sql::Substring { expr, substring_from, substring_for, .. } = sql else {
        return unsupported(sql, "this");
    };
    let mut arguments = vec![node(expr)?];
    match (substring_from, substring_for) {
        (Some(from), _) => arguments.push(node(from)?),
        (None, Some(_)) => arguments.push(Node::Literal(Literal::Int(1))),
        (None, None) => {}
    }
    if let Some(count) = substring_for {
        arguments.push(node(count)?);
    }
    of(Function::Substring, arguments)
}

fn of(function: Function, arguments: Vec<Node>) -> Result<Node> {
    match function.check_count(arguments.len()) {
        Ok(()) => Ok(Node::Call(function, arguments)),
        Err(why) => fail(why),
    }
}
