//! How deep an expression is, found without going down into it: everything after this may recurse.
//!
//! The grammar bounds parentheses, but `1 + 1 + 1 …` is a tree as deep as it is long.

use sqlparser::ast::{AccessExpr, Expr as Sql, FunctionArg, FunctionArgExpr, FunctionArguments, Subscript};

use super::fault::{Result, fail};

const DEPTH_MAX: usize = 100;

/// Refuses an expression that is too deep to be bound and evaluated.
pub(super) fn check_depth(sql: &Sql) -> Result<()> {
    let mut open = vec![(sql, 1)];
    while let Some((sql, depth)) = open.pop() {
        if depth > DEPTH_MAX {
            return fail(format!("its operators are nested more than {DEPTH_MAX} deep"));
        }
        for child in children(sql) {
            open.push((child, depth + usize::from(!is_link(sql, child))));
        }
    }
    Ok(())
}

/// `a AND b AND c` is one part of three, whatever tree the grammar makes of it.
fn is_link(sql: &Sql, child: &Sql) -> bool {
    use sqlparser::ast::BinaryOperator::{And, Or};
    match (sql, child) {
        (Sql::BinaryOp { op: outer @ (And | Or), .. }, Sql::BinaryOp { op, .. }) => outer == op,
        _ => false,
    }
}

/// The parts of all that is not refused anyway.
fn children(sql: &Sql) -> Vec<&Sql> {
    match sql {
        Sql::Nested(of)
        | Sql::UnaryOp { expr: of, .. }
        | Sql::Cast { expr: of, .. }
        | Sql::Ceil { expr: of, .. }
        | Sql::Floor { expr: of, .. }
        | Sql::IsNull(of)
        | Sql::IsNotNull(of)
        | Sql::IsTrue(of)
        | Sql::IsNotTrue(of)
        | Sql::IsFalse(of)
        | Sql::IsNotFalse(of) => vec![of],
        Sql::Extract { expr: of, .. } => vec![of],
        Sql::BinaryOp { left, right, .. } | Sql::IsDistinctFrom(left, right) | Sql::IsNotDistinctFrom(left, right) => {
            vec![left, right]
        }
        Sql::Position { expr, r#in } => vec![expr, r#in],
        Sql::InList { expr, list, .. } => std::iter::once(&**expr).chain(list).collect(),
        Sql::Between { expr, low, high, .. } => vec![expr, low, high],
        Sql::Like { expr, pattern, .. } | Sql::ILike { expr, pattern, .. } => vec![expr, pattern],
        Sql::Case { operand, conditions, else_result, .. } => {
            let branches = conditions.iter().flat_map(|branch| [&branch.condition, &branch.result]);
            operand.as_deref().into_iter().chain(branches).chain(else_result.as_deref()).collect()
        }
        Sql::CompoundFieldAccess { root, access_chain } => {
            let places = access_chain.iter().filter_map(|access| match access {
                AccessExpr::Subscript(Subscript::Index { index }) => Some(index),
                _ => None,
            });
            // Each access is a level, though they stand in one list.
            let links = access_chain.len().checked_sub(DEPTH_MAX).map(|_| sql);
            std::iter::once(&**root).chain(places).chain(links).collect()
        }
        Sql::Trim { expr, trim_what, .. } => std::iter::once(&**expr).chain(trim_what.as_deref()).collect(),
        Sql::Substring { expr, substring_from, substring_for, .. } => {
            std::iter::once(&**expr).chain(substring_from.as_deref()).chain(substring_for.as_deref()).collect()
        }
        Sql::Function(function) => match &function.args {
            FunctionArguments::List(list) => list.args.iter().filter_map(argument).collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn argument(argument: &FunctionArg) -> Option<&Sql> {
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(of)) => Some(of),
        _ => None,
    }
}
